/* SPDX-License-Identifier: Apache-2.0
 *
 * pace.h - the judge of a rollout, inside the core. */
#ifndef OTAD_CORE_PACE_H
#define OTAD_CORE_PACE_H

#include "execution.h"

/* What one happening did to one execution, as the judge has to hear it. */
struct moved {
	enum state	before, after;
	bool		had_taken;	/* it had taken the image before this */
	const struct part_change *change;	/* what this did to the job's figures */
};
/* Keep the figures of its part, and let them open a stage, or halt the job. */
int	pace_hear(struct tx *, const struct execution *, const struct moved *, struct err *);

/* The first figures of a part, when its job is made: `matched` executions wait. */
int	pace_begin(struct tx *, int64_t job, uint32_t ptype, uint64_t matched,
	    const struct stage *stages, int nstages, struct err *);
/* More executions came (a continuous job meets newcomers). */
int	pace_grow(struct tx *, int64_t job, uint32_t ptype, uint64_t more, struct err *);
/* Time alone: soaks that are over, starts, ends. A slice: 1 there may be more. */
int	pace_tick(struct tx *, struct err *);
/* Count anew from here: a person resumed it. */
int	pace_forgive(struct tx *, int64_t job, uint32_t ptype, struct err *);
/* Open the next stage now: a person's word. ERR_CONFLICT: none is open. */
int	pace_open_next(struct tx *, int64_t job, uint32_t ptype, struct err *);

#endif
