/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversations in the native dialect with a real core: what docs/dialects/
 * native.md promises to people who write firmware for it. */
#include "talk_kit.h"

static uint8_t one[5000], two[6000];	/* images of both slots */

#define KEY	"0123456789abcdef0123456789abcdef"
#define OTHER	"fedcba9876543210fedcba9876543210"
#define ID(id)	"X-Device-Id: " id "\n"
#define SHOWS(k) "Authorization: token " k "\n"
#define RUNS(v)	"X-Device-Version: " v "\n"
#define UPDATE	"GET /device/update HTTP/1.1\n"
#define PUMP	UPDATE ID("pump-1") SHOWS(KEY)
#define STATUS	"POST /device/status HTTP/1.1\n" ID("pump-1") SHOWS(KEY) "\n"
#define NEW	"v1.0.1t23701(a)"
#define OLD	"v1.0.0t23701(a)"

static struct heard
is(struct talk *t, const char *what, const char *head, int status)
{
	struct heard s;

	say(t, &s, head);
	CHECK(s.status == status, "%s: %d %s", what, s.status, s.body);
	CHECK(s.status < 400 || s.status == 416 || s.body[0] != '\0', "%s: without a word", what);
	return s;
}

static void
part_is(struct talk *t, const char *what, const char *job, const char *device, const char *state)
{
	const char *got = talk_state(t, job, device);

	CHECK(strcmp(got, state) == 0, "%s: %s, not %s", what, got, state);
}

static void
bytes_are(const struct heard *s, const char *what, const uint8_t *image, size_t from, size_t to)
{
	char hex[HEX_LEN(MD5_LEN)];
	uint8_t sum[MD5_LEN];

	md5(sum, image + from, to - from);
	CHECK(s->has_image && s->from == from && s->to == to, "%s: %llu to %llu", what,
	    (unsigned long long)s->from, (unsigned long long)s->to);
	CHECK(strcmp(s->md5, hex_encode(hex, sum, sizeof(sum))) == 0, "%s: bytes", what);
}

static void
headers_are(const struct heard *s, const char *what, const char *job, const uint8_t *image,
    size_t size, const char *slot)
{
	char hex[HEX_LEN(SHA256_LEN)], etag[HEX_LEN(SHA256_LEN) + 2];
	uint8_t sum[SHA256_LEN];

	sha256(sum, image, size);
	snprintf(etag, sizeof(etag), "\"%s\"", hex_encode(hex, sum, SHA256_LEN));
	CHECK(strcmp(said_header(s, "ETag"), etag) == 0, "%s: ETag", what);
	CHECK(strcmp(said_header(s, "x-SHA256"), hex) == 0, "%s: x-SHA256", what);
	md5(sum, image, size);
	CHECK(strcmp(said_header(s, "x-MD5"), hex_encode(hex, sum, MD5_LEN)) == 0, "%s: x-MD5",
	    what);
	CHECK(strcmp(said_header(s, "X-Version"), NEW) == 0, "%s: X-Version", what);
	CHECK(strcmp(said_header(s, "X-Slot"), slot) == 0, "%s: X-Slot '%s'", what,
	    said_header(s, "X-Slot"));
	CHECK(strcmp(said_header(s, "X-Job"), job) == 0, "%s: X-Job", what);
	CHECK(!s->close, "%s: the connection stays", what);
}

/* ---- getting in ---- */

static void
enrolment(struct talk *t)
{
	struct heard s = is(t, "no key", UPDATE ID("pump-1") "X-Device-Product: 23701\n\n", 401);

	CHECK(strcmp(said_header(&s, "WWW-Authenticate"), "token realm=\"otad\"") == 0, "401");
	is(t, "no such product", PUMP "X-Device-Product: 23999\n\n", 404);
	is(t, "a stranger waits", PUMP RUNS(OLD) "X-Device-Product: 23701\n\n", 403);
	is(t, "its key is fixed", UPDATE ID("pump-1") SHOWS(OTHER) "\n", 401);
	is(t, "waits", PUMP RUNS(OLD) "\n", 403);
	CHECK(talk_device(t, "pump-1").ptype == 23701, "product");
	t->enrol = ENROL_CLOSED;
	is(t, "closed", UPDATE ID("pump-2") SHOWS(KEY) "X-Device-Product: 23701\n\n", 403);
	is(t, "a status from nobody", "POST /device/status HTTP/1.1\n" ID("pump-2") SHOWS(KEY)
	    "\n{\"state\":\"success\"}", 403);
	t->enrol = ENROL_OPEN;
	is(t, "a status while it waits", STATUS "{\"state\":\"success\"}", 403);
	talk_person(t, talk_accept_tx, "pump-1");
	is(t, "another family's id", "GET /arduino/update HTTP/1.0\nUser-Agent: ESP8266-http-Update\n"
	    "x-ESP8266-STA-MAC: 5C:CF:7F:00:00:01\n\n", 304);
	is(t, "another family's id", UPDATE ID("5CCF7F000001") SHOWS(KEY) "\n", 403);
}

static void
certificates(struct talk *t)
{
	t->peer = "pump-9";
	is(t, "its certificate says who", UPDATE RUNS(NEW) "X-Device-Product: 23701\n\n", 304);
	is(t, "and it says so too", UPDATE ID("pump-9") RUNS(NEW) "\n", 304);
	is(t, "another's certificate", UPDATE ID("pump-1") RUNS(OLD) "\n", 403);
	t->peer = NULL;
	is(t, "without it: no key was ever fixed", UPDATE ID("pump-9") SHOWS(KEY) "\n", 401);
}

/* ---- an update ---- */

static void
broken_and_resumed(struct talk *t, const char *job)
{
	struct heard s = is(t, "HEAD", "HEAD /device/update HTTP/1.1\n" ID("pump-1") SHOWS(KEY)
	    RUNS(OLD) "\n", 200);
	char head[1024], etag[HEX_LEN(SHA256_LEN) + 2];

	headers_are(&s, "HEAD", job, one, sizeof(one), "image");
	CHECK(!s.has_image && s.length_as == sizeof(one), "HEAD: no body, its length");
	t->ending = TRANSFER_BROKEN;
	s = is(t, "the whole", PUMP RUNS(OLD) "\n", 200);
	headers_are(&s, "the whole", job, one, sizeof(one), "image");
	bytes_are(&s, "the whole", one, 0, sizeof(one));
	snprintf(etag, sizeof(etag), "%s", said_header(&s, "ETag"));

	snprintf(head, sizeof(head), PUMP RUNS(OLD) "Range: bytes=100-199\nIf-Range: %s\n\n", etag);
	s = is(t, "a part", head, 206);
	headers_are(&s, "a part", job, one, sizeof(one), "image");
	bytes_are(&s, "a part", one, 100, 200);
	CHECK(strcmp(said_header(&s, "Content-Range"), "bytes 100-199/5000") == 0, "%s",
	    said_header(&s, "Content-Range"));
	s = is(t, "behind the end", PUMP RUNS(OLD) "Range: bytes=5000-\n\n", 416);
	CHECK(strcmp(said_header(&s, "Content-Range"), "bytes */5000") == 0 && !s.has_image, "%s",
	    said_header(&s, "Content-Range"));
	s = is(t, "of another image", PUMP RUNS(OLD) "Range: bytes=100-\nIf-Range: \"x\"\n\n", 200);
	bytes_are(&s, "of another image", one, 0, sizeof(one));
	t->ending = TRANSFER_DELIVERED;
	s = is(t, "the rest", PUMP RUNS(OLD) "Range: bytes=4000-\n\n", 206);
	bytes_are(&s, "the rest", one, 4000, sizeof(one));
}

static void
reports(struct talk *t, const char *job)
{
	char head[1024];

	part_is(t, "delivered", job, "pump-1", "verifying");
	is(t, "no job named", STATUS "{\"state\":\"in_progress\",\"progress\":50}", 204);
	snprintf(head, sizeof(head), STATUS "{\"job\":\"%s\",\"state\":\"success\"}", job);
	is(t, "its word", head, 204);
	part_is(t, "its word is no proof", job, "pump-1", "verifying");
	is(t, "not its job", STATUS "{\"job\":\"0123456789abcdefghijkl\",\"state\":\"success\"}", 404);
	is(t, "not its key", "POST /device/status HTTP/1.1\n" ID("pump-1") SHOWS(OTHER)
	    "\n{\"state\":\"failed\"}", 401);
	is(t, "no JSON", STATUS "state=failed", 400);
	is(t, "unknown field", STATUS "{\"state\":\"failed\",\"code\":7}", 400);
	is(t, "the proof", PUMP RUNS(NEW) "\n", 304);
	part_is(t, "proven", job, "pump-1", "succeeded");
	is(t, "late", head, 204);
	part_is(t, "late", job, "pump-1", "succeeded");
}

/* ---- an image by its name ---- */

#define IMAGE	"/device/image/" NEW "/image HTTP/1.1\n" ID("pump-3") SHOWS(KEY)

static void
by_name(struct talk *t, const char *job)
{
	char head[1024];
	struct heard s;

	is(t, "never offered", "GET " IMAGE "X-Device-Product: 23701\n" RUNS(OLD) "\n", 404);
	t->ending = TRANSFER_BROKEN;
	s = is(t, "asks", UPDATE ID("pump-3") SHOWS(KEY) "X-Device-Product: 23701\n" RUNS(OLD)
	    "\n", 200);
	snprintf(head, sizeof(head), "GET " IMAGE "Range: bytes=0-\nIf-None-Match: %s\n\n",
	    said_header(&s, "ETag"));
	is(t, "it has it", head, 304);
	s = is(t, "in pieces", "GET " IMAGE "Range: bytes=10-19\n\n", 206);
	bytes_are(&s, "in pieces", one, 10, 20);
	s = is(t, "HEAD", "HEAD " IMAGE "\n", 200);
	headers_are(&s, "HEAD", job, one, sizeof(one), "image");
	is(t, "it broke: a whole one is a new attempt, which is not by name", "GET " IMAGE "\n", 404);
	is(t, "no such slot", "GET /device/image/" NEW "/boot HTTP/1.1\n" ID("pump-3") SHOWS(KEY)
	    "\n", 404);
	is(t, "another version", "GET /device/image/" OLD "/image HTTP/1.1\n" ID("pump-3")
	    SHOWS(KEY) "\n", 404);
	is(t, "no name at all", "GET /device/image/x/image HTTP/1.1\n" ID("pump-3") SHOWS(KEY)
	    "\n", 404);
	is(t, "another's key", "GET /device/image/" NEW "/image HTTP/1.1\n" ID("pump-3")
	    SHOWS(OTHER) "\n", 401);
	t->ending = TRANSFER_DELIVERED;
	s = is(t, "the rest", "GET " IMAGE "Range: bytes=20-\n\n", 206);
	part_is(t, "delivered", job, "pump-3", "verifying");
	is(t, "its word", "POST /device/status HTTP/1.1\n" ID("pump-3") SHOWS(KEY)
	    "\n{\"state\":\"rejected\",\"detail\":\"too new\"}", 204);
	part_is(t, "rejected", job, "pump-3", "rejected");
	is(t, "not asked again", UPDATE ID("pump-3") SHOWS(KEY) RUNS(OLD) "\n", 304);
	is(t, "nor by name", "GET " IMAGE "\n", 404);
}

/* ---- two slots ---- */

#define VALVE	UPDATE ID("valve-1") SHOWS(KEY) "X-Device-Product: 23702\n"

static void
two_slots(struct talk *t)
{
	static const struct kit_file both[] = {
		{ "user1.bin", one, sizeof(one) }, { "user2.bin", two, sizeof(two) },
	};
	char job[ID_LEN + 1];
	struct heard s;

	talk_product(t, 23702, "native", "user1.bin,user2.bin");
	talk_firmware(t, "v1.0.1t23702(a)", "", both, 2);
	talk_current(t, 23702, "v1.0.1t23702(a)", job);
	t->ending = TRANSFER_BROKEN;
	s = is(t, "too large", VALVE "X-Device-Slot: user1\nX-Device-Free: 5999\n\n", 304);
	s = is(t, "runs user1", VALVE "X-Device-Slot: user1\nX-Device-Free: 6000\n\n", 200);
	bytes_are(&s, "runs user1", two, 0, sizeof(two));
	CHECK(strcmp(said_header(&s, "X-Slot"), "user2.bin") == 0, "%s", said_header(&s, "X-Slot"));
	t->ending = TRANSFER_DELIVERED;
	s = is(t, "by name, the other", "GET /device/image/v1.0.1t23702(a)/user1 HTTP/1.1\n"
	    ID("valve-1") SHOWS(KEY) "Range: bytes=0-\n\n", 206);
	bytes_are(&s, "by name", one, 0, sizeof(one));
}

/* A device that only speaks, and one whose reply never left. */
static void
refused_and_unsent(struct talk *t, const char *job)
{
	t->ending = TRANSFER_UNSENT;
	is(t, "asks", UPDATE ID("pump-4") SHOWS(KEY) "X-Device-Product: 23701\n" RUNS(OLD) "\n", 200);
	part_is(t, "it never left", job, "pump-4", "queued");
	t->ending = TRANSFER_DELIVERED;
	is(t, "asks again", UPDATE ID("pump-4") SHOWS(KEY) RUNS(OLD) "\n", 200);
	is(t, "it failed", "POST /device/status HTTP/1.1\n" ID("pump-4") SHOWS(KEY)
	    "\n{\"state\":\"failed\",\"detail\":\"flash is worn out\"}", 204);
	part_is(t, "an attempt of three", job, "pump-4", "queued");
	is(t, "wrong method", "POST /device/update HTTP/1.1\n" ID("pump-4") SHOWS(KEY) "\n", -1);
	is(t, "no id", UPDATE SHOWS(KEY) "\n", 400);
}

int
main(void)
{
	static const struct kit_file image = { "image", one, sizeof(one) };
	struct talk t = { .enrol = ENROL_APPROVE, .ending = TRANSFER_DELIVERED };
	char job[ID_LEN + 1];

	for (size_t i = 0; i < sizeof(two); i++)
		two[i] = (uint8_t)(one[i % sizeof(one)] = (uint8_t)(i * i >> 3)) ^ 0xff;
	talk_open(&t, "");
	talk_product(&t, 23701, "native", "image");
	talk_firmware(&t, NEW, "", &image, 1);
	talk_current(&t, 23701, NEW, job);
	enrolment(&t);
	certificates(&t);
	broken_and_resumed(&t, job);
	reports(&t, job);
	by_name(&t, job);
	two_slots(&t);
	refused_and_unsent(&t, job);
	talk_close(&t);
	return TEST_END();
}
