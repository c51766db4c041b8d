/* dialect.h - the contract between the core and one device family.
 *
 * A dialect translates between the five verbs and its wire: no policy, no SQL,
 * no sockets. It keeps no state between requests: what must be remembered is
 * with the device or its execution. A dialect is one folder under src/dialect
 * and one line in tbl/dialects.h; it exports one symbol, dialect_<name>. */
#ifndef OTAD_DIALECT_H
#define OTAD_DIALECT_H

#include "otad/core.h"
#include "otad/checkin.h"
#include "otad/request.h"

struct conf;

struct call {			/* a person or a job wants a method called */
	int64_t		id;		/* correlates the reply */
	const char	*method;
	const char	*args;		/* JSON text */
	int		timeout_s;
};

/* MQTT: what a dialect listens to. A message is handled as a request is (request.h):
 * rq.path is the topic, rq.body the payload, x->say() the answer. A refusal with
 * ERR_STORE, ERR_BUSY or ERR_FULL leaves the message with the broker, to be
 * delivered again; with any other it is journaled and acknowledged. */
struct topic {
	const char	*pattern;	/* "otad/{id}/status"; + and # are not written here */
	int		qos;
	handler_fn	*read, *write;
	enum urgency	urgency;
};

/* Lines: how a dialect hears on connections that stay open (line.h). A line is
 * handled as a request is: rq.body is the line, rq.address the peer. x->line is
 * whose connection it is; a handler that finds out sets it, and from then on it is
 * that device's only one: an older one is hung up on. A name that begins with '/'
 * may have several. Answers are x->out with carrier BY_LINE: where "" is this
 * connection, a name all of that name. rep.close hangs up after them. */
struct line_talk {
	handler_fn	*read, *write;
	enum urgency	urgency;
	tx_fn		*gone;		/* arg: the name. Its last connection is no more */
	tx_fn		*begin;		/* otad has just started: nobody is connected */
};

struct dialect_ops {
	struct family		family;		/* name, proof, capabilities, guard times */

	/* What it listens to; end with a zero row; NULL: not spoken there. */
	const struct route	*routes;
	const struct topic	*topics;
	const struct line_talk	*lines;

	/* Express a refusal as this family expects it. */
	refuse_fn		*refuse;

	/* Prepare for these settings. *ret_self is handed to every handler as
	 * x->self and to find; NULL when there is nothing to prepare. */
	int	(*start)(const struct conf *, void **ret_self, struct err *);
	void	(*stop)(void *self);
	/* The route for a path that only settings know; NULL: none. */
	const struct route *(*find)(void *self, const struct request *);

	/* Word an offer for a device that can be told; NULL: it only asks. */
	int	(*offer)(void *self, const struct device *, const struct answer *,
		    const char *link, struct outgoing *ret, struct err *);
	/* Word that an offer is off; NULL: it cannot be told, its link is dead. */
	int	(*cancel)(void *self, const struct device *, const char *job,
		    struct outgoing *ret, struct err *);
	/* Word a call; NULL: it answers none. */
	int	(*call)(void *self, const struct device *, const struct call *,
		    struct outgoing *ret, struct err *);
};

#define DIALECT(name) extern const struct dialect_ops dialect_##name;
#include "otad/tbl/dialects.h"
#undef DIALECT
/* All of them, in the order of the table, NULL at the end. */
extern const struct dialect_ops *const dialects[];

#endif
