/* SPDX-License-Identifier: Apache-2.0
 *
 * The fleet's image maker and otad's inspector were written apart from the same
 * description: what one makes the other must find sound, and no damage to it may
 * get through. */
#include <string.h>
#include "otad/auto.h"
#include "otad/facts.h"
#include "otad/image.h"
#include "otafleet/image_make.h"
#include "test.h"

#define VERSION	"v1.0.2t45772(a)"

static const struct {
	const char	*kind;
	size_t		size, made;	/* asked for, given */
} sizes[] = {
	{ "esp8266-sketch", 0, 300000 },	{ "esp8266-sketch", 1, 0x1140 },
	{ "esp8266-sketch", 4096, 0x1140 },	{ "esp8266-sketch", 0x1141, 0x1150 },
	{ "esp8266-sketch", 65536, 65536 },	{ "esp8266-sketch", 1044464, 1044464 },
	{ "esp32-app", 0, 1000000 },		{ "esp32-app", 1, 0x220 },
	{ "esp32-app", 545, 560 },		{ "esp32-app", 65537, 65552 },
	{ "esp32-app", 3145728, 3145728 },
	{ "raw", 0, 65536 },			{ "raw", 1, 96 },
	{ "raw", 97, 97 },			{ "raw", 1000001, 1000001 },
};

static int
inspect(const char *rule, const struct buf *b, struct image_report *r, struct err *e)
{
	return image_inspect(rule, (const uint8_t *)buf_str(b), b->len, r, e);
}

static void
check_native(const struct image_report *r, const char *kind)
{
	const char *want = strcmp(kind, "esp32-app") == 0 ? VERSION : "";

	CHECK(strcmp(r->native_version, want) == 0, "%s: '%s'", kind, r->native_version);
}

static void
sound(void)
{
	EACH(s, sizes) {
		AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
		AUTO(image_report) struct image_report named = IMAGE_REPORT_INIT;
		AUTO(buf) struct buf b = BUF_INIT;
		AUTO(buf) struct buf again = BUF_INIT;
		struct err e = ERR_INIT;
		char version[64] = "";

		CHECK(image_make(s->kind, VERSION, s->size, 7, &b, &e) == 0, "%s", e.text);
		CHECK(b.len == s->made, "%s %zu: %zu bytes", s->kind, s->size, b.len);
		CHECK(inspect("auto", &b, &r, &e) == 0 && inspect(s->kind, &b, &named, &e) == 0,
		    "%s %zu: %s", s->kind, s->size, e.text);
		CHECK(r.kind != NULL && strcmp(r.kind, s->kind) == 0, "%s %zu", s->kind, s->size);
		check_native(&r, s->kind);
		CHECK(image_read_version(b.p, b.len, version) == 0 &&
		    strcmp(version, VERSION) == 0, "%s %zu: '%s'", s->kind, s->size, version);
		CHECK(image_make(s->kind, VERSION, s->size, 7, &again, &e) == 0 &&
		    again.len == b.len && memcmp(again.p, b.p, b.len) == 0, "%s: same", s->kind);
	}
}

static void
every_size(const char *kind)
{
	for (size_t size = 500; size < 6000; size++) {
		AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
		AUTO(buf) struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		CHECK(image_make(kind, VERSION, size, size, &b, &e) == 0 && b.len >= size &&
		    inspect("auto", &b, &r, &e) == 0, "%s %zu: %s", kind, size, e.text);
	}
}

/* Each byte from `from` on, flipped in one bit that moves along. */
static void
damaged(const char *kind, size_t size, size_t from)
{
	AUTO(buf) struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	CHECK(image_make(kind, VERSION, size, 1, &b, &e) == 0, "%s", e.text);
	for (size_t i = from; i < b.len; i++) {
		AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;

		b.p[i] ^= (char)(1 << i % 8);
		CHECK(inspect(kind, &b, &r, &e) == -1, "%s: byte %zu damaged", kind, i);
		b.p[i] ^= (char)(1 << i % 8);
	}
}

static void
refused(void)
{
	static const struct { const char *kind, *version; size_t size; } table[] = {
		{ "mgos-zip", VERSION, 0 },	{ "raw", "", 0 },	{ "raw", "a\"b", 0 },
		{ "raw", "a\nb", 0 },		{ "esp32-app", VERSION, (16u << 20) + 1 },
		{ "raw", "0123456789012345678901234567890123456789012345678901234567890123", 0 },
		{ "esp32-app", "012345678901234567890123456789012", 0 },
	};

	EACH(t, table) {
		AUTO(buf) struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		CHECK(image_make(t->kind, t->version, t->size, 1, &b, &e) == -1 &&
		    e.code == ERR_BAD && b.len == 0, "%s %s", t->kind, t->version);
	}
}

static void
versions(void)
{
	static const char *const kinds[] = { "esp8266-sketch", "esp32-app", "raw" };
	static const char longest[] =
	    "012345678901234567890123456789012345678901234567890123456789012";
	char got[64] = "kept", none[4096] = "";

	EACH(k, kinds) {
		AUTO(buf) struct buf b = BUF_INIT;
		struct err e = ERR_INIT;
		const char *v = strcmp(*k, "esp32-app") == 0 ? longest + 31 : longest;

		CHECK(image_make(*k, v, 0, 1, &b, &e) == 0, "%s", e.text);
		CHECK(image_read_version(b.p, b.len, got) == 0 && strcmp(got, v) == 0, "%s", got);
		for (size_t n = 0; n < 96; n++)
			CHECK(image_read_version(b.p, n, got) == -1, "%s cut to %zu", *k, n);
	}
	CHECK(image_read_version(none, sizeof(none), got) == -1, "nothing inside");
}

int
main(void)
{
	sound();
	every_size("esp8266-sketch");
	every_size("esp32-app");
	damaged("esp32-app", 600, 0);
	damaged("esp8266-sketch", 4500, 0x1000);
	refused();
	versions();
	return TEST_END();
}
