/* SPDX-License-Identifier: Apache-2.0
 *
 * A status is small and strict: a field we do not know is a device that believes
 * to have told us something, so it is refused by its name. null is as good as a
 * missing field, since generated code likes to send it. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "native.h"
#include "otad/utf8.h"

#define DELAY_LONGEST	(30 * 24 * 3600)

static const struct {
	const char	*word;
	enum happening	what;
} states[] = {
	{ "in_progress", HAP_PROGRESS },
	{ "downloaded", HAP_STORE },
	{ "success", HAP_SUCCESS },
	{ "failed", HAP_FAILURE },
	{ "delayed", HAP_DELAY },
	{ "rejected", HAP_REJECT },
};

static int
wrong(struct err *e, const char *field, const char *wanted)
{
	return err_field(e, ERR_BAD, field, "type", "%s: %s is wanted", field, wanted);
}

static int
take_job(const json_t *value, struct report *r, struct err *e)
{
	if (!json_is_string(value))
		return wrong(e, "job", "a text");
	if (json_string_length(value) > ID_LEN)
		return err_field(e, ERR_ABSENT, "job", "", "no such job");
	snprintf(r->job, sizeof(r->job), "%s", json_string_value(value));
	return 0;
}

static int
take_state(const json_t *value, struct report *r, struct err *e)
{
	for (size_t i = 0; json_is_string(value) && i < NELEM(states); i++) {
		if (strcmp(json_string_value(value), states[i].word) != 0)
			continue;
		r->what = states[i].what;
		return 0;
	}
	return wrong(e, "state", "in_progress, downloaded, success, failed, delayed or rejected");
}

/* Numbers may come as 50 and as 50.0. */
static int
take_number(const json_t *value, int min, int max, int *ret)
{
	double d = json_is_number(value) ? json_number_value(value) : -1;

	if (!(d >= min && d <= max) || d != (int)d)
		return -1;
	*ret = (int)d;
	return 0;
}

static int
take_progress(const json_t *value, struct report *r, struct err *e)
{
	if (take_number(value, 0, 100, &r->progress))
		return wrong(e, "progress", "a whole number from 0 to 100");
	return 0;
}

static int
take_delay(const json_t *value, struct report *r, struct err *e)
{
	if (take_number(value, 1, DELAY_LONGEST, &r->delay_s))
		return wrong(e, "delay_s", "seconds from 1 to 2592000");
	return 0;
}

/* Cut between characters when it is too long. */
static int
take_detail(const json_t *value, struct report *r, struct err *e)
{
	const char *text = json_string_value(value);

	if (text == NULL)
		return wrong(e, "detail", "a text");
	snprintf(r->detail, sizeof(r->detail), "%.*s",
	    (int)utf8_fit(text, sizeof(r->detail) - 1), text);
	return 0;
}

static const struct {
	const char	*name;
	int		(*take)(const json_t *, struct report *, struct err *);
} fields[] = {
	{ "delay_s", take_delay },
	{ "detail", take_detail },
	{ "job", take_job },
	{ "progress", take_progress },
	{ "state", take_state },
};

static int
take(const char *name, const json_t *value, struct report *r, struct err *e)
{
	for (size_t i = 0; i < NELEM(fields); i++)
		if (strcmp(name, fields[i].name) == 0)
			return json_is_null(value) ? 0 : fields[i].take(value, r, e);
	return err_field(e, ERR_BAD, name, "unknown", "unknown field '%.40s'", name);
}

int
native_status(const char *body, size_t len, struct report *ret, struct err *e)
{
	struct report r = { .what = HAPPENINGS, .progress = -1 };
	json_auto_t *root = NULL;
	json_error_t bad;
	const char *name;
	json_t *value;

	root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &bad);
	if (root == NULL)
		return err_set(e, ERR_BAD, "body: no sound JSON at line %d, column %d",
		    bad.line, bad.column);
	if (!json_is_object(root))
		return err_set(e, ERR_BAD, "body: a JSON object is wanted");
	json_object_foreach(root, name, value)
		if (take(name, value, &r, e))
			return -1;
	if (r.what == HAPPENINGS)
		return err_field(e, ERR_BAD, "state", "missing", "state is missing");
	if (r.delay_s != 0 && r.what != HAP_DELAY)
		return err_field(e, ERR_BAD, "delay_s", "state", "delay_s goes with delayed");
	*ret = r;
	return 0;
}
