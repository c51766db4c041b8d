/* rainmaker.h - what the files of this dialect share. */
#ifndef OTAD_DIALECT_RAINMAKER_H
#define OTAD_DIALECT_RAINMAKER_H

#include <jansson.h>
#include "otad/auto.h"
#include "otad/checkin.h"
#include "otad/dialect.h"

#define NODE_ID_LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* ---- words.c: what stands in a payload, sound or cut ----
 *
 * Nodes write JSON into small buffers, without escapes, and send what fitted
 * (protocols/rainmaker.md 0.2, 2.4). What is JSON is read as JSON; of anything
 * else the first "key":"value" counts. */
struct words {
	json_t		*root;		/* an object, or NULL: */
	const char	*text;		/* … search here */
};
/* ERR_BAD: neither an object nor the beginning of one. Ended by words_end(). */
int	words_read(struct words *ret, const char *body, size_t len, struct err *);
void	words_end(struct words *);
static inline void auto_words_(struct words *w) { words_end(w); }

/* The text of key within the object `in` (NULL: at the top); of damaged JSON it
 * is searched everywhere. Made clean, cut to size. False, and "": not there, no
 * text, or cut off before its end. */
bool	words_get(const struct words *, const char *in, const char *key, char *ret, size_t size);
/* The last text of a payload: what is left of it also when its end is lost. */
void	words_get_last(const struct words *, const char *key, char *ret, size_t size);
/* Copy n bytes, control characters and what is no UTF-8 as '?', cut to size. */
void	words_clean(char *ret, size_t size, const char *from, size_t n);

/* ---- node.c: who it is and what it says of itself ---- */

/* The node's id is the topic's, never the body's. ERR_BAD. */
int	node_id(const struct request *, struct sighting *ret, struct err *);
int	node_config(const char *body, size_t len, struct sighting *ret, struct err *);
int	node_fetch(const char *body, size_t len, struct sighting *ret, struct err *);
/* A device whose Wi-Fi chip runs ESP-AT for a host: reads metadata differently. */
bool	node_is_at(const char *facts);

/* ---- status.c: otastatus ---- */
int	node_status(const char *body, size_t len, struct report *ret, struct err *);

/* ---- offer.c: otaurl ---- */
/* ERR_INVALID: cannot be said without an escape, which nodes take literally. */
int	node_offer(const struct device *, const struct answer *, const char *link,
	    struct outgoing *ret, struct err *);

#endif
