/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges and entity tags: what the standard allows, refuses and leaves open. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "otad/range.h"
#include "test.h"

static const struct {
	const char	*header;
	uint64_t	size;
	enum range	kind;
	uint64_t	from, to;
} ranges[] = {
	{ NULL,				100, RANGE_WHOLE, 0, 100 },
	{ "bytes=0-0",			100, RANGE_PART, 0, 1 },
	{ "bytes=0-99",			100, RANGE_PART, 0, 100 },
	{ "bytes=10-",			100, RANGE_PART, 10, 100 },
	{ "bytes=-30",			100, RANGE_PART, 70, 100 },
	{ "bytes=-300",			100, RANGE_PART, 0, 100 },
	{ "Bytes= 5-6 ",		100, RANGE_PART, 5, 7 },
	{ "bytes=99-5000",		100, RANGE_PART, 99, 100 },
	{ "bytes=0-18446744073709551615", 100, RANGE_PART, 0, 100 },
	{ "bytes=0-99999999999999999999999999", 100, RANGE_PART, 0, 100 },
	{ "bytes=100-",			100, RANGE_BEYOND, 100, 100 },
	{ "bytes=99999999999999999999999-", 100, RANGE_BEYOND, 100, 100 },
	{ "bytes=-0",			100, RANGE_BEYOND, 100, 100 },
	{ "bytes=0-",			0, RANGE_BEYOND, 0, 0 },
	{ "bytes=-1",			0, RANGE_BEYOND, 0, 0 },
	{ "bytes=6-5",			100, RANGE_WHOLE, 0, 100 },
	{ "bytes=0-1,5-6",		100, RANGE_WHOLE, 0, 100 },
	{ "bytes=-",			100, RANGE_WHOLE, 0, 100 },
	{ "bytes=",			100, RANGE_WHOLE, 0, 100 },
	{ "bytes=a-b",			100, RANGE_WHOLE, 0, 100 },
	{ "bytes=1-2x",			100, RANGE_WHOLE, 0, 100 },
	{ "bytes 1-2",			100, RANGE_WHOLE, 0, 100 },
	{ "items=1-2",			100, RANGE_WHOLE, 0, 100 },
	{ "",				100, RANGE_WHOLE, 0, 100 },
};

static const struct {
	const char	*header;
	bool		listed;
} tags[] = {
	{ NULL, false }, { "", false }, { "*", true }, { " * ", true },
	{ "\"abc\"", true }, { "W/\"abc\"", true }, { "\"x\", \"abc\"", true },
	{ "\"x\",W/\"abc\" ,\"y\"", true }, { "\"abcd\"", false }, { "abc", false },
	{ "\"abc", false }, { "*, \"abc\"", false }, { "\"x\" \"abc\"", false },
	{ "\"x\"", false },
};

int
main(void)
{
	char text[RANGE_TEXT_MAX];

	EACH(r, ranges) {
		uint64_t from = 7, to = 7;
		enum range kind = range_parse(r->header, r->size, &from, &to);

		CHECK(kind == r->kind, "'%s' is %d", r->header ? r->header : "none", (int)kind);
		CHECK(from == r->from && to == r->to, "'%s': %llu..%llu",
		    r->header ? r->header : "none", (unsigned long long)from,
		    (unsigned long long)to);
	}
	EACH(t, tags)
		CHECK(etag_listed(t->header, "\"abc\"") == t->listed, "'%s'",
		    t->header ? t->header : "none");
	CHECK(etag_range_holds(NULL, "\"abc\""), "no If-Range");
	CHECK(etag_range_holds("\"abc\"", "\"abc\""), "the same tag");
	CHECK(!etag_range_holds("W/\"abc\"", "\"abc\""), "weak tags do not do");
	CHECK(!etag_range_holds("Tue, 15 Nov 2025 12:45:26 GMT", "\"abc\""), "a date");
	CHECK(strcmp(range_text(text, 5, 10, 100), "bytes 5-9/100") == 0, "%s", text);
	CHECK(strcmp(range_text(text, 100, 100, 100), "bytes */100") == 0, "%s", text);
	return TEST_END();
}
