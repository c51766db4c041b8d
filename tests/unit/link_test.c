/* SPDX-License-Identifier: Apache-2.0
 *
 * Links: what whoever holds one gets, as the clients of protocols/rainmaker.md 4
 * need it, and who gets nothing. */
#include "tell_kit.h"

static uint8_t image[5000];
static char job[ID_LEN + 1];

static struct heard
get(struct tell *t, const char *what, const char *method, const char *link, const char *range,
    int status)
{
	static struct heard h;

	follow(t, &h, method, link, range);
	CHECK(h.status == status, "%s: %d %s", what, h.status, h.body);
	CHECK(status < 400 || status == 416 || h.body[0] != '\0', "%s: without a word", what);
	return h;
}

static void
bytes_are(const struct heard *h, const char *what, size_t from, size_t to)
{
	char hex[HEX_LEN(SHA256_LEN)], etag[HEX_LEN(SHA256_LEN) + 2];
	uint8_t sum[SHA256_LEN];

	CHECK(h->has_image && h->from == from && h->to == to, "%s: %llu to %llu", what,
	    (unsigned long long)h->from, (unsigned long long)h->to);
	md5(sum, image + from, to - from);
	CHECK(strcmp(h->md5, hex_encode(hex, sum, MD5_LEN)) == 0, "%s: bytes", what);
	sha256(sum, image, sizeof(image));
	snprintf(etag, sizeof(etag), "\"%s\"", hex_encode(hex, sum, SHA256_LEN));
	CHECK(strcmp(said_header(h, "ETag"), etag) == 0, "%s: ETag", what);
	CHECK(strcmp(said_header(h, "Accept-Ranges"), "bytes") == 0, "%s: Accept-Ranges", what);
	CHECK(strcmp(h->type, "application/octet-stream") == 0, "%s: %s", what, h->type);
}

static const char *
state(struct tell *t, const char *id)
{
	return talk_state(&t->talk, job, id);
}

/* A device asks, and is told a link. */
static void
link_for(struct tell *t, const char *id, char ret[LINK_MAX])
{
	static struct told told;
	char where[128];
	json_auto_t *doc = NULL;

	snprintf(where, sizeof(where), "otad/%s/seen", id);
	tell(t, &told, where, "{\"version\":\"v1.0.0t23701(a)\",\"product\":23701}");
	CHECK(told.n == 1, "%s: %d messages: %s", id, told.n, told.e.text);
	doc = json_loads(told.bytes[0], 0, NULL);
	snprintf(ret, LINK_MAX, "%s", doc != NULL ?
	    json_string_value(json_object_get(doc, "url")) : "");
}

/* ---- whole and in part ---- */

static void
parts(struct tell *t)
{
	static const struct {
		const char *range;
		int	status;
		size_t	from, to;
		const char *content;
	} ranges[] = {
		{ "bytes=0-", 206, 0, 5000, "bytes 0-4999/5000" },
		{ "bytes=1024-", 206, 1024, 5000, "bytes 1024-4999/5000" },
		{ "bytes=0-0", 206, 0, 1, "bytes 0-0/5000" },
		{ "bytes=100-199", 206, 100, 200, "bytes 100-199/5000" },
		{ "bytes=4999-9999", 206, 4999, 5000, "bytes 4999-4999/5000" },
		{ "bytes=-10", 206, 4990, 5000, "bytes 4990-4999/5000" },
		{ "bytes=0-1,5-6", 200, 0, 5000, "" },
		{ "octets=1-", 200, 0, 5000, "" },
		{ "bytes=5000-", 416, 0, 0, "bytes */5000" },
		{ "bytes=99999999999999999999999-", 416, 0, 0, "bytes */5000" },
	};
	char link[LINK_MAX];
	struct heard h;

	link_for(t, "l-1", link);
	h = get(t, "HEAD", "HEAD", link, NULL, 200);
	CHECK(!h.has_image && h.length_as == sizeof(image), "HEAD: %llu",
	    (unsigned long long)h.length_as);
	CHECK(strcmp(state(t, "l-1"), "offered") == 0, "HEAD takes nothing: %s", state(t, "l-1"));
	h = get(t, "beyond", "GET", link, "bytes=5000-", 416);
	CHECK(strcmp(state(t, "l-1"), "offered") == 0, "nor this: %s", state(t, "l-1"));
	t->talk.ending = TRANSFER_BROKEN;
	h = get(t, "the whole", "GET", link, NULL, 200);
	bytes_are(&h, "the whole", 0, sizeof(image));
	CHECK(strcmp(state(t, "l-1"), "in_progress") == 0, "taken: %s", state(t, "l-1"));
	EACH(p, ranges) {
		h = get(t, p->range, "GET", link, p->range, p->status);
		CHECK(strcmp(said_header(&h, "Content-Range"), p->content) == 0, "%s: %s", p->range,
		    said_header(&h, "Content-Range"));
		if (p->status != 416)
			bytes_are(&h, p->range, p->from, p->to);
		else
			CHECK(!h.has_image, "%s: no bytes", p->range);
		CHECK(strcmp(state(t, "l-1"), "in_progress") == 0, "%s: %s", p->range,
		    state(t, "l-1"));
	}
}

/* ---- who gets nothing ---- */

static void
forged(struct tell *t)
{
	char link[LINK_MAX], other[LINK_MAX];
	size_t begin = sizeof(TELL_BASE "/d/") - 1;

	link_for(t, "l-2", link);
	for (size_t i = begin; link[i] != '/'; i++) {
		snprintf(other, sizeof(other), "%s", link);
		other[i] = link[i] == '1' ? '2' : '1';
		(void)get(t, other, "GET", other, NULL, 403);
	}
	(void)get(t, "no token", "GET", TELL_BASE "/d/x/y.bin", NULL, 403);
	(void)get(t, "long", "GET", TELL_BASE "/d/1~1~1~image~ffffffff~"
	    "0123456789abcdef0123456789abcdef0123456789abcdef/y.bin", NULL, 403);
	(void)get(t, "no file", "GET", TELL_BASE "/d/x", NULL, -1);
	CHECK(strcmp(state(t, "l-2"), "offered") == 0, "untouched: %s", state(t, "l-2"));
	snprintf(strrchr(link, '/'), 12, "/other.name");
	t->talk.ending = TRANSFER_DELIVERED;
	(void)get(t, "the file's name is for people", "GET", link, NULL, 200);
}

static void
expired(struct tell *t)
{
	char link[LINK_MAX];

	link_for(t, "l-3", link);
	tell_forward(t, 86390);
	t->talk.ending = TRANSFER_BROKEN;
	(void)get(t, "a day old", "GET", link, NULL, 200);
	tell_forward(t, 20);
	(void)get(t, "older", "GET", link, "bytes=1-", 410);
}

/* The offer lapsed: the planner is asked again, and may have no place. */
static bool
lapsed(struct tell *t, const char *id)
{
	for (int i = 0; i < 500 && strcmp(state(t, id), "offered") == 0; i++)
		usleep(10000);
	return strcmp(state(t, id), "queued") == 0;
}

static void
no_place(struct tell *t)
{
	char link[LINK_MAX], id[16], rest[LINK_MAX];
	struct heard h;

	link_for(t, "l-4", link);
	tell_forward(t, 121);
	CHECK(lapsed(t, "l-4"), "%s", state(t, "l-4"));
	for (int i = 0; i < 20; i++) {		/* until nobody gets one any more */
		static struct told told;

		snprintf(id, sizeof(id), "l-x%d", i);
		snprintf(rest, sizeof(rest), "otad/%s/seen", id);
		tell(t, &told, rest, "{\"version\":\"v1.0.0t23701(a)\",\"product\":23701}");
		if (told.n == 0)
			break;
	}
	h = get(t, "no place", "GET", link, NULL, 503);
	CHECK(strcmp(said_header(&h, "Retry-After"), "60") == 0, "Retry-After: %s",
	    said_header(&h, "Retry-After"));
	CHECK(strcmp(state(t, "l-4"), "queued") == 0, "%s", state(t, "l-4"));
	tell_forward(t, 121);
	CHECK(lapsed(t, "l-x0"), "%s", state(t, "l-x0"));
	t->talk.ending = TRANSFER_BROKEN;
	(void)get(t, "places again", "GET", link, NULL, 200);
}

static void
withdrawn(struct tell *t)
{
	char taken[LINK_MAX], untaken[LINK_MAX], blocked[LINK_MAX];

	link_for(t, "l-5", taken);
	link_for(t, "l-6", untaken);
	link_for(t, "l-7", blocked);
	t->talk.ending = TRANSFER_BROKEN;
	(void)get(t, "taken", "GET", taken, NULL, 200);
	(void)get(t, "untaken", "HEAD", untaken, NULL, 200);
	talk_person(&t->talk, talk_block_tx, "l-7");
	(void)get(t, "a blocked device's", "GET", blocked, NULL, 410);
	tell_cancel(t, job);
	(void)get(t, "what was taken goes on", "GET", taken, "bytes=10-", 206);
	(void)get(t, "what was not is off", "GET", untaken, NULL, 410);
}

int
main(void)
{
	static const struct kit_file file = { "image", image, sizeof(image) };
	static struct tell t = { .talk = { .enrol = ENROL_OPEN } };

	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * i >> 3);
	tell_open(&t);
	talk_product(&t.talk, 23701, "native", "image");
	talk_firmware(&t.talk, "v1.0.1t23701(a)", "", &file, 1);
	talk_current(&t.talk, 23701, "v1.0.1t23701(a)", job);
	parts(&t);
	forged(&t);
	expired(&t);
	no_place(&t);
	withdrawn(&t);
	tell_close(&t);
	return TEST_END();
}
