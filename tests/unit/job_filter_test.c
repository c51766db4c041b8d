/* SPDX-License-Identifier: Apache-2.0
 *
 * job_filter_test.c - jobs over what a filter finds: who takes part when it is
 * made, who joins a continuous one later, and who stays. */
#include "core_fixture.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define OLD	"v1.0.0t100(a)"
#define NEW	"v1.0.2t100(a)"

struct tagging { const char *id, *tags; };

static int
set_tags(struct tx *tx, void *arg, struct err *e)
{
	const struct tagging *t = arg;
	struct device d;

	return device_get(tx, t->id, &d, e) < 0 ? -1 : device_set_tags(tx, d.num, t->tags, e);
}

static void
tag(struct fixture *f, const char *id, const char *tags)
{
	struct tagging t = { id, tags };
	struct err e = ERR_INIT;

	CHECK(fx_write(f, set_tags, &t, &e) == 0, "%s: %s", id, e.text);
}

static enum verdict
poll(struct fixture *f, const char *id, const char *version)
{
	struct sighting s;
	struct answer a;

	fx_sighting(&s, &fx_poller, id, version);
	return fx_ask(f, &s, ASK_SERVE, &a);
}

static void
begin(struct fixture *f)
{
	fx_open(f);
	fx_product(f, 100, &fx_poller);
	fx_product(f, 200, &fx_poller);
	fx_firmware(f, OLD, "image");
	fx_firmware(f, "v1.0.1t100(a)", "image");
	fx_firmware(f, NEW, "image");
	fx_firmware(f, "v1.0.2t200(a)", "image");
	fx_device(f, "a", 100, OLD);
	fx_device(f, "b", 100, OLD);
	fx_device(f, "c", 100, NEW);
	fx_device(f, "d", 200, "");
	tag(f, "a", "site=berlin\n");
	tag(f, "c", "site=berlin\n");
	tag(f, "d", "site=berlin\n");
}

struct trying { struct job_form *form; struct job_preview seen; };

static int
preview(struct tx *tx, void *arg, struct err *e)
{
	struct trying *t = arg;

	return job_preview(tx, t->form, &t->seen, e);
}

static void
made(struct fixture *f)
{
	struct job_form form;
	struct trying t = { .form = &form };
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];
	struct job job;

	fx_form(&form, NEW);
	snprintf(form.versions[form.nversions++], VERSION_MAX, "v1.0.2t200(a)");
	form.filter = "tag.site==berlin";
	CHECK(fx_read(f, preview, &t, &e) == 0 && t.seen.matched == 3 &&
	    t.seen.already_there == 1, "%llu match: %s", (unsigned long long)t.seen.matched, e.text);
	fx_job(f, &form, id);
	CHECK(fx_state(f, id, "a") == STATE_QUEUED && fx_state(f, id, "d") == STATE_QUEUED &&
	    fx_state(f, id, "c") == STATE_SUCCEEDED && !fx_has_execution(f, id, "b"), "who is in");
	tag(f, "a", "site=rome\n");
	CHECK(poll(f, "a", OLD) == VERDICT_OFFER, "who is in stays in");
	tag(f, "b", "site=berlin\n");
	CHECK(poll(f, "b", OLD) == VERDICT_NOTHING, "it takes nobody later");
	CHECK(fx_cancel(f, id, &e) == 0, "%s", e.text);

	fx_form(&form, NEW);
	form.filter = "tag.site==";
	CHECK(fx_try_job(f, &form, &job, &e) < 0 && e.code == ERR_BAD &&
	    strcmp(e.field, "targets.filter") == 0, "%s", e.text);
	CHECK(fx_read(f, preview, &t, &e) < 0 && strcmp(e.field, "targets.filter") == 0, "%s",
	    e.text);
}

/* Newcomers, and those whom a change makes match; by what is stored of them. */
static void
goes_on(struct fixture *f)
{
	struct job_form form;
	struct err e = ERR_INIT;
	char id[ID_LEN + 1];

	tag(f, "a", "site=berlin\n");
	tag(f, "b", "");
	fx_form(&form, NEW);
	form.policy.continuous = true;
	form.policy.exposure = false;
	form.filter = "tag.site==berlin;version=lt=1.0.1;last_seen=gt=-1h";
	fx_job(f, &form, id);
	CHECK(poll(f, "b", OLD) == VERDICT_NOTHING, "no tag");
	fx_device(f, "e", 100, OLD);
	CHECK(poll(f, "e", OLD) == VERDICT_NOTHING, "a stranger without the tag");
	tag(f, "b", "site=berlin\n");
	CHECK(poll(f, "b", OLD) == VERDICT_OFFER, "now it has");
	tag(f, "e", "site=berlin\n");
	CHECK(poll(f, "e", "v1.0.1t100(a)") == VERDICT_NOTHING, "but not this version");
	CHECK(!fx_has_execution(f, id, "e") && fx_has_execution(f, id, "b"), "who is in");
	fx_restart(f);
	CHECK(poll(f, "e", OLD) == VERDICT_OFFER, "it went back, which a restart does not forget");
	CHECK(fx_cancel(f, id, &e) == 0 && fx_consistent(f, id), "%s", e.text);
}

int
main(void)
{
	struct fixture f;

	begin(&f);
	made(&f);
	goes_on(&f);
	fx_close(&f);
	return TEST_END();
}
