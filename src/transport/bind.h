/* SPDX-License-Identifier: Apache-2.0
 *
 * bind.h - listening sockets from the words of a setting, for every transport
 * that listens (http_socket.c). */
#ifndef OTAD_TRANSPORT_BIND_H
#define OTAD_TRANSPORT_BIND_H

#include <stdbool.h>
#include <sys/socket.h>
#include "otad/err.h"

#define ADDRESS_MAX	64		/* "[1111:…:8888%eth0]:65535" */

/* One bound, listening, non-blocking socket for each address. */
struct bound {
	int	fd;
	char	address[ADDRESS_MAX];
};
int		http_bind(const char *listen, struct bound *ret, int max, int *ret_count,
		    struct err *);
/* "127.0.0.1:80", "[::1]:80"; without port if !port. */
const char	*http_address_text(const struct sockaddr *, bool port, char ret[ADDRESS_MAX]);

#endif
