/* SPDX-License-Identifier: Apache-2.0
 *
 * job_form.c - one table for all that can be said of a rollout.
 *
 * What the tables let through is put together here: exactly one of version and
 * versions, exactly one way to name the targets, every device once. */
#include <stdio.h>
#include <string.h>
#include "care_form.h"
#include "job_form.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/filter.h"

#define YEAR		31536000
#define DEVICES_SHOWN	100	/* longer lists are remembered by their length */

struct exposure {
	int64_t	at_least, percent, at_most;
};
struct targets {
	const json_t	*devices;
	char		filter[FILTER_TEXT_MAX + 1];
	bool		all;
};
struct said {				/* the document, as the tables read it */
	char		version[VERSION_MAX];
	const json_t	*versions, *metadata;
	struct targets	targets;
	int		mode, channel;
	bool		continuous, allow_downgrade, despite_hold;
	int64_t		priority, max_active, timeout_s, reach_s, attempts, retry_delay_s;
	struct exposure	exposure;
	struct care_said care;
};

/* ---- what cannot be done yet, but is checked ---- */

static const struct field call_fields[] = {
	{ "method",    WANT_TEXT, FIELD_NEEDED | FIELD_LINE, .min = 1, .max = 64 },
	{ "args",      WANT_OBJECT, 0, .min = 0 },
	{ "timeout_s", WANT_INT, 0, .min = 1, .max = 3600 },
	{ 0 }
};
static const struct field health_fields[] = {
	{ "after_s",  WANT_INT, 0, .min = 0, .max = YEAR },
	{ "call",     WANT_OBJECT, FIELD_NEEDED, .inside = call_fields },
	{ "expect",   WANT_OBJECT, 0, .min = 0 },
	{ "within_s", WANT_INT, 0, .min = 1, .max = YEAR },
	{ 0 }
};

/* ---- what can ---- */

static const struct field exposure_fields[] = {
	{ "at_least", WANT_INT, 0, .at = offsetof(struct exposure, at_least), .min = 1,
	  .max = 1000000 },
	{ "percent",  WANT_INT, 0, .at = offsetof(struct exposure, percent), .min = 0,
	  .max = 100 },
	{ "at_most",  WANT_INT, 0, .at = offsetof(struct exposure, at_most), .min = 1,
	  .max = 10000000 },
	{ 0 }
};
static const struct field target_fields[] = {
	{ "devices", WANT_LIST, 0, .at = offsetof(struct targets, devices), .min = 1,
	  .max = JOB_DEVICES_MAX },
	{ "filter",  WANT_TEXT, 0, .at = offsetof(struct targets, filter), .min = 1,
	  .max = FILTER_TEXT_MAX },
	{ "all",     WANT_BOOL, 0, .at = offsetof(struct targets, all) },
	{ 0 }
};

#define AT(member)	offsetof(struct said, member)
#define POLICY								\
	{ "mode", WANT_WORD, 0, .at = AT(mode), .words = "force approval" }, \
	{ "priority", WANT_INT, 0, .at = AT(priority), .min = -1000, .max = 1000 }, \
	{ "needs_second_operator", WANT_BOOL, 0, .at = AT(care.second_operator) }, \
	{ "stages", WANT_LIST, FIELD_NULL, .at = AT(care.stages), .min = 1, \
	  .max = STAGES_MAX, .inside = stage_fields },			\
	{ "exposure", WANT_OBJECT, FIELD_NULL, .at = AT(exposure), .inside = exposure_fields }, \
	{ "failure", WANT_OBJECT, FIELD_NULL, .at = AT(care.failure),	\
	  .inside = failure_fields },					\
	{ "rate", WANT_OBJECT, FIELD_NULL, .at = AT(care.rate), .inside = rate_fields }, \
	{ "max_active", WANT_INT, FIELD_NULL, .at = AT(max_active), .min = 1, .max = 10000000 }, \
	{ "timeout_s", WANT_INT, 0, .at = AT(timeout_s), .min = 1, .max = YEAR }, \
	{ "reach_s", WANT_INT, 0, .at = AT(reach_s), .min = 1, .max = 10LL * YEAR }, \
	{ "attempts", WANT_INT, 0, .at = AT(attempts), .min = 1, .max = 100 }, \
	{ "retry_delay_s", WANT_INT, 0, .at = AT(retry_delay_s), .min = 0, .max = YEAR }, \
	{ "start", WANT_TIME, FIELD_NULL, .at = AT(care.start) },	\
	{ "end", WANT_TIME, FIELD_NULL, .at = AT(care.end) },		\
	{ "window", WANT_OBJECT, FIELD_NULL, .at = AT(care.window), .inside = window_fields }, \
	{ "allow_downgrade", WANT_BOOL, 0, .at = AT(allow_downgrade) },	\
	{ "despite_hold", WANT_BOOL, 0, .at = AT(despite_hold) },	\
	{ "reboot", WANT_WORD, 0, .at = AT(care.reboot), .words = "auto approval" }, \
	{ "commit_timeout_s", WANT_INT, FIELD_NOT_YET, .min = 1, .max = YEAR, .usual = 300 }, \
	{ "delivery", WANT_WORD, FIELD_NOT_YET, .words = "auto pull push" }, \
	{ "health", WANT_OBJECT, FIELD_NULL | FIELD_NOT_YET, .inside = health_fields }, \
	{ "metadata", WANT_OBJECT, FIELD_NULL, .at = AT(metadata) }

static const struct field job_fields[] = {
	{ "version",	WANT_TEXT, 0, .at = AT(version), .min = 1, .max = VERSION_MAX - 1 },
	{ "versions",	WANT_LIST, 0, .at = AT(versions), .min = 1, .max = JOB_FIRMWARES_MAX },
	{ "targets",	WANT_OBJECT, FIELD_NEEDED, .at = AT(targets), .inside = target_fields },
	{ "continuous",	WANT_BOOL, 0, .at = AT(continuous) },
	POLICY,
	{ 0 }
};
static const struct field current_fields[] = {
	{ "version", WANT_TEXT, FIELD_NEEDED | FIELD_NULL, .at = AT(version), .min = 1,
	  .max = VERSION_MAX - 1 },
	{ "channel", WANT_WORD, 0, .at = AT(channel), .words = "v b" },
	POLICY,
	{ 0 }
};

/* ---- from what was said to the form ---- */

static void
draft_free(void *p)
{
	struct job_draft *draft = p;

	job_clear(&draft->made);
	json_decref(draft->doc);
	free(draft->devices);
	buf_free(&draft->filter);
	free(draft->targets);
	free(draft->metadata);
	free(draft);
}

static struct job_draft *
draft_new(struct exchange *x, struct said *said, struct err *e)
{
	struct job_draft *draft = state_new(x, sizeof *draft, draft_free, e);
	struct policy *p;

	if (draft == NULL || (draft->doc = body_object(&x->rq, false, e)) == NULL)
		return NULL;
	p = &draft->form.policy;
	policy_default(p);
	*said = (struct said){ .priority = p->priority, .max_active = p->max_active,
	    .timeout_s = p->timeout_s, .reach_s = p->reach_s, .attempts = p->attempts,
	    .retry_delay_s = p->retry_delay_s,
	    .exposure = { p->at_least, p->percent, p->at_most } };
	return draft;
}

static bool
given(const struct job_draft *draft, const char *name)
{
	return json_object_get(draft->doc, name) != NULL;
}

static void
take_policy(struct job_draft *draft, const struct said *said)
{
	struct policy *p = &draft->form.policy;

	draft->mode_given = given(draft, "mode");
	p->force = said->mode == 0;
	p->continuous = said->continuous;
	p->priority = (int)said->priority;
	p->exposure = !json_is_null(json_object_get(draft->doc, "exposure"));
	p->at_least = (int)said->exposure.at_least;
	p->percent = (int)said->exposure.percent;
	p->at_most = (int)said->exposure.at_most;
	p->max_active = (int)said->max_active;
	p->timeout_s = (int)said->timeout_s;
	p->timeout_given = given(draft, "timeout_s");
	p->reach_s = said->reach_s;
	p->attempts = (int)said->attempts;
	p->retry_delay_s = (int)said->retry_delay_s;
	p->allow_downgrade = said->allow_downgrade;
	p->despite_hold = said->despite_hold;
}

static void
take_versions(struct job_draft *draft, const struct said *said, struct complaints *c)
{
	struct job_form *form = &draft->form;

	if (given(draft, "version") == given(draft, "versions")) {
		complain(c, ERR_BAD, "version", given(draft, "version") ? "both" : "missing",
		    "exactly one of version and versions is needed");
		return;
	}
	if (said->version[0] != '\0')
		snprintf(form->versions[form->nversions++], VERSION_MAX, "%s", said->version);
	for (size_t i = 0; i < json_array_size(said->versions); i++) {
		const char *name = list_text(said->versions, i, "versions", 1, VERSION_MAX - 1, c);

		if (name != NULL)
			snprintf(form->versions[form->nversions++], VERSION_MAX, "%s", name);
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, every device once: named twice it would be counted twice. */
static int
take_devices(struct job_draft *draft, const json_t *list, struct complaints *c, struct err *e)
{
	size_t n = json_array_size(list), kept = 0;

	draft->devices = calloc(n, sizeof *draft->devices);
	if (draft->devices == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < n; i++) {
		draft->devices[i] = list_text(list, i, "targets.devices", 1, DEVICE_ID_MAX - 1, c);
		if (draft->devices[i] == NULL)
			return 0;
	}
	qsort(draft->devices, n, sizeof *draft->devices, by_name);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(draft->devices[i], draft->devices[kept - 1]) != 0)
			draft->devices[kept++] = draft->devices[i];
	draft->form.devices = draft->devices;
	draft->form.ndevices = kept;
	return 0;
}

/* What GET shows of it later. Which devices they are tell the executions; a saved
 * filter may be deleted by then, so its text is shown beside its name. */
static char *
targets_text(const struct job_draft *draft)
{
	const char *filter = draft->form.filter;
	json_auto_t *doc = NULL;

	if (draft->form.ndevices > DEVICES_SHOWN)
		doc = json_pack("{s:I}", "device_count", (json_int_t)draft->form.ndevices);
	else if (filter != NULL && draft->saved[0] != '\0')
		doc = json_pack("{s:s, s:s}", "filter", filter, "saved", draft->saved);
	else
		doc = json_incref(json_object_get(draft->doc, "targets"));
	return json_dumps(doc, JSON_COMPACT);
}

/* Looked up and read, so that what is wrong with it is told beside all else. */
static int
take_filter(struct tx *tx, struct job_draft *draft, const char *given, struct complaints *c,
    struct err *e)
{
	AUTO(filter) struct filter *parsed = NULL;
	struct err why = ERR_INIT;

	if (filter_resolve(tx, given, &draft->filter, &why) == 0)
		parsed = filter_parse(buf_str(&draft->filter), &why);
	if (parsed == NULL && why.code != ERR_BAD && why.code != ERR_INVALID) {
		*e = why;
		return -1;
	}
	if (parsed == NULL)
		complain(c, why.code, "targets.filter", why.rule, "targets.%s", why.text);
	if (given[0] == '@')
		snprintf(draft->saved, sizeof draft->saved, "%.*s", FILTER_NAME_MAX - 1, given + 1);
	draft->form.filter = buf_str(&draft->filter);
	return 0;
}

static int
take_targets(struct tx *tx, struct job_draft *draft, const struct targets *targets,
    struct complaints *c, struct err *e)
{
	const json_t *doc = json_object_get(draft->doc, "targets");
	int ways = (json_object_get(doc, "devices") != NULL) +
	    (json_object_get(doc, "filter") != NULL) + targets->all;

	if (json_is_object(doc) && ways != 1)
		complain(c, ERR_BAD, "targets", ways > 1 ? "both" : "missing", "targets must be "
		    "one of {\"devices\":[…]}, {\"filter\":\"…\"} and {\"all\":true}");
	if (targets->devices != NULL && take_devices(draft, targets->devices, c, e) != 0)
		return -1;
	if (targets->filter[0] != '\0')
		return take_filter(tx, draft, targets->filter, c, e);
	return 0;
}

static int
take_texts(struct job_draft *draft, const json_t *metadata, struct err *e)
{
	draft->targets = given(draft, "targets") ? targets_text(draft) : strdup("{\"all\":true}");
	draft->metadata = metadata == NULL || json_object_size(metadata) == 0 ? strdup("") :
	    json_dumps(metadata, JSON_COMPACT | JSON_REAL_PRECISION(15));
	if (draft->targets == NULL || draft->metadata == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	draft->form.targets = draft->targets;
	draft->form.metadata = draft->metadata;
	return 0;
}

int
job_draft_read(struct tx *tx, struct exchange *x, struct job_draft **ret, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct said said;
	struct job_draft *draft = draft_new(x, &said, e);

	if (draft == NULL)
		return -1;
	form_read(draft->doc, job_fields, &said, "", &c);
	take_policy(draft, &said);
	care_take(draft->doc, &said.care, tx_now(tx), &draft->form, &c);
	take_versions(draft, &said, &c);
	if (take_targets(tx, draft, &said.targets, &c, e) != 0)
		return -1;
	if (complaints_refuse(&c, &x->rep))
		return 0;
	if (take_texts(draft, said.metadata, e) != 0)
		return -1;
	*ret = draft;
	return 1;
}

int
current_draft_read(struct tx *tx, struct exchange *x, struct job_draft **ret, struct err *e)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct said said;
	struct job_draft *draft = draft_new(x, &said, e);

	if (draft == NULL)
		return -1;
	form_read(draft->doc, current_fields, &said, "", &c);
	take_policy(draft, &said);
	care_take(draft->doc, &said.care, tx_now(tx), &draft->form, &c);
	draft->unset = json_is_null(json_object_get(draft->doc, "version"));
	draft->channel = "vb"[said.channel];
	if (!given(draft, "channel") && said.version[0] == 'b')
		draft->channel = 'b';
	snprintf(draft->version, sizeof draft->version, "%s", said.version);
	if (complaints_refuse(&c, &x->rep))
		return 0;
	if (take_texts(draft, said.metadata, e) != 0)
		return -1;
	*ret = draft;
	return 1;
}
