/* SPDX-License-Identifier: Apache-2.0
 *
 * visit.h - one device's word, from its arrival to the answer.
 *
 *	visit_open()		who is it, may it speak, is it new?	enrol.c
 *	visit_recognise()	which firmware is it that it runs?	running.c
 *	visit_reconcile()	what does that say of its executions?	reconcile.c
 *	visit_offer()		is there something for it now?		offer.c
 *
 * All four run in a reading or a writing transaction. Where something has to be
 * changed and the transaction only reads, they return CORE_WRITE, and the whole
 * visit begins anew on the writer. */
#ifndef OTAD_CORE_VISIT_H
#define OTAD_CORE_VISIT_H

#include "execution.h"
#include "otad/checkin.h"
#include "plan.h"

/* More open jobs over one product than this, or executions that are not ended,
 * are not looked at: those of the highest priority and the newest win. */
#define VISIT_JOBS	32
#define VISIT_LIVE	32

struct visit {
	struct tx		*tx;
	const struct sighting	*s;
	struct device		device;		/* as stored, before this word */
	/* what it says it runs */
	bool			speaks;		/* it said a version or a hash at all */
	char			said[RUNNING_MAX];	/* that, as text */
	int64_t			running;	/* firmware number, 0: none that we know */
	uint32_t		value;		/* its value, when value_known */
	bool			value_known;
	bool			component;	/* … of a part of it, which says nothing itself */
	/* its executions: not ended, or still exposed */
	struct execution	live[VISIT_LIVE];
	int			nlive;
	bool			loaded;		/* visit_load() was called */
	bool			transfer;	/* an image is on its way to it … */
	int64_t			moved_boot;	/* … and moved last then */
	bool			waits;		/* a job is open for it that cannot offer now */
};

/* 0: ret->verdict says whether it may go on (VERDICT_NOTHING) or is refused. */
int	visit_open(struct visit *, struct answer *ret, struct err *);
/* Known, its own key, accepted? Fills ret->verdict; changes nothing. */
void	visit_identify(const struct visit *, struct answer *ret);
int	visit_recognise(struct visit *, struct err *);
int	visit_load(struct visit *, struct err *);
int	visit_reconcile(struct visit *, struct err *);
/* Note what it says of itself in its record, if that is anything new. */
int	visit_note(struct visit *, struct err *);
int	visit_offer(struct visit *, enum ask_how, struct answer *ret, struct err *);

/* execution_apply() in a visit: CORE_WRITE when the transaction only reads. Keeps
 * what the device said it ran before it took an image. A device has one active
 * execution of a product: an offer of another job lapses; while it works on
 * another's image what was to happen is recorded, and that is all. */
int	visit_apply(struct visit *, const struct policy *, struct execution *, enum happening,
	    const char *detail, struct err *);
/* It runs the target: the proof of whoever took it from this job; an end that
 * proves nothing for all others. */
int	visit_runs_it(struct visit *, const struct policy *, struct execution *, struct err *);
/* Fill the answer from an execution that may be served. */
int	visit_answer(struct visit *, const struct execution *, const struct image *,
	    struct answer *ret, struct err *);
/* What it is given now of an execution: the target, or what that requires first.
 * 1, 0 gone, -1. */
int	visit_effective(struct visit *, const struct execution *, struct firmware_brief *ret,
	    struct err *);
/* It runs now what the target requires first, and did not before: 1, 0, -1. */
int	visit_is_step(struct visit *, const struct execution *, struct err *);
/* Would the planner let this execution go now? 0 or -1; *image is filled when it
 * would. */
int	visit_consult(struct visit *, const struct job_brief *, const struct execution *,
	    bool resumes, enum ask_how, struct plan *, struct image *, struct err *);
/* The same for one that wants to be taken without having asked before, by its name
 * or link: 0, or -1 with ERR_BUSY (not now) or ERR_GONE (not any more). */
int	visit_may_take(struct visit *, const struct job_brief *, const struct execution *,
	    bool resumes, struct err *);
/* Which image this sighting asks for, when it does not say: "image". */
const char *visit_part(const struct visit *);
/* The image of a firmware that this sighting asks for: 1, 0 none, -1. */
int	visit_image(const struct visit *, int64_t firmware, struct image *ret,
	    char slot[SLOT_MAX], struct err *);

/* Into the history of the device, unless it stands there for the last hour. */
int	visit_note_once(struct visit *, const char *kind, const char *text, struct err *);
__attribute__((format(printf, 3, 4)))
int	visit_say(struct answer *, enum verdict, const char *fmt, ...);	/* always 0 */

#endif
