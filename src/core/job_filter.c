/* SPDX-License-Identifier: Apache-2.0
 *
 * job_filter.c - the devices that a job was made for, and those that a continuous
 * one meets later: they take part when they match as they are then. Who takes part
 * already goes on, whatever becomes of its tags. */
#include "job_filter.h"

#include <stdio.h>
#include "otad/auto.h"

int
job_filter_read(const char *text, struct filter **ret, struct err *e)
{
	if (text == NULL || (*ret = filter_parse(text, e)) != NULL)
		return 0;
	snprintf(e->field, sizeof(e->field), "targets.filter");
	return -1;
}

int
job_filter_keep(struct tx *tx, int64_t job, const char *text, struct err *e)
{
	AUTO(filter) struct filter *f = NULL;

	if (text == NULL)
		return 0;
	return job_filter_read(text, &f, e) < 0 ? -1 : store_job_filter_put(tx->db, job, text, e);
}

int
job_filter_load(struct tx *tx, int64_t job, struct filter **ret, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	int r = store_job_filter(tx->db, job, &text, e);

	if (r <= 0)
		return r;
	*ret = filter_parse(buf_str(&text), e);
	return *ret != NULL ? 0 : err_while(e, "the filter of a job");
}

int
job_filter_admits(struct tx *tx, int64_t job, int64_t device, struct err *e)
{
	AUTO(filter) struct filter *f = NULL;

	if (job_filter_load(tx, job, &f, e) < 0)
		return -1;
	return f == NULL ? 1 : store_filter_matches(tx->db, f, device, tx->now, e);
}
