/* SPDX-License-Identifier: Apache-2.0
 *
 * transfer.c - images on their way.
 *
 * A transfer lives from the moment in which a reply with an image is worded to
 * the moment in which the transport knows how it ended. While it lives the core
 * can tell a device that asks again in mid-download from one that came back. Its
 * end is a write: it is queued here and freed when the write is durable. */
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "execution.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "transfer.h"

struct transfer {
	struct core	*core;
	int64_t		job, device;
	uint32_t	ptype;
	int		attempt;
	char		slot[SLOT_MAX];
	char		device_id[DEVICE_ID_MAX];
	uint64_t	from, to, size;
	atomic_uint_fast64_t acked;
	atomic_int_fast64_t moved;		/* boot ms */
	enum transfer_end end;
	bool		over;			/* its end is being written; under the lock */
	struct transfer	*next, **at;		/* in its bucket */
};

#define BUCKETS	1024				/* device numbers are dense: no hash needed */

struct transfers {
	pthread_mutex_t	lock;
	struct transfer	*buckets[BUCKETS];
};

struct transfers *
transfers_new(struct err *e)
{
	struct transfers *ts = calloc(1, sizeof(*ts));

	if (ts == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&ts->lock, NULL);
	return ts;
}

void
transfers_free(struct transfers *ts)
{
	if (ts == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		assert(ts->buckets[i] == NULL);
	pthread_mutex_destroy(&ts->lock);
	free(ts);
}

static void
enlist(struct transfers *ts, struct transfer *t)
{
	struct transfer **head = &ts->buckets[(uint64_t)t->device % BUCKETS];

	pthread_mutex_lock(&ts->lock);
	t->next = *head;
	if (t->next != NULL)
		t->next->at = &t->next;
	t->at = head;
	*head = t;
	pthread_mutex_unlock(&ts->lock);
}

static void
delist(struct transfers *ts, struct transfer *t)
{
	pthread_mutex_lock(&ts->lock);
	*t->at = t->next;
	if (t->next != NULL)
		t->next->at = t->at;
	pthread_mutex_unlock(&ts->lock);
}

bool
transfers_live(struct transfers *ts, int64_t device, int64_t *ret_moved)
{
	bool found = false;

	pthread_mutex_lock(&ts->lock);
	for (struct transfer *t = ts->buckets[(uint64_t)device % BUCKETS]; t != NULL; t = t->next) {
		int64_t moved = atomic_load_explicit(&t->moved, memory_order_relaxed);

		if (t->device != device || t->over)
			continue;
		if (!found || moved > *ret_moved)
			*ret_moved = moved;
		found = true;
	}
	pthread_mutex_unlock(&ts->lock);
	return found;
}

/* Another one of the same attempt is on its way still: a device came back for the
 * rest before anybody noticed that its connection was dead. */
static bool
has_sibling(struct transfers *ts, const struct transfer *of)
{
	bool found = false;

	pthread_mutex_lock(&ts->lock);
	for (struct transfer *t = ts->buckets[(uint64_t)of->device % BUCKETS]; t != NULL; t = t->next)
		found |= t != of && !t->over && t->device == of->device && t->job == of->job &&
		    t->ptype == of->ptype && t->attempt == of->attempt;
	pthread_mutex_unlock(&ts->lock);
	return found;
}

struct transfer *
transfer_new(struct core *core, const struct answer *a, uint64_t from, uint64_t to)
{
	struct transfer *t = calloc(1, sizeof(*t));

	assert(a->verdict == VERDICT_OFFER && from <= to && to <= a->image.size);
	if (t == NULL)
		return NULL;
	t->core = core;
	t->job = a->execution.job;
	t->device = a->execution.device;
	t->ptype = a->execution.ptype;
	t->attempt = a->execution.attempt;
	snprintf(t->slot, sizeof(t->slot), "%s", a->image.slot);
	snprintf(t->device_id, sizeof(t->device_id), "%s", a->execution.device_id);
	t->from = from;
	t->to = to;
	t->size = a->image.size;
	atomic_store(&t->moved, clock_boot_ms(core->clock));
	enlist(core->transfers, t);
	return t;
}

void
transfer_moved(struct transfer *t, uint64_t acked)
{
	if (acked <= atomic_load_explicit(&t->acked, memory_order_relaxed))
		return;
	atomic_store_explicit(&t->acked, acked, memory_order_relaxed);
	atomic_store_explicit(&t->moved, clock_boot_ms(t->core->clock), memory_order_relaxed);
}

/* The last byte of the image is there; the bytes before it were, too, or a
 * Range request would not have asked for the end. */
static int
arrived(const struct moving *m, const struct transfer *t, struct execution *x, struct err *e)
{
	char detail[DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%s, %llu bytes", t->slot, (unsigned long long)t->size);
	if (!slots_contain(x->delivered, t->slot)) {
		size_t n = strlen(x->delivered);

		snprintf(x->delivered + n, sizeof(x->delivered) - n, "%s%s", n > 0 ? "," : "",
		    t->slot);
	}
	/* A file system alone reboots nothing and changes no version; and a
	 * family that reports will say itself how it goes on. */
	if (slot_same(t->slot, "filesystem") || (m->family->step == NULL &&
	    (m->device->told != BY_NOTHING || !(m->family->caps & FAMILY_ASKS)))) {
		x->due_ms = execution_due(x, m->policy, m->family, m->device, m->tx->now);
		if (event_note(m->tx, e, x->device, x->job, x->ptype, "delivered", "%s", detail) < 0)
			return -1;
		return store_execution_put(m->tx->db, x, e);
	}
	return execution_apply(m, x, HAP_DELIVER, detail, e);
}

static int
write_end(struct tx *tx, void *arg, struct err *e)
{
	const struct transfer *t = arg;
	struct execution x;
	struct device device;
	struct job_brief job;
	enum job_state state;
	struct moving m = { .tx = tx, .device = &device, .policy = &job.policy };
	char detail[DETAIL_MAX];
	int r;

	if ((r = store_execution_find(tx->db, t->job, t->device, t->ptype, &x, e)) <= 0 ||
	    (r = store_device_find_num(tx->db, t->device, &device, e)) <= 0 ||
	    (r = store_job_brief(tx->db, t->job, t->ptype, &job, &state, e)) <= 0)
		return r;			/* 0: deleted meanwhile */
	m.family = core_family(tx->core, device.dialect);
	if (m.family == NULL || x.attempt != t->attempt || !x.taken)
		return 0;			/* a late end of an attempt that is over */
	switch (t->end) {
	case TRANSFER_DELIVERED:
		if (t->to == t->size)
			return arrived(&m, t, &x, e);
		x.due_ms = execution_due(&x, m.policy, m.family, &device, tx->now);
		return store_execution_put(tx->db, &x, e);
	case TRANSFER_BROKEN:
		/* One that was told will say itself how its attempt ended; one that
		 * came back for the rest is still at it. */
		if (!(m.family->caps & FAMILY_ASKS) || device.told != BY_NOTHING ||
		    has_sibling(tx->core->transfers, t))
			return event_note(tx, e, x.device, x.job, x.ptype, "transfer_broken",
			    "%s", t->slot);
		snprintf(detail, sizeof(detail), "%s, after %llu of %llu bytes", t->slot,
		    (unsigned long long)(t->from + t->acked), (unsigned long long)t->size);
		return execution_apply(&m, &x, HAP_BROKEN, detail, e);
	case TRANSFER_UNSENT:
		return execution_apply(&m, &x, HAP_UNSENT, "", e);
	}
	return 0;
}

static void
ended(void *arg, int rc, const struct err *e)
{
	struct transfer *t = arg;

	if (rc < 0)
		log_warnx("%s: the end of its transfer is not recorded: %s", t->device_id, e->text);
	delist(t->core->transfers, t);
	free(t);
}

void
transfer_end(struct transfer *t, enum transfer_end end)
{
	struct err e = ERR_INIT;

	pthread_mutex_lock(&t->core->transfers->lock);
	t->end = end;
	t->over = true;
	pthread_mutex_unlock(&t->core->transfers->lock);
	if (end != TRANSFER_UNSENT)
		atomic_fetch_add(&t->core->delivered_bytes,
		    end == TRANSFER_DELIVERED ? t->to - t->from : atomic_load(&t->acked));
	if (core_write(t->core, URGENT_STATUS, NULL, write_end, ended, t, &e) < 0)
		ended(t, -1, &e);
}
