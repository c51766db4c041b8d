/* SPDX-License-Identifier: Apache-2.0
 *
 * zone.c - TZif files, as RFC 9636 describes them.
 *
 * Only what zone_offset() needs is kept: the moments of transition with the
 * offset that holds from then on, and the rule of the footer for what comes
 * after the last. A zone file is foreign bytes all the same: every count is
 * checked against the size before it is believed. */
#include "otad/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX	(256 * 1024)
#define DAY_S		86400

struct rule_date {		/* of a footer: when a change happens in each year */
	char	kind;		/* 'M' month.week.day, 'J' 1..365 without Feb 29, 'N' 0..365 */
	int	month, week, day;
	int32_t	at_s;		/* local time of the day, may be negative or over 24 h */
};

struct zone {
	int64_t		*when;		/* transitions, ascending */
	int32_t		*offset;	/* from when[i] on */
	uint32_t	n;
	int32_t		first;		/* before the first of them */
	bool		ruled;		/* a footer that we can read */
	int32_t		standard, summer;
	bool		has_summer;
	struct rule_date begins, ends;	/* of summer time */
};

/* ---- the footer: a POSIX TZ string ---- */

static bool
skip_name(const char **at)
{
	const char *p = *at;

	if (*p == '<') {
		p = strchr(p, '>');
		if (p == NULL)
			return false;
		p++;
	} else {
		while (isalpha((unsigned char)*p))
			p++;
	}
	if (p == *at)
		return false;
	*at = p;
	return true;
}

static bool
read_number(const char **at, int min, int max, int *ret)
{
	int n = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	while (isdigit((unsigned char)**at) && n < 10000)
		n = n * 10 + (*(*at)++ - '0');
	*ret = n;
	return n >= min && n <= max;
}

/* [+-]hh[:mm[:ss]] */
static bool
read_time(const char **at, int32_t *ret)
{
	int sign = 1, h, m = 0, s = 0;

	if (**at == '+' || **at == '-')
		sign = *(*at)++ == '-' ? -1 : 1;
	if (!read_number(at, 0, 167, &h))
		return false;
	if (**at == ':' && (++*at, !read_number(at, 0, 59, &m)))
		return false;
	if (**at == ':' && (++*at, !read_number(at, 0, 59, &s)))
		return false;
	*ret = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool
read_date(const char **at, struct rule_date *ret)
{
	bool ok;

	*ret = (struct rule_date){ .kind = 'N', .at_s = 7200 };
	if (*(*at)++ != ',')
		return false;
	if (**at == 'M') {
		ret->kind = *(*at)++;
		ok = read_number(at, 1, 12, &ret->month) && *(*at)++ == '.' &&
		    read_number(at, 1, 5, &ret->week) && *(*at)++ == '.' &&
		    read_number(at, 0, 6, &ret->day);
	} else if (**at == 'J') {
		ret->kind = *(*at)++;
		ok = read_number(at, 1, 365, &ret->day);
	} else {
		ok = read_number(at, 0, 365, &ret->day);
	}
	if (ok && **at == '/') {
		++*at;
		ok = read_time(at, &ret->at_s);
	}
	return ok;
}

static bool
read_footer(struct zone *z, const char *tz)
{
	const char *at = tz;
	int32_t west;

	if (!skip_name(&at) || !read_time(&at, &west))
		return false;
	z->standard = -west;
	if (*at == '\0')
		return true;
	if (!skip_name(&at))
		return false;
	z->summer = z->standard + 3600;
	if (*at != ',') {
		if (!read_time(&at, &west))
			return false;
		z->summer = -west;
	}
	z->has_summer = true;
	return read_date(&at, &z->begins) && read_date(&at, &z->ends) && *at == '\0';
}

/* ---- days ---- */

/* Days since 1970 of a date in the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int64_t
year_of(int64_t at_s)
{
	int64_t days = at_s / DAY_S - (at_s % DAY_S < 0);
	int64_t year = 1970 + days / 366;

	while (days_of(year + 1, 1, 1) <= days)
		year++;
	while (days_of(year, 1, 1) > days)
		year--;
	return year;
}

static bool
is_leap(int64_t year)
{
	return days_of(year + 1, 1, 1) - days_of(year, 1, 1) == 366;
}

/* The moment, in local seconds, at which a rule's date falls in a year. */
static int64_t
date_in(const struct rule_date *d, int64_t year)
{
	int64_t day;

	if (d->kind == 'M') {
		int64_t first = days_of(year, d->month, 1);
		int64_t next = d->month == 12 ? days_of(year + 1, 1, 1) :
		    days_of(year, d->month + 1, 1);
		int weekday = (int)((first % 7 + 11) % 7);	/* 1970-01-01 was a Thursday, 4 */

		day = first + (d->day - weekday + 7) % 7 + 7 * (d->week - 1);
		while (day >= next)
			day -= 7;
	} else {
		day = days_of(year, 1, 1) + d->day - (d->kind == 'J');
		if (d->kind == 'J' && is_leap(year) && d->day >= 60)
			day++;
	}
	return day * DAY_S + d->at_s;
}

static int32_t
by_rule(const struct zone *z, int64_t at_s)
{
	int64_t year = year_of(at_s + z->standard);
	int64_t begins = date_in(&z->begins, year) - z->standard;
	int64_t ends = date_in(&z->ends, year) - z->summer;
	bool summer;

	if (!z->has_summer)
		return z->standard;
	if (begins < ends)
		summer = at_s >= begins && at_s < ends;
	else				/* the southern half of the world */
		summer = at_s >= begins || at_s < ends;
	return summer ? z->summer : z->standard;
}

int32_t
zone_offset(const struct zone *z, int64_t at_s)
{
	uint32_t low = 0, high = z->n;

	if (z->n > 0 && at_s < z->when[0])
		return z->first;
	if (z->ruled && (z->n == 0 || at_s >= z->when[z->n - 1]))
		return by_rule(z, at_s);
	if (z->n == 0)
		return z->first;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (z->when[mid] <= at_s)
			low = mid;
		else
			high = mid;
	}
	return z->offset[low];
}

/* ---- the file ---- */

struct counts { uint32_t isut, isstd, leap, time, type, chars; };

static uint64_t
big_endian(const uint8_t *p, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static bool
read_header(const uint8_t *p, const uint8_t *end, struct counts *c, char *version)
{
	uint32_t *all[] = { &c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars };

	if (end - p < 44 || memcmp(p, "TZif", 4) != 0)
		return false;
	*version = (char)p[4];
	for (int i = 0; i < 6; i++) {
		*all[i] = (uint32_t)big_endian(p + 20 + 4 * i, 4);
		if (*all[i] > FILE_MAX)
			return false;
	}
	return c->type > 0 && c->type <= 256;
}

static size_t
body_size(const struct counts *c, size_t word)
{
	return c->time * (word + 1) + (size_t)c->type * 6 + c->chars + c->leap * (word + 4) +
	    c->isstd + c->isut;
}

static bool
read_body(struct zone *z, const uint8_t *p, const struct counts *c)
{
	const uint8_t *index = p + 8 * (size_t)c->time, *types = index + c->time;

	z->when = calloc(c->time + 1, sizeof(*z->when));
	z->offset = calloc(c->time + 1, sizeof(*z->offset));
	if (z->when == NULL || z->offset == NULL)
		return false;
	z->n = c->time;
	z->first = (int32_t)big_endian(types, 4);
	for (uint32_t i = 0; i < c->time; i++) {
		if (index[i] >= c->type)
			return false;
		z->when[i] = (int64_t)big_endian(p + 8 * (size_t)i, 8);
		z->offset[i] = (int32_t)big_endian(types + 6 * (size_t)index[i], 4);
		if (i > 0 && z->when[i] <= z->when[i - 1])
			return false;
	}
	return true;
}

static void
read_rule(struct zone *z, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *stop;
	char tz[128];

	if (p == end || *p != '\n' || (stop = memchr(p + 1, '\n', (size_t)(end - p - 1))) == NULL ||
	    (size_t)(stop - p) > sizeof(tz))
		return;
	memcpy(tz, p + 1, (size_t)(stop - p - 1));
	tz[stop - p - 1] = '\0';
	z->ruled = tz[0] != '\0' && read_footer(z, tz);
}

static bool
parse(struct zone *z, const uint8_t *p, const uint8_t *end)
{
	struct counts c;
	char version;
	size_t size;

	if (!read_header(p, end, &c, &version) || version < '2')
		return false;
	size = body_size(&c, 4);
	if ((size_t)(end - p) - 44 < size)
		return false;
	p += 44 + size;
	if (!read_header(p, end, &c, &version))
		return false;
	size = body_size(&c, 8);
	if ((size_t)(end - p) - 44 < size || !read_body(z, p + 44, &c))
		return false;
	read_rule(z, p + 44 + size, end);
	return true;
}

struct zone *
zone_read(const void *bytes, uint64_t size, struct err *e)
{
	struct zone *z = calloc(1, sizeof(*z));

	if (z == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	if (size <= FILE_MAX && parse(z, bytes, (const uint8_t *)bytes + size))
		return z;
	zone_free(z);
	err_set(e, ERR_INVALID, "not a time zone file of version 2 or later");
	return NULL;
}

static bool
sane_name(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_+-/");

	return n > 0 && n < ZONE_NAME_MAX && name[n] == '\0' && name[0] != '/' &&
	    strstr(name, "//") == NULL;
}

struct zone *
zone_load(const char *name, struct err *e)
{
	const char *dir = getenv("TZDIR");
	char path[512];
	uint8_t *bytes;
	struct zone *z;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir != NULL && dir[0] == '/' ? dir :
	    "/usr/share/zoneinfo", name);
	if (!sane_name(name) || (f = fopen(path, "re")) == NULL) {
		err_set(e, ERR_INVALID, "there is no time zone '%.64s'", name);
		return NULL;
	}
	bytes = malloc(FILE_MAX + 1);
	n = bytes != NULL ? fread(bytes, 1, FILE_MAX + 1, f) : 0;
	fclose(f);
	z = zone_read(bytes, n, e);
	if (z == NULL)
		err_while(e, "time zone '%.64s'", name);
	free(bytes);
	return z;
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->when);
	free(z->offset);
	free(z);
}

/* ---- windows ---- */

int
window_minute(const char *text)
{
	const char *at = text;
	int h, m;

	if (strlen(text) != 5 || !read_number(&at, 0, 23, &h) || *at++ != ':' ||
	    at != text + 3 || !read_number(&at, 0, 59, &m) || *at != '\0')
		return -1;
	return h * 60 + m;
}

static bool
is_within(const struct window *w, const struct zone *z, int64_t at_s)
{
	int64_t local = at_s + zone_offset(z, at_s);
	int minute = (int)((local % DAY_S + DAY_S) % DAY_S / 60);

	if (w->from == w->to)
		return true;
	if (w->from < w->to)
		return minute >= w->from && minute < w->to;
	return minute >= w->from || minute < w->to;
}

/* Minute by minute: a zone's offset may change at any of them, and four thousand
 * looks cost less than a tenth of a millisecond. */
bool
window_open(const struct window *w, const struct zone *z, int64_t at_s, int64_t *ret_change_s)
{
	bool now = is_within(w, z, at_s);
	int64_t next = at_s - at_s % 60 + 60;

	*ret_change_s = 0;
	for (int i = 0; i < 3 * 1440 && *ret_change_s == 0; i++, next += 60)
		if (is_within(w, z, next) != now)
			*ret_change_s = next;
	return now;
}
