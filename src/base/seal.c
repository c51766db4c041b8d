/* SPDX-License-Identifier: Apache-2.0
 *
 * seal.c - AES-256-GCM with a random nonce: far below the number of texts at which
 * random nonces begin to matter. The key is derived, so that whoever leaks it
 * does not leak what signs links. */
#include "otad/seal.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"

#define NONCE	12
#define TAG	16
#define SALT	16
#define ROUNDS	100000

AUTO_DEFINE(EVP_CIPHER_CTX, cipher, EVP_CIPHER_CTX_free);

static void
derive(const uint8_t secret[SEAL_SECRET], uint8_t ret[SHA256_LEN])
{
	static const char purpose[] = "otad seal";

	hmac_sha256(ret, secret, SEAL_SECRET, purpose, sizeof(purpose) - 1);
}

static int
failed(struct err *e, const char *what)
{
	return err_set(e, ERR_INTERNAL, "%s", what);
}

int
seal(const uint8_t secret[SEAL_SECRET], const char *about, const char *text, char ret[SEALED_MAX],
    struct err *e)
{
	AUTO(cipher) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t key[SHA256_LEN], bytes[NONCE + SEAL_TEXT_MAX + TAG];
	size_t len = strlen(text);
	int n;

	assert(len <= SEAL_TEXT_MAX);
	derive(secret, key);
	random_bytes(bytes, NONCE);
	if (c == NULL || EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, bytes) != 1 ||
	    EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)about, (int)strlen(about)) != 1 ||
	    EVP_EncryptUpdate(c, bytes + NONCE, &n, (const uint8_t *)text, (int)len) != 1 ||
	    EVP_EncryptFinal_ex(c, bytes + NONCE + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, bytes + NONCE + len) != 1)
		return failed(e, "a secret could not be sealed");
	OPENSSL_cleanse(key, sizeof(key));
	EVP_EncodeBlock((uint8_t *)ret, bytes, (int)(NONCE + len + TAG));
	return 0;
}

int
unseal(const uint8_t secret[SEAL_SECRET], const char *about, const char *sealed, char *ret,
    size_t size, struct err *e)
{
	AUTO(cipher) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t key[SHA256_LEN], bytes[SEALED_MAX], text[SEALED_MAX];
	int total = base64_decode(bytes, sizeof(bytes), sealed), len = total - NONCE - TAG, n;

	if (c == NULL || len < 0 || (size_t)len >= size)
		return failed(e, "a sealed secret is damaged");
	derive(secret, key);
	if (EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, bytes) != 1 ||
	    EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)about, (int)strlen(about)) != 1 ||
	    EVP_DecryptUpdate(c, text, &n, bytes + NONCE, len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, bytes + NONCE + len) != 1 ||
	    EVP_DecryptFinal_ex(c, text + len, &n) != 1)
		return failed(e, "a sealed secret cannot be read: it was sealed with another "
		    "secret.key, or is damaged");
	OPENSSL_cleanse(key, sizeof(key));
	memcpy(ret, text, (size_t)len);
	ret[len] = '\0';
	return 0;
}

static void
stretch(const char *password, const uint8_t salt[SALT], uint8_t ret[SHA256_LEN])
{
	int ok = PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT, ROUNDS,
	    EVP_sha256(), SHA256_LEN, ret);

	assert(ok == 1);
	(void)ok;
}

void
password_hash(const char *password, uint8_t ret[PASSWORD_HASH])
{
	memset(ret, 0, PASSWORD_HASH);
	random_bytes(ret, SALT);
	stretch(password, ret, ret + SALT);
}

bool
password_is(const char *password, const uint8_t hash[PASSWORD_HASH])
{
	uint8_t given[SHA256_LEN];

	stretch(password, hash, given);
	return same_bytes(given, hash + SALT, sizeof(given));
}
