/* SPDX-License-Identifier: Apache-2.0
 *
 * store_priv.h - what the parts of the store share.
 *
 * The writer's connection belongs to the writer's thread, a reader's to the
 * thread that asked; `lock` guards only the queues, `readers_lock` only the list
 * by which store_close() finds the readers of threads that still live. */
#ifndef OTAD_STORE_PRIV_H
#define OTAD_STORE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include "db.h"
#include "otad/store.h"
#include "sql.gen.h"

struct clock;
struct command;

#define URGENCIES	(URGENT_BULK + 1)

/* Commands in order of arrival. */
struct queue {
	struct command	*first, **last;
	unsigned	n;
};

struct reader {
	struct store	*store;
	struct db	*db;
	struct reader	*next, **prev;
	unsigned	depth;		/* transactions within a transaction */
};

struct store {
	char		*path, *vfs;
	struct clock	*clock;

	/* writer.c */
	struct db	*writer;
	pthread_t	thread;
	pthread_mutex_t	lock;
	pthread_cond_t	wake;
	struct queue	queues[URGENCIES];
	struct command	*spare;		/* finished ones, to be used again */
	unsigned	nspare;
	unsigned	waiting, queue_max;	/* accepted and not finished */
	bool		asleep, closing;
	atomic_bool	idle;
	atomic_int_fast64_t	beat_ms;	/* boot ms at the end of the last group */
	atomic_uint_fast64_t	commits, commands, failed_commits;

	/* reader.c */
	pthread_key_t	reader_key;
	pthread_mutex_t	readers_lock;
	struct reader	*readers;

	/* store.c */
	pthread_mutex_t	checkpoint_lock;
	struct db	*checkpointer;	/* opened when it is first needed */
};

int	writer_start(struct store *, struct err *);
void	writer_stop(struct store *);		/* finishes what is queued */
int	readers_start(struct store *, struct err *);
void	readers_stop(struct store *);

/* open.c: bring the file to the newest schema. */
int	db_migrate(struct db *, const char *path, struct err *);

#endif
