/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices verify what they are told to trust: a fleet that took any certificate
 * would hide a server that presents a wrong one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "endpoint.h"

AUTO_DEFINE(struct addrinfo, addrinfo, freeaddrinfo);

static int
lookup(struct endpoint *ep, const char *port, struct err *e)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	AUTO(addrinfo) struct addrinfo *found = NULL;
	int r = getaddrinfo(ep->host, port, &want, &found);

	if (r != 0)
		return err_set(e, ERR_BAD, "%s port %s: %s", ep->host, port, gai_strerror(r));
	memcpy(&ep->addr, found->ai_addr, found->ai_addrlen);
	ep->addrlen = found->ai_addrlen;
	return 0;
}

static int
trust(struct endpoint *ep, const char *ca, struct err *e)
{
	ep->tls = SSL_CTX_new(TLS_client_method());
	if (ep->tls == NULL)
		return err_set(e, ERR_INTERNAL, "TLS cannot be set up");
	SSL_CTX_set_verify(ep->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ep->tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A server that closes after its answer is complete owes no close_notify:
	 * the length says whether it was. */
	SSL_CTX_set_options(ep->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
	if (ca != NULL ? SSL_CTX_load_verify_locations(ep->tls, ca, NULL) :
	    SSL_CTX_set_default_verify_paths(ep->tls))
		return 0;
	return err_set(e, ERR_BAD, "%s: no certificate to trust there", ca ? ca : "system");
}

/* Split "host:port" or "[v6]:port"; port gets the scheme's when there is none. */
static int
split(struct endpoint *ep, char *authority, const char *scheme_port, char *port, size_t size)
{
	char *host = authority, *colon;

	if (*host == '[') {
		char *close = strchr(host, ']');
		if (close == NULL)
			return -1;
		*close = '\0';
		host++;
		colon = close[1] == ':' ? close + 1 : NULL;
		if (close[1] != '\0' && colon == NULL)
			return -1;
	} else {
		colon = strchr(host, ':');
	}
	if (colon != NULL)
		*colon++ = '\0';
	if (*host == '\0' || (colon != NULL &&
	    (*colon == '\0' || strspn(colon, "0123456789") != strlen(colon))))
		return -1;
	snprintf(ep->host, sizeof(ep->host), "%s", host);
	snprintf(port, size, "%s", colon != NULL ? colon : scheme_port);
	return 0;
}

int
endpoint_open(struct endpoint *ep, const char *url, const char *ca, struct err *e)
{
	char authority[256], port[8];
	const char *rest, *slash;
	bool tls = strncmp(url, "https://", 8) == 0;

	*ep = (struct endpoint){ .tls = NULL };
	if (!tls && strncmp(url, "http://", 7) != 0)
		return err_set(e, ERR_BAD, "'%.80s': a URL starts with http:// or https://", url);
	rest = url + (tls ? 8 : 7);
	slash = rest + strcspn(rest, "/");
	if ((size_t)(slash - rest) >= sizeof(authority) || strlen(slash) >= sizeof(ep->base))
		return err_set(e, ERR_BAD, "'%.80s': URL too long", url);
	snprintf(authority, sizeof(authority), "%.*s", (int)(slash - rest), rest);
	if (split(ep, authority, tls ? "443" : "80", port, sizeof(port)) != 0)
		return err_set(e, ERR_BAD, "'%.80s': not a host and port", url);
	snprintf(ep->base, sizeof(ep->base), "%s", slash);
	if (ep->base[0] != '\0' && ep->base[strlen(ep->base) - 1] == '/')
		ep->base[strlen(ep->base) - 1] = '\0';
	snprintf(ep->authority, sizeof(ep->authority), strchr(ep->host, ':') ? "[%s]" : "%s",
	    ep->host);
	/* Arduino's client leaves out either of them, whatever the scheme
	 * (protocols/arduino.md 1.1). */
	if (strcmp(port, "80") != 0 && strcmp(port, "443") != 0) {
		size_t at = strlen(ep->authority);
		snprintf(ep->authority + at, sizeof(ep->authority) - at, ":%s", port);
	}
	if (lookup(ep, port, e) != 0)
		return -1;
	return tls ? trust(ep, ca, e) : 0;
}

void
endpoint_close(struct endpoint *ep)
{
	SSL_CTX_free(ep->tls);
	ep->tls = NULL;
}

int
endpoint_connect(const struct endpoint *ep)
{
	int fd, on = 1, kept;

	fd = socket(ep->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&ep->addr, ep->addrlen) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

SSL *
endpoint_tls(const struct endpoint *ep, int fd)
{
	AUTO(ssl) SSL *ssl = SSL_new(ep->tls);
	unsigned char ip[16];
	bool literal = inet_pton(AF_INET, ep->host, ip) == 1 ||
	    inet_pton(AF_INET6, ep->host, ip) == 1;

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		return NULL;
	SSL_set_connect_state(ssl);
	if (literal ? !X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), ep->host) :
	    !SSL_set1_host(ssl, ep->host) || !SSL_set_tlsext_host_name(ssl, ep->host))
		return NULL;
	return TAKE(ssl);
}

const char *
endpoint_tls_reason(const SSL *ssl, char *ret, size_t size)
{
	long verify = SSL_get_verify_result(ssl);
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	if (verify != X509_V_OK)
		reason = X509_verify_cert_error_string(verify);
	snprintf(ret, size, "TLS: %s", reason != NULL ? reason : "connection closed");
	return ret;
}
