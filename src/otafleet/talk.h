/* talk.h - a conversation of a scenario: a link, and the answer that came last.
 *
 * What was received and not yet asked for waits here, so several answers may
 * come in one segment. */
#ifndef OTAFLEET_TALK_H
#define OTAFLEET_TALK_H

#include <jansson.h>
#include "answer.h"
#include "child.h"
#include "link.h"

#define TALK_BODY_MAX	(80u << 20)

struct talk {
	struct talk	*next;
	char		name[32];
	struct link	link;
	struct buf	in;		/* received, not asked for */
	bool		ended;		/* the other side closed */
	bool		bodiless;	/* the request was HEAD */
	bool		partly;		/* of the answer, not all was asked for yet */
	struct answer	answer;
	struct buf	body;
	json_t		*json;		/* of body; NULL: not read, or none */
	struct child	child;		/* a program on the other side, or none */
};

struct talk	*talk_new(const char *name);	/* NULL: out of memory */
void		talk_free(struct talk *);
/* Close what is open, forget what came, connect. */
int		talk_open(struct talk *, const struct clock *, const struct endpoint *,
		    int64_t deadline, struct err *);
/* Start a program, whose output will be the body and whose exit the status. */
int		talk_start(struct talk *, const struct clock *, const char *const argv[],
		    const char *log, struct err *);
/* Take in an answer, or a program's whole output: its head and at least
 * body bytes (SIZE_MAX: all). Goes on with one that was not received to its end. */
int		talk_receive(struct talk *, size_t body, int64_t deadline, struct err *);
/* A line, without its end, becomes the body; there is no head then. */
int		talk_line(struct talk *, int64_t deadline, struct err *);
/* The other side closes without another byte. */
int		talk_closed(struct talk *, int64_t deadline, struct err *);
/* Nothing comes until the deadline, and nobody closes. */
int		talk_silent(struct talk *, int64_t deadline, struct err *);
/* The body read as JSON; NULL with e set when it is none. Lent. */
const json_t	*talk_json(struct talk *, struct err *);

#endif
