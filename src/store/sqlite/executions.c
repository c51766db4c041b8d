/* SPDX-License-Identifier: Apache-2.0
 *
 * executions.c - a device's part in a job: the big table. It is written row by
 * row while devices move, and by the ten thousand when a job begins. */
#include "filter.h"

#include <string.h>

static void
put_execution(struct query *q, const struct execution *x)
{
	put_int(q, x->job);
	put_int(q, x->device);
	put_int(q, x->ptype);
	put_int(q, x->target);
	put_int(q, x->state == STATE_QUEUED ? 0 : !state_ended(x->state) || x->exposed ? 1 : 2);
	put_int(q, x->state);
	put_int(q, x->sure);
	put_int(q, x->taken);
	put_int(q, x->exposed);
	put_int(q, x->attempt);
	if (x->progress >= 0)
		put_int(q, x->progress);
	else
		put_text(q, NULL);
	put_some(q, x->before);
	put_int(q, x->phase);
	put_some(q, x->due_ms);
	put_some(q, x->not_before_ms);
	put_some(q, x->tell_ms);
	put_some(q, x->queued_ms);
	put_some(q, x->offered_ms);
	put_some(q, x->taken_ms);
	put_some(q, x->delivered_ms);
	put_some(q, x->ended_ms);
	put_words(q, x->reason);
	put_words(q, x->delivered);
	put_words(q, x->detail);
	put_words(q, x->memo);
}

static void
get_execution(struct query *q, struct execution *x)
{
	x->job = get_int(q);
	x->device = get_int(q);
	x->ptype = (uint32_t)get_int(q);
	x->target = get_int(q);
	x->state = (enum state)get_int(q);
	x->sure = get_int(q) != 0;
	x->taken = get_int(q) != 0;
	x->exposed = get_int(q) != 0;
	x->attempt = (int)get_int(q);
	x->progress = (int)get_int_or(q, -1);
	x->before = get_int(q);
	x->phase = (int)get_int(q);
	x->due_ms = get_int(q);
	x->not_before_ms = get_int(q);
	x->tell_ms = get_int(q);
	x->queued_ms = get_int(q);
	x->offered_ms = get_int(q);
	x->taken_ms = get_int(q);
	x->delivered_ms = get_int(q);
	x->ended_ms = get_int(q);
	get_text(q, x->reason, sizeof(x->reason));
	get_text(q, x->delivered, sizeof(x->delivered));
	get_text(q, x->detail, sizeof(x->detail));
	get_text(q, x->memo, sizeof(x->memo));
	get_text(q, x->device_id, sizeof(x->device_id));
	get_text(q, x->job_id, sizeof(x->job_id));
	get_text(q, x->target_name, sizeof(x->target_name));
}

int
store_execution_put(struct db *db, const struct execution *x, struct err *e)
{
	AUTO(query) struct query move = QUERY_INIT, q = QUERY_INIT;

	if (query_open(&move, db, sql_execution_move, e) < 0)
		return -1;
	put_execution(&move, x);
	if (query_run(&move, e) < 0)
		return -1;
	if (sqlite3_changes(db->handle) > 0)
		return 0;
	if (query_open(&q, db, sql_execution_put, e) < 0)
		return -1;
	put_execution(&q, x);
	return query_run(&q, e);
}

int
store_execution_find(struct db *db, int64_t job, int64_t device, uint32_t ptype,
    struct execution *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_execution_find, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, device);
	put_int(&q, ptype);
	if ((rc = query_row(&q, e)) > 0)
		get_execution(&q, ret);
	return rc;
}

/* ---- walks ---- */

static int
walk(struct query *q, execution_fn *fn, void *arg, struct err *e)
{
	struct execution x;
	int rc;

	while ((rc = query_row(q, e)) > 0) {
		get_execution(q, &x);
		if (fn(arg, &x, e) < 0)
			return -1;
	}
	return rc;
}

int
store_execution_live(struct db *db, int64_t device, execution_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_live, e) < 0)
		return -1;
	put_int(&q, device);
	return walk(&q, fn, arg, e);
}

int
store_execution_aimed(struct db *db, int64_t device, int64_t target, execution_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_aimed, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, target);
	return walk(&q, fn, arg, e);
}

int
store_execution_list(struct db *db, int64_t job, int state, int64_t after, int limit,
    execution_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_list, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, after);
	put_int(&q, state);
	put_int(&q, limit);
	return walk(&q, fn, arg, e);
}

int
store_execution_untaken(struct db *db, int64_t job, int64_t after, int limit, execution_fn *fn,
    void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_untaken, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, after);
	put_int(&q, limit);
	return walk(&q, fn, arg, e);
}

int
store_execution_due(struct db *db, int64_t now_ms, int limit, execution_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_due, e) < 0)
		return -1;
	put_int(&q, now_ms);
	put_int(&q, limit);
	return walk(&q, fn, arg, e);
}

int
store_execution_tellable(struct db *db, int64_t job, uint32_t ptype, enum carrier told,
    int64_t now_ms, int64_t after, int limit, execution_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_tellable, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	put_int(&q, told);
	put_int(&q, now_ms);
	put_int(&q, after);
	put_int(&q, limit);
	return walk(&q, fn, arg, e);
}

/* ---- all at once ---- */

int
store_execution_open_count(struct db *db, int64_t job, uint64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (query_open(&q, db, sql_execution_open_count, e) < 0)
		return -1;
	put_int(&q, job);
	if (query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int
store_due_shift(struct db *db, int64_t delta_ms, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_due_shift, e) < 0)
		return -1;
	put_int(&q, delta_ms);
	return query_run(&q, e);
}

/* Whose devices run this ptype: its own, or those of the product it is a part of. */
static int
devices_ptype(struct db *db, uint32_t ptype, int64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_fill_ptype, e) < 0)
		return -1;
	put_int(&q, ptype);
	rc = query_number(&q, ret, e);
	return rc != 0 ? rc : err_set(e, ERR_ABSENT, "no product %u", ptype);
}

static int
next_slice(struct db *db, const struct fill *f, int64_t ptype, int64_t after, int limit,
    int64_t *ret_last, int *ret_rows, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_fill_slice, e) < 0)
		return -1;
	put_int(&q, ptype);
	put_int(&q, after);
	put_int(&q, limit);
	put_int(&q, f->beta_only);
	if (query_row(&q, e) < 0)
		return -1;
	*ret_rows = (int)get_int(&q);
	*ret_last = get_int_or(&q, after);
	return 0;
}

int
store_execution_fill(struct db *db, const struct fill *f, int64_t *after, int limit,
    struct part_change *ret_counts, int *ret_rows, struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;
	uint64_t counts[STATES] = { 0 };
	int64_t ptype, last;
	int rows, rc;

	if (devices_ptype(db, f->ptype, &ptype, e) < 0 ||
	    next_slice(db, f, ptype, *after, limit, &last, &rows, e) < 0 ||
	    filter_open(&q, db, sql_fill_insert, f->filter, &s, e) < 0)
		return -1;
	put_int(&q, f->job);
	put_int(&q, f->ptype);
	put_int(&q, f->target);
	put_int(&q, f->value);
	put_int(&q, f->allow_downgrade);
	put_int(&q, f->now_ms);
	put_some(&q, f->due_ms);
	put_int(&q, ptype);
	put_int(&q, *after);
	put_int(&q, last);
	put_int(&q, f->beta_only);
	put_int(&q, f->approval);
	filter_put(&q, &s, f->now_ms);
	while ((rc = query_row(&q, e)) > 0)
		counts[get_int(&q)]++;
	if (rc < 0)
		return -1;
	for (int i = 0; i < STATES; i++)
		ret_counts->counts[i] += (int64_t)counts[i];
	*after = last;
	*ret_rows = rows;
	return 0;
}

int
store_execution_preview(struct db *db, const struct fill *f, uint64_t ret[3], struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;
	int64_t ptype;

	if (devices_ptype(db, f->ptype, &ptype, e) < 0 ||
	    filter_open(&q, db, sql_fill_preview, f->filter, &s, e) < 0)
		return -1;
	put_int(&q, f->ptype);
	put_int(&q, f->target);
	put_int(&q, f->value);
	put_int(&q, f->allow_downgrade);
	put_int(&q, ptype);
	put_int(&q, f->beta_only);
	filter_put(&q, &s, f->now_ms);
	if (query_row(&q, e) < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		ret[i] = (uint64_t)get_int(&q);
	return 0;
}
