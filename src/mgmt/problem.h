/* problem.h - refusals, as RFC 9457 has them.
 *
 * One refusal comes as struct err and is worded by the table's refuse(). A
 * document has many ways to be wrong, and whoever wrote it wants to hear them
 * all: complaints collect them and become one problem. */
#ifndef OTAD_MGMT_PROBLEM_H
#define OTAD_MGMT_PROBLEM_H

#include <jansson.h>
#include "otad/request.h"

#define COMPLAINTS_MAX	32	/* shown; more are only counted */

struct complaints {
	json_t		*errors;	/* [{field, rule, message}], NULL when there is none */
	enum err_code	code;		/* of the first; ERR_BAD outweighs the others */
	unsigned	count;
	char		first[256];
};
#define COMPLAINTS_INIT	{ .errors = NULL }
void	complaints_free(struct complaints *);
static inline __attribute__((unused)) void
auto_complaints_(struct complaints *c) { complaints_free(c); }

void	complain(struct complaints *, enum err_code, const char *field, const char *rule,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* True when there is something to complain about: the reply is the problem, and
 * the handler is done (0). */
bool	complaints_refuse(const struct complaints *, struct reply *);

/* The table's refuse(). */
void	problem_refuse(const struct err *, const struct request *, struct reply *);

#endif
