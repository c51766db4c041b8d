/* json_out.h - the domain as JSON: the shapes that clients rely on.
 *
 * Functions that make a json_t give NULL when memory ran out; reply_json() and
 * the list turn that into a refusal, so that nobody else has to look. */
#ifndef OTAD_MGMT_JSON_OUT_H
#define OTAD_MGMT_JSON_OUT_H

#include <jansson.h>
#include "otad/core.h"
#include "otad/device.h"
#include "otad/execution.h"
#include "otad/filter.h"
#include "otad/firmware.h"
#include "otad/history.h"
#include "otad/job.h"
#include "otad/product.h"
#include "otad/request.h"

/* ---- values ---- */
json_t	*json_text(const char *);		/* what is not UTF-8 becomes '?' */
json_t	*json_text_or_null(const char *);	/* "" is null */
json_t	*json_time(int64_t wall_ms);		/* 0 is null */
json_t	*json_object_of(const char *text);	/* a stored object's text; "" is {} */
json_t	*json_tags(const char *facts);		/* every value as text */
json_t	*json_facts(const char *facts);		/* counts and sizes as numbers */
/* The same, with `warning`, which may repeat, as the array `warnings`. */
json_t	*json_findings(const char *facts);
json_t	*json_warnings(const char *facts);	/* that array alone */
/* One line of compact JSON, appended. -1: out of memory. */
int	json_print(struct buf *, const json_t *);

/* ---- documents ---- */
json_t	*json_product(const struct product *);
json_t	*json_firmware(const struct firmware *);
/* Reads its tags, hence *e. */
int	json_device(struct tx *, const struct device *, json_t **ret, struct err *);
/* Reads how it is paced, hence *e; counts: those of its stages, too. */
int	json_job(struct tx *, const struct job *, bool counts, json_t **ret, struct err *);
/* stages: of one part, or none. */
json_t	*json_policy(const struct policy *, const struct care *, const struct stage *, int nstages);
/* What is asked of a stage. */
json_t	*json_stage(const struct stage *);
json_t	*json_execution(const struct execution *);
json_t	*json_event(const struct event *);
json_t	*json_audit(const struct audit *);
json_t	*json_key(const struct api_key *);
json_t	*json_filter(const struct saved_filter *);

const char	*device_status_word(enum device_status);
const char	*role_word(enum role);

/* ---- replies ---- */
/* Steals doc. -1 only when memory ran out (or doc is NULL for that reason). */
int	reply_json(struct exchange *, int status, json_t *doc, struct err *);
void	reply_nothing(struct exchange *);	/* 204 */
/* Location: /api/v1/<list>/<id>, escaped where an id holds what a path may not. */
void	reply_location(struct exchange *, const char *list, const char *id);

#endif
