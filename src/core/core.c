/* SPDX-License-Identifier: Apache-2.0
 *
 * core.c - transactions, and what is wired together at the start.
 *
 * A transaction of the core is one of the store with a moment, an actor and the
 * generation under which "nothing" may be remembered. The generation moves only
 * after the commit of whatever moved it, so that no reader can keep an answer
 * that was already wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core_priv.h"
#include "hot.h"
#include "job.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "ticker.h"
#include "transfer.h"
#include "zones.h"

/* ---- life ---- */

struct leftovers { uint64_t uploads, jobs; };

static int
sweep(struct db *db, void *arg, struct err *e)
{
	struct leftovers *left = arg;

	if (store_blob_sweep(db, &left->uploads, e) < 0)
		return -1;
	return store_job_sweep_filling(db, &left->jobs, e);
}

struct core *
core_new(struct store *store, struct clock *clock, const struct family *const *families,
    const struct core_settings *settings, struct err *e)
{
	struct core *core = calloc(1, sizeof(*core));
	struct leftovers left = { 0, 0 };

	if (core == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	core->store = store;
	core->clock = clock;
	core->families = families;
	core->settings = *settings;
	core->generation = 1;
	pthread_mutex_init(&core->lock, NULL);
	ticker_init(core);
	if (store_write_wait(store, URGENT_ADMIN, sweep, &left, e) < 0 ||
	    (core->images = images_new(store, settings->cache_dir, settings->cache_max, e)) == NULL ||
	    (core->hot = hot_new(e)) == NULL ||
	    (core->transfers = transfers_new(e)) == NULL ||
	    (core->zones = zones_new(e)) == NULL ||
	    (core->calls = calls_new(e)) == NULL ||
	    (core->dispatcher = dispatcher_new(e)) == NULL) {
		core_free(core);
		return NULL;
	}
	if (left.uploads + left.jobs > 0)
		log_info("swept what was never acknowledged: %llu uploads, %llu jobs",
		    (unsigned long long)left.uploads, (unsigned long long)left.jobs);
	return core;
}

static int
nothing(struct tx *tx, void *arg, struct err *e)
{
	(void)tx;
	(void)arg;
	(void)e;
	return 0;
}

void
core_free(struct core *core)
{
	struct err e = ERR_INIT;

	if (core == NULL)
		return;
	/* Behind this, as bulk, all that was queued before is written. */
	(void)core_write_wait(core, URGENT_BULK, NULL, nothing, NULL, &e);
	zones_free(core->zones);
	calls_free(core->calls);
	dispatcher_free(core->dispatcher);
	transfers_free(core->transfers);
	images_free(core->images);
	hot_free(core->hot);
	pthread_cond_destroy(&core->wake);
	pthread_mutex_destroy(&core->lock);
	free(core);
}

void
core_set_link_base(struct core *core, const char *base)
{
	snprintf(core->link_base, sizeof(core->link_base), "%s", base);
	atomic_store(&core->has_link_base, true);
}

const struct clock *
core_clock(const struct core *core)
{
	return core->clock;
}

const struct family *
core_family(const struct core *core, const char *name)
{
	for (int i = 0; core->families[i] != NULL; i++)
		if (strcmp(core->families[i]->name, name) == 0)
			return core->families[i];
	return NULL;
}

/* ---- transactions ---- */

/* One command on its way to the writer and back. */
struct command {
	struct core	*core;
	struct actor	actor;
	tx_fn		*fn;
	done_fn		*done;
	void		*arg;
	bool		bump, say;
	int64_t		answered;
};

static struct tx
tx_begin(struct core *core, struct db *db, const struct actor *actor, bool writes)
{
	struct tx tx = { .core = core, .db = db, .writes = writes,
	    .now = clock_wall_ms(core->clock), .generation = core->generation };

	if (actor != NULL)
		tx.actor = *actor;
	return tx;
}

struct reading {
	struct core		*core;
	const struct actor	*actor;
	tx_fn			*fn;
	void			*arg;
	uint64_t		generation;
};

static int
read_in(struct db *db, void *arg, struct err *e)
{
	struct reading *r = arg;
	struct tx tx = tx_begin(r->core, db, r->actor, false);

	tx.generation = r->generation;
	return r->fn(&tx, r->arg, e);
}

int
core_read(struct core *core, const struct actor *actor, tx_fn *fn, void *arg, struct err *e)
{
	struct reading r = { core, actor, fn, arg, core->generation };

	return store_read(core->store, read_in, &r, e);
}

static int
write_in(struct db *db, void *arg, struct err *e)
{
	struct command *c = arg;
	struct tx tx = tx_begin(c->core, db, &c->actor, true);
	int r = c->fn(&tx, c->arg, e);

	c->bump |= tx.bump;
	c->say |= tx.say;
	c->answered = tx.answered;
	return r;
}

/* What others may know only now that it is durable. */
static void
announce(const struct command *c)
{
	if (c->bump)
		atomic_fetch_add(&c->core->generation, 1);
	if (c->answered != 0)
		calls_answered(c->core->calls, c->answered);
	if (c->bump || c->say)
		dispatcher_wake(c->core->dispatcher);
}

static void
written(void *arg, int rc, const struct err *e)
{
	struct command *c = arg;

	announce(c);
	if (c->done != NULL)
		c->done(c->arg, rc, e);
	free(c);
}

int
core_write(struct core *core, enum urgency urgency, const struct actor *actor, tx_fn *fn,
    done_fn *done, void *arg, struct err *e)
{
	struct command *c = malloc(sizeof(*c));

	if (c == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	*c = (struct command){ .core = core, .fn = fn, .done = done, .arg = arg };
	if (actor != NULL)
		c->actor = *actor;
	if (store_write(core->store, urgency, write_in, written, c, e) < 0) {
		free(c);
		return -1;
	}
	return 0;
}

int
core_write_wait(struct core *core, enum urgency urgency, const struct actor *actor, tx_fn *fn,
    void *arg, struct err *e)
{
	struct command c = { .core = core, .fn = fn, .arg = arg };
	int r;

	if (actor != NULL)
		c.actor = *actor;
	r = store_write_wait(core->store, urgency, write_in, &c, e);
	announce(&c);
	return r;
}

void
tx_bump(struct tx *tx)
{
	tx->bump = true;
}

struct core *
tx_core(const struct tx *tx)
{
	return tx->core;
}

const struct actor *
tx_actor(const struct tx *tx)
{
	return &tx->actor;
}

int64_t
tx_now(const struct tx *tx)
{
	return tx->now;
}

bool
tx_writes(const struct tx *tx)
{
	return tx->writes;
}

/* ---- figures ---- */

void
core_figures(struct core *core, struct core_figures *ret)
{
	struct store_figures s;

	store_figures(core->store, &s);
	*ret = (struct core_figures){ .jobs_running = s.jobs_running, .offers = core->offers,
	    .asks = core->asks, .asks_cached = core->asks_cached, .reports = core->reports,
	    .delivered_bytes = core->delivered_bytes, .commits = s.commits,
	    .commands = s.commands, .queue_length = s.queue_length, .wal_bytes = s.wal_bytes,
	    .db_bytes = s.db_bytes };
	memcpy(ret->devices, s.devices, sizeof(ret->devices));
}
