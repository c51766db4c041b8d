/* SPDX-License-Identifier: Apache-2.0
 *
 * image_user_test.c - user1.bin and user2.bin: sound ones, and one fault at a time
 * (protocols/espressif-cloud.md 7). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "otad/err.h"
#include "otad/facts.h"
#include "otad/image.h"
#include "test.h"

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* The text of 7.3: of the standard CRC c, ~c when its top bit is set, else c + 1. */
static uint32_t
trailer(const uint8_t *p, size_t n)
{
	uint32_t c = ~0u;

	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			uint32_t out = (c ^ (uint32_t)(p[i] >> bit)) & 1;

			c = c >> 1 ^ (out ? 0xedb88320u : 0);
		}
	c = ~c;
	return c >= 0x80000000u ? ~c : c + 1;
}

static void
vectors(void)
{
	uint8_t a[16] = { 0xea, 4, 0, 1 }, b[16] = { 0xea, 4, 0, 2 };

	CHECK(trailer(a, 16) == 0x2a5e2ded, "%08x", trailer(a, 16));
	CHECK(trailer(b, 16) == 0x686bbedd, "%08x", trailer(b, 16));
}

/* Three segments of 8 bytes at `at`; returns the end, its checksum included. */
static size_t
segments(uint8_t *p, size_t at)
{
	static const uint32_t where[3] = { 0x40100000, 0x3ffe8000, 0x3ffe8010 };
	uint8_t sum = 0xef;

	for (int i = 0; i < 3; i++) {
		put32(p + at, where[i]);
		put32(p + at + 4, 8);
		at += 8;
		for (int k = 0; k < 8; k++)
			sum ^= p[at++] = (uint8_t)(17 * k + i);
	}
	while (at % 16 != 15)
		p[at++] = 0;
	p[at++] = sum;
	return at;
}

static size_t
make_new(uint8_t *p, int slot, uint32_t irom)
{
	size_t at;

	memset(p, 0x5a, irom + 256);
	p[0] = 0xea, p[1] = 4, p[2] = 0, p[3] = (uint8_t)slot;
	put32(p + 4, 0x40100004);
	put32(p + 8, 0);
	put32(p + 12, irom);
	at = 16 + irom;
	p[at] = 0xe9, p[at + 1] = 3, p[at + 2] = 0, p[at + 3] = (uint8_t)slot;
	put32(p + at + 4, 0x40100004);
	at = segments(p, at + 8);
	put32(p + at, trailer(p, at));
	return at + 4;
}

static size_t
make_old(uint8_t *p, int slot)
{
	memset(p, 0x5a, 0x10400);
	p[0] = 0xe9, p[1] = 3, p[2] = 0, p[3] = (uint8_t)slot;
	put32(p + 4, 0x40100004);
	segments(p, 8);
	put32(p + 0x103fc, trailer(p, 0x103fc));
	return 0x10400;
}

static void
sound(void)
{
	static uint8_t p[0x11000];
	char value[FACT_VALUE_MAX];

	for (int form = 0; form < 2; form++)
		for (int slot = 1; slot <= 2; slot++)
			for (int rule = 0; rule < 2; rule++) {
				struct image_report r = IMAGE_REPORT_INIT;
				struct err e = ERR_INIT;
				size_t n = form == 0 ? make_new(p, slot, 4096) : make_old(p, slot);

				CHECK(image_inspect(rule == 0 ? "esp8266-user" : "auto", p, n, &r,
				    &e) == 0, "form %d slot %d: %s", form, slot, e.text);
				CHECK(r.kind != NULL && strcmp(r.kind, "esp8266-user") == 0, "kind");
				CHECK(facts_get(buf_str(&r.findings), "slot", value) &&
				    strcmp(value, slot == 1 ? "user1" : "user2") == 0, "slot");
				CHECK(facts_get(buf_str(&r.findings), "crc", value) &&
				    strcmp(value, "ok") == 0, "crc");
				CHECK(!facts_get(buf_str(&r.findings), "warning", value), "%s", value);
				image_report_free(&r);
			}
}

static void
without_crc(void)
{
	static uint8_t p[8192];
	char value[FACT_VALUE_MAX];
	struct image_report r = IMAGE_REPORT_INIT;
	struct err e = ERR_INIT;
	size_t n = make_new(p, 1, 4096);

	CHECK(image_inspect("esp8266-user", p, n - 4, &r, &e) == 0, "%s", e.text);
	CHECK(facts_get(buf_str(&r.findings), "warning", value), "no warning");
	image_report_free(&r);
}

static const struct {
	const char	*why;
	size_t		at;
	uint8_t		byte;
	const char	*says;
} faults[] = {
	{ "a plain eagle.flash.bin", 3, 0, "byte 3" },
	{ "no form of a boot loader", 1, 3, "new boot loader" },
	{ "irom with an address", 8, 1, "address" },
	{ "irom longer than the file", 14, 0x7f, "the file only" },
	{ "entry beside the code", 7, 0x3f, "no address" },
	{ "one bit of the code that runs from flash", 100, 0x5b, "CRC" },
	{ "one bit of a segment", 16 + 4096 + 20, 0xff, "checksum" },
};

static void
unsound(void)
{
	static uint8_t p[8192];

	EACH(f, faults) {
		struct image_report r = IMAGE_REPORT_INIT;
		struct err e = ERR_INIT;
		size_t n = make_new(p, 1, 4096);

		p[f->at] = f->byte;
		CHECK(image_inspect("esp8266-user", p, n, &r, &e) == -1 &&
		    strstr(e.text, f->says) != NULL, "%s: %s", f->why, e.text);
	}
	/* Cut anywhere, and with more behind it. */
	for (size_t n = make_new(p, 2, 64), cut = 1; cut < n + 9; cut++) {
		struct image_report r = IMAGE_REPORT_INIT;
		struct err e = ERR_INIT;
		int rc = image_inspect("esp8266-user", p, cut, &r, &e);

		CHECK((rc == 0) == (cut == n || cut == n - 4), "%zu of %zu: %s", cut, n, e.text);
		image_report_free(&r);
	}
}

static const struct {
	const char	*findings, *slot, *hardware;
	uint64_t	size;
	const char	*rule;		/* "" belongs */
} places[] = {
	{ "slot=user1\n", "user1.bin", "", 241660, "" },
	{ "slot=user1\n", "user1", "", 241660, "" },
	{ "slot=user1\n", "user1.bin", "", 241664, "fit" },
	{ "slot=user1\n", "user1.bin", "flash=524288\n", 241664, "fit" },
	{ "slot=user1\n", "user1.bin", "flash=1048576\n", 503804, "" },
	{ "slot=user1\n", "user1.bin", "flash=4194304\n", 503808, "fit" },
	{ "slot=user2\n", "user2.bin", "flash=4194304\nflash_map=1024+1024\n", 983040, "" },
	{ "slot=user2\n", "user2.bin", "flash_map=1024+1024\n", 983044, "fit" },
	{ "slot=user2\n", "user1.bin", "", 1000, "slot" },
	{ "slot=user1\n", "user2.bin", "", 1000, "slot" },
};

static void
belonging(void)
{
	EACH(p, places) {
		struct err e = ERR_INIT;
		int rc = image_belongs("esp8266-user", p->size, p->findings, p->slot, p->hardware,
		    &e);

		CHECK((rc == 0) == (p->rule[0] == '\0') && strcmp(e.rule, p->rule) == 0,
		    "%s in %s: %s", p->findings, p->slot, e.text);
	}
	CHECK(image_belongs("raw", 1u << 30, "", "user1.bin", "", &(struct err)ERR_INIT) == 0, "raw");
}

int
main(void)
{
	vectors();
	sound();
	without_crc();
	unsound();
	belonging();
	return TEST_END();
}
