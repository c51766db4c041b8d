/* SPDX-License-Identifier: Apache-2.0
 *
 * ESP8266httpUpdate of the 3.x cores and HTTPUpdate of the ESP32, as they poll
 * (protocols/arduino.md 1.1 to 1.5, transcripts G1 and G8). They are one program
 * in two spellings: a table says which headers, in the order sent; what is
 * judged differently is judged by the row too. Where versions differ, this
 * stands for the strictest: what it takes, each of them takes. */
#include <stdio.h>
#include <string.h>
#include "chance.h"
#include "device.h"
#include "otad/digest.h"
#include "otad/facts.h"

#define SECTOR		4096
#define BORN_SIZE	373952		/* of the sketch a device comes with */

static bool
is_esp32(const struct plan *p)
{
	char chip[FACT_VALUE_MAX];

	if (facts_get(buf_str(&p->facts), "chip", chip))
		return strncmp(chip, "esp32", 5) == 0;
	return p->family == &family_arduino32;
}

static int64_t
fact(const struct plan *p, const char *key, int64_t fallback)
{
	return facts_geti(buf_str(&p->facts), key, fallback);
}

static const char *
fact_text(const struct plan *p, const char *key, const char *fallback,
    char ret[FACT_VALUE_MAX])
{
	if (!facts_get(buf_str(&p->facts), key, ret))
		snprintf(ret, FACT_VALUE_MAX, "%s", fallback);
	return ret;
}

static int
check(const struct plan *p, struct err *e)
{
	char text[FACT_VALUE_MAX];

	fact_text(p, "chip", "esp8266", text);
	if (strcmp(text, "esp8266") != 0 && strncmp(text, "esp32", 5) != 0)
		return err_set(e, ERR_BAD, "--fact chip=%s: esp8266 or esp32… is wanted", text);
	if (fact(p, "flash_mode", 0) < 0 || fact(p, "flash_mode", 0) > 3)
		return err_set(e, ERR_BAD, "--fact flash_mode: 0 to 3 is wanted");
	if (fact(p, "flash", 1) <= 0 || fact(p, "free", 0) < 0)
		return err_set(e, ERR_BAD, "--fact flash and free: bytes are wanted");
	return 0;
}

static void
born(struct device *d, const struct plan *p)
{
	static const uint8_t maker[2][3] = { { 0x5c, 0xcf, 0x7f }, { 0x34, 0x85, 0x18 } };
	uint64_t seed = p->seed;
	uint32_t low = (uint32_t)chance_next(&seed) + d->index;
	char text[128];
	uint8_t sum[SHA256_LEN];
	bool esp32 = is_esp32(p);

	memcpy(d->mac, maker[esp32], 3);
	d->mac[3] = (uint8_t)(low >> 16);
	d->mac[4] = (uint8_t)(low >> 8);
	d->mac[5] = (uint8_t)low;
	snprintf(d->id, sizeof(d->id), "%02X%02X%02X%02X%02X%02X", d->mac[0], d->mac[1],
	    d->mac[2], d->mac[3], d->mac[4], d->mac[5]);

	/* All of them come with the same sketch, which nobody has the file of. */
	snprintf(text, sizeof(text), "sketch %s of %u", d->version, p->ptype);
	d->size = BORN_SIZE;
	md5(sum, text, strlen(text));
	hex_encode(d->md5, sum, MD5_LEN);
	if (!esp32)
		return;
	sha256(sum, text, strlen(text));
	for (int i = 0; i < SHA256_LEN; i++)
		snprintf(d->sha256 + 2 * i, 3, "%02X", sum[i]);
}

static int64_t
sectors(int64_t bytes)
{
	return (bytes + SECTOR - 1) / SECTOR * SECTOR;
}

/* An ESP8266 has one area for the sketch it runs and the one that comes: what a
 * bigger sketch takes is no longer free. An ESP32 has a partition for each. */
static int64_t
free_space(const struct device *d, const struct plan *p)
{
	if (is_esp32(p))
		return fact(p, "free", 1310720);
	return fact(p, "free", fact(p, "flash", 4 << 20) / 16 * 7 / SECTOR * SECTOR) +
	    sectors(BORN_SIZE) - sectors(d->size);
}

static void
add_mac(struct buf *ret, const char *header, const uint8_t m[6])
{
	buf_addf(ret, "%s: %02X:%02X:%02X:%02X:%02X:%02X\r\n", header,
	    m[0], m[1], m[2], m[3], m[4], m[5]);
}

/* Where the access point's address differs: the 8266 sets the bit "locally
 * administered", the ESP32 counts on. */
static void
ap_mac(uint8_t ret[6], const uint8_t mac[6], bool esp32)
{
	memcpy(ret, mac, 6);
	if (esp32)
		ret[5]++;
	else
		ret[0] |= 2;
}

static void
add_identity(const struct device *d, bool esp32, struct buf *ret)
{
	uint8_t ap[6];

	ap_mac(ap, d->mac, esp32);
	if (esp32) {
		add_mac(ret, "x-ESP32-BASE-MAC", d->mac);
		add_mac(ret, "x-ESP32-STA-MAC", d->mac);
		add_mac(ret, "x-ESP32-AP-MAC", ap);
		return;
	}
	buf_addf(ret, "x-ESP8266-Chip-ID: %u\r\n",
	    (unsigned)d->mac[3] << 16 | (unsigned)d->mac[4] << 8 | d->mac[5]);
	add_mac(ret, "x-ESP8266-STA-MAC", d->mac);
	add_mac(ret, "x-ESP8266-AP-MAC", ap);
}

static void
add_state(const struct device *d, const struct plan *p, bool esp32, struct buf *ret)
{
	const char *x = esp32 ? "ESP32" : "ESP8266";
	char text[FACT_VALUE_MAX];

	buf_addf(ret, "x-%s-free-space: %lld\r\n", x, (long long)free_space(d, p));
	buf_addf(ret, "x-%s-sketch-size: %lld\r\n", x, (long long)d->size);
	if (d->md5[0] != '\0' || !esp32)
		buf_addf(ret, "x-%s-sketch-md5: %s\r\n", x, d->md5);
	if (esp32 && d->sha256[0] != '\0')
		buf_addf(ret, "x-ESP32-sketch-sha256: %s\r\n", d->sha256);
	buf_addf(ret, "x-%s-chip-size: %lld\r\n", x, (long long)fact(p, "flash", 4 << 20));
	buf_addf(ret, "x-%s-sdk-version: %s\r\n", x,
	    fact_text(p, "sdk", esp32 ? "v5.1.4" : "2.2.2-dev(38a443e)", text));
	buf_addf(ret, "x-%s-mode: %s\r\n", x, fact_text(p, "mode", "sketch", text));
	if (d->version[0] != '\0')
		buf_addf(ret, "x-%s-version: %s\r\n", x, d->version);
}

static void
ask(const struct device *d, const struct plan *p, const struct endpoint *to, struct buf *ret)
{
	bool esp32 = is_esp32(p);
	char path[FACT_VALUE_MAX], auth[FACT_VALUE_MAX], def[64];

	snprintf(def, sizeof(def), "/arduino/%u/update", p->ptype);
	fact_text(p, "path", def, path);
	fact_text(p, "authorization", "", auth);
	buf_addf(ret, "GET %s%s HTTP/1.0\r\nHost: %s\r\nUser-Agent: %s-http-Update\r\n",
	    to->base, path, to->authority, esp32 ? "ESP32" : "ESP8266");
	if (!esp32 && auth[0] != '\0')
		buf_addf(ret, "Authorization: %s\r\n", auth);
	buf_adds(ret, "Connection: close\r\n");
	if (esp32 && auth[0] != '\0')
		buf_addf(ret, "Authorization: %s\r\n", auth);
	if (esp32)
		buf_adds(ret, "Cache-Control: no-cache\r\n");
	add_identity(d, esp32, ret);
	add_state(d, p, esp32, ret);
	buf_adds(ret, esp32 ? "\r\n" : "Content-Length: 0\r\n\r\n");
}

/* The client's own words for a status that brings no image. */
static enum hearing
no_image(int status, bool esp32, char why[WHY_MAX])
{
	static const struct {
		int		status;
		bool		on[2];		/* 8266, 32 */
		const char	*words;
	} words[] = {
		{ 401, { true, false }, "-108 Unauthorized (401)" },
		{ 403, { true, true }, "-103 Forbidden (403)" },
		{ 404, { true, true }, "-102 File Not Found (404)" },
	};

	if (status == 304 || (status == 204 && esp32))
		return HEARD_NOTHING;
	snprintf(why, WHY_MAX, "-104 Wrong HTTP Code (%d)", status);
	for (size_t i = 0; i < NELEM(words); i++)
		if (words[i].status == status && words[i].on[esp32])
			snprintf(why, WHY_MAX, "%s", words[i].words);
	return HEARD_REFUSAL;
}

/* A repeated header is joined with a comma by the 8266, which makes it too long;
 * the ESP32 keeps the last. Both want 32 digits, if the header is there at all. */
static int
read_md5(const struct answer *a, bool esp32, char ret[33])
{
	const char *value = NULL, *last;
	size_t len = 0, lastlen = 0;
	int n;

	for (n = 0; (last = answer_header(a, "x-MD5", n, &lastlen)) != NULL; n++) {
		value = last;
		len = lastlen;
	}
	if (n == 0)
		return 0;
	if (len != 32 || (n > 1 && !esp32))
		return -1;
	memcpy(ret, value, 32);
	ret[32] = '\0';
	return 0;
}

static enum hearing
hear(const struct device *d, const struct plan *p, struct offer *ret, char why[WHY_MAX])
{
	const struct answer *a = &d->x.answer;
	bool esp32 = is_esp32(p);
	const char *wrong = NULL;

	if (a->status != 200)
		return no_image(a->status, esp32, why);
	*ret = (struct offer){ .size = a->length };
	answer_text(a, "x-SHA256", ret->sha256, sizeof(ret->sha256));
	if (a->coded)
		wrong = a->length > 0 ? "-106 Verify Bin Header Failed (coded body)" :
		    "-101 Server Did Not Report Size (coded body)";
	else if (a->length <= 0)
		wrong = "-101 Server Did Not Report Size";
	else if (read_md5(a, esp32, ret->md5) != 0)
		wrong = "-105 Wrong MD5 (x-MD5 is not 32 digits, once)";
	else if ((esp32 ? a->length : sectors(a->length)) > free_space(d, p))
		wrong = "-100 Not Enough space";
	if (wrong == NULL)
		return HEARD_IMAGE;
	snprintf(why, WHY_MAX, "%s", wrong);
	return HEARD_NONSENSE;
}

static int
peek(const struct plan *p, const uint8_t first[4], char why[WHY_MAX])
{
	static const uint8_t megabits[] = { 4, 2, 8, 16, 32, 0, 0, 0, 64, 128 };
	bool esp32 = is_esp32(p);
	char mode[FACT_VALUE_MAX];
	unsigned size = first[3] >> 4;

	if (strcmp(fact_text(p, "mode", "sketch", mode), "sketch") != 0)
		return 0;
	if (first[0] != 0xe9 && (esp32 || first[0] != 0x1f)) {
		snprintf(why, WHY_MAX, "-106 Verify Bin Header Failed (first byte %02x)", first[0]);
		return -1;
	}
	if (esp32 || first[0] == 0x1f || size >= sizeof(megabits) ||
	    megabits[size] * (int64_t)131072 <= fact(p, "flash", 4 << 20))
		return 0;
	snprintf(why, WHY_MAX, "-107 New Binary Does Not Fit Flash Size");
	return -1;
}

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* As ESP.getSketchSize() finds it in flash: behind the last segment of the
 * application at 0x1000, rounded up to where its checksum stands. */
static size_t
sketch_size(const uint8_t *bytes, size_t size)
{
	size_t at = 0x1000 + 8;
	unsigned segments;

	if (size < at || bytes[0x1000] != 0xe9)
		return size;
	for (segments = bytes[0x1001]; segments > 0; segments--) {
		if (size - at < 8 || le32(bytes + at + 4) > size - at - 8)
			return size;
		at += 8 + le32(bytes + at + 4);
	}
	at = (at + 16) & ~(size_t)15;
	return at < size ? at : size;
}

/* The Updater patches byte 2 to the flash mode of the device while it stores, so
 * the sketch that runs has another MD5 than the file had (arduino.md 1.7). */
static void
patched_md5(const struct plan *p, const struct image *i, char ret[33])
{
	const uint8_t *bytes = (const uint8_t *)i->bytes.p;
	AUTO(buf) struct buf stored = BUF_INIT;
	uint8_t sum[MD5_LEN];

	buf_add(&stored, bytes, sketch_size(bytes, i->bytes.len));
	if (stored.failed)
		return;
	if (stored.len > 2 && bytes[0] == 0xe9)
		stored.p[2] = (char)fact(p, "flash_mode", 3);
	md5(sum, stored.p, stored.len);
	hex_encode(ret, sum, sizeof(sum));
}

static void
booted(struct device *d, const struct plan *p, struct image *i)
{
	const uint8_t *bytes = (const uint8_t *)i->bytes.p;
	bool esp32 = is_esp32(p);
	uint8_t sum[MD5_LEN];

	if (i->running_md5[0] == '\0' && esp32) {
		md5(sum, bytes, i->bytes.len);
		hex_encode(i->running_md5, sum, sizeof(sum));
	} else if (i->running_md5[0] == '\0') {
		patched_md5(p, i, i->running_md5);
	}
	memcpy(d->md5, i->running_md5, sizeof(d->md5));
	d->size = (int64_t)(esp32 ? i->bytes.len : sketch_size(bytes, i->bytes.len));
	if (!esp32 || i->bytes.len < SHA256_LEN)
		return;
	for (int k = 0; k < SHA256_LEN; k++)
		snprintf(d->sha256 + 2 * k, 3, "%02X", bytes[i->bytes.len - SHA256_LEN + k]);
}

#define ARDUINO								\
	.facts = "authorization chip flash flash_mode free mode path sdk",	\
	.check = check, .born = born, .ask = ask, .hear = hear, .peek = peek,	\
	.booted = booted

const struct family family_arduino = { .name = "arduino", ARDUINO };
const struct family family_arduino32 = { .name = "arduino32", .peeks = true, ARDUINO };
