/* SPDX-License-Identifier: Apache-2.0
 *
 * keys.c - who may use this API. A key is shown once, in the reply to its making;
 * only its hash is kept, so a lost one is replaced, never recovered. */
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

struct form {
	char	name[65];
	int	role;
	int64_t	expires;
};

#define AT(member)	offsetof(struct form, member)
static const struct field fields[] = {
	{ "name",     WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .at = AT(name), .min = 1, .max = 64 },
	{ "role",     WANT_WORD, FIELD_NEEDED, .at = AT(role), .words = "viewer operator admin" },
	{ "expires",  WANT_TIME, FIELD_NULL, .at = AT(expires) },
	/* A key that seems limited but is not would be worse than none. */
	{ "products", WANT_LIST, FIELD_NULL | FIELD_NOT_YET, .min = 1, .max = 40 },
	{ 0 }
};

int
post_key_read(struct tx *tx, struct exchange *x, struct err *e)
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
post_key_write(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct form *form = x->state;
	static const enum role roles[] = { ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };
	struct api_key key = { .role = roles[form->role], .expires_ms = form->expires };
	char text[KEY_LEN + 1];
	json_t *doc;

	snprintf(key.name, sizeof key.name, "%s", form->name);
	if (key_create(tx, &key, text, e) != 0)
		return -1;
	doc = json_key(&key);
	json_object_set_new(doc, "key", json_string(text));
	explicit_bzero(text, sizeof text);
	if (reply_json(x, 201, doc, e) != 0)
		return -1;
	reply_location(x, "keys", key.id);
	return 0;
}

static int
list_one(void *arg, const struct api_key *key, struct err *e)
{
	return page_add(arg, 0, json_key(key), e);
}

/* Keys are few: one piece holds them all. */
int
get_keys(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;

	if (page_open(&page, tx, &x->rq, 'k', e) != 0 || key_list(tx, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}

int
delete_key(struct tx *tx, struct exchange *x, struct err *e)
{
	if (key_delete(tx, x->rq.params[0], e) != 0)
		return -1;
	reply_nothing(x);
	return 0;
}
