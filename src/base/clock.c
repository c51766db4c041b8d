/* SPDX-License-Identifier: Apache-2.0
 *
 * clock.c - the test clock is read with every call, from a mapping, so moving it
 * costs the tested daemon no message and no wake-up. No clock (NULL) is the real
 * time: the log needs no other. */
#include "otad/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define OFFSET_SIZE	((off_t)sizeof(int64_t))
#define PLAUSIBLE_MS	INT64_C(1767225600000)		/* 2026-01-01T00:00:00Z */
#define FIRST_MS	INT64_C(-62167219200000)	/* 0000-01-01T00:00:00Z */
#define LAST_MS		INT64_C(253402300799999)	/* 9999-12-31T23:59:59.999Z */
#define DAY_S		INT64_C(86400)

struct clock {
	const int64_t	*offset_us;	/* the mapping; NULL: real time */
};

/* The file, of the right size, made when it is missing. */
static int
open_offset(const char *path, struct err *e)
{
	static const int64_t zero;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0 && write(fd, &zero, sizeof(zero)) != OFFSET_SIZE) {
			err_errno(e, ERR_INTERNAL, "test clock %s", path);
			close(fd);
			return -1;
		}
	}
	if (fd < 0)
		return err_errno(e, ERR_INTERNAL, "test clock %s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != OFFSET_SIZE) {
		close(fd);
		return err_set(e, ERR_INVALID, "test clock %s: not a file of 8 bytes", path);
	}
	return fd;
}

static const int64_t *
map_offset(const char *path, struct err *e)
{
	int fd = open_offset(path, e);
	void *map;

	if (fd < 0)
		return NULL;
	map = mmap(NULL, (size_t)OFFSET_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		err_errno(e, ERR_INTERNAL, "test clock %s: mmap", path);
		return NULL;
	}
	return map;
}

struct clock *
clock_new(const char *test_file, struct err *e)
{
	struct clock *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		err_errno(e, ERR_INTERNAL, "clock");
		return NULL;
	}
	if (test_file == NULL)
		return c;
	c->offset_us = map_offset(test_file, e);
	if (c->offset_us == NULL) {
		free(c);
		return NULL;
	}
	return c;
}

void
clock_free(struct clock *c)
{
	if (c == NULL)
		return;
	if (c->offset_us != NULL)
		munmap((void *)(uintptr_t)c->offset_us, (size_t)OFFSET_SIZE);
	free(c);
}

static int64_t
read_ms(const struct clock *c, clockid_t id)
{
	struct timespec t;
	int64_t us;

	clock_gettime(id, &t);
	us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	if (c != NULL && c->offset_us != NULL)
		us += __atomic_load_n(c->offset_us, __ATOMIC_RELAXED);
	return us / 1000;
}

int64_t
clock_wall_ms(const struct clock *c)
{
	return read_ms(c, CLOCK_REALTIME);
}

int64_t
clock_boot_ms(const struct clock *c)
{
	return read_ms(c, CLOCK_BOOTTIME);
}

bool
clock_plausible(const struct clock *c)
{
	return clock_wall_ms(c) >= PLAUSIBLE_MS;
}

/* Years have four digits: what is beyond them is shown as their first or last. */
const char *
time_format(char ret[TIME_TEXT_MAX], int64_t wall_ms)
{
	char text[96];			/* what the compiler thinks it may take */
	struct tm tm;
	time_t s;
	int ms;

	wall_ms = wall_ms < FIRST_MS ? FIRST_MS : wall_ms > LAST_MS ? LAST_MS : wall_ms;
	ms = (int)((wall_ms % 1000 + 1000) % 1000);
	s = (time_t)((wall_ms - ms) / 1000);
	gmtime_r(&s, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	snprintf(ret, TIME_TEXT_MAX, ms != 0 ? "%.19s.%03dZ" : "%.19sZ", text, ms);
	return ret;
}

/* --- reading RFC 3339 ------------------------------------------------------ */

/* Exactly n digits, of a value in low..high. */
static bool
digits(const char **p, int n, int low, int high, int *ret)
{
	int v = 0;

	for (; n > 0; n--, ++*p) {
		if (**p < '0' || **p > '9')
			return false;
		v = v * 10 + (**p - '0');
	}
	*ret = v;
	return v >= low && v <= high;
}

static bool
one_of(const char **p, const char *set, char *ret)
{
	if (**p == '\0' || strchr(set, **p) == NULL)
		return false;
	*ret = *(*p)++;
	return true;
}

/* At least one digit; what is below the millisecond is dropped. */
static bool
fraction_ms(const char **p, int *ret)
{
	int n, v = 0;

	for (n = 0; **p >= '0' && **p <= '9'; n++, ++*p)
		if (n < 3)
			v = v * 10 + (**p - '0');
	if (n == 0)
		return false;
	for (; n < 3; n++)
		v *= 10;
	*ret = v;
	return true;
}

static bool
leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_of(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the given day, of the Gregorian calendar as it would
 * have been (years 0..9999). */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t before = year - 1, days;	/* years that are over */
	int m;

	if (year == 0)
		days = -366;
	else
		days = before * 365 + before / 4 - before / 100 + before / 400;
	for (m = 1; m < month; m++)
		days += days_of(year, m);
	return days + day - 1 - 719162;		/* 0001-01-01 to 1970-01-01 */
}

struct stamp {
	int	year, month, day, hour, minute, second, ms;
	int	offset_hour, offset_minute;
	char	sign;			/* '+', '-', or 'Z' without an offset */
};

static bool
parse_stamp(const char *p, struct stamp *t)
{
	char c;

	if (!(digits(&p, 4, 0, 9999, &t->year) && one_of(&p, "-", &c) &&
	    digits(&p, 2, 1, 12, &t->month) && one_of(&p, "-", &c) &&
	    digits(&p, 2, 1, days_of(t->year, t->month), &t->day) && one_of(&p, "Tt ", &c) &&
	    digits(&p, 2, 0, 23, &t->hour) && one_of(&p, ":", &c) &&
	    digits(&p, 2, 0, 59, &t->minute) && one_of(&p, ":", &c) &&
	    digits(&p, 2, 0, 60, &t->second)))
		return false;
	if (*p == '.' && !(p++, fraction_ms(&p, &t->ms)))
		return false;
	if (!one_of(&p, "Zz+-", &t->sign))
		return false;
	if ((t->sign == '+' || t->sign == '-') &&
	    !(digits(&p, 2, 0, 23, &t->offset_hour) && one_of(&p, ":", &c) &&
	    digits(&p, 2, 0, 59, &t->offset_minute)))
		return false;
	return *p == '\0';
}

int
time_parse(int64_t *ret_ms, const char *text, struct err *e)
{
	struct stamp t = { 0 };
	int64_t s, offset;

	if (!parse_stamp(text, &t))
		goto bad;
	offset = t.offset_hour * 3600 + t.offset_minute * 60;
	if (t.sign == '-')
		offset = -offset;
	s = days_since_1970(t.year, t.month, t.day) * DAY_S +
	    t.hour * 3600 + t.minute * 60 + t.second - offset;
	/* A leap second is the last of its UTC day, and as Unix has it the
	 * first of the next. */
	if (t.second == 60 && s % DAY_S != 0)
		goto bad;
	*ret_ms = s * 1000 + t.ms;
	return 0;
bad:
	return err_set(e, ERR_BAD,
	    "'%.40s' is not a time of RFC 3339, as in 2026-12-01T02:00:00Z", text);
}
