/* SPDX-License-Identifier: Apache-2.0
 *
 * care_form.c - what is asked for, from the tables' words to the core's.
 *
 * A field that is absent and one that is null differ here: the first gets the
 * defaults, which keep a fleet from its maker's mistakes, the second none. */
#include "care_form.h"

#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/filter.h"

#define YEAR		31536000
#define MIN_SUCCESS	90		/* per cent of those that took, where a stage does not say */

struct stage_said {
	int64_t	percent, count, min_success, slack, soak_s;
	char	filter[STAGE_FILTER_MAX];
};

#define STAGE(member)	offsetof(struct stage_said, member)
const struct field stage_fields[] = {
	{ "percent",	 WANT_INT, 0, .at = STAGE(percent), .min = 1, .max = 100 },
	{ "count",	 WANT_INT, 0, .at = STAGE(count), .min = 1, .max = 10000000 },
	{ "filter",	 WANT_TEXT, 0, .at = STAGE(filter), .min = 1, .max = STAGE_FILTER_MAX - 1 },
	{ "min_success", WANT_INT, 0, .at = STAGE(min_success), .min = 0, .max = 100 },
	{ "slack",	 WANT_INT, 0, .at = STAGE(slack), .min = 0, .max = 10000000 },
	{ "soak_s",	 WANT_INT, 0, .at = STAGE(soak_s), .min = 0, .max = YEAR },
	{ 0 }
};
#define FAILURE(member)	offsetof(struct failure_said, member)
const struct field failure_fields[] = {
	{ "percent",	WANT_INT, FIELD_NEEDED, .at = FAILURE(percent), .min = 0, .max = 100 },
	{ "min_ended",	WANT_INT, 0, .at = FAILURE(min_ended), .min = 1, .max = 1000000 },
	{ "window",	WANT_INT, FIELD_NULL, .at = FAILURE(window), .min = 1, .max = WINDOW_MAX },
	{ "confidence",	WANT_INT, FIELD_NULL, .at = FAILURE(confidence), .min = 50, .max = 99 },
	{ 0 }
};
#define RATE(member)	offsetof(struct rate_said, member)
const struct field rate_fields[] = {
	{ "per_minute",	    WANT_INT, FIELD_NEEDED, .at = RATE(per_minute), .min = 1,
	  .max = 1000000 },
	{ "growth",	    WANT_REAL, 0, .at = RATE(growth), .min = 1, .max = 100 },
	{ "max_per_minute", WANT_INT, FIELD_NULL, .at = RATE(max_per_minute), .min = 1,
	  .max = 1000000 },
	{ 0 }
};
#define WINDOW(member)	offsetof(struct window_said, member)
const struct field window_fields[] = {
	{ "from", WANT_CLOCK, FIELD_NEEDED, .at = WINDOW(from) },
	{ "to",	  WANT_CLOCK, FIELD_NEEDED, .at = WINDOW(to) },
	{ "tz",	  WANT_TEXT, FIELD_LINE, .at = WINDOW(tz), .min = 1, .max = ZONE_NAME_MAX - 1 },
	{ 0 }
};

/* ---- stages ---- */

static void
check_filter(const struct stage_said *said, int i, struct complaints *c)
{
	AUTO(filter) struct filter *filter = NULL;
	struct err why = ERR_INIT;
	char field[32];

	if (said->filter[0] == '\0' || (filter = filter_parse(said->filter, &why)) != NULL)
		return;
	snprintf(field, sizeof field, "stages[%d].filter", i);
	complain(c, why.code, field, why.rule, "stages[%d].%s", i, why.text);
}

static void
take_stage(const json_t *doc, int i, struct stage *ret, struct complaints *c)
{
	struct stage_said said = { .min_success = MIN_SUCCESS };
	struct complaints heard = COMPLAINTS_INIT;	/* complained of when the list was read */
	char field[32];
	int ways;

	form_read(doc, stage_fields, &said, "", &heard);
	complaints_free(&heard);
	ways = (json_object_get(doc, "percent") != NULL) + (json_object_get(doc, "count") != NULL) +
	    (json_object_get(doc, "filter") != NULL);
	snprintf(field, sizeof field, "stages[%d]", i);
	if (json_is_object(doc) && ways != 1)
		complain(c, ERR_BAD, field, ways > 1 ? "both" : "missing",
		    "%s must have exactly one of percent, count and filter", field);
	check_filter(&said, i, c);
	*ret = (struct stage){ .kind = said.filter[0] != '\0' ? STAGE_FILTER :
	    said.count > 0 ? STAGE_COUNT : STAGE_PERCENT,
	    .amount = said.count > 0 ? said.count : said.percent,
	    .min_success = (int)said.min_success, .slack = (int)said.slack, .soak_s = said.soak_s };
	snprintf(ret->filter, sizeof ret->filter, "%s", said.filter);
}

static void
take_stages(const json_t *doc, const json_t *list, struct job_form *form, struct complaints *c)
{
	unsigned before = c->count;
	struct err why = ERR_INIT;

	form->stages_given = json_object_get(doc, "stages") != NULL;
	form->nstages = 0;
	if (json_array_size(list) > STAGES_MAX)
		return;
	for (size_t i = 0; i < json_array_size(list); i++)
		take_stage(json_array_get(list, i), (int)i, &form->stages[form->nstages++], c);
	if (c->count == before && stages_check(form->stages, form->nstages, &why) < 0)
		complain(c, why.code, why.field, why.rule, "%s", why.text);
}

/* ---- the rest ---- */

/* Named without window and confidence, it counts all that ended, plainly. */
static void
take_failure(const json_t *doc, const struct failure_said *said, struct failure_limit *f)
{
	const json_t *given = json_object_get(doc, "failure");

	if (given == NULL)
		return;
	*f = (struct failure_limit){ .on = json_is_object(given), .percent = (int)said->percent,
	    .min_ended = said->min_ended > 0 ? (int)said->min_ended : f->min_ended,
	    .window = (int)said->window, .confidence = (int)said->confidence };
}

static void
take_rate(const struct rate_said *said, struct rate *r)
{
	if (said->per_minute == 0)
		return;
	r->on = true;
	r->per_minute = (int)said->per_minute;
	r->growth = said->growth != 0 ? said->growth : 1.0;
	r->max_per_minute = said->max_per_minute != 0 ? (int)said->max_per_minute :
	    r->growth > 1.0 ? 1000000 : r->per_minute;
}

static void
take_window(const struct window_said *said, struct care *care)
{
	if (said->from[0] == '\0')
		return;
	care->windowed = true;
	care->window.from = window_minute(said->from);
	care->window.to = window_minute(said->to);
	snprintf(care->tz, sizeof care->tz, "%s", said->tz[0] != '\0' ? said->tz : "UTC");
}

void
care_take(const json_t *doc, const struct care_said *said, int64_t now, struct job_form *form,
    struct complaints *c)
{
	struct care *care = &form->care;
	unsigned before = c->count;
	struct err why = ERR_INIT;

	care_default(care);
	take_stages(doc, said->stages, form, c);
	take_failure(doc, &said->failure, &care->failure);
	take_rate(&said->rate, &care->rate);
	take_window(&said->window, care);
	care->start_ms = said->start;
	care->end_ms = said->end;
	care->second_operator = said->second_operator;
	care->reboot_approval = said->reboot == 1;
	if (said->end != 0 && said->end <= now)
		complain(c, ERR_BAD, "end", "range", "end must be in the future");
	if (c->count == before && care_check(care, &why) < 0)
		complain(c, why.code, why.field, why.rule, "%s", why.text);
}
