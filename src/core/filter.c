/* SPDX-License-Identifier: Apache-2.0
 *
 * filter.c - a filter is read by recursive descent: or, and, unit, term.
 *
 * A filter that was understood only in part would select devices that nobody
 * meant, so every byte is accounted for, and a value is judged by its field here,
 * where the byte is known, never later by a database. Each group has at least two
 * below it, so that the terms bound the nodes; all texts together are shorter than
 * what they were read from, NULs included, since each has an operator, a comma or
 * a quote beside it. */
#include "otad/filter.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/device.h"
#include "otad/utf8.h"
#include "otad/version.h"

#define NAME_LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define KEY_LETTERS	"abcdefghijklmnopqrstuvwxyz0123456789_.-"
#define KEY_MAX		32

struct reader {
	const char	*text, *at;
	struct filter	*f;
	char		*word;		/* where the next text goes */
	int		depth;
	struct err	*e;
};

#define OP(name)	(1u << FILTER_##name)
#define EQUAL		(OP(EQ) | OP(NE))
#define LISTED		(OP(IN) | OP(OUT))
#define ORDER		(OP(LT) | OP(LE) | OP(GT) | OP(GE))

typedef int judge_fn(struct reader *, enum filter_op, struct filter_value *, const char *at);
static judge_fn judge_text, judge_ptype, judge_status, judge_channel, judge_version,
    judge_firmware, judge_sure, judge_time, judge_address;

static const struct {
	const char	*name;		/* with a dot at its end: a key follows */
	unsigned	ops;		/* besides == and != with a star alone */
	const char	*expects;	/* its operators, for a person */
	judge_fn	*judge;
} fields[FILTER_FIELDS] = {
#define EQUAL_WORDS	"==, !=, =in= or =out="
#define ORDER_WORDS	"=lt=, =le=, =gt= or =ge="
#define ALL_WORDS	"==, !=, =in=, =out=, =lt=, =le=, =gt= or =ge="
	[FILTER_ID]	= { "id", EQUAL | LISTED, EQUAL_WORDS, judge_text },
	[FILTER_PTYPE]	= { "ptype", EQUAL | LISTED, EQUAL_WORDS, judge_ptype },
	[FILTER_DIALECT] = { "dialect", EQUAL | LISTED, EQUAL_WORDS, judge_text },
	[FILTER_STATUS]	= { "status", EQUAL | LISTED, EQUAL_WORDS, judge_status },
	[FILTER_CHANNEL] = { "channel", EQUAL | LISTED, EQUAL_WORDS, judge_channel },
	[FILTER_VERSION] = { "version", EQUAL | LISTED | ORDER, ALL_WORDS, judge_version },
	[FILTER_FIRMWARE] = { "firmware", EQUAL | LISTED | ORDER, ALL_WORDS, judge_firmware },
	[FILTER_SURE]	= { "firmware_sure", EQUAL, "== or !=", judge_sure },
	[FILTER_TAG]	= { "tag.", EQUAL | LISTED, EQUAL_WORDS, judge_text },
	[FILTER_FACT]	= { "fact.", EQUAL | LISTED, EQUAL_WORDS, judge_text },
	[FILTER_LAST_SEEN] = { "last_seen", ORDER, ORDER_WORDS, judge_time },
	[FILTER_FIRST_SEEN] = { "first_seen", ORDER, ORDER_WORDS, judge_time },
	[FILTER_ADDRESS] = { "address", EQUAL | LISTED, EQUAL_WORDS, judge_address },
	[FILTER_SLOT]	= { "slot", EQUAL | LISTED, EQUAL_WORDS, judge_text },
};

/* The longer before what they begin with. */
static const struct {
	const char	*text;
	enum filter_op	op;
} operators[] = {
	{ "==", FILTER_EQ }, { "!=", FILTER_NE },
	{ "=lt=", FILTER_LT }, { "=le=", FILTER_LE }, { "=gt=", FILTER_GT }, { "=ge=", FILTER_GE },
	{ "=in=", FILTER_IN }, { "=out=", FILTER_OUT },
	{ "<=", FILTER_LE }, { ">=", FILTER_GE }, { "<", FILTER_LT }, { ">", FILTER_GT },
};

__attribute__((format(printf, 4, 5)))
static int
refuse(struct reader *r, const char *at, const char *rule, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_field(r->e, ERR_BAD, "filter", rule, "filter, byte %td: %s", at - r->text, why);
}

static void
skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " ");
}

/* ---- values, by their field ---- */

static int
judge_text(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	(void)r;
	(void)op;
	(void)at;
	v->sort = FILTER_TEXT;
	return 0;
}

static int
no_stars(struct reader *r, const struct filter_value *v, const char *at, const char *expected)
{
	return v->before || v->after ? refuse(r, at, "value", "%s is expected here, without a "
	    "star", expected) : 0;
}

static int
judge_ptype(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	size_t n = strlen(v->text);

	(void)op;
	if (no_stars(r, v, at, "a number") < 0)
		return -1;
	v->sort = FILTER_NUMBER;
	v->number = n <= 5 && strspn(v->text, "0123456789") == n ?
	    (int64_t)strtoul(v->text, NULL, 10) : 0;
	if (v->number < 1 || v->number > PTYPE_MAX || v->text[0] == '0')
		return refuse(r, at, "value", "a ptype is a number from 1 to %d", PTYPE_MAX);
	return 0;
}

/* One of a few words: its number. */
static int
judge_word(struct reader *r, struct filter_value *v, const char *at, const char *const words[],
    int n, const char *expected)
{
	v->sort = FILTER_NUMBER;
	for (v->number = 0; v->number < n; v->number++)
		if (strcmp(v->text, words[v->number]) == 0 && !v->before && !v->after)
			return 0;
	return refuse(r, at, "value", "%s is expected here", expected);
}

static int
judge_status(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	static const char *const words[] = { [DEVICE_PENDING] = "pending",
	    [DEVICE_ACCEPTED] = "accepted", [DEVICE_BLOCKED] = "blocked" };

	(void)op;
	return judge_word(r, v, at, words, NELEM(words), "pending, accepted or blocked");
}

static int
judge_sure(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	static const char *const words[] = { "false", "true" };

	(void)op;
	return judge_word(r, v, at, words, NELEM(words), "true or false");
}

static int
judge_channel(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	static const char *const words[] = { "v", "b" };

	(void)op;
	if (judge_word(r, v, at, words, NELEM(words), "v or b") < 0)
		return -1;
	v->sort = FILTER_TEXT;
	return 0;
}

/* 1.0.1, which is a firmware's name without what stands around it. */
static bool
value_of(const char *text, int64_t *ret)
{
	struct version v;
	struct err ignored = ERR_INIT;
	char name[VERSION_MAX];

	if (version_parse(&v, text, &ignored) < 0) {
		if (strlen(text) > strlen("999.999.999"))
			return false;
		snprintf(name, sizeof(name), "v%st1(a)", text);
		if (version_parse(&v, name, &ignored) < 0)
			return false;
	}
	*ret = version_value(&v);
	return true;
}

static int
judge_order(struct reader *r, struct filter_value *v, const char *at)
{
	v->sort = FILTER_NUMBER;
	if (v->before || v->after || !value_of(v->text, &v->number))
		return refuse(r, at, "value", "a value such as 1.0.1, or a firmware's name such "
		    "as v1.0.1t23701(a), is expected here");
	return 0;
}

static int
judge_version(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	return 1u << op & ORDER ? judge_order(r, v, at) : judge_text(r, op, v, at);
}

static int
judge_firmware(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	struct version ignored;
	struct err why = ERR_INIT;

	if (1u << op & ORDER)
		return judge_order(r, v, at);
	v->sort = FILTER_TEXT;
	if (v->before || v->after || version_parse(&ignored, v->text, &why) == 0)
		return 0;
	return refuse(r, at, "value",
	    "a firmware's name such as v1.0.1t23701(a) is expected here, or a part and a star");
}

/* -24h: milliseconds, at most a hundred years. */
static bool
ago_of(const char *text, int64_t *ret)
{
	static const struct { char unit; int64_t ms; } units[] = { { 's', 1000 }, { 'm', 60000 },
	    { 'h', 3600000 }, { 'd', 86400000 }, { 'w', 604800000 } };
	const int64_t most = INT64_C(36525) * 86400000;
	size_t digits = strspn(text + 1, "0123456789");
	int64_t n = 0;

	if (text[0] != '-' || digits < 1 || digits > 10 || strlen(text) != digits + 2)
		return false;
	for (size_t i = 1; i <= digits; i++)
		n = n * 10 + (text[i] - '0');
	for (size_t i = 0; i < NELEM(units); i++)
		if (units[i].unit == text[digits + 1] && n <= most / units[i].ms) {
			*ret = n * units[i].ms;
			return true;
		}
	return false;
}

static int
judge_time(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	struct err why = ERR_INIT;

	(void)op;
	if (no_stars(r, v, at, "a date and time") < 0)
		return -1;
	v->sort = FILTER_AGO;
	if (ago_of(v->text, &v->number))
		return 0;
	v->sort = FILTER_NUMBER;
	if (time_parse(&v->number, v->text, &why) == 0)
		return 0;
	return refuse(r, at, "value", "a date and time such as 2026-12-01T02:00:00Z is expected "
	    "here, or how long ago, such as -24h (s, m, h, d, w)");
}

static int
judge_address(struct reader *r, enum filter_op op, struct filter_value *v, const char *at)
{
	(void)op;
	v->sort = FILTER_TEXT;
	if (v->before || v->after)
		return 0;
	v->sort = FILTER_NET;
	if (net_parse(&v->net, v->text) == 0)
		return 0;
	return refuse(r, at, "value", "an address is expected here, a block such as 10.1.0.0/16, "
	    "or a part and a star");
}

/* ---- values, as they stand ---- */

/* A firmware's name carries parentheses, which RSQL wants quoted; a whole name is
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

/* The next character of a value; false at its end. A star that was not escaped is
 * one that stands for something. */
static bool
next_letter(struct reader *r, char quote, const char *end, char *ret, bool *ret_star)
{
	if (quote == '\0' ? r->at == end : *r->at == quote || *r->at == '\0')
		return false;
	*ret_star = *r->at == '*';
	if (quote != '\0' && r->at[0] == '\\' && r->at[1] != '\0')
		r->at++;
	*ret = *r->at++;
	return true;
}

/* Takes the stars off its ends; one in between is refused. */
static int
read_word(struct reader *r, struct filter_value *v)
{
	char quote = *r->at == '\'' || *r->at == '"' ? *r->at++ : '\0', c;
	const char *begin = r->at, *end = quote == '\0' ? r->at + bare_length(r->at) : NULL;
	const char *behind = NULL;		/* a star that has to be the last */
	bool star;

	*v = (struct filter_value){ .text = r->word };
	if (end == begin)
		return refuse(r, r->at, "value", "a value is expected here");
	while (next_letter(r, quote, end, &c, &star)) {
		if (behind != NULL)
			return refuse(r, behind, "star", "a star stands at an end of a value; a "
			    "real one is written \\* in quotes");
		if (!star)
			*r->word++ = c;
		else if (r->at - 1 == begin)
			v->before = true;
		else
			behind = r->at - 1;
	}
	v->after = behind != NULL;
	*r->word++ = '\0';
	if (quote != '\0' && *r->at++ != quote)
		return refuse(r, begin - 1, "grammar", "the quote is not closed");
	return 0;
}

static int
read_value(struct reader *r, const struct filter_node *term, bool may_star)
{
	struct filter_value *v = &r->f->values[r->f->nvalues];
	const char *at = r->at;

	if (r->f->nvalues == FILTER_VALUES_MAX)
		return refuse(r, at, "limit", "a filter has at most %d values", FILTER_VALUES_MAX);
	if (read_word(r, v) < 0)
		return -1;
	if ((v->before || v->after) && !may_star)
		return refuse(r, at, "star", "a star works with == and != only");
	r->f->nvalues++;
	if (v->before && v->text[0] == '\0') {
		v->sort = FILTER_ANY;
		return 0;
	}
	if (!(fields[term->field].ops & 1u << term->op))
		return refuse(r, at, "operator", "%s%s goes with %s (== and != with a star alone)",
		    fields[term->field].name, term->key != NULL ? term->key : "",
		    fields[term->field].expects);
	return fields[term->field].judge(r, term->op, v, at);
}

/* "(a,b)" */
static int
read_list(struct reader *r, struct filter_node *term)
{
	if (*r->at != '(')
		return refuse(r, r->at, "grammar", "a list is expected here, such as (a,b)");
	do {
		r->at++;
		skip_blanks(r);
		if (read_value(r, term, false) < 0)
			return -1;
		term->nvalues++;
		skip_blanks(r);
	} while (*r->at == ',');
	if (*r->at != ')')
		return refuse(r, r->at, "grammar", ", or ) is expected here");
	r->at++;
	return 0;
}

/* ---- terms ---- */

static int
read_field(struct reader *r, struct filter_node *term)
{
	const char *name = r->at;
	size_t n = strspn(name, NAME_LETTERS), len;

	if (n == 0)
		return refuse(r, r->at, "grammar", "the name of a field, or (, is expected here");
	r->at += n;
	for (int i = 0; i < FILTER_FIELDS; i++) {
		term->field = (enum filter_field)i;
		len = strlen(fields[i].name);
		if (len > n || memcmp(fields[i].name, name, len) != 0)
			continue;
		if (fields[i].name[len - 1] != '.') {
			if (n == len)
				return 0;
			continue;
		}
		if (n - len < 1 || n - len > KEY_MAX || strspn(name + len, KEY_LETTERS) < n - len)
			return refuse(r, name + len, "field",
			    "a key is expected here: 1 to %d of a-z 0-9 _ . -", KEY_MAX);
		term->key = r->word;
		memcpy(r->word, name + len, n - len);
		r->word += n - len;
		*r->word++ = '\0';
		return 0;
	}
	return refuse(r, name, "field", "the fields are id, ptype, dialect, status, channel, "
	    "version, firmware, firmware_sure, tag.KEY, fact.KEY, last_seen, first_seen, address "
	    "and slot");
}

static int
read_operator(struct reader *r, struct filter_node *term)
{
	for (size_t i = 0; i < NELEM(operators); i++) {
		size_t n = strlen(operators[i].text);

		if (strncmp(r->at, operators[i].text, n) != 0)
			continue;
		term->op = operators[i].op;
		r->at += n;
		return 0;
	}
	return refuse(r, r->at, "operator", "an operator is expected here: %s",
	    fields[term->field].expects);
}

/* A new node's number. There are as many nodes as terms allow: each group has at
 * least two below it. */
static int
new_node(struct reader *r, enum filter_kind kind)
{
	struct filter *f = r->f;

	assert(f->nnodes < (int)NELEM(f->nodes));
	f->nodes[f->nnodes] = (struct filter_node){ .kind = kind, .first = -1, .next = -1 };
	return f->nnodes++;
}

static int
read_term(struct reader *r)
{
	struct filter_node *term;
	const char *at = r->at;
	int n;

	if (r->f->nterms == FILTER_TERMS_MAX)
		return refuse(r, r->at, "limit", "a filter has at most %d terms", FILTER_TERMS_MAX);
	r->f->nterms++;
	n = new_node(r, FILTER_TERM);
	term = &r->f->nodes[n];
	term->value = r->f->nvalues;
	if (read_field(r, term) < 0)
		return -1;
	skip_blanks(r);
	at = r->at;
	if (read_operator(r, term) < 0)
		return -1;
	skip_blanks(r);
	if (!(fields[term->field].ops & 1u << term->op) && !(1u << term->op & EQUAL))
		return refuse(r, at, "operator", "%s%s goes with %s", fields[term->field].name,
		    term->key != NULL ? term->key : "", fields[term->field].expects);
	if (1u << term->op & LISTED)
		return read_list(r, term) < 0 ? -1 : n;
	term->nvalues = 1;
	return read_value(r, term, 1u << term->op & EQUAL) < 0 ? -1 : n;
}

/* ---- what joins them ---- */

static int	read_joined(struct reader *, enum filter_kind);

static int
read_unit(struct reader *r)
{
	int n;

	skip_blanks(r);
	if (*r->at != '(')
		return read_term(r);
	if (++r->depth > FILTER_DEPTH_MAX)
		return refuse(r, r->at, "limit", "parentheses are nested deeper than %d",
		    FILTER_DEPTH_MAX);
	r->at++;
	if ((n = read_joined(r, FILTER_OR)) < 0)
		return -1;
	if (*r->at != ')')
		return refuse(r, r->at, "grammar", "; or , or ) is expected here");
	r->at++;
	r->depth--;
	return n;
}

/* Units joined by ; or such joined by , and one alone as it is. */
static int
read_joined(struct reader *r, enum filter_kind kind)
{
	char joint = kind == FILTER_OR ? ',' : ';';
	int group = -1, last, n;

	for (;;) {
		n = kind == FILTER_OR ? read_joined(r, FILTER_AND) : read_unit(r);
		if (n < 0)
			return -1;
		if (group >= 0)
			r->f->nodes[last].next = n;
		last = n;
		skip_blanks(r);
		if (*r->at != joint)
			return group >= 0 ? group : n;
		if (group < 0) {
			group = new_node(r, kind);
			r->f->nodes[group].first = n;
		}
		r->at++;
	}
}

/* ---- as a whole ---- */

static int
check_text(struct reader *r)
{
	size_t left = strnlen(r->text, FILTER_TEXT_MAX + 1), n;
	const char *s;

	if (left > FILTER_TEXT_MAX)
		return refuse(r, r->text + FILTER_TEXT_MAX, "limit",
		    "a filter has at most %d bytes", FILTER_TEXT_MAX);
	for (s = r->text; left > 0; s += n, left -= n) {
		n = utf8_char(s, left);
		if (n == 0 || utf8_is_control(s, n))
			return refuse(r, s, "text", "no control characters, and UTF-8");
	}
	return 0;
}

/* Values are separated by commas, in lists or not, and semicolons. */
static struct filter *
new_filter(const char *text)
{
	struct filter *f = calloc(1, sizeof(*f));
	size_t nvalues = 1;

	if (f == NULL)
		return NULL;
	for (const char *s = text; *s != '\0' && nvalues < FILTER_VALUES_MAX; s++)
		nvalues += *s == ',' || *s == ';';
	f->values = calloc(nvalues, sizeof(*f->values));
	f->words = malloc(strlen(text) + 1);
	if (f->values != NULL && f->words != NULL)
		return f;
	filter_free(f);
	return NULL;
}

struct filter *
filter_parse(const char *text, struct err *e)
{
	AUTO(filter) struct filter *f = NULL;
	struct reader r = { .text = text, .at = text, .e = e };

	if (check_text(&r) < 0)
		return NULL;
	if ((f = new_filter(text)) == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	r.f = f;
	r.word = f->words;
	if ((f->root = read_joined(&r, FILTER_OR)) < 0)
		return NULL;
	if (*r.at != '\0') {
		refuse(&r, r.at, "grammar", "; or , or the end is expected here");
		return NULL;
	}
	return TAKE(f);
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	free(f->values);
	free(f->words);
	free(f);
}
