/* verbs.h - what one verb borrows from another. */
#ifndef OTAFLEET_VERBS_H
#define OTAFLEET_VERBS_H

#include "player.h"

/* METHOD PATH … from word at on, as the verb api takes them. */
int	verb_api_request(struct player *, const struct stmt *, int at, struct err *);

#endif
