/* SPDX-License-Identifier: Apache-2.0
 *
 * Verbs of the story itself: names, expectations, waiting, repetition, and other
 * programs. */
#include <string.h>
#include <time.h>
#include "expr.h"
#include "number.h"
#include "verbs.h"

#define LOOK_MS		10		/* between two looks at what is awaited */
#define LOOPS_MAX	100000

/* Its first statement; "within" was read when the file was opened. */
static int
scenario(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf title = BUF_INIT;

	if (player_word(p, s, 1, &title, e) != 0)
		return -1;
	snprintf(p->title, sizeof(p->title), "%s", buf_str(&title));
	p->end = p->until;
	return 0;
}

static int
let(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(value) struct value v = { .there = false };
	char name[40];
	int at = 3;

	if (!word_is(&s->words[2], "="))
		return err_set(e, ERR_BAD, "usage: let NAME = EXPR");
	if (expr_value(p, s, &at, &v, e) != 0)
		return -1;
	if (at != s->n || !v.there)
		return err_set(e, ERR_INVALID, v.there ? "let: words behind the value" :
		    "let: there is no such value");
	snprintf(name, sizeof(name), "%.*s", (int)s->words[1].len, s->words[1].p);
	return vars_set(&p->vars, name, buf_str(&v.bytes), v.bytes.len, e);
}

static int
expect(struct player *p, const struct stmt *s, struct err *e)
{
	bool closed = s->n == 2 && word_is(&s->words[1], "closed");
	bool silence = s->n == 2 && word_is(&s->words[1], "silence");
	struct talk *t;

	if (!closed && !silence)
		return expr_holds(p, s, 1, e) == 1 ? 0 : -1;
	t = player_talk(p, s, e);
	if (t == NULL)
		return -1;
	return closed ? talk_closed(t, p->until, e) : talk_silent(t, p->until, e);
}

static void
pause_ms(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static bool
is_method(const struct word *w)
{
	return word_is(w, "GET") || word_is(w, "HEAD");
}

/* A condition, looked at until it holds; with METHOD PATH before it, asked for
 * anew each time. What cannot be judged yet (no answer, no such field) is waited
 * for as well: the last reason is told when time is over. */
static int
await(struct player *p, const struct stmt *s, struct err *e)
{
	bool asks = s->n > 4 && is_method(&s->words[1]);
	struct stmt request = *s;
	struct err last = ERR_INIT;
	int r = 0;

	request.n = 3;
	while (clock_boot_ms(p->clock) < p->until) {
		last = (struct err)ERR_INIT;
		r = asks ? verb_api_request(p, &request, 1, &last) : 0;
		if (r == 0)
			r = expr_holds(p, s, asks ? 3 : 1, &last);
		if (r == 1)
			return 0;
		if (r == -1 && last.code == ERR_BAD)
			break;
		pause_ms(LOOK_MS);
	}
	*e = last;
	return last.code == ERR_BAD ? -1 : err_while(e, "waited in vain");
}

/* for NAME in WORD … { */
static int
for_each(struct player *p, const struct stmt *s, struct err *e)
{
	char name[40];

	if (!word_is(&s->words[2], "in"))
		return err_set(e, ERR_BAD, "usage: for NAME in WORD … {");
	snprintf(name, sizeof(name), "%.*s", (int)s->words[1].len, s->words[1].p);
	for (int i = 3; i < s->n; i++) {
		AUTO(buf) struct buf value = BUF_INIT;

		if (player_word(p, s, i, &value, e) != 0 ||
		    vars_set(&p->vars, name, buf_str(&value), value.len, e) != 0)
			return -1;
		if (player_text(p, s->block.p, s->block.len, s->block_line, e) != 0)
			return err_while(e, "%s = '%.60s'", name, buf_str(&value));
	}
	return 0;
}

/* repeat N {: $n counts from 1. */
static int
repeat(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	uint64_t n;

	if (player_word(p, s, 1, &text, e) != 0 ||
	    number_whole(&n, "repeat", buf_str(&text), 0, LOOPS_MAX, e) != 0)
		return -1;
	for (uint64_t i = 1; i <= n; i++) {
		char count[24];

		snprintf(count, sizeof(count), "%llu", (unsigned long long)i);
		if (vars_set(&p->vars, "n", count, strlen(count), e) != 0)
			return -1;
		if (player_text(p, s->block.p, s->block.len, s->block_line, e) != 0)
			return err_while(e, "n = %s", count);
	}
	return 0;
}

static int
run_program(struct player *p, const struct stmt *s, const char *const argv[], struct err *e)
{
	struct talk *t = player_talk(p, s, e);
	char log[SERVER_PATH_MAX];

	if (t == NULL || talk_start(t, p->clock, argv,
	    server_path(&p->server, "log", log), e) != 0)
		return -1;
	return player_answer(p, s, t, e);
}

static int
shell(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	const char *argv[] = { "/bin/sh", "-ec", NULL, NULL };

	if (s->has_block == (s->n == 2))
		return err_set(e, ERR_BAD, "usage: shell COMMAND | shell { COMMANDS }");
	if ((s->has_block ? block_expand(&p->vars, &s->block, "\n", &text, e) :
	    player_word(p, s, 1, &text, e)) != 0)
		return -1;
	argv[2] = text.p;
	return run_program(p, s, argv, e);
}

/* fleet OPTION …: otafleet run --json with them; the body is its summary. */
static int
fleet(struct player *p, const struct stmt *s, struct err *e)
{
	struct buf words[SCRIPT_WORDS_MAX] = { BUF_INIT };
	const char *argv[SCRIPT_WORDS_MAX + 4] = { p->self, "run", "--json" };
	int r = 0, n = 3;

	for (int i = 1; i < s->n && r == 0; i++) {
		r = player_word(p, s, i, &words[i], e);
		argv[n++] = buf_str(&words[i]);
	}
	if (r == 0)
		r = run_program(p, s, argv, e);
	for (int i = 1; i < s->n; i++)
		buf_free(&words[i]);
	return r;
}

#define PATIENCE_MS	10000
#define SCENARIO_MS	60000		/* all of it, unless it says otherwise */

const struct verb verbs_check[] = {
	{ "scenario", 2, 2, BLOCK_NO, SCENARIO_MS, scenario,
	    "scenario \"TITLE\" [within DURATION]" },
	{ "let", 4, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, let, "let NAME = EXPR" },
	{ "expect", 2, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, expect,
	    "expect EXPR OP EXPR | expect EXPR exists|missing | expect closed|silence" },
	{ "await", 3, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, await,
	    "await [GET PATH] EXPR OP EXPR [within DURATION]" },
	{ "for", 4, SCRIPT_WORDS_MAX, BLOCK_SCRIPT, 0, for_each, "for NAME in WORD … {" },
	{ "repeat", 2, 2, BLOCK_SCRIPT, 0, repeat, "repeat N {" },
	{ "fleet", 2, SCRIPT_WORDS_MAX, BLOCK_NO, SCENARIO_MS, fleet, "fleet OPTION …" },
	{ "shell", 1, 2, BLOCK_MAY, PATIENCE_MS, shell, "shell COMMAND | shell { COMMANDS }" },
	{ 0 }
};
