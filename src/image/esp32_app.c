/* SPDX-License-Identifier: Apache-2.0
 *
 * An application for the ESP32 family is one image with a longer header, a
 * descriptor at the start of its first segment and mostly a SHA-256 at its end
 * (protocols/arduino.md 5.4). Whatever else comes out of the same build looks
 * much like it and bricks or confuses a device: bootloader, partition table, and
 * the merged file for a cable. The descriptor tells them apart, so it is
 * required; each stray gets its own words, since whoever uploads it only picked
 * the wrong file of five. */
#include <stdio.h>
#include <string.h>
#include "otad/digest.h"
#include "otad/facts.h"
#include "kind.h"

enum {
	HEAD		= 24,
	CHIP_ID		= 12,
	MIN_REV		= 15,
	MAX_REV		= 17,
	HASHED		= 23,
	DESC		= 0x20,		/* offsets of the descriptor's parts */
	DESC_VERSION	= 0x30,
	DESC_PROJECT	= 0x50,
	DESC_TIME	= 0x70,
	DESC_DATE	= 0x80,
	DESC_IDF	= 0x90,
	DESC_ELF	= 0xb0,
	DESC_END	= 0x120,
	PARTITIONS	= 0x8000,	/* in flash, unless a project moved it */
	SECTOR		= 0x1000,
};

/* Two entries, or one and the end. */
static bool
is_partition_table(const uint8_t *bytes, size_t size, size_t at)
{
	if (size < at + 64 || bytes[at] != 0xaa || bytes[at + 1] != 0x50)
		return false;
	at += 32;
	return (bytes[at] == 0xaa && bytes[at + 1] == 0x50) ||
	    (bytes[at] == 0xeb && bytes[at + 1] == 0xeb) ||
	    (bytes[at] == 0xff && bytes[at + 1] == 0xff);
}

static bool
claims(const uint8_t *bytes, size_t size)
{
	if (bytes[0] == 0xe9)
		return size < 12 || !chip_esp8266_address(le32(bytes + 8));
	return is_partition_table(bytes, size, 0) ||
	    (bytes[0] == 0xff && is_partition_table(bytes, size, PARTITIONS));
}

/* The strays of the same build, by what they are. */
static int
check_stray(const uint8_t *bytes, size_t size, struct err *e)
{
	if (is_partition_table(bytes, size, 0))
		return unsound(e, "this is a partition table, not an application");
	if (size >= DESC + 4 && le32(bytes + DESC) == 0xabcd5432)
		return 0;
	if (is_partition_table(bytes, size, PARTITIONS))
		return unsound(e, "this is a merged image for flashing by cable (a partition "
		    "table at byte 0x%x); upload the application alone", PARTITIONS);
	return 0;
}

static int
check_descriptor(const uint8_t *bytes, size_t size, struct err *e)
{
	if (size >= DESC_END && le32(bytes + DESC) == 0xabcd5432 &&
	    le32(bytes + HEAD + 4) >= DESC_END - DESC)
		return 0;
	if (size > DESC && bytes[DESC] == 0x50)
		return unsound(e, "this is a bootloader, not an application");
	return unsound(e, "no application descriptor at byte 0x%x: a bootloader, or built "
	    "before ESP-IDF 3.3 (only a product of image kind raw takes that)", DESC);
}

/* What may follow: the signatures of ESP-IDF (a sector at the next boundary, or
 * 68 bytes at once) or of the Arduino core (512 bytes). */
static int
check_trailer(const uint8_t *bytes, size_t size, size_t n, struct buf *facts, struct err *e)
{
	size_t sector = (n + SECTOR - 1) / SECTOR * SECTOR, extra = size - n;

	if (extra == 0)
		return 0;
	if (!(extra == 512) && !(extra == 68 && le32(bytes + n) == 0) &&
	    !(size == sector + SECTOR && bytes[sector] == 0xe7))
		return unsound(e, "%zu bytes follow the image, which ends at byte %zu, and "
		    "are no signature", extra, n);
	facts_add(facts, "signed", "yes");
	return 0;
}

/* The appended SHA-256 covers all before it. *n moves behind it; ret is what
 * the device itself takes as the image's digest, appended or not. */
static int
check_hash(uint8_t ret[SHA256_LEN], const uint8_t *bytes, size_t size, size_t *n,
    struct buf *facts, struct err *e)
{
	sha256(ret, bytes, *n);
	if (bytes[HASHED] == 0) {
		facts_add(facts, "hash", "absent");
		return 0;
	}
	if (size - *n < SHA256_LEN)
		return unsound(e, "the file ends at byte %zu, inside its SHA-256 at byte %zu",
		    size, *n);
	if (memcmp(ret, bytes + *n, SHA256_LEN) != 0)
		return unsound(e, "SHA-256 at byte %zu is not that of the bytes before it", *n);
	facts_add(facts, "hash", "ok");
	*n += SHA256_LEN;
	return 0;
}

/* A text of the descriptor, which may fill its room. */
static void
add_text(struct buf *facts, const char *key, const uint8_t *p, size_t room)
{
	char text[33] = "";

	memcpy(text, p, room);
	if (text[0] != '\0')
		facts_add(facts, key, text);
}

static void
add_descriptor(struct buf *facts, const uint8_t *bytes)
{
	char built[16 + 1 + 16 + 1], elf[HEX_LEN(SHA256_LEN)];

	add_text(facts, "app_version", bytes + DESC_VERSION, 32);
	add_text(facts, "project_name", bytes + DESC_PROJECT, 32);
	add_text(facts, "idf_version", bytes + DESC_IDF, 32);
	snprintf(built, sizeof(built), "%.16s %.16s", (const char *)bytes + DESC_DATE,
	    (const char *)bytes + DESC_TIME);
	if (strcmp(built, " ") != 0)
		facts_add(facts, "built", built);
	facts_add(facts, "elf_sha256", hex_encode(elf, bytes + DESC_ELF, SHA256_LEN));
	facts_addi(facts, "secure_version", le32(bytes + DESC + 4));
}

static void
add_header(struct buf *facts, const uint8_t *bytes)
{
	unsigned id = le16(bytes + CHIP_ID), size = bytes[3] >> 4;

	if (chip_name(id) != NULL)
		facts_add(facts, "chip", chip_name(id));
	else
		facts_add(facts, "warning", "chip id that otad does not know: whether the "
		    "image is for a device's chip cannot be checked");
	facts_addi(facts, "chip_id", id);
	facts_add_header(facts, bytes);
	if (size < 8)
		facts_addi(facts, "flash_size", (int64_t)1 << (20 + size));
	facts_addi(facts, "min_rev", le16(bytes + MIN_REV));
	facts_addi(facts, "max_rev", le16(bytes + MAX_REV));
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

/* The Arduino core's builds carry the version of the core's own libraries. */
static void
set_native_version(struct image_report *r, const uint8_t *bytes)
{
	char version[33] = "";

	memcpy(version, bytes + DESC_VERSION, 32);
	if (strncmp((const char *)bytes + DESC_PROJECT, "arduino-lib-builder", 32) == 0)
		facts_add(&r->findings, "warning", "the descriptor's version is the Arduino "
		    "core's, not the sketch's: it was not taken as native version");
	else if (!is_plain(version))
		facts_add(&r->findings, "warning",
		    "the descriptor's version is no plain text: it was not taken");
	else
		memcpy(r->native_version, version, sizeof(version));
}

static int
inspect(const uint8_t *bytes, size_t size, struct image_report *r, struct err *e)
{
	uint8_t digest[SHA256_LEN];
	struct segments app;
	size_t n;

	if (check_stray(bytes, size, e) ||
	    segments_walk(&app, bytes, size, 0, HEAD, e) || segments_check(&app, e) ||
	    check_descriptor(bytes, size, e))
		return -1;
	if (app.odd)		/* the ESP8266's tools write such, this loader refuses them */
		return unsound(e, "a segment's length is no multiple of 4");
	if (bytes[HASHED] > 1)
		return unsound(e, "byte %d is 0x%02x, it may only be 0 or 1", HASHED,
		    bytes[HASHED]);
	n = app.end;
	if (check_hash(digest, bytes, size, &n, &r->findings, e) ||
	    check_trailer(bytes, size, n, &r->findings, e))
		return -1;
	add_header(&r->findings, bytes);
	facts_addi(&r->findings, "sketch_size", (int64_t)n);
	add_descriptor(&r->findings, bytes);
	set_native_version(r, bytes);
	hash_sha256(r, digest);
	if (n != size && hash_md5(r, bytes, size, e))
		return -1;
	return hash_md5(r, bytes, n, e);
}

const struct image_kind image_esp32_app = {
	.name = "esp32-app",
	.family = "esp32",
	.claims = claims,
	.inspect = inspect,
};
