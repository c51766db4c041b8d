/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt_say.c - messages to devices that they did not ask for.
 *
 * The core chooses what to say only when the broker has room for it, in a
 * transaction of its own; when that is durable the dialect words it and it goes
 * out. At most WINDOW of ours are unacknowledged at any time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mqtt_priv.h"
#include "otad/auto.h"
#include "otad/log.h"

#define IDLE_MS		2000	/* look by ourselves: delays and guards end by time alone */
#define AGAIN_MS	20	/* wakes closer together are one */

void
mqtt_say(struct mqtt *q, const struct outgoing *out)
{
	int rc;

	if (out->carrier != BY_MQTT || out->bytes.failed)
		return;
	rc = mosquitto_publish(q->m, NULL, out->where, (int)out->bytes.len, out->bytes.p, 1, false);
	/* Without a connection it is kept, and sent after the next one. */
	if (rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_NO_CONN) {
		q->outstanding++;
		atomic_fetch_add(&q->said, 1);
	} else
		log_warnx("mqtt: cannot publish to %s: %s", out->where, mosquitto_strerror(rc));
}

static void
chosen(void *arg, int rc, const struct err *e)
{
	struct mqtt *q = arg;

	if (rc < 0)
		log_warnx("mqtt: what is to be said: %s", e->text);
	q->dispatch_rc = rc;
	atomic_store(&q->dispatched, true);
	mqtt_poke(q);
}

static int
choose(struct tx *tx, void *arg, struct err *e)
{
	return core_dispatch(tx, arg, e);
}

static void
choose_done(void *arg, int rc, const struct err *e)
{
	struct dispatch *d = arg;

	chosen((char *)d - offsetof(struct mqtt, dispatch), rc, e);
}

void
say_begin(struct mqtt *q)
{
	struct err e = ERR_INIT;
	int64_t now = mqtt_now();
	int room = WINDOW - q->outstanding;

	if (q->dispatching || !q->connected || room < ROOM || now < q->dispatch_at)
		return;
	if (!atomic_exchange(&q->want_dispatch, false) && now < q->dispatch_at + IDLE_MS)
		return;
	if (q->dispatch.said == NULL) {
		q->dispatch.said = calloc(ROOM, sizeof(struct said));
		if (q->dispatch.said == NULL)
			return;
	}
	q->dispatch.carrier = BY_MQTT;
	q->dispatch.room = ROOM;
	q->dispatch.n = 0;
	atomic_store(&q->dispatched, false);
	q->dispatching = true;
	if (core_write(q->core, URGENT_STATUS, NULL, choose, choose_done, &q->dispatch, &e) < 0) {
		q->dispatching = false;
		q->dispatch_at = now + 1000;
	}
}

static const struct speaker *
speaker_of(const struct mqtt *q, const struct device *d)
{
	for (const struct speaker *s = q->speakers; s->ops != NULL; s++)
		if (strcmp(s->ops->family.name, d->dialect) == 0)
			return s;
	return NULL;
}

static int
word(const struct speaker *s, const struct said *said, struct outgoing *out, struct err *e)
{
	switch (said->what) {
	case SAY_OFFER:
		if (s->ops->offer == NULL)
			break;
		return s->ops->offer(s->self, &said->device, &said->answer, said->link, out, e);
	case SAY_CANCEL:
		if (s->ops->cancel == NULL)
			return 0;		/* this family cannot be told: its link is dead */
		return s->ops->cancel(s->self, &said->device, said->job, out, e);
	case SAY_CALL:
		if (s->ops->call == NULL)
			break;
		return s->ops->call(s->self, &said->device, &(struct call){ .id = said->call,
		    .method = said->method, .args = said->args }, out, e);
	}
	return err_set(e, ERR_INTERNAL, "%s cannot say that", s->ops->family.name);
}

void
say_end(struct mqtt *q)
{
	struct dispatch *d = &q->dispatch;

	for (int i = 0; i < d->n; i++) {
		const struct speaker *s = speaker_of(q, &d->said[i].device);
		struct outgoing out = { .carrier = BY_NOTHING };
		struct err e = ERR_INIT;

		if (q->dispatch_rc >= 0 && s != NULL) {
			if (word(s, &d->said[i], &out, &e) < 0)
				log_warnx("%s: %s", d->said[i].device.id, e.text);
			else
				mqtt_say(q, &out);
		}
		buf_free(&out.bytes);
		said_clear(&d->said[i]);
	}
	if (d->n == d->room)
		atomic_store(&q->want_dispatch, true);
	q->dispatch_at = mqtt_now() + (q->dispatch_rc < 0 ? 1000 : AGAIN_MS);
	d->n = 0;
	q->dispatching = false;
}
