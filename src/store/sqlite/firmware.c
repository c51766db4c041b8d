/* SPDX-License-Identifier: Apache-2.0
 *
 * firmware.c - names, images, and what tells that a device runs one.
 *
 * A version's numbers are not columns: its value holds all three. */
#include "store_priv.h"

#include <stdio.h>
#include <string.h>

static struct version
version_of(uint32_t value, uint32_t ptype, char channel, char fota)
{
	return (struct version){ .channel = channel, .ptype = ptype, .fota = fota,
		.num = { (uint16_t)(value / 1000000), (uint16_t)(value / 1000 % 1000),
		(uint16_t)(value % 1000) } };
}

/* ---- writing ---- */

static int
insert_natives(struct db *db, const struct firmware *f, int64_t num, struct err *e)
{
	for (int i = 0; i < f->nnatives; i++) {
		AUTO(query) struct query q = QUERY_INIT;

		if (query_open(&q, db, sql_native_insert, e) < 0)
			return -1;
		put_int(&q, num);
		put_int(&q, i);
		put_int(&q, f->version.ptype);
		put_text(&q, f->natives[i]);
		if (query_run(&q, e) < 0)
			return -1;
	}
	return 0;
}

static int
insert_image(struct db *db, const struct image *image, int64_t num, struct err *e)
{
	AUTO(query) struct query find = QUERY_INIT, q = QUERY_INIT;
	int64_t blob;
	int rc;

	if (query_open(&find, db, sql_blob_find, e) < 0)
		return -1;
	put_bytes(&find, image->sha256, SHA256_LEN);
	rc = query_number(&find, &blob, e);
	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, ERR_ABSENT, "the bytes of image '%s' are not there",
		    image->slot);
	if (query_open(&q, db, sql_image_insert, e) < 0)
		return -1;
	put_int(&q, num);
	put_text(&q, image->slot);
	put_int(&q, blob);
	put_bytes(&q, image->md5, MD5_LEN);
	put_bytes(&q, image->sha1, SHA1_LEN);
	put_text(&q, image->kind);
	put_words(&q, image->findings);
	return query_run(&q, e);
}

int
store_firmware_insert(struct db *db, const struct firmware *f, int64_t *ret_num, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t num;

	if (query_open(&q, db, sql_firmware_insert, e) < 0)
		return -1;
	put_text(&q, f->name);
	put_int(&q, f->version.ptype);
	put_int(&q, f->value);
	put_letter(&q, f->version.channel);
	put_letter(&q, f->version.fota);
	put_int(&q, f->state);
	put_words(&q, f->held_why);
	put_words(&q, f->requires);
	put_int(&q, f->created_ms);
	put_words(&q, f->notes);
	put_words(&q, f->metadata);
	if (query_number(&q, &num, e) < 0 || insert_natives(db, f, num, e) < 0)
		return -1;
	for (int i = 0; i < f->nimages; i++)
		if (insert_image(db, &f->images[i], num, e) < 0)
			return -1;
	*ret_num = num;
	return 0;
}

int
store_firmware_set_state(struct db *db, int64_t num, enum firmware_state state, const char *why,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_firmware_set_state, e) < 0)
		return -1;
	put_int(&q, num);
	put_int(&q, state);
	put_words(&q, why);
	return query_change(&q, "firmware", e);
}

/* ---- reading ---- */

static void
get_image(struct query *q, struct image *i)
{
	memset(i, 0, sizeof(*i));
	get_text(q, i->slot, sizeof(i->slot));
	i->size = (uint64_t)get_int(q);
	get_bytes(q, i->md5, MD5_LEN);
	get_bytes(q, i->sha1, SHA1_LEN);
	get_bytes(q, i->sha256, SHA256_LEN);
	get_text(q, i->kind, sizeof(i->kind));
	get_text(q, i->findings, sizeof(i->findings));
}

static int
read_images(struct db *db, struct firmware *f, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_image_list, e) < 0)
		return -1;
	put_int(&q, f->num);
	while ((rc = query_row(&q, e)) > 0 && f->nimages < SLOTS_MAX) {
		struct image *more = realloc(f->images,
		    (size_t)(f->nimages + 1) * sizeof(*more));

		if (more == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		f->images = more;
		get_image(&q, &f->images[f->nimages++]);
	}
	return rc < 0 ? -1 : 0;
}

static int
read_natives(struct db *db, struct firmware *f, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_native_list, e) < 0)
		return -1;
	put_int(&q, f->num);
	while ((rc = query_row(&q, e)) > 0 && f->nnatives < NATIVES_MAX)
		get_text(&q, f->natives[f->nnatives++], NATIVE_MAX);
	return rc < 0 ? -1 : 0;
}

/* The row at hand, and all that belongs to it. */
static int
read_firmware(struct query *q, struct firmware *ret, struct err *e)
{
	struct firmware f = { .num = get_int(q) };
	uint32_t ptype;
	char channel;

	get_text(q, f.name, sizeof(f.name));
	ptype = (uint32_t)get_int(q);
	f.value = (uint32_t)get_int(q);
	channel = get_letter(q);
	f.version = version_of(f.value, ptype, channel, get_letter(q));
	f.state = (enum firmware_state)get_int(q);
	get_text(q, f.held_why, sizeof(f.held_why));
	get_text(q, f.requires, sizeof(f.requires));
	f.created_ms = get_int(q);
	if (get_words(q, &f.notes, e) < 0 || get_words(q, &f.metadata, e) < 0 ||
	    read_natives(q->db, &f, e) < 0 || read_images(q->db, &f, e) < 0) {
		firmware_clear(&f);
		return -1;
	}
	*ret = f;
	return 0;
}

/* The one row there is. */
static int
read_one(struct query *q, struct firmware *ret, struct err *e)
{
	int rc = query_row(q, e);

	return rc > 0 && read_firmware(q, ret, e) < 0 ? -1 : rc;
}

static int
walk(struct query *q, firmware_fn *fn, void *arg, struct err *e)
{
	struct firmware f;
	int rc;

	while ((rc = query_row(q, e)) > 0) {
		if (read_firmware(q, &f, e) < 0)
			return -1;
		rc = fn(arg, &f, e);
		firmware_clear(&f);
		if (rc < 0)
			return -1;
	}
	return rc;
}

int
store_firmware_find(struct db *db, const char *name, struct firmware *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_firmware_find, e) < 0)
		return -1;
	put_text(&q, name);
	return read_one(&q, ret, e);
}

int
store_firmware_find_num(struct db *db, int64_t num, struct firmware *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_firmware_find_num, e) < 0)
		return -1;
	put_int(&q, num);
	return read_one(&q, ret, e);
}

int
store_firmware_list(struct db *db, uint32_t ptype, int64_t after, int limit, firmware_fn *fn,
    void *arg, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, ptype != 0 ? sql_firmware_list_ptype : sql_firmware_list, e) < 0)
		return -1;
	if (ptype != 0)
		put_int(&q, ptype);
	put_int(&q, after);
	put_int(&q, limit);
	return walk(&q, fn, arg, e);
}

int
store_firmware_rivals(struct db *db, uint32_t ptype, uint32_t value, firmware_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_firmware_rivals, e) < 0)
		return -1;
	put_int(&q, ptype);
	put_int(&q, value);
	return walk(&q, fn, arg, e);
}

int
store_firmware_brief(struct db *db, int64_t num, struct firmware_brief *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	uint32_t ptype;
	char channel;
	int rc;

	if (query_open(&q, db, sql_firmware_brief, e) < 0)
		return -1;
	put_int(&q, num);
	if ((rc = query_row(&q, e)) <= 0)
		return rc;
	ret->num = get_int(&q);
	get_text(&q, ret->name, sizeof(ret->name));
	ptype = (uint32_t)get_int(&q);
	ret->value = (uint32_t)get_int(&q);
	channel = get_letter(&q);
	ret->version = version_of(ret->value, ptype, channel, get_letter(&q));
	ret->state = (enum firmware_state)get_int(&q);
	get_text(&q, ret->requires, sizeof(ret->requires));
	get_text(&q, ret->native, sizeof(ret->native));
	return 1;
}

/* A handful of rows: they are compared here, where slot_same() is. */
int
store_image_find(struct db *db, int64_t firmware, const char *slot, struct image *ret,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct image i;
	int rc;

	if (query_open(&q, db, sql_image_list, e) < 0)
		return -1;
	put_int(&q, firmware);
	while ((rc = query_row(&q, e)) > 0) {
		get_image(&q, &i);
		if (!slot_same(i.slot, slot))
			continue;
		*ret = i;
		return 1;
	}
	return rc;
}

/* ---- what a device runs ---- */

int
store_native_find(struct db *db, uint32_t ptype, const char *text, int64_t *ret_firmware,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_native_find, e) < 0)
		return -1;
	put_int(&q, ptype);
	put_text(&q, text);
	return query_number(&q, ret_firmware, e);
}

int
store_hash_insert(struct db *db, int64_t firmware, const char *slot, const char *name,
    const uint8_t *bytes, size_t len, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_hash_insert, e) < 0)
		return -1;
	put_int(&q, firmware);
	put_text(&q, slot);
	put_text(&q, name);
	put_bytes(&q, bytes, len);
	return query_run(&q, e);
}

int
store_hash_find(struct db *db, uint32_t ptype, const char *name, const uint8_t *bytes, size_t len,
    int64_t *ret_firmware, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_hash_find, e) < 0)
		return -1;
	put_int(&q, ptype);
	put_text(&q, name);
	put_bytes(&q, bytes, len);
	return query_number(&q, ret_firmware, e);
}
