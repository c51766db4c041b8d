/* clock.h - the only place where time is read.
 *
 * Dates run on the wall clock, intervals on CLOCK_BOOTTIME; both in
 * milliseconds. A test clock is a file of eight bytes, a native int64 of
 * microseconds, mapped shared and added to both, so that a scenario can move a
 * running daemon by a week. Time zones are not this file's business: UTC only. */
#ifndef OTAD_CLOCK_H
#define OTAD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"

struct clock;

/* test_file NULL: real time. The file is created (zero) when it is missing,
 * refused when it has another size than 8. */
struct clock	*clock_new(const char *test_file, struct err *);
void		clock_free(struct clock *);
int64_t		clock_wall_ms(const struct clock *);	/* since 1970, UTC */
int64_t		clock_boot_ms(const struct clock *);	/* since boot, never steps back */
/* False before 2026-01-01: a machine without a battery-backed clock that has
 * not been told the time yet. Nothing is offered then. */
bool		clock_plausible(const struct clock *);

#define TIME_TEXT_MAX	32
/* RFC 3339 in UTC with seconds, "2026-12-01T02:00:00Z"; milliseconds are
 * written only when they are not zero. Returns ret. */
const char	*time_format(char ret[TIME_TEXT_MAX], int64_t wall_ms);
/* RFC 3339 with Z or an offset; fractions to the millisecond. */
int		time_parse(int64_t *ret_ms, const char *text, struct err *);

#endif
