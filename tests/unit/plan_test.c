/* SPDX-License-Identifier: Apache-2.0
 *
 * plan_test.c - the planner over generated inputs. Whatever comes in, what it
 * lets go must break none of the rules, each of which is stated here by itself;
 * and with every obstacle out of the way it must let go. */
#include "core/plan.h"
#include "core_fixture.h"
#include "otad/auto.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define NOW	INT64_C(1780315200000)
#define ROUNDS	200000

static const struct family *const families[] = {
	&fx_poller, &fx_keyed, &fx_told, &fx_pushed, &fx_returning,
};

/* An input with all that it points to. */
struct scene {
	struct policy		policy;
	struct job_part		part;
	struct execution	x;
	struct firmware_brief	target, required;
	struct image		image;
	struct image_target	device;
	struct plan_input	in;
};

/* Everything is in order: it must go. */
static void
in_order(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	policy_default(&s->policy);
	snprintf(s->target.name, sizeof(s->target.name), "v1.0.1t100(a)");
	s->target.value = 1000001;
	s->target.version.fota = 'a';
	snprintf(s->required.name, sizeof(s->required.name), "v1.0.0t100(a)");
	s->required.value = 1000000;
	snprintf(s->image.kind, sizeof(s->image.kind), "raw");
	s->image.size = 1000;
	s->in = (struct plan_input){ .now = NOW, .clock_plausible = true, .family = &fx_poller,
	    .policy = &s->policy, .part = &s->part, .execution = &s->x, .target = &s->target,
	    .image = &s->image, .slot = "image", .running_value = 1000000,
	    .running_known = true, .device = &s->device };
}

/* Small numbers, so that limits are met from both sides. */
static void
roll(struct scene *s, struct fx_random *r)
{
	static const enum state waiting[] = { STATE_QUEUED, STATE_OFFERED, STATE_DELAYED,
	    STATE_AWAITING };

	in_order(s);
	s->policy.exposure = fx_below(r, 4) != 0;
	s->policy.at_least = 1 + (int)fx_below(r, 12);
	s->policy.percent = (int)fx_below(r, 101);
	s->policy.at_most = 1 + (int)fx_below(r, 30);
	s->policy.max_active = (int)fx_below(r, 3) == 0 ? 1 + (int)fx_below(r, 20) : 0;
	s->policy.allow_downgrade = fx_below(r, 4) == 0;
	s->policy.despite_hold = fx_below(r, 2) == 0;
	s->part.counts[STATE_OFFERED] = fx_below(r, 4);
	s->part.counts[STATE_IN_PROGRESS] = fx_below(r, 6);
	s->part.counts[STATE_DOWNLOADED] = fx_below(r, 4);
	s->part.counts[STATE_VERIFYING] = fx_below(r, 6);
	s->part.counts[STATE_TIMED_OUT] = fx_below(r, 4);
	s->part.exposed = s->part.counts[STATE_IN_PROGRESS] + s->part.counts[STATE_DOWNLOADED] +
	    s->part.counts[STATE_VERIFYING] + fx_below(r, 4);
	s->part.proven = fx_below(r, 50);
	s->x.state = waiting[fx_below(r, 4)];
	s->x.not_before_ms = fx_below(r, 4) == 0 ? NOW - 2 + fx_below(r, 5) : 0;
	s->target.version.fota = "olan"[fx_below(r, 4)];
	s->target.state = (enum firmware_state)(fx_below(r, 4) == 0 ? fx_below(r, 3) : 0);
	s->in.family = families[fx_below(r, NELEM(families))];
	s->in.clock_plausible = fx_below(r, 10) != 0;
	s->in.running_known = fx_below(r, 5) != 0;
	s->in.running_value = 999999 + fx_below(r, 4);
	s->in.required = fx_below(r, 4) == 0 ? &s->required : NULL;
	s->in.image = fx_below(r, 10) != 0 ? &s->image : NULL;
	s->device.free_known = fx_below(r, 3) == 0;
	s->device.free_space = 998 + fx_below(r, 5);
	s->in.resumes = fx_below(r, 6) == 0;
	s->in.by_message = fx_below(r, 6) == 0;
}

/* ---- the rules ---- */

static bool
letter_allows(const struct scene *s)
{
	bool local = s->in.family->caps & FAMILY_LOCAL;

	switch (s->target.version.fota) {
	case 'a': return true;
	case 'o': return !local;
	case 'l': return local;
	default: return false;
	}
}

static bool
order_allows(const struct scene *s)
{
	if (s->in.required != NULL && (!s->in.running_known || s->in.running_value < 1000000))
		return false;
	return s->policy.allow_downgrade || !s->in.running_known ||
	    s->target.value > s->in.running_value;
}

static bool
has_place(const struct scene *s)
{
	uint64_t offered = s->part.counts[STATE_OFFERED];
	uint64_t at_work = s->part.counts[STATE_IN_PROGRESS] +
	    s->part.counts[STATE_DOWNLOADED] + s->part.counts[STATE_VERIFYING];
	uint64_t earned = s->part.proven * (uint64_t)s->policy.percent / 100;

	if (s->x.state == STATE_OFFERED)
		return true;			/* its place is kept */
	if (s->policy.max_active != 0 &&
	    offered + at_work + 1 > (uint64_t)s->policy.max_active)
		return false;
	if (!s->policy.exposure)
		return true;
	if (earned < (uint64_t)s->policy.at_least)
		earned = (uint64_t)s->policy.at_least;
	return s->part.exposed + offered + 1 <= earned &&
	    s->part.exposed + offered + 1 <= (uint64_t)s->policy.at_most;
}

static bool
allowed(const struct scene *s)
{
	return s->in.clock_plausible && s->target.state != FIRMWARE_YANKED &&
	    (s->target.state != FIRMWARE_HELD || s->policy.despite_hold) &&
	    letter_allows(s) && order_allows(s) &&
	    (s->x.not_before_ms <= NOW || s->in.resumes) &&
	    !(s->in.by_message && s->x.state == STATE_OFFERED) &&
	    s->in.image != NULL && (!s->device.free_known || s->device.free_space >= 1000) &&
	    s->x.state != STATE_AWAITING && has_place(s);
}

static void
generated(void)
{
	struct fx_random r = { 42 };
	unsigned went = 0, bad = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct scene s;
		struct plan p;

		roll(&s, &r);
		plan_offer(&s.in, &p);
		went += p.verdict == PLAN_GO;
		if ((p.verdict == PLAN_GO) == allowed(&s) &&
		    (p.verdict == PLAN_GO) == (p.why[0] == '\0') &&
		    (p.verdict != PLAN_NEWER || (s.in.running_known &&
		    s.in.running_value >= s.target.value && !s.policy.allow_downgrade)) &&
		    (p.until == 0 || (p.verdict == PLAN_WAIT && p.until > NOW) ||
		    s.in.by_message))
			continue;
		if (bad++ == 0)
			fprintf(stderr, "round %d: verdict %d, allowed %d: %s\n", i, p.verdict,
			    allowed(&s), p.why);
	}
	CHECK(bad == 0, "%u of %d rounds", bad, ROUNDS);
	CHECK(went > ROUNDS / 100, "only %u of %d went: the test is blind", went, ROUNDS);
}

/* ---- which reason is given ---- */

static void
expect(const struct scene *s, enum plan_verdict verdict, const char *why)
{
	struct plan p;

	plan_offer(&s->in, &p);
	CHECK(p.verdict == verdict && strstr(p.why, why) != NULL, "%d: '%s', not '%s'", p.verdict,
	    p.why, why);
}

/* All obstacles at once are taken away one by one: what holds for the firmware
 * is said first, then for the device, then for the job. */
static void
reasons(void)
{
	struct scene s;

	in_order(&s);
	s.in.clock_plausible = false;
	s.target.state = FIRMWARE_YANKED;
	s.target.version.fota = 'n';
	s.in.running_value = 1000001;
	s.in.required = &s.required;
	s.required.value = 2000000;
	s.x.not_before_ms = NOW + 1;
	s.in.image = NULL;
	s.device.free_known = true;
	s.policy.max_active = 1;
	s.part.counts[STATE_VERIFYING] = 1;
	s.part.exposed = 10;
	expect(&s, PLAN_WAIT, "clock");
	s.in.clock_plausible = true;
	expect(&s, PLAN_NEVER, "yanked");
	s.target.state = FIRMWARE_HELD;
	expect(&s, PLAN_WAIT, "on hold");
	s.target.state = FIRMWARE_READY;
	expect(&s, PLAN_NEVER, "letter is n");
	s.target.version.fota = 'a';
	expect(&s, PLAN_NEWER, "runs value 1000001 already");
	s.in.running_value = 1000000;
	expect(&s, PLAN_WAIT, "requires v1.0.0t100(a) first");
	s.required.value = 1000000;
	expect(&s, PLAN_WAIT, "cooling down");
	s.x.state = STATE_DELAYED;
	expect(&s, PLAN_WAIT, "asked for a delay");
	s.x.state = STATE_QUEUED;
	s.x.not_before_ms = 0;
	expect(&s, PLAN_NEVER, "no image for slot 'image'");
	s.in.image = &s.image;
	expect(&s, PLAN_NEVER, "1000");
	s.device.free_space = 1000;
	s.x.state = STATE_AWAITING;
	expect(&s, PLAN_WAIT, "approval");
	s.x.state = STATE_QUEUED;
	expect(&s, PLAN_WAIT, "max_active");
	s.policy.max_active = 0;
	expect(&s, PLAN_WAIT, "exposure is used up: 10");
	s.part.exposed = 9;
	expect(&s, PLAN_GO, "");
}

static void
letters(void)
{
	struct scene s;

	in_order(&s);
	s.target.version.fota = 'l';
	expect(&s, PLAN_NEVER, "local push only");
	s.in.family = &fx_pushed;
	expect(&s, PLAN_GO, "");
	s.target.version.fota = 'o';
	expect(&s, PLAN_NEVER, "online only");
	s.in.family = &fx_told;
	expect(&s, PLAN_GO, "");
}

static void
until(void)
{
	struct scene s;
	struct plan p;

	in_order(&s);
	s.x.not_before_ms = NOW + 5000;
	plan_offer(&s.in, &p);
	CHECK(p.until == NOW + 5000, "%lld", (long long)p.until);
	s.in.resumes = true;			/* goes on with what broke: no cooling down */
	expect(&s, PLAN_GO, "");
	s.in.resumes = false;
	s.x.not_before_ms = NOW;
	expect(&s, PLAN_GO, "");
}

/* ---- exposure ---- */

static void
exposure(void)
{
	struct policy p;
	struct job_part part = { .proven = 0 };
	uint64_t last = 0;

	policy_default(&p);
	CHECK(plan_exposure(&p, &part) == 10, "before anything is proven");
	for (part.proven = 0; part.proven < 5000; part.proven++) {
		uint64_t now = plan_exposure(&p, &part);

		if (now >= last && now >= 10 && now <= 1000 &&
		    (now == 10 || now == 1000 || now == part.proven / 2)) {
			last = now;
			continue;
		}
		CHECK(false, "%llu proven: %llu after %llu", (unsigned long long)part.proven,
		    (unsigned long long)now, (unsigned long long)last);
	}
	CHECK(last == 1000, "%llu", (unsigned long long)last);
	part.proven = 20;
	CHECK(plan_exposure(&p, &part) == 10, "20 proven");
	part.proven = 22;
	CHECK(plan_exposure(&p, &part) == 11, "22 proven");
	p.at_least = 50;
	p.at_most = 7;				/* the lower limit is no right */
	CHECK(plan_exposure(&p, &part) == 7, "at most");
	p.percent = 0;
	p.at_least = 1;
	CHECK(plan_exposure(&p, &part) == 1, "nothing is earned");
	part.proven = UINT64_C(1) << 40;
	p.percent = 100;
	p.at_most = 10000000;
	CHECK(plan_exposure(&p, &part) == 10000000, "large");
}

int
main(void)
{
	exposure();
	reasons();
	letters();
	until();
	generated();
	return TEST_END();
}
