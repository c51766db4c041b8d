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
#include "otad/auto.h"
#include "utf8.h"

static const struct {
	const char	*name;
	int		http;
	const char	*title;
} codes[ERR_CODES] = {
	[ERR_NONE] = { "NONE", 200, "no error" },
#define ERR(name, http, text) [ERR_##name] = { #name, http, text },
#include "otad/tbl/errors.h"
#undef ERR
};

#define NAME_MAX_	16
static const char lower_names[ERR_CODES][NAME_MAX_] = {
	[ERR_NONE]	= "none",
	[ERR_BAD]	= "bad",
	[ERR_AUTH]	= "auth",
};

/* text into the field of size bytes, cut at a character's end. */
static void
put(char *field, size_t size, const char *text)
{
	size_t n = utf8_fit(text, size - 1);

	memmove(field, text, n);
	field[n] = '\0';
}

static void
fill(struct err *e, enum err_code code, const char *field, const char *rule,
    const char *text)
{
	struct err new = { .code = code };

	assert(code > ERR_NONE && code < ERR_CODES);
	put(new.field, sizeof(new.field), field);
	put(new.rule, sizeof(new.rule), rule);
	put(new.text, sizeof(new.text), *text != '\0' ? text : codes[code].title);
	*e = new;
}
