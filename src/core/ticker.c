/* SPDX-License-Identifier: Apache-2.0
 *
 * ticker.c - deadlines, lapsed offers, last-seen in batches, retention.
 *
 * A round looks whether anything is due (one indexed read) and writes only then.
 * It sleeps in real time, a tenth of a second, so that a test clock that leaps a
 * week is noticed as soon as a second that passes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "execution.h"
#include "hot.h"
#include "job.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "reboot.h"
#include "pace.h"
#include "step.h"
#include "ticker.h"
#include "transfer.h"

#define ROUND_MS	100
#define DUE_SLICE	200
#define FLUSH_MS	5000
#define TIDY_MS		30000
#define TOUCH_SLICE	2000
#define TRIM_SLICE	2000
#define STEP_MS		2000		/* a wall clock that moved more was stepped */

struct rounds {
	struct core	*core;
	int64_t		flushed, tidied;	/* boot ms */
	int64_t		skew;			/* wall minus boot, at the last round */
};

/* ---- what is due ---- */

struct due {
	struct execution found[DUE_SLICE];
	int		n;
};

static int
keep_due(void *arg, const struct execution *x, struct err *e)
{
	struct due *due = arg;

	(void)e;
	if (due->n < DUE_SLICE)
		due->found[due->n++] = *x;
	return 0;
}

static int
set_due(struct tx *tx, struct execution *x, int64_t due_ms, struct err *e)
{
	x->due_ms = due_ms;
	return store_execution_put(tx->db, x, e);
}

/* 1: could be offered if its device asked; 0: its job or its firmware forbids. */
static int
offerable(const struct moving *m, const struct execution *x, enum job_state state, struct err *e)
{
	struct firmware_brief target;
	int r = store_firmware_brief(m->tx->db, x->target, &target, e);

	if (r <= 0)
		return r;
	return state == JOB_RUNNING && (target.state == FIRMWARE_READY ||
	    (target.state == FIRMWARE_HELD && m->policy->despite_hold));
}

/* A queued one is unreached only if it could have been offered and its device
 * kept silent; whatever was heard meanwhile starts the time anew. */
static int
reach_is_over(const struct moving *m, struct execution *x, enum job_state state, struct err *e)
{
	int64_t heard = hot_heard(m->tx->core->hot, m->device->id);
	int64_t reach = m->policy->reach_s * 1000;
	int r = offerable(m, x, state, e);

	if (r < 0)
		return -1;
	if (m->device->last_seen_ms > heard)
		heard = m->device->last_seen_ms;
	if (r == 0)
		heard = m->tx->now;
	if (heard + reach > m->tx->now)
		return set_due(m->tx, x, heard + reach, e);
	return execution_apply(m, x, HAP_UNHEARD, "", e);
}

/* Bytes that move are a sign of life that is written nowhere. */
static bool
still_moving(const struct moving *m, const struct execution *x, int64_t *ret_due)
{
	struct core *core = m->tx->core;
	int64_t moved, silent, timeout = (int64_t)m->policy->timeout_s * 1000;

	if (x->state != STATE_IN_PROGRESS || !transfers_live(core->transfers, x->device, &moved))
		return false;
	silent = clock_boot_ms(core->clock) - moved;
	*ret_due = m->tx->now + timeout - silent;
	return silent < timeout;
}

static int
fall_due(struct tx *tx, struct execution *x, struct err *e)
{
	struct device device;
	struct job_brief job;
	enum job_state state;
	struct moving m = { tx, &device, NULL, &job.policy };
	int64_t due;
	int r;

	if (store_device_find_num(tx->db, x->device, &device, e) < 0 ||
	    store_job_brief(tx->db, x->job, x->ptype, &job, &state, e) < 0)
		return -1;
	m.family = core_family(tx->core, device.dialect);
	if (m.family == NULL)			/* a dialect that this otad lacks */
		return set_due(tx, x, tx->now + 3600000, e);
	if (state == JOB_CANCELED && !x->taken && !state_ended(x->state)) {
		/* It had taken the image then, and put it off since. */
		snprintf(x->reason, sizeof(x->reason), "job_canceled");
		return execution_apply(&m, x, HAP_CANCEL, "", e);
	}
	switch (x->state) {
	case STATE_QUEUED:
	case STATE_AWAITING:
		return reach_is_over(&m, x, state, e);
	case STATE_OFFERED:
	case STATE_DELAYED:
		return execution_apply(&m, x, HAP_LAPSE, "", e);
	case STATE_IN_PROGRESS:
	case STATE_DOWNLOADED:
	case STATE_VERIFYING:
		if ((r = reboot_overdue(&m, x, e)) != 0)
			return r < 0 ? -1 : 0;
		if (still_moving(&m, x, &due))
			return set_due(tx, x, due, e);
		if ((r = step_due(&m, x, e)) != 0)
			return r < 0 ? -1 : 0;
		log_info("%s: silent after taking %s", device.id, x->target_name);
		return execution_apply(&m, x, HAP_SILENCE, "", e);
	case STATE_TIMED_OUT:
		if ((r = step_due(&m, x, e)) != 0)
			return r < 0 ? -1 : 0;
		return set_due(tx, x, 0, e);
	default:
		return set_due(tx, x, 0, e);
	}
}

static int
write_due(struct tx *tx, void *arg, struct err *e)
{
	AUTO(mem) void *memory = calloc(1, sizeof(struct due));
	struct due *due = memory;

	(void)arg;
	if (due == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (store_execution_due(tx->db, tx->now, DUE_SLICE, keep_due, due, e) < 0)
		return -1;
	for (int i = 0; i < due->n; i++)
		if (fall_due(tx, &due->found[i], e) < 0)
			return -1;
	return due->n == DUE_SLICE ? CORE_WRITE : 0;
}

static int
write_pace(struct tx *tx, void *arg, struct err *e)
{
	int r;

	(void)arg;
	if ((r = job_tick(tx, e)) == 0)
		r = pace_tick(tx, e);
	return r > 0 ? CORE_WRITE : r;
}

static int
see_pace(void *arg, int64_t job, uint32_t ptype, struct err *e)
{
	(void)job;
	(void)ptype;
	(void)e;
	*(bool *)arg = true;
	return 0;
}

static int
count_one(void *arg, const struct execution *x, struct err *e)
{
	(void)x;
	(void)e;
	*(bool *)arg = true;
	return 0;
}

static int
anything_due(struct tx *tx, void *arg, struct err *e)
{
	return store_execution_due(tx->db, tx->now, 1, count_one, arg, e);
}

static int
pace_due(struct tx *tx, void *arg, struct err *e)
{
	return store_pace_due(tx->db, tx->now, 1, see_pace, arg, e);
}

/* ---- last seen ---- */

struct batch {
	struct heard	*list;
	size_t		n, at, before;
};

static int
write_heard(struct tx *tx, void *arg, struct err *e)
{
	struct batch *b = arg;
	size_t end;

	b->at = store_again(tx->db) ? b->before : b->at;
	b->before = b->at;
	end = b->at + TOUCH_SLICE < b->n ? b->at + TOUCH_SLICE : b->n;
	for (; b->at < end; b->at++)
		if (store_device_touch(tx->db, b->list[b->at].device, b->list[b->at].at_ms, e) < 0)
			return -1;
	return b->at < b->n ? CORE_WRITE : 0;
}

static void
flush_heard(struct core *core)
{
	struct batch b = { .list = NULL };
	struct err e = ERR_INIT;

	b.n = hot_drain(core->hot, &b.list);
	if (b.n > 0 && core_write_wait(core, URGENT_BULK, NULL, write_heard, &b, &e) < 0)
		log_warnx("last-seen of %zu devices not written: %s", b.n, e.text);
	free(b.list);
}

/* ---- the rest ---- */

static int
trim(struct tx *tx, void *arg, struct err *e)
{
	int64_t keep = (int64_t)tx->core->settings.history_days * 86400000;
	int rows = 0;

	(void)arg;
	if (store_call_trim(tx->db, tx->now - 86400000, TRIM_SLICE, e) < 0)
		return -1;
	if (keep == 0 || store_event_trim(tx->db, tx->now - keep, TRIM_SLICE, &rows, e) < 0)
		return keep == 0 ? 0 : -1;
	return rows == TRIM_SLICE ? CORE_WRITE : 0;
}

static int
shift(struct tx *tx, void *arg, struct err *e)
{
	return store_due_shift(tx->db, *(int64_t *)arg, e);
}

/* Stored deadlines are dates that stand for intervals: when the wall clock is
 * stepped they move with it. */
static void
follow_wall_clock(struct rounds *r)
{
	int64_t wall = clock_wall_ms(r->core->clock);
	int64_t skew = wall - clock_boot_ms(r->core->clock);
	int64_t step = skew - r->skew;
	struct err e = ERR_INIT;

	if (clock_wall_ms(r->core->clock) - wall > STEP_MS / 2)
		return;			/* it leapt between the two: look again */
	r->skew = skew;
	if (step > -STEP_MS && step < STEP_MS)
		return;
	log_warnx("the wall clock was stepped by %lld s: deadlines move with it",
	    (long long)step / 1000);
	if (core_write_wait(r->core, URGENT_ADMIN, NULL, shift, &step, &e) < 0)
		log_warnx("deadlines not moved: %s", e.text);
}

static int
end_canceled(void *arg, const struct job *job, struct err *e)
{
	int64_t *found = arg;

	(void)e;
	for (int i = 0; i < job->nparts && *found == 0; i++)
		if (job->parts[i].counts[STATE_QUEUED] + job->parts[i].counts[STATE_AWAITING] +
		    job->parts[i].counts[STATE_OFFERED] + job->parts[i].counts[STATE_DELAYED] > 0)
			*found = job->num;
	return 0;
}

/* A cancel that a crash cut short goes on. */
static int
finish_cancels(struct tx *tx, void *arg, struct err *e)
{
	int64_t job = 0, after = 0;

	(void)arg;
	if (store_job_list(tx->db, JOB_CANCELED, 0, 0, 1000, end_canceled, &job, e) < 0)
		return -1;
	if (job == 0)
		return 0;
	if (job_end_untaken(tx, job, "job_canceled", &after, e) < 0)
		return -1;
	return after != 0 ? CORE_WRITE : 0;	/* 0: it found nothing, and never will */
}

static void
attend(struct rounds *r)
{
	struct core *core = r->core;
	struct err e = ERR_INIT;
	int64_t now = clock_boot_ms(core->clock);
	bool due = false;

	follow_wall_clock(r);
	calls_tick(core->calls, now);
	if (core_read(core, NULL, anything_due, &due, &e) < 0 ||
	    (due && core_write_wait(core, URGENT_STATUS, NULL, write_due, NULL, &e) < 0))
		log_warnx("deadlines not attended to: %s", e.text);
	due = false;
	if (core_read(core, NULL, pace_due, &due, &e) < 0 ||
	    (due && core_write_wait(core, URGENT_ADMIN, NULL, write_pace, NULL, &e) < 0))
		log_warnx("stages not attended to: %s", e.text);
	if (now - r->flushed >= FLUSH_MS) {
		flush_heard(core);
		r->flushed = now;
	}
	if (now - r->tidied >= TIDY_MS) {
		e = (struct err)ERR_INIT;
		if (core_write_wait(core, URGENT_BULK, NULL, trim, NULL, &e) < 0)
			log_warnx("history not trimmed: %s", e.text);
		store_checkpoint(core->store);
		r->tidied = now;
	}
	atomic_store(&core->ticked_ms, clock_boot_ms(NULL));
}

static bool
nap(struct core *core)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ROUND_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&core->lock);
	while (!core->stopping &&
	    pthread_cond_timedwait(&core->wake, &core->lock, &until) != ETIMEDOUT)
		continue;
	stopping = core->stopping;
	pthread_mutex_unlock(&core->lock);
	return !stopping;
}

static void *
tick(void *arg)
{
	struct core *core = arg;
	struct rounds r = { .core = core, .tidied = clock_boot_ms(core->clock),
	    .flushed = clock_boot_ms(core->clock),
	    .skew = clock_wall_ms(core->clock) - clock_boot_ms(core->clock) };
	struct err e = ERR_INIT;

	if (core_write_wait(core, URGENT_BULK, NULL, finish_cancels, NULL, &e) < 0)
		log_warnx("canceled jobs not ended: %s", e.text);
	do
		attend(&r);
	while (nap(core));
	flush_heard(core);
	return NULL;
}

void
ticker_init(struct core *core)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&core->wake, &attr);
	pthread_condattr_destroy(&attr);
}

int
core_start(struct core *core, struct err *e)
{
	atomic_store(&core->ticked_ms, clock_boot_ms(NULL));
	errno = pthread_create(&core->ticker, NULL, tick, core);
	if (errno != 0)
		return err_errno(e, ERR_INTERNAL, "cannot start the ticker");
	core->started = true;
	return 0;
}

void
core_stop(struct core *core)
{
	if (!core->started)
		return;
	pthread_mutex_lock(&core->lock);
	core->stopping = true;
	pthread_cond_signal(&core->wake);
	pthread_mutex_unlock(&core->lock);
	pthread_join(core->ticker, NULL);
	core->started = false;
}

bool
core_alive(const struct core *core)
{
	return clock_boot_ms(NULL) - atomic_load(&core->ticked_ms) < 10000;
}
