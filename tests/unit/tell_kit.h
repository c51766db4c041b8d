/* SPDX-License-Identifier: Apache-2.0
 *
 * tell_kit.h - talk_kit.h for devices that speak over a broker: the real topics and
 * handlers, called as the transport calls them, and what the core lets out by
 * itself, worded by the real dialects. The clock moves as the test says.
 *
 *	tell(&t, &told, "node/n-1/otafetch", "{\"fw_version\":\"1.0\"}");
 *	CHECK(told.n == 1 && strcmp(told.where[0], "node/n-1/otaurl") == 0, …);
 *	hear(&t, &told);	what is said unasked */
#ifndef OTAD_TEST_TELL_KIT_H
#define OTAD_TEST_TELL_KIT_H

#include <fcntl.h>
#include <jansson.h>
#include "otad/dispatch.h"
#include "otad/link_route.h"
#include "talk_kit.h"

#define TELL_BASE	"http://127.0.0.1:8080"
#define TOLD_MAX	32

struct tell {
	struct talk	talk;
	int		clock_fd;
	int64_t		offset_us;
};

struct told {
	int		rc;			/* of the handler … */
	struct err	e;			/* … and why, when -1 */
	int		n;			/* messages that left */
	char		where[TOLD_MAX][257];
	char		bytes[TOLD_MAX][2048];
};

static inline void
tell_forward(struct tell *t, int64_t seconds)
{
	t->offset_us += seconds * 1000000;
	CHECK(pwrite(t->clock_fd, &t->offset_us, sizeof(t->offset_us), 0) ==
	    (ssize_t)sizeof(t->offset_us), "clock");
}

static inline void
tell_open(struct tell *t)
{
	static const struct family *families[TALK_DIALECTS + 1];
	struct kit *k = &t->talk.kit;
	char clock[96];
	struct err e = ERR_INIT;
	struct store_settings stored = { .path = k->db };
	struct core_settings settings = {
		.enrol = talk_enrol, .enrol_arg = &t->talk, .max_image = KIT_MAX_IMAGE,
		.cache_dir = k->cache, .cache_max = 64u << 20, .link_base = TELL_BASE,
		.link_lifetime_s = 86400, .history_days = 30,
		.secret = (const uint8_t *)"0123456789abcdef0123456789abcdef",
	};

	for (int i = 0; dialects[i] != NULL; i++)
		families[i] = &dialects[i]->family;
	snprintf(k->dir, sizeof(k->dir), "/tmp/otad-test-XXXXXX");
	if (mkdtemp(k->dir) == NULL)
		talk_fatal(k->dir, &e);
	snprintf(k->db, sizeof(k->db), "%s/otad.db", k->dir);
	snprintf(k->cache, sizeof(k->cache), "%s/cache", k->dir);
	snprintf(clock, sizeof(clock), "%s/clock", k->dir);
	t->offset_us = 0;
	t->clock_fd = open(clock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	tell_forward(t, 0);
	k->clock = clock_new(clock, &e);
	k->store = k->clock != NULL ? store_open(&stored, &e) : NULL;
	k->core = k->store != NULL ? core_new(k->store, k->clock, families, &settings, &e) : NULL;
	if (k->core == NULL || core_start(k->core, &e))
		talk_fatal("no core", &e);
	talk_start_dialects(&t->talk, "");
}

static inline void
tell_close(struct tell *t)
{
	core_stop(t->talk.kit.core);
	talk_close(&t->talk);
	close(t->clock_fd);
}

/* ---- a message ---- */

static inline void
told_add(struct told *ret, struct outgoing *out)
{
	if (out->carrier == BY_MQTT && ret->n < TOLD_MAX) {
		snprintf(ret->where[ret->n], sizeof(ret->where[0]), "%s", out->where);
		snprintf(ret->bytes[ret->n], sizeof(ret->bytes[0]), "%s", buf_str(&out->bytes));
		ret->n++;
	}
	buf_free(&out->bytes);
}

struct telling { const struct topic *topic; struct exchange *x; };

static inline int
tell_read(struct tx *tx, void *arg, struct err *e)
{
	struct telling *t = arg;

	return t->topic->read(tx, t->x, e);
}

static inline int
tell_write(struct tx *tx, void *arg, struct err *e)
{
	struct telling *t = arg;

	for (int i = 0; i < t->x->nout; i++)
		buf_free(&t->x->out[i].bytes);
	t->x->nout = 0;
	return t->topic->write(tx, t->x, e);
}

static inline const struct topic *
tell_topic(const char *where, char params[PARAMS_MAX][PARAM_MAX])
{
	for (int i = 0; dialects[i] != NULL; i++)
		for (const struct topic *p = dialects[i]->topics; p != NULL && p->pattern != NULL; p++)
			if (route_match(p->pattern, where, params))
				return p;
	return NULL;
}

/* Up to its read; then what it has to write, and what it answers. rc 2: nobody
 * listens to that. */
static inline void
tell_begin(struct tell *t, struct telling *telling, struct told *ret, const char *where,
    const char *payload)
{
	struct exchange *x = telling->x;

	memset(ret, 0, sizeof(*ret));
	memset(x, 0, sizeof(*x));
	x->core = t->talk.kit.core;
	x->rq.method = M_OTHER;
	x->rq.path = where;
	x->rq.address = x->rq.base = x->rq.body_type = "";
	x->rq.body = payload;
	x->rq.body_len = strlen(payload);
	telling->topic = tell_topic(where, x->rq.params);
	ret->rc = telling->topic == NULL ? 2 :
	    core_read(x->core, NULL, tell_read, telling, &ret->e);
}

static inline void
tell_end(struct telling *telling, struct told *ret)
{
	struct exchange *x = telling->x;

	if (telling->topic == NULL)
		return;
	if (ret->rc == CALL_WRITE)
		ret->rc = core_write_wait(x->core, telling->topic->urgency, NULL, tell_write,
		    telling, &ret->e);
	for (int i = 0; i < x->nout; i++)
		told_add(ret, &x->out[i]);
	if (x->state_free != NULL)
		x->state_free(x->state);
}

static inline void
tell(struct tell *t, struct told *ret, const char *where, const char *payload)
{
	static struct exchange x;
	struct telling telling = { .x = &x };

	tell_begin(t, &telling, ret, where, payload);
	tell_end(&telling, ret);
}

/* Two messages of one batch: both are read before either is written. What the
 * second is answered. */
static inline void
tell_both(struct tell *t, struct told *ret, const char *where, const char *payload,
    const char *then, const char *and)
{
	static struct exchange x[2];
	static struct told first;
	struct telling telling[2] = { { .x = &x[0] }, { .x = &x[1] } };

	tell_begin(t, &telling[0], &first, where, payload);
	tell_begin(t, &telling[1], ret, then, and);
	tell_end(&telling[0], &first);
	tell_end(&telling[1], ret);
	CHECK(first.rc == 0 && first.n == 0, "%s: %d %s", where, first.rc, first.e.text);
}

/* ---- what is said unasked ---- */

static inline int
hear_tx(struct tx *tx, void *d, struct err *e)
{
	return core_dispatch(tx, d, e);
}

static inline int
tell_word(struct tell *t, const struct said *s, struct outgoing *out, struct err *e)
{
	int i = 0;

	while (dialects[i] != NULL && strcmp(dialects[i]->family.name, s->device.dialect) != 0)
		i++;
	if (dialects[i] == NULL)
		return err_set(e, ERR_INTERNAL, "of no dialect");
	switch (s->what) {
	case SAY_OFFER:
		return dialects[i]->offer(t->talk.selves[i], &s->device, &s->answer, s->link, out, e);
	case SAY_CANCEL:
		return dialects[i]->cancel == NULL ? 0 :
		    dialects[i]->cancel(t->talk.selves[i], &s->device, s->job, out, e);
	case SAY_CALL:
		return dialects[i]->call(t->talk.selves[i], &s->device, &(struct call){ .id = s->call,
		    .method = s->method, .args = s->args }, out, e);
	}
	return -1;
}

static inline void
hear(struct tell *t, struct told *ret)
{
	static struct said room[TOLD_MAX];
	struct dispatch d = { .carrier = BY_MQTT, .room = TOLD_MAX, .said = room };

	memset(ret, 0, sizeof(*ret));
	ret->rc = core_write_wait(t->talk.kit.core, URGENT_STATUS, NULL, hear_tx, &d, &ret->e);
	CHECK(ret->rc == 0, "dispatch: %s", ret->e.text);
	for (int i = 0; i < d.n; i++) {
		struct outgoing out = { .carrier = BY_NOTHING };

		if (tell_word(t, &room[i], &out, &ret->e) < 0)
			ret->rc = -1;
		told_add(ret, &out);
		said_clear(&room[i]);
	}
}

/* ---- links ---- */

/* GET (or HEAD) what stands behind the base of a link. */
static inline void
follow(struct tell *t, struct heard *ret, const char *method, const char *link, const char *range)
{
	char head[1024];
	size_t n = strncmp(link, TELL_BASE, sizeof(TELL_BASE) - 1) == 0 ? sizeof(TELL_BASE) - 1 : 0;

	snprintf(head, sizeof(head), "%s %s HTTP/1.1\n%s%s%s\n", method, link + n,
	    range != NULL ? "Range: " : "", range != NULL ? range : "", range != NULL ? "\n" : "");
	say(&t->talk, ret, head);
}

/* ---- what a person does ---- */

struct tell_canceling { const char *job; struct job_cursor cursor; };

static inline int
tell_cancel_tx(struct tx *tx, void *arg, struct err *e)
{
	struct tell_canceling *c = arg;

	return job_cancel(tx, c->job, &c->cursor, e);
}

static inline void
tell_cancel(struct tell *t, const char *job)
{
	struct tell_canceling c = { job, { 0, 0 } };
	struct err e = ERR_INIT;

	CHECK(kit_write(&t->talk.kit, tell_cancel_tx, &c, &e) == 0, "cancel: %s", e.text);
}

#endif
