/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread, one epoll, one heap of timers. A device costs about a kilobyte
 * while it sleeps and a socket while it talks; when all sockets are in use, the
 * next one waits a moment, as it would for a busy access point. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "chance.h"
#include "fleet.h"
#include "life.h"
#include "otad/clock.h"

#define ANSWER_MS	16000		/* 8 s to connect, 8 s for a head: arduino.md 1.4 */
#define BUSY_MS		25		/* wait for a free socket */
#define STEPS_MAX	16		/* reads before other devices have their turn */
#define SLOW_READ	4096
#define TERMINAL_MS	200		/* between two progress lines */
#define LINES_MS	2000

static void
hang_up(struct fleet *f, struct device *d)
{
	if (d->x.fd != -1)
		f->open--;
	exchange_close(&d->x);		/* leaves epoll with it */
	d->events = 0;
}

void
fleet_sleep(struct fleet *f, struct device *d, int64_t ms)
{
	hang_up(f, d);
	d->phase = ASLEEP;
	timer_set(&f->timers, &d->timer, f->now + ms);
}

void
fleet_bury(struct fleet *f, struct device *d)
{
	hang_up(f, d);
	d->phase = GONE;
	timer_stop(&f->timers, &d->timer);
}

/* Have epoll watch for events (0: none, not even a hang-up). */
static void
watch(struct fleet *f, struct device *d, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = d };

	if (events == d->events)
		return;
	if (epoll_ctl(f->epoll, events == 0 ? EPOLL_CTL_DEL :
	    d->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, d->x.fd, &ev) != 0) {
		life_broken(f, d, "epoll failed");
		return;
	}
	d->events = events;
}

void
fleet_pause(struct fleet *f, struct device *d, int64_t ms)
{
	d->phase = PAUSED;
	timer_set(&f->timers, &d->timer, f->now + ms);
	watch(f, d, 0);
}

/* Go on with a conversation as far as it goes now. peeking: what is not there at
 * once counts as missing. */
static void
go_on(struct fleet *f, struct device *d, bool peeking)
{
	size_t size = d->behaviour == BE_SLOW ? SLOW_READ : sizeof(f->room);

	for (int n = 0; n < STEPS_MAX; n++, peeking = false) {
		switch (exchange_step(&d->x, f->room, size)) {
		case X_WAIT_OUT:
			watch(f, d, EPOLLOUT);
			return;
		case X_WAIT_IN:
			if (peeking)
				life_unpeeked(f, d);
			else
				watch(f, d, EPOLLIN);
			return;
		case X_BYTES:
			if (!life_bytes(f, d))
				return;
			break;
		case X_ENDED:
			life_ended(f, d);
			return;
		case X_FAILED:
			life_broken(f, d, d->x.why);
			return;
		}
	}
	/* TLS may hold bytes that epoll cannot see: writable is true at once. */
	watch(f, d, EPOLLIN | (d->x.ssl != NULL ? EPOLLOUT : 0));
}

static void
start_talking(struct fleet *f, struct device *d)
{
	const struct endpoint *to = &f->ends[(d->index + d->turns) % f->nends];

	if (f->open >= f->open_max) {
		timer_set(&f->timers, &d->timer, f->now + BUSY_MS);
		return;
	}
	d->turns++;
	d->judged = d->takes = false;
	buf_clear(&d->x.out);
	f->plan->family->ask(d, f->plan, to, &d->x.out);
	if (d->x.out.failed || exchange_open(&d->x, to) != 0) {
		life_broken(f, d, d->x.out.failed ? "out of memory" : d->x.why);
		return;
	}
	f->open++;
	d->phase = TALKING;
	timer_set(&f->timers, &d->timer, f->now + ANSWER_MS);
	go_on(f, d, false);
}

static void
timer_due(struct fleet *f, struct device *d)
{
	bool peeking;

	switch (d->phase) {
	case ASLEEP:
		start_talking(f, d);
		break;
	case TALKING:
		life_broken(f, d, d->takes ? "the image stalled" : "no answer in time");
		break;
	case PAUSED:
		peeking = f->plan->family->peeks && d->x.answer.got == 0;
		d->phase = TALKING;
		timer_set(&f->timers, &d->timer, f->now + ANSWER_MS);
		go_on(f, d, peeking);
		break;
	case GONE:
		timer_stop(&f->timers, &d->timer);
		break;
	}
}

static void
count(struct fleet *f)
{
	struct tally *t = &f->tally;

	t->ms = f->now - f->start;
	t->loading = t->failed = t->silent = 0;
	for (uint32_t i = 0; i < t->devices; i++) {
		const struct device *d = &f->devices[i];
		t->loading += d->takes && (d->phase == TALKING || d->phase == PAUSED);
		t->failed += d->failed;
		t->silent += d->silent;
	}
}

static bool
over(const struct fleet *f)
{
	const struct tally *t = &f->tally;

	return f->ended || f->now - f->start >= f->plan->duration_ms ||
	    (f->plan->until != NULL && t->awaited > 0 && t->arrived == t->awaited);
}

/* Wait for sockets until the next timer, but at most for max_ms. */
static int
wait_ms(const struct fleet *f, int64_t max_ms)
{
	const struct timer *first = timers_first(&f->timers);
	int64_t ms = first != NULL ? first->due - f->now : max_ms;

	return (int)(ms < 0 ? 0 : ms > max_ms ? max_ms : ms);
}

static void
loop(struct fleet *f)
{
	bool terminal = isatty(STDERR_FILENO);
	int64_t every = terminal ? TERMINAL_MS : LINES_MS, next = f->now + every;
	struct epoll_event ev[256];
	struct timer *t;
	int n;

	while (!over(f)) {
		n = epoll_wait(f->epoll, ev, NELEM(ev), wait_ms(f, TERMINAL_MS));
		f->now = clock_boot_ms(f->clock);
		for (int i = 0; i < n; i++) {
			struct device *d = ev[i].data.ptr;
			if (d == NULL)
				f->ended = true;
			else if (d->phase == TALKING)
				go_on(f, d, false);
		}
		while ((t = timers_first(&f->timers)) != NULL && t->due <= f->now && !over(f))
			timer_due(f, (struct device *)t);
		if (f->now >= next) {
			count(f);
			tally_progress(&f->tally, f->plan, terminal, stderr);
			next = f->now + every;
		}
	}
	count(f);
	if (terminal)
		fputs("\r\033[K", stderr);
}

/* SIGINT and SIGTERM end the run as its duration would: with a summary. */
static int
open_signals(struct fleet *f, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes with write(2) */
	f->signals = signalfd(-1, &set, SFD_CLOEXEC);
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (f->signals == -1 || f->epoll == -1 ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->signals, &ev) != 0)
		return err_errno(e, ERR_INTERNAL, "event loop");
	return 0;
}

/* As many sockets as the system lets us have, but for a few files of our own. */
static uint32_t
sockets_max(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 256;
	r.rlim_cur = r.rlim_max < 65536 ? r.rlim_max : 65536;
	setrlimit(RLIMIT_NOFILE, &r);
	getrlimit(RLIMIT_NOFILE, &r);
	return r.rlim_cur > 96 ? (uint32_t)r.rlim_cur - 64 : 32;
}

static int
open_ends(struct fleet *f, struct err *e)
{
	const struct plan *p = f->plan;

	if (p->http != NULL && endpoint_open(&f->ends[f->nends++], p->http, NULL, e) != 0)
		return err_while(e, "--http");
	if (p->https != NULL && endpoint_open(&f->ends[f->nends++], p->https, p->ca, e) != 0)
		return err_while(e, "--https");
	return 0;
}

static int
make_devices(struct fleet *f, struct err *e)
{
	const struct plan *p = f->plan;
	AUTO(mem) void *deal = calloc(p->count, sizeof(enum behaviour));
	enum behaviour *behaviours = deal;
	uint64_t seed = p->seed;

	f->devices = calloc(p->count, sizeof(*f->devices));
	if (f->devices == NULL || deal == NULL || timers_room(&f->timers, p->count) != 0)
		return err_set(e, ERR_FULL, "out of memory for %u devices", p->count);
	shares_deal(&p->shares, chance_next(&seed), behaviours, p->count);
	f->tally.devices = p->count;
	for (uint32_t i = 0; i < p->count; i++) {
		struct device *d = &f->devices[i];

		d->index = i;
		d->behaviour = behaviours[i];
		d->chance = chance_next(&seed);
		exchange_init(&d->x);
		if (p->until != NULL && behaviour_updates(d->behaviour))
			f->tally.awaited++;
		life_begin(f, d);
	}
	return 0;
}

static void
fleet_free(struct fleet *f)
{
	for (uint32_t i = 0; f->devices != NULL && i < f->plan->count; i++)
		exchange_free(&f->devices[i].x);
	free(f->devices);
	timers_free(&f->timers);
	shelf_free(&f->shelf);
	for (unsigned i = 0; i < f->nends; i++)
		endpoint_close(&f->ends[i]);
	if (f->epoll != -1)
		close(f->epoll);
	if (f->signals != -1)
		close(f->signals);
	clock_free(f->clock);
	free(f);
}

AUTO_DEFINE(struct fleet, fleet, fleet_free);

int
fleet_run(const struct plan *p, struct tally *ret, struct err *e)
{
	AUTO(fleet) struct fleet *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_set(e, ERR_FULL, "out of memory");
	f->plan = p;
	f->epoll = f->signals = -1;
	f->open_max = sockets_max();
	if ((f->clock = clock_new(NULL, e)) == NULL || open_ends(f, e) != 0 ||
	    open_signals(f, e) != 0)
		return -1;
	f->now = f->start = clock_boot_ms(f->clock);
	if (make_devices(f, e) != 0)
		return -1;
	loop(f);
	*ret = f->tally;
	return 0;
}
