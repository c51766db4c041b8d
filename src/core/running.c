/* SPDX-License-Identifier: Apache-2.0
 *
 * running.c - which firmware is it that a device says it runs?
 *
 * A hash beats a text: it is of the very bytes. A text is a canonical name, or a
 * native version that an uploader or an image gave. What cannot be placed is
 * "order unknown"; a canonical name that is not in the repository still has an
 * order. A device that says nothing is believed to run what it ran. */
#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "visit.h"

struct named { struct version wanted; int64_t num; };

static int
same_name(void *arg, const struct firmware *fw, struct err *e)
{
	struct named *n = arg;
	const struct version *v = &fw->version;

	(void)e;
	if (v->channel == n->wanted.channel && v->fota == n->wanted.fota)
		n->num = fw->num;
	return 0;
}

static int
by_hash(struct visit *v, uint32_t ptype, struct err *e)
{
	for (size_t i = 0; i < NELEM(v->s->hashes); i++) {
		const struct running_hash *h = &v->s->hashes[i];
		int r;

		if (h->len == 0)
			continue;
		v->speaks = true;
		r = store_hash_find(v->tx->db, ptype, h->name, h->bytes, h->len, &v->running, e);
		if (r != 0)
			return r;
	}
	return 0;
}

static int
by_text(struct visit *v, uint32_t ptype, struct err *e)
{
	struct named n = { .num = 0 };
	struct err ignored = ERR_INIT;

	if (v->s->version[0] == '\0')
		return 0;
	v->speaks = true;
	if (version_parse_device(&n.wanted, v->s->version, &ignored) == 0 &&
	    n.wanted.ptype == ptype) {
		v->value = version_value(&n.wanted);
		v->value_known = true;
		if (store_firmware_rivals(v->tx->db, ptype, v->value, same_name, &n, e) < 0)
			return -1;
		v->running = n.num;
		return n.num != 0;
	}
	return store_native_find(v->tx->db, ptype, v->s->version, &v->running, e);
}

/* What it said, as one text that can be compared with what it says later. */
static void
quote(struct visit *v)
{
	const struct sighting *s = v->s;

	if (s->version[0] != '\0')
		snprintf(v->said, sizeof(v->said), "%s", s->version);
	else
		for (size_t i = 0; i < NELEM(s->hashes) && v->said[0] == '\0'; i++)
			if (s->hashes[i].len > 0 && s->hashes[i].len <= 32)
				hex_encode(v->said, s->hashes[i].bytes,
				    s->hashes[i].len < 32 ? s->hashes[i].len : 31);
}

int
visit_recognise(struct visit *v, struct err *e)
{
	struct firmware_brief brief;
	uint32_t ptype = v->device.ptype;
	int r;

	if (ptype != 0 && (r = by_hash(v, ptype, e)) <= 0) {
		if (r < 0 || by_text(v, ptype, e) < 0)
			return -1;
	}
	quote(v);
	if (!v->speaks) {
		v->running = v->device.firmware;
		v->value = v->device.firmware_value;
		v->value_known = v->running != 0;
		return 0;
	}
	if (v->running == 0)
		return 0;
	if ((r = store_firmware_brief(v->tx->db, v->running, &brief, e)) < 0)
		return -1;
	v->value = brief.value;
	v->value_known = r > 0;
	return 0;
}

static bool
is_news(const struct visit *v)
{
	const struct sighting *s = v->s;
	const struct device *d = &v->device;

	return (s->version[0] != '\0' && strcmp(s->version, d->version) != 0) ||
	    (s->slot[0] != '\0' && strcmp(s->slot, d->slot) != 0) ||
	    (s->facts[0] != '\0' && strcmp(s->facts, d->facts) != 0) ||
	    (s->address[0] != '\0' && strcmp(s->address, d->address) != 0) ||
	    (s->told != BY_NOTHING && s->told != d->told) ||
	    (v->speaks && (v->running != d->firmware || (v->running != 0 && !d->firmware_sure)));
}

int
visit_note(struct visit *v, struct err *e)
{
	const struct sighting *s = v->s;
	struct device *d = &v->device;

	if (!is_news(v))
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE;
	/* A stranger's words stand in its record, where they take no room. */
	if (s->version[0] != '\0' && strcmp(s->version, d->version) != 0 &&
	    d->status == DEVICE_ACCEPTED &&
	    event_note(v->tx, e, d->num, 0, d->ptype, "runs", "%s", s->version) < 0)
		return -1;
	if (s->version[0] != '\0')
		snprintf(d->version, sizeof(d->version), "%s", s->version);
	if (s->slot[0] != '\0')
		snprintf(d->slot, sizeof(d->slot), "%s", s->slot);
	if (s->facts[0] != '\0')
		snprintf(d->facts, sizeof(d->facts), "%s", s->facts);
	if (s->address[0] != '\0')
		snprintf(d->address, sizeof(d->address), "%s", s->address);
	if (s->told != BY_NOTHING)
		d->told = s->told;
	if (v->speaks) {
		d->firmware = v->running;
		d->firmware_sure = v->running != 0;
	}
	return store_device_update(v->tx->db, d, e);
}
