/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - the inventory.
 *
 * A device may bring its key; otherwise one is made where its family has keys,
 * and is shown in that one reply. What a device says of itself is shown, never
 * set here; whether it may speak at all is three verbs, not a field, so that
 * the audit tells a decision from a correction. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/filter.h"
#include "page.h"

struct push {
	char	address[65];
	int64_t	port;
	int	way;
};
struct form {
	json_t		*doc;
	char		id[DEVICE_ID_MAX], dialect[16], slot[SLOT_MAX], key[129];
	int64_t		ptype;
	int		channel;
	const json_t	*tags;
	struct push	push;
	struct buf	tag_facts;
};

#define AT(member)	offsetof(struct form, member)
static const struct field push_fields[] = {
	{ "address",  WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .at = offsetof(struct push, address),
	  .min = 1, .max = 64 },
	{ "port",     WANT_INT, FIELD_NULL, .at = offsetof(struct push, port),
	  .min = 1, .max = 65535 },
	{ "via",      WANT_WORD, FIELD_NEEDED, .at = offsetof(struct push, way),
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

static const struct field creation[] = {
	{ "id",	 WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .at = AT(id), .min = 1,
	  .max = DEVICE_ID_MAX - 1 },
	{ "key", WANT_TEXT, FIELD_NULL | FIELD_LINE, .at = AT(key), .min = 32, .max = 128 },
	CHANGEABLE,
	{ 0 }
};
static const struct field change[] = { CHANGEABLE, { 0 } };

static void
form_free(void *p)
{
	struct form *form = p;

	json_decref(form->doc);
	buf_free(&form->tag_facts);
	explicit_bzero(form->key, sizeof form->key);
	free(form);
}

static bool
given(const struct form *form, const char *name)
{
	return json_object_get(form->doc, name) != NULL;
}

static int
read_body(struct exchange *x, const struct field *fields, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct form *form = state_new(x, sizeof *form, form_free, e);

	if (form == NULL || (form->doc = body_object(&x->rq, false, e)) == NULL)
		return -1;
	form_read(form->doc, fields, form, "", &c);
	facts_read(form->tags, "tags", TAGS_MAX, FACTS_MAX, &form->tag_facts, &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}

int
post_device_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, creation, e);
}

int
patch_device_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, change, e);
}

/* The push object's text, as it is shown; "" for null. */
static int
set_push(const struct form *form, struct device *d, struct err *e)
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
merge(const struct form *form, struct device *d, struct err *e)
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

/* status: 200, or 201 with its place; key: shown when there is one. */
static int
reply_device(struct tx *tx, struct exchange *x, const char *id, int status, const char *key,
    struct err *e)
{
	struct device d;
	json_t *doc;

	if (device_get(tx, id, &d, e) != 0 || json_device(tx, &d, &doc, e) != 0)
		return -1;
	if (key[0] != '\0')
		json_object_set_new(doc, "key", json_string(key));
	if (reply_json(x, status, doc, e) != 0)
		return -1;
	if (status == 201)
		reply_location(x, "devices", id);
	return 0;
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

int
post_device_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct form *form = x->state;
	struct device d = { .status = DEVICE_ACCEPTED };
	char key[KEY_LEN + 1] = "";

	snprintf(d.id, sizeof d.id, "%s", form->id);
	if (merge(form, &d, e) != 0 || default_dialect(tx, &d, e) != 0 ||
	    (form->key[0] != '\0' && device_bring_key(&d, form->key, e) != 0) ||
	    device_create(tx, &d, key, e) != 0)
		return -1;
	if (form->tag_facts.len > 0 &&
	    device_set_tags(tx, d.num, buf_str(&form->tag_facts), e) != 0)
		return -1;
	return reply_device(tx, x, d.id, 201, key, e);
}

int
patch_device_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct form *form = x->state;
	struct device d;

	if (device_get(tx, x->rq.params[0], &d, e) != 0 || merge(form, &d, e) != 0 ||
	    device_update(tx, &d, e) != 0)
		return -1;
	if (given(form, "tags") &&
	    device_set_tags(tx, d.num, buf_str(&form->tag_facts), e) != 0)
		return -1;
	return reply_device(tx, x, d.id, 200, "", e);
}

int
get_device(struct tx *tx, struct exchange *x, struct err *e)
{
	return reply_device(tx, x, x->rq.params[0], 200, "", e);
}

int
delete_device(struct tx *tx, struct exchange *x, struct err *e)
{
	if (device_delete(tx, x->rq.params[0], e) != 0)
		return -1;
	reply_nothing(x);
	return 0;
}

int
accept_device(struct tx *tx, struct exchange *x, struct err *e)
{
	if (device_set_status(tx, x->rq.params[0], DEVICE_ACCEPTED, e) != 0)
		return -1;
	return reply_device(tx, x, x->rq.params[0], 200, "", e);
}

int
block_device(struct tx *tx, struct exchange *x, struct err *e)
{
	if (device_set_status(tx, x->rq.params[0], DEVICE_BLOCKED, e) != 0)
		return -1;
	return reply_device(tx, x, x->rq.params[0], 200, "", e);
}

int
rotate_device_key(struct tx *tx, struct exchange *x, struct err *e)
{
	char key[KEY_LEN + 1] = "";

	if (device_rotate_key(tx, x->rq.params[0], key, e) != 0)
		return -1;
	return reply_device(tx, x, x->rq.params[0], 200, key, e);
}

/* ---- lists ---- */

static int
list_one(void *arg, const struct device *d, struct err *e)
{
	struct page *page = arg;
	json_t *doc;

	if (!page_room(page))
		return 0;
	if (json_device(page->tx, d, &doc, e) != 0)
		return -1;
	return page_add(page, d->num, doc, e);
}

/* ?filter=, RSQL or @NAME; an empty one is none, and *ret NULL. */
static int
query_filter(struct tx *tx, const struct request *rq, struct filter **ret, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	const char *given = request_query(rq, "filter");

	if (given == NULL || *given == '\0')
		return 0;
	if (filter_resolve(tx, given, &text, e) != 0)
		return -1;
	*ret = filter_parse(buf_str(&text), e);
	return *ret != NULL ? 0 : -1;
}

int
get_devices(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;
	AUTO(filter) struct filter *filter = NULL;
	struct device_query query = { .now_ms = tx_now(tx) };

	if (page_open(&page, tx, &x->rq, 'd', e) != 0 ||
	    query_filter(tx, &x->rq, &filter, e) != 0)
		return -1;
	query.filter = filter;
	query.after = page.from;
	query.limit = page.limit + 1;
	if (device_list(tx, &query, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

static int
list_event(void *arg, const struct event *event, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, event->num, json_event(event), e) : 0;
}

int
get_device_history(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;

	if (page_open(&page, tx, &x->rq, 'h', e) != 0 ||
	    history_of_device(tx, x->rq.params[0], page.from, page.limit + 1, list_event, &page,
	    e) != 0)
		return -1;
	return page_reply(&page, x, e);
}
