/* SPDX-License-Identifier: Apache-2.0
 *
 * line_take.c - lines from devices, and word that a device has left.
 *
 * What only looks is answered at once, on this thread. What changes something goes
 * to the writer, and its answer leaves when it is durable.
 *
 * "It is here" (the line by which a device says who it is) and "it has left" are
 * both written, by different connections. So that they are written in the order
 * in which they happened, lines of strangers and words of leaving take turns. */
#include "line_priv.h"

#include <stdlib.h>
#include <string.h>
#include "otad/log.h"

/* ---- calls ---- */

static const char *
no_header(const struct request *rq, const char *name)
{
	(void)rq;
	(void)name;
	return NULL;
}

static int
no_count(const struct request *rq, const char *name)
{
	(void)rq;
	(void)name;
	return 0;
}

static void
fill_request(struct line_call *c, struct peer *p, size_t len)
{
	struct request *rq = &c->x.rq;

	memset(rq, 0, sizeof(*rq));
	rq->method = M_OTHER;
	rq->path = rq->base = rq->body_type = "";
	rq->tls = p->ssl != NULL;
	rq->address = p->address;
	rq->body = c->text;
	rq->body_len = len;
	rq->header_ = rq->query_ = no_header;
	rq->count_ = no_count;
	rq->carrier = c;
}

/* Not zeroed as a whole: a reply's headers are most of it, and nobody reads them. */
static struct line_call *
call_of(struct peer *p, const char *line, size_t len)
{
	struct line_call *c = malloc(sizeof(*c));
	char *text = malloc(len + 1);

	if (c == NULL || text == NULL) {
		free(c);
		free(text);
		return NULL;
	}
	memcpy(text, line, len);
	text[len] = '\0';
	memset((char *)c + sizeof(c->x), 0, sizeof(*c) - sizeof(c->x));
	c->lines = p->lines;
	c->peer = p;
	c->text = text;
	c->stranger = p->name == NULL;
	fill_request(c, p, len);
	memset(&c->x.actor, 0, sizeof(c->x.actor));
	c->x.actor.role = ROLE_DEVICE;
	snprintf(c->x.actor.address, sizeof(c->x.actor.address), "%s", p->address);
	c->x.rep.body = (struct buf)BUF_INIT;
	c->x.rep.transfer = NULL;
	reply_clear(&c->x.rep);
	c->x.route = NULL;
	c->x.core = p->lines->core;
	c->x.self = p->lines->self;
	c->x.health = p->lines->health;
	c->x.state = NULL;
	c->x.state_free = NULL;
	c->x.nout = 0;
	c->x.wake = NULL;
	snprintf(c->x.line, sizeof(c->x.line), "%s", p->name != NULL ? p->name : "");
	return c;
}

static void
drop_answers(struct line_call *c)
{
	for (int i = 0; i < c->x.nout; i++)
		buf_free(&c->x.out[i].bytes);
	c->x.nout = 0;
}

static void
call_free(struct line_call *c)
{
	if (c->x.state_free != NULL)
		c->x.state_free(c->x.state);
	drop_answers(c);
	reply_clear(&c->x.rep);
	free(c->text);
	free(c);
}

/* ---- handling ---- */

static int
run_read(struct tx *tx, void *arg, struct err *e)
{
	struct line_call *c = arg;

	return c->lines->ops->lines->read(tx, &c->x, e);
}

static int
run_write(struct tx *tx, void *arg, struct err *e)
{
	struct line_call *c = arg;

	drop_answers(c);			/* of a run that was lost */
	return c->lines->ops->lines->write(tx, &c->x, e);
}

/* On the writer's thread. */
static void
written(void *arg, int rc, const struct err *e)
{
	struct line_call *c = arg;
	struct lines *l = c->lines;

	c->rc = rc;
	if (rc < 0)
		c->e = *e;
	pthread_mutex_lock(&l->lock);
	c->next = l->done;
	l->done = c;
	pthread_mutex_unlock(&l->lock);
	lines_poke(l);
}

/* A refusal has no words of the dialect: nothing could be stored, or the line was
 * not understood at all. The device comes back by itself. */
static void
answer(struct line_call *c)
{
	struct lines *l = c->lines;
	struct peer *p = c->peer;

	if (c->rc < 0) {
		atomic_fetch_add(&l->refused_lines, 1);
		log_info("%s: %s: a line is refused: %s", p->address,
		    p->name != NULL ? p->name : "line", c->e.text);
		peer_cut(p, "refused");
		return;
	}
	if (p->fd != -1 && c->x.line[0] != '\0' && peer_name(p, c->x.line) < 0)
		peer_cut(p, "out of memory");
	else if (p->fd == -1 && c->x.line[0] != '\0' && c->stranger &&
	    peer_find(l, c->x.line, NULL) == NULL)
		take_leave(l, c->x.line);	/* it left before it was known */
	for (int i = 0; i < c->x.nout; i++)
		line_out(l, p, &c->x.out[i]);
	if (c->x.rep.close && p->fd != -1) {
		p->closing = true;
		if (p->out == NULL)
			peer_cut(p, "that was the last word");
	}
}

static void
start(struct line_call *c)
{
	struct lines *l = c->lines;
	struct peer *p = c->peer;
	int rc;

	atomic_fetch_add(&l->heard_lines, 1);
	rc = core_read(l->core, &c->x.actor, run_read, c, &c->e);
	if (rc == CALL_WRITE) {
		p->call = c;
		l->calls++;
		l->strangers += c->stranger;
		if (core_write(l->core, l->ops->lines->urgency, &c->x.actor, run_write, written, c,
		    &c->e) == 0)
			return;
		p->call = NULL;
		l->calls--;
		l->strangers -= c->stranger;
		rc = -1;
	}
	c->rc = rc;
	answer(c);
	call_free(c);
}

static void
park(struct peer *p, struct line_call *c)
{
	p->call = c;
	p->parked = true;
	p->next_parked = p->lines->parked;
	p->lines->parked = p;
}

void
take_line(struct peer *p, const char *line, size_t len)
{
	struct line_call *c = call_of(p, line, len);

	if (c == NULL)
		peer_cut(p, "out of memory");
	else if (c->stranger && (p->lines->leaving > 0 || p->lines->leaves != NULL))
		park(p, c);
	else
		start(c);
}

/* Those that waited for words of leaving to be written. */
void
take_parked(struct lines *l)
{
	struct peer *p, *next = l->parked;

	if (l->leaving > 0 || l->leaves != NULL)
		return;
	l->parked = NULL;
	while ((p = next) != NULL) {
		struct line_call *c = p->call;

		next = p->next_parked;
		p->parked = false;
		p->call = NULL;
		if (p->fd == -1)
			call_free(c);
		else
			start(c);
		if (p->call == NULL)
			peer_go_on(p);
	}
}

void
take_done(struct lines *l)
{
	struct line_call *c, *next, *in_order = NULL;

	pthread_mutex_lock(&l->lock);
	c = l->done;
	l->done = NULL;
	l->leaving -= l->left;
	l->left = 0;
	pthread_mutex_unlock(&l->lock);
	for (; c != NULL; c = next) {		/* the first that was written first */
		next = c->next;
		c->next = in_order;
		in_order = c;
	}
	for (c = in_order; c != NULL; c = next) {
		struct peer *p = c->peer;

		next = c->next;
		p->call = NULL;
		l->calls--;
		l->strangers -= c->stranger;
		answer(c);
		call_free(c);
		peer_go_on(p);
	}
}

/* ---- leaving ---- */

static int
run_leave(struct tx *tx, void *arg, struct err *e)
{
	struct leave *leave = arg;

	return leave->lines->ops->lines->gone(tx, leave->name, e);
}

/* On the writer's thread. */
static void
left(void *arg, int rc, const struct err *e)
{
	struct leave *leave = arg;
	struct lines *l = leave->lines;

	if (rc < 0)
		log_warnx("%s: that it left is not written: %s", leave->name, e->text);
	free(leave);
	pthread_mutex_lock(&l->lock);
	l->left++;
	pthread_mutex_unlock(&l->lock);
	lines_poke(l);
}

static void
write_leaves(struct lines *l)
{
	struct leave *leave;
	struct err e = ERR_INIT;

	while (l->strangers == 0 && (leave = l->leaves) != NULL) {
		l->leaves = leave->next;
		l->leaving++;
		if (core_write(l->core, URGENT_STATUS, NULL, run_leave, left, leave, &e) < 0)
			left(leave, -1, &e);
	}
}

void
take_leave(struct lines *l, const char *name)
{
	struct leave *leave = name[0] != '/' ? calloc(1, sizeof(*leave)) : NULL;

	if (leave != NULL) {
		leave->lines = l;
		snprintf(leave->name, sizeof(leave->name), "%s", name);
		leave->next = l->leaves;
		l->leaves = leave;
	}
	write_leaves(l);
}

void
take_leaves(struct lines *l)
{
	write_leaves(l);
}
