/* SPDX-License-Identifier: Apache-2.0
 *
 * offer.c - is there something for this device now?
 *
 * Open jobs over its product are asked in turn, by priority, the newest first;
 * the first that would itself make an offer wins, and takes over from older ones
 * at that moment, never before. What says no gives the sentence of the answer. */
#include <stdio.h>
#include <string.h>
#include "job_filter.h"
#include "otad/link.h"
#include "visit.h"

struct open_jobs {
	struct job_brief jobs[VISIT_JOBS];
	int		n;
};

static int
keep_job(void *arg, const struct job_brief *job, struct err *e)
{
	struct open_jobs *open = arg;

	(void)e;
	if (open->n < VISIT_JOBS)
		open->jobs[open->n++] = *job;
	return 0;
}

/* Of two currents of the same rank the higher goes first: a device that may have
 * betas is not led through the lower one. */
static void
order_currents(struct open_jobs *open)
{
	struct version a, b;
	struct err ignored = ERR_INIT;

	for (int i = 1; i < open->n; i++)
		for (int k = i; k > 0; k--) {
			struct job_brief *first = &open->jobs[k - 1], *second = &open->jobs[k];
			struct job_brief swap = *first;

			if (first->current == 0 || second->current == 0 ||
			    first->policy.priority != second->policy.priority ||
			    version_parse(&a, first->part.name, &ignored) < 0 ||
			    version_parse(&b, second->part.name, &ignored) < 0 ||
			    version_value(&a) >= version_value(&b))
				break;
			*first = *second;
			*second = swap;
		}
}

/* ---- images ---- */

/* Two slots that take turns: the one it does not run. */
static const char *
other_slot(const char *runs)
{
	if (slot_same(runs, "user1"))
		return "user2";
	if (slot_same(runs, "user2"))
		return "user1";
	return "";
}

const char *
visit_part(const struct visit *v)
{
	return v->s->part[0] != '\0' ? v->s->part : "image";
}

int
visit_image(const struct visit *v, int64_t firmware, struct image *ret, char slot[SLOT_MAX],
    struct err *e)
{
	const char *runs = v->s->slot[0] != '\0' ? v->s->slot : v->device.slot;
	int r;

	snprintf(slot, SLOT_MAX, "%s", visit_part(v));
	if (v->component)
		runs = "";
	r = store_image_find(v->tx->db, firmware, slot, ret, e);
	if (r != 0 || v->s->part[0] != '\0' || runs[0] == '\0')
		return r;
	snprintf(slot, SLOT_MAX, "%s", other_slot(runs));
	return slot[0] == '\0' ? 0 : store_image_find(v->tx->db, firmware, slot, ret, e);
}

int
visit_answer(struct visit *v, const struct execution *x, const struct image *image,
    struct answer *ret, struct err *e)
{
	struct buf metadata = { .limit = sizeof(ret->metadata) - 1 };
	struct firmware_brief target;
	int r = visit_effective(v, x, &target, e);

	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "its firmware is gone");
	ret->verdict = VERDICT_OFFER;
	ret->execution = *x;
	ret->image = *image;
	snprintf(ret->firmware, sizeof(ret->firmware), "%s", target.name);
	snprintf(ret->native, sizeof(ret->native), "%s", target.native);
	snprintf(ret->why, sizeof(ret->why), "%s for job %s", target.name, x->job_id);
	if (store_job_metadata(v->tx->db, x->job, &metadata, e) < 0) {
		buf_free(&metadata);
		return -1;
	}
	snprintf(ret->metadata, sizeof(ret->metadata), "%s",
	    metadata.failed ? "" : buf_str(&metadata));
	buf_free(&metadata);
	return 0;
}

/* ---- jobs in turn ---- */

/* A person has to see it, to approve it: it is made at once. */
static int
await_approval(struct visit *v, const struct job_brief *job, struct execution *x, bool *ret_new,
    struct err *e)
{
	struct moving m = { v->tx, &v->device, v->s->family, &job->policy };

	if (!v->tx->writes)
		return CORE_WRITE + 1;
	*ret_new = false;
	return execution_enqueue(&m, job->num, job->part.ptype, x->target, x, e) < 0 ? -1 : 1;
}

/* Its execution in this job; made up (attempt 0, not stored) when a continuous
 * job meets the device for the first time. 1 found, 0 none for it, -1. */
static int
part_in(struct visit *v, const struct job_brief *job, struct execution *ret, bool *ret_new,
    struct err *e)
{
	int r;

	*ret_new = false;
	for (int i = 0; i < v->nlive; i++)
		if (v->live[i].job == job->num && v->live[i].ptype == job->part.ptype) {
			*ret = v->live[i];
			return !state_ended(ret->state);
		}
	if (!job->policy.continuous || (job->current == 'b' && v->device.channel != 'b'))
		return 0;
	r = store_execution_find(v->tx->db, job->num, v->device.num, job->part.ptype, ret, e);
	if (r < 0)
		return -1;
	if (r > 0 && ret->state == STATE_UNREACHED) {
		r = visit_apply(v, &job->policy, ret, HAP_RETRY, "it speaks again", e);
		return r != 0 ? r == CORE_WRITE ? CORE_WRITE + 1 : -1 : 1;
	}
	if (r > 0)
		return !state_ended(ret->state);
	if ((r = job_filter_admits(v->tx, job->num, v->device.num, e)) != 1)
		return r;
	*ret = (struct execution){ .job = job->num, .device = v->device.num,
	    .ptype = job->part.ptype, .target = job->part.firmware, .state = STATE_QUEUED,
	    .progress = -1 };
	*ret_new = true;
	return job->policy.force ? 1 : await_approval(v, job, ret, ret_new, e);
}

/* Older executions that took nothing give way to the one that goes, unless their
 * job goes first by rank. */
static int
take_over(struct visit *v, const struct open_jobs *open, const struct job_brief *winner,
    struct err *e)
{
	for (int i = 0; i < v->nlive; i++) {
		struct execution *x = &v->live[i];
		const struct policy *policy = &winner->policy;
		int r;

		if (x->job >= winner->num || x->ptype != winner->part.ptype || x->taken ||
		    state_ended(x->state))
			continue;
		for (int j = 0; j < open->n; j++)
			if (open->jobs[j].num == x->job)
				policy = &open->jobs[j].policy;
		if (policy->priority > winner->policy.priority)
			continue;
		if ((r = visit_apply(v, policy, x, HAP_SUPERSEDE, winner->id, e)) != 0)
			return r;
	}
	return 0;
}

static int
go(struct visit *v, const struct open_jobs *open, const struct job_brief *job,
    struct execution *x, bool is_new, enum ask_how how, const struct image *image,
    struct answer *ret, struct err *e)
{
	struct moving m = { v->tx, &v->device, v->s->family, &job->policy };
	enum happening what = how == ASK_OFFER ? HAP_OFFER :
	    v->s->resumes && x->state == STATE_QUEUED && x->attempt > 0 ? HAP_RESUME : HAP_TAKE;
	int r;

	snprintf(x->job_id, sizeof(x->job_id), "%s", job->id);
	snprintf(x->device_id, sizeof(x->device_id), "%s", v->device.id);
	if (how == ASK_PEEK)
		return visit_answer(v, x, image, ret, e);
	if (how == ASK_OFFER && !(v->s->family->caps & FAMILY_FETCHES) &&
	    !link_ready(v->tx, x->ptype)) {
		v->waits = true;
		return visit_say(ret, VERDICT_NOTHING, "no address for links is known: set base in "
		    "[links], or link_base of product %u", x->ptype);
	}
	if (!v->tx->writes)
		return CORE_WRITE;
	if ((r = take_over(v, open, job, e)) != 0)
		return r;
	if (is_new) {
		if (execution_enqueue(&m, job->num, job->part.ptype, x->target, x, e) < 0)
			return -1;
		snprintf(x->job_id, sizeof(x->job_id), "%s", job->id);
	}
	if ((r = visit_apply(v, &job->policy, x, what, image->slot, e)) != 0)
		return r;
	return visit_answer(v, x, image, ret, e);
}

/* A part of a firmware that it got already: what it works on goes on. 1: answered. */
static int
go_on(struct visit *v, struct execution *x, enum ask_how how, struct answer *ret, struct err *e)
{
	struct image image;
	struct firmware_brief fw;
	struct job_brief job;
	enum job_state state;
	char slot[SLOT_MAX];
	bool next = x->delivered[0] != '\0' && !slots_contain(x->delivered, visit_part(v));
	int r;

	/* It asks for the rest, whatever we think of the connection before. */
	if (how == ASK_PEEK || !(v->s->resumes || (next && !v->transfer)))
		return 0;
	if ((r = visit_effective(v, x, &fw, e)) <= 0 ||
	    (r = visit_image(v, fw.num, &image, slot, e)) <= 0)
		return r;
	if (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	if ((r = visit_apply(v, &job.policy, x, v->s->resumes ? HAP_RESUME : HAP_TAKE, slot, e)) != 0)
		return r == CORE_WRITE ? CORE_WRITE + 1 : -1;
	return visit_answer(v, x, &image, ret, e) < 0 ? -1 : 1;
}

/* It works on something already, itself or a part of it. 1: answered. */
static int
busy(struct visit *v, enum ask_how how, struct answer *ret, struct err *e)
{
	for (int i = 0; i < v->nlive; i++) {
		struct execution *x = &v->live[i];
		int r;

		if (!x->taken || !state_active(x->state))
			continue;
		if ((r = go_on(v, x, how, ret, e)) != 0)
			return r;
		visit_say(ret, VERDICT_NOTHING, v->transfer ? "%s is on its way to it" :
		    x->state == STATE_VERIFYING ? "%s was delivered; its proof is outstanding" :
		    "it works on %s", x->target_name);
		return 1;
	}
	return 0;
}

/* Ends an execution that the planner says is over; a made-up one just is not made. */
static int
end_newer(struct visit *v, const struct job_brief *job, struct execution *x, bool is_new,
    const struct plan *plan, struct err *e)
{
	if (is_new)
		return 0;
	return v->running == x->target ? visit_runs_it(v, &job->policy, x, e) :
	    visit_apply(v, &job->policy, x, HAP_NEWER, plan->why, e);
}

/* Open jobs over one product: the device's own, or that of a part of it. */
static int
offer_of(struct visit *v, uint32_t ptype, enum ask_how how, struct answer *ret, struct err *e)
{
	struct open_jobs open = { .n = 0 };
	int r;

	if (store_job_open(v->tx->db, ptype, keep_job, &open, e) < 0)
		return -1;
	order_currents(&open);
	if (!v->component)
		visit_say(ret, VERDICT_NOTHING, "%s", open.n == 0 ?
		    "no rollout is open for its product" : "it is part of no open rollout");
	for (int i = 0; i < open.n; i++) {
		struct execution x;
		struct image image;
		struct plan plan;
		bool is_new;

		if ((r = part_in(v, &open.jobs[i], &x, &is_new, e)) != 1) {
			if (r == 0)
				continue;
			return r > 1 ? CORE_WRITE : -1;
		}
		if (visit_consult(v, &open.jobs[i], &x, v->s->resumes && x.attempt > 0, how, &plan,
		    &image, e) < 0)
			return -1;
		if (plan.verdict == PLAN_GO)
			return go(v, &open, &open.jobs[i], &x, is_new, how, &image, ret, e);
		snprintf(ret->why, sizeof(ret->why), "%s", plan.why);
		v->waits |= plan.verdict == PLAN_WAIT;
		if (plan.verdict == PLAN_NEVER && how != ASK_PEEK &&
		    (r = visit_note_once(v, "withheld", plan.why, e)) != 0)
			return r;
		if (plan.verdict == PLAN_NEWER &&
		    (r = end_newer(v, &open.jobs[i], &x, is_new, &plan, e)) != 0)
			return r;
	}
	return 0;
}

/* A part of it: what we believe it runs stands for what it would say. */
static int
offer_of_part(struct visit *v, uint32_t ptype, enum ask_how how, struct answer *ret, struct err *e)
{
	struct firmware_brief fw;
	int64_t firmware = 0;
	int r = store_component_find(v->tx->db, v->device.num, ptype, &firmware, e);

	v->component = true;
	v->value_known = false;
	v->running = firmware;
	if (r > 0 && (r = store_firmware_brief(v->tx->db, firmware, &fw, e)) > 0) {
		v->value = fw.value;
		v->value_known = true;
	}
	return r < 0 ? -1 : offer_of(v, ptype, how, ret, e);
}

int
visit_offer(struct visit *v, enum ask_how how, struct answer *ret, struct err *e)
{
	uint32_t parts[PARTS_MAX];
	int nparts, r = busy(v, how, ret, e);

	if (r != 0)
		return r > 1 ? CORE_WRITE : r < 0 ? -1 : 0;
	if (v->device.ptype == 0)
		return visit_say(ret, VERDICT_NOTHING, "it belongs to no product yet");
	if ((r = offer_of(v, v->device.ptype, how, ret, e)) != 0 || ret->verdict == VERDICT_OFFER)
		return r;
	if (!(v->s->family->caps & FAMILY_TOLD))
		return 0;
	if (store_product_parts(v->tx->db, v->device.ptype, parts, &nparts, e) < 0)
		return -1;
	for (int i = 0; i < nparts && r == 0 && ret->verdict != VERDICT_OFFER; i++)
		r = offer_of_part(v, parts[i], how, ret, e);
	return r;
}
