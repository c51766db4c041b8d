/* SPDX-License-Identifier: Apache-2.0
 *
 * cert.c - ECDSA, because a handshake with it costs a third of one with RSA. It
 * begins a day back: devices without a clock battery are often a bit behind. It
 * is its own authority, so that clients can be given the very file to trust. */
#include "cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"

#define DAY_S	86400L
#define LIFE_S	(3650 * DAY_S)

AUTO_DEFINE(X509, x509, X509_free);
AUTO_DEFINE(EVP_PKEY, pkey, EVP_PKEY_free);
AUTO_DEFINE(BIO, bio, BIO_free_all);
AUTO_DEFINE(X509_EXTENSION, extension, X509_EXTENSION_free);

static int
openssl_error(struct err *e)
{
	char text[160];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return err_set(e, ERR_INTERNAL, "self-signed certificate: %s", text);
}

static int
add_extension(X509 *cert, int nid, const char *value)
{
	AUTO(extension) X509_EXTENSION *x = NULL;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return x != NULL && X509_add_ext(cert, x, -1) == 1;
}

/* The host's own name, if it can stand in a certificate. */
static const char *
host_name(char ret[65])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-";

	if (gethostname(ret, 64) != 0)
		return NULL;
	ret[64] = '\0';
	if (*ret == '\0' || ret[strspn(ret, letters)] != '\0' || strcmp(ret, "localhost") == 0)
		return NULL;
	return ret;
}

static int
add_names(X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	char host[65], san[160];
	const char *own = host_name(host);

	snprintf(san, sizeof(san), "DNS:localhost,%s%s%sIP:127.0.0.1,IP:::1",
	    own != NULL ? "DNS:" : "", own != NULL ? own : "", own != NULL ? "," : "");
	return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
	    (const unsigned char *)"otad self-signed", -1, -1, 0) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)(own != NULL ? own : "localhost"), -1, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, name) == 1 &&
	    add_extension(cert, NID_subject_alt_name, san);
}

static int
fill(X509 *cert, EVP_PKEY *key)
{
	uint64_t serial;

	random_bytes(&serial, sizeof(serial));
	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), (serial >> 1) | 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), -DAY_S) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S) != NULL &&
	    X509_set_pubkey(cert, key) == 1 && add_names(cert) &&
	    add_extension(cert, NID_subject_key_identifier, "hash") &&
	    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(cert, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    X509_sign(cert, key, EVP_sha256()) > 0;
}

static int
write_pem(struct home *s, const char *name, BIO *pem, mode_t mode, struct err *e)
{
	char *text;
	long n = BIO_get_mem_data(pem, &text);

	return home_write(s, name, text, (size_t)n, mode, e);
}

int
cert_ensure(struct home *s, struct err *e)
{
	AUTO(x509) X509 *cert = NULL;
	AUTO(pkey) EVP_PKEY *key = NULL;
	AUTO(bio) BIO *cert_pem = NULL;
	AUTO(bio) BIO *key_pem = NULL;

	if (home_has(s, "tls/cert.pem") && home_has(s, "tls/key.pem"))
		return 0;
	if (home_folder(s, "tls", e) != 0)
		return -1;
	cert = X509_new();
	key = EVP_EC_gen("P-256");
	cert_pem = BIO_new(BIO_s_mem());
	key_pem = BIO_new(BIO_s_mem());
	if (cert == NULL || key == NULL || cert_pem == NULL || key_pem == NULL ||
	    !fill(cert, key) || PEM_write_bio_X509(cert_pem, cert) != 1 ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1)
		return openssl_error(e);
	if (write_pem(s, "tls/key.pem", key_pem, 0600, e) != 0)
		return -1;
	return write_pem(s, "tls/cert.pem", cert_pem, 0644, e);
}
