/* SPDX-License-Identifier: Apache-2.0
 *
 * json_doc.c - each thing of the domain as the document that the API shows.
 *
 * The names and nulls here are the contract with clients (docs/openapi.yaml);
 * fields may be added, never renamed. What a policy does not know yet is shown
 * with the value that it has in effect. */
#include <inttypes.h>
#include <string.h>
#include "json_out.h"
#include "otad/auto.h"
#include "otad/buf.h"

const char *
device_status_word(enum device_status status)
{
	static const char *const words[] = { "pending", "accepted", "blocked" };

	return words[status];
}

const char *
role_word(enum role role)
{
	static const char *const words[] = { "none", "device", "viewer", "operator", "admin" };

	return words[role];
}

static json_t *
integer_or_null(int64_t n)
{
	return n == 0 ? json_null() : json_integer(n);
}

json_t *
json_product(const struct product *p)
{
	json_t *slots = json_array();

	for (int i = 0; i < p->nslots; i++)
		json_array_append_new(slots, json_text(p->slots[i]));
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:i, s:o, s:o, s:o, s:o,"
	    " s:{s:o, s:o}}",
	    "ptype", (json_int_t)p->ptype, "serial", json_text(p->serial),
	    "name", json_text(p->name), "description", json_text(p->description),
	    "dialect", json_text(p->dialect), "slots", slots, "image_kind", p->image_kind,
	    "hardware", json_facts(p->hardware), "is_private", p->is_private,
	    "status", p->status, "link_base", json_text_or_null(p->link_base),
	    "part_of", integer_or_null(p->part_of), "created", json_time(p->created_ms),
	    "updated", json_time(p->updated_ms),
	    "current", "v", json_text_or_null(p->current_v), "b", json_text_or_null(p->current_b));
}

static json_t *
image_document(const struct image *image)
{
	char md5[HEX_LEN(MD5_LEN)], sha1[HEX_LEN(SHA1_LEN)], sha256[HEX_LEN(SHA256_LEN)];

	return json_pack("{s:o, s:I, s:s, s:s, s:s, s:o, s:o}", "slot", json_text(image->slot),
	    "size", (json_int_t)image->size, "md5", hex_encode(md5, image->md5, MD5_LEN),
	    "sha1", hex_encode(sha1, image->sha1, SHA1_LEN),
	    "sha256", hex_encode(sha256, image->sha256, SHA256_LEN),
	    "kind", json_text(image->kind), "findings", json_findings(image->findings));
}

json_t *
json_firmware(const struct firmware *f)
{
	static const char *const states[] = { "ready", "held", "yanked" };
	json_t *natives = json_array(), *images = json_array();

	for (int i = 0; i < f->nnatives; i++)
		json_array_append_new(natives, json_text(f->natives[i]));
	for (int i = 0; i < f->nimages; i++)
		json_array_append_new(images, image_document(&f->images[i]));
	return json_pack("{s:s, s:I, s:I, s:s%, s:s%, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",
	    "version", f->name, "ptype", (json_int_t)f->version.ptype,
	    "value", (json_int_t)f->value, "channel", &f->version.channel, (size_t)1,
	    "fota", &f->version.fota, (size_t)1, "native_versions", natives,
	    "requires", json_text_or_null(f->requires),
	    "notes", json_text(f->notes != NULL ? f->notes : ""),
	    "metadata", json_object_of(f->metadata != NULL ? f->metadata : ""),
	    "state", states[f->state], "held_why", json_text_or_null(f->held_why),
	    "created", json_time(f->created_ms), "images", images);
}

int
json_device(struct tx *tx, const struct device *d, json_t **ret, struct err *e)
{
	AUTO(buf) struct buf tags = BUF_INIT;

	if (device_tags(tx, d->num, &tags, e) != 0)
		return -1;
	*ret = json_pack("{s:s, s:o, s:s, s:s, s:s%, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o,"
	    " s:o, s:o, s:o, s:b}",
	    "id", d->id, "ptype", integer_or_null(d->ptype), "dialect", d->dialect,
	    "status", device_status_word(d->status), "channel", &d->channel, (size_t)1,
	    "version", json_text_or_null(d->version),
	    "firmware", json_text_or_null(d->firmware_name), "firmware_sure", d->firmware_sure,
	    "slot", json_text_or_null(d->slot), "tags", json_tags(buf_str(&tags)),
	    "first_seen", json_time(d->first_seen_ms), "last_seen", json_time(d->last_seen_ms),
	    "interval_s", integer_or_null(device_interval_s(d)),
	    "address", json_text_or_null(d->address), "facts", json_facts(d->facts),
	    "push", d->push[0] == '\0' ? json_null() : json_object_of(d->push),
	    "has_key", d->has_key);
	return *ret != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

json_t *
json_execution(const struct execution *x)
{
	return json_pack("{s:o, s:s, s:s, s:I, s:s, s:o, s:i, s:o, s:o, s:b, s:o,"
	    " s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o}}",
	    "device", json_text(x->device_id), "job", x->job_id, "version", x->target_name,
	    "ptype", (json_int_t)x->ptype, "state", state_word(x->state),
	    "reason", json_text_or_null(x->reason), "attempt", x->attempt,
	    "progress", x->progress < 0 ? json_null() : json_integer(x->progress),
	    "detail", json_text(x->detail), "sure", x->sure,
	    "delivered", json_text_or_null(x->delivered),
	    "times", "queued", json_time(x->queued_ms), "offered", json_time(x->offered_ms),
	    "taken", json_time(x->taken_ms), "delivered", json_time(x->delivered_ms),
	    "ended", json_time(x->ended_ms), "due", json_time(x->due_ms),
	    "not_before", json_time(x->not_before_ms));
}

json_t *
json_event(const struct event *event)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "kind", event->kind,
	    "at", json_time(event->at_ms), "device", json_text_or_null(event->device_id),
	    "job", json_text_or_null(event->job_id), "ptype", integer_or_null(event->ptype),
	    "detail", json_text(event->detail));
}

json_t *
json_audit(const struct audit *audit)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "at", json_time(audit->at_ms),
	    "key", json_text_or_null(audit->key), "name", json_text_or_null(audit->name),
	    "address", json_text_or_null(audit->address), "action", json_text(audit->action),
	    "object", json_text(audit->object), "detail", json_text(audit->detail));
}

/* "23701 45772" as [23701, 45772]; "" is all of them, null. */
static json_t *
products_list(const char *text)
{
	json_t *list = text[0] == '\0' ? json_null() : json_array();

	for (const char *s = text; *s != '\0'; ) {
		char *end;
		long n = strtol(s, &end, 10);

		if (end == s)
			break;
		json_array_append_new(list, json_integer(n));
		s = end;
	}
	return list;
}

json_t *
json_key(const struct api_key *key)
{
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "id", key->id,
	    "name", json_text(key->name), "role", role_word(key->role),
	    "expires", json_time(key->expires_ms), "products", products_list(key->products),
	    "created", json_time(key->created_ms));
}

json_t *
json_filter(const struct saved_filter *filter)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "name", filter->name,
	    "filter", json_text(filter->text), "created_by", json_text_or_null(filter->created_by),
	    "created", json_time(filter->created_ms));
}
