/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.h - may this execution be offered its image now? A pure function of
 * policy, counts, clock and what is known of the device: no store, no time of
 * its own, so that it can be tested over generated inputs. */
#ifndef OTAD_PLAN_H
#define OTAD_PLAN_H

#include "otad/core.h"
#include "otad/execution.h"
#include "otad/image.h"
#include "otad/job.h"
#include "otad/store.h"

enum plan_verdict {
	PLAN_GO,		/* offer it */
	PLAN_WAIT,		/* not now; until says when that may change by time alone */
	PLAN_NEVER,		/* not under this job as it stands: unfit, letter, yanked */
	PLAN_NEWER		/* it runs something newer: this execution is over */
};

struct plan {
	enum plan_verdict verdict;
	int64_t		until;		/* wall ms; 0: no such moment */
	char		why[161];	/* a sentence */
};

struct plan_input {
	int64_t		now;
	bool		clock_plausible;
	const struct family *family;
	const struct policy *policy;
	const struct job_part *part;		/* counts of now */
	const struct execution *execution;	/* not ended */
	const struct firmware_brief *target;
	const struct image *image;		/* NULL: none for the slot that was asked for */
	const char	*slot;			/* … which is this */
	uint32_t	running_value;		/* value of what it runs */
	bool		running_known;
	const struct firmware_brief *required;	/* the target's `requires`; NULL: none */
	const struct image_target *device;	/* for image_fits() */
	bool		resumes;		/* goes on with a broken transfer */
	bool		by_message;		/* the offer would be told, not served */
	/* how careful the job is; NULL: not at all, which only tests are */
	const struct care *care;
	const struct pace *pace;
	const struct stage *stage;		/* the open one, NULL: none */
	bool		newcomer;		/* not among the matched yet: a continuous job */
	bool		stage_matches;		/* its filter, if it has one */
	bool		window_shut;
	int64_t		window_opens;		/* wall ms; 0: not within days */
};

void	plan_offer(const struct plan_input *, struct plan *ret);
/* How many devices may be exposed at once: max(at_least, percent of the proven
 * successes), but at most at_most. */
uint64_t plan_exposure(const struct policy *, const struct job_part *);

#endif
