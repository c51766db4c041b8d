/* SPDX-License-Identifier: Apache-2.0
 *
 * step.c - what drives conversations (otad/step.h).
 *
 * Whatever happens to an execution happens here first: it is applied as the table
 * says, then the family's function is asked what follows. What it reports is applied
 * without asking it again, so a step ends. Phase 0 is no conversation: it begins
 * with an offer, or with an image that is on its way already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "otad/dispatch.h"
#include "otad/link.h"
#include "otad/step.h"
#include "step.h"

struct word {			/* what happened */
	enum happening	what;
	const char	*method, *words;
	bool		refused;
};

/* ---- what is known ---- */

struct known {
	struct step_input in;
	struct trial	trial;
	struct firmware_brief target;
	char		link[LINK_MAX];
};

static int
know_image(const struct moving *m, const struct execution *x, struct known *k, struct err *e)
{
	struct answer a = { .execution = *x };
	struct err unsaid = ERR_INIT;
	int r = store_image_find(m->tx->db, x->target, "image", &a.image, e);

	if (r <= 0)
		return r;
	k->in.size = a.image.size;
	snprintf(a.firmware, sizeof(a.firmware), "%s", k->target.name);
	if (link_make(m->tx, &a, k->link, &unsaid) < 0)
		k->link[0] = '\0';
	return 1;
}

/* 1 known; 0 firmware or job are gone. */
static int
know(const struct moving *m, const struct execution *x, const struct word *w, struct known *k,
    struct err *e)
{
	struct job_brief job;
	enum job_state state;
	int r;

	memset(k, 0, sizeof(*k));
	if ((r = store_firmware_brief(m->tx->db, x->target, &k->target, e)) <= 0 ||
	    (r = store_job_brief(m->tx->db, x->job, x->ptype, &job, &state, e)) <= 0)
		return r;
	if (store_trial_find(m->tx->db, x->job, &k->trial, e) < 0 ||
	    know_image(m, x, k, e) < 0)
		return -1;
	k->in = (struct step_input){ .execution = x, .device = m->device, .trial = &k->trial,
	    .version = k->target.name, .native = k->target.native, .link = k->link,
	    .size = k->in.size, .now_ms = m->tx->now, .what = w->what, .method = w->method,
	    .words = w->words, .refused = w->refused,
	    .withdrawn = state == JOB_HALTED || state == JOB_CANCELED ||
		k->target.state == FIRMWARE_YANKED };
	return 1;
}

/* ---- a step ---- */

static int
say(const struct moving *m, const struct execution *x, const struct step *s, struct err *e)
{
	struct call_row row = { .device = x->device, .job = x->job, .ptype = x->ptype,
	    .deadline_ms = m->tx->now + (int64_t)s->timeout_s * 1000 };
	char args[STEP_ARGS_MAX];
	struct outbox out = { .device = x->device };

	snprintf(row.method, sizeof(row.method), "%s", s->method);
	snprintf(args, sizeof(args), "%s", s->args[0] != '\0' ? s->args : "{}");
	row.args = args;
	if (store_call_insert(m->tx->db, &row, &out.call, e) < 0 ||
	    store_outbox_insert(m->tx->db, &out, e) < 0)
		return -1;
	m->tx->say = true;
	return s->quiet ? 0 : event_note(m->tx, e, x->device, x->job, x->ptype, "called", "%s",
	    s->method);
}

static bool
open_still(const struct execution *x)
{
	return state_active(x->state) || x->state == STATE_TIMED_OUT;
}

/* An offer's own guard stands until the image is taken: nothing else wakes it. */
static int
settle(const struct moving *m, struct execution *x, const struct step *s, struct err *e)
{
	x->phase = open_still(x) ? s->phase : 0;
	if (x->phase != 0) {
		memcpy(x->memo, s->memo, sizeof(x->memo));
		if (x->taken && s->due_ms != 0)
			x->due_ms = s->due_ms;
	}
	return store_execution_put(m->tx->db, x, e);
}

/* 1: a step was done. */
static int
step(const struct moving *m, struct execution *x, const struct word *w, struct err *e)
{
	struct step s = { .phase = x->phase };
	struct known k;
	int r = know(m, x, w, &k, e);

	if (r <= 0)
		return r;
	memcpy(s.memo, x->memo, sizeof(s.memo));
	if (m->family->step(&k.in, &s, e) < 0)
		return -1;
	if (w->what == HAP_SILENCE && s.due_ms == 0 && !s.reports && x->taken &&
	    state_active(x->state)) {
		s.reports = true;
		s.what = HAP_SILENCE;
	}
	if (s.reports && execution_move(m, x, s.what, s.detail, e) < 0)
		return -1;
	if ((s.method[0] != '\0' && say(m, x, &s, e) < 0) || settle(m, x, &s, e) < 0)
		return -1;
	return 1;
}

int
step_after(const struct moving *m, struct execution *x, enum happening what, struct err *e)
{
	struct word w = { .what = what, .method = "", .words = "" };

	if (m->family->step == NULL || x->ptype != m->device->ptype)
		return 0;
	if (!open_still(x)) {
		x->phase = 0;
		return store_execution_put(m->tx->db, x, e);
	}
	switch (what) {
	case HAP_OFFER: case HAP_TAKE: case HAP_RESUME: case HAP_DELIVER:
		return step(m, x, &w, e) < 0 ? -1 : 0;
	default:
		return 0;
	}
}

int
execution_apply(const struct moving *m, struct execution *x, enum happening what,
    const char *detail, struct err *e)
{
	if (execution_move(m, x, what, detail, e) < 0)
		return -1;
	return step_after(m, x, what, e);
}

/* ---- a device shows up ---- */

int
step_sees(struct visit *v, const struct policy *policy, struct execution *x, struct err *e)
{
	struct moving m = { v->tx, &v->device, v->s->family, policy };
	struct word w = { .what = HAP_THERE, .method = "", .words = v->said };

	if (m.family->step == NULL || x->phase == 0 || !x->taken || !open_still(x))
		return 0;
	if (!v->tx->writes)
		return CORE_WRITE + 1;
	if (v->s->rebooted)
		w.what = HAP_RETURN;
	else if (v->speaks && v->running != 0)
		w.what = v->running == x->target ? HAP_PROOF : HAP_OLD;
	return step(&m, x, &w, e) < 0 ? -1 : 1;
}

int
step_due(const struct moving *m, struct execution *x, struct err *e)
{
	struct word w = { .what = HAP_SILENCE, .method = "", .words = "" };

	if (m->family->step == NULL || x->phase == 0)
		return 0;
	x->due_ms = 0;
	return step(m, x, &w, e);
}

/* ---- answers ---- */

int
step_answered(struct tx *tx, const struct device *device, const struct call_row *call,
    const char *result, const char *error, struct err *e)
{
	struct execution x;
	struct job_brief job;
	enum job_state state;
	struct moving m = { .tx = tx, .device = device, .policy = &job.policy,
	    .family = core_family(tx->core, device->dialect) };
	struct word w = { .what = HAP_HEARD, .method = call->method, .refused = error != NULL,
	    .words = error != NULL ? error : result };
	int r;

	if (m.family == NULL || m.family->step == NULL)
		return 0;
	if ((r = store_execution_find(tx->db, call->job, device->num, call->ptype, &x, e)) <= 0 ||
	    (r = store_job_brief(tx->db, x.job, x.ptype, &job, &state, e)) <= 0)
		return r;
	if (x.phase != 0)
		return step(&m, &x, &w, e) < 0 ? -1 : 0;
	if (x.state != STATE_QUEUED || x.tell_ms <= tx->now)
		return 0;
	x.tell_ms = tx->now;		/* late, but it is there: it may be told again */
	tx->say = true;
	return store_execution_put(tx->db, &x, e);
}
