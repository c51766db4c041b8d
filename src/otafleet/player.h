/* player.h - a scenario while it is played: what its verbs work on. */
#ifndef OTAFLEET_PLAYER_H
#define OTAFLEET_PLAYER_H

#include "script.h"
#include "server.h"
#include "talk.h"
#include "vars.h"

struct player {
	const char	*file;
	char		title[128];
	int		line;		/* of the statement being played */
	int		depth;		/* of loops around it */
	const char	*self;		/* path of otafleet */
	struct vars	vars;
	struct server	server;
	struct clock	*clock;
	int64_t		end;		/* of the scenario's time */
	int64_t		until;		/* of the statement's */
	struct talk	*talks;
	struct talk	*last;		/* whose answer was received last; NULL: none */
};

typedef int	verb_fn(struct player *, const struct stmt *, struct err *);

struct verb {
	const char	*name;
	int		min, max;	/* words, the verb itself included */
	enum { BLOCK_NO, BLOCK_MAY, BLOCK_MUST, BLOCK_SCRIPT } block;
	int64_t		patience_ms;	/* without "within"; 0: no waiting in it */
	verb_fn		*play;
	const char	*synopsis;
};

/* verbs_*.c: each table ends with a zero row. */
extern const struct verb verbs_server[], verbs_talk[], verbs_api[], verbs_check[];

/* Is all of a scenario well formed? -1: p->line says where it is not. */
int	player_check(struct player *, const char *text, size_t len, struct err *);
/* The statements of a text that stands in the scenario from that line on. */
int	player_text(struct player *, const char *text, size_t len, int line, struct err *);

/* The statement's nth word, expanded. */
int	player_word(struct player *, const struct stmt *, int n, struct buf *ret,
	    struct err *);
/* The connection a statement speaks on; made when it is new. */
struct talk *player_talk(struct player *, const struct stmt *, struct err *);
/* After a request was sent: receive its answer, unless the statement names its
 * connection, which leaves that to a later one. */
int	player_answer(struct player *, const struct stmt *, struct talk *, struct err *);

#endif
