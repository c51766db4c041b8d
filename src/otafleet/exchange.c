/* SPDX-License-Identifier: Apache-2.0
 *
 * Each phase is a function that says X_BYTES when it is through and the next
 * one may go on at once; so one step runs through as many as it can. */
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "exchange.h"

void
exchange_init(struct exchange *x)
{
	*x = (struct exchange){ .fd = -1, .out = BUF_INIT };
}

static enum exchange_event
failed(struct exchange *x, const char *doing)
{
	snprintf(x->why, sizeof(x->why), "%s: %s", doing, strerror(errno));
	return X_FAILED;
}

/* What OpenSSL wants after a call that did not get all it asked for. */
static enum exchange_event
tls_wants(struct exchange *x, int r)
{
	switch (SSL_get_error(x->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return X_WAIT_IN;
	case SSL_ERROR_WANT_WRITE:
		return X_WAIT_OUT;
	case SSL_ERROR_ZERO_RETURN:
		return X_ENDED;
	default:
		endpoint_tls_reason(x->ssl, x->why, sizeof(x->why));
		return X_FAILED;
	}
}

int
exchange_open(struct exchange *x, const struct endpoint *to)
{
	x->sent = 0;
	x->nbody = x->nextra = 0;
	x->phase = X_CONNECTING;
	answer_begin(&x->answer, false);
	x->fd = endpoint_connect(to);
	if (x->fd == -1) {
		failed(x, "connect");
		return -1;
	}
	if (to->tls == NULL)
		return 0;
	x->ssl = endpoint_tls(to, x->fd);
	if (x->ssl != NULL)
		return 0;
	snprintf(x->why, sizeof(x->why), "TLS: out of memory");
	exchange_close(x);
	return -1;
}

static enum exchange_event
connecting(struct exchange *x)
{
	int error = 0;
	socklen_t len = sizeof(error);
	struct sockaddr_storage peer;
	socklen_t peerlen = sizeof(peer);

	if (getpeername(x->fd, (struct sockaddr *)&peer, &peerlen) == 0) {
		x->phase = x->ssl != NULL ? X_HANDSHAKING : X_SENDING;
		return X_BYTES;
	}
	getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0)
		return X_WAIT_OUT;
	errno = error;
	return failed(x, "connect");
}

static enum exchange_event
handshaking(struct exchange *x)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(x->ssl);
	if (r != 1)
		return tls_wants(x, r);
	x->phase = X_SENDING;
	return X_BYTES;
}

static enum exchange_event
sending(struct exchange *x)
{
	const char *p = x->out.p + x->sent;
	size_t n = x->out.len - x->sent, done = 0;
	ssize_t r;

	if (x->ssl != NULL) {
		ERR_clear_error();
		r = SSL_write_ex(x->ssl, p, n, &done);
		if (r != 1)
			return tls_wants(x, (int)r);
	} else {
		r = send(x->fd, p, n, MSG_NOSIGNAL);
		if (r == -1)
			return errno == EAGAIN ? X_WAIT_OUT : failed(x, "send");
		done = (size_t)r;
	}
	x->sent += done;
	if (x->sent == x->out.len)
		x->phase = X_READING;
	return X_BYTES;
}

static enum exchange_event
reading(struct exchange *x, char *room, size_t size)
{
	size_t n = 0, head;
	ssize_t r;

	if (x->ssl != NULL) {
		ERR_clear_error();
		r = SSL_read_ex(x->ssl, room, size, &n);
		if (r != 1)
			return tls_wants(x, (int)r);
	} else {
		r = recv(x->fd, room, size, 0);
		if (r == -1)
			return errno == EAGAIN ? X_WAIT_IN : failed(x, "receive");
		n = (size_t)r;
	}
	if (n == 0)
		return X_ENDED;
	head = answer_take(&x->answer, room, n, &x->nbody);
	x->body = room + head;
	x->nextra = n - head - x->nbody;
	return X_BYTES;
}

enum exchange_event
exchange_step(struct exchange *x, char *room, size_t size)
{
	enum exchange_event ev = X_BYTES;

	while (ev == X_BYTES && x->phase != X_READING)
		ev = x->phase == X_CONNECTING ? connecting(x) :
		    x->phase == X_HANDSHAKING ? handshaking(x) : sending(x);
	return ev == X_BYTES ? reading(x, room, size) : ev;
}

void
exchange_close(struct exchange *x)
{
	SSL_free(x->ssl);
	x->ssl = NULL;
	if (x->fd != -1)
		close(x->fd);
	x->fd = -1;
}

void
exchange_free(struct exchange *x)
{
	exchange_close(x);
	buf_free(&x->out);
	answer_free(&x->answer);
}
