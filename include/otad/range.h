/* range.h - a client that has some of the bytes already.
 *
 * Range (RFC 9110, 14) and entity tags (8.8.3, 13.1), as far as a server of
 * images needs them: one range in bytes. Whatever the grammar does not know,
 * several ranges and other units are answered with the whole, as the standard
 * allows. Pure functions over a header's text. */
#ifndef OTAD_RANGE_H
#define OTAD_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum range {
	RANGE_WHOLE,		/* no range that we serve: 200 with everything */
	RANGE_PART,		/* 206: bytes [*from, *to) of size */
	RANGE_BEYOND		/* 416: none of what it asks for is there */
};
/* header may be NULL. *from and *to are always set: what RANGE_WHOLE serves is
 * 0 and size, what RANGE_BEYOND serves is nothing (size, size). */
enum range	range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *to);

#define RANGE_TEXT_MAX	80
/* The value of Content-Range: "bytes 0-99/1234", or with a star in place of the
 * range when from == to. Returns ret. */
const char	*range_text(char ret[RANGE_TEXT_MAX], uint64_t from, uint64_t to, uint64_t size);

/* Does a list of entity tags, or the single star, name `etag` (with its
 * quotes)? Weakly compared, as If-None-Match is. NULL names nothing. */
bool		etag_listed(const char *header, const char *etag);
/* If-Range: may the range be served? Yes when there is no such header, or when it
 * is this strong tag; dates are never good enough. */
bool		etag_range_holds(const char *if_range, const char *etag);

#endif
