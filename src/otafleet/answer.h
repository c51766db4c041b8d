/* answer.h - one HTTP answer as a device's client reads it.
 *
 * Bytes go in as they come; the head is kept as it was, so that a test can look
 * at its exact words, the body is only counted and handed back to the caller.
 * This is a reader for devices, not for the web: no chunks, no continuations
 * (a device that meets them fails, and so should what stands in for it). */
#ifndef OTAFLEET_ANSWER_H
#define OTAFLEET_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "otad/buf.h"

#define ANSWER_HEAD_MAX	16384		/* bytes of a head, its empty line included */

enum answer_state {
	ANSWER_HEAD,			/* the empty line has not come yet */
	ANSWER_BODY,			/* there is more, or only the close ends it */
	ANSWER_DONE,			/* as long as it said it would be */
	ANSWER_BAD			/* no answer of HTTP at all, or a head too long */
};

struct answer {
	enum answer_state	state;
	int			status;
	int64_t			length;		/* announced; -1: not */
	int64_t			got;		/* bytes of body so far */
	bool			coded;		/* has a Transfer-Encoding */
	struct buf		head;
};

/* Ready for a new answer. bodiless: to HEAD, whose length announces nothing. */
void	answer_begin(struct answer *, bool bodiless);
void	answer_free(struct answer *);

/* Take bytes in. Returns how many of them belong to the head; the rest is body,
 * of which *ret_body counts. What is neither comes behind the announced end. */
size_t	answer_take(struct answer *, const char *p, size_t n, size_t *ret_body);

/* The nth (from 0) value of a header, without surrounding blanks; NULL: none. */
const char *answer_header(const struct answer *, const char *name, int nth, size_t *ret_len);
/* The first one copied, cut to size; "" when there is none. Returns ret. */
const char *answer_text(const struct answer *, const char *name, char *ret, size_t size);

#endif
