/* SPDX-License-Identifier: Apache-2.0
 *
 * job.c - looking at jobs, ending them, and a person's steps within one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "execution.h"
#include "job.h"
#include "otad/auto.h"

#define CANCEL_SLICE	500

static const char *const words[] = {
	[JOB_FILLING] = "filling", [JOB_SCHEDULED] = "scheduled", [JOB_RUNNING] = "running",
	[JOB_PAUSED] = "paused", [JOB_HALTED] = "halted", [JOB_COMPLETED] = "completed",
	[JOB_CANCELED] = "canceled",
};

const char *
job_state_word(enum job_state s)
{
	return words[s];
}

void
job_clear(struct job *job)
{
	free(job->targets);
	free(job->metadata);
	memset(job, 0, sizeof(*job));
}

void
policy_default(struct policy *p)
{
	*p = (struct policy){ .force = true, .exposure = true, .at_least = 10, .percent = 50,
	    .at_most = 1000, .timeout_s = 1800, .reach_s = 2592000, .attempts = 3,
	    .retry_delay_s = 300 };
}

void
care_default(struct care *c)
{
	memset(c, 0, sizeof(*c));
	failure_default(&c->failure);
}

int
care_check(const struct care *c, struct err *e)
{
	if (failure_check(&c->failure, e) < 0 || rate_check(&c->rate, e) < 0)
		return -1;
	if (c->end_ms != 0 && c->end_ms <= c->start_ms)
		return err_field(e, ERR_BAD, "end", "range", "end must be after start");
	if (c->windowed && strcmp(c->tz, "device") != 0) {
		struct zone *zone = zone_load(c->tz, e);

		if (zone == NULL)
			return err_field(e, ERR_BAD, "window.tz", "zone",
			    "there is no time zone '%.64s'", c->tz);
		zone_free(zone);
	}
	return 0;
}

int
trial_check(const struct trial *t, struct err *e)
{
	if (t->commit_s < 0 || t->commit_s > 86400)
		return err_field(e, ERR_BAD, "commit_timeout_s", "range",
		    "commit_timeout_s is 1 to 86400");
	if (!t->checked)
		return 0;
	if (t->after_s < 0 || t->within_s < 1 || t->within_s > 86400 || t->after_s > t->within_s)
		return err_field(e, ERR_BAD, "health.within_s", "range",
		    "health: after_s is 0 to within_s, which is 1 to 86400");
	if (t->commit_s > 0 && t->within_s > t->commit_s * 8 / 10)
		return err_field(e, ERR_BAD, "health.within_s", "range", "health: within_s is at "
		    "most four fifths of commit_timeout_s, or the device decides before");
	return 0;
}

int
job_care(struct tx *tx, const struct job *job, struct care *ret, struct err *e)
{
	int r = store_care_find(tx->db, job->num, ret, e);

	if (r == 0)
		care_default(ret);
	return r < 0 ? -1 : 0;
}

int
job_trial(struct tx *tx, const struct job *job, struct trial *ret, struct err *e)
{
	*ret = (struct trial){ .delivery = DELIVERY_AUTO };
	return store_trial_find(tx->db, job->num, ret, e) < 0 ? -1 : 0;
}

int
job_pace(struct tx *tx, const struct job *job, int part, bool counts, struct pace *ret_pace,
    struct stage ret_stages[STAGES_MAX], int *ret_nstages, struct err *e)
{
	uint32_t ptype = job->parts[part].ptype;
	int r = store_pace_find(tx->db, job->num, ptype, ret_pace, e);

	*ret_nstages = 0;
	if (r <= 0) {
		*ret_pace = (struct pace){ .stage = -1 };
		return r;
	}
	if (store_stage_list(tx->db, job->num, ptype, ret_stages, ret_nstages, e) < 0)
		return -1;
	return *ret_nstages == 0 || !counts ? 0 :
	    store_stage_counts(tx->db, job->num, ptype, ret_stages, *ret_nstages, e);
}

static int
within(const char *field, int64_t value, int64_t min, int64_t max, struct err *e)
{
	if (value >= min && value <= max)
		return 0;
	return err_field(e, ERR_BAD, field, "range", "%s must be %lld to %lld, not %lld", field,
	    (long long)min, (long long)max, (long long)value);
}

int
policy_check(const struct policy *p, struct err *e)
{
	if (within("priority", p->priority, -1000, 1000, e) < 0 ||
	    within("exposure.at_least", p->at_least, 1, 1000000, e) < 0 ||
	    within("exposure.percent", p->percent, 0, 100, e) < 0 ||
	    within("exposure.at_most", p->at_most, 1, 10000000, e) < 0 ||
	    within("max_active", p->max_active, 0, 10000000, e) < 0 ||
	    within("timeout_s", p->timeout_s, 1, 31536000, e) < 0 ||
	    within("reach_s", p->reach_s, 1, 315360000, e) < 0 ||
	    within("attempts", p->attempts, 1, 100, e) < 0 ||
	    within("retry_delay_s", p->retry_delay_s, 0, 31536000, e) < 0)
		return -1;
	return 0;
}

static int
find(struct tx *tx, const char *id, struct job *ret, struct err *e)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = store_job_find(tx->db, id, ret, e)) < 0)
		return -1;
	if (r > 0 && ret->state == JOB_FILLING) {
		job_clear(ret);
		r = 0;
	}
	return r > 0 ? 0 : err_set(e, ERR_ABSENT, "there is no job '%.40s'", id);
}

int
job_get(struct tx *tx, const char *id, struct job *ret, struct err *e)
{
	return find(tx, id, ret, e);
}

int
job_list(struct tx *tx, int state, uint32_t ptype, int64_t before, int limit, job_fn *fn, void *arg,
    struct err *e)
{
	return store_job_list(tx->db, state, ptype, before, limit, fn, arg, e);
}

int
job_executions(struct tx *tx, int64_t job, int state, int64_t after, int limit, execution_fn *fn,
    void *arg, struct err *e)
{
	return store_execution_list(tx->db, job, state, after, limit, fn, arg, e);
}

/* ---- ending ---- */

struct slice {
	struct execution *found;
	int		n;
};

static int
keep(void *arg, const struct execution *x, struct err *e)
{
	struct slice *slice = arg;

	(void)e;
	slice->found[slice->n++] = *x;
	return 0;
}

int
job_end_untaken(struct tx *tx, int64_t job, const char *why, int64_t *after, struct err *e)
{
	AUTO(mem) void *memory = calloc(CANCEL_SLICE, sizeof(struct execution));
	struct slice slice = { .found = memory };
	struct device nobody = { .num = 0 };
	struct family none = { .name = "" };
	struct policy policy;
	struct moving m = { tx, &nobody, &none, &policy };

	if (memory == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	policy_default(&policy);
	if (store_execution_untaken(tx->db, job, *after, CANCEL_SLICE, keep, &slice, e) < 0)
		return -1;
	for (int i = 0; i < slice.n; i++) {
		struct execution *x = &slice.found[i];

		*after = x->device - 1;		/* it may have another part behind the slice */
		if (x->state == STATE_OFFERED && say_cancel(tx, x->device, x->job_id, e) < 0)
			return -1;
		snprintf(x->reason, sizeof(x->reason), "%s", why);
		if (execution_apply(&m, x, HAP_CANCEL, "", e) < 0)
			return -1;
	}
	return slice.n == CANCEL_SLICE;
}

int
job_cancel(struct tx *tx, const char *id, struct job_cursor *cursor, struct err *e)
{
	struct job job;
	struct product product;
	int64_t num;
	int r;

	cursor->after = store_again(tx->db) ? cursor->before : cursor->after;
	cursor->before = cursor->after;
	if (find(tx, id, &job, e) < 0)
		return -1;
	num = job.num;
	if (cursor->after == 0) {
		bool over = job.state == JOB_COMPLETED || job.state == JOB_CANCELED;
		char current = job.current;
		uint32_t ptype = job.parts[0].ptype;

		job_clear(&job);
		if (over)
			return err_set(e, ERR_CONFLICT, "job %s has ended already", id);
		if (current != 0 && (r = store_product_find(tx->db, ptype, &product, e)) != 0) {
			if (r < 0)
				return -1;
			(current == 'v' ? product.current_v : product.current_b)[0] = '\0';
			if (store_product_update(tx->db, &product, e) < 0)
				return -1;
		}
		if (store_job_set_state(tx->db, num, JOB_CANCELED, tx->now, e) < 0 ||
		    event_note(tx, e, 0, num, 0, "job_canceled", "%s", tx->actor.name) < 0 ||
		    audit_note(tx, e, "job.cancel", id, "%s", "") < 0)
			return -1;
		tx_bump(tx);
	} else {
		job_clear(&job);
	}
	r = job_end_untaken(tx, num, "job_canceled", &cursor->after, e);
	return r > 0 ? CORE_WRITE : r;
}

/* ---- one execution ---- */

static int
find_execution(struct tx *tx, const char *job_id, const char *device_id, struct job *job,
    struct device *device, struct execution *x, struct err *e)
{
	int r = 0;

	if (find(tx, job_id, job, e) < 0)
		return -1;
	if ((r = store_device_find(tx->db, device_id, device, e)) > 0) {
		r = 0;
		for (int i = 0; i < job->nparts && r == 0; i++)
			r = store_execution_find(tx->db, job->num, device->num,
			    job->parts[i].ptype, x, e);
	}
	if (r > 0)
		return 0;
	job_clear(job);
	return r < 0 ? -1 : err_set(e, ERR_ABSENT, "device '%.64s' has no part in job %s",
	    device_id, job_id);
}

int
execution_get(struct tx *tx, const char *job_id, const char *device_id, struct execution *ret,
    struct err *e)
{
	struct job job;
	struct device device;

	if (find_execution(tx, job_id, device_id, &job, &device, ret, e) < 0)
		return -1;
	job_clear(&job);
	return 0;
}

static int
steer(struct tx *tx, struct job *job, const struct device *device, struct execution *x,
    enum happening what, struct err *e)
{
	struct moving m = { tx, device, core_family(tx->core, device->dialect), &job->policy };
	struct life life;

	if (m.family == NULL)
		return err_set(e, ERR_CONFLICT, "nobody here speaks %s", device->dialect);
	if (!life_step(x->state, what, &life))
		return err_set(e, ERR_CONFLICT, "'%s' is %s in job %s: it cannot be %s", device->id,
		    state_word(x->state), job->id, happening_word(what));
	if (what == HAP_RETRY) {
		if (job->state != JOB_RUNNING && job->state != JOB_COMPLETED)
			return err_set(e, ERR_CONFLICT, "job %s is %s", job->id,
			    job_state_word(job->state));
		x->attempt = 0;			/* a person gives it all its attempts again */
		x->not_before_ms = 0;
		if (job->state == JOB_COMPLETED &&
		    store_job_set_state(tx->db, job->num, JOB_RUNNING, tx->now, e) < 0)
			return -1;
	}
	tx_bump(tx);
	if (execution_apply(&m, x, what, tx->actor.name, e) < 0)
		return -1;
	return audit_note(tx, e, what == HAP_RETRY ? "execution.retry" :
	    what == HAP_APPROVE ? "execution.approve" : what == HAP_DECLINE ?
	    "execution.reject" : "execution.cancel", device->id, "job %s", job->id);
}

int
execution_steer(struct tx *tx, const char *job_id, const char *device_id, enum happening what,
    struct err *e)
{
	struct job job;
	struct device device;
	struct execution x;
	int r;

	if (find_execution(tx, job_id, device_id, &job, &device, &x, e) < 0)
		return -1;
	r = steer(tx, &job, &device, &x, what, e);
	job_clear(&job);
	return r;
}
