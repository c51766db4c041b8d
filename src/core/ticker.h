/* SPDX-License-Identifier: Apache-2.0
 *
 * ticker.h - the thread that notices what nobody says. */
#ifndef OTAD_CORE_TICKER_H
#define OTAD_CORE_TICKER_H

struct core;

void	ticker_init(struct core *);

#endif
