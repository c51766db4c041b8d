/* SPDX-License-Identifier: Apache-2.0
 *
 * err.c - errors are composed aside and copied at the end, so that *e may be
 * among the words of its own new text. */
#include "otad/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "otad/utf8.h"

/* Longer than err.text, so that the cut falls where utf8_fit() wants it. */
#define ROOM	512

static const struct {
	int		http;
	const char	*title;
} codes[ERR_CODES] = {
	[ERR_NONE] = { 200, "no error" },
#define ERR(name, http, text) [ERR_##name] = { http, text },
#include "otad/tbl/errors.h"
#undef ERR
};

/* The preprocessor cannot write small letters; base_test.c holds this list and
 * the table together. */
static const char *const names[ERR_CODES] = {
	[ERR_NONE]	= "none",
	[ERR_BAD]	= "bad",
	[ERR_AUTH]	= "auth",
	[ERR_FORBIDDEN]	= "forbidden",
	[ERR_ABSENT]	= "absent",
	[ERR_METHOD]	= "method",
	[ERR_CONFLICT]	= "conflict",
	[ERR_GONE]	= "gone",
	[ERR_TOO_BIG]	= "too_big",
	[ERR_MEDIA]	= "media",
	[ERR_RANGE]	= "range",
	[ERR_INVALID]	= "invalid",
	[ERR_TOO_MANY]	= "too_many",
	[ERR_STORE]	= "store",
	[ERR_INTERNAL]	= "internal",
	[ERR_BUSY]	= "busy",
	[ERR_TIMEOUT]	= "timeout",
	[ERR_FULL]	= "full",
};

static void
put(char *ret, size_t size, const char *text)
{
	size_t n = utf8_fit(text, size - 1);

	memcpy(ret, text, n);
	ret[n] = '\0';
}

static int
fill(struct err *e, enum err_code code, const char *field, const char *rule,
    const char *text)
{
	struct err new = { .code = code };

	assert(code > ERR_NONE && code < ERR_CODES);
	put(new.field, sizeof(new.field), field);
	put(new.rule, sizeof(new.rule), rule);
	put(new.text, sizeof(new.text), *text != '\0' ? text : codes[code].title);
	*e = new;
	return -1;
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fill(e, code, "", "", text);
}

int
err_field(struct err *e, enum err_code code, const char *field, const char *rule,
    const char *fmt, ...)
{
	char text[ROOM];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fill(e, code, field, rule, text);
}

int
err_errno(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[ROOM], why[128];
	int saved = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, ": %s", strerror_r(saved, why, sizeof(why)));
	return fill(e, code, "", "", text);
}

int
err_while(struct err *e, const char *fmt, ...)
{
	char text[ROOM];
	size_t n;
	va_list ap;

	assert(e->code != ERR_NONE);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, ": %s", e->text);
	put(e->text, sizeof(e->text), text);
	return -1;
}

int
err_http(const struct err *e)
{
	return codes[e->code].http;
}

const char *
err_title(enum err_code code)
{
	return codes[code].title;
}

const char *
err_name(enum err_code code)
{
	return names[code];
}
