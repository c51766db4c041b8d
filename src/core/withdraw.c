/* SPDX-License-Identifier: Apache-2.0
 *
 * withdraw.c - a device leaves its product or the inventory. Its executions that
 * wait end first, so that the figures of their jobs stay true and no job waits
 * for a device that will never ask again. */
#include <string.h>
#include "execution.h"
#include "otad/auto.h"
#include "repo_priv.h"

#define AT_ONCE	16

struct leaving {
	uint32_t	ptype;			/* 0: of any, and also what has ended */
	struct execution x[AT_ONCE];
	int		n;
	struct execution active;		/* job 0: none */
};

static int
collect(void *arg, const struct execution *x, struct err *e)
{
	struct leaving *l = arg;

	(void)e;
	if (l->ptype != 0 && (x->ptype != l->ptype || state_ended(x->state)))
		return 0;
	if (state_active(x->state))
		l->active = *x;
	else if (l->n < AT_ONCE)
		l->x[l->n++] = *x;
	return 0;
}

/* It ended, but its job still counts it as a risk that may show. */
static int
unexpose(struct tx *tx, struct execution *x, struct err *e)
{
	struct part_change change = { .exposed = -1 };

	x->exposed = false;
	return store_execution_put(tx->db, x, e) ||
	    store_part_change(tx->db, x->job, x->ptype, &change, e) ? -1 : 0;
}

static int
let_go(struct tx *tx, const struct device *d, struct execution *x, const char *why,
    struct err *e)
{
	struct moving m = { .tx = tx, .device = d, .family = core_family(tx->core, d->dialect) };
	struct job_brief job;
	enum job_state state;
	int r;

	if (!state_ended(x->state)) {
		r = store_job_brief(tx->db, x->job, x->ptype, &job, &state, e);
		if (r <= 0)
			return r < 0 ? -1 : err_set(e, ERR_INTERNAL, "an execution without a job");
		m.policy = &job.policy;
		if (execution_apply(&m, x, HAP_CANCEL, why, e))
			return -1;
	}
	if (x->exposed && unexpose(tx, x, e))
		return -1;
	return state_ended(x->state) ? 0 :
	    err_set(e, ERR_INTERNAL, "an execution in %s was not canceled", state_word(x->state));
}

int
device_withdraw(struct tx *tx, const struct device *d, uint32_t ptype, const char *why,
    struct err *e)
{
	AUTO(mem) void *room = calloc(1, sizeof(struct leaving));
	struct leaving *l = room;
	int i;

	if (l == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	do {
		memset(l, 0, sizeof(*l));
		l->ptype = ptype;
		if (store_execution_live(tx->db, d->num, collect, l, e))
			return -1;
		if (l->active.job != 0)
			return err_field(e, ERR_CONFLICT, "id", "active",
			    "device '%s' is %s in job %s", d->id, state_word(l->active.state),
			    l->active.job_id);
		for (i = 0; i < l->n; i++)
			if (let_go(tx, d, &l->x[i], why, e))
				return -1;
	} while (l->n == AT_ONCE);
	return 0;
}
