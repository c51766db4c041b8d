/* SPDX-License-Identifier: Apache-2.0
 *
 * The management API as its clients see it: products, firmware, images, keys, and
 * what watches the process; stories over a real core and store. */
#include <inttypes.h>
#include "mgmt_kit.h"
#include "otad/digest.h"

/* ---- products ---- */

static void
make_product(struct api *a, int ptype, const char *more)
{
	char body[256];

	snprintf(body, sizeof body, "{\"name\":\"Lamp %d\",\"ptype\":%d,\"dialect\":\"native\"%s}",
	    ptype, ptype, more);
	api(a, "POST /api/v1/products", body);
	STATUS(a, 201, body);
}

static const struct {
	const char	*body;
	int		status;
	const char	*field, *rule;
} bad_products[] = {
	{ "{}", 400, "name", "missing" },
	{ "{\"name\":\"x\"}", 400, "dialect", "missing" },
	{ "{\"name\":\"x\",\"dialect\":\"morse\"}", 400, "dialect", "known" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"colour\":1}", 400, "colour", "unknown" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"ptype\":0}", 400, "ptype", "range" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"ptype\":\"7\"}", 400, "ptype", "type" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"ptype\":23701}", 409, "ptype", "unique" },
	{ "{\"name\":\"Lamp 23701\",\"dialect\":\"native\"}", 409, "name", "unique" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"slots\":[]}", 400, "slots", "range" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"slots\":[7]}", 400, "slots[0]", "type" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"slots\":[\"a/b\"]}", 400, "slots",
	  "slot_name" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"image_kind\":\"elf\"}", 400, "image_kind",
	  "known" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"hardware\":{\"Chip\":\"a\"}}", 400,
	  "hardware.Chip", "key" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"link_base\":\"ftp://x\"}", 400, "link_base",
	  "url" },
	{ "{\"name\":\"x\",\"dialect\":\"native\",\"part_of\":4}", 422, "part_of", NULL },
	{ "{\"name\":\"x\",\"name\":\"y\",\"dialect\":\"native\"}", 400, "body", "duplicate" },
	{ "[", 400, "body", "json" },
	{ NULL, 400, "body", "missing" },
};

static void
products(struct api *a)
{
	make_product(a, 23701, ",\"hardware\":{\"chip\":\"esp8266\",\"flash\":4194304}");
	CHECK(strcmp(api_reply_header(a, "Location"), "/api/v1/products/23701") == 0, "Location");
	CHECK(strcmp(api_text(a, "slots/0"), "image") == 0, "default slot");
	CHECK(strcmp(api_text(a, "image_kind"), "auto") == 0, "default kind");
	CHECK(api_number(a, "hardware/flash") == 4194304, "flash is a number");
	CHECK(json_is_null(api_at(a, "current/v")) && api_at(a, "current/b") != NULL, "no current");
	EACH(bad, bad_products) {
		api(a, "POST /api/v1/products", bad->body);
		STATUS(a, bad->status, bad->body != NULL ? bad->body : "no body");
		CHECK(strcmp(api_text(a, "errors/0/field"), bad->field) == 0, "%s: field %s",
		    bad->body, api_text(a, "errors/0/field"));
		if (bad->rule != NULL)
			CHECK(strcmp(api_text(a, "errors/0/rule"), bad->rule) == 0,
			    "%s: rule %s", bad->body, api_text(a, "errors/0/rule"));
	}
	api(a, "PATCH /api/v1/products/23701", "{\"description\":\"of glass\",\"status\":2}");
	STATUS(a, 200, "PATCH");
	CHECK(strcmp(api_text(a, "description"), "of glass") == 0, "changed");
	CHECK(strcmp(api_text(a, "name"), "Lamp 23701") == 0, "the rest stays");
	api(a, "PATCH /api/v1/products/23701", "{\"ptype\":7}");
	STATUS(a, 400, "a ptype is for ever");
	api(a, "GET /api/v1/products/7", NULL);
	STATUS(a, 404, "absent");
	api(a, "GET /api/v1/products/x", NULL);
	STATUS(a, 404, "no number");
}

static void
lists(struct api *a)
{
	char line[128];

	for (int i = 1; i <= 5; i++)
		make_product(a, i, "");
	api(a, "GET /api/v1/products?limit=4", NULL);
	STATUS(a, 200, "first piece");
	CHECK(json_array_size(api_at(a, "items")) == 4 && api_number(a, "items/3/ptype") == 4,
	    "four items");
	snprintf(line, sizeof line, "GET /api/v1/products?limit=4&cursor=%s", api_text(a, "next"));
	api(a, line, NULL);
	CHECK(json_array_size(api_at(a, "items")) == 2 && api_number(a, "items/0/ptype") == 5,
	    "the rest");
	CHECK(json_is_null(api_at(a, "next")), "the end");
	api(a, "GET /api/v1/products?limit=6", NULL);
	CHECK(json_is_null(api_at(a, "next")), "exactly all of them");
	api(a, "GET /api/v1/products?cursor=d1", NULL);
	STATUS(a, 400, "another list's cursor");
	api(a, "GET /api/v1/products?limit=0", NULL);
	STATUS(a, 400, "no limit");
	api(a, "DELETE /api/v1/products/5", NULL);
	STATUS(a, 204, "DELETE");
	api(a, "DELETE /api/v1/products/5", NULL);
	STATUS(a, 404, "deleted");
}

/* ---- firmware ---- */

#define TEXT(name, text)	{ name, NULL, text, sizeof(text) - 1 }
#define FILE_OF(name, bytes)	{ name, "x.bin", bytes, sizeof(bytes) - 1 }

static void
upload(struct api *a, const char *version, const char *slot, const void *bytes, size_t n)
{
	struct api_part parts[] = {
		{ slot, "x.bin", bytes, n }, { "version", NULL, version, strlen(version) },
		{ NULL, NULL, NULL, 0 },
	};

	a->parts = parts;
	api(a, "POST /api/v1/firmware", NULL);
}

static const struct {
	const char	*version;
	int		status;
	const char	*field;
} names[] = {
	{ "v1.0.1.t23701(a)", 400, "version" }, { "V1.0.1t23701(a)", 400, "version" },
	{ "v1000.0.1t23701(a)", 400, "version" }, { "v1.00.2t23701(a)", 400, "version" },
	{ "v1.0.1t23701(O)", 400, "version" }, { "v1.0.1t23701(a) ", 400, "version" },
	{ "v1.0.1t23701(a)\n", 400, "version" }, { "", 400, "version" },
	{ "v1.0.1t99999(a)", 422, NULL },
	{ "v1.0.1t23701(o)", 409, "version" }, { "b1.0.1t23701(l)", 409, "version" },
	{ "v1.0.1t23701(a)", 409, "version" },
};

static void
firmware(struct api *a)
{
	static const struct api_part whole[] = {
		TEXT("notes", "first light\nwith lines"), FILE_OF("image.bin", "hello, lamp"),
		TEXT("version", "v1.0.1t23701(a)"), TEXT("native_version", "1.0-dirty"),
		TEXT("metadata", "{\"size\":0.1}"), { NULL, NULL, NULL, 0 },
	};
	uint8_t digest[MD5_LEN];
	char hex[HEX_LEN(MD5_LEN)];

	a->parts = whole;
	api(a, "POST /api/v1/firmware", NULL);
	STATUS(a, 201, "upload");
	CHECK(strcmp(api_reply_header(a, "Location"), "/api/v1/firmware/v1.0.1t23701(a)") == 0,
	    "Location %s", api_reply_header(a, "Location"));
	CHECK(api_number(a, "value") == 1000001 && api_number(a, "images/0/size") == 11, "value");
	md5(digest, "hello, lamp", 11);
	CHECK(strcmp(api_text(a, "images/0/md5"), hex_encode(hex, digest, sizeof digest)) == 0,
	    "md5 %s", api_text(a, "images/0/md5"));
	CHECK(strcmp(api_text(a, "images/0/kind"), "raw") == 0, "kind");
	CHECK(json_array_size(api_at(a, "warnings")) == 1, "an unknown file is warned of");
	CHECK(json_array_size(api_at(a, "images/0/findings/warnings")) == 1, "there too");
	CHECK(json_real_value(api_at(a, "metadata/size")) == 0.1, "metadata");
	CHECK(strcmp(api_text(a, "native_versions/0"), "1.0-dirty") == 0, "native");
	EACH(n, names) {
		upload(a, n->version, "image", "x", 1);
		STATUS(a, n->status, n->version);
		if (n->field != NULL)
			CHECK(strcmp(api_text(a, "errors/0/field"), n->field) == 0, "%s: %s",
			    n->version, api_text(a, "errors/0/field"));
	}
	upload(a, "v1.0.1t23701(n)", "image", "x", 1);
	STATUS(a, 201, "another class");
	api(a, "GET /api/v1/firmware?ptype=23701", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 2, "refusals left nothing");
	api(a, "GET /api/v1/firmware?ptype=1", NULL);
	CHECK(json_array_size(api_at(a, "items")) == 0, "of another product");
	api(a, "DELETE /api/v1/products/23701", NULL);
	STATUS(a, 409, "has firmware");
}

static const struct {
	const char		*what;
	struct api_part		parts[4];
	int			status;
	const char		*field, *rule;
} bad_uploads[] = {
	{ "no version", { FILE_OF("image", "x") }, 400, "version", "missing" },
	{ "nothing", { { NULL, NULL, NULL, 0 } }, 400, "version", "missing" },
	{ "two versions", { TEXT("version", "v2.0.0t23701(a)"), TEXT("version", "v2.0.0t23701(a)"),
	  FILE_OF("image", "x") }, 400, "version", "duplicate" },
	{ "unknown field", { TEXT("version", "v2.0.0t23701(a)"), TEXT("image", "x") }, 400, "image",
	  "unknown" },
	{ "metadata no object", { TEXT("version", "v2.0.0t23701(a)"), TEXT("metadata", "[1]"),
	  FILE_OF("image", "x") }, 400, "metadata", "type" },
	{ "metadata no JSON", { TEXT("version", "v2.0.0t23701(a)"), TEXT("metadata", "{"),
	  FILE_OF("image", "x") }, 400, "metadata", "json" },
	{ "notes no UTF-8", { TEXT("version", "v2.0.0t23701(a)"), TEXT("notes", "\xff"),
	  FILE_OF("image", "x") }, 400, "notes", "text" },
	{ "bad requires", { TEXT("version", "v2.0.0t23701(a)"), TEXT("requires", "1.0"),
	  FILE_OF("image", "x") }, 400, "requires", NULL },
	{ "no image", { TEXT("version", "v2.0.0t23701(a)") }, 422, NULL, NULL },
	{ "wrong slot", { TEXT("version", "v2.0.0t23701(a)"), FILE_OF("user1.bin", "x") }, 422,
	  NULL, NULL },
	{ "one too many", { TEXT("version", "v2.0.0t23701(a)"), FILE_OF("image", "x"),
	  FILE_OF("user1.bin", "x") }, 422, NULL, NULL },
	{ "slot twice", { TEXT("version", "v2.0.0t23701(a)"), FILE_OF("image", "x"),
	  FILE_OF("image", "x") }, 400, NULL, NULL },
	{ "empty file", { TEXT("version", "v2.0.0t23701(a)"), FILE_OF("image", "") }, 422, NULL,
	  NULL },
};

static void
uploads(struct api *a)
{
	static char big[(1u << 20) + 1], notes[17000];
	struct api_part long_notes[] = {
		TEXT("version", "v2.0.0t23701(a)"), { "notes", NULL, notes, sizeof notes },
		FILE_OF("image", "x"), { NULL, NULL, NULL, 0 },
	};

	EACH(bad, bad_uploads) {
		a->parts = bad->parts;
		api(a, "POST /api/v1/firmware", NULL);
		STATUS(a, bad->status, bad->what);
		if (bad->field != NULL)
			CHECK(strcmp(api_text(a, "errors/0/field"), bad->field) == 0, "%s: %s",
			    bad->what, api_text(a, "errors/0/field"));
		if (bad->rule != NULL)
			CHECK(strcmp(api_text(a, "errors/0/rule"), bad->rule) == 0, "%s: %s",
			    bad->what, api_text(a, "errors/0/rule"));
	}
	memset(notes, 'x', sizeof notes);
	a->parts = long_notes;
	api(a, "POST /api/v1/firmware", NULL);
	STATUS(a, 400, "long notes");
	upload(a, "v2.0.0t23701(a)", "image", big, sizeof big);
	STATUS(a, 413, "too big");
	upload(a, "v2.0.0t23701(a)", "image", big, sizeof big - 1);
	STATUS(a, 201, "as big as may be");
	CHECK(api_number(a, "images/0/size") == 1 << 20, "whole");
}

static void
states(struct api *a)
{
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):hold", "{\"why\":\"smoke\"}");
	STATUS(a, 200, "hold");
	CHECK(strcmp(api_text(a, "state"), "held") == 0, "%s", api_text(a, "state"));
	CHECK(strstr(api_text(a, "held_why"), "smoke") != NULL, "%s", api_text(a, "held_why"));
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):release", NULL);
	STATUS(a, 200, "release");
	CHECK(strcmp(api_text(a, "state"), "ready") == 0, "%s", api_text(a, "state"));
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):yank", "{}");
	STATUS(a, 200, "yank");
	CHECK(strcmp(api_text(a, "state"), "yanked") == 0, "%s", api_text(a, "state"));
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):release", NULL);
	STATUS(a, 409, "yanked for ever");
	api(a, "POST /api/v1/firmware/v2.0.0t23701(a):hold", "{\"reason\":\"smoke\"}");
	STATUS(a, 400, "unknown field");
	api(a, "POST /api/v1/firmware/v9.0.0t23701(a):hold", NULL);
	STATUS(a, 404, "absent");
}

#define IMAGE	"/api/v1/firmware/v1.0.1t23701(a)/images/image"

static void
get_with(struct api *a, const char *line, const char *name, const char *value)
{
	a->headers[0][0] = name;
	a->headers[0][1] = value;
	api(a, line, NULL);
}

static void
images(struct api *a)
{
	uint8_t digest[SHA256_LEN];
	char hex[HEX_LEN(SHA256_LEN)], etag[80];

	sha256(digest, "hello, lamp", 11);
	snprintf(etag, sizeof etag, "\"%s\"", hex_encode(hex, digest, sizeof digest));
	api(a, "GET " IMAGE, NULL);
	STATUS(a, 200, "image");
	CHECK(a->rep.has_image && a->rep.from == 0 && a->rep.to == 11, "all of it");
	CHECK(memcmp(a->rep.image, digest, sizeof digest) == 0, "these bytes");
	CHECK(strcmp(api_reply_header(a, "ETag"), etag) == 0, "%s", api_reply_header(a, "ETag"));
	CHECK(strcmp(api_reply_header(a, "x-SHA256"), hex) == 0, "x-SHA256");
	api(a, "GET " IMAGE ".bin", NULL);
	STATUS(a, 200, "with an ending");
	get_with(a, "GET " IMAGE, "Range", "bytes=7-");
	STATUS(a, 206, "range");
	CHECK(a->rep.has_image && a->rep.from == 7 && a->rep.to == 11, "the end");
	CHECK(strcmp(api_reply_header(a, "Content-Range"), "bytes 7-10/11") == 0, "%s",
	    api_reply_header(a, "Content-Range"));
	get_with(a, "GET " IMAGE, "Range", "bytes=11-");
	STATUS(a, 416, "beyond");
	CHECK(!a->rep.has_image && strcmp(api_reply_header(a, "Content-Range"), "bytes */11") == 0,
	    "%s", api_reply_header(a, "Content-Range"));
	get_with(a, "GET " IMAGE, "If-None-Match", etag);
	STATUS(a, 304, "known");
	CHECK(!a->rep.has_image && a->rep.body.len == 0, "nothing else");
	a->headers[1][0] = "If-Range";
	a->headers[1][1] = "\"other\"";
	get_with(a, "GET " IMAGE, "Range", "bytes=7-");
	STATUS(a, 200, "of another version");
	api(a, "HEAD " IMAGE, NULL);
	STATUS(a, 200, "HEAD");
	CHECK(!a->rep.has_image && a->rep.length_as == 11, "length");
	api(a, "GET /api/v1/firmware/v1.0.1t23701(a)/images/user1", NULL);
	STATUS(a, 404, "no such slot");
	api(a, "GET /api/v1/firmware/v1.0.1t1(a)/images/image", NULL);
	STATUS(a, 404, "no such firmware");
}

/* ---- administration and operation ---- */

static void
keys(struct api *a)
{
	char line[96];

	api(a, "POST /api/v1/keys", "{\"name\":\"board\",\"role\":\"viewer\",\"expires\":null,"
	    "\"products\":null}");
	STATUS(a, 201, "key");
	CHECK(strlen(api_text(a, "key")) == KEY_LEN, "shown once");
	snprintf(line, sizeof line, "DELETE /api/v1/keys/%s", api_text(a, "id"));
	api(a, "GET /api/v1/keys", NULL);
	STATUS(a, 200, "list");
	CHECK(json_array_size(api_at(a, "items")) == 1 && api_at(a, "items/0/key") == NULL,
	    "without the key");
	api(a, "POST /api/v1/keys", "{\"name\":\"x\",\"role\":\"king\"}");
	STATUS(a, 400, "role");
	api(a, "POST /api/v1/keys", "{\"name\":\"x\",\"role\":\"viewer\",\"products\":[1]}");
	STATUS(a, 422, "products");
	api(a, "POST /api/v1/keys",
	    "{\"name\":\"x\",\"role\":\"viewer\",\"expires\":\"2001-01-01T00:00:00Z\"}");
	STATUS(a, 422, "in the past");
	api(a, line, NULL);
	STATUS(a, 204, "DELETE");
	api(a, line, NULL);
	STATUS(a, 404, "deleted");
}

static void
operation(struct api *a)
{
	char action[64];

	api(a, "GET /api/v1/audit?limit=1", NULL);
	STATUS(a, 200, "audit");
	snprintf(action, sizeof action, "%s", api_text(a, "items/0/action"));
	CHECK(strcmp(action, "key.delete") == 0, "the newest is %s", action);
	CHECK(strcmp(api_text(a, "items/0/name"), "Ada") == 0, "by whom");
	api(a, "GET /healthz", NULL);
	STATUS(a, 200, "healthz");
	api(a, "GET /readyz", NULL);
	CHECK(a->status == 503 && json_is_false(api_at(a, "parts/ticker/ready")),
	    "no ticker runs here: %d", a->status);
	api(a, "GET /api/v1/openapi.json", NULL);
	CHECK(a->status == 200 && json_equal(a->doc, a->description), "the description");
	api(a, "POST /api/v1/devices", "{\"id\":\"lamp-1\",\"ptype\":23701}");
	STATUS(a, 201, "device");
	api(a, "GET /metrics", NULL);
	STATUS(a, 200, "metrics");
	CHECK(strstr(buf_str(&a->rep.body), "\notad_devices{status=\"accepted\"} 1\n") != NULL &&
	    strstr(buf_str(&a->rep.body), "# TYPE otad_store_commits_total counter\n") != NULL,
	    "%s", buf_str(&a->rep.body));
}

int
main(void)
{
	struct api a;

	api_open(&a);
	products(&a);
	lists(&a);
	firmware(&a);
	uploads(&a);
	states(&a);
	images(&a);
	keys(&a);
	operation(&a);
	api_close(&a);
	return TEST_END();
}
