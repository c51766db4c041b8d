/* SPDX-License-Identifier: Apache-2.0
 *
 * checkin.c - a device speaks: ask, fetch, report.
 *
 * An ask costs nothing but a look into a table in memory while its answer
 * "nothing" still holds; a few indexed reads when it does not; and the writer
 * only when something really changes: a new version, a new address, an offer. */
#include <stdio.h>
#include <string.h>
#include "hot.h"
#include "reboot.h"
#include "visit.h"

/* How long "nothing" may be remembered: while a job is open for the device the
 * exposure may free a place at any moment; else only a new generation matters. */
#define NOTHING_OPEN_MS	2000
#define NOTHING_IDLE_MS	60000

static void
remember(const struct visit *v, enum ask_how how, const struct answer *a)
{
	struct core *core = v->tx->core;
	bool busy = v->nlive > 0 || v->waits;
	int64_t now = clock_boot_ms(core->clock);

	/* Nothing may hide the end of a cooling-down, nor a transfer's end. */
	if (a->verdict == VERDICT_NOTHING && how != ASK_PEEK && !v->transfer && !v->s->resumes)
		hot_remember(core->hot, v->s, v->device.num, v->tx->generation,
		    now + (busy ? NOTHING_OPEN_MS : NOTHING_IDLE_MS), v->tx->now);
	else
		hot_touch(core->hot, v->s, v->device.num, v->tx->now);
}

/* Heard: at once when we write anyway, else with the next batch. */
static int
heard(struct visit *v, struct err *e)
{
	return v->tx->writes ? store_device_touch(v->tx->db, v->device.num, v->tx->now, e) : 0;
}

int
core_ask(struct tx *tx, const struct sighting *s, enum ask_how how, struct answer *ret,
    struct err *e)
{
	struct core *core = tx->core;
	struct visit v = { .tx = tx, .s = s };
	int r;

	memset(ret, 0, sizeof(*ret));
	if (!tx->writes) {
		atomic_fetch_add_explicit(&core->asks, 1, memory_order_relaxed);
		if (how != ASK_PEEK && hot_nothing(core->hot, s, core->generation,
		    clock_boot_ms(core->clock), tx->now)) {
			atomic_fetch_add_explicit(&core->asks_cached, 1, memory_order_relaxed);
			return visit_say(ret, VERDICT_NOTHING, "nothing new since it asked last");
		}
	}
	if ((r = visit_open(&v, ret, e)) != 0)
		return r;
	if (ret->verdict == VERDICT_PENDING && v.device.num != 0 &&
	    ((r = visit_recognise(&v, e)) != 0 || (r = visit_note(&v, e)) != 0 ||
	    (r = heard(&v, e)) != 0))
		return r;
	if (ret->verdict == VERDICT_PENDING && !tx->writes)
		hot_touch(core->hot, s, v.device.num, tx->now);
	if (ret->verdict != VERDICT_NOTHING)
		return 0;
	if ((r = visit_recognise(&v, e)) != 0 || (r = visit_load(&v, e)) != 0 ||
	    (r = visit_reconcile(&v, e)) != 0 || (r = visit_note(&v, e)) != 0 ||
	    (r = visit_offer(&v, how, ret, e)) != 0 || (r = heard(&v, e)) != 0)
		return r;
	if (!tx->writes)
		remember(&v, how, ret);
	return 0;
}

/* ---- an image by its name ---- */

/* The execution that offers this firmware to it: active, or broken and waiting.
 * 1, 0 none, -1. */
static int
find_offering(struct visit *v, const char *version, struct execution **ret,
    struct firmware_brief *fw, struct err *e)
{
	for (int i = 0; i < v->nlive; i++) {
		struct execution *x = &v->live[i];
		int r;

		if (!state_active(x->state) &&
		    !(x->state == STATE_QUEUED && x->attempt > 0 && v->s->resumes))
			continue;
		if ((r = visit_effective(v, x, fw, e)) < 0)
			return -1;
		*ret = x;
		if (r > 0 && strcmp(fw->name, version) == 0)
			return 1;
	}
	return 0;
}

int
core_fetch(struct tx *tx, const struct sighting *s, const char *version, const char *slot,
    enum ask_how how, struct answer *ret, struct err *e)
{
	struct sighting named = *s;
	struct visit v = { .tx = tx, .s = &named };
	struct execution *x = NULL;
	struct firmware_brief fw;
	struct job_brief job;
	enum job_state state;
	struct image image;
	char wanted[SLOT_MAX];
	int r;

	memset(ret, 0, sizeof(*ret));
	snprintf(named.part, sizeof(named.part), "%s", slot);
	if ((r = visit_open(&v, ret, e)) != 0 || ret->verdict != VERDICT_NOTHING)
		return r;
	if ((r = visit_recognise(&v, e)) != 0 || (r = visit_load(&v, e)) != 0)
		return r;
	if ((r = find_offering(&v, version, &x, &fw, e)) <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "%s is not offered to '%s' now", version,
		    s->id);
	if ((r = visit_image(&v, fw.num, &image, wanted, e)) <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "%s has no image for slot '%s'",
		    version, wanted);
	if (store_job_brief(tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	if (state != JOB_RUNNING && !x->taken)
		return err_set(e, ERR_GONE, "job %s does not run any more", x->job_id);
	if (!x->taken && visit_may_take(&v, &job, x, x->state == STATE_QUEUED, e) < 0)
		return -1;
	if (how == ASK_PEEK)
		return visit_answer(&v, x, &image, ret, e);
	if ((r = visit_apply(&v, &job.policy, x, x->state == STATE_QUEUED ? HAP_RESUME : HAP_TAKE,
	    wanted, e)) != 0 || (r = heard(&v, e)) != 0)
		return r;
	return visit_answer(&v, x, &image, ret, e);
}

/* ---- statuses ---- */

/* The execution that a report is about. ERR_ABSENT: not one of this device. */
static int
reported(struct visit *v, const char *job_id, struct execution *ret, struct err *e)
{
	struct job job;
	int r;

	/* A job may be about several parts of it, in turn: the active one is meant. */
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < v->nlive; i++) {
			struct execution *x = &v->live[i];

			if ((job_id[0] != '\0' && strcmp(x->job_id, job_id) != 0) ||
			    (pass == 0 || job_id[0] == '\0' ? !state_active(x->state) : false))
				continue;
			*ret = *x;
			return 0;
		}
	if (job_id[0] == '\0')
		return err_set(e, ERR_ABSENT, "'%s' has no job to report on", v->device.id);
	memset(&job, 0, sizeof(job));
	r = store_job_find(v->tx->db, job_id, &job, e);
	if (r > 0) {
		r = 0;
		for (int i = 0; i < job.nparts && r == 0; i++)
			r = store_execution_find(v->tx->db, job.num, v->device.num,
			    job.parts[i].ptype, ret, e);
		job_clear(&job);
	}
	if (r == 0)
		return err_field(e, ERR_ABSENT, "job", "", "job '%.22s' is not one of '%s'", job_id,
		    v->device.id);
	return r < 0 ? -1 : 0;
}

/* Any word shows that it is not silent any more. */
static int
heard_again(struct visit *v, struct err *e)
{
	for (int i = 0; i < v->nlive; i++) {
		struct execution *x = &v->live[i];
		struct job_brief job;
		enum job_state state;

		if (x->state == STATE_TIMED_OUT &&
		    (store_job_brief(v->tx->db, x->job, x->ptype, &job, &state, e) < 0 ||
		    visit_apply(v, &job.policy, x, HAP_HEARD, "", e) < 0))
			return -1;
	}
	return 0;
}

static int
refuse_report(const struct answer *a, struct err *e)
{
	return err_set(e, a->verdict == VERDICT_NO_KEY ? ERR_AUTH : ERR_FORBIDDEN, "%s", a->why);
}

/* Its word is all that can be had: of a part of a device, which nobody hears, or
 * of a family without a better proof (design 2: "word"). */
static int
take_its_word(struct visit *v, const struct policy *policy, struct execution *x,
    const char *detail, struct err *e)
{
	bool part = x->ptype != v->device.ptype;

	if (x->state != STATE_VERIFYING || (!part && v->s->family->proof != PROOF_WORD))
		return 0;
	if (visit_apply(v, policy, x, HAP_RETURN, detail, e) != 0)
		return -1;
	if (part)
		return store_component_put(v->tx->db, x->device, x->ptype, x->target, e);
	v->device.firmware = x->target;
	v->device.firmware_sure = false;
	return store_device_update(v->tx->db, &v->device, e);
}

static void
take_words(struct execution *x, const struct report *rep, int64_t now)
{
	if (rep->progress >= 0)
		x->progress = rep->progress;
	if (rep->what == HAP_DELAY) {
		x->tell_ms = now + (rep->delay_s > 0 ? rep->delay_s : 600) * (int64_t)1000;
		x->not_before_ms = rep->comes_back ? 0 : x->tell_ms;
	}
}

static int
stored(struct visit *v, const struct policy *policy, struct execution *x, struct err *e)
{
	const struct moving m = { v->tx, &v->device, v->s->family, policy };

	return reboot_next(&m, x, e);
}

int
core_report(struct tx *tx, const struct sighting *s, const struct report *rep, struct err *e)
{
	struct visit v = { .tx = tx, .s = s };
	struct answer a;
	struct execution x;
	struct job_brief job;
	enum job_state state;
	enum happening what = rep->attempt_goes_on ? HAP_PROGRESS : rep->what;
	int r;

	if (!tx->writes)
		return CORE_WRITE;
	memset(&a, 0, sizeof(a));
	if ((r = store_device_find(tx->db, s->id, &v.device, e)) < 0)
		return -1;
	if (r == 0)
		return err_set(e, s->identity == ID_CLAIMED ? ERR_AUTH : ERR_FORBIDDEN,
		    "'%s' is unknown", s->id);
	visit_identify(&v, &a);
	if (a.verdict != VERDICT_NOTHING)
		return refuse_report(&a, e);
	if (visit_load(&v, e) < 0 || heard_again(&v, e) < 0 || reported(&v, rep->job, &x, e) < 0)
		return -1;
	if (store_job_brief(tx->db, x.job, x.ptype, &job, &state, e) < 0)
		return -1;
	atomic_fetch_add_explicit(&tx->core->reports, 1, memory_order_relaxed);
	/* Progress while it cools down: a late word of the attempt that ended. */
	if (what == HAP_PROGRESS && x.state == STATE_QUEUED && x.not_before_ms > tx->now)
		what = HAP_HEARD;
	if (life_step(x.state, what, &(struct life){ .effects = 0 }))
		take_words(&x, rep, tx->now);
	if ((r = visit_apply(&v, &job.policy, &x, what, rep->detail, e)) != 0 ||
	    (what == HAP_STORE && (r = stored(&v, &job.policy, &x, e)) != 0) ||
	    (r = take_its_word(&v, &job.policy, &x, rep->detail, e)) != 0)
		return r;
	return heard(&v, e);
}
