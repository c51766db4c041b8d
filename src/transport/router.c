/* SPDX-License-Identifier: Apache-2.0
 *
 * router.c - patterns are compared as they stand: there are a few dozen, they
 * differ within their first bytes, and a table that can be read needs no tree. */
#include "router.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char	*word;
	enum method	method;
} methods[] = {
	{ "GET",	M_GET },
	{ "HEAD",	M_HEAD },
	{ "POST",	M_POST },
	{ "PUT",	M_PUT },
	{ "PATCH",	M_PATCH },
	{ "DELETE",	M_DELETE },
};

enum method
router_method(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].word, word) == 0)
			return methods[i].method;
	return M_OTHER;
}

/* "http://host/x", as to a proxy, or "x": libraries of devices write both. */
const char *
router_path(const char *url, struct buf *room)
{
	const char *authority = strstr(url, "://");

	if (*url == '/')
		return url;
	if (authority != NULL && strcspn(url, "/?") == (size_t)(authority + 1 - url)) {
		url = authority + 3 + strcspn(authority + 3, "/");
		return *url == '/' ? url : "/";
	}
	buf_addf(room, "/%s", url);
	return buf_str(room);
}

/* Take one segment of the path without the literal that must end it. */
static bool
capture(const char *path, size_t segment, const char *literal, size_t n, char ret[PARAM_MAX])
{
	if (segment <= n || segment - n >= PARAM_MAX ||
	    memcmp(path + segment - n, literal, n) != 0)
		return false;
	memcpy(ret, path, segment - n);
	ret[segment - n] = '\0';
	return true;
}

bool
route_match(const char *pattern, const char *path, char params[PARAMS_MAX][PARAM_MAX])
{
	size_t segment, n;
	int count = 0;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		pattern += strcspn(pattern, "}");
		assert(*pattern == '}' && count < PARAMS_MAX);
		pattern++;
		n = strcspn(pattern, "/{");
		segment = strcspn(path, "/");
		if (!capture(path, segment, pattern, n, params[count++]))
			return false;
		pattern += n;
		path += segment;
	}
	return *path == '\0';
}

/* Health is for whoever asks; figures have a listener of their own if wanted. */
static bool
serves_route(const struct route_table *t, const struct route *r, unsigned serves)
{
	if (!t->api)
		return (serves & SERVES_DEVICES) != 0;
	if (strcmp(r->pattern, "/metrics") == 0)
		return (serves & SERVES_METRICS) != 0;
	if (strcmp(r->pattern, "/healthz") == 0 || strcmp(r->pattern, "/readyz") == 0)
		return (serves & (SERVES_API | SERVES_METRICS)) != 0;
	return (serves & SERVES_API) != 0;
}

static void
allow(struct found *f, enum method m)
{
	size_t i, n;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].method != m || strstr(f->allow, methods[i].word) != NULL)
			continue;
		n = strlen(f->allow);
		snprintf(f->allow + n, sizeof(f->allow) - n, "%s%s%s", n != 0 ? ", " : "",
		    methods[i].word, m == M_GET ? ", HEAD" : "");
	}
}

/* False: go on looking. */
static bool
try_table(struct found *f, const struct route_table *t, unsigned serves, struct request *rq)
{
	enum method want = rq->method == M_HEAD ? M_GET : rq->method;
	const struct route *r;

	for (r = t->routes; r != NULL && r->pattern != NULL; r++) {
		if (!serves_route(t, r, serves) || !route_match(r->pattern, rq->path, rq->params))
			continue;
		f->table = t;
		if (r->method == want || r->method == rq->method) {
			f->route = r;
			return true;
		}
		allow(f, r->method);
	}
	return false;
}

struct found
router_find(const struct route_table *const *tables, unsigned serves, struct request *rq)
{
	struct found f = { .table = NULL };
	const struct route_table *const *t;

	for (t = tables; *t != NULL; t++)
		if (try_table(&f, *t, serves, rq))
			return f;
	for (t = tables; f.table == NULL && *t != NULL; t++) {
		if ((*t)->find == NULL || (serves & ((*t)->api ? SERVES_API : SERVES_DEVICES)) == 0)
			continue;
		f.route = (*t)->find((*t)->self, rq);
		if (f.route != NULL)
			f.table = *t;
	}
	return f;
}
