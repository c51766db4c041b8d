/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.c - the rollout planner.
 *
 * Rules stand in the order in which a person would want to hear of them: first
 * what holds for the firmware, then what holds for the device, then the job's
 * counts. The first rule that says no gives the sentence. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include "otad/clock.h"
#include "plan.h"

__attribute__((format(printf, 4, 5))) static bool
say(struct plan *p, enum plan_verdict verdict, int64_t until, const char *fmt, ...)
{
	va_list ap;

	p->verdict = verdict;
	p->until = until;
	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	return true;
}

uint64_t
plan_exposure(const struct policy *policy, const struct job_part *part)
{
	uint64_t limit = part->proven * (uint64_t)policy->percent / 100;

	if (limit < (uint64_t)policy->at_least)
		limit = (uint64_t)policy->at_least;
	if (limit > (uint64_t)policy->at_most)
		limit = (uint64_t)policy->at_most;
	return limit;
}

/* Each of the following returns true when it has said no. */

static bool
time_forbids(const struct plan_input *in, struct plan *p)
{
	char when[TIME_TEXT_MAX];

	if (in->care == NULL)
		return false;
	if (in->care->start_ms > in->now)
		return say(p, PLAN_WAIT, in->care->start_ms, "the job starts at %s",
		    time_format(when, in->care->start_ms));
	if (in->care->end_ms != 0 && in->care->end_ms <= in->now)
		return say(p, PLAN_WAIT, 0, "the job offers nothing any more since %s",
		    time_format(when, in->care->end_ms));
	if (in->window_shut)
		return say(p, PLAN_WAIT, in->window_opens, "the window is shut%s%s",
		    in->window_opens > 0 ? " until " : "", in->window_opens > 0 ?
		    time_format(when, in->window_opens) : "");
	return false;
}

/* A stage's place is taken once, by the first attempt. */
static bool
stage_forbids(const struct plan_input *in, struct plan *p)
{
	const struct stage *s = in->stage;
	uint64_t out = in->part->counts[STATE_OFFERED], limit;

	if (s == NULL || s->state == STAGE_PASSED || in->execution->taken_ms != 0)
		return false;
	if (s->kind == STAGE_FILTER)
		return in->stage_matches ? false : say(p, PLAN_WAIT, 0,
		    "stage %d is for others: %.90s", in->pace->stage + 1, s->filter);
	limit = in->newcomer ? stage_quota(s, in->pace->matched + 1) : in->pace->stage_limit;
	if (in->pace->taken + out < limit)
		return false;
	return say(p, PLAN_WAIT, 0, "stage %d is full: %" PRIu64 " of %" PRIu64
	    " devices have taken it, %" PRIu64 " have proven themselves", in->pace->stage + 1,
	    in->pace->taken + out, limit, in->pace->won);
}

static bool
rate_forbids(const struct plan_input *in, struct plan *p)
{
	if (in->care == NULL || !in->care->rate.on || in->pace->rate_last_ms <= in->now)
		return false;
	return say(p, PLAN_WAIT, in->pace->rate_last_ms, "%d devices a minute may start",
	    rate_now(&in->care->rate, in->part->proven));
}

static bool
firmware_forbids(const struct plan_input *in, struct plan *p)
{
	const struct firmware_brief *fw = in->target;

	if (fw->state == FIRMWARE_YANKED)
		return say(p, PLAN_NEVER, 0, "%s was yanked", fw->name);
	if (fw->state == FIRMWARE_HELD && !in->policy->despite_hold)
		return say(p, PLAN_WAIT, 0, "%s is on hold", fw->name);
	if (fw->version.fota == 'n')
		return say(p, PLAN_NEVER, 0, "%s is never dispatched: its letter is n", fw->name);
	if (fw->version.fota == 'l' && !(in->family->caps & FAMILY_LOCAL))
		return say(p, PLAN_NEVER, 0,
		    "%s goes out by local push only: its letter is l", fw->name);
	if (fw->version.fota == 'o' && (in->family->caps & FAMILY_LOCAL))
		return say(p, PLAN_NEVER, 0,
		    "%s goes out online only: its letter is o", fw->name);
	return false;
}

static bool
order_forbids(const struct plan_input *in, struct plan *p)
{
	if (in->running_known && !in->policy->allow_downgrade &&
	    in->running_value >= in->target->value)
		return say(p, PLAN_NEWER, 0, "it runs value %" PRIu32 " already, %s is %" PRIu32,
		    in->running_value, in->target->name, in->target->value);
	if (in->required != NULL &&
	    (!in->running_known || in->running_value < in->required->value))
		return say(p, PLAN_WAIT, 0, "%s requires %s first", in->target->name,
		    in->required->name);
	return false;
}

static bool
device_forbids(const struct plan_input *in, struct plan *p)
{
	struct err e = ERR_INIT;

	if (in->execution->not_before_ms > in->now && !in->resumes) {
		char when[TIME_TEXT_MAX];

		return say(p, PLAN_WAIT, in->execution->not_before_ms,
		    "%s until %s", in->execution->state == STATE_DELAYED ?
		    "the device asked for a delay" : "cooling down after an attempt",
		    time_format(when, in->execution->not_before_ms));
	}
	/* Some devices take a second message for a second order and write over
	 * the image they are about to boot (protocols/rainmaker.md 2.6). */
	if (in->by_message && in->execution->state == STATE_OFFERED)
		return say(p, PLAN_WAIT, in->execution->due_ms, "%s was offered already, no answer yet",
		    in->target->name);
	if (in->image == NULL)
		return say(p, PLAN_NEVER, 0, "%s has no image for slot '%s'", in->target->name,
		    in->slot);
	if (image_fits(in->image->kind, in->image->size, in->image->findings, in->device, &e) < 0)
		return say(p, PLAN_NEVER, 0, "%s", e.text);
	return false;
}

static bool
counts_forbid(const struct plan_input *in, struct plan *p)
{
	const struct job_part *part = in->part;
	uint64_t reserved = part->counts[STATE_OFFERED];
	uint64_t active = reserved + part->counts[STATE_IN_PROGRESS] +
	    part->counts[STATE_DOWNLOADED] + part->counts[STATE_VERIFYING];

	if (in->execution->state == STATE_OFFERED)
		return false;			/* it has its place */
	if (stage_forbids(in, p) || rate_forbids(in, p))
		return true;
	if (in->policy->max_active > 0 && active >= (uint64_t)in->policy->max_active)
		return say(p, PLAN_WAIT, 0, "%d devices are being updated at once (max_active)",
		    in->policy->max_active);
	if (in->policy->exposure) {
		uint64_t limit = plan_exposure(in->policy, part);

		if (part->exposed + reserved >= limit)
			return say(p, PLAN_WAIT, 0, "exposure is used up: %" PRIu64
			    " devices have not proven themselves yet, %" PRIu64 " may",
			    part->exposed + reserved, limit);
	}
	return false;
}

void
plan_offer(const struct plan_input *in, struct plan *ret)
{
	*ret = (struct plan){ .verdict = PLAN_GO };
	if (!in->clock_plausible) {
		say(ret, PLAN_WAIT, 0, "the server's clock is not set yet");
		return;
	}
	if (firmware_forbids(in, ret) || order_forbids(in, ret) || time_forbids(in, ret) ||
	    device_forbids(in, ret))
		return;
	if (in->execution->state == STATE_AWAITING) {
		say(ret, PLAN_WAIT, 0, "waits for an approval");
		return;
	}
	counts_forbid(in, ret);
}
