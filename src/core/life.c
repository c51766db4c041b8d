/* SPDX-License-Identifier: Apache-2.0
 *
 * life.c - the whole life of an execution on one page.
 *
 * Rows are states, columns happenings. An empty cell changes nothing: statuses
 * come late, doubled and out of order, and what a device runs is the truth, so
 * a word that does not fit is recorded and passed over. Nothing here knows
 * time, policies or devices; execution.c does what the effects say.
 *
 * Sources: design of the state names in the management API; "never in
 * downloaded" and "followed to their end" are the cells of OLD and CANCEL that
 * are missing. */
#include <string.h>
#include "otad/execution.h"

#define TO(state, effects)	{ STATE_##state, (effects) | CELL }
#define CELL			(1u << 31)	/* tells a cell from an empty one */

#define BEGIN	(EFFECT_ATTEMPT | EFFECT_EXPOSE)
#define PUT_OFF	(EFFECT_UNATTEMPT | EFFECT_UNEXPOSE)	/* nobody's failure: costs none */
#define WORKED	(EFFECT_UNEXPOSE | EFFECT_PROVEN)
#define AGAIN	(EFFECT_UNEXPOSE | EFFECT_RETRY)	/* counted when spent */
#define BAD	(EFFECT_UNEXPOSE | EFFECT_RETRY | EFFECT_FAILURE)	/* counted at once */

/* What may befall it while no byte was taken; the same in four states. */
#define UNTAKEN								\
	[HAP_TAKE]	= TO(IN_PROGRESS, BEGIN),			\
	[HAP_PROGRESS]	= TO(IN_PROGRESS, BEGIN),			\
	[HAP_DELIVER]	= TO(VERIFYING, BEGIN),				\
	[HAP_STORE]	= TO(DOWNLOADED, BEGIN),			\
	[HAP_SUCCESS]	= TO(VERIFYING, BEGIN),				\
	[HAP_PROOF]	= TO(SUCCEEDED, WORKED),			\
	[HAP_THERE]	= TO(SUCCEEDED, EFFECT_PROVEN),			\
	[HAP_NEWER]	= TO(SUPERSEDED, 0),				\
	[HAP_REJECT]	= TO(REJECTED, EFFECT_FAILURE),			\
	[HAP_DECLINE]	= TO(REJECTED, 0),				\
	[HAP_DELAY]	= TO(DELAYED, 0),				\
	[HAP_CANCEL]	= TO(CANCELED, 0),				\
	[HAP_SUPERSEDE]	= TO(SUPERSEDED, 0)

static const struct life table[STATES][HAPPENINGS] = {
	[STATE_QUEUED] = { UNTAKEN,
		[HAP_OFFER]	= TO(OFFERED, 0),
		[HAP_RESUME]	= TO(IN_PROGRESS, EFFECT_EXPOSE),
		[HAP_UNHEARD]	= TO(UNREACHED, 0),
	},
	[STATE_AWAITING] = { UNTAKEN,
		[HAP_APPROVE]	= TO(QUEUED, 0),
		[HAP_UNHEARD]	= TO(UNREACHED, 0),
	},
	[STATE_OFFERED] = { UNTAKEN,
		[HAP_OFFER]	= TO(OFFERED, 0),
		[HAP_RESUME]	= TO(IN_PROGRESS, BEGIN),	/* a new offer, what it had of the last */
		[HAP_LAPSE]	= TO(QUEUED, 0),
		[HAP_FAILURE]	= TO(FAILED, EFFECT_ATTEMPT | EFFECT_RETRY),
	},
	[STATE_IN_PROGRESS] = {
		[HAP_TAKE]	= TO(IN_PROGRESS, 0),	/* Range requests, a second slot */
		[HAP_RESUME]	= TO(IN_PROGRESS, 0),
		[HAP_PROGRESS]	= TO(IN_PROGRESS, 0),
		[HAP_UNSENT]	= TO(QUEUED, PUT_OFF),
		[HAP_DELIVER]	= TO(VERIFYING, 0),
		[HAP_STORE]	= TO(DOWNLOADED, 0),
		[HAP_SUCCESS]	= TO(VERIFYING, 0),
		[HAP_PROOF]	= TO(SUCCEEDED, WORKED),
		[HAP_STEP]	= TO(QUEUED, EFFECT_UNATTEMPT | EFFECT_UNEXPOSE),
		[HAP_NEWER]	= TO(SUPERSEDED, EFFECT_UNEXPOSE),
		[HAP_BROKEN]	= TO(FAILED, AGAIN),
		[HAP_FAILURE]	= TO(FAILED, AGAIN),
		[HAP_REJECT]	= TO(REJECTED, EFFECT_UNEXPOSE | EFFECT_FAILURE),
		[HAP_DELAY]	= TO(DELAYED, PUT_OFF),
		[HAP_SILENCE]	= TO(TIMED_OUT, EFFECT_FAILURE),	/* stays exposed */
	},
	[STATE_DOWNLOADED] = {
		[HAP_TAKE]	= TO(IN_PROGRESS, 0),
		[HAP_RESUME]	= TO(IN_PROGRESS, 0),
		[HAP_PROGRESS]	= TO(DOWNLOADED, 0),
		[HAP_DELIVER]	= TO(DOWNLOADED, 0),
		[HAP_STORE]	= TO(DOWNLOADED, 0),
		[HAP_SUCCESS]	= TO(VERIFYING, 0),
		[HAP_PROOF]	= TO(SUCCEEDED, WORKED),
		[HAP_RETURN]	= TO(SUCCEEDED, WORKED),
		[HAP_STEP]	= TO(QUEUED, EFFECT_UNATTEMPT | EFFECT_UNEXPOSE),
		[HAP_NEWER]	= TO(SUPERSEDED, EFFECT_UNEXPOSE),
		[HAP_FAILURE]	= TO(FAILED, BAD),
		[HAP_REJECT]	= TO(REJECTED, EFFECT_UNEXPOSE | EFFECT_FAILURE),
		[HAP_DELAY]	= TO(DELAYED, PUT_OFF),
		[HAP_SILENCE]	= TO(TIMED_OUT, EFFECT_FAILURE),
	},
	[STATE_VERIFYING] = {
		[HAP_TAKE]	= TO(VERIFYING, 0),
		[HAP_RESUME]	= TO(VERIFYING, 0),
		[HAP_PROGRESS]	= TO(VERIFYING, 0),
		[HAP_DELIVER]	= TO(VERIFYING, 0),
		[HAP_STORE]	= TO(DOWNLOADED, 0),	/* its reboot is still to come */
		[HAP_SUCCESS]	= TO(VERIFYING, 0),
		[HAP_PROOF]	= TO(SUCCEEDED, WORKED),
		[HAP_RETURN]	= TO(SUCCEEDED, WORKED),
		[HAP_STEP]	= TO(QUEUED, EFFECT_UNATTEMPT | EFFECT_UNEXPOSE),
		[HAP_NEWER]	= TO(SUPERSEDED, EFFECT_UNEXPOSE),
		[HAP_OLD]	= TO(FAILED, BAD),
		[HAP_FAILURE]	= TO(FAILED, BAD),
		[HAP_REJECT]	= TO(REJECTED, EFFECT_UNEXPOSE | EFFECT_FAILURE),
		[HAP_SILENCE]	= TO(TIMED_OUT, EFFECT_FAILURE),
	},
	[STATE_DELAYED] = { UNTAKEN,
		[HAP_OFFER]	= TO(OFFERED, 0),
		[HAP_RESUME]	= TO(IN_PROGRESS, BEGIN),
		[HAP_LAPSE]	= TO(QUEUED, 0),
		[HAP_FAILURE]	= TO(FAILED, EFFECT_ATTEMPT | EFFECT_RETRY),
		[HAP_UNHEARD]	= TO(UNREACHED, 0),
	},
	[STATE_SUCCEEDED] = {
		[HAP_PROOF]	= TO(SUCCEEDED, 0),	/* makes it sure */
		[HAP_REVERT]	= TO(SUCCEEDED, EFFECT_FAILURE | EFFECT_REVERTED),
		[HAP_RETRY]	= TO(QUEUED, EFFECT_UNPROVEN),	/* a continuous job, after a revert */
	},
	[STATE_FAILED] = {
		[HAP_PROOF]	= TO(SUCCEEDED, EFFECT_PROVEN),
		[HAP_RETRY]	= TO(QUEUED, 0),
	},
	[STATE_REJECTED] = {
		[HAP_PROOF]	= TO(SUCCEEDED, EFFECT_PROVEN),
		[HAP_RETRY]	= TO(QUEUED, 0),
	},
	[STATE_TIMED_OUT] = {
		[HAP_PROOF]	= TO(SUCCEEDED, WORKED),
		[HAP_HEARD]	= TO(TIMED_OUT, EFFECT_UNEXPOSE),
		[HAP_RETRY]	= TO(QUEUED, EFFECT_UNEXPOSE),
	},
	[STATE_UNREACHED] = {
		[HAP_PROOF]	= TO(SUCCEEDED, EFFECT_PROVEN),
		[HAP_THERE]	= TO(SUCCEEDED, EFFECT_PROVEN),
		[HAP_RETRY]	= TO(QUEUED, 0),
	},
	/* canceled and superseded are final: another job has the word */
};

bool
life_step(enum state now, enum happening what, struct life *ret)
{
	struct life cell = table[now][what];

	if (!(cell.effects & CELL))
		return false;
	cell.effects &= ~CELL;
	*ret = cell;
	return true;
}

static const struct { const char *word; bool ended; } states[STATES] = {
#define STATE(name, word, ended) [STATE_##name] = { word, ended },
#include "otad/tbl/states.h"
#undef STATE
};
static const char *const happenings[HAPPENINGS] = {
#define HAPPENING(name, word) [HAP_##name] = word,
#include "otad/tbl/happenings.h"
#undef HAPPENING
};

const char *
state_word(enum state s)
{
	return states[s].word;
}

int
state_from_word(const char *word, enum state *ret)
{
	for (int i = 0; i < STATES; i++)
		if (strcmp(states[i].word, word) == 0) {
			*ret = (enum state)i;
			return 0;
		}
	return -1;
}

bool
state_ended(enum state s)
{
	return states[s].ended;
}

bool
state_active(enum state s)
{
	return s == STATE_OFFERED || s == STATE_IN_PROGRESS || s == STATE_DOWNLOADED ||
	    s == STATE_VERIFYING;
}

const char *
happening_word(enum happening h)
{
	return happenings[h];
}
