/* SPDX-License-Identifier: Apache-2.0
 *
 * What is understood of an updater's request (tests/data/arduino), which addresses
 * the setting gives, and how a refusal is worded. Whole conversations, with a core
 * behind them, are scenarios. */
#include "dialect/arduino/arduino.h"
#include "wire_cases.h"

/* ---- requests ---- */

static void
describe_poll(const struct poll *p, struct buf *ret)
{
	static const char *const boards[] = { "esp8266", "esp32", "none" };
	static const char *const wants[] = { "sketch", "files", "version" };
	char key[33], value[FACT_VALUE_MAX], hex[HEX_LEN(SHA256_LEN)];

	buf_addf(ret, "board %s\nwants %s\n", boards[p->board], wants[p->wants]);
	describe_identity(&p->who, ret);
	describe_word("version", p->who.version, ret);
	EACH(h, p->who.hashes)
		if (h->len > 0)
			describe_word(h->name, hex_encode(hex, h->bytes, h->len), ret);
	describe_word("part", p->who.part, ret);
	for (const char *at = p->who.facts; facts_next(&at, key, value); )
		buf_addf(ret, "fact %s=%s\n", key, value);
	CHECK(strcmp(p->who.address, "192.0.2.7") == 0, "address '%s'", p->who.address);
	CHECK(p->who.family == &dialect_arduino.family, "family");
}

static void
describe(const struct request *rq, struct buf *ret)
{
	const char *line = arduino_script_refuses(rq);
	struct err e = ERR_INIT;
	struct poll p;

	if (arduino_read(rq, 0, &p, &e))
		describe_refusal(&e, ret);
	else
		describe_poll(&p, ret);
	buf_addf(ret, "script %s", line != NULL ? line : "takes it\n");
}

static void
certificates(void)
{
	static const struct { const char *peer; enum identity identity; } peers[] = {
		{ NULL, ID_CLAIMED },
		{ "5CCF7F123456", ID_ACCOUNT }, { "5c:cf:7f:12:34:56", ID_ACCOUNT },
		{ "5CCF7F123457", ID_CLAIMED }, { "all our lamps", ID_CLAIMED },
	};

	EACH(t, peers) {
		struct err e = ERR_INIT;
		struct poll p = { 0 };
		struct fake f;

		fake_head(&f, "GET /arduino/update HTTP/1.0\n"
		    "x-ESP8266-STA-MAC: 5C:CF:7F:12:34:56\n\n");
		f.rq.peer = t->peer;
		CHECK(arduino_read(&f.rq, 45772, &p, &e) == 0, "%s", e.text);
		CHECK(p.who.identity == t->identity, "peer '%s': %d", t->peer, p.who.identity);
		CHECK(p.who.ptype == 45772, "product of the path: %u", p.who.ptype);
	}
}

/* ---- addresses of the setting ---- */

static void
settings(void)
{
	static const struct { const char *text, *bad; } texts[] = {
		{ "", NULL }, { "  \t ", NULL },
		{ "/esp/update=table", NULL },
		{ " /esp/update=table\t/file.bin=simple:45772 ", NULL },
		{ "/a=b=table", NULL },
		{ "/x=simple:1 /y=simple:99999", NULL },
		{ "esp=table", "starts with /" }, { "/esp", "is wanted" }, { "=table", "is wanted" },
		{ "/esp=", "behind =" }, { "/esp=tables", "behind =" }, { "/esp=Table", "behind =" },
		{ "/esp=simple", "behind =" }, { "/esp=simple:", "behind =" },
		{ "/esp=simple:0", "behind =" }, { "/esp=simple:1x", "behind =" },
		{ "/esp=simple:100000", "behind =" }, { "/esp=simple:-1", "behind =" },
		{ "/esp=table /esp=simple:1", "twice" },
		{ "/arduino/update=table", "already" }, { "/arduino/7/update=table", "already" },
		{ "/{x}=table", "{ }" }, { "/x?y=table", "?" },
		{ "/0123456789012345678901234567890123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789012345678901234567890123=table",
		  "128" },
	};

	EACH(t, texts) {
		struct paths *p = NULL;
		struct err e = ERR_INIT;
		int r = arduino_paths_parse(t->text, &p, &e);

		CHECK((r == 0) == (t->bad == NULL), "'%s': %s", t->text, e.text);
		CHECK(r == 0 || strstr(e.text, t->bad) != NULL, "'%s': %s", t->text, e.text);
		CHECK(r == 0 || strcmp(e.field, "arduino.paths") == 0, "'%s'", e.field);
		if (r == 0)
			arduino_paths_free(p);
	}
}

static void
too_many(void)
{
	AUTO(buf) struct buf text = BUF_INIT;
	struct paths *p = NULL;
	struct err e = ERR_INIT;

	for (int i = 0; i < 64; i++)
		buf_addf(&text, "/%d=table ", i);
	CHECK(arduino_paths_parse(text.p, &p, &e) == 0, "64 paths: %s", e.text);
	arduino_paths_free(p);
	buf_adds(&text, "/64=table");
	CHECK(arduino_paths_parse(text.p, &p, &e) == -1, "65 paths");
}

static void
finding(void)
{
	static const struct { const char *head; bool found; } heads[] = {
		{ "GET /esp/update HTTP/1.0\n\n", true },
		{ "HEAD /file.bin HTTP/1.0\n\n", true },
		{ "GET /esp/update/ HTTP/1.0\n\n", false },
		{ "GET /esp HTTP/1.0\n\n", false },
		{ "POST /esp/update HTTP/1.0\n\n", false },
	};
	struct paths *p = NULL;
	struct err e = ERR_INIT;

	CHECK(arduino_paths_parse("/esp/update=table /file.bin=simple:45772", &p, &e) == 0,
	    "%s", e.text);
	EACH(t, heads) {
		const struct route *r;
		struct fake f;

		fake_head(&f, t->head);
		r = arduino_paths_find(p, &f.rq);
		CHECK((r != NULL) == t->found, "%s", t->head);
		CHECK(r == NULL || (r->method == M_GET && r->rights == FOR_DEVICES &&
		    r->read != NULL && strcmp(r->pattern, f.rq.path) == 0), "%s", t->head);
		CHECK(arduino_paths_find(NULL, &f.rq) == NULL, "nothing is set");
	}
	arduino_paths_free(p);
}

/* ---- refusals ---- */

static const char *
reply_value(const struct reply *rep, const char *name)
{
	for (int i = 0; i < rep->nheaders; i++)
		if (strcasecmp(rep->headers[i].name, name) == 0)
			return rep->headers[i].value;
	return NULL;
}

static void
refusals(void)
{
	static const struct { enum err_code code; const char *text; int status; } refused[] = {
		{ ERR_AUTH, "not the key of this device", 401 },
		{ ERR_FORBIDDEN, "this device is blocked", 403 },
		{ ERR_ABSENT, "", 404 },
		{ ERR_BUSY, "", 503 },
	};

	EACH(t, refused) {
		struct reply rep = { 0 };
		struct err e = ERR_INIT;
		const char *login;
		struct fake f;

		fake_head(&f, "GET /arduino/update HTTP/1.0\n\n");
		err_set(&e, t->code, "%s", t->text);
		arduino_refuse(&e, &f.rq, &rep);
		login = reply_value(&rep, "WWW-Authenticate");
		CHECK(rep.status == t->status && rep.close, "%d: %d", t->status, rep.status);
		CHECK(rep.body.len > 1 && rep.body.p[rep.body.len - 1] == '\n', "a line");
		CHECK((login != NULL) == (t->status == 401), "%d", t->status);
		CHECK(login == NULL || strcmp(login, "Basic realm=\"ota\"") == 0, "%s", login);
		reply_clear(&rep);
	}
}

/* ---- a file ---- */

static void
files(void)
{
	static const struct {
		const char	*firmware, *native;
		enum wants	wants;
		const char	*disposition, *version;
	} names[] = {
		{ "v1.0.1t45772(a)", "DOOR-7-g14f53a19", WANTS_SKETCH,
		  "attachment; filename=DOOR-7-g14f53a19.bin", "DOOR-7-g14f53a19" },
		{ "v1.0.1t45772(a)", "", WANTS_SKETCH,
		  "attachment; filename=\"v1.0.1t45772(a).bin\"", "v1.0.1t45772(a)" },
		{ "v1.0.1t45772(a)", "", WANTS_FILES,
		  "attachment; filename=\"v1.0.1t45772(a)-filesystem.bin\"", "v1.0.1t45772(a)" },
		{ "v1.0.1t45772(a)", "../\"x\\y", WANTS_SKETCH,
		  "attachment; filename=.._" "_x_y.bin", "../\"x\\y" },
		{ "v1.0.1t45772(a)", "7", WANTS_VERSION, NULL, "7" },
	};
	static const struct image i = { .size = 4096, .md5 = { 0xab, 0xcd }, .sha256 = { 0xef } };

	EACH(t, names) {
		struct exchange x = { .rep.status = 0 };
		const struct reply *rep = &x.rep;
		const char *disposition;

		arduino_say_file(&x, t->wants, &i, t->firmware, t->native);
		disposition = reply_value(rep, "Content-Disposition");
		CHECK(rep->status == 200 && rep->close && rep->nheaders < 6, "%d", rep->status);
		CHECK(strcmp(reply_value(rep, "x-version"), t->version) == 0, "%s", t->version);
		CHECK(strcmp(reply_value(rep, "x-MD5"), "abcd0000000000000000000000000000") == 0,
		    "%s", reply_value(rep, "x-MD5"));
		CHECK(strncmp(reply_value(rep, "x-SHA256"), "ef00", 4) == 0, "x-SHA256");
		CHECK((disposition == NULL) == (t->disposition == NULL) && (disposition == NULL ||
		    strcmp(disposition, t->disposition) == 0), "%s", disposition);
		CHECK(rep->has_image == (t->wants != WANTS_VERSION), "%s", t->version);
		CHECK(!rep->has_image || (rep->from == 0 && rep->to == 4096 &&
		    same_bytes(rep->image, i.sha256, SHA256_LEN)), "the whole image");
	}
}

int
main(void)
{
	wire_cases("tests/data/arduino", 45, describe);
	certificates();
	settings();
	too_many();
	finding();
	refusals();
	files();
	return TEST_END();
}
