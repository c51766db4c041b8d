/* SPDX-License-Identifier: Apache-2.0
 *
 * The dialect for firmware that people write themselves, over HTTP: docs/dialects/
 * native.md is for them. It is also the reference that the core is tested with,
 * so it says all that the core can hear and nothing more. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "native.h"
#include "otad/range.h"

struct asked {			/* what waits for the writer */
	struct sighting	who;
	struct report	report;		/* of POST /device/status */
};

/* Go on in write. Only reading keeps: a second run of write finds it there. */
static int
keep(struct exchange *x, const struct asked *a, struct err *e)
{
	if (x->state != NULL)
		return CALL_WRITE;
	x->state = malloc(sizeof(*a));
	if (x->state == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(x->state, a, sizeof(*a));
	x->state_free = free;
	return CALL_WRITE;
}

static int
serve(struct tx *tx, struct exchange *x, const struct asked *a, struct err *e)
{
	enum ask_how how = x->rq.method == M_HEAD ? ASK_PEEK : ASK_SERVE;
	struct answer answer = { 0 };
	int rc = core_ask(tx, &a->who, how, &answer, e);

	if (rc == CORE_WRITE)
		return keep(x, a, e);
	return rc == 0 ? native_answer(x, &answer, e) : -1;
}

static int
update_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct asked a = { 0 };

	return native_read(&x->rq, &a.who, e) ? -1 : serve(tx, x, &a, e);
}

static int
update_write(struct tx *tx, struct exchange *x, struct err *e)
{
	assert(x->state != NULL);	/* reading left it there */
	return serve(tx, x, x->state, e);
}

/* HEAD and a conditional GET only look: they must not take the image. */
static int
fetch(struct tx *tx, struct exchange *x, const struct sighting *who, enum ask_how how,
    struct answer *ret, struct err *e)
{
	return core_fetch(tx, who, x->rq.params[0], x->rq.params[1], how, ret, e);
}

/* Does the device have it already, by its own word? */
static bool
unchanged(struct tx *tx, struct exchange *x, const struct sighting *who)
{
	const char *tags = request_header(&x->rq, "If-None-Match");
	struct answer answer = { 0 };
	char etag[NATIVE_ETAG_MAX];
	struct err e = ERR_INIT;

	return tags != NULL && fetch(tx, x, who, ASK_PEEK, &answer, &e) == 0 &&
	    answer.verdict == VERDICT_OFFER &&
	    etag_listed(tags, native_etag(etag, &answer.image));
}

static int
image_serve(struct tx *tx, struct exchange *x, const struct asked *a, struct err *e)
{
	enum ask_how how = x->rq.method == M_HEAD ? ASK_PEEK : ASK_SERVE;
	struct answer answer = { 0 };
	int rc;

	if (unchanged(tx, x, &a->who)) {
		x->rep.status = 304;
		return 0;
	}
	rc = fetch(tx, x, &a->who, how, &answer, e);
	if (rc == CORE_WRITE)
		return keep(x, a, e);
	return rc == 0 ? native_answer(x, &answer, e) : -1;
}

static int
image_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct asked a = { 0 };

	if (native_read(&x->rq, &a.who, e))
		return -1;
	if (strlen(x->rq.params[1]) >= SLOT_MAX)
		return err_set(e, ERR_ABSENT, "no such slot");
	/* HEAD is for what a download would go on with, and takes nothing. */
	a.who.resumes |= x->rq.method == M_HEAD;
	return image_serve(tx, x, &a, e);
}

static int
image_write(struct tx *tx, struct exchange *x, struct err *e)
{
	assert(x->state != NULL);	/* reading left it there */
	return image_serve(tx, x, x->state, e);
}

static int
status_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct asked a = { 0 };

	(void)tx;
	if (native_read(&x->rq, &a.who, e) ||
	    native_status(x->rq.body, x->rq.body_len, &a.report, e))
		return -1;
	return keep(x, &a, e);
}

static int
status_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct asked *a = x->state;

	if (core_report(tx, &a->who, &a->report, e))
		return -1;
	x->rep.status = 204;
	return 0;
}

static const struct route routes[] = {
	{ M_GET, "/device/update", FOR_DEVICES, .read = update_read, .write = update_write },
	{ M_GET, "/device/image/{version}/{slot}", FOR_DEVICES,
	    .read = image_read, .write = image_write },
	{ M_POST, "/device/status", FOR_DEVICES, .read = status_read, .write = status_write,
	    .body_max = 16384 },
	{ 0 }
};

const struct dialect_ops dialect_native = {
	.family = {
		.name = "native",
		.proof = PROOF_VERSION,
		.caps = FAMILY_ASKS | FAMILY_TOLD | FAMILY_CALLED | FAMILY_REPORTS |
		    FAMILY_KEYS,
		.offer_guard_s = 120,
		.back_guard_s = 0,
		.silence_floor_s = 48 * 3600,
	},
	.routes = routes,
	.topics = native_topics,
	.refuse = native_refuse,
	.offer = native_offer,
	.cancel = native_cancel,
	.call = native_call,
};
