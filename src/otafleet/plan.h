/* plan.h - what `otafleet run` was asked to do. */
#ifndef OTAFLEET_PLAN_H
#define OTAFLEET_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include "behaviour.h"
#include "otad/buf.h"

struct family;

struct plan {
	const struct family	*family;
	uint32_t		count;
	uint32_t		ptype;
	const char		*http, *https, *ca;	/* NULL: not given */
	const char		*version;	/* "": devices do not say one at first */
	const char		*until;		/* NULL: run for the duration */
	int64_t			interval_ms;
	int64_t			duration_ms;
	struct shares		shares;
	uint64_t		seed;
	struct buf		facts;		/* facts.h */
	bool			json;
};

#endif
