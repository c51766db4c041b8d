/* SPDX-License-Identifier: Apache-2.0
 *
 * The fleet's parts without a socket: numbers, shares, timers, images. */
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"
#include "otafleet/behaviour.h"
#include "otafleet/chance.h"
#include "otafleet/image_make.h"
#include "otafleet/number.h"
#include "otafleet/shelf.h"
#include "otafleet/timers.h"
#include "test.h"

static const struct {
	const char *text; int64_t ms;	/* -1: refused */
} durations[] = {
	{ "5", 5000 }, { "0.25", 250 }, { "3s", 3000 }, { "20ms", 20 }, { "2m", 120000 },
	{ "1h", 3600000 }, { "7d", 604800000 }, { "", -1 }, { "x", -1 }, { "-1", -1 },
	{ "1w", -1 }, { "5 s", -1 }, { "9ms", -1 }, { "1000d", -1 }, { "nan", -1 }, { "1e999", -1 },
};

static void
numbers(void)
{
	struct err e = ERR_INIT;
	uint64_t n;
	int64_t ms;

	EACH(d, durations) {
		int r = number_duration(&ms, "x", d->text, 10, &e);
		CHECK((r == 0) == (d->ms >= 0), "'%s'", d->text);
		CHECK(r != 0 || ms == d->ms, "'%s'", d->text);
	}
	CHECK(number_whole(&n, "x", "0x1f", 0, 100, &e) == 0 && n == 31, "hexadecimal");
	CHECK(number_whole(&n, "x", "101", 0, 100, &e) == -1, "too large");
	CHECK(number_whole(&n, "x", "18446744073709551616", 0, UINT64_MAX, &e) == -1, "overflow");
	CHECK(number_whole(&n, "x", "-1", 0, 100, &e) == -1, "a sign");
	CHECK(number_bytes(&n, "x", "64K", &e) == 0 && n == 65536, "K");
	CHECK(number_bytes(&n, "x", "2M", &e) == 0 && n == 2097152, "M");
	CHECK(number_bytes(&n, "x", "2MB", &e) == -1, "MB");
}

static const struct {
	const char *text; double ok, fail; const char *bad;
} shares[] = {
	{ "ok=90,fail=5,silent=5", 90, 5, NULL },
	{ "fail=5", 95, 5, NULL },
	{ "ok=0,fail=100", 0, 100, NULL },
	{ "fail=33.4,brick=66.6", 0, 33.4, NULL },
	{ "", 0, 0, "NAME=PERCENT" }, { "fail", 0, 0, "NAME=PERCENT" },
	{ "fail=x", 0, 0, "not a per cent" }, { "fail=-1", 0, 0, "not a per cent" },
	{ "fail=101", 0, 0, "not a per cent" }, { "fail=5,", 0, 0, "NAME=PERCENT" },
	{ "fails=5", 0, 0, "no behaviour" }, { "fail=5,fail=6", 0, 0, "twice" },
	{ "fail=60,silent=60", 0, 0, "add up" }, { "ok=50,fail=5", 0, 0, "add up" },
};

static void
dealing(void)
{
	enum behaviour one[1000], two[1000];
	struct shares s;
	struct err e = ERR_INIT;
	unsigned count[BEHAVIOURS] = { 0 };

	EACH(t, shares) {
		int r = shares_parse(&s, t->text, &e);
		CHECK((r == 0) == (t->bad == NULL), "'%s'", t->text);
		if (r == 0)
			CHECK(s.percent[BE_FAIL] == t->fail && s.percent[BE_OK] - t->ok < 1e-9,
			    "'%s'", t->text);
		else
			CHECK(strstr(e.text, t->bad) != NULL, "'%s': %s", t->text, e.text);
	}
	CHECK(shares_parse(&s, "fail=5,silent=0.5,brick=33.3", &e) == 0, "parse");
	shares_deal(&s, 7, one, 1000);
	shares_deal(&s, 7, two, 1000);
	CHECK(memcmp(one, two, sizeof(one)) == 0, "same seed, same fleet");
	shares_deal(&s, 8, two, 1000);
	CHECK(memcmp(one, two, sizeof(one)) != 0, "other seed, other fleet");
	EACH(b, one)
		count[*b]++;
	CHECK(count[BE_FAIL] == 50 && count[BE_SILENT] == 5 && count[BE_BRICK] == 333 &&
	    count[BE_OK] == 612, "exact numbers: %u %u %u %u", count[BE_FAIL],
	    count[BE_SILENT], count[BE_BRICK], count[BE_OK]);
}

/* Against the plain way: the earliest of all, found by looking at each. */
static void
heap(void)
{
	struct timer t[200] = { { .due = 0 } };
	struct timers heap = TIMERS_INIT;
	uint64_t seed = 3;

	CHECK(timers_room(&heap, NELEM(t)) == 0, "room");
	CHECK(timers_first(&heap) == NULL, "empty");
	for (int round = 0; round < 20000; round++) {
		struct timer *one = &t[chance_below(&seed, NELEM(t))];
		const struct timer *first;
		int64_t min = INT64_MAX;

		if (chance_below(&seed, 3) == 0)
			timer_stop(&heap, one);
		else
			timer_set(&heap, one, (int64_t)chance_below(&seed, 1000));
		EACH(i, t)
			if (i->place != 0 && i->due < min)
				min = i->due;
		first = timers_first(&heap);
		if ((first == NULL) != (min == INT64_MAX) || (first != NULL && first->due != min)) {
			CHECK(0, "round %d: not the earliest", round);
			break;
		}
	}
	CHECK(1, "20000 rounds");
	timers_free(&heap);
}

/* Take an image's bytes in pieces; *b damages one at its place. */
static bool
load(struct shelf *shelf, struct taking *t, const struct offer *o, const struct buf *image,
    size_t upto, long damage)
{
	const char *why;
	size_t n;

	if (taking_begin(shelf, t, o, &why) != 0)
		return false;
	for (size_t at = (size_t)t->at; at < upto; at += n) {
		char piece[700];

		n = upto - at < sizeof(piece) ? upto - at : sizeof(piece);
		memcpy(piece, image->p + at, n);
		if (damage >= (long)at && damage < (long)(at + n))
			piece[damage - (long)at] ^= 1;
		if (taking_add(t, piece, n) != 0)
			return false;
	}
	return taking_sound(t, &why);
}

static void
images(void)
{
	struct shelf shelf = { .first = NULL };
	struct taking a = { .image = NULL }, b = a, c = a;
	struct buf image = BUF_INIT;
	struct offer o = { .size = 0 }, rest, bare;
	struct err e = ERR_INIT;
	const char *why;
	uint8_t sum[SHA256_LEN];

	CHECK(image_make("raw", "v1.0.1t23701(a)", 10000, 1, &image, &e) == 0, "make");
	sha256(sum, image.p, image.len);
	hex_encode(o.sha256, sum, SHA256_LEN);
	md5(sum, image.p, image.len);
	hex_encode(o.md5, sum, MD5_LEN);
	o.size = (int64_t)image.len;

	CHECK(!load(&shelf, &a, &o, &image, 5000, -1), "half of it is not sound");
	CHECK(load(&shelf, &b, &o, &image, image.len, -1), "all of it is");
	CHECK(strcmp(b.image->version, "v1.0.1t23701(a)") == 0, "it carries its version");
	CHECK(a.image == b.image, "one image, however many load it");
	CHECK(!load(&shelf, &c, &o, &image, image.len, 9999), "other bytes at the end");
	CHECK(!load(&shelf, &c, &o, &image, image.len, 0), "other bytes at the start");
	CHECK(load(&shelf, &c, &o, &image, image.len, -1), "again");

	rest = o;
	rest.start = 5000;
	CHECK(load(&shelf, &a, &rest, &image, image.len, -1), "the rest of what was begun");
	rest.start = 4000;
	CHECK(taking_begin(&shelf, &a, &rest, &why) == -1, "a rest that does not fit");

	bare = (struct offer){ .size = o.size };
	CHECK(load(&shelf, &a, &bare, &image, image.len, -1), "nothing announced, nothing wrong");
	CHECK(load(&shelf, &b, &bare, &image, image.len, 3), "… and nothing compared");
	CHECK(a.image != b.image, "without a hash each stands alone");

	o.md5[0] = o.md5[0] == 'A' ? 'B' : 'A';
	CHECK(!load(&shelf, &a, &o, &image, image.len, -1), "a hash that is not its");
	shelf_free(&shelf);
	buf_free(&image);
}

int
main(void)
{
	numbers();
	dealing();
	heap();
	images();
	return TEST_END();
}
