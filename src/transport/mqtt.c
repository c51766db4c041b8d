/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt.c - the connection's thread.
 *
 * One loop over epoll, libmosquitto's read and write called by hand: its own
 * loop uses pselect, which a descriptor of 1024 or more ends, and acknowledges
 * before the handler has run. The order here is the point: read a batch, wait
 * for its commit, write. While a batch waits nothing is read and nothing is
 * written, so a busy writer holds back the broker, and the broker its clients. */
#include "mqtt_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/digest.h"
#include "otad/health.h"
#include "otad/log.h"

#define KEEPALIVE_S	20
#define BACKOFF_MIN_MS	500
#define BACKOFF_MAX_MS	30000
#define OVERFULL	(4 * WINDOW)	/* answers pile up: read no more questions */

int64_t
mqtt_now(void)
{
	return clock_boot_ms(NULL);
}

void
mqtt_poke(void *mqtt)
{
	struct mqtt *q = mqtt;
	uint64_t one = 1;

	(void)!write(q->wake, &one, sizeof(one));	/* full: it is awake already */
}

static void
something_to_say(void *mqtt)
{
	struct mqtt *q = mqtt;

	if (!atomic_exchange(&q->want_dispatch, true))
		mqtt_poke(q);
}

/* ---- the socket ---- */

static void
watch(struct mqtt *q, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int fd = q->m != NULL ? mosquitto_socket(q->m) : -1;

	if (fd == q->fd && events == q->watching)
		return;
	ev.data.fd = fd;
	if (fd != q->fd) {
		/* A closed descriptor left the set by itself. */
		if (fd >= 0 && epoll_ctl(q->epoll, EPOLL_CTL_ADD, fd, &ev) < 0 && errno == EEXIST)
			epoll_ctl(q->epoll, EPOLL_CTL_MOD, fd, &ev);
	} else if (fd >= 0)
		epoll_ctl(q->epoll, EPOLL_CTL_MOD, fd, &ev);
	q->fd = fd;
	q->watching = events;
}

static void
retry_later(struct mqtt *q, const char *why)
{
	uint32_t jitter;
	bool was = q->connected;

	random_bytes(&jitter, sizeof(jitter));
	q->connected = false;
	atomic_store(&q->connected_shown, false);
	q->fd = -1;
	q->connect_at = mqtt_now() + q->backoff_ms / 2 + jitter % (uint32_t)q->backoff_ms;
	if (was || q->backoff_ms == BACKOFF_MIN_MS)
		log_warnx("mqtt: no connection to %s:%d: %s", q->host, q->port, why);
	q->backoff_ms = q->backoff_ms * 2 < BACKOFF_MAX_MS ? q->backoff_ms * 2 : BACKOFF_MAX_MS;
	health_set(q->health, "mqtt", false, why);
}

/* Away without a word: nothing that waits in its queue is acknowledged. */
static void
hang_up(struct mqtt *q, const char *why)
{
	mosquitto_destroy(q->m);
	q->m = NULL;
	q->outstanding = 0;
	retry_later(q, why);
}

static void
on_connect(struct mosquitto *m, void *mqtt, int rc)
{
	struct mqtt *q = mqtt;

	(void)m;
	if (rc != 0) {
		log_warnx("mqtt: the broker refuses us: %s", mosquitto_connack_string(rc));
		health_set(q->health, "mqtt", false, mosquitto_connack_string(rc));
		return;
	}
	q->connected = true;
	atomic_store(&q->connected_shown, true);
	q->backoff_ms = BACKOFF_MIN_MS;
	atomic_store(&q->want_dispatch, true);
	log_info("mqtt: connected to %s:%d", q->host, q->port);
	if (take_subscribe(q) == 0)
		health_set(q->health, "mqtt", true, "");
	else
		health_set(q->health, "mqtt", false, "cannot subscribe");
}

static void
on_publish(struct mosquitto *m, void *mqtt, int mid)
{
	struct mqtt *q = mqtt;

	(void)m;
	(void)mid;
	if (q->outstanding > 0)
		q->outstanding--;
}

static void
connect_now(struct mqtt *q)
{
	struct err e = ERR_INIT;
	bool again = q->m != NULL;
	int rc;

	if (!again && (q->m = mqtt_session(q, &e)) == NULL) {
		retry_later(q, e.text);
		return;
	}
	if (!again) {
		mosquitto_connect_callback_set(q->m, on_connect);
		mosquitto_publish_callback_set(q->m, on_publish);
		mosquitto_message_callback_set(q->m, take_message);
	}
	rc = again ? mosquitto_reconnect_async(q->m) :
	    mosquitto_connect_async(q->m, q->host, q->port, KEEPALIVE_S);
	if (rc != MOSQ_ERR_SUCCESS)
		retry_later(q, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
	else
		q->connect_at = INT64_MAX;
}

/* What a call of the library said: false, the connection is gone. */
static bool
lives(struct mqtt *q, int rc)
{
	if (rc == MOSQ_ERR_SUCCESS || mosquitto_socket(q->m) >= 0)
		return true;
	retry_later(q, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
	return false;
}

/* ---- one turn ---- */

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN;
}

static void
read_batch(struct mqtt *q)
{
	bool alive;

	do
		alive = lives(q, mosquitto_loop_read(q->m, 1));
	while (alive && q->nbatch < BATCH_MAX && readable(mosquitto_socket(q->m)));
	if (q->nbatch > 0 || q->lost)
		take_begin(q);
}

/* The batch is committed: now its acknowledgements may go. */
static void
end_batch(struct mqtt *q)
{
	if (atomic_load(&q->pending) > 0)
		return;
	if (!take_end(q) && q->m != NULL)
		hang_up(q, "a message could not be stored; the broker keeps it");
}

static void
turn(struct mqtt *q, uint32_t events)
{
	int64_t now = mqtt_now();

	if (q->busy)
		end_batch(q);
	if (q->dispatching && atomic_load(&q->dispatched))
		say_end(q);
	if (q->fd < 0 && now >= q->connect_at && !q->busy && !atomic_load(&q->stopping))
		connect_now(q);
	if (q->m == NULL || mosquitto_socket(q->m) < 0)
		return;
	if (!q->busy && events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !atomic_load(&q->stopping))
		read_batch(q);
	if (mosquitto_socket(q->m) >= 0)
		say_begin(q);
	if (!q->busy && mosquitto_socket(q->m) >= 0 && mosquitto_want_write(q->m))
		lives(q, mosquitto_loop_write(q->m, 1));
	if (now >= q->misc_at && !q->busy && mosquitto_socket(q->m) >= 0) {
		q->misc_at = now + 1000;
		lives(q, mosquitto_loop_misc(q->m));
	}
}

static uint32_t
wanted(const struct mqtt *q)
{
	uint32_t events = 0;

	if (q->m == NULL || q->busy)
		return 0;
	if (q->outstanding < OVERFULL)
		events |= EPOLLIN;
	if (mosquitto_want_write(q->m))
		events |= EPOLLOUT;
	return events;
}

static bool
finished(const struct mqtt *q)
{
	return atomic_load(&q->stopping) && !q->busy && !q->dispatching;
}

static void *
run(void *mqtt)
{
	struct mqtt *q = mqtt;
	uint32_t events = 0;

	while (!finished(q)) {
		struct epoll_event evs[2];
		uint64_t count;
		int n;

		turn(q, events);
		atomic_store(&q->outstanding_shown, (uint64_t)q->outstanding);
		watch(q, wanted(q));
		if (finished(q))
			break;
		n = epoll_wait(q->epoll, evs, 2, 200);
		events = 0;
		for (int i = 0; i < n; i++) {
			if (evs[i].data.fd == q->wake)
				(void)!read(q->wake, &count, sizeof(count));
			else
				events |= evs[i].events;
		}
	}
	if (q->m != NULL && q->connected) {
		mosquitto_loop_write(q->m, 1);
		mosquitto_disconnect(q->m);
		mosquitto_loop_write(q->m, 1);
	}
	return NULL;
}

/* ---- life ---- */

static int
read_password(struct mqtt *q, struct err *e)
{
	const char *path = q->settings.password_file;
	char line[512];
	FILE *f;

	if (path[0] == '\0')
		return 0;
	if ((f = fopen(path, "re")) == NULL)
		return err_errno(e, ERR_INTERNAL, "mqtt password file %s", path);
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		return err_set(e, ERR_INVALID, "mqtt password file %s is empty", path);
	q->password = strdup(line);
	return q->password != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

static int
open_loop(struct mqtt *q, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	q->epoll = epoll_create1(EPOLL_CLOEXEC);
	q->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ev.data.fd = q->wake;
	if (q->epoll < 0 || q->wake < 0 || epoll_ctl(q->epoll, EPOLL_CTL_ADD, q->wake, &ev) < 0)
		return err_errno(e, ERR_INTERNAL, "mqtt loop");
	return 0;
}

struct mqtt *
mqtt_new(const struct mqtt_settings *s, struct core *core, struct health *health,
    const struct speaker *speakers, struct err *e)
{
	struct mqtt *q = calloc(1, sizeof(*q));
	struct mosquitto *try;

	if (q == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	mosquitto_lib_init();
	q->settings = *s;
	q->core = core;
	q->health = health;
	q->speakers = speakers;
	q->epoll = q->wake = q->fd = -1;
	q->backoff_ms = BACKOFF_MIN_MS;
	q->batch_end = &q->batch;
	random_bytes(q->hash_key, sizeof(q->hash_key));
	if (mqtt_address(q, s->url, e) < 0 || read_password(q, e) < 0 || open_loop(q, e) < 0 ||
	    (try = mqtt_session(q, e)) == NULL) {
		mqtt_free(q);
		return NULL;
	}
	mosquitto_destroy(try);			/* only to hear of bad files now */
	health_set(health, "mqtt", false, "not connected yet");
	return q;
}

int
mqtt_start(struct mqtt *q, struct err *e)
{
	core_on_saying(q->core, BY_MQTT, something_to_say, q);
	errno = pthread_create(&q->thread, NULL, run, q);
	if (errno != 0) {
		core_on_saying(q->core, BY_MQTT, NULL, NULL);
		return err_errno(e, ERR_INTERNAL, "cannot start the MQTT thread");
	}
	q->started = true;
	return 0;
}

void
mqtt_stop(struct mqtt *q)
{
	if (!q->started)
		return;
	core_on_saying(q->core, BY_MQTT, NULL, NULL);
	atomic_store(&q->stopping, true);
	mqtt_poke(q);
	pthread_join(q->thread, NULL);
	q->started = false;
}

void
mqtt_free(struct mqtt *q)
{
	if (q == NULL)
		return;
	mqtt_stop(q);
	take_drop(q);
	if (q->m != NULL)
		mosquitto_destroy(q->m);
	if (q->epoll >= 0)
		close(q->epoll);
	if (q->wake >= 0)
		close(q->wake);
	free(q->dispatch.said);
	free(q->password);
	free(q);
	mosquitto_lib_cleanup();
}

void
mqtt_figures(struct mqtt *q, struct mqtt_figures *ret)
{
	*ret = (struct mqtt_figures){ .connected = q->connected_shown, .taken = q->taken,
	    .passed_over = q->passed_over, .flooded = q->flooded, .said = q->said,
	    .outstanding = q->outstanding_shown };
}
