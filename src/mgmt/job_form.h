/* job_form.h - the job document, read into what the core makes of it.
 *
 * All of the document is known and checked. What there is no engine for yet
 * (delivery, health, commit_timeout_s) is refused by name (422, rule "not_yet")
 * unless it stands at its default, so that nobody believes in a safety net that is
 * not there. */
#ifndef OTAD_MGMT_JOB_FORM_H
#define OTAD_MGMT_JOB_FORM_H

#include <jansson.h>
#include "otad/filter.h"
#include "otad/job.h"
#include "otad/request.h"

#define JOB_BODY_MAX	(4u << 20)
#define JOB_DEVICES_MAX	200000

struct job_draft {
	json_t		*doc;		/* lends its texts to the form */
	struct job_form	form;
	const char	**devices;
	char		*targets, *metadata;
	struct buf	filter;		/* targets.filter, a saved one's text in place of … */
	char		saved[FILTER_NAME_MAX];		/* … its name, or "" */
	bool		mode_given;
	char		version[VERSION_MAX];	/* of a current */
	char		channel;	/* of a current: 'v' or 'b' */
	bool		unset;		/* of a current: "version": null */
	/* used by the handlers */
	struct job	made;
	struct job_cursor cursor;
};

/* What targets.filter names by @NAME is looked up, hence the transaction.
 * POST /jobs, and PUT …/current (without targets; version may be null). 1: read,
 * x->state is the draft; 0: refused, the reply is written; -1. */
int	job_draft_read(struct tx *, struct exchange *, struct job_draft **ret, struct err *);
int	current_draft_read(struct tx *, struct exchange *, struct job_draft **ret, struct err *);

/* jobs.c: the job as it is now. */
int	job_reply(struct tx *, struct exchange *, const char *id, int status, struct err *);
/* job_preview.c: the reply to a dry run. */
int	job_dry_run(struct tx *, struct exchange *, const struct job_draft *, struct err *);

#endif
