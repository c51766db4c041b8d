/* SPDX-License-Identifier: Apache-2.0
 *
 * rollout.c - stages, failure limits and rates, as arithmetic. */
#include "otad/rollout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "otad/auto.h"

/* ---- stages ---- */

static const char *const stage_words[] = {
	[STAGE_WAITING] = "waiting", [STAGE_OPEN] = "open", [STAGE_SOAKING] = "soaking",
	[STAGE_PASSED] = "passed", [STAGE_FAILED] = "failed",
};

const char *
stage_state_word(enum stage_state s)
{
	return stage_words[s];
}

uint64_t
stage_quota(const struct stage *s, uint64_t matched)
{
	switch (s->kind) {
	case STAGE_PERCENT:
		return (matched * (uint64_t)s->amount + 99) / 100;
	case STAGE_COUNT:
		return (uint64_t)s->amount;
	case STAGE_FILTER:
		break;
	}
	return UINT64_MAX;
}

uint64_t
stage_allows(const struct stage *s, uint64_t taken)
{
	uint64_t share = taken * (uint64_t)(100 - s->min_success) / 100;

	return share > (uint64_t)s->slack ? share : (uint64_t)s->slack;
}

static bool
is_filled(const struct stage *s, const struct stage_figures *f)
{
	uint64_t quota = stage_quota(s, f->matched);

	if (s->kind == STAGE_FILTER)
		return f->filter_filled;
	/* A count larger than the fleet is filled by the whole fleet. */
	return f->taken >= (quota < f->matched ? quota : f->matched);
}

enum stage_state
stage_step(const struct stage *s, const struct stage_figures *f)
{
	uint64_t allowed = stage_allows(s, f->judged);

	if (s->state != STAGE_OPEN && s->state != STAGE_SOAKING)
		return s->state;
	if (f->lost > allowed)
		return STAGE_FAILED;
	if (!is_filled(s, f))
		return STAGE_OPEN;
	if (f->judged > f->won + allowed)
		return s->state;
	if (s->state == STAGE_OPEN && s->soak_s > 0)
		return STAGE_SOAKING;
	if (s->state == STAGE_SOAKING && f->now_ms < s->filled_ms + s->soak_s * 1000)
		return STAGE_SOAKING;
	return STAGE_PASSED;
}

static struct stage
quota(enum stage_kind kind, int64_t amount)
{
	return (struct stage){ .kind = kind, .amount = amount, .min_success = 90, .slack = 2 };
}

int
stage_defaults(struct stage ret[STAGES_MAX], uint64_t matched, bool continuous)
{
	uint64_t first = (matched + 99) / 100;

	if (continuous) {
		ret[0] = quota(STAGE_COUNT, 5);
		ret[1] = quota(STAGE_COUNT, 50);
		ret[2] = quota(STAGE_PERCENT, 100);
		return 3;
	}
	if (matched <= 20)
		return 0;
	ret[0] = quota(STAGE_COUNT, first < 5 ? 5 : first > 10 ? 10 : (int64_t)first);
	ret[1] = quota(STAGE_PERCENT, 10);
	ret[2] = quota(STAGE_PERCENT, 100);
	return 3;
}

static int
bound(int i, const char *field, int64_t value, int64_t min, int64_t max, struct err *e)
{
	char name[48];

	if (value >= min && value <= max)
		return 0;
	snprintf(name, sizeof(name), "stages[%d].%s", i, field);
	return err_field(e, ERR_BAD, name, "range", "%s must be %lld to %lld, not %lld", name,
	    (long long)min, (long long)max, (long long)value);
}

int
stages_check(const struct stage *s, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		if ((s[i].kind == STAGE_PERCENT && bound(i, "percent", s[i].amount, 1, 100, e) < 0) ||
		    (s[i].kind == STAGE_COUNT && bound(i, "count", s[i].amount, 1, 10000000, e) < 0) ||
		    bound(i, "min_success", s[i].min_success, 0, 100, e) < 0 ||
		    bound(i, "slack", s[i].slack, 0, 10000000, e) < 0 ||
		    bound(i, "soak_s", s[i].soak_s, 0, 31536000, e) < 0)
			return -1;
		for (int j = 0; j < i; j++)
			if (s[j].kind == s[i].kind && s[i].kind != STAGE_FILTER &&
			    s[j].amount > s[i].amount)
				return bound(i, s[i].kind == STAGE_PERCENT ? "percent" : "count",
				    s[i].amount, s[j].amount, 10000000, e);
	}
	return 0;
}

/* ---- the failure limit ---- */

void
failure_default(struct failure_limit *f)
{
	*f = (struct failure_limit){ .on = true, .percent = 10, .min_ended = 5, .window = 300,
	    .confidence = 99 };
}

static int
within(const char *field, int64_t value, int64_t min, int64_t max, struct err *e)
{
	if (value >= min && value <= max)
		return 0;
	return err_field(e, ERR_BAD, field, "range", "%s must be %lld to %lld, not %lld", field,
	    (long long)min, (long long)max, (long long)value);
}

int
failure_check(const struct failure_limit *f, struct err *e)
{
	if (!f->on)
		return 0;
	if (within("failure.percent", f->percent, 0, 100, e) < 0 ||
	    within("failure.min_ended", f->min_ended, 1, 1000000, e) < 0 ||
	    within("failure.window", f->window, 0, WINDOW_MAX, e) < 0)
		return -1;
	return f->confidence == 0 ? 0 : within("failure.confidence", f->confidence, 50, 99, e);
}

/* The number of standard deviations that leaves (100 - confidence) percent in one
 * tail of the normal distribution; by halving, a handful of times a minute. */
static double
deviations(int confidence)
{
	double low = 0, high = 6, tail = (100 - confidence) / 100.0;

	for (int i = 0; i < 60; i++) {
		double mid = (low + high) / 2;

		if (erfc(mid / sqrt(2)) / 2 > tail)
			low = mid;
		else
			high = mid;
	}
	return low;
}

double
wilson_lower(uint64_t failed, uint64_t ended, int confidence)
{
	double n = (double)ended, p = (double)failed / n, z = deviations(confidence);
	double z2 = z * z;
	double lower;

	if (ended == 0)
		return 0;
	lower = (p + z2 / (2 * n) - z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
	return lower > 0 ? lower : 0;
}

bool
failure_exceeds(const struct failure_limit *f, uint64_t failed, uint64_t ended)
{
	if (!f->on || ended < (uint64_t)f->min_ended)
		return false;
	if (f->confidence == 0)
		return failed * 100 > ended * (uint64_t)f->percent;
	return wilson_lower(failed, ended, f->confidence) * 100 > f->percent;
}

static bool
get_bit(const struct outcomes *o, unsigned i)
{
	return o->bits[i / 8] >> i % 8 & 1;
}

static void
set_bit(struct outcomes *o, unsigned i, bool value)
{
	uint8_t mask = (uint8_t)(1u << i % 8);

	o->bits[i / 8] = value ? o->bits[i / 8] | mask : o->bits[i / 8] & (uint8_t)~mask;
}

void
outcomes_add(struct outcomes *o, bool failed)
{
	o->at = (uint16_t)((o->at + 1u) % WINDOW_MAX);
	set_bit(o, o->at, failed);
	if (o->n < WINDOW_MAX)
		o->n++;
}

/* The i-th newest. */
static unsigned
newest(const struct outcomes *o, unsigned i)
{
	return (o->at + WINDOW_MAX - i) % WINDOW_MAX;
}

void
outcomes_forgive(struct outcomes *o)
{
	for (unsigned i = 0; i < o->n; i++)
		if (get_bit(o, newest(o, i))) {
			set_bit(o, newest(o, i), false);
			return;
		}
}

void
outcomes_count(const struct outcomes *o, int window, uint64_t *ret_failed, uint64_t *ret_ended)
{
	unsigned n = window > 0 && window < o->n ? (unsigned)window : o->n;

	*ret_failed = 0;
	*ret_ended = n;
	for (unsigned i = 0; i < n; i++)
		*ret_failed += get_bit(o, newest(o, i));
}

/* ---- the rate ---- */

int
rate_check(const struct rate *r, struct err *e)
{
	if (!r->on)
		return 0;
	if (within("rate.per_minute", r->per_minute, 1, 1000000, e) < 0 ||
	    within("rate.max_per_minute", r->max_per_minute, r->per_minute, 1000000, e) < 0)
		return -1;
	if (r->growth < 1.0 || r->growth > 100.0)
		return err_field(e, ERR_BAD, "rate.growth", "range",
		    "rate.growth must be 1.0 to 100.0, not %g", r->growth);
	return 0;
}

int
rate_now(const struct rate *r, uint64_t proven)
{
	double rate = r->per_minute, used = 0;

	while (r->growth > 1.0 && rate < r->max_per_minute && used + rate <= (double)proven) {
		used += rate;
		rate *= r->growth;
	}
	return rate < r->max_per_minute ? (int)rate : r->max_per_minute;
}

int64_t
rate_next(const struct rate *r, uint64_t proven, int64_t last_ms, int64_t now_ms)
{
	int64_t from = last_ms > now_ms ? last_ms : now_ms;
	int rate = rate_now(r, proven);

	return from + (60000 + rate - 1) / rate;
}
