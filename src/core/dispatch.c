/* SPDX-License-Identifier: Apache-2.0
 *
 * dispatch.c - what otad says by itself.
 *
 * There is no queue of offers: an offer is an execution that became `offered`,
 * and it is chosen only when a transport has room to say it. So a slow broker
 * holds back the choice itself, nothing piles up, and a restart finds no stale
 * messages. Only what has no execution to live in waits in the outbox: calls,
 * and word that an offer is off. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/dispatch.h"
#include "otad/reboot.h"
#include "reboot.h"
#include "visit.h"

#define LOOK		256		/* candidates looked at in one go, of one part */
#define PARTS		256		/* parts whose place in the line is remembered */

struct place {			/* where the last look at this part ended */
	int64_t		job, after;
	uint32_t	ptype;
};

struct dispatcher {
	pthread_mutex_t	lock;
	struct { void (*wake)(void *); void *arg; } carriers[BY_SOCKET + 1];
	struct place	places[PARTS];	/* of the writer's thread alone */
};

struct dispatcher *
dispatcher_new(struct err *e)
{
	struct dispatcher *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&d->lock, NULL);
	return d;
}

void
dispatcher_free(struct dispatcher *d)
{
	if (d == NULL)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void
core_on_saying(struct core *core, enum carrier carrier, void (*wake)(void *), void *arg)
{
	struct dispatcher *d = core->dispatcher;

	pthread_mutex_lock(&d->lock);
	d->carriers[carrier].wake = wake;
	d->carriers[carrier].arg = arg;
	pthread_mutex_unlock(&d->lock);
}

void
dispatcher_wake(struct dispatcher *d)
{
	pthread_mutex_lock(&d->lock);
	for (int i = 0; i <= BY_SOCKET; i++)
		if (d->carriers[i].wake != NULL)
			d->carriers[i].wake(d->carriers[i].arg);
	pthread_mutex_unlock(&d->lock);
}

int
say_cancel(struct tx *tx, int64_t device, const char *job_id, struct err *e)
{
	struct outbox out = { .device = device };

	snprintf(out.job, sizeof(out.job), "%s", job_id);
	tx->say = true;
	return store_outbox_insert(tx->db, &out, e);
}

void
said_clear(struct said *s)
{
	free(s->args);
	s->args = NULL;
}

/* ---- calls and cancels ---- */

struct letters {
	struct outbox	*found;
	int		n;
};

static int
keep_letter(void *arg, const struct outbox *out, struct err *e)
{
	struct letters *l = arg;

	(void)e;
	l->found[l->n++] = *out;
	return 0;
}

/* 1: to be said; 0: not any more; -1. */
static int
open_letter(struct tx *tx, const struct outbox *out, struct said *s, struct err *e)
{
	struct call_row row;
	int r = store_device_find_num(tx->db, out->device, &s->device, e);

	if (r <= 0)
		return r;
	if (out->call == 0) {
		s->what = SAY_CANCEL;
		snprintf(s->job, sizeof(s->job), "%s", out->job);
		return 1;
	}
	memset(&row, 0, sizeof(row));
	if ((r = store_call_find(tx->db, out->call, &row, e)) <= 0)
		return r;
	s->what = SAY_CALL;
	s->call = out->call;
	snprintf(s->method, sizeof(s->method), "%s", row.method);
	s->args = TAKE(row.args);
	free(row.result);
	free(row.error);
	if (row.deadline_ms > tx->now) {
		if (strcmp(s->method, REBOOT_CALL) == 0 && reboot_said(tx, &s->device, e) < 0)
			return -1;
		return 1;
	}
	said_clear(s);
	return 0;
}

static int
say_letters(struct tx *tx, struct dispatch *d, struct err *e)
{
	AUTO(mem) void *memory = calloc((size_t)d->room, sizeof(struct outbox));
	struct letters l = { .found = memory };

	if (memory == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (store_outbox_list(tx->db, d->carrier, d->room, keep_letter, &l, e) < 0)
		return -1;
	for (int i = 0; i < l.n; i++) {
		int r = open_letter(tx, &l.found[i], &d->said[d->n], e);

		if (r < 0 || store_outbox_delete(tx->db, l.found[i].num, e) < 0)
			return -1;
		d->n += r;
	}
	return 0;
}

/* ---- offers ---- */

struct part_ref { int64_t job; uint32_t ptype; };
struct parts {
	struct part_ref	found[PARTS];
	int		n;
};

static int
keep_parts(void *arg, const struct job *job, struct err *e)
{
	struct parts *p = arg;

	(void)e;
	for (int i = 0; i < job->nparts && p->n < PARTS; i++)
		if (job->parts[i].counts[STATE_QUEUED] > 0)
			p->found[p->n++] = (struct part_ref){ job->num, job->parts[i].ptype };
	return 0;
}

struct candidate { int64_t device, last_seen; };
struct candidates {
	struct candidate found[LOOK];
	int		n;
};

static int
keep_candidate(void *arg, const struct execution *x, struct err *e)
{
	struct candidates *c = arg;

	(void)e;
	c->found[c->n++].device = x->device;
	return 0;
}

/* Those heard lately are likely to hear. */
static int
by_last_seen(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return (x->last_seen < y->last_seen) - (x->last_seen > y->last_seen);
}

static struct place *
place_of(struct dispatcher *d, const struct part_ref *part)
{
	struct place *p = &d->places[((uint64_t)part->job * 31 + part->ptype) % PARTS];

	if (p->job != part->job || p->ptype != part->ptype)
		*p = (struct place){ .job = part->job, .ptype = part->ptype };
	return p;
}

/* Has the part a place left? The planner will be asked for each device; this
 * saves looking at thousands of them in vain. */
static int
has_place(struct tx *tx, const struct part_ref *part, struct err *e)
{
	struct job_brief job;
	enum job_state state;
	uint64_t out;
	int r = store_job_brief(tx->db, part->job, part->ptype, &job, &state, e);

	if (r <= 0)
		return r;
	out = job.part.counts[STATE_OFFERED];
	if (job.policy.exposure && job.part.exposed + out >= plan_exposure(&job.policy, &job.part))
		return 0;
	out += job.part.counts[STATE_IN_PROGRESS] + job.part.counts[STATE_DOWNLOADED] +
	    job.part.counts[STATE_VERIFYING];
	return job.policy.max_active == 0 || out < (uint64_t)job.policy.max_active;
}

/* One device: what the planner would offer it if it asked now. */
static int
offer_to(struct tx *tx, struct dispatch *d, int64_t device, struct err *e)
{
	struct sighting silent = { .identity = ID_ACCOUNT, .told = d->carrier };
	struct visit v = { .tx = tx, .s = &silent };
	struct said *s = &d->said[d->n];
	int r = store_device_find_num(tx->db, device, &v.device, e);

	if (r <= 0)
		return r;
	silent.family = core_family(tx->core, v.device.dialect);
	if (silent.family == NULL || !(silent.family->caps & FAMILY_TOLD))
		return 0;
	snprintf(silent.id, sizeof(silent.id), "%s", v.device.id);
	memset(&s->answer, 0, sizeof(s->answer));
	if (visit_recognise(&v, e) < 0 || visit_load(&v, e) < 0 ||
	    visit_offer(&v, ASK_OFFER, &s->answer, e) < 0)
		return -1;
	if (s->answer.verdict != VERDICT_OFFER)
		return 0;
	if (silent.family->step != NULL)
		return 0;		/* its conversation has begun, and says it */
	s->what = SAY_OFFER;
	s->device = v.device;
	s->link[0] = '\0';
	if (!(silent.family->caps & FAMILY_FETCHES) &&
	    link_make(tx, &s->answer, s->link, e) < 0)
		return -1;
	d->n++;
	return 0;
}

static int
look_at(struct tx *tx, struct dispatch *d, const struct part_ref *part, struct err *e)
{
	struct candidates c = { .n = 0 };
	struct place *place = place_of(tx->core->dispatcher, part);
	struct device device;
	int r;

	if (store_execution_tellable(tx->db, part->job, part->ptype, d->carrier, tx->now,
	    place->after, LOOK, keep_candidate, &c, e) < 0)
		return -1;
	place->after = c.n == LOOK ? c.found[c.n - 1].device : 0;
	for (int i = 0; i < c.n; i++)
		if (store_device_find_num(tx->db, c.found[i].device, &device, e) > 0)
			c.found[i].last_seen = device.last_seen_ms;
	qsort(c.found, (size_t)c.n, sizeof(c.found[0]), by_last_seen);
	for (int i = 0; i < c.n && d->n < d->room; i++) {
		if ((r = has_place(tx, part, e)) <= 0)
			return r;
		if (offer_to(tx, d, c.found[i].device, e) < 0)
			return -1;
	}
	return 0;
}

int
core_dispatch(struct tx *tx, struct dispatch *d, struct err *e)
{
	struct parts parts = { .n = 0 };

	for (int i = 0; i < d->n; i++)
		said_clear(&d->said[i]);	/* of a run that was lost */
	d->n = 0;
	if (say_letters(tx, d, e) < 0)
		return -1;
	if (!clock_plausible(tx->core->clock))
		return 0;
	if (store_job_list(tx->db, JOB_RUNNING, 0, 0, 1000, keep_parts, &parts, e) < 0)
		return -1;
	for (int i = 0; i < parts.n && d->n < d->room; i++) {
		int r = has_place(tx, &parts.found[i], e);

		if (r < 0 || (r > 0 && look_at(tx, d, &parts.found[i], e) < 0))
			return -1;
	}
	return 0;
}
