/* digest.h - hashes, random text, links' MACs: thin names over OpenSSL.
 *
 * Hex is lower case. A running digest never fails once made. */
#ifndef OTAD_DIGEST_H
#define OTAD_DIGEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum { SHA256_LEN = 32, SHA1_LEN = 20, MD5_LEN = 16 };
#define HEX_LEN(n)	(2 * (n) + 1)		/* room for n bytes as hex, with NUL */

/* All three digests of one stream, computed in one pass. */
struct digests;
struct digests	*digests_new(void);		/* NULL: out of memory */
void		digests_add(struct digests *, const void *, size_t);
/* May be called once; any of the three may be NULL. */
void		digests_end(struct digests *, uint8_t sha256[SHA256_LEN],
		    uint8_t sha1[SHA1_LEN], uint8_t md5[MD5_LEN]);
void		digests_free(struct digests *);

void		sha256(uint8_t ret[SHA256_LEN], const void *, size_t);
void		md5(uint8_t ret[MD5_LEN], const void *, size_t);
void		hmac_sha256(uint8_t ret[SHA256_LEN], const void *key, size_t keylen,
		    const void *, size_t);
/* Keyed 64-bit hash (SipHash-2-4) for tables that strangers fill. */
uint64_t	siphash(const uint8_t key[16], const void *, size_t);
bool		same_bytes(const void *, const void *, size_t);	/* constant time */

char		*hex_encode(char *ret, const void *, size_t n);	/* ret: HEX_LEN(n); returns ret */
/* Exactly n bytes of hex of either case and nothing behind; -1 if not. */
int		hex_decode(uint8_t *ret, size_t n, const char *text);
/* Base64 of RFC 4648, padded and nothing around it: how many bytes it was, -1 if
 * it is none or ret is too small (3 bytes for each 4 characters are needed). */
int		base64_decode(uint8_t *ret, size_t size, const char *text);

void		random_bytes(void *, size_t);		/* aborts when the system has none */
#define ID_LEN	22
/* 22 letters and digits (131 bits): job ids, keys' ids. */
char		*random_id(char ret[ID_LEN + 1]);
/* 43 characters of base64url over 32 random bytes: API and device keys. */
#define KEY_LEN	43
char		*random_key(char ret[KEY_LEN + 1]);

#endif
