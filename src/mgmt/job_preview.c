/* SPDX-License-Identifier: Apache-2.0
 *
 * job_preview.c - what a rollout would do: how many devices in which stage, who
 * would be left out and why. Nothing is made. */
#include "job_form.h"
#include "json_out.h"
#include "otad/auto.h"

/* Stages are quotas over all that took so far; how many each adds is what a person
 * wants to see. Whom a filter finds later is not known now. */
static json_t *
stages_document(const struct preview_part *part)
{
	json_t *list = json_array();
	uint64_t before = 0;

	for (int i = 0; i < part->nstages; i++) {
		const struct stage *s = &part->stages[i];
		uint64_t quota = stage_quota(s, part->waiting);
		json_t *doc = json_stage(s);

		if (quota > part->waiting)
			quota = part->waiting;
		json_object_set_new(doc, "ptype", json_integer(part->part.ptype));
		json_object_set_new(doc, "devices", s->kind == STAGE_FILTER ? json_null() :
		    json_integer((json_int_t)(quota > before ? quota - before : 0)));
		if (s->kind != STAGE_FILTER && quota > before)
			before = quota;
		json_array_append_new(list, doc);
	}
	return list;
}

static json_t *
out_document(const struct job_preview *p)
{
	json_t *list = json_array();

	for (int i = 0; i < p->nout; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "device", p->out[i].id,
		    "why", p->out[i].why));
	return list;
}

int
job_dry_run(struct tx *tx, struct exchange *x, const struct job_draft *draft, struct err *e)
{
	const struct job_form *form = &draft->form;
	AUTO(mem) void *memory = calloc(1, sizeof(struct job_preview));
	struct job_preview *p = memory;
	json_t *versions, *stages;

	if (p == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (job_preview(tx, form, p, e) != 0)
		return -1;
	versions = json_array();
	stages = json_array();
	for (int i = 0; i < p->nparts; i++) {
		json_t *of_part = stages_document(&p->parts[i]);

		json_array_append_new(versions, json_string(p->parts[i].part.name));
		json_array_extend(stages, of_part);
		json_decref(of_part);
	}
	return reply_json(x, 200, json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
	    "dry_run", 1, "versions", versions, "matched", (json_int_t)p->matched,
	    "already_there", (json_int_t)p->already_there, "newer", (json_int_t)p->newer,
	    "blocked", (json_int_t)p->blocked, "left_out", out_document(p), "stages", stages,
	    "policy", json_policy(&form->policy, &form->care, p->parts[0].stages,
	    p->parts[0].nstages)), e);
}
