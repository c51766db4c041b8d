/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer: groups, savepoints, who goes first, slices, the queue's limit, and
 * an end that finishes what was taken. Nothing here waits for time to pass: the
 * writer is held by a command that waits for a semaphore. */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include "store/sqlite/db.h"
#include "store_test.h"

enum { THREADS = 16, EACH_WRITES = 100 };

/* ---- a row, counted ---- */

static int
insert(struct db *db, void *arg, struct err *e)
{
	struct audit a = { .at_ms = 1 };

	snprintf(a.action, sizeof(a.action), "%s", (const char *)arg);
	return store_audit_insert(db, &a, e);
}

/* Writes a row and then breaks a rule. */
static int
insert_and_fail(struct db *db, void *arg, struct err *e)
{
	struct product p = sample_product(0);

	return insert(db, arg, e) < 0 ? -1 : store_product_insert(db, &p, e);
}

static int
count_one(void *arg, const struct audit *a, struct err *e)
{
	struct { const char *action; int n; } *want = arg;

	(void)e;
	want->n += strcmp(a->action, want->action) == 0;
	return 0;
}

static int
count_fn(struct db *db, void *arg, struct err *e)
{
	return store_audit_list(db, 0, 1000000, count_one, arg, e);
}

static int
rows(struct store *st, const char *action)
{
	struct { const char *action; int n; } want = { action, 0 };

	seen(st, count_fn, &want);
	return want.n;
}

/* ---- holding the writer ---- */

struct gate { sem_t entered, leave; };

static int
hold(struct db *db, void *arg, struct err *e)
{
	struct gate *g = arg;

	(void)db;
	(void)e;
	sem_post(&g->entered);
	sem_wait(&g->leave);
	return 0;
}

static void
nothing(void *arg, int rc, const struct err *e)
{
	(void)arg;
	CHECK(rc == 0, "%s", e->text);
}

static void
gate_close(struct gate *g, struct store *st)
{
	struct err e = ERR_INIT;

	sem_init(&g->entered, 0, 0);
	sem_init(&g->leave, 0, 0);
	CHECK(store_write(st, URGENT_STATUS, hold, nothing, g, &e) == 0, "%s", e.text);
	sem_wait(&g->entered);
}

/* ---- results, kept in order of answer ---- */

static struct { char text[200][32]; int n; } answers;	/* the writer's until it is idle */

static void
keep(void *arg, int rc, const struct err *e)
{
	snprintf(answers.text[answers.n++], 32, "%s=%s", (const char *)arg,
	    rc < 0 ? err_name(e->code) : "ok");
}

static void
queue(struct store *st, enum urgency urgency, store_fn *fn, const char *name)
{
	struct err e = ERR_INIT;

	CHECK(store_write(st, urgency, fn, keep, (void *)(uintptr_t)name, &e) == 0, "%s", e.text);
}

static int
no_op(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return 0;
}

/* Everything queued before is answered after this, bulk too when it is bulk. */
static void
drain(struct store *st, enum urgency urgency)
{
	struct err e = ERR_INIT;

	CHECK(store_write_wait(st, urgency, no_op, NULL, &e) == 0, "%s", e.text);
}

static void
expect(const char *what, ...)
{
	va_list ap;
	const char *want;
	int i = 0;

	va_start(ap, what);
	for (; (want = va_arg(ap, const char *)) != NULL; i++)
		CHECK(i < answers.n && !strcmp(answers.text[i], want), "%s: %d is '%s', not '%s'",
		    what, i, i < answers.n ? answers.text[i] : "", want);
	va_end(ap);
	CHECK(i == answers.n, "%s: %d answers", what, answers.n);
	answers.n = 0;
}

/* ---- stories ---- */

static void *
write_many(void *arg)
{
	struct store *st = arg;
	struct err e = ERR_INIT;
	intptr_t failed = 0;

	for (int i = 0; i < EACH_WRITES; i++)
		failed += store_write_wait(st, URGENT_STATUS, insert,
		    (void *)(uintptr_t)"many", &e) < 0;
	return (void *)failed;
}

static void
many_threads(struct store *st)
{
	pthread_t t[THREADS];
	struct store_figures before, after;

	store_figures(st, &before);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, write_many, st);
	for (int i = 0; i < THREADS; i++) {
		void *failed;

		pthread_join(t[i], &failed);
		CHECK(failed == NULL, "%zd failed", (intptr_t)failed);
	}
	store_figures(st, &after);
	CHECK(rows(st, "many") == THREADS * EACH_WRITES, "%d", rows(st, "many"));
	CHECK(after.commands - before.commands == THREADS * EACH_WRITES, "commands");
	CHECK(after.commits - before.commits < THREADS * EACH_WRITES, "commits were shared");
	/* The writer counts what it finished when it comes for more. */
	for (int i = 0; i < 1000000 && after.queue_length > 0; i++) {
		sched_yield();
		store_figures(st, &after);
	}
	CHECK(after.queue_length == 0, "%ju left", (uintmax_t)after.queue_length);
}

static void
among_others(struct store *st)
{
	struct store_figures before, after;
	struct gate g;

	store_figures(st, &before);
	gate_close(&g, st);
	queue(st, URGENT_STATUS, insert_and_fail, "bad1");	/* first: no savepoint */
	queue(st, URGENT_STATUS, insert, "good1");
	queue(st, URGENT_STATUS, insert_and_fail, "bad2");
	queue(st, URGENT_STATUS, insert, "good2");
	queue(st, URGENT_STATUS, insert_and_fail, "bad3");
	sem_post(&g.leave);
	drain(st, URGENT_ADMIN);
	drain(st, URGENT_BULK);
	expect("among others", "bad1=bad", "good1=ok", "bad2=bad", "good2=ok", "bad3=bad", NULL);
	store_figures(st, &after);
	CHECK(after.commits - before.commits <= 4, "one group, and what held and drained");
	CHECK(rows(st, "good1") == 1 && rows(st, "good2") == 1, "good ones");
	CHECK(rows(st, "bad1") == 0 && rows(st, "bad2") == 0 && rows(st, "bad3") == 0, "bad ones");
}

static void
who_goes_first(struct store *st)
{
	struct gate g, h;

	gate_close(&g, st);
	queue(st, URGENT_BULK, no_op, "bulk1");
	queue(st, URGENT_BULK, no_op, "bulk2");
	queue(st, URGENT_ADMIN, no_op, "admin1");
	queue(st, URGENT_STATUS, no_op, "status1");
	queue(st, URGENT_ADMIN, no_op, "admin2");
	queue(st, URGENT_STATUS, no_op, "status2");
	sem_post(&g.leave);
	drain(st, URGENT_BULK);
	expect("by urgency", "status1=ok", "status2=ok", "admin1=ok", "admin2=ok", "bulk1=ok",
	    "bulk2=ok", NULL);

	/* Between two slices of bulk, what is urgent goes first. */
	gate_close(&g, st);
	sem_init(&h.entered, 0, 0);
	sem_init(&h.leave, 0, 0);
	CHECK(store_write(st, URGENT_BULK, hold, nothing, &h, &(struct err)ERR_INIT) == 0, "held");
	queue(st, URGENT_BULK, no_op, "bulk");
	sem_post(&g.leave);
	sem_wait(&h.entered);
	queue(st, URGENT_STATUS, no_op, "status");
	sem_post(&h.leave);
	drain(st, URGENT_BULK);
	expect("between slices", "status=ok", "bulk=ok", NULL);
}

/* ---- a transaction that ends in the middle ---- */

static int64_t hog_blob;

/* Few pages are left: more than that ends the transaction, not the command only. */
static int
limit_pages(struct db *db, void *arg, struct err *e)
{
	sqlite3_stmt *q;
	char *sql;

	(void)arg;
	sqlite3_prepare_v2(db->handle, "PRAGMA page_count", -1, &q, NULL);
	sqlite3_step(q);
	sql = sqlite3_mprintf("PRAGMA max_page_count = %d", sqlite3_column_int(q, 0) + 40);
	sqlite3_finalize(q);
	CHECK(db_exec(db, sql, e) == 0, "%s", e->text);
	sqlite3_free(sql);
	return store_blob_stage(db, &hog_blob, e);
}

static int
lift_limit(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return db_exec(db, "PRAGMA max_page_count = 4294967294", e);
}

static int
hog(struct db *db, void *arg, struct err *e)
{
	char sql[128];
	int rc;

	if (insert(db, arg, e) < 0)
		return -1;
	snprintf(sql, sizeof(sql), "INSERT INTO chunk (blob, n, bytes) VALUES (%lld, 0, "
	    "zeroblob(262144))", (long long)hog_blob);
	rc = db_exec(db, sql, e);
	CHECK(rc < 0 && sqlite3_get_autocommit(db->handle), "the transaction goes on");
	if (strcmp(arg, "careless") != 0)
		return rc;
	/* One that does not look at its results would write outside of any transaction. */
	CHECK(insert(db, arg, e) < 0 && e->code == ERR_STORE, "it did");
	return 0;
}

static void
lost_in_the_middle(struct store *st)
{
	struct gate g;

	written(st, limit_pages, NULL);
	gate_close(&g, st);
	queue(st, URGENT_STATUS, insert, "before");
	queue(st, URGENT_STATUS, hog, "hog1");
	queue(st, URGENT_STATUS, insert, "between");
	queue(st, URGENT_STATUS, hog, "hog2");
	queue(st, URGENT_STATUS, insert, "behind");
	sem_post(&g.leave);
	drain(st, URGENT_STATUS);
	expect("full", "before=ok", "hog1=full", "between=ok", "hog2=full", "behind=ok", NULL);
	CHECK(rows(st, "before") == 1 && rows(st, "between") == 1 && rows(st, "behind") == 1,
	    "%d %d %d", rows(st, "before"), rows(st, "between"), rows(st, "behind"));
	CHECK(rows(st, "hog1") == 0 && rows(st, "hog2") == 0, "hogs");
	queue(st, URGENT_STATUS, hog, "careless");
	drain(st, URGENT_STATUS);
	expect("lost without a word", "careless=store", NULL);
	CHECK(rows(st, "careless") == 0, "%d rows", rows(st, "careless"));
	written(st, lift_limit, NULL);
}

/* Five slices; then a status finds its turn among them. */
static int
slice(struct db *db, void *arg, struct err *e)
{
	int *left = arg;

	CHECK(!store_again(db), "nothing was lost");
	return insert(db, (void *)(uintptr_t)"slice", e) < 0 ? -1 : --*left > 0 ? CORE_WRITE : 0;
}

static void
slices(struct store *st)
{
	int left = 5;

	written(st, slice, &left);
	CHECK(left == 0 && rows(st, "slice") == 5, "%d left, %d rows", left, rows(st, "slice"));
}

static void
too_many(const struct place *at)
{
	char path[200];
	struct store_settings s = { .path = path, .queue_max = 3 };
	struct err e = ERR_INIT;
	struct store *st;
	struct gate g;

	snprintf(path, sizeof(path), "%s/small.db", at->dir);
	st = store_open(&s, &e);
	CHECK(st != NULL, "%s", e.text);
	if (st == NULL)
		return;
	gate_close(&g, st);
	queue(st, URGENT_STATUS, no_op, "1");
	queue(st, URGENT_BULK, no_op, "2");
	CHECK(store_write(st, URGENT_STATUS, no_op, keep, NULL, &e) < 0 && e.code == ERR_BUSY, "full");
	CHECK(store_write_wait(st, URGENT_STATUS, no_op, NULL, &e) < 0 && e.code == ERR_BUSY, "full");
	sem_post(&g.leave);
	store_close(st);
	expect("a full queue", "1=ok", "2=ok", NULL);
}

/* A snapshot stays what it was, also for a question within a question. */
static int
stays(struct db *db, void *arg, struct err *e)
{
	struct store *st = arg;
	struct { const char *action; int n; } want = { "later", 0 }, again = { "later", 0 };

	if (count_fn(db, &want, e) < 0)
		return -1;
	written(st, insert, (void *)(uintptr_t)"later");
	CHECK(store_read(st, count_fn, &again, e) == 0 && again.n == want.n, "%d then %d", want.n,
	    again.n);
	return 0;
}

static void *
read_and_end(void *arg)
{
	CHECK(rows(arg, "many") == THREADS * EACH_WRITES, "another thread");
	return NULL;
}

static void
snapshots(struct store *st)
{
	pthread_t t;

	seen(st, stays, st);
	CHECK(rows(st, "later") == 1, "%d", rows(st, "later"));
	pthread_create(&t, NULL, read_and_end, st);
	pthread_join(t, NULL);
}

static void *
close_it(void *arg)
{
	store_close(arg);
	return NULL;
}

static void
finished(void *arg, int rc, const struct err *e)
{
	(void)e;
	*(int *)arg += rc == 0;
}

static int
last_slice(struct db *db, void *arg, struct err *e)
{
	int *left = arg;

	return insert(db, (void *)(uintptr_t)"last", e) < 0 ? -1 : --*left > 0 ? CORE_WRITE : 0;
}

/* Closing finishes what was taken, slices too, and takes nothing new. */
static void
closing(struct store *st, const struct place *at)
{
	struct err e = ERR_INIT;
	struct gate g;
	pthread_t t;
	int done = 0, sent = 0, left = 3, rc;

	gate_close(&g, st);
	CHECK(store_write(st, URGENT_BULK, last_slice, nothing, &left, &e) == 0, "%s", e.text);
	pthread_create(&t, NULL, close_it, st);
	for (;;) {
		rc = store_write(st, URGENT_ADMIN, no_op, finished, &done, &e);
		sent += rc == 0;
		if (rc < 0 && strstr(e.text, "closing") != NULL)
			break;
		sched_yield();
	}
	CHECK(e.code == ERR_BUSY, "%s", e.text);
	sem_post(&g.leave);
	pthread_join(t, NULL);
	CHECK(done == sent, "%d of %d", done, sent);
	st = store_at(at->path, NULL);
	CHECK(left == 0 && rows(st, "last") == 3, "%d left", left);
	store_close(st);
}

int
main(void)
{
	struct place at;
	struct store *st;

	place_make(&at);
	st = store_at(at.path, NULL);
	many_threads(st);
	among_others(st);
	who_goes_first(st);
	lost_in_the_middle(st);
	slices(st);
	too_many(&at);
	snapshots(st);
	closing(st, &at);
	place_remove(&at);
	return TEST_END();
}
