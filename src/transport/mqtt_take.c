/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt_take.c - messages from devices.
 *
 * They come in batches: what one read brought is handled together, committed
 * together by the writer, and only then acknowledged together. A message that
 * can never be taken is journaled and acknowledged; one that could not be stored
 * leaves the whole batch with the broker. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mqtt_priv.h"
#include "otad/auto.h"
#include "otad/digest.h"
#include "otad/log.h"

/* ---- which handler ---- */

static const struct topic *
find_topic(const struct mqtt *q, const char *where, struct exchange *x)
{
	for (const struct speaker *s = q->speakers; s->ops != NULL; s++)
		for (const struct topic *t = s->ops->topics; t != NULL && t->pattern != NULL; t++)
			if (route_match(t->pattern, where, x->rq.params)) {
				x->self = s->self;
				return t;
			}
	return NULL;
}

/* "node/{id}/config" is subscribed as "node/+/config". */
static void
filter_of(const char *pattern, char ret[256])
{
	size_t n = 0;

	for (const char *p = pattern; *p != '\0' && n < 255; p++) {
		if (*p == '{') {
			ret[n++] = '+';
			p = strchr(p, '}');
			if (p == NULL)
				break;
		} else {
			ret[n++] = *p;
		}
	}
	ret[n] = '\0';
}

int
take_subscribe(struct mqtt *q)
{
	for (const struct speaker *s = q->speakers; s->ops != NULL; s++)
		for (const struct topic *t = s->ops->topics; t != NULL && t->pattern != NULL; t++) {
			char filter[256];
			int rc;

			filter_of(t->pattern, filter);
			rc = mosquitto_subscribe(q->m, NULL, filter, t->qos);
			if (rc != MOSQ_ERR_SUCCESS) {
				log_warnx("mqtt: cannot subscribe %s: %s", filter,
				    mosquitto_strerror(rc));
				return -1;
			}
		}
	return 0;
}

/* ---- floods ---- */

/* A bucket is shared by the devices whose ids fall into it; that is fair enough. */
static bool
floods(struct mqtt *q, const char *id)
{
	uint64_t h = siphash(q->hash_key, id, strlen(id));
	struct bucket *b = &q->buckets[h % FLOOD_BUCKETS];
	int64_t now = mqtt_now();
	int64_t more = (now - b->at_ms) * FLOOD_PER_S / 1000;

	if (b->at_ms == 0 || b->tokens + more >= FLOOD_BURST) {
		b->tokens = FLOOD_BURST;
		b->at_ms = now;
		b->told = false;
	} else if (more > 0) {
		b->tokens += (uint32_t)more;
		b->at_ms = now;
	}
	if (b->tokens > 0) {
		b->tokens--;
		return false;
	}
	if (!b->told)
		log_warnx("%.64s: sends more than %d messages a second: the rest is passed over",
		    id, FLOOD_PER_S);
	b->told = true;
	return true;
}

/* ---- reading ---- */

static void
pass_over(struct mqtt *q, const char *where, const char *why)
{
	char quoted[120];

	atomic_fetch_add(&q->passed_over, 1);
	log_info("mqtt: passed over a message on %s: %s",
	    log_quote(quoted, sizeof(quoted), where), why);
}

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

/* Not zeroed as a whole: a reply's headers are most of it, and nobody reads them. */
static struct message *
message_new(struct mqtt *q, const struct mosquitto_message *mm)
{
	struct message *m = malloc(sizeof(*m));

	if (m == NULL)
		return NULL;
	memset(&m->x.rq, 0, sizeof(m->x.rq));
	memset(&m->x.actor, 0, sizeof(m->x.actor));
	m->x.rep.body = (struct buf)BUF_INIT;
	m->x.rep.transfer = NULL;
	reply_clear(&m->x.rep);
	m->x.route = NULL;
	m->x.core = q->core;
	m->x.health = q->health;
	m->x.state = NULL;
	m->x.state_free = NULL;
	memset(m->x.out, 0, sizeof(m->x.out));	/* a handler grows their buffers */
	m->x.nout = 0;
	m->x.wake = NULL;
	m->mqtt = q;
	m->rc = 0;
	m->e = (struct err)ERR_INIT;
	m->next = NULL;
	m->where = strdup(mm->topic);
	m->payload = malloc((size_t)mm->payloadlen + 1);
	if (m->where == NULL || m->payload == NULL) {
		free(m->where);
		free(m->payload);
		free(m);
		return NULL;
	}
	if (mm->payloadlen > 0)
		memcpy(m->payload, mm->payload, (size_t)mm->payloadlen);
	m->payload[mm->payloadlen] = '\0';
	m->x.rq.method = M_OTHER;
	m->x.rq.path = m->where;
	m->x.rq.address = m->x.rq.base = m->x.rq.body_type = "";
	m->x.rq.body = m->payload;
	m->x.rq.body_len = (size_t)mm->payloadlen;
	m->x.rq.header_ = m->x.rq.query_ = no_header;
	m->x.rq.count_ = no_count;
	m->x.actor.role = ROLE_DEVICE;
	return m;
}

static void
message_free(struct message *m)
{
	if (m->x.state_free != NULL)
		m->x.state_free(m->x.state);
	for (int i = 0; i < m->x.nout; i++)
		buf_free(&m->x.out[i].bytes);
	reply_clear(&m->x.rep);
	free(m->where);
	free(m->payload);
	free(m);
}

void
take_message(struct mosquitto *mosq, void *mqtt, const struct mosquitto_message *mm)
{
	struct mqtt *q = mqtt;
	struct message *m;

	(void)mosq;
	if (mm->payloadlen > PAYLOAD_MAX) {
		pass_over(q, mm->topic, "too large");
		return;
	}
	if (mm->retain) {
		pass_over(q, mm->topic, "retained, so nobody said it now");
		return;
	}
	if ((m = message_new(q, mm)) == NULL) {
		q->lost = true;			/* the batch has failed, nothing is acknowledged */
		return;
	}
	m->topic = find_topic(q, m->where, &m->x);
	if (m->topic == NULL)
		pass_over(q, mm->topic, "nobody here listens to that");
	else if (floods(q, mm->topic))
		atomic_fetch_add(&q->flooded, 1);
	else {
		*q->batch_end = m;
		q->batch_end = &m->next;
		q->nbatch++;
		return;
	}
	message_free(m);
}

/* ---- handling ---- */

static int
run_read(struct tx *tx, void *arg, struct err *e)
{
	struct message *m = arg;

	return m->topic->read(tx, &m->x, e);
}

static int
run_write(struct tx *tx, void *arg, struct err *e)
{
	struct message *m = arg;

	for (int i = 0; i < m->x.nout; i++)	/* of a run that was lost */
		buf_free(&m->x.out[i].bytes);
	m->x.nout = 0;
	return m->topic->write(tx, &m->x, e);
}

static void
handled(struct message *m, int rc, const struct err *e)
{
	m->rc = rc;
	if (rc < 0)
		m->e = *e;
	if (atomic_fetch_sub(&m->mqtt->pending, 1) == 1)
		mqtt_poke(m->mqtt);
}

static void
written(void *arg, int rc, const struct err *e)
{
	handled(arg, rc, e);
}

static void
handle(struct mqtt *q, struct message *m)
{
	struct err e = ERR_INIT;
	int rc = CALL_WRITE;

	if (m->topic->read != NULL)
		rc = core_read(q->core, &m->x.actor, run_read, m, &e);
	if (rc == CALL_WRITE && (rc = core_write(q->core, m->topic->urgency, &m->x.actor,
	    run_write, written, m, &e)) == 0)
		return;
	handled(m, rc, &e);
}

void
take_begin(struct mqtt *q)
{
	q->busy = true;
	atomic_store(&q->pending, q->nbatch + 1);
	for (struct message *m = q->batch; m != NULL; m = m->next)
		handle(q, m);
	if (atomic_fetch_sub(&q->pending, 1) == 1)
		mqtt_poke(q);
}

static bool
may_come_again(const struct message *m)
{
	return m->rc < 0 && (m->e.code == ERR_STORE || m->e.code == ERR_BUSY ||
	    m->e.code == ERR_FULL || m->e.code == ERR_INTERNAL);
}

bool
take_end(struct mqtt *q)
{
	bool stored = !q->lost;

	for (struct message *m = q->batch; m != NULL; m = m->next) {
		if (may_come_again(m)) {
			log_warnx("mqtt: a message on %s is not stored: %s", m->where, m->e.text);
			stored = false;
		} else if (m->rc < 0)
			pass_over(q, m->where, m->e.text);
	}
	for (struct message *m = q->batch; m != NULL && stored; m = m->next) {
		atomic_fetch_add(&q->taken, 1);
		for (int i = 0; m->rc >= 0 && i < m->x.nout; i++)
			mqtt_say(q, &m->x.out[i]);
	}
	take_drop(q);
	return stored;
}

void
take_drop(struct mqtt *q)
{
	while (q->batch != NULL) {
		struct message *m = q->batch;

		q->batch = m->next;
		message_free(m);
	}
	q->batch_end = &q->batch;
	q->nbatch = 0;
	q->busy = q->lost = false;
}
