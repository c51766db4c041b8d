/* SPDX-License-Identifier: Apache-2.0
 *
 * key.c - API keys. A key is 256 random bits, so its plain SHA-256 is all that
 * has to be kept: nothing is learnt from the time that a look-up of the hash
 * takes, and a stolen database opens no door. */
#include "otad/history.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core_priv.h"
#include "otad/utf8.h"

#define KEY_LONGEST	128		/* what is looked at at all */

/* Ptypes that exist, one blank between two. */
static int
check_products(struct tx *tx, const char *products, struct err *e)
{
	struct product p;
	unsigned long ptype;
	const char *at = products;
	char *end;
	int r;

	for (; *at != '\0'; at = *end == ' ' && end[1] != '\0' ? end + 1 : end) {
		ptype = *at >= '1' && *at <= '9' ? strtoul(at, &end, 10) : 0;
		if (ptype < 1 || ptype > PTYPE_MAX || (*end != ' ' && *end != '\0') ||
		    (*end == ' ' && end[1] == '\0'))
			return err_field(e, ERR_BAD, "products", "ptype",
			    "products, byte %td: product types 1..%d, a blank between two",
			    at - products, PTYPE_MAX);
		r = store_product_find(tx->db, (uint32_t)ptype, &p, e);
		if (r < 0)
			return -1;
		if (r == 0)
			return err_field(e, ERR_INVALID, "products", "exists",
			    "there is no product %lu", ptype);
	}
	return 0;
}

static int
check(struct tx *tx, const struct api_key *k, struct err *e)
{
	if (k->name[0] == '\0' || !utf8_is_text(k->name, false))
		return err_field(e, ERR_BAD, "name", "text",
		    "a name is 1 to %zu bytes of UTF-8 without control characters",
		    sizeof(k->name) - 1);
	if (k->role < ROLE_VIEWER || k->role > ROLE_ADMIN)
		return err_field(e, ERR_BAD, "role", "known",
		    "a role is viewer, operator or admin");
	if (k->expires_ms != 0 && k->expires_ms <= tx->now)
		return err_field(e, ERR_INVALID, "expires", "future",
		    "a key expires in the future");
	return check_products(tx, k->products, e);
}

int
key_create(struct tx *tx, struct api_key *k, char *ret_key, struct err *e)
{
	uint8_t hash[SHA256_LEN];
	char id[ID_LEN + 1];

	assert(tx->writes);
	if (check(tx, k, e))
		return -1;
	snprintf(k->id, sizeof(k->id), "%s", random_id(id));
	k->created_ms = tx->now;
	random_key(ret_key);
	sha256(hash, ret_key, KEY_LEN);
	if (store_key_insert(tx->db, k, hash, e))
		return -1;
	return audit_note(tx, e, "key.create", k->id, "%s", k->name);
}

int
key_ensure_admin(struct tx *tx, const char *key, struct err *e)
{
	struct api_key k = { .name = "admin", .role = ROLE_ADMIN, .created_ms = tx->now };
	struct api_key there;
	uint8_t hash[SHA256_LEN];
	char id[ID_LEN + 1];
	size_t n = strlen(key);
	int r;

	assert(tx->writes);
	if (n < KEY_LEN || n > KEY_LONGEST)
		return err_set(e, ERR_BAD, "an admin key is %d to %d characters long", KEY_LEN,
		    KEY_LONGEST);
	sha256(hash, key, n);
	r = store_key_find(tx->db, hash, &there, e);
	if (r != 0)
		return r < 0 ? -1 : 0;
	snprintf(k.id, sizeof(k.id), "%s", random_id(id));
	return store_key_insert(tx->db, &k, hash, e);
}

struct admins {
	const char	*id;		/* the key that is to go */
	int64_t		now;
	bool		is_admin;
	unsigned	others;		/* admins that stay and have not expired */
};

static int
count_admins(void *arg, const struct api_key *k, struct err *e)
{
	struct admins *a = arg;
	bool admin = k->role == ROLE_ADMIN;

	(void)e;
	if (strcmp(k->id, a->id) == 0)
		a->is_admin = admin;
	else if (admin && (k->expires_ms == 0 || k->expires_ms > a->now))
		a->others++;
	return 0;
}

int
key_delete(struct tx *tx, const char *id, struct err *e)
{
	struct admins a = { .id = id, .now = tx->now };

	assert(tx->writes);
	if (store_key_list(tx->db, count_admins, &a, e))
		return -1;
	if (a.is_admin && a.others == 0)
		return err_field(e, ERR_CONFLICT, "id", "last_admin",
		    "without this key nobody could administer otad");
	if (store_key_delete(tx->db, id, e))
		return -1;
	return audit_note(tx, e, "key.delete", id, "%s", "");
}

int
key_list(struct tx *tx, key_fn *fn, void *arg, struct err *e)
{
	return store_key_list(tx->db, fn, arg, e);
}

int
key_check(struct tx *tx, const char *key, struct actor *ret, struct err *e)
{
	struct api_key k;
	uint8_t hash[SHA256_LEN];
	size_t n = strnlen(key, KEY_LONGEST + 1);
	int r;

	if (n == 0 || n > KEY_LONGEST)
		return err_set(e, ERR_AUTH, "no such key");
	sha256(hash, key, n);
	r = store_key_find(tx->db, hash, &k, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(e, ERR_AUTH, "no such key");
	if (k.expires_ms != 0 && k.expires_ms <= tx->now)
		return err_set(e, ERR_AUTH, "this key has expired");
	ret->role = k.role;
	snprintf(ret->id, sizeof(ret->id), "%s", k.id);
	snprintf(ret->name, sizeof(ret->name), "%s", k.name);
	return 0;
}
