/* expr.h - values and conditions of a scenario: what let, expect and await read.
 *
 *	EXPR		.path  status  head  body  header NAME  count EXPR  log
 *			metric NAME  hex DIGITS  repeat N DIGITS  image KIND VERSION N
 *			size EXPR  md5 EXPR  sha256 EXPR  slice FROM TO EXPR
 *			patch OFFSET DIGITS EXPR  or a word that means itself
 *	CONDITION	EXPR OP EXPR  or  EXPR exists  or  EXPR missing */
#ifndef OTAFLEET_EXPR_H
#define OTAFLEET_EXPR_H

#include "player.h"

struct value {
	bool		there;		/* false: no such header, field, metric */
	struct buf	bytes;
};

static inline void auto_value_(struct value *v) { buf_free(&v->bytes); }

/* Evaluate from words[*at] on; *at moves behind what was read. */
int	expr_value(struct player *, const struct stmt *, int *at, struct value *ret,
	    struct err *);
/* The rest of the statement from word at on must be a condition. 1: it holds.
 * 0: it does not, and e says what was expected and what was found. -1: e says
 * why it cannot be judged. */
int	expr_holds(struct player *, const struct stmt *, int at, struct err *);

#endif
