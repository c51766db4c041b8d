/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays statements one after the other until one fails. A text is read twice:
 * first whole, so that a misspelt verb at its end does not come to light after a
 * minute of playing, then statement by statement. */
#include <string.h>
#include "number.h"
#include "player.h"

#define DEPTH_MAX	8		/* loops in loops */

static const struct verb *
verb_find(const struct word *name)
{
	static const struct verb *const tables[] = {
		verbs_server, verbs_talk, verbs_api, verbs_check
	};

	for (size_t i = 0; i < NELEM(tables); i++)
		for (const struct verb *v = tables[i]; v->name != NULL; v++)
			if (word_is(name, v->name))
				return v;
	return NULL;
}

/* "… within 5s" belongs to the statement, not to its verb. */
static int
take_within(const struct verb *v, struct stmt *s, int64_t *ret_ms, struct err *e)
{
	char text[24];
	const struct word *w;

	*ret_ms = v->patience_ms;
	if (s->n < 3 || v->patience_ms == 0 || !word_is(&s->words[s->n - 2], "within"))
		return 0;
	w = &s->words[s->n - 1];
	snprintf(text, sizeof(text), "%.*s", (int)w->len, w->p);
	s->n -= 2;
	return number_duration(ret_ms, "within", text, 1, e);
}

/* The verb of a statement, when its form is right; else NULL. */
static const struct verb *
statement_check(struct stmt *s, int64_t *ret_ms, struct err *e)
{
	const struct verb *v = verb_find(&s->words[0]);

	if (v == NULL)
		err_set(e, ERR_BAD, "no verb '%.*s'", (int)(s->words[0].len > 40 ? 40 :
		    s->words[0].len), s->words[0].p);
	else if (take_within(v, s, ret_ms, e) != 0)
		return NULL;
	else if (s->n < v->min || s->n > v->max ||
	    (s->has_block ? v->block == BLOCK_NO : v->block >= BLOCK_MUST))
		err_set(e, ERR_BAD, "usage: %s", v->synopsis);
	else
		return v;
	return NULL;
}

static int
text_check(struct player *p, const char *text, size_t len, int line, int depth,
    struct err *e)
{
	struct script script;
	struct stmt s;
	const struct verb *v;
	int64_t ms;
	int r;

	if (depth > DEPTH_MAX)
		return err_set(e, ERR_BAD, "more than %d loops in each other", DEPTH_MAX);
	script_begin(&script, text, len, line);
	while ((r = script_next(&script, &s, e)) == 1) {
		p->line = s.line;
		v = statement_check(&s, &ms, e);
		if (v == NULL || (v->block == BLOCK_SCRIPT &&
		    text_check(p, s.block.p, s.block.len, s.block_line, depth + 1, e) != 0))
			return -1;
	}
	if (r < 0)
		p->line = script.line;
	return r;
}

int
player_check(struct player *p, const char *text, size_t len, struct err *e)
{
	struct script script;
	struct stmt s;

	script_begin(&script, text, len, 1);
	if (script_next(&script, &s, e) == 1 && !word_is(&s.words[0], "scenario")) {
		p->line = s.line;
		return err_set(e, ERR_BAD, "a scenario begins with: scenario \"TITLE\"");
	}
	return text_check(p, text, len, 1, 0, e);
}

int
player_text(struct player *p, const char *text, size_t len, int line, struct err *e)
{
	struct script script;
	struct stmt s;
	const struct verb *v;
	int64_t now, ms;
	int r;

	script_begin(&script, text, len, line);
	while ((r = script_next(&script, &s, e)) == 1) {
		p->line = s.line;
		v = statement_check(&s, &ms, e);
		if (v == NULL)
			return -1;
		now = clock_boot_ms(p->clock);
		if (now >= p->end)
			return err_set(e, ERR_TIMEOUT, "the scenario's time is over");
		p->until = now + ms < p->end ? now + ms : p->end;
		if (v->play(p, &s, e) != 0)
			return -1;
	}
	return r;
}

int
player_word(struct player *p, const struct stmt *s, int n, struct buf *ret, struct err *e)
{
	return word_expand(&p->vars, &s->words[n], ret, e);
}

struct talk *
player_talk(struct player *p, const struct stmt *s, struct err *e)
{
	char name[sizeof(p->talks->name)];
	struct talk *t;

	snprintf(name, sizeof(name), "%.*s", (int)s->talk.len, s->talk.len ? s->talk.p : "");
	for (t = p->talks; t != NULL; t = t->next)
		if (strcmp(t->name, name) == 0)
			return t;
	t = talk_new(name);
	if (t == NULL) {
		err_set(e, ERR_FULL, "out of memory");
		return NULL;
	}
	t->next = p->talks;
	p->talks = t;
	return t;
}

int
player_answer(struct player *p, const struct stmt *s, struct talk *t, struct err *e)
{
	if (s->talk.len > 0)
		return 0;
	p->last = t;
	return talk_receive(t, SIZE_MAX, p->until, e);
}
