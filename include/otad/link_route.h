/* link_route.h - the route that serves expiring links (link.h), as a table of its
 * own: links belong to no family, and every family that is told may use them. */
#ifndef OTAD_LINK_ROUTE_H
#define OTAD_LINK_ROUTE_H

#include "otad/request.h"

extern const struct route_table link_table;

#endif
