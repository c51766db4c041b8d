/* SPDX-License-Identifier: Apache-2.0
 *
 * http_test.c - the transport over a core that is none: what it asks of a core is
 * made here, so that a test can hold back a commit, keep an upload waiting, or
 * stop in the middle, and can count how often a transfer was ended. */
#include "otad/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/buf.h"
#include "otad/firmware.h"
#include "otad/health.h"
#include "otad/history.h"
#include "test.h"

#define PATIENCE_S	10
#define IMAGE_SIZE	(4 << 20)

/* ---- a core that is none ---- */

static uint8_t image_bytes[IMAGE_SIZE];
static atomic_int mapped, ended[3], alive, rejected, write_busy;
static _Atomic uint64_t moved;

struct transfer { int unused; };

void
transfer_end(struct transfer *t, enum transfer_end how)
{
	free(t);
	atomic_fetch_sub(&alive, 1);
	atomic_fetch_add(&ended[how], 1);
}

void
transfer_moved(struct transfer *t, uint64_t acked)
{
	(void)t;
	atomic_store(&moved, acked);
}

struct mapping *
image_open(struct core *core, const uint8_t sha256[SHA256_LEN], struct err *e)
{
	(void)core;
	if (sha256[0] != 1) {
		err_set(e, ERR_STORE, "cannot be read");
		return NULL;
	}
	atomic_fetch_add(&mapped, 1);
	return (struct mapping *)image_bytes;
}

const uint8_t *
mapping_bytes(const struct mapping *m)
{
	return (const uint8_t *)m;
}

uint64_t
mapping_size(const struct mapping *m)
{
	(void)m;
	return IMAGE_SIZE;
}

void
mapping_close(struct mapping *m)
{
	(void)m;
	atomic_fetch_sub(&mapped, 1);
}

int
core_read(struct core *core, const struct actor *actor, tx_fn *fn, void *arg, struct err *e)
{
	(void)core;
	(void)actor;
	return fn(NULL, arg, e);
}

/* The writer: a thread that may be held back. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held, ending;
static int waiting;
static struct { tx_fn *fn; done_fn *done; void *arg; } queue[64];

int
core_write(struct core *core, enum urgency urgency, const struct actor *actor, tx_fn *fn,
    done_fn *done, void *arg, struct err *e)
{
	(void)core;
	(void)urgency;
	(void)actor;
	if (atomic_load(&write_busy))
		return err_set(e, ERR_BUSY, "the queue is full");
	pthread_mutex_lock(&lock);
	assert(waiting < 64);
	queue[waiting].fn = fn;
	queue[waiting].done = done;
	queue[waiting++].arg = arg;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return 0;
}

static void *
writer(void *unused)
{
	struct err e = ERR_INIT;
	int rc;

	pthread_mutex_lock(&lock);
	for (;;) {
		while ((held || waiting == 0) && !ending)
			pthread_cond_wait(&changed, &lock);
		if (waiting == 0)
			break;
		waiting--;
		/* Twice, as after a commit that failed. */
		rc = queue[waiting].fn(NULL, queue[waiting].arg, &e);
		rc = queue[waiting].fn(NULL, queue[waiting].arg, &e);
		queue[waiting].done(queue[waiting].arg, rc, &e);
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

static void
hold(bool on)
{
	pthread_mutex_lock(&lock);
	held = on;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

int
key_check(struct tx *tx, const char *key, struct actor *ret, struct err *e)
{
	(void)tx;
	ret->role = strcmp(key, "admin") == 0 ? ROLE_ADMIN : ROLE_VIEWER;
	return strcmp(key, "admin") == 0 || strcmp(key, "viewer") == 0 ? 0 :
	    err_set(e, ERR_AUTH, "nobody's key");
}

/* ---- routes ---- */

static int
hello(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	(void)e;
	reply_text(&x->rep, 200, "hello");
	return 0;
}

static int
save(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	if (strcmp(x->rq.body, "bad") == 0)
		return err_set(e, ERR_CONFLICT, "bad it is");
	reply_text(&x->rep, 200, "saved");
	reply_header(&x->rep, "X-Body", x->rq.body);
	return 0;
}

static int
read_then_save(struct tx *tx, struct exchange *x, struct err *e)
{
	reply_text(&x->rep, 500, "must not be seen");
	(void)tx;
	(void)e;
	return CALL_WRITE;
}

static struct transfer *
new_transfer(void)
{
	atomic_fetch_add(&alive, 1);
	return malloc(sizeof(struct transfer));
}

static int
image(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	(void)e;
	x->rep.status = 200;
	x->rep.has_image = true;
	x->rep.image[0] = strcmp(x->rq.path, "/damaged") != 0;
	x->rep.from = 0;
	x->rep.to = IMAGE_SIZE;
	if (x->rq.method == M_GET)
		x->rep.transfer = new_transfer();
	return 0;
}

static int
not_modified(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	(void)e;
	x->rep.status = 304;
	x->rep.length_as = 4711;
	return 0;
}

/* An upload that takes its time: each piece is answered by CALL_WAIT, and a
 * thread of its own wakes it, sometimes before it could be suspended. */
struct slow { size_t bytes, ends; atomic_int wakers; };

static void *
wake_soon(void *arg)
{
	struct exchange *x = arg;
	struct slow *s = x->state;
	struct timespec t = { .tv_nsec = 200000 };

	nanosleep(&t, NULL);
	x->wake(x);
	atomic_fetch_sub(&s->wakers, 1);
	return NULL;
}

/* Nobody is woken any more once this has returned, as with a real upload. */
static void
slow_free(void *state)
{
	struct timespec t = { .tv_nsec = 100000 };
	struct slow *s = state;

	while (atomic_load(&s->wakers) > 0)
		nanosleep(&t, NULL);
	free(s);
}

static int
keep_waiting(struct exchange *x)
{
	struct slow *s = x->state;
	pthread_t t;

	atomic_fetch_add(&s->wakers, 1);
	if (pthread_create(&t, NULL, wake_soon, x) != 0)
		abort();
	pthread_detach(t);
	return CALL_WAIT;
}

static int
slow_part(struct exchange *x, const char *name, const char *filename, const void *p, size_t n,
    uint64_t off, struct err *e)
{
	struct slow *s = x->state;

	(void)filename;
	(void)p;
	(void)off;
	if (strcmp(name, "refuse") == 0)
		return err_set(e, ERR_INVALID, "not this one");
	if (s == NULL) {
		s = x->state = calloc(1, sizeof(*s));
		x->state_free = slow_free;
	}
	s->bytes += n;
	if (strcmp(name, "now") == 0) {		/* woken before it says that it waits */
		x->wake(x);
		return CALL_WAIT;
	}
	return keep_waiting(x);
}

static int
slow_end(struct exchange *x, struct err *e)
{
	struct slow *s = x->state;

	(void)e;
	if (s->ends++ == 0) {
		x->wake(x);
		return CALL_WAIT;
	}
	return s->ends == 2 ? keep_waiting(x) : 0;
}

static int
slow_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct slow *s = x->state;

	(void)tx;
	(void)e;
	reply_text(&x->rep, 201, "");
	buf_addf(&x->rep.body, "%zu", s->bytes);
	return 0;
}

/* Raw: pieces come in order, under no name; "!" is not liked. */
static int
raw_part(struct exchange *x, const char *name, const char *filename, const void *p, size_t n,
    uint64_t off, struct err *e)
{
	struct slow *s = x->state;
	const char *bytes = p;

	if (name[0] != '\0' || filename != NULL || off != (s != NULL ? s->bytes : 0))
		return err_set(e, ERR_INTERNAL, "out of order at %llu", (unsigned long long)off);
	if (memchr(bytes, '!', n) != NULL)
		return err_set(e, ERR_INVALID, "not this one");
	return slow_part(x, "later", NULL, p, n, off, e);
}

static int
raw_end(struct exchange *x, struct err *e)
{
	return x->state == NULL ? err_set(e, ERR_BAD, "nothing came") : slow_end(x, e);
}

static const struct route routes[] = {
	{ M_GET, "/hello", FOR_ANYONE, .read = hello },
	{ M_GET, "/secret", FOR_OPERATORS, .read = hello },
	{ M_POST, "/save", FOR_ANYONE, .write = save },
	{ M_POST, "/both", FOR_ANYONE, .read = read_then_save, .write = save },
	{ M_POST, "/guarded", FOR_ADMINS, .write = save },
	{ M_GET, "/image", FOR_DEVICES, .read = image },
	{ M_GET, "/damaged", FOR_DEVICES, .read = image },
	{ M_GET, "/same", FOR_DEVICES, .read = not_modified },
	{ M_POST, "/upload", FOR_VIEWERS, .write = slow_write, .part = slow_part,
	    .end = slow_end, .body_max = 1 << 20 },
	{ M_POST, "/lines", FOR_VIEWERS, .write = slow_write, .raw = true, .part = raw_part,
	    .end = raw_end, .body_max = 1 << 20 },
	{ 0 }
};

static void
refuse(const struct err *e, const struct request *rq, struct reply *rep)
{
	(void)rq;
	atomic_fetch_add(&rejected, 1);
	reply_text(rep, err_http(e), e->text);
}

static const struct route_table table = { .routes = routes, .refuse = refuse, .api = true };
static const struct route_table *const tables[] = { &table, NULL };

/* ---- clients ---- */

static struct http *
start(const struct http_limits *limits, struct health *health)
{
	const struct http_listener listener = { "http", "127.0.0.1:0", SERVES_API, 2, NULL };
	struct err e = ERR_INIT;
	struct http *h = http_new(NULL, health, tables, refuse, limits, &e);

	CHECK(h != NULL && http_listen(h, &listener, &e) == 0, "%s", e.text);
	return h;
}

static int
dial(const struct http *h, int rcvbuf)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *section, *address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!http_address(h, 0, &section, &address))
		abort();
	sa.sin_port = htons((uint16_t)strtol(strrchr(address, ':') + 1, NULL, 10));
	if (rcvbuf != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0)
		abort();
	return fd;
}

static void
say(int fd, const char *text)
{
	CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text), "%.40s", text);
}

/* Up to its end, or until max bytes came. */
static size_t
hear(int fd, struct buf *ret, size_t max)
{
	char piece[65536];
	ssize_t n;

	while (ret->len < max && (n = recv(fd, piece, sizeof(piece), 0)) > 0)
		buf_add(ret, piece, (size_t)n);
	return ret->len;
}

static bool
ask(const struct http *h, const char *request, const char *expect)
{
	AUTO(buf) struct buf reply = BUF_INIT;
	int fd = dial(h, 0);
	bool ok;

	say(fd, request);
	hear(fd, &reply, SIZE_MAX);
	close(fd);
	ok = strstr(buf_str(&reply), expect) != NULL;
	if (!ok)
		fprintf(stderr, "%.60s: %s\n", request, buf_str(&reply));
	return ok;
}

static bool
until(bool (*what)(void))
{
	struct timespec t = { .tv_nsec = 5000000 };
	int i;

	for (i = 0; i < PATIENCE_S * 200 && !what(); i++)
		nanosleep(&t, NULL);
	return what();
}

static bool none_alive(void) { return atomic_load(&alive) == 0 && atomic_load(&mapped) == 0; }
static bool one_alive(void) { return atomic_load(&alive) == 1; }
static bool has_moved(void) { return atomic_load(&moved) > 0; }

static bool
one_waits(void)
{
	bool r;

	pthread_mutex_lock(&lock);
	r = waiting == 1;
	pthread_mutex_unlock(&lock);
	return r;
}

static void
forget(void)
{
	atomic_store(&ended[0], 0);
	atomic_store(&ended[1], 0);
	atomic_store(&ended[2], 0);
	atomic_store(&moved, 0);
}

static bool
ended_as(int delivered, int broken, int unsent)
{
	bool ok = until(none_alive) && atomic_load(&ended[TRANSFER_DELIVERED]) == delivered &&
	    atomic_load(&ended[TRANSFER_BROKEN]) == broken &&
	    atomic_load(&ended[TRANSFER_UNSENT]) == unsent;

	if (!ok)
		fprintf(stderr, "delivered %d, broken %d, unsent %d, alive %d, mapped %d\n",
		    atomic_load(&ended[0]), atomic_load(&ended[1]), atomic_load(&ended[2]),
		    atomic_load(&alive), atomic_load(&mapped));
	forget();
	return ok;
}

/* ---- what it has to do ---- */

#define END	" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static void
answers(const struct http *h)
{
	CHECK(ask(h, "GET /hello" END "\r\n", "\r\n\r\nhello"), "read");
	CHECK(ask(h, "GET /secret" END "\r\n", " 401 "), "no key");
	CHECK(ask(h, "GET /secret" END "Authorization: Bearer viewer\r\n\r\n", " 403 "), "viewer");
	CHECK(ask(h, "GET /secret" END "Authorization: token admin\r\n\r\n", "hello"), "token");
	CHECK(ask(h, "GET /secret" END "Authorization: Basic admin\r\n\r\n", " 401 "), "Basic");
	CHECK(ask(h, "POST /guarded" END "Content-Length: 1\r\n\r\nx", " 401 "), "write, no key");
	CHECK(ask(h, "POST /guarded" END "Authorization: Bearer admin\r\n"
	    "Content-Length: 1\r\n\r\nx", "saved"), "write");
	CHECK(ask(h, "POST /save" END "Content-Length: 5\r\n\r\nwords",
	    "X-Body: words\r\n"), "body");
	CHECK(ask(h, "POST /save" END "Transfer-Encoding: chunked\r\n\r\n2\r\nwo\r\n"
	    "3\r\nrds\r\n0\r\n\r\n", "X-Body: words\r\n"), "chunked");
	CHECK(ask(h, "POST /both" END "Content-Length: 5\r\n\r\nwords", "\r\n\r\nsaved"), "both");
	CHECK(ask(h, "POST /save" END "Content-Length: 3\r\n\r\nbad", " 409 "), "refused there");
	CHECK(ask(h, "GET /same" END "\r\n", "Content-Length: 4711\r\n"), "304");
	CHECK(ask(h, "HEAD /image" END "\r\n", "Content-Length: 4194304\r\n"), "HEAD");
	atomic_store(&write_busy, 1);
	CHECK(ask(h, "POST /save" END "Content-Length: 0\r\n\r\n",
	    "Retry-After: 5\r\n"), "full queue");
	atomic_store(&write_busy, 0);
}

static void
uploads(const struct http *h)
{
	static const char form[] = "--bb\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n";
	AUTO(buf) struct buf body = BUF_INIT;
	AUTO(buf) struct buf request = BUF_INIT;
	AUTO(buf) struct buf pieces = BUF_INIT;
	size_t i;

	for (i = 0; i < 20000; i++)
		buf_adds(&pieces, "0123456789");
	for (i = 0; i < 2; i++) {
		buf_addf(&body, form, i == 0 ? "later" : "now");
		buf_add(&body, pieces.p, pieces.len);
		buf_adds(&body, "\r\n");
	}
	buf_adds(&body, "--bb--\r\n");
	buf_addf(&request, "POST /upload" END "Authorization: Bearer viewer\r\n"
	    "Content-Length: %zu\r\nContent-Type: Multipart/Form-Data; boundary=bb\r\n\r\n%s",
	    body.len, body.p);
	CHECK(ask(h, request.p, "\r\n\r\n400000"), "all of it, waiting often");
	buf_clear(&request);
	buf_addf(&request, "POST /upload" END "Authorization: Bearer viewer\r\n"
	    "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=bb\r\n\r\n");
	for (i = 0; i < body.len; i += 100)
		buf_addf(&request, "%zx\r\n%.100s\r\n", body.len - i < 100 ? body.len - i : 100,
		    body.p + i);
	buf_adds(&request, "0\r\n\r\n");
	CHECK(ask(h, request.p, "\r\n\r\n400000"), "the same in small chunks");
	buf_clear(&body);
	buf_clear(&request);
	buf_addf(&body, form, "refuse");
	buf_addf(&body, "%s\r\n--bb--\r\n", pieces.p);
	buf_addf(&request, "POST /upload" END "Authorization: Bearer viewer\r\n"
	    "Content-Length: %zu\r\nContent-Type: multipart/form-data; boundary=bb\r\n\r\n%s",
	    body.len, body.p);
	CHECK(ask(h, request.p, "\r\n\r\nnot this one"), "refused by its part");
}

/* Whatever its type; the limit of uploads is not theirs. */
static void
raw_bodies(const struct http *h)
{
	static const char head[] = "POST /lines" END "Authorization: Bearer viewer\r\n%s\r\n";
	AUTO(buf) struct buf body = BUF_INIT;
	AUTO(buf) struct buf request = BUF_INIT;
	size_t i;

	for (i = 0; i < 30000; i++)
		buf_adds(&body, "012345678\n");
	buf_addf(&request, head, "Content-Length: 300000\r\n");
	buf_add(&request, body.p, body.len);
	CHECK(ask(h, request.p, "\r\n\r\n300000"), "all of it, waiting often");
	buf_clear(&request);
	buf_addf(&request, head, "Transfer-Encoding: chunked\r\n"
	    "Content-Type: multipart/form-data; boundary=bb\r\n");
	for (i = 0; i < body.len; i += 100)
		buf_addf(&request, "64\r\n%.100s\r\n", body.p + i);
	buf_adds(&request, "0\r\n\r\n");
	CHECK(ask(h, request.p, "\r\n\r\n300000"), "the same in small chunks");
	buf_clear(&request);
	buf_addf(&request, head, "Content-Length: 300000\r\n");
	buf_adds(&request, "!");
	buf_add(&request, body.p, body.len - 1);
	CHECK(ask(h, request.p, "\r\n\r\nnot this one"), "refused at its first piece");
	buf_clear(&request);
	buf_addf(&request, head, "Content-Length: 0\r\n");
	CHECK(ask(h, request.p, "\r\n\r\nnothing came"), "no body");
	buf_clear(&request);
	buf_addf(&request, head, "Content-Length: 10000000\r\n");
	CHECK(ask(h, request.p, " 413 "), "more than the route's own limit");
	CHECK(ask(h, "POST /lines" END "Content-Length: 2\r\n\r\nx\n", " 401 "), "no key");
}

static void
transfers(struct http *h)
{
	AUTO(buf) struct buf reply = BUF_INIT;
	int fd;

	forget();
	CHECK(ask(h, "GET /image" END "\r\n", " 200 "), "whole");
	CHECK(ended_as(1, 0, 0), "delivered");
	CHECK(ask(h, "GET /damaged" END "\r\n", " 500 "), "cannot be read");
	CHECK(ended_as(0, 0, 1), "unsent");

	fd = dial(h, 4096);
	say(fd, "GET /image" END "\r\n");
	hear(fd, &reply, 100000);
	close(fd);
	CHECK(ended_as(0, 1, 0), "gone in the middle");

	/* Nothing more is said of one that never reads, until it does. */
	fd = dial(h, 4096);
	say(fd, "GET /image HTTP/1.1\r\nHost: x\r\n\r\nGET /hello" END "\r\n");
	CHECK(until(one_alive) && until(has_moved), "sent as far as it goes");
	CHECK(atomic_load(&moved) < IMAGE_SIZE, "not all");
	CHECK(atomic_load(&ended[0]) + atomic_load(&ended[1]) == 0, "and no word of an end");
	http_set_delivery(h, 1, 0);
	CHECK(ask(h, "GET /image" END "\r\n", " 503 "), "one more is too much");
	http_set_delivery(h, 0, 0);
	buf_clear(&reply);
	hear(fd, &reply, SIZE_MAX);
	close(fd);
	CHECK(reply.len > IMAGE_SIZE && memcmp(reply.p + reply.len - 5, "hello", 5) == 0,
	    "all of it");
	CHECK(ended_as(1, 0, 1), "delivered, and the one too much unsent");
}

static struct sockaddr_in stopping;

static bool
refused(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool r = connect(fd, (struct sockaddr *)&stopping, sizeof(stopping)) != 0;

	close(fd);
	return r;
}

static void *
release(void *unused)
{
	CHECK(until(refused), "nobody is accepted any more");
	hold(false);
	return unused;
}

/* Stopped while a write, an upload and a download are under way. */
static void
stop_in_the_middle(void)
{
	const struct http_limits limits = { .head_s = 5 };
	struct health *health = health_new();
	struct http *h = start(&limits, health);
	AUTO(buf) struct buf reply = BUF_INIT;
	int writing = dial(h, 0), lazy = dial(h, 4096), idle = dial(h, 0);
	socklen_t n = sizeof(stopping);
	pthread_t t;

	forget();
	hold(true);
	say(writing, "POST /save HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
	say(lazy, "GET /image HTTP/1.1\r\nHost: x\r\n\r\n");
	say(idle, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(idle, &reply, 50);
	CHECK(until(one_alive), "the download");
	CHECK(until(one_waits), "the write waits");
	getpeername(idle, (struct sockaddr *)&stopping, &n);
	pthread_create(&t, NULL, release, NULL);
	http_stop(h, 1);
	pthread_join(t, NULL);
	buf_clear(&reply);
	hear(writing, &reply, SIZE_MAX);
	CHECK(strstr(buf_str(&reply), "saved") != NULL, "what was written is told: %s",
	    buf_str(&reply));
	CHECK(strstr(buf_str(&reply), "Connection: close") != NULL, "and it was the last");
	CHECK(ended_as(0, 0, 1), "our end, not the device's");
	close(writing);
	close(lazy);
	close(idle);
	http_free(h);
	health_free(health);
}

/* A client that sends byte by byte is late after head_s, whatever it sends. */
static void
late(void)
{
	const struct http_limits limits = { .head_s = 1, .idle_s = 1, .body_s = 1,
	    .min_rate = 1000 };
	struct http *h = start(&limits, NULL);
	AUTO(buf) struct buf reply = BUF_INIT;
	int slow = dial(h, 0), body = dial(h, 0), i;
	struct timespec t = { .tv_nsec = 100000000 };

	say(slow, "GET /hello HTTP/1.1\r\nHost: x\r\nX-Slow: ");
	say(body, "POST /save HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
	for (i = 0; i < 100; i++) {
		nanosleep(&t, NULL);
		if (send(slow, "a", 1, MSG_NOSIGNAL) < 0 && send(body, "a", 1, MSG_NOSIGNAL) < 0)
			break;
		(void)send(body, "a", 1, MSG_NOSIGNAL);
	}
	CHECK(i < 60, "cut after %d tenths of a second", i);
	hear(slow, &reply, SIZE_MAX);
	CHECK(reply.len == 0, "%s", buf_str(&reply));
	close(slow);
	close(body);
	http_free(h);
}

static void
bad_addresses(void)
{
	static const struct { const char *listen, *says; } rows[] = {
		{ "127.0.0.1", "not HOST:PORT" },
		{ "192.0.2.1:80", "http.listen: cannot listen on 192.0.2.1 port 80" },
		{ "127.0.0.1:0 no-such-host.invalid:1",
		    "http.listen: address no-such-host.invalid" },
	};
	const struct http_limits limits = { 0 };
	const char *section, *address;

	EACH(r, rows) {
		struct err e = ERR_INIT;
		struct http *h = http_new(NULL, NULL, tables, refuse, &limits, &e);
		struct http_listener l = { "http", r->listen, SERVES_API, 1, NULL };

		CHECK(http_listen(h, &l, &e) != 0 && strstr(e.text, r->says) != NULL, "%s", e.text);
		CHECK(!http_address(h, 0, &section, &address), "nothing listens");
		http_free(h);
	}
}

int
main(void)
{
	const struct http_limits limits = { 0 };
	struct http *h;
	pthread_t t;

	pthread_create(&t, NULL, writer, NULL);
	h = start(&limits, NULL);
	answers(h);
	uploads(h);
	raw_bodies(h);
	transfers(h);
	http_free(h);
	stop_in_the_middle();
	late();
	bad_addresses();
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(t, NULL);
	return TEST_END();
}
