/* SPDX-License-Identifier: Apache-2.0
 *
 * outbox.c - what is to be said, and calls with their answers. */
#include "store_priv.h"

int
store_outbox_insert(struct db *db, const struct outbox *out, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_outbox_insert, e) < 0)
		return -1;
	put_int(&q, out->device);
	put_words(&q, out->job);
	put_some(&q, out->call);
	return query_run(&q, e);
}

int
store_outbox_list(struct db *db, enum carrier told, int limit, outbox_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct outbox out;
	int rc;

	if (query_open(&q, db, sql_outbox_list, e) < 0)
		return -1;
	put_int(&q, told);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		out.num = get_int(&q);
		out.device = get_int(&q);
		get_text(&q, out.job, sizeof(out.job));
		out.call = get_int(&q);
		if (fn(arg, &out, e) < 0)
			return -1;
	}
	return rc;
}

int
store_outbox_delete(struct db *db, int64_t num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_outbox_delete, e) < 0)
		return -1;
	put_int(&q, num);
	return query_change(&q, "thing to say", e);
}

/* ---- calls ---- */

int
store_call_insert(struct db *db, const struct call_row *c, int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_call_insert, e) < 0)
		return -1;
	put_int(&q, c->device);
	put_text(&q, c->method);
	put_text(&q, c->args);
	put_int(&q, c->deadline_ms);
	put_some(&q, c->job);
	put_some(&q, c->ptype);
	return query_number(&q, ret_num, e) < 0 ? -1 : 0;
}

int
store_call_find(struct db *db, int64_t num, struct call_row *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	AUTO(str) char *args = NULL, *result = NULL, *error = NULL;
	int rc;

	if (query_open(&q, db, sql_call_find, e) < 0)
		return -1;
	put_int(&q, num);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	ret->num = get_int(&q);
	ret->device = get_int(&q);
	get_text(&q, ret->method, sizeof(ret->method));
	if (get_words_if(&q, &args, e) < 0 || get_words_if(&q, &result, e) < 0 ||
	    get_words_if(&q, &error, e) < 0)
		return -1;
	ret->deadline_ms = get_int(&q);
	ret->answered_ms = get_int(&q);
	ret->job = get_int(&q);
	ret->ptype = (uint32_t)get_int(&q);
	ret->args = TAKE(args);
	ret->result = TAKE(result);
	ret->error = TAKE(error);
	return 1;
}

int
store_call_answer(struct db *db, int64_t num, const char *result, const char *error,
    int64_t now_ms, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_call_answer, e) < 0)
		return -1;
	put_int(&q, num);
	put_text(&q, result);
	put_text(&q, error);
	put_int(&q, now_ms);
	return query_change(&q, "call", e);
}

int
store_call_waiting(struct db *db, int64_t device, int64_t now_ms, uint64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (query_open(&q, db, sql_call_waiting, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, now_ms);
	if (query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int
store_call_trim(struct db *db, int64_t before_ms, int limit, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_call_trim, e) < 0)
		return -1;
	put_int(&q, before_ms);
	put_int(&q, limit);
	return query_run(&q, e);
}
