/* SPDX-License-Identifier: Apache-2.0
 *
 * Verbs of a conversation in exact bytes: what a device says, and takes in. */
#include <string.h>
#include "expr.h"
#include "number.h"

static int
connect_to(struct player *p, const struct stmt *s, struct talk *t, struct err *e)
{
	AUTO(buf) struct buf where = BUF_INIT;
	struct endpoint to;
	int r;

	if (player_word(p, s, 1, &where, e) != 0 ||
	    server_endpoint(&p->server, buf_str(&where), &to, e) != 0)
		return -1;
	r = talk_open(t, p->clock, &to, p->until, e);
	endpoint_close(&to);
	return r;
}

/* An answer to HEAD has no body, whatever length it announces. */
static int
send_bytes(struct player *p, struct talk *t, const struct buf *b, struct err *e)
{
	if (strncmp(buf_str(b), "HEAD ", 5) == 0 && t->answer.state == ANSWER_HEAD) {
		t->bodiless = true;
		answer_begin(&t->answer, true);
	}
	return link_send(&t->link, buf_str(b), b->len, p->until, e);
}

static int
do_connect(struct player *p, const struct stmt *s, struct err *e)
{
	struct talk *t = player_talk(p, s, e);

	return t != NULL ? connect_to(p, s, t, e) : -1;
}

static int
do_send(struct player *p, const struct stmt *s, struct err *e)
{
	struct talk *t = player_talk(p, s, e);
	AUTO(buf) struct buf bytes = BUF_INIT;
	AUTO(value) struct value v = { .there = false };
	int at = 1;

	if (t == NULL)
		return -1;
	if (s->has_block) {
		if (s->n > 1 || block_expand(&p->vars, &s->block, "\r\n", &bytes, e) != 0)
			return s->n > 1 ? err_set(e, ERR_BAD, "send: a value or a block") : -1;
		return send_bytes(p, t, &bytes, e);
	}
	if (expr_value(p, s, &at, &v, e) != 0)
		return -1;
	if (at != s->n || !v.there)
		return err_set(e, ERR_BAD, "send: one value is wanted");
	return send_bytes(p, t, &v.bytes, e);
}

/* Connect, send a head and what stands behind it, receive the answer. */
static int
do_request(struct player *p, const struct stmt *s, struct err *e)
{
	struct talk *t = player_talk(p, s, e);
	AUTO(buf) struct buf bytes = BUF_INIT;

	if (t == NULL || connect_to(p, s, t, e) != 0 ||
	    block_expand(&p->vars, &s->block, "\r\n", &bytes, e) != 0)
		return -1;
	if (strstr(buf_str(&bytes), "\r\n\r\n") == NULL)
		buf_adds(&bytes, "\r\n");
	if (send_bytes(p, t, &bytes, e) != 0)
		return -1;
	return player_answer(p, s, t, e);
}

static int
do_receive(struct player *p, const struct stmt *s, struct err *e)
{
	struct talk *t = player_talk(p, s, e);
	AUTO(buf) struct buf text = BUF_INIT;
	uint64_t n = SIZE_MAX;

	if (t == NULL)
		return -1;
	p->last = t;
	if (s->n == 2 && word_is(&s->words[1], "line"))
		return talk_line(t, p->until, e);
	if (s->n == 2 && word_is(&s->words[1], "head"))
		n = 0;
	else if (s->n == 2 && (player_word(p, s, 1, &text, e) != 0 ||
	    number_bytes(&n, "receive", buf_str(&text), e) != 0))
		return -1;
	return talk_receive(t, (size_t)n, p->until, e);
}

static int
do_close(struct player *p, const struct stmt *s, struct err *e)
{
	struct talk *t = player_talk(p, s, e);

	if (t == NULL)
		return -1;
	if (word_is(&s->words[0], "reset"))
		link_reset(&t->link);
	else
		link_close(&t->link);
	return 0;
}

#define PATIENCE_MS	10000

const struct verb verbs_talk[] = {
	{ "connect", 2, 2, BLOCK_NO, PATIENCE_MS, do_connect, "connect LISTENER|URL" },
	{ "send", 1, SCRIPT_WORDS_MAX, BLOCK_MAY, PATIENCE_MS, do_send,
	    "send EXPR | send { LINES }" },
	{ "request", 2, 2, BLOCK_MUST, PATIENCE_MS, do_request,
	    "request LISTENER|URL { REQUEST }" },
	{ "receive", 1, 2, BLOCK_NO, PATIENCE_MS, do_receive, "receive [head|line|BYTES]" },
	{ "close", 1, 1, BLOCK_NO, 0, do_close, "close" },
	{ "reset", 1, 1, BLOCK_NO, 0, do_close, "reset" },
	{ 0 }
};
