/* SPDX-License-Identifier: Apache-2.0
 *
 * step.h - conversations inside the core. All of these do nothing, and say 0, where
 * the family has none. */
#ifndef OTAD_CORE_STEP_H
#define OTAD_CORE_STEP_H

#include "visit.h"

/* Something was applied to x. */
int	step_after(const struct moving *, struct execution *x, enum happening, struct err *);
/* The device of an open conversation shows up. 1: that decides; 0: none is open. */
int	step_sees(struct visit *, const struct policy *, struct execution *x, struct err *);
/* What x waited for is over. 1: attended to. */
int	step_due(const struct moving *, struct execution *x, struct err *);
/* A call that a conversation made is answered. */
int	step_answered(struct tx *, const struct device *, const struct call_row *,
	    const char *result, const char *error, struct err *);

#endif
