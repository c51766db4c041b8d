/* SPDX-License-Identifier: Apache-2.0
 *
 * kill -9 in the middle of a stream of commands. A child writes from several
 * threads and tells each acknowledgement through a pipe; the parent kills it
 * after some, and looks: all that was told of is there, nothing is there by half. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include "store_test.h"

enum { ROUNDS = 8, THREADS = 8, PATIENCE_MS = 20000 };

struct writer { struct store *st; int out, round, thread; };
struct row { int round, thread, i; };

/* A device and an event that belong together. */
static int
insert(struct db *db, void *arg, struct err *e)
{
	const struct row *r = arg;
	struct device d = sample_device("", 0);
	struct event ev = { .at_ms = 1, .kind = "enrolled" };

	snprintf(d.id, sizeof(d.id), "%d-%d-%d", r->round, r->thread, r->i);
	if (store_device_insert(db, &d, &ev.device, e) < 0)
		return -1;
	return store_event_insert(db, &ev, e);
}

static void *
write_on(void *arg)
{
	const struct writer *w = arg;
	struct row r = { .round = w->round, .thread = w->thread };
	struct err e = ERR_INIT;

	for (; store_write_wait(w->st, URGENT_STATUS, insert, &r, &e) == 0; r.i++)
		if (write(w->out, &r, sizeof(r)) != sizeof(r))
			break;
	return NULL;
}

static void
child(const char *path, int round, int out)
{
	const struct store_settings s = { .path = path };
	struct err e = ERR_INIT;
	struct writer w[THREADS];
	pthread_t t;

	w[0].st = store_open(&s, &e);
	if (w[0].st == NULL)
		_exit(1);
	for (int i = 0; i < THREADS; i++) {
		w[i] = (struct writer){ w[0].st, out, round, i };
		pthread_create(&t, NULL, write_on, &w[i]);
	}
	pthread_join(t, NULL);		/* never: it is killed */
	_exit(1);
}

/* The number of acknowledgements; the last of each thread in last[]. */
static int
listen_for(int in, int want, int last[THREADS])
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	struct row r;
	int n = 0;

	while (n < want && poll(&p, 1, PATIENCE_MS) > 0 && read(in, &r, sizeof(r)) == sizeof(r)) {
		last[r.thread] = r.i;
		n++;
	}
	return n;
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
all_there(struct db *db, void *arg, struct err *e)
{
	const struct writer *w = arg;	/* thread: the last that was acknowledged, by thread */
	struct device d;

	for (int t = 0; t < THREADS; t++)
		for (int i = 0; i <= w[t].thread; i++) {
			char id[DEVICE_ID_MAX];

			snprintf(id, sizeof(id), "%d-%d-%d", w->round, t, i);
			CHECK(store_device_find(db, id, &d, e) == 1, "%s is lost", id);
		}
	return 0;
}

static void
one_round(const struct place *at, int round)
{
	struct writer found[THREADS];
	struct store *st;
	int pipes[2], last[THREADS], acks, status;
	pid_t pid;

	for (int t = 0; t < THREADS; t++)
		last[t] = -1;
	if (pipe(pipes) < 0 || (pid = fork()) < 0) {
		perror("fork");
		exit(1);
	}
	if (pid == 0)
		child(at->path, round, pipes[1]);
	close(pipes[1]);
	acks = listen_for(pipes[0], 1 + 37 * round, last);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	acks += listen_for(pipes[0], INT32_MAX, last);
	close(pipes[0]);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended by itself");
	CHECK(acks >= 1 + 37 * round, "%d acknowledgements", acks);

	for (int t = 0; t < THREADS; t++)
		found[t] = (struct writer){ .round = round, .thread = last[t] };
	st = store_at(at->path, NULL);
	seen(st, all_there, found);
	store_close(st);
	CHECK(asked(at->path, "SELECT count(*) = 1 AND min(integrity_check) = 'ok' "
	    "FROM pragma_integrity_check") == 1, "integrity");
	CHECK(asked(at->path, "SELECT count(*) FROM device WHERE num NOT IN "
	    "(SELECT device FROM event)") == 0, "half");
	CHECK(asked(at->path, "SELECT (SELECT count(*) FROM device) - (SELECT count(*) FROM event)")
	    == 0, "as many");
	CHECK(asked(at->path, "SELECT (SELECT count(*) FROM device) - "
	    "(SELECT n FROM device_tally WHERE status = 1)") == 0, "tally");
}

int
main(void)
{
	struct place at;

	place_make(&at);
	for (int round = 0; round < ROUNDS; round++)
		one_round(&at, round);
	place_remove(&at);
	return TEST_END();
}
