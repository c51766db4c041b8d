/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversations of ESP8266 and ESP32 updaters with a real core, from the
 * transcripts in protocols/arduino.md 6. */
#include "talk_kit.h"

/* The mini image of the transcripts, and its digests as they stand there. */
static const uint8_t mini[32] = {
	0xe9, 0x01, 0x02, 0x40, 0x04, 0x00, 0x10, 0x40, 0x00, 0x00, 0x10, 0x40, 0x04, 0x00,
	0x00, 0x00, 0x11, 0x22, 0x33, 0x44, [31] = 0xab,
};
static const char mini_md5[] = "3cb8f47b94a7367f88276a55355187ff";
static const char mini_sha256[] =
    "30967f2c0e51ea7c3f44adfc1bcb0799cbeb90eaa47b37d63e4a65a5ba5d15d8";
static const uint8_t files[4096] = "littlefs, or so";

#define AGENT	"User-Agent: ESP8266-http-Update\n"
#define SIZES	"x-ESP8266-free-space: 671744\nx-ESP8266-sketch-size: 373952\n"	\
		"x-ESP8266-chip-size: 4194304\nx-ESP8266-sdk-version: 2.2.2\n"
#define MACS(n)	"x-ESP8266-STA-MAC: 5C:CF:7F:12:34:" n "\n"			\
		"x-ESP8266-AP-MAC: 5E:CF:7F:12:34:" n "\n"
#define VERSION(v) "x-ESP8266-version: " v "\n"
#define MODE(m)	"x-ESP8266-mode: " m "\n"
#define OF	"GET /arduino/45772/update HTTP/1.0\n" AGENT SIZES

static void
is(struct talk *t, const char *what, const char *head, int status)
{
	struct heard s;

	say(t, &s, head);
	CHECK(s.status == status, "%s: %d %s", what, s.status, s.body);
	CHECK(s.status == -1 || s.close, "%s: the connection is closed", what);
	CHECK(s.status == 200 || !s.has_image, "%s", what);
}

static void
is_mini(struct talk *t, const char *what, const char *head)
{
	struct heard s;

	say(t, &s, head);
	CHECK(s.status == 200 && s.has_image && s.close, "%s: %d %s", what, s.status, s.body);
	CHECK(s.from == 0 && s.to == sizeof(mini), "%s: the whole", what);
	CHECK(strcmp(s.md5, mini_md5) == 0, "%s: bytes", what);
	CHECK(strcmp(said_header(&s, "x-MD5"), mini_md5) == 0, "%s: x-MD5", what);
	CHECK(strcmp(said_header(&s, "x-SHA256"), mini_sha256) == 0, "%s: x-SHA256", what);
	CHECK(strcmp(said_header(&s, "x-version"), "DOOR-7") == 0, "%s: x-version", what);
	CHECK(strcmp(s.type, "application/octet-stream") == 0, "%s: %s", what, s.type);
	CHECK(strcmp(said_header(&s, "Content-Disposition"), "attachment; filename=DOOR-7.bin")
	    == 0, "%s: %s", what, said_header(&s, "Content-Disposition"));
}

/* G1, G2: a stranger enrols, is accepted, is updated, and shows it. */
static void
life_of_a_door(struct talk *t, const char *job)
{
	struct device d;

	is(t, "a stranger waits", OF MACS("56") VERSION("DOOR-6") "\n", 403);
	d = talk_device(t, "5CCF7F123456");
	CHECK(d.status == DEVICE_PENDING && d.ptype == 45772, "enrolled: %d %u", d.status, d.ptype);
	CHECK(strstr(d.facts, "flash=4194304\n") != NULL, "%s", d.facts);
	is(t, "still", OF MACS("56") VERSION("DOOR-6") "\n", 403);
	talk_person(t, talk_accept_tx, "5CCF7F123456");
	is_mini(t, "G1", OF MACS("56") MODE("sketch") VERSION("DOOR-6") "\n");
	CHECK(strcmp(talk_state(t, job, "5CCF7F123456"), "verifying") == 0, "%s",
	    talk_state(t, job, "5CCF7F123456"));
	is(t, "G2", OF MACS("56") MODE("sketch") VERSION("DOOR-7") "\n", 304);
	CHECK(strcmp(talk_state(t, job, "5CCF7F123456"), "succeeded") == 0, "%s",
	    talk_state(t, job, "5CCF7F123456"));
	d = talk_device(t, "5CCF7F123456");
	CHECK(strcmp(d.firmware_name, "v1.0.1t45772(a)") == 0 && d.firmware_sure, "%s",
	    d.firmware_name);
	is(t, "again", OF MACS("56") MODE("sketch") VERSION("DOOR-7") "\n", 304);
	talk_person(t, talk_block_tx, "5CCF7F123456");
	is(t, "blocked", OF MACS("56") VERSION("DOOR-6") "\n", 403);
}

/* The running image is known by its hash, as flashed in mode DIO too. */
static void
known_by_hash(struct talk *t)
{
	uint8_t patched[32], sum[MD5_LEN];
	char head[1024], hex[HEX_LEN(MD5_LEN)];

	is_mini(t, "runs something else", OF MACS("57")
	    "x-ESP8266-sketch-md5: a56f8ef78a0bebd812f62067daf1408a\n\n");
	memcpy(patched, mini, sizeof(mini));
	patched[2] = 0;
	md5(sum, patched, sizeof(patched));
	snprintf(head, sizeof(head), OF MACS("57") "x-ESP8266-sketch-md5: %s\n\n",
	    hex_encode(hex, sum, sizeof(sum)));
	is(t, "runs it", head, 304);
	CHECK(talk_device(t, "5CCF7F123457").firmware_sure, "by its hash");
}

/* G7: only asks; nothing is taken by it. */
static void
only_asks(struct talk *t, const char *job)
{
	struct heard s;

	say(t, &s, OF MACS("58") MODE("version") VERSION("DOOR-6") "\n");
	CHECK(s.status == 200 && !s.has_image && s.body[0] == '\0' && s.length_as == 0, "%d",
	    s.status);
	CHECK(strcmp(said_header(&s, "x-version"), "DOOR-7") == 0, "%s", said_header(&s, "x-version"));
	CHECK(strcmp(said_header(&s, "x-MD5"), mini_md5) == 0, "x-MD5");
	CHECK(strcmp(said_header(&s, "Content-Disposition"), "") == 0, "no file");
	say(t, &s, "HEAD /arduino/45772/update HTTP/1.0\n" AGENT SIZES MACS("58") "\n");
	CHECK(s.status == 200 && !s.has_image && s.length_as == sizeof(mini), "HEAD: %d", s.status);
	CHECK(strcmp(said_header(&s, "x-MD5"), mini_md5) == 0, "HEAD: x-MD5");
	CHECK(strcmp(talk_state(t, job, "5CCF7F123458"), "offered") != 0 &&
	    strcmp(talk_state(t, job, "5CCF7F123458"), "in_progress") != 0, "%s",
	    talk_state(t, job, "5CCF7F123458"));
	is_mini(t, "then takes", OF MACS("58") VERSION("DOOR-6") "\n");
	say(t, &s, OF MACS("58") MODE("version") VERSION("DOOR-7") "\n");
	CHECK(s.status == 200 && strcmp(said_header(&s, "x-version"), "DOOR-7") == 0, "%d %s",
	    s.status, said_header(&s, "x-version"));
	say(t, &s, OF MACS("58") MODE("version") "\n");
	CHECK(s.status == 200 && strcmp(said_header(&s, "x-version"), "DOOR-7") == 0,
	    "says nothing: what it is known to run, %d %s", s.status, said_header(&s, "x-version"));
}

/* G10 and its like: what would not fit is never sent. */
static void
fits(struct talk *t)
{
	is(t, "too little space", "GET /arduino/45772/update HTTP/1.0\n" AGENT MACS("59")
	    "x-ESP8266-free-space: 4095\n" VERSION("DOOR-6") "\n", 304);
	is(t, "too small a chip", "GET /arduino/45772/update HTTP/1.0\n" AGENT MACS("59")
	    "x-ESP8266-chip-size: 524288\n" VERSION("DOOR-6") "\n", 304);
	is(t, "an ESP32", "GET /arduino/45772/update HTTP/1.0\n"
	    "User-Agent: ESP32-http-Update\nx-ESP32-STA-MAC: 34:85:18:41:EB:78\n\n", 304);
	is(t, "no file system in this firmware", OF MACS("59") MODE("spiffs") VERSION("DOOR-6")
	    "\n", 304);
	is_mini(t, "now it fits", OF MACS("59") VERSION("DOOR-6") "\n");
}

static void
file_system(struct talk *t)
{
	static const struct kit_file both[] = {
		{ "image", mini, sizeof(mini) }, { "filesystem", files, sizeof(files) },
	};
	char job[ID_LEN + 1];
	struct heard s;

	talk_product(t, 45773, "arduino", "image,filesystem");
	talk_firmware(t, "v2.0.0t45773(a)", "", both, 2);
	talk_current(t, 45773, "v2.0.0t45773(a)", job);
	say(t, &s, "GET /arduino/45773/update HTTP/1.0\n" AGENT SIZES MACS("60") MODE("spiffs")
	    VERSION("1") "\n");
	CHECK(s.status == 200 && s.to == sizeof(files), "%d %s", s.status, s.body);
	CHECK(strcmp(said_header(&s, "Content-Disposition"),
	    "attachment; filename=\"v2.0.0t45773(a)-filesystem.bin\"") == 0, "%s",
	    said_header(&s, "Content-Disposition"));
	say(t, &s, "GET /arduino/45773/update HTTP/1.0\n" AGENT SIZES MACS("60") MODE("sketch")
	    VERSION("1") "\n");
	CHECK(s.status == 200 && s.to == sizeof(mini), "then the sketch: %d %s", s.status, s.body);
	say(t, &s, "GET /arduino/45773/update HTTP/1.0\n" AGENT SIZES MACS("60") MODE("sketch")
	    VERSION("v2.0.0t45773(a)") "\n");
	CHECK(s.status == 304, "%d", s.status);
	CHECK(strcmp(talk_state(t, job, "5CCF7F123460"), "succeeded") == 0, "%s",
	    talk_state(t, job, "5CCF7F123460"));
}

/* G9, and who may speak for whom. */
static void
credentials(struct talk *t)
{
	struct heard s;

	is_mini(t, "a stranger fixes its key", OF MACS("61") VERSION("DOOR-6")
	    "Authorization: Basic ZGV2OnMzY3JldA==\n\n");
	say(t, &s, OF MACS("61") VERSION("DOOR-7") "Authorization: Basic ZGV2Ondyb25n\n\n");
	CHECK(s.status == 401 && strcmp(said_header(&s, "WWW-Authenticate"),
	    "Basic realm=\"ota\"") == 0, "%d %s", s.status, said_header(&s, "WWW-Authenticate"));
	is(t, "none", OF MACS("61") VERSION("DOOR-7") "\n", 401);
	is(t, "its own", OF MACS("61") VERSION("DOOR-7")
	    "Authorization: Basic ZGV2OnMzY3JldA==\n\n", 304);
	t->peer = "5C:CF:7F:12:34:61";
	is(t, "its certificate", OF MACS("61") VERSION("DOOR-7") "\n", 304);
	t->peer = "5C:CF:7F:12:34:62";
	is(t, "another's certificate", OF MACS("61") VERSION("DOOR-7") "\n", 401);
	t->peer = NULL;
}

static void
strangers(struct talk *t)
{
	is(t, "curl", "GET /arduino/update HTTP/1.1\nUser-Agent: curl/8\n\n", 403);
	is(t, "no such product", "GET /arduino/45999/update HTTP/1.0\n" AGENT MACS("70") "\n", 404);
	is(t, "no number", "GET /arduino/door/update HTTP/1.0\n" AGENT MACS("70") "\n", 404);
	is(t, "six digits", "GET /arduino/145772/update HTTP/1.0\n" AGENT MACS("70") "\n", 404);
	t->enrol = ENROL_CLOSED;
	is(t, "closed", OF MACS("70") "\n", 404);
	t->enrol = ENROL_OPEN;
	is(t, "without product: nothing for it", "GET /arduino/update HTTP/1.0\n" AGENT MACS("71")
	    "\n", 304);
	CHECK(talk_device(t, "5CCF7F123471").ptype == 0, "no product");
	is(t, "no address", OF "\n", 400);
	is(t, "no such path", "GET /arduino HTTP/1.0\n" AGENT MACS("71") "\n", -1);
}

/* ---- addresses of the setting ---- */

#define PHP	"GET /esp/update HTTP/1.0\n" AGENT SIZES

static void
table_says(struct talk *t, const char *what, const char *head, int status, const char *body)
{
	struct heard s;

	say(t, &s, head);
	CHECK(s.status == status && s.close, "%s: %d", what, s.status);
	CHECK(strcmp(s.body, body) == 0, "%s: '%s'", what, s.body);
	CHECK(status == 200 || strcmp(s.type, "text/plain; charset=utf8") == 0, "%s: %s", what,
	    s.type);
}

static void
table(struct talk *t)
{
	table_says(t, "row 1", "GET /esp/update HTTP/1.1\nUser-Agent: curl/8\n\n", 403,
	    "only for ESP8266 updater!\n");
	table_says(t, "row 1, ESP32", "GET /esp/update HTTP/1.0\nUser-Agent: ESP32-http-Update\n"
	    "x-ESP32-STA-MAC: 34:85:18:41:EB:78\n\n", 403, "only for ESP8266 updater!\n");
	table_says(t, "row 2 (G4)", PHP MACS("80") "\n", 403,
	    "only for ESP8266 updater! (header)\n");
	t->enrol = ENROL_APPROVE;
	table_says(t, "row 5 (G5)", PHP MACS("80") VERSION("DOOR-6") "\n", 500, "");
	CHECK(talk_device(t, "5CCF7F123480").status == DEVICE_PENDING, "it appears");
	t->enrol = ENROL_CLOSED;
	table_says(t, "row 5, closed", PHP MACS("81") VERSION("DOOR-6") "\n", 500, "");
	t->enrol = ENROL_OPEN;
	talk_person(t, talk_accept_tx, "5CCF7F123480");
	table_says(t, "row 5, no version", PHP MACS("80") VERSION("DOOR-6") "\n", 500, "");
	is(t, "a new door", OF MACS("82") MODE("version") VERSION("DOOR-6") "\n", 200);
	is_mini(t, "row 3", PHP MACS("82") VERSION("DOOR-6") "\n");
	table_says(t, "row 4", PHP MACS("82") VERSION("DOOR-7") "\n", 304, "");
	is(t, "a version's row", PHP MACS("82") VERSION("DOOR-7") MODE("version") "\n", 200);
	is(t, "HEAD", "HEAD /esp/update HTTP/1.0\n" AGENT SIZES MACS("82") VERSION("DOOR-7")
	    "\n", 304);
}

static void
simple(struct talk *t)
{
	static const struct kit_file mini_file = { "image", mini, sizeof(mini) };
	char job[ID_LEN + 1];

	is_mini(t, "curl", "GET /door.bin HTTP/1.1\nUser-Agent: curl/8\n\n");
	is_mini(t, "runs it already", "GET /door.bin HTTP/1.0\n" AGENT SIZES MACS("83")
	    VERSION("DOOR-7") "\n");
	is(t, "never a sketch into a file system", "GET /door.bin HTTP/1.0\n" AGENT MACS("83")
	    MODE("spiffs") "\n", 404);
	is(t, "only asks", "GET /door.bin HTTP/1.0\n" AGENT MACS("83") MODE("version") "\n", 200);
	is(t, "no such product", "GET /none.bin HTTP/1.0\n\n", 404);
	is(t, "nothing current", "GET /lamp.bin HTTP/1.0\n\n", 404);
	talk_product(t, 45774, "arduino", "image");
	is(t, "nothing current", "GET /lamp.bin HTTP/1.0\n\n", 404);
	talk_firmware(t, "v1.0.0t45774(l)", "", &mini_file, 1);
	talk_current(t, 45774, "v1.0.0t45774(l)", job);
	is(t, "only by local push", "GET /lamp.bin HTTP/1.0\n\n", 404);
}

int
main(void)
{
	static const struct kit_file mini_file = { "image", mini, sizeof(mini) };
	struct talk t = { .enrol = ENROL_APPROVE, .ending = TRANSFER_DELIVERED };
	char job[ID_LEN + 1];

	talk_open(&t, "/esp/update=table /door.bin=simple:45772 /lamp.bin=simple:45774 "
	    "/none.bin=simple:45999");
	talk_product(&t, 45772, "arduino", "image");
	talk_firmware(&t, "v1.0.1t45772(a)", "DOOR-7", &mini_file, 1);
	talk_current(&t, 45772, "v1.0.1t45772(a)", job);
	life_of_a_door(&t, job);
	t.enrol = ENROL_OPEN;
	known_by_hash(&t);
	only_asks(&t, job);
	fits(&t);
	file_system(&t);
	credentials(&t);
	strangers(&t);
	table(&t);
	simple(&t);
	talk_close(&t);
	return TEST_END();
}
