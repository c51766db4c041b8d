/* SPDX-License-Identifier: Apache-2.0
 *
 * What is understood of a RainMaker node's payloads (tests/data/rainmaker: topic
 * and payload), and how an offer is worded for readers that know no escapes. */
#include "dialect/rainmaker/rainmaker.h"
#include "otad/utf8.h"
#include "wire_cases.h"

/* The payload: what stands behind the empty line, without the file's last LF. */
static size_t
payload_length(const struct request *rq)
{
	return rq->body_len - (rq->body_len > 0 && rq->body[rq->body_len - 1] == '\n');
}

static void
describe_node(const struct sighting *s, struct buf *ret)
{
	char key[33], value[FACT_VALUE_MAX];

	describe_word("version", s->version, ret);
	for (const char *at = s->facts; facts_next(&at, key, value); )
		buf_addf(ret, "fact %s=%s\n", key, value);
	if (s->rebooted)
		buf_adds(ret, "rebooted\n");
	if (node_is_at(s->facts))
		buf_adds(ret, "AT\n");
}

static void
describe_status(const struct report *r, struct buf *ret)
{
	describe_word("job", r->job, ret);
	buf_adds(ret, happening_word(r->what));
	if (r->progress >= 0)
		buf_addf(ret, " %d", r->progress);
	if (r->delay_s != 0)
		buf_addf(ret, " %d", r->delay_s);
	buf_adds(ret, r->attempt_goes_on ? ", goes on\n" : r->comes_back ? ", comes back\n" : "\n");
	describe_word("detail", r->detail, ret);
}

static const struct topic *
topic_of(struct request *rq)
{
	for (const struct topic *t = dialect_rainmaker.topics; t->pattern != NULL; t++)
		if (route_match(t->pattern, rq->path, rq->params))
			return t;
	return NULL;
}

static bool
ends(const char *text, const char *with)
{
	size_t n = strlen(text), k = strlen(with);

	return n >= k && strcmp(text + n - k, with) == 0;
}

static void
describe(const struct request *given, struct buf *ret)
{
	struct request rq = *given;
	const struct topic *t = topic_of(&rq);
	char body[8192];
	size_t n = payload_length(&rq);
	struct sighting s = { .version = "" };
	struct report r;
	struct err e = ERR_INIT;
	int rc;

	memcpy(body, rq.body, n);
	body[n] = '\0';
	if (t == NULL) {
		buf_adds(ret, "nobody listens\n");
		return;
	}
	rc = node_id(&rq, &s, &e);
	if (rc == 0 && ends(t->pattern, "/config"))
		rc = node_config(body, n, &s, &e);
	else if (rc == 0 && ends(t->pattern, "/otafetch"))
		rc = node_fetch(body, n, &s, &e);
	else if (rc == 0 && ends(t->pattern, "/otastatus"))
		rc = node_status(body, n, &r, &e);
	else
		s.rebooted = true;
	if (rc != 0) {
		describe_refusal(&e, ret);
		return;
	}
	CHECK(s.identity == ID_ACCOUNT && s.told == BY_MQTT, "%s", s.id);
	CHECK(s.family == &dialect_rainmaker.family, "family");
	buf_addf(ret, "id %s\n", s.id);
	if (ends(t->pattern, "/otastatus"))
		describe_status(&r, ret);
	else
		describe_node(&s, ret);
}

/* ---- binary ---- */

/* Bytes that are no text leave texts behind, cut between characters. */
static void
binary(void)
{
	static const char body[] = "{\"ota_job_id\":\"J\",\"status\":\"failed\",\"additional_info\":"
	    "\"a\x01\xff\xc3\xa4\x7f\0never\",\"ts\":1}";
	AUTO(buf) struct buf longer = BUF_INIT;
	struct report r;
	struct err e = ERR_INIT;

	CHECK(node_status(body, sizeof(body) - 1, &r, &e) == 0, "%s", e.text);
	CHECK(strcmp(r.detail, "a??\xc3\xa4?") == 0, "'%s'", r.detail);
	buf_adds(&longer, "{\"status\":\"failed\",\"additional_info\":\"x");
	for (int i = 0; i < 200; i++)
		buf_adds(&longer, "\xe2\x82\xac");
	buf_adds(&longer, "\"}");
	CHECK(node_status(longer.p, longer.len, &r, &e) == 0, "%s", e.text);
	CHECK(strlen(r.detail) == 256 && utf8_is_text(r.detail, false), "%zu", strlen(r.detail));
	for (int n = 1; n <= 32; n++) {		/* … and behind a word of any length */
		buf_clear(&longer);
		buf_addf(&longer, "{\"status\":\"%.*s\",\"additional_info\":\"", n,
		    "abcdefghijklmnopqrstuvwxyz012345");
		for (int i = 0; i < 85; i++)
			buf_adds(&longer, "\xe2\x82\xac");
		buf_adds(&longer, "\"}");
		CHECK(node_status(longer.p, longer.len, &r, &e) == 0, "%s", e.text);
		CHECK(r.what == HAP_HEARD && utf8_is_text(r.detail, false), "%d: %s", n, r.detail);
	}
	buf_clear(&longer);
	for (int i = 0; i < 5000; i++)
		buf_adds(&longer, "{\"a\":");
	CHECK(node_status(longer.p, longer.len, &r, &e) == -1, "nested");
	CHECK(node_config(longer.p, longer.len, &(struct sighting){ .version = "" }, &e) == -1,
	    "nested");
}

/* ---- wording ---- */

#define LINK	"http://ota.example.net:8080/d/1~2~5b25~image~6ab4f000~00ff/v1.1.0t23333a.bin"
#define HEAD	"{\"ota_job_id\":\"h7Qd2mVnT4sWx9KpLz3RbE\",\"url\":\"" LINK "\"," \
	"\"file_md5\":\"000102030405060708090a0b0c0d0e0f\",\"fw_version\":"
#define NAME	"\"v1.1.0t23333(a)\",\"file_size\":1048576"

static struct answer
an_answer(void)
{
	struct answer a = { .verdict = VERDICT_OFFER, .execution = { .ptype = 23333,
	    .job_id = "h7Qd2mVnT4sWx9KpLz3RbE" }, .image = { .size = 1048576 },
	    .firmware = "v1.1.0t23333(a)" };

	for (int i = 0; i < MD5_LEN; i++)
		a.image.md5[i] = (uint8_t)i;
	return a;
}

static void
offers(void)
{
	static const struct {
		const char *native, *metadata, *facts;
		uint32_t ptype;			/* of the device */
		const char *wanted;		/* NULL: refused */
	} t[] = {
		{ "1.1.0", "", "", 23333, HEAD "\"1.1.0\",\"file_size\":1048576}" },
		{ "", "", "", 23333, HEAD NAME "}" },
		{ "", "{}", "", 23333, HEAD NAME "}" },
		{ "", "[1]", "", 23333, HEAD NAME "}" },
		{ "1,1 \xc3\xa4", "", "", 23333, HEAD "\"1,1 \xc3\xa4\",\"file_size\":1048576}" },
		{ "a\"b", "", "", 23333, HEAD NAME "}" },
		{ "a\\b", "", "", 23333, HEAD NAME "}" },
		{ "", "{\"validity\":{\"end\":1790000000}}", "", 23333,
		  HEAD NAME ",\"metadata\":{\"validity\":{\"end\":1790000000}}}" },
		{ "", "{\"note\":\"a/b\"}", "", 23333, HEAD NAME ",\"metadata\":{\"note\":\"a/b\"}}" },
		{ "", "{\"note\":\"a\\\"b\"}", "", 23333, NULL },
		{ "", "{\"note\":\"a\\nb\"}", "", 23333, NULL },
		{ "", "{\"validity\":{}}", "type=AT Node\n", 23333, HEAD NAME "}" },
		{ "", "{\"validity\":{}}", "model=esp-at\n", 23333, HEAD NAME "}" },
		{ "", "{\"validity\":{}}", "type=AT Node\n", 24444,
		  HEAD NAME ",\"metadata\":{\"esp.ota.target\":\"host_mcu\"}}" },
		{ "2,1", "", "type=AT Node\n", 24444,
		  HEAD NAME ",\"metadata\":{\"esp.ota.target\":\"host_mcu\"}}" },
	};

	EACH(p, t) {
		struct answer a = an_answer();
		struct device d = { .id = "246F28A1B2C3", .ptype = p->ptype };
		struct outgoing out = { .carrier = BY_NOTHING };
		struct err e = ERR_INIT;
		int rc;

		snprintf(a.native, sizeof(a.native), "%s", p->native);
		snprintf(a.metadata, sizeof(a.metadata), "%s", p->metadata);
		snprintf(d.facts, sizeof(d.facts), "%s", p->facts);
		rc = node_offer(&d, &a, LINK, &out, &e);
		CHECK((rc == 0) == (p->wanted != NULL), "%s %s: %s", p->native, p->metadata, e.text);
		if (rc == 0 && p->wanted != NULL) {
			CHECK(strcmp(buf_str(&out.bytes), p->wanted) == 0, "\n%s\n%s",
			    buf_str(&out.bytes), p->wanted);
			CHECK(strcmp(out.where, "node/246F28A1B2C3/otaurl") == 0, "%s", out.where);
			CHECK(out.carrier == BY_MQTT && out.bytes.len < 1024, "carrier, size");
		} else
			CHECK(e.code == ERR_INVALID && out.bytes.len == 0, "%s", e.text);
		buf_free(&out.bytes);
	}
}

static void
links(void)
{
	static const struct { const char *link; bool host, ok; } t[] = {
		{ "http://a,b/d/x/y.bin", false, true },
		{ "http://a,b/d/x/y.bin", true, false },
		{ "http://a b/d/x/y.bin", false, false },
		{ "http://a\\b/d/x/y.bin", false, false },
		{ "http://a\"b/d/x/y.bin", false, false },
	};
	char longest[1000];

	EACH(p, t) {
		struct answer a = an_answer();
		struct device d = { .id = "n", .ptype = p->host ? 1 : 23333 };
		struct outgoing out = { .carrier = BY_NOTHING };
		struct err e = ERR_INIT;

		CHECK((node_offer(&d, &a, p->link, &out, &e) == 0) == p->ok, "%s: %s", p->link,
		    e.text);
		buf_free(&out.bytes);
	}
	memset(longest, 'a', sizeof(longest));
	for (size_t n = 899; n <= 900; n++) {
		struct answer a = an_answer();
		struct device d = { .id = "n", .ptype = 23333 };
		struct outgoing out = { .carrier = BY_NOTHING };
		struct err e = ERR_INIT;

		longest[n] = '\0';
		CHECK((node_offer(&d, &a, longest, &out, &e) == 0) == (n == 899), "%zu", n);
		longest[n] = 'a';
		buf_free(&out.bytes);
	}
}

int
main(void)
{
	wire_cases("tests/data/rainmaker", 40, describe);
	binary();
	offers();
	links();
	return TEST_END();
}
