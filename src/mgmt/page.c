/* SPDX-License-Identifier: Apache-2.0
 *
 * page.c - a list in pieces, by number and not by offset: items that come or go
 * in between neither repeat nor skip others. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "json_in.h"
#include "json_out.h"
#include "page.h"

#define CURSOR_MAX	20	/* letter and up to 16 hex digits */

static int
cursor_read(const char *text, char list, int64_t *ret, struct err *e)
{
	uint64_t n = 0;
	size_t i;

	for (i = 1; text[0] == list && i <= 15; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, text[i]);

		if (text[i] == '\0' || d == NULL)
			break;
		n = n * 16 + (uint64_t)(d - digits);
	}
	if (text[0] != list || i < 2 || text[i] != '\0')
		return err_field(e, ERR_BAD, "cursor", "cursor",
		    "the cursor is not one that this list has given out");
	*ret = (int64_t)n;
	return 0;
}

int
page_open(struct page *page, struct tx *tx, const struct request *rq, char list, struct err *e)
{
	const char *cursor = request_query(rq, "cursor");
	int64_t limit = 100;

	*page = (struct page){ .list = list, .tx = tx };
	if (query_int(rq, "limit", 1, 1000, &limit, e) != 0 ||
	    (cursor != NULL && cursor_read(cursor, list, &page->from, e) != 0))
		return -1;
	page->limit = (int)limit;
	page->items = json_array();
	return page->items != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

void
page_free(struct page *page)
{
	json_decref(page->items);
	page->items = NULL;
}

bool
page_room(struct page *page)
{
	page->more = json_array_size(page->items) >= (size_t)page->limit;
	return !page->more;
}

int
page_add(struct page *page, int64_t num, json_t *steal, struct err *e)
{
	if (steal == NULL || json_array_append_new(page->items, steal) != 0)
		return err_set(e, ERR_INTERNAL, "out of memory");
	page->last = num;
	return 0;
}

int
page_reply(struct page *page, struct exchange *x, struct err *e)
{
	char cursor[CURSOR_MAX];
	json_t *next = json_null();

	if (page->more) {
		snprintf(cursor, sizeof cursor, "%c%" PRIx64, page->list, (uint64_t)page->last);
		next = json_string(cursor);
	}
	return reply_json(x, 200, json_pack("{s:O, s:o}", "items", page->items, "next", next), e);
}
