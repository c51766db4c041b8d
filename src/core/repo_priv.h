/* SPDX-License-Identifier: Apache-2.0
 *
 * repo_priv.h - what the files of the firmware repository share. */
#ifndef OTAD_REPO_PRIV_H
#define OTAD_REPO_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include "otad/firmware.h"
#include "otad/product.h"

struct device;
struct store;
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

/* cachefile.c: files of the image cache. What is mapped is unmapped by munmap(). */
#define CACHEFILE_TEMP	"filling-"	/* begins the name of what is not whole yet */

/* From the database; -1 also when the bytes are not what their hash says. */
int	cachefile_fill(struct store *, const char *dir, const uint8_t *sha, const char *path,
	    const uint8_t **ret, uint64_t *ret_size, struct err *);
/* What lies there already; -1: nothing, or it was damaged and is gone now. */
int	cachefile_reuse(const char *path, const uint8_t *sha, const uint8_t **ret,
	    uint64_t *ret_size);

/* A staged blob as a private mapping without a name, for an inspector. */
struct spool {
	const uint8_t	*bytes;
	uint64_t	size;
};
int	spool_open(struct store *, const char *dir, int64_t blob, struct spool *ret, struct err *);
void	spool_close(struct spool *);

/* withdraw.c: end what a device still waits for, of one product (0: of all, and
 * take what ended out of its jobs' exposure). ERR_CONFLICT while one is active. */
int	device_withdraw(struct tx *, const struct device *, uint32_t ptype, const char *why,
	    struct err *);

#endif
