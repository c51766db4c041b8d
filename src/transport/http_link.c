/* SPDX-License-Identifier: Apache-2.0
 *
 * http_link.c - libmicrohttpd's timeout starts anew with every byte, so a client
 * that sends one now and then would keep its connection for ever. Each connection
 * therefore has a deadline for what it is doing now, and whoever is late has its
 * socket shut down under libmicrohttpd, which then ends the connection itself. */
#include "http_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "otad/clock.h"
#include "tls.h"

/* The real clock: a scenario that moves the test clock by a week must not cut
 * the connection it is using. */
int64_t
http_now(void)
{
	return clock_boot_ms(NULL);
}

void
http_wait(struct http *h, pthread_cond_t *cond, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_cond_clockwait(cond, &h->lock, CLOCK_MONOTONIC, &until);
}

void
link_patience(struct link *l, int64_t ms)
{
	atomic_store_explicit(&l->deadline_ms, ms != 0 ? http_now() + ms : 0,
	    memory_order_relaxed);
}

static void
link_open(struct listener *li, struct MHD_Connection *c, void **ret)
{
	const union MHD_ConnectionInfo *fd, *addr;
	struct http *h = li->http;
	struct link *l = calloc(1, sizeof(*l));

	fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	addr = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (l == NULL || fd == NULL) {
		free(l);
		return;			/* its first request will be hung up on */
	}
	l->listener = li;
	l->fd = fd->connect_fd;
	if (addr != NULL && addr->client_addr != NULL)
		http_address_text(addr->client_addr, false, l->address);
	if (li->tls != NULL)
		tls_begin(li->tls, MHD_get_connection_info(c,
		    MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session);
	link_patience(l, (int64_t)h->limits.head_s * 1000);
	pthread_mutex_lock(&h->lock);
	l->next = h->links;
	l->prev = &h->links;
	if (l->next != NULL)
		l->next->prev = &l->next;
	h->links = l;
	pthread_mutex_unlock(&h->lock);
	*ret = l;
}

static void
link_close(struct link *l)
{
	struct http *h = l->listener->http;

	pthread_mutex_lock(&h->lock);
	after_close(l);
	*l->prev = l->next;
	if (l->next != NULL)
		l->next->prev = l->prev;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	free(l);
}

void
link_notify(void *listener, struct MHD_Connection *c, void **link,
    enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		link_open(listener, c, link);
	else if (*link != NULL)
		link_close(*link);
}

void
link_head(struct link *l)
{
	int64_t until = http_now() + (int64_t)l->listener->http->limits.head_s * 1000;

	atomic_store_explicit(&l->busy, true, memory_order_relaxed);
	/* A new connection's time has run since it was accepted. */
	if (until < atomic_load_explicit(&l->deadline_ms, memory_order_relaxed))
		atomic_store_explicit(&l->deadline_ms, until, memory_order_relaxed);
}

void
link_idle(struct link *l)
{
	const struct http_limits *limits = &l->listener->http->limits;

	atomic_store_explicit(&l->busy, false, memory_order_relaxed);
	link_patience(l, ((int64_t)limits->idle_s + limits->head_s) * 1000);
}

void
links_cut_late(struct http *h)
{
	int64_t now = http_now(), deadline;
	struct link *l;

	for (l = h->links; l != NULL; l = l->next) {
		deadline = atomic_load_explicit(&l->deadline_ms, memory_order_relaxed);
		if (deadline != 0 && deadline < now)
			shutdown(l->fd, SHUT_RDWR);
	}
}

void
links_cut_idle(struct http *h)
{
	struct link *l;

	for (l = h->links; l != NULL; l = l->next)
		if (!atomic_load_explicit(&l->busy, memory_order_relaxed))
			shutdown(l->fd, SHUT_RDWR);
}
