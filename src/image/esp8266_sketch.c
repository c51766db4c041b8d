/* SPDX-License-Identifier: Apache-2.0
 *
 * A sketch for the ESP8266 is two images in one file: the loader "eboot" at 0,
 * the application at 0x1000 (protocols/arduino.md 5.2). Two things make it harder
 * than it looks. Since core 2.7.0 the file's length and CRC are written into the
 * application after its checksum was computed, so the checksum holds only with
 * those eight bytes as zero; and no bit says which form a file has. We ask both
 * words: if either is right for this file, both must be. So no damage to one of
 * them turns a file into a seemingly older one.
 *
 * The device's own digest covers the sketch without signature, after its updater
 * wrote its flash mode into byte 2: hence one MD5 per mode. Byte 3 (flash size
 * and speed) is changed only by serial flashing; a device that shows such a
 * digest is updated once more than needed and is in step from then on, which
 * does not justify 64 digests more. */
#include <inttypes.h>
#include "otad/auto.h"
#include "otad/facts.h"
#include "kind.h"

enum {
	HEAD		= 8,
	APP		= 0x1000,
	APP_LENGTH	= 0x1010,	/* u32: bytes of the sketch */
	APP_CRC		= 0x1014,	/* u32 */
	APP_LEAST	= 0x1018,
	CACHE		= 0x40108000,	/* code here runs before flash is mapped: … */
	CACHE_END	= 0x40110000,	/* … only a loader's */
	APP_ADDRESS	= 0x40201010,	/* where the flash cache shows byte 0x1010 */
	SIGNATURE_LEAST	= 64,		/* RSA of 512 bits … */
	SIGNATURE_MOST	= 1024,		/* … to 8192 */
};

static bool
claims(const uint8_t *bytes, size_t size)
{
	return bytes[0] == 0xe9 && (size < 12 || chip_esp8266_address(le32(bytes + 8)));
}

static void
crc_table(uint32_t ret[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i << 24;

		for (int bit = 0; bit < 8; bit++)
			c = c << 1 ^ (c & 0x80000000 ? 0x04c11db7 : 0);
		ret[i] = c;
	}
}

/* Not zlib's: bits go the other way, and the result is not inverted. */
static uint32_t
sketch_crc(const uint8_t *bytes, size_t n)
{
	uint32_t table[256], c = 0xffffffff;

	crc_table(table);
	for (size_t i = 0; i < n; i++) {
		uint8_t byte = i >= APP_LENGTH && i < APP_LEAST ? 0 : bytes[i];

		c = c << 8 ^ table[c >> 24 ^ byte];
	}
	return c;
}

/* What follows the sketch may be a signature and its length, nothing else. */
static int
check_trailer(const uint8_t *bytes, size_t size, size_t n, struct buf *facts, struct err *e)
{
	size_t extra = size - n;

	if (extra == 0)
		return 0;
	if (extra < 4 + SIGNATURE_LEAST || extra > 4 + SIGNATURE_MOST ||
	    le32(bytes + size - 4) != extra - 4)
		return unsound(e, "%zu bytes follow the sketch, which ends at byte %zu, and "
		    "are no signature", extra, n);
	facts_add(facts, "signed", "yes");
	return 0;
}

/* Is this the form with length and CRC? Then both must be right. */
static int
check_crc(bool *ret_form, const uint8_t *bytes, size_t n, struct err *e)
{
	uint32_t length = le32(bytes + APP_LENGTH), stored = le32(bytes + APP_CRC);
	uint32_t crc = sketch_crc(bytes, n);

	if (length == n && stored != crc)
		return unsound(e, "CRC at byte 0x%x is 0x%08" PRIx32 ", the sketch's is 0x%08"
		    PRIx32, APP_CRC, stored, crc);
	if (length != n && stored == crc)
		return unsound(e, "length at byte 0x%x is %" PRIu32 ", the sketch has %zu bytes",
		    APP_LENGTH, length, n);
	*ret_form = length == n;
	return 0;
}

static int
inspect_app(const uint8_t *bytes, size_t size, struct segments *app,
    struct image_report *r, struct err *e)
{
	bool with_crc = false;

	if (bytes[APP] != 0xe9)
		return unsound(e, "no application after the loader: byte 0x%x is 0x%02x, "
		    "not 0xe9", APP, bytes[APP]);
	if (le32(bytes + APP + 8) != APP_ADDRESS)
		return unsound(e, "first segment of the application belongs to 0x%08" PRIx32
		    ", a sketch's to 0x%08x", le32(bytes + APP + 8), APP_ADDRESS);
	if (segments_walk(app, bytes, size, APP, HEAD, e) ||
	    check_trailer(bytes, size, app->end, &r->findings, e) ||
	    check_crc(&with_crc, bytes, app->end, e))
		return -1;
	if (with_crc)
		for (size_t i = APP_LENGTH; i < APP_LEAST; i++)
			app->sum ^= bytes[i];
	facts_add(&r->findings, "crc", with_crc ? "ok" : "absent");
	return segments_check(app, e);
}

static void
add_facts(struct buf *facts, const uint8_t *bytes, const struct segments *app, size_t at)
{
	static const uint16_t flash_kb[16] = {		/* as the device's updater reads it */
		512, 256, 1024, 2048, 4096, [8] = 8192, 16384,
	};
	unsigned kb = flash_kb[bytes[3] >> 4];

	facts_add(facts, "chip", "esp8266");
	facts_add_header(facts, bytes + at);
	if (kb != 0)
		facts_addi(facts, "flash_size", (int64_t)kb * 1024);
	facts_addi(facts, "sketch_size", (int64_t)app->end);
}

static int
add_hashes(struct image_report *r, const uint8_t *bytes, size_t n, struct err *e)
{
	if (hash_md5(r, bytes, n, e))
		return -1;
	for (uint8_t mode = 0; mode < 4; mode++)
		if (mode != bytes[2] && hash_md5_mode(r, bytes, n, mode, e))
			return -1;
	return 0;
}

/* A file that was cut behind its loader must not pass as one bare image. */
static int
inspect_bare(const uint8_t *bytes, size_t size, struct buf *facts, struct err *e)
{
	uint32_t entry = le32(bytes + 4);

	if (entry >= CACHE && entry < CACHE_END)
		return unsound(e, "the file ends at byte %zu, after the loader: the application "
		    "is missing", size);
	facts_add(facts, "form", "v1");
	facts_add(facts, "warning", "one image without the loader of the Arduino core: a device "
	    "that runs it cannot be updated over the air by that core");
	return 0;
}

static int
inspect(const uint8_t *bytes, size_t size, struct image_report *r, struct err *e)
{
	struct segments image;
	size_t at = 0;

	if (segments_walk(&image, bytes, size, 0, HEAD, e) || segments_check(&image, e))
		return -1;
	if (image.end == size) {
		if (inspect_bare(bytes, size, &r->findings, e))
			return -1;
	} else {
		if (image.end > APP || size <= APP_LEAST)
			return unsound(e, "%zu bytes follow the image, which ends at byte %zu",
			    size - image.end, image.end);
		at = APP;
		facts_add(&r->findings, "form", "sketch");
		if (inspect_app(bytes, size, &image, r, e))
			return -1;
	}
	add_facts(&r->findings, bytes, &image, at);
	return add_hashes(r, bytes, image.end, e);
}

const struct image_kind image_esp8266_sketch = {
	.name = "esp8266-sketch",
	.family = "esp8266",
	.claims = claims,
	.inspect = inspect,
};
