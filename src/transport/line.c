/* SPDX-License-Identifier: Apache-2.0
 *
 * line.c - the listeners and their one thread. Most connections are silent for
 * most of a minute, so what counts is what an idle one costs: a struct of some
 * 300 bytes, no timer of its own (two lists in the order of silence) and no
 * buffers. */
#include "line_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>
#include "otad/clock.h"
#include "otad/health.h"
#include "otad/log.h"

#define EVENTS		256
#define ROUND_MS	500	/* silence is looked for so often */
#define CONNECTIONS_MAX	200000
#define FILES_RESERVED	400	/* of the rest of the process */

/* The real clock: a scenario that moves the test clock by a week must not cut the
 * connections. */
int64_t
lines_now(void)
{
	return clock_boot_ms(NULL);
}

void
lines_poke(void *lines)
{
	const struct lines *l = lines;
	uint64_t one = 1;

	if (write(l->wake, &one, sizeof(one)) != sizeof(one))
		return;				/* it is full: awake anyway */
}

static void
may_be_said(void *lines)
{
	struct lines *l = lines;

	if (!atomic_exchange(&l->want_dispatch, true))
		lines_poke(l);
}

/* ---- life ---- */

static size_t
connections_max(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 256;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0)
		getrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return r.rlim_cur > 2 * FILES_RESERVED ? (size_t)r.rlim_cur - FILES_RESERVED :
	    (size_t)r.rlim_cur / 2;
}

static int
watch_for(struct lines *l, int fd, void *who, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = who };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) == 0)
		return 0;
	return err_errno(e, ERR_INTERNAL, "epoll");
}

struct lines *
lines_new(struct core *core, struct health *health, const struct dialect_ops *ops, void *self,
    struct err *e)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		err_errno(e, ERR_INTERNAL, "lines");
		return NULL;
	}
	l->core = core;
	l->health = health;
	l->ops = ops;
	l->self = self;
	l->max = connections_max();
	l->nbuckets = 4096;
	l->buckets = calloc(l->nbuckets, sizeof(struct peer *));
	random_bytes(l->hash_key, sizeof(l->hash_key));
	pthread_mutex_init(&l->lock, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->buckets == NULL || l->epoll < 0 || l->wake < 0)
		err_errno(e, ERR_INTERNAL, "lines");
	else if (watch_for(l, l->wake, l, e) == 0)
		return l;
	lines_free(l);
	return NULL;
}

int
lines_listen(struct lines *l, const struct line_listener *what, struct err *e)
{
	struct bound bound[LINE_LISTENERS];
	int n;

	if (what->listen[0] == '\0')
		return 0;
	if (http_bind(what->listen, bound, LINE_LISTENERS - l->ngates, &n, e) != 0)
		return err_while(e, "%s", what->section);
	for (int i = 0; i < n; i++) {
		struct gate *g = &l->gates[l->ngates++];

		*g = (struct gate){ .lines = l, .fd = bound[i].fd, .section = what->section,
		    .tls = what->tls };
		memcpy(g->address, bound[i].address, sizeof(g->address));
		log_info("%s: listening on %s", g->section, g->address);
	}
	return 0;
}

bool
lines_address(const struct lines *l, int n, const char **ret_section, const char **ret_address)
{
	if (n < 0 || n >= l->ngates)
		return false;
	*ret_section = l->gates[n].section;
	*ret_address = l->gates[n].address;
	return true;
}

void
lines_figures(struct lines *l, struct line_figures *ret)
{
	*ret = (struct line_figures){
		.connections = atomic_load(&l->shown_n), .known = atomic_load(&l->shown_known),
		.heard = atomic_load(&l->heard_lines), .said = atomic_load(&l->said_lines),
		.refused = atomic_load(&l->refused_lines),
	};
}

/* ---- the thread ---- */

static void
drain(const struct lines *l)
{
	uint64_t n;

	while (read(l->wake, &n, sizeof(n)) == sizeof(n))
		;
}

/* More names than buckets: twice as many. */
static void
grow(struct lines *l)
{
	size_t n = l->nbuckets * 2;
	struct peer **old = l->buckets, **more;

	if (l->known <= l->nbuckets || (more = calloc(n, sizeof(*more))) == NULL)
		return;
	for (size_t i = 0; i < l->nbuckets; i++)
		for (struct peer *p = old[i], *next; p != NULL; p = next) {
			struct peer **at = &more[siphash(l->hash_key, p->name,
			    strlen(p->name)) & (n - 1)];

			next = p->same;
			p->same = *at;
			*at = p;
		}
	l->buckets = more;
	l->nbuckets = n;
	free(old);
}

static bool
is_gate(const struct lines *l, const void *who)
{
	return (const char *)who >= (const char *)l->gates &&
	    (const char *)who < (const char *)(l->gates + LINE_LISTENERS);
}

/* Gates are deaf while there are no descriptors: level-triggered, they would keep
 * us awake. */
static void
set_deaf(struct lines *l, bool deaf)
{
	for (int i = 0; i < l->ngates; i++) {
		struct epoll_event ev = { .events = deaf ? 0 : EPOLLIN, .data.ptr = &l->gates[i] };

		epoll_ctl(l->epoll, EPOLL_CTL_MOD, l->gates[i].fd, &ev);
	}
}

static void
attend(struct lines *l, const struct epoll_event *ev, int n)
{
	for (int i = 0; i < n; i++) {
		void *who = ev[i].data.ptr;

		if (who == l)
			drain(l);
		else if (is_gate(l, who))
			peer_accept(who);
		else
			peer_ready(who, ev[i].events);
	}
}

static void
look_around(struct lines *l)
{
	take_done(l);
	take_leaves(l);
	take_parked(l);
	if (l->dispatching && atomic_load(&l->dispatched))
		line_say_end(l);
	line_say_begin(l);
	peer_say_waiting(l);
	grow(l);
	atomic_store(&l->shown_n, l->n);
	atomic_store(&l->shown_known, l->known);
}

static int
pause_ms(const struct lines *l)
{
	if (l->waiting != NULL)
		return GAP_MS;
	return atomic_load(&l->want_dispatch) && !l->dispatching && l->known > 0 ? GAP_MS :
	    ROUND_MS;
}

static void *
serve(void *arg)
{
	struct lines *l = arg;
	struct epoll_event ev[EVENTS];
	int64_t round = lines_now();
	bool deaf = false;

	while (!atomic_load(&l->stopping)) {
		int n = epoll_wait(l->epoll, ev, EVENTS, pause_ms(l));
		int64_t now = lines_now();

		attend(l, ev, n > 0 ? n : 0);
		look_around(l);
		if (now - round >= ROUND_MS) {
			peer_cut_silent(l);
			round = now;
		}
		if ((l->deaf_until > now) != deaf)
			set_deaf(l, deaf = l->deaf_until > now);
		peers_bury(l);
	}
	return NULL;
}

int
lines_start(struct lines *l, struct err *e)
{
	if (core_write_wait(l->core, URGENT_ADMIN, NULL, l->ops->lines->begin, NULL, e) < 0)
		return err_while(e, "%s", l->ops->family.name);
	for (int i = 0; i < l->ngates; i++)
		if (watch_for(l, l->gates[i].fd, &l->gates[i], e) != 0)
			return -1;
	errno = pthread_create(&l->thread, NULL, serve, l);
	if (errno != 0)
		return err_errno(e, ERR_INTERNAL, "thread");
	l->started = true;
	core_on_saying(l->core, BY_LINE, may_be_said, l);
	return 0;
}

/* The thread has ended: what is with the writer comes back to us. */
static void
await_writer(struct lines *l)
{
	struct pollfd poked = { .fd = l->wake, .events = POLLIN };

	while (l->calls > 0 || l->leaving > 0 ||
	    (l->dispatching && !atomic_load(&l->dispatched))) {
		poll(&poked, 1, -1);
		drain(l);
		take_done(l);
	}
}

void
lines_stop(struct lines *l)
{
	struct peer *p;

	if (!l->started)
		return;
	core_on_saying(l->core, BY_LINE, NULL, NULL);
	atomic_store(&l->stopping, true);
	lines_poke(l);
	pthread_join(l->thread, NULL);
	l->started = false;
	for (int i = 0; i < l->ngates; i++)
		close(l->gates[i].fd);
	await_writer(l);
	if (l->dispatching)
		line_say_end(l);
	while ((p = l->hello.first) != NULL || (p = l->heard.first) != NULL)
		peer_cut(p, "otad is stopping");
	take_leaves(l);
	await_writer(l);
	take_parked(l);			/* nobody hears their answers: dropped */
	peer_say_waiting(l);
	peers_bury(l);
	l->ngates = 0;
}

void
lines_free(struct lines *l)
{
	if (l == NULL)
		return;
	lines_stop(l);
	for (int i = 0; i < l->ngates; i++)
		close(l->gates[i].fd);
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->wake >= 0)
		close(l->wake);
	free(l->dispatch.said);
	free(l->buckets);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
