/* server.h - the otad of a scenario: a real one, in a folder of its own.
 *
 * The folder holds configuration, state, log and test clock; it is made fresh
 * for each scenario and removed with it. Starting again keeps the state. */
#ifndef OTAFLEET_SERVER_H
#define OTAFLEET_SERVER_H

#include <stdbool.h>
#include "child.h"
#include "endpoint.h"
#include "otad/buf.h"

#define SERVER_PATH_MAX	256

struct server {
	const char		*program;
	const struct clock	*clock;
	char			dir[128];
	struct child		child;
	struct buf		settings;	/* the scenario's own, last given */
	struct buf		listeners;	/* facts: name=host:port */
	char			ca[SERVER_PATH_MAX];	/* its certificate; "": none */
	char			key[256];		/* the administrator's */
};

/* Make the folder. */
int	server_open(struct server *, const char *program, const struct clock *, struct err *);
/* Kill it, and remove the folder unless it is kept. */
void	server_close(struct server *, bool keep);

/* settings NULL: those given last. Waits until it listens. */
int	server_start(struct server *, const char *settings, int64_t deadline, struct err *);
/* With settings that it must refuse: wait until it has ended, not with 0. */
int	server_refuses(struct server *, const char *settings, int64_t deadline, struct err *);
/* SIGTERM must end it with 0; SIGKILL just ends it. */
int	server_stop(struct server *, int signal, int64_t deadline, struct err *);
int	server_reload(struct server *, struct err *);
bool	server_runs(const struct server *);

bool	server_has(const struct server *, const char *listener);
/* Where a listener is: its name, or a URL. */
int	server_endpoint(const struct server *, const char *name, struct endpoint *ret,
	    struct err *);
/* A file in its folder. Returns ret. */
const char *server_path(const struct server *, const char *file, char ret[SERVER_PATH_MAX]);
/* All that it has written; empty when nothing. */
void	server_log(const struct server *, struct buf *ret);
/* Move its clock. */
int	server_clock(struct server *, int64_t ms, struct err *);

#endif
