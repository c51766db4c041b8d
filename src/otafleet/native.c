/* SPDX-License-Identifier: Apache-2.0
 *
 * A device whose firmware was written for otad's own dialect, over HTTP: it
 * polls, takes the image, verifies all that the answer announces, and says how
 * it goes. It goes on with a broken download where it stopped. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "otad/digest.h"
#include "otad/facts.h"

static void
born(struct device *d, const struct plan *p)
{
	char text[64];
	uint8_t sum[SHA256_LEN];

	snprintf(d->id, sizeof(d->id), "sim-%llx-%05u",
	    (unsigned long long)(p->seed & 0xffffffff), d->index + 1);
	snprintf(text, sizeof(text), "key of %llu, %u", (unsigned long long)p->seed, d->index);
	sha256(sum, text, strlen(text));
	hex_encode(d->key, sum, sizeof(sum));
}

static void
add_fact(struct buf *ret, const struct plan *p, const char *key, const char *header)
{
	char value[FACT_VALUE_MAX];

	if (facts_get(buf_str(&p->facts), key, value))
		buf_addf(ret, "%s: %s\r\n", header, value);
}

static void
add_head(const struct device *d, const struct endpoint *to, struct buf *ret)
{
	buf_addf(ret, "Host: %s\r\nUser-Agent: otafleet/" OTAD_VERSION "\r\n"
	    "Connection: close\r\nAuthorization: token %s\r\nX-Device-Id: %s\r\n",
	    to->authority, d->key, d->id);
}

static void
ask_image(const struct device *d, const struct plan *p, const struct endpoint *to,
    struct buf *ret)
{
	const struct taking *t = &d->taking;

	buf_addf(ret, "GET %s/device/update HTTP/1.1\r\n", to->base);
	add_head(d, to, ret);
	if (d->version[0] != '\0')
		buf_addf(ret, "X-Device-Version: %s\r\n", d->version);
	if (p->ptype != 0)
		buf_addf(ret, "X-Device-Product: %u\r\n", p->ptype);
	add_fact(ret, p, "slot", "X-Device-Slot");
	add_fact(ret, p, "free", "X-Device-Free");
	if (t->image != NULL && t->at > 0)
		buf_addf(ret, "Range: bytes=%lld-\r\nIf-Range: %s\r\n", (long long)t->at,
		    t->image->offer.etag);
	buf_adds(ret, "\r\n");
}

static void
ask(const struct device *d, const struct plan *p, const struct endpoint *to, struct buf *ret)
{
	static const struct {
		const char	*state, *detail;
		int		progress;
	} said[] = {
		[SAY_PROGRESS]	= { "in_progress", "flashing", 100 },
		[SAY_SUCCESS]	= { "success", "stored, rebooting", 100 },
		[SAY_FAILED]	= { "failed", NULL, 100 },
	};
	json_auto_t *body = NULL;
	AUTO(str) char *text = NULL;

	if (d->saying == SAY_POLL) {
		ask_image(d, p, to, ret);
		return;
	}
	body = json_pack("{ss ss si ss}", "job", d->job, "state", said[d->saying].state,
	    "progress", said[d->saying].progress, "detail",
	    said[d->saying].detail ? said[d->saying].detail : d->detail);
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	if (text == NULL) {
		ret->failed = true;
		return;
	}
	buf_addf(ret, "POST %s/device/status HTTP/1.1\r\n", to->base);
	add_head(d, to, ret);
	buf_addf(ret, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(text), text);
}

/* "bytes 100-199/200": what begins at 100, of 200. */
static int
content_range(const struct answer *a, struct offer *ret)
{
	static const char before[] = { ' ', '-', '/' };
	char text[80], *at = text + strlen("bytes");
	long long n[3];

	if (strncmp(answer_text(a, "Content-Range", text, sizeof(text)), "bytes", 5) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		if (*at != before[i] || at[1] < '0' || at[1] > '9')
			return -1;
		n[i] = strtoll(at + 1, &at, 10);
	}
	if (*at != '\0' || n[0] <= 0 || n[1] != n[2] - 1 || n[1] - n[0] + 1 != a->length)
		return -1;
	ret->start = n[0];
	ret->size = n[2];
	return 0;
}

static enum hearing
hear_image(const struct answer *a, struct offer *ret, char why[WHY_MAX])
{
	const struct {
		const char	*header;
		char		*ret;
		size_t		size, exactly;
	} wanted[] = {
		{ "x-MD5", ret->md5, sizeof(ret->md5), 32 },
		{ "x-SHA256", ret->sha256, sizeof(ret->sha256), 64 },
		{ "X-Version", ret->version, sizeof(ret->version), 0 },
		{ "X-Job", ret->job, sizeof(ret->job), 0 },
		{ "ETag", ret->etag, sizeof(ret->etag), 0 },
	};

	if (a->length <= 0 || a->coded) {
		snprintf(why, WHY_MAX, "an image without Content-Length");
		return HEARD_NONSENSE;
	}
	for (size_t i = 0; i < NELEM(wanted); i++) {
		size_t len;
		const char *value = answer_header(a, wanted[i].header, 0, &len);

		if (value == NULL || len == 0 || len >= wanted[i].size ||
		    (wanted[i].exactly != 0 && len != wanted[i].exactly)) {
			snprintf(why, WHY_MAX, "an image without a sound %s", wanted[i].header);
			return HEARD_NONSENSE;
		}
		answer_text(a, wanted[i].header, wanted[i].ret, wanted[i].size);
	}
	if (a->status == 206 && content_range(a, ret) != 0) {
		snprintf(why, WHY_MAX, "206 without a Content-Range that fits");
		return HEARD_NONSENSE;
	}
	return HEARD_IMAGE;
}

static enum hearing
hear(const struct device *d, const struct plan *p, struct offer *ret, char why[WHY_MAX])
{
	const struct answer *a = &d->x.answer;
	bool resumed = d->taking.image != NULL && d->taking.at > 0;

	(void)p;
	if (d->saying != SAY_POLL) {
		if (a->status == 204)
			return HEARD_NOTHING;
	} else if (a->status == 304) {
		return HEARD_NOTHING;
	} else if (a->status == 200 || (a->status == 206 && resumed)) {
		*ret = (struct offer){ .size = a->length };
		return hear_image(a, ret, why);
	}
	snprintf(why, WHY_MAX, "%s answered %d", d->saying == SAY_POLL ? "poll" : "report",
	    a->status);
	return HEARD_REFUSAL;
}

const struct family family_native = {
	.name = "native", .facts = "free slot",
	.reports = true, .names_version = true, .resumes = true,
	.born = born, .ask = ask, .hear = hear
};
