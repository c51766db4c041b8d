/* health.h - which parts of the daemon are ready.
 *
 * main owns one registry; whoever runs a part says how it is, and /readyz prints
 * the list. A part that was never mentioned does not exist. Any thread. */
#ifndef OTAD_HEALTH_H
#define OTAD_HEALTH_H

#include <stdbool.h>

#define HEALTH_PARTS	16		/* at most: they are ours, not visitors' */
#define HEALTH_NAME	24		/* bytes of a name, its NUL included */
#define HEALTH_TEXT	161

struct health;

struct health	*health_new(void);	/* NULL: out of memory */
void		health_free(struct health *);
/* "store", false, "the disk is full": text "" when there is nothing to say. */
void		health_set(struct health *, const char *part, bool ok, const char *text);
/* The i-th part, in order of its first mention; false past the last. */
bool		health_each(const struct health *, int i, char ret_part[HEALTH_NAME],
		    bool *ret_ok, char ret_text[HEALTH_TEXT]);
bool		health_ok(const struct health *);	/* all of them are, and there is one */

#endif
