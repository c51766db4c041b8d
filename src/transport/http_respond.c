/* SPDX-License-Identifier: Apache-2.0
 *
 * http_respond.c - every answer has a length and is one buffer: a text that the
 * library frees, or a view of an image's shared mapping that unpins it when the
 * last byte is out. For such an answer head and first body bytes leave with one
 * sendmsg(2), which devices that look at their first segment need. Nothing is
 * ever chunked. */
#include "http_priv.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "otad/firmware.h"
#include "otad/log.h"

AUTO_DEFINE(struct MHD_Response, response, MHD_destroy_response);

static void
unpin(void *mapping)
{
	mapping_close(mapping);
}

/* A view of bytes [from, to) of the image. */
static struct MHD_Response *
image_response(struct call *call, struct err *e)
{
	struct reply *rep = &call->x.rep;
	struct MHD_Response *r;
	struct mapping *m;

	m = image_open(call->x.core, rep->image, e);
	if (m == NULL)
		return NULL;
	if (rep->from > rep->to || rep->to > mapping_size(m)) {
		mapping_close(m);
		err_set(e, ERR_INTERNAL, "range beyond the image");
		return NULL;
	}
	r = MHD_create_response_from_buffer_with_free_callback_cls((size_t)(rep->to - rep->from),
	    (void *)(uintptr_t)(mapping_bytes(m) + rep->from), unpin, m);
	if (r == NULL) {
		mapping_close(m);
		err_set(e, ERR_BUSY, "out of memory");
	}
	return r;
}

/* Never called: for answers that have a length and no body. */
static ssize_t
no_bytes(void *arg, uint64_t pos, char *buf, size_t max)
{
	(void)arg;
	(void)pos;
	(void)buf;
	(void)max;
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *
text_response(struct reply *rep)
{
	size_t n = rep->body.len;
	char *text;
	struct MHD_Response *r;

	if (n == 0)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	text = buf_take(&rep->body);
	if (text == NULL)
		return NULL;
	r = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	if (r == NULL)
		free(text);
	return r;
}

static struct MHD_Response *
make(struct call *call, struct err *e)
{
	struct reply *rep = &call->x.rep;
	struct MHD_Response *r;

	if (rep->has_image)
		return image_response(call, e);
	if (rep->length_as != 0 && (call->x.rq.method == M_HEAD || rep->status == 304))
		r = MHD_create_response_from_callback(rep->length_as, 1024, no_bytes, NULL, NULL);
	else
		r = text_response(rep);
	if (r == NULL)
		err_set(e, ERR_BUSY, "out of memory");
	return r;
}

static int
add_headers(struct MHD_Response *r, const struct call *call)
{
	const struct reply *rep = &call->x.rep;
	int i, bad = 0;

	if (rep->type != NULL)
		bad |= MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
		    rep->type) != MHD_YES;
	for (i = 0; i < rep->nheaders; i++)
		if (rep->headers[i].value[0] != '\0')
			bad |= MHD_add_response_header(r, rep->headers[i].name,
			    rep->headers[i].value) != MHD_YES;
	if (rep->close || call->x.rq.http10 || atomic_load(&call->http->draining))
		bad |= MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close") != MHD_YES;
	return bad;
}

/* ---- refusals ---- */

static bool
has_header(const struct reply *rep, const char *name)
{
	int i;

	for (i = 0; i < rep->nheaders; i++)
		if (strcasecmp(rep->headers[i].name, name) == 0)
			return true;
	return false;
}

static void
word_refusal(struct call *call)
{
	const struct route_table *t = call->table;
	struct reply *rep = &call->x.rep;

	reply_clear(rep);
	(t != NULL ? t->refuse : call->http->refuse)(&call->e, &call->x.rq, rep);
	if (call->e.code == ERR_METHOD && call->allow[0] != '\0')
		reply_header(rep, MHD_HTTP_HEADER_ALLOW, call->allow);
	if (call->e.code == ERR_AUTH && t != NULL && t->api && !has_header(rep,
	    MHD_HTTP_HEADER_WWW_AUTHENTICATE))
		reply_header(rep, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"otad\"");
	if (call->e.code == ERR_BUSY && !has_header(rep, MHD_HTTP_HEADER_RETRY_AFTER))
		reply_header(rep, MHD_HTTP_HEADER_RETRY_AFTER, "5");
}

/* ---- images ---- */

/* One more download, if the setting lets it. */
static int
count_download(struct call *call, struct err *e)
{
	int most = atomic_load(&call->http->max_downloads);

	if (atomic_fetch_add(&call->http->downloads, 1) >= most && most != 0) {
		atomic_fetch_sub(&call->http->downloads, 1);
		return err_set(e, ERR_BUSY, "%d downloads are running, more are not allowed", most);
	}
	call->downloading = true;
	return 0;
}

/* The kernel holds the bytes back: no thread has to. */
static void
pace(const struct call *call, uint64_t rate)
{
	uint64_t limit = rate != 0 ? rate : UINT64_MAX;

	setsockopt(call->link->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &limit, sizeof(limit));
}

static void
set_patience(struct call *call, uint64_t bytes, bool image)
{
	const struct http_limits *limits = &call->http->limits;
	int idle = image ? limits->send_idle_s : limits->idle_s;

	link_patience(call->link, (int64_t)idle * 1000 +
	    (int64_t)(bytes * 1000 / (uint64_t)limits->min_rate));
	if (image || call->link->patient)
		MHD_set_connection_option(call->connection, MHD_CONNECTION_OPTION_TIMEOUT,
		    (unsigned)idle);
	call->link->patient = image;
}

/* ---- all of it ---- */

static enum MHD_Result
queue(struct call *call, struct err *e)
{
	struct reply *rep = &call->x.rep;
	bool image = rep->has_image && call->x.rq.method != M_HEAD;
	uint64_t bytes = image ? rep->to - rep->from : rep->body.len;
	AUTO(response) struct MHD_Response *r = NULL;
	uint64_t rate = atomic_load(&call->http->max_rate);

	if (image && count_download(call, e) != 0)
		return MHD_NO;
	r = make(call, e);
	if (r == NULL)
		return MHD_NO;
	if (add_headers(r, call) != 0)
		log_warnx("%s: a header of the answer could not be sent", call->x.rq.address);
	set_patience(call, bytes, image);
	if (rate != 0 && (image || call->link->paced)) {
		pace(call, image ? rate : 0);
		call->link->paced = image;
	}
	if (image && rep->transfer != NULL)
		delivery_begin(call, bytes);
	call->state = CALL_ANSWERED;
	if (MHD_queue_response(call->connection, (unsigned)rep->status, r) == MHD_YES)
		return MHD_YES;
	return err_set(e, ERR_INTERNAL, "the answer could not be queued"), MHD_NO;
}

enum MHD_Result
respond(struct call *call)
{
	struct err e = ERR_INIT;

	if (call->refused)
		word_refusal(call);
	assert(call->x.rep.status != 0);
	if (queue(call, &e) == MHD_YES)
		return MHD_YES;
	if (call->state == CALL_ANSWERED || call->refused)
		return MHD_NO;		/* hangs up */
	if (e.code != ERR_BUSY)
		log_warnx("%s: %s", call->x.rq.address, e.text);
	call->e = e;
	call->refused = true;
	return respond(call);
}
