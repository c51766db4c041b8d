/* SPDX-License-Identifier: Apache-2.0
 *
 * visit_test.c - conversations of one device with the core: who it is, what it
 * runs, what it is offered, and how its attempts end. Several devices and several
 * jobs are the matter of rollout_test.c, time that passes of ticker_test.c. */
#include "core_fixture.h"
#include "core/hot.h"
#include "test.h"

#include <string.h>

#define OLD	"v1.0.0t100(a)"
#define NEW	"v1.0.1t100(a)"
#define NEWER	"v1.0.2t100(a)"

/* One product, two firmwares, one device on the old one, and a job to the new. */
struct one {
	struct fixture	f;
	struct sighting	old, new;
	struct answer	a;
	char		job[ID_LEN + 1];
	struct execution x;
	struct job_part	part;
	struct err	e;
};

static void
begin_with(struct one *o, const struct family *family, const char *slots,
    void (*change)(struct policy *))
{
	struct job_form form;

	memset(o, 0, sizeof(*o));
	fx_open(&o->f);
	fx_product(&o->f, 100, family);
	fx_firmware(&o->f, OLD, slots);
	fx_firmware_as(&o->f, NEW, slots, "native-1", NULL, FIRMWARE_READY);
	fx_device(&o->f, "d", 100, OLD);
	fx_sighting(&o->old, family, "d", OLD);
	fx_sighting(&o->new, family, "d", NEW);
	fx_form(&form, NEW);
	if (change != NULL)
		change(&form.policy);
	fx_job(&o->f, &form, o->job);
}

static void
begin(struct one *o)
{
	begin_with(o, &fx_poller, "image", NULL);
}

/* Its execution and its job's figures, now. */
static void
look(struct one *o)
{
	fx_execution(&o->f, o->job, "d", &o->x);
	fx_part(&o->f, o->job, &o->part);
}

static void
end(struct one *o)
{
	CHECK(fx_consistent(&o->f, o->job), "the figures of the job");
	CHECK(fx_one_active(&o->f, "d"), "one active execution");
	fx_close(&o->f);
}

/* IS(o, VERIFYING): the state, as a CHECK that names both. */
#define IS(o, s)							\
	do {								\
		look(o);						\
		CHECK((o)->x.state == STATE_##s, "%s, not %s (%s)",	\
		    state_word((o)->x.state), state_word(STATE_##s), (o)->a.why); \
	} while (0)
#define ASKS(o, sighting, v)						\
	do {								\
		enum verdict v_ = fx_ask(&(o)->f, sighting, ASK_SERVE, &(o)->a); \
		CHECK(v_ == VERDICT_##v, "verdict %d: %s", v_, (o)->a.why); \
	} while (0)

static void
takes(struct one *o)
{
	ASKS(o, &o->old, OFFER);
	fx_deliver(&o->f, &o->a);
	IS(o, VERIFYING);
}

/* ---- who is it ---- */

static void
enrolment(void)
{
	struct fixture f;
	struct sighting s;
	struct answer a;
	struct device d;
	struct err e = ERR_INIT;

	fx_open(&f);
	fx_product(&f, 100, &fx_poller);
	fx_product(&f, 200, &fx_told);
	fx_sighting(&s, &fx_poller, "new", "v9.9.9t100(a)");
	s.ptype = 100;
	f.enrol = ENROL_CLOSED;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_CLOSED, "%s", a.why);
	s.ptype = 300;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NO_PRODUCT, "%s", a.why);
	f.enrol = ENROL_APPROVE;
	s.ptype = 200;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NO_PRODUCT, "of another family: %s", a.why);
	s.ptype = 100;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_PENDING, "%s", a.why);
	fx_device_now(&f, "new", &d);
	CHECK(d.status == DEVICE_PENDING && d.ptype == 100 && d.channel == 'v' && !d.has_key &&
	    strcmp(d.version, "v9.9.9t100(a)") == 0 && strcmp(d.address, "192.0.2.1") == 0,
	    "%s from %s", d.version, d.address);
	f.enrol = ENROL_OPEN;
	snprintf(s.id, sizeof(s.id), "open");
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "%s", a.why);
	fx_device_now(&f, "open", &d);
	CHECK(d.status == DEVICE_ACCEPTED && fx_events(&f, "open", "enrolled") == 1, "accepted");
	snprintf(s.id, sizeof(s.id), "no/id");
	CHECK(fx_try_ask(&f, &s, ASK_SERVE, &a, &e) == -1 && e.code == ERR_BAD, "%s", e.text);
	fx_close(&f);
}

static void
set_key(struct sighting *s, int key)
{
	s->identity = ID_KEY;
	memset(s->key_hash, key, sizeof(s->key_hash));
}

static void
keys(void)
{
	struct fixture f;
	struct sighting s;
	struct answer a;
	struct err e = ERR_INIT;

	fx_open(&f);
	fx_product(&f, 100, &fx_keyed);
	f.enrol = ENROL_OPEN;
	fx_sighting(&s, &fx_keyed, "k", "");
	s.ptype = 100;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NO_KEY, "a stranger without: %s", a.why);
	set_key(&s, 1);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "brings its own: %s", a.why);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "and shows it: %s", a.why);
	set_key(&s, 2);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NO_KEY, "another: %s", a.why);
	CHECK(fx_report(&f, &s, "", HAP_PROGRESS, &e) == -1 && e.code == ERR_AUTH, "%s", e.text);
	s.identity = ID_CLAIMED;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NO_KEY, "none: %s", a.why);
	CHECK(fx_events(&f, "k", "refused") == 1, "%d refusals", fx_events(&f, "k", "refused"));
	s.identity = ID_ACCOUNT;
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING, "the transport vouches: %s", a.why);
	fx_close(&f);
}

static int
block(struct tx *tx, void *arg, struct err *e)
{
	return device_set_status(tx, arg, DEVICE_BLOCKED, e);
}

/* Refused, with the reason in the history once an hour, however often it asks. */
static void
refusals(void)
{
	struct one o;
	char id[] = "d";

	begin(&o);
	CHECK(fx_write(&o.f, block, id, &o.e) == 0, "%s", o.e.text);
	for (int i = 0; i < 119; i++) {
		ASKS(&o, &o.old, BLOCKED);
		fx_forward(&o.f, 60 * FX_SECOND);
	}
	CHECK(fx_events(&o.f, "d", "refused") == 2, "%d", fx_events(&o.f, "d", "refused"));
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_PROGRESS, &o.e) == -1 &&
	    o.e.code == ERR_FORBIDDEN, "%s", o.e.text);
	IS(&o, QUEUED);
	o.old.family = &fx_keyed;
	ASKS(&o, &o.old, FOREIGN);
	end(&o);
}

/* One that waits to be accepted is heard, though it gets nothing. */
static void
pending(void)
{
	struct fixture f;
	struct sighting s;
	struct answer a;

	fx_open(&f);
	fx_product(&f, 100, &fx_poller);
	fx_sighting(&s, &fx_poller, "new", OLD);
	fx_ask(&f, &s, ASK_SERVE, &a);
	fx_forward(&f, 600 * FX_SECOND);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_PENDING, "%s", a.why);
	fx_forward(&f, 600 * FX_SECOND);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_PENDING, "%s", a.why);
	CHECK(clock_wall_ms(f.clock) - hot_heard(f.core->hot, "new") < 2000, "last heard");
	for (int i = 0; i < 50; i++) {
		snprintf(s.version, sizeof(s.version), "changing-%d", i);
		fx_ask(&f, &s, ASK_SERVE, &a);
	}
	CHECK(fx_events(&f, "new", "refused") == 1, "%d refusals",
	    fx_events(&f, "new", "refused"));
	fx_close(&f);
}

/* ---- the way it should go ---- */

static void
update(void)
{
	struct one o;
	struct device d;

	begin(&o);
	CHECK(fx_ask(&o.f, &o.old, ASK_PEEK, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	IS(&o, QUEUED);
	ASKS(&o, &o.old, OFFER);
	CHECK(strcmp(o.a.firmware, NEW) == 0 && strcmp(o.a.native, "native-1") == 0 &&
	    strcmp(o.a.execution.job_id, o.job) == 0 && o.a.image.size == 4096 &&
	    strcmp(o.a.image.slot, "image") == 0, "%s", o.a.firmware);
	IS(&o, IN_PROGRESS);
	CHECK(o.part.exposed == 1 && o.x.attempt == 1, "%d", o.x.attempt);
	fx_deliver(&o.f, &o.a);
	IS(&o, VERIFYING);
	CHECK(strcmp(o.x.delivered, "image") == 0, "'%s'", o.x.delivered);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure && o.x.attempt == 1 && o.x.reason[0] == '\0' && o.part.proven == 1 &&
	    o.part.exposed == 0 && o.part.failures == 0, "'%s'", o.x.reason);
	CHECK(fx_job_state(&o.f, o.job) == JOB_COMPLETED, "all have ended");
	fx_device_now(&o.f, "d", &d);
	CHECK(d.firmware_sure && strcmp(d.firmware_name, NEW) == 0, "%s", d.firmware_name);
	ASKS(&o, &o.new, NOTHING);
	end(&o);
}

/* A native version's text is as good as the name. */
static void
native_text(void)
{
	struct one o;

	begin(&o);
	takes(&o);
	snprintf(o.new.version, sizeof(o.new.version), "native-1");
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure, "sure");
	end(&o);
}

static void
already_there(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(strcmp(o.x.reason, "already_there") == 0 && o.part.proven == 0 &&
	    o.x.attempt == 0, "'%s', %d proven", o.x.reason, (int)o.part.proven);
	end(&o);
}

static void
newer_already(void)
{
	struct one o;

	begin(&o);
	snprintf(o.old.version, sizeof(o.old.version), NEWER);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, SUPERSEDED);
	CHECK(strcmp(o.x.reason, "newer_already") == 0 && o.part.failures == 0, "'%s'", o.x.reason);
	end(&o);
}

/* What cannot be placed is offered; and after the delivery a new unknown text is
 * not "the old version back": it may be the target, built by somebody who gave no
 * native version. The text it had before is. */
static void
unknown_text(void)
{
	struct one o;

	begin(&o);
	snprintf(o.old.version, sizeof(o.old.version), "d486921-dirty");
	takes(&o);
	snprintf(o.new.version, sizeof(o.new.version), "0f0f0f0");
	ASKS(&o, &o.new, NOTHING);
	IS(&o, VERIFYING);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, QUEUED);
	CHECK(strcmp(o.x.reason, "old_version_back") == 0, "'%s'", o.x.reason);
	end(&o);
}

static int
add_hash(struct tx *tx, void *arg, struct err *e)
{
	const struct sighting *s = arg;
	struct firmware fw;
	int r;

	memset(&fw, 0, sizeof(fw));
	if (store_firmware_find(tx->db, NEW, &fw, e) <= 0)
		return -1;
	r = store_hash_insert(tx->db, fw.num, "image", "sketch-md5", s->hashes[0].bytes, 16, e);
	firmware_clear(&fw);
	return r;
}

static void
hash_beats_text(void)
{
	struct one o;

	begin(&o);
	takes(&o);
	o.old.hashes[0] = (struct running_hash){ .name = "sketch-md5", .bytes = { 1, 2, 3 },
	    .len = 16 };
	CHECK(fx_write(&o.f, add_hash, &o.old, &o.e) == 0, "%s", o.e.text);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure, "sure");
	end(&o);
}

/* ---- attempts ---- */

/* An old version after a whole image is a failure each time; after the last the
 * execution has failed; and yet a later proof sets it right. */
static void
old_version_back(void)
{
	struct one o;

	begin(&o);
	for (int attempt = 1; attempt <= 3; attempt++) {
		takes(&o);
		CHECK(o.x.attempt == attempt, "%d", o.x.attempt);
		ASKS(&o, &o.old, NOTHING);
		look(&o);
		CHECK(o.x.state == (attempt < 3 ? STATE_QUEUED : STATE_FAILED), "%s",
		    state_word(o.x.state));
		CHECK(o.part.failures == (uint64_t)attempt && o.part.exposed == 0, "%d",
		    (int)o.part.failures);
		fx_forward(&o.f, 295 * FX_SECOND);
		ASKS(&o, &o.old, NOTHING);
		CHECK(attempt == 3 || strstr(o.a.why, "cooling down") != NULL, "%s", o.a.why);
		fx_forward(&o.f, 6 * FX_SECOND);
	}
	ASKS(&o, &o.old, NOTHING);
	CHECK(fx_job_state(&o.f, o.job) == JOB_COMPLETED, "spent");
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure && o.x.reason[0] == '\0', "reason '%s'", o.x.reason);
	CHECK(o.part.failures == 2 && o.part.proven == 1 && o.part.counts[STATE_FAILED] == 0,
	    "%d failures", (int)o.part.failures);
	CHECK(fx_job_state(&o.f, o.job) == JOB_COMPLETED, "stays");
	end(&o);
}

/* A transfer that broke costs an attempt, and is a failure only when they are spent. */
static void
broken(void)
{
	struct one o;

	begin(&o);
	for (int attempt = 1; attempt <= 3; attempt++) {
		ASKS(&o, &o.old, OFFER);
		fx_send(&o.f, &o.a, 0, 1000, TRANSFER_BROKEN);
		look(&o);
		CHECK(o.x.state == (attempt < 3 ? STATE_QUEUED : STATE_FAILED) &&
		    o.part.failures == (attempt < 3 ? 0 : 1) && o.part.exposed == 0, "%s, %d",
		    state_word(o.x.state), (int)o.part.failures);
		fx_forward(&o.f, 301 * FX_SECOND);
	}
	end(&o);
}

/* A poller that asks again, with nothing on its way, forgot the image. */
static void
asks_again(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, QUEUED);
	CHECK(strcmp(o.x.reason, "transfer_broken") == 0 && o.x.attempt == 1, "'%s'", o.x.reason);
	end(&o);
}

/* A second poll in mid-download is not a return. */
static void
in_mid_download(void)
{
	struct one o;
	struct transfer *t;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	t = transfer_new(o.f.core, &o.a, 0, o.a.image.size);
	transfer_moved(t, 10);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, IN_PROGRESS);
	transfer_end(t, TRANSFER_DELIVERED);
	fx_settle(&o.f);
	IS(&o, VERIFYING);
	end(&o);
}

/* otad stopped before the reply left: it did not begin after all. */
static void
unsent(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	fx_send(&o.f, &o.a, 0, 0, TRANSFER_UNSENT);
	IS(&o, QUEUED);
	CHECK(o.x.attempt == 0 && o.part.taken == 0, "attempt %d", o.x.attempt);
	takes(&o);
	CHECK(o.x.attempt == 1, "%d", o.x.attempt);
	end(&o);
}

/* ---- Range ---- */

static void
resumed(void)
{
	struct one o;
	struct sighting range;

	begin(&o);
	range = o.old;
	range.resumes = true;
	ASKS(&o, &o.old, OFFER);
	fx_send(&o.f, &o.a, 0, 1000, TRANSFER_BROKEN);
	IS(&o, QUEUED);
	ASKS(&o, &range, OFFER);
	IS(&o, IN_PROGRESS);
	CHECK(o.x.attempt == 1 && o.part.exposed == 1, "attempt %d", o.x.attempt);
	ASKS(&o, &o.old, NOTHING);		/* and is at work: not offered beside it */
	IS(&o, QUEUED);
	ASKS(&o, &range, OFFER);
	fx_send(&o.f, &o.a, 1000, 4096, TRANSFER_DELIVERED);
	IS(&o, VERIFYING);
	CHECK(o.x.attempt == 1, "attempt %d", o.x.attempt);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	end(&o);
}

/* It comes back for the rest before its dead connection is noticed. */
static void
resumed_at_once(void)
{
	struct one o;
	struct sighting range;
	struct transfer *dead;
	struct answer rest;

	begin(&o);
	range = o.old;
	range.resumes = true;
	ASKS(&o, &o.old, OFFER);
	dead = transfer_new(o.f.core, &o.a, 0, o.a.image.size);
	transfer_moved(dead, 1000);
	ASKS(&o, &range, OFFER);
	rest = o.a;
	if (o.a.verdict == VERDICT_OFFER) {
		struct transfer *t = transfer_new(o.f.core, &rest, 1000, rest.image.size);

		transfer_end(dead, TRANSFER_BROKEN);
		fx_settle(&o.f);
		IS(&o, IN_PROGRESS);		/* the rest is on its way */
		transfer_end(t, TRANSFER_DELIVERED);
		fx_settle(&o.f);
	} else {
		transfer_end(dead, TRANSFER_BROKEN);
		fx_settle(&o.f);
	}
	IS(&o, VERIFYING);
	CHECK(o.x.attempt == 1, "attempt %d", o.x.attempt);
	end(&o);
}

/* ---- an image by its name ---- */

static void
fetched(void)
{
	struct one o;

	begin(&o);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "image", &o.a, &o.e) == -1 && o.e.code == ERR_ABSENT,
	    "not offered: %s", o.e.text);
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	IS(&o, OFFERED);
	CHECK(o.x.attempt == 0 && o.part.exposed == 0, "an offer is no attempt");
	CHECK(fx_fetch(&o.f, &o.old, OLD, "image", &o.a, &o.e) == -1 && o.e.code == ERR_ABSENT,
	    "another firmware: %s", o.e.text);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "no-slot", &o.a, &o.e) == -1 && o.e.code == ERR_ABSENT,
	    "no such slot: %s", o.e.text);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "image.bin", &o.a, &o.e) == 0 &&
	    o.a.verdict == VERDICT_OFFER, "%s", o.e.text);
	IS(&o, IN_PROGRESS);
	fx_deliver(&o.f, &o.a);
	IS(&o, VERIFYING);
	end(&o);
}

/* A yank closes untaken links; what took the image goes on. */
static void
fetched_too_late(void)
{
	struct one o;
	struct sighting range;

	begin(&o);
	range = o.old;
	range.resumes = true;
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	fx_set_state(&o.f, NEW, FIRMWARE_HELD);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "image", &o.a, &o.e) == -1, "on hold");
	fx_set_state(&o.f, NEW, FIRMWARE_READY);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "image", &o.a, &o.e) == 0, "%s", o.e.text);
	fx_send(&o.f, &o.a, 0, 1000, TRANSFER_BROKEN);
	IS(&o, QUEUED);
	fx_set_state(&o.f, NEW, FIRMWARE_YANKED);
	o.e = (struct err)ERR_INIT;
	CHECK(fx_fetch(&o.f, &range, NEW, "image", &o.a, &o.e) == -1 && o.e.code == ERR_GONE,
	    "yanked: %s", o.e.text);
	IS(&o, QUEUED);
	end(&o);
}

/* ---- two images ---- */

/* A file system alone reboots nothing: the image after it is the same attempt. */
static void
two_slots(void)
{
	struct one o;

	begin_with(&o, &fx_poller, "image,filesystem", NULL);
	snprintf(o.old.part, sizeof(o.old.part), "filesystem");
	ASKS(&o, &o.old, OFFER);
	CHECK(strcmp(o.a.image.slot, "filesystem") == 0, "%s", o.a.image.slot);
	fx_deliver(&o.f, &o.a);
	IS(&o, IN_PROGRESS);
	snprintf(o.old.part, sizeof(o.old.part), "image");
	ASKS(&o, &o.old, OFFER);
	CHECK(strcmp(o.a.image.slot, "image") == 0 && o.a.execution.attempt == 1, "%s, attempt %d",
	    o.a.image.slot, o.a.execution.attempt);
	fx_deliver(&o.f, &o.a);
	IS(&o, VERIFYING);
	CHECK(strcmp(o.x.delivered, "filesystem,image") == 0, "'%s'", o.x.delivered);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	end(&o);
}

/* The file system arrived, the image broke, and then it runs the target all the
 * same: nothing was counted that had to be taken back. */
static void
proof_after_half(void)
{
	struct one o;

	begin_with(&o, &fx_poller, "image,filesystem", NULL);
	snprintf(o.old.part, sizeof(o.old.part), "filesystem");
	ASKS(&o, &o.old, OFFER);
	fx_deliver(&o.f, &o.a);
	snprintf(o.old.part, sizeof(o.old.part), "image");
	ASKS(&o, &o.old, OFFER);
	fx_send(&o.f, &o.a, 0, 10, TRANSFER_BROKEN);
	IS(&o, QUEUED);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.part.failures == 0 && o.part.proven == 1, "%d failures", (int)o.part.failures);
	end(&o);
}

/* ---- later ---- */

static void
reverted(void)
{
	struct one o;

	begin(&o);
	takes(&o);
	ASKS(&o, &o.new, NOTHING);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(strcmp(o.x.reason, "reverted") == 0 && !o.x.sure && o.part.reverted == 1 &&
	    o.part.failures == 1, "'%s', %d", o.x.reason, (int)o.part.reverted);
	CHECK(fx_events(&o.f, "d", "reverted") == 1, "in its history");
	ASKS(&o, &o.old, NOTHING);		/* no continuous job: not offered again */
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure && o.x.reason[0] == '\0' && o.part.proven == 1, "'%s'", o.x.reason);
	end(&o);
}

static void
continuous(struct policy *p)
{
	p->continuous = true;
}

/* A continuous job offers it again, as a further attempt under the same count. */
static void
reverted_continuous(void)
{
	struct one o;

	begin_with(&o, &fx_poller, "image", continuous);
	for (int attempt = 1; attempt <= 3; attempt++) {
		takes(&o);
		CHECK(o.x.attempt == attempt, "%d", o.x.attempt);
		ASKS(&o, &o.new, NOTHING);
		IS(&o, SUCCEEDED);
		CHECK(o.part.proven == 1, "one device: %d proven", (int)o.part.proven);
		ASKS(&o, &o.old, NOTHING);
		look(&o);
		CHECK(o.x.state == (attempt < 3 ? STATE_QUEUED : STATE_SUCCEEDED) &&
		    o.part.reverted == (uint64_t)attempt, "%s", state_word(o.x.state));
		fx_forward(&o.f, 301 * FX_SECOND);
	}
	ASKS(&o, &o.old, NOTHING);
	end(&o);
}

/* ---- reports ---- */

static void
reports(void)
{
	struct one o;

	begin_with(&o, &fx_told, "image", NULL);
	CHECK(fx_report(&o.f, &o.old, "", HAP_PROGRESS, &o.e) == -1 && o.e.code == ERR_ABSENT,
	    "none active: %s", o.e.text);
	CHECK(fx_report(&o.f, &o.old, "nonesuch", HAP_PROGRESS, &o.e) == -1 &&
	    o.e.code == ERR_ABSENT, "%s", o.e.text);
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_PROGRESS, &o.e) == 0, "%s", o.e.text);
	IS(&o, IN_PROGRESS);
	CHECK(fx_report(&o.f, &o.old, "", HAP_STORE, &o.e) == 0, "%s", o.e.text);
	IS(&o, DOWNLOADED);
	ASKS(&o, &o.old, NOTHING);		/* its old version there says nothing */
	IS(&o, DOWNLOADED);
	fx_forward(&o.f, 60 * FX_SECOND);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_SUCCESS, &o.e) == 0, "%s", o.e.text);
	IS(&o, VERIFYING);
	CHECK(o.part.proven == 0, "a word is no proof");
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(fx_report(&o.f, &o.new, o.job, HAP_FAILURE, &o.e) == 0, "late: %s", o.e.text);
	IS(&o, SUCCEEDED);
	CHECK(fx_events(&o.f, "d", "failure_reported") == 1, "and recorded");
	end(&o);
}

/* The old version is "back" only 15 s after a told device's word. */
static void
guard_time(void)
{
	struct one o;

	begin_with(&o, &fx_told, "image", NULL);
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_PROGRESS, &o.e) == 0, "%s", o.e.text);
	fx_forward(&o.f, 120 * FX_SECOND);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_SUCCESS, &o.e) == 0, "%s", o.e.text);
	fx_forward(&o.f, 14 * FX_SECOND);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, VERIFYING);
	fx_forward(&o.f, 3 * FX_SECOND);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, QUEUED);
	CHECK(o.part.failures == 1, "%d", (int)o.part.failures);
	end(&o);
}

/* Unless it shows that it was reset. */
static void
guard_time_boot(void)
{
	struct one o;

	begin_with(&o, &fx_told, "image", NULL);
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_SUCCESS, &o.e) == 0, "%s", o.e.text);
	o.old.rebooted = true;
	ASKS(&o, &o.old, NOTHING);
	IS(&o, QUEUED);
	end(&o);
}

/* A delay costs nothing; the next offer waits for it. */
static void
delayed(void)
{
	struct one o;

	begin(&o);
	for (int i = 0; i < 5; i++) {
		takes(&o);
		CHECK(o.x.attempt == 1, "attempt %d", o.x.attempt);
		CHECK(fx_report(&o.f, &o.old, o.job, HAP_DELAY, &o.e) == 0, "%s", o.e.text);
		IS(&o, VERIFYING);		/* too late to ask for that */
		break;
	}
	fx_close(&o.f);
	begin(&o);
	for (int i = 0; i < 5; i++) {
		ASKS(&o, &o.old, OFFER);
		CHECK(o.a.execution.attempt == 1, "attempt %d", o.a.execution.attempt);
		CHECK(fx_report(&o.f, &o.old, o.job, HAP_DELAY, &o.e) == 0, "%s", o.e.text);
		IS(&o, DELAYED);
		CHECK(o.part.exposed == 0 && o.x.due_ms == o.x.not_before_ms, "exposed");
		ASKS(&o, &o.old, NOTHING);
		CHECK(strstr(o.a.why, "asked for a delay") != NULL, "%s", o.a.why);
		fx_forward(&o.f, 601 * FX_SECOND);
	}
	takes(&o);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.part.proven == 1, "%d", (int)o.part.proven);
	end(&o);
}

/* It stored the image, put off its reboot, and was reset: it is our doing. */
static void
delayed_and_proven(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_STORE, &o.e) == 0, "%s", o.e.text);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_DELAY, &o.e) == 0, "%s", o.e.text);
	IS(&o, DELAYED);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.x.sure && o.x.reason[0] == '\0' && o.part.proven == 1, "'%s', %d proven",
	    o.x.reason, (int)o.part.proven);
	end(&o);
}

static void
rejected(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_REJECT, &o.e) == 0, "%s", o.e.text);
	IS(&o, REJECTED);
	CHECK(o.part.failures == 1, "the device's no counts");
	ASKS(&o, &o.old, NOTHING);
	end(&o);
}

/* ---- letters, clock ---- */

static void
letters(void)
{
	struct fixture f;
	struct sighting s;
	struct answer a;
	struct job_form form;
	struct job job;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];

	fx_open(&f);
	fx_product(&f, 100, &fx_poller);
	fx_firmware(&f, "v1.0.1t100(l)", "image");
	fx_firmware(&f, "v1.0.2t100(n)", "image");
	fx_device(&f, "d", 100, OLD);
	fx_sighting(&s, &fx_poller, "d", OLD);
	fx_form(&form, "v1.0.1t100(l)");
	fx_job(&f, &form, id);
	CHECK(fx_ask(&f, &s, ASK_SERVE, &a) == VERDICT_NOTHING && strstr(a.why, "letter is l"),
	    "%s", a.why);
	CHECK(fx_state(&f, id, "d") == STATE_QUEUED, "waits for another letter");
	fx_form(&form, "v1.0.2t100(n)");
	CHECK(fx_try_job(&f, &form, &job, &e) == -1 && e.code == ERR_INVALID &&
	    strcmp(e.rule, "letter") == 0, "%s", e.text);
	fx_close(&f);
}

/* Before anyone told this machine the time nothing is offered. */
static void
implausible_clock(void)
{
	struct one o;
	int64_t ahead;

	begin(&o);
	ahead = clock_wall_ms(o.f.clock) - INT64_C(1577836800000);	/* of 2020 */
	fx_forward(&o.f, -ahead);
	ASKS(&o, &o.old, NOTHING);
	CHECK(strstr(o.a.why, "clock") != NULL, "%s", o.a.why);
	fx_forward(&o.f, ahead);
	ASKS(&o, &o.old, OFFER);
	end(&o);
}

/* ---- cancel ---- */

/* It took the image: it is followed to its end, but there is no next attempt. */
static void
canceled(void)
{
	struct one o;

	begin(&o);
	takes(&o);
	CHECK(fx_cancel(&o.f, o.job, &o.e) == 0, "%s", o.e.text);
	IS(&o, VERIFYING);
	ASKS(&o, &o.old, NOTHING);
	IS(&o, FAILED);
	CHECK(o.x.attempt == 1 && o.part.failures == 1, "attempt %d", o.x.attempt);
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(fx_job_state(&o.f, o.job) == JOB_CANCELED, "stays canceled");
	end(&o);
}

static void
canceled_untaken(void)
{
	struct one o;

	begin(&o);
	CHECK(fx_ask(&o.f, &o.old, ASK_OFFER, &o.a) == VERDICT_OFFER, "%s", o.a.why);
	CHECK(fx_cancel(&o.f, o.job, &o.e) == 0, "%s", o.e.text);
	IS(&o, CANCELED);
	CHECK(fx_fetch(&o.f, &o.old, NEW, "image", &o.a, &o.e) == -1, "its offer is off");
	CHECK(fx_cancel(&o.f, o.job, &o.e) == -1 && o.e.code == ERR_CONFLICT, "%s", o.e.text);
	end(&o);
}

/* A device that put it off has nothing to be followed. */
static void
canceled_delayed(void)
{
	struct one o;

	begin(&o);
	ASKS(&o, &o.old, OFFER);
	CHECK(fx_report(&o.f, &o.old, o.job, HAP_DELAY, &o.e) == 0, "%s", o.e.text);
	CHECK(fx_cancel(&o.f, o.job, &o.e) == 0, "%s", o.e.text);
	IS(&o, CANCELED);
	end(&o);
}

/* ---- a person's steps ---- */

static void
steered(void)
{
	struct one o;

	begin(&o);
	CHECK(fx_steer(&o.f, o.job, "d", HAP_RETRY, &o.e) == -1 && o.e.code == ERR_CONFLICT,
	    "has not ended: %s", o.e.text);
	takes(&o);
	CHECK(fx_steer(&o.f, o.job, "d", HAP_CANCEL, &o.e) == -1 && o.e.code == ERR_CONFLICT,
	    "took it: %s", o.e.text);
	ASKS(&o, &o.new, NOTHING);
	CHECK(fx_steer(&o.f, o.job, "d", HAP_RETRY, &o.e) == 0, "%s", o.e.text);
	IS(&o, QUEUED);
	CHECK(o.part.proven == 0 && fx_job_state(&o.f, o.job) == JOB_RUNNING, "runs again");
	ASKS(&o, &o.new, NOTHING);
	IS(&o, SUCCEEDED);
	CHECK(o.part.proven == 1, "once: %d", (int)o.part.proven);
	end(&o);
}

int
main(void)
{
	enrolment();
	keys();
	refusals();
	pending();
	update();
	native_text();
	already_there();
	newer_already();
	unknown_text();
	hash_beats_text();
	old_version_back();
	broken();
	asks_again();
	in_mid_download();
	unsent();
	resumed();
	resumed_at_once();
	fetched();
	fetched_too_late();
	two_slots();
	proof_after_half();
	reverted();
	reverted_continuous();
	reports();
	guard_time();
	guard_time_boot();
	delayed();
	delayed_and_proven();
	rejected();
	letters();
	implausible_clock();
	canceled();
	canceled_untaken();
	canceled_delayed();
	steered();
	return TEST_END();
}
