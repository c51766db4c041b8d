/* SPDX-License-Identifier: Apache-2.0
 *
 * job_steer.c - a person's hand on a rollout, and on one device's part in it.
 *
 * What touches every execution of a job (cancel, retry, rollback) goes in slices;
 * the reply waits for the last of them. */
#include <string.h>
#include "handlers.h"
#include "job_form.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/explain.h"
#include "otad/job.h"

/* ---- a step at once ---- */

typedef int step_fn(struct tx *, const char *id, struct err *);

static int
take_step(struct tx *tx, struct exchange *x, step_fn *step, struct err *e)
{
	const char *id = x->rq.params[0];

	return step(tx, id, e) != 0 ? -1 : job_reply(tx, x, id, 200, e);
}

int
pause_job(struct tx *tx, struct exchange *x, struct err *e)
{
	return take_step(tx, x, job_pause, e);
}

int
resume_job(struct tx *tx, struct exchange *x, struct err *e)
{
	return take_step(tx, x, job_resume, e);
}

int
approve_job(struct tx *tx, struct exchange *x, struct err *e)
{
	return take_step(tx, x, job_approve, e);
}

int
open_next_stage(struct tx *tx, struct exchange *x, struct err *e)
{
	return take_step(tx, x, job_next_stage, e);
}

/* ---- in slices ---- */

int
sliced_job_read(struct tx *tx, struct exchange *x, struct err *e)
{
	return state_new(x, sizeof(struct job_cursor), NULL, e) == NULL ? -1 :
	    read_nothing(tx, x, e);
}

int
cancel_job_write(struct tx *tx, struct exchange *x, struct err *e)
{
	int rc = job_cancel(tx, x->rq.params[0], x->state, e);

	return rc != 0 ? rc : job_reply(tx, x, x->rq.params[0], 200, e);
}

int
retry_job_write(struct tx *tx, struct exchange *x, struct err *e)
{
	int rc = job_retry(tx, x->rq.params[0], x->state, e);

	return rc != 0 ? rc : job_reply(tx, x, x->rq.params[0], 200, e);
}

int
rollback_job_read(struct tx *tx, struct exchange *x, struct err *e)
{
	return state_new(x, sizeof(struct rollback), NULL, e) == NULL ? -1 :
	    read_nothing(tx, x, e);
}

int
rollback_job_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct job made;
	char id[ID_LEN + 1];
	int rc = job_rollback(tx, x->rq.params[0], x->state, &made, e);

	if (rc != 0)
		return rc;
	memcpy(id, made.id, sizeof id);
	job_clear(&made);
	if (job_reply(tx, x, id, 201, e) != 0)
		return -1;
	reply_location(x, "jobs", id);
	return 0;
}

/* ---- one device's part ---- */

static int
steer(struct tx *tx, struct exchange *x, enum happening what, struct err *e)
{
	struct execution execution;

	if (execution_steer(tx, x->rq.params[0], x->rq.params[1], what, e) != 0 ||
	    execution_get(tx, x->rq.params[0], x->rq.params[1], &execution, e) != 0)
		return -1;
	return reply_json(x, 200, json_execution(&execution), e);
}

int
cancel_execution(struct tx *tx, struct exchange *x, struct err *e)
{
	return steer(tx, x, HAP_CANCEL, e);
}

int
retry_execution(struct tx *tx, struct exchange *x, struct err *e)
{
	return steer(tx, x, HAP_RETRY, e);
}

int
approve_execution(struct tx *tx, struct exchange *x, struct err *e)
{
	return steer(tx, x, HAP_APPROVE, e);
}

int
reject_execution(struct tx *tx, struct exchange *x, struct err *e)
{
	return steer(tx, x, HAP_DECLINE, e);
}

/* ---- why is it (not) updating? ---- */

int
explain_device(struct tx *tx, struct exchange *x, struct err *e)
{
	struct explanation ex;
	json_t *rules;

	memset(&ex, 0, sizeof ex);
	if (core_explain(tx, x->rq.params[0], &ex, e) != 0)
		return -1;
	rules = json_array();
	for (int i = 0; i < ex.n; i++)
		json_array_append_new(rules, json_pack("{s:o, s:o, s:b}",
		    "rule", json_text(ex.rules[i].rule), "text", json_text(ex.rules[i].text),
		    "stands_in_the_way", ex.rules[i].stands_in_the_way));
	return reply_json(x, 200, json_pack("{s:o, s:o}", "sentence", json_text(ex.sentence),
	    "rules", rules), e);
}
