/* SPDX-License-Identifier: Apache-2.0
 *
 * jobs_test.c - making jobs and ending them: in slices, from lists, as the current
 * of a product, cut short by a crash, two at a time. */
#include "core_fixture.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLD	"v1.0.0t100(a)"
#define V1	"v1.0.1t100(a)"
#define V2	"v1.0.2t100(a)"
#define CROWD	25000

static void
begin(struct fixture *f)
{
	fx_open(f);
	fx_product(f, 100, &fx_poller);
	fx_firmware(f, OLD, "image");
	fx_firmware(f, V1, "image");
	fx_firmware(f, V2, "image");
}

/* ---- what there is ---- */

struct tally { int n; char id[ID_LEN + 1]; };

static int
tally(void *arg, const struct job *job, struct err *e)
{
	struct tally *t = arg;

	(void)e;
	t->n++;
	snprintf(t->id, sizeof(t->id), "%s", job->id);
	return 0;
}

static int
tally_jobs(struct tx *tx, void *arg, struct err *e)
{
	return job_list(tx, -1, 0, 0, 1000, tally, arg, e);
}

static int
tally_currents(void *arg, const struct job *job, struct err *e)
{
	return job->current != 0 ? tally(arg, job, e) : 0;
}

static int
running_currents(struct tx *tx, void *arg, struct err *e)
{
	return job_list(tx, JOB_RUNNING, 100, 0, 1000, tally_currents, arg, e);
}

static struct tally
count(struct fixture *f, tx_fn *fn)
{
	struct tally t = { .n = 0 };
	struct err e = ERR_INIT;

	CHECK(fx_read(f, fn, &t, &e) == 0, "%s", e.text);
	return t;
}

static int
read_product(struct tx *tx, void *arg, struct err *e)
{
	return product_get(tx, 100, arg, e);
}

static void
current_is(struct fixture *f, const char *version)
{
	struct product p;
	struct err e = ERR_INIT;

	CHECK(fx_read(f, read_product, &p, &e) == 0 && strcmp(p.current_v, version) == 0,
	    "'%s', not '%s'", p.current_v, version);
}

/* Executions of any job that no job owns up to. */
static int
count_live(void *arg, const struct execution *x, struct err *e)
{
	(void)x;
	(void)e;
	++*(int *)arg;
	return 0;
}

static int
live_of_first(struct tx *tx, void *arg, struct err *e)
{
	struct device d;

	return device_get(tx, "d0", &d, e) < 0 ? -1 :
	    store_execution_live(tx->db, d.num, count_live, arg, e);
}

static int
live(struct fixture *f)
{
	struct err e = ERR_INIT;
	int n = 0;

	CHECK(fx_read(f, live_of_first, &n, &e) == 0, "%s", e.text);
	return n;
}

/* ---- slices by hand ---- */

struct by_hand {
	struct job_form	form;
	struct job	job;
	const char	*current;	/* set as such; NULL: a job of form's */
	int		rc;
};

/* One slice, which is committed, and none behind it. */
static int
slice(struct tx *tx, void *arg, struct err *e)
{
	struct by_hand *h = arg;

	h->rc = h->current != NULL ? job_set_current(tx, 100, h->current, 'v', &h->form,
	    &h->job, e) : job_create(tx, &h->form, &h->job, e);
	return h->rc < 0 ? -1 : 0;
}

static void
by_hand(struct by_hand *h, const char *version, bool as_current)
{
	memset(h, 0, sizeof(*h));
	fx_form(&h->form, version);
	h->current = as_current ? version : NULL;
}

static int
go_on(struct fixture *f, struct by_hand *h)
{
	struct err e = ERR_INIT;

	CHECK(fx_write(f, slice, h, &e) == 0, "%s", e.text);
	return h->rc;
}

/* A crash in the middle leaves nothing; then it is made whole. */
static void
crowd(void)
{
	struct fixture f;
	struct by_hand h;
	struct job_form form;
	struct job_part part;
	struct sighting s;
	struct answer a;
	char job[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", CROWD, OLD);
	fx_sighting(&s, &fx_poller, "d0", OLD);
	by_hand(&h, V1, false);
	CHECK(go_on(&f, &h) == CORE_WRITE, "more than one slice");
	CHECK(count(&f, tally_jobs).n == 0, "nobody sees it yet");
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "nothing is offered yet");
	fx_restart(&f);
	CHECK(live(&f) == 0, "swept");
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	fx_part(&f, job, &part);
	CHECK(part.counts[STATE_QUEUED] == CROWD, "%d", (int)part.counts[STATE_QUEUED]);
	CHECK(fx_job_state(&f, job) == JOB_RUNNING && count(&f, tally_jobs).n == 1, "runs");
	CHECK(fx_consistent(&f, job), "figures");
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_OFFER, "%s", a.why);
	fx_close(&f);
}

/* What is already there, and what is newer, ends at once; the preview said so. */
static int
preview(struct tx *tx, void *arg, struct err *e)
{
	struct { const struct job_form *form; struct job_preview p; } *v = arg;

	return job_preview(tx, v->form, &v->p, e);
}

static void
as_previewed(struct fixture *f, struct job_form *form)
{
	struct { const struct job_form *form; struct job_preview p; } v = { .form = form };
	struct err e = ERR_INIT;
	struct job_part part;
	char job[ID_LEN + 1];
	uint64_t made = 0;

	CHECK(fx_read(f, preview, &v, &e) == 0, "%s", e.text);
	fx_job(f, form, job);
	fx_part(f, job, &part);
	for (int s = 0; s < STATES; s++)
		made += part.counts[s];
	CHECK(v.p.matched == made && v.p.already_there == part.counts[STATE_SUCCEEDED] &&
	    v.p.newer == part.counts[STATE_SUPERSEDED], "previewed %d, %d there, %d newer; "
	    "made %d, %d there, %d newer", (int)v.p.matched, (int)v.p.already_there,
	    (int)v.p.newer, (int)made, (int)part.counts[STATE_SUCCEEDED],
	    (int)part.counts[STATE_SUPERSEDED]);
	CHECK(fx_consistent(f, job), "figures");
	CHECK(fx_cancel(f, job, &e) == 0 || fx_job_state(f, job) == JOB_COMPLETED, "%s", e.text);
}

static void
previews(void)
{
	static const char *const ids[] = { "a0", "c1", "a0", "b2", "c1", "a1" };
	struct fixture f;
	struct job_form form;

	begin(&f);
	fx_devices(&f, 100, "a", 5, OLD);
	fx_devices(&f, 100, "b", 4, V1);
	fx_devices(&f, 100, "c", 3, V2);
	fx_devices(&f, 100, "u", 2, "unknown text");
	for (int downgrade = 0; downgrade < 2; downgrade++) {
		fx_form(&form, V1);
		form.policy.allow_downgrade = downgrade;
		as_previewed(&f, &form);
		fx_form(&form, V1);
		form.policy.allow_downgrade = downgrade;
		form.devices = ids;
		form.ndevices = 6;
		as_previewed(&f, &form);
	}
	fx_close(&f);
}

/* ---- lists ---- */

static void
lists(void)
{
	static const char *const twice[] = { "d1", "d0", "d1", "d1" };
	const char **many = calloc(2500, sizeof(*many));
	char (*names)[16] = calloc(2500, sizeof(*names));
	struct fixture f;
	struct job_form form;
	struct job job;
	struct job_part part;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 2500, OLD);
	fx_form(&form, V1);
	form.devices = twice;
	form.ndevices = 4;
	fx_job(&f, &form, id);
	fx_part(&f, id, &part);
	CHECK(part.counts[STATE_QUEUED] == 2, "%d", (int)part.counts[STATE_QUEUED]);
	CHECK(fx_cancel(&f, id, &e) == 0, "%s", e.text);
	for (int i = 0; i < 2500; i++) {
		snprintf(names[i], sizeof(names[i]), "d%d", i);
		many[i] = names[i];
	}
	fx_form(&form, V1);
	form.devices = many;
	form.ndevices = 2500;
	fx_job(&f, &form, id);
	fx_part(&f, id, &part);
	CHECK(part.counts[STATE_QUEUED] == 2500 && fx_consistent(&f, id), "%d",
	    (int)part.counts[STATE_QUEUED]);
	CHECK(fx_cancel(&f, id, &e) == 0, "%s", e.text);
	/* Unknown, far behind: nothing is made, and nothing is left. */
	many[2300] = "stranger";
	fx_form(&form, V1);
	form.devices = many;
	form.ndevices = 2500;
	CHECK(fx_try_job(&f, &form, &job, &e) == -1 && e.code == ERR_INVALID &&
	    strcmp(e.field, "targets.devices") == 0 && strstr(e.text, "stranger"), "%s", e.text);
	CHECK(live(&f) == 0, "%d executions of a job that was refused", live(&f));
	free(many);
	free(names);
	fx_close(&f);
}

/* ---- refused ---- */

static void
refused(struct fixture *f, const char *v1, const char *v2, void (*change)(struct policy *),
    const char *field, const char *rule)
{
	struct job_form form;
	struct job job;
	struct err e = ERR_INIT;

	fx_form(&form, v1);
	if (v2 != NULL)
		snprintf(form.versions[form.nversions++], VERSION_MAX, "%s", v2);
	if (change != NULL)
		change(&form.policy);
	CHECK(fx_try_job(f, &form, &job, &e) == -1 && strcmp(e.field, field) == 0 &&
	    strcmp(e.rule, rule) == 0, "%s: %s %s: %s", v1, e.field, e.rule, e.text);
	CHECK(count(f, tally_jobs).n == 0, "nothing is made");
}

static void no_attempts(struct policy *p) { p->attempts = 0; }
static void no_timeout(struct policy *p) { p->timeout_s = 0; }
static void no_reach(struct policy *p) { p->reach_s = 0; }
static void no_delay(struct policy *p) { p->retry_delay_s = -1; }
static void no_share(struct policy *p) { p->percent = 101; }
static void no_floor(struct policy *p) { p->at_least = 0; }

static void
refusals(void)
{
	struct fixture f;
	struct job_form form;
	char id[ID_LEN + 1];

	begin(&f);
	fx_firmware_as(&f, "v1.0.3t100(a)", "image", NULL, NULL, FIRMWARE_YANKED);
	fx_firmware_as(&f, "v1.0.4t100(a)", "image", NULL, NULL, FIRMWARE_HELD);
	fx_firmware(&f, "v1.0.5t100(n)", "image");
	fx_device(&f, "d", 100, OLD);
	refused(&f, "v9.9.9t100(a)", NULL, NULL, "version", "unknown");
	refused(&f, "v1.0.3t100(a)", NULL, NULL, "version", "yanked");
	refused(&f, "v1.0.4t100(a)", NULL, NULL, "version", "held");
	refused(&f, "v1.0.5t100(n)", NULL, NULL, "version", "letter");
	refused(&f, V1, V2, NULL, "versions", "one_per_ptype");
	refused(&f, V1, NULL, no_attempts, "attempts", "range");
	refused(&f, V1, NULL, no_timeout, "timeout_s", "range");
	refused(&f, V1, NULL, no_reach, "reach_s", "range");
	refused(&f, V1, NULL, no_delay, "retry_delay_s", "range");
	refused(&f, V1, NULL, no_share, "exposure.percent", "range");
	refused(&f, V1, NULL, no_floor, "exposure.at_least", "range");
	fx_form(&form, "v1.0.4t100(a)");
	form.policy.despite_hold = true;
	form.policy.percent = 100;		/* the most that may be asked for */
	fx_job(&f, &form, id);
	CHECK(fx_job_state(&f, id) == JOB_RUNNING, "despite its hold");
	fx_close(&f);
}

/* ---- Set as Current ---- */

static void
set_current(struct fixture *f, const char *version, char ret_id[ID_LEN + 1])
{
	struct job job;
	struct err e = ERR_INIT;

	CHECK(fx_current(f, 100, version, 'v', &job, &e) == 0, "%s", e.text);
	snprintf(ret_id, ID_LEN + 1, "%s", job.id);
	job_clear(&job);
}

static void
currents(void)
{
	struct fixture f;
	struct sighting s;
	struct answer a;
	struct execution x;
	struct job job;
	struct err e = ERR_INIT;
	char first[ID_LEN + 1], second[ID_LEN + 1], none[ID_LEN + 1], third[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 700, OLD);
	set_current(&f, V1, first);
	current_is(&f, V1);
	fx_sighting(&s, &fx_poller, "d0", OLD);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_OFFER, "%s", a.why);
	set_current(&f, V2, second);
	current_is(&f, V2);
	CHECK(fx_job_state(&f, first) == JOB_CANCELED && fx_job_state(&f, second) == JOB_RUNNING,
	    "one follows the other");
	fx_execution(&f, first, "d699", &x);
	CHECK(x.state == STATE_CANCELED && strcmp(x.reason, "replaced") == 0, "%s, '%s'",
	    state_word(x.state), x.reason);
	CHECK(fx_state(&f, first, "d0") == STATE_IN_PROGRESS, "what took it goes on");
	fx_deliver(&f, &a);
	fx_sighting(&s, &fx_poller, "d0", V1);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_OFFER && strcmp(a.firmware, V2) == 0, "%s",
	    a.why);
	CHECK(fx_state(&f, first, "d0") == STATE_SUCCEEDED, "to its end");
	CHECK(fx_consistent(&f, first) && fx_consistent(&f, second), "figures");
	/* A lower one, and none: nobody is taken back. */
	set_current(&f, V1, third);
	current_is(&f, V1);
	fx_deliver(&f, &a);
	fx_sighting(&s, &fx_poller, "d0", V2);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "%s", a.why);
	set_current(&f, NULL, none);
	current_is(&f, "");
	CHECK(none[0] == '\0' && count(&f, running_currents).n == 0, "none is left");
	CHECK(fx_current(&f, 100, "v1.0.1t200(a)", 'v', &job, &e) == -1, "of another product");
	CHECK(fx_current(&f, 100, V1, 'b', &job, &e) == -1, "of another channel");
	set_current(&f, V1, first);
	CHECK(fx_cancel(&f, first, &e) == 0, "%s", e.text);
	current_is(&f, "");
	fx_close(&f);
}

/* Two are set at the same time, slice by slice: the one that is done last stays. */
static void
race(void)
{
	struct fixture f;
	struct by_hand a, b;
	struct tally t;
	char zeroth[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 10001, OLD);
	set_current(&f, OLD, zeroth);
	by_hand(&a, V1, true);
	by_hand(&b, V2, true);
	CHECK(go_on(&f, &a) == CORE_WRITE && go_on(&f, &b) == CORE_WRITE, "both have begun");
	while (go_on(&f, &a) == CORE_WRITE)
		continue;
	while (go_on(&f, &b) == CORE_WRITE)
		continue;
	t = count(&f, running_currents);
	CHECK(t.n == 1 && strcmp(t.id, b.job.id) == 0, "%d are current", t.n);
	current_is(&f, V2);
	CHECK(fx_job_state(&f, zeroth) == JOB_CANCELED && fx_job_state(&f, a.job.id) == JOB_CANCELED,
	    "both are over");
	CHECK(fx_consistent(&f, a.job.id) && fx_consistent(&f, b.job.id), "figures");
	job_clear(&a.job);
	job_clear(&b.job);
	fx_close(&f);
}

/* ---- cancel ---- */

static void
canceled(void)
{
	struct fixture f;
	struct job_form form;
	struct job_part part;
	struct sighting s;
	struct answer a;
	struct err e = ERR_INIT;
	char job[ID_LEN + 1], id[DEVICE_ID_MAX];

	begin(&f);
	fx_devices(&f, 100, "d", 1300, OLD);
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof(id), "d%d", i * 200);
		fx_sighting(&s, &fx_poller, id, OLD);
		CHECK(fx_ask(&f, &s, i == 4 ? ASK_OFFER : ASK_SERVE, &a) == VERDICT_OFFER, "%s",
		    a.why);
	}
	CHECK(fx_cancel(&f, job, &e) == 0, "%s", e.text);
	fx_part(&f, job, &part);
	CHECK(part.counts[STATE_CANCELED] == 1296 && part.counts[STATE_IN_PROGRESS] == 4,
	    "%d canceled, %d in progress", (int)part.counts[STATE_CANCELED],
	    (int)part.counts[STATE_IN_PROGRESS]);
	CHECK(fx_job_state(&f, job) == JOB_CANCELED && fx_consistent(&f, job), "figures");
	fx_close(&f);
}

/* A job over nobody, and one whose devices are all there, are complete at once. */
static void
empty(void)
{
	struct fixture f;
	struct job_form form;
	char job[ID_LEN + 1];

	begin(&f);
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	CHECK(fx_job_state(&f, job) == JOB_COMPLETED, "nobody");
	fx_devices(&f, 100, "d", 3, V1);
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	CHECK(fx_job_state(&f, job) == JOB_COMPLETED, "all there");
	CHECK(fx_consistent(&f, job), "figures");
	fx_close(&f);
}

int
main(void)
{
	crowd();
	previews();
	lists();
	refusals();
	currents();
	race();
	canceled();
	empty();
	return TEST_END();
}
