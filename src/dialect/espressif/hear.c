/* SPDX-License-Identifier: Apache-2.0
 *
 * hear.c - what devices say over their lines, and what each of it means. One
 * handler serves reading and writing: a message costs some microseconds to parse,
 * and what only looks never comes to the writer.
 *
 * Every message is answered: the device has no timer of its own before the first
 * answer (1.6). Texts avoid the words that a device searches for (1.3). */
#include <stdio.h>
#include <string.h>
#include "espressif.h"
#include "otad/log.h"

struct heard {
	struct tx		*tx;
	struct exchange		*x;
	struct message		*m;
	struct sighting		who;
	struct device		device;
	bool			known;
};

static void
auto_message_(struct message *m)
{
	message_clear(m);
}

static const char *
refusal(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PENDING:	return "not accepted yet";
	case VERDICT_BLOCKED:	return "blocked";
	case VERDICT_CLOSED:	return "unknown, and enrolment is closed";
	case VERDICT_NO_KEY:	return "not the key of this address";
	case VERDICT_FOREIGN:	return "registered for another family";
	default:		return "refused";
	}
}

/* Seen, and asked: what waits for it follows the answer. Fills *ret; the caller has
 * said its answer when there is an offer. */
static int
see(struct heard *h, struct answer *ret, struct err *e)
{
	int r = core_ask(h->tx, &h->who, ASK_OFFER, ret, e);

	if (r != 0)
		return r;
	if (ret->verdict == VERDICT_NOTHING || ret->verdict == VERDICT_OFFER ||
	    ret->verdict == VERDICT_PENDING)
		snprintf(h->x->line, sizeof(h->x->line), "%s", h->who.id);
	return 0;
}

static int
offer_after(struct heard *h, const struct answer *a, struct err *e)
{
	struct device d;

	if (a->verdict != VERDICT_OFFER)
		return 0;
	if (device_get(h->tx, h->who.id, &d, e) < 0)
		return -1;
	memset(&h->x->out[h->x->nout], 0, sizeof(h->x->out[0]));
	return espressif_offer(NULL, &d, a, "", &h->x->out[h->x->nout++], e);
}

static bool
welcome(const struct answer *a)
{
	return a->verdict == VERDICT_NOTHING || a->verdict == VERDICT_OFFER;
}

/* Activation and identification differ in one member. */
static json_t *
greeting(const struct heard *h, int64_t id)
{
	json_t *doc = json_pack("{s:{s:I}, s:i}", "device", "id", (json_int_t)id, "status", 200);

	if (h->m->has_nonce)
		json_object_set_new(doc, "nonce", json_integer(h->m->nonce));
	return doc;
}

static int
take_activate(struct heard *h, struct err *e)
{
	struct answer a;
	struct device d;
	json_t *doc;
	int r;

	/* A missing nonce reads as 0, which is what a device compares with that has
	 * never sent one: it would activate for ever (1.3). */
	if (!h->m->has_nonce)
		return say_status(h->x, h->m, 400, "no nonce", e);
	if ((h->known && (r = device_back(h->tx, h->who.id, h->who.version[0] != '\0', e)) != 0) ||
	    (r = see(h, &a, e)) != 0)
		return r;
	if (!welcome(&a)) {
		doc = json_pack("{s:i, s:s, s:I, s:i}", "activate_status", 0, "message",
		    refusal(a.verdict), "nonce", (json_int_t)h->m->nonce, "status", 403);
		return say_line(h->x, doc, e);
	}
	if (device_get(h->tx, h->who.id, &d, e) < 0)
		return -1;
	if (h->m->claim[0] != '\0' && (r = claim_device(h->tx, d.num, h->m->claim, e)) != 0)
		return r;
	doc = greeting(h, d.num);
	json_object_set_new(doc, "activate_status", json_integer(1));
	return say_line(h->x, doc, e) < 0 ? -1 : offer_after(h, &a, e);
}

static int
take_identify(struct heard *h, struct err *e)
{
	struct answer a;
	struct device d;
	int r;

	/* After an activation it identifies on the same connection: it is not back. */
	if ((h->known && strcmp(h->x->line, h->who.id) != 0 &&
	    (r = device_back(h->tx, h->who.id, false, e)) != 0) || (r = see(h, &a, e)) != 0)
		return r;
	if (!welcome(&a))
		return say_status(h->x, h->m, 403, refusal(a.verdict), e);
	if (device_get(h->tx, h->who.id, &d, e) < 0 || say_line(h->x, greeting(h, d.num), e) < 0)
		return -1;
	return offer_after(h, &a, e);
}

static int
take_ping(struct heard *h, struct err *e)
{
	struct answer a;
	int r = see(h, &a, e);

	if (r != 0)
		return r;
	/* Also to those that are not welcome: else they connect anew, at once. */
	if (say_status(h->x, h->m, 200, "ping success", e) < 0)
		return -1;
	return offer_after(h, &a, e);
}

/* ---- results ---- */

static int
report(struct heard *h, enum happening what, const char *detail, struct err *e)
{
	struct report rep = { .what = what, .progress = -1 };
	int r;

	snprintf(rep.detail, sizeof(rep.detail), "%s", detail);
	r = core_report(h->tx, &h->who, &rep, e);
	if (r >= 0 || e->code == ERR_STORE || e->code == ERR_FULL || e->code == ERR_INTERNAL)
		return r;
	log_info("%s: %s is passed over: %s", h->who.id, h->m->action, e->text);
	*e = (struct err)ERR_INIT;
	return 0;
}

static int
take_message(struct heard *h, struct err *e)
{
	char detail[DETAIL_MAX];
	int r = 0;

	if (strcmp(h->m->action, "device_upgrade_success") == 0) {
		snprintf(detail, sizeof(detail), "stored %.64s%s%.64s", h->m->rom,
		    h->m->pre_rom[0] != '\0' ? ", runs " : "", h->m->pre_rom);
		r = report(h, HAP_STORE, detail, e);
	} else if (strcmp(h->m->action, "device_upgrade_failed") == 0) {
		r = report(h, HAP_FAILURE, "the download failed, it says", e);
	}
	return r != 0 ? r : say_status(h->x, h->m, 200, "send message success", e);
}

/* A reply to what it was told: an order (whose nonce is no call's), or a call. */
static int
take_reply(struct heard *h, struct err *e)
{
	AUTO(str) char *text = NULL;
	struct execution x;
	char detail[64];
	int r;

	if (!h->m->has_nonce || h->x->line[0] == '\0')
		return 0;
	snprintf(detail, sizeof(detail), "it answered the order with status %d", h->m->status);
	if (h->m->status != 200 && (r = device_active(h->tx, h->who.id, &x, e)) != 0) {
		if (r < 0 || (x.state == STATE_OFFERED &&
		    (r = report(h, HAP_FAILURE, detail, e)) != 0))
			return r;
	}
	if (h->m->nonce >= NONCE_ORDER)
		return 0;
	if (!tx_writes(h->tx))
		return CORE_WRITE;
	text = json_dumps(h->m->root, JSON_SORT_KEYS);
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return call_answer(h->tx, h->who.id, h->m->nonce, text, NULL, e);
}

/* ---- the rest ---- */

/* No timers are kept: an empty list cancels what it had. */
static int
take_timers(struct heard *h, struct err *e)
{
	return say_line(h->x, json_pack("{s:i, s:s, s:I, s:i}", "status", 200, "timers", "",
	    "timestamp", (json_int_t)(tx_now(h->tx) / 1000), "zone", 0), e);
}

/* A sensor wakes, uploads, and sleeps when it hears status 200. */
static int
take_datapoint(struct heard *h, struct err *e)
{
	static const char *const axes[] = { "x", "y", "z", "k", "l" };
	const json_t *given = json_object_get(json_object_get(h->m->root, "body"), "datapoint");
	json_t *point = json_object(), *doc;
	struct answer a;
	int r = see(h, &a, e);

	for (size_t i = 0; i < NELEM(axes); i++)
		if (json_is_number(json_object_get(given, axes[i])))
			json_object_set(point, axes[i], json_object_get(given, axes[i]));
	if (r != 0 || !welcome(&a)) {
		json_decref(point);
		return r != 0 ? r : say_status(h->x, h->m, 403, refusal(a.verdict), e);
	}
	doc = json_pack("{s:o, s:i}", "datapoint", point, "status", 200);
	if (h->m->has_nonce)
		json_object_set_new(doc, "nonce", json_integer(h->m->nonce));
	return say_line(h->x, doc, e);
}

static const struct {
	const char	*path;
	int		(*take)(struct heard *, struct err *);
} takers[] = {
	{ "/v1/device/activate", take_activate },
	{ "/v1/device/identify", take_identify },
	{ "/v1/ping", take_ping },
	{ "/v1/messages", take_message },
	{ "/v1/device/timers", take_timers },
};

static int
take(struct heard *h, struct err *e)
{
	for (size_t i = 0; i < NELEM(takers); i++)
		if (strcmp(h->m->path, takers[i].path) == 0)
			return takers[i].take(h, e);
	if (strncmp(h->m->path, "/v1/datastreams/", 16) == 0)
		return take_datapoint(h, e);
	if (h->m->path[0] == '\0')
		return take_reply(h, e);
	return say_status(h->x, h->m, 404, "nothing is known at this path", e);
}

/* Of a phone that waits for news: it has a key of an account, and pings without. */
static int
take_app(struct tx *tx, struct exchange *x, const struct message *m, bool *ret, struct err *e)
{
	struct account account;
	int r;

	*ret = true;
	if (strcmp(m->path, "/v1/ping") == 0 && m->token[0] == '\0' && x->line[0] == '/')
		return say_status(x, m, 200, "ping success", e);
	if (strcmp(m->path, "/v1/mbox") != 0) {
		*ret = false;
		return 0;
	}
	if ((r = account_find_key(tx, m->token, &account, e)) < 0)
		return -1;
	if (r == 0)
		return say_status(x, m, 403, "not the key of an account", e);
	snprintf(x->line, sizeof(x->line), "/mbox/%lld", (long long)account.num);
	return say_status(x, m, 200, NULL, e);
}

int
espressif_hear(struct tx *tx, struct exchange *x, struct err *e)
{
	__attribute__((cleanup(auto_message_))) struct message m = { .root = NULL };
	struct heard h = { .tx = tx, .x = x, .m = &m };
	struct err why = ERR_INIT;
	bool app;
	int r;

	/* Blank flash is no UTF-8 (1.5): such a device is answered, not cut off, or it
	 * would be back at once. */
	if (message_read(x->rq.body, x->rq.body_len, &m, &why) < 0) {
		log_info("%s: %s", x->rq.address, why.text);
		return say_status(x, &m, 400, why.text, e);
	}
	if ((r = take_app(tx, x, &m, &app, e)) != 0 || app)
		return r;
	r = who_speaks(tx, x, &m, &h.who, &h.device, &why);
	if (r < 0 && (why.code == ERR_AUTH || why.code == ERR_ABSENT))
		return m.path[0] == '\0' ? 0 : say_status(x, &m, 401, "no key", e);
	if (r < 0) {
		*e = why;
		return -1;
	}
	h.known = r > 0;
	return take(&h, e);
}

int
espressif_gone(struct tx *tx, void *name, struct err *e)
{
	return device_left(tx, name, BY_LINE, e);
}

int
espressif_begin(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return device_left_all(tx, BY_LINE, e);
}
