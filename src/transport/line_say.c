/* SPDX-License-Identifier: Apache-2.0
 *
 * line_say.c - messages to devices that they did not ask for, chosen by the core
 * in a transaction of its own, worded by the dialect, and said when durable. */
#include "line_priv.h"

#include <stdlib.h>
#include <string.h>
#include "otad/log.h"

#define IDLE_MS		2000	/* look by ourselves: delays and guards end by time alone */
#define AGAIN_MS	20	/* wakes closer together are one */

void
line_out(struct lines *l, struct peer *here, const struct outgoing *out)
{
	struct peer *p, *next;

	if (out->carrier != BY_LINE || out->bytes.failed || out->bytes.len == 0)
		return;
	if (out->where[0] == '\0') {
		if (here != NULL)
			peer_say(here, out->bytes.p, out->bytes.len);
		return;
	}
	for (p = peer_find(l, out->where, NULL); p != NULL; p = next) {
		next = peer_find(l, out->where, p);
		peer_say(p, out->bytes.p, out->bytes.len);
	}
}

static int
choose(struct tx *tx, void *arg, struct err *e)
{
	return core_dispatch(tx, arg, e);
}

/* On the writer's thread. */
static void
chosen(void *arg, int rc, const struct err *e)
{
	struct lines *l = (struct lines *)((char *)arg - offsetof(struct lines, dispatch));

	if (rc < 0)
		log_warnx("%s: what is to be said: %s", l->ops->family.name, e->text);
	l->dispatch_rc = rc;
	atomic_store(&l->dispatched, true);
	lines_poke(l);
}

void
line_say_begin(struct lines *l)
{
	struct err e = ERR_INIT;
	int64_t now = lines_now();

	if (l->dispatching || l->known == 0 || now < l->dispatch_at)
		return;
	if (!atomic_exchange(&l->want_dispatch, false) && now < l->dispatch_at + IDLE_MS)
		return;
	if (l->dispatch.said == NULL) {
		l->dispatch.said = calloc(ROOM, sizeof(struct said));
		if (l->dispatch.said == NULL)
			return;
	}
	l->dispatch.carrier = BY_LINE;
	l->dispatch.room = ROOM;
	l->dispatch.n = 0;
	atomic_store(&l->dispatched, false);
	l->dispatching = true;
	if (core_write(l->core, URGENT_STATUS, NULL, choose, chosen, &l->dispatch, &e) < 0) {
		l->dispatching = false;
		l->dispatch_at = now + 1000;
	}
}

static int
word(struct lines *l, const struct said *said, struct outgoing *out, struct err *e)
{
	const struct dialect_ops *ops = l->ops;

	switch (said->what) {
	case SAY_OFFER:
		return ops->offer(l->self, &said->device, &said->answer, said->link, out, e);
	case SAY_CANCEL:
		return ops->cancel == NULL ? 0 :
		    ops->cancel(l->self, &said->device, said->job, out, e);
	case SAY_CALL:
		return ops->call(l->self, &said->device, &(struct call){ .id = said->call,
		    .method = said->method, .args = said->args }, out, e);
	}
	return err_set(e, ERR_INTERNAL, "nothing that can be said");
}

void
line_say_end(struct lines *l)
{
	struct dispatch *d = &l->dispatch;

	for (int i = 0; i < d->n; i++) {
		struct outgoing out = { .carrier = BY_NOTHING };
		struct err e = ERR_INIT;

		if (l->dispatch_rc >= 0 && strcmp(d->said[i].device.dialect,
		    l->ops->family.name) == 0) {
			if (word(l, &d->said[i], &out, &e) < 0)
				log_warnx("%s: %s", d->said[i].device.id, e.text);
			else
				line_out(l, NULL, &out);
		}
		buf_free(&out.bytes);
		said_clear(&d->said[i]);
	}
	if (d->n == d->room)
		atomic_store(&l->want_dispatch, true);
	l->dispatch_at = lines_now() + (l->dispatch_rc < 0 ? 1000 : AGAIN_MS);
	d->n = 0;
	l->dispatching = false;
}
