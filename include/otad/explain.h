/* explain.h - why a device is, or is not, being updated now.
 *
 * The planner is asked as the device's next ask would ask it, and its answers are
 * written down, rule by rule, in the order in which they were looked at. Nothing
 * is changed. */
#ifndef OTAD_EXPLAIN_H
#define OTAD_EXPLAIN_H

#include <stdbool.h>
#include "otad/core.h"

#define EXPLAIN_RULES	24

struct explained {
	char	rule[33];		/* "enrolment", "heard", "product", "active", "job <id>" */
	char	text[257];		/* a sentence */
	bool	stands_in_the_way;
};
struct explanation {
	char		sentence[321];	/* the whole answer in one true sentence */
	struct explained rules[EXPLAIN_RULES];
	int		n;
};
/* ERR_ABSENT: no such device. */
int	core_explain(struct tx *, const char *device, struct explanation *ret, struct err *);

#endif
