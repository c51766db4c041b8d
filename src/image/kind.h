/* kind.h - what the inspectors share, and the table they stand in.
 *
 * A kind is one file with one row: adding a format is adding both. `claims` is
 * quick and generous, it only decides who speaks about a file; `inspect` is
 * strict. Its report arrives with kind and size filled in. */
#ifndef OTAD_IMAGE_KIND_H
#define OTAD_IMAGE_KIND_H

#include "otad/image.h"

struct image_kind {
	const char	*name;
	const char	*family;	/* of image_target; NULL: any */
	bool		(*claims)(const uint8_t *, size_t);	/* size is at least 1 */
	int		(*inspect)(const uint8_t *, size_t, struct image_report *, struct err *);
};

extern const struct image_kind image_esp8266_user, image_esp8266_sketch, image_esp32_app,
    image_raw;

const struct image_kind	*image_kind_find(const char *name);	/* NULL: none */

static inline uint16_t
le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
le32(const uint8_t *p)
{
	return le16(p) | (uint32_t)le16(p + 2) << 16;
}

/* ERR_INVALID by the rule "unsound". Always -1. */
int	unsound(struct err *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* segments.c: the container that all of Espressif's loaders read. */
struct segments {
	unsigned	count;
	size_t		end;		/* behind the checksum */
	uint8_t		sum;		/* of the segments' data … */
	uint8_t		stored;		/* … and what the file says of it */
	bool		odd;		/* a length that is no multiple of 4 */
};

enum { SEGMENTS_MAX = 16 };

/* Walk the image that starts at byte `at`, whose header has `head` bytes. */
int	segments_walk(struct segments *ret, const uint8_t *, size_t size, size_t at,
	    size_t head, struct err *);
int	segments_check(const struct segments *, struct err *);

/* hash.c: add one digest to the report. The second with another byte 2, the
 * flash mode. */
int	hash_md5(struct image_report *, const uint8_t *, size_t n, struct err *);
int	hash_md5_mode(struct image_report *, const uint8_t *, size_t n, uint8_t mode,
	    struct err *);
void	hash_sha256(struct image_report *, const uint8_t digest[32]);

/* chip.c */
const char	*chip_name(unsigned id);	/* of an ESP32; NULL: not known */
/* False only when both are chips that we know, and not the same one. */
bool		chip_may_be(const char *a, const char *b);
/* Byte 8 of an image tells the families apart: an ESP8266's has the address of
 * its first segment there, an ESP32's pins and drive strengths. Files too short
 * to say are claimed, and refused, by both. */
bool		chip_esp8266_address(uint32_t);

/* Facts that every image with Espressif's header has: bytes 1 to 7. */
void	facts_add_header(struct buf *, const uint8_t *head);
void	facts_add_hex32(struct buf *, const char *key, uint32_t);

#endif
