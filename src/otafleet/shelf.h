/* shelf.h - the images that devices of this fleet have been given.
 *
 * Two thousand devices that download the same half megabyte at once must not
 * hold a gigabyte. What a server announces (hashes and length) names an image;
 * its bytes stand here once, as far as the fastest device has read, and each
 * other device's bytes are compared with them: equal to bytes whose hashes were
 * verified is verified, and unequal under one announcement is a fault whoever
 * is to blame. */
#ifndef OTAFLEET_SHELF_H
#define OTAFLEET_SHELF_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/buf.h"

#define SHELF_IMAGE_MAX	(64 << 20)	/* bytes; a longer offer is not taken */

struct offer {				/* what an answer announces */
	char	md5[33];		/* hex as sent; "": not announced */
	char	sha256[65];
	char	version[64];
	char	job[64];
	char	etag[80];
	int64_t	size;			/* of the whole image */
	int64_t	start;			/* the body's first byte in it; not 0: a rest */
};

struct image {
	struct image	*next;
	struct offer	offer;
	struct buf	bytes;
	bool		whole;		/* all bytes are here … */
	bool		sound;		/* … and as announced */
	char		version[64];	/* that it carries inside, or "" */
	char		running_md5[33];	/* "" until a device first boots it */
};

struct shelf {
	struct image	*first;
};

/* How far one device has come with one image. Zero: with none. */
struct taking {
	struct image	*image;
	int64_t		at;
	bool		differs;
};

/* Begin with what is offered, or go on where t stands if the offer is the rest of
 * the same. -1: *why says what is in the way. */
int	taking_begin(struct shelf *, struct taking *, const struct offer *,
	    const char **why);
/* Bytes of the body, in order. -1: out of memory. */
int	taking_add(struct taking *, const void *p, size_t n);
/* All bytes came and are what was announced; if not, *why says what is wrong. */
bool	taking_sound(const struct taking *, const char **why);
void	shelf_free(struct shelf *);

#endif
