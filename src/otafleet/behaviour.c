/* SPDX-License-Identifier: Apache-2.0
 *
 * Shares are dealt as exact numbers, not drawn by chance: "five per cent of a
 * hundred fail" shall mean five, or a test could not say what it expects. */
#include <stdlib.h>
#include <string.h>
#include "behaviour.h"
#include "chance.h"
#include "otad/auto.h"

static const struct {
	const char	*name;
	bool		updates;
} kinds[BEHAVIOURS] = {
	[BE_OK]		= { "ok", true },
	[BE_FAIL]	= { "fail", false },
	[BE_SLOW]	= { "slow", true },
	[BE_SILENT]	= { "silent", false },
	[BE_BRICK]	= { "brick", false },
	[BE_ROLLBACK]	= { "rollback", false },
	[BE_EAGER]	= { "eager", true },
	[BE_DROP]	= { "drop", true },
	[BE_NEVER]	= { "never", false },
};

const char *
behaviour_name(enum behaviour b)
{
	return kinds[b].name;
}

bool
behaviour_updates(enum behaviour b)
{
	return kinds[b].updates;
}

static enum behaviour
behaviour_find(const char *name, size_t len)
{
	enum behaviour b;

	for (b = 0; b < BEHAVIOURS; b++)
		if (strlen(kinds[b].name) == len && memcmp(kinds[b].name, name, len) == 0)
			break;
	return b;
}

/* One "name=percent" of len bytes. */
static int
share_parse(struct shares *s, bool seen[BEHAVIOURS], const char *p, size_t len, struct err *e)
{
	const char *eq = memchr(p, '=', len);
	char *rest;
	enum behaviour b;
	double percent;

	if (eq == NULL)
		return err_set(e, ERR_BAD, "behaviour '%.*s': NAME=PERCENT is wanted", (int)len, p);
	b = behaviour_find(p, (size_t)(eq - p));
	if (b == BEHAVIOURS)
		return err_set(e, ERR_BAD, "no behaviour '%.*s'", (int)(eq - p), p);
	if (seen[b])
		return err_set(e, ERR_BAD, "behaviour '%s' stands twice", kinds[b].name);
	percent = strtod(eq + 1, &rest);
	if (rest != p + len || rest == eq + 1 || !(percent >= 0 && percent <= 100))
		return err_set(e, ERR_BAD, "behaviour '%.*s': not a per cent value", (int)len, p);
	seen[b] = true;
	s->percent[b] = percent;
	return 0;
}

int
shares_parse(struct shares *ret, const char *text, struct err *e)
{
	struct shares s = { { 0 } };
	bool seen[BEHAVIOURS] = { false };
	double sum = 0;
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (share_parse(&s, seen, text, len, e) != 0)
			return -1;
		if (text[len] == '\0')
			break;
	}
	for (size_t b = 0; b < BEHAVIOURS; b++)
		sum += s.percent[b];
	if (sum > 100.000001)
		return err_set(e, ERR_BAD, "behaviours add up to %g per cent", sum);
	if (seen[BE_OK] && sum < 99.999999)
		return err_set(e, ERR_BAD, "behaviours add up to only %g per cent", sum);
	s.percent[BE_OK] += 100 - sum;
	*ret = s;
	return 0;
}

void
shares_deal(const struct shares *s, uint64_t seed, enum behaviour *ret, size_t n)
{
	double upto = 0;
	size_t i = 0, end;

	/* Cumulative rounding: no share is off by a whole device, and none is lost. */
	for (enum behaviour b = 0; b < BEHAVIOURS; b++) {
		upto += s->percent[b];
		end = (size_t)((double)n * upto / 100 + 0.5);
		for (; i < end && i < n; i++)
			ret[i] = b;
	}
	for (; i < n; i++)
		ret[i] = BE_OK;
	for (i = n; i > 1; i--) {
		size_t j = (size_t)chance_below(&seed, i);
		enum behaviour b = ret[j];
		ret[j] = ret[i - 1];
		ret[i - 1] = b;
	}
}
