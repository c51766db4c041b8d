/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.c - why is it (not) updating now?
 *
 * The same functions decide here as in an ask, on what is known of the device;
 * so an explanation cannot say something else than the next answer would. */
#include "otad/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "hot.h"
#include "otad/link.h"
#include "visit.h"

__attribute__((format(printf, 4, 5))) static void
note(struct explanation *ret, const char *rule, bool in_the_way, const char *fmt, ...)
{
	struct explained *x;
	va_list ap;

	if (ret->n == EXPLAIN_RULES)
		return;
	x = &ret->rules[ret->n++];
	snprintf(x->rule, sizeof(x->rule), "%s", rule);
	x->stands_in_the_way = in_the_way;
	va_start(ap, fmt);
	vsnprintf(x->text, sizeof(x->text), fmt, ap);
	va_end(ap);
	if (in_the_way && ret->sentence[0] == '\0')
		memcpy(ret->sentence, x->text, sizeof(x->text));
}

static void
about_enrolment(const struct visit *v, struct explanation *ret)
{
	const struct device *d = &v->device;

	if (d->status == DEVICE_PENDING)
		note(ret, "enrolment", true, "it waits to be accepted");
	else if (d->status == DEVICE_BLOCKED)
		note(ret, "enrolment", true, "it is blocked");
	else
		note(ret, "enrolment", false, "it is accepted");
	if (d->ptype == 0)
		note(ret, "product", true, "it belongs to no product yet");
	if (v->s->family == NULL)
		note(ret, "dialect", true, "nobody here speaks %s", d->dialect);
}

static void
about_silence(struct visit *v, struct explanation *ret)
{
	const struct device *d = &v->device;
	int64_t heard = hot_heard(v->tx->core->hot, d->id);
	char when[TIME_TEXT_MAX];

	if (d->last_seen_ms > heard)
		heard = d->last_seen_ms;
	if (heard == 0)
		note(ret, "heard", true, "it has never been heard");
	else if (d->told == BY_NOTHING && v->tx->now - heard > 86400000)
		note(ret, "heard", true, "it has not asked since %s", time_format(when, heard));
	else
		note(ret, "heard", false, "it was heard last at %s", time_format(when, heard));
	if (d->firmware_name[0] != '\0')
		note(ret, "runs", false, "it runs %s%s", d->firmware_name,
		    d->firmware_sure ? "" : ", as far as we believe");
	else if (d->version[0] != '\0')
		note(ret, "runs", false, v->value_known ? "it runs '%s', which is not in the "
		    "repository" : "it says it runs '%s': order unknown", d->version);
}

static void
about_work(const struct visit *v, struct explanation *ret)
{
	for (int i = 0; i < v->nlive; i++) {
		const struct execution *x = &v->live[i];

		if (x->taken && state_active(x->state))
			note(ret, "active", true, "it is %s with %s in job %s%s", state_word(x->state),
			    x->target_name, x->job_id, x->state == STATE_VERIFYING ?
			    ": its proof is outstanding" : "");
	}
}

/* ---- jobs ---- */

#define JOBS_TOLD	8

struct open_jobs { struct job_brief jobs[JOBS_TOLD]; int n; };

static int
keep_job(void *arg, const struct job_brief *job, struct err *e)
{
	struct open_jobs *open = arg;

	(void)e;
	if (open->n < JOBS_TOLD)
		open->jobs[open->n++] = *job;
	return 0;
}

static void
say_plan(struct explanation *ret, const struct job_brief *job, const struct plan *plan)
{
	char rule[33], when[TIME_TEXT_MAX];

	snprintf(rule, sizeof(rule), "job %s", job->id);
	if (plan->verdict == PLAN_GO)
		note(ret, rule, false, "it is offered %s when it asks", job->part.name);
	else if (plan->until > 0)
		note(ret, rule, true, "%s (until %s)", plan->why, time_format(when, plan->until));
	else
		note(ret, rule, true, "%s", plan->why);
	if (plan->verdict == PLAN_GO && ret->sentence[0] == '\0')
		snprintf(ret->sentence, sizeof(ret->sentence), "it is offered %s when it asks",
		    job->part.name);
}

static int
about_job(struct visit *v, const struct job_brief *job, struct explanation *ret, struct err *e)
{
	struct execution x;
	struct plan plan;
	struct image image;
	char rule[33];
	int r = store_execution_find(v->tx->db, job->num, v->device.num, job->part.ptype, &x, e);

	if (r < 0)
		return -1;
	snprintf(rule, sizeof(rule), "job %s", job->id);
	if (r > 0 && state_ended(x.state)) {
		note(ret, rule, false, "its part ended: %s%s%s", state_word(x.state),
		    x.reason[0] != '\0' ? ", " : "", x.reason);
		return 0;
	}
	if (r == 0 && !job->policy.continuous) {
		note(ret, rule, false, "it has no part in it");
		return 0;
	}
	if (r == 0)
		x = (struct execution){ .job = job->num, .device = v->device.num,
		    .ptype = job->part.ptype, .target = job->part.firmware, .progress = -1 };
	if (visit_consult(v, job, &x, false, v->device.told == BY_NOTHING ? ASK_SERVE : ASK_OFFER,
	    &plan, &image, e) < 0)
		return -1;
	say_plan(ret, job, &plan);
	return 0;
}

static int
about_jobs(struct visit *v, struct explanation *ret, struct err *e)
{
	struct open_jobs open = { .n = 0 };

	if (store_job_open(v->tx->db, v->device.ptype, keep_job, &open, e) < 0)
		return -1;
	if (open.n == 0)
		note(ret, "jobs", true, "no rollout is open for its product");
	for (int i = 0; i < open.n; i++)
		if (about_job(v, &open.jobs[i], ret, e) < 0)
			return -1;
	if (v->device.told != BY_NOTHING && !link_ready(v->tx, v->device.ptype))
		note(ret, "links", true, "no address for links is known: set base in [links]");
	return 0;
}

static void
conclude(const struct visit *v, struct explanation *ret)
{
	char whole[sizeof(ret->sentence)];

	snprintf(whole, sizeof(whole), "%.60s: %.250s", v->device.id, ret->sentence[0] != '\0' ?
	    ret->sentence : "every rollout that is open for it has ended for it");
	memcpy(ret->sentence, whole, sizeof(whole));
}

int
core_explain(struct tx *tx, const char *id, struct explanation *ret, struct err *e)
{
	struct sighting silent = { .identity = ID_ACCOUNT };
	struct visit v = { .tx = tx, .s = &silent };

	memset(ret, 0, sizeof(*ret));
	if (device_get(tx, id, &v.device, e) < 0)
		return -1;
	silent.family = core_family(tx->core, v.device.dialect);
	snprintf(silent.id, sizeof(silent.id), "%s", v.device.id);
	about_enrolment(&v, ret);
	if (silent.family == NULL || v.device.ptype == 0) {
		conclude(&v, ret);
		return 0;
	}
	if (visit_recognise(&v, e) < 0 || visit_load(&v, e) < 0)
		return -1;
	about_silence(&v, ret);
	about_work(&v, ret);
	if (about_jobs(&v, ret, e) < 0)
		return -1;
	conclude(&v, ret);
	return 0;
}
