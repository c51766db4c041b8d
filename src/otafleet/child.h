/* child.h - programs that a scenario starts, and that never outlive it. */
#ifndef OTAFLEET_CHILD_H
#define OTAFLEET_CHILD_H

#include <stdint.h>
#include <sys/types.h>
#include "otad/clock.h"
#include "otad/err.h"

struct child {
	pid_t	pid;			/* 0: none */
	int	pidfd;
	int	out;			/* its standard output, to be read; -1: not caught */
};

#define CHILD_NONE	{ .pidfd = -1, .out = -1 }

/* argv[0] is a path, argv ends with NULL. Its standard error is appended to the
 * file log; so is its standard output, unless catch is set. */
int	child_start(struct child *, const char *const argv[], const char *log, bool catch,
	    struct err *);
/* 1: it has ended; *ret_status is its exit status, 128 and more after a signal.
 * 0: it still runs at the deadline. */
int	child_wait(struct child *, const struct clock *, int64_t deadline, int *ret_status);
void	child_kill(struct child *);	/* and forget it; nothing when there is none */

#endif
