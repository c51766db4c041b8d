/* SPDX-License-Identifier: Apache-2.0
 *
 * Scenarios as text: words, JSON, blocks, names, and what is said of mistakes. */
#include <string.h>
#include "otafleet/path.h"
#include "otafleet/script.h"
#include "otafleet/vars.h"
#include "test.h"

/* Words joined by |, the block after =, statements ended by ; */
static const struct {
	const char *text, *read;
} texts[] = {
	{ "", "" },
	{ "  # only a comment\n\n", "" },
	{ "api GET /jobs", "api|GET|/jobs;" },
	{ "a b#c # d\n", "a|b#c;" },
	{ "expect x == \"a b # c\"\n", "expect|x|==|\"a b # c\";" },
	{ "f notes=\"a b\" z", "f|notes=\"a b\"|z;" },
	{ "let a = \\\n  b\nc", "let|a|=|b;c;" },
	{ "@d1 send x", "@d1:send|x;" },
	{ "api POST /x {\"a\":\n {\"b\":\"}\"}}\nnext", "api|POST|/x|{\"a\":\n {\"b\":\"}\"}};next;" },
	{ "expect .s == [\"a b\", 1]", "expect|.s|==|[\"a b\", 1];" },
	{ "send {\nGET / HTTP/1.0\n\n}\nnext\n", "send=GET / HTTP/1.0\n\n;next;" },
	{ "send { # why\r\nx\r\n}\r\n", "send=x\r\n;" },
	{ "for a in b {\n\trepeat 2 {\n\t\tx\n\t}\n}\ny", "for|a|in|b=\trepeat 2 {\n\t\tx\n\t}\n;y;" },
	{ "server {\n}", "server=;" },
	{ "x \"open", "!1 a quote is not closed" },
	{ "ok\nx \"open\n\"", "!2 a quote is not closed on its line" },
	{ "ok\n\nx {\nnever", "!3 the block that opens here has no closing }" },
	{ "x {\"a\":1", "!1 JSON is not closed" },
	{ "@a", "!1 a statement without a verb" },
};

static void
read_all(const char *text, struct buf *ret)
{
	struct err e = ERR_INIT;
	struct script script;
	struct stmt s;
	int r;

	script_begin(&script, text, strlen(text), 1);
	while ((r = script_next(&script, &s, &e)) == 1) {
		if (s.talk.len > 0)
			buf_addf(ret, "@%.*s:", (int)s.talk.len, s.talk.p);
		for (int i = 0; i < s.n; i++)
			buf_addf(ret, "%s%.*s", i > 0 ? "|" : "", (int)s.words[i].len, s.words[i].p);
		if (s.has_block)
			buf_addf(ret, "=%.*s", (int)s.block.len, s.block.p);
		buf_adds(ret, ";");
	}
	if (r < 0) {
		buf_clear(ret);
		buf_addf(ret, "!%d %s", script.line, e.text);
	}
}

static void
statements(void)
{
	EACH(t, texts) {
		struct buf got = BUF_INIT;

		read_all(t->text, &got);
		CHECK(strcmp(buf_str(&got), t->read) == 0, "'%s': '%s'", t->text, buf_str(&got));
		buf_free(&got);
	}
}

/* Every text cut short anywhere is read or refused, never more. */
static void
truncated(void)
{
	EACH(t, texts)
		for (size_t n = 0; n <= strlen(t->text); n++) {
			struct err e = ERR_INIT;
			struct script script;
			struct stmt s;
			int r, count = 0;

			script_begin(&script, t->text, n, 1);
			while ((r = script_next(&script, &s, &e)) == 1)
				count++;
			CHECK(count < 5 && (r == 0) == (e.code == ERR_NONE), "'%.*s'", (int)n, t->text);
		}
}

static void
lines(void)
{
	struct err e = ERR_INIT;
	struct script script;
	struct stmt s;
	static const char text[] = "a\n\nb {\"x\":\n1}\nc {\n1\n2\n}\nd \\\n e\nf";
	static const int at[] = { 1, 3, 5, 9, 11 };

	script_begin(&script, text, strlen(text), 1);
	EACH(line, at) {
		CHECK(script_next(&script, &s, &e) == 1, "a statement");
		CHECK(s.line == *line, "line %d, not %d", s.line, *line);
		CHECK(!s.has_block || s.block_line == 6, "block at %d", s.block_line);
	}
}

static const struct {
	const char *word, *value, *bad;
} words[] = {
	{ "plain", "plain", NULL },
	{ "$job", "J-1", NULL },
	{ "/jobs/$job/x", "/jobs/J-1/x", NULL },
	{ "${job}s", "J-1s", NULL },
	{ "$$job", "$job", NULL },
	{ "\"a b\"", "a b", NULL },
	{ "x=\"a b\"c", "x=a bc", NULL },
	{ "\"\\x41\\n\\r\\t\\\\\\\"\\$\"", "A\n\r\t\\\"$", NULL },
	{ "a\\n", "a\\n", NULL },
	{ "$nobody", NULL, "nothing is named $nobody" },
	{ "$", NULL, "no name after $ (a dollar itself is $$)" },
	{ "${job", NULL, "no name after $ (a dollar itself is $$)" },
	{ "\"\\q\"", NULL, "\\q means nothing in quotes" },
	{ "\"\\x4\"", NULL, "\\x means nothing in quotes" },
};

static void
values(void)
{
	struct vars v = { .first = NULL };
	struct err e = ERR_INIT;

	CHECK(vars_set(&v, "job", "J-0", 3, &e) == 0, "set");
	CHECK(vars_set(&v, "job", "J-1", 3, &e) == 0, "set again");
	CHECK(vars_set(&v, "Job", "x", 1, &e) == -1, "a name is lower case");
	CHECK(vars_set(&v, "", "x", 1, &e) == -1, "a name is not empty");
	EACH(w, words) {
		const struct word word = { .p = w->word, .len = strlen(w->word) };
		struct buf got = BUF_INIT;
		int r = word_expand(&v, &word, &got, &e);

		CHECK((r == 0) == (w->bad == NULL), "'%s'", w->word);
		CHECK(strcmp(r == 0 ? buf_str(&got) : e.text, r == 0 ? w->value : w->bad) == 0,
		    "'%s': '%s'", w->word, r == 0 ? buf_str(&got) : e.text);
		buf_free(&got);
	}
	vars_free(&v);
}

static void
blocks(void)
{
	const char text[] = "\tGET /$job HTTP/1.0\n\n\t\"quotes\" stay\n";
	const struct word block = { .p = text, .len = strlen(text) };
	struct vars v = { .first = NULL };
	struct err e = ERR_INIT;
	struct buf got = BUF_INIT;

	CHECK(vars_set(&v, "job", "7", 1, &e) == 0, "set");
	CHECK(block_expand(&v, &block, "\r\n", &got, &e) == 0, "expand");
	CHECK(strcmp(buf_str(&got), "GET /7 HTTP/1.0\r\n\r\n\"quotes\" stay\r\n") == 0,
	    "'%s'", buf_str(&got));
	buf_free(&got);
	vars_free(&v);
}

static const struct {
	const char *path, *value;	/* "": nothing there; NULL: malformed */
} paths[] = {
	{ ".", "{\"a\":{\"b\":[1,true,null,\"x\"]},\"items\":[{\"id\":\"A\",\"n\":1},"
	    "{\"id\":\"B\",\"n\":2}]}" },
	{ ".a.b[0]", "1" }, { ".a.b[1]", "true" }, { ".a.b[2]", "null" }, { ".a.b[3]", "x" },
	{ ".a.b[4]", "" }, { ".a.c", "" }, { ".a.b.c", "" }, { ".none.at.all", "" },
	{ ".items[id=B].n", "2" }, { ".items[n=1].id", "A" }, { ".items[id=C].n", "" },
	{ ".a.b", "[1,true,null,\"x\"]" },
	{ ".a.b[x]", NULL }, { ".a.b[0", NULL }, { "a", NULL }, { ".a..b", NULL },
	{ ".a[]", NULL },
};

static void
json_paths(void)
{
	json_auto_t *doc = json_loads(paths[0].value, 0, NULL);

	EACH(p, paths) {
		struct err e = ERR_INIT;
		struct buf got = BUF_INIT;
		const json_t *found = NULL;
		int r = path_find(doc, p->path, &found, &e);

		if (r == 1)
			path_text(found, &got);
		CHECK((r == -1) == (p->value == NULL), "'%s': %d", p->path, r);
		CHECK(p->value == NULL || strcmp(buf_str(&got), p->value) == 0, "'%s': '%s'",
		    p->path, buf_str(&got));
		buf_free(&got);
	}
}

int
main(void)
{
	statements();
	truncated();
	lines();
	values();
	blocks();
	json_paths();
	return TEST_END();
}
