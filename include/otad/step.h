/* step.h - updates that are a long conversation with one device.
 *
 * Some devices have to be looked after between the offer and the proof: asked
 * whether they can, told to begin, found again after their reboot, tried, and kept
 * or sent back. A family that needs this brings a pure function (core.h, struct
 * family):
 *
 *	what happened, what is known  →  the next phase, a call, a report
 *
 * The core keeps phase, memo and the moment to be woken with the execution, in the
 * transaction in which it happened, so that a restart goes on in the middle. A call
 * goes out as any call does (dispatch.h); its answer comes back here. */
#ifndef OTAD_STEP_H
#define OTAD_STEP_H

#include "otad/device.h"
#include "otad/execution.h"
#include "otad/job.h"

#define STEP_ARGS_MAX	1025

struct step_input {
	const struct execution	*execution;	/* as it stands now; phase 0: none open */
	const struct device	*device;
	const struct trial	*trial;		/* what the job says of it */
	const char	*version, *native;	/* of the target; native "" when not known */
	const char	*link;			/* to its image, or "" */
	uint64_t	size;			/* of the image */
	bool		withdrawn;		/* job halted or canceled, firmware yanked */
	int64_t		now_ms;
	/* What happened to the execution. Besides: HEARD, an answer to a call of this
	 * conversation; SILENCE, due_ms has come; RETURN, PROOF, OLD, THERE: the device
	 * shows up by itself, connected anew, with the target's version, with another
	 * one that is known, or without a word about it. */
	enum happening	what;
	const char	*method;		/* HEARD: of the call that is answered … */
	const char	*words;			/* … and JSON text: its result or its error */
	bool		refused;		/* … it was an error */
};

struct step {
	int		phase;			/* 0: the conversation is over */
	char		memo[257];
	int64_t		due_ms;			/* wake me then; 0: the job's own deadline */
	char		method[65];		/* call this; "": nothing */
	char		args[STEP_ARGS_MAX];	/* JSON text */
	int		timeout_s;		/* how long its answer is of use */
	bool		quiet;			/* … not worth a line in the history */
	bool		reports;		/* and this is what it means */
	enum happening	what;
	char		detail[DETAIL_MAX];
};

/* *ret arrives with the phase and memo of now, and asks for nothing. A phase that
 * is woken by SILENCE and neither asks to be woken again nor reports has timed out. */
typedef int step_fn(const struct step_input *, struct step *ret, struct err *);

#endif
