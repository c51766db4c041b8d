/* SPDX-License-Identifier: Apache-2.0
 *
 * raw - what SQLite alone does of otad's work, as the yardstick for it: the rows
 * that must be written, committed durably, and nothing around them (no HTTP, no
 * threads, no checks). Tables are otad's in the columns that are touched.
 *
 *	raw statuses FILE DEVICES GROUP SECONDS	statuses written, a line of JSON
 *	raw rollout FILE DEVICES SLICE		execution rows made, a line of JSON */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *db;

static void
fail(const char *what)
{
	fprintf(stderr, "raw: %s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "");
	exit(1);
}

static void
run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(sql);
}

static sqlite3_stmt *
prepare(const char *sql)
{
	sqlite3_stmt *q;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
		fail(sql);
	return q;
}

static void
step(sqlite3_stmt *q)
{
	if (sqlite3_step(q) != SQLITE_DONE || sqlite3_reset(q) != SQLITE_OK)
		fail(sqlite3_sql(q));
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t
chance(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static void
prepare_database(const char *path, int64_t devices)
{
	char sql[512];

	if (sqlite3_open(path, &db) != SQLITE_OK)
		fail(path);
	run("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA mmap_size = 1073741824");
	run("CREATE TABLE IF NOT EXISTS device (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	    " ptype INTEGER) STRICT");
	run("CREATE TABLE IF NOT EXISTS execution (job INTEGER NOT NULL, device INTEGER NOT NULL,"
	    " ptype INTEGER NOT NULL, target INTEGER NOT NULL, state INTEGER NOT NULL,"
	    " progress INTEGER, due_ms INTEGER, queued_ms INTEGER, detail TEXT,"
	    " PRIMARY KEY (job, device, ptype)) STRICT, WITHOUT ROWID");
	run("CREATE INDEX IF NOT EXISTS execution_device ON execution (device)");
	run("CREATE INDEX IF NOT EXISTS execution_due ON execution (due_ms)"
	    " WHERE due_ms IS NOT NULL");
	run("CREATE INDEX IF NOT EXISTS execution_queued ON execution (job, ptype, device)"
	    " WHERE state = 0");
	run("CREATE TABLE IF NOT EXISTS event (num INTEGER PRIMARY KEY AUTOINCREMENT,"
	    " at_ms INTEGER NOT NULL, device INTEGER, job INTEGER, ptype INTEGER,"
	    " kind TEXT NOT NULL, detail TEXT) STRICT");
	run("CREATE INDEX IF NOT EXISTS event_device ON event (device)");
	snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO device"
	    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
	    " SELECT i, printf('dev-%%06d', i), 45772 FROM n", (long long)devices);
	run(sql);
}

/* Rows of one job, in slices: what a rollout's start has to write at least. */
static void
make_rows(int64_t job, int64_t devices, int64_t slice)
{
	sqlite3_stmt *q = prepare("INSERT INTO execution (job, device, ptype, target, state,"
	    " due_ms, queued_ms) SELECT ?1, num, ptype, 1, 0, 1790000000000, 1780000000000"
	    " FROM device WHERE num > ?2 AND num <= ?2 + ?3");

	for (int64_t at = 0; at < devices; at += slice) {
		sqlite3_bind_int64(q, 1, job);
		sqlite3_bind_int64(q, 2, at);
		sqlite3_bind_int64(q, 3, slice);
		step(q);
	}
	sqlite3_finalize(q);
}

static void
rollout(int64_t devices, int64_t slice)
{
	double from, to;
	sqlite3_stmt *q = prepare("SELECT coalesce(max(job), 0) + 1 FROM execution");
	int64_t job;

	if (sqlite3_step(q) != SQLITE_ROW)
		fail("job");
	job = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	from = seconds(CLOCK_MONOTONIC);
	make_rows(job, devices, slice);
	to = seconds(CLOCK_MONOTONIC);
	printf("{\"rows\":%lld,\"seconds\":%.6f}\n", (long long)devices, to - from);
}

static void
statuses(int64_t devices, int group, double limit)
{
	sqlite3_stmt *event, *change;
	double from, cpu, took;
	uint64_t random = 1;
	int64_t done = 0;

	make_rows(0, devices, 10000);
	event = prepare("INSERT INTO event (at_ms, device, job, ptype, kind, detail)"
	    " VALUES (?1, ?2, 0, 45772, 'progress', 'writing block')");
	change = prepare("UPDATE execution SET progress = ?1, due_ms = ?2, detail = 'writing block'"
	    " WHERE job = 0 AND device = ?3 AND ptype = 45772");
	from = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	do {
		run("BEGIN IMMEDIATE");
		for (int i = 0; i < group; i++, done++) {
			int64_t device = 1 + chance(&random) % devices;

			sqlite3_bind_int64(event, 1, 1780000000000 + done);
			sqlite3_bind_int64(event, 2, device);
			step(event);
			sqlite3_bind_int64(change, 1, done % 100);
			sqlite3_bind_int64(change, 2, 1790000000000 + done);
			sqlite3_bind_int64(change, 3, device);
			step(change);
		}
		run("COMMIT");
		took = seconds(CLOCK_MONOTONIC) - from;
	} while (took < limit);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"rows\":%lld,\"seconds\":%.6f,\"cpu\":%.6f}\n", (long long)done, took, cpu);
	sqlite3_finalize(event);
	sqlite3_finalize(change);
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "statuses") == 0) {
		prepare_database(argv[2], atoll(argv[3]));
		statuses(atoll(argv[3]), atoi(argv[4]), atof(argv[5]));
	} else if (argc == 5 && strcmp(argv[1], "rollout") == 0) {
		prepare_database(argv[2], atoll(argv[3]));
		rollout(atoll(argv[3]), atoll(argv[4]));
	} else {
		fputs("usage: raw statuses FILE DEVICES GROUP SECONDS | "
		    "raw rollout FILE DEVICES SLICE\n", stderr);
		return 2;
	}
	sqlite3_close(db);
	return 0;
}
