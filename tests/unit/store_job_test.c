/* SPDX-License-Identifier: Apache-2.0
 *
 * Jobs, their counters, and executions: filled by the slice, walked by device, by
 * job, by deadline. */
#include "store_test.h"
#include "otad/buf.h"

enum { PTYPE = 23701, PART = 23702, DEVICES = 25 };

struct cast {
	int64_t		old, target, newer, part, newer_part;	/* firmware */
	int64_t		job;
	int64_t		devices[DEVICES];
};

static int64_t
put_firmware(struct db *db, const char *name, struct err *e)
{
	struct firmware f = sample_firmware(name);
	int64_t num = 0;

	CHECK(store_firmware_insert(db, &f, &num, e) == 0, "%s", e->text);
	return num;
}

/* Of the devices every fifth runs the target already, every fifth something
 * newer, every fifth is pending; the last two have the beta channel. */
static int
set_up(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct product p = sample_product(PTYPE), part = sample_product(PART);

	part.part_of = PTYPE;
	CHECK(store_product_insert(db, &p, e) == 0 && store_product_insert(db, &part, e) == 0,
	    "%s", e->text);
	c->old = put_firmware(db, "v1.0.0t23701(a)", e);
	c->target = put_firmware(db, "v1.0.1t23701(a)", e);
	c->newer = put_firmware(db, "v2.0.0t23701(a)", e);
	c->part = put_firmware(db, "v0.0.1t23702(a)", e);
	c->newer_part = put_firmware(db, "v0.0.2t23702(a)", e);
	for (int i = 0; i < DEVICES; i++) {
		struct device d = sample_device("", PTYPE);

		snprintf(d.id, sizeof(d.id), "device-%d", i);
		d.firmware = i % 5 == 0 ? c->target : i % 5 == 1 ? c->newer : c->old;
		d.firmware_sure = true;
		d.status = i % 5 == 2 ? DEVICE_PENDING : DEVICE_ACCEPTED;
		d.channel = i >= DEVICES - 2 ? 'b' : 'v';
		d.told = i % 2 == 0 ? BY_MQTT : BY_NOTHING;
		CHECK(store_device_insert(db, &d, &c->devices[i], e) == 0, "%s", e->text);
	}
	return 0;
}

static int
next_execution(void *arg, const struct execution *x, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s:%s ", x->device_id + strlen("device-"), state_word(x->state));
	return 0;
}

static void
fill_all(struct db *db, const struct fill *f, int limit, struct part_change *ret, int *ret_slices,
    struct err *e)
{
	int64_t after = 0;
	int rows;

	*ret = (struct part_change){ .exposed = 0 };
	for (*ret_slices = 0; ; ++*ret_slices) {
		CHECK(store_execution_fill(db, f, &after, limit, ret, &rows, e) == 0, "%s",
		    e->text);
		CHECK(rows <= limit, "%d rows", rows);
		if (rows == 0 || *ret_slices > 100)
			break;
	}
}

static int
fill(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct job j = sample_job("fill", PTYPE, c->target);
	struct fill f = { .ptype = PTYPE, .target = c->target, .value = 1000001, .now_ms = 50000,
		.due_ms = 90000 };
	struct part_change n;
	struct execution x;
	struct err why = ERR_INIT;
	uint64_t preview[3], open;
	int slices;

	CHECK(store_execution_preview(db, &f, preview, e) == 0 && preview[0] == 10 &&
	    preview[1] == 5 && preview[2] == 5, "%ju %ju %ju", (uintmax_t)preview[0],
	    (uintmax_t)preview[1], (uintmax_t)preview[2]);
	CHECK(store_job_insert(db, &j, &c->job, e) == 0, "%s", e->text);
	f.job = c->job;
	fill_all(db, &f, 3, &n, &slices, e);
	CHECK(slices == 7, "%d slices", slices);
	CHECK(n.counts[STATE_QUEUED] == 10 && n.counts[STATE_SUCCEEDED] == 5 &&
	    n.counts[STATE_SUPERSEDED] == 5, "counts");
	CHECK(store_part_change(db, c->job, PTYPE, &n, e) == 0, "%s", e->text);
	CHECK(store_execution_open_count(db, c->job, &open, e) == 0 && open == 10, "open");
	CHECK(store_execution_find(db, c->job, c->devices[0], PTYPE, &x, e) == 1 &&
	    x.state == STATE_SUCCEEDED && !strcmp(x.reason, "already_there") && x.sure &&
	    x.ended_ms == 50000 && x.due_ms == 0 && x.progress == -1 &&
	    !strcmp(x.target_name, "v1.0.1t23701(a)") && !strcmp(x.job_id, "fill"), "there");
	CHECK(store_execution_find(db, c->job, c->devices[1], PTYPE, &x, e) == 1 &&
	    x.state == STATE_SUPERSEDED && !strcmp(x.reason, "newer_already"), "newer");
	CHECK(store_execution_find(db, c->job, c->devices[3], PTYPE, &x, e) == 1 &&
	    x.state == STATE_QUEUED && x.queued_ms == 50000 && x.due_ms == 90000 &&
	    x.ended_ms == 0 && x.reason[0] == '\0' && x.attempt == 0, "queued");
	CHECK(store_execution_find(db, c->job, c->devices[2], PTYPE, &x, e) == 0, "pending");

	/* Again: nothing is doubled. */
	fill_all(db, &f, 100, &n, &slices, e);
	CHECK(n.counts[STATE_QUEUED] == 0 && n.counts[STATE_SUCCEEDED] == 0, "doubled");
	f.job = 99;
	f.target = c->target;
	CHECK(store_execution_fill(db, &f, &(int64_t){ 0 }, 9, &n, &slices, &why) < 0 &&
	    why.code == ERR_CONFLICT, "no such job: %s", why.text);
	return 0;
}

/* Downgrades, betas, and a component, of which the device's version tells nothing. */
static int
other_fills(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct fill f = { .ptype = PTYPE, .target = c->target, .value = 1000001,
		.allow_downgrade = true };
	uint64_t n[3];

	CHECK(store_execution_preview(db, &f, n, e) == 0 && n[0] == 15 && n[1] == 5 && n[2] == 0,
	    "downgrade %ju %ju %ju", (uintmax_t)n[0], (uintmax_t)n[1], (uintmax_t)n[2]);
	f.beta_only = true;
	CHECK(store_execution_preview(db, &f, n, e) == 0 && n[0] == 2 && n[1] == 0, "beta");
	f = (struct fill){ .ptype = PART, .target = c->part, .value = 1 };
	CHECK(store_execution_preview(db, &f, n, e) == 0 && n[0] == 20 && n[2] == 0, "component");
	CHECK(store_component_put(db, c->devices[0], PART, c->part, e) == 0 &&
	    store_component_put(db, c->devices[1], PART, c->newer_part, e) == 0, "%s", e->text);
	CHECK(store_execution_preview(db, &f, n, e) == 0 && n[0] == 18 && n[1] == 1 && n[2] == 1,
	    "known components");
	return 0;
}

static int
walks(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct execution x;
	AUTO(buf) struct buf all = BUF_INIT;
	int64_t far = c->devices[22];

#define WALKED(call, expect)						\
	buf_clear(&all);						\
	CHECK((call) == 0, "%s", e->text);				\
	CHECK(!strcmp(buf_str(&all), expect), "'%s' is not '%s'", buf_str(&all), expect)

	WALKED(store_execution_list(db, c->job, STATE_QUEUED, 0, 3, next_execution, &all, e),
	    "3:queued 4:queued 8:queued ");
	WALKED(store_execution_list(db, c->job, -1, far, 9, next_execution, &all, e),
	    "23:queued 24:queued ");
	WALKED(store_execution_due(db, 89999, 9, next_execution, &all, e), "");
	WALKED(store_execution_due(db, 90000, 2, next_execution, &all, e), "3:queued 4:queued ");
	CHECK(store_execution_find(db, c->job, c->devices[4], PTYPE, &x, e) == 1, "%s", e->text);
	x.state = STATE_IN_PROGRESS;
	x.taken = x.exposed = true;
	x.attempt = 1;
	x.progress = 40;
	x.before = c->old;
	x.phase = 2;
	x.due_ms = 60000;
	x.tell_ms = 7;
	x.not_before_ms = 8;
	x.offered_ms = 51000;
	x.taken_ms = 52000;
	snprintf(x.delivered, sizeof(x.delivered), "image");
	snprintf(x.detail, sizeof(x.detail), "erasing");
	snprintf(x.memo, sizeof(x.memo), "a=1");
	CHECK(store_execution_put(db, &x, e) == 0, "%s", e->text);
	struct execution y;
	memset(&y, 0, sizeof(y));
	CHECK(store_execution_find(db, c->job, x.device, PTYPE, &y, e) == 1 && y.taken &&
	    y.exposed && !y.sure && y.attempt == 1 && y.progress == 40 && y.before == c->old &&
	    y.phase == 2 && y.due_ms == 60000 && y.tell_ms == 7 && y.not_before_ms == 8 &&
	    y.offered_ms == 51000 && y.taken_ms == 52000 && y.delivered_ms == 0 &&
	    !strcmp(y.delivered, "image") && !strcmp(y.detail, "erasing") &&
	    !strcmp(y.memo, "a=1") && y.target == c->target, "all of it");
	WALKED(store_execution_due(db, 90000, 2, next_execution, &all, e),
	    "4:in_progress 3:queued ");
	WALKED(store_execution_untaken(db, c->job, 0, 2, next_execution, &all, e),
	    "3:queued 8:queued ");
	WALKED(store_execution_tellable(db, c->job, PTYPE, BY_MQTT, 50000, 0, 2, next_execution,
	    &all, e), "8:queued 14:queued ");
	WALKED(store_execution_live(db, x.device, next_execution, &all, e), "4:in_progress ");
	WALKED(store_execution_live(db, c->devices[0], next_execution, &all, e), "");
	WALKED(store_execution_aimed(db, c->devices[0], c->target, next_execution, &all, e),
	    "0:succeeded ");
	WALKED(store_execution_aimed(db, c->devices[0], c->old, next_execution, &all, e), "");
	x.state = STATE_SUCCEEDED;
	CHECK(store_execution_put(db, &x, e) == 0, "%s", e->text);
	WALKED(store_execution_live(db, x.device, next_execution, &all, e), "4:succeeded ");
	CHECK(store_due_shift(db, 1000, e) == 0, "%s", e->text);
	WALKED(store_execution_due(db, 90999, 9, next_execution, &all, e), "4:succeeded ");
	WALKED(store_execution_due(db, 61000, 9, next_execution, &all, e), "4:succeeded ");
	return 0;
}

/* A device may have several parts in a job, each with an execution. */
static int
two_parts(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct job j = sample_job("parts", PTYPE, c->target), found;
	struct execution x = { .state = STATE_QUEUED, .progress = -1 };
	AUTO(buf) struct buf all = BUF_INIT;

	j.nparts = 2;
	j.parts[1].ptype = PART;
	j.parts[1].firmware = c->part;
	CHECK(store_job_insert(db, &j, &x.job, e) == 0, "%s", e->text);
	for (int i = 0; i < 6; i++) {
		x.device = c->devices[i / 2];
		x.ptype = i % 2 ? PART : PTYPE;
		x.target = i % 2 ? c->part : c->target;
		CHECK(store_execution_put(db, &x, e) == 0, "%s", e->text);
	}
	WALKED(store_execution_list(db, x.job, -1, 0, 3, next_execution, &all, e),
	    "0:queued 0:queued 1:queued ");
	CHECK(store_job_find_num(db, x.job, &found, e) == 1 && found.nparts == 2 &&
	    found.parts[1].ptype == PART && !strcmp(found.parts[1].name, "v0.0.1t23702(a)"),
	    "parts");
	job_clear(&found);
	return 0;
}

static int
next_brief(void *arg, const struct job_brief *b, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s ", b->id);
	return 0;
}

static int
next_job(void *arg, const struct job *j, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%s:%s ", j->id, job_state_word(j->state));
	return 0;
}

static int
jobs(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct job j, found;
	struct job_brief brief;
	enum job_state state;
	struct err why = ERR_INIT;
	struct part_change change = { .counts = { [STATE_QUEUED] = -1, [STATE_OFFERED] = 1 },
		.exposed = 1, .taken = 2, .proven = 3, .failures = 4, .reverted = 5 };
	char metadata[] = "{\"note\":\"x\"}", targets[] = "{\"all\":true}";
	AUTO(buf) struct buf all = BUF_INIT;
	int64_t low, high;

	j = sample_job("low", PTYPE, c->target);
	j.metadata = metadata;
	j.targets = targets;
	j.state = JOB_RUNNING;
	j.current = 'b';
	j.policy = (struct policy){ true, true, -3, true, 1, 2, 3, 4, 5, true, 6, 7, 8, true, true };
	snprintf(j.created_by, sizeof(j.created_by), "ann");
	CHECK(store_job_insert(db, &j, &low, e) == 0, "%s", e->text);
	CHECK(store_job_find(db, "low", &found, e) == 1 && found.num == low &&
	    memcmp(&found.policy, &j.policy, sizeof(j.policy)) == 0 && found.current == 'b' &&
	    !strcmp(found.targets, targets) && !strcmp(found.metadata, metadata) &&
	    !strcmp(found.created_by, "ann") && found.nparts == 1 &&
	    found.parts[0].firmware == c->target, "found");
	job_clear(&found);
	CHECK(store_job_insert(db, &j, &high, &why) < 0 && why.code == ERR_CONFLICT, "same id");
	j = sample_job("high", PTYPE, c->target);
	j.state = JOB_SCHEDULED;
	j.policy.priority = 4;
	CHECK(store_job_insert(db, &j, &high, e) == 0, "%s", e->text);
	WALKED(store_job_open(db, PTYPE, next_brief, &all, e), "low ");
	CHECK(store_job_set_state(db, high, JOB_RUNNING, 70, e) == 0 &&
	    store_job_set_state(db, high, JOB_PAUSED, 80, e) == 0 &&
	    store_job_set_state(db, high, JOB_RUNNING, 90, e) == 0, "%s", e->text);
	CHECK(store_job_find(db, "high", &found, e) == 1 && found.started_ms == 70 &&
	    found.ended_ms == 0, "started");
	job_clear(&found);
	WALKED(store_job_open(db, PTYPE, next_brief, &all, e), "high low ");
	WALKED(store_job_open(db, PART, next_brief, &all, e), "");
	change.counts[STATE_QUEUED] = 1;
	CHECK(store_part_change(db, low, PTYPE, &change, e) == 0, "%s", e->text);
	change.counts[STATE_QUEUED] = -2;
	CHECK(store_part_change(db, low, PTYPE, &change, &why) < 0 && why.code == ERR_BAD,
	    "below zero: %s", why.text);
	CHECK(store_part_change(db, low, PART, &change, &why) < 0 && why.code == ERR_ABSENT, "none");
	CHECK(store_job_brief(db, low, PTYPE, &brief, &state, e) == 1 && state == JOB_RUNNING &&
	    brief.part.counts[STATE_QUEUED] == 1 && brief.part.counts[STATE_OFFERED] == 1 &&
	    brief.part.exposed == 1 && brief.part.taken == 2 && brief.part.proven == 3 &&
	    brief.part.failures == 4 && brief.part.reverted == 5 && brief.current == 'b' &&
	    brief.policy.retry_delay_s == 8 && brief.part.counts[STATE_UNREACHED] == 0, "brief");
	CHECK(store_job_brief(db, low, PART, &brief, &state, e) == 0, "no brief");
	buf_clear(&all);
	CHECK(store_job_metadata(db, low, &all, e) == 0 && !strcmp(buf_str(&all), metadata), "meta");
	CHECK(store_job_metadata(db, 999, &all, &why) < 0 && why.code == ERR_ABSENT, "no job");

	WALKED(store_job_list(db, -1, 0, 0, 9, next_job, &all, e), "high:running low:running ");
	CHECK(store_job_set_state(db, low, JOB_CANCELED, 95, e) == 0, "%s", e->text);
	WALKED(store_job_open(db, PTYPE, next_brief, &all, e), "high ");
	WALKED(store_job_list(db, JOB_RUNNING, PTYPE, 0, 9, next_job, &all, e), "high:running ");
	WALKED(store_job_list(db, -1, PTYPE, high, 9, next_job, &all, e), "low:canceled ");
	WALKED(store_job_list(db, -1, PART, 0, 9, next_job, &all, e), "");
	return 0;
}

static int
sweep(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	AUTO(buf) struct buf all = BUF_INIT;
	struct execution x;
	struct job j;
	uint64_t n;

	CHECK(store_job_sweep_filling(db, &n, e) == 0 && n == 2, "%ju swept", (uintmax_t)n);
	CHECK(store_execution_find(db, c->job, c->devices[0], PTYPE, &x, e) == 0, "swept");
	CHECK(store_job_find(db, "fill", &j, e) == 0, "swept");
	WALKED(store_execution_due(db, INT64_MAX, 9, next_execution, &all, e), "");
	return 0;
}

static int
next_outbox(void *arg, const struct outbox *o, struct err *e)
{
	struct buf *all = arg;

	(void)e;
	buf_addf(all, "%lld:%s:%lld ", (long long)o->device, o->job, (long long)o->call);
	return 0;
}

static int
sayings(struct db *db, void *arg, struct err *e)
{
	struct cast *c = arg;
	struct outbox o = { .device = c->devices[0], .job = "high" };
	char args[] = "{}";
	struct call_row row = { .device = c->devices[0], .method = "reboot", .args = args,
		.deadline_ms = 500 }, found;
	struct err why = ERR_INIT;
	AUTO(buf) struct buf all = BUF_INIT;
	int64_t call;
	uint64_t n;

	CHECK(store_outbox_insert(db, &o, e) == 0, "%s", e->text);
	CHECK(store_call_insert(db, &row, &call, e) == 0, "%s", e->text);
	o = (struct outbox){ .device = c->devices[0], .call = call };
	CHECK(store_outbox_insert(db, &o, e) == 0, "%s", e->text);
	o.device = c->devices[1];		/* which nothing reaches */
	CHECK(store_outbox_insert(db, &o, e) == 0, "%s", e->text);
	o.call = 0;
	CHECK(store_outbox_insert(db, &o, &why) < 0 && why.code == ERR_BAD, "neither");
	WALKED(store_outbox_list(db, BY_MQTT, 9, next_outbox, &all, e), "1:high:0 1::1 ");
	CHECK(store_outbox_delete(db, 1, e) == 0, "%s", e->text);
	WALKED(store_outbox_list(db, BY_MQTT, 9, next_outbox, &all, e), "1::1 ");
	CHECK(store_call_waiting(db, row.device, 499, &n, e) == 0 && n == 1, "waiting");
	CHECK(store_call_waiting(db, row.device, 500, &n, e) == 0 && n == 0, "late");
	CHECK(store_call_answer(db, call, "{\"ok\":1}", NULL, 400, e) == 0, "%s", e->text);
	CHECK(store_call_waiting(db, row.device, 1, &n, e) == 0 && n == 0, "answered");
	CHECK(store_call_find(db, call, &found, e) == 1 && !strcmp(found.args, "{}") &&
	    !strcmp(found.result, "{\"ok\":1}") && found.error == NULL &&
	    found.answered_ms == 400 && !strcmp(found.method, "reboot"), "found");
	free(found.args);
	free(found.result);
	CHECK(store_call_trim(db, 500, 9, e) == 0 && store_call_find(db, call, &found, e) == 1,
	    "too early");
	free(found.args);
	free(found.result);
	CHECK(store_call_trim(db, 501, 9, e) == 0 && store_call_find(db, call, &found, e) == 0,
	    "trimmed");
	WALKED(store_outbox_list(db, BY_MQTT, 9, next_outbox, &all, e), "");
	return 0;
}

int
main(void)
{
	struct cast c = { .job = 0 };
	struct place at;
	struct store *st;
	struct store_figures n;

	place_make(&at);
	st = store_at(at.path, NULL);
	written(st, set_up, &c);
	written(st, fill, &c);
	written(st, other_fills, &c);
	written(st, walks, &c);
	written(st, two_parts, &c);
	written(st, jobs, &c);
	written(st, sweep, &c);
	written(st, sayings, &c);
	store_figures(st, &n);
	CHECK(n.jobs_running == 1, "%ju running", (uintmax_t)n.jobs_running);
	store_close(st);
	place_remove(&at);
	return TEST_END();
}
