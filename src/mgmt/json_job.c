/* SPDX-License-Identifier: Apache-2.0
 *
 * json_job.c - a rollout as the document that the API shows: what was asked for,
 * what is in force because nothing was asked for, and how it goes.
 *
 * A job has its policy once, and figures and stages for each of its firmwares;
 * the list of stages has those of all, each with its product. */
#include <stdio.h>
#include "json_out.h"
#include "otad/auto.h"

static json_t *
integer_or_null(int64_t n)
{
	return n == 0 ? json_null() : json_integer(n);
}

/* ---- the policy ---- */

json_t *
json_stage(const struct stage *s)
{
	json_t *doc = json_object();

	if (s->kind == STAGE_FILTER)
		json_object_set_new(doc, "filter", json_text(s->filter));
	else
		json_object_set_new(doc, s->kind == STAGE_COUNT ? "count" : "percent",
		    json_integer(s->amount));
	json_object_set_new(doc, "min_success", json_integer(s->min_success));
	json_object_set_new(doc, "slack", json_integer(s->slack));
	json_object_set_new(doc, "soak_s", json_integer(s->soak_s));
	return doc;
}

static json_t *
stages_document(const struct stage *stages, int n)
{
	json_t *list = n == 0 ? json_null() : json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_stage(&stages[i]));
	return list;
}

static json_t *
failure_document(const struct failure_limit *f)
{
	return !f->on ? json_null() : json_pack("{s:i, s:i, s:o, s:o}", "percent", f->percent,
	    "min_ended", f->min_ended, "window", integer_or_null(f->window),
	    "confidence", integer_or_null(f->confidence));
}

static json_t *
rate_document(const struct rate *r)
{
	return !r->on ? json_null() : json_pack("{s:i, s:f, s:i}", "per_minute", r->per_minute,
	    "growth", r->growth, "max_per_minute", r->max_per_minute);
}

static json_t *
window_document(const struct care *care)
{
	char from[8], to[8];

	if (!care->windowed)
		return json_null();
	snprintf(from, sizeof from, "%02d:%02d", care->window.from / 60 % 24, care->window.from % 60);
	snprintf(to, sizeof to, "%02d:%02d", care->window.to / 60 % 24, care->window.to % 60);
	return json_pack("{s:s, s:s, s:o}", "from", from, "to", to, "tz", json_text(care->tz));
}

json_t *
json_policy(const struct policy *p, const struct care *care, const struct stage *stages, int n)
{
	json_t *exposure = p->exposure ? json_pack("{s:i, s:i, s:i}", "at_least", p->at_least,
	    "percent", p->percent, "at_most", p->at_most) : json_null();

	return json_pack("{s:s, s:b, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:i, s:I, s:i, s:i,"
	    " s:o, s:o, s:o, s:b, s:b, s:s, s:i, s:s, s:n}",
	    "mode", p->force ? "force" : "approval", "continuous", p->continuous,
	    "priority", p->priority, "needs_second_operator", care->second_operator,
	    "stages", stages_document(stages, n), "exposure", exposure,
	    "failure", failure_document(&care->failure), "rate", rate_document(&care->rate),
	    "max_active", integer_or_null(p->max_active),
	    "timeout_s", p->timeout_s, "reach_s", (json_int_t)p->reach_s,
	    "attempts", p->attempts, "retry_delay_s", p->retry_delay_s,
	    "start", json_time(care->start_ms), "end", json_time(care->end_ms),
	    "window", window_document(care), "allow_downgrade", p->allow_downgrade,
	    "despite_hold", p->despite_hold,
	    "reboot", care->reboot_approval ? "approval" : "auto", "commit_timeout_s", 300,
	    "delivery", "auto", "health");
}

/* ---- how it goes ---- */

static json_t *
states_document(const uint64_t counts[STATES])
{
	json_t *doc = json_object();

	for (int s = 0; s < STATES; s++)
		json_object_set_new(doc, state_word((enum state)s),
		    json_integer((json_int_t)counts[s]));
	return doc;
}

static json_t *
counts_document(const struct job *job)
{
	uint64_t sum[STATES] = { 0 };

	for (int i = 0; i < job->nparts; i++)
		for (int s = 0; s < STATES; s++)
			sum[s] += job->parts[i].counts[s];
	return states_document(sum);
}

static json_t *
stage_progress(const struct stage *s, uint32_t ptype, uint64_t matched, bool counts)
{
	json_t *doc = json_stage(s), *states = counts ? states_document(s->counts) : json_object();

	json_object_set_new(states, "taken", json_integer((json_int_t)s->taken));
	json_object_set_new(doc, "ptype", json_integer(ptype));
	json_object_set_new(doc, "state", json_string(stage_state_word(s->state)));
	json_object_set_new(doc, "quota", s->kind == STAGE_FILTER ? json_null() :
	    json_integer((json_int_t)stage_quota(s, matched)));
	json_object_set_new(doc, "counts", states);
	json_object_set_new(doc, "opened", json_time(s->opened_ms));
	json_object_set_new(doc, "filled", json_time(s->filled_ms));
	json_object_set_new(doc, "ended", json_time(s->ended_ms));
	return doc;
}

static json_t *
part_document(const struct job_part *part, const struct pace *pace)
{
	return json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "version", part->name,
	    "ptype", (json_int_t)part->ptype, "counts", states_document(part->counts),
	    "matched", (json_int_t)pace->matched,
	    "taken", (json_int_t)part->taken, "exposed", (json_int_t)part->exposed,
	    "proven", (json_int_t)part->proven, "failures", (json_int_t)part->failures,
	    "reverted", (json_int_t)part->reverted);
}

static json_t *
halt_document(const struct care *care)
{
	return care->halt_limit[0] == '\0' ? json_null() : json_pack("{s:s, s:o}",
	    "limit", care->halt_limit, "detail", json_text(care->halt_detail));
}

static json_t *
job_document(const struct job *job, const struct care *care)
{
	json_t *versions = json_array();

	for (int i = 0; i < job->nparts; i++)
		json_array_append_new(versions, json_string(job->parts[i].name));
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "id", job->id, "versions", versions, "state", job_state_word(job->state),
	    "waits_for", job->state == JOB_SCHEDULED && care->second_operator ?
	    json_string("second_operator") : json_null(),
	    "counts", counts_document(job), "halted_by", halt_document(care),
	    "targets", json_object_of(job->targets != NULL ? job->targets : ""),
	    "current", job->current == 0 ? json_null() : json_stringn(&job->current, 1),
	    "metadata", json_object_of(job->metadata != NULL ? job->metadata : ""),
	    "created_by", json_text_or_null(job->created_by),
	    "created", json_time(job->created_ms), "started", json_time(job->started_ms),
	    "ended", json_time(job->ended_ms));
}

int
json_job(struct tx *tx, const struct job *job, bool counts, json_t **ret, struct err *e)
{
	json_auto_t *doc = NULL, *list = json_array(), *parts = json_array(), *policy = NULL;
	struct stage stages[STAGES_MAX];
	struct care care;
	struct pace pace;
	int n;

	if (job_care(tx, job, &care, e) != 0)
		return -1;
	for (int i = 0; i < job->nparts; i++) {
		if (job_pace(tx, job, i, counts, &pace, stages, &n, e) != 0)
			return -1;
		for (int k = 0; k < n; k++)
			json_array_append_new(list, stage_progress(&stages[k],
			    job->parts[i].ptype, pace.matched, counts));
		json_array_append_new(parts, part_document(&job->parts[i], &pace));
		if (i == 0)
			policy = json_policy(&job->policy, &care, stages, n);
	}
	doc = job_document(job, &care);
	if (doc == NULL || policy == NULL || list == NULL || parts == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	json_object_set(doc, "stages", list);
	json_object_set(doc, "parts", parts);
	json_object_set(doc, "policy", policy);
	*ret = json_incref(doc);
	return 0;
}
