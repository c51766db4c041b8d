/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c - each thread that reads has a connection of its own, made at its
 * first question and closed when the thread ends or the store does. So readers
 * share no lock with anyone, and never wait for the writer. */
#include "store_priv.h"

#include <string.h>

static void
reader_free(struct reader *r)
{
	db_close(r->db);
	free(r);
}

/* A thread with a reader ended before the store did. */
static void
thread_ended(void *arg)
{
	struct reader *r = arg;
	struct store *st = r->store;

	pthread_mutex_lock(&st->readers_lock);
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	pthread_mutex_unlock(&st->readers_lock);
	reader_free(r);
}

int
readers_start(struct store *st, struct err *e)
{
	int rc = pthread_key_create(&st->reader_key, thread_ended);

	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "readers: %s", strerror(rc));
	pthread_mutex_init(&st->readers_lock, NULL);
	return 0;
}

/* Nobody may be reading any more; the threads themselves may live on. */
void
readers_stop(struct store *st)
{
	struct reader *r, *next;

	pthread_key_delete(st->reader_key);
	for (r = st->readers; r != NULL; r = next) {
		next = r->next;
		reader_free(r);
	}
	pthread_mutex_destroy(&st->readers_lock);
}

static struct reader *
reader_of_thread(struct store *st, struct err *e)
{
	struct reader *r = pthread_getspecific(st->reader_key);

	if (r != NULL)
		return r;
	r = calloc(1, sizeof(*r));
	if (r == NULL || (r->db = db_open(st->path, st->vfs, DB_READ, e)) == NULL) {
		if (r == NULL)
			err_set(e, ERR_INTERNAL, "out of memory");
		free(r);
		return NULL;
	}
	if (pthread_setspecific(st->reader_key, r) != 0) {
		reader_free(r);
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	r->store = st;
	pthread_mutex_lock(&st->readers_lock);
	r->next = st->readers;
	r->prev = &st->readers;
	if (r->next != NULL)
		r->next->prev = &r->next;
	st->readers = r;
	pthread_mutex_unlock(&st->readers_lock);
	return r;
}

int
store_read(struct store *st, store_fn *fn, void *arg, struct err *e)
{
	struct reader *r = reader_of_thread(st, e);
	struct err ignored = ERR_INIT;
	int rc;

	if (r == NULL || (r->depth == 0 && db_run(r->db, "BEGIN", e) < 0))
		return -1;
	r->depth++;
	rc = fn(r->db, arg, e);
	r->depth--;
	/* There is nothing to lose: a reader's COMMIT only lets its snapshot go. */
	if (r->depth == 0 && db_run(r->db, "COMMIT", &ignored) < 0 &&
	    !sqlite3_get_autocommit(r->db->handle))
		sqlite3_exec(r->db->handle, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
