/* SPDX-License-Identifier: Apache-2.0
 *
 * http_socket.c - our own listening sockets, so that an address that is taken or
 * not ours is explained in the words of the setting. */
#include "http_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "otad/conf.h"

#define BACKLOG		4096	/* capped by net.core.somaxconn */

AUTO_DEFINE(struct addrinfo, addrinfo, freeaddrinfo);

const char *
http_address_text(const struct sockaddr *sa, bool port, char ret[ADDRESS_MAX])
{
	const struct sockaddr_in6 *six = (const void *)sa;
	const struct sockaddr_in *four = (const void *)sa;
	char host[INET6_ADDRSTRLEN] = "";
	bool is_six = sa->sa_family == AF_INET6;

	if (is_six && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], host, sizeof(host));
		is_six = false;
	} else if (is_six) {
		inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
	} else if (sa->sa_family == AF_INET) {
		inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
	}
	if (port)
		snprintf(ret, ADDRESS_MAX, is_six ? "[%s]:%u" : "%s:%u", host,
		    ntohs(sa->sa_family == AF_INET6 ? six->sin6_port : four->sin_port));
	else
		snprintf(ret, ADDRESS_MAX, "%s", host);
	return ret;
}

static int
listen_at(const struct addrinfo *ai, const char *host, const char *port, struct err *e)
{
	int fd, one = 1;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, "socket for %s", host);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Else [::] would take 0.0.0.0 too, which the settings did not say. */
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	err_errno(e, ERR_INTERNAL, "cannot listen on %s port %s", host, port);
	close(fd);
	return -1;
}

static int
bind_one(const char *host, const char *port, struct bound *ret, struct err *e)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM };
	AUTO(addrinfo) struct addrinfo *ai = NULL;
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);
	int rc;

	rc = getaddrinfo(host, port, &hints, &ai);
	if (rc != 0)
		return err_set(e, ERR_INVALID, "address %s: %s", host, gai_strerror(rc));
	ret->fd = listen_at(ai, host, port, e);
	if (ret->fd < 0)
		return -1;
	if (getsockname(ret->fd, (struct sockaddr *)&ss, &n) != 0) {
		err_errno(e, ERR_INTERNAL, "address of %s", host);
		close(ret->fd);
		return -1;
	}
	http_address_text((struct sockaddr *)&ss, true, ret->address);
	return 0;
}

int
http_bind(const char *list, struct bound *ret, int max, int *ret_count, struct err *e)
{
	char host[CONF_HOST_MAX], port[CONF_PORT_MAX];
	int n = 0, rc = 0;

	while (rc == 0 && (rc = conf_address(&list, host, port, e)) == 1) {
		if (n == max)
			rc = err_set(e, ERR_INVALID, "more than %d addresses", max);
		else
			rc = bind_one(host, port, &ret[n], e);
		n += rc == 0;
	}
	if (rc == 0) {
		*ret_count = n;
		return 0;
	}
	while (n > 0)
		close(ret[--n].fd);
	return -1;
}
