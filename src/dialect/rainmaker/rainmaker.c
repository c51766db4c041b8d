/* SPDX-License-Identifier: Apache-2.0
 *
 * ESP RainMaker nodes and ESP-AT devices, OTA by topics: protocols/rainmaker.md is
 * what they do, docs/dialects/rainmaker.md how to bring them here.
 *
 * A node says config at each boot, before it listens for an offer, and otafetch
 * some seconds later. So config only notes and looks, and is the sign of a reboot;
 * otafetch is what asks. Silence is the only "nothing" there is: whatever the
 * core decides short of an offer is not answered. */
#include <stdlib.h>
#include <string.h>
#include "otad/link.h"
#include "otad/log.h"
#include "rainmaker.h"

struct heard {			/* what waits for the writer */
	struct sighting	who;
	struct report	report;		/* of otastatus */
};

/* Go on in write. Only reading keeps: a second run of write finds it there. */
static int
keep(struct exchange *x, const struct heard *h, struct err *e)
{
	if (x->state != NULL)
		return CALL_WRITE;
	x->state = malloc(sizeof(*h));
	if (x->state == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(x->state, h, sizeof(*h));
	x->state_free = free;
	return CALL_WRITE;
}

/* ---- config, params/local/init ---- */

/* What product is it? Asked for strangers and for those who belong to none. */
static int
find_product(struct tx *tx, struct sighting *s, struct err *e)
{
	struct err absent = ERR_INIT;
	struct device d;

	if (device_get(tx, s->id, &d, &absent) == 0) {
		if (d.ptype != 0)
			return 0;
	} else if (absent.code != ERR_ABSENT) {
		*e = absent;
		return -1;
	}
	return product_match(tx, s->family->name, s->facts, &s->ptype, e);
}

static int
note(struct tx *tx, struct exchange *x, struct heard *h, struct err *e)
{
	struct answer a = { 0 };
	int rc;

	if (h->who.facts[0] != '\0' && find_product(tx, &h->who, e))
		return -1;
	rc = core_ask(tx, &h->who, ASK_PEEK, &a, e);
	return rc == CORE_WRITE ? keep(x, h, e) : rc;
}

static int
config_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct heard h = { 0 };

	if (node_id(&x->rq, &h.who, e) || node_config(x->rq.body, x->rq.body_len, &h.who, e))
		return -1;
	return note(tx, x, &h, e);
}

/* All of a node's values, said once in each boot: the boot is what matters. */
static int
init_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct heard h = { .who = { .rebooted = true } };

	return node_id(&x->rq, &h.who, e) ? -1 : note(tx, x, &h, e);
}

static int
note_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct heard h;

	memcpy(&h, x->state, sizeof(h));
	return note(tx, x, &h, e);
}

/* ---- otafetch ---- */

/* An offer that cannot be worded lapses like one that nobody answered. */
static int
say_offer(struct tx *tx, struct exchange *x, const struct heard *h, const struct answer *a,
    struct err *e)
{
	struct outgoing out = { .carrier = BY_NOTHING };
	struct err unsaid = ERR_INIT;
	char link[LINK_MAX];
	struct device d;

	if (device_get(tx, h->who.id, &d, e) || link_make(tx, a, link, e))
		return -1;
	if (node_offer(&d, a, link, &out, &unsaid)) {
		log_warnx("%s: %s", d.id, unsaid.text);
		buf_free(&out.bytes);
		return 0;
	}
	x->out[x->nout++] = out;
	return 0;
}

/* Always answered on the writer: what the node said just before, its config above
 * all, may still be on its way there, and "nothing" would be the last word. */
static int
fetch_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct heard h = { 0 };

	(void)tx;
	if (node_id(&x->rq, &h.who, e) || node_fetch(x->rq.body, x->rq.body_len, &h.who, e))
		return -1;
	return keep(x, &h, e);
}

static int
fetch_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct heard *h = x->state;
	struct answer a = { 0 };

	if (core_ask(tx, &h->who, ASK_OFFER, &a, e))
		return -1;
	if (a.verdict == VERDICT_OFFER)
		return say_offer(tx, x, h, &a, e);
	log_debug("%s: asks, and is not answered: %s", h->who.id, a.why);
	return 0;
}

/* ---- otastatus ---- */

static int
status_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct heard h = { 0 };

	(void)tx;
	if (node_id(&x->rq, &h.who, e) ||
	    node_status(x->rq.body, x->rq.body_len, &h.report, e))
		return -1;
	return keep(x, &h, e);
}

static int
status_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct heard *h = x->state;

	return core_report(tx, &h->who, &h->report, e);
}

/* ---- the family ---- */

static int
offer(void *self, const struct device *d, const struct answer *a, const char *link,
    struct outgoing *ret, struct err *e)
{
	char ota[FACT_VALUE_MAX];

	(void)self;
	if (facts_get(d->facts, "ota", ota) && strcmp(ota, "params") == 0)
		return err_field(e, ERR_INVALID, "ota", "params", "it is built for OTA by params, "
		    "and does not listen for an offer");
	return node_offer(d, a, link, ret, e);
}

/* Every topic has two names (1.2). params/local and the rest are not ours. */
#define BOTH(suffix, ...)						\
	{ "node/{id}/" suffix, 1, __VA_ARGS__ },			\
	{ "$aws/rules/{rule}/node/{id}/" suffix, 1, __VA_ARGS__ }

static const struct topic topics[] = {
	BOTH("config", .read = config_read, .write = note_write),
	BOTH("params/local/init", .read = init_read, .write = note_write),
	BOTH("otafetch", .read = fetch_read, .write = fetch_write),
	BOTH("otastatus", .read = status_read, .write = status_write),
	{ 0 }
};

const struct dialect_ops dialect_rainmaker = {
	.family = {
		.name = "rainmaker",
		.proof = PROOF_VERSION,
		.caps = FAMILY_TOLD | FAMILY_REPORTS,
		.offer_guard_s = 120,
		/* The reboot comes 10 s after the word of success. */
		.back_guard_s = 15,
		/* Restart, 90 to 600 s of verification, a reconnect; ESP-AT waits
		 * for its host to restart it. */
		.silence_floor_s = 2 * 3600,
	},
	.topics = topics,
	.offer = offer,
};
