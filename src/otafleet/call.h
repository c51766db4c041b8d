/* call.h - a whole HTTP request made from its parts, as clients of the API do it. */
#ifndef OTAFLEET_CALL_H
#define OTAFLEET_CALL_H

#include "player.h"

struct call {
	const char	*listener;	/* or a URL */
	const char	*method, *path;
	const char	*key;		/* bearer; NULL: none */
	const char	*type;		/* of the body; NULL: no body */
	struct buf	headers;	/* further lines, each with its CR LF */
	struct buf	body;
};

static inline void
auto_call_(struct call *c)
{
	buf_free(&c->headers);
	buf_free(&c->body);
}

/* Connect, send it, and receive the answer unless s names its connection. */
int	call_make(struct player *, const struct stmt *s, const struct call *, struct err *);

#endif
