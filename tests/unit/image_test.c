/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/data/image/<case>/image is hex ("ff*4096" repeats a byte, # comments),
 * <case>/want what an inspector must say of it, one word and its text a line:
 *
 *	rule R		inspect by this rule	kind K		found sound, and this
 *	fact k=v	among the findings	no k		not among them
 *	native V	the native version	hash NAME HEX	among the hashes
 *	refused RULE	not taken, by this rule	says TEXT	as part of the reason
 *
 * A new case is a new folder. Tables here hold what is no file: rules, fits,
 * and what damage must never get through. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"
#include "otad/facts.h"
#include "otad/image.h"
#include "test.h"

#define DATA	"tests/data/image"

AUTO_DEFINE(FILE, file, fclose);

static void
read_byte(struct buf *b, const char *word)
{
	const char *star = strchr(word, '*');
	size_t times = star != NULL ? strtoul(star + 1, NULL, 10) : 1;
	size_t digits = star != NULL ? (size_t)(star - word) : strlen(word);
	char pair[3] = "";
	uint8_t byte;

	CHECK(digits % 2 == 0 && digits > 0, "%s: whole bytes", word);
	for (size_t i = 0; i + 1 < digits; i += 2) {
		memcpy(pair, word + i, 2);
		CHECK(hex_decode(&byte, 1, pair) == 0, "'%s' is hex", pair);
		for (size_t n = 0; n < times; n++)
			buf_add(b, &byte, 1);
	}
}

/* Walk the lines of a case's file: false at the end. */
static bool
next_line(FILE *f, char line[300])
{
	while (f != NULL && fgets(line, 300, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '\0' && *line != '#')
			return true;
	}
	return false;
}

static FILE *
open_case(const char *name, const char *file)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), DATA "/%s/%s", name, file);
	f = fopen(path, "r");
	CHECK(f != NULL, "%s (tests run from the top folder)", path);
	return f;
}

static void
read_image(struct buf *ret, const char *name)
{
	AUTO(file) FILE *f = open_case(name, "image");
	char line[300];

	while (next_line(f, line))
		read_byte(ret, line);
}

static bool
has_fact(const struct image_report *r, const char *want)
{
	char key[33], value[FACT_VALUE_MAX], text[33 + 1 + FACT_VALUE_MAX];

	for (const char *at = buf_str(&r->findings); facts_next(&at, key, value); ) {
		snprintf(text, sizeof(text), "%s=%s", key, value);
		if (strcmp(text, want) == 0)
			return true;
	}
	return false;
}

static bool
has_hash(const struct image_report *r, const char *want)
{
	char hex[HEX_LEN(IMAGE_HASH_MAX)], text[sizeof(hex) + 32];

	for (size_t i = 0; i < r->nhashes; i++) {
		snprintf(text, sizeof(text), "%s %s", r->hashes[i].name,
		    hex_encode(hex, r->hashes[i].bytes, r->hashes[i].len));
		if (strcmp(text, want) == 0)
			return true;
	}
	return false;
}

/* One line of a case's want, after the rule: word and text are its halves. */
static void
check_want(const char *name, const char *word, const char *text, int result,
    const struct image_report *r, const struct err *e)
{
	char value[FACT_VALUE_MAX];
	const char *found = buf_str(&r->findings);

	if (strcmp(word, "refused") == 0)
		CHECK(result == -1 && e->code == ERR_INVALID && strcmp(e->rule, text) == 0,
		    "%s: refused by %s, got %d %s", name, text, result, e->rule);
	else if (strcmp(word, "says") == 0)
		CHECK(strstr(e->text, text) != NULL, "%s: '%s' says '%s'", name, e->text, text);
	else if (result != 0)
		CHECK(false, "%s: %s %s, but it was refused: %s", name, word, text, e->text);
	else if (strcmp(word, "kind") == 0)
		CHECK(strcmp(r->kind, text) == 0, "%s: %s is %s", name, r->kind, text);
	else if (strcmp(word, "fact") == 0)
		CHECK(has_fact(r, text), "%s: %s in\n%s", name, text, found);
	else if (strcmp(word, "no") == 0 && strcmp(text, "native") == 0)
		CHECK(r->native_version[0] == '\0', "%s: '%s'", name, r->native_version);
	else if (strcmp(word, "no") == 0)
		CHECK(!facts_get(found, text, value), "%s: %s=%s", name, text, value);
	else if (strcmp(word, "native") == 0)
		CHECK(strcmp(r->native_version, text) == 0, "%s: '%s'", name, r->native_version);
	else if (strcmp(word, "hash") == 0)
		CHECK(has_hash(r, text), "%s: %s", name, text);
	else
		CHECK(false, "%s: no such word '%s'", name, word);
}

static void
one_case(const char *name)
{
	AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
	AUTO(buf) struct buf b = BUF_INIT;
	AUTO(file) FILE *want = open_case(name, "want");
	struct err e = ERR_INIT;
	char line[300];
	int result;

	read_image(&b, name);
	if (!next_line(want, line) || strncmp(line, "rule ", 5) != 0) {
		CHECK(false, "%s: want starts with its rule", name);
		return;
	}
	result = image_inspect(line + 5, (const uint8_t *)buf_str(&b), b.len, &r, &e);
	CHECK(result == 0 || r.kind == NULL, "%s: a refusal leaves the report alone", name);
	CHECK(result != 0 || (r.size == b.len && r.nhashes >= 1), "%s: size and hashes", name);
	while (next_line(want, line)) {
		char *text = strchr(line, ' ');

		if (text == NULL) {
			CHECK(false, "%s: '%s' has a word and a text", name, line);
			continue;
		}
		*text++ = '\0';
		check_want(name, line, text, result, &r, &e);
	}
}

static void
cases(void)
{
	DIR *d = opendir(DATA);
	struct dirent *entry;
	unsigned n = 0;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.') {
			one_case(entry->d_name);
			n++;
		}
	if (d != NULL)
		closedir(d);
	CHECK(n >= 40, "%u cases in " DATA, n);
}

/* -1, 0, and never a crash: bytes are copied so that a sanitizer sees the end. */
static int
inspect_copy(const char *rule, const char *p, size_t n, struct err *e)
{
	AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
	AUTO(mem) void *copy = malloc(n + 1);
	uint8_t *exact = copy;

	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "no memory");
	memcpy(++exact, p, n);		/* ends where the allocation ends */
	return image_inspect(rule, exact, n, &r, e);
}

static void
truncated(const char *name)
{
	AUTO(buf) struct buf b = BUF_INIT;

	read_image(&b, name);
	for (size_t n = 0; n < b.len; n++) {
		struct err e = ERR_INIT;

		CHECK(inspect_copy("auto", b.p, n, &e) == -1 && e.code == ERR_INVALID,
		    "%s cut to %zu bytes is refused", name, n);
		CHECK(strcmp(e.rule, n == 0 ? "empty" : "unsound") == 0, "%s, %zu: %s", name, n,
		    e.text);
		CHECK((inspect_copy("raw", b.p, n, &e) == 0) == (n > 0), "%s, %zu: raw", name, n);
	}
}

/* Every single bit of from..to (0: the end) is covered by some sum. */
static void
flipped(const char *name, const char *rule, size_t from, size_t to)
{
	AUTO(buf) struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	read_image(&b, name);
	to = to == 0 ? b.len : to;
	CHECK(b.len >= to && inspect_copy(rule, b.p, b.len, &e) == 0, "%s: %s", name, e.text);
	for (size_t bit = from * 8; b.len >= to && bit < to * 8; bit++) {
		b.p[bit / 8] ^= (char)(1 << bit % 8);
		CHECK(inspect_copy(rule, b.p, b.len, &e) == -1, "%s: byte %zu, bit %zu", name,
		    bit / 8, bit % 8);
		b.p[bit / 8] ^= (char)(1 << bit % 8);
	}
}

static void
rules(void)
{
	AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
	static const struct { const char *rule; bool known; } table[] = {
		{ "auto", true },	{ "raw", true },	{ "esp8266-sketch", true },
		{ "esp32-app", true },	{ "esp8266-user", true }, { "elf", false },
		{ "", false },		{ "Auto", false },	{ "raw ", false },
	};
	char list[IMAGE_RULES_MAX];
	struct err e = ERR_INIT;

	image_rules(list);
	EACH(t, table) {
		CHECK(image_rule_known(t->rule) == t->known, "'%s'", t->rule);
		CHECK(!t->known || strstr(list, t->rule) != NULL, "'%s' in '%s'", t->rule, list);
	}
	CHECK(image_inspect("elf", (const uint8_t *)"x", 1, &r, &e) == -1 &&
	    e.code == ERR_BAD && strstr(e.text, list) != NULL, "%s", e.text);
}

#define SKETCH	"chip=esp8266\nflash_size=4194304\n"
#define APP	"chip=esp32-s3\nflash_size=8388608\nmin_rev=0\nmax_rev=99\n"
#define K	1024u

static const struct {
	const char		*why;
	const char		*kind;
	uint64_t		size;
	const char		*findings;
	struct image_target	t;
	const char		*says;		/* NULL: fits */
} fits[] = {
	{ "nothing known", "esp8266-sketch", 700000, SKETCH, { .family = NULL }, NULL },
	{ "nothing known of an ESP32", "esp32-app", 700000, APP, { "", "", "", 0, 0, 0, 0 }, NULL },
	{ "last sector of the room", "esp8266-sketch", 671744, SKETCH,
	    { .family = "esp8266", .free_space = 671744, .free_known = true }, NULL },
	{ "one byte over a sector", "esp8266-sketch", 671745, SKETCH,
	    { .family = "esp8266", .free_space = 671744 + 4095, .free_known = true },
	    "image needs 675840 bytes, the device has 675839 free" },
	{ "G10", "esp8266-sketch", 700000, SKETCH,
	    { .family = "esp8266", .mode = "sketch", .free_space = 671744, .free_known = true },
	    "image needs 700416 bytes, the device has 671744 free" },
	{ "an ESP32 counts bytes", "esp32-app", 1310719, APP,
	    { .family = "esp32", .free_space = 1310719, .free_known = true }, NULL },
	{ "one too many", "esp32-app", 1310721, APP,
	    { .family = "esp32", .free_space = 1310720, .free_known = true },
	    "image needs 1310721 bytes, the device has 1310720 free" },
	{ "no partition", "esp32-app", 1000, APP, { .family = "esp32", .free_known = true },
	    "no partition for an update" },
	{ "room not told", "esp32-app", 1000, APP, { .family = "esp32" }, NULL },
	{ "any device's room", "raw", 101, "", { .free_space = 100, .free_known = true },
	    "image needs 101 bytes, the device has 100 free" },
	{ "wrong family", "esp32-app", 1000, APP, { .family = "esp8266" },
	    "image is for an esp32, the device is an esp8266" },
	{ "wrong family", "esp8266-sketch", 1000, SKETCH, { .family = "esp32" },
	    "image is for an esp8266, the device is an esp32" },
	{ "same chip", "esp32-app", 1000, APP, { .family = "esp32", .chip = "ESP32S3" }, NULL },
	{ "other chip", "esp32-app", 1000, APP, { .family = "esp32", .chip = "esp32-c3" },
	    "image is for an esp32-s3, the device has an esp32-c3" },
	{ "plain ESP32 is another chip", "esp32-app", 1000, APP, { .chip = "esp32" },
	    "image is for an esp32-s3" },
	{ "a package, no chip", "esp32-app", 1000, APP, { .chip = "ESP32-D0WD-V3" }, NULL },
	{ "chip without family", "esp8266-sketch", 1000, SKETCH, { .chip = "esp32-c6" },
	    "image is for an esp8266, the device has an esp32-c6" },
	{ "newest revision", "esp32-app", 1000, APP, { .chip = "esp32-s3", .revision = 99 }, NULL },
	{ "too new", "esp32-app", 1000, APP, { .chip = "esp32-s3", .revision = 100 },
	    "chip revisions 0 to 99, the device has 100" },
	{ "too old", "esp32-app", 1000, "chip=esp32\nmin_rev=300\nmax_rev=65535\n",
	    { .revision = 101 }, "chip revisions 300 to 65535, the device has 101" },
	{ "no highest", "esp32-app", 1000, "chip=esp32\nmin_rev=1\nmax_rev=0\n",
	    { .revision = 301 }, NULL },
	{ "built for this flash", "esp8266-sketch", 1000, SKETCH,
	    { .family = "esp8266", .flash_size = 4096 * K }, NULL },
	{ "built for more flash", "esp8266-sketch", 1000, SKETCH,
	    { .family = "esp8266", .flash_size = 1024 * K },
	    "image is built for 4194304 bytes of flash, the device has 1048576" },
	{ "an ESP32 does not look", "esp32-app", 1000, APP,
	    { .family = "esp32", .flash_size = 4096 * K }, NULL },
	{ "larger than the flash", "raw", 2048 * K, "", { .flash_size = 1024 * K },
	    "image has 2097152 bytes, the device's flash 1048576" },
	{ "firmware as a file system", "esp8266-sketch", 1000, SKETCH,
	    { .family = "esp8266", .mode = "filesystem" }, "asks for a file system" },
	{ "a file system", "raw", 1024 * K, "magic=01000000\n", { .family = "esp8266",
	    .mode = "filesystem", .free_space = 100, .free_known = true }, NULL },
	{ "no firmware at all", "raw", 1000, "magic=3c68746d\n",
	    { .family = "esp8266", .mode = "sketch" }, "starts with 3c" },
	{ "gzip", "raw", 1000, "magic=1f8b0800\n",
	    { .family = "esp8266", .mode = "sketch" }, NULL },
	{ "gzip", "raw", 1000, "magic=1f8b0800\n", { .family = "esp32", .mode = "sketch" },
	    "starts with 1f" },
	{ "old firmware stored as raw", "raw", 1000, "magic=e9010203\n",
	    { .family = "esp32", .mode = "sketch" }, NULL },
	{ "native: any bytes", "raw", 1000, "magic=3c68746d\n", { .mode = "sketch" }, NULL },
};

static void
fit(void)
{
	EACH(f, fits) {
		struct err e = ERR_INIT;
		int r = image_fits(f->kind, f->size, f->findings, &f->t, &e);

		CHECK((r == 0) == (f->says == NULL), "%s: %s", f->why, e.text);
		CHECK(r == 0 || (e.code == ERR_INVALID && strcmp(e.rule, "fit") == 0), "%s",
		    f->why);
		CHECK(f->says == NULL || strstr(e.text, f->says) != NULL, "%s: '%s' says '%s'",
		    f->why, e.text, f->says);
	}
}

int
main(void)
{
	cases();
	truncated("esp8266-v1");
	truncated("esp32-app");
	truncated("sketch");
	flipped("esp8266-v1", "esp8266-sketch", 0, 1);
	flipped("esp8266-v1", "esp8266-sketch", 16, 20);
	flipped("esp8266-v1", "esp8266-sketch", 31, 0);
	flipped("esp32-app", "esp32-app", 0, 0);
	flipped("esp32-app", "auto", 1, 0);
	flipped("sketch", "esp8266-sketch", 0x1000, 0);
	rules();
	fit();
	return TEST_END();
}
