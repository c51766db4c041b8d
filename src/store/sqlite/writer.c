/* SPDX-License-Identifier: Apache-2.0
 *
 * writer.c - one thread writes, and whatever queued while it committed is its
 * next group. No timer: under light load a command is a group of its own, under
 * heavy load the price of a commit is shared by hundreds.
 *
 * Producers and the writer meet at one mutex, which the writer takes once a
 * group: it carries all three queues off to its own and gives finished commands
 * back. A waiting caller brings its command on its own stack.
 *
 * The first command of a group needs no savepoint: undoing it is undoing all. If
 * the transaction is lost (some errors end it at once, see sqlite3_get_autocommit)
 * or cannot be committed, nobody was answered yet, and each command is run again
 * alone; so one that cannot succeed does not take the others down with it. */
#include "store_priv.h"

#include <assert.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include "otad/clock.h"

#define QUEUE_MAX	20000	/* when the settings say nothing */
#define GROUP_MAX	1000	/* commands; from there on a commit's price is no longer seen */
#define GROUP_MS	20	/* and a group of slow ones ends then, for the sake of latency */
#define ADMIN_SHARE	100	/* of GROUP_MAX, when statuses alone would fill the group */
#define SPARE_MAX	4096
#define ALIVE_MS	10000

struct command {
	struct command	*next;
	store_fn	*fn;
	done_fn		*done;
	void		*arg;
	struct err	*why;		/* malloc'd, or out_of_memory; when rc is -1 */
	int		rc;
	bool		on_stack;	/* a waiting caller's */
	bool		ran;		/* in the group at hand, whose work may be lost */
	bool		again;		/* queue as bulk: it said CORE_WRITE, and is committed */
};

static struct err out_of_memory = { .code = ERR_INTERNAL, .text = "out of memory" };

static void
queue_init(struct queue *q)
{
	*q = (struct queue){ .last = &q->first };
}

static void
queue_add(struct queue *q, struct command *c)
{
	c->next = NULL;
	*q->last = c;
	q->last = &c->next;
	q->n++;
}

static struct command *
queue_take(struct queue *q)
{
	struct command *c = q->first;

	q->first = c->next;
	if (q->first == NULL)
		q->last = &q->first;
	q->n--;
	return c;
}

static void
queue_move(struct queue *to, struct queue *from)
{
	if (from->n == 0)
		return;
	*to->last = from->first;
	to->last = from->last;
	to->n += from->n;
	queue_init(from);
}

/* ---- running ---- */

static void
keep_error(struct command *c, const struct err *e)
{
	if (c->why == NULL || c->why == &out_of_memory)
		c->why = malloc(sizeof(*c->why));
	if (c->why == NULL)
		c->why = &out_of_memory;
	else
		*c->why = *e;
	c->rc = -1;
}

static void
run(struct db *db, struct command *c)
{
	struct err e = ERR_INIT;

	db->again = c->ran;
	db->within = c->ran = true;
	c->rc = c->fn(db, c->arg, &e);
	db->within = db->again = false;
	c->again = c->rc == CORE_WRITE;
	if (c->rc < 0)
		keep_error(c, &e);
}

static void
roll_back(struct db *db)
{
	struct err ignored = ERR_INIT;

	if (!sqlite3_get_autocommit(db->handle) && db_run(db, "ROLLBACK", &ignored) < 0 &&
	    !sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

static int
commit(struct store *st, struct err *e)
{
	if (db_run(st->writer, "COMMIT", e) == 0) {
		atomic_fetch_add_explicit(&st->commits, 1, memory_order_relaxed);
		return 0;
	}
	atomic_fetch_add_explicit(&st->failed_commits, 1, memory_order_relaxed);
	roll_back(st->writer);
	return -1;
}

/* A transaction of its own, for one whose group was lost. */
static void
run_alone(struct store *st, struct command *c)
{
	struct err e = ERR_INIT;
	struct db *db = st->writer;

	c->again = false;
	if (db_run(db, "BEGIN IMMEDIATE", &e) < 0) {
		keep_error(c, &e);
		return;
	}
	run(db, c);
	if (c->rc >= 0 && sqlite3_get_autocommit(db->handle)) {
		err_set(&e, ERR_STORE, "database: the transaction was lost");
		keep_error(c, &e);
	} else if (c->rc < 0) {
		roll_back(db);
	} else if (commit(st, &e) < 0) {
		keep_error(c, &e);
	}
	if (c->rc < 0)
		c->again = false;
}

/* Run c in the open transaction. False: that is lost, with all who came before. */
static bool
run_among(struct db *db, struct command *c, bool first)
{
	struct err e = ERR_INIT;

	if (!first && db_run(db, "SAVEPOINT command", &e) < 0)
		return false;
	run(db, c);
	if (sqlite3_get_autocommit(db->handle))
		return false;
	if (first) {
		if (c->rc >= 0)
			return true;
		roll_back(db);
		return db_run(db, "BEGIN IMMEDIATE", &e) == 0;
	}
	if (c->rc < 0 && db_run(db, "ROLLBACK TO command", &e) < 0)
		return false;
	return db_run(db, "RELEASE command", &e) == 0;
}

static struct command *
next_of_group(struct queue *mine, bool bulk, unsigned n, unsigned admins)
{
	if (bulk)
		return n == 0 ? queue_take(&mine[URGENT_BULK]) : NULL;
	if (mine[URGENT_STATUS].n > 0 && n + admins < GROUP_MAX)
		return queue_take(&mine[URGENT_STATUS]);
	if (mine[URGENT_ADMIN].n > 0 && n < GROUP_MAX)
		return queue_take(&mine[URGENT_ADMIN]);
	return NULL;
}

/* Move a group's commands to `ran`, and make their results certain. */
static void
run_group(struct store *st, struct queue *mine, bool bulk, struct queue *ran)
{
	struct db *db = st->writer;
	struct err e = ERR_INIT;
	int64_t start = clock_boot_ms(st->clock);
	unsigned admins = mine[URGENT_ADMIN].n;
	struct command *c;
	bool whole = db_run(db, "BEGIN IMMEDIATE", &e) == 0;

	if (admins > ADMIN_SHARE)
		admins = ADMIN_SHARE;
	while ((c = next_of_group(mine, bulk, ran->n, admins)) != NULL) {
		queue_add(ran, c);
		if (whole)
			whole = run_among(db, c, ran->n == 1);
		if (!whole || clock_boot_ms(st->clock) - start > GROUP_MS)
			break;
	}
	if (whole && commit(st, &e) == 0)
		return;
	roll_back(db);
	for (c = ran->first; c != NULL; c = c->next)
		run_alone(st, c);
}

/* ---- answering ---- */

/* Tell the callers; what has to go on as bulk stays with us. Gives back how many
 * were finished, and their memory in *spare. */
static unsigned
answer(struct store *st, struct queue *ran, struct queue *bulk, struct command **spare)
{
	unsigned finished = 0;

	atomic_fetch_add_explicit(&st->commands, ran->n, memory_order_relaxed);
	while (ran->n > 0) {
		struct command *c = queue_take(ran);
		struct err *why = c->why;
		bool on_stack = c->on_stack;

		if (c->again) {
			c->ran = false;
			queue_add(bulk, c);
			continue;
		}
		finished++;
		c->done(c->arg, c->rc, why);
		if (why != &out_of_memory)
			free(why);
		if (on_stack)
			continue;	/* and gone: its caller has woken up */
		c->next = *spare;
		*spare = c;
	}
	return finished;
}

/* Under the lock: take back `finished` commands, carry off what came. False:
 * nothing to do, and never again. */
static bool
meet(struct store *st, struct queue *mine, unsigned finished, struct command **spare)
{
	struct command *c;
	bool more;

	pthread_mutex_lock(&st->lock);
	st->waiting -= finished;
	while ((c = *spare) != NULL && st->nspare < SPARE_MAX) {
		*spare = c->next;
		c->next = st->spare;
		st->spare = c;
		st->nspare++;
	}
	while (st->waiting == 0 && !st->closing) {
		st->asleep = true;
		atomic_store(&st->idle, true);
		pthread_cond_wait(&st->wake, &st->lock);
		atomic_store(&st->beat_ms, clock_boot_ms(st->clock));
		atomic_store(&st->idle, false);
		st->asleep = false;
	}
	for (int u = 0; u < URGENCIES; u++)
		queue_move(&mine[u], &st->queues[u]);
	more = st->waiting > 0;
	pthread_mutex_unlock(&st->lock);
	while ((c = *spare) != NULL) {
		*spare = c->next;
		free(c);
	}
	return more;
}

/* What is urgent goes first; but bulk that was passed over once goes next. So a
 * status waits for one slice at most, and a rollout comes forward under any load. */
static void *
writer_main(void *arg)
{
	struct store *st = arg;
	struct queue mine[URGENCIES], ran;
	struct command *spare = NULL;
	unsigned finished = 0;
	bool bulk, passed = false;

	for (int u = 0; u < URGENCIES; u++)
		queue_init(&mine[u]);
	queue_init(&ran);
	while (meet(st, mine, finished, &spare)) {
		bool urgent = mine[URGENT_STATUS].n + mine[URGENT_ADMIN].n > 0;

		bulk = mine[URGENT_BULK].n > 0 && (!urgent || passed);
		passed = mine[URGENT_BULK].n > 0 && !bulk;
		run_group(st, mine, bulk, &ran);
		finished = answer(st, &ran, &mine[URGENT_BULK], &spare);
		atomic_store(&st->beat_ms, clock_boot_ms(st->clock));
	}
	return NULL;
}

bool
store_again(const struct db *db)
{
	return db->again;
}

/* ---- queueing ---- */

static int
enqueue(struct store *st, enum urgency urgency, struct command *given, const struct command *what,
    struct err *e)
{
	struct command *c = given;
	bool wake;

	pthread_mutex_lock(&st->lock);
	if (st->closing || st->waiting >= st->queue_max) {
		bool closing = st->closing;

		pthread_mutex_unlock(&st->lock);
		return err_set(e, ERR_BUSY, closing ? "the store is closing" :
		    "too many changes are waiting");
	}
	if (c == NULL && (c = st->spare) != NULL) {
		st->spare = c->next;
		st->nspare--;
	}
	if (c == NULL && (c = malloc(sizeof(*c))) == NULL) {
		pthread_mutex_unlock(&st->lock);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	*c = *what;
	queue_add(&st->queues[urgency], c);
	st->waiting++;
	wake = st->asleep;
	st->asleep = false;		/* one wake-up is enough */
	pthread_mutex_unlock(&st->lock);
	if (wake)
		pthread_cond_signal(&st->wake);
	return 0;
}

int
store_write(struct store *st, enum urgency urgency, store_fn *fn, done_fn *done, void *arg,
    struct err *e)
{
	const struct command what = { .fn = fn, .done = done, .arg = arg };

	return enqueue(st, urgency, NULL, &what, e);
}

struct waiter {
	sem_t		done;
	store_fn	*fn;
	void		*arg;
	struct err	*e;
	int		rc;
};

static int
run_waited(struct db *db, void *arg, struct err *e)
{
	struct waiter *w = arg;

	return w->fn(db, w->arg, e);
}

static void
wake_waiter(void *arg, int rc, const struct err *e)
{
	struct waiter *w = arg;

	w->rc = rc;
	if (rc < 0)
		*w->e = *e;
	sem_post(&w->done);
}

int
store_write_wait(struct store *st, enum urgency urgency, store_fn *fn, void *arg, struct err *e)
{
	struct waiter w = { .fn = fn, .arg = arg, .e = e };
	struct command c;
	const struct command what = { .fn = run_waited, .done = wake_waiter, .arg = &w,
		.on_stack = true };

	assert(!pthread_equal(pthread_self(), st->thread));
	sem_init(&w.done, 0, 0);
	if (enqueue(st, urgency, &c, &what, e) == 0)
		while (sem_wait(&w.done) < 0)
			;			/* a signal's handler ran */
	else
		w.rc = -1;
	sem_destroy(&w.done);
	return w.rc;
}

/* ---- life ---- */

int
writer_start(struct store *st, struct err *e)
{
	sigset_t all, old;
	int rc;

	pthread_mutex_init(&st->lock, NULL);
	pthread_cond_init(&st->wake, NULL);
	for (int u = 0; u < URGENCIES; u++)
		queue_init(&st->queues[u]);
	if (st->queue_max == 0)
		st->queue_max = QUEUE_MAX;
	atomic_store(&st->beat_ms, clock_boot_ms(st->clock));
	sigfillset(&all);		/* signals are main's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&st->thread, NULL, writer_main, st);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return 0;
	pthread_cond_destroy(&st->wake);
	pthread_mutex_destroy(&st->lock);
	return err_set(e, ERR_INTERNAL, "writer thread: %s", strerror(rc));
}

void
writer_stop(struct store *st)
{
	struct command *c;

	pthread_mutex_lock(&st->lock);
	st->closing = true;
	pthread_cond_signal(&st->wake);
	pthread_mutex_unlock(&st->lock);
	pthread_join(st->thread, NULL);
	while ((c = st->spare) != NULL) {
		st->spare = c->next;
		free(c);
	}
	pthread_cond_destroy(&st->wake);
	pthread_mutex_destroy(&st->lock);
}

bool
store_alive(struct store *st)
{
	return atomic_load(&st->idle) ||
	    clock_boot_ms(st->clock) - atomic_load(&st->beat_ms) < ALIVE_MS;
}
