/* SPDX-License-Identifier: Apache-2.0
 *
 * audit.c - who changed what, newest first. */
#include "handlers.h"
#include "json_out.h"
#include "otad/auto.h"
#include "page.h"

static int
list_one(void *arg, const struct audit *audit, struct err *e)
{
	struct page *page = arg;

	return page_room(page) ? page_add(page, audit->num, json_audit(audit), e) : 0;
}

int
get_audit(struct tx *tx, struct exchange *x, struct err *e)
{
	AUTO(page) struct page page = PAGE_INIT;

	if (page_open(&page, tx, &x->rq, 'a', e) != 0 ||
	    audit_list(tx, page.from, page.limit + 1, list_one, &page, e) != 0)
		return -1;
	return page_reply(&page, x, e);
}
