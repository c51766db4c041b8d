/* SPDX-License-Identifier: Apache-2.0
 *
 * range.c - Range and entity tags, read from left to right.
 *
 * Numbers saturate instead of overflowing: a first byte of 10^30 is simply
 * beyond the end, and a last one means "to the end". */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "otad/range.h"

static const char *
blanks(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* True when there was a digit at all. */
static bool
number(const char **s, uint64_t *ret)
{
	const char *begin = *s;
	uint64_t n = 0;

	for (; isdigit((unsigned char)**s); (*s)++) {
		uint64_t digit = (uint64_t)(**s - '0');

		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*ret = n;
	return *s > begin;
}

static enum range
part(uint64_t first, uint64_t end, uint64_t size, uint64_t *from, uint64_t *to)
{
	if (first >= size) {
		*from = *to = size;
		return RANGE_BEYOND;
	}
	*from = first;
	*to = end < size ? end : size;
	return RANGE_PART;
}

enum range
range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *to)
{
	uint64_t first, last = UINT64_MAX;
	bool has_first, has_last;
	const char *s;

	*from = 0;
	*to = size;
	if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	s = blanks(header + 6);
	has_first = number(&s, &first);
	if (*s++ != '-')
		return RANGE_WHOLE;
	has_last = number(&s, &last);
	if (*blanks(s) != '\0' || (!has_first && !has_last))
		return RANGE_WHOLE;
	if (!has_first)			/* the last so many bytes */
		return part(last == 0 ? size : last < size ? size - last : 0, size, size,
		    from, to);
	if (!has_last)
		last = UINT64_MAX;
	if (last < first)
		return RANGE_WHOLE;
	return part(first, last == UINT64_MAX ? last : last + 1, size, from, to);
}

const char *
range_text(char ret[RANGE_TEXT_MAX], uint64_t from, uint64_t to, uint64_t size)
{
	if (from < to)
		snprintf(ret, RANGE_TEXT_MAX, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
		    from, to - 1, size);
	else
		snprintf(ret, RANGE_TEXT_MAX, "bytes */%" PRIu64, size);
	return ret;
}

bool
etag_listed(const char *header, const char *etag)
{
	size_t n = strlen(etag);
	const char *s;

	if (header == NULL)
		return false;
	s = blanks(header);
	if (*s == '*' && *blanks(s + 1) == '\0')
		return true;
	while (*s != '\0') {
		const char *end;

		if (s[0] == 'W' && s[1] == '/')
			s += 2;
		if (*s != '"' || (end = strchr(s + 1, '"')) == NULL)
			return false;
		if ((size_t)(end + 1 - s) == n && memcmp(s, etag, n) == 0)
			return true;
		s = blanks(end + 1);
		if (*s != ',')
			return false;
		s = blanks(s + 1);
	}
	return false;
}

bool
etag_range_holds(const char *if_range, const char *etag)
{
	return if_range == NULL || strcmp(if_range, etag) == 0;
}
