/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds are a table, in order of asking; raw comes last and claims whatever
 * is left. An inspector writes into a report of its own, which becomes the
 * caller's only when the file was found sound. */
#include <string.h>
#include "otad/auto.h"
#include "otad/digest.h"
#include "otad/facts.h"
#include "kind.h"

static const struct image_kind *const kinds[] = {
	&image_esp8266_user,	/* before what looks like it */
	&image_esp8266_sketch,
	&image_esp32_app,
	&image_raw,
};

const struct image_kind *
image_kind_find(const char *name)
{
	for (size_t i = 0; i < NELEM(kinds); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

/* Never NULL: raw claims everything. */
static const struct image_kind *
recognise(const uint8_t *bytes, size_t size)
{
	size_t i = 0;

	while (!kinds[i]->claims(bytes, size))
		i++;
	return kinds[i];
}

static int
wrong_kind(const struct image_kind *wanted, const uint8_t *bytes, size_t size, struct err *e)
{
	const struct image_kind *is = recognise(bytes, size);

	if (is == &image_raw)
		return err_field(e, ERR_INVALID, "", "kind",
		    "not an image of kind %s: byte 0 is 0x%02x", wanted->name, bytes[0]);
	return err_field(e, ERR_INVALID, "", "kind",
	    "not an image of kind %s: it looks like %s", wanted->name, is->name);
}

int
image_inspect(const char *rule, const uint8_t *bytes, size_t size,
    struct image_report *ret, struct err *e)
{
	AUTO(image_report) struct image_report r = { .size = size };
	const struct image_kind *kind = image_kind_find(rule);
	char known[IMAGE_RULES_MAX];

	if (!image_rule_known(rule))
		return err_field(e, ERR_BAD, "image_kind", "",
		    "image kind '%.32s': known are %s", rule, image_rules(known));
	if (size == 0)
		return err_field(e, ERR_INVALID, "", "empty", "the image has no bytes");
	if (kind != NULL && !kind->claims(bytes, size))
		return wrong_kind(kind, bytes, size, e);
	if (kind == NULL) {
		kind = recognise(bytes, size);
		if (kind == &image_raw)
			facts_add(&r.findings, "warning",
			    "no known kind of image: stored as it is, nothing was checked");
	}
	r.kind = kind->name;
	if (kind->inspect(bytes, size, &r, e))
		return -1;
	if (r.findings.failed)
		return err_set(e, ERR_INTERNAL, "no memory for an image's findings");
	*ret = r;
	r = (struct image_report)IMAGE_REPORT_INIT;
	return 0;
}

void
image_report_free(struct image_report *r)
{
	buf_free(&r->findings);
	*r = (struct image_report)IMAGE_REPORT_INIT;
}

bool
image_rule_known(const char *rule)
{
	return strcmp(rule, "auto") == 0 || image_kind_find(rule) != NULL;
}

char *
image_rules(char ret[IMAGE_RULES_MAX])
{
	struct buf b = { .limit = IMAGE_RULES_MAX - 1 };

	buf_adds(&b, "auto");
	for (size_t i = 0; i < NELEM(kinds); i++)
		buf_addf(&b, ", %s", kinds[i]->name);
	memcpy(ret, buf_str(&b), b.len);
	ret[b.len] = '\0';
	buf_free(&b);
	return ret;
}

static bool
claims_all(const uint8_t *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	return true;
}

/* The first bytes are kept: image_fits() compares them with what a device's
 * updater refuses at first sight. */
static int
inspect_raw(const uint8_t *bytes, size_t size, struct image_report *r, struct err *e)
{
	char hex[HEX_LEN(4)];

	facts_add(&r->findings, "magic", hex_encode(hex, bytes, size < 4 ? size : 4));
	return hash_md5(r, bytes, size, e);
}

const struct image_kind image_raw = {
	.name = "raw",
	.claims = claims_all,
	.inspect = inspect_raw,
};
