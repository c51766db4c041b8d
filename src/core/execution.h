/* SPDX-License-Identifier: Apache-2.0
 *
 * execution.h - executions being moved, inside the core. */
#ifndef OTAD_CORE_EXECUTION_H
#define OTAD_CORE_EXECUTION_H

#include "core_priv.h"

/* What surrounds an execution while something happens to it. */
struct moving {
	struct tx		*tx;
	const struct device	*device;
	const struct family	*family;
	const struct policy	*policy;
};

/* Let `what` happen to *x: look it up, do its effects, keep the job's counts,
 * set the next deadline, write it and its event. detail is the device's word or
 * a reason for people, may be "". When the table has no such cell only the event
 * is written. A job whose last execution ended is completed. */
int	execution_apply(const struct moving *, struct execution *x, enum happening what,
	    const char *detail, struct err *);

/* The same, without a word to the conversation that its family may have of it. */
int	execution_move(const struct moving *, struct execution *x, enum happening,
	    const char *detail, struct err *);

/* A new one for a device, queued and counted, not yet offered. */
int	execution_enqueue(const struct moving *, int64_t job, uint32_t ptype, int64_t target,
	    struct execution *ret, struct err *);

/* When whatever it waits for in its present state is over; 0: nothing runs. */
int64_t	execution_due(const struct execution *, const struct policy *, const struct family *,
	    const struct device *, int64_t now);

bool	slots_contain(const char *slots, const char *slot);	/* "image,filesystem" */

#endif
