/* tls.h - certificates and sessions for the HTTPS listeners (GnuTLS, which is
 * what libmicrohttpd speaks). */
#ifndef OTAD_TLS_H
#define OTAD_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include "otad/http.h"

/* TLS 1.2 and newer; AES-GCM first, which costs a quarter of ChaCha20 here and
 * is in the hardware of most devices. */
#define TLS_PRIORITIES							\
	"NORMAL:-VERS-TLS1.0:-VERS-TLS1.1:-CIPHER-ALL"			\
	":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-CCM"	\
	":+AES-128-CBC:+AES-256-CBC:%SERVER_PRECEDENCE"

/* A connection was accepted; its handshake has not begun. */
void	tls_begin(struct tls *, gnutls_session_t);
/* For MHD_OPTION_HTTPS_CERT_CALLBACK. */
gnutls_certificate_retrieve_function2 tls_certificate;
/* The CN of the client's certificate when client_ca vouches for it, else "". */
void	tls_peer(struct tls *, gnutls_session_t, char ret[65]);

#endif
