/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol.c - who is it, and may it speak?
 *
 * A refusal is noted in the device's history once an hour, not at every poll: a
 * blocked device that asks each second must not fill a disk. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/log.h"
#include "visit.h"

#define PENDING_MAX	100000		/* strangers waiting for approval, per family */
#define NOTE_EVERY_MS	3600000

int
visit_say(struct answer *a, enum verdict verdict, const char *fmt, ...)
{
	va_list ap;

	a->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	return 0;
}

static bool
shows_own_key(const struct visit *v)
{
	const struct sighting *s = v->s;

	if (s->identity == ID_ACCOUNT)
		return true;
	if (!v->device.has_key)
		return !(s->family->caps & FAMILY_KEYS);
	return s->identity == ID_KEY &&
	    same_bytes(s->key_hash, v->device.key_hash, sizeof(s->key_hash));
}

void
visit_identify(const struct visit *v, struct answer *ret)
{
	const struct device *d = &v->device;

	if (strcmp(d->dialect, v->s->family->name) != 0)
		visit_say(ret, VERDICT_FOREIGN, "device '%s' is registered for %s, not %s", d->id,
		    d->dialect, v->s->family->name);
	else if (!shows_own_key(v))
		visit_say(ret, VERDICT_NO_KEY, v->s->identity == ID_KEY ?
		    "device '%s' has another key" : "device '%s' has to show its key", d->id);
	else if (d->status == DEVICE_BLOCKED)
		visit_say(ret, VERDICT_BLOCKED, "device '%s' is blocked", d->id);
	else if (d->status == DEVICE_PENDING)
		visit_say(ret, VERDICT_PENDING, "device '%s' waits to be accepted", d->id);
	else
		ret->verdict = VERDICT_NOTHING;
}

struct last_note { const char *kind; int64_t at; };

static int
find_note(void *arg, const struct event *ev, struct err *e)
{
	struct last_note *last = arg;

	(void)e;
	if (last->at == 0 && strcmp(ev->kind, last->kind) == 0)
		last->at = ev->at_ms;
	return 0;
}

int
visit_note_once(struct visit *v, const char *kind, const char *text, struct err *e)
{
	struct last_note last = { kind, 0 };

	if (store_event_list(v->tx->db, v->device.num, 0, 8, find_note, &last, e) < 0)
		return -1;
	if (last.at > v->tx->now - NOTE_EVERY_MS)
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE;
	log_info("%s: %s: %s", v->device.id, kind, text);
	return event_note(v->tx, e, v->device.num, 0, v->device.ptype, kind, "%s", text);
}

/* May a stranger come in at all? Says no by ret->verdict. */
static int
may_enrol(struct visit *v, enum enrol policy, struct answer *ret, struct err *e)
{
	const struct sighting *s = v->s;
	struct product product;
	uint64_t pending;
	int r;

	if (s->family->caps & FAMILY_KEYS && s->identity == ID_CLAIMED)
		return visit_say(ret, VERDICT_NO_KEY, "'%s' is unknown and shows no key", s->id);
	if (s->ptype != 0) {
		if ((r = store_product_find(v->tx->db, s->ptype, &product, e)) < 0)
			return -1;
		if (r == 0)
			return visit_say(ret, VERDICT_NO_PRODUCT, "there is no product %u", s->ptype);
		if (strcmp(product.dialect, s->family->name) != 0)
			return visit_say(ret, VERDICT_NO_PRODUCT, "product %u speaks %s, not %s",
			    s->ptype, product.dialect, s->family->name);
	}
	if (policy == ENROL_CLOSED)
		return visit_say(ret, VERDICT_CLOSED, "'%s' is unknown, and enrolment is closed",
		    s->id);
	if (policy == ENROL_APPROVE) {
		if (store_device_pending_count(v->tx->db, s->family->name, &pending, e) < 0)
			return -1;
		if (pending >= PENDING_MAX)
			return err_set(e, ERR_TOO_MANY, "%d devices wait to be accepted already",
			    PENDING_MAX);
	}
	return visit_say(ret, VERDICT_NOTHING, "%s", "");
}

static void
newcomer(const struct visit *v, enum enrol policy, struct device *d)
{
	const struct sighting *s = v->s;

	memset(d, 0, sizeof(*d));
	snprintf(d->id, sizeof(d->id), "%s", s->id);
	snprintf(d->dialect, sizeof(d->dialect), "%s", s->family->name);
	snprintf(d->address, sizeof(d->address), "%s", s->address);
	d->told = s->told;
	d->ptype = s->ptype;
	d->channel = 'v';
	d->status = policy == ENROL_OPEN ? DEVICE_ACCEPTED : DEVICE_PENDING;
	d->first_seen_ms = d->last_seen_ms = v->tx->now;
	if (s->identity == ID_KEY) {
		d->has_key = true;
		memcpy(d->key_hash, s->key_hash, sizeof(d->key_hash));
	}
}

static int
enrol(struct visit *v, struct answer *ret, struct err *e)
{
	const struct core *core = v->tx->core;
	enum enrol policy = core->settings.enrol(core->settings.enrol_arg, v->s->family->name);

	if (device_id_check(v->s->id, e) < 0 || may_enrol(v, policy, ret, e) < 0)
		return -1;
	if (ret->verdict != VERDICT_NOTHING)
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE;
	newcomer(v, policy, &v->device);
	if (store_device_insert(v->tx->db, &v->device, &v->device.num, e) < 0 ||
	    event_note(v->tx, e, v->device.num, 0, v->device.ptype, "enrolled", "%s from %s",
	    v->device.status == DEVICE_PENDING ? "pending approval," : "accepted,",
	    v->device.address) < 0)
		return -1;
	log_info("%s: enrolled%s", v->device.id,
	    v->device.status == DEVICE_PENDING ? ", waits to be accepted" : "");
	visit_identify(v, ret);
	return 0;
}

/* It belongs to no product yet, and somebody who is vouched for says to which. */
static int
adopt(struct visit *v, struct err *e)
{
	const struct sighting *s = v->s;
	struct device *d = &v->device;
	struct product product;
	int r;

	if (d->ptype != 0 || s->ptype == 0 || s->identity != ID_ACCOUNT ||
	    strcmp(d->dialect, s->family->name) != 0)
		return 0;
	if ((r = store_product_find(v->tx->db, s->ptype, &product, e)) <= 0)
		return r;
	if (strcmp(product.dialect, d->dialect) != 0)
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE;
	d->ptype = s->ptype;
	tx_bump(v->tx);			/* "belongs to no product" was remembered */
	if (store_device_update(v->tx->db, d, e) < 0)
		return -1;
	return event_note(v->tx, e, d->num, 0, d->ptype, "adopted", "by product %u", d->ptype);
}

int
visit_open(struct visit *v, struct answer *ret, struct err *e)
{
	int r = store_device_find(v->tx->db, v->s->id, &v->device, e);

	if (r < 0)
		return -1;
	if (r == 0)
		return enrol(v, ret, e);
	if ((r = adopt(v, e)) != 0)
		return r;
	visit_identify(v, ret);
	return ret->verdict == VERDICT_NOTHING ? 0 :
	    visit_note_once(v, "refused", ret->why, e);
}
