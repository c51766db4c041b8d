/* endpoint.h - where a server is, and how its TLS is trusted.
 *
 * An address is looked up once; thousands of devices then share it. */
#ifndef OTAFLEET_ENDPOINT_H
#define OTAFLEET_ENDPOINT_H

#include <netdb.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include "otad/auto.h"
#include "otad/err.h"

struct endpoint {
	struct sockaddr_storage	addr;
	socklen_t		addrlen;
	char			host[256];	/* as in the URL, without brackets */
	char			authority[272];	/* for Host: port left out at 80 and 443 */
	char			base[256];	/* path before every request's, or "" */
	SSL_CTX			*tls;		/* NULL: plain */
};

/* url: http:// or https://, a host, a port if any, a path if any. ca: a PEM file
 * to trust for https (NULL: the system's). */
int	endpoint_open(struct endpoint *, const char *url, const char *ca, struct err *);
void	endpoint_close(struct endpoint *);

/* A non-blocking socket whose connect has begun; -1 with errno. */
int	endpoint_connect(const struct endpoint *);
/* A client's TLS over it, which will verify the host; NULL: out of memory. */
SSL	*endpoint_tls(const struct endpoint *, int fd);
/* The reason OpenSSL has for the last failure, in one line. */
const char *endpoint_tls_reason(const SSL *, char *ret, size_t size);

AUTO_DEFINE(SSL, ssl, SSL_free);

#endif
