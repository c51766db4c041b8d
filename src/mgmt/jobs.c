/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs.c - rollouts: made, and looked at.
 *
 * Making a job writes a row for each of its devices; it goes in slices, between
 * which statuses of devices are written. The reply waits for the last slice: what
 * it shows is complete. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "job_form.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

int
job_reply(struct tx *tx, struct exchange *x, const char *id, int status, struct err *e)
{
	struct job job;
	json_t *doc;
	int rc;

	if (job_get(tx, id, &job, e) != 0)
		return -1;
	rc = json_job(tx, &job, true, &doc, e);
	job_clear(&job);
	return rc != 0 ? -1 : reply_json(x, status, doc, e);
}

/* ---- making ---- */

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
	return dry_run ? job_dry_run(tx, x, draft, e) : CALL_WRITE;
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
	if (job_reply(tx, x, draft->made.id, 201, e) != 0)
		return -1;
	reply_location(x, "jobs", draft->made.id);
	return 0;
}

/* ---- looking ---- */

int
get_job(struct tx *tx, struct exchange *x, struct err *e)
{
	return job_reply(tx, x, x->rq.params[0], 200, e);
}

static int
list_job(void *arg, const struct job *job, struct err *e)
{
	struct page *page = arg;
	json_t *doc;

	if (!page_room(page))
		return 0;
	return json_job(page->tx, job, false, &doc, e) != 0 ? -1 :
	    page_add(page, job->num, doc, e);
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
