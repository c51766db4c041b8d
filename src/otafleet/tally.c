/* SPDX-License-Identifier: Apache-2.0
 *
 * A complaint that ten thousand devices share is one line with a number: the
 * person who reads it wants to know what is wrong, not to scroll. */
#include <jansson.h>
#include <string.h>
#include "device.h"
#include "tally.h"

void
tally_complain(struct tally *t, const char *text)
{
	for (size_t i = 0; i < COMPLAINTS_MAX; i++) {
		struct complaint *c = &t->complaints[i];

		if (c->times == 0)
			snprintf(c->text, sizeof(c->text), "%s", text);
		if (strcmp(c->text, text) == 0) {
			c->times++;
			return;
		}
	}
}

bool
tally_clean(const struct tally *t)
{
	return t->mismatched == 0 && t->repeated == 0 && t->nonsense == 0;
}

static double
megabytes(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

void
tally_progress(const struct tally *t, const struct plan *p, bool terminal, FILE *out)
{
	fprintf(out, "%s%6.1f s  %u of %u %s%s  %u loading  %u failed  %u silent  %.1f MB%s",
	    terminal ? "\r\033[K" : "", (double)t->ms / 1000, t->updated, t->devices,
	    p->until != NULL ? "on " : "updated", p->until != NULL ? p->until : "",
	    t->loading, t->failed, t->silent, megabytes(t->bytes), terminal ? "" : "\n");
	fflush(out);
}

void
tally_summary(const struct tally *t, const struct plan *p, FILE *out)
{
	fprintf(out, "%u %s devices in %.1f s: %u updated, %u failed, %u silent, "
	    "%llu mismatched\n", t->devices, p->family->name, (double)t->ms / 1000, t->updated,
	    t->failed, t->silent, (unsigned long long)t->mismatched);
	fprintf(out, "%llu polls answered, %llu of them with nothing new, %llu refused; "
	    "%llu broken off; %.1f MB of images\n",
	    (unsigned long long)t->polls, (unsigned long long)t->unchanged,
	    (unsigned long long)t->refused, (unsigned long long)t->broken,
	    megabytes(t->bytes));
	if (p->until != NULL && t->arrived < t->awaited)
		fprintf(out, "%u of %u that should run %s do not\n", t->awaited - t->arrived,
		    t->awaited, p->until);
	for (size_t i = 0; i < COMPLAINTS_MAX && t->complaints[i].times > 0; i++)
		fprintf(out, "%8llu x %s\n", (unsigned long long)t->complaints[i].times,
		    t->complaints[i].text);
}

void
tally_json(const struct tally *t, FILE *out)
{
	json_auto_t *o = json_object();
	const struct {
		const char	*name;
		uint64_t	value;
	} numbers[] = {
		{ "devices", t->devices }, { "updated", t->updated },
		{ "failed", t->failed }, { "silent", t->silent },
		{ "mismatched", t->mismatched }, { "bytes", t->bytes },
		{ "awaited", t->awaited }, { "arrived", t->arrived },
		{ "polls", t->polls }, { "unchanged", t->unchanged },
		{ "refused", t->refused }, { "broken", t->broken },
		{ "nonsense", t->nonsense }, { "repeated", t->repeated },
	};

	for (size_t i = 0; i < NELEM(numbers); i++)
		json_object_set_new(o, numbers[i].name, json_integer((json_int_t)numbers[i].value));
	json_object_set_new(o, "seconds", json_real((double)t->ms / 1000));
	json_dumpf(o, out, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputc('\n', out);
}
