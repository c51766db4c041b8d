/* SPDX-License-Identifier: Apache-2.0
 *
 * filters.c - filters under a name. One is made and deleted, never changed: whoever
 * reads "@berlin" in an audit or a job finds there what it meant then. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

struct form {
	char	name[FILTER_NAME_MAX], text[FILTER_TEXT_MAX + 1];
};

#define AT(member)	offsetof(struct form, member)
static const struct field fields[] = {
	{ "name",   WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .at = AT(name), .min = 1,
	  .max = FILTER_NAME_MAX - 1 },
	{ "filter", WANT_TEXT, FIELD_NEEDED, .at = AT(text), .min = 1, .max = FILTER_TEXT_MAX },
	{ 0 }
};

int
post_filter_read(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct form *form = state_new(x, sizeof *form, NULL, e);
	json_auto_t *doc = form != NULL ? body_object(&x->rq, false, e) : NULL;

	(void)tx;
	if (doc == NULL)
		return -1;
	form_read(doc, fields, form, "", &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}

int
post_filter_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct form *form = x->state;
	struct saved_filter f = { .num = 0 };

	snprintf(f.name, sizeof f.name, "%s", form->name);
	snprintf(f.text, sizeof f.text, "%s", form->text);
	if (filter_save(tx, &f, e) != 0 || reply_json(x, 201, json_filter(&f), e) != 0)
		return -1;
	reply_location(x, "filters", f.name);
	return 0;
}

static int
list_one(void *arg, const struct saved_filter *f, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, f->num, json_filter(f), e) : 0;
}

int
get_filters(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;

	if (page_open(&page, tx, &x->rq, 's', e) != 0 ||
	    filter_list(tx, page.from, page.limit + 1, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

int
get_filter(struct tx *tx, struct exchange *x, struct err *e)
{
	struct saved_filter f;

	if (filter_get(tx, x->rq.params[0], &f, e) != 0)
		return -1;
	return reply_json(x, 200, json_filter(&f), e);
}

int
delete_filter(struct tx *tx, struct exchange *x, struct err *e)
{
	if (filter_delete(tx, x->rq.params[0], e) != 0)
		return -1;
	reply_nothing(x);
	return 0;
}
