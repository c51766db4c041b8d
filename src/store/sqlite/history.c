/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - what happened, who changed what, and who may: tables that are
 * appended to and read backwards. */
#include "store_priv.h"

#include <string.h>

/* ---- events ---- */

int
store_event_insert(struct db *db, const struct event *ev, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_event_insert, e) < 0)
		return -1;
	put_int(&q, ev->at_ms);
	put_some(&q, ev->device);
	put_some(&q, ev->job);
	put_some(&q, ev->ptype);
	put_text(&q, ev->kind);
	put_words(&q, ev->detail);
	return query_run(&q, e);
}

static void
get_event(struct query *q, struct event *ev)
{
	ev->num = get_int(q);
	ev->at_ms = get_int(q);
	ev->device = get_int(q);
	ev->job = get_int(q);
	ev->ptype = (uint32_t)get_int(q);
	get_text(q, ev->kind, sizeof(ev->kind));
	get_text(q, ev->detail, sizeof(ev->detail));
	get_text(q, ev->device_id, sizeof(ev->device_id));
	get_text(q, ev->job_id, sizeof(ev->job_id));
}

int
store_event_list(struct db *db, int64_t device, int64_t before, int limit, event_fn *fn,
    void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct event ev;
	int rc;

	if (query_open(&q, db, sql_event_list, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, before != 0 ? before : INT64_MAX);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		get_event(&q, &ev);
		if (fn(arg, &ev, e) < 0)
			return -1;
	}
	return rc;
}

int
store_event_trim(struct db *db, int64_t before_ms, int limit, int *ret_rows, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_event_trim, e) < 0)
		return -1;
	put_int(&q, before_ms);
	put_int(&q, limit);
	if (query_run(&q, e) < 0)
		return -1;
	*ret_rows = sqlite3_changes(db->handle);
	return 0;
}

/* ---- audit ---- */

int
store_audit_insert(struct db *db, const struct audit *a, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_audit_insert, e) < 0)
		return -1;
	put_int(&q, a->at_ms);
	put_words(&q, a->key);
	put_words(&q, a->name);
	put_words(&q, a->address);
	put_text(&q, a->action);
	put_words(&q, a->object);
	put_words(&q, a->detail);
	return query_run(&q, e);
}

int
store_audit_list(struct db *db, int64_t before, int limit, audit_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct audit a;
	int rc;

	if (query_open(&q, db, sql_audit_list, e) < 0)
		return -1;
	put_int(&q, before != 0 ? before : INT64_MAX);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		a.num = get_int(&q);
		a.at_ms = get_int(&q);
		get_text(&q, a.key, sizeof(a.key));
		get_text(&q, a.name, sizeof(a.name));
		get_text(&q, a.address, sizeof(a.address));
		get_text(&q, a.action, sizeof(a.action));
		get_text(&q, a.object, sizeof(a.object));
		get_text(&q, a.detail, sizeof(a.detail));
		if (fn(arg, &a, e) < 0)
			return -1;
	}
	return rc;
}

/* ---- keys ---- */

int
store_key_insert(struct db *db, const struct api_key *k, const uint8_t hash[SHA256_LEN],
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_key_insert, e) < 0)
		return -1;
	put_text(&q, k->id);
	put_bytes(&q, hash, SHA256_LEN);
	put_text(&q, k->name);
	put_int(&q, k->role);
	put_some(&q, k->expires_ms);
	put_words(&q, k->products);
	put_int(&q, k->created_ms);
	return query_run(&q, e);
}

int
store_key_delete(struct db *db, const char *id, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_key_delete, e) < 0)
		return -1;
	put_text(&q, id);
	return query_change(&q, "key", e);
}

static void
get_key(struct query *q, struct api_key *k)
{
	get_text(q, k->id, sizeof(k->id));
	get_text(q, k->name, sizeof(k->name));
	k->role = (enum role)get_int(q);
	k->expires_ms = get_int(q);
	get_text(q, k->products, sizeof(k->products));
	k->created_ms = get_int(q);
}

int
store_key_list(struct db *db, key_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct api_key k;
	int rc;

	if (query_open(&q, db, sql_key_list, e) < 0)
		return -1;
	while ((rc = query_row(&q, e)) > 0) {
		get_key(&q, &k);
		if (fn(arg, &k, e) < 0)
			return -1;
	}
	return rc;
}

int
store_key_find(struct db *db, const uint8_t hash[SHA256_LEN], struct api_key *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_key_find, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	if ((rc = query_row(&q, e)) > 0)
		get_key(&q, ret);
	return rc;
}
