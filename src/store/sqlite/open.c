/* SPDX-License-Identifier: Apache-2.0
 *
 * open.c - a connection as it has to be, and a file that is ours.
 *
 * Nothing is changed in a file before it is known to be ours (application_id)
 * and not newer than we are (user_version), or empty. Both are written in the
 * transaction of the migration they tell of, so a start that was interrupted is
 * just done again. */
#include "store_priv.h"
#include "filter.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID	0x6f746164	/* "otad" */

/* What differs: the writer may use more memory for its dirty pages, and waits
 * for a person with a shell; nobody waits for a checkpoint. */
static const struct {
	int		flags, patience_ms;
	const char	*pragmas;
} modes[] = {
	[DB_READ] = { SQLITE_OPEN_READONLY, 5000,
		"PRAGMA cache_size = -1000;" },
	[DB_WRITE] = { SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, 5000,
		"PRAGMA cache_size = -8000;"
		"PRAGMA wal_autocheckpoint = 4000;"	/* statuses touch pages all over */
		"PRAGMA foreign_keys = ON;"
		"PRAGMA secure_delete = OFF;" },
	[DB_CHECKPOINT] = { SQLITE_OPEN_READWRITE, 0,
		"PRAGMA cache_size = -100;" },
};

static struct db *
refuse(struct db *db, const char *path, struct err *e)
{
	db_close(db);
	err_while(e, "%s", path);
	return NULL;
}

struct db *
db_open(const char *path, const char *vfs, enum db_mode mode, struct err *e)
{
	struct db *db = calloc(1, sizeof(*db));
	int rc;

	if (db == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	rc = sqlite3_open_v2(path, &db->handle, modes[mode].flags | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE, vfs);
	if (rc != SQLITE_OK) {
		db_error(db, rc, e);
		return refuse(db, path, e);
	}
	sqlite3_busy_timeout(db->handle, modes[mode].patience_ms);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if ((rc = filter_functions(db->handle)) != SQLITE_OK) {
		db_error(db, rc, e);
		return refuse(db, path, e);
	}
	if (db_exec(db, "PRAGMA mmap_size = 268435456;", e) < 0 ||
	    db_exec(db, modes[mode].pragmas, e) < 0)
		return refuse(db, path, e);
	return db;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS_MAX; i++)
		sqlite3_finalize(db->statements[i].stmt);
	sqlite3_close(db->handle);
	free(db);
}

static int
number(struct db *db, const char *sql, int64_t *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	*ret = 0;
	return query_open(&q, db, sql, e) < 0 || query_number(&q, ret, e) < 0 ? -1 : 0;
}

static int
newest(void)
{
	int n = 0;

	while (sql_migrations[n].number != 0)
		n++;
	return n;
}

/* Its schema's number, 0 for an empty file, -1 for what is not to be touched. */
static int
whose(struct db *db, int64_t *ret_version, struct err *e)
{
	int64_t id, objects;

	if (number(db, "PRAGMA application_id", &id, e) < 0 ||
	    number(db, "PRAGMA user_version", ret_version, e) < 0 ||
	    number(db, "SELECT count(*) FROM sqlite_schema", &objects, e) < 0)
		return -1;
	if (id != APPLICATION_ID && (id != 0 || *ret_version != 0 || objects != 0))
		return err_set(e, ERR_STORE, "this is not a database of otad");
	if (*ret_version > newest())
		return err_set(e, ERR_STORE, "written by a newer otad (schema %lld, this one knows %d)",
		    (long long)*ret_version, newest());
	return 0;
}

/* A file system without shared memory keeps the old mode, and says no error. */
static int
write_ahead(struct db *db, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	char mode[16];
	int rc;

	if (query_open(&q, db, "PRAGMA journal_mode = WAL", e) < 0 ||
	    (rc = query_row(&q, e)) < 0)
		return -1;
	get_text(&q, mode, sizeof(mode));
	if (rc == 0 || strcmp(mode, "wal") != 0)
		return err_set(e, ERR_STORE, "no write-ahead log on this file system");
	query_close(&q);
	return db_exec(db, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216;", e);
}

/* The version is read again under the lock: another process may have been first. */
static int
step(struct db *db, const struct sql_migration *m, struct err *e)
{
	char mark[96];
	int64_t version;

	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
	    APPLICATION_ID, m->number);
	if (db_exec(db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (number(db, "PRAGMA user_version", &version, e) == 0 &&
	    (version >= m->number ||
	    (db_exec(db, m->text, e) == 0 && db_exec(db, mark, e) == 0)) &&
	    db_exec(db, "COMMIT", e) == 0)
		return 0;
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	return err_while(e, "migration %d (%s)", m->number, m->name);
}

int
db_migrate(struct db *db, const char *path, struct err *e)
{
	int64_t version;

	if (whose(db, &version, e) < 0)
		return err_while(e, "%s", path);
	/* Both are fixed by the first table, and ignored afterwards. */
	if (db_exec(db, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;", e) < 0 ||
	    write_ahead(db, e) < 0)
		return err_while(e, "%s", path);
	for (const struct sql_migration *m = sql_migrations; m->number != 0; m++)
		if (m->number > version && step(db, m, e) < 0)
			return err_while(e, "%s", path);
	return 0;
}
