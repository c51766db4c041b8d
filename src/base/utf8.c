/* SPDX-License-Identifier: Apache-2.0
 *
 * utf8.c - the lead byte decides the length and the range of the byte behind
 * it; all further ones are 80..BF. That table is RFC 3629's grammar, so what is
 * overlong or a surrogate needs no test of its own. */
#include "otad/utf8.h"

#include <stdint.h>
#include <string.h>
#include "otad/auto.h"

static const struct {
	uint8_t	first, last;		/* lead byte */
	uint8_t	len;
	uint8_t	low, high;		/* second byte */
} leads[] = {
	{ 0x00, 0x7f, 1, 0x00, 0x00 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

size_t
utf8_char(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t row = 0, i;

	if (n == 0)
		return 0;
	while (row < NELEM(leads) && p[0] > leads[row].last)
		row++;
	if (row == NELEM(leads) || p[0] < leads[row].first || n < leads[row].len)
		return 0;
	if (leads[row].len > 1 && (p[1] < leads[row].low || p[1] > leads[row].high))
		return 0;
	for (i = 2; i < leads[row].len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return leads[row].len;
}

bool
utf8_is_control(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	return (len == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
	    (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

bool
utf8_is_text(const char *s, bool lines)
{
	size_t left = strlen(s), len;

	for (; left > 0; s += len, left -= len) {
		len = utf8_char(s, left);
		if (len == 0)
			return false;
		if (utf8_is_control(s, len) && !(lines && (*s == '\n' || *s == '\t')))
			return false;
	}
	return true;
}

size_t
utf8_fit(const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1), back;

	if (n <= max)
		return n;
	for (back = max; back > 0 && max - back < 4; back--)
		if (((unsigned char)s[back] & 0xc0) != 0x80)
			return back;
	return max;			/* not UTF-8: any cut is as good */
}
