/* SPDX-License-Identifier: Apache-2.0
 *
 * repo_test.c - products, firmware rules and states, devices, keys, and the
 * audit that every change by a person leaves. */
#include "repo_kit.h"
#include "otad/checkin.h"
#include "otad/facts.h"
#include "otad/job.h"

/* ---- products ---- */

static struct product
product(uint32_t ptype, const char *name)
{
	struct product p = { .ptype = ptype };

	snprintf(p.name, sizeof(p.name), "%s", name);
	snprintf(p.dialect, sizeof(p.dialect), "plain");
	return p;
}

static int
update_product(struct tx *tx, void *p, struct err *e)
{
	return product_update(tx, p, e);
}

static int
delete_product(struct tx *tx, void *ptype, struct err *e)
{
	return product_delete(tx, *(uint32_t *)ptype, e);
}

static int
get_product(struct tx *tx, void *arg, struct err *e)
{
	struct product *p = arg;

	return product_get(tx, p->ptype, p, e);
}

static void
same_slots(void)
{
	static const struct { const char *a, *b; bool same; } rows[] = {
		{ "user1", "user1.bin", true }, { "user1.bin", "user1.bin", true },
		{ "user1", "user2.bin", false }, { "user1.bin", "user1.hex", false },
		{ "user1", "user1x.bin", false }, { "user11", "user1.bin", false },
		{ "a.b", "a.b.bin", false }, { ".config", ".config", true },
		{ ".config", "", false }, { "image", "Image", false }, { "a", "b", false },
	};

	EACH(r, rows) {
		CHECK(slot_same(r->a, r->b) == r->same, "%s, %s", r->a, r->b);
		CHECK(slot_same(r->b, r->a) == r->same, "%s, %s", r->b, r->a);
	}
}

static void
product_defaults(struct kit *k)
{
	struct product p = product(0, "bare"), q;
	struct err e = ERR_INIT;

	CHECK(kit_write(k, kit_product_create, &p, &e) == 0, "%s", e.text);
	CHECK(p.ptype >= 1 && p.ptype <= PTYPE_MAX && p.serial[0] != '\0', "%u", p.ptype);
	CHECK(p.status == 1 && p.nslots == 1 && strcmp(p.slots[0], "image") == 0 &&
	    strcmp(p.image_kind, "auto") == 0, "defaults");
	q.ptype = p.ptype;
	CHECK(kit_read(k, get_product, &q, &e) == 0, "%s", e.text);
	CHECK(strcmp(q.name, "bare") == 0 && strcmp(q.serial, p.serial) == 0 && q.created_ms > 0,
	    "as it was stored");

	p = product(501, "paired");
	snprintf(p.dialect, sizeof(p.dialect), "pairs");
	CHECK(kit_write(k, kit_product_create, &p, &e) == 0, "%s", e.text);
	CHECK(p.nslots == 2 && strcmp(p.slots[1], "user2.bin") == 0 &&
	    strcmp(p.image_kind, "raw") == 0, "its family's defaults");
}

#define SET(field, text)	snprintf(p.field, sizeof(p.field), "%s", text)

/* Each row spoils one field of a good product. */
static void
product_fields(struct kit *k)
{
	static const struct {
		char field; const char *text, *names, *rule; enum err_code code;
	} rows[] = {
		{ 'n', "",                  "name",       "text",      ERR_BAD },
		{ 'n', "a\nb",              "name",       "text",      ERR_BAD },
		{ 'n', "\xc3(",             "name",       "text",      ERR_BAD },
		{ 'n', "bare",              "name",       "unique",    ERR_CONFLICT },
		{ 's', "\x7f",              "serial",     "text",      ERR_BAD },
		{ 'd', "a\x01",             "description", "text",     ERR_BAD },
		{ 'f', "klingon",           "dialect",    "known",     ERR_BAD },
		{ 'k', "elf",               "image_kind", "known",     ERR_BAD },
		{ 'h', "Flash=1\n",         "hardware",   "facts",     ERR_BAD },
		{ 'h', "flash=1",           "hardware",   "facts",     ERR_BAD },
		{ 'l', "ftp://a",           "link_base",  "url",       ERR_BAD },
		{ 'l', "http://",           "link_base",  "url",       ERR_BAD },
		{ 'l', "http:///x",         "link_base",  "url",       ERR_BAD },
		{ 'l', "http://a ",         "link_base",  "url",       ERR_BAD },
		{ 'l', "http://a\\b",       "link_base",  "url",       ERR_BAD },
		{ 'l', "http://a\"",        "link_base",  "url",       ERR_BAD },
		{ '1', "a/b",               "slots",      "slot_name", ERR_BAD },
		{ '1', "..",                "slots",      "slot_name", ERR_BAD },
		{ '1', "image.bin",         "slots",      "unique",    ERR_BAD },
		{ 'p', "77",                "part_of",    "exists",    ERR_INVALID },
		{ 'p', "502",               "part_of",    "self",      ERR_INVALID },
		{ 't', "100000",            "ptype",      "range",     ERR_BAD },
		{ 't', "501",               "ptype",      "unique",    ERR_CONFLICT },
		{ 'u', "3",                 "status",     "range",     ERR_BAD },
	};

	EACH(r, rows) {
		struct product p = product(502, "spoilt");
		struct err e = ERR_INIT;
		long number = strtol(r->text, NULL, 10);

		switch (r->field) {
		case 'n': SET(name, r->text); break;
		case 's': SET(serial, r->text); break;
		case 'd': SET(description, r->text); break;
		case 'f': SET(dialect, r->text); break;
		case 'k': SET(image_kind, r->text); break;
		case 'h': SET(hardware, r->text); break;
		case 'l': SET(link_base, r->text); break;
		case '1': SET(slots[0], "image"); SET(slots[1], r->text); p.nslots = 2; break;
		case 'p': p.part_of = (uint32_t)number; break;
		case 't': p.ptype = (uint32_t)number; break;
		case 'u': p.status = (int)number; break;
		}
		CHECK(kit_write(k, kit_product_create, &p, &e) == -1, "%s '%s' passed", r->names,
		    r->text);
		CHECK(e.code == r->code && strcmp(e.field, r->names) == 0 &&
		    strcmp(e.rule, r->rule) == 0, "%s '%s': %s (field %s, rule %s)", r->names,
		    r->text, e.text, e.field, e.rule);
	}
}

static void
product_changes(struct kit *k)
{
	struct product p = product(510, "lamp"), part = product(511, "lamp's MCU"), gone;
	struct err e = ERR_INIT;
	uint32_t ptype;

	CHECK(kit_write(k, kit_product_create, &p, &e) == 0, "%s", e.text);
	part.part_of = 510;
	CHECK(kit_write(k, kit_product_create, &part, &e) == 0, "%s", e.text);
	p.part_of = 501;
	CHECK(kit_write(k, update_product, &p, &e) == -1 && strcmp(e.rule, "nested") == 0, "%s",
	    e.text);
	gone = product(512, "deeper");
	gone.part_of = 511;
	CHECK(kit_write(k, kit_product_create, &gone, &e) == -1 && strcmp(e.rule, "nested") == 0,
	    "%s", e.text);

	p.part_of = 0;
	SET(hardware, "flash=4194304\nchip=esp8266\n");
	SET(link_base, "http://ota.example:8080/x");
	SET(current_v, "v9.9.9t510(a)");	/* not ours to set */
	CHECK(kit_write(k, update_product, &p, &e) == 0, "%s", e.text);
	gone.ptype = 510;
	CHECK(kit_read(k, get_product, &gone, &e) == 0, "%s", e.text);
	CHECK(strcmp(gone.hardware, p.hardware) == 0 && gone.current_v[0] == '\0' &&
	    gone.created_ms <= gone.updated_ms, "what was stored");

	ptype = 510;
	CHECK(kit_write(k, delete_product, &ptype, &e) == -1 && e.code == ERR_CONFLICT &&
	    strstr(e.text, "511") != NULL, "%s", e.text);
	ptype = 511;
	CHECK(kit_write(k, delete_product, &ptype, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, delete_product, &ptype, &e) == -1 && e.code == ERR_ABSENT, "%s", e.text);
	ptype = 510;
	CHECK(kit_firmware(k, "v1.0.0t510(a)", &e) == 0, "%s", e.text);
	CHECK(kit_write(k, delete_product, &ptype, &e) == -1 && e.code == ERR_CONFLICT &&
	    strstr(e.text, "v1.0.0t510(a)") != NULL, "%s", e.text);
}

/* ---- firmware ---- */

/* protocols/espressif-cloud.md 5.4, sequences: 0 allowed, else the rule. */
static void
sequences(struct kit *k)
{
	static const struct { const char *name, *rule, *obstacle; } rows[] = {
		{ "b1.0.3t45772(o)", NULL, NULL },
		{ "v1.0.3t45772(o)", "R1", "b1.0.3t45772(o)" },
		{ "v1.0.3t45772(l)", "R1", "b1.0.3t45772(o)" },
		{ "v1.0.3t45772(a)", "R1", "b1.0.3t45772(o)" },
		{ "b1.0.3t45772(l)", "R1", "b1.0.3t45772(o)" },
		{ "b1.0.3t45772(a)", "R1", "b1.0.3t45772(o)" },
		{ "b1.0.3t45772(o)", "R1", "b1.0.3t45772(o)" },
		{ "v1.0.3t45772(n)", NULL, NULL },
		{ "b1.0.3t45772(n)", "R2", "v1.0.3t45772(n)" },
		{ "v1.0.3t45772(n)", "R2", "v1.0.3t45772(n)" },
		{ "v1.0.3t45772(a)", "R1", "b1.0.3t45772(o)" },
		{ "b1.0.4t45772(n)", NULL, NULL },
		{ "v1.0.4t45772(n)", "R2", "b1.0.4t45772(n)" },
		{ "v1.0.4t45772(a)", NULL, NULL },
		{ "b1.0.4t45772(o)", "R1", "v1.0.4t45772(a)" },
		{ "b1.0.3t12335(n)", NULL, NULL },
		{ "v1.0.2t45772(a)", NULL, NULL },
		{ "b1.0.2t45772(a)", "R1", "v1.0.2t45772(a)" },
		{ "v1.0.2t45772(n)", NULL, NULL },
	};

	kit_product(k, 45772, "plain", "raw");
	kit_product(k, 12335, "plain", "raw");
	EACH(r, rows) {
		struct err e = ERR_INIT;
		int rc = kit_firmware(k, r->name, &e);

		CHECK((rc == 0) == (r->rule == NULL), "%s: %s", r->name, e.text);
		if (r->rule == NULL)
			continue;
		CHECK(e.code == ERR_CONFLICT && strcmp(e.rule, r->rule) == 0 &&
		    strcmp(e.field, "version") == 0, "%s: %s", r->name, e.text);
		CHECK(strstr(e.text, r->obstacle) != NULL, "%s: %s", r->name, e.text);
	}
}

static void
strict_names(void)
{
	static const struct { const char *name, *rule; } rows[] = {
		{ "b1.0.3t45772(n)", NULL },
		{ "v1.0.3t45772(a)", "strict" },
		{ "b1.0.3t45772(a)", NULL },
		{ "v1.0.3t45772(n)", "R2" },
		{ "v1.0.3t45772(o)", "R1" },
	};
	struct kit k = { .strict = true };

	kit_open(&k);
	kit_product(&k, 45772, "plain", "raw");
	EACH(r, rows) {
		struct err e = ERR_INIT;
		int rc = kit_firmware(&k, r->name, &e);

		CHECK((rc == 0) == (r->rule == NULL), "%s: %s", r->name, e.text);
		CHECK(rc == 0 || strcmp(e.rule, r->rule) == 0, "%s: rule %s", r->name, e.rule);
	}
	kit_close(&k);
}

struct state_change { const char *name; enum firmware_state state; const char *why; };

static int
set_state(struct tx *tx, void *arg, struct err *e)
{
	const struct state_change *c = arg;

	return firmware_set_state(tx, c->name, c->state, c->why, e);
}

struct got_firmware { const char *name; struct firmware f; };

static int
get_firmware(struct tx *tx, void *arg, struct err *e)
{
	struct got_firmware *g = arg;

	return firmware_get(tx, g->name, &g->f, e);
}

static void
states(struct kit *k)
{
	static const struct {
		enum firmware_state to; const char *why; int rc; enum firmware_state then;
	} rows[] = {
		{ FIRMWARE_HELD, "job 7 halted", 0, FIRMWARE_HELD },
		{ FIRMWARE_HELD, "job 8 halted", 0, FIRMWARE_HELD },
		{ FIRMWARE_READY, "", 0, FIRMWARE_READY },
		{ FIRMWARE_READY, "", 0, FIRMWARE_READY },
		{ FIRMWARE_HELD, "bad\nreason", -1, FIRMWARE_READY },
		{ FIRMWARE_YANKED, "bricks", 0, FIRMWARE_YANKED },
		{ FIRMWARE_YANKED, "bricks", 0, FIRMWARE_YANKED },
		{ FIRMWARE_READY, "", -1, FIRMWARE_YANKED },
		{ FIRMWARE_HELD, "", -1, FIRMWARE_YANKED },
	};
	struct got_firmware g = { .name = "v1.0.4t45772(a)" };
	struct err e = ERR_INIT;

	EACH(r, rows) {
		struct state_change c = { g.name, r->to, r->why };

		CHECK(kit_write(k, set_state, &c, &e) == r->rc, "to %d: %s", r->to, e.text);
		CHECK(kit_read(k, get_firmware, &g, &e) == 0, "%s", e.text);
		CHECK(g.f.state == r->then, "to %d is %d", r->to, g.f.state);
		CHECK(g.f.state != FIRMWARE_HELD || strcmp(g.f.held_why, r->why) == 0, "%s",
		    g.f.held_why);
		firmware_clear(&g.f);
	}
	g.name = "v7.7.7t45772(a)";
	CHECK(kit_read(k, get_firmware, &g, &e) == -1 && e.code == ERR_ABSENT, "%s", e.text);
}

/* ---- devices ---- */

static void
ids(void)
{
	static const struct { const char *id; bool ok; } rows[] = {
		{ "5CCF7F000001", true }, { "light-01", true }, { "a.b:c_d~", true },
		{ "", false }, { "a/b", false }, { "a+", false }, { "#", false }, { "$SYS", false },
		{ "a b", false }, { "a\"", false }, { "a'", false }, { "a\\b", false },
		{ "\xc3\xa4", false }, { "a\n", false }, { "node", false }, { "OTAD", false },
		{ "nodes", true }, { ".", false }, { "..", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false },
	};

	EACH(r, rows) {
		struct err e = ERR_INIT;

		CHECK((device_id_check(r->id, &e) == 0) == r->ok, "'%s': %s", r->id, e.text);
	}
}

static void
intervals(void)
{
	static const struct { int32_t gaps[8], usual, longest; } rows[] = {
		{ { 0 }, 0, 0 },
		{ { 60 }, 60, 60 },
		{ { 60, 300 }, 180, 300 },
		{ { 900, 60, 61 }, 61, 900 },
		{ { 8, 7, 6, 5, 4, 3, 2, 1 }, 4, 8 },
		{ { 0, 50, 0, 40 }, 45, 50 },
		{ { INT32_MAX, INT32_MAX }, INT32_MAX, INT32_MAX },
	};

	EACH(r, rows) {
		struct device d = { .num = 1 };

		memcpy(d.gaps_s, r->gaps, sizeof(d.gaps_s));
		CHECK(device_interval_s(&d) == r->usual, "%d", device_interval_s(&d));
		CHECK(device_longest_gap_s(&d) == r->longest, "%d", device_longest_gap_s(&d));
	}
}

struct new_device { struct device d; char key[KEY_LEN + 1]; };

static int
create_device(struct tx *tx, void *arg, struct err *e)
{
	struct new_device *n = arg;

	return device_create(tx, &n->d, n->key, e);
}

static int
update_device(struct tx *tx, void *d, struct err *e)
{
	return device_update(tx, d, e);
}

static int
get_device(struct tx *tx, void *arg, struct err *e)
{
	struct device *d = arg;
	char id[DEVICE_ID_MAX];

	memcpy(id, d->id, sizeof(id));
	return device_get(tx, id, d, e);
}

static int
block_device(struct tx *tx, void *id, struct err *e)
{
	return device_set_status(tx, id, DEVICE_BLOCKED, e);
}

static int
rotate_key(struct tx *tx, void *arg, struct err *e)
{
	struct new_device *n = arg;

	return device_rotate_key(tx, n->d.id, n->key, e);
}

static int
delete_device(struct tx *tx, void *id, struct err *e)
{
	return device_delete(tx, id, e);
}

static int
tag_device(struct tx *tx, void *arg, struct err *e)
{
	struct device *d = arg;

	return device_set_tags(tx, d->num, d->facts, e);
}

static int
read_tags(struct tx *tx, void *arg, struct err *e)
{
	struct device *d = arg;
	AUTO(buf) struct buf b = BUF_INIT;
	int r = device_tags(tx, d->num, &b, e);

	snprintf(d->facts, sizeof(d->facts), "%s", buf_str(&b));
	return r;
}

struct story { const char *id; char text[512]; };

static int
one_event(void *arg, const struct event *ev, struct err *e)
{
	struct story *s = arg;
	size_t n = strlen(s->text);

	(void)e;
	snprintf(s->text + n, sizeof(s->text) - n, "%s;", ev->kind);
	return 0;
}

static int
read_story(struct tx *tx, void *arg, struct err *e)
{
	struct story *s = arg;

	return history_of_device(tx, s->id, 0, 100, one_event, s, e);
}

static struct new_device
device(const char *id, uint32_t ptype)
{
	struct new_device n = { .d = { .ptype = ptype, .status = DEVICE_ACCEPTED } };

	snprintf(n.d.id, sizeof(n.d.id), "%s", id);
	snprintf(n.d.dialect, sizeof(n.d.dialect), "plain");
	return n;
}

static void
device_life(struct kit *k)
{
	struct new_device n = device("lamp-1", 510), wrong;
	struct device d = { .num = 0 };
	struct story s = { .id = "lamp-1" };
	uint8_t hash[SHA256_LEN];
	char key[KEY_LEN + 1], id[] = "lamp-1";
	struct err e = ERR_INIT;

	CHECK(kit_write(k, create_device, &n, &e) == 0, "%s", e.text);
	CHECK(strlen(n.key) == KEY_LEN && n.d.channel == 'v' && n.d.num > 0, "a key was made");
	memcpy(key, n.key, sizeof(key));
	memcpy(d.id, "lamp-1", 7);
	CHECK(kit_read(k, get_device, &d, &e) == 0, "%s", e.text);
	sha256(hash, key, KEY_LEN);
	CHECK(d.has_key && same_bytes(d.key_hash, hash, SHA256_LEN), "the key's hash");
	CHECK(kit_write(k, create_device, &n, &e) == -1 && e.code == ERR_CONFLICT &&
	    strcmp(e.field, "id") == 0, "%s", e.text);

	wrong = device("lamp-2", 501);
	CHECK(kit_write(k, create_device, &wrong, &e) == -1 && strcmp(e.rule, "dialect") == 0,
	    "%s", e.text);
	wrong = device("lamp-2", 99);
	CHECK(kit_write(k, create_device, &wrong, &e) == -1 && strcmp(e.rule, "exists") == 0,
	    "%s", e.text);
	wrong = device("lamp/2", 510);
	CHECK(kit_write(k, create_device, &wrong, &e) == -1 && e.code == ERR_BAD, "%s", e.text);

	d.channel = 'b';
	snprintf(d.version, sizeof(d.version), "not a person's to say");
	CHECK(kit_write(k, update_device, &d, &e) == 0, "%s", e.text);
	CHECK(kit_read(k, get_device, &d, &e) == 0 && d.channel == 'b' && d.version[0] == '\0',
	    "only what a person may change");
	d.channel = 'x';
	CHECK(kit_write(k, update_device, &d, &e) == -1 && strcmp(e.field, "channel") == 0, "%s",
	    e.text);

	CHECK(kit_write(k, rotate_key, &n, &e) == 0 && strcmp(n.key, key) != 0, "%s", e.text);
	CHECK(kit_write(k, block_device, id, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, block_device, id, &e) == 0, "%s", e.text);
	CHECK(kit_read(k, get_device, &d, &e) == 0 && d.status == DEVICE_BLOCKED, "blocked");
	CHECK(kit_read(k, read_story, &s, &e) == 0, "%s", e.text);
	CHECK(strcmp(s.text, "blocked;key_rotated;changed;registered;") == 0, "%s", s.text);

	CHECK(kit_write(k, delete_device, id, &e) == 0, "%s", e.text);
	CHECK(kit_read(k, get_device, &d, &e) == -1 && e.code == ERR_ABSENT, "%s", e.text);
}

static void
tags(struct kit *k)
{
	struct new_device n = device("tagged-1", 0);
	struct err e = ERR_INIT;
	struct buf many = BUF_INIT;
	int i;

	CHECK(kit_write(k, create_device, &n, &e) == 0, "%s", e.text);
	snprintf(n.d.facts, sizeof(n.d.facts), "site=berlin\nfloor=3\n");
	CHECK(kit_write(k, tag_device, &n.d, &e) == 0, "%s", e.text);
	n.d.facts[0] = '\0';
	CHECK(kit_read(k, read_tags, &n.d, &e) == 0 && strstr(n.d.facts, "site=berlin\n") != NULL &&
	    strstr(n.d.facts, "floor=3\n") != NULL, "%s", n.d.facts);
	snprintf(n.d.facts, sizeof(n.d.facts), "a=1\na=2\n");
	CHECK(kit_write(k, tag_device, &n.d, &e) == -1 && strcmp(e.rule, "unique") == 0, "%s",
	    e.text);
	snprintf(n.d.facts, sizeof(n.d.facts), "Site=x\n");
	CHECK(kit_write(k, tag_device, &n.d, &e) == -1 && strcmp(e.rule, "facts") == 0, "%s",
	    e.text);
	for (i = 0; i <= TAGS_MAX; i++)
		buf_addf(&many, "t%d=1\n", i);
	snprintf(n.d.facts, sizeof(n.d.facts), "%s", buf_str(&many));
	CHECK(kit_write(k, tag_device, &n.d, &e) == -1 && strcmp(e.rule, "count") == 0, "%s",
	    e.text);
	buf_free(&many);
}

static void
own_keys(struct kit *k)
{
	static const struct { const char *key; bool ok; } rows[] = {
		{ "0123456789abcdef0123456789abcdef", true },
		{ "0123456789abcdef0123456789abcde", false },
		{ "0123456789abcdef 123456789abcdef", false },
		{ "0123456789abcdef\xc3\xa4 123456789abcde", false },
		{ "", false },
	};
	struct new_device n = device("own-key", 0);
	struct err e = ERR_INIT;

	EACH(r, rows)
		CHECK((device_bring_key(&n.d, r->key, &e) == 0) == r->ok, "'%s'", r->key);
	n.d.has_key = false;
	CHECK(device_bring_key(&n.d, rows[0].key, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, create_device, &n, &e) == 0 && n.key[0] == '\0', "no other was made");
}

/* ---- devices that leave with work before them ---- */

struct making { struct job_form form; struct job job; };

static int
create_job(struct tx *tx, void *arg, struct err *e)
{
	struct making *m = arg;

	return job_create(tx, &m->form, &m->job, e);
}

static int
get_job(struct tx *tx, void *arg, struct err *e)
{
	struct making *m = arg;
	char id[ID_LEN + 1];

	memcpy(id, m->job.id, sizeof(id));
	job_clear(&m->job);
	return job_get(tx, id, &m->job, e);
}

struct asking { struct sighting s; struct answer a; };

static int
ask(struct tx *tx, void *arg, struct err *e)
{
	struct asking *q = arg;

	return core_ask(tx, &q->s, ASK_OFFER, &q->a, e);
}

/* A device with a product that waits for v1.0.0t510(a). */
static struct making
waiting_for(struct kit *k, const char *id, struct new_device *n)
{
	static const char *devices[1];
	struct making m = { .form = { .versions = { "v1.0.0t510(a)" }, .nversions = 1,
	    .devices = devices, .ndevices = 1, .targets = "{}", .metadata = "" } };
	struct err e = ERR_INIT;
	int r;

	*n = device(id, 510);
	devices[0] = n->d.id;
	CHECK(kit_write(k, create_device, n, &e) == 0, "%s", e.text);
	policy_default(&m.form.policy);
	while ((r = kit_write(k, create_job, &m, &e)) == CORE_WRITE)
		;
	CHECK(r == 0, "%s", e.text);
	CHECK(m.job.nparts == 1 && m.job.parts[0].counts[STATE_QUEUED] == 1, "queued");
	return m;
}

static void
expect_counts(struct kit *k, struct making *m, enum state state, const char *when)
{
	struct err e = ERR_INIT;
	uint64_t all = 0;
	int s;

	CHECK(kit_read(k, get_job, m, &e) == 0, "%s", e.text);
	for (s = 0; s < STATES; s++)
		all += m->job.parts[0].counts[s];
	CHECK(m->job.parts[0].counts[state] == 1 && all == 1, "%s: not %s", when,
	    state_word(state));
	CHECK(m->job.parts[0].exposed == 0, "%s: %llu exposed", when,
	    (unsigned long long)m->job.parts[0].exposed);
	CHECK((m->job.state == JOB_COMPLETED) == (state == STATE_CANCELED), "%s: job %s", when,
	    job_state_word(m->job.state));
}

/* It fell silent with the image: a risk that its job still counts. */
static int
silence(struct db *db, void *arg, struct err *e)
{
	const int64_t *job_device = arg;
	struct part_change change = { .exposed = 1 };
	struct execution x;

	if (store_execution_find(db, job_device[0], job_device[1], 510, &x, e) != 1)
		return -1;
	x.state = STATE_TIMED_OUT;
	x.exposed = true;
	change.counts[STATE_QUEUED] = -1;
	change.counts[STATE_TIMED_OUT] = 1;
	return store_execution_put(db, &x, e) || store_part_change(db, x.job, 510, &change, e);
}

static void
leaving(struct kit *k)
{
	struct product other = product(530, "another lamp");
	struct new_device n;
	struct making m;
	struct asking q = { .s = { .family = &kit_plain, .identity = ID_KEY,
	    .version = "v0.9.0t510(a)" } };
	struct err e = ERR_INIT;

	CHECK(kit_write(k, kit_product_create, &other, &e) == 0, "%s", e.text);
	m = waiting_for(k, "mover", &n);
	n.d.ptype = 530;
	CHECK(kit_write(k, update_device, &n.d, &e) == 0, "%s", e.text);
	expect_counts(k, &m, STATE_CANCELED, "it moved");
	job_clear(&m.job);

	m = waiting_for(k, "goner", &n);
	CHECK(kit_write(k, delete_device, n.d.id, &e) == 0, "%s", e.text);
	expect_counts(k, &m, STATE_CANCELED, "it went");
	job_clear(&m.job);

	m = waiting_for(k, "silent", &n);
	CHECK(store_write_wait(k->store, URGENT_ADMIN, silence, (int64_t[2]){ m.job.num, n.d.num },
	    &e) == 0, "%s", e.text);
	CHECK(kit_write(k, delete_device, n.d.id, &e) == 0, "%s", e.text);
	expect_counts(k, &m, STATE_TIMED_OUT, "its end");
	job_clear(&m.job);

	m = waiting_for(k, "worker", &n);
	memcpy(q.s.id, n.d.id, sizeof(q.s.id));
	memcpy(q.s.key_hash, n.d.key_hash, sizeof(q.s.key_hash));
	CHECK(kit_write(k, ask, &q, &e) == 0 && q.a.verdict == VERDICT_OFFER, "%s %s", e.text,
	    q.a.why);
	CHECK(kit_write(k, delete_device, n.d.id, &e) == -1 && e.code == ERR_CONFLICT &&
	    strcmp(e.rule, "active") == 0 && strstr(e.text, m.job.id) != NULL, "%s", e.text);
	n.d.ptype = 530;
	CHECK(kit_write(k, update_device, &n.d, &e) == -1 && strcmp(e.rule, "active") == 0, "%s",
	    e.text);
	expect_counts(k, &m, STATE_OFFERED, "it stays");
	job_clear(&m.job);
}

/* ---- keys ---- */

struct new_key { struct api_key k; char key[KEY_LEN + 1]; struct actor who; };

static int
create_key(struct tx *tx, void *arg, struct err *e)
{
	struct new_key *n = arg;

	return key_create(tx, &n->k, n->key, e);
}

static int
ensure_admin(struct tx *tx, void *key, struct err *e)
{
	return key_ensure_admin(tx, key, e);
}

static int
delete_key(struct tx *tx, void *id, struct err *e)
{
	return key_delete(tx, id, e);
}

static int
check_key(struct tx *tx, void *arg, struct err *e)
{
	struct new_key *n = arg;

	return key_check(tx, n->key, &n->who, e);
}

static int
count_keys(void *arg, const struct api_key *key, struct err *e)
{
	(void)key;
	(void)e;
	(*(int *)arg)++;
	return 0;
}

static int
list_keys(struct tx *tx, void *arg, struct err *e)
{
	return key_list(tx, count_keys, arg, e);
}

static void
key_fields(struct kit *k)
{
	static const struct {
		struct api_key k; const char *field; enum err_code code;
	} rows[] = {
		{ { .name = "", .role = ROLE_VIEWER }, "name", ERR_BAD },
		{ { .name = "a\x02", .role = ROLE_VIEWER }, "name", ERR_BAD },
		{ { .name = "a", .role = ROLE_DEVICE }, "role", ERR_BAD },
		{ { .name = "a", .role = ROLE_VIEWER, .expires_ms = 1 }, "expires", ERR_INVALID },
		{ { .name = "a", .role = ROLE_VIEWER, .products = "x" }, "products", ERR_BAD },
		{ { .name = "a", .role = ROLE_VIEWER, .products = "510 " }, "products", ERR_BAD },
		{ { .name = "a", .role = ROLE_VIEWER, .products = "510  501" }, "products",
		    ERR_BAD },
		{ { .name = "a", .role = ROLE_VIEWER, .products = "510 77" }, "products",
		    ERR_INVALID },
	};

	EACH(r, rows) {
		struct new_key n = { .k = r->k };
		struct err e = ERR_INIT;

		CHECK(kit_write(k, create_key, &n, &e) == -1, "%s '%s' passed", r->field,
		    r->k.products);
		CHECK(e.code == r->code && strcmp(e.field, r->field) == 0, "%s: %s", r->field,
		    e.text);
	}
}

static void
keys(struct kit *k)
{
	char admin[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct new_key n = { .k = { .name = "viewer", .role = ROLE_VIEWER,
	    .products = "510 501" } };
	struct new_key a = { .key = "" };
	struct err e = ERR_INIT;
	int count = 0;

	CHECK(kit_write(k, ensure_admin, admin, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, ensure_admin, admin, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, create_key, &n, &e) == 0, "%s", e.text);
	CHECK(kit_read(k, list_keys, &count, &e) == 0 && count == 2, "%d keys", count);
	CHECK(kit_read(k, check_key, &n, &e) == 0 && n.who.role == ROLE_VIEWER &&
	    strcmp(n.who.name, "viewer") == 0 && strcmp(n.who.id, n.k.id) == 0, "%s", e.text);
	memcpy(a.key, admin, sizeof(a.key));
	CHECK(kit_read(k, check_key, &a, &e) == 0 && a.who.role == ROLE_ADMIN, "%s", e.text);
	a.key[3] ^= 1;
	CHECK(kit_read(k, check_key, &a, &e) == -1 && e.code == ERR_AUTH, "%s", e.text);
	CHECK(kit_write(k, delete_key, a.who.id, &e) == -1 && e.code == ERR_CONFLICT &&
	    strcmp(e.rule, "last_admin") == 0, "%s", e.text);
	CHECK(kit_write(k, delete_key, n.k.id, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, delete_key, n.k.id, &e) == -1 && e.code == ERR_ABSENT, "%s", e.text);
	CHECK(kit_read(k, check_key, &n, &e) == -1 && e.code == ERR_AUTH, "%s", e.text);
}

/* ---- the audit ---- */

struct auditing { unsigned rows, by_ada; char last[49]; };

static int
one_row(void *arg, const struct audit *a, struct err *e)
{
	struct auditing *s = arg;

	(void)e;
	if (s->rows++ == 0)
		memcpy(s->last, a->action, sizeof(s->last));
	s->by_ada += strcmp(a->name, "Ada") == 0 && strcmp(a->key, "key-of-ada") == 0 &&
	    strcmp(a->address, "192.0.2.7") == 0;
	return 0;
}

static int
read_audit(struct tx *tx, void *arg, struct err *e)
{
	return audit_list(tx, 0, 1000, one_row, arg, e);
}

/* A person's change has a row, a refused one has none, otad itself has none. */
static void
audited(struct kit *k)
{
	struct auditing before = { 0 }, after = { 0 };
	struct product p = product(520, "audited");
	struct err e = ERR_INIT;

	CHECK(kit_read(k, read_audit, &before, &e) == 0, "%s", e.text);
	CHECK(before.rows > 10 && before.by_ada == before.rows, "%u of %u by Ada", before.by_ada,
	    before.rows);
	CHECK(kit_write(k, kit_product_create, &p, &e) == 0, "%s", e.text);
	CHECK(kit_write(k, kit_product_create, &p, &e) == -1, "twice");
	p = product(521, "by otad");
	CHECK(core_write_wait(k->core, URGENT_ADMIN, NULL, kit_product_create, &p, &e) == 0, "%s",
	    e.text);
	CHECK(kit_read(k, read_audit, &after, &e) == 0, "%s", e.text);
	CHECK(after.rows == before.rows + 1 && strcmp(after.last, "product.create") == 0,
	    "%u rows more, last %s", after.rows - before.rows, after.last);
}

int
main(void)
{
	struct kit k = { .strict = false };

	same_slots();
	ids();
	intervals();
	kit_open(&k);
	product_defaults(&k);
	product_fields(&k);
	product_changes(&k);
	sequences(&k);
	states(&k);
	device_life(&k);
	tags(&k);
	own_keys(&k);
	leaving(&k);
	key_fields(&k);
	keys(&k);
	audited(&k);
	kit_close(&k);
	strict_names();
	return TEST_END();
}
