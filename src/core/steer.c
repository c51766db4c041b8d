/* SPDX-License-Identifier: Apache-2.0
 *
 * steer.c - a person's hand on a rollout: pause, resume, approve, the next stage,
 * another try, and the way back; and the hours at which a job starts and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "execution.h"
#include "job.h"
#include "otad/auto.h"
#include "otad/log.h"
#include "pace.h"

#define RETRY_SLICE	500

/* The job, or ERR_ABSENT; and it must be in one of two states. */
static int
open_job(struct tx *tx, const char *id, enum job_state a, enum job_state b, const char *verb,
    struct job *ret, struct err *e)
{
	enum job_state state;

	if (job_get(tx, id, ret, e) < 0)
		return -1;
	if (ret->state == a || ret->state == b)
		return 0;
	state = ret->state;
	job_clear(ret);
	return err_set(e, ERR_CONFLICT, "job %s is %s: it cannot be %s", id, job_state_word(state),
	    verb);
}

static int
turn(struct tx *tx, struct job *job, enum job_state state, const char *action,
    const char *event, struct err *e)
{
	if (store_job_set_state(tx->db, job->num, state, tx->now, e) < 0 ||
	    event_note(tx, e, 0, job->num, 0, event, "%s", tx->actor.name) < 0)
		return -1;
	tx_bump(tx);
	return audit_note(tx, e, action, job->id, "%s", "");
}

int
job_pause(struct tx *tx, const char *id, struct err *e)
{
	struct job job;
	int r;

	if (open_job(tx, id, JOB_RUNNING, JOB_SCHEDULED, "paused", &job, e) < 0)
		return -1;
	r = turn(tx, &job, JOB_PAUSED, "job.pause", "job_paused", e);
	job_clear(&job);
	return r;
}

/* The state in which it goes on: its hour may not have come yet. */
static enum job_state
resumed_state(const struct tx *tx, const struct care *care)
{
	return care->start_ms > tx->now ? JOB_SCHEDULED : JOB_RUNNING;
}

static int
released(struct tx *tx, const struct job *job, struct err *e)
{
	for (int i = 0; i < job->nparts && !job->policy.despite_hold; i++) {
		struct firmware_brief fw;

		if (store_firmware_brief(tx->db, job->parts[i].firmware, &fw, e) < 0)
			return -1;
		if (fw.state == FIRMWARE_HELD)
			return err_set(e, ERR_CONFLICT, "%s is on hold: release it first", fw.name);
		if (fw.state == FIRMWARE_YANKED)
			return err_set(e, ERR_CONFLICT, "%s was yanked", fw.name);
	}
	return 0;
}

static int
resume(struct tx *tx, struct job *job, struct err *e)
{
	struct care care;

	if (job_care(tx, job, &care, e) < 0)
		return -1;
	if (job->state == JOB_HALTED) {
		if (released(tx, job, e) < 0)
			return -1;
		for (int i = 0; i < job->nparts; i++)
			if (pace_forgive(tx, job->num, job->parts[i].ptype, e) < 0)
				return -1;
	}
	return turn(tx, job, resumed_state(tx, &care), "job.resume", "job_resumed", e);
}

int
job_resume(struct tx *tx, const char *id, struct err *e)
{
	struct job job;
	int r;

	if (open_job(tx, id, JOB_PAUSED, JOB_HALTED, "resumed", &job, e) < 0)
		return -1;
	r = resume(tx, &job, e);
	job_clear(&job);
	return r;
}

static int
approve(struct tx *tx, struct job *job, struct err *e)
{
	struct care care;

	if (job_care(tx, job, &care, e) < 0)
		return -1;
	if (!care.second_operator)
		return err_set(e, ERR_CONFLICT, "job %s waits for nobody's approval", job->id);
	if (strcmp(care.made_by, tx->actor.id) == 0)
		return err_set(e, ERR_FORBIDDEN, "job %s was made with this key: another operator "
		    "has to approve it", job->id);
	care.second_operator = false;
	if (store_care_put(tx->db, job->num, &care, e) < 0)
		return -1;
	return turn(tx, job, resumed_state(tx, &care), "job.approve", "job_approved", e);
}

int
job_approve(struct tx *tx, const char *id, struct err *e)
{
	struct job job;
	int r;

	if (open_job(tx, id, JOB_SCHEDULED, JOB_SCHEDULED, "approved", &job, e) < 0)
		return -1;
	r = approve(tx, &job, e);
	job_clear(&job);
	return r;
}

int
job_next_stage(struct tx *tx, const char *id, struct err *e)
{
	struct job job;
	int r = 0, opened = 0;

	if (open_job(tx, id, JOB_RUNNING, JOB_PAUSED, "moved to its next stage", &job, e) < 0)
		return -1;
	for (int i = 0; i < job.nparts && r == 0; i++) {
		struct err none = ERR_INIT;

		r = pace_open_next(tx, job.num, job.parts[i].ptype, &none);
		if (r < 0 && none.code == ERR_CONFLICT)
			r = 0;			/* this part has none; another may */
		else if (r < 0)
			*e = none;
		else
			opened++;
	}
	if (r == 0 && opened == 0)
		r = err_set(e, ERR_CONFLICT, "job %s has no stage to come", id);
	if (r == 0)
		r = audit_note(tx, e, "job.next-stage", id, "%s", "");
	job_clear(&job);
	return r;
}

/* ---- another try for what failed ---- */

static int
retry_one(struct tx *tx, const struct job *job, int64_t device_num, uint32_t ptype, struct err *e)
{
	struct device device;
	struct execution x;
	struct moving m = { tx, &device, NULL, &job->policy };

	if (store_device_find_num(tx->db, device_num, &device, e) <= 0 ||
	    store_execution_find(tx->db, job->num, device_num, ptype, &x, e) <= 0)
		return e->code != ERR_NONE ? -1 : 0;
	m.family = core_family(tx->core, device.dialect);
	if (m.family == NULL)
		return 0;
	x.attempt = 0;
	x.not_before_ms = 0;
	return execution_apply(&m, &x, HAP_RETRY, tx->actor.name, e);
}

static int
retry_slice(struct tx *tx, const struct job *job, struct job_cursor *cursor, struct err *e)
{
	int64_t devices[RETRY_SLICE], last = cursor->after;
	bool more = false;

	for (int i = 0; i < job->nparts; i++) {
		int n;

		if (store_execution_lost(tx->db, job->num, job->parts[i].ptype, cursor->after,
		    RETRY_SLICE, devices, &n, e) < 0)
			return -1;
		for (int j = 0; j < n; j++)
			if (retry_one(tx, job, devices[j], job->parts[i].ptype, e) < 0)
				return -1;
		if (n == RETRY_SLICE) {
			more = true;
			last = devices[n - 1];
			break;			/* the next slice looks at all parts again */
		}
	}
	cursor->after = last;
	return more;
}

int
job_retry(struct tx *tx, const char *id, struct job_cursor *cursor, struct err *e)
{
	struct job job;
	int r;

	cursor->after = store_again(tx->db) ? cursor->before : cursor->after;
	cursor->before = cursor->after;
	if (open_job(tx, id, JOB_RUNNING, JOB_COMPLETED, "retried", &job, e) < 0)
		return -1;
	r = cursor->after != 0 ? 0 : turn(tx, &job, JOB_RUNNING, "job.retry", "job_retried", e);
	if (r == 0)
		r = retry_slice(tx, &job, cursor, e);
	job_clear(&job);
	return r > 0 ? CORE_WRITE : r;
}

/* ---- hours ---- */

struct hours { struct tx *tx; int64_t start[64], end[64]; int nstart, nend; };

static int
look_at_hours(void *arg, const struct job *job, struct err *e)
{
	struct hours *h = arg;
	struct care care;

	if (store_care_find(h->tx->db, job->num, &care, e) < 0)
		return -1;
	if (job->state == JOB_SCHEDULED && !care.second_operator && care.start_ms <= h->tx->now &&
	    h->nstart < 64)
		h->start[h->nstart++] = job->num;
	if (job->state == JOB_RUNNING && care.end_ms != 0 && care.end_ms <= h->tx->now &&
	    h->nend < 64)
		h->end[h->nend++] = job->num;
	return 0;
}

/* What took the image is followed to its end; the last of them completes it. */
static int
end_job(struct tx *tx, int64_t num, struct err *e)
{
	struct job job;
	int64_t after = 0;
	uint64_t open = 0;
	int r = job_end_untaken(tx, num, "job_ended", &after, e);

	if (r != 0)
		return r;
	memset(&job, 0, sizeof(job));
	if ((r = store_job_find_num(tx->db, num, &job, e)) <= 0)
		return r;
	for (int i = 0; i < job.nparts; i++)
		for (int s = 0; s < STATES; s++)
			if (!state_ended((enum state)s))
				open += job.parts[i].counts[s];
	r = 0;
	if (open == 0 && job.state == JOB_RUNNING)
		r = store_job_set_state(tx->db, num, JOB_COMPLETED, tx->now, e);
	job_clear(&job);
	return r;
}

int
job_tick(struct tx *tx, struct err *e)
{
	struct hours h = { .tx = tx };
	int more = 0;

	if (store_job_list(tx->db, JOB_SCHEDULED, 0, 0, 1000, look_at_hours, &h, e) < 0 ||
	    store_job_list(tx->db, JOB_RUNNING, 0, 0, 1000, look_at_hours, &h, e) < 0)
		return -1;
	for (int i = 0; i < h.nstart; i++)
		if (store_job_set_state(tx->db, h.start[i], JOB_RUNNING, tx->now, e) < 0 ||
		    event_note(tx, e, 0, h.start[i], 0, "job_started", "%s", "its hour came") < 0)
			return -1;
	for (int i = 0; i < h.nend; i++) {
		int r = end_job(tx, h.end[i], e);

		if (r < 0)
			return -1;
		more |= r;
	}
	if (h.nstart > 0)
		tx_bump(tx);
	return more;
}
