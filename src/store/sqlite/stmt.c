/* SPDX-License-Identifier: Apache-2.0
 *
 * stmt.c - statements are looked up by the address of their text, which costs a
 * few nanoseconds, where preparing costs as much as running. A statement that is
 * busy already (a walk whose callback asks the same) is prepared once more. */
#include "db.h"

#include <string.h>
#include "otad/buf.h"

/* Extended codes that say which rule of the schema was broken. */
static enum err_code
meaning(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ERR_CONFLICT;
	case SQLITE_CONSTRAINT_CHECK:
	case SQLITE_CONSTRAINT_NOTNULL:
	case SQLITE_CONSTRAINT_DATATYPE:
		return ERR_BAD;
	}
	switch (rc & 0xff) {
	case SQLITE_FULL:	return ERR_FULL;
	case SQLITE_CONSTRAINT:	return ERR_CONFLICT;
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:	return ERR_BAD;
	}
	return ERR_STORE;
}

int
db_error(struct db *db, int rc, struct err *e)
{
	/* Out of memory, or misuse: the handle's last word is about something else. */
	bool own = db->handle != NULL && sqlite3_extended_errcode(db->handle) == rc;

	if ((rc & 0xff) == SQLITE_NOTADB)
		return err_set(e, ERR_STORE, "this is not a database of otad");
	return err_set(e, meaning(rc), "database: %s",
	    own ? sqlite3_errmsg(db->handle) : sqlite3_errstr(rc));
}

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : db_error(db, rc, e);
}

int
db_run(struct db *db, const char *sql, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	return query_open(&q, db, sql, e) < 0 ? -1 : query_run(&q, e);
}

static struct statement *
place(struct db *db, const char *sql)
{
	size_t i = ((uintptr_t)sql >> 4) * 0x9e3779b97f4a7c15u >> 40;

	for (;; i++) {
		struct statement *s = &db->statements[i % STATEMENTS_MAX];

		if (s->sql == sql || s->sql == NULL)
			return s;
	}
}

int
query_open(struct query *q, struct db *db, const char *sql, struct err *e)
{
	struct statement *s = place(db, sql);
	bool keep = s->sql == sql || db->nstatements < STATEMENTS_MAX / 2;
	int rc;

	*q = (struct query){ .db = db };
	/* What is written now would be committed by itself, at once. */
	if (db->within && sqlite3_get_autocommit(db->handle))
		return err_set(e, ERR_STORE, "database: the transaction was lost");
	if (s->sql == sql && !s->busy) {
		q->stmt = s->stmt;
		q->kept = s;
		s->busy = true;
		return 0;
	}
	keep = keep && !s->busy;
	rc = sqlite3_prepare_v3(db->handle, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0,
	    &q->stmt, NULL);
	if (rc != SQLITE_OK)
		return db_error(db, rc, e);
	if (keep) {
		*s = (struct statement){ .sql = sql, .stmt = q->stmt, .busy = true };
		q->kept = s;
		db->nstatements++;
	}
	return 0;
}

/* Nothing to find it by: the next text may stand at the same address. */
int
query_open_text(struct query *q, struct db *db, const char *sql, struct err *e)
{
	int rc;

	*q = (struct query){ .db = db };
	if (db->within && sqlite3_get_autocommit(db->handle))
		return err_set(e, ERR_STORE, "database: the transaction was lost");
	rc = sqlite3_prepare_v3(db->handle, sql, -1, 0, &q->stmt, NULL);
	return rc == SQLITE_OK ? 0 : db_error(db, rc, e);
}

void
query_close(struct query *q)
{
	if (q->stmt == NULL)
		return;
	if (q->kept == NULL) {
		sqlite3_finalize(q->stmt);
	} else {
		sqlite3_reset(q->stmt);
		if (q->put > 0)
			sqlite3_clear_bindings(q->stmt);
		q->kept->busy = false;
	}
	*q = (struct query)QUERY_INIT;
}

static void
note(struct query *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void
put_int(struct query *q, int64_t v)
{
	note(q, sqlite3_bind_int64(q->stmt, ++q->put, v));
}

/* A parameter that is not bound is NULL. */
void
put_some(struct query *q, int64_t v)
{
	if (v != 0)
		put_int(q, v);
	else
		q->put++;
}

void
put_text(struct query *q, const char *v)
{
	q->put++;
	if (v != NULL)
		note(q, sqlite3_bind_text(q->stmt, q->put, v, -1, SQLITE_STATIC));
}

void
put_words(struct query *q, const char *v)
{
	put_text(q, v != NULL && v[0] != '\0' ? v : NULL);
}

void
put_letter(struct query *q, char c)
{
	q->put++;
	if (c != '\0')
		note(q, sqlite3_bind_text(q->stmt, q->put, &c, 1, SQLITE_TRANSIENT));
}

void
put_bytes(struct query *q, const void *v, size_t n)
{
	q->put++;
	if (v != NULL)
		note(q, sqlite3_bind_blob64(q->stmt, q->put, v, n, SQLITE_STATIC));
}

int
query_row(struct query *q, struct err *e)
{
	int rc = q->rc;

	q->get = 0;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(q->stmt);
	switch (rc) {
	case SQLITE_ROW:	return 1;
	case SQLITE_DONE:	return 0;
	}
	return db_error(q->db, rc, e);
}

int
query_run(struct query *q, struct err *e)
{
	int rc;

	while ((rc = query_row(q, e)) > 0)
		;
	return rc;
}

int
query_change(struct query *q, const char *what, struct err *e)
{
	if (query_run(q, e) < 0)
		return -1;
	if (sqlite3_changes(q->db->handle) == 0)
		return err_set(e, ERR_ABSENT, "no such %s", what);
	return 0;
}

int
query_number(struct query *q, int64_t *ret, struct err *e)
{
	int rc = query_row(q, e);

	if (rc <= 0)
		return rc;
	if (sqlite3_column_type(q->stmt, 0) == SQLITE_NULL)
		rc = 0;
	else
		*ret = get_int(q);
	return query_run(q, e) < 0 ? -1 : rc;
}

int64_t
get_int(struct query *q)
{
	return sqlite3_column_int64(q->stmt, q->get++);
}

int64_t
get_int_or(struct query *q, int64_t fallback)
{
	if (sqlite3_column_type(q->stmt, q->get) != SQLITE_NULL)
		return get_int(q);
	q->get++;
	return fallback;
}

char
get_letter(struct query *q)
{
	const unsigned char *s = sqlite3_column_text(q->stmt, q->get++);

	return s != NULL ? (char)s[0] : '\0';
}

void
get_text(struct query *q, char *ret, size_t size)
{
	const unsigned char *s = sqlite3_column_text(q->stmt, q->get);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, q->get++);

	if (s == NULL)
		n = 0;
	if (n >= size)			/* what was put had fitted: a file edited by hand */
		n = size - 1;
	if (n > 0)
		memcpy(ret, s, n);
	ret[n] = '\0';
}

int
get_words(struct query *q, char **ret, struct err *e)
{
	const unsigned char *s = sqlite3_column_text(q->stmt, q->get++);

	*ret = strdup(s != NULL ? (const char *)s : "");
	return *ret != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

int
get_words_if(struct query *q, char **ret, struct err *e)
{
	*ret = NULL;
	if (sqlite3_column_type(q->stmt, q->get) != SQLITE_NULL)
		return get_words(q, ret, e);
	q->get++;
	return 0;
}

void
get_buf(struct query *q, struct buf *ret)
{
	size_t n;
	const void *p = get_lent(q, &n);

	buf_add(ret, p, n);
}

bool
get_bytes(struct query *q, void *ret, size_t n)
{
	size_t len;
	const void *p = get_lent(q, &len);

	if (p == NULL || len != n) {
		memset(ret, 0, n);
		return false;
	}
	memcpy(ret, p, n);
	return true;
}

const void *
get_lent(struct query *q, size_t *ret_len)
{
	const void *p = sqlite3_column_blob(q->stmt, q->get);

	*ret_len = p != NULL ? (size_t)sqlite3_column_bytes(q->stmt, q->get) : 0;
	q->get++;
	return p;
}
