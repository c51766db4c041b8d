/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /d/{token}/{file}: an image for whoever holds the link.
 *
 * Whoever asks here is a small client that takes no hint: no redirect, nothing
 * chunked, an exact length, and a range is always answered with 206, also when it
 * begins at 0, because some clients append the whole of a 200 to what they have
 * (protocols/rainmaker.md 4.3). Looking comes first and takes nothing: HEAD ends
 * there, and so does a range behind the end. */
#include <stdio.h>
#include <string.h>
#include "otad/link.h"
#include "otad/link_route.h"
#include "otad/range.h"

#define ETAG_MAX	(HEX_LEN(SHA256_LEN) + 2)

static const char *
etag_of(const struct image *i, char ret[ETAG_MAX])
{
	char hex[HEX_LEN(SHA256_LEN)];

	snprintf(ret, ETAG_MAX, "\"%s\"", hex_encode(hex, i->sha256, SHA256_LEN));
	return ret;
}

/* The size is not known yet: whatever begins behind the first byte goes on with
 * something. */
static bool
resumes(const struct request *rq)
{
	uint64_t from, to;

	range_parse(request_header(rq, "Range"), UINT64_MAX, &from, &to);
	return from > 0;
}

static void
say_headers(struct reply *rep, const struct image *i)
{
	char etag[ETAG_MAX];

	rep->type = "application/octet-stream";
	reply_header(rep, "ETag", etag_of(i, etag));
	reply_header(rep, "Accept-Ranges", "bytes");
	reply_header(rep, "Cache-Control", "no-store");
}

/* HEAD has no body to be a range of. */
static enum range
wanted(const struct request *rq, const struct image *i, uint64_t *from, uint64_t *to)
{
	const char *range = request_header(rq, "Range");
	char etag[ETAG_MAX];

	if (rq->method == M_HEAD ||
	    !etag_range_holds(request_header(rq, "If-Range"), etag_of(i, etag)))
		range = NULL;
	return range_parse(range, i->size, from, to);
}

/* 1: answered, nothing has to be taken. */
static int
look(struct exchange *x, const struct image *i)
{
	struct reply *rep = &x->rep;
	char text[RANGE_TEXT_MAX];
	uint64_t from, to;
	bool beyond = wanted(&x->rq, i, &from, &to) == RANGE_BEYOND;

	if (x->rq.method != M_HEAD && !beyond)
		return 0;
	say_headers(rep, i);
	rep->status = beyond ? 416 : 200;
	if (beyond)
		reply_header(rep, "Content-Range", range_text(text, from, to, i->size));
	else
		rep->length_as = i->size;
	return 1;
}

static int
serve(struct exchange *x, const struct answer *a, struct err *e)
{
	struct reply *rep = &x->rep;
	char text[RANGE_TEXT_MAX];
	uint64_t from, to;
	enum range range = wanted(&x->rq, &a->image, &from, &to);

	rep->transfer = transfer_new(x->core, a, from, to);
	if (rep->transfer == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	say_headers(rep, &a->image);
	if (range == RANGE_PART)
		reply_header(rep, "Content-Range", range_text(text, from, to, a->image.size));
	rep->status = range == RANGE_PART ? 206 : 200;
	rep->has_image = true;
	memcpy(rep->image, a->image.sha256, SHA256_LEN);
	rep->from = from;
	rep->to = to;
	return 0;
}

static int
link_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct answer a = { 0 };

	if (link_follow(tx, x->rq.params[0], ASK_PEEK, resumes(&x->rq), &a, e) < 0)
		return -1;
	return look(x, &a.image) ? 0 : CALL_WRITE;
}

static int
link_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct answer a = { 0 };

	if (link_follow(tx, x->rq.params[0], ASK_SERVE, resumes(&x->rq), &a, e) < 0)
		return -1;
	return serve(x, &a, e);
}

static void
refuse(const struct err *e, const struct request *rq, struct reply *rep)
{
	char line[sizeof(e->text) + 2];

	(void)rq;
	snprintf(line, sizeof(line), "%s\n", e->text[0] != '\0' ? e->text : err_title(e->code));
	reply_text(rep, err_http(e), line);
	if (e->code == ERR_BUSY)
		reply_header(rep, "Retry-After", "60");
}

static const struct route routes[] = {
	{ M_GET, "/d/{token}/{file}", FOR_DEVICES, .read = link_read, .write = link_write },
	{ 0 }
};

const struct route_table link_table = { .routes = routes, .refuse = refuse };
