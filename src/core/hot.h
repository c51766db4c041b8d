/* SPDX-License-Identifier: Apache-2.0
 *
 * hot.h - what saves the database from ten polls a second.
 *
 * Two things are remembered for each device that spoke: that an ask of exactly
 * these words was answered "nothing" under a generation, and good until a
 * moment; and when it was last heard, to be written later in batches sorted by
 * number. Both are lost in a crash, by design: the first is only a saving, the
 * second is at most some seconds old. Any thread. */
#ifndef OTAD_HOT_H
#define OTAD_HOT_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/checkin.h"

struct hot;

struct hot	*hot_new(struct err *);
void		hot_free(struct hot *);

/* Was this very sighting answered "nothing", and is that still true? Then it
 * also counts as heard. now: boot ms. */
bool		hot_nothing(struct hot *, const struct sighting *, uint64_t generation,
		    int64_t now_boot, int64_t now_wall);
/* It was, just now; generation is the one that was read before deciding. */
void		hot_remember(struct hot *, const struct sighting *, int64_t device,
		    uint64_t generation, int64_t until_boot, int64_t now_wall);
/* Heard, but not to be remembered as nothing. */
void		hot_touch(struct hot *, const struct sighting *, int64_t device, int64_t now_wall);
/* When it was last heard if that is not written yet; 0: all is written. */
int64_t		hot_heard(struct hot *, const char *id);

struct heard { int64_t device, at_ms; };
/* Take all that was heard since the last call, sorted by device; the caller
 * frees *ret. */
size_t		hot_drain(struct hot *, struct heard **ret);

#endif
