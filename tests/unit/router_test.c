/* SPDX-License-Identifier: Apache-2.0
 *
 * router_test.c - which route a request reaches, and what a reply may carry. */
#include "transport/router.h"

#include <stdlib.h>
#include <string.h>
#include "test.h"

/* A reply without transfer ends none. */
void
transfer_end(struct transfer *t, enum transfer_end how)
{
	(void)t;
	(void)how;
	abort();
}

static void
patterns(void)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
		const char *a, *b;
	} rows[] = {
		{ "/x", "/x", true, NULL, NULL },
		{ "/x", "/x/", false, NULL, NULL },
		{ "/x", "/", false, NULL, NULL },
		{ "/f/{v}", "/f/v1.0.1t1(a)", true, "v1.0.1t1(a)", NULL },
		{ "/f/{v}", "/f/", false, NULL, NULL },
		{ "/f/{v}", "/f/a/b", false, NULL, NULL },
		{ "/f/{v}:yank", "/f/v1:yank", true, "v1", NULL },
		{ "/f/{v}:yank", "/f/:yank", false, NULL, NULL },
		{ "/f/{v}:yank", "/f/v1:hold", false, NULL, NULL },
		{ "/f/{v}:yank", "/f/v1:yankee", false, NULL, NULL },
		{ "/f/{v}:yank", "/f/a:yank:yank", true, "a:yank", NULL },
		{ "/j/{j}/x/{d}:retry", "/j/1/x/AA:retry", true, "1", "AA" },
		{ "/j/{j}/x/{d}", "/j/1/x/AA", true, "1", "AA" },
		{ "/j/{j}/x/{d}", "/j/1//AA", false, NULL, NULL },
	};
	char params[PARAMS_MAX][PARAM_MAX], path[300] = "/f/";

	EACH(r, rows) {
		bool m = route_match(r->pattern, r->path, params);

		CHECK(m == r->matches, "%s %s", r->pattern, r->path);
		CHECK(!m || r->a == NULL || strcmp(params[0], r->a) == 0, "%s: %s", r->path,
		    params[0]);
		CHECK(!m || r->b == NULL || strcmp(params[1], r->b) == 0, "%s: %s", r->path,
		    params[1]);
	}
	memset(path + 3, 'a', 128);
	CHECK(route_match("/f/{v}", path, params), "the longest");
	path[131] = 'a';
	CHECK(!route_match("/f/{v}", path, params), "one longer");
}

static void
paths(void)
{
	static const struct { const char *url, *path; } rows[] = {
		{ "/a", "/a" }, { "a", "/a" }, { "", "/" }, { "http://h/a", "/a" },
		{ "http://h:1", "/" }, { "HTTPS://h/", "/" }, { "*", "/*" }, { "/a://b", "/a://b" },
		{ "a/b://c", "/a/b://c" },
	};

	EACH(r, rows) {
		struct buf room = BUF_INIT;
		const char *path = router_path(r->url, &room);

		CHECK(strcmp(path, r->path) == 0, "'%s' gave '%s'", r->url, path);
		buf_free(&room);
	}
}

static int
handler(struct tx *tx, struct exchange *x, struct err *e)
{
	(void)tx;
	(void)x;
	(void)e;
	return 0;
}

static const struct route device_routes[] = {
	{ M_GET, "/device/update", FOR_DEVICES, .read = handler },
	{ M_POST, "/device/status", FOR_DEVICES, .write = handler },
	{ 0 }
};
static const struct route api_routes[] = {
	{ M_GET, "/api/v1/things", FOR_VIEWERS, .read = handler },
	{ M_POST, "/api/v1/things", FOR_OPERATORS, .write = handler },
	{ M_GET, "/metrics", FOR_ANYONE, .read = handler },
	{ M_GET, "/healthz", FOR_ANYONE, .read = handler },
	{ M_GET, "/device/update", FOR_ANYONE, .read = handler },
	{ 0 }
};
static const struct route set_route = { M_GET, "/old/*", FOR_DEVICES, .read = handler };

static const struct route *
find(void *self, const struct request *rq)
{
	return strcmp(rq->path, self) == 0 ? &set_route : NULL;
}

static void
tables(void)
{
	static const struct route_table devices = { .routes = device_routes, .find = find,
	    .self = (void *)(uintptr_t)"/old/update.php" };
	static const struct route_table api = { .routes = api_routes, .api = true };
	static const struct route_table *const both[] = { &devices, &api, NULL };
	enum { D = SERVES_DEVICES, A = SERVES_API, M = SERVES_METRICS };
	static const struct {
		enum method method; const char *path; unsigned serves;
		const struct route *route; const char *allow;
	} rows[] = {
		{ M_GET, "/device/update", D | A, &device_routes[0], "" },
		{ M_HEAD, "/device/update", D | A, &device_routes[0], "" },
		{ M_GET, "/device/update", A, &api_routes[4], "" },
		{ M_GET, "/device/status", D | A, NULL, "POST" },
		{ M_DELETE, "/api/v1/things", D | A, NULL, "GET, HEAD, POST" },
		{ M_OTHER, "/healthz", A, NULL, "GET, HEAD" },
		{ M_GET, "/api/v1/things", D, NULL, "" },
		{ M_GET, "/metrics", A, NULL, "" },
		{ M_GET, "/metrics", M, &api_routes[2], "" },
		{ M_GET, "/healthz", M, &api_routes[3], "" },
		{ M_GET, "/api/v1/things", M, NULL, "" },
		{ M_GET, "/old/update.php", D, &set_route, "" },
		{ M_GET, "/old/update.php", A, NULL, "" },
		{ M_GET, "/nothing", D | A, NULL, "" },
	};

	EACH(r, rows) {
		struct request rq = { .method = r->method, .path = r->path };
		struct found f = router_find(both, r->serves, &rq);

		CHECK(f.route == r->route, "%s", r->path);
		CHECK(strcmp(f.allow, r->allow) == 0, "%s: allow '%s'", r->path, f.allow);
		CHECK((f.table != NULL) == (r->route != NULL || *r->allow != '\0'), "%s", r->path);
	}
	CHECK(router_method("GET") == M_GET && router_method("get") == M_OTHER &&
	    router_method("PATCH") == M_PATCH, "methods");
}

static void
replies(void)
{
	struct reply rep = { .status = 0 };

	reply_header(&rep, "X-Version", "v1\r\nX-Evil: 1");
	CHECK(strcmp(rep.headers[0].value, "v1") == 0, "'%s'", rep.headers[0].value);
	reply_headerf(&rep, "X-Long", "%0600d", 1);
	CHECK(strlen(rep.headers[1].value) == sizeof(rep.headers[1].value) - 1, "cut");
	reply_text(&rep, 403, "no");
	CHECK(rep.status == 403 && rep.body.len == 2 && rep.nheaders == 2, "text");
	reply_clear(&rep);
	CHECK(rep.status == 0 && rep.nheaders == 0 && rep.body.p == NULL, "cleared");
}

int
main(void)
{
	patterns();
	paths();
	tables();
	replies();
	return TEST_END();
}
