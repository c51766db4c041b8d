/* SPDX-License-Identifier: Apache-2.0
 *
 * conf_value.c - what a value may look like. Nothing is guessed: "true" is not
 * yes, and 64MB is not 64M. */
#include "conf_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/conf.h"

/* The next blank-separated word: its length, 0 at the end. *at moves to it. */
static size_t
next_word(const char **at)
{
	*at += strspn(*at, " \t");
	return strcspn(*at, " \t");
}

bool
conf_has_word(const char *list, const char *word)
{
	size_t n;

	while ((n = next_word(&list)) > 0) {
		if (n == strlen(word) && strncmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

static int
port_of(const char *text, size_t n, char ret[CONF_PORT_MAX])
{
	if (n == 0 || n >= CONF_PORT_MAX || strspn(text, "0123456789") < n)
		return -1;
	memcpy(ret, text, n);
	ret[n] = '\0';
	return strtol(ret, NULL, 10) <= 65535 ? 0 : -1;
}

int
conf_address(const char **at, char ret_host[CONF_HOST_MAX], char ret_port[CONF_PORT_MAX],
    struct err *e)
{
	size_t n = next_word(at), nhost;
	const char *word = *at, *colon;

	if (n == 0)
		return 0;
	colon = memrchr(word, ':', n);
	nhost = colon != NULL ? (size_t)(colon - word) : 0;
	if (nhost == 0 || port_of(colon + 1, n - nhost - 1, ret_port) != 0)
		return err_set(e, ERR_INVALID, "'%.*s' is not HOST:PORT", (int)n, word);
	if (*word == '[' && word[nhost - 1] == ']') {
		word++;
		nhost -= 2;
	} else if (memchr(word, ':', nhost) != NULL) {
		return err_set(e, ERR_INVALID, "'%.*s': write an IPv6 address as [%.*s]:PORT",
		    (int)n, word, (int)nhost, word);
	}
	if (nhost == 0 || nhost >= CONF_HOST_MAX)
		return err_set(e, ERR_INVALID, "'%.*s' is not HOST:PORT", (int)n, *at);
	memcpy(ret_host, word, nhost);
	ret_host[nhost] = '\0';
	*at += n;
	return 1;
}

int
value_listen(const char *text, struct err *e)
{
	char host[CONF_HOST_MAX], port[CONF_PORT_MAX];
	int rc;

	while ((rc = conf_address(&text, host, port, e)) == 1)
		;
	return rc;
}

static int
word_index(const char *const *words, const char *text, size_t n)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == n && strncmp(words[i], text, n) == 0)
			return i;
	return -1;
}

static int
not_one_of(const char *const *words, const char *text, size_t n, struct err *e)
{
	char all[128] = "";
	size_t used = 0;
	int i;

	for (i = 0; words[i] != NULL; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
		    i > 0 ? ", " : "", words[i]);
	return err_set(e, ERR_INVALID, "'%.*s' is not one of %s", (int)n, text, all);
}

int
value_words(const char *text, const char *const *words, struct err *e)
{
	size_t n;

	for (; (n = next_word(&text)) > 0; text += n)
		if (word_index(words, text, n) < 0)
			return not_one_of(words, text, n, e);
	return 0;
}

int
value_word(const char *text, const char *const *words, unsigned *ret, struct err *e)
{
	int i = word_index(words, text, strlen(text));

	if (i < 0)
		return not_one_of(words, text, strlen(text), e);
	*ret = (unsigned)i;
	return 0;
}

/* Digits, and what follows them in *ret_end. */
static int
number(const char *text, int64_t *ret, const char **ret_end)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 15)
		return -1;
	*ret = strtoll(text, NULL, 10);
	*ret_end = text + n;
	return 0;
}

static int
in_bounds(int64_t n, int64_t min, int64_t max, struct err *e)
{
	if (n >= min && n <= max)
		return 0;
	return err_set(e, ERR_INVALID, "must be from %lld to %lld", (long long)min,
	    (long long)max);
}

int
value_int(const char *text, int64_t min, int64_t max, int *ret, struct err *e)
{
	const char *end;
	int64_t n;

	if (number(text, &n, &end) != 0 || *end != '\0')
		return err_set(e, ERR_INVALID, "'%.40s' is not a whole number", text);
	if (in_bounds(n, min, max, e) != 0)
		return -1;
	*ret = (int)n;
	return 0;
}

int
value_size(const char *text, int64_t min, int64_t max, uint64_t *ret, struct err *e)
{
	static const char suffixes[] = "KMG";
	const char *end = text, *suffix;
	int64_t n = 0;

	if (*text != '\0' && number(text, &n, &end) != 0)
		return err_set(e, ERR_INVALID, "'%.40s' is not a size such as 64M", text);
	if (*end != '\0') {
		suffix = strchr(suffixes, *end);
		if (suffix == NULL || end[1] != '\0')
			return err_set(e, ERR_INVALID, "'%.40s' is not a size such as 64M", text);
		if (n > INT64_MAX >> (10 * (suffix - suffixes + 1)))
			return in_bounds(INT64_MAX, min, max, e);
		n <<= 10 * (suffix - suffixes + 1);
	}
	if (in_bounds(n, min, max, e) != 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

int
value_bool(const char *text, bool *ret, struct err *e)
{
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return err_set(e, ERR_INVALID, "'%.40s' is not yes or no", text);
	*ret = strcmp(text, "yes") == 0;
	return 0;
}
