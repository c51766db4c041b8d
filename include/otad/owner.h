/* owner.h - people who command devices from outside the management API.
 *
 * An account is a person with a password; its keys stand for it. A claim is a
 * secret that a device or an owner made known to us: whoever shows it, with an
 * account, is granted that device and gets a key of its own for it. So a key
 * names a person and a device at once (protocols/espressif-cloud.md 4.1).
 *
 * All these keys are TOKEN_LEN hex digits. Their SHA-256 is what is looked up;
 * those that must be shown again are also kept sealed (seal.h). An account has no
 * rights over products, firmware and jobs: these are the API keys'. */
#ifndef OTAD_OWNER_H
#define OTAD_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/device.h"

struct tx;

#define TOKEN_LEN	40
#define EMAIL_MAX	129
#define ACCOUNTS_MAX	100000
#define GRANTS_MAX	100		/* over one device, and account keys of one account */

struct account {
	int64_t		num;
	char		name[65];
	char		email[EMAIL_MAX];
	uint8_t		password[48];	/* seal.h: PASSWORD_HASH */
	int64_t		created_ms;
};
/* ERR_CONFLICT: the email or the name is taken. */
int	account_create(struct tx *, struct account *, struct err *);
/* By email or by name. 1, 0, -1. */
int	account_find(struct tx *, const char *login, struct account *ret, struct err *);
int	account_find_key(struct tx *, const char *token, struct account *ret, struct err *);
/* A new key of it; beyond GRANTS_MAX the oldest goes. */
int	account_key(struct tx *, const struct account *, char ret[TOKEN_LEN + 1], struct err *);

enum grant_kind { GRANT_OWNER, GRANT_SHARED, GRANT_PRODUCT };
struct grant {
	int64_t		num;
	enum grant_kind	kind;
	int64_t		account;	/* 0: nobody's, as of a product */
	int64_t		device;		/* 0: of a whole product … */
	uint32_t	ptype;		/* … this one */
	int64_t		created_ms;
	char		token[TOKEN_LEN + 1];	/* unsealed where a function says so */
	char		device_id[DEVICE_ID_MAX];
};
int	grant_find(struct tx *, const char *token, struct grant *ret, struct err *);	/* 1, 0, -1 */
typedef int grant_fn(void *arg, const struct grant *, struct err *);
/* In order of num, after `after`; tokens are filled in. Either of account, device 0: any. */
int	grant_list(struct tx *, int64_t account, int64_t device, int64_t after, int limit,
	    grant_fn *, void *arg, struct err *);
int	grant_delete(struct tx *, int64_t num, struct err *);
/* A key over a product, for modules that have none of their own. */
int	grant_product(struct tx *, uint32_t ptype, struct grant *ret, struct err *);

/* A device was activated with this secret: it replaces its last one. */
int	claim_device(struct tx *, int64_t device, const char *token, struct err *);
/* An owner shares: a new secret, good for a day and for one use. */
int	claim_share(struct tx *, const struct grant *, char ret[TOKEN_LEN + 1], struct err *);
/* Make good a claim: 1 with the grant (that it had already, or a new one), 0: no such
 * secret (yet). */
int	claim_redeem(struct tx *, const struct account *, const char *token, struct grant *ret,
	    struct err *);

/* The device of this family whose own key this is. 1, 0, -1. */
int	device_find_key(struct tx *, const uint8_t key_hash[SHA256_LEN], struct device *ret,
	    struct err *);
/* Its own key, made by us and kept sealed to be shown again: 0, or ERR_ABSENT. */
int	device_keep_key(struct tx *, int64_t device, const char *token, struct err *);
int	device_show_key(struct tx *, int64_t device, char ret[TOKEN_LEN + 1], struct err *);

char	*random_token(char ret[TOKEN_LEN + 1]);
bool	token_sane(const char *);	/* TOKEN_LEN hex digits */

#endif
