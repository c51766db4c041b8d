/* SPDX-License-Identifier: Apache-2.0
 *
 * json_in.c - one reader for all documents, driven by their tables.
 *
 * A table instead of code per field makes that every field of every document is
 * held to the same rules: its type is named when it is wrong, its bounds are
 * told, an unknown one is never ignored. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "json_in.h"
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/utf8.h"

#define PATH_MAX_TEXT	160

static const char *
type_name(const json_t *v)
{
	static const char *const names[] = { [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
	    [JSON_STRING] = "a text", [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",
	    [JSON_TRUE] = "true", [JSON_FALSE] = "false", [JSON_NULL] = "null" };

	return names[json_typeof(v)];
}

static void
wrong_type(const json_t *v, const char *path, const char *wanted, struct complaints *c)
{
	complain(c, ERR_BAD, path, "type", "%s must be %s, not %s", path, wanted, type_name(v));
}

/* 1.0 is an integer too: many clients know no other numbers. A real is compared
 * before it is converted, since 1e300 fits no integer. */
static bool
read_int(const json_t *v, const struct field *f, int64_t *ret, const char *path,
    struct complaints *c)
{
	double real = json_number_value(v);
	bool fits;

	if (!json_is_number(v)) {
		wrong_type(v, path, "a whole number", c);
		return false;
	}
	fits = json_is_real(v) ? real >= (double)f->min && real <= (double)f->max :
	    json_integer_value(v) >= f->min && json_integer_value(v) <= f->max;
	if (!fits) {
		complain(c, ERR_BAD, path, "range", "%s must be from %" PRId64 " to %" PRId64,
		    path, f->min, f->max);
		return false;
	}
	*ret = json_is_real(v) ? (int64_t)real : (int64_t)json_integer_value(v);
	if (!json_is_real(v) || (double)*ret == real)
		return true;
	complain(c, ERR_BAD, path, "type", "%s must be a whole number", path);
	return false;
}

static bool
read_real(const json_t *v, const struct field *f, double *ret, const char *path,
    struct complaints *c)
{
	*ret = json_number_value(v);
	if (!json_is_number(v)) {
		wrong_type(v, path, "a number", c);
		return false;
	}
	if (*ret >= (double)f->min && *ret <= (double)f->max)
		return true;
	complain(c, ERR_BAD, path, "range", "%s must be from %" PRId64 " to %" PRId64, path,
	    f->min, f->max);
	return false;
}

static bool
text_fits(const json_t *v, int64_t min, int64_t max, const char *path, struct complaints *c)
{
	int64_t n = (int64_t)json_string_length(v);

	if (!json_is_string(v)) {
		wrong_type(v, path, "a text", c);
		return false;
	}
	if (n >= min && n <= max)
		return true;
	complain(c, ERR_BAD, path, "range", "%s must have %" PRId64 " to %" PRId64
	    " bytes, not %" PRId64, path, min, max, n);
	return false;
}

static bool
read_text(const json_t *v, const struct field *f, const char **ret, const char *path,
    struct complaints *c)
{
	if (!text_fits(v, f->min, f->max, path, c))
		return false;
	*ret = json_string_value(v);
	if ((f->flags & FIELD_LINE) == 0 || utf8_is_text(*ret, false))
		return true;
	complain(c, ERR_BAD, path, "text", "%s must not contain control characters", path);
	return false;
}

/* Which of the words, separated by blanks, is it? */
static int
word_index(const char *words, const char *word)
{
	size_t n = strlen(word);
	int i = 0;

	for (const char *s = words; *s != '\0'; i++) {
		size_t len = strcspn(s, " ");

		if (len == n && memcmp(s, word, n) == 0)
			return i;
		s += len + (s[len] == ' ');
	}
	return -1;
}

static bool
read_word(const json_t *v, const struct field *f, int *ret, const char *path,
    struct complaints *c)
{
	if (!json_is_string(v)) {
		wrong_type(v, path, "a text", c);
		return false;
	}
	*ret = word_index(f->words, json_string_value(v));
	if (*ret >= 0)
		return true;
	complain(c, ERR_BAD, path, "word", "%s must be one of: %s", path, f->words);
	return false;
}

static bool
read_time(const json_t *v, int64_t *ret, const char *path, struct complaints *c)
{
	struct err why = ERR_INIT;

	if (!json_is_string(v)) {
		wrong_type(v, path, "a date and time (RFC 3339)", c);
		return false;
	}
	if (time_parse(ret, json_string_value(v), &why) == 0)
		return true;
	complain(c, ERR_BAD, path, "time", "%s: %s", path, why.text);
	return false;
}

static bool
read_clock(const json_t *v, const char **ret, const char *path, struct complaints *c)
{
	const char *s = json_string_value(v);

	if (s != NULL && strlen(s) == 5 && strspn(s, "0123456789:") == 5 && s[2] == ':' &&
	    strchr(s, ':') == strrchr(s, ':') && memcmp(s, "24", 2) < 0 &&
	    memcmp(s + 3, "60", 2) < 0) {
		*ret = s;
		return true;
	}
	complain(c, ERR_BAD, path, "time", "%s must be a time of day from \"00:00\" to \"23:59\"",
	    path);
	return false;
}

static bool
list_fits(const json_t *v, const struct field *f, const char *path, struct complaints *c)
{
	char one[PATH_MAX_TEXT];
	size_t n = json_array_size(v), i;

	if (!json_is_array(v)) {
		wrong_type(v, path, "a list", c);
		return false;
	}
	if ((int64_t)n < f->min || (int64_t)n > f->max) {
		complain(c, ERR_BAD, path, "range", "%s must have %" PRId64 " to %" PRId64
		    " elements, not %zu", path, f->min, f->max, n);
		return false;
	}
	for (i = 0; f->inside != NULL && i < n; i++) {
		snprintf(one, sizeof one, "%.120s[%zu]", path, i);
		form_read(json_array_get(v, i), f->inside, NULL, one, c);
	}
	return true;
}

static bool
is_usual(const struct field *f, int64_t n, bool flag)
{
	switch (f->want) {
	case WANT_BOOL:	return !flag;
	case WANT_WORD:	return n == 0;
	case WANT_INT:	return n == f->usual;
	default:	return false;
	}
}

static void
not_yet(const char *path, struct complaints *c)
{
	complain(c, ERR_INVALID, path, "not_yet", "%s: this is not supported yet", path);
}

/* The value is not null and the field is known. place NULL: check only. */
static void
read_value(const json_t *v, const struct field *f, void *place, const char *path,
    struct complaints *c)
{
	unsigned before = c->count;
	const char *text = NULL;
	int64_t n = 0;
	double real = 0;
	int word = 0;

	if ((f->flags & FIELD_NOT_YET) != 0)
		place = NULL;
	switch (f->want) {
	case WANT_BOOL:
		if (!json_is_boolean(v))
			wrong_type(v, path, "true or false", c);
		else if (place != NULL)
			*(bool *)place = json_is_true(v);
		break;
	case WANT_INT:
		if (read_int(v, f, &n, path, c) && place != NULL)
			*(int64_t *)place = n;
		break;
	case WANT_REAL:
		if (read_real(v, f, &real, path, c) && place != NULL)
			*(double *)place = real;
		break;
	case WANT_TEXT:
		if (read_text(v, f, &text, path, c) && place != NULL)
			memcpy(place, text, strlen(text) + 1);
		break;
	case WANT_WORD:
		if (read_word(v, f, &word, path, c) && place != NULL)
			*(int *)place = word;
		n = word;
		break;
	case WANT_TIME:
		if (read_time(v, &n, path, c) && place != NULL)
			*(int64_t *)place = n;
		break;
	case WANT_CLOCK:
		if (read_clock(v, &text, path, c) && place != NULL)
			memcpy(place, text, strlen(text) + 1);
		break;
	case WANT_LIST:
		if (list_fits(v, f, path, c) && place != NULL)
			*(const json_t **)place = v;
		break;
	case WANT_OBJECT:
		if (f->inside != NULL)
			form_read(v, f->inside, place, path, c);
		else if (!json_is_object(v))
			wrong_type(v, path, "an object", c);
		else if (place != NULL)
			*(const json_t **)place = v;
		break;
	}
	if ((f->flags & FIELD_NOT_YET) != 0 && c->count == before &&
	    !is_usual(f, n, json_is_true(v)))
		not_yet(path, c);
}

static const struct field *
field_find(const struct field *fields, const char *name)
{
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* "exposure" and "percent" to "exposure.percent"; long names are cut. */
static const char *
path_of(char ret[PATH_MAX_TEXT], const char *path, const char *name)
{
	size_t cut = utf8_fit(name, 60);

	snprintf(ret, PATH_MAX_TEXT, "%.90s%s%.*s", path, path[0] != '\0' ? "." : "", (int)cut,
	    name);
	return ret;
}

void
form_read(const json_t *doc, const struct field *fields, void *form, const char *path,
    struct complaints *c)
{
	char at[PATH_MAX_TEXT];
	const char *name;
	json_t *v;

	if (!json_is_object(doc)) {
		wrong_type(doc, path, "an object", c);
		return;
	}
	json_object_foreach((json_t *)doc, name, v) {
		const struct field *f = field_find(fields, name);

		path_of(at, path, name);
		if (f == NULL)
			complain(c, ERR_BAD, at, "unknown", "%s: there is no such field", at);
		else if (!json_is_null(v))
			read_value(v, f, form != NULL ? (char *)form + f->at : NULL, at, c);
		else if ((f->flags & FIELD_NULL) == 0)
			complain(c, ERR_BAD, at, "type", "%s must not be null", at);
	}
	for (; fields->name != NULL; fields++)
		if ((fields->flags & FIELD_NEEDED) != 0 &&
		    json_object_get(doc, fields->name) == NULL) {
			path_of(at, path, fields->name);
			complain(c, ERR_BAD, at, "missing", "%s is missing", at);
		}
}

const char *
list_text(const json_t *list, size_t i, const char *path, size_t min, size_t max,
    struct complaints *c)
{
	const json_t *v = json_array_get(list, i);
	char at[PATH_MAX_TEXT];

	snprintf(at, sizeof at, "%.120s[%zu]", path, i);
	return text_fits(v, (int64_t)min, (int64_t)max, at, c) ? json_string_value(v) : NULL;
}
