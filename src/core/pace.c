/* SPDX-License-Identifier: Apache-2.0
 *
 * pace.c - the judge of a rollout.
 *
 * It hears of everything that execution_apply() does, in the same transaction,
 * keeps a handful of figures per part of a job, and acts on them at once: opens
 * the next stage, or halts the job and, when at least three devices failed, holds
 * the firmware for every job. What only time changes (a soak that ends) has a
 * due moment, which the ticker looks for. */
#include "pace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "otad/log.h"

#define HOLD_FROM	3	/* failed devices that hold a firmware for every job */
#define LOOK_AGAIN_MS	5000	/* a stage by filter: is it filled? */
#define HEARD_MS	86400000	/* … by all that were heard in so long */

struct part {			/* of a job, as it is judged */
	struct tx	*tx;
	int64_t		job;
	uint32_t	ptype;
	struct care	care;
	struct pace	pace;
	struct stage	stages[STAGES_MAX];
	int		nstages;
};

/* 1 found, 0 a job from before there was care, -1. */
static int
load(struct part *p, struct tx *tx, int64_t job, uint32_t ptype, struct err *e)
{
	int r;

	p->tx = tx;
	p->job = job;
	p->ptype = ptype;
	if ((r = store_care_find(tx->db, job, &p->care, e)) <= 0 ||
	    (r = store_pace_find(tx->db, job, ptype, &p->pace, e)) <= 0)
		return r;
	p->nstages = 0;
	if (p->pace.stage >= 0 &&
	    store_stage_list(tx->db, job, ptype, p->stages, &p->nstages, e) < 0)
		return -1;
	if (p->pace.stage >= p->nstages)
		p->pace.stage = -1;
	return 1;
}

static void
sooner(int64_t *due, int64_t at, int64_t now)
{
	if (at > now && (*due == 0 || at < *due))
		*due = at;
}

/* When time alone will change something. */
static int64_t
next_due(const struct part *p)
{
	const struct stage *s = p->pace.stage >= 0 ? &p->stages[p->pace.stage] : NULL;
	int64_t due = 0, now = p->tx->now;

	sooner(&due, p->care.start_ms, now);
	sooner(&due, p->care.end_ms, now);
	if (s != NULL && s->state == STAGE_SOAKING)
		sooner(&due, s->filled_ms + s->soak_s * 1000, now);
	if (s != NULL && s->state == STAGE_OPEN && s->kind == STAGE_FILTER)
		sooner(&due, now + LOOK_AGAIN_MS, now);
	return due;
}

static int
save(struct part *p, struct err *e)
{
	p->pace.due_ms = next_due(p);
	return store_pace_put(p->tx->db, p->job, p->ptype, &p->pace, e);
}

/* ---- halting ---- */

static int
hold_firmware(struct part *p, const struct job *job, struct err *e)
{
	char why[129];

	if (p->pace.lost < HOLD_FROM)
		return 0;
	snprintf(why, sizeof(why), "halt of job %s", job->id);
	for (int i = 0; i < job->nparts; i++)
		if (job->parts[i].ptype == p->ptype) {
			struct firmware_brief fw;
			int r = store_firmware_brief(p->tx->db, job->parts[i].firmware, &fw, e);

			if (r < 0)
				return -1;
			if (r > 0 && fw.state == FIRMWARE_READY &&
			    store_firmware_set_state(p->tx->db, fw.num, FIRMWARE_HELD, why, e) < 0)
				return -1;
			log_warnx("%s is on hold for every job: %" PRIu64 " devices failed in job %s",
			    job->parts[i].name, p->pace.lost, job->id);
		}
	return 0;
}

static int
halt(struct part *p, const char *limit, const char *detail, struct err *e)
{
	struct job job;
	int r;

	memset(&job, 0, sizeof(job));
	if ((r = store_job_find_num(p->tx->db, p->job, &job, e)) <= 0)
		return r;
	if (job.state != JOB_RUNNING && job.state != JOB_PAUSED) {
		job_clear(&job);
		return 0;
	}
	snprintf(p->care.halt_limit, sizeof(p->care.halt_limit), "%s", limit);
	snprintf(p->care.halt_detail, sizeof(p->care.halt_detail), "%s", detail);
	log_warnx("job %s is halted (%s): %s", job.id, limit, detail);
	r = store_care_put(p->tx->db, p->job, &p->care, e);
	if (r == 0)
		r = store_job_set_state(p->tx->db, p->job, JOB_HALTED, p->tx->now, e);
	if (r == 0)
		r = event_note(p->tx, e, 0, p->job, p->ptype, "job_halted", "%s: %s", limit, detail);
	if (r == 0)
		r = hold_firmware(p, &job, e);
	job_clear(&job);
	tx_bump(p->tx);
	return r;
}

static int
judge_failures(struct part *p, bool *ret_halted, struct err *e)
{
	const struct failure_limit *f = &p->care.failure;
	uint64_t failed = p->pace.failed, ended = p->pace.ended;
	char detail[257];

	if (f->window > 0)
		outcomes_count(&p->pace.outcomes, f->window, &failed, &ended);
	if (!failure_exceeds(f, failed, ended))
		return 0;
	*ret_halted = true;
	snprintf(detail, sizeof(detail), "%" PRIu64 " of the last %" PRIu64
	    " ended attempts failed, more than %d %%%s", failed, ended, f->percent,
	    f->confidence > 0 ? " beyond chance" : "");
	return halt(p, "failure", detail, e);
}

/* ---- stages ---- */

/* How many may have taken while a stage is open. */
static uint64_t
limit_of(const struct part *p, int n)
{
	return stage_quota(&p->stages[n], p->pace.matched);
}

static int
open_stage(struct part *p, int n, struct err *e)
{
	struct stage *s = &p->stages[n];

	s->state = STAGE_OPEN;
	s->opened_ms = p->tx->now;
	p->pace.stage = n;
	p->pace.stage_limit = limit_of(p, n);
	tx_bump(p->tx);
	return store_stage_put(p->tx->db, p->job, p->ptype, n, s, e);
}

/* The open stage is over; the last one leaves the door open for all. */
static int
pass_stage(struct part *p, struct err *e)
{
	int n = p->pace.stage;

	p->stages[n].state = STAGE_PASSED;
	p->stages[n].ended_ms = p->tx->now;
	if (store_stage_put(p->tx->db, p->job, p->ptype, n, &p->stages[n], e) < 0 ||
	    event_note(p->tx, e, 0, p->job, p->ptype, "stage_passed", "%d", n + 1) < 0)
		return -1;
	if (n + 1 < p->nstages)
		return open_stage(p, n + 1, e);
	p->pace.stage_limit = INT64_MAX;
	tx_bump(p->tx);
	return 0;
}

/* All that match and were heard lately took: asked of the store, so not at every
 * word but by the ticker. */
static int
filter_filled(struct part *p, const struct stage *s, bool *ret, struct err *e)
{
	struct filter *filter;
	uint64_t waiting = 0;
	int r;

	if (s->kind != STAGE_FILTER)
		return 0;
	if ((filter = filter_parse(s->filter, e)) == NULL)
		return -1;
	r = store_stage_waiting(p->tx->db, p->job, p->ptype, filter, p->tx->now - HEARD_MS,
	    p->tx->now, &waiting, e);
	filter_free(filter);
	*ret = waiting == 0;
	return r;
}

static int
fail_stage(struct part *p, const struct stage_figures *f, struct err *e)
{
	struct stage *s = &p->stages[p->pace.stage];
	char detail[257];

	s->state = STAGE_FAILED;
	s->ended_ms = p->tx->now;
	snprintf(detail, sizeof(detail), "stage %d: %" PRIu64 " of %" PRIu64
	    " devices that took it failed or fell silent, %" PRIu64 " may", p->pace.stage + 1,
	    f->lost, f->judged, stage_allows(s, f->judged));
	if (store_stage_put(p->tx->db, p->job, p->ptype, p->pace.stage, s, e) < 0)
		return -1;
	return halt(p, "stage", detail, e);
}

static int
judge_stage(struct part *p, bool look_at_filter, struct err *e)
{
	while (p->pace.stage >= 0 && p->stages[p->pace.stage].state != STAGE_PASSED) {
		struct stage *s = &p->stages[p->pace.stage];
		struct stage_figures f = { .matched = p->pace.matched, .taken = p->pace.taken,
		    .judged = p->pace.judged, .won = p->pace.won, .lost = p->pace.lost, .now_ms = p->tx->now };
		enum stage_state next;

		if (look_at_filter && filter_filled(p, s, &f.filter_filled, e) < 0)
			return -1;
		next = stage_step(s, &f);
		if (next == STAGE_FAILED)
			return s->state == STAGE_FAILED ? 0 : fail_stage(p, &f, e);
		if (next == STAGE_PASSED) {
			if (pass_stage(p, e) < 0)
				return -1;
			continue;
		}
		if (next == STAGE_SOAKING && s->state == STAGE_OPEN)
			s->filled_ms = p->tx->now;
		if (next == s->state)
			return 0;
		s->state = next;
		return store_stage_put(p->tx->db, p->job, p->ptype, p->pace.stage, s, e);
	}
	return 0;
}

/* ---- hearing ---- */

static bool
is_lost(enum state s)
{
	return s == STATE_FAILED || s == STATE_REJECTED || s == STATE_TIMED_OUT;
}

static void
count_devices(struct pace *pace, const struct moved *v)
{
	int64_t won = 0, lost = 0;

	if (v->before != v->after) {
		won = (v->after == STATE_SUCCEEDED) - (v->before == STATE_SUCCEEDED);
		lost = is_lost(v->after) - is_lost(v->before);
	} else if (v->change->reverted > 0) {
		won = -1;
		lost = 1;
	}
	if (won > 0 || pace->won > 0)
		pace->won += (uint64_t)won;
	if (lost > 0 || pace->lost > 0)
		pace->lost += (uint64_t)lost;
}

static void
count(struct pace *pace, const struct moved *v)
{
	const struct part_change *c = v->change;

	if (c->taken > 0 || pace->taken > 0)
		pace->taken += (uint64_t)c->taken;
	if (c->taken > 0 || pace->judged > 0)
		pace->judged += (uint64_t)c->taken;
	if (v->had_taken || c->taken > 0)
		count_devices(pace, v);
	if (c->failures < 0 && pace->failed > 0) {
		pace->failed--;
		outcomes_forgive(&pace->outcomes);
	} else if (c->failures > 0 || c->proven > 0) {
		pace->ended++;
		pace->failed += c->failures > 0;
		outcomes_add(&pace->outcomes, c->failures > 0);
	}
}

/* The rate counts starts: a place that was given to one that had none. */
static bool
began(const struct moved *v)
{
	return (v->before == STATE_QUEUED || v->before == STATE_AWAITING ||
	    v->before == STATE_DELAYED) && state_active(v->after);
}

int
pace_hear(struct tx *tx, const struct execution *x, const struct moved *v, struct err *e)
{
	struct part p;
	struct job_brief job;
	enum job_state state;
	bool halted = false;
	int r = load(&p, tx, x->job, x->ptype, e);

	if (r <= 0)
		return r;
	count(&p.pace, v);
	if (began(v) && p.care.rate.on) {
		if (store_job_brief(tx->db, x->job, x->ptype, &job, &state, e) < 0)
			return -1;
		p.pace.rate_last_ms = rate_next(&p.care.rate, job.part.proven, p.pace.rate_last_ms,
		    tx->now);
	}
	if (v->change->taken > 0 && p.pace.stage >= 0) {
		p.stages[p.pace.stage].taken++;
		if (store_execution_wave(tx->db, x, p.pace.stage, e) < 0 ||
		    store_stage_put(tx->db, x->job, x->ptype, p.pace.stage,
		    &p.stages[p.pace.stage], e) < 0)
			return -1;
	}
	if (judge_failures(&p, &halted, e) < 0 || (!halted && judge_stage(&p, false, e) < 0))
		return -1;
	return save(&p, e);
}

int
pace_grow(struct tx *tx, int64_t job, uint32_t ptype, uint64_t more, struct err *e)
{
	struct part p;
	int r = load(&p, tx, job, ptype, e);

	if (r <= 0)
		return r;
	p.pace.matched += more;
	if (p.pace.stage >= 0 && p.stages[p.pace.stage].state != STAGE_PASSED)
		p.pace.stage_limit = limit_of(&p, p.pace.stage);
	return save(&p, e);
}

int
pace_begin(struct tx *tx, int64_t job, uint32_t ptype, uint64_t matched,
    const struct stage *stages, int nstages, struct err *e)
{
	struct part p = { .tx = tx, .job = job, .ptype = ptype, .nstages = nstages };

	if (store_care_find(tx->db, job, &p.care, e) < 0)
		return -1;
	p.pace.matched = matched;
	p.pace.stage = -1;
	for (int i = 0; i < nstages; i++) {
		p.stages[i] = stages[i];
		p.stages[i].state = STAGE_WAITING;
		if (store_stage_put(tx->db, job, ptype, i, &p.stages[i], e) < 0)
			return -1;
	}
	if (nstages > 0 && open_stage(&p, 0, e) < 0)
		return -1;
	return save(&p, e);
}

int
pace_forgive(struct tx *tx, int64_t job, uint32_t ptype, struct err *e)
{
	struct part p;
	int r = load(&p, tx, job, ptype, e);

	if (r <= 0)
		return r;
	p.pace.judged = p.pace.won = p.pace.lost = p.pace.ended = p.pace.failed = 0;
	memset(&p.pace.outcomes, 0, sizeof(p.pace.outcomes));
	if (p.pace.stage >= 0 && p.stages[p.pace.stage].state == STAGE_FAILED &&
	    open_stage(&p, p.pace.stage, e) < 0)
		return -1;
	p.care.halt_limit[0] = p.care.halt_detail[0] = '\0';
	if (store_care_put(tx->db, job, &p.care, e) < 0)
		return -1;
	return save(&p, e);
}

int
pace_open_next(struct tx *tx, int64_t job, uint32_t ptype, struct err *e)
{
	struct part p;
	int r = load(&p, tx, job, ptype, e);

	if (r < 0)
		return -1;
	if (r == 0 || p.pace.stage < 0 || p.stages[p.pace.stage].state == STAGE_PASSED)
		return err_set(e, ERR_CONFLICT, "no stage of it is open");
	if (pass_stage(&p, e) < 0)
		return -1;
	return save(&p, e);
}

/* ---- time ---- */

struct due { int64_t job; uint32_t ptype; };
struct dues { struct due found[64]; int n; };

static int
keep(void *arg, int64_t job, uint32_t ptype, struct err *e)
{
	struct dues *d = arg;

	(void)e;
	d->found[d->n++] = (struct due){ job, ptype };
	return 0;
}

static int
attend(struct tx *tx, const struct due *d, struct err *e)
{
	struct part p;
	int r = load(&p, tx, d->job, d->ptype, e);

	if (r <= 0)
		return r;
	if (judge_stage(&p, true, e) < 0)
		return -1;
	return save(&p, e);
}

int
pace_tick(struct tx *tx, struct err *e)
{
	struct dues dues = { .n = 0 };

	if (store_pace_due(tx->db, tx->now, 64, keep, &dues, e) < 0)
		return -1;
	for (int i = 0; i < dues.n; i++)
		if (attend(tx, &dues.found[i], e) < 0)
			return -1;
	return dues.n == 64;
}
