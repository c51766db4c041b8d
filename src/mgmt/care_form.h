/* care_form.h - the part of the job document that makes a rollout careful: stages,
 * failure, rate, window, start, end, the second operator, the reboot. */
#ifndef OTAD_MGMT_CARE_FORM_H
#define OTAD_MGMT_CARE_FORM_H

#include <jansson.h>
#include "json_in.h"
#include "otad/job.h"

struct failure_said	{ int64_t percent, min_ended, window, confidence; };
struct rate_said	{ int64_t per_minute, max_per_minute; double growth; };
struct window_said	{ char from[6], to[6], tz[ZONE_NAME_MAX]; };

struct care_said {			/* as the tables read it */
	const json_t		*stages;
	struct failure_said	failure;
	struct rate_said	rate;
	struct window_said	window;
	int64_t			start, end;	/* wall ms; 0: not said */
	bool			second_operator;
	int			reboot;
};

extern const struct field stage_fields[], failure_fields[], rate_fields[], window_fields[];

/* Into the form, whose care this sets. What doc does not name is as care_default()
 * and stage_defaults() have it; what it names as null there is none of. now: wall
 * ms, after which an end has to be. */
void	care_take(const json_t *doc, const struct care_said *, int64_t now, struct job_form *,
	    struct complaints *);

#endif
