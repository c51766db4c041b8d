/* SPDX-License-Identifier: Apache-2.0
 *
 * Images are written from the formats' descriptions (protocols/arduino.md 5) and
 * share no line with the inspector, so that each checks the other. The file is
 * filled with noise first; then headers, version and sums are poked into it.
 * That way every byte is defined by kind, version, size and seed alone. */
#include <assert.h>
#include <ctype.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"
#include "image_make.h"

#define MARK		"otafleet version \""

enum {
	MARK_ROOM	= 96,		/* MARK, 63 characters, "\"\n" and a NUL */
	RAW_MARK	= 0,
	SKETCH_APP	= 0x1000,	/* after the loader */
	SKETCH_LENGTH	= 0x1010,	/* where length and CRC are written */
	SKETCH_MARK	= 0x1020,
	ESP32_DESC	= 0x20,
	ESP32_MARK	= 0x120,	/* behind the descriptor */
};

struct segment {
	uint32_t	address;
	uint32_t	len;
};

static uint64_t
next_noise(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
add_noise(struct buf *b, size_t size, uint64_t seed)
{
	uint8_t block[4096];

	while (size > 0 && !b->failed) {
		size_t n = size < sizeof(block) ? size : sizeof(block);

		for (size_t i = 0; i < sizeof(block); i += 8) {
			uint64_t word = next_noise(&seed);

			for (int k = 0; k < 8; k++)
				block[i + k] = (uint8_t)(word >> 8 * k);
		}
		buf_add(b, block, n);
		size -= n;
	}
}

static void
poke32(uint8_t *p, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(word >> 8 * i);
}

static void
poke_text(uint8_t *p, size_t room, const char *text)
{
	size_t n = strlen(text);

	memset(p, 0, room);
	memcpy(p, text, n < room ? n : room);
}

static void
poke_mark(uint8_t *p, const char *version)
{
	size_t n = strlen(version);

	memset(p, 0, MARK_ROOM);
	memcpy(p, MARK, strlen(MARK));
	memcpy(p + strlen(MARK), version, n);
	memcpy(p + strlen(MARK) + n, "\"\n", 2);
}

/* Write the segments' headers from p + at on, zero what lies behind the last up
 * to the checksum, and write that. Returns the offset behind the checksum. */
static size_t
close_segments(uint8_t *p, size_t at, const struct segment *s, size_t count)
{
	uint8_t sum = 0xef;
	size_t end;

	for (; count > 0; s++, count--) {
		poke32(p + at, s->address);
		poke32(p + at + 4, s->len);
		at += 8;
		for (uint32_t i = 0; i < s->len; i++)
			sum ^= p[at++];
	}
	end = (at + 16) / 16 * 16;
	memset(p + at, 0, end - at);
	p[end - 1] = sum;
	return end;
}

/* Most significant bit first, nothing reflected, nothing inverted at the end. */
static uint32_t
sketch_crc(const uint8_t *p, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++)
		for (int bit = 7; bit >= 0; bit--) {
			uint32_t out = crc >> 31 ^ (p[i] >> bit & 1);

			crc = crc << 1 ^ (out ? 0x04c11db7 : 0);
		}
	return crc;
}

static void
make_sketch(uint8_t *p, size_t size, const char *version)
{
	static const uint8_t loader_head[8] = { 0xe9, 2, 2, 0x40, 0xe8, 0xf4, 0x10, 0x40 };
	static const uint8_t app_head[8] = { 0xe9, 5, 2, 0x40, 0xa0, 0xf1, 0x10, 0x40 };
	static const struct segment loader[] = {
		{ 0x4010f000, 0x600 }, { 0x3fff20b8, 0x10 },
	};
	struct segment app[] = {
		{ 0x40201010, 0 }, { 0x4010e000, 16 }, { 0x40100000, 16 },
		{ 0x3ffe8000, 16 }, { 0x3ffe8010, 16 },
	};
	size_t end;

	memcpy(p, loader_head, sizeof(loader_head));
	end = close_segments(p, sizeof(loader_head), loader, NELEM(loader));
	memset(p + end, 0xaa, SKETCH_APP - end);

	app[0].len = (uint32_t)(size - 16 - SKETCH_APP - 8 - 8 * NELEM(app) - 4 * 16);
	memcpy(p + SKETCH_APP, app_head, sizeof(app_head));
	memset(p + SKETCH_LENGTH, 0, 8);
	poke_mark(p + SKETCH_MARK, version);
	end = close_segments(p, SKETCH_APP + 8, app, NELEM(app));
	assert(end == size);

	uint32_t crc = sketch_crc(p, size);
	poke32(p + SKETCH_LENGTH, (uint32_t)size);
	poke32(p + SKETCH_LENGTH + 4, crc);
}

/* The noise where the ELF file's digest belongs is left standing. */
static void
poke_descriptor(uint8_t *p, const char *version)
{
	memset(p, 0, 144);
	memset(p + 176, 0, 256 - 176);
	poke32(p, 0xabcd5432);
	poke_text(p + 16, 32, version);
	poke_text(p + 48, 32, "otafleet");
	poke_text(p + 80, 16, "12:00:00");
	poke_text(p + 96, 16, "Jan  1 2026");
	poke_text(p + 112, 32, "v5.1");
}

static void
make_esp32(uint8_t *p, size_t size, const char *version)
{
	/* 3 segments, DIO, 4 MB at 80 MHz, no WP pin, ESP32, digest appended */
	static const uint8_t head[24] = {
		0xe9, 3, 2, 0x2f, 0x94, 0x11, 0x08, 0x40, 0xee, [23] = 1,
	};
	struct segment app[] = {
		{ 0x3f400020, 256 + MARK_ROOM }, { 0x3ffb0000, 32 }, { 0x400d0000, 0 },
	};
	size_t code = sizeof(head) + 8 * NELEM(app) + app[0].len + app[1].len;
	size_t end;

	app[2].address += (uint32_t)code & 0xffff;	/* mapped as it lies in flash */
	app[2].len = (uint32_t)(size - SHA256_LEN - 16 - code);
	memcpy(p, head, sizeof(head));
	poke_descriptor(p + ESP32_DESC, version);
	poke_mark(p + ESP32_MARK, version);
	end = close_segments(p, sizeof(head), app, NELEM(app));
	assert(end == size - SHA256_LEN);
	sha256(p + end, p, end);
}

static void
make_raw(uint8_t *p, size_t size, const char *version)
{
	(void)size;
	poke_mark(p + RAW_MARK, version);
}

static const struct maker {
	const char	*kind;
	size_t		least, usual, most;
	size_t		step;			/* sizes are multiples of it */
	size_t		version_max;
	void		(*make)(uint8_t *, size_t, const char *version);
} makers[] = {
	{ "esp8266-sketch", 0x1140, 300000, IMAGE_MAKE_FLASH_MAX, 16, 63, make_sketch },
	{ "esp32-app", 0x220, 1000000, IMAGE_MAKE_FLASH_MAX, 16, 32, make_esp32 },
	{ "raw", MARK_ROOM, 65536, IMAGE_MAKE_MAX, 1, 63, make_raw },
};

static int
check_version(const struct maker *m, const char *version, struct err *e)
{
	size_t n = strlen(version);

	if (n == 0 || n > m->version_max)
		return err_field(e, ERR_BAD, "version", "",
		    "version of %zu characters, %s holds 1 to %zu", n, m->kind, m->version_max);
	for (const char *c = version; *c != '\0'; c++)
		if (!isprint((unsigned char)*c) || *c == '"')
			return err_field(e, ERR_BAD, "version", "",
			    "version: byte %td cannot stand in an image", c - version);
	return 0;
}

static const struct maker *
find_maker(const char *kind)
{
	for (size_t i = 0; i < NELEM(makers); i++)
		if (strcmp(makers[i].kind, kind) == 0)
			return &makers[i];
	return NULL;
}

int
image_make(const char *kind, const char *version, size_t size, uint64_t seed,
    struct buf *ret, struct err *e)
{
	const struct maker *m = find_maker(kind);

	assert(ret->len == 0);
	if (m == NULL)
		return err_field(e, ERR_BAD, "kind", "",
		    "kind '%.40s': known are esp8266-sketch, esp32-app and raw", kind);
	if (check_version(m, version, e))
		return -1;
	if (size == 0)
		size = m->usual;
	if (size > m->most)
		return err_field(e, ERR_BAD, "size", "", "size %zu: %s goes up to %zu bytes",
		    size, kind, m->most);
	if (size < m->least)
		size = m->least;
	size = (size + m->step - 1) / m->step * m->step;
	add_noise(ret, size, seed);
	if (ret->failed) {
		buf_free(ret);
		return err_set(e, ERR_INTERNAL, "no memory for an image of %zu bytes", size);
	}
	m->make((uint8_t *)ret->p, size, version);
	return 0;
}

static int
read_mark(const char *p, size_t size, size_t at, char ret[64])
{
	const size_t mark = strlen(MARK);
	const char *end;

	if (size < at + MARK_ROOM || memcmp(p + at, MARK, mark) != 0)
		return -1;
	p += at + mark;
	end = memchr(p, '"', 64);
	if (end == NULL || end == p)
		return -1;
	memcpy(ret, p, (size_t)(end - p));
	ret[end - p] = '\0';
	return 0;
}

int
image_read_version(const void *bytes, size_t size, char ret[64])
{
	static const size_t places[] = { RAW_MARK, ESP32_MARK, SKETCH_MARK };

	for (size_t i = 0; i < NELEM(places); i++)
		if (read_mark(bytes, size, places[i], ret) == 0)
			return 0;
	return -1;
}
