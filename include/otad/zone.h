/* zone.h - local time in several zones at once.
 *
 * libc knows one zone per process; a rollout window may be in its job's zone or
 * in each device's own. This reads the system's tzdata (RFC 9636: TZif version 2
 * or later, its footer included) and answers one question. Tested against
 * zdump. */
#ifndef OTAD_ZONE_H
#define OTAD_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"

#define ZONE_NAME_MAX	65		/* bytes of a name, its NUL included */

struct zone;

/* "Europe/Berlin", "UTC". Looked up under $TZDIR, else /usr/share/zoneinfo.
 * ERR_INVALID: no such zone, or a file that is not one. */
struct zone	*zone_load(const char *name, struct err *);
/* The same from bytes, for tests and fuzzing. */
struct zone	*zone_read(const void *, uint64_t size, struct err *);
void		zone_free(struct zone *);
/* Seconds east of Greenwich at a moment (seconds since 1970, UTC). */
int32_t		zone_offset(const struct zone *, int64_t at_s);

/* ---- a daily window, by the clock on the wall there ---- */

struct window {			/* minutes since midnight, 0..1439; from == to: always */
	int	from, to;	/* to < from: across midnight */
};
/* "02:00"; 0..1439, or -1. */
int		window_minute(const char *text);
/* Is it open, and when does that change (seconds; 0: not within three days)? An
 * hour that a zone skips in spring is not there, one that it repeats in autumn
 * is there twice. */
bool		window_open(const struct window *, const struct zone *, int64_t at_s,
		    int64_t *ret_change_s);

#endif
