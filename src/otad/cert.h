/* cert.h - a certificate for who has none yet. */
#ifndef OTAD_CERT_H
#define OTAD_CERT_H

#include "home.h"

/* Makes STATE/tls/cert.pem and key.pem unless both are there: self-signed, ECDSA
 * P-256, for localhost and this host's name, ten years. */
int	cert_ensure(struct home *, struct err *);

#endif
