/* SPDX-License-Identifier: Apache-2.0
 *
 * execution.c - doing what the table of life.c says.
 *
 * Every change of an execution goes through execution_apply(), so that the
 * job's counts, the history and the deadlines cannot disagree with the states:
 * they are derived here, from what was before and what is after. */
#include <stdio.h>
#include <string.h>
#include "execution.h"
#include "pace.h"

bool
slots_contain(const char *slots, const char *slot)
{
	char one[SLOT_MAX];

	while (*slots != '\0') {
		size_t n = strcspn(slots, ",");

		if (n < sizeof(one)) {
			memcpy(one, slots, n);
			one[n] = '\0';
			if (slot_same(one, slot))
				return true;
		}
		slots += n + (slots[n] == ',');
	}
	return false;
}

/* How long a device may be silent after it took a whole image: pollers show
 * themselves at their next poll, whenever that is (design 4.8). */
static int64_t
patience_ms(const struct policy *policy, const struct family *family, const struct device *device)
{
	int64_t patience = policy->timeout_s;
	int64_t usual = 2 * (int64_t)device_interval_s(device);
	int64_t longest = device_longest_gap_s(device);

	if (usual == 0 && !policy->timeout_given)
		usual = family->silence_floor_s;
	if (usual > patience)
		patience = usual;
	if (longest > patience)
		patience = longest;
	return patience * 1000;
}

int64_t
execution_due(const struct execution *x, const struct policy *policy, const struct family *family,
    const struct device *device, int64_t now)
{
	switch (x->state) {
	case STATE_QUEUED:
	case STATE_AWAITING:
		return (x->not_before_ms > now ? x->not_before_ms : now) + policy->reach_s * 1000;
	case STATE_OFFERED:
		return now + (int64_t)family->offer_guard_s * 1000;
	case STATE_IN_PROGRESS:
	case STATE_DOWNLOADED:
		return now + (int64_t)policy->timeout_s * 1000;
	case STATE_VERIFYING:
		return now + patience_ms(policy, family, device);
	case STATE_DELAYED:
		return x->not_before_ms != 0 ? x->not_before_ms : x->tell_ms;
	default:
		return 0;
	}
}

/* The last attempt was counted as a failure already: at its end, or at once
 * because a whole image had been delivered. */
static bool
failure_counted(const struct execution *x)
{
	switch (x->state) {
	case STATE_FAILED:
	case STATE_TIMED_OUT:
		return true;
	case STATE_REJECTED:
		return strcmp(x->reason, happening_word(HAP_DECLINE)) != 0;
	default:
		return !x->taken && x->attempt > 0 && x->delivered_ms != 0;
	}
}

static void
begin_attempt(struct execution *x, int64_t now)
{
	x->attempt++;
	if (x->taken_ms == 0)
		x->taken_ms = now;
	if (x->offered_ms == 0)
		x->offered_ms = now;		/* some families begin without a word before */
	x->delivered[0] = '\0';
	x->delivered_ms = 0;
	x->phase = 0;
	x->progress = -1;
	x->taken = true;
}

/* An offer that nobody answered is repeated on a growing schedule, from a minute
 * to an hour; a device that asks is answered at once all the same. */
static int64_t
tell_again(const struct execution *x, int64_t now)
{
	int64_t wait = now - x->queued_ms;

	if (wait < 60000)
		wait = 60000;
	if (wait > 3600000)
		wait = 3600000;
	return now + wait;
}

/* What a state's name in the table does not say. */
static void
set_marks(struct execution *x, enum happening what, const struct moving *m)
{
	int64_t now = m->tx->now;

	switch (what) {
	case HAP_OFFER:
		x->offered_ms = now;
		if (x->before == 0)
			x->before = m->device->firmware;
		break;
	case HAP_STEP:
		x->delivered[0] = '\0';
		x->delivered_ms = 0;
		break;
	case HAP_LAPSE:
		x->tell_ms = tell_again(x, now);
		break;
	case HAP_DELIVER:
	case HAP_STORE:
	case HAP_SUCCESS:
		if (x->delivered_ms == 0)
			x->delivered_ms = now;
		break;
	case HAP_PROOF:
		x->sure = m->family->proof != PROOF_WORD;
		break;
	case HAP_REVERT:
		x->sure = false;
		break;
	default:
		break;
	}
	if (state_ended(x->state) && x->ended_ms == 0)
		x->ended_ms = now;
	if (!state_ended(x->state))
		x->ended_ms = 0;
}

/* Most reasons are the happening itself; a state that goes on has none. */
static void
set_reason(struct execution *x, enum happening what, bool retried)
{
	const char *reason = "";

	switch (what) {
	case HAP_THERE: case HAP_DECLINE: case HAP_OLD: case HAP_BROKEN: case HAP_NEWER:
	case HAP_FAILURE: case HAP_REVERT: case HAP_SILENCE: case HAP_UNHEARD:
		reason = happening_word(what);
		break;
	case HAP_PROOF: case HAP_RETURN:
		break;			/* whatever went wrong before is over */
	default:
		if (x->state == STATE_SUCCEEDED || retried || state_ended(x->state))
			return;			/* keep what it was */
	}
	snprintf(x->reason, sizeof(x->reason), "%s", reason);
}

/* In a job that was canceled there is no next attempt. */
static int
attempts_left(const struct moving *m, const struct execution *x, bool *ret, struct err *e)
{
	struct job_brief job;
	enum job_state state;
	int r = store_job_brief(m->tx->db, x->job, x->ptype, &job, &state, e);

	*ret = r > 0 && state != JOB_CANCELED;
	return r < 0 ? -1 : 0;
}

/* What an attempt leaves on the execution when it begins, or never really did. */
static void
do_attempt(struct execution *x, const struct life *life, const struct moving *m,
    struct part_change *change)
{
	if (life->effects & EFFECT_ATTEMPT) {
		if (x->taken_ms == 0)
			change->taken++;
		if (x->before == 0)
			x->before = m->device->firmware;
		begin_attempt(x, m->tx->now);
	}
	if (!(life->effects & EFFECT_UNATTEMPT))
		return;
	x->attempt--;
	x->delivered_ms = 0;
	if (life->next == STATE_QUEUED && x->attempt == 0 && x->delivered[0] == '\0') {
		x->taken_ms = 0;		/* not a byte ever left */
		change->taken--;
	}
}

/* Whoever never took the image from this job neither proves nor disproves it. */
static void
count(const struct execution *x, unsigned effects, bool spent, struct part_change *change)
{
	bool ours = x->taken_ms != 0;

	if (effects & EFFECT_PROVEN) {
		change->failures -= failure_counted(x);
		change->proven += ours;
	}
	if (effects & EFFECT_UNPROVEN)
		change->proven -= ours;
	if (effects & EFFECT_REVERTED)
		change->reverted++;
	if (effects & EFFECT_FAILURE ? ours || !(effects & EFFECT_REVERTED) :
	    effects & EFFECT_RETRY && spent)
		change->failures++;
}

static void
do_effects(struct execution *x, const struct life *life, const struct moving *m, bool again,
    struct part_change *change)
{
	unsigned effects = life->effects;
	bool spent;

	do_attempt(x, life, m, change);
	spent = !again || x->attempt >= m->policy->attempts;
	count(x, effects, spent, change);
	if (effects & EFFECT_EXPOSE)
		x->exposed = true;
	if (effects & EFFECT_UNEXPOSE)
		x->exposed = false;
	x->state = life->next;
	if (effects & EFFECT_RETRY && !spent) {
		x->state = STATE_QUEUED;
		x->not_before_ms = m->tx->now + (int64_t)m->policy->retry_delay_s * 1000;
	}
	if (effects & EFFECT_RETRY && !(effects & EFFECT_FAILURE))
		x->delivered_ms = 0;		/* … and was not counted at once */
	if (!state_ended(x->state))
		x->taken = state_active(x->state) && x->state != STATE_OFFERED;
}

/* The last one of a job that does not go on for ever. */
static int
complete_job(struct tx *tx, const struct execution *x, struct err *e)
{
	struct job_brief brief;
	struct job job;
	enum job_state state;
	uint64_t open = 0;

	if (store_job_brief(tx->db, x->job, x->ptype, &brief, &state, e) < 0)
		return -1;
	for (int s = 0; s < STATES; s++)
		if (!state_ended((enum state)s))
			open += brief.part.counts[s];
	if (open > 0 || brief.policy.continuous || state != JOB_RUNNING)
		return 0;
	memset(&job, 0, sizeof(job));
	if (store_job_find_num(tx->db, x->job, &job, e) < 0)
		return -1;
	for (int i = 0; i < job.nparts; i++)
		for (int s = 0; s < STATES; s++)
			if (!state_ended((enum state)s))
				open += job.parts[i].counts[s];
	job_clear(&job);
	if (open > 0)
		return 0;
	if (store_job_set_state(tx->db, x->job, JOB_COMPLETED, tx->now, e) < 0)
		return -1;
	tx_bump(tx);
	return event_note(tx, e, 0, x->job, 0, "job_completed", "%s", "every execution ended");
}

static int
write_down(const struct moving *m, const struct execution *x, enum state before,
    struct part_change *change, struct err *e)
{
	struct tx *tx = m->tx;

	if (before != x->state) {
		change->counts[before]--;
		change->counts[x->state]++;
	}
	if (store_execution_put(tx->db, x, e) < 0 ||
	    store_part_change(tx->db, x->job, x->ptype, change, e) < 0)
		return -1;
	if (before != x->state && state_ended(x->state))
		return complete_job(tx, x, e);
	return 0;
}

/* Said by the device, not by us about it. */
static bool
is_word(enum happening what)
{
	switch (what) {
	case HAP_PROGRESS: case HAP_STORE: case HAP_SUCCESS: case HAP_PROOF: case HAP_RETURN:
	case HAP_OLD: case HAP_FAILURE: case HAP_REJECT: case HAP_DELAY: case HAP_THERE:
	case HAP_REVERT:
		return true;
	default:
		return false;
	}
}

int
execution_move(const struct moving *m, struct execution *x, enum happening what,
    const char *detail, struct err *e)
{
	struct part_change change = { .exposed = 0 };
	struct life life;
	enum state before = x->state;
	bool was_exposed = x->exposed, again = true, had_taken = x->taken_ms != 0;

	if ((what != HAP_PROGRESS || detail[0] != '\0' || !x->taken) &&
	    event_note(m->tx, e, x->device, x->job, x->ptype, happening_word(what), "%s",
	    detail) < 0)
		return -1;
	if (detail[0] != '\0' && is_word(what))
		snprintf(x->detail, sizeof(x->detail), "%s", detail);
	if (!life_step(x->state, what, &life))
		return store_execution_put(m->tx->db, x, e);
	if (life.effects & EFFECT_RETRY && attempts_left(m, x, &again, e) < 0)
		return -1;
	do_effects(x, &life, m, again, &change);
	set_marks(x, what, m);
	set_reason(x, what, (life.effects & EFFECT_RETRY) != 0);
	x->due_ms = execution_due(x, m->policy, m->family, m->device, m->tx->now);
	m->tx->say |= life.effects != 0 || state_ended(x->state);	/* a place may be free */
	change.exposed = (int64_t)x->exposed - (int64_t)was_exposed;
	if (write_down(m, x, before, &change, e) < 0)
		return -1;
	return pace_hear(m->tx, x, &(struct moved){ before, x->state, had_taken, &change }, e);
}

int
execution_enqueue(const struct moving *m, int64_t job, uint32_t ptype, int64_t target,
    struct execution *ret, struct err *e)
{
	struct part_change change = { .exposed = 0 };

	*ret = (struct execution){ .job = job, .device = m->device->num, .ptype = ptype,
	    .target = target, .progress = -1, .queued_ms = m->tx->now,
	    .state = m->policy->force ? STATE_QUEUED : STATE_AWAITING };
	snprintf(ret->device_id, sizeof(ret->device_id), "%s", m->device->id);
	ret->due_ms = execution_due(ret, m->policy, m->family, m->device, m->tx->now);
	change.counts[ret->state] = 1;
	if (store_execution_put(m->tx->db, ret, e) < 0 ||
	    store_part_change(m->tx->db, job, ptype, &change, e) < 0)
		return -1;
	return pace_grow(m->tx, job, ptype, 1, e);
}
