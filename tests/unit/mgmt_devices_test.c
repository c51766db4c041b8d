/* SPDX-License-Identifier: Apache-2.0
 *
 * Many devices at a time, as clients of the management API see it: filters, in
 * lists, under names and as targets of jobs; and files of devices. */
#include "mgmt_kit.h"
#include "otad/buf.h"

static void
upload(struct api *a, const char *version)
{
	struct api_part parts[] = {
		{ "image", "x.bin", "hello", 5 }, { "version", NULL, version, strlen(version) },
		{ NULL, NULL, NULL, 0 },
	};

	a->parts = parts;
	api(a, "POST /api/v1/firmware", NULL);
	STATUS(a, 201, version);
}

static void
prepare(struct api *a)
{
	api(a, "POST /api/v1/products",
	    "{\"name\":\"Lamp\",\"ptype\":23701,\"dialect\":\"native\"}");
	STATUS(a, 201, "product");
	api(a, "POST /api/v1/products",
	    "{\"name\":\"Fan\",\"ptype\":500,\"dialect\":\"arduino\"}");
	STATUS(a, 201, "product");
	upload(a, "v1.0.1t500(a)");
}

/* "a b c": the ids of the list. */
static const char *
ids(const struct api *a, char ret[512])
{
	json_t *one;
	size_t i, n = 0;

	ret[0] = '\0';
	json_array_foreach(api_at(a, "items"), i, one)
		n += (size_t)snprintf(ret + n, 512 - n, "%s%s", n > 0 ? " " : "",
		    json_string_value(json_object_get(one, "id")));
	return ret;
}

#define LISTED(a, filter, expect)					\
	do {								\
		char got[512];						\
		api(a, "GET /api/v1/devices?filter=" filter, NULL);	\
		STATUS(a, 200, filter);					\
		CHECK(strcmp(ids(a, got), expect) == 0, "%s: '%s', not '%s'", filter, got, \
		    expect);						\
	} while (0)

/* ---- files of devices ---- */

static void
import(struct api *a, const char *query, const char *text)
{
	struct api_part parts[] = { { "", NULL, text, strlen(text) }, { NULL, NULL, NULL, 0 } };
	char line[80];

	snprintf(line, sizeof line, "POST /api/v1/devices:import%s", query);
	a->parts = parts;
	api(a, line, NULL);
}

#define COUNTS(a, c, u, r)						\
	CHECK(api_number(a, "created") == c && api_number(a, "updated") == u && \
	    api_number(a, "refused") == r, "%lld, %lld, %lld", api_number(a, "created"), \
	    api_number(a, "updated"), api_number(a, "refused"))

static const struct {
	const char	*line, *why;
} bad_lines[] = {
	{ "[]", "device must be a JSON object" },
	{ "{\"id\":\"x\"", "device is not sound JSON" },
	{ "{\"id\":\"x\",\"id\":\"y\"}", "device is not sound JSON" },
	{ "{\"ptype\":500}", "id is missing" },
	{ "{\"id\":\"a/b\",\"ptype\":500}", "id, byte 1" },
	{ "{\"id\":\"x\",\"ptype\":501}", "there is no product 501" },
	{ "{\"id\":\"x\",\"ptype\":500,\"colour\":1}", "colour: there is no such field" },
	{ "{\"id\":\"x\",\"ptype\":500,\"tags\":{\"A\":\"b\"}}", "tags.A: a key" },
	{ "{\"id\":\"x\",\"ptype\":23701}", "key is missing" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"key\":\"short\"}", "key must have 32" },
	{ "{\"id\":\"f1\",\"ptype\":500}", "device 'f1' is there already" },
};

static void
imports(struct api *a)
{
	char path[40];

	import(a, "", "{\"id\":\"f1\",\"ptype\":500,\"tags\":{\"site\":\"berlin\"}}\r\n"
	    "\n  \n"
	    "{\"id\":\"f2\",\"ptype\":500,\"tags\":{\"site\":\"rome\",\"floor\":2}}\n"
	    "{\"id\":\"f3\",\"dialect\":\"arduino\",\"channel\":\"b\"}");
	STATUS(a, 200, "import");
	COUNTS(a, 3, 0, 0);
	api(a, "GET /api/v1/devices/f2", NULL);
	CHECK(a->status == 200 && strcmp(api_text(a, "tags/floor"), "2") == 0 &&
	    strcmp(api_text(a, "status"), "accepted") == 0, "f2 is there");
	EACH(bad, bad_lines) {
		char text[400];

		snprintf(text, sizeof text, "\n{\"id\":\"good%zu\",\"ptype\":500}\n%s\n",
		    (size_t)(bad - bad_lines), bad->line);
		import(a, "", text);
		STATUS(a, 200, bad->line);
		COUNTS(a, 1, 0, 1);
		CHECK(api_number(a, "failed/0/line") == 3, "line %lld",
		    api_number(a, "failed/0/line"));
		CHECK(strncmp(api_text(a, "failed/0/message"), bad->why, strlen(bad->why)) == 0,
		    "%s: %s", bad->line, api_text(a, "failed/0/message"));
		snprintf(path, sizeof path, "DELETE /api/v1/devices/good%zu",
		    (size_t)(bad - bad_lines));
		api(a, path, NULL);
		STATUS(a, 204, path);
	}
	LISTED(a, "id==*", "f1 f2 f3");
	import(a, "", "");
	STATUS(a, 400, "nothing");
	import(a, "?update=maybe", "{\"id\":\"f1\"}");
	STATUS(a, 400, "update");
}

#define KEY32	"0123456789abcdef0123456789abcdef"

static void
updates(struct api *a)
{
	import(a, "?update=true", "{\"id\":\"f1\",\"slot\":\"user1\"}\n"
	    "{\"id\":\"f2\",\"tags\":{\"site\":\"paris\"}}\n"
	    "{\"id\":\"f4\",\"ptype\":500}\n"
	    "{\"id\":\"n1\",\"ptype\":23701,\"key\":\"" KEY32 "\"}\n"
	    "{\"id\":\"f1\",\"ptype\":99}\n");
	STATUS(a, 200, "update");
	COUNTS(a, 2, 2, 1);
	CHECK(api_number(a, "failed/0/line") == 5 &&
	    strcmp(api_text(a, "failed/0/id"), "f1") == 0, "which");
	api(a, "GET /api/v1/devices/f1", NULL);
	CHECK(strcmp(api_text(a, "slot"), "user1") == 0 &&
	    strcmp(api_text(a, "tags/site"), "berlin") == 0 && api_number(a, "ptype") == 500,
	    "what the line does not have stays");
	api(a, "GET /api/v1/devices/f2", NULL);
	CHECK(strcmp(api_text(a, "tags/site"), "paris") == 0 && api_at(a, "tags/floor") == NULL,
	    "tags are replaced");
	import(a, "?update=true", "{\"id\":\"n1\",\"key\":\"" KEY32 "\"}\n"
	    "{\"id\":\"n1\",\"key\":\"x" KEY32 "\"}\n");
	COUNTS(a, 0, 1, 1);
	CHECK(strstr(api_text(a, "failed/0/message"), "has another key") != NULL, "%s",
	    api_text(a, "failed/0/message"));
}

/* Batches, lines that are cut by pieces, a line too long, more failures than are
 * shown. */
static void
many(struct api *a)
{
	struct buf text = BUF_INIT;
	char got[512];

	for (int i = 0; i < 3000; i++)
		buf_addf(&text, "{\"id\":\"m%04d\",\"ptype\":500,\"tags\":{\"n\":\"%d\"}}\n", i,
		    i % 10);
	for (int i = 0; i < 70000; i++)
		buf_adds(&text, "x");
	buf_adds(&text, "\n");
	for (int i = 0; i < 149; i++)
		buf_addf(&text, "{\"id\":\"m%04d\",\"ptype\":500}\n", i);
	import(a, "", text.p);
	STATUS(a, 200, "many");
	COUNTS(a, 3000, 0, 150);
	CHECK(json_array_size(api_at(a, "failed")) == 100 &&
	    api_number(a, "failed/0/line") == 3001 && json_is_null(api_at(a, "failed/0/id")) && api_number(a, "failed/99/line") == 3100,
	    "the first hundred, by line");
	CHECK(strstr(api_text(a, "failed/0/message"), "64 kB") != NULL, "%s",
	    api_text(a, "failed/0/message"));
	api(a, "GET /api/v1/devices?limit=3&filter=tag.n==7;id=in=(m0007,m2997,m0008)", NULL);
	CHECK(strcmp(ids(a, got), "m0007 m2997") == 0, "%s", got);
	buf_free(&text);
}

/* ---- filters ---- */

static const struct {
	const char	*body;
	int		status;
	const char	*field;
} bad_filters[] = {
	{ "{}", 400, "name" },
	{ "{\"name\":\"x\"}", 400, "filter" },
	{ "{\"name\":\"X\",\"filter\":\"id==a\"}", 400, "name" },
	{ "{\"name\":\"\",\"filter\":\"id==a\"}", 400, "name" },
	{ "{\"name\":\"x\",\"filter\":\"\"}", 400, "filter" },
	{ "{\"name\":\"x\",\"filter\":\"colour==red\"}", 400, "filter" },
	{ "{\"name\":\"x\",\"filter\":\"@berlin\"}", 400, "filter" },
	{ "{\"name\":\"berlin\",\"filter\":\"id==a\"}", 409, "name" },
};

static void
saved(struct api *a)
{
	api(a, "POST /api/v1/filters", "{\"name\":\"berlin\",\"filter\":\"tag.site==berlin\"}");
	STATUS(a, 201, "filter");
	CHECK(strcmp(api_reply_header(a, "Location"), "/api/v1/filters/berlin") == 0, "%s",
	    api_reply_header(a, "Location"));
	EACH(bad, bad_filters) {
		api(a, "POST /api/v1/filters", bad->body);
		STATUS(a, bad->status, bad->body);
		CHECK(strcmp(api_text(a, "errors/0/field"), bad->field) == 0, "%s: %s", bad->body,
		    api_text(a, "errors/0/field"));
	}
	api(a, "GET /api/v1/filters", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 1 &&
	    strcmp(api_text(a, "items/0/filter"), "tag.site==berlin") == 0, "listed");
	api(a, "GET /api/v1/filters/berlin", NULL);
	CHECK(a->status == 200 && strcmp(api_text(a, "created_by"), "Ada") == 0, "one");
	LISTED(a, "@berlin", "f1");
	api(a, "GET /api/v1/devices?filter=@rome", NULL);
	STATUS(a, 422, "no such name");
	api(a, "GET /api/v1/devices?filter=ptype=lt=5", NULL);
	STATUS(a, 400, "no such operator");
	CHECK(strcmp(api_text(a, "errors/0/rule"), "operator") == 0, "%s",
	    api_text(a, "errors/0/rule"));
}

static void
paged(struct api *a)
{
	char line[128], seen[64] = "", got[512];

	snprintf(line, sizeof line, "GET /api/v1/devices?limit=1&filter=id==f*");
	for (int i = 0; i < 9; i++) {
		api(a, line, NULL);
		STATUS(a, 200, line);
		strncat(seen, ids(a, got), sizeof seen - strlen(seen) - 1);
		if (json_is_null(api_at(a, "next")))
			break;
		snprintf(line, sizeof line,
		    "GET /api/v1/devices?limit=1&filter=id==f*&cursor=%s", api_text(a, "next"));
	}
	CHECK(strcmp(seen, "f1f2f3f4") == 0, "%s", seen);
}

/* ---- jobs ---- */

#define FOR(filter)	"{\"version\":\"v1.0.1t500(a)\",\"targets\":{\"filter\":\"" filter "\"}}"

static void
jobs(struct api *a)
{
	char line[160], id[64];

	api(a, "POST /api/v1/jobs?dry_run=true", FOR("id==f*"));
	STATUS(a, 200, "dry run");
	CHECK(api_number(a, "matched") == 3, "of its product: %lld", api_number(a, "matched"));
	api(a, "POST /api/v1/devices/f4:block", NULL);
	api(a, "POST /api/v1/jobs?dry_run=true", FOR("id==f*"));
	CHECK(api_number(a, "matched") == 2, "accepted ones: %lld", api_number(a, "matched"));
	api(a, "POST /api/v1/jobs", FOR("id==f*"));
	STATUS(a, 201, "job");
	CHECK(api_number(a, "counts/queued") == 2, "%lld", api_number(a, "counts/queued"));
	CHECK(strcmp(api_text(a, "targets/filter"), "id==f*") == 0, "as given");
	api(a, "POST /api/v1/jobs?dry_run=true", FOR("id==nobody"));
	CHECK(api_number(a, "matched") == 0, "nobody");
	api(a, "POST /api/v1/jobs", FOR("@berlin"));
	STATUS(a, 201, "by name");
	snprintf(id, sizeof id, "%s", api_text(a, "id"));
	CHECK(api_number(a, "counts/queued") == 1, "%lld", api_number(a, "counts/queued"));
	api(a, "DELETE /api/v1/filters/berlin", NULL);
	STATUS(a, 204, "deleted");
	api(a, "DELETE /api/v1/filters/berlin", NULL);
	STATUS(a, 404, "once");
	snprintf(line, sizeof line, "GET /api/v1/jobs/%s", id);
	api(a, line, NULL);
	CHECK(strcmp(api_text(a, "targets/filter"), "tag.site==berlin") == 0 &&
	    strcmp(api_text(a, "targets/saved"), "berlin") == 0, "what it meant then");
	snprintf(line, sizeof line, "GET /api/v1/jobs/%s/executions", id);
	api(a, line, NULL);
	CHECK(json_array_size(api_at(a, "items")) == 1 &&
	    strcmp(api_text(a, "items/0/device"), "f1") == 0, "f1");
}

int
main(void)
{
	struct api a;

	api_open(&a);
	prepare(&a);
	imports(&a);
	updates(&a);
	saved(&a);
	paged(&a);
	jobs(&a);
	many(&a);
	api_close(&a);
	return TEST_END();
}
