/* SPDX-License-Identifier: Apache-2.0
 *
 * product.c - a product is checked whole before it is written, on creation and
 * on change alike, so the store never holds one that an upload or an offer would
 * have to doubt. The writer runs one transaction at a time: what was looked up
 * free is still free when it is taken. */
#include "otad/product.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "core_priv.h"
#include "otad/auto.h"
#include "otad/facts.h"
#include "otad/image.h"
#include "otad/log.h"
#include "otad/utf8.h"
#include "repo_priv.h"

/* ---- fields ---- */

static int
check_slots(const struct product *p, struct err *e)
{
	int i, k;

	if (p->nslots < 1 || p->nslots > SLOTS_MAX)
		return err_field(e, ERR_BAD, "slots", "range", "a product has 1 to %d slots",
		    SLOTS_MAX);
	for (i = 0; i < p->nslots; i++) {
		if (slot_check(p->slots[i], "slots", e))
			return -1;
		for (k = 0; k < i; k++)
			if (slot_same(p->slots[i], p->slots[k]))
				return err_field(e, ERR_BAD, "slots", "unique",
				    "slots '%s' and '%s' are the same name", p->slots[k],
				    p->slots[i]);
	}
	return 0;
}

static int
check_texts(const struct product *p, struct err *e)
{
	if (p->name[0] == '\0' || !utf8_is_text(p->name, false))
		return err_field(e, ERR_BAD, "name", "text",
		    "a name is 1 to %zu bytes of UTF-8 without control characters",
		    sizeof(p->name) - 1);
	if (p->serial[0] == '\0' || !utf8_is_text(p->serial, false))
		return err_field(e, ERR_BAD, "serial", "text",
		    "a serial is 1 to %zu bytes of UTF-8 without control characters",
		    sizeof(p->serial) - 1);
	if (!utf8_is_text(p->description, true))
		return err_field(e, ERR_BAD, "description", "text",
		    "a description is UTF-8 without control characters");
	return 0;
}

static int
check_family(const struct tx *tx, const struct product *p, struct err *e)
{
	const struct family *const *f;
	char known[128] = "", quoted[64];
	size_t n = 0;

	if (core_family(tx->core, p->dialect) != NULL)
		return 0;
	for (f = tx->core->families; *f != NULL && (*f)->name != NULL && n < sizeof(known); f++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n > 0 ? ", " : "",
		    (*f)->name);
	return err_field(e, ERR_BAD, "dialect", "known", "dialect %s is none of: %s",
	    log_quote(quoted, sizeof(quoted), p->dialect), known);
}

static int
check_kind(const struct product *p, struct err *e)
{
	char known[IMAGE_RULES_MAX], quoted[64];

	if (image_rule_known(p->image_kind))
		return 0;
	return err_field(e, ERR_BAD, "image_kind", "known", "image kind %s is none of: %s",
	    log_quote(quoted, sizeof(quoted), p->image_kind), image_rules(known));
}

/* Facts as facts_add() writes them: nothing in between is lost when read. */
static int
check_hardware(const struct product *p, struct err *e)
{
	AUTO(buf) struct buf again = BUF_INIT;
	char key[33], value[FACT_VALUE_MAX];
	const char *at = p->hardware;

	while (facts_next(&at, key, value))
		facts_add(&again, key, value);
	if (again.failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (strcmp(buf_str(&again), p->hardware) != 0)
		return err_field(e, ERR_BAD, "hardware", "facts",
		    "hardware: keys of 1 to 32 of a-z 0-9 _ . -, no control characters");
	return 0;
}

static int
check_link_base(const struct product *p, struct err *e)
{
	const char *s = p->link_base, *host;
	size_t n = strlen(s);

	if (n == 0)
		return 0;
	host = strncasecmp(s, "http://", 7) == 0 ? s + 7 :
	    strncasecmp(s, "https://", 8) == 0 ? s + 8 : NULL;
	if (host == NULL || *host == '\0' || *host == '/' || *host == ':')
		return err_field(e, ERR_BAD, "link_base", "url",
		    "link_base begins with http:// or https:// and a host");
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("\"'\\<>?#", *s) != NULL)
			return err_field(e, ERR_BAD, "link_base", "url",
			    "link_base, byte %td: blanks, quotes, \\ < > ? # and what is not ASCII "
			    "cannot stand in it", s - p->link_base);
	return 0;
}

/* ---- relations ---- */

struct part_search {
	uint32_t	of;
	uint32_t	found;
};

static int
is_part(void *arg, const struct product *p, struct err *e)
{
	struct part_search *s = arg;

	(void)e;
	if (s->found == 0 && p->part_of == s->of)
		s->found = p->ptype;
	return 0;
}

/* A component of ptype, or 0. */
static int
find_part(struct tx *tx, uint32_t ptype, uint32_t *ret, struct err *e)
{
	struct part_search s = { .of = ptype };

	if (store_product_list(tx->db, 0, PTYPE_MAX, is_part, &s, e))
		return -1;
	*ret = s.found;
	return 0;
}

/* Components do not nest: a device keeps a version per component of its own
 * product, and looks no further. */
static int
check_part_of(struct tx *tx, const struct product *p, struct err *e)
{
	struct product whole;
	uint32_t part;
	int r;

	if (p->part_of == 0)
		return 0;
	if (p->part_of == p->ptype)
		return err_field(e, ERR_INVALID, "part_of", "self",
		    "a product is no part of itself");
	r = store_product_find(tx->db, p->part_of, &whole, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "part_of", "exists", "there is no product %u",
		    p->part_of);
	if (whole.part_of != 0)
		return err_field(e, ERR_INVALID, "part_of", "nested",
		    "product %u is itself a part of %u", p->part_of, whole.part_of);
	if (find_part(tx, p->ptype, &part, e))
		return -1;
	if (part != 0)
		return err_field(e, ERR_INVALID, "part_of", "nested",
		    "product %u has parts itself (%u)", p->ptype, part);
	return 0;
}

/* Name and serial belong to nobody, or to this product. */
static int
check_unique(struct tx *tx, const struct product *p, struct err *e)
{
	struct product other;
	int r;

	r = store_product_find_name(tx->db, p->name, NULL, &other, e);
	if (r < 0)
		return -1;
	if (r == 1 && other.ptype != p->ptype)
		return err_field(e, ERR_CONFLICT, "name", "unique",
		    "product %u is named '%s' already", other.ptype, other.name);
	r = store_product_find_name(tx->db, NULL, p->serial, &other, e);
	if (r < 0)
		return -1;
	if (r == 1 && other.ptype != p->ptype)
		return err_field(e, ERR_CONFLICT, "serial", "unique",
		    "product %u has serial '%s' already", other.ptype, other.serial);
	return 0;
}

static int
check(struct tx *tx, const struct product *p, struct err *e)
{
	if (p->ptype < 1 || p->ptype > PTYPE_MAX)
		return err_field(e, ERR_BAD, "ptype", "range", "a product type is 1..%d",
		    PTYPE_MAX);
	if (p->status != 1 && p->status != 2)
		return err_field(e, ERR_BAD, "status", "range",
		    "a status is 1 (developing) or 2 (released)");
	if (check_texts(p, e) || check_family(tx, p, e) || check_slots(p, e) ||
	    check_kind(p, e) || check_hardware(p, e) || check_link_base(p, e))
		return -1;
	return check_part_of(tx, p, e) || check_unique(tx, p, e) ? -1 : 0;
}

/* ---- verbs ---- */

/* What the maker left open; an unknown dialect is left to check(). */
static int
fill_in(struct tx *tx, struct product *p, struct err *e)
{
	const struct family *f = core_family(tx->core, p->dialect);
	char id[ID_LEN + 1];

	if (p->ptype == 0 && store_product_free_ptype(tx->db, &p->ptype, e))
		return -1;
	if (p->serial[0] == '\0')
		snprintf(p->serial, sizeof(p->serial), "%s", random_id(id));
	if (p->status == 0)
		p->status = 1;
	if (p->nslots == 0)
		p->nslots = slots_split(f != NULL && f->slots != NULL ? f->slots : "image",
		    p->slots);
	if (p->image_kind[0] == '\0')
		snprintf(p->image_kind, sizeof(p->image_kind), "%s",
		    f != NULL && f->image_kind != NULL ? f->image_kind : "auto");
	return 0;
}

int
product_create(struct tx *tx, struct product *ret, struct err *e)
{
	struct product p = *ret, other;
	char object[16];
	int r;

	assert(tx->writes);
	if (fill_in(tx, &p, e) || check(tx, &p, e))
		return -1;
	r = store_product_find(tx->db, p.ptype, &other, e);
	if (r < 0)
		return -1;
	if (r == 1)
		return err_field(e, ERR_CONFLICT, "ptype", "unique",
		    "product type %u is taken by '%s'", p.ptype, other.name);
	p.created_ms = p.updated_ms = tx->now;
	p.current_v[0] = p.current_b[0] = '\0';
	if (store_product_insert(tx->db, &p, e))
		return -1;
	snprintf(object, sizeof(object), "%u", p.ptype);
	if (audit_note(tx, e, "product.create", object, "%s (%s)", p.name, p.dialect))
		return -1;
	tx_bump(tx);			/* devices that named it were refused so far */
	*ret = p;
	return 0;
}

int
product_get(struct tx *tx, uint32_t ptype, struct product *ret, struct err *e)
{
	int r = store_product_find(tx->db, ptype, ret, e);

	if (r == 0)
		return err_set(e, ERR_ABSENT, "there is no product %u", ptype);
	return r < 0 ? -1 : 0;
}

static int
a_device(void *arg, const struct device *d, struct err *e)
{
	(void)e;
	memcpy(arg, d->id, sizeof(d->id));
	return 0;
}

/* Any device of ptype; "" if there is none. */
static int
some_device(struct tx *tx, uint32_t ptype, char ret[DEVICE_ID_MAX], struct err *e)
{
	struct device_query q = { .ptype = ptype, .limit = 1 };

	ret[0] = '\0';
	return store_device_list(tx->db, &q, a_device, ret, e);
}

static int
a_firmware(void *arg, const struct firmware *f, struct err *e)
{
	(void)e;
	memcpy(arg, f->name, sizeof(f->name));
	return 0;
}

int
product_update(struct tx *tx, const struct product *wanted, struct err *e)
{
	struct product p = *wanted, old;
	char device[DEVICE_ID_MAX], object[16];

	assert(tx->writes);
	if (product_get(tx, p.ptype, &old, e) || check(tx, &p, e))
		return -1;
	if (strcmp(p.dialect, old.dialect) != 0) {
		if (some_device(tx, p.ptype, device, e))
			return -1;
		if (device[0] != '\0')
			return err_field(e, ERR_CONFLICT, "dialect", "in_use",
			    "device '%s' of product %u speaks %s", device, p.ptype, old.dialect);
	}
	memcpy(p.current_v, old.current_v, sizeof(p.current_v));
	memcpy(p.current_b, old.current_b, sizeof(p.current_b));
	p.created_ms = old.created_ms;
	p.updated_ms = tx->now;
	if (store_product_update(tx->db, &p, e))
		return -1;
	snprintf(object, sizeof(object), "%u", p.ptype);
	if (audit_note(tx, e, "product.update", object, "%s (%s)", p.name, p.dialect))
		return -1;
	tx_bump(tx);			/* hardware, slots: an image may fit now */
	return 0;
}

int
product_delete(struct tx *tx, uint32_t ptype, struct err *e)
{
	struct product p;
	char device[DEVICE_ID_MAX], firmware[VERSION_MAX] = "", object[16];
	uint32_t part;

	assert(tx->writes);
	if (product_get(tx, ptype, &p, e) || find_part(tx, ptype, &part, e) ||
	    some_device(tx, ptype, device, e) ||
	    store_firmware_list(tx->db, ptype, 0, 1, a_firmware, firmware, e))
		return -1;
	if (firmware[0] != '\0')
		return err_field(e, ERR_CONFLICT, "ptype", "in_use", "firmware %s is of product %u",
		    firmware, ptype);
	if (device[0] != '\0')
		return err_field(e, ERR_CONFLICT, "ptype", "in_use", "device '%s' is of product %u",
		    device, ptype);
	if (part != 0)
		return err_field(e, ERR_CONFLICT, "ptype", "in_use", "product %u is a part of it",
		    part);
	if (store_product_delete(tx->db, ptype, e))
		return -1;
	snprintf(object, sizeof(object), "%u", ptype);
	return audit_note(tx, e, "product.delete", object, "%s", p.name);
}

int
product_list(struct tx *tx, uint32_t after, int limit, product_fn *fn, void *arg,
    struct err *e)
{
	return store_product_list(tx->db, after, limit, fn, arg, e);
}
