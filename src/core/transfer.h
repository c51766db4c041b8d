/* SPDX-License-Identifier: Apache-2.0
 *
 * transfer.h - images on their way, as the core sees them. */
#ifndef OTAD_CORE_TRANSFER_H
#define OTAD_CORE_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/checkin.h"

struct transfers;

struct transfers *transfers_new(struct err *);
void		transfers_free(struct transfers *);	/* asserts that all have ended */
/* Is an image on its way to this device, and when did its last byte move (boot
 * ms)? False: none. */
bool		transfers_live(struct transfers *, int64_t device, int64_t *ret_moved);

#endif
