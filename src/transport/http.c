/* SPDX-License-Identifier: Apache-2.0
 *
 * http.c - libmicrohttpd with the options that were found to matter:
 *
 *   one daemon per address, with a pool where there is more than one core, so
 *   that a busy listener does not delay another; connection memory of 8 kB (it
 *   is cleared per request, and is most of what an idle connection costs); the
 *   lenient reading of requests, since devices send targets with blanks and
 *   would not follow the redirect that the strict one answers.
 *
 * Stopping has an order: nobody is accepted any more; answers are the last of
 * their connection; what is suspended is resumed, since the library aborts when
 * it is stopped under a suspended connection; then the threads end. */
#include "http_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "otad/log.h"
#include "tls.h"

#define CONNECTION_MEMORY	(8 * 1024)
#define STACK			(2 * 1024 * 1024)	/* a JSON text may be 2048 deep */
#define FILES_RESERVED		300	/* SQLite, cache files, ends of downloads, lingering */
#define FILES_MAX		100000

static void
or_default(int *value, int otherwise)
{
	if (*value <= 0)
		*value = otherwise;
}

/* What is left of the descriptors that we may have. */
static int
descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 1024 - FILES_RESERVED;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		getrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > FILES_MAX)
		return FILES_MAX - FILES_RESERVED;
	return r.rlim_cur > 2 * FILES_RESERVED ? (int)r.rlim_cur - FILES_RESERVED :
	    (int)r.rlim_cur / 2;
}

static void
set_limits(struct http *h, const struct http_limits *limits)
{
	h->limits = *limits;
	or_default(&h->limits.head_s, 15);
	or_default(&h->limits.idle_s, 30);
	or_default(&h->limits.body_s, 30);
	or_default(&h->limits.min_rate, 512);
	or_default(&h->limits.send_idle_s, 120);
	or_default(&h->limits.addresses, 1);
	or_default(&h->limits.connections, descriptors() / h->limits.addresses);
	http_set_delivery(h, limits->max_downloads, limits->max_rate);
}

void
http_set_delivery(struct http *h, int max_downloads, uint64_t max_rate)
{
	atomic_store(&h->max_downloads, max_downloads);
	atomic_store(&h->max_rate, max_rate);
}

struct http *
http_new(struct core *core, struct health *health, const struct route_table *const *tables,
    refuse_fn *refuse, const struct http_limits *limits, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		err_errno(e, ERR_INTERNAL, "http");
		return NULL;
	}
	h->core = core;
	h->health = health;
	h->tables = tables;
	h->refuse = refuse;
	set_limits(h, limits);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	pthread_cond_init(&h->wake, NULL);
	if (after_start(h, e) == 0)
		return h;
	http_free(h);
	return NULL;
}

/* ---- start ---- */

static void
library_says(void *arg, const char *fmt, va_list ap)
{
	const struct listener *li = arg;
	char text[256];

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("%s: libmicrohttpd: %s", li->section, text);
}

static struct MHD_Daemon *
start(struct listener *li, int fd, int threads)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
	    MHD_USE_ERROR_LOG | (li->tls != NULL ? MHD_USE_TLS : 0);
	const struct http_limits *limits = &li->http->limits;
	struct MHD_OptionItem more[4] = { { MHD_OPTION_END, 0, NULL } };
	int n = 0;

	if (threads > 1)	/* a pool of one is refused */
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, threads, NULL };
	if (li->tls != NULL) {
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)TLS_PRIORITIES };
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
		    (void *)(uintptr_t)tls_certificate };
	}
	more[n].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, call_handle, li,
	    MHD_OPTION_EXTERNAL_LOGGER, library_says, li,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_STRICT_FOR_CLIENT, -1,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)limits->connections,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)limits->idle_s,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK,
	    MHD_OPTION_URI_LOG_CALLBACK, call_new, li,
	    MHD_OPTION_NOTIFY_COMPLETED, call_done, li,
	    MHD_OPTION_NOTIFY_CONNECTION, link_notify, li,
	    MHD_OPTION_ARRAY, more,
	    MHD_OPTION_END);
}

static int
add(struct http *h, const struct http_listener *what, const struct bound *b, struct err *e)
{
	struct listener *li = &h->listeners[h->nlisteners];
	int threads = what->threads > 0 ? what->threads : get_nprocs();

	*li = (struct listener){ .http = h, .section = what->section, .serves = what->serves,
	    .tls = what->tls };
	memcpy(li->address, b->address, sizeof(li->address));
	li->daemon = start(li, b->fd, threads);
	if (li->daemon == NULL)
		return err_set(e, ERR_INTERNAL, "%s: could not be started on %s", what->section,
		    b->address);
	h->nlisteners++;
	return 0;
}

static void
stop_from(struct http *h, int first)
{
	while (h->nlisteners > first) {
		struct listener *li = &h->listeners[--h->nlisteners];

		MHD_stop_daemon(li->daemon);
	}
}

int
http_listen(struct http *h, const struct http_listener *what, struct err *e)
{
	struct bound bound[LISTENERS_MAX];
	int i, n, first = h->nlisteners;

	if (http_bind(what->listen, bound, LISTENERS_MAX - first, &n, e) != 0)
		return err_while(e, "%s.listen", what->section);
	for (i = 0; i < n; i++) {
		if (add(h, what, &bound[i], e) == 0)
			continue;
		for (; i < n; i++)
			close(bound[i].fd);
		stop_from(h, first);
		return -1;
	}
	for (i = first; i < h->nlisteners; i++)
		log_info("%s: listening on %s", what->section, h->listeners[i].address);
	return 0;
}

bool
http_address(const struct http *h, int n, const char **ret_section, const char **ret_address)
{
	if (n < 0 || n >= h->nlisteners)
		return false;
	*ret_section = h->listeners[n].section;
	*ret_address = h->listeners[n].address;
	return true;
}

/* ---- stop ---- */

/* Locked: until done(h), or until the patience is over. */
static void
await(struct http *h, bool (*done)(const struct http *), int64_t patience_ms)
{
	int64_t now, end = http_now() + patience_ms;

	while (!done(h) && (now = http_now()) < end)
		http_wait(h, &h->changed, end - now);
}

static bool
all_gone(const struct http *h)
{
	return h->links == NULL && h->deliveries == NULL;
}

static bool
writer_is_done(const struct http *h)
{
	return h->writing == 0;
}

static void
quiesce(struct http *h)
{
	int i, fd;

	for (i = 0; i < h->nlisteners; i++) {
		fd = MHD_quiesce_daemon(h->listeners[i].daemon);
		if (fd >= 0)
			close(fd);
	}
}

/* Locked. The writer always comes to an end, and resumes its own. */
static void
release_all(struct http *h)
{
	struct call *call, *next;

	h->stopping = true;
	for (call = h->suspended; call != NULL; call = next) {
		next = call->next;
		if (!call->writing)
			call_resume(call);
	}
	while (!writer_is_done(h))
		pthread_cond_wait(&h->changed, &h->lock);
}

void
http_stop(struct http *h, int patience_s)
{
	atomic_store(&h->draining, true);
	quiesce(h);
	pthread_mutex_lock(&h->lock);
	links_cut_idle(h);
	await(h, all_gone, (int64_t)patience_s * 1000);
	release_all(h);
	pthread_mutex_unlock(&h->lock);
	stop_from(h, 0);
	after_stop(h);
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	if (h->nlisteners > 0)
		http_stop(h, 0);
	after_stop(h);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->changed);
	pthread_cond_destroy(&h->wake);
	free(h);
}
