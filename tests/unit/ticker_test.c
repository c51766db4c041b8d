/* SPDX-License-Identifier: Apache-2.0
 *
 * ticker_test.c - what nobody says: offers that lapse, devices that fall silent
 * or are never heard, delays that are over. The ticker runs as it does in the
 * daemon; the clock is moved under it by hours and weeks. */
#include "core_fixture.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/hot.h"

#define OLD	"v1.0.0t100(a)"
#define V1	"v1.0.1t100(a)"
#define PATIENCE_S	10		/* of the test itself, in real seconds */

struct scene {
	struct fixture	f;
	struct sighting	s;
	struct answer	a;
	struct err	e;
	char		job[ID_LEN + 1];
};

static void
begin(struct scene *c, void (*change)(struct policy *))
{
	struct job_form form;

	memset(c, 0, sizeof(*c));
	fx_open(&c->f);
	fx_product(&c->f, 100, &fx_poller);
	fx_firmware(&c->f, OLD, "image");
	fx_firmware(&c->f, V1, "image");
	fx_device(&c->f, "d", 100, OLD);
	fx_sighting(&c->s, &fx_poller, "d", OLD);
	fx_form(&form, V1);
	if (change != NULL)
		change(&form.policy);
	fx_job(&c->f, &form, c->job);
	CHECK(core_start(c->f.core, &c->e) == 0, "%s", c->e.text);
}

static void
end(struct scene *c)
{
	CHECK(fx_consistent(&c->f, c->job), "figures");
	fx_close(&c->f);
}

static void
breathe(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* Until the ticker has begun and ended a round after this moment. */
static bool
rounds(struct scene *c)
{
	int64_t start = clock_boot_ms(NULL), seen = atomic_load(&c->f.core->ticked_ms);

	for (int n = 0; n < 2; ) {
		int64_t now = atomic_load(&c->f.core->ticked_ms);

		n += now != seen;
		seen = now;
		if (clock_boot_ms(NULL) - start > PATIENCE_S * 1000)
			return false;
		breathe();
	}
	return true;
}

/* The clock leaps; the ticker has seen it. */
static void
leap(struct scene *c, int64_t ms)
{
	fx_forward(&c->f, ms);
	CHECK(rounds(c), "the ticker stands still");
}

#define IS(c, s)							\
	do {								\
		enum state s_ = fx_state(&(c)->f, (c)->job, "d");	\
		CHECK(s_ == STATE_##s, "%s, not %s", state_word(s_), state_word(STATE_##s)); \
	} while (0)
#define ASKS(c, how, v)							\
	do {								\
		enum verdict v_ = fx_ask(&(c)->f, &(c)->s, how, &(c)->a); \
		CHECK(v_ == VERDICT_##v, "verdict %d: %s", v_, (c)->a.why); \
	} while (0)

static void
says(struct scene *c, const char *version)
{
	snprintf(c->s.version, sizeof(c->s.version), "%s", version);
}

static struct job_part
part(struct scene *c)
{
	struct job_part p;

	fx_part(&c->f, c->job, &p);
	return p;
}

/* ---- offers ---- */

static void
lapse(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_OFFER, OFFER);
	leap(&c, 115 * FX_SECOND);
	IS(&c, OFFERED);
	leap(&c, 10 * FX_SECOND);
	IS(&c, QUEUED);
	CHECK(part(&c).failures == 0 && part(&c).taken == 0, "counts neither way");
	ASKS(&c, ASK_SERVE, OFFER);
	CHECK(c.a.execution.attempt == 1, "attempt %d", c.a.execution.attempt);
	end(&c);
}

/* ---- silence after taking ---- */

/* Silent with half an image: timed out, counted, and exposed until it speaks. */
static void
silent_in_progress(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	leap(&c, 1790 * FX_SECOND);
	IS(&c, IN_PROGRESS);
	CHECK(fx_report(&c.f, &c.s, c.job, HAP_PROGRESS, &c.e) == 0, "%s", c.e.text);
	leap(&c, 1790 * FX_SECOND);
	IS(&c, IN_PROGRESS);			/* a sign of progress starts it anew */
	leap(&c, 20 * FX_SECOND);
	IS(&c, TIMED_OUT);
	CHECK(part(&c).exposed == 1 && part(&c).failures == 1, "%d exposed", (int)part(&c).exposed);
	ASKS(&c, ASK_SERVE, NOTHING);
	CHECK(part(&c).exposed == 0, "it was heard");
	IS(&c, TIMED_OUT);
	says(&c, V1);
	ASKS(&c, ASK_SERVE, NOTHING);
	IS(&c, SUCCEEDED);
	CHECK(part(&c).proven == 1 && part(&c).failures == 0, "the counts are corrected");
	end(&c);
}

/* A status is a word, too. */
static void
reports_again(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	leap(&c, 1810 * FX_SECOND);
	IS(&c, TIMED_OUT);
	CHECK(fx_report(&c.f, &c.s, c.job, HAP_PROGRESS, &c.e) == 0, "%s", c.e.text);
	CHECK(part(&c).exposed == 0, "it was heard");
	end(&c);
}

/* Bytes that move are a sign of life that nobody writes down. */
static void
moving(void)
{
	struct scene c;
	struct transfer *t;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	t = transfer_new(c.f.core, &c.a, 0, c.a.image.size);
	for (int i = 1; i < 5; i++) {
		leap(&c, 1700 * FX_SECOND);
		IS(&c, IN_PROGRESS);
		transfer_moved(t, (uint64_t)i);
	}
	leap(&c, 1900 * FX_SECOND);
	IS(&c, TIMED_OUT);
	transfer_end(t, TRANSFER_BROKEN);
	fx_settle(&c.f);
	end(&c);
}

/* A poller of whom no interval is known has two days to show itself. */
static void
floor_of_pollers(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	fx_deliver(&c.f, &c.a);
	leap(&c, 47 * FX_HOUR);
	IS(&c, VERIFYING);
	leap(&c, 2 * FX_HOUR);
	IS(&c, TIMED_OUT);
	says(&c, V1);
	ASKS(&c, ASK_SERVE, NOTHING);
	IS(&c, SUCCEEDED);
	end(&c);
}

static void
half_an_hour(struct policy *p)
{
	p->timeout_s = 1800;
	p->timeout_given = true;
}

static void
timeout_given(void)
{
	struct scene c;

	begin(&c, half_an_hour);
	ASKS(&c, ASK_SERVE, OFFER);
	fx_deliver(&c.f, &c.a);
	leap(&c, 1790 * FX_SECOND);
	IS(&c, VERIFYING);
	leap(&c, 20 * FX_SECOND);
	IS(&c, TIMED_OUT);
	end(&c);
}

/* Is what it was last heard written down? The ticker does that every five seconds. */
static void
written(struct scene *c)
{
	struct device d;
	int64_t start = clock_boot_ms(NULL);

	do {
		leap(c, 6 * FX_SECOND);
		fx_device_now(&c->f, "d", &d);
	} while ((hot_heard(c->f.core->hot, "d") != 0 || d.last_seen_ms == 0) &&
	    clock_boot_ms(NULL) - start < PATIENCE_S * 1000);
	CHECK(hot_heard(c->f.core->hot, "d") == 0, "last-seen not written");
}

/* One that wakes up once a day has two days, whatever timeout_s says; the longest
 * of its silences counts as well. */
static void
intervals(void)
{
	struct scene c;
	struct device d;

	begin(&c, half_an_hour);
	fx_set_state(&c.f, V1, FIRMWARE_HELD);
	for (int i = 0; i < 4; i++) {
		leap(&c, (i == 1 ? 72 : 24) * FX_HOUR);
		ASKS(&c, ASK_SERVE, NOTHING);
		written(&c);
	}
	fx_device_now(&c.f, "d", &d);
	CHECK(device_interval_s(&d) / 3600 == 23 || device_interval_s(&d) / 3600 == 24, "%d",
	    device_interval_s(&d));
	CHECK((device_longest_gap_s(&d) + 600) / 3600 == 72, "%d", device_longest_gap_s(&d));
	fx_set_state(&c.f, V1, FIRMWARE_READY);
	ASKS(&c, ASK_SERVE, OFFER);
	fx_deliver(&c.f, &c.a);
	leap(&c, 71 * FX_HOUR);
	IS(&c, VERIFYING);
	leap(&c, 2 * FX_HOUR);
	IS(&c, TIMED_OUT);
	end(&c);
}

/* ---- not reached ---- */

static void
a_day(struct policy *p)
{
	p->reach_s = 86400;
	p->at_least = 1;
}

static void
a_day_continuous(struct policy *p)
{
	a_day(p);
	p->continuous = true;
}

/* Only silence is "not reached": one that asks in vain for a month is queued. */
static void
unreached(void)
{
	struct scene c;

	begin(&c, a_day);
	for (int i = 0; i < 3; i++) {
		leap(&c, 20 * FX_HOUR);
		fx_set_state(&c.f, V1, FIRMWARE_HELD);
		ASKS(&c, ASK_SERVE, NOTHING);
		fx_set_state(&c.f, V1, FIRMWARE_READY);
		IS(&c, QUEUED);
	}
	leap(&c, 25 * FX_HOUR);
	leap(&c, 1 * FX_HOUR);
	IS(&c, UNREACHED);
	CHECK(part(&c).failures == 0 && fx_job_state(&c.f, c.job) == JOB_COMPLETED, "uncounted");
	ASKS(&c, ASK_SERVE, NOTHING);
	says(&c, V1);
	ASKS(&c, ASK_SERVE, NOTHING);		/* somebody else's doing */
	IS(&c, SUCCEEDED);
	CHECK(part(&c).proven == 0, "%d", (int)part(&c).proven);
	end(&c);
}

/* While its firmware is on hold nothing could be offered: that is no silence. */
static void
held(void)
{
	struct scene c;

	begin(&c, a_day);
	fx_set_state(&c.f, V1, FIRMWARE_HELD);
	leap(&c, 48 * FX_HOUR);
	leap(&c, 48 * FX_HOUR);
	IS(&c, QUEUED);
	fx_set_state(&c.f, V1, FIRMWARE_READY);
	leap(&c, 48 * FX_HOUR);
	IS(&c, UNREACHED);
	end(&c);
}

static void
speaks_again(void)
{
	struct scene c;

	begin(&c, a_day_continuous);
	leap(&c, 25 * FX_HOUR);
	leap(&c, 25 * FX_HOUR);
	IS(&c, UNREACHED);
	ASKS(&c, ASK_SERVE, OFFER);
	IS(&c, IN_PROGRESS);
	CHECK(c.a.execution.attempt == 1, "%d", c.a.execution.attempt);
	end(&c);
}

/* ---- delays, cancel ---- */

static void
delay_over(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	CHECK(fx_report(&c.f, &c.s, c.job, HAP_DELAY, &c.e) == 0, "%s", c.e.text);
	leap(&c, 590 * FX_SECOND);
	IS(&c, DELAYED);
	leap(&c, 20 * FX_SECOND);
	IS(&c, QUEUED);
	ASKS(&c, ASK_SERVE, OFFER);
	CHECK(c.a.execution.attempt == 1, "attempt %d", c.a.execution.attempt);
	end(&c);
}

/* It took the image, the job was canceled, and then it puts it off: that was it. */
static void
delay_after_cancel(void)
{
	struct scene c;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	CHECK(fx_cancel(&c.f, c.job, &c.e) == 0, "%s", c.e.text);
	CHECK(fx_report(&c.f, &c.s, c.job, HAP_DELAY, &c.e) == 0, "%s", c.e.text);
	leap(&c, 610 * FX_SECOND);
	IS(&c, CANCELED);
	end(&c);
}

struct first_slice { const char *id; struct job_cursor cursor; };

static int
cancel_begins(struct tx *tx, void *arg, struct err *e)
{
	struct first_slice *s = arg;

	return job_cancel(tx, s->id, &s->cursor, e) < 0 ? -1 : 0;
}

/* A crash between the slices of a cancel: the next start ends what is left. */
static void
cancel_cut_short(void)
{
	struct scene c;
	struct job_form form;
	struct first_slice s = { .id = c.job };
	int64_t start;

	begin(&c, NULL);
	fx_devices(&c.f, 100, "x", 1200, OLD);
	fx_form(&form, V1);
	fx_job(&c.f, &form, c.job);
	ASKS(&c, ASK_SERVE, OFFER);
	CHECK(fx_report(&c.f, &c.s, c.job, HAP_DELAY, &c.e) == 0, "%s", c.e.text);
	CHECK(fx_write(&c.f, cancel_begins, &s, &c.e) == 0, "%s", c.e.text);
	CHECK(part(&c).counts[STATE_QUEUED] > 0, "more than one slice");
	fx_restart(&c.f);
	CHECK(core_start(c.f.core, &c.e) == 0, "%s", c.e.text);
	for (start = clock_boot_ms(NULL); part(&c).counts[STATE_CANCELED] < 1201 &&
	    clock_boot_ms(NULL) - start < PATIENCE_S * 1000; )
		breathe();
	CHECK(part(&c).counts[STATE_CANCELED] == 1201, "%d", (int)part(&c).counts[STATE_CANCELED]);
	CHECK(rounds(&c) && core_alive(c.f.core), "and the ticker goes on");
	end(&c);
}

/* ---- the wall clock ---- */

static int
shift_day(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return store_due_shift(tx->db, FX_DAY, e);
}

/* Stored deadlines move with a wall clock that is stepped (as the ticker has it
 * done when it sees that): they stand for intervals. */
static void
stepped(void)
{
	struct scene c;
	struct execution before, after;

	begin(&c, NULL);
	ASKS(&c, ASK_SERVE, OFFER);
	fx_send(&c.f, &c.a, 0, 10, TRANSFER_BROKEN);
	fx_execution(&c.f, c.job, "d", &before);
	CHECK(fx_write(&c.f, shift_day, NULL, &c.e) == 0, "%s", c.e.text);
	fx_execution(&c.f, c.job, "d", &after);
	CHECK(after.due_ms == before.due_ms + FX_DAY &&
	    after.not_before_ms == before.not_before_ms + FX_DAY, "both move");
	CHECK(after.taken_ms == before.taken_ms && after.queued_ms == before.queued_ms,
	    "what was, was");
	leap(&c, 300 * FX_SECOND);
	ASKS(&c, ASK_SERVE, NOTHING);
	leap(&c, FX_DAY);
	ASKS(&c, ASK_SERVE, OFFER);
	end(&c);
}

/* A leap of a month at once: many deadlines, each attended to. */
static void
month(void)
{
	struct scene c;
	struct job_form form;
	int64_t start;

	begin(&c, NULL);
	fx_devices(&c.f, 100, "x", 500, OLD);
	fx_form(&form, V1);
	form.policy.reach_s = 600000;
	fx_job(&c.f, &form, c.job);
	leap(&c, 31 * FX_DAY);
	for (start = clock_boot_ms(NULL); part(&c).counts[STATE_UNREACHED] < 501 &&
	    clock_boot_ms(NULL) - start < PATIENCE_S * 1000; )
		breathe();
	CHECK(part(&c).counts[STATE_UNREACHED] == 501, "%d", (int)part(&c).counts[STATE_UNREACHED]);
	end(&c);
}

int
main(void)
{
	lapse();
	silent_in_progress();
	reports_again();
	moving();
	floor_of_pollers();
	timeout_given();
	intervals();
	unreached();
	held();
	speaks_again();
	delay_over();
	delay_after_cancel();
	cancel_cut_short();
	stepped();
	month();
	return TEST_END();
}
