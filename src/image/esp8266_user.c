/* SPDX-License-Identifier: Apache-2.0
 *
 * user1.bin and user2.bin of Espressif's SDKs: one program, linked for two places
 * of the flash (protocols/espressif-cloud.md 7). Both boot loaders' forms have the
 * slot in byte 3, and the newer has a CRC behind everything that the device checks
 * after its download, whatever the loader: a file with a wrong one never starts.
 *
 *   new   EA 04 00 slot, entry; one segment without address (code that runs from
 *         flash); then an image of three segments as every loader knows it
 *   old   the image first; the code that runs from flash at 0x10000 */
#include <inttypes.h>
#include "otad/auto.h"
#include "otad/facts.h"
#include "kind.h"

enum {
	HEAD		= 8,
	OLD_IROM	= 0x10000,
	TRAILER		= 4,
	SLOT_BYTE	= 3,
	SEGMENTS	= 3,
	IRAM		= 0x40100000,	/* where the first instruction is */
	IRAM_END	= 0x40110000,
};

static bool
in_iram(uint32_t address)
{
	return address >= IRAM && address < IRAM_END;
}

static bool
claims(const uint8_t *bytes, size_t size)
{
	if (bytes[0] == 0xea)
		return true;
	/* A sketch's byte 3 is its flash: 512 kB at an odd clock is no sketch. */
	return bytes[0] == 0xe9 && size >= HEAD && bytes[1] == SEGMENTS &&
	    (bytes[SLOT_BYTE] == 1 || bytes[SLOT_BYTE] == 2) && in_iram(le32(bytes + 4));
}

/* As the tool that makes these files writes it: the register of the common CRC-32
 * without its last inversion, taken as a signed number, without its sign (7.3). */
static uint32_t
trailer_of(const uint8_t *bytes, size_t n)
{
	uint32_t c = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		c ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return c & 0x80000000 ? ~c + 1 : c;
}

/* Where the image of segments begins. */
static int
find_image(const uint8_t *bytes, size_t size, size_t *ret, struct err *e)
{
	size_t len;

	*ret = 0;
	if (bytes[0] != 0xea)
		return 0;
	if (size < HEAD + 8)
		return unsound(e, "the file ends at byte %zu, inside its header", size);
	if (bytes[1] != 4)
		return unsound(e, "byte 1 is 0x%02x, the new boot loader wants 0x04", bytes[1]);
	if (le32(bytes + HEAD) != 0)
		return unsound(e, "the code that runs from flash has address 0x%08" PRIx32
		    ", not 0", le32(bytes + HEAD));
	len = le32(bytes + HEAD + 4);
	if (len > size - HEAD - 8)
		return unsound(e, "the code that runs from flash has %zu bytes, the file only "
		    "%zu more", len, size - HEAD - 8);
	*ret = HEAD + 8 + len;
	return 0;
}

/* What may follow the checksum: nothing, or the CRC; in the old form the code that
 * runs from flash, with or without it. */
static int
check_end(const uint8_t *bytes, size_t size, const struct segments *s, struct buf *facts,
    struct err *e)
{
	uint32_t stored = size > TRAILER ? le32(bytes + size - TRAILER) : 0;
	bool old = bytes[0] != 0xea && size > OLD_IROM;
	bool right = stored == trailer_of(bytes, size - TRAILER);

	if (!old && size != s->end && size != s->end + TRAILER)
		return unsound(e, "%zu bytes follow the image, which ends at byte %zu",
		    size - s->end, s->end);
	if (old && s->end > OLD_IROM)
		return unsound(e, "the image ends at byte %zu, where the code that runs from "
		    "flash has begun", s->end);
	if (!old && size == s->end + TRAILER && !right)
		return unsound(e, "CRC at byte 0x%zx is 0x%08" PRIx32 ", the file's is 0x%08" PRIx32,
		    size - TRAILER, stored, trailer_of(bytes, size - TRAILER));
	facts_add(facts, "crc", right ? "ok" : "absent");
	if (!right)
		facts_add(facts, "warning", "no CRC behind the image: only devices with an SDK "
		    "of 1.0.1 or before take it");
	return 0;
}

static int
inspect(const uint8_t *bytes, size_t size, struct image_report *r, struct err *e)
{
	struct segments image;
	size_t at;

	if (size < HEAD)
		return unsound(e, "the file ends at byte %zu, inside its header", size);
	if (bytes[SLOT_BYTE] != 1 && bytes[SLOT_BYTE] != 2)
		return unsound(e, "byte 3 is 0x%02x: 1 stands there for user1, 2 for user2; this is "
		    "no image for updates over the air", bytes[SLOT_BYTE]);
	if (size % 4 != 0)
		return unsound(e, "%zu bytes are no multiple of 4: the rest is never written",
		    size);
	if (find_image(bytes, size, &at, e) || segments_walk(&image, bytes, size, at, HEAD, e) ||
	    segments_check(&image, e))
		return -1;
	if (!in_iram(le32(bytes + 4)))
		return unsound(e, "entry 0x%08" PRIx32 " is no address of instructions",
		    le32(bytes + 4));
	facts_add(&r->findings, "form", bytes[0] == 0xea ? "boot-v1.2" : "boot-v1.1");
	facts_add(&r->findings, "slot", bytes[SLOT_BYTE] == 1 ? "user1" : "user2");
	facts_add(&r->findings, "chip", "esp8266");
	facts_add_header(&r->findings, bytes + at);
	if (check_end(bytes, size, &image, &r->findings, e))
		return -1;
	return hash_md5(r, bytes, size, e);
}

const struct image_kind image_esp8266_user = {
	.name = "esp8266-user",
	.family = "esp8266",
	.claims = claims,
	.inspect = inspect,
};
