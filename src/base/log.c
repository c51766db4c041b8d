/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c - a line is composed on the stack and leaves with one write(2), so lines
 * of several threads never mix and logging needs neither lock nor memory. A
 * message may carry words that came from outside: whatever cannot be shown, or
 * would begin a new line, is escaped here, for every message alike. */
#include "otad/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/clock.h"
#include "otad/utf8.h"

#define MESSAGE_MAX	2048		/* as composed */
#define LINE_SIZE	4096		/* PIPE_BUF: a pipe takes it undivided */
#define CUT		"…"		/* in place of what did not fit */

static _Atomic int the_level = LOG_LEVEL_INFO;
static _Atomic int the_format = LOG_FORMAT_TEXT;
static _Atomic bool the_journal;

static const struct {
	const char	*name;
	int		priority;	/* of syslog(3), in the journal */
} levels[] = {
	[LOG_LEVEL_ERROR]	= { "error", 3 },
	[LOG_LEVEL_WARN]	= { "warning", 4 },
	[LOG_LEVEL_INFO]	= { "info", 6 },
	[LOG_LEVEL_DEBUG]	= { "debug", 7 },
};

/* A text that grows within a fixed size, with `kept` bytes spared for its end. */
struct line {
	char	*p;
	size_t	len, size, kept;
	bool	cut;
};

static void
line_add(struct line *l, const char *s, size_t n)
{
	if (l->cut || l->len + n + l->kept + strlen(CUT) >= l->size) {
		l->cut = true;
		return;
	}
	memcpy(l->p + l->len, s, n);
	l->len += n;
}

/* What was spared is used: the mark of a cut, and the end. */
static void
line_end(struct line *l, const char *end)
{
	size_t n = l->cut ? strlen(CUT) : 0;

	memcpy(l->p + l->len, CUT, n);
	memcpy(l->p + l->len + n, end, strlen(end) + 1);
	l->len += n + strlen(end);
}

enum escape { ESCAPE_TEXT, ESCAPE_QUOTED, ESCAPE_JSON };

/* One character (len 0: a byte that is none) as `how` wants it written. */
static void
line_add_char(struct line *l, const char *s, size_t len, enum escape how)
{
	char hex[16];
	size_t i;

	if (len == 1 && how != ESCAPE_TEXT && (*s == '"' || *s == '\\')) {
		line_add(l, (const char[]){ '\\', *s }, 2);
	} else if (len != 0 && !utf8_is_control(s, len)) {
		line_add(l, s, len);
	} else if (how == ESCAPE_JSON && len == 0) {
		line_add(l, "\\ufffd", 6);
	} else if (how == ESCAPE_JSON) {
		snprintf(hex, sizeof(hex), "\\u%04x", (unsigned char)s[len - 1]);
		line_add(l, hex, 6);
	} else {
		for (i = 0; i < (len != 0 ? len : 1); i++) {
			snprintf(hex, sizeof(hex), "\\x%02X", (unsigned char)s[i]);
			line_add(l, hex, 4);
		}
	}
}

static void
line_add_escaped(struct line *l, const char *s, enum escape how)
{
	size_t left = strlen(s), len;

	while (left > 0 && !l->cut) {
		len = utf8_char(s, left);
		line_add_char(l, s, len, how);
		s += len != 0 ? len : 1;
		left -= len != 0 ? len : 1;
	}
}

/* systemd names the stream by device and inode: a log that was sent elsewhere
 * after that does not go to the journal. */
static bool
in_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void
log_setup(enum log_level level, enum log_format format)
{
	atomic_store(&the_level, (int)level);
	atomic_store(&the_format, (int)format);
	atomic_store(&the_journal, in_journal());
}

int
log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&the_level, memory_order_relaxed);
}

static void
write_line(const char *p, size_t n)
{
	ssize_t done;

	do {
		done = write(STDERR_FILENO, p, n);
	} while (done < 0 && errno == EINTR);
}

static void
put(enum log_level level, const char *message)
{
	char text[LINE_SIZE], time[TIME_TEXT_MAX], head[TIME_TEXT_MAX + 64];
	struct line l = { .p = text, .size = sizeof(text), .kept = 4 };
	bool json = atomic_load(&the_format) == LOG_FORMAT_JSON;
	const char *name = levels[level].name;

	if (atomic_load(&the_journal)) {
		snprintf(head, sizeof(head), "<%d>", levels[level].priority);
		line_add(&l, head, strlen(head));
	}
	time_format(time, clock_wall_ms(NULL));
	if (json)
		snprintf(head, sizeof(head), "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"",
		    time, name);
	else
		snprintf(head, sizeof(head), "%s %s ", time, name);
	if (json || !atomic_load(&the_journal))
		line_add(&l, head, strlen(head));
	line_add_escaped(&l, message, json ? ESCAPE_JSON : ESCAPE_TEXT);
	line_end(&l, json ? "\"}\n" : "\n");
	write_line(text, l.len);
}

/* Words and their reason (NULL: none), composed and sent; errno stays. */
static void
compose(enum log_level level, const char *why, const char *fmt, va_list ap)
{
	char message[MESSAGE_MAX];
	size_t n, room = sizeof(message) - sizeof(CUT);

	vsnprintf(message, sizeof(message), fmt, ap);
	n = strlen(message);
	if (why != NULL)
		n += (size_t)snprintf(message + n, sizeof(message) - n, ": %s", why);
	if (n > room)			/* and then some may be lost */
		memcpy(message + utf8_fit(message, room), CUT, sizeof(CUT));
	put(level, message);
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	compose(level, NULL, fmt, ap);
	va_end(ap);
	errno = saved;
}

static void
with_errno(enum log_level level, const char *fmt, va_list ap)
{
	char why[128];
	int saved = errno;

	if (!log_enabled(level))
		return;
	compose(level, strerror_r(saved, why, sizeof(why)), fmt, ap);
	errno = saved;
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	with_errno(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	with_errno(LOG_LEVEL_ERROR, fmt, ap);
	va_end(ap);
}

const char *
log_quote(char *ret, size_t size, const char *text)
{
	struct line l = { .p = ret, .size = size, .kept = 1 };

	if (size < sizeof("\"" CUT "\"") + 1) {
		if (size > 0)
			*ret = '\0';
		return size > 0 ? ret : "";
	}
	line_add(&l, "\"", 1);
	line_add_escaped(&l, text != NULL ? text : "", ESCAPE_QUOTED);
	line_end(&l, "\"");
	return ret;
}
