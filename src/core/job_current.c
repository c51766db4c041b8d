/* SPDX-License-Identifier: Apache-2.0
 *
 * job_current.c - "Set as Current" is a job like any other, over the product and
 * without an end; its last slice also ends the one that was current until then. */
#include <stdio.h>
#include <string.h>
#include "job.h"

struct current { char channel; int64_t job; };

static int
find_current(void *arg, const struct job *job, struct err *e)
{
	struct current *c = arg;

	(void)e;
	if (job->current == c->channel && c->job == 0)
		c->job = job->num;
	return 0;
}

int
job_former_current(struct tx *tx, uint32_t ptype, char channel, int64_t *ret, struct err *e)
{
	struct current c = { channel, 0 };

	if (store_job_list(tx->db, JOB_RUNNING, ptype, 0, 1000, find_current, &c, e) < 0)
		return -1;
	*ret = c.job;
	return 0;
}

int
job_make_current(struct tx *tx, const struct job_form *form, const struct job *job, struct err *e)
{
	struct product product;
	int r = store_product_find(tx->db, job->parts[0].ptype, &product, e);

	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "its product is gone");
	snprintf(form->current == 'v' ? product.current_v : product.current_b, VERSION_MAX, "%s",
	    job->parts[0].name);
	product.updated_ms = tx->now;
	if (store_product_update(tx->db, &product, e) < 0)
		return -1;
	if (form->now.replaced != 0 &&
	    store_job_set_state(tx->db, form->now.replaced, JOB_CANCELED, tx->now, e) < 0)
		return -1;
	return audit_note(tx, e, "product.current", job->parts[0].name, "job %s", job->id);
}

static int
unset_current(struct tx *tx, struct product *product, char channel, struct job_form *form,
    struct err *e)
{
	int r;

	if (!form->now.running) {
		if (job_former_current(tx, product->ptype, channel, &form->now.replaced, e) < 0)
			return -1;
		(channel == 'v' ? product->current_v : product->current_b)[0] = '\0';
		product->updated_ms = tx->now;
		if (store_product_update(tx->db, product, e) < 0 ||
		    audit_note(tx, e, "product.current", "", "none for channel %c of %u", channel,
		    product->ptype) < 0)
			return -1;
		if (form->now.replaced != 0 &&
		    store_job_set_state(tx->db, form->now.replaced, JOB_CANCELED, tx->now, e) < 0)
			return -1;
		form->now.running = true;
		tx_bump(tx);
	}
	if (form->now.replaced == 0)
		return 0;
	r = job_end_untaken(tx, form->now.replaced, "replaced", &form->now.after, e);
	return r > 0 ? CORE_WRITE : r;
}

int
job_set_current(struct tx *tx, uint32_t ptype, const char *version, char channel,
    struct job_form *form, struct job *ret, struct err *e)
{
	struct product product;
	struct version v;
	int r = store_product_find(tx->db, ptype, &product, e);

	if (r <= 0)
		return r < 0 ? -1 : err_set(e, ERR_ABSENT, "there is no product %u", ptype);
	if (version == NULL) {
		memset(ret, 0, sizeof(*ret));
		if (store_again(tx->db))
			form->now = form->before;
		form->before = form->now;
		return unset_current(tx, &product, channel, form, e);
	}
	if (version_parse(&v, version, e) < 0)
		return -1;
	if (v.ptype != ptype || v.channel != channel)
		return err_field(e, ERR_INVALID, "version", "ptype",
		    "%s is not a firmware of product %u, channel %c", version, ptype, channel);
	form->current = channel;
	form->policy.continuous = true;
	form->nversions = 1;
	form->devices = NULL;
	snprintf(form->versions[0], sizeof(form->versions[0]), "%s", version);
	return job_create(tx, form, ret, e);
}
