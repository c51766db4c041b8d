/* SPDX-License-Identifier: Apache-2.0
 *
 * A device shows what it runs by a digest of its flash, and its flash is not
 * always the file: the ESP8266's updater writes the flash mode of the running
 * device into byte 2 (protocols/arduino.md 1.7). Only the digests that a device
 * can really show are kept, under the names it shows them by. */
#include <assert.h>
#include <openssl/evp.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"
#include "kind.h"

AUTO_DEFINE(EVP_MD_CTX, md, EVP_MD_CTX_free);

static struct image_hash *
add_hash(struct image_report *r, const char *name, size_t len)
{
	struct image_hash *h = &r->hashes[r->nhashes++];

	assert(r->nhashes <= IMAGE_HASHES_MAX);
	h->name = name;
	h->len = len;
	return h;
}

/* MD5 of start[0:nstart] and rest[0:n], as one text. */
static int
add_md5(struct image_report *r, const uint8_t *start, size_t nstart, const uint8_t *rest,
    size_t n, struct err *e)
{
	AUTO(md) EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t digest[MD5_LEN];

	if (c == NULL || !EVP_DigestInit_ex(c, EVP_md5(), NULL) ||
	    !EVP_DigestUpdate(c, start, nstart) || !EVP_DigestUpdate(c, rest, n) ||
	    !EVP_DigestFinal_ex(c, digest, NULL))
		return err_set(e, ERR_INTERNAL, "MD5 of an image: OpenSSL refused");
	memcpy(add_hash(r, "sketch-md5", MD5_LEN)->bytes, digest, MD5_LEN);
	return 0;
}

int
hash_md5(struct image_report *r, const uint8_t *bytes, size_t n, struct err *e)
{
	return add_md5(r, bytes, n, bytes, 0, e);
}

int
hash_md5_mode(struct image_report *r, const uint8_t *bytes, size_t n, uint8_t mode,
    struct err *e)
{
	const uint8_t start[3] = { bytes[0], bytes[1], mode };

	assert(n >= sizeof(start));
	return add_md5(r, start, sizeof(start), bytes + sizeof(start), n - sizeof(start), e);
}

void
hash_sha256(struct image_report *r, const uint8_t digest[32])
{
	memcpy(add_hash(r, "sketch-sha256", SHA256_LEN)->bytes, digest, SHA256_LEN);
}
