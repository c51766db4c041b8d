/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - reading what a node wrote into a buffer that was too small.
 *
 * The fields that matter come first in every payload, so that a search for the
 * first of each finds them whatever happened to the rest. A search that finds a
 * key inside of another text would need that text to stand before it. */
#include <string.h>
#include "otad/utf8.h"
#include "rainmaker.h"

int
words_read(struct words *ret, const char *body, size_t len, struct err *e)
{
	size_t blanks = strspn(body, " \t\r\n");
	json_error_t bad;

	if (body[blanks] != '{')
		return err_set(e, ERR_BAD, "a JSON object is wanted");
	ret->root = json_loadb(body, len, 0, &bad);
	ret->text = body + blanks;
	return 0;
}

void
words_end(struct words *w)
{
	json_decref(w->root);
	w->root = NULL;
}

void
words_clean(char *ret, size_t size, const char *from, size_t n)
{
	size_t at = 0, len;

	while (n > 0) {
		len = utf8_char(from, n);
		if (at + (len != 0 ? len : 1) > size - 1)
			break;
		if (len == 0 || utf8_is_control(from, len))
			ret[at++] = '?';
		else {
			memcpy(ret + at, from, len);
			at += len;
		}
		from += len != 0 ? len : 1;
		n -= len != 0 ? len : 1;
	}
	ret[at] = '\0';
}

/* What stands behind "key" : " in damaged JSON. */
static const char *
search(const char *text, const char *key)
{
	size_t n = strlen(key);

	while ((text = strchr(text, '"')) != NULL) {
		const char *at = ++text;

		if (strncmp(at, key, n) != 0 || at[n] != '"')
			continue;
		at += n + 1;
		at += strspn(at, " \t");
		if (*at != ':')
			continue;
		at += 1 + strspn(at + 1, " \t");
		if (*at == '"')
			return at + 1;
	}
	return NULL;
}

static const json_t *
member(const struct words *w, const char *in, const char *key)
{
	const json_t *object = in != NULL ? json_object_get(w->root, in) : w->root;

	return json_object_get(object, key);
}

bool
words_get(const struct words *w, const char *in, const char *key, char *ret, size_t size)
{
	const char *from, *end;

	ret[0] = '\0';
	if (w->root != NULL) {
		const json_t *value = member(w, in, key);

		if (!json_is_string(value))
			return false;
		words_clean(ret, size, json_string_value(value), json_string_length(value));
		return true;
	}
	from = search(w->text, key);
	end = from != NULL ? strchr(from, '"') : NULL;
	if (end == NULL)
		return false;
	words_clean(ret, size, from, (size_t)(end - from));
	return true;
}

/* Where a text ends that may have quotes inside and may be cut anywhere: before
 * the time that follows it, or what is left of that, or the closing brace. */
static size_t
last_length(const char *from)
{
	static const char behind[] = "\",\"ts\":";
	size_t n = strlen(from);
	const char *ts = NULL;

	for (const char *p = from; (p = strstr(p, behind)) != NULL; p++)
		ts = p;
	if (ts != NULL)
		return (size_t)(ts - from);
	if (n >= 2 && memcmp(from + n - 2, "\"}", 2) == 0)
		return n - 2;
	for (size_t k = sizeof(behind) - 2; k > 0; k--)
		if (n >= k && memcmp(from + n - k, behind, k) == 0)
			return n - k;
	return n;
}

void
words_get_last(const struct words *w, const char *key, char *ret, size_t size)
{
	const char *from;

	if (w->root != NULL) {
		(void)words_get(w, NULL, key, ret, size);
		return;
	}
	ret[0] = '\0';
	from = search(w->text, key);
	if (from != NULL)
		words_clean(ret, size, from, last_length(from));
}
