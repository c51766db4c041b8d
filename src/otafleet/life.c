/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a device as a chain of small decisions. What distinguishes the
 * behaviours stands in three places only: when an image is offered (silent),
 * while it is read (slow, drop), and when it is there (fail, brick, rollback). */
#include <stdio.h>
#include <string.h>
#include "chance.h"
#include "life.h"

#define STALL_MS	60000		/* a body without a byte: arduino.md 1.5 */
#define PEEK_MS		100		/* an ESP32 sleeps once, then looks */
#define SLOW_MS		50		/* between a slow device's reads */
#define FLASH_MS	200		/* to store an image */
#define REBOOT_MS	500

/* Around ms, so that no two devices keep step. */
static int64_t
around(struct device *d, int64_t ms)
{
	return ms - ms / 4 + (int64_t)chance_below(&d->chance, (uint64_t)(ms / 2 + 1));
}

static int64_t
interval(const struct fleet *f, struct device *d)
{
	int64_t ms = f->plan->interval_ms;

	if (d->behaviour == BE_EAGER)
		ms = ms / 50 > 10 ? ms / 50 : 10;
	return around(d, ms);
}

/* Never longer than the interval, so that a hurried test is not held up. */
static int64_t
at_most_interval(const struct fleet *f, struct device *d, int64_t ms)
{
	return around(d, ms < f->plan->interval_ms ? ms : f->plan->interval_ms);
}

static void
poll_later(struct fleet *f, struct device *d)
{
	d->saying = SAY_POLL;
	if (!d->dropped || !f->plan->family->resumes)
		d->taking = (struct taking){ .image = NULL };
	fleet_sleep(f, d, interval(f, d));
}

void
life_begin(struct fleet *f, struct device *d)
{
	snprintf(d->version, sizeof(d->version), "%s", f->plan->version);
	f->plan->family->born(d, f->plan);
	if (d->behaviour == BE_NEVER)
		fleet_bury(f, d);
	else
		fleet_sleep(f, d,
		    (int64_t)chance_below(&d->chance, (uint64_t)f->plan->interval_ms + 1));
}

/* A poll was answered, so what it said of the version has been heard. */
static void
heard(struct fleet *f, struct device *d)
{
	const char *until = f->plan->until;

	f->tally.polls++;
	if (d->arrived || (until != NULL ? strcmp(d->version, until) != 0 : !d->renewed))
		return;
	d->arrived = true;
	d->failed = false;
	f->tally.updated++;
	f->tally.arrived += behaviour_updates(d->behaviour);
}

static void
attempt_failed(struct fleet *f, struct device *d, const char *why)
{
	d->failed = true;
	snprintf(d->detail, sizeof(d->detail), "%s", why);
	d->taking = (struct taking){ .image = NULL };
	if (f->plan->family->reports) {
		d->saying = SAY_FAILED;
		fleet_sleep(f, d, 0);
	} else {
		poll_later(f, d);
	}
}

static void
fall_silent(struct fleet *f, struct device *d)
{
	d->silent = true;
	fleet_bury(f, d);
}

/* It starts what it stored; or it does not. */
static void
reboot(struct fleet *f, struct device *d)
{
	struct image *i = d->taking.image;
	const char *version = i->version;

	d->taking = (struct taking){ .image = NULL };
	d->saying = SAY_POLL;
	if (d->behaviour == BE_BRICK) {
		fall_silent(f, d);
		return;
	}
	if (d->behaviour == BE_ROLLBACK) {
		d->failed = true;
	} else {
		if (version[0] == '\0' && f->plan->family->names_version)
			version = i->offer.version;
		if (version[0] == '\0')
			tally_complain(&f->tally, "no version inside the image");
		else if (strcmp(d->version, version) == 0)
			f->tally.repeated++;
		else
			snprintf(d->version, sizeof(d->version), "%s", version);
		d->renewed = true;
		if (f->plan->family->booted != NULL)
			f->plan->family->booted(d, f->plan, i);
	}
	fleet_sleep(f, d, at_most_interval(f, d, REBOOT_MS));
}

/* All of the image is here. */
static void
image_came(struct fleet *f, struct device *d)
{
	const char *why;

	if (!taking_sound(&d->taking, &why)) {
		f->tally.mismatched++;
		tally_complain(&f->tally, why);
		attempt_failed(f, d, why);
	} else if (d->behaviour == BE_FAIL) {
		attempt_failed(f, d, "flash write error");
	} else if (f->plan->family->reports) {
		d->saying = SAY_PROGRESS;
		fleet_sleep(f, d, 0);
	} else {
		reboot(f, d);
	}
}

/* A report was taken; the next thing follows. */
static void
report_taken(struct fleet *f, struct device *d)
{
	if (d->saying == SAY_PROGRESS) {
		d->saying = SAY_SUCCESS;
		fleet_sleep(f, d, at_most_interval(f, d, FLASH_MS));
	} else if (d->saying == SAY_SUCCESS) {
		reboot(f, d);
	} else {
		poll_later(f, d);
	}
}

static void
refused(struct fleet *f, struct device *d, enum hearing what, const char *why)
{
	tally_complain(&f->tally, why);
	if (what == HEARD_NONSENSE)
		f->tally.nonsense++;
	else
		f->tally.refused++;
	if (d->saying == SAY_POLL) {
		heard(f, d);
		poll_later(f, d);
	} else if (d->x.answer.status >= 500) {
		fleet_sleep(f, d, interval(f, d));	/* say it again */
	} else {
		report_taken(f, d);			/* saying it again would not help */
	}
}

/* The head is there. False: so is the end of the conversation. */
static bool
judge(struct fleet *f, struct device *d)
{
	struct offer offer;
	char why[WHY_MAX];
	const char *reason;
	enum hearing what;

	d->judged = true;
	what = f->plan->family->hear(d, f->plan, &offer, why);
	if (what == HEARD_REFUSAL || what == HEARD_NONSENSE) {
		refused(f, d, what, why);
		return false;
	}
	if (d->saying != SAY_POLL) {
		report_taken(f, d);
		return false;
	}
	heard(f, d);
	if (what == HEARD_NOTHING) {
		f->tally.unchanged++;
		poll_later(f, d);
		return false;
	}
	if (d->behaviour == BE_SILENT) {
		fall_silent(f, d);
		return false;
	}
	if (offer.size > SHELF_IMAGE_MAX ||
	    taking_begin(&f->shelf, &d->taking, &offer, &reason) != 0) {
		refused(f, d, HEARD_NONSENSE,
		    offer.size > SHELF_IMAGE_MAX ? "an image too large to take" : reason);
		return false;
	}
	snprintf(d->job, sizeof(d->job), "%s", offer.job);
	d->takes = true;
	return true;
}

/* Bytes of the image. False: the device has had enough of them. */
static bool
take(struct fleet *f, struct device *d)
{
	const struct family *family = f->plan->family;
	int64_t before = d->taking.at;
	char why[WHY_MAX];

	if (taking_add(&d->taking, d->x.body, d->x.nbody) != 0) {
		life_broken(f, d, "out of memory");
		return false;
	}
	f->tally.bytes += d->x.nbody;
	if (family->peek != NULL && before < 4 && d->taking.at >= 4 &&
	    family->peek(f->plan, (const uint8_t *)d->taking.image->bytes.p, why) != 0) {
		f->tally.nonsense++;
		tally_complain(&f->tally, why);
		attempt_failed(f, d, why);
		return false;
	}
	if (d->behaviour == BE_DROP && !d->dropped && d->taking.at > 0 &&
	    d->taking.at >= d->taking.image->offer.size / 2) {
		d->dropped = true;
		poll_later(f, d);
		return false;
	}
	return true;
}

bool
life_bytes(struct fleet *f, struct device *d)
{
	const struct answer *a = &d->x.answer;

	if (a->state == ANSWER_BAD) {
		life_broken(f, d, "not an answer of HTTP");
		return false;
	}
	if (a->state == ANSWER_HEAD)
		return true;
	if (!d->judged && !judge(f, d))
		return false;
	if (d->x.nbody > 0 && !take(f, d))
		return false;
	if (a->state == ANSWER_DONE) {
		if (d->x.nextra > 0) {
			f->tally.nonsense++;
			tally_complain(&f->tally, "bytes behind the end of the body");
		}
		image_came(f, d);
		return false;
	}
	timer_set(&f->timers, &d->timer, f->now + STALL_MS);
	if (f->plan->family->peeks && a->got == 0)
		fleet_pause(f, d, PEEK_MS);
	else if (d->behaviour == BE_SLOW)
		fleet_pause(f, d, around(d, SLOW_MS));
	else
		return true;
	return false;
}

void
life_unpeeked(struct fleet *f, struct device *d)
{
	static const char why[] = "-106 Verify Bin Header Failed (no byte 100 ms after the head)";

	f->tally.nonsense++;
	tally_complain(&f->tally, why);
	attempt_failed(f, d, why);
}

void
life_ended(struct fleet *f, struct device *d)
{
	if (d->takes && f->plan->family->resumes)
		d->dropped = true;	/* the rest is asked for */
	life_broken(f, d, d->takes ? "closed in the middle of an image" :
	    "closed without an answer");
}

void
life_broken(struct fleet *f, struct device *d, const char *why)
{
	f->tally.broken++;
	tally_complain(&f->tally, why);
	if (d->saying == SAY_POLL)
		poll_later(f, d);
	else
		fleet_sleep(f, d, interval(f, d));
}
