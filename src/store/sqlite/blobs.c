/* SPDX-License-Identifier: Apache-2.0
 *
 * blobs.c - bytes by content, in rows of 256 kB.
 *
 * Each chunk is a command of its own, so an upload shares its commits with
 * everyone else and holds nobody up; what a blob is named after is only known at
 * the end. A content that is there already is not stored a second time. */
#include "store_priv.h"

#include <assert.h>

int
store_blob_stage(struct db *db, int64_t *ret_blob, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_blob_stage, e) < 0)
		return -1;
	return query_number(&q, ret_blob, e) < 0 ? -1 : 0;
}

int
store_blob_chunk(struct db *db, int64_t blob, int64_t n, const void *bytes, size_t len,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	assert(len > 0 && len <= BLOB_CHUNK);
	if (query_open(&q, db, sql_blob_chunk, e) < 0)
		return -1;
	put_int(&q, blob);
	put_int(&q, n);
	put_bytes(&q, bytes, len);
	return query_change(&q, "staged upload", e);
}

/* Nothing is missing between first and last, and nothing behind. */
static int
check_whole(struct db *db, int64_t blob, uint64_t size, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t chunks, last, bytes;

	if (query_open(&q, db, sql_blob_measure, e) < 0)
		return -1;
	put_int(&q, blob);
	if (query_row(&q, e) < 0)
		return -1;
	chunks = get_int(&q);
	last = get_int_or(&q, -1);
	bytes = get_int(&q);
	if (chunks != last + 1 || (uint64_t)bytes != size)
		return err_set(e, ERR_STORE, "upload of %llu bytes is not whole: %lld in %lld chunks",
		    (unsigned long long)size, (long long)bytes, (long long)chunks);
	return 0;
}

static int
find(struct db *db, const uint8_t *sha256, int64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_blob_find, e) < 0)
		return -1;
	put_bytes(&q, sha256, SHA256_LEN);
	return query_number(&q, ret, e);
}

int
store_blob_publish(struct db *db, int64_t blob, const uint8_t sha256[SHA256_LEN], uint64_t size,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t same;
	int rc;

	if (check_whole(db, blob, size, e) < 0)
		return -1;
	rc = find(db, sha256, &same, e);
	if (rc != 0)
		return rc < 0 ? -1 : store_blob_drop(db, blob, e);
	if (query_open(&q, db, sql_blob_publish, e) < 0)
		return -1;
	put_int(&q, blob);
	put_bytes(&q, sha256, SHA256_LEN);
	put_int(&q, (int64_t)size);
	return query_change(&q, "staged upload", e);
}

int
store_blob_drop(struct db *db, int64_t blob, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_blob_drop, e) < 0)
		return -1;
	put_int(&q, blob);
	return query_change(&q, "staged upload", e);
}

int
store_blob_sweep(struct db *db, uint64_t *ret_count, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_blob_sweep, e) < 0 || query_run(&q, e) < 0)
		return -1;
	*ret_count = (uint64_t)sqlite3_changes64(db->handle);
	return 0;
}

static int
exists(struct db *db, int64_t blob, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_blob_find_num, e) < 0)
		return -1;
	put_int(&q, blob);
	return query_row(&q, e);
}

int
store_blob_read(struct db *db, const uint8_t *sha256, int64_t blob, blob_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int64_t next = 0;
	int rc = sha256 != NULL ? find(db, sha256, &blob, e) : exists(db, blob, e);

	if (rc <= 0)
		return rc < 0 ? -1 : err_set(e, ERR_ABSENT, "no such image");
	if (query_open(&q, db, sql_chunk_list, e) < 0)
		return -1;
	put_int(&q, blob);
	while ((rc = query_row(&q, e)) > 0) {
		const void *bytes;
		size_t len;

		if (get_int(&q) != next++)
			return err_set(e, ERR_STORE, "image: chunk %lld is missing",
			    (long long)next - 1);
		bytes = get_lent(&q, &len);
		if (bytes == NULL)
			return db_error(db, SQLITE_NOMEM, e);
		if (fn(arg, bytes, len, e) < 0)
			return -1;
	}
	return rc;
}
