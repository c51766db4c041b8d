/* SPDX-License-Identifier: Apache-2.0
 *
 * device_form.c - what may be said of a device, and what becomes of it. */
#include "device_form.h"

#include <stdio.h>
#include <string.h>
#include "json_out.h"
#include "otad/auto.h"
#include "otad/dialect.h"

#define AT(member)	offsetof(struct device_form, member)
static const struct field push_fields[] = {
	{ "address",  WANT_TEXT, FIELD_NEEDED | FIELD_LINE,
	  .at = offsetof(struct push_form, address), .min = 1, .max = 64 },
	{ "port",     WANT_INT, FIELD_NULL, .at = offsetof(struct push_form, port),
	  .min = 1, .max = 65535 },
	{ "via",      WANT_WORD, FIELD_NEEDED, .at = offsetof(struct push_form, way),
	  .words = "espota form" },
	/* There is nothing yet that could use it, so nothing keeps it. */
	{ "password", WANT_TEXT, FIELD_NULL | FIELD_LINE | FIELD_NOT_YET, .min = 1, .max = 64 },
	{ 0 }
};
#define CHANGEABLE							\
	{ "ptype",   WANT_INT, FIELD_NULL, .at = AT(ptype), .min = 1, .max = PTYPE_MAX }, \
	{ "dialect", WANT_TEXT, FIELD_LINE, .at = AT(dialect), .min = 1, .max = 15 }, \
	{ "channel", WANT_WORD, 0, .at = AT(channel), .words = "v b" },	\
	{ "slot",    WANT_TEXT, FIELD_LINE | FIELD_NULL, .at = AT(slot), .min = 0, \
	  .max = SLOT_MAX - 1 },					\
	{ "tags",    WANT_OBJECT, FIELD_NULL, .at = AT(tags) },		\
	{ "push",    WANT_OBJECT, FIELD_NULL, .at = AT(push), .inside = push_fields }

const struct field device_creation[] = {
	{ "id",	 WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .at = AT(id), .min = 1,
	  .max = DEVICE_ID_MAX - 1 },
	{ "key", WANT_TEXT, FIELD_NULL | FIELD_LINE, .at = AT(key), .min = 32, .max = 128 },
	CHANGEABLE,
	{ 0 }
};
const struct field device_change[] = { CHANGEABLE, { 0 } };

void
device_form_clear(struct device_form *form)
{
	json_decref(form->doc);
	buf_free(&form->tag_facts);
	explicit_bzero(form->key, sizeof form->key);
	form->doc = NULL;
}

void
device_form_free(void *form)
{
	device_form_clear(form);
	free(form);
}

void
device_form_read(struct device_form *form, json_t *doc, const struct field *fields,
    struct complaints *c)
{
	form->doc = doc;
	form_read(doc, fields, form, "", c);
	facts_read(form->tags, "tags", TAGS_MAX, FACTS_MAX, &form->tag_facts, c);
}

static bool
given(const struct device_form *form, const char *name)
{
	return json_object_get(form->doc, name) != NULL;
}

/* The push object's text, as it is shown; "" for null. */
static int
set_push(const struct device_form *form, struct device *d, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	json_auto_t *doc = NULL;

	d->push[0] = '\0';
	if (json_is_null(json_object_get(form->doc, "push")))
		return 0;
	doc = json_pack("{s:s, s:o, s:s}", "address", form->push.address,
	    "port", form->push.port != 0 ? json_integer(form->push.port) : json_null(),
	    "via", form->push.way == 0 ? "espota" : "form");
	if (doc == NULL || json_print(&text, doc) != 0)
		return err_set(e, ERR_INTERNAL, "out of memory");
	snprintf(d->push, sizeof d->push, "%s", buf_str(&text));
	return 0;
}

static int
merge(const struct device_form *form, struct device *d, struct err *e)
{
	if (given(form, "ptype"))
		d->ptype = (uint32_t)form->ptype;
	if (given(form, "dialect"))
		snprintf(d->dialect, sizeof d->dialect, "%s", form->dialect);
	if (given(form, "channel"))
		d->channel = "vb"[form->channel];
	if (given(form, "slot"))
		snprintf(d->slot, sizeof d->slot, "%s", form->slot);
	return given(form, "push") ? set_push(form, d, e) : 0;
}

/* A device of a product speaks its product's dialect, unless told otherwise. */
static int
default_dialect(struct tx *tx, struct device *d, struct err *e)
{
	struct product p;

	if (d->dialect[0] != '\0')
		return 0;
	if (d->ptype == 0)
		return err_field(e, ERR_BAD, "dialect", "missing",
		    "dialect is missing: a device without ptype needs one");
	if (product_get(tx, d->ptype, &p, e) != 0) {
		if (e->code == ERR_ABSENT)
			err_field(e, ERR_BAD, "ptype", "absent", "there is no product %u",
			    d->ptype);
		return -1;
	}
	snprintf(d->dialect, sizeof d->dialect, "%s", p.dialect);
	return 0;
}


static const struct family *
family_of(const char *name)
{
	for (const struct dialect_ops *const *d = dialects; *d != NULL; d++)
		if (strcmp((*d)->family.name, name) == 0)
			return &(*d)->family;
	return NULL;
}

static int
set_key(const struct device_form *form, bool own_key, struct device *d, struct err *e)
{
	const struct family *family = family_of(d->dialect);

	if (form->key[0] != '\0')
		return device_bring_key(d, form->key, e);
	if (own_key && family != NULL && family->caps & FAMILY_KEYS)
		return err_field(e, ERR_BAD, "key", "missing",
		    "key is missing: none is made here, since it could not be shown");
	return 0;
}

int
device_form_create(struct tx *tx, const struct device_form *form, bool own_key, char *ret_key,
    struct err *e)
{
	struct device d = { .status = DEVICE_ACCEPTED };

	snprintf(d.id, sizeof d.id, "%s", form->id);
	if (merge(form, &d, e) != 0 || default_dialect(tx, &d, e) != 0 ||
	    set_key(form, own_key, &d, e) != 0 || device_create(tx, &d, ret_key, e) != 0)
		return -1;
	return form->tag_facts.len == 0 ? 0 :
	    device_set_tags(tx, d.num, buf_str(&form->tag_facts), e);
}

int
device_form_change(struct tx *tx, const struct device_form *form, struct device *d,
    struct err *e)
{
	if (merge(form, d, e) != 0 || device_update(tx, d, e) != 0)
		return -1;
	return !given(form, "tags") ? 0 :
	    device_set_tags(tx, d->num, buf_str(&form->tag_facts), e);
}
