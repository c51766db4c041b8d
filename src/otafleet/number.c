/* SPDX-License-Identifier: Apache-2.0
 *
 * The C library's parsers, with the questions asked that they leave open: was
 * there a number, was that all, does it fit. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "number.h"
#include "otad/auto.h"

#define DURATION_MAX_MS	(400.0 * 86400000)

int
number_whole(uint64_t *ret, const char *what, const char *text, uint64_t min, uint64_t max,
    struct err *e)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0')
		return err_set(e, ERR_BAD, "%s: '%.40s' is no whole number", what, text);
	if (errno != 0 || n < min || n > max)
		return err_set(e, ERR_BAD, "%s: %.40s is not from %llu to %llu", what, text,
		    (unsigned long long)min, (unsigned long long)max);
	*ret = n;
	return 0;
}

int
number_bytes(uint64_t *ret, const char *what, const char *text, struct err *e)
{
	unsigned long long n;
	unsigned shift = 0;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end == 'K' || *end == 'M')
		shift = *end++ == 'K' ? 10 : 20;
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || n > 1ull << 40)
		return err_set(e, ERR_BAD, "%s: '%.40s' is no number of bytes", what, text);
	*ret = n << shift;
	return 0;
}

int
number_duration(int64_t *ret_ms, const char *what, const char *text, int64_t min_ms,
    struct err *e)
{
	static const struct { const char *name; double ms; } units[] = {
		{ "", 1e3 }, { "s", 1e3 }, { "ms", 1 }, { "m", 6e4 }, { "h", 36e5 }, { "d", 864e5 },
	};
	double n, ms = -1;
	char *end;

	errno = 0;
	n = strtod(text, &end);
	for (size_t i = 0; i < NELEM(units); i++)
		if (strcmp(end, units[i].name) == 0)
			ms = n * units[i].ms;
	if (!isdigit((unsigned char)text[0]) || errno != 0 || !(ms >= 0))
		return err_set(e, ERR_BAD, "%s: '%.40s' is no duration", what, text);
	if (ms < (double)min_ms || ms > DURATION_MAX_MS)
		return err_set(e, ERR_BAD, "%s: %.40s is too %s", what, text,
		    ms < (double)min_ms ? "short" : "long");
	*ret_ms = (int64_t)(ms + 0.5);
	return 0;
}
