/* vars.h - what a scenario remembers by name, and words with the names filled in.
 *
 *	$job ${job}	the value; an unknown name is an error
 *	$$		a dollar
 *	"a b\r\n\x00"	blanks, and \n \r \t \\ \" \$ \xHH, inside quotes only
 *
 * Values are bytes: an image is one as well as an id. */
#ifndef OTAFLEET_VARS_H
#define OTAFLEET_VARS_H

#include "otad/buf.h"
#include "script.h"

struct vars {
	struct var	*first;
};

void			vars_free(struct vars *);
/* -1: the name is not [a-z][a-z0-9_]* of at most 31 characters, or no memory. */
int			vars_set(struct vars *, const char *name, const void *, size_t,
			    struct err *);
const struct buf	*vars_get(const struct vars *, const char *name, size_t len);

/* Append the word's value. */
int	word_expand(const struct vars *, const struct word *, struct buf *ret, struct err *);
/* Append a block's lines: what stands left of them dropped, each ended by eol. */
int	block_expand(const struct vars *, const struct word *block, const char *eol,
	    struct buf *ret, struct err *);

#endif
