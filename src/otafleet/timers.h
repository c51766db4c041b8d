/* timers.h - who is next, and when: a binary heap.
 *
 * A timer lives inside what it wakes; the heap only points at it, and each knows
 * its place, so that one can be moved or taken out without a search. */
#ifndef OTAFLEET_TIMERS_H
#define OTAFLEET_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t	due;		/* milliseconds */
	size_t	place;		/* in the heap, from 1; 0: not set */
};

struct timers {
	struct timer	**at;	/* from 1 */
	size_t		n, room;
};

#define TIMERS_INIT	{ .at = NULL }

/* Room for n timers, so that setting one cannot fail. -1: out of memory. */
int		timers_room(struct timers *, size_t n);
void		timers_free(struct timers *);
void		timer_set(struct timers *, struct timer *, int64_t due);
void		timer_stop(struct timers *, struct timer *);
/* The earliest, or NULL; it stays until it is set anew or stopped. */
struct timer	*timers_first(const struct timers *);

#endif
