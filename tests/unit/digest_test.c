/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>
#include "otad/digest.h"
#include "test.h"

/* FIPS 180-4 and RFC 1321 examples. */
static void
known(void)
{
	static const struct {
		const char *text, *sha256, *sha1, *md5;
	} table[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		  "da39a3ee5e6b4b0d3255bfef95601890afd80709", "d41d8cd98f00b204e9800998ecf8427e" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		  "a9993e364706816aba3e25717850c26c9cd0d89d", "900150983cd24fb0d6963f7d28e17f72" },
	};
	uint8_t a[SHA256_LEN], b[SHA1_LEN], c[MD5_LEN], one[SHA256_LEN];
	char hex[HEX_LEN(SHA256_LEN)];

	EACH(t, table) {
		struct digests *d = digests_new();
		const char *p;

		for (p = t->text; *p != '\0'; p++)
			digests_add(d, p, 1);
		digests_end(d, a, b, c);
		digests_free(d);
		CHECK(strcmp(hex_encode(hex, a, SHA256_LEN), t->sha256) == 0, "%s", hex);
		CHECK(strcmp(hex_encode(hex, b, SHA1_LEN), t->sha1) == 0, "%s", hex);
		CHECK(strcmp(hex_encode(hex, c, MD5_LEN), t->md5) == 0, "%s", hex);
		sha256(one, t->text, strlen(t->text));
		CHECK(same_bytes(one, a, SHA256_LEN), "at once or by pieces");
		md5(one, t->text, strlen(t->text));
		CHECK(same_bytes(one, c, MD5_LEN), "at once or by pieces");
	}
	digests_free(NULL);
}

/* RFC 4231, cases 2 and 6. */
static void
macs(void)
{
	uint8_t mac[SHA256_LEN], key[131];
	char hex[HEX_LEN(SHA256_LEN)];
	static const char data[] = "Test Using Larger Than Block-Size Key - Hash Key First";

	hmac_sha256(mac, "Jefe", 4, "what do ya want for nothing?", 28);
	CHECK(strcmp(hex_encode(hex, mac, sizeof(mac)), "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843") == 0, "%s", hex);
	memset(key, 0xaa, sizeof(key));
	hmac_sha256(mac, key, sizeof(key), data, sizeof(data) - 1);
	CHECK(strcmp(hex_encode(hex, mac, sizeof(mac)), "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54") == 0, "%s", hex);
}

static uint64_t
openssl_siphash(const uint8_t key[16], const void *data, size_t n)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *c = EVP_MAC_CTX_new(mac);
	size_t size = 8, i;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	uint8_t out[8] = { 0 };
	uint64_t v = 0;

	if (EVP_MAC_init(c, key, 16, params) != 1 || EVP_MAC_update(c, data, n) != 1 ||
	    EVP_MAC_final(c, out, &i, sizeof(out)) != 1)
		CHECK(false, "OpenSSL's SIPHASH");
	EVP_MAC_CTX_free(c);
	EVP_MAC_free(mac);
	for (i = 8; i-- > 0; )
		v = v << 8 | out[i];
	return v;
}

/* The reference's vectors: key 00..0f, message 00, 01, … of each length. */
static void
sip(void)
{
	static const struct {
		size_t n; uint64_t want;
	} table[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) }, { 1, UINT64_C(0x74f839c593dc67fd) },
		{ 2, UINT64_C(0x0d6c8009d9a94f5a) }, { 3, UINT64_C(0x85676696d7fb7e2d) },
		{ 7, UINT64_C(0xab0200f58b01d137) }, { 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) }, { 63, UINT64_C(0x958a324ceb064572) },
	};
	uint8_t key[16], data[256];
	size_t i, differ = 0;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	memcpy(key, data, sizeof(key));
	EACH(t, table)
		CHECK(siphash(key, data, t->n) == t->want, "%zu: %llx", t->n,
		    (unsigned long long)siphash(key, data, t->n));
	for (i = 0; i <= sizeof(data); i++)
		differ += siphash(key, data, i) != openssl_siphash(key, data, i);
	CHECK(differ == 0, "%zu lengths differ from OpenSSL's", differ);
}

static void
hex(void)
{
	static const struct {
		const char *text; int r;
	} table[] = {
		{ "00ffAb", 0 }, { "00ffa", -1 }, { "00ffab0", -1 }, { "00ffab00", -1 },
		{ "00ffgb", -1 }, { "", -1 }, { " 0ffab", -1 }, { "00ff\xc3\xa4", -1 },
	};

	EACH(t, table) {
		uint8_t got[3] = { 1, 2, 3 };

		CHECK(hex_decode(got, 3, t->text) == t->r, "'%s'", t->text);
		CHECK(got[1] == (t->r == 0 ? 0xff : 2), "untouched unless read: '%s'", t->text);
	}
	CHECK(same_bytes("abc", "abd", 2) && !same_bytes("abc", "abd", 3), "same_bytes");
}

static void
base64s(void)
{
	static const struct { const char *text, *bytes; int n; } texts[] = {
		{ "", "", 0 },
		{ "Zg==", "f", 1 }, { "Zm8=", "fo", 2 }, { "Zm9v", "foo", 3 },
		{ "Zm9vYmFy", "foobar", 6 }, { "AP8=", "\0\xff", 2 },
		{ "Zg=", NULL, -1 }, { "Zg", NULL, -1 }, { "Zg===", NULL, -1 },
		{ "Z===", NULL, -1 }, { "====", NULL, -1 }, { "Zm=v", NULL, -1 },
		{ " Zm9v", NULL, -1 }, { " Zm9v   ", NULL, -1 }, { "Zm9v\n", NULL, -1 },
		{ "Zm-_", NULL, -1 }, { "Zm9vYmFyZm9v", NULL, -1 },	/* too long for got */
	};
	uint8_t got[8];

	EACH(t, texts) {
		CHECK(base64_decode(got, sizeof(got), t->text) == t->n, "'%s'", t->text);
		if (t->n > 0)
			CHECK(same_bytes(got, t->bytes, (size_t)t->n), "'%s'", t->text);
	}
}

static void
randoms(void)
{
	static const char alnum[] = "0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char id[ID_LEN + 1], key[KEY_LEN + 1], last[KEY_LEN + 1] = "";
	unsigned seen[256] = { 0 };
	size_t kinds = 0, bad = 0;
	int i, j;

	for (i = 0; i < 2000; i++) {
		random_id(id);
		bad += strlen(id) != ID_LEN || strspn(id, alnum) != ID_LEN;
		for (j = 0; j < ID_LEN; j++)
			seen[(unsigned char)id[j]]++;
	}
	for (i = 0; i < 256; i++)
		kinds += seen[i] > 300 && seen[i] < 1200;	/* 710 of each expected */
	CHECK(bad == 0 && kinds == 62, "%zu bad, %zu letters evenly", bad, kinds);

	for (i = bad = 0; i < 200; i++) {
		random_key(key);
		bad += strlen(key) != KEY_LEN || strcmp(key, last) == 0 ||
		    strspn(key, "-_0123456789abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != KEY_LEN;
		memcpy(last, key, sizeof(last));
	}
	CHECK(bad == 0, "%zu bad keys", bad);
}

int
main(void)
{
	known();
	macs();
	sip();
	hex();
	base64s();
	randoms();
	return TEST_END();
}
