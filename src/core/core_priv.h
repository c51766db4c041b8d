/* SPDX-License-Identifier: Apache-2.0
 *
 * core_priv.h - what the files of the core share among themselves. */
#ifndef OTAD_CORE_PRIV_H
#define OTAD_CORE_PRIV_H

#include <stdatomic.h>
#include <pthread.h>
#include "otad/clock.h"
#include "otad/core.h"
#include "otad/history.h"
#include "otad/store.h"

struct images;			/* images.c: the cache of mappings */
struct hot;			/* hot.c: "nothing until T", coalesced last-seen */
struct transfers;		/* transfer.c: images on their way */
struct zones;			/* zones.c: time zones, read once */
struct calls;			/* call.c: who waits for an answer */
struct dispatcher;		/* dispatch.c: who may be woken, and where it stood */

struct core {
	struct store		*store;
	const struct clock	*clock;
	const struct family *const *families;
	struct core_settings	settings;
	char			link_base[160];		/* of a listener, when settings have none … */
	atomic_bool		has_link_base;		/* … and this is set */
	struct images		*images;
	struct hot		*hot;
	struct transfers	*transfers;
	struct zones		*zones;
	struct calls		*calls;
	struct dispatcher	*dispatcher;
	/* The generation under which "nothing for you" may be remembered. Goes up
	 * after the commit of whatever may turn a nothing into an offer. */
	atomic_uint_fast64_t	generation;
	atomic_uint_fast64_t	asks, asks_cached, offers, reports, delivered_bytes;
	/* ticker.c */
	pthread_t		ticker;
	pthread_mutex_t		lock;
	pthread_cond_t		wake;
	bool			started, stopping;
	atomic_int_fast64_t	ticked_ms;	/* boot ms of its last round */
};

struct tx {
	struct core	*core;
	struct db	*db;
	struct actor	actor;
	int64_t		now;		/* wall ms */
	uint64_t	generation;	/* read before the snapshot was taken */
	bool		writes;
	/* after the commit: */
	bool		bump;		/* a new generation */
	bool		say;		/* there may be something to say */
	int64_t		answered;	/* this call was answered; 0: none */
};

/* Whatever was decided as "nothing" before may be different from now on. */
void		tx_bump(struct tx *);
const struct family *core_family(const struct core *, const char *name);	/* NULL: none */

/* dispatch.c, call.c */
struct dispatcher *dispatcher_new(struct err *);
void		dispatcher_free(struct dispatcher *);
void		dispatcher_wake(struct dispatcher *);
/* Tell a device that was offered something that it is off. */
int		say_cancel(struct tx *, int64_t device, const char *job_id, struct err *);
struct calls	*calls_new(struct err *);
void		calls_free(struct calls *);
void		calls_answered(struct calls *, int64_t call);
void		calls_tick(struct calls *, int64_t now_boot);	/* wakes those whose time is up */

/* history.c: append, in this transaction. An audit row is written for every
 * change by a person (actor with a key), never for devices. */
int		audit_note(struct tx *, struct err *, const char *action, const char *object,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
int		event_note(struct tx *, struct err *, int64_t device, int64_t job, uint32_t ptype,
		    const char *kind, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* images.c: files STATE/cache/<sha256>, filled on first demand, mapped once,
 * least recently used out first. */
struct images	*images_new(struct store *, const char *dir, uint64_t max_bytes, struct err *);
void		images_free(struct images *);

#endif
