/* SPDX-License-Identifier: Apache-2.0
 *
 * One container serves all of Espressif's chips since the first boot ROM: a
 * header, segments that each say where they belong, padding, one byte of
 * checksum as the last of a multiple of 16 (protocols/arduino.md 5.1). What the
 * families add lies before (a longer header) or behind (digests), so both walk
 * here, and only compare the sum when they know what it covers. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "otad/facts.h"
#include "kind.h"

int
unsound(struct err *e, const char *fmt, ...)
{
	char text[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_field(e, ERR_INVALID, "", "unsound", "unsound image: %s", text);
}

/* Take one segment whose header is at *at, and move behind its data. */
static int
take_segment(struct segments *s, unsigned number, const uint8_t *bytes, size_t size,
    size_t *at, struct err *e)
{
	size_t len;

	if (size - *at < 8)
		return unsound(e, "the file ends at byte %zu, inside the header of segment %u",
		    size, number);
	len = le32(bytes + *at + 4);
	if (len > size - *at - 8)
		return unsound(e, "segment %u at byte 0x%zx has %zu bytes, the file only "
		    "%zu more", number, *at, len, size - *at - 8);
	*at += 8;
	for (const uint8_t *p = bytes + *at, *end = p + len; p < end; p++)
		s->sum ^= *p;
	*at += len;
	if (len % 4 != 0)
		s->odd = true;
	return 0;
}

int
segments_walk(struct segments *ret, const uint8_t *bytes, size_t size, size_t at,
    size_t head, struct err *e)
{
	struct segments s = { .sum = 0xef };

	if (size < at || size - at < head)
		return unsound(e, "the file ends at byte %zu, inside the image's header", size);
	if (bytes[at] != 0xe9)
		return unsound(e, "byte 0x%zx is 0x%02x, an image starts with 0xe9", at,
		    bytes[at]);
	s.count = bytes[at + 1];
	if (s.count < 1 || s.count > SEGMENTS_MAX)
		return unsound(e, "byte 0x%zx says %u segments, an image has 1 to %d", at + 1,
		    s.count, SEGMENTS_MAX);
	at += head;
	for (unsigned i = 0; i < s.count; i++)
		if (take_segment(&s, i, bytes, size, &at, e))
			return -1;
	s.end = (at | 15) + 1;
	if (s.end > size)
		return unsound(e, "the file ends at byte %zu, before its checksum at byte %zu",
		    size, s.end - 1);
	s.stored = bytes[s.end - 1];
	*ret = s;
	return 0;
}

int
segments_check(const struct segments *s, struct err *e)
{
	if (s->sum != s->stored)
		return unsound(e, "checksum at byte 0x%zx is 0x%02x, the segments' is 0x%02x",
		    s->end - 1, s->stored, s->sum);
	return 0;
}

void
facts_add_hex32(struct buf *facts, const char *key, uint32_t word)
{
	char text[sizeof("0x01234567")];

	snprintf(text, sizeof(text), "0x%08" PRIx32, word);
	facts_add(facts, key, text);
}

void
facts_add_header(struct buf *facts, const uint8_t *head)
{
	static const char *const modes[] = { "qio", "qout", "dio", "dout" };

	if (head[2] < 4)
		facts_add(facts, "flash_mode", modes[head[2]]);
	facts_add_hex32(facts, "entry", le32(head + 4));
	facts_addi(facts, "segments", head[1]);
}
