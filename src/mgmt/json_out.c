/* SPDX-License-Identifier: Apache-2.0
 *
 * json_out.c - values and replies: what every document is made of.
 *
 * Devices say what they like, and their words are shown to people: text that is
 * no UTF-8 is repaired here instead of failing the whole document. */
#include <string.h>
#include "json_out.h"
#include "otad/auto.h"
#include "otad/clock.h"

json_t *
json_text(const char *text)
{
	json_t *value = json_string(text);
	char *copy = value == NULL ? strdup(text) : NULL;

	if (copy == NULL)
		return value;
	for (char *p = copy; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *
json_text_or_null(const char *text)
{
	return text[0] == '\0' ? json_null() : json_text(text);
}

json_t *
json_time(int64_t wall_ms)
{
	char text[TIME_TEXT_MAX];

	return wall_ms == 0 ? json_null() : json_string(time_format(text, wall_ms));
}

json_t *
json_object_of(const char *text)
{
	json_t *object = text[0] == '\0' ? NULL : json_loads(text, 0, NULL);

	return object != NULL ? object : json_object();
}

/* Facts are text; these are counts and sizes by their meaning. */
static bool
is_count(const char *key)
{
	static const char *const counts[] = { "flash", "flash_size", "free", "chip_id", "segments",
	    "sketch_size", "min_rev", "max_rev", "secure_version", "size" };

	for (size_t i = 0; i < NELEM(counts); i++)
		if (strcmp(key, counts[i]) == 0)
			return true;
	return false;
}

/* The first of each key, but for `but`. */
static json_t *
facts_object(const char *facts, bool counts, const char *but)
{
	json_t *object = json_object();
	char key[33], value[FACT_VALUE_MAX];

	for (const char *at = facts; facts_next(&at, key, value); ) {
		int64_t n = counts && is_count(key) ? facts_geti(facts, key, -1) : -1;

		if (strcmp(key, but) != 0 && json_object_get(object, key) == NULL)
			json_object_set_new(object, key,
			    n >= 0 ? json_integer(n) : json_text(value));
	}
	return object;
}

json_t *
json_tags(const char *facts)
{
	return facts_object(facts, false, "");
}

json_t *
json_facts(const char *facts)
{
	return facts_object(facts, true, "");
}

json_t *
json_findings(const char *facts)
{
	json_t *object = facts_object(facts, true, "warning");

	json_object_set_new(object, "warnings", json_warnings(facts));
	return object;
}

json_t *
json_warnings(const char *facts)
{
	json_t *list = json_array();
	char key[33], value[FACT_VALUE_MAX];

	for (const char *at = facts; facts_next(&at, key, value); )
		if (strcmp(key, "warning") == 0)
			json_array_append_new(list, json_text(value));
	return list;
}

static int
add(const char *bytes, size_t n, void *to)
{
	buf_add(to, bytes, n);
	return 0;
}

int
json_print(struct buf *to, const json_t *value)
{
	if (json_dump_callback(value, add, to, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
		return -1;
	buf_add(to, "\n", 1);
	return to->failed ? -1 : 0;
}

int
reply_json(struct exchange *x, int status, json_t *doc, struct err *e)
{
	int rc;

	reply_clear(&x->rep);
	rc = doc != NULL ? json_print(&x->rep.body, doc) : -1;
	json_decref(doc);
	if (rc != 0)
		return err_set(e, ERR_INTERNAL, "out of memory");
	x->rep.status = status;
	x->rep.type = "application/json";
	return 0;
}

void
reply_nothing(struct exchange *x)
{
	reply_clear(&x->rep);
	x->rep.status = 204;
}

void
reply_location(struct exchange *x, const char *list, const char *id)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "-._~!$&'()*+,;=:@";
	AUTO(buf) struct buf path = BUF_INIT;

	buf_addf(&path, "/api/v1/%s/", list);
	for (; *id != '\0'; id++)
		if (strchr(plain, *id) != NULL)
			buf_add(&path, id, 1);
		else
			buf_addf(&path, "%%%02X", (unsigned)(unsigned char)*id);
	reply_header(&x->rep, "Location", buf_str(&path));
}
