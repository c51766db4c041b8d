/* SPDX-License-Identifier: Apache-2.0
 *
 * Thousands of devices set a timer each some times a second; a heap makes that
 * a dozen comparisons, and the loop needs only the earliest. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include "timers.h"

int
timers_room(struct timers *t, size_t n)
{
	struct timer **at = reallocarray(t->at, n + 1, sizeof(t->at[0]));

	if (at == NULL)
		return -1;
	t->at = at;
	t->room = n;
	return 0;
}

void
timers_free(struct timers *t)
{
	free(t->at);
	*t = (struct timers)TIMERS_INIT;
}

static void
put(struct timers *t, struct timer *timer, size_t place)
{
	t->at[place] = timer;
	timer->place = place;
}

/* Let the timer rise or sink from place until it is where it belongs. */
static void
settle(struct timers *t, struct timer *timer, size_t place)
{
	size_t child;

	for (; place > 1 && timer->due < t->at[place / 2]->due; place /= 2)
		put(t, t->at[place / 2], place);
	for (; (child = 2 * place) <= t->n; place = child) {
		if (child < t->n && t->at[child + 1]->due < t->at[child]->due)
			child++;
		if (timer->due <= t->at[child]->due)
			break;
		put(t, t->at[child], place);
	}
	put(t, timer, place);
}

void
timer_set(struct timers *t, struct timer *timer, int64_t due)
{
	timer->due = due;
	if (timer->place == 0) {
		assert(t->n < t->room);
		timer->place = ++t->n;
	}
	settle(t, timer, timer->place);
}

void
timer_stop(struct timers *t, struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = t->at[t->n--];
	if (last != timer)
		settle(t, last, place);
}

struct timer *
timers_first(const struct timers *t)
{
	return t->n > 0 ? t->at[1] : NULL;
}
