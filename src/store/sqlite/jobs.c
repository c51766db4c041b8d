/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs.c - rollouts and their counters. How an execution is counted is the
 * core's business; here its changes are only added, in the transaction of what
 * they count. */
#include "store_priv.h"

#include <string.h>
#include "otad/buf.h"

/* The queries name the states one by one, in the order of the enum. */
_Static_assert(STATES == 14 && STATE_SUCCEEDED == 7 && STATE_UNREACHED == 13,
    "the states in sql/ are those of tbl/states.h");
_Static_assert(JOB_FILLING == 0 && JOB_RUNNING == 2 && JOB_COMPLETED == 5 && JOB_CANCELED == 6,
    "the job states in sql/ are those of job.h");

static void
put_policy(struct query *q, const struct policy *p)
{
	put_int(q, p->force);
	put_int(q, p->continuous);
	put_int(q, p->priority);
	put_int(q, p->exposure);
	put_int(q, p->at_least);
	put_int(q, p->percent);
	put_int(q, p->at_most);
	put_int(q, p->max_active);
	put_int(q, p->timeout_s);
	put_int(q, p->timeout_given);
	put_int(q, p->reach_s);
	put_int(q, p->attempts);
	put_int(q, p->retry_delay_s);
	put_int(q, p->allow_downgrade);
	put_int(q, p->despite_hold);
}

static void
get_policy(struct query *q, struct policy *p)
{
	p->force = get_int(q) != 0;
	p->continuous = get_int(q) != 0;
	p->priority = (int)get_int(q);
	p->exposure = get_int(q) != 0;
	p->at_least = (int)get_int(q);
	p->percent = (int)get_int(q);
	p->at_most = (int)get_int(q);
	p->max_active = (int)get_int(q);
	p->timeout_s = (int)get_int(q);
	p->timeout_given = get_int(q) != 0;
	p->reach_s = get_int(q);
	p->attempts = (int)get_int(q);
	p->retry_delay_s = (int)get_int(q);
	p->allow_downgrade = get_int(q) != 0;
	p->despite_hold = get_int(q) != 0;
}

static void
get_part(struct query *q, struct job_part *p)
{
	p->ptype = (uint32_t)get_int(q);
	p->firmware = get_int(q);
	get_text(q, p->name, sizeof(p->name));
	for (int s = 0; s < STATES; s++)
		p->counts[s] = (uint64_t)get_int(q);
	p->exposed = (uint64_t)get_int(q);
	p->proven = (uint64_t)get_int(q);
	p->taken = (uint64_t)get_int(q);
	p->failures = (uint64_t)get_int(q);
	p->reverted = (uint64_t)get_int(q);
}

/* ---- writing ---- */

static int
insert_part(struct db *db, const struct job *j, int64_t num, const struct job_part *p,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_job_part_insert, e) < 0)
		return -1;
	put_int(&q, num);
	put_int(&q, p->ptype);
	put_int(&q, p->firmware);
	put_int(&q, j->state == JOB_RUNNING);
	return query_run(&q, e);
}

int
store_job_insert(struct db *db, const struct job *j, int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t num;

	if (query_open(&q, db, sql_job_insert, e) < 0)
		return -1;
	put_text(&q, j->id);
	put_int(&q, j->state);
	put_letter(&q, j->current);
	put_int(&q, j->created_ms);
	put_some(&q, j->started_ms);
	put_some(&q, j->ended_ms);
	put_words(&q, j->created_by);
	put_words(&q, j->targets);
	put_words(&q, j->metadata);
	put_policy(&q, &j->policy);
	if (query_number(&q, &num, e) < 0)
		return -1;
	for (int i = 0; i < j->nparts; i++)
		if (insert_part(db, j, num, &j->parts[i], e) < 0)
			return -1;
	*ret_num = num;
	return 0;
}

int
store_job_set_state(struct db *db, int64_t num, enum job_state state, int64_t now_ms,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT, parts = QUERY_INIT;

	if (query_open(&q, db, sql_job_set_state, e) < 0)
		return -1;
	put_int(&q, num);
	put_int(&q, state);
	put_int(&q, now_ms);
	if (query_change(&q, "job", e) < 0 || query_open(&parts, db, sql_job_part_running, e) < 0)
		return -1;
	put_int(&parts, num);
	put_int(&parts, state == JOB_RUNNING);
	return query_run(&parts, e);
}

int
store_job_sweep_filling(struct db *db, uint64_t *ret_count, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_job_sweep_filling, e) < 0 || query_run(&q, e) < 0)
		return -1;
	*ret_count = (uint64_t)sqlite3_changes64(db->handle);
	return 0;
}

int
store_part_change(struct db *db, int64_t job, uint32_t ptype, const struct part_change *c,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_job_part_change, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	for (int s = 0; s < STATES; s++)
		put_int(&q, c->counts[s]);
	put_int(&q, c->exposed);
	put_int(&q, c->proven);
	put_int(&q, c->taken);
	put_int(&q, c->failures);
	put_int(&q, c->reverted);
	return query_change(&q, "part of a job", e);
}

/* ---- reading ---- */

static int
read_parts(struct db *db, struct job *j, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_part_list, e) < 0)
		return -1;
	put_int(&q, j->num);
	while ((rc = query_row(&q, e)) > 0 && j->nparts < JOB_FIRMWARES_MAX)
		get_part(&q, &j->parts[j->nparts++]);
	return rc < 0 ? -1 : 0;
}

static int
read_job(struct query *q, struct job *ret, struct err *e)
{
	struct job j = { .num = get_int(q) };

	get_text(q, j.id, sizeof(j.id));
	j.state = (enum job_state)get_int(q);
	j.current = get_letter(q);
	j.created_ms = get_int(q);
	j.started_ms = get_int(q);
	j.ended_ms = get_int(q);
	get_text(q, j.created_by, sizeof(j.created_by));
	if (get_words(q, &j.targets, e) < 0 || get_words(q, &j.metadata, e) < 0) {
		job_clear(&j);
		return -1;
	}
	get_policy(q, &j.policy);
	if (read_parts(q->db, &j, e) < 0) {
		job_clear(&j);
		return -1;
	}
	*ret = j;
	return 0;
}

int
store_job_find(struct db *db, const char *id, struct job *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_find, e) < 0)
		return -1;
	put_text(&q, id);
	rc = query_row(&q, e);
	return rc > 0 && read_job(&q, ret, e) < 0 ? -1 : rc;
}

int
store_job_find_num(struct db *db, int64_t num, struct job *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_find_num, e) < 0)
		return -1;
	put_int(&q, num);
	rc = query_row(&q, e);
	return rc > 0 && read_job(&q, ret, e) < 0 ? -1 : rc;
}

int
store_job_list(struct db *db, int state, uint32_t ptype, int64_t before, int limit, job_fn *fn,
    void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct job j;
	int rc;

	if (query_open(&q, db, ptype != 0 ? sql_job_list_ptype : sql_job_list, e) < 0)
		return -1;
	put_int(&q, before != 0 ? before : INT64_MAX);
	put_int(&q, limit);
	put_int(&q, state);
	if (ptype != 0)
		put_int(&q, ptype);
	while ((rc = query_row(&q, e)) > 0) {
		if (read_job(&q, &j, e) < 0)
			return -1;
		rc = fn(arg, &j, e);
		job_clear(&j);
		if (rc < 0)
			return -1;
	}
	return rc;
}

static void
get_brief(struct query *q, struct job_brief *b, enum job_state *ret_state)
{
	memset(b, 0, sizeof(*b));
	b->num = get_int(q);
	get_text(q, b->id, sizeof(b->id));
	*ret_state = (enum job_state)get_int(q);
	b->current = get_letter(q);
	b->created_ms = get_int(q);
	get_policy(q, &b->policy);
	get_part(q, &b->part);
}

int
store_job_open(struct db *db, uint32_t ptype, job_brief_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct job_brief b;
	enum job_state state;
	int rc;

	if (query_open(&q, db, sql_job_open, e) < 0)
		return -1;
	put_int(&q, ptype);
	while ((rc = query_row(&q, e)) > 0) {
		get_brief(&q, &b, &state);
		if (fn(arg, &b, e) < 0)
			return -1;
	}
	return rc;
}

int
store_job_brief(struct db *db, int64_t num, uint32_t ptype, struct job_brief *ret,
    enum job_state *ret_state, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_brief, e) < 0)
		return -1;
	put_int(&q, num);
	put_int(&q, ptype);
	if ((rc = query_row(&q, e)) > 0)
		get_brief(&q, ret, ret_state);
	return rc;
}

int
store_job_metadata(struct db *db, int64_t num, struct buf *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_metadata, e) < 0)
		return -1;
	put_int(&q, num);
	if ((rc = query_row(&q, e)) <= 0)
		return rc < 0 ? -1 : err_set(e, ERR_ABSENT, "no such job");
	get_buf(&q, ret);
	return ret->failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}
