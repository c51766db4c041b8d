/* SPDX-License-Identifier: Apache-2.0
 *
 * owners.c - accounts, their keys, grants, and the secrets that claim them. */
#include "store_priv.h"
#include "otad/store_owner.h"

/* ---- accounts ---- */

int
store_account_insert(struct db *db, const struct account *a, int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_account_insert, e) < 0)
		return -1;
	put_text(&q, a->name);
	put_text(&q, a->email);
	put_bytes(&q, a->password, sizeof(a->password));
	put_int(&q, a->created_ms);
	return query_number(&q, ret_num, e) < 0 ? -1 : 0;
}

static int
get_account(struct query *q, struct account *ret, struct err *e)
{
	int rc = query_row(q, e);

	if (rc <= 0)
		return rc;
	ret->num = get_int(q);
	get_text(q, ret->name, sizeof(ret->name));
	get_text(q, ret->email, sizeof(ret->email));
	get_bytes(q, ret->password, sizeof(ret->password));
	ret->created_ms = get_int(q);
	return 1;
}

int
store_account_find(struct db *db, const char *login, struct account *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_account_find, e) < 0)
		return -1;
	put_text(&q, login);
	return get_account(&q, ret, e);
}

int
store_account_find_key(struct db *db, const uint8_t hash[SHA256_LEN], struct account *ret,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_account_find_key, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	return get_account(&q, ret, e);
}

int
store_account_count(struct db *db, uint64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (query_open(&q, db, sql_account_count, e) < 0 || query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int
store_account_key_insert(struct db *db, const uint8_t hash[SHA256_LEN], int64_t account, int keep,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	AUTO(query) struct query trim = QUERY_INIT;

	if (query_open(&q, db, sql_account_key_insert, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	put_int(&q, account);
	if (query_run(&q, e) < 0 || query_open(&trim, db, sql_account_key_trim, e) < 0)
		return -1;
	put_int(&trim, account);
	put_int(&trim, keep);
	return query_run(&trim, e);
}

/* ---- grants ---- */

int
store_grant_insert(struct db *db, const struct grant_row *r, const uint8_t hash[SHA256_LEN],
    int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_grant_insert, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	put_text(&q, r->sealed);
	put_int(&q, r->grant.kind);
	put_some(&q, r->grant.account);
	put_some(&q, r->grant.device);
	put_some(&q, r->grant.ptype);
	put_int(&q, r->grant.created_ms);
	return query_number(&q, ret_num, e) < 0 ? -1 : 0;
}

static int
get_grant(struct query *q, struct grant_row *ret, struct err *e)
{
	int rc = query_row(q, e);

	if (rc <= 0)
		return rc;
	ret->grant.num = get_int(q);
	ret->grant.kind = (enum grant_kind)get_int(q);
	ret->grant.account = get_int(q);
	ret->grant.device = get_int(q);
	ret->grant.ptype = (uint32_t)get_int(q);
	ret->grant.created_ms = get_int(q);
	get_text(q, ret->sealed, sizeof(ret->sealed));
	get_text(q, ret->grant.device_id, sizeof(ret->grant.device_id));
	ret->grant.token[0] = '\0';
	return 1;
}

int
store_grant_find(struct db *db, const uint8_t hash[SHA256_LEN], struct grant_row *ret,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_grant_find, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	return get_grant(&q, ret, e);
}

int
store_grant_list(struct db *db, int64_t account, int64_t device, int64_t after, int limit,
    grant_row_fn *fn, void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct grant_row row;
	int rc;

	if (query_open(&q, db, account != 0 ? sql_grant_list_account : sql_grant_list_device, e) < 0)
		return -1;
	put_int(&q, account != 0 ? account : device);
	put_int(&q, after);
	put_int(&q, limit);
	while ((rc = get_grant(&q, &row, e)) > 0)
		if (fn(arg, &row, e) < 0)
			return -1;
	return rc;
}

int
store_grant_delete(struct db *db, int64_t num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_grant_delete, e) < 0)
		return -1;
	put_int(&q, num);
	return query_change(&q, "key", e);
}

/* ---- claims ---- */

int
store_claim_put(struct db *db, const uint8_t hash[SHA256_LEN], const struct claim *c,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	AUTO(query) struct query drop = QUERY_INIT;

	if (c->kind == CLAIM_ACTIVATION) {
		if (query_open(&drop, db, sql_claim_drop_activation, e) < 0)
			return -1;
		put_int(&drop, c->device);
		if (query_run(&drop, e) < 0)
			return -1;
	}
	if (query_open(&q, db, sql_claim_put, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	put_int(&q, c->device);
	put_int(&q, c->kind);
	put_int(&q, c->made_ms);
	return query_run(&q, e);
}

int
store_claim_find(struct db *db, const uint8_t hash[SHA256_LEN], struct claim *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_claim_find, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	ret->device = get_int(&q);
	ret->kind = (int)get_int(&q);
	ret->made_ms = get_int(&q);
	return 1;
}

int
store_claim_delete(struct db *db, const uint8_t hash[SHA256_LEN], struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_claim_delete, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	return query_run(&q, e);
}

int
store_claim_trim(struct db *db, int64_t device, int64_t before_ms, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_claim_trim, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, before_ms);
	return query_run(&q, e);
}

/* ---- devices' own keys ---- */

int
store_kept_key_put(struct db *db, int64_t device, const char *sealed, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_kept_key_put, e) < 0)
		return -1;
	put_int(&q, device);
	put_text(&q, sealed);
	return query_run(&q, e);
}

int
store_kept_key_find(struct db *db, int64_t device, char ret[SEALED_MAX], struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_kept_key_find, e) < 0)
		return -1;
	put_int(&q, device);
	if ((rc = query_row(&q, e)) > 0)
		get_text(&q, ret, SEALED_MAX);
	return rc;
}

int
store_device_find_key(struct db *db, const uint8_t hash[SHA256_LEN], int64_t *ret_num,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_device_find_key, e) < 0)
		return -1;
	put_bytes(&q, hash, SHA256_LEN);
	return query_number(&q, ret_num, e);
}

int
store_device_untell(struct db *db, enum carrier told, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_device_untell, e) < 0)
		return -1;
	put_int(&q, told);
	return query_run(&q, e);
}
