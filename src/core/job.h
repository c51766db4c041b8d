/* SPDX-License-Identifier: Apache-2.0
 *
 * job.h - jobs, inside the core. */
#ifndef OTAD_CORE_JOB_H
#define OTAD_CORE_JOB_H

#include "core_priv.h"
#include "otad/job.h"

/* End what took nothing of a job that does not run any more: a slice of it,
 * after *after, which moves. 1: there may be more. */
int	job_end_untaken(struct tx *, int64_t job, const char *why, int64_t *after, struct err *);

/* job_current.c: the job that is current now (0: none), and making another so. */
int	job_former_current(struct tx *, uint32_t ptype, char channel, int64_t *ret, struct err *);
int	job_make_current(struct tx *, const struct job_form *, const struct job *, struct err *);

/* Starts and ends whose hour has come. 1: there is more. */
int	job_tick(struct tx *, struct err *);

#endif
