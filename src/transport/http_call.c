/* SPDX-License-Identifier: Apache-2.0
 *
 * http_call.c - one request. libmicrohttpd calls the handler with the head, then
 * with each piece of the body, then without any; an answer queued in the first of
 * these costs the connection, so the first only sets up, unless it refuses what
 * would be too much to read. */
#include "http_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/log.h"
#include "router.h"

#define BODY_MAX	(64 * 1024)

/* ---- life ---- */

int
call_refuse(struct call *call, enum err_code code, const char *text)
{
	call->refused = true;
	return err_set(&call->e, code, "%s", text);
}

/* Not zeroed as a whole: a reply's headers are most of it, and need not be. */
void *
call_new(void *listener, const char *target, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info;
	struct listener *li = listener;
	struct call *call;

	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info == NULL || info->socket_context == NULL)
		return NULL;
	call = malloc(sizeof(*call));
	if (call == NULL)
		return NULL;
	memset((char *)call + sizeof(call->x), 0, sizeof(*call) - sizeof(call->x));
	memset(&call->x.rq, 0, sizeof(call->x.rq));
	memset(&call->x.actor, 0, sizeof(call->x.actor));
	call->x.rep.body = (struct buf)BUF_INIT;
	call->x.rep.transfer = NULL;
	reply_clear(&call->x.rep);
	call->x.route = NULL;
	call->x.core = li->http->core;
	call->x.health = li->http->health;
	call->x.self = NULL;
	call->x.state = NULL;
	call->x.state_free = NULL;
	call->x.wake = call_wake;
	call->http = li->http;
	call->link = info->socket_context;
	call->connection = c;
	call->body_max = BODY_MAX;
	call->nul_in_target = target != NULL && strstr(target, "%00") != NULL;
	link_head(call->link);
	return call;
}

static void
call_free(struct call *call)
{
	if (call->x.state_free != NULL)
		call->x.state_free(call->x.state);
	reply_clear(&call->x.rep);
	body_free(call);
	buf_free(&call->path);
	free(call);
}

void
call_done(void *listener, struct MHD_Connection *c, void **req,
    enum MHD_RequestTerminationCode why)
{
	struct call *call = *req;

	(void)listener;
	(void)c;
	if (call == NULL)
		return;
	*req = NULL;
	if (call->delivery != NULL)
		delivery_written(call, why);
	if (call->downloading)
		atomic_fetch_sub(&call->http->downloads, 1);
	link_idle(call->link);
	call_free(call);
}

/* ---- in the head ---- */

/* What two parties could read differently. */
static int
check_framing(struct call *call)
{
	const struct request *rq = &call->x.rq;
	static const char *const once[] = {
		MHD_HTTP_HEADER_CONTENT_LENGTH, MHD_HTTP_HEADER_TRANSFER_ENCODING,
		MHD_HTTP_HEADER_AUTHORIZATION, MHD_HTTP_HEADER_HOST,
	};
	size_t i;

	for (i = 0; i < NELEM(once); i++)
		if (request_header(rq, once[i]) != NULL && request_count(rq, once[i]) > 1)
			return err_field(&call->e, ERR_BAD, once[i], "",
			    "header %s stands more than once", once[i]);
	if (request_header(rq, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL &&
	    request_header(rq, MHD_HTTP_HEADER_CONTENT_LENGTH) != NULL)
		return err_set(&call->e, ERR_BAD, "both Content-Length and Transfer-Encoding");
	if (call->nul_in_target)
		return err_set(&call->e, ERR_BAD, "a NUL in the request target");
	return 0;
}

static int
find_route(struct call *call)
{
	struct found f = router_find(call->http->tables, call->link->listener->serves,
	    &call->x.rq);

	call->table = f.table;
	call->x.route = f.route;
	if (f.table == NULL)
		return err_set(&call->e, ERR_ABSENT, "nothing is served at this path");
	call->x.self = f.table->self;
	if (f.route == NULL) {
		memcpy(call->allow, f.allow, sizeof(call->allow));
		return err_set(&call->e, ERR_METHOD, "this path knows %s", f.allow);
	}
	call->x.actor.role = f.route->rights == FOR_DEVICES ? ROLE_DEVICE : ROLE_NONE;
	snprintf(call->x.actor.address, sizeof(call->x.actor.address), "%s",
	    call->x.rq.address);
	return 0;
}

static int
check_key(struct tx *tx, void *arg, struct err *e)
{
	struct call *call = arg;

	if (request_check_key(tx, &call->x, e) != 0)
		return -1;
	call->keyed = true;
	return 0;
}

/* Before an upload is read it is known who sends it. */
static int
check_uploader(struct call *call)
{
	const struct route *r = call->x.route;

	if (r->part == NULL || r->rights < FOR_VIEWERS)
		return 0;
	return core_read(call->http->core, &call->x.actor, check_key, call, &call->e);
}

/* Can the refusal wait until the body was read? */
static bool
may_swallow(const struct call *call)
{
	const struct request *rq = &call->x.rq;
	const char *length = request_header(rq, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return request_header(rq, MHD_HTTP_HEADER_EXPECT) == NULL &&
	    (length == NULL || strtoull(length, NULL, 10) <= call->body_max + SWALLOW);
}

static enum MHD_Result
begin(struct call *call, const char *url, const char *method, const char *version)
{
	bool framed;

	request_fill(call, url, method, version);
	call->state = CALL_BODY;
	link_patience(call->link, 0);
	framed = check_framing(call) == 0;
	call->refused = !framed || find_route(call) != 0 || check_uploader(call) != 0;
	if (body_begin(call) != 0)
		call->refused = true;
	if (call->refused && call->body_max > BODY_MAX)
		call->body_max = BODY_MAX;	/* of what nobody wants */
	if (!call->refused || (framed && may_swallow(call)))
		return MHD_YES;
	call->link->linger = true;
	return respond(call);
}

/* ---- with all of it ---- */

static void
log_outcome(const struct call *call)
{
	const struct request *rq = &call->x.rq;
	char path[256];

	if (!call->refused)
		return;
	log_quote(path, sizeof(path), rq->path);
	if (err_http(&call->e) >= 500 && call->e.code != ERR_BUSY)
		log_warnx("%s: %s: %s", rq->address, path, call->e.text);
	else
		log_debug("%s: %s: %d, %s", rq->address, path, err_http(&call->e), call->e.text);
}

static enum MHD_Result
answer(struct call *call, int rc)
{
	if (rc == -1)
		call->refused = true;
	log_outcome(call);
	return respond(call);
}

static int
run_read(struct tx *tx, void *arg, struct err *e)
{
	struct call *call = arg;
	const struct route *r = call->x.route;

	if (r->rights >= FOR_VIEWERS && !call->keyed && check_key(tx, call, e) != 0)
		return -1;
	return r->read != NULL ? r->read(tx, &call->x, e) : CALL_WRITE;
}

static int
run_write(struct tx *tx, void *arg, struct err *e)
{
	struct call *call = arg;

	reply_clear(&call->x.rep);
	return call->x.route->write(tx, &call->x, e);
}

/* On the writer's thread. */
static void
written(void *arg, int rc, const struct err *e)
{
	struct call *call = arg;
	struct http *h = call->http;

	if (rc == -1)
		call->e = *e;
	pthread_mutex_lock(&h->lock);
	call->rc = rc;
	call->writing = false;
	h->writing--;
	call_resume(call);
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static void
set_writing(struct call *call, bool on)
{
	pthread_mutex_lock(&call->http->lock);
	call->writing = on;
	call->http->writing += on ? 1 : -1;
	pthread_mutex_unlock(&call->http->lock);
}

/* Suspended before the writer knows of it: it may be done at once. */
static enum MHD_Result
start_write(struct call *call)
{
	struct http *h = call->http;
	struct err e;

	call->state = CALL_WRITING;
	set_writing(call, true);
	if (call_suspend(call) == WAITING_STOPPED) {
		set_writing(call, false);
		return answer(call, call_refuse(call, ERR_BUSY, "otad is stopping"));
	}
	if (core_write(h->core, call->x.route->urgency, &call->x.actor, run_write, written, call,
	    &e) != 0)
		written(call, -1, &e);
	return MHD_YES;
}

static enum MHD_Result
run(struct call *call)
{
	const struct route *r = call->x.route;
	int rc = CALL_WRITE;

	if (call->refused)
		return answer(call, -1);
	if (r->read != NULL || (r->rights >= FOR_VIEWERS && !call->keyed))
		rc = core_read(call->http->core, &call->x.actor, run_read, call, &call->e);
	return rc == CALL_WRITE ? start_write(call) : answer(call, rc);
}

/* The body is there; does the route agree that it is all? */
static int
ask_end(struct call *call, bool *ret_wait)
{
	int rc;

	*ret_wait = false;
	if (call->x.route->end == NULL)
		return 0;
	for (;;) {
		call_expect(call);
		rc = call->x.route->end(&call->x, &call->e);
		if (rc != CALL_WAIT)
			return rc;
		switch (call_suspend(call)) {
		case WAITING:
			*ret_wait = true;
			return 0;
		case WAITING_STOPPED:
			return call_refuse(call, ERR_BUSY, "otad is stopping");
		case WAITING_OVER:
			break;
		}
	}
}

static enum MHD_Result
finish(struct call *call)
{
	bool wait = false;

	if (call->state == CALL_BODY)
		body_end(call);
	call->state = CALL_ENDING;
	if (!call->refused && ask_end(call, &wait) != 0)
		call->refused = true;
	return wait ? MHD_YES : run(call);
}

/* A chunked body may be offered on while the call is suspended, hence the first
 * question about n. */
enum MHD_Result
call_handle(void *listener, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **req)
{
	struct call *call = *req;
	size_t n = *size;

	(void)listener;
	(void)c;
	if (call == NULL)
		return MHD_NO;
	if (call->state == CALL_NEW)
		return begin(call, url, method, version);
	if (n > 0) {
		*size = 0;
		return body_take(call, data, n);
	}
	switch (call->state) {
	case CALL_BODY:
	case CALL_ENDING:
		return finish(call);
	case CALL_WRITING:
		return answer(call, call->rc);
	default:
		return MHD_NO;
	}
}
