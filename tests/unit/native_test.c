/* SPDX-License-Identifier: Apache-2.0
 *
 * What is understood of a request in the native dialect (tests/data/native), of
 * the body of a status, and how a refusal is worded. Whole conversations, with a
 * core behind them, are scenarios. */
#include "dialect/native/native.h"
#include "wire_cases.h"

static void
describe(const struct request *rq, struct buf *ret)
{
	struct err e = ERR_INIT;
	struct sighting s;

	if (native_read(rq, &s, &e)) {
		describe_refusal(&e, ret);
		return;
	}
	describe_identity(&s, ret);
	if (s.ptype != 0)
		buf_addf(ret, "ptype %u\n", s.ptype);
	describe_word("version", s.version, ret);
	describe_word("slot", s.slot, ret);
	describe_word("part", s.part, ret);
	if (s.facts[0] != '\0')
		buf_addf(ret, "facts %s", s.facts);
	if (s.resumes)
		buf_adds(ret, "resumes\n");
	CHECK(strcmp(s.address, "192.0.2.7") == 0, "address '%s'", s.address);
	CHECK(s.family == &dialect_native.family, "family");
}

/* A certificate vouches for one id; X-Device-Id may then be left out. */
static void
certificates(void)
{
	static const struct { const char *head, *peer, *id; enum identity identity; int bad; } t[] = {
		{ "GET / HTTP/1.1\nX-Device-Id: pump-1\n\n", "pump-1", "pump-1", ID_ACCOUNT, 0 },
		{ "GET / HTTP/1.1\n\n", "pump-1", "pump-1", ID_ACCOUNT, 0 },
		{ "GET / HTTP/1.1\nX-Device-Id: pump-1\n\n", NULL, "pump-1", ID_CLAIMED, 0 },
		{ "GET / HTTP/1.1\nX-Device-Id: pump-2\n\n", "pump-1", "", 0, 403 },
		{ "GET / HTTP/1.1\n\n", "pump/1", "", 0, 400 },
		{ "GET / HTTP/1.1\n\n", NULL, "", 0, 400 },
	};

	EACH(p, t) {
		struct sighting s = { .identity = ID_CLAIMED };
		struct err e = ERR_INIT;
		struct fake f;
		int r;

		fake_head(&f, p->head);
		f.rq.peer = p->peer;
		r = native_read(&f.rq, &s, &e);
		CHECK(r == 0 ? p->bad == 0 : err_http(&e) == p->bad, "'%s': %s", p->peer, e.text);
		CHECK(strcmp(s.id, p->id) == 0 && s.identity == p->identity, "'%s': '%s' %d",
		    p->peer, s.id, s.identity);
	}
}

static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123"
    "01234567890123456789012345678901234567890123456789012345678901230123456789012345678901234567"
    "8901234567890123456789012345678901230123456789012345678901234567890123456789012345678901234";

static void
sound_statuses(void)
{
	static const struct { const char *body; struct report r; } sound[] = {
		{ "{\"state\":\"success\"}", { .what = HAP_SUCCESS, .progress = -1 } },
		{ " {\"state\":\"in_progress\", \"progress\":40}\n",
		  { .what = HAP_PROGRESS, .progress = 40 } },
		{ "{\"state\":\"in_progress\",\"progress\":100.0}",
		  { .what = HAP_PROGRESS, .progress = 100 } },
		{ "{\"job\":\"0123456789abcdefghijkl\",\"state\":\"downloaded\",\"progress\":0}",
		  { .what = HAP_STORE, .job = "0123456789abcdefghijkl" } },
		{ "{\"state\":\"failed\",\"detail\":\"flash \\u00e4\"}",
		  { .what = HAP_FAILURE, .progress = -1, .detail = "flash ä" } },
		{ "{\"state\":\"delayed\",\"delay_s\":3600}",
		  { .what = HAP_DELAY, .progress = -1, .delay_s = 3600 } },
		{ "{\"state\":\"rejected\",\"job\":null,\"progress\":null,\"detail\":null,"
		  "\"delay_s\":null}", { .what = HAP_REJECT, .progress = -1 } },
	};

	EACH(t, sound) {
		struct err e = ERR_INIT;
		struct report r;

		CHECK(native_status(t->body, strlen(t->body), &r, &e) == 0, "%s: %s", t->body,
		    e.text);
		CHECK(r.what == t->r.what && r.progress == t->r.progress &&
		    r.delay_s == t->r.delay_s && !r.attempt_goes_on, "%s", t->body);
		CHECK(strcmp(r.job, t->r.job) == 0 && strcmp(r.detail, t->r.detail) == 0, "%s",
		    t->body);
	}
}

static void
bad_statuses(void)
{
	static const struct { const char *body; int status; const char *names; } bad[] = {
		{ "", 400, "JSON" }, { "{", 400, "line 1" }, { "state=success", 400, "JSON" },
		{ "[]", 400, "object" }, { "\"success\"", 400, "JSON" },
		{ "{\"state\":\"success\"} x", 400, "JSON" },
		{ "{\"state\":\"success\",\"state\":\"failed\"}", 400, "JSON" },
		{ "{\"state\":\"success\",\"job\":\"a\\u0000b\"}", 400, "JSON" },
		{ "{\"state\":\"success\",\"detail\":\"\xff\"}", 400, "JSON" },
		{ "{}", 400, "state is missing" }, { "{\"state\":null}", 400, "state is missing" },
		{ "{\"state\":\"done\"}", 400, "in_progress, downloaded" },
		{ "{\"state\":\"Success\"}", 400, "in_progress, downloaded" },
		{ "{\"state\":1}", 400, "state" },
		{ "{\"state\":\"success\",\"version\":\"1\"}", 400, "unknown field 'version'" },
		{ "{\"state\":\"success\",\"job\":7}", 400, "job" },
		{ "{\"state\":\"success\",\"job\":\"0123456789abcdefghijklm\"}", 404, "job" },
		{ "{\"state\":\"success\",\"progress\":101}", 400, "progress" },
		{ "{\"state\":\"success\",\"progress\":-1}", 400, "progress" },
		{ "{\"state\":\"success\",\"progress\":1.5}", 400, "progress" },
		{ "{\"state\":\"success\",\"progress\":1e300}", 400, "progress" },
		{ "{\"state\":\"success\",\"progress\":\"40\"}", 400, "progress" },
		{ "{\"state\":\"success\",\"detail\":{}}", 400, "detail" },
		{ "{\"state\":\"delayed\",\"delay_s\":0}", 400, "delay_s" },
		{ "{\"state\":\"delayed\",\"delay_s\":2592001}", 400, "delay_s" },
		{ "{\"state\":\"success\",\"delay_s\":60}", 400, "delay_s" },
	};

	EACH(t, bad) {
		struct report r = { .progress = 77 };
		struct err e = ERR_INIT;

		CHECK(native_status(t->body, strlen(t->body), &r, &e) == -1, "%s", t->body);
		CHECK(err_http(&e) == t->status && strstr(e.text, t->names) != NULL, "%s: %d %s",
		    t->body, err_http(&e), e.text);
		CHECK(r.progress == 77, "%s: untouched", t->body);
	}
}

/* A long detail is cut between characters, never inside one. */
static void
long_details(void)
{
	AUTO(buf) struct buf body = BUF_INIT;
	struct err e = ERR_INIT;
	struct report r;

	for (size_t n = DETAIL_MAX - 6; n < DETAIL_MAX; n++) {
		buf_clear(&body);
		buf_addf(&body, "{\"state\":\"failed\",\"detail\":\"%.*s€€\"}",
		    (int)(n < sizeof(longest) - 1 ? n : sizeof(longest) - 1), longest);
		CHECK(native_status(body.p, body.len, &r, &e) == 0, "%s", e.text);
		CHECK(strlen(r.detail) <= DETAIL_MAX - 1 && strlen(r.detail) % 3 ==
		    (n < sizeof(longest) - 1 ? n : sizeof(longest) - 1) % 3, "%zu: '%s'", n,
		    r.detail);
	}
	buf_clear(&body);
	for (int i = 0; i < 40000; i++)
		buf_adds(&body, "[");
	CHECK(native_status(body.p, body.len, &r, &e) == -1, "nested");
}

static void
refusals(void)
{
	static const struct { enum err_code code; int status; const char *header, *value; } t[] = {
		{ ERR_AUTH, 401, "WWW-Authenticate", "token realm=\"otad\"" },
		{ ERR_BUSY, 503, "Retry-After", "5" },
		{ ERR_FORBIDDEN, 403, NULL, NULL },
		{ ERR_ABSENT, 404, NULL, NULL },
	};

	EACH(p, t) {
		struct reply rep = { 0 };
		struct err e = ERR_INIT;
		struct fake f;

		fake_head(&f, "GET /device/update HTTP/1.1\n\n");
		err_set(&e, p->code, "the reason");
		native_refuse(&e, &f.rq, &rep);
		CHECK(rep.status == p->status && strcmp(rep.body.p, "the reason\n") == 0, "%d: %d %s",
		    p->status, rep.status, rep.body.p);
		CHECK(rep.nheaders == (p->header != NULL), "%d", p->status);
		CHECK(p->header == NULL || (strcmp(rep.headers[0].name, p->header) == 0 &&
		    strcmp(rep.headers[0].value, p->value) == 0), "%d", p->status);
		reply_clear(&rep);
	}
}

int
main(void)
{
	wire_cases("tests/data/native", 25, describe);
	certificates();
	sound_statuses();
	bad_statuses();
	long_details();
	refusals();
	return TEST_END();
}
