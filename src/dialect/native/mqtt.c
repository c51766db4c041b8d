/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt.c - the native dialect over a broker: docs/dialects/native.md, "Over MQTT".
 *
 * The broker's account is the identity, so who speaks is what stands in the topic
 * and nothing else. A refusal has no way back to the device: it is in our log. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "native.h"
#include "otad/link.h"
#include "otad/log.h"
#include "otad/utf8.h"

struct heard {			/* what waits for the writer */
	struct sighting	who;
	struct report	report;		/* of status */
	int64_t		call;		/* of result … */
	char		*result, *error;	/* … owned: JSON texts, one of them NULL */
};

static void
heard_free(void *state)
{
	struct heard *h = state;

	free(h->result);
	free(h->error);
	free(h);
}

AUTO_DEFINE(void, heard, heard_free);

/* Go on in write; h is taken over. Only reading keeps: a second run of write finds
 * it there. */
static int
keep(struct exchange *x, struct heard *h)
{
	x->state = h;
	x->state_free = heard_free;
	return CALL_WRITE;
}

static struct heard *
heard_new(const struct request *rq, struct err *e)
{
	struct heard *h = calloc(1, sizeof(*h));
	const char *id = rq->params[0];

	if (h == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	h->who.family = &dialect_native.family;
	h->who.identity = ID_ACCOUNT;
	h->who.told = BY_MQTT;
	if (device_id_check(id, e)) {
		free(h);
		return NULL;
	}
	memcpy(h->who.id, id, strlen(id) + 1);	/* checked: it fits */
	return h;
}

static json_t *
object(const struct request *rq, struct err *e)
{
	json_error_t bad;
	json_t *root = json_loadb(rq->body, rq->body_len, JSON_REJECT_DUPLICATES, &bad);

	if (root == NULL)
		err_set(e, ERR_BAD, "no sound JSON at line %d, column %d", bad.line, bad.column);
	else if (!json_is_object(root)) {
		json_decref(root);
		root = NULL;
		err_set(e, ERR_BAD, "a JSON object is wanted");
	}
	return root;
}

/* ---- otad/{id}/seen ---- */

static int
wrong(struct err *e, const char *field, const char *wanted)
{
	return err_field(e, ERR_BAD, field, "type", "%s: %s is wanted", field, wanted);
}

static int
take_text(const json_t *value, const char *field, char *ret, size_t size, struct err *e)
{
	const char *text = json_string_value(value);

	if (text == NULL || !utf8_is_text(text, false) || strlen(text) >= size)
		return err_field(e, ERR_BAD, field, "text", "%s: a text of at most %zu bytes is "
		    "wanted", field, size - 1);
	snprintf(ret, size, "%s", text);
	return 0;
}

static int
take_free(const json_t *value, struct sighting *s, struct err *e)
{
	AUTO(buf) struct buf facts = BUF_INIT;

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return wrong(e, "free", "a number of bytes");
	facts_addi(&facts, "free", json_integer_value(value));
	snprintf(s->facts, sizeof(s->facts), "%s", buf_str(&facts));
	return 0;
}

static int
take_product(const json_t *value, struct sighting *s, struct err *e)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 1 || n > PTYPE_MAX)
		return wrong(e, "product", "a product type");
	s->ptype = (uint32_t)n;
	return 0;
}

static int
take(const char *name, const json_t *value, struct sighting *s, struct err *e)
{
	if (strcmp(name, "version") == 0)
		return json_is_null(value) ? 0 :
		    take_text(value, name, s->version, sizeof(s->version), e);
	if (strcmp(name, "slot") == 0)
		return json_is_null(value) ? 0 :
		    take_text(value, name, s->slot, sizeof(s->slot), e);
	if (strcmp(name, "free") == 0)
		return json_is_null(value) ? 0 : take_free(value, s, e);
	if (strcmp(name, "product") == 0)
		return json_is_null(value) ? 0 : take_product(value, s, e);
	return err_field(e, ERR_BAD, name, "unknown", "unknown field '%.40s'", name);
}

static int
read_seen(const struct request *rq, struct sighting *s, struct err *e)
{
	json_auto_t *root = object(rq, e);
	const char *name;
	json_t *value;

	if (root == NULL)
		return -1;
	json_object_foreach(root, name, value)
		if (take(name, value, s, e))
			return -1;
	s->rebooted = true;
	return 0;
}

static int
answer_seen(struct tx *tx, struct exchange *x, const struct sighting *who, struct err *e)
{
	struct answer a = { 0 };
	char link[LINK_MAX];
	struct device d;
	int rc = core_ask(tx, who, ASK_OFFER, &a, e);

	if (rc != 0)
		return rc;
	if (a.verdict != VERDICT_OFFER) {
		log_debug("%s: seen, nothing is said: %s", who->id, a.why);
		return 0;
	}
	if (device_get(tx, who->id, &d, e) || link_make(tx, &a, link, e))
		return -1;
	return native_offer(NULL, &d, &a, link, &x->out[x->nout++], e);
}

static int
seen_read(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(heard) void *memory = heard_new(&x->rq, e);
	struct heard *h = memory;
	int rc;

	if (h == NULL || read_seen(&x->rq, &h->who, e))
		return -1;
	rc = answer_seen(tx, x, &h->who, e);
	if (rc != CORE_WRITE)
		return rc;
	memory = NULL;
	return keep(x, h);
}

static int
seen_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct heard *h = x->state;

	return answer_seen(tx, x, &h->who, e);
}

/* ---- otad/{id}/status ---- */

static int
status_read(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(heard) void *memory = heard_new(&x->rq, e);
	struct heard *h = memory;

	(void)tx;
	if (h == NULL || native_status(x->rq.body, x->rq.body_len, &h->report, e))
		return -1;
	memory = NULL;
	return keep(x, h);
}

static int
status_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct heard *h = x->state;

	return core_report(tx, &h->who, &h->report, e);
}

/* ---- otad/{id}/result ---- */

static int
read_result(const struct request *rq, struct heard *h, struct err *e)
{
	json_auto_t *root = object(rq, e);
	const json_t *id, *result, *error;

	if (root == NULL)
		return -1;
	id = json_object_get(root, "id");
	result = json_object_get(root, "result");
	error = json_object_get(root, "error");
	if (!json_is_integer(id) || json_integer_value(id) < 1)
		return wrong(e, "id", "the id of a call");
	if (error != NULL ? result != NULL || !json_is_object(error) : result == NULL)
		return err_field(e, ERR_BAD, "result", "either",
		    "either a result or an error, which is an object, is wanted");
	h->call = json_integer_value(id);
	if (error != NULL)
		h->error = json_dumps(error, JSON_COMPACT);
	else
		h->result = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
	return h->result != NULL || h->error != NULL ? 0 :
	    err_set(e, ERR_INTERNAL, "out of memory");
}

static int
result_read(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(heard) void *memory = heard_new(&x->rq, e);
	struct heard *h = memory;

	(void)tx;
	if (h == NULL || read_result(&x->rq, h, e))
		return -1;
	memory = NULL;
	return keep(x, h);
}

static int
result_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct heard *h = x->state;

	return call_answer(tx, h->who.id, h->call, h->result, h->error, e);
}

const struct topic native_topics[] = {
	{ "otad/{id}/seen", 1, .read = seen_read, .write = seen_write },
	{ "otad/{id}/status", 1, .read = status_read, .write = status_write },
	{ "otad/{id}/result", 1, .read = result_read, .write = result_write },
	{ 0 }
};
