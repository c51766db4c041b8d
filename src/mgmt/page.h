/* page.h - lists in pieces: ?limit= and ?cursor= in, items and next out.
 *
 *	AUTO(page) struct page page = PAGE_INIT;
 *
 *	if (page_open(&page, x, 'd', e) != 0 ||
 *	    thing_list(tx, page.from, page.limit + 1, add, &page, e) != 0)
 *		return -1;
 *	return page_reply(&page, x, e);
 *
 * One more than wanted is asked for, which tells whether there is a next piece;
 * page_add() drops it. A cursor is the last item's number behind the list's
 * letter, so that one of another list is refused instead of skipping at random.
 * Clients must take it as it is. */
#ifndef OTAD_MGMT_PAGE_H
#define OTAD_MGMT_PAGE_H

#include <jansson.h>
#include "otad/request.h"

struct page {
	json_t		*items;
	char		list;
	int		limit;
	int64_t		from;		/* the cursor's number, 0 at the beginning */
	int64_t		last;		/* number of the last item taken */
	bool		more;
	struct tx	*tx;		/* for walkers that have to look further */
};
#define PAGE_INIT	{ .items = NULL }
void	page_free(struct page *);
static inline __attribute__((unused)) void
auto_page_(struct page *p) { page_free(p); }

int	page_open(struct page *, struct tx *, const struct request *, char list, struct err *);
/* Is there room for one more? Remembers that there was more when not. */
bool	page_room(struct page *);
int	page_add(struct page *, int64_t num, json_t *steal, struct err *);
int	page_reply(struct page *, struct exchange *, struct err *);

#endif
