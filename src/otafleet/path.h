/* path.h - one value inside a JSON document: .items[0].state,
 * .items[device=5CCF7F000001].state */
#ifndef OTAFLEET_PATH_H
#define OTAFLEET_PATH_H

#include <jansson.h>
#include "otad/buf.h"
#include "otad/err.h"

/* 1: *ret is it, lent. 0: there is none. -1: the path is malformed. */
int	path_find(const json_t *doc, const char *path, const json_t **ret, struct err *);
/* A string as it is, everything else as compact JSON with sorted names. */
void	path_text(const json_t *value, struct buf *ret);

#endif
