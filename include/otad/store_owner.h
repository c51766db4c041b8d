/* store_owner.h - the part of store.h for owner.h: the same promises. */
#ifndef OTAD_STORE_OWNER_H
#define OTAD_STORE_OWNER_H

#include "otad/owner.h"
#include "otad/seal.h"
#include "otad/store.h"

int	store_account_insert(struct db *, const struct account *, int64_t *ret_num, struct err *);
int	store_account_find(struct db *, const char *login, struct account *ret, struct err *);
int	store_account_find_key(struct db *, const uint8_t hash[SHA256_LEN], struct account *ret,
	    struct err *);
int	store_account_count(struct db *, uint64_t *ret, struct err *);
int	store_account_key_insert(struct db *, const uint8_t hash[SHA256_LEN], int64_t account,
	    int keep, struct err *);	/* the oldest go beyond keep */

struct grant_row {
	struct grant	grant;
	char		sealed[SEALED_MAX];
};
typedef int grant_row_fn(void *arg, const struct grant_row *, struct err *);
int	store_grant_insert(struct db *, const struct grant_row *, const uint8_t hash[SHA256_LEN],
	    int64_t *ret_num, struct err *);
int	store_grant_find(struct db *, const uint8_t hash[SHA256_LEN], struct grant_row *ret,
	    struct err *);
int	store_grant_list(struct db *, int64_t account, int64_t device, int64_t after, int limit,
	    grant_row_fn *, void *arg, struct err *);	/* of the account, if it is not 0 */
int	store_grant_delete(struct db *, int64_t num, struct err *);

struct claim { int64_t device; int kind; int64_t made_ms; };
enum { CLAIM_ACTIVATION, CLAIM_SHARE };
/* An activation replaces the device's last one. */
int	store_claim_put(struct db *, const uint8_t hash[SHA256_LEN], const struct claim *,
	    struct err *);
int	store_claim_find(struct db *, const uint8_t hash[SHA256_LEN], struct claim *ret,
	    struct err *);
int	store_claim_delete(struct db *, const uint8_t hash[SHA256_LEN], struct err *);
int	store_claim_trim(struct db *, int64_t device, int64_t before_ms, struct err *);

int	store_kept_key_put(struct db *, int64_t device, const char *sealed, struct err *);
int	store_kept_key_find(struct db *, int64_t device, char ret[SEALED_MAX], struct err *);

int	store_device_find_key(struct db *, const uint8_t hash[SHA256_LEN], int64_t *ret_num,
	    struct err *);
int	store_device_untell(struct db *, enum carrier, struct err *);	/* all of them */

#endif
