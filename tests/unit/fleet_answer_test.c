/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device's client makes of an answer, whole, byte by byte, and damaged. */
#include <string.h>
#include "otad/auto.h"
#include "otafleet/answer.h"
#include "test.h"

#define HEAD200	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-MD5: abc\r\n\r\n"

static const struct {
	const char		*bytes;
	enum answer_state	state;
	int			status;
	int64_t			length, got;
	size_t			extra;
} answers[] = {
	{ HEAD200 "12345", ANSWER_DONE, 200, 5, 5, 0 },
	{ HEAD200 "1234", ANSWER_BODY, 200, 5, 4, 0 },
	{ HEAD200 "1234567", ANSWER_DONE, 200, 5, 5, 2 },
	{ "HTTP/1.0 200 OK\nContent-Length: 2\n\nab", ANSWER_DONE, 200, 2, 2, 0 },
	{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ANSWER_DONE, 304, 0, 0, 0 },
	{ "HTTP/1.1 204\r\n\r\n", ANSWER_DONE, 204, 0, 0, 0 },
	{ "HTTP/1.1 500 no version for ESP MAC\r\ncontent-length:0\r\n\r\n",
	    ANSWER_DONE, 500, 0, 0, 0 },
	{ "HTTP/1.1 200 OK\r\n\r\nto the close", ANSWER_BODY, 200, -1, 12, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5", ANSWER_HEAD, 0, -1, 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", ANSWER_BODY, 200, -1, 0, 0 },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n", ANSWER_BAD, 0, 5, 0, 0 },
	{ "HTTP/2 200\r\n\r\n", ANSWER_BAD, 0, -1, 0, 0 },
	{ "<html>\n\n", ANSWER_BAD, 0, -1, 0, 0 },
};

/* Feed bytes in steps; returns what was neither head nor body. */
static size_t
feed(struct answer *a, const char *bytes, size_t step)
{
	size_t len = strlen(bytes), n, head, body, extra = 0;

	answer_begin(a, false);
	for (size_t at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		head = answer_take(a, bytes + at, n, &body);
		extra += a->state == ANSWER_BAD ? 0 : n - head - body;
	}
	return extra;
}

static void
whole_and_in_pieces(void)
{
	static const size_t steps[] = { 1, 2, 3, 7, 1000 };
	struct answer a = { .head = BUF_INIT };

	EACH(r, answers)
		EACH(step, steps) {
			size_t extra = feed(&a, r->bytes, *step);

			CHECK(a.state == r->state, "'%s' by %zu: state %d", r->bytes, *step, a.state);
			CHECK(a.status == r->status, "'%s': status %d", r->bytes, a.status);
			CHECK(a.length == r->length, "'%s': length", r->bytes);
			CHECK(a.got == r->got, "'%s': got", r->bytes);
			CHECK(extra == r->extra, "'%s': %zu extra", r->bytes, extra);
		}
	answer_free(&a);
}

static void
headers(void)
{
	struct answer a = { .head = BUF_INIT };
	char text[8];
	const char *v;
	size_t len;

	feed(&a, "HTTP/1.1 200 X: y\r\nA:  one \r\nAB: two\r\na: three\r\nEmpty:\r\n\r\n", 4);
	v = answer_header(&a, "a", 0, &len);
	CHECK(v != NULL && len == 3 && memcmp(v, "one", 3) == 0, "first a");
	v = answer_header(&a, "A", 1, &len);
	CHECK(v != NULL && len == 5 && memcmp(v, "three", 5) == 0, "second a");
	CHECK(answer_header(&a, "A", 2, &len) == NULL, "no third a");
	CHECK(answer_header(&a, "HTTP/1.1 200 X", 0, &len) == NULL, "the status line is none");
	v = answer_header(&a, "empty", 0, &len);
	CHECK(v != NULL && len == 0, "an empty value");
	CHECK(strcmp(answer_text(&a, "AB", text, 3), "tw") == 0, "cut to size");
	CHECK(strcmp(answer_text(&a, "none", text, sizeof(text)), "") == 0, "none is empty");
	answer_free(&a);
}

static void
limits(void)
{
	struct answer a = { .head = BUF_INIT };
	size_t body;

	answer_begin(&a, false);
	answer_take(&a, "HTTP/1.1 200 OK\r\n", 17, &body);
	for (int i = 0; i < 2000 && a.state == ANSWER_HEAD; i++)
		answer_take(&a, "X: 12345678\r\n", 13, &body);
	CHECK(a.state == ANSWER_BAD, "a head without end is refused");

	answer_begin(&a, true);
	answer_take(&a, HEAD200, strlen(HEAD200), &body);
	CHECK(a.state == ANSWER_DONE && body == 0, "HEAD's length announces no body");
	answer_free(&a);
}

int
main(void)
{
	whole_and_in_pieces();
	headers();
	limits();
	return TEST_END();
}
