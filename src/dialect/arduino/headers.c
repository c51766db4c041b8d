/* SPDX-License-Identifier: Apache-2.0
 *
 * What the updaters of ESP8266 and ESP32 say in their headers (protocols/arduino.md
 * 1.2). Ten years of releases send different sets, so absent and empty are the same
 * and never wrong; only the address is needed, since devices are known by it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "arduino.h"
#include "otad/utf8.h"

#define X(name)		{ "x-ESP8266-" name, "x-ESP32-" name }

static const char *const mode[] = X("mode");
static const char *const version[] = X("version");
static const char *const sketch_md5[] = X("sketch-md5");
static const char *const sketch_sha256[] = X("sketch-sha256");
static const char *const sta_mac[] = X("STA-MAC");
static const char *const base_mac[] = X("BASE-MAC");

static const struct {
	const char	*header[2];	/* by board */
	const char	*fact;
	bool		number;
} said[] = {
	{ X("chip-size"),	"flash",	true },
	{ X("free-space"),	"free",		true },
	{ X("sketch-size"),	"sketch_size",	true },
	{ X("sdk-version"),	"sdk",		false },
	{ X("AP-MAC"),		"ap_mac",	false },
	{ X("Chip-ID"),		"chip_id",	false },
};

/* NULL when absent or empty: sketch-md5 is empty when memory ran out. */
static const char *
header(const struct request *rq, const char *name)
{
	const char *value = request_header(rq, name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static bool
speaks(const struct request *rq, enum board b)
{
	if (header(rq, sta_mac[b]) || header(rq, base_mac[b]) || header(rq, mode[b]) ||
	    header(rq, version[b]) || header(rq, sketch_md5[b]) || header(rq, sketch_sha256[b]))
		return true;
	for (size_t i = 0; i < NELEM(said); i++)
		if (header(rq, said[i].header[b]))
			return true;
	return false;
}

enum board
arduino_board(const struct request *rq)
{
	const char *agent = header(rq, "User-Agent");

	if (agent != NULL && strcmp(agent, "ESP8266-http-Update") == 0)
		return BOARD_ESP8266;
	if (agent != NULL && strcmp(agent, "ESP32-http-Update") == 0)
		return BOARD_ESP32;
	if (speaks(rq, BOARD_ESP8266))
		return BOARD_ESP8266;
	return speaks(rq, BOARD_ESP32) ? BOARD_ESP32 : BOARD_NONE;
}

int
arduino_wants(const struct request *rq, enum wants *ret, struct err *e)
{
	static const struct {
		const char	*word;
		enum wants	wants;
	} modes[] = {
		{ "sketch", WANTS_SKETCH },
		{ "version", WANTS_VERSION },
		{ "spiffs", WANTS_FILES },	/* whatever file system it has */
		{ "littlefs", WANTS_FILES },
		{ "fatfs", WANTS_FILES },
		{ "flashfs", WANTS_FILES },
	};
	enum board b = arduino_board(rq);
	const char *word = b == BOARD_NONE ? NULL : header(rq, mode[b]);

	if (word == NULL) {	/* cores before 2.1.0 knew nothing but sketches */
		*ret = WANTS_SKETCH;
		return 0;
	}
	for (size_t i = 0; i < NELEM(modes); i++) {
		if (strcasecmp(word, modes[i].word) != 0)
			continue;
		*ret = modes[i].wants;
		return 0;
	}
	return err_field(e, ERR_ABSENT, mode[b], "mode", "%s: mode not supported", mode[b]);
}

static int
once(const struct request *rq, const char *name, struct err *e)
{
	if (request_count(rq, name) > 1)
		return err_field(e, ERR_BAD, name, "once", "%s stands more than once", name);
	return 0;
}

/* Six bytes, with or without colons or dashes between them. */
static int
mac_parse(const char *text, char ret[13])
{
	char digits[13];
	uint8_t mac[6];
	size_t n = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if ((*p == ':' || *p == '-') && p > text && (p - text) % 3 == 2)
			continue;
		if (n == 12)
			return -1;
		digits[n++] = *p;
	}
	digits[n] = '\0';
	if (hex_decode(mac, sizeof(mac), digits))
		return -1;
	snprintf(ret, 13, "%02X%02X%02X%02X%02X%02X", mac[0], mac[1], mac[2], mac[3],
	    mac[4], mac[5]);
	return 0;
}

/* STA-MAC, else BASE-MAC: chips without Wi-Fi have only that one, and a Wi-Fi that
 * was never started says zeros (protocols/arduino.md 7, row 18). */
static int
read_id(const struct request *rq, enum board b, char ret[DEVICE_ID_MAX], struct err *e)
{
	const char *const names[] = { sta_mac[b], base_mac[b] };
	char mac[13];

	for (size_t i = 0; i < NELEM(names); i++)
		if (once(rq, names[i], e))
			return -1;
	for (size_t i = 0; i < NELEM(names); i++) {
		const char *value = header(rq, names[i]);

		if (value == NULL)
			continue;
		if (mac_parse(value, mac))
			return err_field(e, ERR_BAD, names[i], "mac",
			    "%s: an address as 5C:CF:7F:12:34:56 is wanted", names[i]);
		if (strcmp(mac, "000000000000") == 0)
			continue;
		snprintf(ret, DEVICE_ID_MAX, "%s", mac);
		return 0;
	}
	return err_field(e, ERR_BAD, sta_mac[b], "missing",
	    "%s is missing, and devices are known by it", sta_mac[b]);
}

/* The password behind the first colon; whom it calls itself does not matter. */
static int
basic_password(const char *code, struct sighting *s, struct err *e)
{
	uint8_t text[384];
	const uint8_t *colon;
	int n = base64_decode(text, sizeof(text), code);

	colon = n > 0 ? memchr(text, ':', (size_t)n) : NULL;
	if (colon == NULL)
		return err_field(e, ERR_AUTH, "Authorization", "basic",
		    "Authorization: no sound Basic credentials");
	n -= (int)(colon + 1 - text);
	if (n == 0)
		return 0;
	sha256(s->key_hash, colon + 1, (size_t)n);
	s->identity = ID_KEY;
	return 0;
}

/* A sketch that sets its own scheme word may say "token" or "Bearer" and the key
 * itself. Other schemes are none of ours: the device stays one that claims. */
static int
read_key(const struct request *rq, struct sighting *s, struct err *e)
{
	const char *value = header(rq, "Authorization"), *rest;
	size_t n;

	if (once(rq, "Authorization", e))
		return -1;
	if (value == NULL)
		return 0;
	n = strcspn(value, " ");
	rest = value + n + strspn(value + n, " ");
	if (n == 5 && strncasecmp(value, "Basic", n) == 0)
		return basic_password(rest, s, e);
	if (*rest != '\0' && ((n == 5 && strncasecmp(value, "token", n) == 0) ||
	    (n == 6 && strncasecmp(value, "Bearer", n) == 0))) {
		sha256(s->key_hash, rest, strlen(rest));
		s->identity = ID_KEY;
	}
	return 0;
}

/* A client certificate vouches when its name is this device's address. */
static void
read_certificate(const struct request *rq, struct sighting *s)
{
	char mac[13];

	if (rq->peer != NULL && mac_parse(rq->peer, mac) == 0 && strcmp(mac, s->id) == 0)
		s->identity = ID_ACCOUNT;
}

/* A sketch's own words can be anything: text stays, whatever else becomes '?'. */
static void
read_version(const struct request *rq, enum board b, char ret[RUNNING_MAX])
{
	const char *value = header(rq, version[b]);

	if (value == NULL)
		return;
	snprintf(ret, RUNNING_MAX, "%.*s", (int)utf8_fit(value, RUNNING_MAX - 1), value);
	if (utf8_is_text(ret, false))
		return;
	for (char *p = ret; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
}

static int
read_hash(const struct request *rq, const char *name, const char *known_as, size_t len,
    struct running_hash *ret, struct err *e)
{
	const char *value = header(rq, name);

	if (value == NULL)
		return 0;
	if (hex_decode(ret->bytes, len, value))
		return err_field(e, ERR_BAD, name, "hash", "%s: %zu hex digits are wanted", name,
		    2 * len);
	ret->name = known_as;
	ret->len = len;
	return 0;
}

static bool
is_number(const char *value)
{
	size_t n = strspn(value, "0123456789");

	return value[n] == '\0' && n <= 15;
}

/* All ESP32s send the same headers: the chip is for the inventory to know. */
static int
read_facts(const struct request *rq, enum board b, char ret[FACTS_MAX], struct err *e)
{
	AUTO(buf) struct buf facts = BUF_INIT;

	facts_add(&facts, "family", b == BOARD_ESP8266 ? "esp8266" : "esp32");
	if (b == BOARD_ESP8266)
		facts_add(&facts, "chip", "esp8266");
	for (size_t i = 0; i < NELEM(said); i++) {
		const char *name = said[i].header[b], *value = header(rq, name);

		if (value == NULL)
			continue;
		if (said[i].number && !is_number(value))
			return err_field(e, ERR_BAD, name, "number",
			    "%s: a decimal number is wanted", name);
		facts_add(&facts, said[i].fact, value);
	}
	snprintf(ret, FACTS_MAX, "%s", buf_str(&facts));
	return 0;
}

int
arduino_read(const struct request *rq, uint32_t ptype, struct poll *ret, struct err *e)
{
	struct poll p = { .board = arduino_board(rq) };
	struct sighting *s = &p.who;
	enum board b = p.board;

	if (b == BOARD_NONE)
		return err_set(e, ERR_FORBIDDEN, "this address answers the updaters of ESP8266 "
		    "and ESP32 sketches (ESPhttpUpdate, httpUpdate); other clients find "
		    "images in the API");
	if (arduino_wants(rq, &p.wants, e) || read_id(rq, b, s->id, e) || read_key(rq, s, e) ||
	    read_hash(rq, sketch_md5[b], "sketch-md5", MD5_LEN, &s->hashes[0], e) ||
	    read_hash(rq, sketch_sha256[b], "sketch-sha256", SHA256_LEN, &s->hashes[1], e) ||
	    read_facts(rq, b, s->facts, e))
		return -1;
	read_certificate(rq, s);
	read_version(rq, b, s->version);
	s->family = &dialect_arduino.family;
	s->ptype = ptype;
	snprintf(s->part, sizeof(s->part), "%s",
	    p.wants == WANTS_FILES ? "filesystem" : "image");
	snprintf(s->address, sizeof(s->address), "%s", rq->address != NULL ? rq->address : "");
	*ret = p;
	return 0;
}

/* Rows 1 and 2 of the decision table in protocols/arduino.md 1.10: the script
 * looks whether these are there, not what they say. */
const char *
arduino_script_refuses(const struct request *rq)
{
	static const char *const needed[] = {
		"STA-MAC", "AP-MAC", "free-space", "sketch-size", "chip-size", "sdk-version",
		"version",
	};
	const char *agent = request_header(rq, "User-Agent");
	char name[33];

	if (agent == NULL || strcmp(agent, "ESP8266-http-Update") != 0)
		return "only for ESP8266 updater!\n";
	for (size_t i = 0; i < NELEM(needed); i++) {
		snprintf(name, sizeof(name), "x-ESP8266-%s", needed[i]);
		if (request_header(rq, name) == NULL)
			return "only for ESP8266 updater! (header)\n";
	}
	return NULL;
}
