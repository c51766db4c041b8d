/* SPDX-License-Identifier: Apache-2.0
 *
 * tls.c - a set of certificate, key and CA is immutable once it was read. A
 * reload puts a new one in front; the old ones stay until the end, since a
 * handshake that began with one may still be using it. A reload is rare and a
 * set small.
 *
 * A session finds its set through GnuTLS's database pointer: the session pointer
 * is libmicrohttpd's, and there is no database, since sessions are resumed by
 * tickets. */
#include "tls.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/log.h"

#define CHAIN_MAX	8

struct set {
	gnutls_pcert_st		chain[CHAIN_MAX];
	unsigned		nchain;
	gnutls_privkey_t	key;
	gnutls_x509_trust_list_t clients;	/* NULL: nobody is asked */
	struct set		*older;
};

struct tls {
	char			*cert, *key, *client_ca;
	gnutls_datum_t		ticket_key;
	pthread_mutex_t		reloading;
	struct set *_Atomic	now;
};

static int
tls_error(struct err *e, const char *file, int rc)
{
	return err_set(e, ERR_INVALID, "%s: %s", file, gnutls_strerror(rc));
}

static void
set_free(struct set *s)
{
	unsigned i;

	for (i = 0; i < s->nchain; i++)
		gnutls_pcert_deinit(&s->chain[i]);
	if (s->key != NULL)
		gnutls_privkey_deinit(s->key);
	if (s->clients != NULL)
		gnutls_x509_trust_list_deinit(s->clients, 1);
	free(s);
}
AUTO_DEFINE(struct set, set, set_free);

static int
read_key(struct set *s, const char *file, struct err *e)
{
	gnutls_datum_t pem;
	int rc = gnutls_load_file(file, &pem);

	if (rc != 0)
		return tls_error(e, file, rc);
	rc = gnutls_privkey_init(&s->key);
	if (rc == 0)
		rc = gnutls_privkey_import_x509_raw(s->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return rc == 0 ? 0 : tls_error(e, file, rc);
}

static int
read_chain(struct set *s, const char *file, struct err *e)
{
	unsigned n = CHAIN_MAX;
	int rc;

	rc = gnutls_pcert_list_import_x509_file(s->chain, &n, file, GNUTLS_X509_FMT_PEM, NULL,
	    NULL, 0);
	if (rc != 0)
		return tls_error(e, file, rc);
	s->nchain = n;
	return 0;
}

/* The usual mistake after a renewal; clients would only see a failed handshake. */
static int
check_pair(const struct set *s, const struct tls *t, struct err *e)
{
	unsigned char ours[64], theirs[64];
	size_t nours = sizeof(ours), ntheirs = sizeof(theirs);
	gnutls_pubkey_t pub;
	int rc = gnutls_pubkey_init(&pub);

	if (rc == 0) {
		rc = gnutls_pubkey_import_privkey(pub, s->key, 0, 0);
		if (rc == 0)
			rc = gnutls_pubkey_get_key_id(pub, 0, ours, &nours);
		gnutls_pubkey_deinit(pub);
	}
	if (rc == 0)
		rc = gnutls_pubkey_get_key_id(s->chain[0].pubkey, 0, theirs, &ntheirs);
	if (rc != 0)
		return tls_error(e, t->key, rc);
	if (nours != ntheirs || memcmp(ours, theirs, nours) != 0)
		return err_set(e, ERR_INVALID, "%s is not the key of the certificate in %s",
		    t->key, t->cert);
	return 0;
}

static int
read_clients(struct set *s, const char *file, struct err *e)
{
	int rc;

	if (*file == '\0')
		return 0;
	rc = gnutls_x509_trust_list_init(&s->clients, 0);
	if (rc == 0)
		rc = gnutls_x509_trust_list_add_trust_file(s->clients, file, NULL,
		    GNUTLS_X509_FMT_PEM, 0, 0);
	if (rc < 0)
		return tls_error(e, file, rc);
	if (rc == 0)
		return err_set(e, ERR_INVALID, "%s: no certificate in it", file);
	return 0;
}

static struct set *
set_new(const struct tls *t, struct err *e)
{
	AUTO(set) struct set *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_errno(e, ERR_INTERNAL, "certificates");
		return NULL;
	}
	if (read_chain(s, t->cert, e) != 0 || read_key(s, t->key, e) != 0 ||
	    check_pair(s, t, e) != 0 || read_clients(s, t->client_ca, e) != 0)
		return NULL;
	return TAKE(s);
}

struct tls *
tls_new(const struct tls_files *files, struct err *e)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		err_errno(e, ERR_INTERNAL, "certificates");
		return NULL;
	}
	pthread_mutex_init(&t->reloading, NULL);
	t->cert = strdup(files->cert);
	t->key = strdup(files->key);
	t->client_ca = strdup(files->client_ca);
	if (t->cert == NULL || t->key == NULL || t->client_ca == NULL ||
	    gnutls_session_ticket_key_generate(&t->ticket_key) != 0)
		err_set(e, ERR_INTERNAL, "certificates: out of memory");
	else if (tls_reload(t, e) == 0)
		return t;
	tls_free(t);
	return NULL;
}

int
tls_reload(struct tls *t, struct err *e)
{
	struct set *s = set_new(t, e);

	if (s == NULL)
		return -1;
	pthread_mutex_lock(&t->reloading);
	s->older = atomic_load(&t->now);
	atomic_store(&t->now, s);
	pthread_mutex_unlock(&t->reloading);
	return 0;
}

void
tls_free(struct tls *t)
{
	struct set *s, *older;

	if (t == NULL)
		return;
	for (s = atomic_load(&t->now); s != NULL; s = older) {
		older = s->older;
		set_free(s);
	}
	if (t->ticket_key.data != NULL) {
		gnutls_memset(t->ticket_key.data, 0, t->ticket_key.size);
		gnutls_free(t->ticket_key.data);
	}
	pthread_mutex_destroy(&t->reloading);
	free(t->cert);
	free(t->key);
	free(t->client_ca);
	free(t);
}

void
tls_begin(struct tls *t, gnutls_session_t session)
{
	gnutls_db_set_ptr(session, t);
	(void)gnutls_session_ticket_enable_server(session, &t->ticket_key);
	if (atomic_load(&t->now)->clients != NULL)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
}

int
tls_certificate(gnutls_session_t session, const gnutls_datum_t *ca, int nca,
    const gnutls_pk_algorithm_t *algorithms, int nalgorithms, gnutls_pcert_st **ret_chain,
    unsigned *ret_nchain, gnutls_privkey_t *ret_key)
{
	struct tls *t = gnutls_db_get_ptr(session);
	struct set *s;

	(void)ca;
	(void)nca;
	(void)algorithms;
	(void)nalgorithms;
	if (t == NULL)
		return -1;
	s = atomic_load(&t->now);
	*ret_chain = s->chain;
	*ret_nchain = s->nchain;
	*ret_key = s->key;
	return 0;
}

/* Vouched for by our CA, in time, and meant for clients? */
static bool
trusted(const struct set *s, gnutls_x509_crt_t *chain, unsigned n)
{
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
	    .data = (void *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned status = ~0u;
	int rc;

	rc = gnutls_x509_trust_list_verify_crt2(s->clients, chain, n, &purpose, 1, 0, &status,
	    NULL);
	if (rc != 0 || status != 0)
		log_debug("a client's certificate is not trusted (status 0x%x)", status);
	return rc == 0 && status == 0;
}

void
tls_peer(struct tls *t, gnutls_session_t session, char ret[65])
{
	struct set *s = atomic_load(&t->now);
	gnutls_x509_crt_t chain[CHAIN_MAX];
	const gnutls_datum_t *der;
	unsigned i, n = 0, count = 0;
	size_t size = 65;
	int rc = 0;

	ret[0] = '\0';
	der = s->clients != NULL ? gnutls_certificate_get_peers(session, &count) : NULL;
	if (der == NULL || count > CHAIN_MAX)
		return;
	while (n < count && gnutls_x509_crt_init(&chain[n]) == 0) {
		rc |= gnutls_x509_crt_import(chain[n], &der[n], GNUTLS_X509_FMT_DER);
		n++;
	}
	if (rc == 0 && n == count && n > 0 && trusted(s, chain, n) &&
	    (gnutls_x509_crt_get_dn_by_oid(chain[0], GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret,
	    &size) != 0 || strlen(ret) != size))
		ret[0] = '\0';
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
}
