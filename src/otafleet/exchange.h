/* exchange.h - one request and its answer over a socket that never blocks.
 *
 * exchange_step() does what can be done now and says what it waits for; whoever
 * calls it owns the event loop, the clock and the patience. */
#ifndef OTAFLEET_EXCHANGE_H
#define OTAFLEET_EXCHANGE_H

#include "answer.h"
#include "endpoint.h"

enum exchange_event {
	X_WAIT_IN,			/* call again when the socket is readable */
	X_WAIT_OUT,			/* … writable */
	X_BYTES,			/* some came: see answer and body; call again */
	X_ENDED,			/* the other side closed */
	X_FAILED			/* why[] says how */
};

struct exchange {
	int			fd;	/* -1: not open */
	SSL			*ssl;
	enum { X_CONNECTING, X_HANDSHAKING, X_SENDING, X_READING } phase;
	struct buf		out;	/* the request: fill it before opening */
	size_t			sent;
	struct answer		answer;
	const char		*body;	/* after X_BYTES: in the caller's room … */
	size_t			nbody;
	size_t			nextra;	/* bytes behind the announced end */
	char			why[96];
};

void			exchange_init(struct exchange *);
/* Begin to connect. -1: why[] says what is in the way. */
int			exchange_open(struct exchange *, const struct endpoint *);
enum exchange_event	exchange_step(struct exchange *, char *room, size_t size);
/* Close; an exchange may be opened again. */
void			exchange_close(struct exchange *);
void			exchange_free(struct exchange *);

#endif
