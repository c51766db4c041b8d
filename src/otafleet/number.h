/* number.h - numbers as people write them on a command line or in a scenario.
 *
 * All of the text must be the number. what names it in the error. */
#ifndef OTAFLEET_NUMBER_H
#define OTAFLEET_NUMBER_H

#include <stdint.h>
#include "otad/err.h"

/* Decimal digits, or hexadecimal ones after 0x. */
int	number_whole(uint64_t *ret, const char *what, const char *text, uint64_t min,
	    uint64_t max, struct err *);
/* 512, 64K, 16M. */
int	number_bytes(uint64_t *ret, const char *what, const char *text, struct err *);
/* 0.5, 3s, 250ms, 2m, 12h, 7d; without a unit: seconds. To milliseconds, which
 * are at least min_ms. */
int	number_duration(int64_t *ret_ms, const char *what, const char *text, int64_t min_ms,
	    struct err *);

#endif
