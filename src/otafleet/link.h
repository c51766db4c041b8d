/* link.h - one connection of a scenario, plain or TLS, with a deadline for all.
 *
 * Exact bytes go out as they were written, in as few segments as the system
 * makes of one write. */
#ifndef OTAFLEET_LINK_H
#define OTAFLEET_LINK_H

#include <stdint.h>
#include <sys/types.h>
#include "endpoint.h"
#include "otad/clock.h"

struct link {
	int			fd;		/* -1: closed */
	SSL			*ssl;
	const struct clock	*clock;
};

#define LINK_CLOSED	{ .fd = -1 }

/* deadline: clock_boot_ms() at which waiting ends as ERR_TIMEOUT. */
int	link_open(struct link *, const struct clock *, const struct endpoint *,
	    int64_t deadline, struct err *);
int	link_send(struct link *, const void *, size_t, int64_t deadline, struct err *);
/* Bytes read, 0 when the other side closed (a reset counts as one), or -1. */
ssize_t	link_receive(struct link *, void *, size_t, int64_t deadline, struct err *);
void	link_close(struct link *);
/* Close as a device that lost its power or its mind: with a reset. */
void	link_reset(struct link *);

#endif
