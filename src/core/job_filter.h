/* SPDX-License-Identifier: Apache-2.0
 *
 * job_filter.h - which devices a job is for, when its maker said so by a filter.
 *
 * A job has its own text, fixed when it is made; reading it takes a microsecond,
 * which nobody notices beside the statement that it becomes. */
#ifndef OTAD_CORE_JOB_FILTER_H
#define OTAD_CORE_JOB_FILTER_H

#include "core_priv.h"
#include "otad/filter.h"

/* Read and remembered; NULL: none. The error's field is "targets.filter". */
int	job_filter_keep(struct tx *, int64_t job, const char *text, struct err *);
/* *ret stays NULL for a job that has none. */
int	job_filter_load(struct tx *, int64_t job, struct filter **ret, struct err *);
/* The same of a form that is no job yet. */
int	job_filter_read(const char *text, struct filter **ret, struct err *);
/* May a device that it meets for the first time take part? 1, 0, -1. */
int	job_filter_admits(struct tx *, int64_t job, int64_t device, struct err *);

#endif
