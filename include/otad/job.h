/* job.h - a rollout of firmware to devices under a policy.
 *
 * "Set as Current" is a job too: continuous, over the product. */
#ifndef OTAD_JOB_H
#define OTAD_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/digest.h"
#include "otad/execution.h"
#include "otad/firmware.h"
#include "otad/rollout.h"
#include "otad/zone.h"

struct tx;

enum job_state {
	JOB_FILLING,		/* its executions are still being written; never shown */
	JOB_SCHEDULED, JOB_RUNNING, JOB_PAUSED, JOB_HALTED, JOB_COMPLETED, JOB_CANCELED
};
const char *job_state_word(enum job_state);

#define JOB_FIRMWARES_MAX	16	/* firmwares of one job, one per ptype */

struct policy {			/* what a caller may say of it; defaults by policy_default() */
	bool		force;			/* mode: force, else approval */
	bool		continuous;
	int		priority;		/* the higher goes first; 0 */
	bool		exposure;		/* limited by the next three */
	int		at_least, percent, at_most;	/* 10, 50, 1000 */
	int		max_active;		/* 0: no limit */
	int		timeout_s;		/* 1800 */
	bool		timeout_given;		/* the caller named it: no family's floor then */
	int64_t		reach_s;		/* 2592000 */
	int		attempts;		/* 3 */
	int		retry_delay_s;		/* 300 */
	bool		allow_downgrade, despite_hold;
};
/* What else a caller may ask for: how careful the rollout is to be. Kept beside
 * the policy, since only devices with an open job need it. */
struct care {
	struct rate	rate;
	struct failure_limit failure;		/* failure_default() */
	int64_t		start_ms, end_ms;	/* 0: now, never */
	bool		windowed;
	struct window	window;
	char		tz[ZONE_NAME_MAX];	/* of the window: a zone, or "device" */
	bool		second_operator;	/* another operator has to approve it first */
	bool		reboot_approval;
	/* not the caller's */
	char		made_by[24];		/* id of the key that made it */
	char		halt_limit[16];		/* "failure", "stage", or "" */
	char		halt_detail[257];
};
/* How an image is tried before it is kept, where a family does that. */
enum delivery { DELIVERY_AUTO, DELIVERY_PULL, DELIVERY_PUSH };
struct trial {
	int		commit_s;		/* it goes back by itself after so long; 0: not said */
	enum delivery	delivery;
	bool		checked;		/* health, by the next ones */
	int		after_s, within_s;	/* of uptime: not before, and at the latest */
	char		method[65];		/* "": its version and its uptime are enough */
	char		args[513], expect[513];	/* JSON texts; "": none */
};
int	trial_check(const struct trial *, struct err *);

void	care_default(struct care *);
int	care_check(const struct care *, struct err *);

/* One part of a job as the judge sees it. */
struct pace {
	uint64_t	matched;		/* executions that it may offer to */
	uint64_t	taken;			/* of these ever took the image */
	/* since the last resume: took the image, of these succeeded, ended otherwise */
	uint64_t	judged, won, lost;
	uint64_t	ended, failed;		/* attempts that ended; of these failed */
	struct outcomes	outcomes;		/* the last of them */
	int		stage;			/* the open one; -1: there are no stages */
	uint64_t	stage_limit;		/* how many may have taken while it is open */
	int64_t		rate_last_ms;		/* no further start before */
	int64_t		due_ms;			/* then time alone changes something; 0 */
};

void	policy_default(struct policy *);
/* Each field within its bounds; errors name the field. */
int	policy_check(const struct policy *, struct err *);

struct job_part {		/* one firmware of a job and how it goes */
	uint32_t	ptype;
	int64_t		firmware;
	char		name[VERSION_MAX];
	uint64_t	counts[STATES];		/* executions by state */
	uint64_t	exposed;		/* counted against the exposure now */
	uint64_t	proven;			/* proven successes */
	uint64_t	taken;			/* executions that ever took an image */
	uint64_t	failures;		/* counted failures, attempt by attempt */
	uint64_t	reverted;
};

struct job {
	int64_t		num;
	char		id[ID_LEN + 1];
	enum job_state	state;
	char		current;		/* 'v' or 'b': Set as Current of that channel; 0: no */
	struct policy	policy;
	struct job_part	parts[JOB_FIRMWARES_MAX];
	int		nparts;
	char		*targets;		/* owned: the JSON text as given */
	char		*metadata;		/* owned: JSON text, or "" */
	char		created_by[65];
	int64_t		created_ms, started_ms, ended_ms;
};
void	job_clear(struct job *);

struct job_form {
	struct policy	policy;
	struct care	care;
	struct trial	trial;
	bool		stages_given;		/* else the defaults of stage_defaults() */
	struct stage	stages[STAGES_MAX];
	int		nstages;
	char		versions[JOB_FIRMWARES_MAX][VERSION_MAX];
	int		nversions;
	const char *const *devices;		/* ids; NULL: all devices of the products */
	size_t		ndevices;
	const char	*filter;		/* RSQL: of all, only these; NULL: no filter */
	const char	*targets;		/* JSON text to remember and show */
	const char	*metadata;		/* JSON text, or "" */
	char		current;		/* 'v', 'b' or 0 */
	struct job_progress {		/* how far the slices came; zero at first */
		int64_t	job;		/* the job that is being made */
		int64_t	replaced;	/* the former current's job, when it has to be ended */
		size_t	checked;	/* devices of the list that may be in it */
		size_t	listed;		/* devices of the list done */
		int	part;		/* part that is being filled */
		int64_t	after;		/* last device of it, or of what is being canceled */
		bool	running;	/* made; only the replaced one is left to be ended */
	} now, before;			/* before: at the start of the slice that runs */
};

#define PREVIEW_OUT	100		/* devices that are named */

struct job_preview {		/* what job_create() would do */
	uint64_t	matched, already_there, newer, blocked;
	struct preview_part {		/* of each firmware */
		struct job_part	part;
		uint64_t	waiting;		/* devices that it would be offered to */
		struct stage	stages[STAGES_MAX];
		int		nstages;
	} parts[JOB_FIRMWARES_MAX];
	int		nparts;
	/* of a list of devices: the first that would not be offered anything, and why */
	struct { char id[DEVICE_ID_MAX]; char why[24]; } out[PREVIEW_OUT];
	int		nout;
};

/* Make the job and an execution for each device, in slices: CORE_WRITE means
 * call again (core_write() does). The job runs, and is seen by anyone, only
 * after the last slice; a crash before leaves nothing. Errors: unknown or
 * yanked firmware, held without despite_hold, (n) never dispatched, two of one
 * ptype, unknown device, device of no product of the job. */
int	job_create(struct tx *, struct job_form *, struct job *ret, struct err *);
/* The same checks, nothing made; reading. */
int	job_preview(struct tx *, const struct job_form *, struct job_preview *ret, struct err *);

int	job_get(struct tx *, const char *id, struct job *ret, struct err *);
/* How its image is tried; nothing said when it says nothing. */
int	job_trial(struct tx *, const struct job *, struct trial *ret, struct err *);
/* Its care, and how each of its parts is paced; stages with their counts, if asked
 * for: they are counted then, execution by execution. */
int	job_care(struct tx *, const struct job *, struct care *ret, struct err *);
int	job_pace(struct tx *, const struct job *, int part, bool counts, struct pace *ret_pace,
	    struct stage ret_stages[STAGES_MAX], int *ret_nstages, struct err *);
typedef int job_fn(void *arg, const struct job *, struct err *);
/* Newest first, below `before` (0: from the newest). state -1: any; ptype 0: any. */
int	job_list(struct tx *, int state, uint32_t ptype, int64_t before, int limit,
	    job_fn *, void *arg, struct err *);

/* No new offers, untaken links are closed; what took the image is followed to
 * its end. In slices, like job_create(); cursor starts at 0. */
struct job_cursor { int64_t after, before; };
int	job_cancel(struct tx *, const char *id, struct job_cursor *, struct err *);

/* A person's steps. Each refuses (ERR_CONFLICT) what the job's state does not
 * allow. resume of a halted job needs its firmware released, or despite_hold, and
 * counts anew from there. approve: the second operator's word; the one who made
 * the job cannot give it. next_stage: as if the open stage had passed. */
int	job_pause(struct tx *, const char *id, struct err *);
int	job_resume(struct tx *, const char *id, struct err *);
int	job_approve(struct tx *, const char *id, struct err *);
int	job_next_stage(struct tx *, const char *id, struct err *);
/* Failed, rejected and timed out devices get all their attempts again. In slices. */
int	job_retry(struct tx *, const char *id, struct job_cursor *, struct err *);
/* Holds its firmware, unsets it as current, ends the job, and makes another back
 * to what each device ran before. Devices whose old firmware is unknown, yanked or
 * never dispatched are superseded in it at once, reason "nothing_to_go_back_to". In
 * slices. */
struct rollback {
	struct rollback_progress {
		int64_t	job;			/* the new one */
		int	part;
		int64_t	after;
		bool	filled, running;
	} now, before;
};
int	job_rollback(struct tx *, const char *id, struct rollback *, struct job *ret, struct err *);

/* version NULL: no current for this channel. Ends the job of the former current
 * (its queued executions end as canceled, reason "replaced"); downgrades nobody.
 * form->policy is what the caller said. In slices, like job_create(). */
int	job_set_current(struct tx *, uint32_t ptype, const char *version, char channel,
	    struct job_form *, struct job *ret, struct err *);

typedef int execution_fn(void *arg, const struct execution *, struct err *);
/* state -1: any. In order of device, after `after`. */
int	job_executions(struct tx *, int64_t job, int state, int64_t after, int limit,
	    execution_fn *, void *arg, struct err *);
int	execution_get(struct tx *, const char *job, const char *device,
	    struct execution *ret, struct err *);
/* A person's steps: HAP_CANCEL (refused once taken), HAP_RETRY (of an ended one),
 * HAP_APPROVE and HAP_DECLINE (of one that awaits it). */
int	execution_steer(struct tx *, const char *job, const char *device,
	    enum happening, struct err *);

#endif
