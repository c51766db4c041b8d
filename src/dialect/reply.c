/* SPDX-License-Identifier: Apache-2.0
 *
 * reply.c - filling a reply. Whatever a device or a person wrote may end up in a
 * header, so a value is cut here, for every dialect alike, before it could begin
 * a line of its own. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "otad/request.h"

/* Cut at the first byte that a header cannot carry. */
static void
cut(char *value)
{
	for (; *value != '\0'; value++) {
		if ((unsigned char)*value < 0x20 && *value != '\t') {
			*value = '\0';
			break;
		}
	}
}

void
reply_header(struct reply *rep, const char *name, const char *value)
{
	reply_headerf(rep, name, "%s", value);
}

void
reply_headerf(struct reply *rep, const char *name, const char *fmt, ...)
{
	int i = rep->nheaders;
	va_list ap;

	assert(i < HEADERS_MAX && strlen(name) < sizeof(rep->headers[i].name));
	snprintf(rep->headers[i].name, sizeof(rep->headers[i].name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(rep->headers[i].value, sizeof(rep->headers[i].value), fmt, ap);
	va_end(ap);
	cut(rep->headers[i].value);
	rep->nheaders++;
}

void
reply_text(struct reply *rep, int status, const char *text)
{
	rep->status = status;
	rep->type = "text/plain; charset=utf-8";
	buf_clear(&rep->body);
	buf_adds(&rep->body, text);
}

/* Not the array of headers: it is large, and what is behind nheaders is nobody's. */
void
reply_clear(struct reply *rep)
{
	struct transfer *transfer = rep->transfer;

	buf_free(&rep->body);
	rep->status = 0;
	rep->type = NULL;
	rep->nheaders = 0;
	rep->has_image = false;
	rep->from = rep->to = rep->length_as = 0;
	rep->close = false;
	rep->transfer = NULL;
	if (transfer != NULL)
		transfer_end(transfer, TRANSFER_UNSENT);
}
