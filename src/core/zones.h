/* SPDX-License-Identifier: Apache-2.0
 *
 * zones.h - time zones by name, each read once. */
#ifndef OTAD_CORE_ZONES_H
#define OTAD_CORE_ZONES_H

#include "otad/zone.h"

struct zones;

struct zones	*zones_new(struct err *);
void		zones_free(struct zones *);
/* window_open() in the zone of that name, UTC when there is none. Any thread. */
bool		zones_window(struct zones *, const char *name, const struct window *,
		    int64_t at_s, int64_t *ret_change_s);

#endif
