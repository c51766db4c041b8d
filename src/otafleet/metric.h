/* metric.h - one sample of the server's /metrics (Prometheus text). */
#ifndef OTAFLEET_METRIC_H
#define OTAFLEET_METRIC_H

#include "player.h"

/* name: as it stands there, labels included: otad_jobs{state="running"}. The
 * last answer of the scenario stays what it was. */
int	metric_get(struct player *, const char *name, bool *ret_there, struct buf *ret,
	    struct err *);

#endif
