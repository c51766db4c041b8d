/* SPDX-License-Identifier: Apache-2.0
 *
 * The head is searched anew for each header asked for: heads are short, few
 * headers matter to a device, and nothing has to be copied or freed. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "answer.h"

void
answer_begin(struct answer *a, bool bodiless)
{
	buf_clear(&a->head);
	a->head.limit = ANSWER_HEAD_MAX;
	a->state = ANSWER_HEAD;
	a->status = 0;
	a->length = bodiless ? 0 : -1;
	a->got = 0;
	a->coded = false;
}

void
answer_free(struct answer *a)
{
	buf_free(&a->head);
}

/* Where the line at p ends (its CR LF or LF), and where the next one starts. */
static const char *
line_end(const char *p, const char *end, const char **ret_next)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	if (lf == NULL) {
		*ret_next = end;
		return end;
	}
	*ret_next = lf + 1;
	return lf > p && lf[-1] == '\r' ? lf - 1 : lf;
}

const char *
answer_header(const struct answer *a, const char *name, int nth, size_t *ret_len)
{
	const char *end = a->head.p + a->head.len, *line, *next, *stop;
	size_t namelen = strlen(name);

	if (a->head.p == NULL)
		return NULL;
	line_end(a->head.p, end, &next);		/* the status line has no header */
	for (line = next; line < end; line = next) {
		stop = line_end(line, end, &next);
		if ((size_t)(stop - line) <= namelen || line[namelen] != ':' ||
		    strncasecmp(line, name, namelen) != 0 || nth-- > 0)
			continue;
		line += namelen + 1;
		line += strspn(line, " \t");
		if (line > stop)
			line = stop;
		while (stop > line && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		*ret_len = (size_t)(stop - line);
		return line;
	}
	return NULL;
}

const char *
answer_text(const struct answer *a, const char *name, char *ret, size_t size)
{
	size_t len = 0;
	const char *value = answer_header(a, name, 0, &len);

	if (value == NULL)
		len = 0;
	else if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(ret, value, len);
	ret[len] = '\0';
	return ret;
}

/* "HTTP/1.1 200 OK": clients look at the prefix and the number, at no reason. */
static int
status_of(const char *head)
{
	if (strncmp(head, "HTTP/1.", 7) != 0 || head[7] == '\0' || head[8] != ' ')
		return 0;
	return (int)strtol(head + 9, NULL, 10);
}

static void
head_read(struct answer *a)
{
	char text[24], *rest;
	size_t len;
	bool bodiless = a->length == 0;

	a->status = status_of(a->head.p);
	a->coded = answer_header(a, "Transfer-Encoding", 0, &len) != NULL;
	answer_text(a, "Content-Length", text, sizeof(text));
	if (text[0] >= '0' && text[0] <= '9' && !bodiless) {
		a->length = strtoll(text, &rest, 10);
		if (*rest != '\0')
			a->status = 0;
	}
	if (a->status == 204 || a->status == 304 || a->status / 100 == 1)
		a->length = 0;
	if (a->status < 100 || a->status > 999)
		a->state = ANSWER_BAD;
	else
		a->state = a->length == 0 ? ANSWER_DONE : ANSWER_BODY;
}

/* How many of n bytes at p still belong to the head; *whole: it ends with them. */
static size_t
head_part(const struct buf *head, const char *p, size_t n, bool *whole)
{
	char last[3] = "";		/* what stands before p[i]: at most CR LF CR */
	size_t keep = head->len < 3 ? head->len : 3, i;

	if (keep > 0)
		memcpy(last + 3 - keep, head->p + head->len - keep, keep);
	for (i = 0; i < n; i++) {
		*whole = p[i] == '\n' &&
		    (last[2] == '\n' || (last[2] == '\r' && last[1] == '\n'));
		if (*whole)
			return i + 1;
		last[0] = last[1];
		last[1] = last[2];
		last[2] = p[i];
	}
	return n;
}

size_t
answer_take(struct answer *a, const char *p, size_t n, size_t *ret_body)
{
	size_t head = 0, body;
	bool whole = false;

	*ret_body = 0;
	if (a->state == ANSWER_HEAD) {
		head = head_part(&a->head, p, n, &whole);
		buf_add(&a->head, p, head);
		if (a->head.failed)
			a->state = ANSWER_BAD;
		else if (whole)
			head_read(a);
	}
	if (a->state != ANSWER_BODY)
		return head;
	body = n - head;
	if (a->length >= 0 && (int64_t)body > a->length - a->got)
		body = (size_t)(a->length - a->got);
	a->got += (int64_t)body;
	if (a->got == a->length)
		a->state = ANSWER_DONE;
	*ret_body = body;
	return head;
}
