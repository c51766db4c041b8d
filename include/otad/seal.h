/* seal.h - secrets that have to be read again, and passwords that have not.
 *
 * A sealed text is base64 of nonce, ciphertext and tag (AES-256-GCM) under a key
 * derived from the state's secret for one purpose; `about` is bound to it, so
 * that a sealed text cannot be moved to another row. */
#ifndef OTAD_SEAL_H
#define OTAD_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "otad/err.h"

#define SEAL_SECRET	32
#define SEAL_TEXT_MAX	256		/* bytes that can be sealed */
#define SEALED_MAX	400		/* bytes of a sealed text, NUL included */

int	seal(const uint8_t secret[SEAL_SECRET], const char *about, const char *text,
	    char ret[SEALED_MAX], struct err *);
/* ERR_INTERNAL: another secret, another row, or damaged. */
int	unseal(const uint8_t secret[SEAL_SECRET], const char *about, const char *sealed,
	    char *ret, size_t size, struct err *);

/* PBKDF2 with a salt of its own: some 60 ms, so never in a transaction. */
#define PASSWORD_HASH	48
void	password_hash(const char *password, uint8_t ret[PASSWORD_HASH]);
bool	password_is(const char *password, const uint8_t hash[PASSWORD_HASH]);

#endif
