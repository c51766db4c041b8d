/* daemon.h - all parts, made in order and taken apart in the other one. */
#ifndef OTAD_DAEMON_H
#define OTAD_DAEMON_H

#include <stdbool.h>
#include "options.h"
#include "otad/conf.h"
#include "otad/err.h"

struct daemon;

/* From here on requests are served. *conf is the daemon's, whatever happens. */
struct daemon	*daemon_start(const struct options *, struct conf *, struct err *);
/* Certificates, log, limits of delivery; a bad file changes nothing. */
void		daemon_reload(struct daemon *);
/* Once a second: how are the parts? False: one of those that must never stand
 * still does. */
bool		daemon_look(struct daemon *);
/* Finishes what is in flight. NULL is fine. */
void		daemon_stop(struct daemon *);

#endif
