/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario waits for one thing at a time, so its connections wait in poll(2)
 * and need no loop. */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "link.h"

static int
await(struct link *l, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = l->fd, .events = events };
	int64_t left;
	int r;

	do {
		left = deadline - clock_boot_ms(l->clock);
		r = left > 0 ? poll(&p, 1, (int)left) : 0;
	} while (r == -1 && errno == EINTR);
	if (r > 0)
		return 0;
	return r == 0 ? err_set(e, ERR_TIMEOUT, "nothing happened in time") :
	    err_errno(e, ERR_INTERNAL, "poll");
}

/* After a TLS call that returned r: 1 to call again, 0 closed, -1. */
static int
tls_await(struct link *l, int r, int64_t deadline, struct err *e)
{
	char why[96];

	switch (SSL_get_error(l->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return await(l, POLLIN, deadline, e) == 0 ? 1 : -1;
	case SSL_ERROR_WANT_WRITE:
		return await(l, POLLOUT, deadline, e) == 0 ? 1 : -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		if (errno == ECONNRESET || errno == EPIPE)
			return 0;
	}
	return err_set(e, ERR_INTERNAL, "%s", endpoint_tls_reason(l->ssl, why, sizeof(why)));
}

static int
handshake(struct link *l, const struct endpoint *to, int64_t deadline, struct err *e)
{
	int r, more;

	l->ssl = endpoint_tls(to, l->fd);
	if (l->ssl == NULL)
		return err_set(e, ERR_FULL, "out of memory");
	for (;;) {
		ERR_clear_error();
		r = SSL_do_handshake(l->ssl);
		if (r == 1)
			return 0;
		more = tls_await(l, r, deadline, e);
		if (more != 1)
			return more == 0 ? err_set(e, ERR_INTERNAL,
			    "closed during the TLS handshake") : -1;
	}
}

int
link_open(struct link *l, const struct clock *clock, const struct endpoint *to,
    int64_t deadline, struct err *e)
{
	int error = 0;
	socklen_t len = sizeof(error);

	*l = (struct link){ .fd = endpoint_connect(to), .clock = clock };
	if (l->fd == -1)
		return err_errno(e, ERR_INTERNAL, "connect to %s", to->authority);
	if (await(l, POLLOUT, deadline, e) != 0)
		return -1;
	getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	if (error != 0)
		return err_errno(e, ERR_INTERNAL, "connect to %s", to->authority);
	return to->tls != NULL ? handshake(l, to, deadline, e) : 0;
}

static ssize_t
send_some(struct link *l, const char *p, size_t n, int64_t deadline, struct err *e)
{
	size_t done = 0;
	ssize_t r;
	int more;

	if (l->ssl == NULL) {
		r = send(l->fd, p, n, MSG_NOSIGNAL);
		if (r >= 0)
			return r;
		if (errno != EAGAIN)
			return err_errno(e, ERR_INTERNAL, "send");
		return await(l, POLLOUT, deadline, e);
	}
	ERR_clear_error();
	r = SSL_write_ex(l->ssl, p, n, &done);
	if (r == 1)
		return (ssize_t)done;
	more = tls_await(l, (int)r, deadline, e);
	return more == 0 ? err_set(e, ERR_INTERNAL, "send: closed") : more == 1 ? 0 : -1;
}

int
link_send(struct link *l, const void *bytes, size_t n, int64_t deadline, struct err *e)
{
	const char *p = bytes;
	ssize_t r;

	if (l->fd == -1)
		return err_set(e, ERR_BAD, "send: not connected");
	for (; n > 0; p += r, n -= (size_t)r) {
		r = send_some(l, p, n, deadline, e);
		if (r < 0)
			return -1;
	}
	return 0;
}

ssize_t
link_receive(struct link *l, void *room, size_t size, int64_t deadline, struct err *e)
{
	size_t done = 0;
	ssize_t r;
	int more;

	if (l->fd == -1)
		return err_set(e, ERR_BAD, "receive: not connected");
	for (;;) {
		if (l->ssl != NULL) {
			ERR_clear_error();
			if (SSL_read_ex(l->ssl, room, size, &done) == 1)
				return (ssize_t)done;
			more = tls_await(l, 0, deadline, e);
			if (more != 1)
				return more;
			continue;
		}
		r = recv(l->fd, room, size, 0);
		if (r >= 0)
			return r;
		if (errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN)
			return err_errno(e, ERR_INTERNAL, "receive");
		if (await(l, POLLIN, deadline, e) != 0)
			return -1;
	}
}

void
link_close(struct link *l)
{
	SSL_free(l->ssl);
	if (l->fd != -1)
		close(l->fd);
	*l = (struct link)LINK_CLOSED;
}

void
link_reset(struct link *l)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (l->fd != -1)
		setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	link_close(l);
}
