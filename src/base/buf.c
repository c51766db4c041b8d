/* SPDX-License-Identifier: Apache-2.0
 *
 * buf.c - all growth passes through room_for(), the one place that knows of
 * limits, overflow and running out of memory. */
#include "otad/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"

#define FIRST_ROOM	64

/* Make room for n more bytes and the NUL. False: the buffer has failed. */
static bool
room_for(struct buf *b, size_t n)
{
	size_t want, room;
	char *p;

	if (b->failed)
		return false;
	if (n >= SIZE_MAX / 2 - b->len || (b->limit != 0 && b->len + n > b->limit))
		return !(b->failed = true);
	want = b->len + n + 1;
	if (want <= b->room)
		return true;
	for (room = b->room != 0 ? b->room : FIRST_ROOM; room < want; )
		room *= 2;
	p = realloc(b->p, room);
	if (p == NULL)
		return !(b->failed = true);
	b->p = p;
	b->room = room;
	return true;
}

void
buf_add(struct buf *b, const void *data, size_t n)
{
	if (!room_for(b, n))
		return;
	if (n != 0)
		memcpy(b->p + b->len, data, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!room_for(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

const char *
buf_str(const struct buf *b)
{
	return b->p != NULL ? b->p : "";
}

/* A buffer that failed may be used again from here. */
void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT;
}

/* The empty text is a text too: NULL means failure only. */
char *
buf_take(struct buf *b)
{
	char *text = NULL;

	if (room_for(b, 0)) {
		b->p[b->len] = '\0';
		text = TAKE(b->p);
	}
	buf_free(b);
	return text;
}
