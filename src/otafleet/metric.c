/* SPDX-License-Identifier: Apache-2.0
 *
 * Asked for on a connection of its own, so that an expectation about a number
 * does not disturb the conversation it stands in. */
#include <string.h>
#include "metric.h"
#include "server.h"

AUTO_DEFINE(struct talk, talk, talk_free);

static int
fetch(struct player *p, struct talk *t, struct err *e)
{
	AUTO(buf) struct buf request = BUF_INIT;
	struct endpoint to;
	int r;

	if (server_endpoint(&p->server, "http", &to, e) != 0)
		return -1;
	buf_addf(&request, "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n"
	    "Authorization: Bearer %s\r\n\r\n", to.authority, p->server.key);
	r = talk_open(t, p->clock, &to, p->until, e);
	endpoint_close(&to);
	if (r != 0 || link_send(&t->link, request.p, request.len, p->until, e) != 0 ||
	    talk_receive(t, SIZE_MAX, p->until, e) != 0)
		return -1;
	return t->answer.status == 200 ? 0 :
	    err_set(e, ERR_INVALID, "/metrics answered %d", t->answer.status);
}

/* Where the value stands in a line that is about name, or NULL. Quotes around
 * labels' values do not count: a scenario's words lose theirs. */
static const char *
value_of(const char *at, const char *name)
{
	for (;; at++, name++) {
		at += *at == '"';
		name += *name == '"';
		if (*name == '\0')
			return *at == ' ' ? at + 1 : NULL;
		if (*at != *name)
			return NULL;
	}
}

int
metric_get(struct player *p, const char *name, bool *ret_there, struct buf *ret,
    struct err *e)
{
	AUTO(talk) struct talk *t = talk_new("metrics");
	const char *value;
	size_t line;

	if (t == NULL)
		return err_set(e, ERR_FULL, "out of memory");
	if (fetch(p, t, e) != 0)
		return err_while(e, "metric %.60s", name);
	*ret_there = false;
	for (const char *at = buf_str(&t->body); *at != '\0'; at += line, at += *at == '\n') {
		line = strcspn(at, "\n");
		value = value_of(at, name);
		if (value == NULL)
			continue;
		*ret_there = true;
		buf_add(ret, value, strcspn(value, " \n"));
		break;
	}
	return 0;
}
