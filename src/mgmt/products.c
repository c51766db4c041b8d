/* SPDX-License-Identifier: Apache-2.0
 *
 * products.c - device types.
 *
 * A PATCH is merged into what is stored on the writer's thread, where nobody can
 * change it in between; the body was read and judged before that. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

struct form {
	json_t		*doc;		/* keeps what the pointers below lend */
	int64_t		ptype, status, part_of;
	char		serial[65], name[65], description[1025], dialect[16], image_kind[16];
	char		link_base[257];
	bool		is_private;
	const json_t	*slots, *hardware;
	char		slot[SLOTS_MAX][SLOT_MAX];
	struct buf	facts;
};

#define AT(member)	offsetof(struct form, member)
#define CHANGEABLE							\
	{ "serial",	 WANT_TEXT, FIELD_LINE, .at = AT(serial), .min = 1, .max = 64 },	\
	{ "name",	 WANT_TEXT, FIELD_LINE | NAMED, .at = AT(name), .min = 1, .max = 64 }, \
	{ "description", WANT_TEXT, 0, .at = AT(description), .min = 0, .max = 1024 },	\
	{ "dialect",	 WANT_TEXT, FIELD_LINE | NAMED, .at = AT(dialect), .min = 1, .max = 15 }, \
	{ "slots",	 WANT_LIST, 0, .at = AT(slots), .min = 1, .max = SLOTS_MAX },	\
	{ "image_kind",	 WANT_TEXT, FIELD_LINE, .at = AT(image_kind), .min = 1, .max = 15 }, \
	{ "hardware",	 WANT_OBJECT, 0, .at = AT(hardware) },		\
	{ "link_base",	 WANT_TEXT, FIELD_LINE | FIELD_NULL, .at = AT(link_base), .min = 0, \
	  .max = 256 },							\
	{ "is_private",	 WANT_BOOL, 0, .at = AT(is_private) },		\
	{ "status",	 WANT_INT, 0, .at = AT(status), .min = 1, .max = 2 },		\
	{ "part_of",	 WANT_INT, FIELD_NULL, .at = AT(part_of), .min = 1, .max = PTYPE_MAX }

static const struct field creation[] = {
#define NAMED FIELD_NEEDED
	{ "ptype", WANT_INT, 0, .at = AT(ptype), .min = 1, .max = PTYPE_MAX },
	CHANGEABLE,
	{ 0 }
#undef NAMED
};
static const struct field change[] = {
#define NAMED 0
	CHANGEABLE,
	{ 0 }
#undef NAMED
};

static void
form_free(void *p)
{
	struct form *form = p;

	json_decref(form->doc);
	buf_free(&form->facts);
	free(form);
}

static bool
given(const struct form *form, const char *name)
{
	return json_object_get(form->doc, name) != NULL;
}

static void
read_slots(struct form *form, struct complaints *c)
{
	for (size_t i = 0; i < json_array_size(form->slots); i++) {
		const char *slot = list_text(form->slots, i, "slots", 1, SLOT_MAX - 1, c);

		if (slot != NULL)
			snprintf(form->slot[i], SLOT_MAX, "%s", slot);
	}
}

static int
read_body(struct exchange *x, const struct field *fields, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct form *form = state_new(x, sizeof *form, form_free, e);

	if (form == NULL || (form->doc = body_object(&x->rq, false, e)) == NULL)
		return -1;
	form_read(form->doc, fields, form, "", &c);
	read_slots(form, &c);
	facts_read(form->hardware, "hardware", 64, sizeof ((struct product *)0)->hardware,
	    &form->facts, &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}

int
post_product_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, creation, e);
}

int
patch_product_read(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	return read_body(x, change, e);
}

#define TEXT(member)							\
	if (given(form, #member))					\
		snprintf(p->member, sizeof p->member, "%s", form->member)

/* What the form says, over what is there. */
static void
merge(const struct form *form, struct product *p)
{
	TEXT(serial);
	TEXT(name);
	TEXT(description);
	TEXT(dialect);
	TEXT(image_kind);
	TEXT(link_base);
	if (given(form, "is_private"))
		p->is_private = form->is_private;
	if (given(form, "status"))
		p->status = (int)form->status;
	if (given(form, "part_of"))
		p->part_of = (uint32_t)form->part_of;
	if (given(form, "hardware"))
		snprintf(p->hardware, sizeof p->hardware, "%s", buf_str(&form->facts));
	if (given(form, "slots")) {
		memset(p->slots, 0, sizeof p->slots);
		memcpy(p->slots, form->slot, sizeof form->slot);
		p->nslots = (int)json_array_size(form->slots);
	}
}

int
post_product_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct form *form = x->state;
	struct product p = { .ptype = (uint32_t)form->ptype };

	merge(form, &p);
	if (product_create(tx, &p, e) != 0 || reply_json(x, 201, json_product(&p), e) != 0)
		return -1;
	reply_headerf(&x->rep, "Location", "/api/v1/products/%u", p.ptype);
	return 0;
}

int
patch_product_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct product p;
	uint32_t ptype;

	if (param_ptype(&x->rq, 0, &ptype, e) != 0 || product_get(tx, ptype, &p, e) != 0)
		return -1;
	merge(x->state, &p);
	if (product_update(tx, &p, e) != 0 || product_get(tx, ptype, &p, e) != 0)
		return -1;
	return reply_json(x, 200, json_product(&p), e);
}

int
get_product(struct tx *tx, struct exchange *x, struct err *e)
{
	struct product p;
	uint32_t ptype;

	if (param_ptype(&x->rq, 0, &ptype, e) != 0 || product_get(tx, ptype, &p, e) != 0)
		return -1;
	return reply_json(x, 200, json_product(&p), e);
}

int
delete_product(struct tx *tx, struct exchange *x, struct err *e)
{
	uint32_t ptype;

	if (param_ptype(&x->rq, 0, &ptype, e) != 0 || product_delete(tx, ptype, e) != 0)
		return -1;
	reply_nothing(x);
	return 0;
}

static int
list_one(void *arg, const struct product *p, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, p->ptype, json_product(p), e) : 0;
}

int
get_products(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;

	if (page_open(&page, tx, &x->rq, 'p', e) != 0)
		return -1;
	if (page.from > PTYPE_MAX)
		page.from = PTYPE_MAX;
	if (product_list(tx, (uint32_t)page.from, page.limit + 1, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}
