/* SPDX-License-Identifier: Apache-2.0
 *
 * upload_test.c - bytes in, firmware out, and nothing left of what failed. */
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "repo_kit.h"
#include "otad/image.h"

static const struct firmware_form plain_form = { .name = "v1.0.0t100(a)", .notes = "",
	.metadata = "" };

static uint8_t *
noise(size_t n, uint32_t seed)
{
	uint8_t *p = malloc(n + 1);
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
	return p;
}

static int
count_staged(struct db *db, void *arg, struct err *e)
{
	return store_blob_sweep(db, arg, e);
}

static int
nothing(struct db *db, void *arg, struct err *e)
{
	(void)db;
	(void)arg;
	(void)e;
	return 0;
}

/* Blobs that are neither published nor dropped; they are gone after. What was
 * given up drops its own once the writer is done with its last slice: behind one
 * command of the same urgency that is on its way. */
static uint64_t
staged(struct kit *k)
{
	uint64_t n = 0;
	struct err e = ERR_INIT;

	CHECK(store_write_wait(k->store, URGENT_BULK, nothing, NULL, &e) == 0, "%s", e.text);
	CHECK(store_write_wait(k->store, URGENT_BULK, count_staged, &n, &e) == 0, "%s", e.text);
	return n;
}

struct bytes { uint8_t *p; size_t len, max; };

static int
collect(void *arg, const void *data, size_t n, struct err *e)
{
	struct bytes *b = arg;

	if (b->len + n > b->max)
		return err_set(e, ERR_STORE, "more than went in");
	memcpy(b->p + b->len, data, n);
	b->len += n;
	return 0;
}

struct stored { const uint8_t *sha256; struct bytes got; };

static int
read_stored(struct db *db, void *arg, struct err *e)
{
	struct stored *s = arg;

	return store_blob_read(db, s->sha256, 0, collect, &s->got, e);
}

/* Sizes around a slice's, in pieces of many sizes: the bytes come back, and the
 * digests are theirs. */
static void
round_trips(struct kit *k)
{
	static const struct { size_t size, piece; } rows[] = {
		{ 1, 1 }, { 4096, 7 }, { BLOB_CHUNK - 1, 30000 }, { BLOB_CHUNK, 30000 },
		{ BLOB_CHUNK + 1, BLOB_CHUNK }, { 3 * BLOB_CHUNK, 3 * BLOB_CHUNK },
		{ KIT_MAX_IMAGE, 32768 },
	};
	int n = 0;

	EACH(row, rows) {
		struct firmware_form form = plain_form;
		struct err e = ERR_INIT;
		uint8_t *bytes = noise(row->size, (uint32_t)row->size), sum[SHA256_LEN];
		uint8_t five[MD5_LEN];
		struct kit_file file = { "image", bytes, row->size };
		struct kit_bell bell = KIT_BELL;
		struct kit_publish p = { .u = upload_new(k->core, kit_ring, &bell),
			.form = &form };
		struct stored s;

		snprintf(form.name, sizeof(form.name), "v1.1.%dt100(a)", n++);
		CHECK(kit_send(p.u, &bell, &file, row->piece, &e) == 0, "%s", e.text);
		CHECK(kit_seal(p.u, &bell, &form, &e) == 0, "%s", e.text);
		CHECK(kit_write(k, kit_publish, &p, &e) == 0, "%s", e.text);
		upload_free(p.u);
		if (p.ret.nimages != 1) {
			CHECK(false, "%d images", p.ret.nimages);
			free(bytes);
			continue;
		}
		sha256(sum, bytes, row->size);
		md5(five, bytes, row->size);
		CHECK(p.ret.images[0].size == row->size, "%zu", row->size);
		CHECK(memcmp(p.ret.images[0].sha256, sum, SHA256_LEN) == 0, "%zu", row->size);
		CHECK(memcmp(p.ret.images[0].md5, five, MD5_LEN) == 0, "%zu", row->size);
		CHECK(strcmp(p.ret.name, form.name) == 0 && p.ret.num > 0, "%s", p.ret.name);
		s = (struct stored){ sum, { malloc(row->size), 0, row->size } };
		CHECK(store_read(k->store, read_stored, &s, &e) == 0, "%s", e.text);
		CHECK(s.got.len == row->size && memcmp(s.got.p, bytes, row->size) == 0, "%zu",
		    row->size);
		free(s.got.p);
		free(bytes);
		firmware_clear(&p.ret);
	}
	CHECK(staged(k) == 0, "something was left");
}

static struct err
refused(struct kit *k, const struct firmware_form *form, const struct kit_file *files, int n)
{
	struct err e = ERR_INIT;

	CHECK(kit_upload(k, form, files, n, NULL, &e) == -1, "%s passed", form->name);
	return e;
}

static void
slot_sets(struct kit *k)
{
	static const struct {
		const char *name, *slots[3], *field, *says;
	} rows[] = {
		{ "v2.0.0t100(a)", { "firmware" }, "image",
		    "missing: image; no slot of it: firmware" },
		{ "v2.0.0t100(a)", { "image", "filesystem" }, "filesystem",
		    "no slot of it: filesystem" },
		{ "v2.0.0t200(a)", { "user1.bin" }, "user2.bin", "missing: user2.bin" },
		{ "v2.0.0t200(a)", { NULL }, "user1.bin", "missing: user1.bin, user2.bin" },
		{ "v2.0.0t200(a)", { "user1", "user2", "extra.bin" }, NULL, NULL },
	};
	struct firmware f;

	EACH(row, rows) {
		struct firmware_form form = plain_form;
		struct kit_file files[3];
		struct err e = ERR_INIT;
		int n;

		snprintf(form.name, sizeof(form.name), "%s", row->name);
		for (n = 0; n < 3 && row->slots[n] != NULL; n++)
			files[n] = (struct kit_file){ row->slots[n], "some", 4 };
		if (row->field == NULL) {
			CHECK(kit_upload(k, &form, files, n, &f, &e) == 0, "%s", e.text);
			CHECK(f.nimages == 3 && strcmp(f.images[0].slot, "user1.bin") == 0 &&
			    strcmp(f.images[2].slot, "extra.bin") == 0, "the product's spelling");
			firmware_clear(&f);
			continue;
		}
		e = refused(k, &form, files, n);
		CHECK(e.code == ERR_INVALID && strcmp(e.rule, "slots") == 0, "%s", e.text);
		CHECK(strcmp(e.field, row->field) == 0, "%s", e.field);
		CHECK(strstr(e.text, row->says) != NULL, "%s", e.text);
	}
	CHECK(staged(k) == 0, "something was left");
}

static void
bad_parts(struct kit *k)
{
	struct kit_bell bell = KIT_BELL;
	struct upload *u = upload_new(k->core, kit_ring, &bell);
	struct err e = ERR_INIT;
	char slot[SLOT_MAX];
	int i;

	CHECK(upload_image(u, "", &e) == -1 && strcmp(e.rule, "slot_name") == 0, "%s", e.text);
	CHECK(upload_image(u, "a/b", &e) == -1 && strcmp(e.rule, "slot_name") == 0, "%s", e.text);
	CHECK(upload_image(u, "..", &e) == -1, "..");
	for (i = 0; i < SLOTS_MAX; i++) {
		snprintf(slot, sizeof(slot), "s%d.bin", i);
		CHECK(upload_image(u, slot, &e) == 0, "%s", e.text);
		CHECK(upload_data(u, "x", 1, &e) == 0, "%s", e.text);
	}
	CHECK(upload_image(u, "s3", &e) == -1 && e.code == ERR_BAD &&
	    strcmp(e.rule, "duplicate") == 0, "%s", e.text);
	CHECK(upload_image(u, "s10", &e) == -1 && e.code == ERR_INVALID &&
	    strcmp(e.rule, "count") == 0, "%s", e.text);
	upload_free(u);
	CHECK(staged(k) == 0, "something was left");
}

static void
forms(struct kit *k)
{
	static const struct {
		struct firmware_form form; enum err_code code; const char *field, *rule;
	} rows[] = {
		{ { "v2.1.0.t100(a)", "", "", "", "" }, ERR_BAD, "version", "dot_before_t" },
		{ { "v2.1.0t999(a)", "", "", "", "" }, ERR_INVALID, "version", "product" },
		{ { "v2.1.0t100(a)", "a\tb", "", "", "" }, ERR_BAD, "native_version", "text" },
		{ { "v2.1.0t100(a)", "\xff", "", "", "" }, ERR_BAD, "native_version", "text" },
		{ { "v2.1.0t100(a)", "", "", "\x01", "" }, ERR_BAD, "notes", "text" },
		{ { "v2.1.0t100(a)", "", "", "", "\xc3" }, ERR_BAD, "metadata", "text" },
		{ { "v2.1.0t100(a)", "", "1.0", "", "" }, ERR_BAD, "requires", "software_type" },
		{ { "v2.1.0t100(a)", "", "v1.9.0t100(a)", "", "" }, ERR_INVALID, "requires",
		    "exists" },
		{ { "v2.1.0t100(a)", "", "v2.1.0t100(n)", "", "" }, ERR_INVALID, "requires",
		    "lower" },
		{ { "v2.1.0t100(a)", "", "v1.0.0t200(a)", "", "" }, ERR_INVALID, "requires",
		    "lower" },
	};
	const struct kit_file file = { "image", "some", 4 };
	struct firmware f;
	struct firmware_form form = plain_form;
	struct err e;

	EACH(row, rows) {
		e = refused(k, &row->form, &file, 1);
		CHECK(e.code == row->code && strcmp(e.field, row->field) == 0 &&
		    strcmp(e.rule, row->rule) == 0, "%s: %s, field %s, rule %s", row->form.name,
		    e.text, e.field, e.rule);
	}
	snprintf(form.name, sizeof(form.name), "v2.1.0t100(a)");
	snprintf(form.native, sizeof(form.native), "d486921-dirty");
	snprintf(form.requires, sizeof(form.requires), "v1.1.0t100(a)");
	form.notes = "first\nsecond";
	form.metadata = "{\"a\":1}";
	e.code = ERR_NONE;
	CHECK(kit_upload(k, &form, &file, 1, &f, &e) == 0, "%s", e.text);
	CHECK(f.nnatives == 1 && strcmp(f.natives[0], "d486921-dirty") == 0, "native version");
	CHECK(f.notes != NULL && strcmp(f.notes, form.notes) == 0, "notes");
	CHECK(f.metadata != NULL && strcmp(f.metadata, form.metadata) == 0, "metadata");
	CHECK(strcmp(f.requires, form.requires) == 0, "requires");
	firmware_clear(&f);
}

static void
sizes(struct kit *k)
{
	struct kit_bell bell = KIT_BELL;
	struct upload *u = upload_new(k->core, kit_ring, &bell);
	uint8_t *bytes = noise(KIT_MAX_IMAGE, 5);
	const struct kit_file whole = { "image", bytes, KIT_MAX_IMAGE }, empty = { "image", "", 0 };
	struct err e = ERR_INIT;

	CHECK(kit_send(u, &bell, &whole, 65536, &e) == 0, "%s", e.text);
	CHECK(upload_data(u, "x", 1, &e) == -1 && e.code == ERR_TOO_BIG &&
	    strcmp(e.field, "image") == 0, "%s", e.text);
	upload_free(u);
	free(bytes);
	e = refused(k, &plain_form, &empty, 1);
	CHECK(e.code == ERR_INVALID && strcmp(e.rule, "empty") == 0 &&
	    strcmp(e.field, "image") == 0, "%s", e.text);
	CHECK(staged(k) == 0, "something was left");
}

/* A damaged image is refused by the kind that recognises it; a running device's
 * hash finds the sound one. */
static size_t
mini_v1(uint8_t ret[32])
{
	/* protocols/arduino.md 6: one segment of four bytes */
	static const uint8_t head[24] = {
		0xe9, 1, 2, 0x40, 0, 0, 0x10, 0x40, 0, 0, 0x10, 0x40, 4, 0, 0, 0, 1, 2, 3, 4,
	};
	uint8_t sum = 0xef;
	int i;

	memset(ret, 0, 32);
	memcpy(ret, head, 20);
	for (i = 16; i < 20; i++)
		sum ^= ret[i];
	ret[31] = sum;
	return 32;
}

struct hash_search { uint32_t ptype; uint8_t md5[MD5_LEN]; int64_t found; };

static int
find_hash(struct db *db, void *arg, struct err *e)
{
	struct hash_search *h = arg;
	int r = store_hash_find(db, h->ptype, "sketch-md5", h->md5, MD5_LEN, &h->found, e);

	return r < 0 ? -1 : 0;
}

static void
soundness(struct kit *k)
{
	uint8_t image[32];
	struct kit_file file = { "image", image, mini_v1(image) };
	struct firmware_form form = plain_form;
	struct hash_search h = { .ptype = 300 };
	struct firmware f;
	struct err e = ERR_INIT;

	kit_product(k, 300, "plain", "auto");
	kit_product(k, 301, "plain", "esp32-app");
	snprintf(form.name, sizeof(form.name), "v1.0.0t300(a)");
	image[31] ^= 1;
	e = refused(k, &form, &file, 1);
	CHECK(e.code == ERR_INVALID && strcmp(e.rule, "unsound") == 0 &&
	    strcmp(e.field, "image") == 0 && strstr(e.text, "image 'image'") != NULL, "%s", e.text);
	image[31] ^= 1;
	e.code = ERR_NONE;
	CHECK(kit_upload(k, &form, &file, 1, &f, &e) == 0, "%s", e.text);
	CHECK(f.nimages == 1 && strcmp(f.images[0].kind, "esp8266-sketch") == 0 &&
	    strstr(f.images[0].findings, "chip=esp8266\n") != NULL, "what it is");
	md5(h.md5, image, sizeof(image));
	CHECK(store_read(k->store, find_hash, &h, &e) == 0 && h.found == f.num, "by its hash");
	firmware_clear(&f);

	snprintf(form.name, sizeof(form.name), "v1.0.0t301(a)");
	e = refused(k, &form, &file, 1);
	CHECK(e.code == ERR_INVALID && strcmp(e.rule, "kind") == 0, "%s", e.text);
	CHECK(staged(k) == 0, "something was left");
}

/* A command that keeps the writer busy until it is let go: what comes behind it
 * stays on its way for as long as a test needs it to. */
static int
hold_writer(struct db *db, void *gate, struct err *e)
{
	(void)db;
	(void)e;
	while (sem_wait(gate) != 0)
		continue;
	return 0;
}

static void
let_go(void *gate, int rc, const struct err *e)
{
	(void)gate;
	CHECK(rc == 0, "%s", e->text);
}

/* Given up with slices on their way, after any number of bytes. */
static void
given_up(struct kit *k)
{
	uint8_t *bytes = noise(2u << 20, 9);
	struct kit_bell bell = KIT_BELL;
	struct err e = ERR_INIT;
	sem_t gate;
	size_t n, at;

	sem_init(&gate, 0, 0);
	for (n = 0; n < 2u << 20; n += 100000) {
		struct upload *u = upload_new(k->core, kit_ring, &bell);

		CHECK(upload_image(u, "image", &e) == 0, "%s", e.text);
		for (at = 0; at < n; at += 20000)	/* not waiting for anybody */
			CHECK(upload_data(u, bytes + at, 20000, &e) >= 0, "%s", e.text);
		upload_free(u);
	}
	CHECK(staged(k) == 0, "something was left");
	for (n = 0; n < 3; n++) {
		struct upload *u = upload_new(k->core, kit_ring, &bell);

		CHECK(upload_image(u, "image", &e) == 0, "%s", e.text);
		CHECK(store_write(k->store, URGENT_STATUS, hold_writer, let_go, &gate, &e) == 0,
		    "%s", e.text);
		CHECK(upload_data(u, bytes, 2u << 20, &e) == CORE_WRITE, "%s", e.text);
		upload_free(u);
		sem_post(&gate);
		kit_stop(k);		/* in the middle of it all */
		kit_start(k);
	}
	free(bytes);
	CHECK(staged(k) == 0, "something was left");
	sem_destroy(&gate);
}

static int
leave_behind(struct db *db, void *arg, struct err *e)
{
	int64_t blob;

	(void)arg;
	return store_blob_stage(db, &blob, e) || store_blob_chunk(db, blob, 0, "half", 4, e);
}

/* What a crash leaves staged is gone after the next start. */
static void
crashed(struct kit *k)
{
	struct err e = ERR_INIT;

	CHECK(store_write_wait(k->store, URGENT_BULK, leave_behind, NULL, &e) == 0, "%s", e.text);
	kit_stop(k);
	kit_start(k);
	CHECK(staged(k) == 0, "it is still there");
	CHECK(store_write_wait(k->store, URGENT_BULK, leave_behind, NULL, &e) == 0, "%s", e.text);
	CHECK(staged(k) == 1, "staged() sees nothing");
}

static void
expect_bytes(struct kit *k, const struct firmware *f, const char *slot, const void *bytes,
    size_t size)
{
	uint8_t got[64];
	struct stored s = { .got = { got, 0, sizeof(got) } };
	struct err e = ERR_INIT;
	int i;

	for (i = 0; i < f->nimages && strcmp(f->images[i].slot, slot) != 0; )
		i++;
	CHECK(i < f->nimages, "%s has no %s", f->name, slot);
	if (i == f->nimages)
		return;
	s.sha256 = f->images[i].sha256;
	CHECK(store_read(k->store, read_stored, &s, &e) == 0, "%s", e.text);
	CHECK(s.got.len == size && memcmp(got, bytes, size) == 0, "%s of %s", slot, f->name);
}

/* The same bytes twice in one firmware, and again in another: stored once, and
 * neither an upload's end nor one given up takes them away. */
static void
shared_bytes(struct kit *k)
{
	const struct kit_file files[2] = { { "user1", "twins", 5 }, { "user2", "twins", 5 } };
	struct firmware_form form = plain_form;
	struct kit_bell bell = KIT_BELL;
	struct upload *u = upload_new(k->core, kit_ring, &bell);
	struct firmware f[2];
	struct err e = ERR_INIT;
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(form.name, sizeof(form.name), "v5.0.%dt200(a)", i);
		CHECK(kit_upload(k, &form, files, 2, &f[i], &e) == 0, "%s", e.text);
	}
	snprintf(form.name, sizeof(form.name), "v5.0.2t200(a)");
	CHECK(kit_send(u, &bell, &files[0], 5, &e) == 0, "%s", e.text);
	CHECK(kit_send(u, &bell, &files[1], 5, &e) == 0, "%s", e.text);
	CHECK(kit_seal(u, &bell, &form, &e) == 0, "%s", e.text);
	upload_free(u);
	CHECK(staged(k) == 0, "something was left");
	for (i = 0; i < 2; i++) {
		expect_bytes(k, &f[i], "user1.bin", "twins", 5);
		expect_bytes(k, &f[i], "user2.bin", "twins", 5);
		firmware_clear(&f[i]);
	}
}

/* Two uploads of names that exclude each other, sealed before either is
 * published: one becomes firmware. */
static void
races(struct kit *k)
{
	struct kit_bell bell = KIT_BELL;
	struct firmware_form forms[2] = { plain_form, plain_form };
	struct kit_publish p[2];
	const struct kit_file file = { "image", "racing", 6 };
	struct err e[2] = { ERR_INIT, ERR_INIT };
	int i, r[2];

	snprintf(forms[0].name, sizeof(forms[0].name), "v3.0.0t100(o)");
	snprintf(forms[1].name, sizeof(forms[1].name), "b3.0.0t100(l)");
	for (i = 0; i < 2; i++) {
		p[i] = (struct kit_publish){ .u = upload_new(k->core, kit_ring, &bell),
			.form = &forms[i] };
		CHECK(kit_send(p[i].u, &bell, &file, 100, &e[i]) == 0, "%s", e[i].text);
		CHECK(kit_seal(p[i].u, &bell, &forms[i], &e[i]) == 0, "%s", e[i].text);
	}
	for (i = 0; i < 2; i++) {
		r[i] = kit_write(k, kit_publish, &p[i], &e[i]);
		upload_free(p[i].u);
		firmware_clear(&p[i].ret);
	}
	CHECK(r[0] == 0, "%s", e[0].text);
	CHECK(r[1] == -1 && e[1].code == ERR_CONFLICT && strcmp(e[1].rule, "R1") == 0 &&
	    strstr(e[1].text, "v3.0.0t100(o)") != NULL, "%s", e[1].text);
	CHECK(staged(k) == 0, "something was left");
}

/* ---- a disk that is full, for a while ---- */

static atomic_int no_room;		/* writes that will fail */
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);

static int
write_or_not(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
	if (atomic_load(&no_room) > 0 && atomic_fetch_sub(&no_room, 1) > 0)
		return SQLITE_FULL;
	return real_write(f, data, n, at);
}

/* SQLite has a table of methods for each kind of locking; each gets a copy. */
static const sqlite3_io_methods *
with_our_write(const sqlite3_io_methods *m)
{
	static sqlite3_io_methods copies[8];
	static const sqlite3_io_methods *of[8];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < NELEM(of) - 1 && of[i] != NULL && of[i] != m; )
		i++;
	if (of[i] == NULL) {
		copies[i] = *m;
		real_write = m->xWrite;
		copies[i].xWrite = write_or_not;
		of[i] = m;
	}
	pthread_mutex_unlock(&lock);
	return &copies[i];
}

static int
open_ours(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
	sqlite3_vfs *real = vfs->pAppData;
	int rc = real->xOpen(real, name, f, flags, ret_flags);

	if (rc == SQLITE_OK)
		f->pMethods = with_our_write(f->pMethods);
	return rc;
}

static void
full_disk(struct kit *k)
{
	struct firmware_form form = plain_form;
	uint8_t *bytes = noise(2u << 20, 77);
	const struct kit_file file = { "image", bytes, 2u << 20 };
	struct firmware f = { 0 };
	struct stored s;
	struct err e;

	snprintf(form.name, sizeof(form.name), "v4.0.0t100(a)");
	atomic_store(&no_room, INT32_MAX);
	e = refused(k, &form, &file, 1);
	CHECK(e.code == ERR_FULL && strstr(e.text, "image 'image'") != NULL, "%s", e.text);
	atomic_store(&no_room, 0);
	CHECK(staged(k) == 0, "something was left");

	/* The commit that fails is run again, and stores the slice once. */
	atomic_store(&no_room, 1);
	e.code = ERR_NONE;
	CHECK(kit_upload(k, &form, &file, 1, &f, &e) == 0, "%s", e.text);
	CHECK(atomic_load(&no_room) == 0, "nothing failed");
	if (f.nimages == 1) {
		s = (struct stored){ f.images[0].sha256, { malloc(2u << 20), 0, 2u << 20 } };
		CHECK(store_read(k->store, read_stored, &s, &e) == 0, "%s", e.text);
		CHECK(s.got.len == 2u << 20 && memcmp(s.got.p, bytes, 2u << 20) == 0, "bytes");
		free(s.got.p);
	}
	firmware_clear(&f);
	free(bytes);
	CHECK(staged(k) == 0, "something was left");
}

int
main(void)
{
	sqlite3_vfs vfs = *sqlite3_vfs_find(NULL);
	struct kit k = { .vfs = "narrow" };

	vfs.zName = "narrow";
	vfs.pAppData = sqlite3_vfs_find(NULL);
	vfs.xOpen = open_ours;
	if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		return 1;
	kit_open(&k);
	kit_product(&k, 100, "plain", "auto");
	kit_product(&k, 200, "pairs", "");
	round_trips(&k);
	slot_sets(&k);
	bad_parts(&k);
	forms(&k);
	sizes(&k);
	soundness(&k);
	given_up(&k);
	crashed(&k);
	races(&k);
	shared_bytes(&k);
	full_disk(&k);
	kit_close(&k);
	return TEST_END();
}
