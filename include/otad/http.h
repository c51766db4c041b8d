/* http.h - the HTTP and HTTPS listeners.
 *
 *	http = http_new(core, health, tables, limits, e);
 *	http_listen(http, &(struct http_listener){ .section = "http", … }, e);
 *	…
 *	http_stop(http, 30);		then the core may be closed
 *	http_free(http);
 *
 * Every address gets its own socket and its own threads, so that people never
 * hold up devices. Requests are served from http_listen() on. */
#ifndef OTAD_HTTP_H
#define OTAD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "otad/core.h"
#include "otad/err.h"
#include "otad/request.h"

struct health;
struct http;
struct tls;

enum serves {
	SERVES_DEVICES	= 1,	/* tables of dialects */
	SERVES_API	= 2,	/* /api/…, and health */
	SERVES_METRICS	= 4	/* /metrics, and health */
};

/* Patience with slow and greedy clients. 0: the default in brackets. */
struct http_limits {
	int	head_s;		/* from connecting to the end of the head [15] */
	int	idle_s;		/* between requests, and without a byte [30] */
	int	body_s;		/* for a body, besides what min_rate gives it [30] */
	int	min_rate;	/* bytes per second, on average, in and out [512] */
	int	send_idle_s;	/* an image that does not move [120] */
	int	addresses;	/* that will listen, and share the descriptors [1] */
	int	connections;	/* of each address [its share of RLIMIT_NOFILE] */
	int	max_downloads;	/* images being sent at the same time [no limit] */
	uint64_t max_rate;	/* bytes per second of one of them [no limit] */
	uint64_t upload_max;	/* bytes of a body that comes in parts [as the route says] */
};

/* The last two may change while it runs. */
void		http_set_delivery(struct http *, int max_downloads, uint64_t max_rate);

/* tables and what they point to must outlive it; NULL ends them. Paths that no
 * table has are refused by `refuse`. */
struct http	*http_new(struct core *, struct health *, const struct route_table *const *tables,
		    refuse_fn *refuse, const struct http_limits *, struct err *);

struct http_listener {
	const char	*section;	/* "https": of the settings; a constant */
	const char	*listen;	/* addresses separated by blanks */
	unsigned	serves;		/* enum serves */
	int		threads;	/* of each address; 0: as many as cores */
	struct tls	*tls;		/* NULL: plain. Must outlive the listener */
};
/* At most 16 addresses in all. All of these or none. Logs each with the port it really has. */
int		http_listen(struct http *, const struct http_listener *, struct err *);
/* The n-th listening address, "127.0.0.1:43121"; false past the last. */
bool		http_address(const struct http *, int n, const char **ret_section,
		    const char **ret_address);

/* Accept nobody any more, finish what is in flight (at most patience_s, then it
 * is cut), answer what still waits 503. Blocks. The core must still be running. */
void		http_stop(struct http *, int patience_s);
void		http_free(struct http *);	/* stops, if it was not */

/* ---- certificates ----
 * What a handshake began with stays valid until tls_free(). */
struct tls_files {
	const char	*cert, *key;	/* PEM */
	const char	*client_ca;	/* "": clients are not asked for a certificate */
};
struct tls	*tls_new(const struct tls_files *, struct err *);
/* Read the files again; on -1 the old ones stay. */
int		tls_reload(struct tls *, struct err *);
void		tls_free(struct tls *);

#endif
