/* SPDX-License-Identifier: Apache-2.0
 *
 * http_after.c - what libmicrohttpd cannot tell or does not care for, done on one
 * thread that sleeps while there is nothing to look at:
 *
 *   deliveries  "sent" means that the kernel took the bytes. An image counts as
 *               delivered when the client's side acknowledged the last of them,
 *               so a duplicate of the socket is kept until then;
 *   lingering   closing a socket with unread bytes sends a reset, which may
 *               overtake our refusal: what still comes is read away for a while;
 *   deadlines   of all connections, see http_link.c.
 *
 * Only this thread tells the core of transfers, and never under the lock. */
#include "http_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "otad/log.h"

#define ROUND_MS	1000	/* deadlines, and progress of what is being sent */
#define HURRY_MS	20	/* while something is about to end … */
#define CALM_MS		100	/* … and when it did not in the first HURRY_FOR_MS */
#define HURRY_FOR_MS	500
#define STALLED_MS	130000	/* nothing acknowledged for so long: broken */

#define LINGER_MS	2000
#define LINGER_BYTES	(16u << 20)
#define LINGERS_MAX	128

enum phase { SENDING, FINISHING, ENDED };

struct delivery {
	struct delivery	*next;
	struct transfer	*transfer;
	struct link	*link;		/* NULL: closed, fd has the socket */
	int		fd;		/* our duplicate, -1 while SENDING */
	enum phase	phase;
	enum transfer_end end;		/* ENDED */
	uint64_t	bytes;		/* of the body */
	uint64_t	before;		/* acknowledged and queued when it began */
	uint64_t	until;		/* FINISHING: acknowledged when all is */
	uint64_t	acked;		/* last seen */
	int64_t		moved_ms, finishing_ms;
};

struct leftover {
	struct leftover	*next;
	int		fd;
	int64_t		until_ms;
	size_t		bytes;
};

/* Bytes of this connection that the other side has acknowledged, and those that
 * wait for it. Of a closed socket the figures stand still. */
static int
look(int fd, uint64_t *acked, int *ret_queued, bool *ret_closed)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 ||
	    ioctl(fd, SIOCOUTQ, ret_queued) != 0)
		return -1;
	*acked = info.tcpi_bytes_acked;
	*ret_closed = info.tcpi_state == 7;	/* TCP_CLOSE */
	return 0;
}

/* ---- what the network threads say ---- */

/* Locked. */
static void
hurry(struct http *h)
{
	if (!h->hurry)
		pthread_cond_signal(&h->wake);
	h->hurry = true;
}

void
delivery_begin(struct call *call, uint64_t bytes)
{
	struct delivery *d = calloc(1, sizeof(*d));
	struct http *h = call->http;
	bool closed;
	int queued = 0;

	if (d == NULL)
		return;		/* reply_clear() tells the core: unsent */
	d->transfer = TAKE(call->x.rep.transfer);
	d->link = call->link;
	d->fd = -1;
	d->bytes = bytes;
	d->moved_ms = http_now();
	if (look(call->link->fd, &d->before, &queued, &closed) == 0)
		d->before += (uint64_t)queued;
	d->acked = d->before;
	call->delivery = d;
	pthread_mutex_lock(&h->lock);
	d->next = h->deliveries;
	h->deliveries = d;
	call->link->deliveries++;
	pthread_mutex_unlock(&h->lock);
}

/* Everything is in the kernel: from here on the socket is ours too. */
static void
finish(struct delivery *d)
{
	bool closed;
	int queued;

	d->fd = fcntl(d->link->fd, F_DUPFD_CLOEXEC, 0);
	d->finishing_ms = d->moved_ms = http_now();
	d->phase = FINISHING;
	if (d->fd >= 0 && look(d->fd, &d->until, &queued, &closed) == 0) {
		d->until += (uint64_t)queued;
		return;
	}
	log_warn("%s: cannot follow a download to its end", d->link->address);
	d->phase = ENDED;
	d->end = TRANSFER_BROKEN;
}

void
delivery_written(struct call *call, enum MHD_RequestTerminationCode why)
{
	struct delivery *d = TAKE(call->delivery);
	struct http *h = call->http;

	pthread_mutex_lock(&h->lock);
	if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		finish(d);
	} else {
		d->phase = ENDED;
		d->end = why == MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN ? TRANSFER_UNSENT :
		    TRANSFER_BROKEN;
	}
	hurry(h);
	pthread_mutex_unlock(&h->lock);
}

/* Locked. More may be coming that nobody will read? */
static void
linger(struct http *h, struct link *l)
{
	struct leftover *g;
	int unread = 0;

	if (l->cut || (!l->linger && (ioctl(l->fd, FIONREAD, &unread) != 0 || unread == 0)))
		return;
	if (h->nlingers == LINGERS_MAX || !h->watching || (g = calloc(1, sizeof(*g))) == NULL)
		return;
	g->fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
	if (g->fd < 0) {
		free(g);
		return;
	}
	shutdown(g->fd, SHUT_WR);
	g->until_ms = http_now() + LINGER_MS;
	g->next = h->lingers;
	h->lingers = g;
	h->nlingers++;
	hurry(h);
}

/* Locked. Our duplicate must not hold back the end that the client waits for. */
void
after_close(struct link *l)
{
	struct http *h = l->listener->http;
	struct delivery *d;

	for (d = l->deliveries != 0 ? h->deliveries : NULL; d != NULL; d = d->next) {
		if (d->link != l)
			continue;
		if (d->fd >= 0)
			shutdown(d->fd, SHUT_WR);
		d->link = NULL;
	}
	linger(h, l);
}

/* ---- the thread ---- */

/* Locked. Where does it stand? */
static void
judge(struct delivery *d, int64_t now)
{
	uint64_t acked;
	bool closed;
	int queued;

	if (d->phase == ENDED)
		return;
	if (look(d->phase == SENDING ? d->link->fd : d->fd, &acked, &queued, &closed) != 0)
		return;
	if (acked > d->acked) {
		d->acked = acked;
		d->moved_ms = now;
	}
	if (d->phase == SENDING)
		return;
	if (acked < d->until && queued > 0 && !closed && now - d->moved_ms < STALLED_MS)
		return;
	d->phase = ENDED;
	d->end = acked >= d->until || queued == 0 ? TRANSFER_DELIVERED : TRANSFER_BROKEN;
}

/* Locked on entry and return, not while the core is told. Others only add in
 * front meanwhile, so the place in the list stays good. */
static void
tell(struct http *h, struct delivery *d, bool ended)
{
	uint64_t moved = d->acked - d->before;
	enum transfer_end end = d->end;

	pthread_mutex_unlock(&h->lock);
	if (ended)
		transfer_end(d->transfer, end);
	else
		transfer_moved(d->transfer, moved < d->bytes ? moved : d->bytes);
	pthread_mutex_lock(&h->lock);
}

static void
drop(struct http *h, struct delivery *d)
{
	struct delivery **p;

	for (p = &h->deliveries; *p != d; p = &(*p)->next)
		;
	*p = d->next;
	if (d->link != NULL)
		d->link->deliveries--;
	if (d->fd >= 0)
		close(d->fd);
	free(d);
	pthread_cond_broadcast(&h->changed);
}

static void
deliveries_round(struct http *h, bool all)
{
	struct delivery *d, *next;
	int64_t now = http_now();
	bool ended;

	for (d = h->deliveries; d != NULL; d = next) {
		judge(d, now);
		ended = d->phase == ENDED;
		if (ended || all)
			tell(h, d, ended);
		next = d->next;
		if (ended)
			drop(h, d);
	}
}

/* True: let go of it. */
static bool
read_away(struct leftover *g, int64_t now)
{
	char trash[16384];
	ssize_t n;

	while ((n = recv(g->fd, trash, sizeof(trash), MSG_DONTWAIT)) > 0) {
		g->bytes += (size_t)n;
		if (g->bytes > LINGER_BYTES)
			return true;
	}
	return n == 0 || (errno != EAGAIN && errno != EINTR) || now > g->until_ms;
}

static void
lingers_round(struct http *h)
{
	struct leftover **p = &h->lingers, *g;
	int64_t now = http_now();

	while ((g = *p) != NULL) {
		if (!read_away(g, now)) {
			p = &g->next;
			continue;
		}
		*p = g->next;
		h->nlingers--;
		close(g->fd);
		free(g);
	}
}

/* How long may the thread sleep? */
static int
pause_ms(const struct http *h, int64_t now)
{
	const struct delivery *d;
	int ms = h->lingers != NULL ? HURRY_MS : ROUND_MS;

	for (d = h->deliveries; d != NULL; d = d->next) {
		if (d->phase == ENDED)
			return 0;
		if (d->phase == SENDING)
			continue;
		if (now - d->finishing_ms < HURRY_FOR_MS)
			return HURRY_MS;
		ms = ms < CALM_MS ? ms : CALM_MS;
	}
	return ms;
}

static void *
watch(void *arg)
{
	struct http *h = arg;
	int64_t round_ms = http_now(), now;
	int pause;
	bool all;

	pthread_mutex_lock(&h->lock);
	while (!h->quit) {
		now = http_now();
		all = now - round_ms >= ROUND_MS;
		if (all) {
			round_ms = now;
			links_cut_late(h);
		}
		deliveries_round(h, all);
		lingers_round(h);
		pause = pause_ms(h, now);
		h->hurry = pause < ROUND_MS;	/* awake soon enough without a signal */
		if (!h->quit)
			http_wait(h, &h->wake, pause);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

int
after_start(struct http *h, struct err *e)
{
	errno = pthread_create(&h->watcher, NULL, watch, h);
	if (errno != 0)
		return err_errno(e, ERR_INTERNAL, "thread");
	h->watching = true;
	return 0;
}

/* No connection is left: what nobody acknowledged yet will not count. */
void
after_stop(struct http *h)
{
	struct leftover *g, *next;
	struct delivery *d;

	if (!h->watching)
		return;
	pthread_mutex_lock(&h->lock);
	h->quit = true;
	pthread_cond_signal(&h->wake);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->watcher, NULL);
	h->watching = false;
	pthread_mutex_lock(&h->lock);
	for (d = h->deliveries; d != NULL; d = d->next) {
		judge(d, http_now());
		if (d->phase != ENDED)
			d->end = TRANSFER_UNSENT;
		d->phase = ENDED;
	}
	deliveries_round(h, true);
	for (g = h->lingers; g != NULL; g = next) {
		next = g->next;
		close(g->fd);
		free(g);
	}
	h->lingers = NULL;
	pthread_mutex_unlock(&h->lock);
}
