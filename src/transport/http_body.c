/* SPDX-License-Identifier: Apache-2.0
 *
 * http_body.c - a body is collected whole up to the route's limit, or, where the
 * route takes parts, or the body raw, handed on piece by piece and never held.
 *
 * libmicrohttpd wants every byte taken that it offers, and cannot answer in the
 * middle of a body: an error is remembered, the rest is swallowed, and the answer
 * given at the end, unless the client sends far more than it may. */
#include "http_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PART_BUFFER	4096	/* bounds a part's header, and the size of pieces */
#define PARTS_MAX	64
#define PART_NAME	128	/* bytes of a part's name or file name, NUL included */

struct parts {
	struct MHD_PostProcessor *pp;
	int		count;
	bool		wait;		/* a piece of this batch said CALL_WAIT */
	/* The parser may announce a part by an empty piece before its first byte:
	 * whether it is empty is known when the next one comes. */
	bool		announced, has_filename;
	char		name[PART_NAME], filename[PART_NAME];
};

/* The length that was announced; -1 none (chunked, or no body at all). */
static int64_t
announced_length(const struct call *call)
{
	const char *text = request_header(&call->x.rq, MHD_HTTP_HEADER_CONTENT_LENGTH);
	long long n;

	if (text == NULL)
		return -1;
	errno = 0;
	n = strtoll(text, NULL, 10);
	return errno == 0 && n >= 0 ? n : INT64_MAX;
}

/* How long it may take at least: the patience for any body, and what the bytes
 * that came so far give at the slowest rate we put up with.
 * The time that we made it wait does not count. */
static void
extend(struct call *call)
{
	const struct http_limits *limits = &call->http->limits;
	int64_t until;

	if (call->suspended_ms != 0)
		call->body_began_ms += http_now() - call->suspended_ms;
	call->suspended_ms = 0;
	until = call->body_began_ms + (int64_t)limits->body_s * 1000 +
	    (int64_t)(call->received * 1000 / (uint64_t)limits->min_rate);

	atomic_store_explicit(&call->link->deadline_ms, until, memory_order_relaxed);
}

static enum MHD_Result	take_part(void *, enum MHD_ValueKind, const char *, const char *,
			    const char *, const char *, const char *, uint64_t, size_t);

static int
parts_begin(struct call *call)
{
	if (strcmp(call->body_type, "multipart/form-data") != 0)
		return err_field(&call->e, ERR_MEDIA, "Content-Type", "",
		    "this needs multipart/form-data");
	call->parts = calloc(1, sizeof(*call->parts));
	if (call->parts == NULL)
		return err_set(&call->e, ERR_BUSY, "out of memory");
	call->parts->pp = MHD_create_post_processor(call->connection, PART_BUFFER, take_part,
	    call);
	if (call->parts->pp == NULL)
		return err_field(&call->e, ERR_MEDIA, "Content-Type", "",
		    "multipart/form-data without a boundary");
	return 0;
}

int
body_begin(struct call *call)
{
	const struct route *route = call->x.route;
	uint64_t upload_max = call->http->limits.upload_max;
	int64_t n = announced_length(call);

	if (route != NULL && route->body_max != 0)
		call->body_max = route->body_max;
	if (route != NULL && route->part != NULL && !route->raw && upload_max != 0 &&
	    call->body_max > upload_max)
		call->body_max = upload_max;
	call->body.limit = call->body_max;
	call->body_began_ms = http_now();
	extend(call);
	if (n > 0 && (uint64_t)n > call->body_max)
		return err_set(&call->e, ERR_TOO_BIG, "the body has %lld bytes, %llu are allowed",
		    (long long)n, (unsigned long long)call->body_max);
	if (call->refused || route == NULL || route->part == NULL || route->raw)
		return 0;
	return parts_begin(call);
}

/* Give a piece to the route. */
static int
give(struct call *call, const char *data, size_t n, uint64_t off)
{
	struct parts *p = call->parts;
	int rc;

	if (off == 0 && ++p->count > PARTS_MAX)
		return err_set(&call->e, ERR_BAD, "more than %d parts", PARTS_MAX);
	rc = call->x.route->part(&call->x, p->name, p->has_filename ? p->filename : NULL, data,
	    n, off, &call->e);
	if (rc == CALL_WAIT)
		p->wait = true;
	return rc == -1 ? -1 : 0;
}

/* What was announced has no bytes. */
static int
give_announced(struct call *call)
{
	if (!call->parts->announced)
		return 0;
	call->parts->announced = false;
	return give(call, "", 0, 0);
}

static int
set_part(struct call *call, const char *name, const char *filename)
{
	struct parts *p = call->parts;

	if (name == NULL)
		return err_set(&call->e, ERR_BAD, "part without a name");
	if (strlen(name) >= sizeof(p->name) ||
	    (filename != NULL && strlen(filename) >= sizeof(p->filename)))
		return err_field(&call->e, ERR_BAD, "name", "",
		    "a part's name or file name is longer than %zu", sizeof(p->name) - 1);
	memcpy(p->name, name, strlen(name) + 1);
	p->has_filename = filename != NULL;
	if (filename != NULL)
		memcpy(p->filename, filename, strlen(filename) + 1);
	return 0;
}

static enum MHD_Result
take_part(void *arg, enum MHD_ValueKind kind, const char *name, const char *filename,
    const char *type, const char *encoding, const char *data, uint64_t off, size_t n)
{
	struct call *call = arg;
	struct parts *p = call->parts;
	int rc = 0;

	(void)kind;
	(void)type;
	(void)encoding;
	if (call->refused)
		return MHD_NO;
	if (p->announced && n > 0 && off == 0 && name != NULL && strcmp(name, p->name) == 0)
		p->announced = false;
	rc = give_announced(call);
	if (rc == 0 && off == 0)
		rc = set_part(call, name, filename);
	if (rc == 0 && off == 0 && n == 0)
		p->announced = true;
	else if (rc == 0 && n > 0)
		rc = give(call, data, n, off);
	call->refused = rc != 0;
	return rc == 0 ? MHD_YES : MHD_NO;
}

static void
parts_take(struct call *call, const char *data, size_t n)
{
	struct parts *p = call->parts;

	p->wait = false;
	call_expect(call);
	if (MHD_post_process(p->pp, data, n) != MHD_YES && !call->refused)
		call_refuse(call, ERR_BAD, "not a sound multipart body");
	if (p->wait && !call->refused && call_suspend(call) == WAITING_STOPPED)
		call_refuse(call, ERR_BUSY, "otad is stopping");
}

static void
raw_take(struct call *call, const char *data, size_t n)
{
	int rc;

	call_expect(call);
	rc = call->x.route->part(&call->x, "", NULL, data, n, call->received - n, &call->e);
	if (rc == -1)
		call->refused = true;
	else if (rc == CALL_WAIT && call_suspend(call) == WAITING_STOPPED)
		call_refuse(call, ERR_BUSY, "otad is stopping");
}

/* An upload was refused in its middle: somewhat more is taken, so that the client
 * comes to read why, but not whatever it announced. */
static void
refuse_rest(struct call *call)
{
	if (call->body_max > call->received + SWALLOW_UPLOAD)
		call->body_max = call->received + SWALLOW_UPLOAD;
}

enum MHD_Result
body_take(struct call *call, const char *data, size_t n)
{
	call->received += n;
	if (call->received > call->body_max && !call->refused)
		call->refused = err_set(&call->e, ERR_TOO_BIG,
		    "the body is larger than the %llu bytes that are allowed",
		    (unsigned long long)call->body_max) != 0;
	if (call->received > call->body_max + SWALLOW) {
		call->link->cut = true;
		return MHD_NO;
	}
	extend(call);
	if (call->refused)
		return MHD_YES;
	if (call->parts != NULL)
		parts_take(call, data, n);
	else if (call->x.route->raw)
		raw_take(call, data, n);
	else
		buf_add(&call->body, data, n);
	if (call->body.failed)
		call_refuse(call, ERR_BUSY, "out of memory");
	if (call->refused)
		refuse_rest(call);
	return MHD_YES;
}

/* A body that was cut in the middle of a part is only told by the parser's end. */
static int
parts_end(struct call *call)
{
	struct MHD_PostProcessor *pp = TAKE(call->parts->pp);

	if (MHD_destroy_post_processor(pp) != MHD_YES)
		return err_set(&call->e, ERR_BAD, "the multipart body is cut off");
	if (give_announced(call) != 0)
		return -1;
	if (call->parts->count == 0)
		return err_set(&call->e, ERR_BAD, "no part in the multipart body");
	return 0;
}

void
body_end(struct call *call)
{
	if (call->parts != NULL && call->parts->pp != NULL && !call->refused)
		call->refused = parts_end(call) != 0;
	call->x.rq.body = buf_str(&call->body);
	call->x.rq.body_len = call->body.len;
	link_patience(call->link, 0);
}

void
body_free(struct call *call)
{
	if (call->parts != NULL && call->parts->pp != NULL)
		MHD_destroy_post_processor(call->parts->pp);
	free(call->parts);
	buf_free(&call->body);
}
