/* reboot.h - families whose download and reboot are two steps (FAMILY_REBOOTS).
 *
 * A device that stored its image (state downloaded) is told to start it by a call
 * named REBOOT_CALL: at once, or when a person says so where its job wants an
 * approval. It then has REBOOT_MS to go away; one that did not go did not reboot,
 * and its attempt failed. One that went and came back has proven what such a
 * family can prove: it returned. */
#ifndef OTAD_REBOOT_H
#define OTAD_REBOOT_H

#include "otad/checkin.h"

#define REBOOT_CALL	"reboot"
#define REBOOT_MS	10000

/* A person lets a device reboot. *ret: there was an image waiting for that; else
 * nothing is done. */
int	reboot_release(struct tx *, const char *device, bool *ret, struct err *);
/* The connection by which it could be told is gone. */
int	device_left(struct tx *, const char *device, enum carrier, struct err *);
/* All of them are: otad has just started. */
int	device_left_all(struct tx *, enum carrier, struct err *);
/* It opened a new connection. Before core_ask(); CORE_WRITE when the transaction
 * only reads. says: with this word comes the version that it runs. */
int	device_back(struct tx *, const char *device, bool says, struct err *);

/* The execution of a device that is active, if there is one. 1, 0, -1. */
int	device_active(struct tx *, const char *device, struct execution *ret, struct err *);
/* A person wants this job's execution offered to the device now. VERDICT_OFFER, or
 * *ret says why not. Writing. */
int	device_offer_now(struct tx *, const char *device, enum carrier, struct answer *ret,
	    struct err *);

#endif
