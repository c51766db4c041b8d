/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions compare bytes. Only where a number is meant (an order) or JSON (an
 * array or object beside an equal one in other spacing), more is read into them. */
#include <jansson.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "expr.h"
#include "otad/log.h"

/* 1 or 0: they compare so; -1: they cannot be compared. */
typedef int	compare_fn(const struct buf *left, const struct buf *right, struct err *);

static int
equal(const struct buf *left, const struct buf *right, struct err *e)
{
	json_auto_t *l = NULL, *r = NULL;

	(void)e;
	if (left->len == right->len && memcmp(buf_str(left), buf_str(right), left->len) == 0)
		return 1;
	if (strspn(buf_str(left), "[{") == 0 || strspn(buf_str(right), "[{") == 0)
		return 0;
	l = json_loadb(buf_str(left), left->len, 0, NULL);
	r = json_loadb(buf_str(right), right->len, 0, NULL);
	return l != NULL && r != NULL && json_equal(l, r);
}

static int
differs(const struct buf *left, const struct buf *right, struct err *e)
{
	return !equal(left, right, e);
}

/* Below, equal or above 0; *ok is cleared when one is no number. */
static int
order(const struct buf *left, const struct buf *right, bool *ok, struct err *e)
{
	const char *text[2] = { buf_str(left), buf_str(right) };
	double n[2];
	char *rest;

	*ok = true;
	for (int i = 0; i < 2; i++) {
		n[i] = strtod(text[i], &rest);
		if (*rest == '\0' && rest != text[i])
			continue;
		*ok = false;
		return err_set(e, ERR_BAD, "'%.40s' is no number", text[i]);
	}
	return n[0] < n[1] ? -1 : n[0] > n[1];
}

#define ORDER(name, op)								\
	static int								\
	name(const struct buf *left, const struct buf *right, struct err *e)	\
	{									\
		bool ok;							\
		int r = order(left, right, &ok, e);				\
		return ok ? r op 0 : -1;					\
	}
ORDER(less, <)
ORDER(less_or_equal, <=)
ORDER(more, >)
ORDER(more_or_equal, >=)

static int
contains(const struct buf *left, const struct buf *right, struct err *e)
{
	(void)e;
	return memmem(buf_str(left), left->len, buf_str(right), right->len) != NULL;
}

static int
lacks(const struct buf *left, const struct buf *right, struct err *e)
{
	return !contains(left, right, e);
}

static int
matches(const struct buf *left, const struct buf *right, struct err *e)
{
	regex_t re;
	int r = regcomp(&re, buf_str(right), REG_EXTENDED | REG_NOSUB);

	if (r != 0)
		return err_set(e, ERR_BAD, "'%.40s' is no regular expression", buf_str(right));
	r = regexec(&re, buf_str(left), 0, NULL, 0);
	regfree(&re);
	return r == 0;
}

static const struct {
	const char	*op;
	compare_fn	*compare;
} ops[] = {
	{ "==", equal }, { "!=", differs }, { "<", less }, { "<=", less_or_equal },
	{ ">", more }, { ">=", more_or_equal }, { "contains", contains }, { "lacks", lacks },
	{ "matches", matches },
};

/* "expected header x-MD5 == $sum (\"3cb8…\"), got …": what a person needs to see. */
static int
unmet(const struct stmt *s, int from, const struct value *left, const struct value *right,
    struct err *e)
{
	char got[96], wanted[96];
	const char *start = s->words[from].p;
	const struct word *last = &s->words[s->n - 1];
	bool known = right == NULL || (last->len > 0 && *last->p == '"') ||
	    (right->bytes.len == last->len && memcmp(buf_str(&right->bytes), last->p,
	    last->len) == 0);

	if (left->there)
		log_quote(got, sizeof(got), buf_str(&left->bytes));
	else
		snprintf(got, sizeof(got), "nothing");
	log_quote(wanted, sizeof(wanted), right != NULL ? buf_str(&right->bytes) : "");
	err_set(e, ERR_INVALID, "expected %.*s%s%s%s, got %s",
	    (int)(last->p + last->len - start > 90 ? 90 : last->p + last->len - start), start,
	    known ? "" : " (", known ? "" : wanted, known ? "" : ")", got);
	return 0;
}

int
expr_holds(struct player *p, const struct stmt *s, int at, struct err *e)
{
	AUTO(value) struct value left = { .there = false };
	AUTO(value) struct value right = { .there = false };
	compare_fn *compare = NULL;
	int from = at, op, r;

	if (expr_value(p, s, &at, &left, e) != 0)
		return -1;
	op = at++;
	if (op == s->n - 1 && (word_is(&s->words[op], "exists") ||
	    word_is(&s->words[op], "missing")))
		return left.there == word_is(&s->words[op], "exists") ? 1 :
		    unmet(s, from, &left, NULL, e);
	for (size_t i = 0; i < NELEM(ops) && op < s->n; i++)
		if (word_is(&s->words[op], ops[i].op))
			compare = ops[i].compare;
	if (compare == NULL)
		return err_set(e, ERR_BAD, "a condition is wanted: VALUE OP VALUE");
	if (expr_value(p, s, &at, &right, e) != 0)
		return -1;
	if (at != s->n)
		return err_set(e, ERR_BAD, "'%.*s' behind the condition",
		    (int)s->words[at].len, s->words[at].p);
	r = left.there && right.there ? compare(&left.bytes, &right.bytes, e) :
	    compare == differs || compare == lacks;
	return r == 0 ? unmet(s, from, &left, &right, e) : r;
}
