/* SPDX-License-Identifier: Apache-2.0
 *
 * line_tls.c - TLS of the line listeners, by OpenSSL.
 *
 * The devices have buffers of two kilobytes and stacks of 2014: records are kept
 * at 1024 bytes, no tickets are sent, and an idle connection gives its buffers
 * back. What the oldest of them need beyond that (protocols/espressif-cloud.md
 * 1.8) is a profile of its own, which weakens this context and no other. */
#include "line_priv.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include "otad/log.h"

#define RECORD_MAX	1024
#define OLD_CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20:AES128-SHA:AES256-SHA@SECLEVEL=0"

AUTO_DEFINE(SSL_CTX, ssl_ctx, SSL_CTX_free);

struct line_tls {
	pthread_mutex_t	lock;
	SSL_CTX		*ctx;
	char		*cert, *key;
	bool		old;
};

static int
openssl_error(struct err *e, const char *doing)
{
	char text[160];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(e, ERR_INVALID, "%s: %s", doing, text);
}

static int
allow_old(SSL_CTX *ctx)
{
	SSL_CTX_set_security_level(ctx, 0);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1 &&
	    SSL_CTX_set_cipher_list(ctx, OLD_CIPHERS) == 1;
}

static SSL_CTX *
load(const struct line_tls *t, struct err *e)
{
	AUTO(ssl_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || SSL_CTX_set_max_send_fragment(ctx, RECORD_MAX) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    (t->old ? !allow_old(ctx) :
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)) {
		openssl_error(e, "TLS");
		return NULL;
	}
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	if (SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1) {
		openssl_error(e, t->cert);
		return NULL;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, t->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		openssl_error(e, t->key);
		return NULL;
	}
	return TAKE(ctx);
}

struct line_tls *
line_tls_new(const char *cert, const char *key, bool old, struct err *e)
{
	struct line_tls *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		err_errno(e, ERR_INTERNAL, "TLS");
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->old = old;
	t->cert = strdup(cert);
	t->key = strdup(key);
	if (t->cert == NULL || t->key == NULL)
		err_set(e, ERR_INTERNAL, "out of memory");
	else
		t->ctx = load(t, e);
	if (t->ctx != NULL)
		return t;
	line_tls_free(t);
	return NULL;
}

int
line_tls_reload(struct line_tls *t, struct err *e)
{
	SSL_CTX *now = load(t, e), *before;

	if (now == NULL)
		return -1;
	pthread_mutex_lock(&t->lock);
	before = t->ctx;
	t->ctx = now;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(before);		/* connections hold on to theirs */
	return 0;
}

void
line_tls_free(struct line_tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	free(t->cert);
	free(t->key);
	free(t);
}

SSL *
line_tls_accept(struct line_tls *t, int fd)
{
	SSL *ssl;

	pthread_mutex_lock(&t->lock);
	ssl = SSL_new(t->ctx);
	pthread_mutex_unlock(&t->lock);
	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

static enum line_io
wants(SSL *ssl, int rc)
{
	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return LINE_IO_READ;
	case SSL_ERROR_WANT_WRITE:
		return LINE_IO_WRITE;
	default:
		ERR_clear_error();
		return LINE_IO_END;
	}
}

enum line_io
line_tls_shake(SSL *ssl)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(ssl);
	return rc == 1 ? LINE_IO_OK : wants(ssl, rc);
}

enum line_io
line_recv(struct peer *p, void *room, size_t size, size_t *ret)
{
	ssize_t n;
	int rc;

	if (p->ssl != NULL) {
		ERR_clear_error();
		rc = SSL_read_ex(p->ssl, room, size, ret);
		return rc == 1 ? LINE_IO_OK : wants(p->ssl, rc);
	}
	n = recv(p->fd, room, size, 0);
	if (n > 0) {
		*ret = (size_t)n;
		return LINE_IO_OK;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? LINE_IO_READ : LINE_IO_END;
}

/* All of it or nothing: a message that was cut in two would be two messages. */
enum line_io
line_send(struct peer *p, const void *bytes, size_t len, size_t *ret)
{
	ssize_t n;
	int rc;

	if (p->ssl != NULL) {
		ERR_clear_error();
		rc = SSL_write_ex(p->ssl, bytes, len, ret);
		return rc == 1 ? LINE_IO_OK : wants(p->ssl, rc);
	}
	n = send(p->fd, bytes, len, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? LINE_IO_WRITE : LINE_IO_END;
	*ret = (size_t)n;
	return LINE_IO_OK;
}
