/* SPDX-License-Identifier: Apache-2.0
 *
 * reboot.c - the reboot as a step of its own (protocols/espressif-cloud.md 2.2,
 * 4.5): the conversation is short, so its whole memory is the execution's phase.
 *
 * A device does not say that it reboots, and many leave without closing their
 * connection. So both count as having gone: the end of the connection, and a new
 * one while the old still stands. */
#include <stdio.h>
#include <string.h>
#include "otad/dispatch.h"
#include "otad/reboot.h"
#include "otad/store_owner.h"
#include "reboot.h"
#include "transfer.h"
#include "visit.h"

#define CALL_S	10	/* a device that is connected is told within that time */

/* ---- which execution ---- */

struct active { struct execution *ret; bool found; };

static int
keep_active(void *arg, const struct execution *x, struct err *e)
{
	struct active *a = arg;

	(void)e;
	if (!a->found && state_active(x->state)) {
		*a->ret = *x;
		a->found = true;
	}
	return 0;
}

static int
active_of(struct tx *tx, int64_t device, struct execution *ret, struct err *e)
{
	struct active a = { .ret = ret };

	return store_execution_live(tx->db, device, keep_active, &a, e) < 0 ? -1 : a.found;
}

int
device_active(struct tx *tx, const char *id, struct execution *ret, struct err *e)
{
	struct device device;
	int r = store_device_find(tx->db, id, &device, e);

	return r <= 0 ? r : active_of(tx, device.num, ret, e);
}

/* A device, its execution, and what surrounds them. */
struct scene {
	struct moving		m;
	struct device		device;
	struct job_brief	job;
	enum job_state		state;
	struct execution	x;
};

/* 1: it has an active execution of a family that reboots; 0: not; -1. */
static int
set_scene(struct tx *tx, struct scene *s, struct err *e)
{
	int r;

	s->m = (struct moving){ .tx = tx, .device = &s->device, .policy = &s->job.policy,
	    .family = core_family(tx->core, s->device.dialect) };
	if (s->m.family == NULL || !(s->m.family->caps & FAMILY_REBOOTS))
		return 0;
	if ((r = active_of(tx, s->device.num, &s->x, e)) <= 0)
		return r;
	return store_job_brief(tx->db, s->x.job, s->x.ptype, &s->job, &s->state, e);
}

static int
put_phase(const struct moving *m, struct execution *x, enum reboot_phase phase, int64_t due,
    struct err *e)
{
	x->phase = phase;
	x->due_ms = due;
	return store_execution_put(m->tx->db, x, e);
}

/* ---- asking for it ---- */

static int
ask_reboot(const struct moving *m, struct execution *x, struct err *e)
{
	int64_t call;

	if (m->device->told != BY_NOTHING &&	/* else when it is there again */
	    call_create(m->tx, m->device->id, REBOOT_CALL, "{}", CALL_S, &call, e) < 0)
		return -1;
	return put_phase(m, x, REBOOT_ASKED, m->tx->now + CALL_S * 1000, e);
}

int
reboot_next(const struct moving *m, struct execution *x, struct err *e)
{
	struct care care;
	int r;

	if (!(m->family->caps & FAMILY_REBOOTS) || x->state != STATE_DOWNLOADED)
		return 0;
	if ((r = store_care_find(m->tx->db, x->job, &care, e)) < 0)
		return -1;
	if (r > 0 && care.reboot_approval)
		return put_phase(m, x, REBOOT_WAITS, 0, e);
	return ask_reboot(m, x, e);
}

int
reboot_release(struct tx *tx, const char *id, bool *ret, struct err *e)
{
	struct scene s;
	int r;

	*ret = false;
	if (device_get(tx, id, &s.device, e) < 0 || (r = set_scene(tx, &s, e)) < 0)
		return -1;
	if (r == 0 || s.x.state != STATE_DOWNLOADED)
		return 0;
	*ret = true;
	if (s.x.phase == REBOOT_ASKED || s.x.phase == REBOOT_SAID)
		return 0;
	return ask_reboot(&s.m, &s.x, e);
}

int
reboot_said(struct tx *tx, const struct device *device, struct err *e)
{
	struct scene s = { .device = *device };
	int r = set_scene(tx, &s, e);

	if (r <= 0 || s.x.state != STATE_DOWNLOADED)
		return r < 0 ? -1 : 0;
	return put_phase(&s.m, &s.x, REBOOT_SAID, tx->now + REBOOT_MS, e);
}

int
reboot_overdue(const struct moving *m, struct execution *x, struct err *e)
{
	if (!(m->family->caps & FAMILY_REBOOTS) || x->state != STATE_DOWNLOADED)
		return 0;
	switch (x->phase) {
	case REBOOT_ASKED:	/* it was not said: its connection went first */
		if (m->tx->now - x->delivered_ms > (int64_t)m->policy->timeout_s * 1000)
			return 0;
		return ask_reboot(m, x, e) < 0 ? -1 : 1;
	case REBOOT_SAID:
		/* Switched off since its download, it has forgotten the image. */
		return execution_apply(m, x, HAP_FAILURE,
		    "told to reboot, it did not go away", e) < 0 ? -1 : 1;
	default:
		return 0;
	}
}

/* ---- going and coming ---- */

static int
went(struct scene *s, struct err *e)
{
	if (s->x.state != STATE_DOWNLOADED || s->x.phase != REBOOT_SAID)
		return 0;
	return execution_apply(&s->m, &s->x, HAP_SUCCESS, "it went away to reboot", e);
}

int
device_left(struct tx *tx, const char *id, enum carrier carrier, struct err *e)
{
	struct scene s;
	int r = store_device_find(tx->db, id, &s.device, e);

	if (r <= 0)
		return r;
	if (s.device.told == carrier) {
		s.device.told = BY_NOTHING;
		if (store_device_update(tx->db, &s.device, e) < 0)
			return -1;
	}
	return (r = set_scene(tx, &s, e)) <= 0 ? r : went(&s, e);
}

int
device_left_all(struct tx *tx, enum carrier carrier, struct err *e)
{
	return store_device_untell(tx->db, carrier, e);
}

/* Two slots take turns. */
static void
change_slot(struct device *d)
{
	if (slot_same(d->slot, "user1"))
		snprintf(d->slot, sizeof(d->slot), "user2");
	else if (slot_same(d->slot, "user2"))
		snprintf(d->slot, sizeof(d->slot), "user1");
}

static int
returned(struct scene *s, struct err *e)
{
	if (!s->m.tx->writes)
		return CORE_WRITE;
	if (went(s, e) < 0 || execution_apply(&s->m, &s->x, HAP_RETURN, "", e) < 0)
		return -1;
	s->device.firmware = s->x.target;
	s->device.firmware_sure = false;
	change_slot(&s->device);
	tx_bump(s->m.tx);
	return store_device_update(s->m.tx->db, &s->device, e);
}

/* It has come up anew in mid-download, and nothing is on its way to it. */
static int
lost_its_way(struct scene *s, struct err *e)
{
	int64_t moved;

	if (transfers_live(s->m.tx->core->transfers, s->device.num, &moved))
		return 0;
	if (!s->m.tx->writes)
		return CORE_WRITE;
	return execution_apply(&s->m, &s->x, HAP_BROKEN, "it connected anew", e);
}

int
device_back(struct tx *tx, const char *id, bool says, struct err *e)
{
	struct scene s;
	int r = store_device_find(tx->db, id, &s.device, e);

	if (r <= 0 || (r = set_scene(tx, &s, e)) <= 0)
		return r;
	switch (s.x.state) {
	case STATE_IN_PROGRESS:
		return lost_its_way(&s, e);
	case STATE_DOWNLOADED:
		if (s.x.phase != REBOOT_SAID)
			return 0;
		break;
	case STATE_VERIFYING:
		break;
	default:
		return 0;
	}
	if (!says)
		return returned(&s, e);
	/* The version that it says is a better proof, for or against it. */
	if (s.x.state == STATE_VERIFYING)
		return 0;
	return tx->writes ? went(&s, e) : CORE_WRITE;
}

/* ---- now ---- */

int
device_offer_now(struct tx *tx, const char *id, enum carrier carrier, struct answer *ret,
    struct err *e)
{
	struct sighting silent = { .identity = ID_ACCOUNT, .told = carrier };
	struct visit v = { .tx = tx, .s = &silent };

	memset(ret, 0, sizeof(*ret));
	if (device_get(tx, id, &v.device, e) < 0)
		return -1;
	silent.family = core_family(tx->core, v.device.dialect);
	if (silent.family == NULL)
		return err_set(e, ERR_CONFLICT, "nobody here speaks %s", v.device.dialect);
	snprintf(silent.id, sizeof(silent.id), "%s", v.device.id);
	if (visit_recognise(&v, e) < 0 || visit_load(&v, e) < 0)
		return -1;
	return visit_offer(&v, ASK_OFFER, ret, e) < 0 ? -1 : 0;
}
