/* err.h - one error, for the log and for the wire.
 *
 * A function that can fail for more than one reason takes `struct err *e` last
 * and returns 0 or -1. On -1 *e is filled; on 0 it is untouched. e is never
 * NULL. Only whoever ends the conversation (a transport, main) logs it: all
 * below are silent. Programming errors are asserted, not returned. */
#ifndef OTAD_ERR_H
#define OTAD_ERR_H

enum err_code {
	ERR_NONE,
#define ERR(name, http, text) ERR_##name,
#include "otad/tbl/errors.h"
#undef ERR
	ERR_CODES
};

struct err {
	enum err_code	code;		/* for the program: compare this */
	char		text[256];	/* for a person: never parse this */
	char		field[64];	/* the field or part at fault, or "" */
	char		rule[32];	/* the rule that refused, or "" */
};

#define ERR_INIT	{ .code = ERR_NONE }

/* Fill *e; text is cut to fit. Always -1, so that failing is one line. */
int		err_set(struct err *e, enum err_code code, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));
/* The same, naming the field and the rule (either may be ""). */
int		err_field(struct err *e, enum err_code code, const char *field,
		    const char *rule, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
/* ": strerror(errno)" is appended. */
int		err_errno(struct err *e, enum err_code code, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));
/* Prefix what was being done: "doing: text". Always -1. */
int		err_while(struct err *e, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
int		err_http(const struct err *e);		/* status code */
const char	*err_title(enum err_code code);		/* the table's text */
const char	*err_name(enum err_code code);		/* "conflict", lower case */

#endif
