/* request.h - what transports, dialects and the management API agree on.
 *
 * A handler sees a request without knowing which library carried it, and fills
 * a reply. It is called with a transaction:
 *
 *   read    on the network thread, in a reading transaction. Parse here what can
 *           be parsed here. 0: answered; -1: refused by *e; CALL_WRITE: go on in
 *           `write` (what was parsed waits in x->state).
 *   write   on the writer's thread, durable before the reply leaves. 0, -1, or
 *           CALL_WRITE: more of the same, in a later slice. May be run twice when
 *           a commit fails: must not consume x->state.
 *
 * A route with `write` alone starts there. A refusal becomes a reply by the
 * table's refuse(). */
#ifndef OTAD_REQUEST_H
#define OTAD_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/buf.h"
#include "otad/checkin.h"
#include "otad/core.h"
#include "otad/digest.h"
#include "otad/err.h"

enum method { M_GET, M_HEAD, M_POST, M_PUT, M_PATCH, M_DELETE, M_OTHER };

#define CALL_WRITE	CORE_WRITE	/* read, write: go on in a (further) writing transaction */
#define CALL_WAIT	2		/* part, end: taken, but wait for x->wake() */

#define PARAMS_MAX	4
#define PARAM_MAX	129		/* bytes of one captured part of a path, NUL included */

struct request {
	enum method	method;
	const char	*path;		/* decoded; starts with '/' even if the client wrote none */
	bool		http10;
	bool		tls;
	const char	*address;	/* the client's, without port */
	const char	*base;		/* "https://127.0.0.1:8443": this listener as the client
					 * reached it (Host if sane, else its own address) */
	const char	*peer;		/* CN of a verified client certificate, or NULL */
	const char	*body;		/* whole, NUL behind it; "" when there is none */
	size_t		body_len;
	const char	*body_type;	/* Content-Type without parameters, lower case, or "" */
	char		params[PARAMS_MAX][PARAM_MAX];	/* {…} of the route, in order */
	/* Headers and query arguments by name, case ignored for headers; NULL when
	 * absent; the first of several. request_count() tells how often a header stands. */
	const char	*(*header_)(const struct request *, const char *name);
	int		(*count_)(const struct request *, const char *name);
	const char	*(*query_)(const struct request *, const char *name);
	void		*carrier;	/* the transport's own */
};
static inline const char *
request_header(const struct request *rq, const char *name) { return rq->header_(rq, name); }
static inline int
request_count(const struct request *rq, const char *name) { return rq->count_(rq, name); }
static inline const char *
request_query(const struct request *rq, const char *name) { return rq->query_(rq, name); }

#define HEADERS_MAX	16

struct reply {
	int		status;
	const char	*type;		/* Content-Type, a constant; NULL: none */
	struct { char name[33]; char value[513]; } headers[HEADERS_MAX];
	int		nheaders;
	struct buf	body;		/* a text reply … */
	bool		has_image;	/* … or bytes [from, to) of an image */
	uint8_t		image[SHA256_LEN];
	uint64_t	from, to;
	struct transfer	*transfer;	/* handed over to the transport, which ends it */
	uint64_t	length_as;	/* no body, but this Content-Length if not 0 (HEAD, 304) */
	bool		close;		/* Connection: close */
};
/* Asserts that there is room; the value is cut at CR, LF or its size. */
void	reply_header(struct reply *, const char *name, const char *value);
void	reply_headerf(struct reply *, const char *name, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	reply_text(struct reply *, int status, const char *text);	/* text/plain */
void	reply_clear(struct reply *);	/* empty again; an unsent transfer is ended TRANSFER_UNSENT */

struct route;
struct health;
/* A message for a device, worded by a dialect, carried by a transport. */
struct outgoing {
	enum carrier	carrier;
	char		where[257];	/* topic, or address */
	struct buf	bytes;
};
#define OUTGOING_MAX	2

struct exchange {
	struct request	rq;
	struct reply	rep;
	const struct route *route;
	struct core	*core;
	void		*self;		/* of the dialect that owns the route, or NULL */
	struct health	*health;	/* the daemon's parts, for /readyz; NULL in tests */
	struct actor	actor;
	void		*state;		/* the handler's own … */
	void		(*state_free)(void *);	/* … freed by this after the reply */
	/* Messages that leave when what was written is durable (MQTT). */
	struct outgoing	out[OUTGOING_MAX];
	int		nout;
	/* Lines: whose connection this is ("": not known yet). A handler that finds
	 * out sets it; see dialect.h. Nowhere else looked at. */
	char		line[DEVICE_ID_MAX];
	/* part, end: call from any thread, once, after CALL_WAIT was returned */
	void		(*wake)(struct exchange *);
};

typedef int	handler_fn(struct tx *, struct exchange *, struct err *);
/* A piece of a multipart/form-data body: pieces of one field come in order, off
 * counts within it; filename is NULL for plain fields. Of a raw body: a piece of it
 * as it comes, whatever its type, under the name "". 0, CALL_WAIT or -1; after
 * -1 the rest of the body is swallowed and the refusal sent. */
typedef int	part_fn(struct exchange *, const char *name, const char *filename,
		    const void *, size_t, uint64_t off, struct err *);
/* The body ended soundly. 0, CALL_WAIT (called again after wake()), or -1. */
typedef int	end_fn(struct exchange *, struct err *);

enum rights { FOR_ANYONE, FOR_DEVICES, FOR_VIEWERS, FOR_OPERATORS, FOR_ADMINS };

struct route {
	enum method	method;		/* a GET route answers HEAD too */
	const char	*pattern;	/* "/api/v1/firmware/{version}:yank" */
	enum rights	rights;		/* FOR_DEVICES: the dialect itself decides who it is */
	handler_fn	*read, *write;
	part_fn		*part;		/* the body is multipart and streamed: no rq.body */
	bool		raw;		/* … or streamed as it is */
	end_fn		*end;
	enum urgency	urgency;	/* of write */
	size_t		body_max;	/* 0: 64 kB. Larger: 413 without reading it all */
};

/* Word a refusal: fill rep (empty) from e. Must not fail. */
typedef void	refuse_fn(const struct err *, const struct request *, struct reply *rep);

struct route_table {		/* what a listener may serve */
	const struct route	*routes;	/* ends with a zero row */
	refuse_fn		*refuse;
	bool			api;		/* management: "api" of the serve setting */
	void			*self;
	/* Routes given by settings: NULL, or the route for a path that no table has. */
	const struct route	*(*find)(void *self, const struct request *);
};

/* Does the pattern match? Fills params. A {name} takes one segment, up to the
 * literal that follows it in the pattern. */
bool	route_match(const char *pattern, const char *path, char params[PARAMS_MAX][PARAM_MAX]);

#endif
