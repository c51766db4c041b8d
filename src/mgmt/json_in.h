/* json_in.h - documents that come in, as tables of their fields.
 *
 *	static const struct field fields[] = {
 *		{ "name", WANT_TEXT, FIELD_NEEDED, offsetof(struct form, name), 1, 64 },
 *		{ "mode", WANT_WORD, 0, offsetof(struct form, mode), .words = "force approval" },
 *		{ 0 }
 *	};
 *	json_auto_t *doc = body_object(x, e);
 *
 *	form_read(doc, fields, &form, "", &complaints);
 *
 * The form holds the defaults before; a field that is absent, or null where that
 * is allowed, leaves its place as it was. Everything wrong is complained of by
 * its path ("exposure.percent", "stages[2].soak_s"), none of it stops the others
 * from being looked at. A field that the product cannot honour yet is checked
 * like any other; then whatever is not its default is refused by name. */
#ifndef OTAD_MGMT_JSON_IN_H
#define OTAD_MGMT_JSON_IN_H

#include <jansson.h>
#include "otad/request.h"
#include "problem.h"

enum want {		/* … and what its place in the form is */
	WANT_BOOL,	/* bool */
	WANT_INT,	/* int64_t, min..max */
	WANT_REAL,	/* double, min..max */
	WANT_TEXT,	/* char[max + 1], min..max bytes */
	WANT_WORD,	/* int: which of `words`, from 0 */
	WANT_TIME,	/* int64_t: wall ms */
	WANT_CLOCK,	/* char[6]: "02:00" */
	WANT_LIST,	/* const json_t *, lent: min..max elements, objects of `inside` if given */
	WANT_OBJECT	/* const json_t *, lent; or a struct when `inside` is given */
};
enum {
	FIELD_NEEDED	= 1,
	FIELD_NULL	= 2,	/* null is allowed */
	FIELD_LINE	= 4,	/* text without control characters */
	FIELD_NOT_YET	= 8	/* nothing but null, the first word, false or `usual` */
};
struct field {
	const char		*name;
	enum want		want;
	unsigned		flags;
	size_t			at;		/* not used under FIELD_NOT_YET */
	int64_t			min, max;
	const char		*words;		/* separated by blanks */
	const struct field	*inside;
	int64_t			usual;
};

void	form_read(const json_t *doc, const struct field *, void *form, const char *path,
	    struct complaints *);

/* A text as an object, new: no duplicate keys, not deeper than 32. NULL: *e names
 * `what` and says what is wrong and where. */
json_t	*object_parse(const char *text, size_t n, const char *what, struct err *);
/* The request's body. An empty one is an empty object only when `optional`. */
json_t	*body_object(const struct request *, bool optional, struct err *);

/* An object of texts (numbers are taken as their text) as facts, appended: keys
 * of a-z 0-9 _ . -, values without control characters, at most `most` of them
 * and `size` bytes. */
void	facts_read(const json_t *object, const char *path, size_t most, size_t size,
	    struct buf *ret, struct complaints *);

/* Element i of a list as text, min..max bytes; NULL: complained of. */
const char *list_text(const json_t *list, size_t i, const char *path, size_t min, size_t max,
	    struct complaints *);

/* ---- query arguments ---- */
/* 0: absent, *ret untouched. */
int	query_int(const struct request *, const char *name, int64_t min, int64_t max,
	    int64_t *ret, struct err *);
int	query_bool(const struct request *, const char *name, bool *ret, struct err *);

/* ---- captured parts of the path ---- */
int	param_ptype(const struct request *, int i, uint32_t *ret, struct err *); /* ERR_ABSENT */

/* ---- the handler's memory ---- */
/* Zeroed; freed after the reply by `release` (which frees the block too), or by
 * free() when that is NULL. */
void	*state_new(struct exchange *, size_t, void (*release)(void *), struct err *);

#endif
