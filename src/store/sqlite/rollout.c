/* SPDX-License-Identifier: Apache-2.0
 *
 * rollout.c - how careful a job is, and how its parts are paced. Few rows, each
 * written whole. */
#include "filter.h"
#include "store_priv.h"

#include <stdio.h>
#include <string.h>

/* ---- care ---- */

static void
put_real(struct query *q, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", v);	/* REAL affinity makes it one again */
	sqlite3_bind_text(q->stmt, ++q->put, text, -1, SQLITE_TRANSIENT);
}

int
store_care_put(struct db *db, int64_t job, const struct care *c, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_care_put, e) < 0)
		return -1;
	put_int(&q, job);
	put_some(&q, c->rate.on ? c->rate.per_minute : 0);
	put_real(&q, c->rate.growth);
	put_int(&q, c->rate.max_per_minute);
	if (c->failure.on)
		put_int(&q, c->failure.percent);
	else
		put_text(&q, NULL);
	put_int(&q, c->failure.min_ended);
	put_int(&q, c->failure.window);
	put_int(&q, c->failure.confidence);
	put_some(&q, c->start_ms);
	put_some(&q, c->end_ms);
	if (c->windowed) {
		put_int(&q, c->window.from);
		put_int(&q, c->window.to);
	} else {
		put_text(&q, NULL);
		put_text(&q, NULL);
	}
	put_words(&q, c->tz);
	put_int(&q, c->second_operator);
	put_int(&q, c->reboot_approval);
	put_words(&q, c->made_by);
	put_words(&q, c->halt_limit);
	put_words(&q, c->halt_detail);
	return query_run(&q, e);
}

int
store_care_find(struct db *db, int64_t job, struct care *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n;
	int rc;

	if (query_open(&q, db, sql_care_find, e) < 0)
		return -1;
	put_int(&q, job);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	memset(ret, 0, sizeof(*ret));
	ret->rate.per_minute = (int)get_int(&q);
	ret->rate.on = ret->rate.per_minute > 0;
	ret->rate.growth = sqlite3_column_double(q.stmt, q.get++);
	ret->rate.max_per_minute = (int)get_int(&q);
	n = get_int_or(&q, -1);
	ret->failure.on = n >= 0;
	ret->failure.percent = n >= 0 ? (int)n : 0;
	ret->failure.min_ended = (int)get_int(&q);
	ret->failure.window = (int)get_int(&q);
	ret->failure.confidence = (int)get_int(&q);
	ret->start_ms = get_int(&q);
	ret->end_ms = get_int(&q);
	n = get_int_or(&q, -1);
	ret->windowed = n >= 0;
	ret->window.from = n >= 0 ? (int)n : 0;
	ret->window.to = (int)get_int(&q);
	get_text(&q, ret->tz, sizeof(ret->tz));
	ret->second_operator = get_int(&q) != 0;
	ret->reboot_approval = get_int(&q) != 0;
	get_text(&q, ret->made_by, sizeof(ret->made_by));
	get_text(&q, ret->halt_limit, sizeof(ret->halt_limit));
	get_text(&q, ret->halt_detail, sizeof(ret->halt_detail));
	return 1;
}

/* ---- pace ---- */

int
store_pace_put(struct db *db, int64_t job, uint32_t ptype, const struct pace *p, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_pace_put, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	put_int(&q, (int64_t)p->matched);
	put_int(&q, (int64_t)p->taken);
	put_int(&q, (int64_t)p->judged);
	put_int(&q, (int64_t)p->won);
	put_int(&q, (int64_t)p->lost);
	put_int(&q, (int64_t)p->ended);
	put_int(&q, (int64_t)p->failed);
	put_bytes(&q, p->outcomes.n > 0 ? &p->outcomes : NULL, sizeof(p->outcomes));
	if (p->stage >= 0)
		put_int(&q, p->stage);
	else
		put_text(&q, NULL);
	put_some(&q, p->stage_limit > INT64_MAX ? INT64_MAX : (int64_t)p->stage_limit);
	put_some(&q, p->rate_last_ms);
	put_some(&q, p->due_ms);
	return query_run(&q, e);
}

int
store_pace_find(struct db *db, int64_t job, uint32_t ptype, struct pace *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_pace_find, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	memset(ret, 0, sizeof(*ret));
	ret->matched = (uint64_t)get_int(&q);
	ret->taken = (uint64_t)get_int(&q);
	ret->judged = (uint64_t)get_int(&q);
	ret->won = (uint64_t)get_int(&q);
	ret->lost = (uint64_t)get_int(&q);
	ret->ended = (uint64_t)get_int(&q);
	ret->failed = (uint64_t)get_int(&q);
	get_bytes(&q, (uint8_t *)&ret->outcomes, sizeof(ret->outcomes));
	ret->stage = (int)get_int_or(&q, -1);
	ret->stage_limit = (uint64_t)get_int(&q);
	ret->rate_last_ms = get_int(&q);
	ret->due_ms = get_int(&q);
	return 1;
}

int
store_pace_due(struct db *db, int64_t now_ms, int limit, pace_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_pace_due, e) < 0)
		return -1;
	put_int(&q, now_ms);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		int64_t job = get_int(&q);

		if (fn(arg, job, (uint32_t)get_int(&q), e) < 0)
			return -1;
	}
	return rc;
}

/* ---- stages ---- */

int
store_stage_put(struct db *db, int64_t job, uint32_t ptype, int n, const struct stage *s,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_stage_put, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	put_int(&q, n);
	put_int(&q, s->kind);
	put_int(&q, s->amount);
	put_words(&q, s->filter);
	put_int(&q, s->min_success);
	put_int(&q, s->slack);
	put_int(&q, s->soak_s);
	put_int(&q, s->state);
	put_some(&q, s->opened_ms);
	put_some(&q, s->filled_ms);
	put_some(&q, s->ended_ms);
	put_int(&q, (int64_t)s->taken);
	return query_run(&q, e);
}

int
store_stage_list(struct db *db, int64_t job, uint32_t ptype, struct stage ret[STAGES_MAX],
    int *ret_n, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	*ret_n = 0;
	if (query_open(&q, db, sql_stage_list, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	while ((rc = query_row(&q, e)) > 0 && *ret_n < STAGES_MAX) {
		struct stage *s = &ret[(*ret_n)++];

		memset(s, 0, sizeof(*s));
		(void)get_int(&q);		/* n: they come in order, without gaps */
		s->kind = (enum stage_kind)get_int(&q);
		s->amount = get_int(&q);
		get_text(&q, s->filter, sizeof(s->filter));
		s->min_success = (int)get_int(&q);
		s->slack = (int)get_int(&q);
		s->soak_s = get_int(&q);
		s->state = (enum stage_state)get_int(&q);
		s->opened_ms = get_int(&q);
		s->filled_ms = get_int(&q);
		s->ended_ms = get_int(&q);
		s->taken = (uint64_t)get_int(&q);
	}
	return rc < 0 ? -1 : 0;
}

int
store_stage_counts(struct db *db, int64_t job, uint32_t ptype, struct stage stages[STAGES_MAX],
    int n, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_stage_counts, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	while ((rc = query_row(&q, e)) > 0) {
		int64_t stage = get_int(&q), state = get_int(&q);

		if (stage >= 0 && stage < n && state >= 0 && state < STATES)
			stages[stage].counts[state] = (uint64_t)get_int(&q);
	}
	return rc < 0 ? -1 : 0;
}

int
store_stage_waiting(struct db *db, int64_t job, uint32_t ptype, const struct filter *filter,
    int64_t since_ms, int64_t now_ms, uint64_t *ret, struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (filter_open(&q, db, sql_stage_waiting, filter, &s, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	put_int(&q, since_ms);
	filter_put(&q, &s, now_ms);
	if (query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int
store_execution_wave(struct db *db, const struct execution *x, int stage, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_execution_wave, e) < 0)
		return -1;
	put_int(&q, x->job);
	put_int(&q, x->device);
	put_int(&q, x->ptype);
	put_int(&q, stage);
	return query_run(&q, e);
}

int
store_execution_lost(struct db *db, int64_t job, uint32_t ptype, int64_t after, int limit,
    int64_t *ret_devices, int *ret_n, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	*ret_n = 0;
	if (query_open(&q, db, sql_execution_lost, e) < 0)
		return -1;
	put_int(&q, job);
	put_int(&q, ptype);
	put_int(&q, after);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0)
		ret_devices[(*ret_n)++] = get_int(&q);
	return rc < 0 ? -1 : 0;
}
