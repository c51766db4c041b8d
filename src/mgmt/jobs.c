/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs.c - rollouts: made, looked at, ended.
 *
 * Making a job writes a row for each of its devices, and canceling one touches
 * them again; both go in slices, between which statuses of devices are written.
 * The reply waits for the last slice: what it shows is complete. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "job_form.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

static int
reply_job(struct tx *tx, struct exchange *x, const char *id, int status, struct err *e)
{
	struct job job;
	int rc;

	if (job_get(tx, id, &job, e) != 0)
		return -1;
	rc = reply_json(x, status, json_job(&job), e);
	job_clear(&job);
	return rc;
}

/* ---- making ---- */

static int
preview(struct tx *tx, struct exchange *x, const struct job_draft *draft, struct err *e)
{
	struct job_preview p;
	json_t *versions;

	if (job_preview(tx, &draft->form, &p, e) != 0)
		return -1;
	versions = json_array();
	for (int i = 0; i < draft->form.nversions; i++)
		json_array_append_new(versions, json_string(draft->form.versions[i]));
	return reply_json(x, 200, json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:o}",
	    "dry_run", 1, "versions", versions, "matched", (json_int_t)p.matched,
	    "already_there", (json_int_t)p.already_there, "newer", (json_int_t)p.newer,
	    "blocked", (json_int_t)p.blocked, "policy", json_policy(&draft->form.policy)), e);
}

int
post_job_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct job_draft *draft;
	bool dry_run = false;
	int rc;

	if (query_bool(&x->rq, "dry_run", &dry_run, e) != 0)
		return -1;
	rc = job_draft_read(tx, x, &draft, e);
	if (rc <= 0)
		return rc;
	return dry_run ? preview(tx, x, draft, e) : CALL_WRITE;
}

int
post_job_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct job_draft *draft = x->state;
	int rc;

	job_clear(&draft->made);
	rc = job_create(tx, &draft->form, &draft->made, e);
	if (rc != 0)
		return rc;
	if (reply_json(x, 201, json_job(&draft->made), e) != 0)
		return -1;
	reply_location(x, "jobs", draft->made.id);
	return 0;
}

/* ---- looking ---- */

int
get_job(struct tx *tx, struct exchange *x, struct err *e)
{
	return reply_job(tx, x, x->rq.params[0], 200, e);
}

static int
list_job(void *arg, const struct job *job, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, job->num, json_job(job), e) : 0;
}

static int
query_job_state(const struct request *rq, int *ret, struct err *e)
{
	const char *text = request_query(rq, "state");

	*ret = -1;
	if (text == NULL)
		return 0;
	for (int s = JOB_SCHEDULED; s <= JOB_CANCELED; s++)
		if (strcmp(text, job_state_word((enum job_state)s)) == 0) {
			*ret = s;
			return 0;
		}
	return err_field(e, ERR_BAD, "state", "word",
	    "state must be one of: scheduled running paused halted completed canceled");
}

int
get_jobs(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;
	int64_t ptype = 0;
	int state;

	if (query_job_state(&x->rq, &state, e) != 0 ||
	    query_int(&x->rq, "ptype", 1, PTYPE_MAX, &ptype, e) != 0 ||
	    page_open(&page, tx, &x->rq, 'j', e) != 0 ||
	    job_list(tx, state, (uint32_t)ptype, page.from, page.limit + 1, list_job, &page,
	    e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

static int
list_execution(void *arg, const struct execution *execution, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ?
	    page_add(page, execution->device, json_execution(execution), e) : 0;
}

static int
query_state(const struct request *rq, int *ret, struct err *e)
{
	const char *text = request_query(rq, "state");
	enum state state;

	*ret = -1;
	if (text == NULL)
		return 0;
	if (state_from_word(text, &state) != 0)
		return err_field(e, ERR_BAD, "state", "word", "there is no state '%.40s'", text);
	*ret = (int)state;
	return 0;
}

int
get_executions(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;
	struct job job;
	int64_t num;
	int state;

	if (query_state(&x->rq, &state, e) != 0 ||
	    page_open(&page, tx, &x->rq, 'x', e) != 0 ||
	    job_get(tx, x->rq.params[0], &job, e) != 0)
		return -1;
	num = job.num;
	job_clear(&job);
	if (job_executions(tx, num, state, page.from, page.limit + 1, list_execution, &page,
	    e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

/* ---- ending ---- */

int
cancel_job_read(struct tx *tx, struct exchange *x, struct err *e)
{
	if (state_new(x, sizeof (struct job_cursor), NULL, e) == NULL)
		return -1;
	return read_nothing(tx, x, e);
}

int
cancel_job_write(struct tx *tx, struct exchange *x, struct err *e)
{
	int rc = job_cancel(tx, x->rq.params[0], x->state, e);

	return rc != 0 ? rc : reply_job(tx, x, x->rq.params[0], 200, e);
}

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
