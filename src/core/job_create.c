/* SPDX-License-Identifier: Apache-2.0
 *
 * job_create.c - making a job, in slices.
 *
 * A job over a hundred thousand devices is written in slices, so that statuses
 * pass between them; until the last one it is JOB_FILLING and nobody sees it. A
 * slice whose commit fails is run again from where it stood (form->before). What
 * a new current replaces (job_current.c) is unwritten in further slices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "execution.h"
#include "job.h"
#include "job_filter.h"
#include "pace.h"
#include "otad/auto.h"

#define FILL_SLICE	4000		/* devices of one statement */
#define LIST_SLICE	1000		/* devices of a list */

/* ---- what may be rolled out ---- */

static int
find_firmware(struct tx *tx, const char *name, const struct policy *policy,
    struct firmware_brief *ret, struct err *e)
{
	struct firmware fw;
	int r;

	memset(&fw, 0, sizeof(fw));
	if ((r = store_firmware_find(tx->db, name, &fw, e)) > 0) {
		r = store_firmware_brief(tx->db, fw.num, ret, e);
		firmware_clear(&fw);
	}
	if (r < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "version", "unknown", "there is no firmware '%s'",
		    name);
	if (ret->state == FIRMWARE_YANKED)
		return err_field(e, ERR_INVALID, "version", "yanked", "%s was yanked", name);
	if (ret->state == FIRMWARE_HELD && !policy->despite_hold)
		return err_field(e, ERR_INVALID, "version", "held",
		    "%s is on hold: release it, or say despite_hold", name);
	if (ret->version.fota == 'n')
		return err_field(e, ERR_INVALID, "version", "letter",
		    "%s is never dispatched: its letter is n", name);
	return 0;
}

static int
collect_parts(struct tx *tx, const struct job_form *form, struct job *job, struct err *e)
{
	for (int i = 0; i < form->nversions; i++) {
		struct firmware_brief fw;
		struct job_part *part = &job->parts[job->nparts];

		if (find_firmware(tx, form->versions[i], &form->policy, &fw, e) < 0)
			return -1;
		for (int j = 0; j < job->nparts; j++)
			if (job->parts[j].ptype == fw.version.ptype)
				return err_field(e, ERR_INVALID, "versions", "one_per_ptype",
				    "%s and %s are of one product: a job has one firmware a product",
				    job->parts[j].name, fw.name);
		part->ptype = fw.version.ptype;
		part->firmware = fw.num;
		snprintf(part->name, sizeof(part->name), "%s", fw.name);
		job->nparts++;
	}
	return 0;
}

/* ---- the first slice ---- */

static int
form_check(const struct job_form *form, struct err *e)
{
	if (policy_check(&form->policy, e) < 0 || care_check(&form->care, e) < 0 ||
	    trial_check(&form->trial, e) < 0)
		return -1;
	return stages_check(form->stages, form->nstages, e);
}

static int
begin(struct tx *tx, struct job_form *form, struct err *e)
{
	struct job job = { .state = JOB_FILLING, .current = form->current, .policy = form->policy,
	    .created_ms = tx->now };

	if (form_check(form, e) < 0 || collect_parts(tx, form, &job, e) < 0)
		return -1;
	random_id(job.id);
	snprintf(job.created_by, sizeof(job.created_by), "%s", tx->actor.name);
	job.targets = (char *)(uintptr_t)form->targets;		/* lent for the insert */
	job.metadata = (char *)(uintptr_t)form->metadata;
	snprintf(form->care.made_by, sizeof(form->care.made_by), "%s", tx->actor.id);
	if (store_job_insert(tx->db, &job, &form->now.job, e) < 0)
		return -1;
	if (job_filter_keep(tx, form->now.job, form->filter, e) < 0)
		return -1;
	if (form->trial.commit_s + form->trial.checked + form->trial.delivery > 0 &&
	    store_trial_put(tx->db, form->now.job, &form->trial, e) < 0)
		return -1;
	return store_care_put(tx->db, form->now.job, &form->care, e);
}

/* ---- filling ---- */

static int
fill_all(struct tx *tx, struct job_form *form, const struct job *job, struct err *e)
{
	AUTO(filter) struct filter *filter = NULL;

	if (job_filter_load(tx, job->num, &filter, e) < 0)
		return -1;
	while (form->now.part < job->nparts) {
		const struct job_part *part = &job->parts[form->now.part];
		struct part_change counts = { .exposed = 0 };
		struct firmware_brief fw;
		struct fill fill = { .job = job->num, .ptype = part->ptype, .target = part->firmware,
		    .allow_downgrade = job->policy.allow_downgrade,
		    .beta_only = job->current == 'b', .filter = filter, .now_ms = tx->now,
		    .approval = !job->policy.force,
		    .due_ms = tx->now + job->policy.reach_s * 1000 };
		int rows;

		if (store_firmware_brief(tx->db, part->firmware, &fw, e) < 0)
			return -1;
		fill.value = fw.value;
		if (store_execution_fill(tx->db, &fill, &form->now.after, FILL_SLICE, &counts,
		    &rows, e) < 0 ||
		    store_part_change(tx->db, job->num, part->ptype, &counts, e) < 0)
			return -1;
		if (rows == FILL_SLICE)
			return CORE_WRITE;
		form->now.part++;
		form->now.after = 0;
	}
	return 0;
}

static const struct job_part *
part_for(struct tx *tx, const struct job *job, const struct device *d, int *ret_error, struct err *e)
{
	for (int i = 0; i < job->nparts; i++)
		if (job->parts[i].ptype == d->ptype)
			return &job->parts[i];
	for (int i = 0; i < job->nparts; i++) {
		struct product product;
		int r = store_product_find(tx->db, job->parts[i].ptype, &product, e);

		if (r < 0)
			*ret_error = -1;
		else if (r > 0 && d->ptype != 0 && product.part_of == d->ptype)
			return &job->parts[i];
	}
	return NULL;
}

/* What a listed device's execution is from the start. */
static enum happening
from_the_start(const struct job *job, const struct job_part *part, const struct device *d,
    const struct firmware_brief *fw)
{
	if (d->ptype == part->ptype && d->firmware == part->firmware)
		return HAP_THERE;
	if (d->ptype == part->ptype && d->firmware != 0 && d->firmware_value >= fw->value &&
	    !job->policy.allow_downgrade)
		return HAP_NEWER;
	return HAP_OFFER;		/* neither: it waits for an offer */
}

static int
listed_device(struct tx *tx, const struct job *job, const char *id, struct device *d,
    const struct job_part **ret_part, struct err *e)
{
	int r = store_device_find(tx->db, id, d, e), error = 0;

	if (r < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "targets.devices", "unknown",
		    "there is no device '%.64s'", id);
	*ret_part = part_for(tx, job, d, &error, e);
	if (error < 0)
		return -1;
	if (*ret_part == NULL)
		return err_field(e, ERR_INVALID, "targets.devices", "product",
		    "device '%s' is of product %u, for which this job has no firmware", d->id,
		    d->ptype);
	return 0;
}

/* All of the list is looked at before anything is written: what is refused must
 * not leave the slices before it. */
static int
check_listed(struct tx *tx, struct job_form *form, struct err *e)
{
	struct job job = { .nparts = 0 };
	size_t end = form->now.checked + LIST_SLICE;

	if (form->devices == NULL)
		return 0;
	if (policy_check(&form->policy, e) < 0 || collect_parts(tx, form, &job, e) < 0)
		return -1;
	for (; form->now.checked < form->ndevices; form->now.checked++) {
		const struct job_part *part;
		struct device d;

		if (form->now.checked == end)
			return CORE_WRITE;
		if (listed_device(tx, &job, form->devices[form->now.checked], &d, &part, e) < 0)
			return -1;
		if (core_family(tx->core, d.dialect) == NULL)
			return err_set(e, ERR_CONFLICT, "nobody here speaks %s", d.dialect);
	}
	return 0;
}

static int
fill_one(struct tx *tx, const struct job *job, const struct job_part *part, const struct device *d,
    struct err *e)
{
	struct moving m = { tx, d, core_family(tx->core, d->dialect), &job->policy };
	struct firmware_brief fw;
	struct execution x;
	enum happening what;
	int r = store_execution_find(tx->db, job->num, d->num, part->ptype, &x, e);

	if (r != 0 || m.family == NULL)
		return r < 0 ? -1 : 0;			/* named twice */
	if (store_firmware_brief(tx->db, part->firmware, &fw, e) < 0 ||
	    execution_enqueue(&m, job->num, part->ptype, part->firmware, &x, e) < 0)
		return -1;
	what = from_the_start(job, part, d, &fw);
	if (what == HAP_OFFER)
		return 0;
	x.sure = what == HAP_THERE && d->firmware_sure;
	return execution_apply(&m, &x, what, d->version, e);
}

static int
fill_listed(struct tx *tx, struct job_form *form, const struct job *job, struct err *e)
{
	size_t end = form->now.listed + LIST_SLICE;

	for (; form->now.listed < form->ndevices; form->now.listed++) {
		const struct job_part *part;
		struct device d;

		if (form->now.listed == end)
			return CORE_WRITE;
		if (listed_device(tx, job, form->devices[form->now.listed], &d, &part, e) < 0) {
			if (e->code != ERR_INVALID)
				return -1;
			*e = (struct err)ERR_INIT;	/* gone since it was looked at */
			continue;
		}
		if (fill_one(tx, job, part, &d, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the last slice ---- */

static bool
anything_open(const struct job *job)
{
	for (int i = 0; i < job->nparts; i++)
		for (int s = 0; s < STATES; s++)
			if (!state_ended((enum state)s) && job->parts[i].counts[s] > 0)
				return true;
	return false;
}

/* Which stages each part goes through, and who waits at its door. */
static int
pace_parts(struct tx *tx, const struct job_form *form, const struct job *job, struct err *e)
{
	for (int i = 0; i < job->nparts; i++) {
		const struct job_part *part = &job->parts[i];
		uint64_t matched = part->counts[STATE_QUEUED] + part->counts[STATE_AWAITING];
		struct stage stages[STAGES_MAX];
		int n = form->nstages;

		memcpy(stages, form->stages, sizeof(stages));
		if (!form->stages_given)
			n = stage_defaults(stages, matched, job->policy.continuous);
		if (pace_begin(tx, job->num, part->ptype, matched, stages, n, e) < 0)
			return -1;
	}
	return 0;
}

/* It waits for its hour, or for a second operator. */
static enum job_state
first_state(const struct tx *tx, const struct care *care)
{
	return care->second_operator || care->start_ms > tx->now ? JOB_SCHEDULED : JOB_RUNNING;
}

static int
finish(struct tx *tx, struct job_form *form, const struct job *job, struct err *e)
{
	bool done = !job->policy.continuous && !anything_open(job);

	/* Only now: another may have become current while this one was made. */
	if (form->current != 0 && job_former_current(tx, job->parts[0].ptype, form->current,
	    &form->now.replaced, e) < 0)
		return -1;
	if (pace_parts(tx, form, job, e) < 0 ||
	    store_job_set_state(tx->db, job->num, first_state(tx, &form->care), tx->now, e) < 0 ||
	    (done && store_job_set_state(tx->db, job->num, JOB_COMPLETED, tx->now, e) < 0) ||
	    event_note(tx, e, 0, job->num, 0, "job_created", "%s", tx->actor.name) < 0)
		return -1;
	tx_bump(tx);
	form->now.running = true;
	form->now.after = 0;
	return form->current != 0 ? job_make_current(tx, form, job, e) :
	    audit_note(tx, e, "job.create", job->id, "%s", job->parts[0].name);
}

static int
fill_and_finish(struct tx *tx, struct job_form *form, struct err *e)
{
	struct job job;
	int r;

	memset(&job, 0, sizeof(job));
	if ((r = store_job_find_num(tx->db, form->now.job, &job, e)) <= 0)
		return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "the job vanished while it was made");
	r = form->devices != NULL ? fill_listed(tx, form, &job, e) : fill_all(tx, form, &job, e);
	if (r == 0) {
		job_clear(&job);
		if ((r = store_job_find_num(tx->db, form->now.job, &job, e)) > 0)
			r = finish(tx, form, &job, e);
	}
	job_clear(&job);
	return r;
}

int
job_create(struct tx *tx, struct job_form *form, struct job *ret, struct err *e)
{
	int r;

	if (store_again(tx->db))
		form->now = form->before;
	form->before = form->now;
	if (form->now.job == 0 && (r = check_listed(tx, form, e)) != 0)
		return r;
	if (form->now.job == 0 && begin(tx, form, e) < 0)
		return -1;
	if (!form->now.running && (r = fill_and_finish(tx, form, e)) != 0)
		return r;
	if (form->now.replaced != 0) {
		r = job_end_untaken(tx, form->now.replaced, "replaced", &form->now.after, e);
		if (r != 0)
			return r > 0 ? CORE_WRITE : -1;
	}
	memset(ret, 0, sizeof(*ret));
	return store_job_find_num(tx->db, form->now.job, ret, e) < 0 ? -1 : 0;
}

/* ---- what would it do? ---- */

static int
preview_all(struct tx *tx, const struct job_form *form, struct preview_part *seen,
    struct job_preview *ret, struct err *e)
{
	const struct job_part *part = &seen->part;
	AUTO(filter) struct filter *filter = NULL;
	struct firmware_brief fw;
	struct fill fill = { .ptype = part->ptype, .target = part->firmware,
	    .allow_downgrade = form->policy.allow_downgrade, .now_ms = tx->now,
	    .beta_only = form->current == 'b' };
	uint64_t n[3];

	if (job_filter_read(form->filter, &filter, e) < 0 ||
	    store_firmware_brief(tx->db, fill.target, &fw, e) < 0)
		return -1;
	fill.filter = filter;
	fill.value = fw.value;
	if (store_execution_preview(tx->db, &fill, n, e) < 0)
		return -1;
	ret->matched += n[0] + n[1] + n[2];
	ret->already_there += n[1];
	ret->newer += n[2];
	seen->waiting = n[0];
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One of a list: counted where it belongs, and named when it is left out. */
static void
preview_one(struct job_preview *ret, int part, const struct device *d, enum happening what)
{
	const char *why = what == HAP_THERE ? "already_there" : what == HAP_NEWER ? "newer" :
	    d->status == DEVICE_PENDING ? "pending" : d->status == DEVICE_BLOCKED ? "blocked" : NULL;

	ret->matched++;
	ret->already_there += what == HAP_THERE;
	ret->newer += what == HAP_NEWER;
	ret->blocked += d->status != DEVICE_ACCEPTED;
	ret->parts[part].waiting += what == HAP_OFFER;
	if (why == NULL || ret->nout == PREVIEW_OUT)
		return;
	snprintf(ret->out[ret->nout].id, DEVICE_ID_MAX, "%s", d->id);
	snprintf(ret->out[ret->nout].why, sizeof(ret->out[0].why), "%s", why);
	ret->nout++;
}

/* Sorted, so that a device that is named twice is counted once. */
static int
preview_listed(struct tx *tx, const struct job_form *form, const struct job *job,
    struct job_preview *ret, struct err *e)
{
	AUTO(mem) void *memory = calloc(form->ndevices + 1, sizeof(const char *));
	const char **ids = memory;

	if (ids == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(ids, form->devices, form->ndevices * sizeof(*ids));
	qsort(ids, form->ndevices, sizeof(*ids), by_text);
	for (size_t i = 0; i < form->ndevices; i++) {
		const struct job_part *part;
		struct firmware_brief fw;
		struct device d;

		if (i > 0 && strcmp(ids[i], ids[i - 1]) == 0)
			continue;
		if (listed_device(tx, job, ids[i], &d, &part, e) < 0 ||
		    store_firmware_brief(tx->db, part->firmware, &fw, e) < 0)
			return -1;
		preview_one(ret, (int)(part - job->parts), &d,
		    from_the_start(job, part, &d, &fw));
	}
	return 0;
}

static void
preview_stages(const struct job_form *form, struct preview_part *part)
{
	part->nstages = form->nstages;
	memcpy(part->stages, form->stages, sizeof(part->stages));
	if (!form->stages_given)
		part->nstages = stage_defaults(part->stages, part->waiting,
		    form->policy.continuous);
}

int
job_preview(struct tx *tx, const struct job_form *form, struct job_preview *ret, struct err *e)
{
	struct job job = { .policy = form->policy };

	memset(ret, 0, sizeof(*ret));
	if (form_check(form, e) < 0 || collect_parts(tx, form, &job, e) < 0)
		return -1;
	ret->nparts = job.nparts;
	for (int i = 0; i < job.nparts; i++) {
		ret->parts[i].part = job.parts[i];
		if (form->devices == NULL && preview_all(tx, form, &ret->parts[i], ret, e) < 0)
			return -1;
	}
	if (form->devices != NULL && preview_listed(tx, form, &job, ret, e) < 0)
		return -1;
	for (int i = 0; i < job.nparts; i++)
		preview_stages(form, &ret->parts[i]);
	return 0;
}
