/* mgmt.h - the management API: what people and their programs ask for.
 *
 * JSON over HTTP under /api/v1, health and metrics beside it; described in
 * docs/openapi.yaml, which a test holds together with the table. Handlers parse
 * in a reading transaction and change in a writing one; refusals are RFC 9457
 * problems. Whoever carries requests needs the table and nothing else. */
#ifndef OTAD_MGMT_H
#define OTAD_MGMT_H

#include "otad/request.h"

extern const struct route_table mgmt_table;

#endif
