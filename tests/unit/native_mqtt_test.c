/* SPDX-License-Identifier: Apache-2.0
 *
 * The native dialect over a broker, with a real core: what docs/dialects/native.md
 * promises under "Over MQTT". */
#include "tell_kit.h"

#define NEW	"v1.0.1t23701(a)"
#define OLD	"v1.0.0t23701(a)"
#define SEEN(version) "{\"version\":\"" version "\",\"product\":23701}"

static uint8_t image[5000];
static char job[ID_LEN + 1];

static void
hush(struct tell *t, const char *what, const char *where, const char *payload)
{
	static struct told told;

	tell(t, &told, where, payload);
	CHECK(told.rc == 0 && told.n == 0, "%s: %d, %d messages: %s", what, told.rc, told.n,
	    told.e.text);
}

static void
part_is(struct tell *t, const char *what, const char *id, const char *state)
{
	const char *got = talk_state(&t->talk, job, id);

	CHECK(strcmp(got, state) == 0, "%s: %s, not %s", what, got, state);
}

static const char *
text(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s != NULL ? s : "";
}

/* Exactly these members, in this order. */
static void
members_are(const json_t *doc, const char *wanted)
{
	AUTO(buf) struct buf names = BUF_INIT;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)doc, name, value)
		buf_addf(&names, "%s ", name);
	CHECK(strcmp(buf_str(&names), wanted) == 0, "'%s', not '%s'", buf_str(&names), wanted);
}

/* The one message is the job for id; its link. */
static const char *
offered(const char *what, const struct told *told, const char *id)
{
	static char link[LINK_MAX];
	char where[128], hex[HEX_LEN(SHA256_LEN)];
	uint8_t sum[SHA256_LEN];
	json_auto_t *doc = NULL;

	link[0] = '\0';
	CHECK(told->rc == 0 && told->n == 1, "%s: %d, %d messages: %s", what, told->rc, told->n,
	    told->e.text);
	if (told->n != 1 || (doc = json_loads(told->bytes[0], 0, NULL)) == NULL)
		return link;
	snprintf(where, sizeof(where), "otad/%s/job", id);
	CHECK(strcmp(told->where[0], where) == 0, "%s: %s", what, told->where[0]);
	members_are(doc, "job version slot url size md5 sha256 metadata ");
	CHECK(strcmp(text(doc, "job"), job) == 0 && strcmp(text(doc, "version"), NEW) == 0 &&
	    strcmp(text(doc, "slot"), "image") == 0, "%s: %s", what, told->bytes[0]);
	CHECK(json_integer_value(json_object_get(doc, "size")) == sizeof(image), "%s", what);
	md5(sum, image, sizeof(image));
	CHECK(strcmp(text(doc, "md5"), hex_encode(hex, sum, MD5_LEN)) == 0, "%s", what);
	sha256(sum, image, sizeof(image));
	CHECK(strcmp(text(doc, "sha256"), hex_encode(hex, sum, SHA256_LEN)) == 0, "%s", what);
	CHECK(json_is_object(json_object_get(doc, "metadata")), "%s: metadata", what);
	snprintf(link, sizeof(link), "%s", text(doc, "url"));
	return link;
}

static void
status(struct tell *t, const char *what, const char *id, const char *state)
{
	char where[128], payload[256];

	snprintf(where, sizeof(where), "otad/%s/status", id);
	snprintf(payload, sizeof(payload), "{\"job\":\"%s\",\"state\":\"%s\"}", job, state);
	hush(t, what, where, payload);
}

/* ---- an update ---- */

static void
whole_story(struct tell *t)
{
	static struct told told;
	struct heard h;

	tell(t, &told, "otad/pump-1/seen", SEEN(OLD));
	t->talk.ending = TRANSFER_DELIVERED;
	follow(t, &h, "GET", offered("seen", &told, "pump-1"), NULL);
	CHECK(h.status == 200 && h.to == sizeof(image), "%d %s", h.status, h.body);
	part_is(t, "its word is waited for", "pump-1", "in_progress");
	status(t, "stored", "pump-1", "downloaded");
	part_is(t, "stored", "pump-1", "downloaded");
	status(t, "its word", "pump-1", "success");
	part_is(t, "its word", "pump-1", "verifying");
	hush(t, "the proof", "otad/pump-1/seen", SEEN(NEW));
	part_is(t, "the proof", "pump-1", "succeeded");
	tell(t, &told, "otad/pump-1/status",
	    "{\"job\":\"0123456789abcdefghijkl\",\"state\":\"success\"}");
	CHECK(told.rc == -1 && told.e.code == ERR_ABSENT, "another's job: %s", told.e.text);
}

/* It lost what it was told: each seen is a start, and is answered. */
static void
restarts(struct tell *t)
{
	static struct told told;

	tell(t, &told, "otad/pump-2/seen", SEEN(OLD));
	(void)offered("seen", &told, "pump-2");
	tell(t, &told, "otad/pump-2/seen", SEEN(OLD));
	(void)offered("restarted", &told, "pump-2");
	status(t, "it begins", "pump-2", "in_progress");
	part_is(t, "it begins", "pump-2", "in_progress");
	tell(t, &told, "otad/pump-2/seen", SEEN(OLD));
	(void)offered("restarted while it worked", &told, "pump-2");
	part_is(t, "an attempt is lost", "pump-2", "offered");
	status(t, "the second", "pump-2", "failed");
	tell(t, &told, "otad/pump-2/seen", SEEN(OLD));
	(void)offered("the third", &told, "pump-2");
	status(t, "the third", "pump-2", "failed");
	part_is(t, "spent", "pump-2", "failed");
}

static void
told_of_the_end(struct tell *t)
{
	static struct told told;
	char wanted[128];

	tell(t, &told, "otad/pump-3/seen", SEEN(OLD));
	(void)offered("seen", &told, "pump-3");
	tell_cancel(t, job);
	hear(t, &told);
	snprintf(wanted, sizeof(wanted), "{\"job\":\"%s\",\"cancel\":true}", job);
	CHECK(told.n == 1 && strcmp(told.where[0], "otad/pump-3/job") == 0 &&
	    strcmp(told.bytes[0], wanted) == 0, "%d: %s %s", told.n, told.where[0], told.bytes[0]);
}

/* ---- bad input ---- */

static void
bad_words(struct tell *t)
{
	static const struct { const char *where, *payload, *names; } bad[] = {
		{ "otad/x/seen", "", "JSON" }, { "otad/x/seen", "{", "JSON" },
		{ "otad/x/seen", "[]", "object" }, { "otad/x/seen", "{\"a\":1}", "'a'" },
		{ "otad/x/seen", "{\"version\":1}", "version" },
		{ "otad/x/seen", "{\"version\":\"a\\u0007\"}", "version" },
		{ "otad/x/seen", "{\"version\":\"01234567890123456789012345678901234567890123456789"
		  "012345678901234\"}", "version" },
		{ "otad/x/seen", "{\"free\":-1}", "free" }, { "otad/x/seen", "{\"free\":\"1\"}", "free" },
		{ "otad/x/seen", "{\"product\":0}", "product" },
		{ "otad/x/seen", "{\"product\":100000}", "product" },
		{ "otad/x/seen", "{\"slot\":\"a\",\"slot\":\"b\"}", "JSON" },
		{ "otad/a b/seen", "{}", "id" }, { "otad/node/seen", "{}", "id" },
		{ "otad/x/status", "{}", "state" }, { "otad/x/status", "\xff\xfe", "JSON" },
		{ "otad/x/result", "{}", "id" }, { "otad/x/result", "{\"id\":1}", "result" },
		{ "otad/x/result", "{\"id\":\"1\",\"result\":1}", "id" },
		{ "otad/x/result", "{\"id\":1,\"error\":\"no\"}", "error" },
		{ "otad/x/result", "{\"id\":1,\"result\":1,\"error\":{}}", "either" },
	};
	static struct told told;

	EACH(p, bad) {
		tell(t, &told, p->where, p->payload);
		CHECK(told.rc == -1 && told.e.code == ERR_BAD && told.n == 0, "%s %s: %d %s",
		    p->where, p->payload, told.rc, told.e.text);
		CHECK(strstr(told.e.text, p->names) != NULL, "%s: %s", p->payload, told.e.text);
	}
	tell(t, &told, "otad/x/status", "{\"state\":\"success\"}");
	CHECK(told.rc == -1 && told.e.code == ERR_FORBIDDEN, "unknown: %s", told.e.text);
}

/* ---- calls ---- */

struct calling { const char *id, *args; int64_t call; struct call_state state; };

static int
call_tx(struct tx *tx, void *arg, struct err *e)
{
	struct calling *c = arg;

	return call_create(tx, c->id, "reboot", c->args, 20, &c->call, e);
}

static int
look_tx(struct tx *tx, void *arg, struct err *e)
{
	struct calling *c = arg;

	return call_look(tx, c->id, c->call, &c->state, e);
}

static void
answer_is(struct tell *t, struct calling *c, const char *result, const char *error)
{
	struct err e = ERR_INIT;

	CHECK(kit_read(&t->talk.kit, look_tx, c, &e) == 0, "%s", e.text);
	CHECK(c->state.over == (result != NULL || error != NULL), "over");
	CHECK(result == NULL ? c->state.result == NULL : c->state.result != NULL &&
	    strcmp(c->state.result, result) == 0, "%s", c->state.result);
	CHECK(error == NULL ? c->state.error == NULL : c->state.error != NULL &&
	    strcmp(c->state.error, error) == 0, "%s", c->state.error);
	call_state_clear(&c->state);
}

static void
calls(struct tell *t)
{
	static struct told told;
	struct calling c = { .id = "pump-1", .args = "{\"delay_s\": 5}" };
	struct err e = ERR_INIT;
	char wanted[128], payload[128];

	CHECK(kit_write(&t->talk.kit, call_tx, &c, &e) == 0, "%s", e.text);
	hear(t, &told);
	snprintf(wanted, sizeof(wanted), "{\"id\":%lld,\"method\":\"reboot\",\"args\":{\"delay_s\":5}}",
	    (long long)c.call);
	CHECK(told.n == 1 && strcmp(told.where[0], "otad/pump-1/call") == 0 &&
	    strcmp(told.bytes[0], wanted) == 0, "%d: %s %s", told.n, told.where[0], told.bytes[0]);
	hear(t, &told);
	CHECK(told.n == 0, "once");
	snprintf(payload, sizeof(payload), "{\"id\":%lld,\"result\":[true,null]}", (long long)c.call);
	hush(t, "of another device", "otad/pump-2/result", payload);
	answer_is(t, &c, NULL, NULL);
	hush(t, "its answer", "otad/pump-1/result", payload);
	answer_is(t, &c, "[true,null]", NULL);
	hush(t, "doubled", "otad/pump-1/result", payload);
	c.args = "{}";
	CHECK(kit_write(&t->talk.kit, call_tx, &c, &e) == 0, "%s", e.text);
	hear(t, &told);
	CHECK(told.n == 1, "the second: %d", told.n);
	snprintf(payload, sizeof(payload), "{\"id\":%lld,\"error\":{\"code\":404}}", (long long)c.call);
	hush(t, "it cannot", "otad/pump-1/result", payload);
	answer_is(t, &c, NULL, "{\"code\":404}");
	hush(t, "no such call", "otad/pump-1/result", "{\"id\":999999,\"result\":1}");
}

int
main(void)
{
	static const struct kit_file file = { "image", image, sizeof(image) };
	static struct tell t = { .talk = { .enrol = ENROL_OPEN } };

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * i >> 3);
	tell_open(&t);
	talk_product(&t.talk, 23701, "native", "image");
	talk_firmware(&t.talk, NEW, "", &file, 1);
	talk_current(&t.talk, 23701, NEW, job);
	whole_story(&t);
	restarts(&t);
	bad_words(&t);
	calls(&t);
	told_of_the_end(&t);
	tell_close(&t);
	return TEST_END();
}
