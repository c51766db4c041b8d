/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario has a dozen names at most: a list is the right table. */
#include <stdlib.h>
#include <string.h>
#include "otad/digest.h"
#include "vars.h"

#define NAME_MAX_LEN	31

struct var {
	struct var	*next;
	char		name[NAME_MAX_LEN + 1];
	struct buf	value;
};

static bool
name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

static size_t
name_length(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && name_char(*q, q == p))
		q++;
	return (size_t)(q - p);
}

static struct var *
find(const struct vars *v, const char *name, size_t len)
{
	struct var *i;

	for (i = v->first; i != NULL; i = i->next)
		if (strlen(i->name) == len && memcmp(i->name, name, len) == 0)
			break;
	return i;
}

const struct buf *
vars_get(const struct vars *v, const char *name, size_t len)
{
	const struct var *i = find(v, name, len);

	return i != NULL ? &i->value : NULL;
}

int
vars_set(struct vars *v, const char *name, const void *p, size_t n, struct err *e)
{
	size_t len = strlen(name);
	struct var *i = find(v, name, len);

	if (len == 0 || len > NAME_MAX_LEN || name_length(name, name + len) != len)
		return err_set(e, ERR_BAD, "'%.40s' is no name: a to z, 0 to 9, _", name);
	if (i == NULL) {
		i = calloc(1, sizeof(*i));
		if (i == NULL)
			return err_set(e, ERR_FULL, "out of memory");
		memcpy(i->name, name, len);
		i->next = v->first;
		v->first = i;
	}
	buf_clear(&i->value);
	buf_add(&i->value, p, n);
	return i->value.failed ? err_set(e, ERR_FULL, "out of memory") : 0;
}

void
vars_free(struct vars *v)
{
	struct var *i;

	while ((i = v->first) != NULL) {
		v->first = i->next;
		buf_free(&i->value);
		free(i);
	}
}

/* *p stands at a dollar: append what it means and move behind it. */
static int
expand_name(const struct vars *v, const char **p, const char *end, struct buf *ret,
    struct err *e)
{
	const char *name = *p + 1;
	bool braces = name < end && *name == '{';
	const struct buf *value;
	size_t len;

	if (name < end && *name == '$') {
		buf_add(ret, "$", 1);
		*p = name + 1;
		return 0;
	}
	name += braces;
	len = name_length(name, end);
	if (len == 0 || (braces && (name + len == end || name[len] != '}')))
		return err_set(e, ERR_BAD, "no name after $ (a dollar itself is $$)");
	value = vars_get(v, name, len);
	if (value == NULL)
		return err_set(e, ERR_BAD, "nothing is named $%.*s", (int)len, name);
	buf_add(ret, buf_str(value), value->len);
	*p = name + len + braces;
	return 0;
}

/* *p stands behind a backslash inside quotes. */
static int
expand_escape(const char **p, const char *end, struct buf *ret, struct err *e)
{
	static const char names[] = "nrt\\\"$", values[] = "\n\r\t\\\"$";
	const char *name = strchr(names, **p);
	char digits[3] = "";
	uint8_t byte;

	if (name != NULL && *name != '\0') {
		buf_add(ret, &values[name - names], 1);
		(*p)++;
		return 0;
	}
	if (**p == 'x' && end - *p > 2) {
		memcpy(digits, *p + 1, 2);
		if (hex_decode(&byte, 1, digits) == 0) {
			buf_add(ret, &byte, 1);
			*p += 3;
			return 0;
		}
	}
	return err_set(e, ERR_BAD, "\\%c means nothing in quotes", **p);
}

static int
expand(const struct vars *v, const char *p, const char *end, bool quotes, struct buf *ret,
    struct err *e)
{
	bool quoted = false;

	while (p < end) {
		if (*p == '$') {
			if (expand_name(v, &p, end, ret, e) != 0)
				return -1;
		} else if (quotes && *p == '"') {
			quoted = !quoted;
			p++;
		} else if (quoted && *p == '\\' && p + 1 < end) {
			p++;
			if (expand_escape(&p, end, ret, e) != 0)
				return -1;
		} else {
			buf_add(ret, p++, 1);
		}
	}
	return ret->failed ? err_set(e, ERR_FULL, "out of memory") : 0;
}

int
word_expand(const struct vars *v, const struct word *w, struct buf *ret, struct err *e)
{
	return expand(v, w->p, w->p + w->len, !w->json, ret, e);
}

int
block_expand(const struct vars *v, const struct word *block, const char *eol,
    struct buf *ret, struct err *e)
{
	const char *p = block->p, *end = block->p + block->len, *lf, *stop;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			lf = end;
		while (p < lf && (*p == ' ' || *p == '\t'))
			p++;
		stop = lf > p && lf[-1] == '\r' ? lf - 1 : lf;
		if (expand(v, p, stop, false, ret, e) != 0)
			return -1;
		buf_adds(ret, eol);
	}
	return 0;
}
