/* SPDX-License-Identifier: Apache-2.0
 *
 * who.c - a device is known by the key that its maker burned into its flash, and
 * says nothing else of itself until it is activated. So a stranger that is active
 * since the days of the old cloud has only its key to be named after; one that
 * activates has its MAC. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "espressif.h"
#include "otad/facts.h"

/* "18:fe:34:00:00:01" as 12 upper-case digits; false: none. */
static bool
mac_of(const char *bssid, char ret[DEVICE_ID_MAX])
{
	size_t n = 0;

	if (strlen(bssid) != 17)
		return false;
	for (size_t i = 0; i < 17; i++) {
		if (i % 3 == 2) {
			if (bssid[i] != ':')
				return false;
		} else if (!isxdigit((unsigned char)bssid[i])) {
			return false;
		} else {
			ret[n++] = (char)toupper((unsigned char)bssid[i]);
		}
	}
	ret[n] = '\0';
	return true;
}

static void
name_after_key(const uint8_t hash[SHA256_LEN], char ret[DEVICE_ID_MAX])
{
	char hex[HEX_LEN(6)];

	snprintf(ret, DEVICE_ID_MAX, "ESP-%s", hex_encode(hex, hash, 6));
}

static void
add_facts(const struct message *m, const struct device *known, struct sighting *s)
{
	AUTO(buf) struct buf facts = BUF_INIT;
	char bssid[FACT_VALUE_MAX] = "", mac[DEVICE_ID_MAX];

	if (m->bssid[0] != '\0' && mac_of(m->bssid, mac))
		snprintf(bssid, sizeof(bssid), "%s", m->bssid);
	else if (known == NULL || !facts_get(known->facts, "bssid", bssid))
		bssid[0] = '\0';
	facts_add(&facts, "family", "esp8266");
	if (bssid[0] != '\0')
		facts_add(&facts, "bssid", bssid);
	snprintf(s->facts, sizeof(s->facts), "%s", buf_str(&facts));
}

/* Its firmware's name says of which product it is, if that is one of ours. */
static int
find_product(struct tx *tx, struct sighting *s, struct err *e)
{
	struct err why = ERR_INIT;
	struct product product;
	struct version v;

	if (s->version[0] == '\0' || version_parse_device(&v, s->version, &why) != 0)
		return 0;
	if (product_get(tx, v.ptype, &product, &why) == 0 &&
	    strcmp(product.dialect, s->family->name) == 0)
		s->ptype = v.ptype;
	else if (why.code != ERR_NONE && why.code != ERR_ABSENT) {
		*e = why;
		return -1;
	}
	return 0;
}

int
who_speaks(struct tx *tx, const struct exchange *x, const struct message *m, struct sighting *ret,
    struct device *ret_device, struct err *e)
{
	struct sighting s = { .family = &dialect_espressif.family, .told = BY_LINE };
	int r = 0;

	snprintf(s.address, sizeof(s.address), "%s", x->rq.address);
	if (m->token[0] != '\0') {
		sha256(s.key_hash, m->token, strlen(m->token));
		r = device_find_key(tx, s.key_hash, ret_device, e);
	} else if (x->line[0] != '\0' && x->line[0] != '/') {
		r = device_get(tx, x->line, ret_device, e) == 0 ? 1 : -1;
	} else {
		return err_set(e, ERR_AUTH, "no key");
	}
	if (r < 0)
		return -1;
	s.identity = r > 0 ? ID_ACCOUNT : ID_KEY;
	if (r > 0)
		snprintf(s.id, sizeof(s.id), "%s", ret_device->id);
	else if (!mac_of(m->bssid, s.id))
		name_after_key(s.key_hash, s.id);
	if (strcmp(m->path, "/v1/device/activate") == 0)
		snprintf(s.version, sizeof(s.version), "%s", m->rom);
	add_facts(m, r > 0 ? ret_device : NULL, &s);
	*ret = s;
	return find_product(tx, ret, e) < 0 ? -1 : r;
}
