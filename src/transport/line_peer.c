/* SPDX-License-Identifier: Apache-2.0
 *
 * line_peer.c - connections: bytes in, lines out of them; messages, bytes to the
 * socket. A connection handles one line at a time and is not read meanwhile, so a
 * device that sends faster than it is answered holds up only itself. */
#include "line_priv.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "otad/log.h"

#define ACCEPTS_MAX	64	/* in one go, so that others have their turn */
#define DEAF_MS		200	/* without descriptors, nobody is accepted so long */
#define IN_MAX		(2 * LINE_HEAR_MAX)
#define TLS_SAY_MAX	1024	/* one record, which is what such a device takes */

/* ---- lists ---- */

static void
list_remove(struct peers *l, struct peer *p)
{
	*(p->prev != NULL ? &p->prev->next : &l->first) = p->next;
	*(p->next != NULL ? &p->next->prev : &l->last) = p->prev;
}

static void
list_append(struct peers *l, struct peer *p)
{
	p->next = NULL;
	p->prev = l->last;
	*(l->last != NULL ? &l->last->next : &l->first) = p;
	l->last = p;
}

static struct peers *
list_of(const struct peer *p)
{
	return p->greeted ? &p->lines->heard : &p->lines->hello;
}

static struct peer **
bucket(struct lines *l, const char *name)
{
	return &l->buckets[siphash(l->hash_key, name, strlen(name)) & (l->nbuckets - 1)];
}

struct peer *
peer_find(struct lines *l, const char *name, const struct peer *after)
{
	struct peer *p = after != NULL ? after->same : *bucket(l, name);

	while (p != NULL && strcmp(p->name, name) != 0)
		p = p->same;
	return p;
}

static void
forget_name(struct peer *p)
{
	struct peer **at;

	if (p->name == NULL)
		return;
	for (at = bucket(p->lines, p->name); *at != p; at = &(*at)->same)
		;
	*at = p->same;
	free(p->name);
	p->name = NULL;
	p->lines->known--;
}

int
peer_name(struct peer *p, const char *name)
{
	struct peer *old, **at;

	if (p->name != NULL && strcmp(p->name, name) == 0)
		return 0;
	forget_name(p);
	while (name[0] != '/' && (old = peer_find(p->lines, name, NULL)) != NULL) {
		forget_name(old);		/* not its last connection */
		peer_cut(old, "another connection of it took over");
	}
	p->name = strdup(name);
	if (p->name == NULL)
		return -1;
	at = bucket(p->lines, name);
	p->same = *at;
	*at = p;
	p->lines->known++;
	return 0;
}

/* ---- the socket ---- */

static void
watch(struct peer *p, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = p };

	if (events == p->watching)
		return;
	epoll_ctl(p->lines->epoll, EPOLL_CTL_MOD, p->fd, &ev);
	p->watching = events;
}

/* Its end is noticed also while it is not read. */
static void
watch_idle(struct peer *p)
{
	watch(p, (p->call == NULL && !p->parked ? EPOLLIN : 0) | EPOLLRDHUP);
}

void
peer_cut(struct peer *p, const char *why)
{
	struct lines *l = p->lines;

	if (p->fd == -1)
		return;
	log_debug("%s: %s: hung up: %s", p->address, p->name != NULL ? p->name : "line", why);
	if (p->ssl != NULL && !p->shaking)
		SSL_shutdown(p->ssl);
	SSL_free(p->ssl);
	p->ssl = NULL;
	close(p->fd);				/* leaves epoll with it */
	p->fd = -1;
	list_remove(list_of(p), p);
	l->n--;
	while (p->out != NULL) {
		struct letter *letter = p->out;

		p->out = letter->next;
		free(letter);
	}
	buf_free(&p->in);
	if (p->name != NULL) {
		char name[DEVICE_ID_MAX];

		snprintf(name, sizeof(name), "%s", p->name);
		forget_name(p);
		if (peer_find(l, name, NULL) == NULL)
			take_leave(l, name);
	}
	p->next = l->dead;
	l->dead = p;
}

void
peers_bury(struct lines *l)
{
	struct peer **at = &l->dead, *p;

	while ((p = *at) != NULL) {
		if (p->call != NULL || p->waiting || p->parked) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p);
	}
}

static void
cut_before(struct lines *l, struct peers *list, int64_t before, const char *why)
{
	(void)l;
	while (list->first != NULL && list->first->silent_ms < before)
		peer_cut(list->first, why);
}

void
peer_cut_silent(struct lines *l)
{
	int64_t now = lines_now();

	cut_before(l, &l->hello, now - HELLO_MS, "it says nothing");
	cut_before(l, &l->heard, now - SILENCE_MS, "silent");
}

/* ---- accepting ---- */

static void
set_up(struct peer *p, struct gate *g, const struct sockaddr *from)
{
	char address[ADDRESS_MAX];
	int one = 1;

	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	snprintf(p->address, sizeof(p->address), "%.45s", http_address_text(from, false, address));
	p->lines = g->lines;
	p->out_end = &p->out;
	p->in.limit = IN_MAX;
	p->silent_ms = lines_now();
	list_append(&g->lines->hello, p);
	g->lines->n++;
}

/* Everything is asked of epoll by watch(): here it only learns of the socket. */
static bool
enlisted(const struct peer *p)
{
	struct epoll_event ev = { .events = 0, .data.ptr = (void *)(uintptr_t)p };

	return epoll_ctl(p->lines->epoll, EPOLL_CTL_ADD, p->fd, &ev) == 0;
}

static void
accepted(struct gate *g, int fd, const struct sockaddr *from)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		close(fd);
		return;
	}
	p->fd = fd;
	set_up(p, g, from);
	if (g->tls != NULL) {
		p->shaking = true;
		p->ssl = line_tls_accept(g->tls, fd);
		if (p->ssl == NULL) {
			peer_cut(p, "out of memory");
			return;
		}
	}
	if (enlisted(p))
		watch_idle(p);
	else
		peer_cut(p, "out of memory");
}

void
peer_accept(struct gate *g)
{
	struct lines *l = g->lines;
	struct sockaddr_storage from;
	socklen_t n;
	int fd;

	for (int i = 0; i < ACCEPTS_MAX; i++) {
		n = sizeof(from);
		fd = l->n < l->max ? accept4(g->fd, (struct sockaddr *)&from, &n,
		    SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
		if (fd >= 0) {
			accepted(g, fd, (struct sockaddr *)&from);
			continue;
		}
		if (l->n < l->max && (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR))
			return;
		l->deaf_until = lines_now() + DEAF_MS;	/* they wait in the backlog */
		return;
	}
}

/* ---- reading ---- */

static bool
floods(struct peer *p)
{
	uint32_t now = (uint32_t)(lines_now() / 1000);

	if (p->flood_s != now) {
		p->flood_s = now;
		p->flood = 0;
	}
	return ++p->flood > FLOOD_PER_S;
}

static void
hear(struct peer *p, const char *line, size_t len)
{
	list_remove(list_of(p), p);
	p->greeted = true;
	p->silent_ms = lines_now();
	list_append(list_of(p), p);
	if (len > LINE_HEAR_MAX)
		peer_cut(p, "a line of too many bytes");
	else if (floods(p))
		peer_cut(p, "too many lines in a second");
	else if (len > 0)
		take_line(p, line, len);
}

/* Hand on whole lines, as long as none of them keeps it busy. */
static void
hear_all(struct peer *p)
{
	size_t at = 0;
	char *end;

	while (p->fd != -1 && p->call == NULL && !p->parked && !p->closing && at < p->in.len &&
	    (end = memchr(p->in.p + at, '\n', p->in.len - at)) != NULL) {
		char *line = p->in.p + at;
		size_t len = (size_t)(end - line);

		at += len + 1;
		hear(p, line, len > 0 && line[len - 1] == '\r' ? len - 1 : len);
	}
	if (p->fd == -1)
		return;
	if (at == p->in.len) {
		size_t limit = p->in.limit;

		buf_free(&p->in);		/* idle, it holds nothing */
		p->in.limit = limit;
	} else if (at > 0) {
		memmove(p->in.p, p->in.p + at, p->in.len - at);
		p->in.len -= at;
		p->in.p[p->in.len] = '\0';
	}
	if (p->in.len > LINE_HEAR_MAX && memchr(p->in.p, '\n', p->in.len) == NULL)
		peer_cut(p, "a line of too many bytes");
}

static void
read_some(struct peer *p)
{
	struct lines *l = p->lines;
	size_t n;

	/* TLS may hold bytes that epoll cannot see: until it wants more. */
	while (p->fd != -1 && p->call == NULL && !p->parked && !p->closing) {
		enum line_io io = line_recv(p, l->room, sizeof(l->room), &n);

		if (io == LINE_IO_END) {
			peer_cut(p, "closed by the other side");
			return;
		}
		if (io != LINE_IO_OK)
			break;
		buf_add(&p->in, l->room, n);
		if (p->in.failed) {
			peer_cut(p, "more than it is heard");
			return;
		}
		hear_all(p);
		if (p->ssl == NULL)
			break;
	}
}

void
peer_ready(struct peer *p, uint32_t events)
{
	if (p->fd == -1)
		return;
	if (p->shaking) {
		switch (line_tls_shake(p->ssl)) {
		case LINE_IO_OK:
			p->shaking = false;
			break;
		case LINE_IO_READ:
			watch(p, EPOLLIN | EPOLLRDHUP);
			return;
		case LINE_IO_WRITE:
			watch(p, EPOLLOUT | EPOLLRDHUP);
			return;
		case LINE_IO_END:
			peer_cut(p, "no handshake");
			return;
		}
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		peer_cut(p, "closed by the other side");
		return;
	}
	if (p->call != NULL || p->parked) {
		/* Closed: what it said before is heard, one line after the other. */
		if (events & EPOLLRDHUP)
			watch(p, 0);
		return;
	}
	read_some(p);
	if (p->fd != -1)
		watch_idle(p);
}

void
peer_go_on(struct peer *p)
{
	if (p->fd == -1 || atomic_load(&p->lines->stopping))
		return;
	hear_all(p);
	if (p->fd != -1 && p->ssl != NULL)
		read_some(p);
	if (p->fd != -1)
		watch_idle(p);
}

/* ---- saying ---- */

static void
wait_to_say(struct peer *p)
{
	if (p->waiting)
		return;
	p->waiting = true;
	p->next_waiting = p->lines->waiting;
	p->lines->waiting = p;
}

/* Was the last message acknowledged, and is its gap over? */
static bool
may_say(const struct peer *p, int64_t now)
{
	int queued = 0;

	if (now - p->said_ms < GAP_MS)
		return false;
	return ioctl(p->fd, SIOCOUTQ, &queued) != 0 || queued == 0;
}

/* The first that waits. False: later. */
static bool
say_one(struct peer *p, int64_t now)
{
	struct letter *letter = p->out;
	enum line_io io;
	size_t n = 0;

	if (p->shaking || !may_say(p, now))
		return false;
	io = line_send(p, letter->bytes, letter->len, &n);
	if (io == LINE_IO_READ || io == LINE_IO_WRITE)
		return false;
	if (io == LINE_IO_END || n != letter->len) {
		peer_cut(p, "it cannot be told");
		return true;
	}
	atomic_fetch_add(&p->lines->said_lines, 1);
	p->said_ms = now;
	p->out = letter->next;
	p->nout--;
	if (p->out == NULL)
		p->out_end = &p->out;
	free(letter);
	return true;
}

static void
say_some(struct peer *p, int64_t now)
{
	if (p->out != NULL && p->fd != -1 && !say_one(p, now) && now - p->said_ms > PATIENCE_MS &&
	    p->said_ms != 0)
		peer_cut(p, "it acknowledges nothing");
	if (p->fd == -1)
		return;
	if (p->out != NULL)
		wait_to_say(p);
	else if (p->closing)
		peer_cut(p, "that was the last word");
}

void
peer_say(struct peer *p, const char *bytes, size_t len)
{
	size_t most = p->ssl != NULL ? TLS_SAY_MAX : LINE_SAY_MAX;
	struct letter *letter;

	if (p->fd == -1)
		return;
	if (len == 0 || len > most) {
		log_warnx("%s: a message of %zu bytes is not said: %zu are possible",
		    p->name != NULL ? p->name : p->address, len, most);
		return;
	}
	letter = malloc(sizeof(*letter) + len);
	if (letter == NULL || p->nout == LETTERS_MAX) {
		free(letter);
		peer_cut(p, "too much waits to be said to it");
		return;
	}
	letter->next = NULL;
	letter->len = len;
	memcpy(letter->bytes, bytes, len);
	*p->out_end = letter;
	p->out_end = &letter->next;
	p->nout++;
	if (!p->waiting)
		say_some(p, lines_now());
}

void
peer_say_waiting(struct lines *l)
{
	struct peer *p, *next = l->waiting;
	int64_t now = lines_now();

	l->waiting = NULL;
	while ((p = next) != NULL) {
		next = p->next_waiting;
		p->waiting = false;
		say_some(p, now);
	}
}
