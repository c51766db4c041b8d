/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes are fetched into one buffer and taken out of it by whatever verb asks:
 * an answer, a line, or nobody. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "talk.h"

struct talk *
talk_new(const char *name)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->link = (struct link)LINK_CLOSED;
	t->child = (struct child)CHILD_NONE;
	t->body.limit = t->in.limit = TALK_BODY_MAX;
	answer_begin(&t->answer, false);
	return t;
}

static void
forget_answer(struct talk *t)
{
	answer_begin(&t->answer, t->bodiless);
	buf_clear(&t->body);
	json_decref(t->json);
	t->json = NULL;
}

void
talk_free(struct talk *t)
{
	link_close(&t->link);
	child_kill(&t->child);
	answer_free(&t->answer);
	buf_free(&t->in);
	buf_free(&t->body);
	json_decref(t->json);
	free(t);
}

static void
hang_up(struct talk *t)
{
	link_close(&t->link);
	child_kill(&t->child);
	buf_clear(&t->in);
	t->ended = t->bodiless = t->partly = false;
	forget_answer(t);
}

int
talk_open(struct talk *t, const struct clock *clock, const struct endpoint *to,
    int64_t deadline, struct err *e)
{
	hang_up(t);
	return link_open(&t->link, clock, to, deadline, e);
}

/* Have at least one more byte in t->in. 0: the other side closed. */
static int
fetch(struct talk *t, int64_t deadline, struct err *e)
{
	char room[65536];
	ssize_t n;

	if (t->ended)
		return 0;
	n = link_receive(&t->link, room, sizeof(room), deadline, e);
	if (n < 0)
		return -1;
	t->ended = n == 0;
	buf_add(&t->in, room, (size_t)n);
	return t->in.failed ? err_set(e, ERR_TOO_BIG, "received too much") : n > 0;
}

/* The first n bytes have been taken. */
static void
drop(struct talk *t, size_t n)
{
	memmove(t->in.p, t->in.p + n, t->in.len - n);
	t->in.len -= n;
	t->in.p[t->in.len] = '\0';
}

/* The head ended or the body went on: move what belongs to the answer. */
static int
take(struct talk *t, struct err *e)
{
	size_t head, body;

	if (t->in.len == 0)
		return 0;
	head = answer_take(&t->answer, t->in.p, t->in.len, &body);
	buf_add(&t->body, t->in.p + head, body);
	drop(t, head + body);
	if (t->body.failed)
		return err_set(e, ERR_TOO_BIG, "the body is too large");
	if (t->answer.state == ANSWER_BAD)
		return err_set(e, ERR_INVALID, "received: no answer of HTTP: '%.60s'",
		    buf_str(&t->answer.head));
	return 0;
}

static bool
enough(const struct talk *t, size_t body)
{
	return t->answer.state == ANSWER_DONE ||
	    (t->answer.state == ANSWER_BODY && t->body.len >= body);
}

int
talk_start(struct talk *t, const struct clock *clock, const char *const argv[], const char *log,
    struct err *e)
{
	hang_up(t);
	if (child_start(&t->child, argv, log, true, e) != 0)
		return -1;
	t->link = (struct link){ .fd = t->child.out, .clock = clock };
	t->child.out = -1;
	return 0;
}

static int
program_output(struct talk *t, int64_t deadline, struct err *e)
{
	int r;

	while ((r = fetch(t, deadline, e)) > 0)
		;
	if (r < 0 || !child_wait(&t->child, t->link.clock, deadline, &t->answer.status))
		return err_set(e, ERR_TIMEOUT, "the program does not end");
	buf_add(&t->body, buf_str(&t->in), t->in.len);
	t->answer.state = ANSWER_DONE;
	return 0;
}

int
talk_receive(struct talk *t, size_t body, int64_t deadline, struct err *e)
{
	int r;

	if (!t->partly && t->answer.state >= ANSWER_DONE)
		forget_answer(t);
	t->partly = body != SIZE_MAX;
	if (t->child.pid > 0)
		return program_output(t, deadline, e);
	for (;;) {
		if (take(t, e) != 0)
			return -1;
		if (enough(t, body))
			return 0;
		r = fetch(t, deadline, e);
		if (r < 0)
			return err_while(e, t->answer.state == ANSWER_HEAD ?
			    "waiting for an answer" : "after %lld bytes of body",
			    (long long)t->answer.got);
		if (r == 0)
			break;
	}
	if (t->answer.state == ANSWER_BODY && t->answer.length < 0) {
		t->answer.state = ANSWER_DONE;		/* only the close ends it */
		return 0;
	}
	if (t->answer.state == ANSWER_HEAD)
		return err_set(e, ERR_INVALID, "closed without an answer");
	return err_set(e, ERR_INVALID, "closed after %lld of %lld bytes of body",
	    (long long)t->answer.got, (long long)t->answer.length);
}

int
talk_line(struct talk *t, int64_t deadline, struct err *e)
{
	const char *lf;
	size_t len;
	int r;

	while ((lf = t->in.len > 0 ? memchr(t->in.p, '\n', t->in.len) : NULL) == NULL) {
		r = fetch(t, deadline, e);
		if (r <= 0)
			return r < 0 ? err_while(e, "waiting for a line") :
			    err_set(e, ERR_INVALID, "closed without a line");
	}
	len = (size_t)(lf - t->in.p);
	forget_answer(t);
	buf_add(&t->body, t->in.p, len > 0 && lf[-1] == '\r' ? len - 1 : len);
	drop(t, len + 1);
	return 0;
}

int
talk_closed(struct talk *t, int64_t deadline, struct err *e)
{
	if (t->in.len == 0 && fetch(t, deadline, e) < 0)
		return err_while(e, "waiting for the close");
	if (t->in.len > 0)
		return err_set(e, ERR_INVALID, "expected the close, got '%.60s'", t->in.p);
	return 0;
}

int
talk_silent(struct talk *t, int64_t deadline, struct err *e)
{
	struct err waited = ERR_INIT;
	int r = t->in.len > 0 ? 1 : fetch(t, deadline, &waited);

	if (r < 0 && waited.code == ERR_TIMEOUT)
		return 0;
	if (r < 0) {
		*e = waited;
		return -1;
	}
	return err_set(e, ERR_INVALID, "expected silence, got %s%.60s",
	    r == 0 ? "the close" : "", buf_str(&t->in));
}

const json_t *
talk_json(struct talk *t, struct err *e)
{
	json_error_t error;

	if (t->json == NULL)
		t->json = json_loadb(buf_str(&t->body), t->body.len, JSON_DECODE_ANY, &error);
	if (t->json == NULL)
		err_set(e, ERR_INVALID, "the body is not JSON: '%.80s'", buf_str(&t->body));
	return t->json;
}
