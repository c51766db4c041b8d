/* SPDX-License-Identifier: Apache-2.0
 *
 * reboot.h - what the rest of the core calls when a reboot is a step of its own. */
#ifndef OTAD_CORE_REBOOT_H
#define OTAD_CORE_REBOOT_H

#include "execution.h"

/* execution.phase in the state downloaded, of families with FAMILY_REBOOTS. */
enum reboot_phase {
	REBOOT_NONE,
	REBOOT_WAITS,		/* for a person */
	REBOOT_ASKED,		/* the call waits to be said */
	REBOOT_SAID		/* it has REBOOT_MS to go away */
};

/* Its image is stored: decide how it goes on. */
int	reboot_next(const struct moving *, struct execution *, struct err *);
/* The call is being said to it now. */
int	reboot_said(struct tx *, const struct device *, struct err *);
/* Its time to go away is over: 1 done, 0 that is not what fell due, -1. */
int	reboot_overdue(const struct moving *, struct execution *, struct err *);

#endif
