/* SPDX-License-Identifier: Apache-2.0
 *
 * rollback.c - the way back.
 *
 * Holds the firmware, ends its job, and makes another in which every execution
 * aims at what its device ran before: the target stands on the execution, the
 * part's firmware is only its title. In slices, like any job; nobody sees the new
 * one before the last of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "execution.h"
#include "job.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "pace.h"

#define SLICE	500

struct found {
	struct execution *list;
	int		n;
};

static int
keep(void *arg, const struct execution *x, struct err *e)
{
	struct found *f = arg;

	(void)e;
	if (f->n < SLICE)
		f->list[f->n++] = *x;
	return 0;
}

/* Something to go back to: known, not yanked, and one that may be dispatched. */
static int
usable(struct tx *tx, int64_t firmware, struct firmware_brief *ret, struct err *e)
{
	int r = firmware == 0 ? 0 : store_firmware_brief(tx->db, firmware, ret, e);

	if (r <= 0)
		return r;
	return ret->state == FIRMWARE_READY && ret->version.fota != 'n';
}

/* It took the image and may run it still. */
static bool
concerned(const struct execution *x)
{
	return x->taken_ms != 0 && x->state != STATE_FAILED && x->state != STATE_REJECTED &&
	    x->before != x->target;
}

/* ---- the first slice ---- */

/* A title for a part of the new job: what the first of its devices goes back to. */
static int
title(struct tx *tx, const struct job *old, int part, struct job_part *ret, struct err *e)
{
	AUTO(mem) void *memory = calloc(SLICE, sizeof(struct execution));
	struct found f = { .list = memory };
	struct firmware_brief fw;

	if (memory == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (store_execution_list(tx->db, old->num, -1, 0, SLICE, keep, &f, e) < 0)
		return -1;
	for (int i = 0; i < f.n; i++) {
		const struct execution *x = &f.list[i];
		int r;

		if (x->ptype != old->parts[part].ptype || !concerned(x))
			continue;
		if ((r = usable(tx, x->before, &fw, e)) < 0)
			return -1;
		if (r > 0) {
			ret->ptype = x->ptype;
			ret->firmware = fw.num;
			return 1;
		}
	}
	return 0;
}

static int
hold(struct tx *tx, const struct job *old, struct err *e)
{
	char why[129];

	snprintf(why, sizeof(why), "rollback of job %s", old->id);
	for (int i = 0; i < old->nparts; i++) {
		struct firmware_brief fw;
		int r = store_firmware_brief(tx->db, old->parts[i].firmware, &fw, e);

		if (r < 0)
			return -1;
		if (r > 0 && fw.state == FIRMWARE_READY &&
		    store_firmware_set_state(tx->db, fw.num, FIRMWARE_HELD, why, e) < 0)
			return -1;
	}
	return 0;
}

static int
end_old(struct tx *tx, const struct job *old, struct err *e)
{
	struct product product;

	if (old->current != 0) {
		int r = store_product_find(tx->db, old->parts[0].ptype, &product, e);

		if (r < 0)
			return -1;
		if (r > 0) {
			(old->current == 'v' ? product.current_v : product.current_b)[0] = '\0';
			if (store_product_update(tx->db, &product, e) < 0)
				return -1;
		}
	}
	return store_job_set_state(tx->db, old->num, JOB_CANCELED, tx->now, e);
}

static int
begin(struct tx *tx, const struct job *old, struct rollback *rb, struct err *e)
{
	struct job job = { .state = JOB_FILLING, .policy = old->policy, .created_ms = tx->now };
	struct care care;

	if (old->state == JOB_FILLING)
		return err_set(e, ERR_ABSENT, "no such job");
	for (int i = 0; i < old->nparts; i++) {
		int r = title(tx, old, i, &job.parts[job.nparts], e);

		if (r < 0)
			return -1;
		job.nparts += r;
	}
	if (job.nparts == 0)
		return err_set(e, ERR_CONFLICT, "no device of job %s has anything to go back to: "
		    "what they ran before is unknown, yanked or never dispatched", old->id);
	job.policy.continuous = false;
	job.policy.force = true;
	job.policy.allow_downgrade = true;
	random_id(job.id);
	snprintf(job.created_by, sizeof(job.created_by), "%s", tx->actor.name);
	job.targets = (char *)(uintptr_t)"{\"rollback\":true}";
	job.metadata = (char *)(uintptr_t)"";
	care_default(&care);
	snprintf(care.made_by, sizeof(care.made_by), "%s", tx->actor.id);
	if (hold(tx, old, e) < 0 || end_old(tx, old, e) < 0 ||
	    store_job_insert(tx->db, &job, &rb->now.job, e) < 0 ||
	    store_care_put(tx->db, rb->now.job, &care, e) < 0)
		return -1;
	tx_bump(tx);
	return audit_note(tx, e, "job.rollback", old->id, "by job %s", job.id);
}

/* ---- filling ---- */

static bool
has_part(const struct job *job, uint32_t ptype)
{
	for (int i = 0; i < job->nparts; i++)
		if (job->parts[i].ptype == ptype)
			return true;
	return false;
}

static int
send_back(struct tx *tx, const struct job *job, const struct execution *old, struct err *e)
{
	struct device device;
	struct firmware_brief fw;
	struct execution x;
	struct moving m = { tx, &device, NULL, &job->policy };
	int r, back = usable(tx, old->before, &fw, e);

	if (back < 0 || (r = store_device_find_num(tx->db, old->device, &device, e)) <= 0)
		return back < 0 ? -1 : r;
	m.family = core_family(tx->core, device.dialect);
	if (m.family == NULL || !has_part(job, old->ptype))
		return 0;
	if (back > 0 && device.ptype == old->ptype && device.firmware == fw.num)
		return 0;			/* it is back by itself */
	if (execution_enqueue(&m, job->num, old->ptype, back > 0 ? fw.num : old->target, &x, e) < 0)
		return -1;
	if (back > 0)
		return 0;
	snprintf(x.reason, sizeof(x.reason), "nothing_to_go_back_to");
	return execution_apply(&m, &x, HAP_SUPERSEDE, "nothing to go back to", e);
}

static int
fill(struct tx *tx, const struct job *old, const struct job *job, struct rollback *rb,
    struct err *e)
{
	AUTO(mem) void *memory = calloc(SLICE, sizeof(struct execution));
	struct found f = { .list = memory };

	if (memory == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (store_execution_list(tx->db, old->num, -1, rb->now.after, SLICE, keep, &f, e) < 0)
		return -1;
	for (int i = 0; i < f.n; i++) {
		rb->now.after = f.list[i].device;
		if (concerned(&f.list[i]) && send_back(tx, job, &f.list[i], e) < 0)
			return -1;
	}
	rb->now.filled = f.n < SLICE;
	return rb->now.filled ? 0 : CORE_WRITE;
}

static int
run(struct tx *tx, struct job *job, struct err *e)
{
	for (int i = 0; i < job->nparts; i++)
		if (pace_begin(tx, job->num, job->parts[i].ptype,
		    job->parts[i].counts[STATE_QUEUED], NULL, 0, e) < 0)
			return -1;
	tx_bump(tx);
	return store_job_set_state(tx->db, job->num, JOB_RUNNING, tx->now, e);
}

static int
advance(struct tx *tx, const struct job *old, struct rollback *rb, struct err *e)
{
	struct job job;
	int r;

	memset(&job, 0, sizeof(job));
	if ((r = store_job_find_num(tx->db, rb->now.job, &job, e)) <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "the job vanished while it was made");
	r = rb->now.filled ? 0 : fill(tx, old, &job, rb, e);
	if (r == 0 && !rb->now.running) {
		job_clear(&job);
		rb->now.after = 0;
		if ((r = store_job_find_num(tx->db, rb->now.job, &job, e)) > 0)
			r = run(tx, &job, e);
		rb->now.running = r == 0;
	}
	job_clear(&job);
	return r;
}

int
job_rollback(struct tx *tx, const char *id, struct rollback *rb, struct job *ret, struct err *e)
{
	struct job old;
	int r = 0;

	if (store_again(tx->db))
		rb->now = rb->before;
	rb->before = rb->now;
	if (job_get(tx, id, &old, e) < 0)
		return -1;
	if (rb->now.job == 0)
		r = begin(tx, &old, rb, e);
	if (r == 0 && !rb->now.running)
		r = advance(tx, &old, rb, e);
	if (r == 0) {
		r = job_end_untaken(tx, old.num, "rolled_back", &rb->now.after, e);
		r = r > 0 ? CORE_WRITE : r;
	}
	job_clear(&old);
	if (r != 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	return store_job_find_num(tx->db, rb->now.job, ret, e) < 0 ? -1 : 0;
}
