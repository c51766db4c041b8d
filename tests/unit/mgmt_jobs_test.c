/* SPDX-License-Identifier: Apache-2.0
 *
 * The management API as its clients see it: devices, jobs, and what is current;
 * stories over a real core and store. */
#include "mgmt_kit.h"
#include "otad/auto.h"
#include "otad/digest.h"

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
	api(a, "POST /api/v1/products", "{\"name\":\"Lamp\",\"ptype\":23701,"
	    "\"dialect\":\"native\"}");
	STATUS(a, 201, "product");
	upload(a, "v1.0.1t23701(a)");
	upload(a, "v1.0.1t23701(n)");
	upload(a, "v2.0.0t23701(a)");
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):yank", NULL);
	STATUS(a, 200, "yank");
}

/* ---- devices ---- */

static const struct {
	const char	*body;
	int		status;
	const char	*field;
} bad_devices[] = {
	{ "{}", 400, "id" },
	{ "{\"id\":\"a/b\",\"dialect\":\"native\"}", 400, "id" },
	{ "{\"id\":\"otad\",\"dialect\":\"native\"}", 400, "id" },
	{ "{\"id\":\"x\"}", 400, "dialect" },
	{ "{\"id\":\"x\",\"dialect\":\"morse\"}", 400, "dialect" },
	{ "{\"id\":\"x\",\"ptype\":77}", 400, "ptype" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"key\":\"short\"}", 400, "key" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"channel\":\"c\"}", 400, "channel" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"status\":\"accepted\"}", 400, "status" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"tags\":{\"A\":\"b\"}}", 400, "tags.A" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"push\":{\"via\":\"form\"}}", 400, "push.address" },
	{ "{\"id\":\"x\",\"ptype\":23701,\"push\":{\"address\":\"h\",\"via\":\"form\","
	  "\"password\":\"p\"}}", 422, "push.password" },
	{ "{\"id\":\"lamp-1\",\"ptype\":23701}", 409, NULL },
};

static void
devices(struct api *a)
{
	char first[64];

	api(a, "POST /api/v1/devices", "{\"id\":\"lamp-1\",\"ptype\":23701,\"channel\":\"b\","
	    "\"tags\":{\"site\":\"berlin\",\"floor\":3},"
	    "\"push\":{\"address\":\"10.0.0.7\",\"port\":8266,\"via\":\"espota\"}}");
	STATUS(a, 201, "device");
	CHECK(strcmp(api_reply_header(a, "Location"), "/api/v1/devices/lamp-1") == 0, "Location");
	CHECK(strlen(api_text(a, "key")) == KEY_LEN, "a key, once");
	snprintf(first, sizeof first, "%s", api_text(a, "key"));
	CHECK(strcmp(api_text(a, "status"), "accepted") == 0, "%s", api_text(a, "status"));
	CHECK(strcmp(api_text(a, "dialect"), "native") == 0, "the product's dialect");
	CHECK(strcmp(api_text(a, "tags/floor"), "3") == 0, "tags are texts");
	CHECK(api_number(a, "push/port") == 8266, "push");
	api(a, "POST /api/v1/devices", "{\"id\":\"lamp-2\",\"ptype\":23701,"
	    "\"key\":\"0123456789abcdef0123456789abcdef\"}");
	STATUS(a, 201, "brings a key");
	CHECK(api_at(a, "key") == NULL && json_is_true(api_at(a, "has_key")), "not shown");
	api(a, "POST /api/v1/devices", "{\"id\":\"50%<a>\",\"dialect\":\"native\"}");
	STATUS(a, 201, "an odd id");
	CHECK(strcmp(api_reply_header(a, "Location"), "/api/v1/devices/50%25%3Ca%3E") == 0,
	    "%s", api_reply_header(a, "Location"));
	api(a, "DELETE /api/v1/devices/50%<a>", NULL);
	STATUS(a, 204, "the odd one");
	EACH(bad, bad_devices) {
		api(a, "POST /api/v1/devices", bad->body);
		STATUS(a, bad->status, bad->body);
		if (bad->field != NULL)
			CHECK(strcmp(api_text(a, "errors/0/field"), bad->field) == 0, "%s: %s",
			    bad->body, api_text(a, "errors/0/field"));
	}
	api(a, "POST /api/v1/devices/lamp-1:rotate-key", NULL);
	STATUS(a, 200, "rotate");
	CHECK(strlen(api_text(a, "key")) == KEY_LEN && strcmp(api_text(a, "key"), first) != 0,
	    "another key");
	api(a, "GET /api/v1/devices/lamp-1", NULL);
	STATUS(a, 200, "GET");
	CHECK(api_at(a, "key") == NULL, "never again");
}

static void
device_changes(struct api *a)
{
	api(a, "PATCH /api/v1/devices/lamp-1", "{\"channel\":\"v\",\"tags\":{\"site\":\"rome\"},"
	    "\"push\":null}");
	STATUS(a, 200, "PATCH");
	CHECK(strcmp(api_text(a, "tags/site"), "rome") == 0 && api_at(a, "tags/floor") == NULL,
	    "tags are replaced");
	CHECK(strcmp(api_text(a, "channel"), "v") == 0 && json_is_null(api_at(a, "push")), "both");
	api(a, "PATCH /api/v1/devices/lamp-1", "{\"status\":\"blocked\"}");
	STATUS(a, 400, "status is no field");
	api(a, "POST /api/v1/devices/lamp-2:block", NULL);
	CHECK(a->status == 200 && strcmp(api_text(a, "status"), "blocked") == 0, "blocked");
	api(a, "GET /api/v1/devices?filter=status==blocked", NULL);
	STATUS(a, 200, "filter");
	CHECK(json_array_size(api_at(a, "items")) == 1 &&
	    strcmp(api_text(a, "items/0/id"), "lamp-2") == 0, "one blocked");
	api(a, "GET /api/v1/devices?filter=ptype==23701;tag.site==rome", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 1 &&
	    strcmp(api_text(a, "items/0/id"), "lamp-1") == 0, "one in Rome");
	api(a, "GET /api/v1/devices?filter=version=lt=1", NULL);
	STATUS(a, 400, "filter");
	CHECK(strcmp(api_text(a, "errors/0/field"), "filter") == 0, "%s",
	    api_text(a, "errors/0/field"));
	api(a, "POST /api/v1/devices/lamp-2:accept", "{\"x\":1}");
	STATUS(a, 400, "no such field");
	api(a, "POST /api/v1/devices/lamp-2:accept", "{}");
	CHECK(a->status == 200 && strcmp(api_text(a, "status"), "accepted") == 0, "accepted");
	api(a, "POST /api/v1/devices/lamp-9:accept", NULL);
	STATUS(a, 404, "absent");
	api(a, "GET /api/v1/devices?limit=1", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 1 && json_is_string(api_at(a, "next")),
	    "one and more");
	api(a, "GET /api/v1/devices/lamp-2/history", NULL);
	STATUS(a, 200, "history");
	CHECK(json_array_size(api_at(a, "items")) > 0, "its story");
	api(a, "GET /api/v1/devices/lamp-9/history", NULL);
	STATUS(a, 404, "absent");
}

/* ---- jobs ---- */

#define JOB(more)	"{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"all\":true}" more "}"

static const struct {
	const char	*body;
	int		status;
	const char	*field, *rule;
} bad_jobs[] = {
	{ JOB(",\"stages\":[{\"percent\":101}]"), 400, "stages[0].percent", "range" },
	{ JOB(",\"stages\":[]"), 400, "stages", "range" },
	{ JOB(",\"failure\":{}"), 400, "failure.percent", "missing" },
	{ JOB(",\"window\":{\"from\":\"2\",\"to\":\"05:00\"}"), 400, "window.from", "time" },
	{ JOB(",\"end\":\"soon\""), 400, "end", "time" },
	{ JOB(",\"mode\":\"maybe\""), 400, "mode", "word" },
	{ JOB(",\"delivery\":\"push\""), 422, "delivery", "not_yet" },
	{ JOB(",\"commit_timeout_s\":60"), 422, "commit_timeout_s", "not_yet" },
	{ JOB(",\"health\":{\"call\":{\"method\":\"Sys.GetInfo\"}}"), 422, "health", "not_yet" },
	{ JOB(",\"timeout_s\":0"), 400, "timeout_s", "range" },
	{ JOB(",\"reach_s\":0"), 400, "reach_s", "range" },
	{ JOB(",\"attempts\":0"), 400, "attempts", "range" },
	{ JOB(",\"exposure\":{\"at_most\":0}"), 400, "exposure.at_most", "range" },
	{ JOB(",\"exposure\":{\"most\":1}"), 400, "exposure.most", "unknown" },
	{ JOB(",\"metadata\":[]"), 400, "metadata", "type" },
	{ JOB(",\"versions\":[\"v1.0.1t23701(a)\"]"), 400, "version", "both" },
	{ "{\"targets\":{\"all\":true}}", 400, "version", "missing" },
	{ "{\"version\":\"v1.0.1t23701(a)\"}", 400, "targets", "missing" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{}}", 400, "targets", "missing" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"all\":false}}", 400, "targets",
	  "missing" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"all\":true,\"devices\":[\"x\"]}}", 400,
	  "targets", "both" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"filter\":\"tag.a=b\"}}", 400,
	  "targets.filter", "operator" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"filter\":\"@nobody\"}}", 422,
	  "targets.filter", "unknown" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"filter\":\"id==a\",\"all\":true}}",
	  400, "targets", "both" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"filter\":\"\"}}", 400,
	  "targets.filter", "range" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"devices\":[]}}", 400, "targets.devices",
	  "range" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"devices\":[7]}}", 400,
	  "targets.devices[0]", "type" },
	{ "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"devices\":[\"nobody\"]}}", 422, NULL,
	  NULL },
	{ "{\"version\":\"v9.0.1t23701(a)\",\"targets\":{\"all\":true}}", 422, NULL, NULL },
	{ "{\"version\":\"v2.0.0t23701(a)\",\"targets\":{\"all\":true}}", 422, NULL, NULL },
	{ "{\"version\":\"v1.0.1t23701(n)\",\"targets\":{\"all\":true}}", 422, NULL, NULL },
};

/* Every field at its default: what GET shows may be sent. */
static const char every_default[] = "{\"version\":\"v1.0.1t23701(a)\",\"targets\":{\"all\":true},"
    "\"mode\":\"force\",\"continuous\":false,\"priority\":0,\"needs_second_operator\":false,"
    "\"stages\":null,\"exposure\":{\"at_least\":10,\"percent\":50,\"at_most\":1000},"
    "\"failure\":null,\"rate\":null,\"max_active\":null,\"timeout_s\":1800,\"reach_s\":2592000,"
    "\"attempts\":3,\"retry_delay_s\":300,\"start\":null,\"end\":null,\"window\":null,"
    "\"allow_downgrade\":false,\"despite_hold\":false,\"reboot\":\"auto\","
    "\"commit_timeout_s\":300,\"delivery\":\"auto\",\"health\":null,\"metadata\":{}}";

/* How careful a job may be: each is taken, and shown as it was given. */
static const struct { const char *body, *at; } careful[] = {
	{ JOB(",\"stages\":[{\"percent\":100}]"), "stages" },
	{ JOB(",\"failure\":{\"percent\":10}"), "failure" },
	{ JOB(",\"rate\":{\"per_minute\":60,\"growth\":2.0}"), "rate" },
	{ JOB(",\"window\":{\"from\":\"02:00\",\"to\":\"05:00\"}"), "window" },
	{ JOB(",\"start\":\"2026-12-01T02:00:00Z\""), "start" },
	{ JOB(",\"end\":\"2026-12-01T02:00:00Z\""), "end" },
	{ JOB(",\"needs_second_operator\":true"), "needs_second_operator" },
	{ JOB(",\"mode\":\"approval\""), "mode" },
	{ JOB(",\"reboot\":\"approval\""), "reboot" },
};

static void
careful_jobs(struct api *a)
{
	char line[160];

	EACH(c, careful) {
		api(a, "POST /api/v1/jobs", c->body);
		STATUS(a, 201, c->body);
		snprintf(line, sizeof line, "policy/%s", c->at);
		CHECK(!json_is_null(api_at(a, line)) && !json_is_false(api_at(a, line)),
		    "%s is shown", c->body);
		snprintf(line, sizeof line, "POST /api/v1/jobs/%s:cancel", api_text(a, "id"));
		api(a, line, NULL);
		STATUS(a, 200, "cancel");
	}
}

static void
job_refusals(struct api *a)
{
	EACH(bad, bad_jobs) {
		api(a, "POST /api/v1/jobs", bad->body);
		STATUS(a, bad->status, bad->body);
		if (bad->field == NULL)
			continue;
		CHECK(strcmp(api_text(a, "errors/0/field"), bad->field) == 0, "%s: %s", bad->body,
		    api_text(a, "errors/0/field"));
		CHECK(strcmp(api_text(a, "errors/0/rule"), bad->rule) == 0, "%s: %s", bad->body,
		    api_text(a, "errors/0/rule"));
	}
	api(a, "POST /api/v1/jobs", JOB(",\"health\":{\"call\":{\"method\":\"x\"}},\"colour\":1"));
	STATUS(a, 400, "both not yet and unknown");
	CHECK(json_array_size(api_at(a, "errors")) == 2, "both are told");
	api(a, "POST /api/v1/jobs?dry_run=maybe", every_default);
	STATUS(a, 400, "dry_run");
	api(a, "GET /api/v1/jobs", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 0, "refusals left nothing");
}

static void
jobs(struct api *a)
{
	char id[64], line[160];
	json_t *policy;

	api(a, "POST /api/v1/jobs?dry_run=true", every_default);
	STATUS(a, 200, "dry run");
	CHECK(api_number(a, "matched") == 2, "%lld match", api_number(a, "matched"));
	policy = json_incref(api_at(a, "policy"));
	api(a, "GET /api/v1/jobs", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 0, "a dry run makes nothing");
	api(a, "POST /api/v1/jobs", "{\"version\":\"v1.0.1t23701(a)\",\"metadata\":{\"why\":[1]},"
	    "\"stages\":null,\"failure\":null,\"targets\":{\"devices\":[\"lamp-2\",\"lamp-1\",\"lamp-2\"]}}");
	STATUS(a, 201, "job");
	snprintf(id, sizeof id, "%s", api_text(a, "id"));
	CHECK(strlen(id) == ID_LEN, "id %s", id);
	CHECK(api_number(a, "counts/queued") == 2, "named twice counts once: %lld",
	    api_number(a, "counts/queued"));
	CHECK(api_number(a, "counts/succeeded") == 0, "every state is counted");
	CHECK(json_equal(api_at(a, "policy"), policy), "the defaults are the defaults");
	CHECK(json_is_null(api_at(a, "policy/stages")) && json_is_null(api_at(a, "policy/failure")),
	    "what is not there is shown as such");
	CHECK(json_array_size(api_at(a, "targets/devices")) == 3, "targets as given");
	CHECK(strcmp(api_text(a, "created_by"), "Ada") == 0, "by whom");
	json_decref(policy);
	snprintf(line, sizeof line, "GET /api/v1/jobs/%s/executions?state=queued&limit=1", id);
	api(a, line, NULL);
	STATUS(a, 200, "executions");
	CHECK(json_array_size(api_at(a, "items")) == 1 && json_is_string(api_at(a, "next")), "two");
	CHECK(strcmp(api_text(a, "items/0/job"), id) == 0 && api_number(a, "items/0/attempt") == 0,
	    "of this job");
	snprintf(line, sizeof line, "GET /api/v1/jobs/%s/executions?state=sleeping", id);
	api(a, line, NULL);
	STATUS(a, 400, "no such state");
	snprintf(line, sizeof line, "POST /api/v1/jobs/%s/executions/lamp-1:cancel", id);
	api(a, line, NULL);
	STATUS(a, 200, "one out");
	CHECK(strcmp(api_text(a, "state"), "canceled") == 0, "%s", api_text(a, "state"));
	snprintf(line, sizeof line, "POST /api/v1/jobs/%s/executions/lamp-1:retry", id);
	api(a, line, NULL);
	STATUS(a, 409, "what a person ended is not retried");
	snprintf(line, sizeof line, "POST /api/v1/jobs/%s/executions/nobody:cancel", id);
	api(a, line, NULL);
	STATUS(a, 404, "nobody");
	snprintf(line, sizeof line, "POST /api/v1/jobs/%s:cancel", id);
	api(a, line, NULL);
	STATUS(a, 200, "cancel");
	CHECK(strcmp(api_text(a, "state"), "canceled") == 0 &&
	    api_number(a, "counts/canceled") == 2,
	    "%s, %lld", api_text(a, "state"), api_number(a, "counts/canceled"));
	api(a, line, NULL);
	STATUS(a, 409, "once");
	careful_jobs(a);
	api(a, "GET /api/v1/jobs?state=canceled&ptype=23701", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 1 + NELEM(careful), "listed");
	api(a, "GET /api/v1/jobs?state=running", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 0, "not running");
	api(a, "GET /api/v1/jobs/nosuchjob", NULL);
	STATUS(a, 404, "absent");
}

static void
currents(struct api *a)
{
	char first[64];

	api(a, "PUT /api/v1/products/23701/current", "{\"version\":\"v1.0.1t23701(a)\"}");
	STATUS(a, 200, "current");
	CHECK(strcmp(api_text(a, "current/v"), "v1.0.1t23701(a)") == 0, "set");
	CHECK(strlen(api_text(a, "job")) == ID_LEN, "its job");
	snprintf(first, sizeof first, "GET /api/v1/jobs/%s", api_text(a, "job"));
	api(a, first, NULL);
	CHECK(strcmp(api_text(a, "state"), "running") == 0 && json_is_true(api_at(a,
	    "policy/continuous")) && strcmp(api_text(a, "current"), "v") == 0, "continuous");
	api(a, "PUT /api/v1/products/23701/current", "{}");
	STATUS(a, 400, "version is needed");
	api(a, "PUT /api/v1/products/23701/current",
	    "{\"version\":\"v1.0.1t23701(a)\",\"channel\":\"b\"}");
	STATUS(a, 422, "not of this channel");
	api(a, "PUT /api/v1/products/23701/current", "{\"version\":\"v1.0.1t1(a)\"}");
	STATUS(a, 422, "not of this product");
	api(a, "PUT /api/v1/products/23701/current",
	    "{\"version\":\"v1.0.1t23701(a)\",\"mode\":\"approval\"}");
	STATUS(a, 200, "approval");
	api(a, "PUT /api/v1/products/77/current", "{\"version\":null}");
	STATUS(a, 404, "no product");
	api(a, "PUT /api/v1/products/23701/current", "{\"version\":null}");
	STATUS(a, 200, "unset");
	CHECK(json_is_null(api_at(a, "current/v")) && json_is_null(api_at(a, "job")), "none");
	api(a, first, NULL);
	CHECK(strcmp(api_text(a, "state"), "running") != 0, "ended: %s", api_text(a, "state"));
}

static void
ends(struct api *a)
{
	api(a, "DELETE /api/v1/devices/lamp-1", NULL);
	STATUS(a, 204, "DELETE");
	api(a, "GET /api/v1/devices/lamp-1", NULL);
	STATUS(a, 404, "deleted");
}

int
main(void)
{
	struct api a;

	api_open(&a);
	prepare(&a);
	devices(&a);
	device_changes(&a);
	job_refusals(&a);
	jobs(&a);
	currents(&a);
	ends(&a);
	api_close(&a);
	return TEST_END();
}
