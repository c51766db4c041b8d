/* firmware.h - what can be installed: a name, its images, its state. */
#ifndef OTAD_FIRMWARE_H
#define OTAD_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/digest.h"
#include "otad/facts.h"
#include "otad/product.h"
#include "otad/version.h"

struct tx;
struct core;

#define NATIVE_MAX	65		/* bytes of a native version, NUL included */
#define NATIVES_MAX	8		/* native versions of one firmware */
#define NOTES_MAX	16384		/* bytes of notes, and of metadata, NUL included */

enum firmware_state { FIRMWARE_READY, FIRMWARE_HELD, FIRMWARE_YANKED };

struct image {
	char		slot[SLOT_MAX];
	uint64_t	size;
	uint8_t		md5[MD5_LEN], sha1[SHA1_LEN], sha256[SHA256_LEN];
	char		kind[16];		/* image.h */
	char		findings[FACTS_MAX];	/* facts; "warning" may repeat */
};

struct firmware {
	int64_t		num;			/* the store's key */
	char		name[VERSION_MAX];	/* canonical */
	struct version	version;
	uint32_t	value;
	enum firmware_state state;
	char		held_why[129];		/* who or what held it, or "" */
	char		requires[VERSION_MAX];	/* a device below it goes there first, or "" */
	char		natives[NATIVES_MAX][NATIVE_MAX];
	int		nnatives;
	struct image	*images;		/* owned; SLOTS_MAX at most */
	int		nimages;
	char		*notes;			/* owned, never NULL once read */
	char		*metadata;		/* owned: a JSON object's text, or "" */
	int64_t		created_ms;
};
void		firmware_clear(struct firmware *);	/* frees what it owns, zeroes it */

/* May `v` be stored? Grammar is version.h's; this is existence of the product,
 * the rules of uniqueness and the obstacle's name (ERR_CONFLICT, rule "R1", "R2"
 * or "strict"). The schema refuses the same when two race. */
int		firmware_check(struct tx *, const struct version *v, struct err *);

int		firmware_get(struct tx *, const char *name, struct firmware *ret, struct err *);
typedef int	firmware_fn(void *arg, const struct firmware *, struct err *);
/* ptype 0: of all products. In order of num, after `after`. */
int		firmware_list(struct tx *, uint32_t ptype, int64_t after, int limit,
		    firmware_fn *, void *arg, struct err *);
/* yank is for ever; hold and release take turns. Each bumps the generation. */
int		firmware_set_state(struct tx *, const char *name, enum firmware_state,
		    const char *why, struct err *);

/* ---- upload ----
 * The bytes of an image flow to the store in slices while they arrive, each
 * durable by itself under a staging number; publishing all of a firmware is one
 * transaction. Dropping an upload at any point leaves nothing behind (what a
 * crash leaves is swept at start).
 *
 *	upload_new → (upload_image → upload_data…)* → upload_seal → upload_publish
 *
 * All but upload_publish run on one network thread; upload_publish on the writer. */
struct upload;

/* wake(arg) is called, on the writer's thread, whenever the backlog fell below
 * half of its limit after upload_data or upload_seal said CORE_WRITE ("wait"),
 * and when it failed meanwhile. It must not call upload functions; once
 * upload_free() returned it is not called any more. */
struct upload	*upload_new(struct core *, void (*wake)(void *), void *arg);
void		upload_free(struct upload *);		/* drops what was not published */

/* Start the image of a slot; ERR_BAD when it stands already, ERR_INVALID when
 * there are more than SLOTS_MAX. */
int		upload_image(struct upload *, const char *slot, struct err *);
/* More of the image started last. 0, or CORE_WRITE: taken, but wait for wake()
 * before giving more; -1: ERR_TOO_BIG past max_image, ERR_FULL, ERR_STORE. */
int		upload_data(struct upload *, const void *, size_t, struct err *);

struct firmware_form {			/* what comes beside the bytes */
	char		name[64];
	char		native[NATIVE_MAX];	/* "" when not given */
	char		requires[VERSION_MAX];
	const char	*notes, *metadata;	/* "" when not given; metadata a JSON object */
};
/* No more bytes. Not in a transaction: it reads the product by itself. Refuses
 * what publishing would (name, product, rules, slot set: ERR_INVALID naming
 * missing and extra ones), then CORE_WRITE until all is durable (wait for
 * wake(), call again), then 0: digests are known and every image was inspected
 * by the product's image_kind (some milliseconds per megabyte, on this thread). */
int		upload_seal(struct upload *, const struct firmware_form *, struct err *);
/* Make a sealed one a firmware, with the form it was sealed with; the rules are
 * asked again. On success *ret is what was stored; it must be zeroed before, or
 * be what an earlier call filled in. */
int		upload_publish(struct tx *, struct upload *, const struct firmware_form *,
		    struct firmware *ret, struct err *);

/* ---- the bytes ----
 * One shared mapping per image, filled into the cache on first demand. */
struct mapping;
/* Blocks while a missing cache file is written and verified: outside of a
 * transaction, and never on the writer. */
struct mapping	*image_open(struct core *, const uint8_t sha256[SHA256_LEN], struct err *);
const uint8_t	*mapping_bytes(const struct mapping *);
uint64_t	mapping_size(const struct mapping *);
void		mapping_close(struct mapping *);	/* any thread */

#endif
