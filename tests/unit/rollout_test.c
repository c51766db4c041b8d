/* SPDX-License-Identifier: Apache-2.0
 *
 * rollout_test.c - many devices, and several jobs over the same ones: exposure
 * that is earned, which job has the word, continuous jobs and newcomers, and what
 * may be remembered as "nothing". */
#include "core_fixture.h"
#include "test.h"

#include <string.h>

#define OLD	"v1.0.0t100(a)"
#define V1	"v1.0.1t100(a)"
#define V2	"v1.0.4t100(a)"
#define B3	"b1.0.3t100(a)"

static void
begin(struct fixture *f)
{
	fx_open(f);
	fx_product(f, 100, &fx_poller);
	fx_firmware(f, OLD, "image");
	fx_firmware(f, V1, "image");
	fx_firmware(f, V2, "image");
	fx_firmware(f, B3, "image");
}

static const char *
name(char ret[DEVICE_ID_MAX], int i)
{
	snprintf(ret, DEVICE_ID_MAX, "d%d", i);
	return ret;
}

/* Device i asks, saying that it runs this. */
static enum verdict
asks(struct fixture *f, int i, const char *version, struct answer *a)
{
	struct sighting s;
	char id[DEVICE_ID_MAX];

	fx_sighting(&s, &fx_poller, name(id, i), version);
	return fx_ask(f, &s, ASK_SERVE, a);
}

/* ---- exposure ---- */

/* Ten at first; each two that prove themselves earn a place beyond that. */
static void
earned(void)
{
	enum { N = 60 };
	struct fixture f;
	struct job_form form;
	struct job_part part;
	struct answer a;
	char job[ID_LEN + 1];
	bool taken[N] = { false }, done[N] = { false };
	int proven = 0, out = 0, most = 0;

	begin(&f);
	fx_devices(&f, 100, "d", N, OLD);
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	for (int round = 0; proven < N && round < 30; round++) {
		int limit = proven / 2 > 10 ? proven / 2 : 10;

		fx_forward(&f, 5 * FX_SECOND);	/* "nothing" is remembered for less */
		for (int i = 0; i < N; i++)
			if (!taken[i] && asks(&f, i, OLD, &a) == VERDICT_OFFER) {
				taken[i] = true;
				out++;
				fx_deliver(&f, &a);
			}
		fx_part(&f, job, &part);
		CHECK((int)part.exposed == out && out <= limit, "%d out, %d counted, %d may", out,
		    (int)part.exposed, limit);
		CHECK(out == limit || proven + out == N, "%d out, %d may", out, limit);
		most = out > most ? out : most;
		for (int i = 0; i < N; i++)
			if (taken[i] && !done[i] && fx_below(&(struct fx_random){ (uint64_t)
			    (i * 31 + round) }, 4) != 0) {
				asks(&f, i, V1, &a);
				done[i] = true;
				proven++;
				out--;
			}
	}
	fx_part(&f, job, &part);
	CHECK(proven == N && part.proven == N && part.exposed == 0, "%d proven", proven);
	CHECK(most > 10, "more than ten at once, once they were earned: %d", most);
	CHECK(fx_consistent(&f, job) && fx_job_state(&f, job) == JOB_COMPLETED, "completed");
	fx_close(&f);
}

/* Ten that never come back are all that a brick can cost. */
static void
bricks(void)
{
	struct fixture f;
	struct job_form form;
	struct answer a;
	char job[ID_LEN + 1];
	int offers = 0;

	begin(&f);
	fx_devices(&f, 100, "d", 40, OLD);
	fx_form(&form, V1);
	fx_job(&f, &form, job);
	for (int i = 0; i < 40; i++)
		if (asks(&f, i, OLD, &a) == VERDICT_OFFER) {
			fx_deliver(&f, &a);
			offers++;
		} else {
			CHECK(strstr(a.why, "exposure") != NULL, "%s", a.why);
		}
	CHECK(offers == 10, "%d", offers);
	CHECK(fx_consistent(&f, job), "figures");
	fx_close(&f);
}

/* An offer keeps a place, too. */
static void
reserved(void)
{
	struct fixture f;
	struct sighting s;
	struct job_form form;
	struct answer a;
	char job[ID_LEN + 1], id[DEVICE_ID_MAX];

	begin(&f);
	fx_devices(&f, 100, "d", 12, OLD);
	fx_form(&form, V1);
	form.policy.at_least = 3;
	fx_job(&f, &form, job);
	for (int i = 0; i < 3; i++) {
		fx_sighting(&s, &fx_poller, name(id, i), OLD);
		CHECK(fx_ask(&f, &s, ASK_OFFER, &a) == VERDICT_OFFER, "%s", a.why);
	}
	CHECK(asks(&f, 3, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_OFFER, "its own place: %s", a.why);
	CHECK(asks(&f, 3, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(fx_consistent(&f, job), "figures");
	fx_close(&f);
}

static void
max_active(void)
{
	struct fixture f;
	struct job_form form;
	struct answer a;
	char job[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 12, OLD);
	fx_form(&form, V1);
	form.policy.exposure = false;
	form.policy.max_active = 4;
	fx_job(&f, &form, job);
	for (int i = 0; i < 12; i++)
		CHECK(asks(&f, i, OLD, &a) == (i < 4 ? VERDICT_OFFER : VERDICT_NOTHING), "%d: %s",
		    i, a.why);
	fx_close(&f);
}

/* ---- which job has the word ---- */

/* The newer job takes over at the moment of its own offer, not before. */
static void
take_over(void)
{
	struct fixture f;
	struct job_form form;
	struct answer a;
	char older[ID_LEN + 1], newer[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 3, OLD);
	fx_form(&form, V1);
	fx_job(&f, &form, older);
	CHECK(asks(&f, 0, OLD, &a) == VERDICT_OFFER, "%s", a.why);
	fx_deliver(&f, &a);
	fx_form(&form, V2);
	form.policy.at_least = 1;
	fx_job(&f, &form, newer);
	CHECK(fx_state(&f, older, "d1") == STATE_QUEUED, "not yet");
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_OFFER && strcmp(a.firmware, V2) == 0, "%s", a.why);
	CHECK(fx_state(&f, older, "d1") == STATE_SUPERSEDED, "then");
	/* The newer one has no place left for the third: the older serves it. */
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_OFFER && strcmp(a.firmware, V1) == 0, "%s", a.why);
	CHECK(fx_state(&f, newer, "d2") == STATE_QUEUED, "keeps its turn");
	/* What took the image is left alone, and goes on from there afterwards. */
	CHECK(asks(&f, 0, V1, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(fx_state(&f, older, "d0") == STATE_SUCCEEDED, "followed to its end");
	asks(&f, 1, V2, &a);
	CHECK(asks(&f, 0, V1, &a) == VERDICT_OFFER && strcmp(a.firmware, V2) == 0, "%s", a.why);
	CHECK(fx_one_active(&f, "d0") && fx_one_active(&f, "d1") && fx_one_active(&f, "d2"), "one");
	CHECK(fx_consistent(&f, older) && fx_consistent(&f, newer), "figures");
	fx_close(&f);
}

/* A device that the newer job had offered something to, and now cannot serve. */
static void
one_offer_at_a_time(void)
{
	struct fixture f;
	struct sighting s;
	struct job_form form;
	struct answer a;
	char older[ID_LEN + 1], newer[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 1, OLD);
	fx_form(&form, V1);
	fx_job(&f, &form, older);
	fx_form(&form, V2);
	fx_job(&f, &form, newer);
	fx_sighting(&s, &fx_poller, "d0", OLD);
	CHECK(fx_ask(&f, &s, ASK_OFFER, &a) == VERDICT_OFFER && strcmp(a.firmware, V2) == 0,
	    "%s", a.why);
	fx_set_state(&f, V2, FIRMWARE_HELD);
	CHECK(asks(&f, 0, OLD, &a) == VERDICT_NOTHING || strcmp(a.firmware, V1) == 0, "%s", a.why);
	CHECK(fx_one_active(&f, "d0"), "one active execution");
	CHECK(fx_consistent(&f, older) && fx_consistent(&f, newer), "figures");
	fx_close(&f);
}

static void
priorities(void)
{
	struct fixture f;
	struct job_form form;
	struct answer a;
	char urgent[ID_LEN + 1], usual[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 2, OLD);
	fx_form(&form, V2);
	form.policy.priority = 5;
	form.policy.at_least = 1;
	fx_job(&f, &form, urgent);
	fx_form(&form, V1);
	fx_job(&f, &form, usual);
	CHECK(asks(&f, 0, OLD, &a) == VERDICT_OFFER && strcmp(a.firmware, V2) == 0, "%s", a.why);
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_OFFER && strcmp(a.firmware, V1) == 0, "%s", a.why);
	CHECK(fx_state(&f, urgent, "d1") == STATE_QUEUED, "the urgent one is not given up");
	CHECK(fx_consistent(&f, urgent) && fx_consistent(&f, usual), "figures");
	fx_close(&f);
}

/* A delivered update whose text nobody knows is not a revert of the one before. */
static void
unknown_after_proven(void)
{
	struct fixture f;
	struct job_form form;
	struct job_part part;
	struct answer a;
	char first[ID_LEN + 1], second[ID_LEN + 1];

	begin(&f);
	fx_devices(&f, 100, "d", 1, OLD);
	fx_form(&form, V1);
	form.policy.continuous = true;
	fx_job(&f, &form, first);
	CHECK(fx_update(&f, &fx_poller, "d0", OLD, V1), "to the first");
	fx_form(&form, V2);
	fx_job(&f, &form, second);
	CHECK(asks(&f, 0, V1, &a) == VERDICT_OFFER, "%s", a.why);
	fx_deliver(&f, &a);
	CHECK(asks(&f, 0, "0f0f0f0", &a) == VERDICT_NOTHING, "%s", a.why);
	fx_part(&f, first, &part);
	CHECK(part.reverted == 0 && fx_state(&f, first, "d0") == STATE_SUCCEEDED, "%d",
	    (int)part.reverted);
	CHECK(fx_state(&f, second, "d0") == STATE_VERIFYING, "and the second waits");
	CHECK(asks(&f, 0, V1, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(fx_state(&f, second, "d0") == STATE_QUEUED, "until the old one is back");
	CHECK(fx_consistent(&f, first) && fx_consistent(&f, second), "figures");
	fx_close(&f);
}

/* A beta device gets the higher of both currents, whichever was set first. */
static int
make_beta(struct tx *tx, void *arg, struct err *e)
{
	struct device d;

	if (device_get(tx, arg, &d, e) < 0)
		return -1;
	d.channel = 'b';
	return device_update(tx, &d, e);
}

static void
currents(const char *first, const char *second, const char *higher)
{
	struct fixture f;
	struct job job;
	struct answer a;
	struct err e = ERR_INIT;
	char id[] = "d0";

	begin(&f);
	fx_devices(&f, 100, "d", 2, OLD);
	CHECK(fx_write(&f, make_beta, id, &e) == 0, "%s", e.text);
	CHECK(fx_current(&f, 100, first, first[0], &job, &e) == 0, "%s", e.text);
	job_clear(&job);
	CHECK(fx_current(&f, 100, second, second[0], &job, &e) == 0, "%s", e.text);
	job_clear(&job);
	CHECK(asks(&f, 0, OLD, &a) == VERDICT_OFFER, "%s", a.why);
	CHECK(strcmp(a.firmware, higher) == 0, "%s then %s: %s", first, second, a.firmware);
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_OFFER && a.firmware[0] == 'v', "%s", a.firmware);
	fx_close(&f);
}

/* ---- continuous jobs ---- */

static void
newcomers(void)
{
	struct fixture f;
	struct job job;
	struct answer a;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];
	struct sighting s;

	begin(&f);
	f.enrol = ENROL_OPEN;
	CHECK(fx_current(&f, 100, V1, 'v', &job, &e) == 0, "%s", e.text);
	snprintf(id, sizeof(id), "%s", job.id);
	job_clear(&job);
	fx_sighting(&s, &fx_poller, "d7", OLD);
	s.ptype = 100;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_OFFER, "at its first word: %s", a.why);
	fx_sighting(&s, &fx_poller, "d8", V2);
	s.ptype = 100;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(!fx_has_execution(&f, id, "d8"), "nothing is made for one that is newer");
	CHECK(fx_update(&f, &fx_poller, "d8", OLD, V1), "unless it goes back");
	CHECK(fx_job_state(&f, id) == JOB_RUNNING, "and it goes on");
	CHECK(fx_consistent(&f, id), "figures");
	fx_close(&f);
}

/* ---- what may be remembered ---- */

static uint64_t
cached(struct fixture *f)
{
	struct core_figures c;

	core_figures(f->core, &c);
	return c.asks_cached;
}

static void
remembered(void)
{
	struct fixture f;
	struct job_form form;
	struct answer a;
	struct err e = ERR_INIT;
	char job[ID_LEN + 1], other[ID_LEN + 1];
	uint64_t before;

	begin(&f);
	fx_devices(&f, 100, "d", 3, OLD);
	asks(&f, 0, OLD, &a);			/* its address is new */
	asks(&f, 1, OLD, &a);
	asks(&f, 0, OLD, &a);
	before = cached(&f);
	for (int i = 0; i < 100; i++)
		CHECK(asks(&f, 0, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(cached(&f) == before + 100, "%d", (int)(cached(&f) - before));
	fx_form(&form, V1);
	form.policy.at_least = 1;
	fx_job(&f, &form, job);
	CHECK(asks(&f, 0, OLD, &a) == VERDICT_OFFER, "after a job: %s", a.why);
	fx_deliver(&f, &a);
	/* No place for the second; the first proves itself; found within 5 s. */
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(asks(&f, 0, V1, &a) == VERDICT_NOTHING, "%s", a.why);
	fx_forward(&f, 5 * FX_SECOND);
	CHECK(asks(&f, 1, OLD, &a) == VERDICT_OFFER, "a place became free: %s", a.why);
	fx_deliver(&f, &a);
	/* A release of a hold, a retry, another job: each is found at once. */
	fx_form(&form, V2);
	fx_job(&f, &form, other);
	fx_set_state(&f, V2, FIRMWARE_HELD);
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_NOTHING, "%s", a.why);
	fx_set_state(&f, V2, FIRMWARE_READY);
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_OFFER, "released: %s", a.why);
	CHECK(fx_report(&f, &(struct sighting){ .family = &fx_poller, .id = "d2" }, other,
	    HAP_REJECT, &e) == 0, "%s", e.text);
	asks(&f, 2, OLD, &a);
	asks(&f, 2, OLD, &a);
	CHECK(fx_steer(&f, other, "d2", HAP_RETRY, &e) == 0, "%s", e.text);
	CHECK(asks(&f, 2, OLD, &a) == VERDICT_OFFER, "retried: %s", a.why);
	fx_close(&f);
}

int
main(void)
{
	earned();
	bricks();
	reserved();
	max_active();
	take_over();
	one_offer_at_a_time();
	priorities();
	unknown_after_proven();
	currents(V1, B3, B3);
	currents(B3, V1, B3);
	currents(V2, B3, V2);
	currents(B3, V2, V2);
	newcomers();
	remembered();
	return TEST_END();
}
