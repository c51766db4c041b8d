/* SPDX-License-Identifier: Apache-2.0
 *
 * status.c - otastatus: five words, and texts that say what they leave open.
 *
 * The texts are those of the SDK (protocols/rainmaker.md 2.5). An attempt that
 * failed with more to come is progress; what older versions call a failure and
 * newer ones a rejection is a rejection, or it would be offered again for ever
 * (8). The node's clock is not asked: words count in the order they come in. */
#include <stdio.h>
#include <string.h>
#include "rainmaker.h"

/* A node that waits for its window comes back by itself; after this it is told
 * again all the same. */
#define WINDOW_S	3600
#define NO_TIME_S	60
#define STATE_MAX	33

static const struct {
	const char	*word;
	enum happening	what;
} states[] = {
	{ "in-progress", HAP_PROGRESS },
	{ "success", HAP_SUCCESS },
	{ "failed", HAP_FAILURE },
	{ "delayed", HAP_DELAY },
	{ "rejected", HAP_REJECT },
};

/* Failures that another attempt would only repeat. */
static const char *const hopeless[] = {
	"Same version received",
	"Project Name mismatch",
	"OTA download window lapsed.",
};

static bool
begins(const char **at, const char *with)
{
	size_t n = strlen(with);

	if (strncmp(*at, with, n) != 0)
		return false;
	*at += n;
	return true;
}

/* A number of at most four digits. */
static bool
number(const char **at, int *ret)
{
	size_t n = strspn(*at, "0123456789");

	if (n == 0 || n > 4)
		return false;
	for (*ret = 0; n > 0; n--)
		*ret = *ret * 10 + *(*at)++ - '0';
	return true;
}

static void
read_progress(const char *info, struct report *r)
{
	int percent;

	if (begins(&info, "Downloaded ") && number(&info, &percent) && *info == '%' &&
	    percent <= 100)
		r->progress = percent;
}

static void
read_failure(const char *info, struct report *r)
{
	const char *at = info;
	int n, of;

	if (begins(&at, "OTA Attempt ") && number(&at, &n) && begins(&at, "/") &&
	    number(&at, &of) && begins(&at, " failed"))
		r->attempt_goes_on = n < of;
	for (size_t i = 0; i < NELEM(hopeless); i++)
		if (strcmp(info, hopeless[i]) == 0)
			r->what = HAP_REJECT;
}

static void
read_delay(const char *info, struct report *r)
{
	r->comes_back = true;
	r->delay_s = strstr(info, "No time information") != NULL ? NO_TIME_S : WINDOW_S;
}

static void
read_text(struct report *r)
{
	switch (r->what) {
	case HAP_PROGRESS:
		read_progress(r->detail, r);
		break;
	case HAP_FAILURE:
		read_failure(r->detail, r);
		break;
	case HAP_DELAY:
		read_delay(r->detail, r);
		break;
	default:
		break;
	}
}

/* "invalid", and whatever else: recorded, and changes nothing. */
static void
read_state(const char *state, const char *info, struct report *r)
{
	char both[STATE_MAX + 2 + DETAIL_MAX];
	int n;

	for (size_t i = 0; i < NELEM(states); i++)
		if (strcmp(state, states[i].word) == 0) {
			r->what = states[i].what;
			snprintf(r->detail, sizeof(r->detail), "%s", info);
			return;
		}
	r->what = HAP_HEARD;
	n = snprintf(both, sizeof(both), "%s%s%s", state, info[0] != '\0' ? ": " : "", info);
	words_clean(r->detail, sizeof(r->detail), both, (size_t)n);
}

int
node_status(const char *body, size_t len, struct report *ret, struct err *e)
{
	struct report r = { .progress = -1 };
	AUTO(words) struct words w = { .root = NULL };
	char job[2 * ID_LEN], state[STATE_MAX], info[DETAIL_MAX];

	if (words_read(&w, body, len, e))
		return -1;
	if (!words_get(&w, NULL, "status", state, sizeof(state)))
		return err_field(e, ERR_BAD, "status", "missing", "status is missing");
	(void)words_get(&w, NULL, "ota_job_id", job, sizeof(job));
	if (strlen(job) > ID_LEN)
		return err_field(e, ERR_ABSENT, "ota_job_id", "", "no such job");
	snprintf(r.job, sizeof(r.job), "%s", job);
	words_get_last(&w, "additional_info", info, sizeof(info));
	read_state(state, info, &r);
	read_text(&r);
	*ret = r;
	return 0;
}
