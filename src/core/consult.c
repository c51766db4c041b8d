/* SPDX-License-Identifier: Apache-2.0
 *
 * consult.c - everything that the planner is asked with, gathered. */
#include <stdio.h>
#include <string.h>
#include "visit.h"
#include "zones.h"

static void
describe(const struct visit *v, const char *slot, struct image_target *t, char chip[FACT_VALUE_MAX],
    char family[FACT_VALUE_MAX])
{
	const char *facts = v->s->facts[0] != '\0' ? v->s->facts : v->device.facts;
	int64_t free_space = facts_geti(facts, "free", -1);
	int64_t flash = facts_geti(facts, "flash", 0), revision = facts_geti(facts, "revision", 0);

	memset(t, 0, sizeof(*t));
	if (v->component)
		return;			/* the facts are of the whole, not of its part */
	if (facts_get(facts, "family", family))
		t->family = family;
	if (facts_get(facts, "chip", chip))
		t->chip = chip;
	t->mode = slot_same(slot, "filesystem") ? "filesystem" : "sketch";
	t->flash_size = flash > 0 ? (uint64_t)flash : 0;
	t->free_known = free_space >= 0;
	t->free_space = free_space >= 0 ? (uint64_t)free_space : 0;
	t->revision = revision > 0 ? (unsigned)revision : 0;
}

static int
brief_by_name(struct visit *v, const char *name, struct firmware_brief *ret, struct err *e)
{
	struct firmware fw;
	int r;

	memset(&fw, 0, sizeof(fw));
	if ((r = store_firmware_find(v->tx->db, name, &fw, e)) > 0) {
		r = store_firmware_brief(v->tx->db, fw.num, ret, e);
		firmware_clear(&fw);
	}
	return r;
}

/* A target may require another first, and that one another. What a device whose
 * order is unknown runs is taken to be below all of them. */
#define STEPS_MAX	8

int
visit_effective(struct visit *v, const struct execution *x, struct firmware_brief *ret,
    struct err *e)
{
	int r = store_firmware_brief(v->tx->db, x->target, ret, e);

	for (int i = 0; i < STEPS_MAX && r > 0 && ret->requires[0] != '\0'; i++) {
		struct firmware_brief required;

		if ((r = brief_by_name(v, ret->requires, &required, e)) <= 0)
			return r < 0 ? -1 : err_set(e, ERR_ABSENT, "%s requires %s, which is gone",
			    ret->name, ret->requires);
		if (v->value_known && v->value >= required.value)
			return 1;
		*ret = required;
	}
	return r;
}

int
visit_is_step(struct visit *v, const struct execution *x, struct err *e)
{
	struct firmware_brief fw;
	int r = v->running == 0 || v->running == x->before ? 0 :
	    store_firmware_brief(v->tx->db, x->target, &fw, e);

	for (int i = 0; i < STEPS_MAX && r > 0 && fw.requires[0] != '\0'; i++)
		if ((r = brief_by_name(v, fw.requires, &fw, e)) > 0 && fw.num == v->running)
			return 1;
	return r < 0 ? -1 : 0;
}

/* ---- how careful the job is ---- */

struct circumstances {
	struct care	care;
	struct pace	pace;
	struct stage	stages[STAGES_MAX];
};

/* The zone of a window: the job's, or the device's own by its tag "tz"; a device
 * without one, or with one that does not exist, goes by UTC. */
static void
zone_name(struct visit *v, const struct care *care, char ret[ZONE_NAME_MAX])
{
	struct buf tags = BUF_INIT;
	struct err ignored = ERR_INIT;
	char value[FACT_VALUE_MAX];

	snprintf(ret, ZONE_NAME_MAX, "%s", care->tz);
	if (strcmp(care->tz, "device") != 0)
		return;
	snprintf(ret, ZONE_NAME_MAX, "UTC");
	if (store_tags_get(v->tx->db, v->device.num, &tags, &ignored) == 0 &&
	    facts_get(buf_str(&tags), "tz", value))
		snprintf(ret, ZONE_NAME_MAX, "%.64s", value);
	buf_free(&tags);
}

static void
look_at_window(struct visit *v, const struct care *care, struct plan_input *in)
{
	char name[ZONE_NAME_MAX];
	int64_t change;

	if (!care->windowed)
		return;
	zone_name(v, care, name);
	in->window_shut = !zones_window(v->tx->core->zones, name, &care->window,
	    v->tx->now / 1000, &change);
	in->window_opens = change * 1000;
}

static int
look_at_stage(struct visit *v, const struct stage *stage, struct plan_input *in, struct err *e)
{
	struct filter *filter;
	int r;

	in->stage = stage;
	if (stage->kind != STAGE_FILTER)
		return 0;
	if ((filter = filter_parse(stage->filter, e)) == NULL)
		return -1;
	r = store_filter_matches(v->tx->db, filter, v->device.num, v->tx->now, e);
	filter_free(filter);
	in->stage_matches = r > 0;
	return r < 0 ? -1 : 0;
}

static int
look_around(struct visit *v, const struct job_brief *job, struct circumstances *c,
    struct plan_input *in, struct err *e)
{
	int n, r;

	if ((r = store_care_find(v->tx->db, job->num, &c->care, e)) <= 0 ||
	    (r = store_pace_find(v->tx->db, job->num, job->part.ptype, &c->pace, e)) <= 0)
		return r;
	in->care = &c->care;
	in->pace = &c->pace;
	look_at_window(v, &c->care, in);
	if (c->pace.stage < 0)
		return 0;
	if (store_stage_list(v->tx->db, job->num, job->part.ptype, c->stages, &n, e) < 0)
		return -1;
	return c->pace.stage < n ? look_at_stage(v, &c->stages[c->pace.stage], in, e) : 0;
}

int
visit_consult(struct visit *v, const struct job_brief *job, const struct execution *x, bool resumes,
    enum ask_how how, struct plan *plan, struct image *image, struct err *e)
{
	char slot[SLOT_MAX], chip[FACT_VALUE_MAX], family[FACT_VALUE_MAX];
	struct firmware_brief target;
	struct image_target device;
	struct circumstances c;
	struct plan_input in = { .now = v->tx->now,
	    .clock_plausible = clock_plausible(v->tx->core->clock), .family = v->s->family,
	    .policy = &job->policy, .part = &job->part, .execution = x, .target = &target,
	    .running_value = v->value, .running_known = v->value_known, .resumes = resumes,
	    .by_message = how == ASK_OFFER && !v->s->rebooted };
	int r;

	if ((r = visit_effective(v, x, &target, e)) <= 0)
		return r < 0 ? -1 : err_set(e, ERR_STORE, "the firmware of job %s is gone", job->id);
	if ((r = visit_image(v, target.num, image, slot, e)) < 0)
		return -1;
	in.image = r > 0 ? image : NULL;
	in.slot = slot;
	describe(v, slot, &device, chip, family);
	in.device = &device;
	in.newcomer = x->queued_ms == 0;
	if (look_around(v, job, &c, &in, e) < 0)
		return -1;
	plan_offer(&in, plan);
	return 0;
}

int
visit_may_take(struct visit *v, const struct job_brief *job, const struct execution *x,
    bool resumes, struct err *e)
{
	struct plan plan;
	struct image image;

	if (!v->loaded && visit_load(v, e) < 0)
		return -1;
	for (int i = 0; i < v->nlive; i++)
		if (v->live[i].ptype == x->ptype && v->live[i].job != x->job &&
		    v->live[i].taken && state_active(v->live[i].state))
			return err_set(e, ERR_BUSY, "it works on %s", v->live[i].target_name);
	if (visit_consult(v, job, x, resumes, ASK_SERVE, &plan, &image, e) < 0)
		return -1;
	if (plan.verdict == PLAN_GO)
		return 0;
	return err_set(e, plan.verdict == PLAN_WAIT ? ERR_BUSY : ERR_GONE, "%s", plan.why);
}
