/* SPDX-License-Identifier: Apache-2.0
 *
 * mgmt_kit.h - the management API over a real core and store, without a socket:
 * a request is a line and a body, the route is found in the table, and its
 * handlers are run as a transport would, reading first, then writing.
 *
 *	struct api a;
 *	api_open(&a);
 *	api(&a, "POST /api/v1/products", "{\"name\":…}");	a.status, a.doc
 *
 * Every JSON reply is held against the schema that docs/openapi.yaml gives for its
 * route and status: what is required is there, what is there is described. */
#ifndef OTAD_MGMT_KIT_H
#define OTAD_MGMT_KIT_H

#include <ftw.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "otad/clock.h"
#include "otad/dialect.h"
#include "otad/mgmt.h"
#include "otad/store.h"
#include "test.h"

extern const char openapi_json[];
extern const size_t openapi_json_len;

#define API_FAMILIES	16

struct api_part {
	const char	*name, *filename;
	const void	*bytes;
	size_t		n;
};

struct api {
	char		dir[64], db[96], cache[96];
	struct clock	*clock;
	struct store	*store;
	struct core	*core;
	const struct family *families[API_FAMILIES];
	struct actor	actor;
	json_t		*description;
	/* of the request that comes */
	const char	*headers[8][2];		/* until a row without name */
	const struct api_part *parts;		/* until a row without name */
	/* of the last reply */
	int		status;
	json_t		*doc;			/* NULL: no JSON */
	struct reply	rep;
};

/* ---- life ---- */

static inline enum enrol
api_enrol(void *arg, const char *family)
{
	(void)arg;
	(void)family;
	return ENROL_APPROVE;
}

static inline void
api_open(struct api *a)
{
	struct err e = ERR_INIT;
	struct store_settings stored = { .path = a->db };
	struct core_settings settings = { .enrol = api_enrol, .max_image = 1u << 20,
	    .cache_dir = a->cache, .cache_max = 8u << 20, .link_base = "", .link_lifetime_s = 60,
	    .secret = (const uint8_t *)"0123456789abcdef0123456789abcdef", .history_days = 1 };
	int n = 0;

	memset(a, 0, sizeof *a);
	for (const struct dialect_ops *const *d = dialects; *d != NULL; d++)
		a->families[n++] = &(*d)->family;
	a->actor = (struct actor){ .role = ROLE_ADMIN, .id = "key-of-ada", .name = "Ada",
	    .address = "192.0.2.7" };
	a->description = json_loadb(openapi_json, openapi_json_len, 0, NULL);
	snprintf(a->dir, sizeof a->dir, "/tmp/otad-test-XXXXXX");
	if (mkdtemp(a->dir) == NULL) {
		perror(a->dir);
		exit(1);
	}
	snprintf(a->db, sizeof a->db, "%s/otad.db", a->dir);
	snprintf(a->cache, sizeof a->cache, "%s/cache", a->dir);
	a->clock = clock_new(NULL, &e);
	a->store = a->clock != NULL ? store_open(&stored, &e) : NULL;
	a->core = a->store != NULL ?
	    core_new(a->store, a->clock, a->families, &settings, &e) : NULL;
	if (a->core == NULL) {
		fprintf(stderr, "no core: %s\n", e.text);
		exit(1);
	}
}

static inline int
api_unlink(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void
api_close(struct api *a)
{
	json_decref(a->doc);
	json_decref(a->description);
	reply_clear(&a->rep);
	core_free(a->core);
	store_close(a->store);
	clock_free(a->clock);
	nftw(a->dir, api_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- one request ---- */

struct api_call {
	struct exchange	x;		/* first: handlers' callbacks find the rest by it */
	struct api	*api;
	char		path[512], query[512];
	char		values[8][256];		/* of the arguments that were asked for */
	int		nvalues;
	pthread_mutex_t	lock;
	pthread_cond_t	woken;
	bool		awake;
};

static inline const char *
api_header(const struct request *rq, const char *name)
{
	const struct api *a = ((const struct api_call *)rq->carrier)->api;

	for (int i = 0; i < 8 && a->headers[i][0] != NULL; i++)
		if (strcasecmp(a->headers[i][0], name) == 0)
			return a->headers[i][1];
	return NULL;
}

static inline int
api_count(const struct request *rq, const char *name)
{
	return api_header(rq, name) != NULL;
}

/* Arguments as they stand: the tests write nothing that would be escaped. */
static inline const char *
api_query(const struct request *rq, const char *name)
{
	struct api_call *call = rq->carrier;
	size_t n = strlen(name);

	for (const char *s = call->query; *s != '\0'; s += *s == '&') {
		size_t len = strcspn(s, "&");

		if (len > n && strncmp(s, name, n) == 0 && s[n] == '=') {
			char *value = call->values[call->nvalues++ % 8];

			snprintf(value, sizeof call->values[0], "%.*s", (int)(len - n - 1),
			    s + n + 1);
			return value;
		}
		s += len;
	}
	return NULL;
}

static inline void
api_wake(struct exchange *x)
{
	struct api_call *call = (struct api_call *)(void *)x;

	pthread_mutex_lock(&call->lock);
	call->awake = true;
	pthread_cond_signal(&call->woken);
	pthread_mutex_unlock(&call->lock);
}

static inline void
api_wait(struct api_call *call)
{
	pthread_mutex_lock(&call->lock);
	while (!call->awake)
		pthread_cond_wait(&call->woken, &call->lock);
	call->awake = false;
	pthread_mutex_unlock(&call->lock);
}

/* All parts in pieces of 1000 bytes, then the end. */
static inline int
api_send_parts(struct api_call *call, struct err *e)
{
	const struct route *r = call->x.route;
	int rc;

	for (const struct api_part *p = call->api->parts; p != NULL && p->name != NULL; p++) {
		size_t off = 0;

		do {
			size_t n = p->n - off < 1000 ? p->n - off : 1000;

			rc = r->part(&call->x, p->name, p->filename,
			    (const char *)p->bytes + off, n, off, e);
			if (rc == -1)
				return -1;
			if (rc == CALL_WAIT)
				api_wait(call);
			off += n;
		} while (off < p->n);
	}
	while ((rc = r->end(&call->x, e)) == CALL_WAIT)
		api_wait(call);
	return rc;
}

static inline int
api_read(struct tx *tx, void *arg, struct err *e)
{
	struct api_call *call = arg;

	return call->x.route->read(tx, &call->x, e);
}

static inline int
api_write(struct tx *tx, void *arg, struct err *e)
{
	struct api_call *call = arg;

	reply_clear(&call->x.rep);
	return call->x.route->write(tx, &call->x, e);
}

/* As when the group's commit fails: what it did is undone, and it is run again. */
static inline int
api_rehearse(struct tx *tx, void *arg, struct err *e)
{
	return api_write(tx, arg, e) == 0 ? err_set(e, ERR_STORE, "rehearsed") : -1;
}

/* Slices of a job ask the store whether they are run again; all others must not
 * even notice. */
static inline bool
api_sliced(const struct route *r)
{
	return strstr(r->pattern, "/jobs") != NULL || strstr(r->pattern, "/current") != NULL;
}

static inline int
api_run(struct api_call *call, struct err *e)
{
	const struct route *r = call->x.route;
	int rc = CALL_WRITE;

	if (r->part != NULL && api_send_parts(call, e) != 0)
		return -1;
	if (r->read != NULL)
		rc = core_read(call->api->core, &call->api->actor, api_read, call, e);
	if (rc == CALL_WRITE && !api_sliced(r)) {
		struct err undone = ERR_INIT;

		core_write_wait(call->api->core, r->urgency, &call->api->actor, api_rehearse,
		    call, &undone);
	}
	if (rc == CALL_WRITE)
		rc = core_write_wait(call->api->core, r->urgency, &call->api->actor, api_write,
		    call, e);
	return rc;
}

static inline enum method
api_method(const char *word)
{
	static const char *const words[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

	for (int i = 0; i <= M_DELETE; i++)
		if (strcmp(words[i], word) == 0)
			return (enum method)i;
	return M_OTHER;
}

static inline const struct route *
api_route(struct request *rq)
{
	enum method want = rq->method == M_HEAD ? M_GET : rq->method;

	for (const struct route *r = mgmt_table.routes; r->pattern != NULL; r++)
		if (r->method == want && route_match(r->pattern, rq->path, rq->params))
			return r;
	return NULL;
}

/* ---- shapes ---- */

static inline json_t *
api_pointed(json_t *doc, json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));
	char copy[256], *at = copy, *key;

	if (ref == NULL)
		return schema;
	snprintf(copy, sizeof copy, "%s", ref + 2);
	for (schema = doc; (key = strsep(&at, "/")) != NULL; )
		schema = json_object_get(schema, key);
	return schema;
}

/* Does the schema, or one of its allOf, describe this property? */
static inline json_t *
api_property(json_t *doc, json_t *schema, const char *name)
{
	json_t *found, *one, *all;
	size_t i;

	schema = api_pointed(doc, schema);
	found = json_object_get(json_object_get(schema, "properties"), name);
	if (found == NULL && json_is_object(json_object_get(schema, "additionalProperties")))
		found = json_object_get(schema, "additionalProperties");
	all = json_object_get(schema, "allOf");
	json_array_foreach(all, i, one)
		if (api_property(doc, one, name) != NULL && (found == NULL ||
		    json_object_get(api_property(doc, one, name), "items") != NULL))
			found = api_property(doc, one, name);
	return found;
}

static inline bool
api_describes(json_t *doc, json_t *schema)
{
	schema = api_pointed(doc, schema);
	return json_object_get(schema, "properties") != NULL ||
	    json_object_get(schema, "additionalProperties") != NULL ||
	    json_object_get(schema, "allOf") != NULL;
}

static inline void
api_required(json_t *doc, json_t *schema, json_t *v, const char *where)
{
	json_t *list, *one;
	size_t i;

	schema = api_pointed(doc, schema);
	list = json_object_get(schema, "required");
	json_array_foreach(list, i, one)
		CHECK(json_object_get(v, json_string_value(one)) != NULL, "%s: no %s", where,
		    json_string_value(one));
	list = json_object_get(schema, "allOf");
	json_array_foreach(list, i, one)
		api_required(doc, one, v, where);
}

static inline void
api_shape(json_t *doc, json_t *schema, json_t *v, const char *where)
{
	json_t *inner, *items, *one;
	const char *name;
	size_t i;

	if (schema == NULL || !api_describes(doc, schema))
		return;
	api_required(doc, schema, v, where);
	json_object_foreach(v, name, inner) {
		json_t *property = api_property(doc, schema, name);

		CHECK(property != NULL, "%s: '%s' is not described", where, name);
		property = api_pointed(doc, property);
		if (json_is_object(inner))
			api_shape(doc, property, inner, name);
		items = json_object_get(property, "items");
		if (items != NULL && json_is_array(inner))
			json_array_foreach(inner, i, one)
				if (json_is_object(one))
					api_shape(doc, items, one, name);
	}
}

static inline void
api_check_shape(struct api *a, const struct route *r, const char *method)
{
	json_t *operation, *responses, *response;
	char status[8], name[8] = "";

	for (size_t i = 0; i < sizeof name - 1 && method[i] != '\0'; i++)
		name[i] = (char)(method[i] | 0x20);
	operation = json_object_get(json_object_get(json_object_get(a->description, "paths"),
	    r->pattern), name);
	responses = json_object_get(operation, "responses");
	snprintf(status, sizeof status, "%d", a->status);
	response = json_object_get(responses, status);
	if (response == NULL && a->status >= 400)
		response = json_object_get(responses, "default");
	CHECK(response != NULL, "%s %s: status %d is not described", method, r->pattern,
	    a->status);
	response = json_object_get(api_pointed(a->description, response), "content");
	response = json_object_get(response, a->rep.type != NULL ? a->rep.type : "");
	api_shape(a->description, json_object_get(response, "schema"), a->doc, r->pattern);
}

/* ---- the request ---- */

static inline void
api_answer(struct api *a, struct api_call *call, int rc, const struct err *e)
{
	if (rc != 0) {
		reply_clear(&call->x.rep);
		mgmt_table.refuse(e, &call->x.rq, &call->x.rep);
	}
	if (call->x.state_free != NULL)
		call->x.state_free(call->x.state);
	reply_clear(&a->rep);
	json_decref(a->doc);
	a->rep = call->x.rep;
	a->status = a->rep.status;
	a->doc = a->rep.type != NULL && strstr(a->rep.type, "json") != NULL ?
	    json_loadb(a->rep.body.p, a->rep.body.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	a->parts = NULL;
	memset(a->headers, 0, sizeof a->headers);
}

/* "GET /path?query" and a body (NULL: none). */
static inline void
api(struct api *a, const char *line, const char *body)
{
	struct api_call call = { .api = a, .lock = PTHREAD_MUTEX_INITIALIZER,
	    .woken = PTHREAD_COND_INITIALIZER };
	struct err e = ERR_INIT;
	char method[8] = "";
	int rc;

	sscanf(line, "%7s %511[^? ]?%511s", method, call.path, call.query);
	call.x.rq = (struct request){ .method = api_method(method), .path = call.path,
	    .address = "192.0.2.7", .base = "http://127.0.0.1", .body = body != NULL ? body : "",
	    .body_len = body != NULL ? strlen(body) : 0,
	    .body_type = body != NULL ? "application/json" : "", .header_ = api_header,
	    .count_ = api_count, .query_ = api_query, .carrier = &call };
	call.x.core = a->core;
	call.x.wake = api_wake;
	call.x.route = api_route(&call.x.rq);
	rc = call.x.route != NULL ? api_run(&call, &e) : err_set(&e, ERR_ABSENT, "no route");
	api_answer(a, &call, rc, &e);
	if (call.x.route != NULL && call.x.rq.method != M_HEAD)
		api_check_shape(a, call.x.route, method);
}

/* ---- looking at the reply: "counts/queued", "items/0/id" ---- */

static inline json_t *
api_at(const struct api *a, const char *path)
{
	char copy[256], *at = copy, *key;
	json_t *v = a->doc;

	snprintf(copy, sizeof copy, "%s", path);
	while (v != NULL && (key = strsep(&at, "/")) != NULL)
		v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10)) :
		    json_object_get(v, key);
	return v;
}

static inline const char *
api_text(const struct api *a, const char *path)
{
	const char *text = json_string_value(api_at(a, path));

	return text != NULL ? text : "(none)";
}

static inline long long
api_number(const struct api *a, const char *path)
{
	json_t *v = api_at(a, path);

	return json_is_integer(v) ? (long long)json_integer_value(v) : -1;
}

static inline const char *
api_reply_header(const struct api *a, const char *name)
{
	for (int i = 0; i < a->rep.nheaders; i++)
		if (strcasecmp(a->rep.headers[i].name, name) == 0)
			return a->rep.headers[i].value;
	return "(none)";
}

#define STATUS(a, wanted, what)						\
	CHECK((a)->status == (wanted), "%s: %d, %s (%s %s)", what, (a)->status, \
	    api_text(a, "detail"), api_text(a, "errors/0/field"), api_text(a, "errors/0/rule"))

#endif
