/* SPDX-License-Identifier: Apache-2.0
 *
 * Verbs about the scenario's server: its life, its clock. */
#include <signal.h>
#include <string.h>
#include "number.h"
#include "otad/facts.h"
#include "player.h"

/* $http, $https, …: where it listens now; $key, $ca, $state. */
static int
set_names(struct player *p, struct err *e)
{
	const struct server *s = &p->server;
	char name[33], where[FACT_VALUE_MAX], text[FACT_VALUE_MAX + 40], path[SERVER_PATH_MAX];

	for (const char *at = buf_str(&s->listeners); facts_next(&at, name, where); ) {
		snprintf(text, sizeof(text), "%s%s%s", strncmp(name, "http", 4) == 0 ? name : "",
		    strncmp(name, "http", 4) == 0 ? "://" : "", where);
		if (vars_set(&p->vars, name, text, strlen(text), e) != 0)
			return -1;
	}
	server_path(s, "state", path);
	if (vars_set(&p->vars, "state", path, strlen(path), e) != 0 ||
	    vars_set(&p->vars, "ca", s->ca, strlen(s->ca), e) != 0)
		return -1;
	return vars_set(&p->vars, "key", s->key, strlen(s->key), e);
}

static int
start(struct player *p, const char *settings, struct err *e)
{
	return server_start(&p->server, settings, p->until, e) == 0 ? set_names(p, e) : -1;
}

static int
server(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf settings = BUF_INIT;
	const struct word *what = &s->words[1];

	if (s->has_block && block_expand(&p->vars, &s->block, "\n", &settings, e) != 0)
		return -1;
	if (s->n == 1)
		return start(p, buf_str(&settings), e);
	if (word_is(what, "refuses") && s->has_block)
		return server_refuses(&p->server, buf_str(&settings), p->until, e);
	if (word_is(what, "start") && !s->has_block)
		return start(p, NULL, e);
	if (word_is(what, "stop") && !s->has_block)
		return server_stop(&p->server, SIGTERM, p->until, e);
	if (word_is(what, "kill") && !s->has_block)
		return server_stop(&p->server, SIGKILL, p->until, e);
	if (word_is(what, "reload") && !s->has_block)
		return server_reload(&p->server, e);
	return err_set(e, ERR_BAD, "server: start, stop, kill, reload, or refuses {");
}

static int
move_clock(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf by = BUF_INIT;
	const char *text;
	int64_t ms;

	if (player_word(p, s, 1, &by, e) != 0)
		return -1;
	text = buf_str(&by);
	if (*text != '+' && *text != '-')
		return err_set(e, ERR_BAD, "clock: +DURATION or -DURATION is wanted");
	if (number_duration(&ms, "clock", text + 1, 0, e) != 0)
		return -1;
	return server_clock(&p->server, *text == '-' ? -ms : ms, e);
}

const struct verb verbs_server[] = {
	{ "server", 1, 2, BLOCK_MAY, 10000, server,
	    "server [{ SETTINGS }] | server start|stop|kill|reload | server refuses { SETTINGS }" },
	{ "clock", 2, 2, BLOCK_NO, 0, move_clock, "clock +DURATION" },
	{ 0 }
};
