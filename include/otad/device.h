/* device.h - one thing in the field.
 *
 * Known by its native id (a MAC as 12 upper-case hex digits, a node id, a
 * serial), unique over all dialects. */
#ifndef OTAD_DEVICE_H
#define OTAD_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/core.h"
#include "otad/digest.h"
#include "otad/facts.h"
#include "otad/product.h"

struct tx;

#define DEVICE_ID_MAX	65		/* NUL included */
#define RUNNING_MAX	65		/* what a device says it runs, NUL included */
#define TAGS_MAX	32		/* tags of one device */

enum device_status { DEVICE_PENDING, DEVICE_ACCEPTED, DEVICE_BLOCKED };

struct device {
	int64_t		num;			/* the store's key */
	char		id[DEVICE_ID_MAX];
	char		dialect[16];
	uint32_t	ptype;			/* 0: no product yet */
	enum device_status status;
	char		channel;		/* 'v', or 'b': betas too */
	bool		has_key;
	uint8_t		key_hash[SHA256_LEN];	/* SHA-256 of its key; the key is not kept */
	char		version[RUNNING_MAX];	/* what it says it runs, or "" */
	int64_t		firmware;		/* what we believe it runs, or 0 */
	bool		firmware_sure;
	char		slot[SLOT_MAX];		/* the slot it runs, or "" */
	enum carrier	told;			/* how it can be told something */
	char		address[64];		/* last seen from */
	char		facts[FACTS_MAX];	/* what it says of itself */
	int64_t		first_seen_ms, last_seen_ms;	/* 0: never */
	int32_t		gaps_s[8];		/* its last eight silences, newest first; 0: none */
	char		push[513];		/* the push object's text, password excluded */
	char		push_sealed[513];	/* its password, sealed, base64; or "" */
	/* joined in when read */
	char		firmware_name[VERSION_MAX];	/* canonical, or "" */
	uint32_t	firmware_value;
};

/* What can be an id: 1..64 characters, printable ASCII, none of / + # $ blank
 * quotes or backslash, and not a word that is a topic of ours (node, otad). */
int	device_id_check(const char *id, struct err *);

/* The usual interval between its words: the median of its gaps; 0 unknown. */
int32_t	device_interval_s(const struct device *);
int32_t	device_longest_gap_s(const struct device *);

/* It brings its own key: 32..128 printable characters, of which the hash is kept. */
int	device_bring_key(struct device *, const char *key, struct err *);
/* Register, with status, channel (0: 'v'), product, facts, slot, push and key as
 * given. A device that brings no key and whose family has keys gets one made:
 * ret_key[KEY_LEN + 1], shown once; "" otherwise. */
int	device_create(struct tx *, struct device *, char *ret_key, struct err *);
int	device_get(struct tx *, const char *id, struct device *ret, struct err *);
/* Fields a person may change: ptype (not while an update of it runs; what still
 * waits for it is canceled), channel, dialect, slot, push. */
int	device_update(struct tx *, const struct device *, struct err *);
int	device_delete(struct tx *, const char *id, struct err *);	/* not while active */
int	device_set_status(struct tx *, const char *id, enum device_status, struct err *);
int	device_rotate_key(struct tx *, const char *id, char *ret_key, struct err *);

struct filter;

struct device_query {
	uint32_t	ptype;			/* 0: any */
	const struct filter *filter;		/* NULL: all */
	int64_t		now_ms;			/* from which a filter's times run back */
	int64_t		after;			/* num */
	int		limit;
};
typedef int device_fn(void *arg, const struct device *, struct err *);
int	device_list(struct tx *, const struct device_query *, device_fn *, void *arg,
	    struct err *);

/* Tags as facts ("site=berlin\n"); set replaces all of them. */
int	device_tags(struct tx *, int64_t num, struct buf *ret, struct err *);
int	device_set_tags(struct tx *, int64_t num, const char *tags, struct err *);

#endif
