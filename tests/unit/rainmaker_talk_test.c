/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversations of RainMaker nodes with a real core: the transcripts of protocols/
 * rainmaker.md 7 and the corner cases of 8. */
#include "tell_kit.h"

#define CONFIG(id)	"$aws/rules/esp_node_config/node/" id "/config"
#define FETCH(id)	"$aws/rules/esp_node_otafetch/node/" id "/otafetch"
#define STATUS(id)	"$aws/rules/esp_node_otastatus/node/" id "/otastatus"
#define PLAIN(id)	"node/" id "/otastatus"
#define INIT(id)	"node/" id "/params/local/init"
#define IS(version) \
	"{\"node_id\":\"x\",\"info\":{\"name\":\"Lamp\",\"fw_version\":\"" version "\"," \
	"\"type\":\"Lightbulb\",\"model\":\"lamp\",\"project_name\":\"lamp\"," \
	"\"platform\":\"esp32c3\"},\"devices\":[],\"services\":[]}"
#define AT		"{\"info\":{\"name\":\"a\",\"fw_version\":\"v4\",\"type\":\"AT Node\"," \
	"\"model\":\"esp-at\",\"project_name\":\"esp-at\",\"platform\":\"esp32c3\"}}"
#define RUNS(version)	"{\"node_id\":\"x\",\"fw_version\":\"" version "\"}"
#define GUARD_S		121

static uint8_t image[50000], host[3000];
static char job[ID_LEN + 1];		/* v1.1.0t23333(a), which says 1.1.0 */

static void
hush(struct tell *t, const char *what, const char *where, const char *payload)
{
	static struct told told;

	tell(t, &told, where, payload);
	CHECK(told.rc == 0 && told.n == 0, "%s: %d, %d messages: %s", what, told.rc, told.n,
	    told.e.text);
}

static void
refused(struct tell *t, const char *what, const char *where, const char *payload,
    enum err_code code)
{
	static struct told told;

	tell(t, &told, where, payload);
	CHECK(told.rc == -1 && told.e.code == code && told.n == 0, "%s: %d %s", what, told.rc,
	    told.e.text);
}

/* A status about the job. */
static void
reports(struct tell *t, const char *what, const char *where, const char *status, const char *info)
{
	char payload[600];

	snprintf(payload, sizeof(payload), "{\"ota_job_id\":\"%s\",\"status\":\"%s\","
	    "\"additional_info\":\"%s\",\"ts\":1790000000}", job, status, info);
	hush(t, what, where, payload);
}

static void
part_is(struct tell *t, const char *what, const char *id, const char *state)
{
	const char *got = talk_state(&t->talk, job, id);

	CHECK(strcmp(got, state) == 0, "%s: %s, not %s", what, got, state);
}

static struct execution
part(struct tell *t, const char *of, const char *id)
{
	struct execution x = { .job = 0 };
	struct err e = ERR_INIT;

	snprintf(x.job_id, sizeof(x.job_id), "%s", of);
	snprintf(x.device_id, sizeof(x.device_id), "%s", id);
	CHECK(kit_read(&t->talk.kit, talk_part_tx, &x, &e) == 0, "%s: %s", id, e.text);
	return x;
}

/* The one message is an offer of the job to id; its link. */
static const char *
offered(const char *what, const struct told *told, const char *id)
{
	static char link[LINK_MAX];
	char where[128];
	json_auto_t *doc = NULL;

	snprintf(where, sizeof(where), "node/%s/otaurl", id);
	link[0] = '\0';
	CHECK(told->rc == 0 && told->n == 1, "%s: %d, %d messages: %s", what, told->rc, told->n,
	    told->e.text);
	if (told->n != 1)
		return link;
	CHECK(strcmp(told->where[0], where) == 0, "%s: %s", what, told->where[0]);
	CHECK(strchr(told->bytes[0], '\\') == NULL, "%s: %s", what, told->bytes[0]);
	doc = json_loads(told->bytes[0], JSON_REJECT_DUPLICATES, NULL);
	CHECK(doc != NULL && json_string_value(json_object_get(doc, "ota_job_id")) != NULL &&
	    strcmp(json_string_value(json_object_get(doc, "ota_job_id")), job) == 0, "%s: %s", what,
	    told->bytes[0]);
	if (doc != NULL)
		snprintf(link, sizeof(link), "%s",
		    json_string_value(json_object_get(doc, "url")));
	return link;
}

/* It boots as 1.0.0, asks and is offered. */
static const char *
boots(struct tell *t, const char *what, const char *id)
{
	static struct told told;
	char config[128], fetch[128];

	snprintf(config, sizeof(config), CONFIG("%s"), id);
	snprintf(fetch, sizeof(fetch), FETCH("%s"), id);
	hush(t, what, config, IS("1.0.0"));
	tell(t, &told, fetch, RUNS("1.0.0"));
	return offered(what, &told, id);
}

/* … and takes it whole. */
static void
takes(struct tell *t, const char *what, const char *id)
{
	char status[128];
	struct heard h;

	snprintf(status, sizeof(status), STATUS("%s"), id);
	t->talk.ending = TRANSFER_DELIVERED;
	follow(t, &h, "GET", boots(t, what, id), NULL);
	CHECK(h.status == 200 && h.to == sizeof(image), "%s: %d %s", what, h.status, h.body);
	reports(t, what, status, "in-progress", "Firmware Image download complete");
	part_is(t, what, id, "in_progress");
}

/* ---- who it is ---- */

static void
enrolment(struct tell *t)
{
	static struct told told;

	t->talk.enrol = ENROL_APPROVE;
	hush(t, "a stranger", CONFIG("n-1"), IS("1.0.0"));
	CHECK(talk_device(&t->talk, "n-1").ptype == 23333, "matched by its hardware");
	CHECK(talk_device(&t->talk, "n-1").status == DEVICE_PENDING, "waits");
	CHECK(strcmp(talk_device(&t->talk, "n-1").version, "1.0.0") == 0, "version");
	hush(t, "it asks, and nobody answers", FETCH("n-1"), RUNS("1.0.0"));
	refused(t, "nor is it heard", PLAIN("n-1"), "{\"status\":\"success\"}", ERR_FORBIDDEN);
	talk_person(&t->talk, talk_accept_tx, "n-1");
	tell(t, &told, FETCH("n-1"), RUNS("1.0.0"));
	CHECK(told.n == 1, "accepted: %d", told.n);
	hush(t, "somebody flashes it", CONFIG("n-1"), IS("1.1.0"));
	part_is(t, "without us", "n-1", "succeeded");
	t->talk.enrol = ENROL_OPEN;
	hush(t, "of no product", CONFIG("n-2"), "{\"info\":{\"fw_version\":\"1\",\"model\":\"fan\"}}");
	CHECK(talk_device(&t->talk, "n-2").ptype == 0, "no product");
	hush(t, "nothing for it", FETCH("n-2"), RUNS("1"));
	hush(t, "another id in the body", FETCH("n-3"), "{\"node_id\":\"n-1\",\"fw_version\":\"9\"}");
	CHECK(talk_device(&t->talk, "n-3").ptype == 0, "known, of no product yet");
	hush(t, "now it says what it is", CONFIG("n-3"), IS("9"));
	CHECK(talk_device(&t->talk, "n-3").ptype == 23333, "adopted");
	CHECK(strcmp(talk_device(&t->talk, "n-1").version, "1.1.0") == 0, "the topic counts");
	refused(t, "no id", "node/a b/config", IS("1"), ERR_BAD);
	refused(t, "a word of ours", "node/otad/config", IS("1"), ERR_BAD);
	tell(t, &told, "node/n-1/params/local", "{}");
	CHECK(told.rc == 2, "values are not ours");
	tell(t, &told, "node/n-1/a/b/c/config", IS("1"));
	CHECK(told.rc == 2, "levels");
}

struct matching { const char *facts; uint32_t found; };

static int
match_tx(struct tx *tx, void *arg, struct err *e)
{
	struct matching *m = arg;

	return product_match(tx, "rainmaker", m->facts, &m->found, e);
}

/* 23333: model lamp, project lamp, chip ESP32C3; 23340, 23341: type fan; 23342: type
 * fan on an ESP32-S3. */
static void
matches(struct tell *t)
{
	static const struct matching wanted[] = {
		{ "model=lamp\nproject_name=lamp\nchip=esp32-c3\n", 23333 },
		{ "model=lamp\nproject_name=lamp\n", 23333 },
		{ "model=lamp\nproject_name=lamp\nchip=esp32\n", 0 },
		{ "model=lamp\nchip=esp32-c3\n", 0 },
		{ "model=lamp\nproject_name=Lamp\n", 0 },
		{ "chip=esp32-c3\n", 0 }, { "", 0 },
		{ "type=fan\nchip=esp32-s3\n", 23342 },
		{ "type=fan\nchip=esp32\n", 0 },
		{ "type=AT Node\nmodel=esp-at\n", 23334 },
	};
	struct product fans[] = {
		{ .ptype = 23340, .name = "fan", .hardware = "type=fan\n" },
		{ .ptype = 23341, .name = "another fan", .hardware = "type=fan\n" },
		{ .ptype = 23342, .name = "a third", .hardware = "type=fan\nchip=esp32s3\n" },
	};
	struct err e = ERR_INIT;

	EACH(p, fans) {
		snprintf(p->dialect, sizeof(p->dialect), "rainmaker");
		CHECK(kit_write(&t->talk.kit, kit_product_create, p, &e) == 0, "%s", e.text);
	}
	EACH(p, wanted) {
		struct matching m = { p->facts, 7 };

		CHECK(kit_read(&t->talk.kit, match_tx, &m, &e) == 0, "%s", e.text);
		CHECK(m.found == p->found, "%s: %u, not %u", p->facts, m.found, p->found);
	}
}

/* ---- the transcripts ---- */

static void
whole_story(struct tell *t)
{
	const char *id = "246F28A1B2C3";
	struct heard h;
	struct execution x;
	char link[LINK_MAX];

	snprintf(link, sizeof(link), "%s", boots(t, "7.1", id));
	hush(t, "asked twice", FETCH("246F28A1B2C3"), RUNS("1.0.0"));
	part_is(t, "asked twice", id, "offered");
	reports(t, "begins", STATUS("246F28A1B2C3"), "in-progress",
	    "Starting OTA Upgrade (HTTPS attempt 1/3)");
	t->talk.ending = TRANSFER_BROKEN;
	follow(t, &h, "GET", link, NULL);
	CHECK(h.status == 200 && h.from == 0 && h.to == sizeof(image), "%d %s", h.status, h.body);
	reports(t, "7.2", STATUS("246F28A1B2C3"), "failed", "OTA Attempt 1/3 failed: OTA failed: "
	    "ESP_FAIL (errno=104: Connection reset by peer)");
	part_is(t, "an attempt of its own", id, "in_progress");
	hush(t, "it asks in mid-download", FETCH("246F28A1B2C3"), RUNS("1.0.0"));
	t->talk.ending = TRANSFER_DELIVERED;
	follow(t, &h, "GET", link, "bytes=1024-");
	CHECK(h.status == 206 && h.from == 1024 && h.to == sizeof(image), "%d %s", h.status, h.body);
	reports(t, "progress", PLAIN("246F28A1B2C3"), "in-progress", "Downloaded 90% Firmware Image");
	x = part(t, job, id);
	CHECK(x.attempt == 1 && x.progress == 90, "attempt %d, %d%%", x.attempt, x.progress);
	reports(t, "waits for its reboot", STATUS("246F28A1B2C3"), "in-progress",
	    "Rebooting into new firmware (after 2 HTTPS attempts)");
	reports(t, "its word", STATUS("246F28A1B2C3"), "success",
	    "OTA Upgrade finished and verified successfully");
	part_is(t, "is no proof", id, "verifying");
	hush(t, "the proof", CONFIG("246F28A1B2C3"), IS("1.1.0"));
	part_is(t, "proven", id, "succeeded");
	CHECK(part(t, job, id).sure, "sure");
	reports(t, "doubled", STATUS("246F28A1B2C3"), "success", "again");
	reports(t, "late", STATUS("246F28A1B2C3"), "in-progress", "Downloading Firmware Image");
	part_is(t, "final", id, "succeeded");
	hush(t, "nothing more", FETCH("246F28A1B2C3"), RUNS("1.1.0"));
	follow(t, &h, "GET", link, NULL);
	CHECK(h.status == 410, "its link is dead: %d", h.status);
}

/* Either may come first (2.5). */
static void
config_first(struct tell *t)
{
	takes(t, "config first", "n-cf");
	hush(t, "config", CONFIG("n-cf"), IS("1.1.0"));
	part_is(t, "config", "n-cf", "succeeded");
	reports(t, "then its word", STATUS("n-cf"), "success", "OTA Upgrade finished and verified "
	    "successfully");
	part_is(t, "then its word", "n-cf", "succeeded");
}

static void
rolls_back(struct tell *t)
{
	takes(t, "7.3", "n-rb");
	reports(t, "7.3", STATUS("n-rb"), "rejected", "Firmware rolled back");
	part_is(t, "7.3", "n-rb", "rejected");
	hush(t, "boots as it was", CONFIG("n-rb"), IS("1.0.0"));
	hush(t, "asks", FETCH("n-rb"), RUNS("1.0.0"));
	part_is(t, "final for this node", "n-rb", "rejected");

	takes(t, "says nothing", "n-rs");
	tell_forward(t, 100);
	hush(t, "boots as it was", CONFIG("n-rs"), IS("1.0.0"));
	CHECK(strcmp(part(t, job, "n-rs").reason, "old_version_back") == 0, "%s",
	    part(t, job, "n-rs").reason);
	CHECK(part(t, job, "n-rs").attempt == 1, "one attempt");
	hush(t, "and the new one after all", CONFIG("n-rs"), IS("1.1.0"));
	part_is(t, "after all", "n-rs", "succeeded");
}

/* Non-rollback builds say success before they reboot. */
static void
reboot_wait(struct tell *t)
{
	static struct told told;

	takes(t, "success first", "n-rw");
	tell_forward(t, 60);
	reports(t, "success", STATUS("n-rw"), "success", "OTA Upgrade finished successfully");
	hush(t, "asks in the reboot wait", FETCH("n-rw"), RUNS("1.0.0"));
	part_is(t, "not back yet", "n-rw", "verifying");
	tell_forward(t, 16);
	tell(t, &told, FETCH("n-rw"), RUNS("1.0.0"));
	(void)offered("still the old one: an attempt failed", &told, "n-rw");
	hush(t, "and the new one after all", CONFIG("n-rw"), IS("1.1.0"));
	part_is(t, "after all", "n-rw", "succeeded");
}

/* ---- offline, reset, delayed ---- */

/* Nobody answered in its guard time: the ticker takes the offer back. */
static bool
lapses(struct tell *t, const char *id)
{
	tell_forward(t, GUARD_S);
	for (int i = 0; i < 500 && strcmp(talk_state(&t->talk, job, id), "queued") != 0; i++)
		usleep(10000);
	return strcmp(talk_state(&t->talk, job, id), "queued") == 0;
}

static void
offline(struct tell *t)
{
	static struct told told;

	(void)boots(t, "goes offline", "n-off");
	hear(t, &told);
	CHECK(told.n == 0, "not again at once");
	CHECK(lapses(t, "n-off"), "%s", talk_state(&t->talk, job, "n-off"));
	hear(t, &told);
	CHECK(told.n == 0, "nor after its guard time");
	tell_forward(t, 2 * GUARD_S);
	hear(t, &told);
	(void)offered("unasked", &told, "n-off");
	hear(t, &told);
	CHECK(told.n == 0, "once");
	hush(t, "asks, and was told already", FETCH("n-off"), RUNS("1.0.0"));
	hush(t, "it boots", CONFIG("n-off"), IS("1.0.0"));
	hush(t, "all its values", INIT("n-off"), "{\"Light\":{}}");
	part_is(t, "what it was told is forgotten", "n-off", "queued");
	hear(t, &told);
	CHECK(told.n == 0, "it does not listen yet: %d", told.n);
	tell(t, &told, FETCH("n-off"), RUNS("1.0.0"));
	(void)offered("on return", &told, "n-off");
	tell_both(t, &told, CONFIG("n-off"), IS("1.0.0"), FETCH("n-off"), RUNS("1.0.0"));
	(void)offered("both at once, after an outage of ours", &told, "n-off");
	reports(t, "it will not", STATUS("n-off"), "rejected", "Chip revision mismatch");
	part_is(t, "it will not", "n-off", "rejected");
}

static void
reset_in_between(struct tell *t)
{
	struct heard h;

	t->talk.ending = TRANSFER_BROKEN;
	follow(t, &h, "GET", boots(t, "reset", "n-re"), NULL);
	reports(t, "reset", STATUS("n-re"), "in-progress", "Downloading Firmware Image");
	hush(t, "boots", CONFIG("n-re"), IS("1.0.0"));
	CHECK(strcmp(part(t, job, "n-re").reason, "transfer_broken") == 0, "%s",
	    part(t, job, "n-re").reason);
	part_is(t, "an attempt is lost", "n-re", "queued");
	hush(t, "somebody flashed it", CONFIG("n-re"), IS("1.1.0"));
	part_is(t, "somebody flashed it", "n-re", "succeeded");
}

static void
delays(struct tell *t)
{
	static struct told told;

	(void)boots(t, "7.5", "n-dl");
	reports(t, "7.5", STATUS("n-dl"), "delayed", "Not within download window.");
	part_is(t, "7.5", "n-dl", "delayed");
	hear(t, &told);
	CHECK(told.n == 0, "it comes by itself");
	tell(t, &told, FETCH("n-dl"), RUNS("1.0.0"));
	(void)offered("its window began", &told, "n-dl");
	reports(t, "again", STATUS("n-dl"), "delayed", "Not within download window.");
	reports(t, "begins", STATUS("n-dl"), "in-progress", "Starting OTA Upgrade");
	part_is(t, "begins", "n-dl", "in_progress");
	reports(t, "ends it", STATUS("n-dl"), "rejected", "Lower secure version received");
}

/* ---- failures and strange statuses ---- */

static void
fails_three_times(struct tell *t)
{
	static struct told told;

	(void)boots(t, "fails", "n-f3");
	for (int i = 1; i <= 3; i++) {
		CHECK(part(t, job, "n-f3").attempt == i - 1, "attempt %d", i);
		reports(t, "starts", STATUS("n-f3"), "in-progress", "Starting OTA Upgrade");
		reports(t, "1 of 3", STATUS("n-f3"), "failed", "OTA Attempt 1/3 failed: x");
		reports(t, "2 of 3", STATUS("n-f3"), "failed", "OTA Attempt 2/3 failed: x");
		part_is(t, "goes on", "n-f3", "in_progress");
		reports(t, "3 of 3", STATUS("n-f3"), "failed", "OTA Attempt 3/3 failed: x");
		part_is(t, "an attempt", "n-f3", i < 3 ? "queued" : "failed");
		reports(t, "doubled", STATUS("n-f3"), "failed", "OTA Attempt 3/3 failed: x");
		if (i == 3)
			break;
		tell(t, &told, FETCH("n-f3"), RUNS("1.0.0"));
		(void)offered("again", &told, "n-f3");
	}
	hush(t, "spent", FETCH("n-f3"), RUNS("1.0.0"));
	hush(t, "and runs it after all", CONFIG("n-f3"), IS("1.1.0"));
	part_is(t, "the truth", "n-f3", "succeeded");
}

static void
strange(struct tell *t)
{
	(void)boots(t, "strange", "n-st");
	refused(t, "unknown job", PLAIN("n-st"),
	    "{\"ota_job_id\":\"0123456789abcdefghijkl\",\"status\":\"success\"}", ERR_ABSENT);
	refused(t, "no job of ours", PLAIN("n-2"), "{\"status\":\"success\"}", ERR_ABSENT);
	reports(t, "an unknown word", STATUS("n-st"), "invalid", "writing");
	part_is(t, "an unknown word", "n-st", "offered");
	hush(t, "no job named", PLAIN("n-st"), "{\"status\":\"in-progress\"}");
	part_is(t, "no job named: the active one", "n-st", "in_progress");
	reports(t, "old SDK", STATUS("n-st"), "failed", "Same version received");
	part_is(t, "old SDK", "n-st", "rejected");
	refused(t, "garbage", PLAIN("n-st"), "\x01\x02\xff", ERR_BAD);
	refused(t, "empty", FETCH("n-st"), "", ERR_BAD);
}

/* ---- parts, and those that do not listen ---- */

static void
host_mcu(struct tell *t)
{
	static const struct kit_file file = { "image", host, sizeof(host) };
	static struct told told;
	char wifi[ID_LEN + 1], status[200];
	struct heard h;

	memcpy(wifi, job, sizeof(wifi));
	hush(t, "AT", CONFIG("24EC4A000001"), AT);
	CHECK(talk_device(&t->talk, "24EC4A000001").ptype == 23334, "AT");
	hush(t, "nothing yet", FETCH("24EC4A000001"), RUNS("v4"));
	talk_firmware(&t->talk, "v2.1.0t23335(a)", "2.1", &file, 1);
	talk_current(&t->talk, 23335, "v2.1.0t23335(a)", job);
	tell(t, &told, FETCH("24EC4A000001"), RUNS("v4"));
	(void)offered("told, and reset", &told, "24EC4A000001");
	hush(t, "asks again", FETCH("24EC4A000001"), RUNS("v4"));
	hush(t, "reset", CONFIG("24EC4A000001"), AT);
	tell(t, &told, FETCH("24EC4A000001"), RUNS("v4"));
	t->talk.ending = TRANSFER_DELIVERED;
	follow(t, &h, "GET", offered("7.7", &told, "24EC4A000001"), "bytes=0-");
	CHECK(h.status == 206 && h.to == sizeof(host), "%d %s", h.status, h.body);
	CHECK(strstr(told.bytes[0], "\"metadata\":{\"esp.ota.target\":\"host_mcu\"}") != NULL, "%s",
	    told.bytes[0]);
	snprintf(status, sizeof(status), "{\"ota_job_id\":\"%s\",\"status\":\"success\","
	    "\"additional_info\":\"OTA success\"}", job);
	hush(t, "7.7", PLAIN("24EC4A000001"), status);
	part_is(t, "its word is all there is", "24EC4A000001", "succeeded");
	CHECK(!part(t, job, "24EC4A000001").sure, "not sure");
	hush(t, "not again", FETCH("24EC4A000001"), RUNS("v4"));
	memcpy(job, wifi, sizeof(job));
}

static void
by_params(struct tell *t)
{
	static struct told told;

	hush(t, "params", CONFIG("n-pa"), "{\"info\":{\"fw_version\":\"1.0.0\",\"type\":\"Lightbulb\","
	    "\"model\":\"lamp\",\"project_name\":\"lamp\",\"platform\":\"esp32c3\"},"
	    "\"services\":[{\"type\":\"esp.service.ota\"}]}");
	tell_forward(t, GUARD_S);
	hear(t, &told);
	CHECK(told.n == 0, "an offer that nobody would hear");
}

int
main(void)
{
	static const struct kit_file file = { "image", image, sizeof(image) };
	static struct tell t = { .talk = { .enrol = ENROL_OPEN } };
	struct err e = ERR_INIT;
	struct product lamp = { .ptype = 23333, .name = "lamp", .dialect = "rainmaker",
	    .hardware = "model=lamp\nproject_name=lamp\nchip=ESP32C3\n", .image_kind = "raw" };
	struct product at = { .ptype = 23334, .name = "module", .dialect = "rainmaker",
	    .hardware = "type=AT Node\n", .image_kind = "raw" };
	struct product mcu = { .ptype = 23335, .name = "host", .dialect = "rainmaker",
	    .image_kind = "raw", .part_of = 23334 };

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * i >> 5);
	image[0] = 0xe9;
	tell_open(&t);
	CHECK(kit_write(&t.talk.kit, kit_product_create, &lamp, &e) == 0, "%s", e.text);
	CHECK(kit_write(&t.talk.kit, kit_product_create, &at, &e) == 0, "%s", e.text);
	CHECK(kit_write(&t.talk.kit, kit_product_create, &mcu, &e) == 0, "%s", e.text);
	talk_firmware(&t.talk, "v1.1.0t23333(a)", "1.1.0", &file, 1);
	talk_current(&t.talk, 23333, "v1.1.0t23333(a)", job);
	enrolment(&t);
	matches(&t);
	whole_story(&t);
	config_first(&t);
	rolls_back(&t);
	reboot_wait(&t);
	offline(&t);
	reset_in_between(&t);
	delays(&t);
	fails_three_times(&t);
	strange(&t);
	host_mcu(&t);
	by_params(&t);
	tell_close(&t);
	return TEST_END();
}
