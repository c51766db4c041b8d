/* script.h - a scenario's text as statements.
 *
 * A statement is a line of words; a backslash at the end joins the next line. A
 * word ends at a blank outside of "quotes"; one that begins with { or [ is JSON
 * and ends where its braces do, some lines later if need be. A { at the end of a
 * line opens a block: the lines up to one that is only }. A # after a blank
 * starts a comment. @NAME before a statement names the connection it speaks on.
 *
 * Words are slices of the text, as written: vars.h expands them when they are
 * played. Nothing is allocated. */
#ifndef OTAFLEET_SCRIPT_H
#define OTAFLEET_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include "otad/err.h"

#define SCRIPT_WORDS_MAX	64
#define SCRIPT_SIZE_MAX		(1 << 20)	/* bytes of one file */

struct word {
	const char	*p;
	size_t		len;
	bool		json;
};

struct stmt {
	int		line;
	struct word	talk;			/* after @; len 0: none */
	struct word	words[SCRIPT_WORDS_MAX];
	int		n;
	bool		has_block;
	struct word	block;			/* its lines, without the closing } */
	int		block_line;		/* of its first line */
};

struct script {
	const char	*at, *end;
	int		line;
};

void	script_begin(struct script *, const char *text, size_t len, int line);
/* 1: *ret is the next statement. 0: there is none. -1: e says what is wrong, and
 * script->line where. */
int	script_next(struct script *, struct stmt *ret, struct err *);

bool	word_is(const struct word *, const char *text);

#endif
