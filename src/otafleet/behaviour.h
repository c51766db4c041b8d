/* behaviour.h - what kinds of device a fleet is made of.
 *
 *	ok	polls, downloads, verifies, reboots, says what it runs then
 *	fail	has the whole image, cannot store it, stays on what it ran
 *	slow	as ok, but reads a few kilobytes at a time
 *	silent	is offered the image, and is not heard of again
 *	brick	has the whole image, reboots into it, never returns
 *	rollback boots the new image, comes back with the old version
 *	eager	as ok, but asks again and again without a pause
 *	drop	loses the connection in mid-download once, then as ok
 *	never	is switched off: takes part in nothing */
#ifndef OTAFLEET_BEHAVIOUR_H
#define OTAFLEET_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "otad/err.h"

enum behaviour {
	BE_OK, BE_FAIL, BE_SLOW, BE_SILENT, BE_BRICK, BE_ROLLBACK, BE_EAGER, BE_DROP, BE_NEVER,
	BEHAVIOURS
};

/* Per cent of the fleet; what is missing to 100 is ok. */
struct shares {
	double	percent[BEHAVIOURS];
};

const char	*behaviour_name(enum behaviour);
/* One that is expected to arrive at the new version. */
bool		behaviour_updates(enum behaviour);

/* "ok=90,fail=5,silent=5"; names at most once, the sum at most 100. */
int		shares_parse(struct shares *, const char *text, struct err *);
/* Give each of n devices its behaviour: exact numbers, mixed by the seed. */
void		shares_deal(const struct shares *, uint64_t seed, enum behaviour *ret, size_t n);

#endif
