/* line.h - connections that devices open and keep, with a JSON text a line.
 *
 *	lines = lines_new(core, health, speaker, e);
 *	lines_listen(lines, &(struct line_listener){ "espressif", "0.0.0.0:8000", NULL }, e);
 *	lines_start(lines, e);
 *	…
 *	lines_stop(lines);	then the core may be closed
 *
 * One thread serves all of them: tens of thousands that are silent for most of a
 * minute. What a line changes is durable before its answer leaves.
 *
 * Devices at the other end take a segment for a message (protocols/
 * espressif-cloud.md 1.2), so each message is one send(2) of at most LINE_SAY_MAX
 * bytes, and the next leaves only when the one before was acknowledged. */
#ifndef OTAD_LINE_H
#define OTAD_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/dialect.h"

struct health;
struct lines;
struct line_tls;

#define LINE_HEAR_MAX	8192	/* bytes of a line that is heard */
#define LINE_SAY_MAX	1400	/* bytes of a line that is said, its end included */

/* The one dialect that speaks over lines (ops->lines), as it was started; its
 * rows must outlive this. */
struct lines	*lines_new(struct core *, struct health *, const struct dialect_ops *,
		    void *self, struct err *);

struct line_listener {
	const char	*section;	/* of the settings; a constant */
	const char	*listen;	/* addresses separated by blanks; "": none */
	struct line_tls	*tls;		/* NULL: plain. Must outlive the lines */
};
/* Before lines_start(). Logs each address with the port it really has. */
int		lines_listen(struct lines *, const struct line_listener *, struct err *);
/* The n-th listening address; false past the last. */
bool		lines_address(const struct lines *, int n, const char **ret_section,
		    const char **ret_address);
int		lines_start(struct lines *, struct err *);
/* Finishes what the writer has, then hangs up on all. */
void		lines_stop(struct lines *);
void		lines_free(struct lines *);	/* stops, if it was not */

struct line_figures {
	uint64_t	connections, known;	/* now; of these, of a device that is known */
	uint64_t	heard, said, refused;	/* lines since the start */
};
void		lines_figures(struct lines *, struct line_figures *ret);

/* ---- TLS ----
 * old: also TLS 1.0 and 1.1 with RSA key exchange and AES-CBC, for stacks of 2014
 * (protocols/espressif-cloud.md 1.8). Nothing else in the process is weakened. */
struct line_tls	*line_tls_new(const char *cert, const char *key, bool old, struct err *);
int		line_tls_reload(struct line_tls *, struct err *);	/* -1: the old one stays */
void		line_tls_free(struct line_tls *);

#endif
