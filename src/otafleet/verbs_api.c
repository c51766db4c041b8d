/* SPDX-License-Identifier: Apache-2.0
 *
 * Verbs that make requests from parts: the API's, an upload, a device's poll. */
#include <string.h>
#include "call.h"
#include "device.h"
#include "family.h"
#include "number.h"
#include "otad/digest.h"
#include "otad/facts.h"
#include "verbs.h"

/* From word at on: a body (JSON, or body=…), and headers ("Name: value"). */
static int
read_parts(struct player *p, const struct stmt *s, int at, struct call *c, struct err *e)
{
	for (; at < s->n; at++) {
		AUTO(buf) struct buf text = BUF_INIT;

		if (player_word(p, s, at, &text, e) != 0)
			return -1;
		if (s->words[at].json || strncmp(buf_str(&text), "body=", 5) == 0) {
			size_t from = s->words[at].json ? 0 : 5;
			if (c->type != NULL)
				return err_set(e, ERR_BAD, "a second body");
			c->type = "application/json";
			buf_add(&c->body, text.p + from, text.len - from);
		} else if (strstr(buf_str(&text), ": ") != NULL) {
			buf_addf(&c->headers, "%s\r\n", text.p);
			if (strncasecmp(text.p, "Authorization:", 14) == 0)
				c->key = NULL;
		} else {
			return err_set(e, ERR_BAD, "'%.40s' is neither JSON, body=… nor a header",
			    buf_str(&text));
		}
	}
	return 0;
}

int
verb_api_request(struct player *p, const struct stmt *s, int at, struct err *e)
{
	static const char *const outside[] = { "/api/", "/healthz", "/readyz", "/metrics" };
	AUTO(buf) struct buf method = BUF_INIT;
	AUTO(buf) struct buf path = BUF_INIT;
	AUTO(call) struct call c = { .listener = "http", .key = p->server.key };
	AUTO(buf) struct buf given = BUF_INIT;
	const char *prefix = "/api/v1";

	if (player_word(p, s, at, &method, e) != 0 || player_word(p, s, at + 1, &given, e) != 0)
		return -1;
	for (size_t i = 0; i < NELEM(outside); i++)
		if (strncmp(buf_str(&given), outside[i], strlen(outside[i])) == 0)
			prefix = "";
	buf_addf(&path, "%s%s", prefix, buf_str(&given));
	c.method = buf_str(&method);
	c.path = buf_str(&path);
	if (!server_has(&p->server, "http"))
		c.listener = "https";
	return read_parts(p, s, at + 2, &c, e) == 0 ? call_make(p, s, &c, e) : -1;
}

static int
api(struct player *p, const struct stmt *s, struct err *e)
{
	return verb_api_request(p, s, 1, e);
}

static int
call(struct player *p, const struct stmt *s, struct err *e)
{
	struct buf words[3] = { BUF_INIT, BUF_INIT, BUF_INIT };
	AUTO(call) struct call c = { .key = NULL };
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		r = player_word(p, s, i + 1, &words[i], e);
	c.listener = buf_str(&words[0]);
	c.method = buf_str(&words[1]);
	c.path = buf_str(&words[2]);
	if (r == 0)
		r = read_parts(p, s, 4, &c, e);
	if (r == 0)
		r = call_make(p, s, &c, e);
	for (int i = 0; i < 3; i++)
		buf_free(&words[i]);
	return r;
}

/* Fields of an upload that are no files. */
static bool
is_field(const char *name)
{
	static const char *const fields[] = { "version", "notes", "metadata", "native_version" };

	for (size_t i = 0; i < NELEM(fields); i++)
		if (strcmp(name, fields[i]) == 0)
			return true;
	return false;
}

#define BOUNDARY	"----------------otafleet5d41402abc4b2a76"

static void
add_part(struct buf *body, const char *name, const void *value, size_t len)
{
	buf_addf(body, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"", name);
	if (!is_field(name))
		buf_addf(body, "; filename=\"%s\"\r\nContent-Type: application/octet-stream", name);
	buf_adds(body, "\r\n\r\n");
	buf_add(body, value, len);
	buf_adds(body, "\r\n");
}

/* firmware VERSION PART=VALUE …: the upload that curl -F would make of it. */
static int
firmware(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(call) struct call c = { .listener = "http", .method = "POST",
	    .path = "/api/v1/firmware", .key = p->server.key,
	    .type = "multipart/form-data; boundary=" BOUNDARY };

	for (int i = 1; i < s->n; i++) {
		AUTO(buf) struct buf text = BUF_INIT;
		const char *eq;
		char name[64] = "version";
		size_t from = 0;

		if (player_word(p, s, i, &text, e) != 0)
			return -1;
		if (i > 1) {
			eq = memchr(buf_str(&text), '=', text.len);
			if (eq == NULL || eq - text.p >= (int)sizeof(name))
				return err_set(e, ERR_BAD, "firmware: PART=VALUE is wanted");
			snprintf(name, sizeof(name), "%.*s", (int)(eq - text.p), text.p);
			from = strlen(name) + 1;
		}
		add_part(&c.body, name, buf_str(&text) + from, text.len - from);
	}
	buf_adds(&c.body, "--" BOUNDARY "--\r\n");
	return call_make(p, s, &c, e);
}

static int
set_mac(struct device *d, const char *value, struct err *e)
{
	char digits[13] = "";
	size_t n = 0;

	for (const char *at = value; *at != '\0' && n < 12; at++)
		if (*at != ':')
			digits[n++] = *at;
	if (hex_decode(d->mac, sizeof(d->mac), digits) != 0)
		return err_set(e, ERR_BAD, "poll: mac=%.40s: six bytes are wanted", value);
	return 0;
}

/* One KEY=VALUE of a poll: the device's own, or a fact of its family. */
static int
set_device(struct device *d, struct plan *plan, const char *key, const char *value,
    struct err *e)
{
	uint64_t n;

	if (strcmp(key, "version") == 0)
		snprintf(d->version, sizeof(d->version), "%s", value);
	else if (strcmp(key, "id") == 0)
		snprintf(d->id, sizeof(d->id), "%s", value);
	else if (strcmp(key, "key") == 0)
		snprintf(d->key, sizeof(d->key), "%s", value);
	else if (strcmp(key, "md5") == 0)
		snprintf(d->md5, sizeof(d->md5), "%s", value);
	else if (strcmp(key, "sha256") == 0)
		snprintf(d->sha256, sizeof(d->sha256), "%s", value);
	else if (strcmp(key, "mac") == 0)
		return set_mac(d, value, e);
	else if (strcmp(key, "product") == 0 || strcmp(key, "size") == 0) {
		if (number_whole(&n, key, value, 0, UINT32_MAX, e) != 0)
			return -1;
		if (*key == 's')
			d->size = (int64_t)n;
		else
			plan->ptype = (uint32_t)n;
	} else {
		facts_add(&plan->facts, key, value);
	}
	return 0;
}

static int
read_device(struct player *p, const struct stmt *s, struct device *d, struct plan *plan,
    struct err *e)
{
	plan->family->born(d, plan);
	for (int i = 3; i < s->n; i++) {
		AUTO(buf) struct buf text = BUF_INIT;
		char *eq;

		if (player_word(p, s, i, &text, e) != 0)
			return -1;
		eq = strchr(buf_str(&text), '=');
		if (eq == NULL)
			return err_set(e, ERR_BAD, "poll: KEY=VALUE is wanted");
		*eq = '\0';
		if (set_device(d, plan, text.p, eq + 1, e) != 0)
			return -1;
	}
	return family_check(plan, e);
}

/* The request that a device of `otafleet run` would make, then its answer. */
static int
poll_as(struct player *p, const struct stmt *s, struct plan *plan, struct err *e)
{
	AUTO(buf) struct buf where = BUF_INIT;
	struct talk *t = player_talk(p, s, e);
	struct device d = { .saying = SAY_POLL };
	struct endpoint to;
	int r;

	exchange_init(&d.x);
	if (t == NULL || read_device(p, s, &d, plan, e) != 0 ||
	    player_word(p, s, 2, &where, e) != 0 ||
	    server_endpoint(&p->server, buf_str(&where), &to, e) != 0)
		return -1;
	plan->family->ask(&d, plan, &to, &d.x.out);
	r = d.x.out.failed ? err_set(e, ERR_FULL, "out of memory") :
	    talk_open(t, p->clock, &to, p->until, e);
	if (r == 0)
		r = link_send(&t->link, d.x.out.p, d.x.out.len, p->until, e);
	endpoint_close(&to);
	exchange_free(&d.x);
	return r == 0 ? player_answer(p, s, t, e) : -1;
}

static int
poll_device(struct player *p, const struct stmt *s, struct err *e)
{
	AUTO(buf) struct buf name = BUF_INIT;
	struct plan plan = { .version = "", .seed = 1, .facts = BUF_INIT };
	int r;

	if (player_word(p, s, 1, &name, e) != 0)
		return -1;
	plan.family = family_find(buf_str(&name));
	if (plan.family == NULL)
		return err_set(e, ERR_BAD, "poll: no dialect '%.40s'", buf_str(&name));
	r = poll_as(p, s, &plan, e);
	buf_free(&plan.facts);
	return r;
}

#define PATIENCE_MS	10000

const struct verb verbs_api[] = {
	{ "api", 3, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, api,
	    "api METHOD PATH [JSON|body=TEXT] [\"Header: value\" …]" },
	{ "call", 4, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, call,
	    "call LISTENER|URL METHOD PATH [JSON|body=TEXT] [\"Header: value\" …]" },
	{ "firmware", 2, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, firmware,
	    "firmware VERSION PART=VALUE …" },
	{ "poll", 3, SCRIPT_WORDS_MAX, BLOCK_NO, PATIENCE_MS, poll_device,
	    "poll DIALECT LISTENER|URL [KEY=VALUE …]" },
	{ 0 }
};
