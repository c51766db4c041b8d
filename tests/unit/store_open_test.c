/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening: a new file, the same file again, a newer one, someone else's; and
 * every query against the schema it is meant for. */
#include <sqlite3.h>
#include <sys/stat.h>
#include "store_test.h"
#include "sql.gen.h"

static int
newest(void)
{
	int n = 0;

	while (sql_migrations[n].number != 0)
		n++;
	return n;
}

/* An SQL statement on a file, as a person with a shell would. */
static void
by_hand(const char *path, const char *sql)
{
	sqlite3 *db;

	CHECK(sqlite3_open(path, &db) == SQLITE_OK, "%s", path);
	CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(db));
	sqlite3_close(db);
}

static long
asked(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *q = NULL;
	long n = -1;

	sqlite3_open(path, &db);
	sqlite3_prepare_v2(db, sql, -1, &q, NULL);
	if (sqlite3_step(q) == SQLITE_ROW)
		n = (long)sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static int
make_product(struct db *db, void *arg, struct err *e)
{
	struct product p = sample_product(*(uint32_t *)arg);

	return store_product_insert(db, &p, e);
}

static int
find_product(struct db *db, void *arg, struct err *e)
{
	struct product p;
	int rc = store_product_find(db, *(uint32_t *)arg, &p, e);

	CHECK(rc == 1, "product %u is %d", *(uint32_t *)arg, rc);
	return 0;
}

static void
fresh(const struct place *at)
{
	struct store *st = store_at(at->path, NULL);
	uint32_t ptype = 77;
	struct stat sb;

	CHECK(stat(at->path, &sb) == 0 && (sb.st_mode & 0777) == 0600, "mode %o", sb.st_mode);
	CHECK(store_alive(st), "fresh");
	written(st, make_product, &ptype);
	seen(st, find_product, &ptype);
	store_close(st);
	CHECK(asked(at->path, "PRAGMA application_id") == 0x6f746164, "application_id");
	CHECK(asked(at->path, "PRAGMA user_version") == newest(), "user_version");
	CHECK(asked(at->path, "PRAGMA auto_vacuum") == 2, "incremental");
	CHECK(asked(at->path, "PRAGMA page_size") == 4096, "page size");
	st = store_at(at->path, NULL);
	seen(st, find_product, &ptype);
	store_checkpoint(st);
	store_close(st);
	place_clear(at);
}

/* Two stores in one process share nothing. */
static void
two(const struct place *at)
{
	char other[200];
	struct store *a = store_at(at->path, NULL), *b;
	uint32_t pa = 11, pb = 12;
	struct store_figures figures;

	snprintf(other, sizeof(other), "%s/other.db", at->dir);
	b = store_at(other, NULL);
	written(a, make_product, &pa);
	written(b, make_product, &pb);
	written(a, make_product, &pb);
	seen(b, find_product, &pb);
	seen(a, find_product, &pa);
	store_close(a);
	seen(b, find_product, &pb);
	store_figures(b, &figures);
	CHECK(figures.commands == 1 && figures.commits == 1,
	    "%ju commands, %ju commits", (uintmax_t)figures.commands, (uintmax_t)figures.commits);
	CHECK(figures.wal_bytes > 0 && figures.db_bytes > 0, "bytes");
	store_close(b);
	place_clear(at);
}

static void
refused(const struct place *at, const char *what, const char *word)
{
	const struct store_settings s = { .path = at->path };
	struct err e = ERR_INIT;
	struct store *st = store_open(&s, &e);

	CHECK(st == NULL, "%s was opened", what);
	CHECK(strstr(e.text, word) != NULL, "%s: '%s'", what, e.text);
	store_close(st);
}

static void
foreign(const struct place *at)
{
	struct store *st = store_at(at->path, NULL);
	char word[80];
	FILE *f;

	store_close(st);
	by_hand(at->path, "PRAGMA user_version = 4711");
	snprintf(word, sizeof(word), "written by a newer otad (schema 4711, this one knows %d)",
	    newest());
	refused(at, "a newer schema", word);
	CHECK(asked(at->path, "PRAGMA user_version") == 4711, "it was changed");
	place_clear(at);

	by_hand(at->path, "CREATE TABLE recipe (name TEXT)");
	refused(at, "someone's tables", "not a database of otad");
	CHECK(asked(at->path, "SELECT count(*) FROM sqlite_schema") == 1, "it was changed");
	place_clear(at);

	by_hand(at->path, "PRAGMA application_id = 5");
	refused(at, "someone's empty database", "not a database of otad");
	place_clear(at);

	f = fopen(at->path, "w");
	for (int i = 0; i < 1000; i++)
		fprintf(f, "this is a letter, not a database\n");
	fclose(f);
	refused(at, "a letter", "not a database of otad");
	place_clear(at);

	mkdir(at->path, 0700);
	refused(at, "a folder", at->path);
	rmdir(at->path);
}

/* A start that was cut off between the first page and the first table. */
static void
half_made(const struct place *at)
{
	struct store *st;

	by_hand(at->path, "PRAGMA journal_mode = WAL");
	st = store_at(at->path, NULL);
	store_close(st);
	CHECK(asked(at->path, "PRAGMA user_version") == newest(), "migrated");
	place_clear(at);
}

/* A file of the first schema, with something in it, is brought to the newest. */
static void
older(const struct place *at)
{
	char mark[80];
	struct store *st;
	uint32_t ptype = 5;

	by_hand(at->path, sql_migrations[0].text);
	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = 1",
	    0x6f746164);
	by_hand(at->path, mark);
	by_hand(at->path, "INSERT INTO product VALUES (5, 's', 'n', NULL, 0, 1, 'native', 'image', "
	    "'raw', NULL, NULL, NULL, 1, 1, NULL, NULL)");
	st = store_at(at->path, NULL);
	seen(st, find_product, &ptype);
	store_close(st);
	CHECK(asked(at->path, "PRAGMA user_version") == newest(), "migrated");
	place_clear(at);
}

/* What these ask often must not become slower with a long history. */
static const struct { const char *query, *index; } leads[] = {
	{ "execution_live",	"execution_device (device=? AND stage<?)" },
	{ "execution_tellable",	"execution_queued (job=? AND ptype=? AND device>?)" },
	{ "execution_due",	"execution_due (" },
	{ "execution_aimed",	"execution_device (device=?)" },
	{ "job_open",		"job_part_running (ptype=?)" },
	{ "device_list_ptype",	"device_ptype (ptype=? AND rowid>?)" },
	{ "device_list_tag",	"tag_value (key=?" },
	{ "event_list",		"event_device (device=? AND rowid<?)" },
	{ "fill_slice",		"device_ptype (ptype=? AND rowid>?)" },
	{ "hash_find",		"PRIMARY KEY (bytes=? AND name=? AND ptype=?)" },
	{ "native_find",	"(ptype=? AND text=?)" },
};

/* Each query is valid, and finds its rows of the big tables by an index. */
static void
queries(const struct place *at)
{
	static const char *const walks[] = {	/* in order of their key, with a limit */
		"SCAN event",			/* event_trim: the oldest `limit` rows */
		"SCAN call",
	};
	struct store *st = store_at(at->path, NULL);
	sqlite3 *db;
	int n = 0;

	store_close(st);
	sqlite3_open(at->path, &db);
	for (const struct sql_query *q = sql_queries; q->name != NULL; q++, n++) {
		char *plan = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", q->text);
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(db, plan, -1, &stmt, NULL);

		CHECK(rc == SQLITE_OK, "%s: %s", q->name, sqlite3_errmsg(db));
		const char *lead = NULL;
		bool led = false;

		EACH(l, leads)
			lead = strcmp(l->query, q->name) == 0 ? l->index : lead;
		while (stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(stmt, 3);
			bool scan = strncmp(step, "SCAN", 4) == 0 && (strstr(step, "device") ||
			    strstr(step, "SCAN d") || strstr(step, "execution") ||
			    strstr(step, "SCAN x") || strstr(step, "event") ||
			    strstr(step, "call") ||
			    strstr(step, "chunk")) && !strstr(step, "device_tally");

			EACH(w, walks)
				scan = scan && strcmp(step, *w) != 0;
			CHECK(!scan, "%s: %s", q->name, step);
			led = led || (lead != NULL && strstr(step, lead) != NULL);
		}
		CHECK(led || lead == NULL, "%s does not use %s", q->name, lead);
		sqlite3_finalize(stmt);
		sqlite3_free(plan);
	}
	CHECK(n > 70, "%d queries", n);
	sqlite3_close(db);
	place_clear(at);
}

int
main(void)
{
	struct place at;

	place_make(&at);
	fresh(&at);
	two(&at);
	foreign(&at);
	half_made(&at);
	older(&at);
	queries(&at);
	place_remove(&at);
	return TEST_END();
}
