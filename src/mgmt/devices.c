/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - the inventory.
 *
 * A device may bring its key; otherwise one is made where its family has keys,
 * and is shown in that one reply. What a device says of itself is shown, never
 * set here; whether it may speak at all is three verbs, not a field, so that
 * the audit tells a decision from a correction. */
#include "device_form.h"
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/filter.h"
#include "page.h"

static int
read_body(struct exchange *x, const struct field *fields, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct device_form *form = state_new(x, sizeof *form, device_form_free, e);
	json_t *doc = form != NULL ? body_object(&x->rq, false, e) : NULL;

	if (doc == NULL)
		return -1;
	device_form_read(form, doc, fields, &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}

int
post_device_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, device_creation, e);
}

int
patch_device_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, device_change, e);
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

int
post_device_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct device_form *form = x->state;
	char key[KEY_LEN + 1] = "";

	if (device_form_create(tx, form, false, key, e) != 0)
		return -1;
	return reply_device(tx, x, form->id, 201, key, e);
}

int
patch_device_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct device d;

	if (device_get(tx, x->rq.params[0], &d, e) != 0 ||
	    device_form_change(tx, x->state, &d, e) != 0)
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
