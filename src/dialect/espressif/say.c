/* SPDX-License-Identifier: Apache-2.0
 *
 * say.c - what a device hears. It does not parse, it searches for byte strings, so
 * white space is part of the protocol: ": " and ", ", which are jansson's defaults.
 * Answers have sorted keys, so that a nonce always has a member behind it (1.4).
 * Orders stand in the order of the founding document's packets, and a placeholder
 * where they had the owner's key: a device has no business with it. */
#include <stdio.h>
#include <string.h>
#include "espressif.h"

#define PLACEHOLDER	"0000000000000000000000000000000000000000"

static int
put(struct outgoing *out, json_t *doc, size_t flags, struct err *e)
{
	AUTO(str) char *text = doc != NULL ? json_dumps(doc, flags) : NULL;

	json_decref(doc);
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "a message could not be worded");
	out->carrier = BY_LINE;
	buf_clear(&out->bytes);
	buf_adds(&out->bytes, text);
	buf_adds(&out->bytes, "\n");
	return out->bytes.failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

int
say_line(struct exchange *x, json_t *doc, struct err *e)
{
	struct outgoing *out = &x->out[x->nout];

	if (x->nout == OUTGOING_MAX) {
		json_decref(doc);
		return err_set(e, ERR_INTERNAL, "more answers than are possible");
	}
	memset(out, 0, sizeof(*out));
	x->nout++;
	return put(out, doc, JSON_SORT_KEYS, e);
}

int
say_status(struct exchange *x, const struct message *m, int status, const char *text,
    struct err *e)
{
	json_t *doc = json_pack("{s:i}", "status", status);

	if (text != NULL)
		json_object_set_new(doc, "message", json_string(text));
	if (m->has_nonce)
		json_object_set_new(doc, "nonce", json_integer(m->nonce));
	return say_line(x, doc, e);
}

/* A request of an owner, handed on. get and body are taken over. */
static int
hand_on(const struct device *d, int64_t nonce, const char *path, const char *method, json_t *get,
    json_t *body, struct outgoing *ret, struct err *e)
{
	json_object_set_new(get, "deliver_to_device", json_string("true"));
	snprintf(ret->where, sizeof(ret->where), "%s", d->id);
	return put(ret, json_pack("{s:o, s:I, s:o, s:s, s:{s:s}, s:s, s:{}, s:s, s:b}",
	    "body", body, "nonce", (json_int_t)nonce, "get", get, "token", PLACEHOLDER,
	    "meta", "Authorization", "token " PLACEHOLDER, "path", path, "post",
	    "method", method, "deliver_to_device", 1), 0, e);
}

int
espressif_offer(void *self, const struct device *d, const struct answer *a, const char *link,
    struct outgoing *ret, struct err *e)
{
	(void)self;
	(void)link;
	return hand_on(d, NONCE_ORDER | (a->execution.job & (NONCE_ORDER - 1)), "/v1/device/rpc/",
	    "GET", json_pack("{s:s, s:s}", "action", "sys_upgrade", "version", a->firmware),
	    json_object(), ret, e);
}

/* args: {"get": {…}, "path", "method", "body"}, whatever of it there is. */
int
espressif_call(void *self, const struct device *d, const struct call *c, struct outgoing *ret,
    struct err *e)
{
	json_auto_t *args = json_loads(c->args, 0, NULL);
	const char *path = json_string_value(json_object_get(args, "path"));
	const char *method = json_string_value(json_object_get(args, "method"));
	bool forwarded = path != NULL && method != NULL;
	json_t *get = json_object(), *body = json_object_get(args, "body"), *more;

	(void)self;
	if (c->id < 1 || c->id >= NONCE_ORDER) {
		json_decref(get);
		return err_set(e, ERR_INTERNAL, "the number of this call is no nonce");
	}
	if (!forwarded)
		json_object_set_new(get, "action", json_string(
		    strcmp(c->method, REBOOT_CALL) == 0 ? "sys_reboot" : c->method));
	more = json_object_get(args, "get");
	if (json_is_object(more))
		json_object_update_missing(get, more);
	return hand_on(d, c->id, forwarded ? path : "/v1/device/rpc/", forwarded ? method : "GET",
	    get, json_is_object(body) ? json_incref(body) : json_object(), ret, e);
}
