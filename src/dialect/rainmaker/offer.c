/* SPDX-License-Identifier: Apache-2.0
 *
 * offer.c - otaurl, for readers that do not know escapes.
 *
 * A node hands a backslash on as it stands, to its HTTP client or to a host that
 * splits a line at commas (protocols/rainmaker.md 0.2, 4.5). So what is worded
 * has none: the version falls back on the firmware's own name, and what cannot do
 * without is not said. metadata is left out unless it carries something: even an
 * empty object counts as one, and ESP-AT fails on any but its own (2.3). */
#include <stdio.h>
#include <string.h>
#include "rainmaker.h"

#define LINK_LONGEST	899	/* 4.1: the request line has to fit into 1 kB */

static bool
plain(const char *text, bool for_host)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == '"' || *p == '\\' || (for_host && (*p == ',' || *p > 0x7e)))
			return false;
	return true;
}

/* NULL: none. The job's is dropped for ESP-AT, which would fail on it. */
static json_t *
metadata(const struct device *d, const struct answer *a, bool for_host)
{
	json_t *given = NULL;

	if (for_host)
		return json_pack("{s:s}", "esp.ota.target", "host_mcu");
	if (a->metadata[0] == '\0' || node_is_at(d->facts))
		return NULL;
	given = json_loads(a->metadata, 0, NULL);
	if (json_object_size(given) == 0) {
		json_decref(given);
		return NULL;
	}
	return given;
}

static json_t *
document(const struct device *d, const struct answer *a, const char *link, bool for_host)
{
	const char *version = a->native[0] != '\0' && plain(a->native, for_host) ? a->native :
	    a->firmware;
	char hex[HEX_LEN(MD5_LEN)];

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o*}", "ota_job_id", a->execution.job_id,
	    "url", link, "file_md5", hex_encode(hex, a->image.md5, MD5_LEN), "fw_version", version,
	    "file_size", (json_int_t)a->image.size, "metadata", metadata(d, a, for_host));
}

int
node_offer(const struct device *d, const struct answer *a, const char *link,
    struct outgoing *ret, struct err *e)
{
	bool for_host = a->execution.ptype != d->ptype;
	json_auto_t *doc = NULL;
	AUTO(str) char *text = NULL;

	if (strlen(link) > LINK_LONGEST || !plain(link, for_host) || strchr(link, ' ') != NULL)
		return err_field(e, ERR_INVALID, "url", "plain",
		    "its link cannot be said to a node: %.100s", link);
	doc = document(d, a, link, for_host);
	text = json_dumps(doc, JSON_COMPACT);
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "no words for an offer");
	if (strchr(text, '\\') != NULL)
		return err_field(e, ERR_INVALID, "metadata", "plain", "the job's metadata cannot "
		    "be said to a node: it needs an escape");
	ret->carrier = BY_MQTT;
	snprintf(ret->where, sizeof(ret->where), "node/%s/otaurl", d->id);
	buf_adds(&ret->bytes, text);
	return ret->bytes.failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}
