/* SPDX-License-Identifier: Apache-2.0
 *
 * device.c - the inventory as people change it; what devices say of themselves
 * comes in through checkin.c. */
#include "otad/device.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "core_priv.h"
#include "execution.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "otad/utf8.h"
#include "repo_priv.h"

#define OWN_KEY_MIN	32		/* of a key that a device brings */
#define OWN_KEY_MAX	128

static const char *const status_words[] = { "pending", "accepted", "blocked" };

/* ---- what it is made of ---- */

int
device_id_check(const char *id, struct err *e)
{
	static const char *const topics[] = { "node", "otad", ".", ".." };
	size_t n = strnlen(id, DEVICE_ID_MAX), i;

	if (n == 0 || n == DEVICE_ID_MAX)
		return err_field(e, ERR_BAD, "id", "length", "an id has 1 to %d characters",
		    DEVICE_ID_MAX - 1);
	for (i = 0; i < n; i++)
		if (id[i] <= ' ' || id[i] >= 0x7f || strchr("/+#$\"'`\\", id[i]) != NULL)
			return err_field(e, ERR_BAD, "id", "characters",
			    "id, byte %zu: printable ASCII, no blanks, quotes, / + # $ \\", i);
	for (i = 0; i < NELEM(topics); i++)
		if (strcasecmp(id, topics[i]) == 0)
			return err_field(e, ERR_BAD, "id", "reserved", "'%s' cannot be an id", id);
	return 0;
}

int
device_bring_key(struct device *d, const char *key, struct err *e)
{
	size_t n = strnlen(key, OWN_KEY_MAX + 1), i;

	for (i = 0; i < n && key[i] > ' ' && key[i] < 0x7f; )
		i++;
	if (n < OWN_KEY_MIN || n > OWN_KEY_MAX || i < n)
		return err_field(e, ERR_BAD, "key", "key",
		    "a device's own key is %d to %d printable characters without blanks",
		    OWN_KEY_MIN, OWN_KEY_MAX);
	sha256(d->key_hash, key, n);
	d->has_key = true;
	return 0;
}

/* Gaps that are known, in order; how many. */
static int
sorted_gaps(const struct device *d, int32_t ret[NELEM(d->gaps_s)])
{
	int n = 0, k;
	size_t i;

	for (i = 0; i < NELEM(d->gaps_s); i++) {
		if (d->gaps_s[i] <= 0)
			continue;
		for (k = n++; k > 0 && ret[k - 1] > d->gaps_s[i]; k--)
			ret[k] = ret[k - 1];
		ret[k] = d->gaps_s[i];
	}
	return n;
}

int32_t
device_interval_s(const struct device *d)
{
	int32_t gaps[NELEM(d->gaps_s)];
	int n = sorted_gaps(d, gaps);

	if (n == 0)
		return 0;
	return n % 2 == 1 ? gaps[n / 2] :
	    (int32_t)(((int64_t)gaps[n / 2 - 1] + gaps[n / 2]) / 2);
}

int32_t
device_longest_gap_s(const struct device *d)
{
	int32_t gaps[NELEM(d->gaps_s)];
	int n = sorted_gaps(d, gaps);

	return n == 0 ? 0 : gaps[n - 1];
}

/* ---- checks ---- */

static int
check_product(struct tx *tx, const struct device *d, struct err *e)
{
	struct product p;
	int r;

	if (d->ptype == 0)
		return 0;
	r = store_product_find(tx->db, d->ptype, &p, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "ptype", "exists", "there is no product %u",
		    d->ptype);
	if (p.part_of != 0)
		return err_field(e, ERR_INVALID, "ptype", "component",
		    "product %u is a component of %u, not a device", d->ptype, p.part_of);
	if (strcmp(p.dialect, d->dialect) != 0)
		return err_field(e, ERR_INVALID, "ptype", "dialect",
		    "product %u speaks %s, the device %s", d->ptype, p.dialect, d->dialect);
	return 0;
}

static int
check(struct tx *tx, const struct device *d, struct err *e)
{
	char quoted[64];

	if (core_family(tx->core, d->dialect) == NULL)
		return err_field(e, ERR_BAD, "dialect", "known", "dialect %s is not spoken here",
		    log_quote(quoted, sizeof(quoted), d->dialect));
	if (d->channel != 'v' && d->channel != 'b')
		return err_field(e, ERR_BAD, "channel", "known", "a channel is v or b");
	if (d->slot[0] != '\0' && slot_check(d->slot, "slot", e))
		return -1;
	if (!utf8_is_text(d->push, true))
		return err_field(e, ERR_BAD, "push", "text", "push is no text");
	return check_product(tx, d, e);
}

/* ---- verbs ---- */

int
device_create(struct tx *tx, struct device *ret, char *ret_key, struct err *e)
{
	struct device d = *ret, there;
	char key[KEY_LEN + 1] = "";
	int r;

	assert(tx->writes);
	if (d.channel == '\0')
		d.channel = 'v';
	if (device_id_check(d.id, e) || check(tx, &d, e))
		return -1;
	if (d.told == BY_NOTHING)
		d.told = core_family(tx->core, d.dialect)->first;
	r = store_device_find(tx->db, d.id, &there, e);
	if (r < 0)
		return -1;
	if (r == 1)
		return err_field(e, ERR_CONFLICT, "id", "unique",
		    "device '%s' is there already (%s)", d.id, there.dialect);
	if (!d.has_key && core_family(tx->core, d.dialect)->caps & FAMILY_KEYS) {
		sha256(d.key_hash, random_key(key), KEY_LEN);
		d.has_key = true;
	}
	if (store_device_insert(tx->db, &d, &d.num, e) ||
	    event_note(tx, e, d.num, 0, d.ptype, "registered", "%s, %s", d.dialect,
	    status_words[d.status]) ||
	    audit_note(tx, e, "device.create", d.id, "%s", d.dialect))
		return -1;
	tx_bump(tx);
	*ret = d;
	memcpy(ret_key, key, sizeof(key));
	return 0;
}

int
device_get(struct tx *tx, const char *id, struct device *ret, struct err *e)
{
	char quoted[96];
	int r = store_device_find(tx->db, id, ret, e);

	if (r == 0)
		return err_set(e, ERR_ABSENT, "there is no device %s",
		    log_quote(quoted, sizeof(quoted), id));
	return r < 0 ? -1 : 0;
}

/* A change that its history and the audit tell in the same words. */
static int
note_change(struct tx *tx, const struct device *d, const char *kind, const char *action,
    const char *detail, struct err *e)
{
	tx_bump(tx);
	return event_note(tx, e, d->num, 0, d->ptype, kind, "%s", detail) ||
	    audit_note(tx, e, action, d->id, "%s", detail) ? -1 : 0;
}

static void
tell(struct buf *b, const char *field, const char *from, const char *to)
{
	if (strcmp(from, to) != 0)
		buf_addf(b, "%s%s '%s' -> '%s'", b->len > 0 ? ", " : "", field, from, to);
}

static void
tell_changes(struct buf *b, const struct device *old, const struct device *d)
{
	char from[2][12], to[2][12];

	snprintf(from[0], sizeof(from[0]), "%u", old->ptype);
	snprintf(to[0], sizeof(to[0]), "%u", d->ptype);
	snprintf(from[1], sizeof(from[1]), "%c", old->channel);
	snprintf(to[1], sizeof(to[1]), "%c", d->channel);
	tell(b, "ptype", from[0], to[0]);
	tell(b, "channel", from[1], to[1]);
	tell(b, "dialect", old->dialect, d->dialect);
	tell(b, "slot", old->slot, d->slot);
	if (strcmp(old->push, d->push) != 0 || strcmp(old->push_sealed, d->push_sealed) != 0)
		buf_addf(b, "%spush", b->len > 0 ? ", " : "");
}

/* What it was believed to run is firmware of the product that it left. */
static int
leave_product(struct tx *tx, struct device *d, uint32_t old, struct err *e)
{
	if (old != 0 && device_withdraw(tx, d, old, "the device became another product's", e))
		return -1;
	d->firmware = 0;
	d->firmware_sure = false;
	return 0;
}

int
device_update(struct tx *tx, const struct device *wanted, struct err *e)
{
	AUTO(buf) struct buf changes = BUF_INIT;
	struct device d, old;

	assert(tx->writes);
	if (device_get(tx, wanted->id, &old, e))
		return -1;
	d = old;
	d.ptype = wanted->ptype;
	d.channel = wanted->channel;
	memcpy(d.dialect, wanted->dialect, sizeof(d.dialect));
	memcpy(d.slot, wanted->slot, sizeof(d.slot));
	memcpy(d.push, wanted->push, sizeof(d.push));
	memcpy(d.push_sealed, wanted->push_sealed, sizeof(d.push_sealed));
	if (check(tx, &d, e))
		return -1;
	tell_changes(&changes, &old, &d);
	if (changes.len == 0)
		return 0;
	if (d.ptype != old.ptype && leave_product(tx, &d, old.ptype, e))
		return -1;
	if (store_device_update(tx->db, &d, e))
		return -1;
	return note_change(tx, &d, "changed", "device.update", buf_str(&changes), e);
}

int
device_delete(struct tx *tx, const char *id, struct err *e)
{
	struct device d;

	assert(tx->writes);
	if (device_get(tx, id, &d, e) || device_withdraw(tx, &d, 0, "the device was deleted", e) ||
	    store_device_delete(tx->db, d.num, e))
		return -1;
	tx_bump(tx);
	return audit_note(tx, e, "device.delete", id, "%s", d.dialect);
}

int
device_set_status(struct tx *tx, const char *id, enum device_status status, struct err *e)
{
	static const char *const actions[] = { "device.suspend", "device.accept", "device.block" };
	struct device d;

	assert(tx->writes);
	if (device_get(tx, id, &d, e))
		return -1;
	if (d.status == status)
		return 0;
	d.status = status;
	if (store_device_update(tx->db, &d, e))
		return -1;
	return note_change(tx, &d, status_words[status], actions[status], "", e);
}

int
device_rotate_key(struct tx *tx, const char *id, char *ret_key, struct err *e)
{
	struct device d;

	assert(tx->writes);
	if (device_get(tx, id, &d, e))
		return -1;
	sha256(d.key_hash, random_key(ret_key), KEY_LEN);
	d.has_key = true;
	if (store_device_update(tx->db, &d, e))
		return -1;
	return note_change(tx, &d, "key_rotated", "device.rotate-key", "", e);
}

int
device_list(struct tx *tx, const struct device_query *q, device_fn *fn, void *arg,
    struct err *e)
{
	return store_device_list(tx->db, q, fn, arg, e);
}

/* ---- tags ---- */

int
device_tags(struct tx *tx, int64_t num, struct buf *ret, struct err *e)
{
	return store_tags_get(tx->db, num, ret, e);
}

/* Facts as facts_add() writes them, no key twice. */
static int
check_tags(const char *tags, struct err *e)
{
	AUTO(buf) struct buf again = BUF_INIT;
	char key[33], value[FACT_VALUE_MAX], there[FACT_VALUE_MAX];
	const char *at = tags;
	int n = 0;

	while (facts_next(&at, key, value)) {
		if (++n > TAGS_MAX)
			return err_field(e, ERR_BAD, "tags", "count",
			    "a device has at most %d tags", TAGS_MAX);
		if (facts_get(buf_str(&again), key, there))
			return err_field(e, ERR_BAD, "tags", "unique", "tag '%s' stands twice",
			    key);
		facts_add(&again, key, value);
	}
	if (strcmp(buf_str(&again), tags) != 0)
		return err_field(e, ERR_BAD, "tags", "facts",
		    "tags: keys of 1 to 32 of a-z 0-9 _ . -, no control characters");
	return 0;
}

int
device_set_tags(struct tx *tx, int64_t num, const char *tags, struct err *e)
{
	struct device d;
	int r;

	assert(tx->writes);
	if (check_tags(tags, e))
		return -1;
	r = store_device_find_num(tx->db, num, &d, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_set(e, ERR_ABSENT, "there is no such device");
	if (store_tags_set(tx->db, num, tags, e))
		return -1;
	return note_change(tx, &d, "tagged", "device.tag", tags, e);
}
