/* chance.h - numbers that look random and are the same for the same seed.
 *
 * SplitMix64: one word of state, so that every device can have its own and does
 * the same in each run, whatever the others do meanwhile. */
#ifndef OTAFLEET_CHANCE_H
#define OTAFLEET_CHANCE_H

#include <stdint.h>

static inline uint64_t
chance_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* From 0 to n - 1. */
static inline uint64_t
chance_below(uint64_t *state, uint64_t n)
{
	return n > 0 ? chance_next(state) % n : 0;
}

/* From 0 up to, not including, 1. */
static inline double
chance_unit(uint64_t *state)
{
	return (double)(chance_next(state) >> 11) * 0x1p-53;
}

#endif
