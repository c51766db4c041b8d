/* SPDX-License-Identifier: Apache-2.0
 *
 * chance_test.c - devices that do anything at any time: ask, ask again, resume,
 * break off, report what is true and what is not, come back old, new or unknown,
 * while jobs are made, canceled, held and retried. After each step the rules that
 * nothing may break are looked at:
 *
 *	no answer is an error that a well-meaning device would have to see;
 *	a device has one active execution, and is offered only what is newer;
 *	no job exposes more devices than it has earned;
 *	counts, marks and states of every job agree. */
#include "core_fixture.h"
#include "otad/dispatch.h"
#include "test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DEVICES	16
#define JOBS	14
#define STEPS	800
#define VALUES	5		/* v1.0.0 … v1.0.4 */

struct world {
	struct fixture		f;
	const struct family	*family;
	char			links[DEVICES][LINK_MAX];	/* told families: the last */
	struct fx_random	r;
	int			runs[DEVICES];	/* the last number of its version; -1: unknown */
	struct answer		got[DEVICES];	/* the last offer; verdict: none */
	struct transfer		*moving[DEVICES];
	char			jobs[JOBS][ID_LEN + 1];
	int			njobs;
	const char		*doing;
	unsigned		offers;
	bool			good;
};

__attribute__((format(printf, 3, 4))) static void
must(struct world *w, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return;
	w->good = false;
	va_start(ap, fmt);
	fprintf(stderr, "%s: ", w->doing);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

static const char *
version(char ret[VERSION_MAX], int n)
{
	snprintf(ret, VERSION_MAX, "v1.0.%dt100(a)", n);
	return ret;
}

static void
sighting(struct world *w, int i, struct sighting *s)
{
	char id[DEVICE_ID_MAX], v[VERSION_MAX];

	snprintf(id, sizeof(id), "d%d", i);
	fx_sighting(s, w->family, id, w->runs[i] < 0 ? "built-by-hand" : version(v, w->runs[i]));
	snprintf(s->part, sizeof(s->part), "%s", fx_below(&w->r, 4) == 0 ? "filesystem" : "image");
	s->resumes = fx_below(&w->r, 5) == 0;
	s->rebooted = fx_below(&w->r, 8) == 0;
}

/* ---- what devices do ---- */

static void
keep(struct world *w, int i, const struct answer *a)
{
	char v[VERSION_MAX];

	if (a->verdict != VERDICT_OFFER)
		return;
	w->offers++;
	w->got[i] = *a;
	must(w, w->runs[i] < 0 || strcmp(a->firmware, version(v, w->runs[i])) > 0,
	    "d%d runs %d and is offered %s", i, w->runs[i], a->firmware);
	if (w->moving[i] == NULL && fx_below(&w->r, 3) > 0)
		w->moving[i] = transfer_new(w->f.core, a, 0, a->image.size);
}

static void
asks(struct world *w, int i)
{
	static const enum ask_how hows[] = { ASK_PEEK, ASK_OFFER, ASK_SERVE, ASK_SERVE, ASK_SERVE };
	struct sighting s;
	struct answer a;
	struct err e = ERR_INIT;
	enum ask_how how = w->family == &fx_told ? ASK_OFFER : hows[fx_below(&w->r, 5)];

	w->doing = "asks";
	sighting(w, i, &s);
	must(w, fx_try_ask(&w->f, &s, how, &a, &e) == 0, "%s", e.text);
	if (how == ASK_SERVE)
		keep(w, i, &a);
}

/* ---- devices that are told ---- */

static int
dispatch(struct tx *tx, void *arg, struct err *e)
{
	return core_dispatch(tx, arg, e);
}

/* A transport has room for some. */
static void
told(struct world *w)
{
	struct said said[4];
	struct dispatch d = { .carrier = BY_MQTT, .room = 4, .said = said };
	struct err e = ERR_INIT;
	int i;

	w->doing = "otad says";
	memset(said, 0, sizeof(said));
	must(w, fx_write(&w->f, dispatch, &d, &e) == 0, "%s", e.text);
	for (int k = 0; k < d.n; k++) {
		if (said[k].what == SAY_OFFER && sscanf(said[k].device.id, "d%d", &i) == 1) {
			w->offers++;
			w->got[i] = said[k].answer;
			snprintf(w->links[i], LINK_MAX, "%s", said[k].link);
		}
		said_clear(&said[k]);
	}
}

struct following { char token[LINK_MAX]; bool resumes; struct answer a; };

static int
follow(struct tx *tx, void *arg, struct err *e)
{
	struct following *f = arg;

	return link_follow(tx, f->token, ASK_SERVE, f->resumes, &f->a, e);
}

static void
follows(struct world *w, int i)
{
	struct following f = { .resumes = fx_below(&w->r, 4) == 0 };
	struct err e = ERR_INIT;
	const char *token = strstr(w->links[i], "/d/");

	w->doing = "follows its link";
	if (token == NULL)
		return;
	snprintf(f.token, sizeof(f.token), "%.*s", (int)strcspn(token + 3, "/"), token + 3);
	if (fx_write(&w->f, follow, &f, &e) < 0) {
		must(w, e.code == ERR_GONE || e.code == ERR_BUSY, "%s", e.text);
		return;
	}
	w->got[i] = f.a;
	if (w->moving[i] == NULL)
		w->moving[i] = transfer_new(w->f.core, &f.a, 0, f.a.image.size);
}

static void
fetches(struct world *w, int i)
{
	struct sighting s;
	struct answer a;
	struct err e = ERR_INIT;
	char v[VERSION_MAX];

	w->doing = "fetches";
	sighting(w, i, &s);
	if (fx_fetch(&w->f, &s, version(v, (int)fx_below(&w->r, VALUES)), s.part, &a, &e) == 0)
		w->got[i] = a;
	else
		must(w, e.code == ERR_ABSENT || e.code == ERR_GONE || e.code == ERR_BUSY, "%s",
		    e.text);
}

static void
reports(struct world *w, int i)
{
	static const enum happening words[] = { HAP_PROGRESS, HAP_STORE, HAP_SUCCESS, HAP_FAILURE,
	    HAP_DELAY, HAP_REJECT, HAP_PROGRESS, HAP_SUCCESS };
	struct sighting s;
	struct err e = ERR_INIT;
	const char *job = w->njobs > 0 && fx_below(&w->r, 4) == 0 ?
	    w->jobs[fx_below(&w->r, (uint32_t)w->njobs)] : "";

	w->doing = "reports";
	sighting(w, i, &s);
	if (fx_report(&w->f, &s, job, words[fx_below(&w->r, 8)], &e) < 0)
		must(w, e.code == ERR_ABSENT, "%s", e.text);
}

static void
transfers(struct world *w, int i)
{
	static const enum transfer_end ends[] = { TRANSFER_DELIVERED, TRANSFER_DELIVERED,
	    TRANSFER_BROKEN, TRANSFER_UNSENT };

	w->doing = "ends its transfer";
	if (w->moving[i] == NULL)
		return;
	transfer_moved(w->moving[i], 1 + fx_below(&w->r, 4096));
	transfer_end(w->moving[i], ends[fx_below(&w->r, 4)]);
	w->moving[i] = NULL;
	fx_settle(&w->f);
}

/* It boots what it got, or something else. */
static void
boots(struct world *w, int i)
{
	uint32_t how = fx_below(&w->r, 10);
	int n;

	w->doing = "boots";
	if (how < 6 && w->got[i].verdict == VERDICT_OFFER &&
	    sscanf(w->got[i].firmware, "v1.0.%dt", &n) == 1)
		w->runs[i] = n;
	else if (how == 6)
		w->runs[i] = -1;
	else if (how == 7)
		w->runs[i] = (int)fx_below(&w->r, VALUES);
}

/* ---- what people do ---- */

static void
make_job(struct world *w)
{
	struct job_form form;
	struct job job;
	struct err e = ERR_INIT;
	char v[VERSION_MAX];

	w->doing = "a job is made";
	if (w->njobs == JOBS)
		return;
	fx_form(&form, version(v, 1 + (int)fx_below(&w->r, VALUES - 1)));
	form.policy.continuous = fx_below(&w->r, 3) == 0;
	form.policy.priority = (int)fx_below(&w->r, 2);
	form.policy.at_least = 1 + (int)fx_below(&w->r, 6);
	form.policy.attempts = 1 + (int)fx_below(&w->r, 3);
	form.policy.retry_delay_s = (int)fx_below(&w->r, 60);
	form.policy.max_active = fx_below(&w->r, 3) == 0 ? 3 : 0;
	if (fx_try_job(&w->f, &form, &job, &e) < 0) {
		must(w, e.code == ERR_INVALID, "%s", e.text);	/* on hold */
		return;
	}
	snprintf(w->jobs[w->njobs++], ID_LEN + 1, "%s", job.id);
	job_clear(&job);
}

static void
people(struct world *w)
{
	static const enum happening steps[] = { HAP_RETRY, HAP_RETRY, HAP_CANCEL };
	struct err e = ERR_INIT;
	const char *job = w->njobs > 0 ? w->jobs[fx_below(&w->r, (uint32_t)w->njobs)] : NULL;
	char id[DEVICE_ID_MAX], v[VERSION_MAX];

	switch (fx_below(&w->r, 12)) {
	case 0: case 1:
		make_job(w);
		break;
	case 2:
		w->doing = "a job is canceled";
		if (job != NULL && fx_cancel(&w->f, job, &e) < 0)
			must(w, e.code == ERR_CONFLICT, "%s", e.text);
		break;
	case 3: case 4: case 5:
		w->doing = "a firmware is held or released";
		fx_set_state(&w->f, version(v, (int)fx_below(&w->r, VALUES)),
		    fx_below(&w->r, 3) == 0 ? FIRMWARE_HELD : FIRMWARE_READY);
		break;
	default:
		w->doing = "an execution is steered";
		snprintf(id, sizeof(id), "d%d", (int)fx_below(&w->r, DEVICES));
		if (job != NULL && fx_steer(&w->f, job, id, steps[fx_below(&w->r, 3)], &e) < 0)
			must(w, e.code == ERR_CONFLICT || e.code == ERR_ABSENT, "%s", e.text);
	}
}

/* ---- the rules ---- */

static int
within_limits(void *arg, const struct job *job, struct err *e)
{
	struct world *w = arg;
	const struct job_part *p = &job->parts[0];
	uint64_t limit = p->proven * (uint64_t)job->policy.percent / 100;

	(void)e;
	if (limit < (uint64_t)job->policy.at_least)
		limit = (uint64_t)job->policy.at_least;
	must(w, p->exposed + p->counts[STATE_OFFERED] <= limit,
	    "job %s: %d exposed, %d offered, %d may", job->id, (int)p->exposed,
	    (int)p->counts[STATE_OFFERED], (int)limit);
	return 0;
}

static int
look_at_jobs(struct tx *tx, void *arg, struct err *e)
{
	return job_list(tx, -1, 0, 0, 1000, within_limits, arg, e);
}

static void
rules(struct world *w, int i, bool exposure)
{
	struct err e = ERR_INIT;
	char id[DEVICE_ID_MAX];

	snprintf(id, sizeof(id), "d%d", i);
	must(w, fx_one_active(&w->f, id), "%s has two active executions", id);
	for (int k = 0; k < w->njobs; k++)
		must(w, fx_consistent(&w->f, w->jobs[k]), "job %d", k);
	if (exposure)
		must(w, fx_read(&w->f, look_at_jobs, w, &e) == 0, "%s", e.text);
}

/* Devices that only ask and come back cannot expose more than is earned; with
 * statuses they may say that they work on what they were not offered. */
static void
step(struct world *w, bool statuses)
{
	int i = (int)fx_below(&w->r, DEVICES);

	fx_forward(&w->f, fx_below(&w->r, 20) == 0 ? FX_HOUR : fx_below(&w->r, 10) * FX_SECOND);
	switch (fx_below(&w->r, 10)) {
	case 0: case 1:
		if (w->family == &fx_told) {
			told(w);
			break;
		}
		asks(w, i);
		break;
	case 2: case 3:
		if (w->family == &fx_told && fx_below(&w->r, 2) == 0)
			follows(w, i);
		else
			asks(w, i);
		break;
	case 4:
		if (statuses)
			fetches(w, i);
		break;
	case 5:
		if (statuses)
			reports(w, i);
		break;
	case 6: case 7:
		transfers(w, i);
		break;
	case 8:
		boots(w, i);
		break;
	default:
		people(w);
	}
	rules(w, i, !statuses);
}

/* Its number of offers. */
static unsigned
world(uint64_t seed, const struct family *family, bool statuses, bool ticking)
{
	static struct world w;
	struct err e = ERR_INIT;
	char v[VERSION_MAX];
	int i = 0;

	memset(&w, 0, sizeof(w));
	w.r.s = seed;
	w.family = family;
	w.good = true;
	fx_open(&w.f);
	fx_product(&w.f, 100, family);
	for (int n = 0; n < VALUES; n++)
		fx_firmware(&w.f, version(v, n), "image,filesystem");
	fx_devices(&w.f, 100, "d", DEVICES, version(v, 0));
	CHECK(!ticking || core_start(w.f.core, &e) == 0, "%s", e.text);
	for (i = 0; i < STEPS && w.good; i++)
		step(&w, statuses);
	CHECK(w.good, "seed %" PRIu64 ", step %d", seed, i);
	for (i = 0; i < DEVICES; i++)
		if (w.moving[i] != NULL)
			transfer_end(w.moving[i], TRANSFER_BROKEN);
	fx_settle(&w.f);
	fx_close(&w.f);
	return w.offers;
}

int
main(void)
{
	unsigned offers = 0;

	for (uint64_t seed = 1; seed <= 4; seed++) {
		offers += world(seed, &fx_poller, false, false);
		offers += world(seed, &fx_poller, true, false);
		offers += world(seed, &fx_poller, true, true);
		offers += world(seed, &fx_told, true, true);
	}
	CHECK(offers > 16 * STEPS / 40, "only %u offers: the test is blind", offers);
	return TEST_END();
}
