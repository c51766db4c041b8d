/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_request.h - the head of a request as a handler sees it, without a socket.
 *
 *	struct fake f;
 *	fake_head(&f, "GET /esp/update HTTP/1.0\nx-ESP8266-STA-MAC: 5C:…\n\nbody");
 *	arduino_read(&f.rq, …);
 *
 * Lines end with LF or CR LF. The text is copied; what does not fit is left out. */
#ifndef OTAD_FAKE_REQUEST_H
#define OTAD_FAKE_REQUEST_H

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "otad/request.h"

struct fake {
	struct request	rq;
	char		text[8192];
	const char	*names[64], *values[64];
	int		n;
};

static inline const char *
fake_header(const struct request *rq, const char *name)
{
	const struct fake *f = rq->carrier;

	for (int i = 0; i < f->n; i++)
		if (strcasecmp(f->names[i], name) == 0)
			return f->values[i];
	return NULL;
}

static inline int
fake_count(const struct request *rq, const char *name)
{
	const struct fake *f = rq->carrier;
	int count = 0;

	for (int i = 0; i < f->n; i++)
		count += strcasecmp(f->names[i], name) == 0;
	return count;
}

static inline const char *
fake_query(const struct request *rq, const char *name)
{
	(void)rq;
	(void)name;
	return NULL;
}

/* The line at *at, ended with NUL; *at moves behind it. NULL at the end. */
static inline char *
fake_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (*line == '\0')
		return NULL;
	*at = end != NULL ? end + 1 : line + strlen(line);
	if (end != NULL)
		*end = '\0';
	if (line[0] != '\0' && line[strlen(line) - 1] == '\r')
		line[strlen(line) - 1] = '\0';
	return line;
}

static inline void
fake_field(struct fake *f, char *line)
{
	char *colon = strchr(line, ':');

	if (colon == NULL || f->n == (int)(sizeof(f->names) / sizeof(f->names[0])))
		return;
	*colon = '\0';
	f->names[f->n] = line;
	f->values[f->n++] = colon + 1 + strspn(colon + 1, " \t");
}

static inline enum method
fake_method(const char *word)
{
	return strcmp(word, "GET") == 0 ? M_GET : strcmp(word, "HEAD") == 0 ? M_HEAD :
	    strcmp(word, "POST") == 0 ? M_POST : M_OTHER;
}

static inline void
fake_head(struct fake *f, const char *text)
{
	char *at = f->text, *line, *path;

	memset(f, 0, sizeof(*f));
	snprintf(f->text, sizeof(f->text), "%s", text);
	f->rq = (struct request){ .method = M_GET, .path = "/", .address = "192.0.2.7",
	    .base = "http://127.0.0.1:8080", .body = "", .body_type = "", .carrier = f,
	    .header_ = fake_header, .count_ = fake_count, .query_ = fake_query };
	line = fake_line(&at);
	if (line != NULL && (path = strchr(line, ' ')) != NULL) {
		*path++ = '\0';
		path[strcspn(path, " ?")] = '\0';
		f->rq.method = fake_method(line);
		f->rq.path = path;
	}
	while ((line = fake_line(&at)) != NULL && *line != '\0')
		fake_field(f, line);
	f->rq.body = at;
	f->rq.body_len = strlen(at);
}

#endif
