/* http_priv.h - what the files of the HTTP transport share among themselves.
 *
 *	http.c		life: listeners, start, orderly stop
 *	http_socket.c	listening sockets from the words of a setting
 *	http_link.c	connections, and the patience we have with each
 *	http_call.c	one request, from its head to its answer
 *	http_wait.c	suspended and resumed
 *	http_body.c	its body, whole or in parts
 *	http_request.c	what handlers see of it
 *	http_respond.c	from struct reply to the wire
 *	http_after.c	what happens when the library is done with a socket
 *
 * One lock, http->lock, for all lists. It is taken for moments only, never while
 * the core or a handler runs; libmicrohttpd's own locks may be taken inside. */
#ifndef OTAD_HTTP_PRIV_H
#define OTAD_HTTP_PRIV_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include "bind.h"
#include "otad/auto.h"
#include "otad/http.h"
#include "otad/request.h"

#define LISTENERS_MAX	16

struct link;
struct call;
struct delivery;
struct leftover;
struct parts;

struct listener {
	struct http		*http;
	struct MHD_Daemon	*daemon;
	const char		*section;
	char			address[ADDRESS_MAX];
	unsigned		serves;
	struct tls		*tls;
};

struct http {
	struct core		*core;
	struct health		*health;
	const struct route_table *const *tables;
	refuse_fn		*refuse;
	struct http_limits	limits;
	_Atomic int		max_downloads;
	_Atomic uint64_t	max_rate;
	struct listener		listeners[LISTENERS_MAX];
	int			nlisteners;
	_Atomic int		downloads;	/* images being sent */
	_Atomic bool		draining;	/* every answer is the connection's last */

	pthread_mutex_t		lock;
	pthread_cond_t		changed;	/* a list became shorter */
	struct link		*links;
	struct call		*suspended;
	int			writing;	/* calls that the writer knows */
	bool			stopping;	/* nothing may be suspended any more */

	/* http_after.c: its thread, the only one to end transfers */
	pthread_t		watcher;
	pthread_cond_t		wake;
	struct delivery		*deliveries;
	struct leftover		*lingers;
	int			nlingers;
	bool			watching, hurry, quit;
};

/* A connection. In http->links from accept to close. */
struct link {
	struct link	*next, **prev;
	struct listener	*listener;
	int		fd;
	char		address[ADDRESS_MAX];	/* the client's, without port */
	char		peer[65];		/* CN of its certificate, or "" */
	bool		peer_asked;
	bool		linger;			/* more will come that nobody reads … */
	bool		cut;			/* … or came in such plenty that it ends */
	bool		patient, paced;		/* socket options of an image still stand */
	_Atomic bool	busy;			/* with a request */
	int		deliveries;		/* that look at its socket */
	_Atomic int64_t	deadline_ms;		/* boot time; then it is cut. 0: none */
};

enum call_state {
	CALL_NEW,		/* its head is being read */
	CALL_BODY,		/* its body is */
	CALL_ENDING,		/* route->end() has to be asked (again) */
	CALL_WRITING,		/* with the writer, or back from it */
	CALL_ANSWERED
};

/* A request. Made with its first line, freed when libmicrohttpd has done with
 * it; suspended calls are in http->suspended. */
struct call {
	struct exchange		x;		/* first: wake() finds the call by it */
	struct http		*http;
	struct link		*link;
	struct MHD_Connection	*connection;
	const struct route_table *table;	/* NULL: nobody's */
	enum call_state		state;
	bool			nul_in_target;
	bool			keyed;		/* the API key was looked at */
	bool			refused;	/* e says why; the rest is swallowed */
	struct err		e;
	char			allow[64];
	struct buf		path;		/* when url had to be changed */
	char			base[300];
	char			body_type[64];

	struct buf		body;
	struct parts		*parts;		/* instead, for a multipart body */
	uint64_t		body_max, received;
	int64_t			body_began_ms;	/* moved on by the time we made it wait */

	struct delivery		*delivery;
	bool			downloading;	/* counted in http->downloads */

	int64_t			suspended_ms;	/* since then, if not 0 */

	/* under http->lock */
	struct call		*next, **prev;
	bool			suspended;
	bool			writing;	/* the writer has it */
	bool			woken;		/* since call_expect() */
	int			rc;		/* of the write */
};

/* Bytes beyond a limit that are swallowed so that the client reads our refusal
 * and not a reset; who sends more is cut off. */
#define SWALLOW		(1024 * 1024)
#define SWALLOW_UPLOAD	(15 * SWALLOW)	/* of an upload that was refused half-way */

int64_t		http_now(void);		/* boot time, milliseconds */
/* Locked: until the condition is signalled, or so many milliseconds have passed. */
void		http_wait(struct http *, pthread_cond_t *, int64_t ms);

/* http_link.c */
void		link_notify(void *listener, struct MHD_Connection *, void **link,
		    enum MHD_ConnectionNotificationCode);
void		link_head(struct link *);			/* a request begins … */
void		link_idle(struct link *);			/* … and has ended */
void		link_patience(struct link *, int64_t ms);	/* 0: without end */
void		links_cut_late(struct http *);			/* locked */
void		links_cut_idle(struct http *);			/* locked */

/* http_call.c */
void		*call_new(void *listener, const char *target, struct MHD_Connection *);
enum MHD_Result	call_handle(void *listener, struct MHD_Connection *, const char *url,
		    const char *method, const char *version, const char *data, size_t *size,
		    void **call);
void		call_done(void *listener, struct MHD_Connection *, void **call,
		    enum MHD_RequestTerminationCode);
int		call_refuse(struct call *, enum err_code, const char *text);	/* -1 */

/* http_wait.c */
enum waiting { WAITING, WAITING_OVER, WAITING_STOPPED };
void		call_expect(struct call *);	/* a wake-up from now on counts … */
enum waiting	call_suspend(struct call *);	/* … and makes this one needless */
void		call_wake(struct exchange *);
void		call_resume(struct call *);	/* locked; nothing when it runs */

/* http_body.c */
int		body_begin(struct call *);	/* -1: refused by call->e */
enum MHD_Result	body_take(struct call *, const char *, size_t);
void		body_end(struct call *);
void		body_free(struct call *);

/* http_request.c */
void		request_fill(struct call *, const char *url, const char *method,
		    const char *version);
/* Who may ask a route of the API. In a reading transaction. */
int		request_check_key(struct tx *, struct exchange *, struct err *);

/* http_respond.c: queue x->rep, or the refusal by call->e. */
enum MHD_Result	respond(struct call *);

/* http_after.c */
int		after_start(struct http *, struct err *);
void		after_stop(struct http *);
/* The reply carries x->rep.transfer of so many bytes: follow it. */
void		delivery_begin(struct call *, uint64_t bytes);
/* libmicrohttpd has written everything (ok), or given up. */
void		delivery_written(struct call *, enum MHD_RequestTerminationCode);
/* The connection is about to be closed: let go of its socket. */
void		after_close(struct link *);

#endif
