/* SPDX-License-Identifier: Apache-2.0
 *
 * digest.c - OpenSSL looks an algorithm up by name with every use unless it was
 * fetched before, which costs four times as much as hashing a key. So each is
 * fetched once, by whoever comes first, and never changes after that. There is
 * no going on without them: what cannot happen ends the process here, and the
 * callers need no error to carry. */
#include "otad/digest.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MUST(cond)	do { if (!(cond)) die(#cond); } while (0)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *md_sha256, *md_sha1, *md_md5;

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "digest: %s\n", what);
	abort();
}

static void
fetch(void)
{
	MUST((md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) != NULL);
	MUST((md_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL)) != NULL);
	MUST((md_md5 = EVP_MD_fetch(NULL, "MD5", NULL)) != NULL);
}

struct digests {
	EVP_MD_CTX	*sha256, *sha1, *md5;
};

static EVP_MD_CTX *
start(const EVP_MD *md)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c != NULL && EVP_DigestInit_ex2(c, md, NULL) != 1) {
		EVP_MD_CTX_free(c);
		return NULL;
	}
	return c;
}

struct digests *
digests_new(void)
{
	struct digests *d = calloc(1, sizeof(*d));

	pthread_once(&once, fetch);
	if (d == NULL)
		return NULL;
	d->sha256 = start(md_sha256);
	d->sha1 = start(md_sha1);
	d->md5 = start(md_md5);
	if (d->sha256 == NULL || d->sha1 == NULL || d->md5 == NULL) {
		digests_free(d);
		return NULL;
	}
	return d;
}

void
digests_add(struct digests *d, const void *data, size_t n)
{
	MUST(EVP_DigestUpdate(d->sha256, data, n) == 1);
	MUST(EVP_DigestUpdate(d->sha1, data, n) == 1);
	MUST(EVP_DigestUpdate(d->md5, data, n) == 1);
}

void
digests_end(struct digests *d, uint8_t sha256_[SHA256_LEN], uint8_t sha1[SHA1_LEN],
    uint8_t md5_[MD5_LEN])
{
	if (sha256_ != NULL)
		MUST(EVP_DigestFinal_ex(d->sha256, sha256_, NULL) == 1);
	if (sha1 != NULL)
		MUST(EVP_DigestFinal_ex(d->sha1, sha1, NULL) == 1);
	if (md5_ != NULL)
		MUST(EVP_DigestFinal_ex(d->md5, md5_, NULL) == 1);
}

void
digests_free(struct digests *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->sha256);
	EVP_MD_CTX_free(d->sha1);
	EVP_MD_CTX_free(d->md5);
	free(d);
}

void
sha256(uint8_t ret[SHA256_LEN], const void *data, size_t n)
{
	pthread_once(&once, fetch);
	MUST(EVP_Digest(data, n, ret, NULL, md_sha256, NULL) == 1);
}

void
md5(uint8_t ret[MD5_LEN], const void *data, size_t n)
{
	pthread_once(&once, fetch);
	MUST(EVP_Digest(data, n, ret, NULL, md_md5, NULL) == 1);
}

void
hmac_sha256(uint8_t ret[SHA256_LEN], const void *key, size_t keylen, const void *data,
    size_t n)
{
	pthread_once(&once, fetch);
	MUST(HMAC(md_sha256, keylen != 0 ? key : "", (int)keylen, data, n, ret, NULL) != NULL);
}

/* --- SipHash-2-4, from the paper of Aumasson and Bernstein ------------------- */

/* OpenSSL has it as a MAC, at a microsecond a call; a table of devices asks for
 * it with every look-up. */
static uint64_t
load64(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static inline uint64_t
rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static void
sip_compress(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

uint64_t
siphash(const uint8_t key[16], const void *data, size_t n)
{
	uint64_t k0 = load64(key, 8), k1 = load64(key + 8, 8);
	uint64_t v[4] = {		/* "somepseudorandomlygeneratedbytes" */
		k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *p = data;
	size_t left;
	int i;

	for (left = n; left >= 8; left -= 8, p += 8)
		sip_compress(v, load64(p, 8));
	sip_compress(v, load64(p, left) | (uint64_t)n << 56);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- bytes, hex, random text --------------------------------------------------- */

bool
same_bytes(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

char *
hex_encode(char *ret, const void *data, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < n; i++) {
		ret[2 * i] = hex[p[i] >> 4];
		ret[2 * i + 1] = hex[p[i] & 15];
	}
	ret[2 * n] = '\0';
	return ret;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
hex_decode(uint8_t *ret, size_t n, const char *text)
{
	size_t i;

	if (strnlen(text, 2 * n + 1) != 2 * n)
		return -1;
	for (i = 0; i < 2 * n; i++)
		if (nibble(text[i]) < 0)
			return -1;
	for (i = 0; i < n; i++)
		ret[i] = (uint8_t)((unsigned)nibble(text[2 * i]) << 4 |
		    (unsigned)nibble(text[2 * i + 1]));
	return 0;
}

int
base64_decode(uint8_t *ret, size_t size, const char *text)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text), body = strspn(text, letters), padding = n - body;
	int got;

	/* OpenSSL takes blanks around it, and counts the padding as bytes. */
	if (n % 4 != 0 || padding > 2 || strspn(text + body, "=") != padding ||
	    n / 4 > size / 3 || n > INT_MAX)
		return -1;
	got = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)n);
	return got < 0 ? -1 : got - (int)padding;
}

void
random_bytes(void *ret, size_t n)
{
	uint8_t *p = ret;
	ssize_t got;

	while (n > 0) {
		got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		MUST(got > 0);
		p += got;
		n -= (size_t)got;
	}
}

char *
random_id(char ret[ID_LEN + 1])
{
	static const char letters[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	enum { LETTERS = sizeof(letters) - 1, FAIR = 256 - 256 % LETTERS };
	uint8_t some[2 * ID_LEN];
	size_t i, n = 0;

	while (n < ID_LEN) {
		random_bytes(some, sizeof(some));
		for (i = 0; i < sizeof(some) && n < ID_LEN; i++)
			if (some[i] < FAIR)	/* above: the first letters would win */
				ret[n++] = letters[some[i] % LETTERS];
	}
	ret[n] = '\0';
	return ret;
}

char *
random_key(char ret[KEY_LEN + 1])
{
	uint8_t secret[32];
	char text[48];			/* with the padding '=' and NUL */
	size_t i;

	random_bytes(secret, sizeof(secret));
	EVP_EncodeBlock((unsigned char *)text, secret, sizeof(secret));
	for (i = 0; i < KEY_LEN; i++)	/* base64url of RFC 4648 */
		ret[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	ret[KEY_LEN] = '\0';
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}
