/* history.h - what happened, and who did it.
 *
 * Events tell the story of devices and executions; the audit tells what people
 * changed. Both are appended in the transaction of what they tell of. */
#ifndef OTAD_HISTORY_H
#define OTAD_HISTORY_H

#include <stdint.h>
#include "otad/core.h"
#include "otad/digest.h"
#include "otad/device.h"

struct event {
	int64_t	num, at_ms;
	int64_t	device, job;		/* 0: none */
	uint32_t ptype;
	char	kind[33];		/* "enrolled", a happening's word, "refused", … */
	char	detail[513];		/* for a person */
	/* joined in when read */
	char	device_id[DEVICE_ID_MAX];
	char	job_id[ID_LEN + 1];
};
typedef int event_fn(void *arg, const struct event *, struct err *);
/* Of one device, newest first, below `before` (0: from the newest). */
int	history_of_device(struct tx *, const char *id, int64_t before, int limit,
	    event_fn *, void *arg, struct err *);

struct audit {
	int64_t	num, at_ms;
	char	key[24], name[65], address[64];
	char	action[49];		/* "firmware.yank" */
	char	object[129];		/* "v1.0.1t23701(a)" */
	char	detail[513];
};
typedef int audit_fn(void *arg, const struct audit *, struct err *);
int	audit_list(struct tx *, int64_t before, int limit, audit_fn *, void *arg, struct err *);

/* ---- API keys ---- */
struct api_key {
	char		id[24];
	char		name[65];
	enum role	role;
	int64_t		expires_ms;	/* 0: never */
	char		products[257];	/* ptypes separated by blanks; "": all */
	int64_t		created_ms;
};
/* ret_key[KEY_LEN + 1] is shown once; only its SHA-256 is stored. */
int	key_create(struct tx *, struct api_key *, char *ret_key, struct err *);
/* First start: store the hash of a key that was made and written to admin.key. */
int	key_ensure_admin(struct tx *, const char *key, struct err *);
int	key_delete(struct tx *, const char *id, struct err *);
typedef int key_fn(void *arg, const struct api_key *, struct err *);
int	key_list(struct tx *, key_fn *, void *arg, struct err *);
/* Whose key is it? ERR_AUTH: nobody's, or expired. Fills role, id and name. */
int	key_check(struct tx *, const char *key, struct actor *ret, struct err *);

#endif
