/* fleet.h - thousands of devices in one process. */
#ifndef OTAFLEET_FLEET_H
#define OTAFLEET_FLEET_H

#include "otad/err.h"
#include "plan.h"
#include "tally.h"

/* Play the plan until all that should have updated did, its time is over, or a
 * signal ends it. *ret is filled unless it returns -1. */
int	fleet_run(const struct plan *, struct tally *ret, struct err *);

#endif
