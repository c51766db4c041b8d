/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt_say.c - what a device hears of us over a broker: otad/<id>/job and
 * otad/<id>/call. The members are the design's, in its order. */
#include <stdio.h>
#include <string.h>
#include "native.h"

/* doc is taken over; NULL: it could not be made. */
static int
say(const struct device *d, const char *topic, json_t *doc, struct outgoing *ret, struct err *e)
{
	AUTO(str) char *text = json_dumps(doc, JSON_COMPACT);

	json_decref(doc);
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "no words for otad/%s/%s", d->id, topic);
	ret->carrier = BY_MQTT;
	snprintf(ret->where, sizeof(ret->where), "otad/%s/%s", d->id, topic);
	buf_adds(&ret->bytes, text);
	return ret->bytes.failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

/* An object, whatever the text is. */
static json_t *
object_of(const char *text)
{
	json_t *doc = json_loads(text != NULL ? text : "", 0, NULL);

	if (json_is_object(doc))
		return doc;
	json_decref(doc);
	return json_object();
}

int
native_offer(void *self, const struct device *d, const struct answer *a, const char *link,
    struct outgoing *ret, struct err *e)
{
	char md5[HEX_LEN(MD5_LEN)], sha[HEX_LEN(SHA256_LEN)];

	(void)self;
	return say(d, "job", json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o}",
	    "job", a->execution.job_id, "version", a->firmware, "slot", a->image.slot,
	    "url", link, "size", (json_int_t)a->image.size,
	    "md5", hex_encode(md5, a->image.md5, MD5_LEN),
	    "sha256", hex_encode(sha, a->image.sha256, SHA256_LEN),
	    "metadata", object_of(a->metadata)), ret, e);
}

int
native_cancel(void *self, const struct device *d, const char *job, struct outgoing *ret,
    struct err *e)
{
	(void)self;
	return say(d, "job", json_pack("{s:s, s:b}", "job", job, "cancel", 1), ret, e);
}

int
native_call(void *self, const struct device *d, const struct call *c, struct outgoing *ret,
    struct err *e)
{
	(void)self;
	return say(d, "call", json_pack("{s:I, s:s, s:o}", "id", (json_int_t)c->id,
	    "method", c->method, "args", object_of(c->args)), ret, e);
}
