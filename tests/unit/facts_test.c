/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "otad/auto.h"
#include "otad/facts.h"
#include "test.h"

static void
adding(void)
{
	static const struct {
		const char *key, *value, *want;
	} table[] = {
		{ "chip", "esp8266", "chip=esp8266\n" },
		{ "a.b-c_9", "", "a.b-c_9=\n" },
		{ "k", "a=b", "k=a=b\n" },
		{ "k", "a\nb=c\r\t\x7f\xc2\x85", "k=a?b=c????\n" },
		{ "k", "gr\xc3\xbc\xc3\x9f\xff\xc3", "k=gr\xc3\xbc\xc3\x9f??\n" },
		{ "", "no key", "" },
		{ "Chip", "upper case", "" },
		{ "a b", "a blank", "" },
		{ "a=b", "an equals sign", "" },
		{ "abcdefghijklmnopqrstuvwxyz012345", "32", "abcdefghijklmnopqrstuvwxyz012345=32\n" },
		{ "abcdefghijklmnopqrstuvwxyz0123456", "33", "" },
	};

	EACH(t, table) {
		AUTO(buf) struct buf b = BUF_INIT;

		facts_add(&b, t->key, t->value);
		CHECK(strcmp(buf_str(&b), t->want) == 0, "'%s' '%s': %s", t->key, t->value,
		    buf_str(&b));
	}
}

static void
limits(void)
{
	AUTO(buf) struct buf b = BUF_INIT;
	char value[FACT_VALUE_MAX], text[2 * FACT_VALUE_MAX];
	size_t before;
	int i;

	memset(text, 'x', sizeof(text));
	memcpy(text + FACT_VALUE_MAX - 2, "\xc3\xa4", 2);	/* would be cut in two */
	text[sizeof(text) - 1] = '\0';
	facts_add(&b, "long", text);
	CHECK(facts_get(b.p, "long", value), "kept");
	CHECK(strlen(value) == FACT_VALUE_MAX - 2, "%zu", strlen(value));

	for (i = 0; i < 100; i++)
		facts_add(&b, "more", text);
	CHECK(b.len < FACTS_MAX && b.p[b.len - 1] == '\n', "%zu", b.len);
	before = b.len;
	facts_add(&b, "even", text);
	CHECK(b.len == before, "%zu", b.len);
	facts_add(&b, "small", "1");
	CHECK(facts_geti(b.p, "small", 0) == 1, "what fits is still taken");
}

static void
reading(void)
{
	static const char set[] = "chip=esp8266\nflash=4194304\nwarning=a\nwarning=b\n"
	    "neg=-7\nempty=\nnot a fact\n=x\nfar=99999999999999999999\nplus=+1\nlast=end";
	static const struct {
		const char *key; int64_t want;
	} numbers[] = {
		{ "flash", 4194304 }, { "neg", -7 }, { "chip", 42 }, { "empty", 42 },
		{ "absent", 42 }, { "far", 42 }, { "plus", 42 },
	};
	char key[33], value[FACT_VALUE_MAX] = "untouched";
	const char *at = set;
	int n = 0;

	CHECK(!facts_get(set, "fla", value) && strcmp(value, "untouched") == 0, "%s", value);
	CHECK(facts_get(set, "warning", value) && strcmp(value, "a") == 0, "%s", value);
	CHECK(facts_get(set, "last", value) && strcmp(value, "end") == 0, "%s", value);
	CHECK(!facts_get("", "x", value) && !facts_get(NULL, "x", value), "nothing in nothing");
	EACH(t, numbers)
		CHECK(facts_geti(set, t->key, 42) == t->want, "%s", t->key);
	while (facts_next(&at, key, value))
		n++;
	CHECK(n == 9 && *at == '\0', "%d facts", n);
	CHECK(!facts_next(&at, key, value), "the end stays the end");
}

static void
agreeing(void)
{
	static const struct {
		const char *of, *with; bool want;
	} table[] = {
		{ "", "", true },
		{ "", "chip=esp32\n", true },
		{ "chip=esp32\n", "chip=esp32\nflash=1\n", true },
		{ "chip=esp32\n", "flash=1\nchip=esp32\n", true },
		{ "chip=esp32\n", "chip=esp32-s2\n", false },
		{ "chip=esp32\n", "flash=1\n", false },
		{ "chip=esp32\n", NULL, false },
		{ "t=a\nt=b\n", "t=b\nt=a\n", true },
		{ "t=a\nt=b\n", "t=a\n", false },
	};

	EACH(t, table)
		CHECK(facts_agree(t->of, t->with) == t->want, "'%s' '%s'", t->of, t->with);
}

int
main(void)
{
	adding();
	limits();
	reading();
	agreeing();
	return TEST_END();
}
