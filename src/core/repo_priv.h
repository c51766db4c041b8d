/* SPDX-License-Identifier: Apache-2.0
 *
 * repo_priv.h - what the files of the firmware repository share. */
#ifndef OTAD_REPO_PRIV_H
#define OTAD_REPO_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include "otad/firmware.h"
#include "otad/product.h"

struct images;
struct tx;

/* slot.c: names of slots, and sets of them. */

/* 1..32 of A-Z a-z 0-9 . _ - (ERR_BAD at `field`, rule "slot_name"). */
int	slot_check(const char *name, const char *field, struct err *);
/* "a,b" into slots; how many. */
int	slots_split(const char *list, char ret[SLOTS_MAX][SLOT_MAX]);
/* The product's own spelling of a slot, or NULL: none of its slots. */
const char *slot_of(const struct product *, const char *name);
/* A firmware brings all of the product's slots, and others only if extra files
 * are allowed. ERR_INVALID, rule "slots", names what is missing and what is too
 * much. */
int	slots_check(const struct product *, const char *const *names, int n, bool extra,
	    struct err *);

/* images.c: a staged blob as a private mapping that nobody else sees, for an
 * inspector; spool_close() takes it away. */
struct spool {
	const uint8_t	*bytes;
	uint64_t	size;
};
int	spool_open(struct images *, int64_t blob, struct spool *ret, struct err *);
void	spool_close(struct spool *);

#endif
