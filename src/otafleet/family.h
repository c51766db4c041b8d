/* family.h - the families of devices that can be simulated. */
#ifndef OTAFLEET_FAMILY_H
#define OTAFLEET_FAMILY_H

#include "device.h"

const struct family	*family_find(const char *name);		/* NULL: none */
/* The plan's facts are such as its family says of itself, and make sense. */
int			family_check(const struct plan *, struct err *);

#endif
