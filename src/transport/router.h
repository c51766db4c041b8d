/* router.h - from method and path to a route.
 *
 * One dispatcher for all tables: the dialects' in their order, then the
 * management API's. What a listener serves is a set of bits. */
#ifndef OTAD_ROUTER_H
#define OTAD_ROUTER_H

#include "otad/buf.h"
#include "otad/http.h"
#include "otad/request.h"

struct found {
	const struct route_table *table;	/* NULL: nothing has this path … */
	const struct route *route;		/* … NULL: but not with this method: */
	char		allow[64];		/* "GET, HEAD, POST" */
};

/* Fills rq->params of the route that was found. tables ends with NULL. */
struct found	router_find(const struct route_table *const *tables, unsigned serves,
		    struct request *rq);

/* The path of a request target as a client wrote it: without scheme and
 * authority, with the slash in front that some devices leave out. Points into
 * url, or to what was made in room. */
const char	*router_path(const char *url, struct buf *room);
enum method	router_method(const char *word);

#endif
