/* SPDX-License-Identifier: Apache-2.0
 *
 * facts.c - one line a fact. A value never holds a newline, since facts_add()
 * is the only writer and takes control characters out, so reading needs no
 * escapes. Lines that are no facts (a database edited by hand) are passed over. */
#include "otad/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/utf8.h"

#define KEY_MAX		32
#define KEY_LETTERS	"abcdefghijklmnopqrstuvwxyz0123456789_.-"

static bool
key_ok(const char *key, size_t n)
{
	return n >= 1 && n <= KEY_MAX && strspn(key, KEY_LETTERS) >= n;
}

/* value made clean, of at most FACT_VALUE_MAX - 1 bytes. */
static size_t
clean(char ret[FACT_VALUE_MAX], const char *value)
{
	size_t n = 0, left, len;

	for (left = strlen(value); left > 0; ) {
		len = utf8_char(value, left);
		if (n + (len != 0 ? len : 1) > FACT_VALUE_MAX - 1)
			break;
		if (len == 0 || utf8_is_control(value, len))
			ret[n++] = '?';
		else
			n += (memcpy(ret + n, value, len), len);
		value += len != 0 ? len : 1;
		left -= len != 0 ? len : 1;
	}
	ret[n] = '\0';
	return n;
}

/* Also ignored: a key that is none. */
void
facts_add(struct buf *b, const char *key, const char *value)
{
	char text[FACT_VALUE_MAX];
	size_t n, keylen = strlen(key);

	if (!key_ok(key, keylen))
		return;
	n = clean(text, value);
	if (b->len + keylen + 1 + n + 1 > FACTS_MAX - 1)
		return;
	buf_addf(b, "%s=%s\n", key, text);
}

void
facts_addi(struct buf *b, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	facts_add(b, key, text);
}

bool
facts_next(const char **at, char ret_key[33], char ret_value[FACT_VALUE_MAX])
{
	const char *line, *eq;
	size_t n, keylen, len;

	for (line = *at; line != NULL && *line != '\0'; ) {
		n = strcspn(line, "\n");
		eq = memchr(line, '=', n);
		*at = line + n + (line[n] == '\n');
		keylen = eq != NULL ? (size_t)(eq - line) : 0;
		if (!key_ok(line, keylen)) {
			line = *at;
			continue;
		}
		memcpy(ret_key, line, keylen);
		ret_key[keylen] = '\0';
		len = n - keylen - 1;
		if (len > FACT_VALUE_MAX - 1)
			len = utf8_fit(eq + 1, FACT_VALUE_MAX - 1);
		memcpy(ret_value, eq + 1, len);
		ret_value[len] = '\0';
		return true;
	}
	return false;
}

bool
facts_get(const char *facts, const char *key, char ret[FACT_VALUE_MAX])
{
	char k[KEY_MAX + 1], value[FACT_VALUE_MAX];
	const char *at = facts;

	while (facts_next(&at, k, value))
		if (strcmp(k, key) == 0) {
			memcpy(ret, value, strlen(value) + 1);
			return true;
		}
	return false;
}

int64_t
facts_geti(const char *facts, const char *key, int64_t fallback)
{
	char value[FACT_VALUE_MAX];
	const char *digits = value;
	long long v;

	if (!facts_get(facts, key, value))
		return fallback;
	digits += *digits == '-';
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return fallback;
	errno = 0;
	v = strtoll(value, NULL, 10);
	return errno == 0 ? v : fallback;
}

static bool
has(const char *facts, const char *key, const char *value)
{
	char k[KEY_MAX + 1], v[FACT_VALUE_MAX];
	const char *at = facts;

	while (facts_next(&at, k, v))
		if (strcmp(k, key) == 0 && strcmp(v, value) == 0)
			return true;
	return false;
}

/* A key that stands twice in `of` asks for both values. */
bool
facts_agree(const char *of, const char *with)
{
	char key[KEY_MAX + 1], value[FACT_VALUE_MAX];
	const char *at = of;

	while (facts_next(&at, key, value))
		if (!has(with, key, value))
			return false;
	return true;
}
