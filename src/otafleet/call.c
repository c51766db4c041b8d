/* SPDX-License-Identifier: Apache-2.0
 *
 * One request, one connection, and no library between: what a scenario says of
 * the bytes that go out is true. */
#include <string.h>
#include "call.h"

static void
word_request(const struct call *c, const struct endpoint *to, struct buf *ret)
{
	buf_addf(ret, "%s %s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", c->method,
	    to->base, c->path, to->authority);
	if (c->key != NULL)
		buf_addf(ret, "Authorization: Bearer %s\r\n", c->key);
	buf_adds(ret, buf_str(&c->headers));
	if (c->type != NULL)
		buf_addf(ret, "Content-Type: %s\r\nContent-Length: %zu\r\n", c->type,
		    c->body.len);
	else if (strcmp(c->method, "GET") != 0 && strcmp(c->method, "HEAD") != 0)
		buf_adds(ret, "Content-Length: 0\r\n");
	buf_adds(ret, "\r\n");
	buf_add(ret, buf_str(&c->body), c->body.len);
}

int
call_make(struct player *p, const struct stmt *s, const struct call *c, struct err *e)
{
	AUTO(buf) struct buf request = BUF_INIT;
	struct talk *t = player_talk(p, s, e);
	struct err refused = ERR_INIT;
	struct endpoint to;

	if (t == NULL || server_endpoint(&p->server, c->listener, &to, e) != 0)
		return -1;
	word_request(c, &to, &request);
	if (request.failed)
		err_set(e, ERR_FULL, "out of memory");
	if (request.failed || talk_open(t, p->clock, &to, p->until, e) != 0) {
		endpoint_close(&to);
		return -1;
	}
	endpoint_close(&to);
	t->bodiless = strcmp(c->method, "HEAD") == 0;
	answer_begin(&t->answer, t->bodiless);
	/* A server that has heard enough answers and closes: what could not be sent
	 * any more matters only if no answer came. */
	link_send(&t->link, request.p, request.len, p->until, &refused);
	if (player_answer(p, s, t, e) == 0)
		return 0;
	if (refused.code != ERR_NONE)
		*e = refused;
	return err_while(e, "%s %.60s", c->method, c->path);
}
