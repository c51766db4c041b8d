/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict is an answer, not an error: returning one as an error would undo
 * what the core has just noted of the device, its enrolment included. Refusals
 * are one line of plain text, for the person who reads the device's console. */
#include <stdio.h>
#include <string.h>
#include "native.h"
#include "otad/range.h"

void
native_refuse(const struct err *e, const struct request *rq, struct reply *rep)
{
	char line[sizeof(e->text) + 2];

	(void)rq;
	snprintf(line, sizeof(line), "%s\n", e->text[0] != '\0' ? e->text : err_title(e->code));
	reply_text(rep, err_http(e), line);
	if (e->code == ERR_AUTH)
		reply_header(rep, "WWW-Authenticate", "token realm=\"otad\"");
	if (e->code == ERR_BUSY)
		reply_header(rep, "Retry-After", "5");
}

const char *
native_etag(char ret[NATIVE_ETAG_MAX], const struct image *i)
{
	char hex[HEX_LEN(SHA256_LEN)];

	snprintf(ret, NATIVE_ETAG_MAX, "\"%s\"", hex_encode(hex, i->sha256, SHA256_LEN));
	return ret;
}

static void
say_headers(const struct answer *a, const char *etag, struct reply *rep)
{
	char hex[HEX_LEN(SHA256_LEN)];

	rep->type = "application/octet-stream";
	reply_header(rep, "ETag", etag);
	reply_header(rep, "Accept-Ranges", "bytes");
	reply_header(rep, "Cache-Control", "no-store");
	reply_header(rep, "x-MD5", hex_encode(hex, a->image.md5, MD5_LEN));
	reply_header(rep, "x-SHA256", hex_encode(hex, a->image.sha256, SHA256_LEN));
	reply_header(rep, "X-Version", a->firmware);
	reply_header(rep, "X-Slot", a->image.slot);
	reply_header(rep, "X-Job", a->execution.job_id);
}

/* HEAD has no body to be a range of. */
static enum range
wanted(const struct request *rq, const struct answer *a, const char *etag, uint64_t *from,
    uint64_t *to)
{
	const char *range = request_header(rq, "Range");

	if (rq->method == M_HEAD || !etag_range_holds(request_header(rq, "If-Range"), etag))
		range = NULL;
	return range_parse(range, a->image.size, from, to);
}

static int
say_image(struct exchange *x, const struct answer *a, struct err *e)
{
	struct reply *rep = &x->rep;
	char etag[NATIVE_ETAG_MAX], text[RANGE_TEXT_MAX];
	uint64_t from, to;
	enum range range;

	range = wanted(&x->rq, a, native_etag(etag, &a->image), &from, &to);
	say_headers(a, etag, rep);
	if (range != RANGE_WHOLE)
		reply_header(rep, "Content-Range", range_text(text, from, to, a->image.size));
	rep->status = range == RANGE_WHOLE ? 200 : range == RANGE_PART ? 206 : 416;
	if (x->rq.method == M_HEAD) {
		rep->length_as = a->image.size;
		return 0;
	}
	rep->transfer = transfer_new(x->core, a, from, to);
	if (rep->transfer == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (range == RANGE_BEYOND) {		/* promised, and nothing of it leaves */
		transfer_end(rep->transfer, TRANSFER_UNSENT);
		rep->transfer = NULL;
		return 0;
	}
	rep->has_image = true;
	memcpy(rep->image, a->image.sha256, SHA256_LEN);
	rep->from = from;
	rep->to = to;
	return 0;
}

static int
refuse(struct exchange *x, enum err_code code, const char *text)
{
	struct err e = ERR_INIT;

	err_set(&e, code, "%s", text);
	native_refuse(&e, &x->rq, &x->rep);
	return 0;
}

int
native_answer(struct exchange *x, const struct answer *a, struct err *e)
{
	switch (a->verdict) {
	case VERDICT_NOTHING:
		x->rep.status = 304;
		return 0;
	case VERDICT_OFFER:
		return say_image(x, a, e);
	case VERDICT_PENDING:
		return refuse(x, ERR_FORBIDDEN, "this device waits to be accepted");
	case VERDICT_BLOCKED:
		return refuse(x, ERR_FORBIDDEN, "this device is blocked");
	case VERDICT_CLOSED:
		return refuse(x, ERR_FORBIDDEN, "unknown device, and enrolment is closed");
	case VERDICT_FOREIGN:
		return refuse(x, ERR_FORBIDDEN, "this id belongs to a device of another family");
	case VERDICT_NO_KEY:
		return refuse(x, ERR_AUTH, "'Authorization: token KEY' is missing, "
		    "or not the key of this device");
	case VERDICT_NO_PRODUCT:
		return refuse(x, ERR_ABSENT, "X-Device-Product: no such product");
	}
	return err_set(e, ERR_INTERNAL, "verdict %d", (int)a->verdict);
}
