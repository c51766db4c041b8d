/* SPDX-License-Identifier: Apache-2.0
 *
 * device_filter.c - a filter is read term by term: name, operator, value.
 *
 * A filter that was understood only in part would select devices nobody meant,
 * so every byte is accounted for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device_filter.h"
#include "json_out.h"

struct reader {
	const char	*text, *at;
	struct err	*e;
};

static int
refuse(const struct reader *r, const char *rule, const char *what)
{
	return err_field(r->e, ERR_INVALID, "filter", rule, "filter, byte %td: %s",
	    r->at - r->text, what);
}

/* "==", or -1 by what stands there instead. */
static int
skip_equals(struct reader *r)
{
	if (strncmp(r->at, "==", 2) == 0) {
		r->at += 2;
		return 0;
	}
	if (r->at[0] != '\0' && strchr("!=<>", r->at[0]) != NULL)
		return refuse(r, "not_yet", "only == is supported yet");
	return refuse(r, "filter", "an operator is expected here");
}

/* A quoted value may hold anything; a backslash takes the next byte as it is. */
static int
read_quoted(struct reader *r, char *ret, size_t size)
{
	char quote = *r->at++;
	size_t n = 0;

	for (; *r->at != '\0' && *r->at != quote; r->at++) {
		if (r->at[0] == '\\' && r->at[1] != '\0')
			r->at++;
		if (n + 1 >= size)
			return refuse(r, "range", "the value is too long");
		ret[n++] = *r->at;
	}
	ret[n] = '\0';
	if (*r->at == '\0')
		return refuse(r, "filter", "the quote is not closed");
	r->at++;
	return 0;
}

/* Firmware names carry parentheses, which RSQL wants quoted; a whole name is
 * recognised without, since everybody will write it so. */
static size_t
bare_length(const char *s)
{
	size_t n = strcspn(s, "\"'();,=!~<> ");

	if (n > 0 && s[n] == '(' && s[n + 1] != '\0' && s[n + 2] == ')' &&
	    strchr("olan", s[n + 1]) != NULL)
		n += 3;
	return n;
}

static int
read_value(struct reader *r, char *ret, size_t size)
{
	size_t n;

	if (*r->at == '\'' || *r->at == '"')
		return read_quoted(r, ret, size);
	n = bare_length(r->at);
	if (n == 0)
		return refuse(r, *r->at == '(' ? "not_yet" : "filter", *r->at == '(' ?
		    "lists of values are not supported yet" : "a value is expected here");
	if (n >= size)
		return refuse(r, "range", "the value is too long");
	if (memchr(r->at, '*', n) != NULL)
		return refuse(r, "not_yet", "patterns with * are not supported yet; "
		    "quote the value if it has a star");
	memcpy(ret, r->at, n);
	ret[n] = '\0';
	r->at += n;
	return 0;
}

static int
set_ptype(struct device_filter *f, const struct reader *r, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (value[0] < '1' || value[0] > '9' || *end != '\0' || n > PTYPE_MAX)
		return refuse(r, "range", "a ptype is a number from 1 to 99999");
	f->query.ptype = (uint32_t)n;
	return 0;
}

static int
set_status(struct device_filter *f, const struct reader *r, const char *value)
{
	for (int i = 0; i <= DEVICE_BLOCKED; i++)
		if (strcmp(value, device_status_word((enum device_status)i)) == 0) {
			f->query.status = i;
			return 0;
		}
	return refuse(r, "word", "a status is pending, accepted or blocked");
}

/* name: that of the term, n bytes. The value is read into the field's place. */
static int
read_term(struct device_filter *f, struct reader *r, const char *name, size_t n)
{
	const struct { const char *name; char *place; const char **slot; } texts[] = {
		{ "dialect",  f->dialect,  &f->query.dialect },
		{ "version",  f->version,  &f->query.version },
		{ "firmware", f->firmware, &f->query.firmware },
	};
	char value[FILTER_VALUE_MAX] = "";

#define IS(word)	(n == strlen(word) && memcmp(name, word, n) == 0)
	if (IS("ptype") && f->query.ptype == 0)
		return read_value(r, value, sizeof value) || set_ptype(f, r, value) ? -1 : 0;
	if (IS("status") && f->query.status < 0)
		return read_value(r, value, sizeof value) || set_status(f, r, value) ? -1 : 0;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (IS(texts[i].name) && *texts[i].slot == NULL) {
			*texts[i].slot = texts[i].place;
			return read_value(r, texts[i].place, FILTER_VALUE_MAX);
		}
	if (n > 4 && n - 4 < sizeof f->tag && memcmp(name, "tag.", 4) == 0 &&
	    f->query.tag == NULL) {
		snprintf(f->tag, sizeof f->tag, "%.*s", (int)n - 4, name + 4);
		f->query.tag = f->tag;
		f->query.tag_value = f->tag_value;
		return read_value(r, f->tag_value, sizeof f->tag_value);
	}
#undef IS
	r->at = name;
	return refuse(r, "not_yet", "the fields are ptype, status, dialect, version, firmware and "
	    "tag.NAME, each once; more is not supported yet");
}

int
device_filter_parse(struct device_filter *f, const char *text, struct err *e)
{
	struct reader r = { .text = text, .at = text, .e = e };

	*f = (struct device_filter){ .query = { .status = -1 } };
	if (text == NULL || *text == '\0')
		return 0;
	for (;;) {
		const char *name = r.at;
		size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789_.-");

		if (n == 0)
			return refuse(&r, *name == '(' ? "not_yet" : "filter", *name == '(' ?
			    "groups are not supported yet" :
			    "the name of a field is expected here");
		r.at += n;
		if (skip_equals(&r) != 0 || read_term(f, &r, name, n) != 0)
			return -1;
		if (*r.at == '\0')
			return 0;
		if (*r.at == ',')
			return refuse(&r, "not_yet", "\"or\" is not supported yet");
		if (*r.at != ';')
			return refuse(&r, "filter", "; or the end is expected here");
		r.at++;
	}
}
