/* buf.h - a growing byte string.
 *
 * Invariant: p is NULL and len 0, or p[len] == '\0', so p is always a C string
 * once anything was added (use buf_str() for "never NULL"). Running out of
 * memory sets `failed`, after which additions are ignored: check it once, at
 * the end. A limit makes the same of a text that would grow past it. */
#ifndef OTAD_BUF_H
#define OTAD_BUF_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct buf {
	char	*p;
	size_t	len;
	size_t	room;		/* allocated bytes */
	size_t	limit;		/* 0: none; else len never exceeds it */
	bool	failed;
};

#define BUF_INIT	{ .p = NULL }

void		buf_add(struct buf *, const void *, size_t);
void		buf_adds(struct buf *, const char *);
void		buf_addf(struct buf *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
const char	*buf_str(const struct buf *);	/* "" when empty */
void		buf_clear(struct buf *);	/* empty, keeps the memory */
void		buf_free(struct buf *);		/* back to BUF_INIT */
char		*buf_take(struct buf *);	/* caller frees; NULL if failed */

static inline void auto_buf_(struct buf *b) { buf_free(b); }	/* AUTO(buf) struct buf b = BUF_INIT; */

#endif
