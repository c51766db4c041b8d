/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "otad/clock.h"
#include "test.h"

static void
texts(void)
{
	static const struct {
		int64_t ms; const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_C(951782400000), "2000-02-29T00:00:00Z" },
		{ INT64_C(1796090400000), "2026-12-01T02:00:00Z" },
		{ INT64_C(1796090400050), "2026-12-01T02:00:00.050Z" },
		{ INT64_C(4107542400000), "2100-03-01T00:00:00Z" },
		{ INT64_C(-62135596800000), "0001-01-01T00:00:00Z" },
		{ INT64_C(-62167219200000), "0000-01-01T00:00:00Z" },
		{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
	};
	char got[TIME_TEXT_MAX];
	struct err e = ERR_INIT;
	int64_t ms;

	EACH(t, table) {
		CHECK(strcmp(time_format(got, t->ms), t->text) == 0, "%s: %s", t->text, got);
		CHECK(time_parse(&ms, t->text, &e) == 0 && ms == t->ms, "%s: %lld", t->text,
		    (long long)ms);
	}
	CHECK(strcmp(time_format(got, INT64_MAX), "9999-12-31T23:59:59.999Z") == 0, "%s", got);
	CHECK(strcmp(time_format(got, INT64_MIN), "0000-01-01T00:00:00Z") == 0, "%s", got);
}

/* Every tenth day of eight centuries or so, against the C library. */
static void
calendar(void)
{
	char text[TIME_TEXT_MAX];
	struct err e = ERR_INIT;
	int64_t day, ms;
	int wrong = 0;

	for (day = -150000; day < 150000; day += 10) {
		time_format(text, day * 86400000 + 3723004);
		wrong += time_parse(&ms, text, &e) != 0 || ms != day * 86400000 + 3723004;
	}
	CHECK(wrong == 0, "%d days read back differently", wrong);
}

static void
parsing(void)
{
	static const struct {
		const char *text; int64_t want; int r;
	} table[] = {
		{ "2026-12-01T03:00:00+01:00", INT64_C(1796090400000), 0 },
		{ "2026-11-30T20:30:00-05:30", INT64_C(1796090400000), 0 },
		{ "2026-12-01 02:00:00z", INT64_C(1796090400000), 0 },
		{ "2026-12-01t02:00:00.9999Z", INT64_C(1796090400999), 0 },
		{ "2026-12-01T02:00:00.5-00:00", INT64_C(1796090400500), 0 },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228800000), 0 },
		{ "2017-01-01T00:59:60+01:00", INT64_C(1483228800000), 0 },
		{ "2016-12-31T23:58:60Z", 0, -1 },
		{ "2026-02-29T00:00:00Z", 0, -1 },
		{ "2100-02-29T00:00:00Z", 0, -1 },
		{ "2026-13-01T00:00:00Z", 0, -1 },
		{ "2026-00-01T00:00:00Z", 0, -1 },
		{ "2026-12-00T00:00:00Z", 0, -1 },
		{ "2026-12-01T24:00:00Z", 0, -1 },
		{ "2026-12-01T02:60:00Z", 0, -1 },
		{ "2026-12-01T02:00:00", 0, -1 },
		{ "2026-12-01T02:00:00+1:00", 0, -1 },
		{ "2026-12-01T02:00:00+24:00", 0, -1 },
		{ "2026-12-01T02:00:00.Z", 0, -1 },
		{ "2026-12-01T02:00Z", 0, -1 },
		{ "2026-12-01", 0, -1 },
		{ " 2026-12-01T02:00:00Z", 0, -1 },
		{ "2026-12-01T02:00:00Z ", 0, -1 },
		{ "26-12-01T02:00:00Z", 0, -1 },
		{ "", 0, -1 },
	};

	EACH(t, table) {
		struct err e = ERR_INIT;
		int64_t ms = 0;

		CHECK(time_parse(&ms, t->text, &e) == t->r && ms == t->want, "'%s': %lld",
		    t->text, (long long)ms);
		CHECK((e.code == ERR_BAD) == (t->r != 0), "'%s'", t->text);
	}
}

static void
put(const char *path, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void
real_time(void)
{
	struct err e = ERR_INIT;
	struct clock *c = clock_new(NULL, &e);
	int64_t before = (int64_t)time(NULL) * 1000;

	CHECK(c != NULL, "%s", e.text);
	CHECK(clock_wall_ms(c) >= before && clock_wall_ms(c) < before + 60000, "wall");
	before = clock_boot_ms(c);
	CHECK(before > 0 && clock_boot_ms(c) >= before, "boot");
	CHECK(clock_wall_ms(NULL) <= clock_wall_ms(c), "no clock is the real one");
	clock_free(c);
	clock_free(NULL);
}

static void
moved(void)
{
	char dir[] = "/tmp/clock-test-XXXXXX", path[64];
	int64_t week_us = INT64_C(7) * 86400 * 1000000, us, wall, boot;
	struct err e = ERR_INIT;
	struct clock *c;
	int fd;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/clock", dir);
	c = clock_new(path, &e);
	CHECK(c != NULL && access(path, R_OK) == 0, "made when missing: %s", e.text);
	wall = clock_wall_ms(c);
	boot = clock_boot_ms(c);
	fd = open(path, O_WRONLY);
	CHECK(pwrite(fd, &week_us, 8, 0) == 8, "moved by a week");
	CHECK(clock_wall_ms(c) - wall - week_us / 1000 < 60000 &&
	    clock_wall_ms(c) - wall >= week_us / 1000, "wall follows");
	CHECK(clock_boot_ms(c) - boot >= week_us / 1000, "boot follows");
	us = -clock_wall_ms(NULL) * 1000 + INT64_C(1767225599000000);
	CHECK(pwrite(fd, &us, 8, 0) == 8 && !clock_plausible(c), "2025 is not plausible");
	us += 61 * INT64_C(1000000);
	CHECK(pwrite(fd, &us, 8, 0) == 8 && clock_plausible(c), "2026 is");
	close(fd);
	clock_free(c);

	put(path, "1234567", 7);
	CHECK(clock_new(path, &e) == NULL && e.code == ERR_INVALID, "7 bytes: %s", e.text);
	put(path, "123456789", 9);
	CHECK(clock_new(path, &e) == NULL && e.code == ERR_INVALID, "9 bytes: %s", e.text);
	CHECK(clock_new(dir, &e) == NULL, "a folder: %s", e.text);
	CHECK(clock_new("/nonexistent/x", &e) == NULL && strstr(e.text, "/nonexistent/x"),
	    "%s", e.text);
	unlink(path);
	rmdir(dir);
}

int
main(void)
{
	texts();
	calendar();
	parsing();
	real_time();
	moved();
	return TEST_END();
}
