/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass, no grammar beyond words: verbs know what their words mean. Blocks
 * are found by their lines alone, so that any protocol's text can stand in one. */
#include <string.h>
#include "script.h"

void
script_begin(struct script *s, const char *text, size_t len, int line)
{
	*s = (struct script){ .at = text, .end = text + len, .line = line };
}

bool
word_is(const struct word *w, const char *text)
{
	return !w->json && w->len == strlen(text) && memcmp(w->p, text, w->len) == 0;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks, and line ends that a backslash takes away. */
static void
skip_blanks(struct script *s)
{
	while (s->at < s->end) {
		if (blank(*s->at)) {
			s->at++;
		} else if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] == '\n') {
			s->at += 2;
			s->line++;
		} else {
			break;
		}
	}
}

static void
skip_line(struct script *s)
{
	const char *lf = memchr(s->at, '\n', (size_t)(s->end - s->at));

	s->at = lf != NULL ? lf : s->end;
}

static bool
at_line_end(const struct script *s)
{
	return s->at == s->end || *s->at == '\n' || *s->at == '#';
}

/* p stands at a quote: where it is closed, or NULL. */
static const char *
quote_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p : NULL;
}

/* JSON up to where its braces are even again. */
static int
read_json(struct script *s, struct word *ret, struct err *e)
{
	const char *p = s->at;
	int depth = 0;

	*ret = (struct word){ .p = p, .json = true };
	for (; p < s->end; p++) {
		if (*p == '\n')
			s->line++;
		else if (*p == '"' && (p = quote_end(p, s->end)) == NULL)
			return err_set(e, ERR_BAD, "a quote in JSON is not closed");
		else if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			break;
	}
	if (p == s->end)
		return err_set(e, ERR_BAD, "JSON is not closed");
	s->at = p + 1;
	ret->len = (size_t)(s->at - ret->p);
	return 0;
}

static int
read_word(struct script *s, struct word *ret, struct err *e)
{
	const char *p = s->at;

	if (*p == '{' || *p == '[')
		return read_json(s, ret, e);
	for (; p < s->end && !blank(*p) && *p != '\n'; p++) {
		if (*p == '"' && (p = quote_end(p, s->end)) == NULL)
			return err_set(e, ERR_BAD, "a quote is not closed");
	}
	*ret = (struct word){ .p = s->at, .len = (size_t)(p - s->at) };
	if (memchr(ret->p, '\n', ret->len) != NULL)
		return err_set(e, ERR_BAD, "a quote is not closed on its line");
	s->at = p;
	return 0;
}

/* A { with nothing behind it on its line. */
static bool
block_opens(const struct script *s)
{
	struct script after = { .at = s->at + 1, .end = s->end };

	if (*s->at != '{')
		return false;
	skip_blanks(&after);
	return at_line_end(&after);
}

/* Does the line from p to lf open a block inside, or close one? */
static int
line_depth(const char *p, const char *lf)
{
	while (p < lf && blank(*p))
		p++;
	while (lf > p && blank(lf[-1]))
		lf--;
	if (lf - p == 1 && *p == '}')
		return -1;
	return lf - p > 2 && lf[-1] == '{' && blank(lf[-2]);
}

static int
read_block(struct script *s, struct stmt *ret, struct err *e)
{
	const char *lf;
	int depth = 1, opened = s->line;

	skip_line(s);
	ret->has_block = true;
	ret->block_line = s->line + 1;
	ret->block.p = s->at < s->end ? s->at + 1 : s->end;
	while (s->at < s->end) {
		s->at++;
		s->line++;
		lf = memchr(s->at, '\n', (size_t)(s->end - s->at));
		if (lf == NULL)
			lf = s->end;
		depth += line_depth(s->at, lf);
		if (depth == 0) {
			ret->block.len = (size_t)(s->at - ret->block.p);
			s->at = lf;
			return 0;
		}
		s->at = lf;
	}
	s->line = opened;
	return err_set(e, ERR_BAD, "the block that opens here has no closing }");
}

static int
read_words(struct script *s, struct stmt *ret, struct err *e)
{
	while (!at_line_end(s)) {
		if (block_opens(s))
			return read_block(s, ret, e);
		if (ret->n == SCRIPT_WORDS_MAX)
			return err_set(e, ERR_BAD, "more than %d words", SCRIPT_WORDS_MAX);
		if (read_word(s, &ret->words[ret->n], e) != 0)
			return -1;
		if (ret->n == 0 && ret->talk.len == 0 && *ret->words[0].p == '@') {
			ret->talk = ret->words[0];
			ret->talk.p++;
			ret->talk.len--;
		} else {
			ret->n++;
		}
		skip_blanks(s);
	}
	skip_line(s);
	return 0;
}

int
script_next(struct script *s, struct stmt *ret, struct err *e)
{
	*ret = (struct stmt){ .n = 0 };
	for (;;) {
		skip_blanks(s);
		if (s->at == s->end)
			return 0;
		if (!at_line_end(s))
			break;
		skip_line(s);
		if (s->at < s->end) {
			s->at++;
			s->line++;
		}
	}
	ret->line = s->line;
	if (read_words(s, ret, e) != 0)
		return -1;
	if (ret->n == 0)
		return err_set(e, ERR_BAD, "a statement without a verb");
	return 1;
}
