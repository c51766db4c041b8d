/* SPDX-License-Identifier: Apache-2.0
 *
 * owner.c - accounts, grants, claims. A key is 160 random bits: its plain SHA-256
 * finds it, and nothing can be guessed. Keys that are shown again are sealed about
 * what they open and for whom, so that no row's can stand in another's. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "core_priv.h"
#include "otad/store_owner.h"
#include "otad/utf8.h"

#define SHARE_MS	86400000

char *
random_token(char ret[TOKEN_LEN + 1])
{
	uint8_t bytes[TOKEN_LEN / 2];

	random_bytes(bytes, sizeof(bytes));
	return hex_encode(ret, bytes, sizeof(bytes));
}

bool
token_sane(const char *token)
{
	size_t n = strspn(token, "0123456789abcdefABCDEF");

	return n == TOKEN_LEN && token[n] == '\0';
}

static void
hash_of(const char *token, uint8_t ret[SHA256_LEN])
{
	sha256(ret, token, strlen(token));
}

/* ---- accounts ---- */

int
account_create(struct tx *tx, struct account *a, struct err *e)
{
	struct account there;
	uint64_t n;
	int r;

	assert(tx->writes);
	if (a->name[0] == '\0' || !utf8_is_text(a->name, false) || !utf8_is_text(a->email, false) ||
	    strchr(a->email, '@') == NULL)
		return err_field(e, ERR_BAD, "email", "text", "a name and an email are wanted");
	if (store_account_count(tx->db, &n, e) < 0)
		return -1;
	if (n >= ACCOUNTS_MAX)
		return err_set(e, ERR_TOO_MANY, "there are %d accounts already", ACCOUNTS_MAX);
	if ((r = store_account_find(tx->db, a->email, &there, e)) == 0)
		r = store_account_find(tx->db, a->name, &there, e);
	if (r != 0)
		return r < 0 ? -1 : err_field(e, ERR_CONFLICT, "email", "unique",
		    "this name or email has an account already");
	a->created_ms = tx->now;
	return store_account_insert(tx->db, a, &a->num, e);
}

int
account_find(struct tx *tx, const char *login, struct account *ret, struct err *e)
{
	return store_account_find(tx->db, login, ret, e);
}

int
account_find_key(struct tx *tx, const char *token, struct account *ret, struct err *e)
{
	uint8_t hash[SHA256_LEN];

	hash_of(token, hash);
	return store_account_find_key(tx->db, hash, ret, e);
}

int
account_key(struct tx *tx, const struct account *a, char ret[TOKEN_LEN + 1], struct err *e)
{
	uint8_t hash[SHA256_LEN];

	assert(tx->writes);
	hash_of(random_token(ret), hash);
	return store_account_key_insert(tx->db, hash, a->num, GRANTS_MAX, e);
}

/* ---- grants ---- */

static const char *
about(char ret[64], const struct grant *g)
{
	snprintf(ret, 64, "grant %lld %lld %u", (long long)g->account, (long long)g->device, g->ptype);
	return ret;
}

/* *g is filled in but for its token, number and date. */
static int
make_grant(struct tx *tx, struct grant *g, struct err *e)
{
	struct grant_row row;
	uint8_t hash[SHA256_LEN];
	char text[64];

	assert(tx->writes);
	g->created_ms = tx->now;
	hash_of(random_token(g->token), hash);
	row.grant = *g;
	if (seal(tx->core->settings.secret, about(text, g), g->token, row.sealed, e) < 0)
		return -1;
	return store_grant_insert(tx->db, &row, hash, &g->num, e);
}

int
grant_product(struct tx *tx, uint32_t ptype, struct grant *ret, struct err *e)
{
	*ret = (struct grant){ .kind = GRANT_PRODUCT, .ptype = ptype };
	return make_grant(tx, ret, e);
}

int
grant_find(struct tx *tx, const char *token, struct grant *ret, struct err *e)
{
	struct grant_row row;
	uint8_t hash[SHA256_LEN];
	int r;

	hash_of(token, hash);
	if ((r = store_grant_find(tx->db, hash, &row, e)) <= 0)
		return r;
	*ret = row.grant;
	snprintf(ret->token, sizeof(ret->token), "%.*s", TOKEN_LEN, token);
	return 1;
}

struct listing {
	struct tx	*tx;
	grant_fn	*fn;
	void		*arg;
	struct grant	*found;		/* when one is looked for … */
	int64_t		device;		/* … of this device */
};

static int
open_token(struct tx *tx, const struct grant_row *row, struct grant *ret, struct err *e)
{
	char text[64];

	*ret = row->grant;
	return unseal(tx->core->settings.secret, about(text, ret), row->sealed, ret->token,
	    sizeof(ret->token), e);
}

static int
list_one(void *arg, const struct grant_row *row, struct err *e)
{
	struct listing *l = arg;
	struct grant g;

	if (l->found != NULL && (l->found->num != 0 || row->grant.device != l->device))
		return 0;
	if (open_token(l->tx, row, &g, e) < 0)
		return -1;
	if (l->found == NULL)
		return l->fn(l->arg, &g, e);
	*l->found = g;
	return 0;
}

int
grant_list(struct tx *tx, int64_t account, int64_t device, int64_t after, int limit, grant_fn *fn,
    void *arg, struct err *e)
{
	struct listing l = { .tx = tx, .fn = fn, .arg = arg };

	return store_grant_list(tx->db, account, device, after, limit, list_one, &l, e);
}

int
grant_delete(struct tx *tx, int64_t num, struct err *e)
{
	assert(tx->writes);
	return store_grant_delete(tx->db, num, e);
}

/* ---- claims ---- */

int
claim_device(struct tx *tx, int64_t device, const char *token, struct err *e)
{
	struct claim c = { .device = device, .kind = CLAIM_ACTIVATION, .made_ms = tx->now }, there;
	uint8_t hash[SHA256_LEN];
	int r;

	hash_of(token, hash);
	r = store_claim_find(tx->db, hash, &there, e);
	if (r < 0 || (r > 0 && there.device == device && there.kind == CLAIM_ACTIVATION))
		return r < 0 ? -1 : 0;
	if (!tx->writes)
		return CORE_WRITE;
	return store_claim_put(tx->db, hash, &c, e);
}

int
claim_share(struct tx *tx, const struct grant *g, char ret[TOKEN_LEN + 1], struct err *e)
{
	struct claim c = { .device = g->device, .kind = CLAIM_SHARE, .made_ms = tx->now };
	uint8_t hash[SHA256_LEN];

	assert(tx->writes);
	if (g->kind != GRANT_OWNER)
		return err_set(e, ERR_FORBIDDEN, "only an owner's key can be shared");
	hash_of(random_token(ret), hash);
	if (store_claim_trim(tx->db, g->device, tx->now - SHARE_MS, e) < 0)
		return -1;
	return store_claim_put(tx->db, hash, &c, e);
}

static int
count_grant(void *arg, const struct grant_row *row, struct err *e)
{
	(void)row;
	(void)e;
	(*(int *)arg)++;
	return 0;
}

int
claim_redeem(struct tx *tx, const struct account *a, const char *token, struct grant *ret,
    struct err *e)
{
	struct listing l = { .tx = tx, .found = ret };
	struct device device;
	struct claim c;
	uint8_t hash[SHA256_LEN];
	int r, n = 0;

	assert(tx->writes);
	hash_of(token, hash);
	if ((r = store_claim_find(tx->db, hash, &c, e)) <= 0)
		return r;
	if (c.kind == CLAIM_SHARE && c.made_ms < tx->now - SHARE_MS)
		return 0;
	if ((r = store_device_find_num(tx->db, c.device, &device, e)) <= 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	l.device = c.device;
	if (store_grant_list(tx->db, a->num, 0, 0, INT32_MAX, list_one, &l, e) < 0)
		return -1;
	if (c.kind == CLAIM_SHARE && store_claim_delete(tx->db, hash, e) < 0)
		return -1;
	if (ret->num != 0)
		return 1;
	if (store_grant_list(tx->db, 0, c.device, 0, GRANTS_MAX, count_grant, &n, e) < 0)
		return -1;
	if (n >= GRANTS_MAX)
		return err_set(e, ERR_TOO_MANY, "'%s' has %d keys already", device.id, GRANTS_MAX);
	*ret = (struct grant){ .kind = c.kind == CLAIM_SHARE ? GRANT_SHARED : GRANT_OWNER,
	    .account = a->num, .device = c.device };
	snprintf(ret->device_id, sizeof(ret->device_id), "%s", device.id);
	if (make_grant(tx, ret, e) < 0)
		return -1;
	return event_note(tx, e, c.device, 0, device.ptype, "granted", "%s by %s",
	    c.kind == CLAIM_SHARE ? "shared" : "owned", a->name) < 0 ? -1 : 1;
}

/* ---- devices ---- */

int
device_find_key(struct tx *tx, const uint8_t key_hash[SHA256_LEN], struct device *ret,
    struct err *e)
{
	int64_t num;
	int r = store_device_find_key(tx->db, key_hash, &num, e);

	return r <= 0 ? r : store_device_find_num(tx->db, num, ret, e);
}

int
device_keep_key(struct tx *tx, int64_t device, const char *token, struct err *e)
{
	char name[32], sealed[SEALED_MAX];

	assert(tx->writes);
	snprintf(name, sizeof(name), "device %lld", (long long)device);
	if (seal(tx->core->settings.secret, name, token, sealed, e) < 0)
		return -1;
	return store_kept_key_put(tx->db, device, sealed, e);
}

int
device_show_key(struct tx *tx, int64_t device, char ret[TOKEN_LEN + 1], struct err *e)
{
	char name[32], sealed[SEALED_MAX];
	int r = store_kept_key_find(tx->db, device, sealed, e);

	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "its key is not known here");
	snprintf(name, sizeof(name), "device %lld", (long long)device);
	return unseal(tx->core->settings.secret, name, sealed, ret, TOKEN_LEN + 1, e);
}
