/* SPDX-License-Identifier: Apache-2.0
 *
 * products.c - device types. The slots of one are a text, a name a line: they
 * are read with their product and never asked for. */
#include "store_priv.h"

#include <string.h>
#include "otad/buf.h"

#define FIRST_FREE	10000	/* below are the numbers that people choose */

static void
get_slots(struct query *q, struct product *p)
{
	char text[SLOTS_MAX * SLOT_MAX];
	const char *at = text;

	get_text(q, text, sizeof(text));
	for (p->nslots = 0; *at != '\0' && p->nslots < SLOTS_MAX; p->nslots++) {
		size_t n = strcspn(at, "\n");
		size_t fits = n < SLOT_MAX ? n : SLOT_MAX - 1;

		memcpy(p->slots[p->nslots], at, fits);
		p->slots[p->nslots][fits] = '\0';
		at += n + (at[n] == '\n');
	}
}

static void
get_product(struct query *q, struct product *p)
{
	memset(p, 0, sizeof(*p));
	p->ptype = (uint32_t)get_int(q);
	get_text(q, p->serial, sizeof(p->serial));
	get_text(q, p->name, sizeof(p->name));
	get_text(q, p->description, sizeof(p->description));
	p->is_private = get_int(q) != 0;
	p->status = (int)get_int(q);
	get_text(q, p->dialect, sizeof(p->dialect));
	get_slots(q, p);
	get_text(q, p->image_kind, sizeof(p->image_kind));
	get_text(q, p->hardware, sizeof(p->hardware));
	get_text(q, p->link_base, sizeof(p->link_base));
	p->part_of = (uint32_t)get_int(q);
	p->created_ms = get_int(q);
	p->updated_ms = get_int(q);
	get_text(q, p->current_v, sizeof(p->current_v));
	get_text(q, p->current_b, sizeof(p->current_b));
}

static void
put_product(struct query *q, const struct product *p, const char *slots)
{
	put_int(q, p->ptype);
	put_text(q, p->serial);
	put_text(q, p->name);
	put_words(q, p->description);
	put_int(q, p->is_private);
	put_int(q, p->status);
	put_text(q, p->dialect);
	put_text(q, slots);
	put_text(q, p->image_kind);
	put_words(q, p->hardware);
	put_words(q, p->link_base);
	put_some(q, p->part_of);
	put_int(q, p->created_ms);
	put_int(q, p->updated_ms);
	put_words(q, p->current_v);
	put_words(q, p->current_b);
}

static int
write_product(struct db *db, const char *sql, const struct product *p, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	AUTO(buf) struct buf slots = BUF_INIT;

	for (int i = 0; i < p->nslots; i++)
		buf_addf(&slots, "%s%s", i > 0 ? "\n" : "", p->slots[i]);
	if (slots.failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (query_open(&q, db, sql, e) < 0)
		return -1;
	put_product(&q, p, buf_str(&slots));
	return query_change(&q, "product", e);
}

int
store_product_insert(struct db *db, const struct product *p, struct err *e)
{
	return write_product(db, sql_product_insert, p, e);
}

int
store_product_update(struct db *db, const struct product *p, struct err *e)
{
	return write_product(db, sql_product_update, p, e);
}

int
store_product_delete(struct db *db, uint32_t ptype, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_product_delete, e) < 0)
		return -1;
	put_int(&q, ptype);
	return query_change(&q, "product", e);
}

int
store_product_find(struct db *db, uint32_t ptype, struct product *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_product_find, e) < 0)
		return -1;
	put_int(&q, ptype);
	if ((rc = query_row(&q, e)) > 0)
		get_product(&q, ret);
	return rc;
}

int
store_product_find_name(struct db *db, const char *name, const char *serial, struct product *ret,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_product_find_name, e) < 0)
		return -1;
	put_text(&q, name);
	put_text(&q, serial);
	if ((rc = query_row(&q, e)) > 0)
		get_product(&q, ret);
	return rc;
}

int
store_product_list(struct db *db, uint32_t after, int limit, product_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct product p;
	int rc;

	if (query_open(&q, db, sql_product_list, e) < 0)
		return -1;
	put_int(&q, after);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		get_product(&q, &p);
		if (fn(arg, &p, e) < 0)
			return -1;
	}
	return rc;
}

int
store_product_free_ptype(struct db *db, uint32_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t free_one = FIRST_FREE;

	if (query_open(&q, db, sql_product_free_ptype, e) < 0)
		return -1;
	put_int(&q, FIRST_FREE);
	if (query_number(&q, &free_one, e) < 0)
		return -1;
	if (free_one > PTYPE_MAX)
		return err_set(e, ERR_CONFLICT, "no product number is free from %d to %d",
		    FIRST_FREE, PTYPE_MAX);
	*ret = (uint32_t)free_one;
	return 0;
}

int
store_product_parts(struct db *db, uint32_t ptype, uint32_t ret[PARTS_MAX], int *ret_n,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc, n = 0;

	if (query_open(&q, db, sql_product_parts, e) < 0)
		return -1;
	put_int(&q, ptype);
	while ((rc = query_row(&q, e)) > 0 && n < PARTS_MAX)
		ret[n++] = (uint32_t)get_int(&q);
	*ret_n = n;
	return rc < 0 ? -1 : 0;
}
