/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: in slices, by content, once; what was not published is swept. */
#include "store_test.h"
#include "otad/buf.h"

enum { SIZE = 3 * BLOB_CHUNK + 1000 };

struct upload {
	uint8_t		*bytes;
	uint8_t		sha256[SHA256_LEN];
	int64_t		blob, n;
	size_t		len;
};

static int
stage(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;

	return store_blob_stage(db, &u->blob, e);
}

static int
chunk(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	size_t at = (size_t)u->n * BLOB_CHUNK;

	return store_blob_chunk(db, u->blob, u->n, u->bytes + at,
	    u->len - at < BLOB_CHUNK ? u->len - at : BLOB_CHUNK, e);
}

static int
publish(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;

	return store_blob_publish(db, u->blob, u->sha256, u->len, e);
}

static int
drop(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;

	return store_blob_drop(db, u->blob, e);
}

static int
sweep(struct db *db, void *arg, struct err *e)
{
	return store_blob_sweep(db, arg, e);
}

static int
gather(void *arg, const void *bytes, size_t len, struct err *e)
{
	(void)e;
	CHECK(len > 0 && len <= BLOB_CHUNK, "%zu bytes", len);
	buf_add(arg, bytes, len);
	return 0;
}

static int
cut(void *arg, const void *bytes, size_t len, struct err *e)
{
	(void)bytes;
	(void)len;
	return ++*(int *)arg == 2 ? err_set(e, ERR_INTERNAL, "enough") : 0;
}

static int
same(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	AUTO(buf) struct buf b = BUF_INIT;

	CHECK(store_blob_read(db, u->sha256, 0, gather, &b, e) == 0, "%s", e->text);
	CHECK(b.len == u->len && memcmp(b.p, u->bytes, u->len) == 0, "%zu bytes", b.len);
	return 0;
}

static int
same_staged(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	AUTO(buf) struct buf b = BUF_INIT;
	struct err why = ERR_INIT;
	int n = 0;

	CHECK(store_blob_read(db, NULL, u->blob, gather, &b, e) == 0, "%s", e->text);
	CHECK(b.len == u->len && memcmp(b.p, u->bytes, u->len) == 0, "%zu bytes", b.len);
	CHECK(store_blob_read(db, NULL, u->blob, cut, &n, &why) < 0 && n == 2 &&
	    !strcmp(why.text, "enough"), "%s", why.text);
	CHECK(store_blob_read(db, u->sha256, 0, gather, &b, &why) < 0 && why.code == ERR_ABSENT,
	    "not published");
	return 0;
}

static int
absent(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	struct err why = ERR_INIT;

	(void)e;
	CHECK(store_blob_read(db, NULL, u->blob, gather, NULL, &why) < 0 &&
	    why.code == ERR_ABSENT, "%s", why.text);
	return 0;
}

static int
fails(struct store *st, store_fn *fn, void *arg)
{
	struct err e = ERR_INIT;

	CHECK(store_write_wait(st, URGENT_BULK, fn, arg, &e) < 0, "it was taken");
	return e.code;
}

static void
send_all(struct store *st, struct upload *u)
{
	written(st, stage, u);
	for (u->n = 0; (size_t)u->n * BLOB_CHUNK < u->len; u->n++)
		written(st, chunk, u);
}

static void
story(struct store *st, struct upload *u)
{
	struct upload again = *u, other = *u, small = *u;
	struct store_figures before, after;
	uint64_t swept;

	send_all(st, u);
	seen(st, same_staged, u);
	u->len--;
	CHECK(fails(st, publish, u) == ERR_STORE, "not the size that was said");
	u->len++;
	u->n = 1;
	CHECK(fails(st, chunk, u) == ERR_CONFLICT, "the same chunk twice");
	written(st, publish, u);
	seen(st, same, u);
	CHECK(fails(st, drop, u) == ERR_ABSENT, "it is published");
	small.len = 1;
	small.n = 0;
	small.blob = u->blob;
	CHECK(fails(st, chunk, &small) == ERR_ABSENT, "nothing is added to a published one");

	/* The same bytes again take no room. */
	store_checkpoint(st);
	store_figures(st, &before);
	send_all(st, &again);
	written(st, publish, &again);
	seen(st, absent, &again);
	seen(st, same, u);

	send_all(st, &other);
	written(st, stage, &small);
	written(st, chunk, &small);
	written(st, drop, &small);
	seen(st, absent, &small);
	CHECK(fails(st, chunk, &small) == ERR_ABSENT, "dropped");
	written(st, sweep, &swept);
	CHECK(swept == 1, "%ju swept", (uintmax_t)swept);
	seen(st, absent, &other);
	seen(st, same, u);
	store_checkpoint(st);
	store_figures(st, &after);
	CHECK(after.db_bytes < before.db_bytes + 2 * SIZE, "free pages are used again: %ju, %ju",
	    (uintmax_t)before.db_bytes, (uintmax_t)after.db_bytes);
}

/* A chunk that never came. */
static void
hole(struct store *st, struct upload *u)
{
	written(st, stage, u);
	for (u->n = 0; u->n < 4; u->n++)
		if (u->n != 2)
			written(st, chunk, u);
	u->len -= BLOB_CHUNK;
	CHECK(fails(st, publish, u) == ERR_STORE, "a hole");
	u->len += BLOB_CHUNK;
}

int
main(void)
{
	struct place at;
	struct store *st;
	struct upload u = { .len = SIZE, .bytes = malloc(SIZE) };

	for (size_t i = 0; i < SIZE; i++)
		u.bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	sha256(u.sha256, u.bytes, u.len);
	place_make(&at);
	st = store_at(at.path, NULL);
	story(st, &u);
	u.sha256[0]++;
	hole(st, &u);
	store_close(st);
	free(u.bytes);
	place_remove(&at);
	return TEST_END();
}
