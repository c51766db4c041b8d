/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - the inventory. The last silences of a device are one small blob,
 * four bytes each, little-endian, without the zeros at its end: most rows hold
 * none, and nobody searches by them. */
#include "filter.h"

#include <string.h>
#include "otad/buf.h"

#define GAPS		((int)NELEM(((struct device *)NULL)->gaps_s))
#define GAP_MIN_MS	2000	/* less is one visit of several requests */

/* ---- silences ---- */

static size_t
pack_gaps(uint8_t ret[4 * GAPS], const int32_t gaps[GAPS])
{
	int n = GAPS;

	while (n > 0 && gaps[n - 1] == 0)
		n--;
	for (int i = 0; i < n; i++)
		for (int b = 0; b < 4; b++)
			ret[4 * i + b] = (uint8_t)((uint32_t)gaps[i] >> 8 * b);
	return 4 * (size_t)n;
}

static void
unpack_gaps(struct query *q, int32_t ret[GAPS])
{
	size_t len;
	const uint8_t *p = get_lent(q, &len);

	for (size_t i = 0; i < (size_t)GAPS; i++) {
		uint32_t v = 0;

		for (size_t b = 0; 4 * i + 3 < len && b < 4; b++)
			v |= (uint32_t)p[4 * i + b] << 8 * b;
		ret[i] = (int32_t)v;
	}
}

static void
put_gaps(struct query *q, const uint8_t *packed, size_t len)
{
	put_bytes(q, len > 0 ? packed : NULL, len);
}

/* ---- rows ---- */

/* All but num and id, in the order of both statements. */
static void
put_device(struct query *q, const struct device *d, const uint8_t *gaps, size_t gaps_len)
{
	put_text(q, d->dialect);
	put_some(q, d->ptype);
	put_int(q, d->status);
	put_letter(q, d->channel);
	put_some(q, d->last_seen_ms);
	put_gaps(q, gaps, gaps_len);
	put_some(q, d->firmware);
	put_int(q, d->firmware_sure);
	put_int(q, d->told);
	put_some(q, d->first_seen_ms);
	put_words(q, d->version);
	put_words(q, d->slot);
	put_words(q, d->address);
	put_bytes(q, d->has_key ? d->key_hash : NULL, SHA256_LEN);
	put_words(q, d->facts);
	put_words(q, d->push);
	put_words(q, d->push_sealed);
}

static void
get_device(struct query *q, struct device *d)
{
	d->num = get_int(q);
	get_text(q, d->id, sizeof(d->id));
	get_text(q, d->dialect, sizeof(d->dialect));
	d->ptype = (uint32_t)get_int(q);
	d->status = (enum device_status)get_int(q);
	d->channel = get_letter(q);
	d->last_seen_ms = get_int(q);
	unpack_gaps(q, d->gaps_s);
	d->firmware = get_int(q);
	d->firmware_sure = get_int(q) != 0;
	d->told = (enum carrier)get_int(q);
	d->first_seen_ms = get_int(q);
	get_text(q, d->version, sizeof(d->version));
	get_text(q, d->slot, sizeof(d->slot));
	get_text(q, d->address, sizeof(d->address));
	d->has_key = get_bytes(q, d->key_hash, SHA256_LEN);
	get_text(q, d->facts, sizeof(d->facts));
	get_text(q, d->push, sizeof(d->push));
	get_text(q, d->push_sealed, sizeof(d->push_sealed));
	get_text(q, d->firmware_name, sizeof(d->firmware_name));
	d->firmware_value = (uint32_t)get_int(q);
}

int
store_device_insert(struct db *db, const struct device *d, int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	uint8_t gaps[4 * GAPS];
	size_t len = pack_gaps(gaps, d->gaps_s);

	if (query_open(&q, db, sql_device_insert, e) < 0)
		return -1;
	put_text(&q, d->id);
	put_device(&q, d, gaps, len);
	return query_number(&q, ret_num, e) < 0 ? -1 : 0;
}

int
store_device_update(struct db *db, const struct device *d, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	uint8_t gaps[4 * GAPS];
	size_t len = pack_gaps(gaps, d->gaps_s);

	if (query_open(&q, db, sql_device_update, e) < 0)
		return -1;
	put_int(&q, d->num);
	put_device(&q, d, gaps, len);
	return query_change(&q, "device", e);
}

int
store_device_find(struct db *db, const char *id, struct device *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_device_find, e) < 0)
		return -1;
	put_text(&q, id);
	if ((rc = query_row(&q, e)) > 0)
		get_device(&q, ret);
	return rc;
}

int
store_device_find_num(struct db *db, int64_t num, struct device *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_device_find_num, e) < 0)
		return -1;
	put_int(&q, num);
	if ((rc = query_row(&q, e)) > 0)
		get_device(&q, ret);
	return rc;
}

int
store_device_delete(struct db *db, int64_t num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_device_delete, e) < 0)
		return -1;
	put_int(&q, num);
	return query_change(&q, "device", e);
}

/* Which index leads: the tag's, the product's, or none. */
int
store_device_list(struct db *db, const struct device_query *want, device_fn *fn, void *arg,
    struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;
	const struct filter_node *tag = want->ptype != 0 ? NULL : filter_leading_tag(want->filter);
	const char *sql = want->ptype != 0 ? sql_device_list_ptype :
	    tag != NULL ? sql_device_list_tag : sql_device_list;
	struct device d;
	int rc;

	if (filter_open(&q, db, sql, want->filter, &s, e) < 0)
		return -1;
	put_int(&q, want->after);
	put_int(&q, want->limit);
	if (want->ptype != 0)
		put_int(&q, want->ptype);
	if (tag != NULL) {
		put_text(&q, tag->key);
		put_text(&q, want->filter->values[tag->value].text);
	}
	filter_put(&q, &s, want->now_ms);
	while ((rc = query_row(&q, e)) > 0) {
		get_device(&q, &d);
		if (fn(arg, &d, e) < 0)
			return -1;
	}
	return rc;
}

/* ---- seen ---- */

static int
last_words(struct db *db, int64_t num, int64_t *ret_last, int32_t ret_gaps[GAPS], struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_device_gaps, e) < 0)
		return -1;
	put_int(&q, num);
	if ((rc = query_row(&q, e)) <= 0)
		return rc < 0 ? -1 : err_set(e, ERR_ABSENT, "no such device");
	*ret_last = get_int(&q);
	unpack_gaps(&q, ret_gaps);
	return 0;
}

int
store_device_touch(struct db *db, int64_t num, int64_t last_seen_ms, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int32_t gaps[GAPS];
	uint8_t packed[4 * GAPS];
	int64_t before = 0, silence;

	if (last_words(db, num, &before, gaps, e) < 0)
		return -1;
	silence = last_seen_ms - before;
	if (before != 0 && silence >= GAP_MIN_MS) {
		silence /= 1000;
		memmove(gaps + 1, gaps, sizeof(gaps) - sizeof(gaps[0]));
		gaps[0] = silence < INT32_MAX ? (int32_t)silence : INT32_MAX;
	}
	if (query_open(&q, db, sql_device_touch, e) < 0)
		return -1;
	put_int(&q, num);
	put_int(&q, last_seen_ms);
	put_gaps(&q, packed, pack_gaps(packed, gaps));
	return query_run(&q, e);
}

int
store_device_pending_count(struct db *db, const char *dialect, uint64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (query_open(&q, db, sql_device_pending_count, e) < 0)
		return -1;
	put_text(&q, dialect);
	if (query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

/* ---- tags ---- */

int
store_tags_get(struct db *db, int64_t device, struct buf *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	char key[33], value[FACT_VALUE_MAX];
	int rc;

	if (query_open(&q, db, sql_tags_list, e) < 0)
		return -1;
	put_int(&q, device);
	while ((rc = query_row(&q, e)) > 0) {
		get_text(&q, key, sizeof(key));
		get_text(&q, value, sizeof(value));
		facts_add(ret, key, value);
	}
	if (rc == 0 && ret->failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return rc;
}

int
store_tags_set(struct db *db, int64_t device, const char *facts, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	char key[33], value[FACT_VALUE_MAX];

	if (query_open(&q, db, sql_tags_delete, e) < 0)
		return -1;
	put_int(&q, device);
	if (query_run(&q, e) < 0)
		return -1;
	for (const char *at = facts; facts_next(&at, key, value); ) {
		AUTO(query) struct query add = QUERY_INIT;

		if (query_open(&add, db, sql_tag_insert, e) < 0)
			return -1;
		put_int(&add, device);
		put_text(&add, key);
		put_text(&add, value);
		if (query_run(&add, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- components ---- */

int
store_component_find(struct db *db, int64_t device, uint32_t ptype, int64_t *ret_firmware,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_component_find, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, ptype);
	if ((rc = query_row(&q, e)) > 0)
		*ret_firmware = get_int(&q);
	return rc;
}

int
store_component_put(struct db *db, int64_t device, uint32_t ptype, int64_t firmware, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_component_put, e) < 0)
		return -1;
	put_int(&q, device);
	put_int(&q, ptype);
	put_int(&q, firmware);
	return query_run(&q, e);
}
