/* SPDX-License-Identifier: Apache-2.0
 *
 * store.c - the store as a whole: opened, closed, looked at from outside. */
#include "store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/buf.h"
#include "otad/clock.h"

#define TRUNCATE_OVER	(1024 * 1024)	/* bytes of log worth the writer's lock */

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Memory statistics would put one lock around every allocation of all threads.
 * Refused when SQLite is in use already, which does no harm. */
static void
configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* It holds hashes of keys: nobody else's to read. SQLite gives its log and its
 * shared memory the same mode. */
static int
create(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(e, errno == ENOSPC ? ERR_FULL : ERR_STORE, "%s", path);
	close(fd);
	return 0;
}

static void
store_free(struct store *st)
{
	db_close(st->checkpointer);
	db_close(st->writer);		/* the last one: it empties the log */
	clock_free(st->clock);
	free(st->vfs);
	free(st->path);
	free(st);
}

struct store *
store_open(const struct store_settings *s, struct err *e)
{
	struct store *st = calloc(1, sizeof(*st));

	pthread_once(&once, configure);
	if (st == NULL || (st->path = strdup(s->path)) == NULL ||
	    (s->vfs != NULL && (st->vfs = strdup(s->vfs)) == NULL)) {
		err_set(e, ERR_INTERNAL, "out of memory");
		goto fail;
	}
	st->queue_max = s->queue_max > 0 ? (unsigned)s->queue_max : 0;
	if ((st->clock = clock_new(NULL, e)) == NULL || create(s->path, e) < 0 ||
	    (st->writer = db_open(s->path, s->vfs, DB_WRITE, e)) == NULL ||
	    db_migrate(st->writer, s->path, e) < 0 || readers_start(st, e) < 0)
		goto fail;
	if (writer_start(st, e) < 0) {
		readers_stop(st);
		goto fail;
	}
	pthread_mutex_init(&st->checkpoint_lock, NULL);
	return st;
fail:
	if (st != NULL)
		store_free(st);
	return NULL;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	writer_stop(st);
	readers_stop(st);
	pthread_mutex_destroy(&st->checkpoint_lock);
	store_free(st);
}

/* ---- looked at ---- */

static uint64_t
file_size(const char *path, const char *ending)
{
	AUTO(buf) struct buf name = BUF_INIT;
	struct stat sb;

	buf_adds(&name, path);
	buf_adds(&name, ending);
	return !name.failed && stat(name.p, &sb) == 0 ? (uint64_t)sb.st_size : 0;
}

static int
count(struct db *db, void *arg, struct err *e)
{
	struct store_figures *ret = arg;
	AUTO(query) struct query tally = QUERY_INIT, running = QUERY_INIT;
	int64_t n = 0;
	int rc;

	if (query_open(&tally, db, sql_device_tally, e) < 0)
		return -1;
	while ((rc = query_row(&tally, e)) > 0) {
		int64_t status = get_int(&tally);

		if (status >= 0 && (size_t)status < NELEM(ret->devices))
			ret->devices[status] = (uint64_t)get_int(&tally);
	}
	if (rc < 0 || query_open(&running, db, sql_job_running_count, e) < 0 ||
	    query_number(&running, &n, e) < 0)
		return -1;
	ret->jobs_running = (uint64_t)n;
	return 0;
}

/* What cannot be read counts as none: figures are no reason to fail. */
void
store_figures(struct store *st, struct store_figures *ret)
{
	struct err ignored = ERR_INIT;

	*ret = (struct store_figures){
		.commits = atomic_load(&st->commits),
		.commands = atomic_load(&st->commands),
		.failed_commits = atomic_load(&st->failed_commits),
		.wal_bytes = file_size(st->path, "-wal"),
		.db_bytes = file_size(st->path, ""),
	};
	pthread_mutex_lock(&st->lock);
	ret->queue_length = st->waiting;
	pthread_mutex_unlock(&st->lock);
	store_read(st, count, ret, &ignored);
}

/* PASSIVE is in nobody's way. The log shrinks only when the writer is idle, since
 * that takes its lock for a moment. */
void
store_checkpoint(struct store *st)
{
	struct err ignored = ERR_INIT;
	int frames = 0, done = 0;

	pthread_mutex_lock(&st->checkpoint_lock);
	if (st->checkpointer == NULL)
		st->checkpointer = db_open(st->path, st->vfs, DB_CHECKPOINT, &ignored);
	if (st->checkpointer != NULL &&
	    sqlite3_wal_checkpoint_v2(st->checkpointer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    &frames, &done) == SQLITE_OK && frames == done && atomic_load(&st->idle) &&
	    file_size(st->path, "-wal") > TRUNCATE_OVER)
		sqlite3_wal_checkpoint_v2(st->checkpointer->handle, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	pthread_mutex_unlock(&st->checkpoint_lock);
}
