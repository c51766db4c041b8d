/* SPDX-License-Identifier: Apache-2.0
 *
 * A path is read while it is followed; no part of it is kept. */
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "path.h"

void
path_text(const json_t *value, struct buf *ret)
{
	AUTO(str) char *text = NULL;

	if (json_is_string(value)) {
		buf_add(ret, json_string_value(value), json_string_length(value));
		return;
	}
	text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
	    JSON_REAL_PRECISION(15));
	if (text != NULL)
		buf_adds(ret, text);
	else
		ret->failed = true;
}

/* The first element whose field has the value, given as "field=value". */
static const json_t *
find_element(const json_t *array, const char *wanted)
{
	const char *eq = strchr(wanted, '=');
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element) {
		AUTO(buf) struct buf text = BUF_INIT;
		const json_t *field;

		field = json_object_getn(element, wanted, (size_t)(eq - wanted));
		if (field == NULL)
			continue;
		path_text(field, &text);
		if (strcmp(buf_str(&text), eq + 1) == 0)
			return element;
	}
	return NULL;
}

/* One "[…]" or ".name" of len bytes. */
static int
step(const json_t *value, const char *p, size_t len, const json_t **ret, struct err *e)
{
	char text[128], *rest;
	unsigned long n;

	if (len < 2 || len >= sizeof(text) || (*p == '[' && (len < 3 || p[len - 1] != ']')))
		return err_set(e, ERR_BAD, "path: '%.*s' is no step", (int)len, p);
	snprintf(text, sizeof(text), "%.*s", (int)(*p == '[' ? len - 2 : len - 1), p + 1);
	if (*p == '.') {
		*ret = json_object_get(value, text);
		return 0;
	}
	if (strchr(text, '=') != NULL) {
		*ret = find_element(value, text);
		return 0;
	}
	n = strtoul(text, &rest, 10);
	if (*rest != '\0')
		return err_set(e, ERR_BAD, "path: '[%s]' is no place in an array", text);
	*ret = json_array_get(value, n);
	return 0;
}

int
path_find(const json_t *doc, const char *path, const json_t **ret, struct err *e)
{
	size_t len;

	if (strcmp(path, ".") == 0)
		path = "";
	for (; *path != '\0' && doc != NULL; path += len) {
		if (*path != '.' && *path != '[')
			return err_set(e, ERR_BAD, "path: '%.40s' begins no step", path);
		len = *path == '[' ? strcspn(path, "]") + 1 : 1 + strcspn(path + 1, ".[");
		if (len > strlen(path))
			return err_set(e, ERR_BAD, "path: '%.40s' is not closed", path);
		if (step(doc, path, len, &doc, e) != 0)
			return -1;
	}
	*ret = doc;
	return doc != NULL;
}
