/* filter.h - which devices: a filter in RSQL, read into a tree.
 *
 *	ptype==23701;tag.site==berlin,version=lt=1.0.1
 *
 * Terms are joined by ; (and) and , (or), of which ; binds tighter; parentheses
 * group. A term is a field, an operator and a value:
 *
 *   id dialect slot tag.KEY fact.KEY	text: == != =in= =out=
 *   ptype status channel		a number, or one of their words: the same
 *   address			the same: an address or a block (10.1.0.0/16), or text
 *				with a star
 *   version			what the device says it runs, as text: the same; by
 *				value, of the firmware it is believed to run: =lt=
 *				=le= =gt= =ge= (also < <= > >=), with 1.0.1 or a
 *				firmware's name
 *   firmware			a firmware's name, and by value, likewise
 *   firmware_sure		== != true or false
 *   first_seen last_seen	=lt= =le= =gt= =ge=, with a date and time (RFC 3339)
 *				or with how long ago (-90s -15m -24h -7d -2w)
 *
 * Lists are =in=(a,b). A value is bare, or in single or double quotes, in which a
 * backslash takes the next character as it is. With == and !=, a star at an end
 * of a text stands for anything; a value that is nothing but a star means that
 * there is one at all, of any field. What != and =out= say is the opposite of ==
 * and =in=, for devices without the field, too; an order never holds for them.
 *
 * Reading is pure, and refuses with ERR_BAD, field "filter", the byte and what
 * was expected. */
#ifndef OTAD_FILTER_H
#define OTAD_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/buf.h"
#include "otad/err.h"
#include "otad/net.h"

#define FILTER_TEXT_MAX		2000	/* bytes */
#define FILTER_TERMS_MAX	50
#define FILTER_VALUES_MAX	200	/* in all */
#define FILTER_DEPTH_MAX	20	/* of parentheses */

enum filter_field {
	FILTER_ID, FILTER_PTYPE, FILTER_DIALECT, FILTER_STATUS, FILTER_CHANNEL, FILTER_VERSION,
	FILTER_FIRMWARE, FILTER_SURE, FILTER_TAG, FILTER_FACT, FILTER_LAST_SEEN,
	FILTER_FIRST_SEEN, FILTER_ADDRESS, FILTER_SLOT, FILTER_FIELDS
};
enum filter_op {
	FILTER_EQ, FILTER_NE, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE, FILTER_IN, FILTER_OUT
};
/* What a value is: which of its members count. */
enum filter_sort {
	FILTER_ANY,			/* a star alone */
	FILTER_TEXT,			/* text, stars */
	FILTER_NUMBER,			/* number: ptype, status, firmware value, 0 or 1, wall ms */
	FILTER_AGO,			/* number: so many ms before now, whenever that is */
	FILTER_NET			/* net */
};

struct filter_value {
	enum filter_sort	sort;
	const char		*text;		/* as it was meant; the stars are not in it */
	bool			before, after;	/* stars stood there */
	int64_t			number;
	struct net		net;
};

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_TERM };

struct filter_node {
	enum filter_kind	kind;
	int			first, next;	/* nodes: first below, next beside; -1: none */
	/* of a term */
	enum filter_field	field;
	const char		*key;		/* of a tag or a fact */
	enum filter_op		op;
	int			value, nvalues;	/* its first; one, unless it is a list */
};

struct filter {
	int			root;
	int			nnodes, nterms, nvalues;
	struct filter_node	nodes[2 * FILTER_TERMS_MAX];
	struct filter_value	*values;
	char			*words;		/* holds the texts */
};

/* NULL: refused. */
struct filter	*filter_parse(const char *text, struct err *);
void		filter_free(struct filter *);
static inline __attribute__((unused)) void
auto_filter_(struct filter **f) { filter_free(*f); }

/* ---- filters under a name ---- */

struct tx;

#define FILTER_NAME_MAX	33	/* NUL included */

struct saved_filter {
	int64_t	num;
	char	name[FILTER_NAME_MAX];		/* a-z 0-9 _ . - */
	char	text[FILTER_TEXT_MAX + 1];
	char	created_by[65];
	int64_t	created_ms;
};

/* The name is free, the text is sound. num, created_… are filled in. */
int	filter_save(struct tx *, struct saved_filter *, struct err *);
int	filter_get(struct tx *, const char *name, struct saved_filter *ret, struct err *);
/* Jobs that were made with it have their own copy. */
int	filter_delete(struct tx *, const char *name, struct err *);
typedef int saved_filter_fn(void *arg, const struct saved_filter *, struct err *);
int	filter_list(struct tx *, int64_t after, int limit, saved_filter_fn *, void *arg,
	    struct err *);
/* What a person gives as a filter: RSQL, or @NAME for a saved one. *ret is its
 * text in RSQL, appended. */
int	filter_resolve(struct tx *, const char *given, struct buf *ret, struct err *);

#endif
