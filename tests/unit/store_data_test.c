/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes in comes out: products, firmware, blobs, devices, tags, history,
 * keys; and what the schema refuses, whoever asks. */
#include "store_test.h"
#include "otad/buf.h"

static int
next_num(void *arg, const struct firmware *f, struct err *e)
{
	int64_t **at = arg;

	(void)e;
	*(*at)++ = f->num;
	return 0;
}

static int
next_ptype(void *arg, const struct product *p, struct err *e)
{
	uint32_t **at = arg;

	(void)e;
	*(*at)++ = p->ptype;
	return 0;
}

static int
next_device(void *arg, const struct device *d, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s ", d->id);
	return 0;
}

static int
stop(void *arg, const struct device *d, struct err *e)
{
	(void)arg;
	return err_set(e, ERR_INTERNAL, "enough of %s", d->id);
}

static int
products(struct db *db, void *arg, struct err *e)
{
	struct product p = sample_product(23701), q;
	struct err why = ERR_INIT;
	uint32_t found[4], *at = found, ptype;

	(void)arg;
	p.nslots = 2;
	snprintf(p.slots[0], SLOT_MAX, "user1.bin");
	snprintf(p.slots[1], SLOT_MAX, "user2.bin");
	snprintf(p.hardware, sizeof(p.hardware), "flash=4194304\nchip=esp8266\n");
	p.is_private = true;
	CHECK(store_product_insert(db, &p, e) == 0, "%s", e->text);
	CHECK(store_product_find(db, 23701, &q, e) == 1 && memcmp(&p, &q, sizeof(p)) == 0,
	    "%s and %s", p.name, q.name);
	CHECK(store_product_find_name(db, NULL, "serial-23701", &q, e) == 1, "by serial");
	CHECK(store_product_find_name(db, "product 23701", NULL, &q, e) == 1, "by name");
	CHECK(store_product_find_name(db, "product", "serial", &q, e) == 0, "by neither");
	CHECK(store_product_find(db, 1, &q, e) == 0, "not there");

	CHECK(store_product_insert(db, &p, &why) < 0 && why.code == ERR_CONFLICT, "%s", why.text);
	p = sample_product(100000);
	CHECK(store_product_insert(db, &p, &why) < 0 && why.code == ERR_BAD &&
	    strstr(why.text, "ptype_range"), "%s", why.text);
	p = sample_product(10000);
	p.part_of = 23701;
	CHECK(store_product_insert(db, &p, e) == 0, "%s", e->text);
	snprintf(p.description, sizeof(p.description), "the host");
	CHECK(store_product_update(db, &p, e) == 0, "%s", e->text);
	CHECK(store_product_find(db, 10000, &q, e) == 1 && memcmp(&p, &q, sizeof(p)) == 0, "same");
	snprintf(p.current_v, sizeof(p.current_v), "v9.9.9t10000(a)");
	CHECK(store_product_update(db, &p, &why) < 0 && why.code == ERR_CONFLICT,
	    "current without firmware: %s", why.text);
	p.ptype = 5;
	CHECK(store_product_update(db, &p, &why) < 0 && why.code == ERR_ABSENT, "%s", why.text);

	CHECK(store_product_free_ptype(db, &ptype, e) == 0 && ptype == 10001, "%u", ptype);
	CHECK(store_product_list(db, 0, 10, next_ptype, &at, e) == 0 && at == found + 2 &&
	    found[0] == 10000 && found[1] == 23701, "%td", at - found);
	at = found;
	CHECK(store_product_list(db, 10000, 1, next_ptype, &at, e) == 0 && at == found + 1 &&
	    found[0] == 23701, "after");
	CHECK(store_product_delete(db, 23701, &why) < 0 && why.code == ERR_CONFLICT, "part_of");
	CHECK(store_product_delete(db, 10000, e) == 0, "%s", e->text);
	CHECK(store_product_delete(db, 10000, &why) < 0 && why.code == ERR_ABSENT, "gone");
	CHECK(store_product_free_ptype(db, &ptype, e) == 0 && ptype == 10000, "%u", ptype);
	return 0;
}

/* Stores `size` bytes of `letter` and gives their SHA-256. */
static int
blob(struct db *db, char letter, size_t size, uint8_t ret[SHA256_LEN], struct err *e)
{
	char *bytes = malloc(size);
	int64_t num, n = 0;
	int rc = store_blob_stage(db, &num, e);

	memset(bytes, letter, size);
	sha256(ret, bytes, size);
	for (size_t at = 0; rc == 0 && at < size; at += BLOB_CHUNK)
		rc = store_blob_chunk(db, num, n++, bytes + at,
		    size - at < BLOB_CHUNK ? size - at : BLOB_CHUNK, e);
	if (rc == 0)
		rc = store_blob_publish(db, num, ret, size, e);
	free(bytes);
	return rc;
}

static const char *const rivals[] = {
	"v1.0.1t23701(o)", "b1.0.1t23701(l)", "v1.0.1t23701(a)"
};

static int
firmware(struct db *db, void *arg, struct err *e)
{
	struct firmware f = sample_firmware("v1.0.1t23701(a)"), g;
	struct firmware_brief brief;
	struct image image = { .slot = "user1.bin", .kind = "raw", .findings = "magic=e9\n" }, i;
	struct err why = ERR_INIT;
	int64_t num, other, found[4], *at = found;
	char notes[] = "for a while", metadata[] = "{\"a\":1}";

	(void)arg;
	if (blob(db, 'f', 700000, image.sha256, e) < 0)
		return -1;
	memset(image.md5, 5, MD5_LEN);
	memset(image.sha1, 6, SHA1_LEN);
	image.size = 700000;
	f.images = &image;
	f.nimages = 1;
	f.notes = notes;
	f.metadata = metadata;
	f.nnatives = 2;
	snprintf(f.natives[0], NATIVE_MAX, "1.0.1");
	snprintf(f.natives[1], NATIVE_MAX, "d486921-dirty");
	snprintf(f.requires, sizeof(f.requires), "v1.0.0t23701(a)");
	CHECK(store_firmware_insert(db, &f, &num, e) == 0, "%s", e->text);
	CHECK(store_firmware_find(db, f.name, &g, e) == 1, "%s", e->text);
	CHECK(g.num == num && g.value == 1000001 && g.version.ptype == 23701 &&
	    g.version.num[2] == 1 && g.version.channel == 'v' && g.version.fota == 'a', "version");
	CHECK(!strcmp(g.notes, notes) && !strcmp(g.metadata, metadata) &&
	    !strcmp(g.requires, f.requires) && g.held_why[0] == '\0', "texts");
	CHECK(g.nnatives == 2 && !strcmp(g.natives[1], "d486921-dirty"), "natives");
	CHECK(g.nimages == 1 && memcmp(&g.images[0], &image, sizeof(image)) == 0, "image");
	firmware_clear(&g);
	CHECK(store_firmware_brief(db, num, &brief, e) == 1 && brief.value == 1000001 &&
	    !strcmp(brief.native, "1.0.1") && brief.version.fota == 'a', "brief");
	CHECK(store_firmware_brief(db, num + 9, &brief, e) == 0, "no brief");
	CHECK(store_image_find(db, num, "user1", &i, e) == 1 && i.size == 700000, "without ending");
	CHECK(store_image_find(db, num, "user2", &i, e) == 0, "no such slot");
	CHECK(store_native_find(db, 23701, "1.0.1", &other, e) == 1 && other == num, "native");
	CHECK(store_native_find(db, 23702, "1.0.1", &other, e) == 0, "another ptype's");
	CHECK(store_hash_insert(db, num, "user1.bin", "sketch-md5", image.md5, 16, e) == 0 &&
	    store_hash_insert(db, num, "user1.bin", "sketch-md5", image.md5, 16, e) == 0, "twice");
	CHECK(store_hash_find(db, 23701, "sketch-md5", image.md5, 16, &other, e) == 1 &&
	    other == num, "hash");
	CHECK(store_hash_find(db, 23701, "sketch-md5", image.sha1, 16, &other, e) == 0, "none");

	/* R1 and R2 of protocols/espressif-cloud.md 5.2, as constraints. */
	f.nimages = f.nnatives = 0;
	EACH(n, rivals) {
		struct firmware h = sample_firmware(*n);

		CHECK(store_firmware_insert(db, &h, &other, &why) < 0 &&
		    why.code == ERR_CONFLICT, "%s: %s", *n, why.text);
	}
	g = sample_firmware("b1.0.1t23701(n)");
	CHECK(store_firmware_insert(db, &g, &other, e) == 0, "%s", e->text);
	g = sample_firmware("v1.0.1t23701(n)");
	CHECK(store_firmware_insert(db, &g, &num, &why) < 0 && why.code == ERR_CONFLICT, "(n) twice");
	g = sample_firmware("v1.0.1t23702(a)");
	CHECK(store_firmware_insert(db, &g, &num, &why) < 0 && why.code == ERR_CONFLICT,
	    "no product: %s", why.text);
	CHECK(store_firmware_rivals(db, 23701, 1000001, next_num, &at, e) == 0 &&
	    at == found + 2 && found[1] == other, "rivals");
	at = found;
	CHECK(store_firmware_list(db, 0, 0, 1, next_num, &at, e) == 0 && at == found + 1, "limit");
	at = found;
	CHECK(store_firmware_list(db, 23701, found[0], 9, next_num, &at, e) == 0 &&
	    at == found + 1 && found[0] == other, "after");
	CHECK(store_firmware_set_state(db, other, FIRMWARE_HELD, "job 7 halted", e) == 0, "held");
	CHECK(store_firmware_find_num(db, other, &g, e) == 1 && g.state == FIRMWARE_HELD &&
	    !strcmp(g.held_why, "job 7 halted") && !strcmp(g.notes, ""), "held");
	firmware_clear(&g);
	CHECK(store_firmware_set_state(db, 99, FIRMWARE_HELD, "", &why) < 0 &&
	    why.code == ERR_ABSENT, "%s", why.text);

	memset(image.sha256, 0, SHA256_LEN);
	g = sample_firmware("v1.0.2t23701(a)");
	g.images = &image;
	g.nimages = 1;
	CHECK(store_firmware_insert(db, &g, &num, &why) < 0 && why.code == ERR_ABSENT,
	    "bytes that nobody stored: %s", why.text);
	return 0;
}

static int
devices(struct db *db, void *arg, struct err *e)
{
	struct device d = sample_device("5CCF7F000001", 23701), g;
	struct device_query want = { .limit = 10 };
	struct err why = ERR_INIT;
	AUTO(buf) struct buf all = BUF_INIT;
	int64_t num, fw = 0;
	uint64_t n;
	struct firmware f;

	(void)arg;
	if (store_firmware_find(db, "v1.0.1t23701(a)", &f, e) == 1)
		fw = f.num;
	firmware_clear(&f);
	d.firmware = fw;
	d.firmware_sure = d.has_key = true;
	d.told = BY_HTTP;
	memset(d.key_hash, 9, SHA256_LEN);
	snprintf(d.version, sizeof(d.version), "1.0.1");
	snprintf(d.facts, sizeof(d.facts), "chip=esp8266\n");
	snprintf(d.address, sizeof(d.address), "192.0.2.1");
	d.gaps_s[0] = 60;
	d.gaps_s[2] = 0x01020304;
	CHECK(store_device_insert(db, &d, &num, e) == 0, "%s", e->text);
	d.num = num;
	snprintf(d.firmware_name, sizeof(d.firmware_name), "v1.0.1t23701(a)");
	d.firmware_value = 1000001;
	memset(&g, 0, sizeof(g));
	CHECK(store_device_find(db, d.id, &g, e) == 1 && !strcmp(g.version, "1.0.1") &&
	    !strcmp(g.firmware_name, d.firmware_name) && g.firmware_value == 1000001 &&
	    g.firmware_sure && g.has_key && memcmp(g.key_hash, d.key_hash, SHA256_LEN) == 0 &&
	    memcmp(g.gaps_s, d.gaps_s, sizeof(g.gaps_s)) == 0 && g.told == BY_HTTP &&
	    !strcmp(g.facts, d.facts) && !strcmp(g.address, d.address), "%s", g.id);
	CHECK(store_device_insert(db, &d, &num, &why) < 0 && why.code == ERR_CONFLICT, "twice");
	snprintf(d.id, sizeof(d.id), "5CCF7F000002");
	d.ptype = 4711;
	CHECK(store_device_insert(db, &d, &num, &why) < 0 && why.code == ERR_CONFLICT, "ptype");
	d.ptype = 0;
	d.firmware = 0;
	d.status = DEVICE_PENDING;
	snprintf(d.dialect, sizeof(d.dialect), "arduino");
	CHECK(store_device_insert(db, &d, &num, e) == 0, "%s", e->text);
	d.num = num;
	d.channel = 'x';
	CHECK(store_device_update(db, &d, &why) < 0 && why.code == ERR_BAD, "%s", why.text);
	d.channel = 'b';
	d.has_key = false;
	CHECK(store_device_update(db, &d, e) == 0, "%s", e->text);
	CHECK(store_device_find_num(db, num, &g, e) == 1 && g.channel == 'b' && !g.has_key &&
	    g.ptype == 0 && g.firmware_name[0] == '\0', "%s", g.id);

	CHECK(store_device_touch(db, num, 1000000, e) == 0 &&
	    store_device_touch(db, num, 1001999, e) == 0 &&
	    store_device_touch(db, num, 1061999, e) == 0, "%s", e->text);
	CHECK(store_device_find_num(db, num, &g, e) == 1 && g.last_seen_ms == 1061999 &&
	    g.first_seen_ms == 1000000 && g.gaps_s[0] == 60 && g.gaps_s[1] == 60 &&
	    g.gaps_s[2] == 0 && g.gaps_s[3] == 0x01020304, "%d %d %d", g.gaps_s[0], g.gaps_s[1],
	    g.gaps_s[2]);
	CHECK(store_device_touch(db, 999, 5, &why) < 0 && why.code == ERR_ABSENT, "nobody");
	CHECK(store_device_pending_count(db, "arduino", &n, e) == 0 && n == 1, "pending");

	CHECK(store_tags_set(db, num, "site=berlin\nfloor=2\n", e) == 0, "%s", e->text);
	CHECK(store_tags_get(db, num, &all, e) == 0 &&
	    !strcmp(buf_str(&all), "floor=2\nsite=berlin\n"), "%s", buf_str(&all));
	CHECK(store_tags_set(db, num, "site=berlin\n", e) == 0, "%s", e->text);
	CHECK(store_tags_set(db, 999, "site=berlin\n", &why) < 0 && why.code == ERR_CONFLICT,
	    "tags of nobody");

#define LISTED(expect)							\
	buf_clear(&all);						\
	CHECK(store_device_list(db, &want, next_device, &all, e) == 0 &&	\
	    !strcmp(buf_str(&all), expect), "'%s' is not '%s'", buf_str(&all), expect)
	LISTED("5CCF7F000001 5CCF7F000002 ");
	want.limit = 1;
	LISTED("5CCF7F000001 ");
	want.limit = 10;
	want.ptype = 23701;
	LISTED("5CCF7F000001 ");
	want.after = num;
	LISTED("");
	want = (struct device_query){ .limit = 10 };
	CHECK(store_device_list(db, &want, stop, NULL, &why) < 0 &&
	    !strcmp(why.text, "enough of 5CCF7F000001"), "%s", why.text);
	return 0;
}

static int
next_event(void *arg, const struct event *ev, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s/%s/%s ", ev->kind, ev->device_id, ev->detail);
	return 0;
}

static int
next_audit(void *arg, const struct audit *a, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s:%s:%s ", a->name, a->action, a->object);
	return 0;
}

static int
next_key(void *arg, const struct api_key *k, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s:%d ", k->id, k->role);
	return 0;
}

static int
history(struct db *db, void *arg, struct err *e)
{
	struct event ev = { .at_ms = 5, .device = 1, .kind = "enrolled", .detail = "hello" };
	struct audit a = { .at_ms = 5, .name = "ann", .action = "firmware.yank", .object = "v1" };
	struct api_key k = { .id = "k1", .name = "ann", .role = ROLE_OPERATOR, .created_ms = 1 };
	struct api_key found;
	struct err why = ERR_INIT;
	uint8_t hash[SHA256_LEN] = { 1 };
	AUTO(buf) struct buf all = BUF_INIT;
	int rows;

	(void)arg;
	CHECK(store_event_insert(db, &ev, e) == 0, "%s", e->text);
	ev.at_ms = 6;
	snprintf(ev.kind, sizeof(ev.kind), "accepted");
	CHECK(store_event_insert(db, &ev, e) == 0, "%s", e->text);
	ev.device = 0;
	CHECK(store_event_insert(db, &ev, e) == 0, "%s", e->text);
	CHECK(store_event_list(db, 1, 0, 10, next_event, &all, e) == 0 &&
	    !strcmp(buf_str(&all), "accepted/5CCF7F000001/hello enrolled/5CCF7F000001/hello "),
	    "%s", buf_str(&all));
	buf_clear(&all);
	CHECK(store_event_list(db, 1, 2, 10, next_event, &all, e) == 0 &&
	    !strcmp(buf_str(&all), "enrolled/5CCF7F000001/hello "), "%s", buf_str(&all));
	CHECK(store_event_trim(db, 6, 10, &rows, e) == 0 && rows == 1, "%d", rows);
	CHECK(store_event_trim(db, 6, 10, &rows, e) == 0 && rows == 0, "%d", rows);
	CHECK(store_event_trim(db, 9, 1, &rows, e) == 0 && rows == 1, "%d", rows);

	buf_clear(&all);
	CHECK(store_audit_insert(db, &a, e) == 0, "%s", e->text);
	snprintf(a.action, sizeof(a.action), "job.create");
	CHECK(store_audit_insert(db, &a, e) == 0, "%s", e->text);
	CHECK(store_audit_list(db, 0, 10, next_audit, &all, e) == 0 &&
	    !strcmp(buf_str(&all), "ann:job.create:v1 ann:firmware.yank:v1 "), "%s",
	    buf_str(&all));

	CHECK(store_key_insert(db, &k, hash, e) == 0, "%s", e->text);
	CHECK(store_key_insert(db, &k, hash, &why) < 0 && why.code == ERR_CONFLICT, "twice");
	CHECK(store_key_find(db, hash, &found, e) == 1 && !strcmp(found.name, "ann") &&
	    found.role == ROLE_OPERATOR && found.expires_ms == 0, "%s", found.name);
	buf_clear(&all);
	CHECK(store_key_list(db, next_key, &all, e) == 0 && !strcmp(buf_str(&all), "k1:3 "), "%s",
	    buf_str(&all));
	CHECK(store_key_delete(db, "k1", e) == 0, "%s", e->text);
	CHECK(store_key_delete(db, "k1", &why) < 0 && why.code == ERR_ABSENT, "gone");
	CHECK(store_key_find(db, hash, &found, e) == 0, "gone");
	k.role = ROLE_DEVICE;
	CHECK(store_key_insert(db, &k, hash, &why) < 0 && why.code == ERR_BAD, "%s", why.text);
	return 0;
}

static int
forget(struct db *db, void *arg, struct err *e)
{
	struct device d;
	AUTO(buf) struct buf all = BUF_INIT;

	(void)arg;
	CHECK(store_device_find(db, "5CCF7F000002", &d, e) == 1, "%s", e->text);
	CHECK(store_device_delete(db, d.num, e) == 0, "%s", e->text);
	CHECK(store_tags_get(db, d.num, &all, e) == 0 && all.len == 0, "its tags stay");
	return 0;
}

static int
reads_only(struct db *db, void *arg, struct err *e)
{
	struct product p = sample_product(1);
	struct err why = ERR_INIT;

	(void)arg;
	(void)e;
	CHECK(store_product_insert(db, &p, &why) < 0 && why.code == ERR_STORE, "%s", why.text);
	return 0;
}

int
main(void)
{
	struct place at;
	struct store *st;
	struct store_figures n;

	place_make(&at);
	st = store_at(at.path, NULL);
	written(st, products, NULL);
	written(st, firmware, NULL);
	written(st, devices, NULL);
	store_figures(st, &n);
	CHECK(n.devices[DEVICE_PENDING] == 1 && n.devices[DEVICE_ACCEPTED] == 1 &&
	    n.devices[DEVICE_BLOCKED] == 0, "%ju pending", (uintmax_t)n.devices[0]);
	written(st, history, NULL);
	written(st, forget, NULL);
	seen(st, reads_only, NULL);
	store_figures(st, &n);
	CHECK(n.devices[DEVICE_PENDING] == 0 && n.devices[DEVICE_ACCEPTED] == 1, "forgotten");
	store_close(st);
	place_remove(&at);
	return TEST_END();
}
