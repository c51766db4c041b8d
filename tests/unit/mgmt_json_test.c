/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents as tables, and the parts of a query that have a grammar of their own:
 * each way to be wrong is told by its path and rule, and nothing is half taken. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mgmt/json_in.h"
#include "mgmt/page.h"
#include "otad/auto.h"
#include "test.h"

struct inner {
	int64_t	n;
};
struct form {
	bool		flag;
	int64_t		n, when;
	double		real;
	char		text[9], clock[6];
	int		word;
	const json_t	*list, *object;
	struct inner	inner;
};
static const struct field inner_fields[] = {
	{ "n", WANT_INT, FIELD_NEEDED, .at = offsetof(struct inner, n), .min = 1, .max = 5 },
	{ 0 }
};
static const struct field deep_fields[] = {
	{ "n", WANT_INT, 0, .min = 1, .max = 5 },
	{ "at", WANT_CLOCK, 0, .min = 0 },
	{ 0 }
};
#define AT(m)	offsetof(struct form, m)
static const struct field fields[] = {
	{ "flag", WANT_BOOL, 0, .at = AT(flag) },
	{ "n", WANT_INT, 0, .at = AT(n), .min = -5, .max = 1000000000000 },
	{ "real", WANT_REAL, FIELD_NULL, .at = AT(real), .min = 0, .max = 9 },
	{ "text", WANT_TEXT, FIELD_LINE, .at = AT(text), .min = 2, .max = 8 },
	{ "lines", WANT_TEXT, FIELD_NOT_YET, .min = 0, .max = 8 },
	{ "word", WANT_WORD, 0, .at = AT(word), .words = "red green blue" },
	{ "when", WANT_TIME, 0, .at = AT(when) },
	{ "clock", WANT_CLOCK, 0, .at = AT(clock) },
	{ "list", WANT_LIST, 0, .at = AT(list), .min = 1, .max = 2 },
	{ "object", WANT_OBJECT, 0, .at = AT(object) },
	{ "inner", WANT_OBJECT, FIELD_NULL, .at = AT(inner), .inside = inner_fields },
	{ "later", WANT_LIST, FIELD_NULL | FIELD_NOT_YET, .min = 1, .max = 3,
	  .inside = deep_fields },
	{ "later_word", WANT_WORD, FIELD_NOT_YET, .words = "now then" },
	{ "later_n", WANT_INT, FIELD_NOT_YET, .min = 1, .max = 9, .usual = 3 },
	{ "later_flag", WANT_BOOL, FIELD_NOT_YET, .min = 0 },
	{ 0 }
};

static const struct {
	const char	*text;
	const char	*field, *rule;	/* of the first complaint; NULL: there is none */
	unsigned	count;
} documents[] = {
	{ "{}", NULL, NULL, 0 },
	{ "{\"flag\":true,\"n\":7,\"text\":\"abcdefgh\",\"word\":\"blue\"}", NULL, NULL, 0 },
	{ "{\"n\":7.0}", NULL, NULL, 0 },
	{ "{\"n\":1e3}", NULL, NULL, 0 },
	{ "{\"real\":null,\"inner\":null,\"later\":null}", NULL, NULL, 0 },
	{ "{\"real\":8.5,\"inner\":{\"n\":5},\"clock\":\"23:59\"}", NULL, NULL, 0 },
	{ "{\"when\":\"2026-12-01T02:00:00Z\",\"list\":[1,2],\"object\":{}}", NULL, NULL, 0 },
	{ "{\"later_word\":\"now\",\"later_n\":3,\"later_flag\":false}", NULL, NULL, 0 },
	{ "{\"nn\":7}", "nn", "unknown", 1 },
	{ "{\"a\":1,\"b\":2,\"n\":\"x\"}", "a", "unknown", 3 },
	{ "{\"n\":7.5}", "n", "type", 1 },
	{ "{\"n\":1e300}", "n", "range", 1 },
	{ "{\"n\":-6}", "n", "range", 1 },
	{ "{\"n\":1000000000001}", "n", "range", 1 },
	{ "{\"n\":true}", "n", "type", 1 },
	{ "{\"n\":null}", "n", "type", 1 },
	{ "{\"flag\":1}", "flag", "type", 1 },
	{ "{\"real\":9.1}", "real", "range", 1 },
	{ "{\"text\":\"a\"}", "text", "range", 1 },
	{ "{\"text\":\"abcdefghi\"}", "text", "range", 1 },
	{ "{\"text\":\"a\\nb\"}", "text", "text", 1 },
	{ "{\"text\":[]}", "text", "type", 1 },
	{ "{\"word\":\"gree\"}", "word", "word", 1 },
	{ "{\"word\":\"red green\"}", "word", "word", 1 },
	{ "{\"word\":2}", "word", "type", 1 },
	{ "{\"when\":\"tomorrow\"}", "when", "time", 1 },
	{ "{\"when\":5}", "when", "type", 1 },
	{ "{\"clock\":\"24:00\"}", "clock", "time", 1 },
	{ "{\"clock\":\"3:00\"}", "clock", "time", 1 },
	{ "{\"clock\":\"03:60\"}", "clock", "time", 1 },
	{ "{\"clock\":\"::::::\"}", "clock", "time", 1 },
	{ "{\"list\":[]}", "list", "range", 1 },
	{ "{\"list\":[1,2,3]}", "list", "range", 1 },
	{ "{\"list\":{}}", "list", "type", 1 },
	{ "{\"object\":[]}", "object", "type", 1 },
	{ "{\"inner\":{}}", "inner.n", "missing", 1 },
	{ "{\"inner\":{\"n\":6}}", "inner.n", "range", 1 },
	{ "{\"inner\":{\"n\":1,\"m\":1}}", "inner.m", "unknown", 1 },
	{ "{\"inner\":7}", "inner", "type", 1 },
	{ "{\"later\":[{\"n\":1}]}", "later", "not_yet", 1 },
	{ "{\"later\":[{\"n\":1},{\"n\":9}]}", "later[1].n", "range", 1 },
	{ "{\"later\":[7]}", "later[0]", "type", 1 },
	{ "{\"later_word\":\"then\"}", "later_word", "not_yet", 1 },
	{ "{\"later_n\":4}", "later_n", "not_yet", 1 },
	{ "{\"later_n\":10}", "later_n", "range", 1 },
	{ "{\"later_flag\":true}", "later_flag", "not_yet", 1 },
	{ "{\"lines\":\"\"}", "lines", "not_yet", 1 },
};

static const char *
first(const struct complaints *c, const char *what)
{
	const char *text = json_string_value(json_object_get(json_array_get(c->errors, 0), what));

	return text != NULL ? text : "";
}

static void
read_documents(void)
{
	EACH(d, documents) {
		AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
		struct form form = { .n = -1 };
		json_t *doc = json_loads(d->text, 0, NULL);

		form_read(doc, fields, &form, "", &c);
		CHECK(c.count == d->count, "%s: %u complaints, first '%s'", d->text, c.count,
		    c.first);
		if (d->field != NULL) {
			CHECK(strcmp(first(&c, "field"), d->field) == 0, "%s: field '%s'", d->text,
			    first(&c, "field"));
			CHECK(strcmp(first(&c, "rule"), d->rule) == 0, "%s: rule '%s'", d->text,
			    first(&c, "rule"));
		}
		json_decref(doc);
	}
}

static void
values(void)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct form form = { .n = -1, .word = 9 };
	json_t *doc = json_loads("{\"flag\":true,\"n\":7.0,\"text\":\"abcdefgh\",\"word\":\"blue\","
	    "\"when\":\"1970-01-01T00:00:01Z\",\"clock\":\"02:30\",\"inner\":{\"n\":3},"
	    "\"list\":[4],\"real\":2.5}", 0, NULL);

	form_read(doc, fields, &form, "", &c);
	CHECK(c.count == 0, "%s", c.first);
	CHECK(form.flag && form.n == 7 && form.word == 2 && form.when == 1000, "values");
	CHECK(strcmp(form.text, "abcdefgh") == 0 && strcmp(form.clock, "02:30") == 0, "texts");
	CHECK(form.inner.n == 3 && json_array_size(form.list) == 1 && form.real == 2.5, "inner");
	json_decref(doc);
}

static void
many_complaints(void)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct reply rep = { .status = 0 };
	json_t *doc = json_object(), *problem;
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "x%d", i);
		json_object_set_new(doc, name, json_null());
	}
	json_object_set_new(doc, "later_flag", json_true());
	form_read(doc, fields, NULL, "", &c);
	CHECK(c.count == 101 && json_array_size(c.errors) == COMPLAINTS_MAX, "%u", c.count);
	CHECK(complaints_refuse(&c, &rep) && rep.status == 400, "status %d", rep.status);
	problem = json_loadb(rep.body.p, rep.body.len, 0, NULL);
	CHECK(json_integer_value(json_object_get(problem, "status")) == 400, "no problem");
	CHECK(strcmp(rep.type, "application/problem+json") == 0, "%s", rep.type);
	json_decref(problem);
	json_decref(doc);
	reply_clear(&rep);
}

/* ---- bodies ---- */

static const struct {
	const char	*text;
	const char	*rule;		/* NULL: taken */
} bodies[] = {
	{ "{\"a\":1}", NULL },
	{ " {} \n", NULL },
	{ "{\"a\":1,\"a\":2}", "duplicate" },
	{ "{\"b\":{\"a\":1,\"a\":2}}", "duplicate" },
	{ "{\"a\":1}x", "json" },
	{ "{\"a\":1,}", "json" },
	{ "{\"a\":\"\\u0000\"}", "json" },
	{ "{\"\\u0000\":1}", "json" },
	{ "{\"a\":\"\xff\"}", "json" },
	{ "{\"a\":\"\\ud800\"}", "json" },
	{ "{\"a\":99999999999999999999}", "json" },
	{ "{\"a\":NaN}", "json" },
	{ "[]", "type" },
	{ "7", "json" },
	{ "", "missing" },
};

static void
read_bodies(void)
{
	EACH(b, bodies) {
		struct request rq = { .body = b->text, .body_len = strlen(b->text),
		    .body_type = "application/json" };
		struct err e = ERR_INIT;
		json_t *doc = body_object(&rq, false, &e);

		CHECK((doc != NULL) == (b->rule == NULL), "%s: %s", b->text, e.text);
		if (b->rule != NULL)
			CHECK(e.code == ERR_BAD && strcmp(e.rule, b->rule) == 0, "%s: rule '%s'",
			    b->text, e.rule);
		json_decref(doc);
	}
}

static void
deep_bodies(void)
{
	static char text[65536];
	struct request rq = { .body = text, .body_type = "" };
	struct err e = ERR_INIT;

	memset(text, '[', sizeof text - 1);
	rq.body_len = sizeof text - 1;
	CHECK(body_object(&rq, false, &e) == NULL && e.code == ERR_BAD, "%s", e.text);
	for (int depth = 31; depth <= 33; depth++) {
		struct buf b = BUF_INIT;
		json_t *doc;

		buf_adds(&b, "{\"a\":");
		for (int i = 1; i < depth; i++)
			buf_adds(&b, "[");
		for (int i = 1; i < depth; i++)
			buf_adds(&b, "]");
		buf_adds(&b, "}");
		rq.body = b.p;
		rq.body_len = b.len;
		doc = body_object(&rq, false, &e);
		CHECK((doc != NULL) == (depth <= 32), "depth %d", depth);
		json_decref(doc);
		buf_free(&b);
	}
	rq.body_type = "image/png";
	CHECK(body_object(&rq, false, &e) == NULL && e.code == ERR_MEDIA, "%s", e.text);
	rq.body_len = 0;
	json_decref(body_object(&rq, true, &e));
}

/* ---- facts ---- */

static const struct {
	const char	*text, *facts;	/* facts NULL: refused */
} sets[] = {
	{ "{}", "" },
	{ "{\"site\":\"berlin\",\"flash\":4194304}", "site=berlin\nflash=4194304\n" },
	{ "{\"Site\":\"x\"}", NULL },
	{ "{\"\":\"x\"}", NULL },
	{ "{\"a b\":\"x\"}", NULL },
	{ "{\"a\":\"x\\ny\"}", NULL },
	{ "{\"a\":true}", NULL },
	{ "{\"a\":1.5}", NULL },
	{ "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}", NULL },
	{ "{\"a\":\"0123456789012345678901234567890123456789\"}", NULL },
};

static void
read_facts(void)
{
	EACH(s, sets) {
		AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
		AUTO(buf) struct buf facts = BUF_INIT;
		json_t *doc = json_loads(s->text, 0, NULL);

		facts_read(doc, "tags", 2, 40, &facts, &c);
		CHECK((c.count == 0) == (s->facts != NULL), "%s: %s", s->text, c.first);
		if (s->facts != NULL)
			CHECK(strcmp(buf_str(&facts), s->facts) == 0, "%s", buf_str(&facts));
		json_decref(doc);
	}
}

/* ---- pages ---- */

static const char *
query(const struct request *rq, const char *name)
{
	const char *const *args = rq->carrier;

	return strcmp(name, "limit") == 0 ? args[0] : strcmp(name, "cursor") == 0 ? args[1] : NULL;
}

static const struct {
	const char	*args[2];
	const char	*field;		/* NULL: taken */
	int		limit;
	int64_t		from;
} pages[] = {
	{ { NULL, NULL }, NULL, 100, 0 },
	{ { "1", "d1f" }, NULL, 1, 31 },
	{ { "1000", "dffffffffffffff" }, NULL, 1000, 0xffffffffffffff },
	{ { "0", NULL }, "limit", 0, 0 },
	{ { "1001", NULL }, "limit", 0, 0 },
	{ { "-1", NULL }, "limit", 0, 0 },
	{ { "1e2", NULL }, "limit", 0, 0 },
	{ { "", NULL }, "limit", 0, 0 },
	{ { "99999999999999999999999", NULL }, "limit", 0, 0 },
	{ { NULL, "" }, "cursor", 0, 0 },
	{ { NULL, "d" }, "cursor", 0, 0 },
	{ { NULL, "j1f" }, "cursor", 0, 0 },
	{ { NULL, "d1F" }, "cursor", 0, 0 },
	{ { NULL, "d1f " }, "cursor", 0, 0 },
	{ { NULL, "dffffffffffffffffff" }, "cursor", 0, 0 },
};

static void
open_pages(void)
{
	EACH(p, pages) {
		AUTO(page) struct page page = PAGE_INIT;
		struct request rq = { .query_ = query,
		    .carrier = (void *)(uintptr_t)(const void *)p->args };
		struct err e = ERR_INIT;
		int rc = page_open(&page, NULL, &rq, 'd', &e);

		CHECK((rc == 0) == (p->field == NULL), "limit %s, cursor %s: %s", p->args[0],
		    p->args[1], e.text);
		if (rc != 0)
			CHECK(e.code == ERR_BAD && strcmp(e.field, p->field) == 0, "%s", e.field);
		else
			CHECK(page.limit == p->limit && page.from == p->from, "%d from %lld",
			    page.limit, (long long)page.from);
	}
}

int
main(void)
{
	read_documents();
	values();
	many_complaints();
	read_bodies();
	deep_bodies();
	read_facts();
	open_pages();
	return TEST_END();
}
