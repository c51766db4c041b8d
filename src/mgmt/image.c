/* SPDX-License-Identifier: Apache-2.0
 *
 * image.c - an image as a file, for people and their tools.
 *
 * Its entity tag is the SHA-256 of the bytes, so a copy that somebody holds is
 * known for what it is for ever. The transport lays out the bytes; what is
 * decided here is which of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "otad/range.h"
#include "problem.h"

static const struct image *
image_of_slot(const struct firmware *f, const char *slot)
{
	for (int i = 0; i < f->nimages; i++)
		if (slot_same(f->images[i].slot, slot))
			return &f->images[i];
	return NULL;
}

static void
headers(struct reply *rep, const struct firmware *f, const struct image *image, const char *etag)
{
	char hex[HEX_LEN(MD5_LEN)];

	reply_header(rep, "ETag", etag);
	reply_header(rep, "Accept-Ranges", "bytes");
	reply_header(rep, "x-MD5", hex_encode(hex, image->md5, MD5_LEN));
	reply_headerf(rep, "x-SHA256", "%.*s", 2 * SHA256_LEN, etag + 1);
	reply_headerf(rep, "Content-Disposition", "attachment; filename=\"%s-%s\"", f->name,
	    image->slot);
}

static void
serve(const struct request *rq, struct reply *rep, const struct image *image, const char *etag)
{
	const char *asked = request_header(rq, "Range");
	char text[RANGE_TEXT_MAX];
	enum range kind;

	if (!etag_range_holds(request_header(rq, "If-Range"), etag) || rq->method == M_HEAD)
		asked = NULL;
	kind = range_parse(asked, image->size, &rep->from, &rep->to);
	rep->status = kind == RANGE_PART ? 206 : 200;
	rep->type = "application/octet-stream";
	if (kind == RANGE_PART)
		reply_header(rep, "Content-Range",
		    range_text(text, rep->from, rep->to, image->size));
	memcpy(rep->image, image->sha256, SHA256_LEN);
	rep->has_image = rq->method != M_HEAD;
	rep->length_as = rq->method == M_HEAD ? image->size : 0;
}

static int
answer(struct exchange *x, const struct firmware *f, struct err *e)
{
	const struct image *image = image_of_slot(f, x->rq.params[1]);
	char hex[HEX_LEN(SHA256_LEN)], etag[HEX_LEN(SHA256_LEN) + 2], text[RANGE_TEXT_MAX];
	uint64_t from, to;

	if (image == NULL)
		return err_field(e, ERR_ABSENT, "slot", "absent", "%s has no image '%.32s'",
		    f->name, x->rq.params[1]);
	snprintf(etag, sizeof etag, "\"%s\"", hex_encode(hex, image->sha256, SHA256_LEN));
	reply_clear(&x->rep);
	if (etag_listed(request_header(&x->rq, "If-None-Match"), etag)) {
		x->rep.status = 304;
		reply_header(&x->rep, "ETag", etag);
		return 0;
	}
	if (x->rq.method != M_HEAD && etag_range_holds(request_header(&x->rq, "If-Range"), etag) &&
	    range_parse(request_header(&x->rq, "Range"), image->size, &from, &to) ==
	    RANGE_BEYOND) {
		err_field(e, ERR_RANGE, "Range", "range", "the image has %" PRIu64 " bytes",
		    image->size);
		problem_refuse(e, &x->rq, &x->rep);
		reply_header(&x->rep, "Content-Range", range_text(text, from, to, image->size));
		return 0;
	}
	headers(&x->rep, f, image, etag);
	serve(&x->rq, &x->rep, image, etag);
	return 0;
}

int
get_image(struct tx *tx, struct exchange *x, struct err *e)
{
	struct firmware f = { .num = 0 };
	int rc;

	if (firmware_get(tx, x->rq.params[0], &f, e) != 0)
		return -1;
	rc = answer(x, &f, e);
	firmware_clear(&f);
	return rc;
}
