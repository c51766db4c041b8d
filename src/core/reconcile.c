/* SPDX-License-Identifier: Apache-2.0
 *
 * reconcile.c - what a device runs is the truth.
 *
 * Whatever statuses were lost, doubled or out of order: when a device says what
 * it runs, each of its executions is held against that. Running the target is
 * the proof. The old version, after the whole image was delivered and outside
 * the family's guard time, is a failed attempt; a proven target that is gone is
 * a revert. */
#include <stdio.h>
#include <string.h>
#include "step.h"
#include "transfer.h"
#include "visit.h"

/* An image that did not move for so long is not on its way any more, if its
 * device opens another conversation meanwhile: it was reset and forgot it. */
#define STALLED_MS	15000
/* A device that says it was reset: transports look after a second, and no device
 * is back so soon. */
#define RESET_MS	3000
/* So long after a reset it may not listen yet to what it is told unasked. */
#define DEAF_MS		30000

/* 1: it works on the image of another job already. */
static int
clear_way(struct visit *v, const struct execution *x, struct err *e)
{
	if (!v->loaded && visit_load(v, e) < 0)
		return -1;
	for (int i = 0; i < v->nlive; i++) {
		struct execution *other = &v->live[i];
		struct job_brief job;
		enum job_state state;
		struct moving m = { v->tx, &v->device, v->s->family, &job.policy };

		if (other->job == x->job || other->ptype != x->ptype || !state_active(other->state))
			continue;
		if (other->state != STATE_OFFERED)
			return 1;
		if (store_job_brief(v->tx->db, other->job, other->ptype, &job, &state, e) < 0 ||
		    execution_apply(&m, other, HAP_LAPSE, "", e) < 0)
			return -1;
	}
	return 0;
}

static bool
becomes_active(const struct execution *x, enum happening what)
{
	struct life life;

	return !x->taken && life_step(x->state, what, &life) && state_active(life.next);
}

int
visit_apply(struct visit *v, const struct policy *policy, struct execution *x,
    enum happening what, const char *detail, struct err *e)
{
	struct moving m = { v->tx, &v->device, v->s->family, policy };
	int attempt = x->attempt, r;

	if (!v->tx->writes)
		return CORE_WRITE;
	if (becomes_active(x, what) && (r = clear_way(v, x, e)) != 0)
		return r < 0 ? -1 : event_note(v->tx, e, x->device, x->job, x->ptype,
		    happening_word(what), "%s", detail);
	if (!x->taken && v->s->family->step == NULL)
		snprintf(x->memo, sizeof(x->memo), "%s", v->speaks ? v->said : v->device.version);
	if (execution_apply(&m, x, what, detail, e) < 0)
		return -1;
	if (x->attempt > attempt)
		v->tx->core->offers++;
	return 0;
}

static int
keep_live(void *arg, const struct execution *x, struct err *e)
{
	struct visit *v = arg;

	(void)e;
	if (v->nlive < VISIT_LIVE)
		v->live[v->nlive++] = *x;
	return 0;
}

int
visit_load(struct visit *v, struct err *e)
{
	struct core *core = v->tx->core;

	v->transfer = transfers_live(core->transfers, v->device.num, &v->moved_boot);
	if (v->transfer && clock_boot_ms(core->clock) - v->moved_boot >
	    (v->s->rebooted ? RESET_MS : STALLED_MS))
		v->transfer = false;
	v->nlive = 0;
	v->loaded = true;
	return store_execution_live(v->tx->db, v->device.num, keep_live, v, e);
}

/* It says that it runs something else than the target, and that this is what it
 * ran before, or at least something that we know not to be the target. A text
 * that no firmware claims and that is new may be the target after all, built by
 * somebody who gave no native version. */
static bool
runs_another(const struct visit *v, const struct execution *x)
{
	if (!v->speaks)
		return false;
	if (v->running != 0)
		return v->running != x->target;
	return v->value_known || strcmp(v->said, x->memo) == 0;
}

static bool
guarded(const struct visit *v, const struct execution *x)
{
	int64_t since = x->delivered_ms != 0 ? x->delivered_ms : x->taken_ms;

	return v->tx->now - since < (int64_t)v->s->family->back_guard_s * 1000;
}

/* It got one image of several and asks for the next, or it goes on with a
 * transfer that broke: the attempt goes on. */
static bool
goes_on(const struct visit *v, const struct execution *x)
{
	if (v->s->resumes)
		return true;
	return x->delivered[0] != '\0' && !slots_contain(x->delivered, visit_part(v));
}

/* Is it newer than this job's target, by somebody else's doing? */
static bool
overtaken(const struct visit *v, const struct execution *x, const struct policy *policy,
    struct err *e, int *ret_error)
{
	struct firmware_brief target;
	int r;

	if (!v->value_known || policy->allow_downgrade || v->running == x->before)
		return false;
	r = store_firmware_brief(v->tx->db, x->target, &target, e);
	if (r < 0)
		*ret_error = -1;
	return r > 0 && v->value > target.value;
}

int
visit_runs_it(struct visit *v, const struct policy *policy, struct execution *x, struct err *e)
{
	bool took = (x->taken_ms != 0 && (v->speaks || v->device.firmware_sure)) ||
	    x->state == STATE_SUCCEEDED;

	if (!took)
		x->sure = v->speaks ? v->s->family->proof == PROOF_VERSION :
		    v->device.firmware_sure;
	return visit_apply(v, policy, x, took ? HAP_PROOF : HAP_THERE, v->said, e);
}

/* What it was told before its reset is forgotten. It is told again when it asks,
 * or after a while. */
static int
was_reset(struct visit *v, const struct policy *policy, struct execution *x, struct err *e)
{
	if (x->state == STATE_OFFERED)
		return visit_apply(v, policy, x, HAP_LAPSE, "", e);
	if (x->state != STATE_QUEUED || v->s->told == BY_NOTHING ||
	    x->tell_ms > v->tx->now + DEAF_MS / 2)
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE;
	x->tell_ms = v->tx->now + DEAF_MS;
	return store_execution_put(v->tx->db, x, e);
}

/* It got a whole image, was reset, and is what it was: it rolled back. */
static bool
rolled_back(const struct visit *v, const struct execution *x)
{
	return x->state == STATE_IN_PROGRESS && v->s->rebooted && !v->transfer &&
	    !goes_on(v, x) && x->delivered[0] != '\0' &&
	    !slot_same(x->delivered, SLOT_FILESYSTEM);
}

static int
hold_against(struct visit *v, struct execution *x, struct err *e)
{
	struct job_brief job;
	enum job_state state;
	int r = 0;

	if (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	if ((r = step_sees(v, &job.policy, x, e)) != 0)
		return r > 1 ? CORE_WRITE : r < 0 ? -1 : 0;
	if (v->running != 0 && v->running == x->target)
		return visit_runs_it(v, &job.policy, x, e);
	if (x->state == STATE_TIMED_OUT)
		return visit_apply(v, &job.policy, x, HAP_HEARD, v->said, e);
	if (!x->taken && v->s->rebooted)
		return was_reset(v, &job.policy, x, e);
	if (!x->taken || !state_active(x->state))
		return 0;
	if ((r = visit_is_step(v, x, e)) < 0)
		return -1;
	if (r > 0) {
		x->before = v->running;
		return visit_apply(v, &job.policy, x, HAP_STEP, v->said, e);
	}
	if (overtaken(v, x, &job.policy, e, &r))
		return visit_apply(v, &job.policy, x, HAP_NEWER, v->said, e);
	if (r < 0 || !runs_another(v, x))
		return r;
	if (rolled_back(v, x) && (r = visit_apply(v, &job.policy, x, HAP_DELIVER, "", e)) != 0)
		return r;
	if (x->state == STATE_VERIFYING && (v->s->rebooted || !guarded(v, x)) && !v->s->resumes)
		return visit_apply(v, &job.policy, x, HAP_OLD, v->said, e);
	/* A poller that asks again has nothing on its way any more; one that is
	 * told may ask for other reasons, until it shows that it was reset. */
	if (x->state == STATE_IN_PROGRESS && !v->transfer && !goes_on(v, x) &&
	    (v->s->rebooted || v->s->told == BY_NOTHING))
		return visit_apply(v, &job.policy, x, HAP_BROKEN, v->s->rebooted ?
		    "it was reset" : "it asks again", e);
	return 0;
}

/* What a part of it runs is never said; that it was reset concerns the part, too. */
static int
hold_part(struct visit *v, struct execution *x, struct err *e)
{
	struct job_brief job;
	enum job_state state;

	if (!v->s->rebooted || x->taken)
		return 0;
	if (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	return was_reset(v, &job.policy, x, e);
}

/* ---- executions that have ended ---- */

struct aimed {
	struct visit	*v;
	struct execution found[VISIT_LIVE];
	int		n;
};

static int
keep_ended(void *arg, const struct execution *x, struct err *e)
{
	struct aimed *a = arg;

	(void)e;
	if (state_ended(x->state) && !x->exposed && a->n < VISIT_LIVE)
		a->found[a->n++] = *x;
	return 0;
}

/* It runs something that it did not run before: executions that failed, timed
 * out or were not reached with this target have succeeded after all. */
static int
late_proofs(struct visit *v, struct err *e)
{
	struct aimed a = { .v = v };
	int r;

	if (store_execution_aimed(v->tx->db, v->device.num, v->running, keep_ended, &a, e) < 0)
		return -1;
	for (int i = 0; i < a.n; i++) {
		struct execution *x = &a.found[i];
		struct job_brief job;
		enum job_state state;

		if (x->state == STATE_SUCCEEDED ? x->sure : x->taken_ms == 0 &&
		    x->state != STATE_UNREACHED)
			continue;
		if (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0)
			return -1;
		if ((r = visit_runs_it(v, &job.policy, x, e)) != 0)
			return r;
	}
	return 0;
}

/* A newer job brought it here, or its value says that it went forward. What it
 * took from a newer job may also be known to nobody by its text. */
static bool
left_in_order(const struct visit *v)
{
	if (v->value_known && v->value > v->device.firmware_value)
		return true;
	for (int i = 0; i < v->nlive; i++) {
		const struct execution *x = &v->live[i];

		if (x->taken_ms != 0 && x->target == v->running)
			return true;
		if (x->taken && x->target != v->device.firmware && !runs_another(v, x))
			return true;
	}
	return false;
}

static int
reverted(struct visit *v, struct err *e)
{
	struct aimed a = { .v = v };
	struct job_brief job;
	enum job_state state;
	struct execution *x = NULL;
	int r;

	if (store_execution_aimed(v->tx->db, v->device.num, v->device.firmware, keep_ended, &a,
	    e) < 0)
		return -1;
	for (int i = 0; i < a.n && x == NULL; i++)
		if (a.found[i].state == STATE_SUCCEEDED && a.found[i].sure)
			x = &a.found[i];
	if (x == NULL)
		return 0;
	if (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	if ((r = visit_apply(v, &job.policy, x, HAP_REVERT, v->said, e)) != 0)
		return r;
	if (!job.policy.continuous || state != JOB_RUNNING || x->attempt >= job.policy.attempts)
		return 0;
	x->not_before_ms = v->tx->now + (int64_t)job.policy.retry_delay_s * 1000;
	if ((r = visit_apply(v, &job.policy, x, HAP_RETRY, "", e)) == 0 && v->nlive < VISIT_LIVE)
		v->live[v->nlive++] = *x;
	return r;
}

int
visit_reconcile(struct visit *v, struct err *e)
{
	const struct device *d = &v->device;
	int r;

	for (int i = 0; i < v->nlive; i++) {
		struct execution *x = &v->live[i];

		if ((r = x->ptype == d->ptype ? hold_against(v, x, e) : hold_part(v, x, e)) != 0)
			return r;
	}
	if (!v->speaks || v->running == d->firmware)
		return 0;
	if (v->running != 0 && (r = late_proofs(v, e)) != 0)
		return r;
	if (d->firmware != 0 && d->firmware_sure && !left_in_order(v))
		return reverted(v, e);
	return 0;
}
