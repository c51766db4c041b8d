/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes and their description are the same set, each way; what needs a key
 * says so in both; every reference in the document leads somewhere, and every
 * {part} of a path is described. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "otad/mgmt.h"
#include "test.h"

extern const char openapi_json[];
extern const size_t openapi_json_len;

static const struct { enum method method; const char *name; } methods[] = {
	{ M_GET, "get" }, { M_POST, "post" }, { M_PUT, "put" }, { M_PATCH, "patch" },
	{ M_DELETE, "delete" },
};

static const char *
method_name(enum method method)
{
	EACH(m, methods)
		if (m->method == method)
			return m->name;
	return "?";
}

static const struct route *
route_find(const char *pattern, const char *method)
{
	for (const struct route *r = mgmt_table.routes; r->pattern != NULL; r++)
		if (strcmp(r->pattern, pattern) == 0 && strcmp(method_name(r->method), method) == 0)
			return r;
	return NULL;
}

/* The thing that "#/a/b" points to. */
static json_t *
pointed(json_t *doc, const char *ref)
{
	char copy[256], *at = copy, *key;

	if (strncmp(ref, "#/", 2) != 0 || strlen(ref) >= sizeof copy)
		return NULL;
	snprintf(copy, sizeof copy, "%s", ref + 2);
	while ((key = strsep(&at, "/")) != NULL)
		doc = json_object_get(doc, key);
	return doc;
}

static void
check_refs(json_t *doc, json_t *v)
{
	const char *key, *ref = json_string_value(json_object_get(v, "$ref"));
	json_t *inner;
	size_t i;

	if (ref != NULL)
		CHECK(pointed(doc, ref) != NULL, "%s leads nowhere", ref);
	json_object_foreach(v, key, inner)
		check_refs(doc, inner);
	json_array_foreach(v, i, inner)
		check_refs(doc, inner);
}

static bool
has_parameter(json_t *doc, json_t *path, const char *name, size_t n)
{
	json_t *list = json_object_get(path, "parameters"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *ref = json_string_value(json_object_get(one, "$ref")), *is;

		one = ref != NULL ? pointed(doc, ref) : one;
		is = json_string_value(json_object_get(one, "name"));
		if (is != NULL && strlen(is) == n && memcmp(is, name, n) == 0 &&
		    strcmp(json_string_value(json_object_get(one, "in")), "path") == 0)
			return true;
	}
	return false;
}

static void
check_parameters(json_t *doc, const char *pattern, json_t *path)
{
	for (const char *s = pattern; (s = strchr(s, '{')) != NULL; s++)
		CHECK(has_parameter(doc, path, s + 1, strcspn(s + 1, "}")),
		    "%s: parameter at %s", pattern, s);
}

static void
check_operation(const char *pattern, const char *method, json_t *operation)
{
	const struct route *r = route_find(pattern, method);
	json_t *security = json_object_get(operation, "security");
	bool open = security != NULL && json_array_size(security) == 0;

	CHECK(r != NULL, "%s %s is described, but no route", method, pattern);
	if (r == NULL)
		return;
	CHECK(open == (r->rights == FOR_ANYONE), "%s %s: who may", method, pattern);
	CHECK(json_object_size(json_object_get(operation, "responses")) > 0, "%s %s: responses",
	    method, pattern);
	CHECK(json_is_string(json_object_get(operation, "operationId")), "%s %s: no operationId",
	    method, pattern);
	CHECK(r->read != NULL || r->write != NULL, "%s %s: no handler", method, pattern);
}

static void
check_document(json_t *doc)
{
	json_t *paths = json_object_get(doc, "paths"), *path, *operation;
	const char *pattern, *method;

	json_object_foreach(paths, pattern, path) {
		check_parameters(doc, pattern, path);
		json_object_foreach(path, method, operation)
			if (strcmp(method, "parameters") != 0)
				check_operation(pattern, method, operation);
	}
}

static void
check_table(json_t *doc)
{
	json_t *paths = json_object_get(doc, "paths");
	int n = 0;

	for (const struct route *r = mgmt_table.routes; r->pattern != NULL; r++, n++) {
		json_t *path = json_object_get(paths, r->pattern);

		CHECK(json_object_get(path, method_name(r->method)) != NULL,
		    "%s %s is a route, but not described", method_name(r->method), r->pattern);
	}
	CHECK(n > 30, "only %d routes", n);
}

int
main(void)
{
	json_error_t why;
	json_t *doc = json_loadb(openapi_json, openapi_json_len, JSON_REJECT_DUPLICATES, &why);
	const char *version = json_string_value(json_object_get(doc, "openapi"));

	CHECK(doc != NULL, "not JSON: %s", why.text);
	CHECK(version != NULL && strncmp(version, "3.1.", 4) == 0, "version %s",
	    version != NULL ? version : "none");
	check_table(doc);
	check_document(doc);
	check_refs(doc, doc);
	json_decref(doc);
	return TEST_END();
}
