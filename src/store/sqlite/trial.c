/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.c - how a job's image is tried. Most jobs say nothing of it and have no row. */
#include "store_priv.h"

int
store_trial_put(struct db *db, int64_t job, const struct trial *t, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_trial_put, e) < 0)
		return -1;
	put_int(&q, job);
	put_some(&q, t->commit_s);
	if (t->delivery == DELIVERY_AUTO)
		put_text(&q, NULL);
	else
		put_int(&q, t->delivery == DELIVERY_PUSH);
	if (t->checked)
		put_int(&q, t->after_s);
	else
		put_text(&q, NULL);
	put_some(&q, t->within_s);
	put_words(&q, t->method);
	put_words(&q, t->args);
	put_words(&q, t->expect);
	return query_run(&q, e);
}

int
store_trial_find(struct db *db, int64_t job, struct trial *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t push, after;
	int rc;

	if (query_open(&q, db, sql_trial_find, e) < 0)
		return -1;
	put_int(&q, job);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	*ret = (struct trial){ .commit_s = (int)get_int(&q) };
	push = get_int_or(&q, -1);
	ret->delivery = push < 0 ? DELIVERY_AUTO : push > 0 ? DELIVERY_PUSH : DELIVERY_PULL;
	after = get_int_or(&q, -1);
	ret->checked = after >= 0;
	ret->after_s = after >= 0 ? (int)after : 0;
	ret->within_s = (int)get_int(&q);
	get_text(&q, ret->method, sizeof(ret->method));
	get_text(&q, ret->args, sizeof(ret->args));
	get_text(&q, ret->expect, sizeof(ret->expect));
	return 1;
}
