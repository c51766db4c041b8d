/* execution.h - one device's part in a job, and the table that is its life.
 *
 * An execution is *active* from offered to verifying; a device has one active
 * execution per ptype. What a happening does is looked up, never coded: see
 * life_step(). */
#ifndef OTAD_EXECUTION_H
#define OTAD_EXECUTION_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/device.h"
#include "otad/digest.h"

enum state {
#define STATE(name, word, ended) STATE_##name,
#include "otad/tbl/states.h"
#undef STATE
	STATES
};
enum happening {
#define HAPPENING(name, word) HAP_##name,
#include "otad/tbl/happenings.h"
#undef HAPPENING
	HAPPENINGS
};

const char	*state_word(enum state);
int		state_from_word(const char *, enum state *ret);	/* -1: no such state */
bool		state_ended(enum state);
bool		state_active(enum state);	/* offered, in_progress, downloaded, verifying */
const char	*happening_word(enum happening);

#define REASON_MAX	33
#define DETAIL_MAX	257

struct execution {
	/* key */
	int64_t		job, device;		/* the store's numbers */
	uint32_t	ptype;
	/* what and how far */
	int64_t		target;			/* firmware number */
	enum state	state;
	char		reason[REASON_MAX];	/* "declined", "already_there", … or "" */
	char		detail[DETAIL_MAX];	/* the device's last word, made safe */
	int		attempt;		/* 1 from the first offer on; 0 before */
	int		progress;		/* 0..100, -1 unknown */
	bool		sure;			/* succeeded, and a version was the proof */
	bool		taken;			/* of this attempt: first byte served or progress */
	bool		exposed;		/* counts against the job's exposure (design 4.9) */
	char		delivered[129];		/* slots delivered in this attempt, "image,filesystem" */
	int64_t		before;			/* firmware it ran when it was first offered, or 0 */
	/* a long conversation's own memory, see dialect.h step() */
	int		phase;
	char		memo[257];
	/* when; wall ms, 0 never */
	int64_t		due_ms;			/* what it waits for is over then (lapse, deadline, reach) */
	int64_t		not_before_ms;		/* not offered before (retry delay, asked delay) */
	int64_t		tell_ms;		/* not told again before, unless it asks */
	int64_t		queued_ms, offered_ms, taken_ms, delivered_ms, ended_ms;
	/* joined in when read */
	char		device_id[DEVICE_ID_MAX];
	char		job_id[ID_LEN + 1];
	char		target_name[VERSION_MAX];
};

/* ---- the life, as a pure function ---- */

enum effect {
	EFFECT_ATTEMPT	= 1,	/* a new attempt begins: the traces of the last are cleared */
	EFFECT_UNATTEMPT = 2,	/* it did not begin after all */
	EFFECT_EXPOSE	= 4,
	EFFECT_UNEXPOSE	= 8,
	EFFECT_FAILURE	= 16,	/* counted as a failure of the job at once (design 4.8) */
	EFFECT_RETRY	= 32,	/* to the queue while attempts are left, else to `next`, and
				 * then counted, if it was not at once */
	EFFECT_PROVEN	= 64,	/* a success with the best proof this family can give */
	EFFECT_REVERTED	= 128,	/* left a proven target */
	EFFECT_UNPROVEN	= 256	/* its success does not count as proven any more */
};
struct life {
	enum state	next;
	unsigned	effects;	/* enum effect */
};
/* What `what` does to an execution in `now`. False: it changes nothing there
 * (late, doubled, out of order): the happening is recorded and that is all. */
bool	life_step(enum state now, enum happening what, struct life *ret);

#endif
