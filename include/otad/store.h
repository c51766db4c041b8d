/* store.h - what the core needs remembered, in the core's words.
 *
 * One database, one writer thread, a reader connection per asking thread. SQL
 * is behind this contract and nowhere else; SQLite answers it today, PostgreSQL
 * can tomorrow. Only the core (and main, to open and close it) includes this
 * file.
 *
 * Results: `_find` gives 1 found, 0 not there, -1 error. `_get` gives 0, or -1
 * with ERR_ABSENT. A violated constraint is ERR_CONFLICT (unique, foreign key)
 * or ERR_BAD (check, type) with what the database says in text; the core looks
 * up what stood in the way. A full disk is ERR_FULL, anything else ERR_STORE.
 * Walks call back for each row with a struct that is valid during the call; a
 * callback's -1 ends the walk with that error. A callback must not write to the
 * table that is walked. */
#ifndef OTAD_STORE_H
#define OTAD_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/core.h"
#include "otad/device.h"
#include "otad/digest.h"
#include "otad/execution.h"
#include "otad/filter.h"
#include "otad/firmware.h"
#include "otad/history.h"
#include "otad/job.h"
#include "otad/product.h"

struct store;
struct db;		/* a connection inside a transaction, reading or writing */

/* ---- life ---- */

struct store_settings {
	const char	*path;		/* STATE/otad.db, made when missing */
	const char	*vfs;		/* SQLite VFS name, NULL: the default; for fault injection */
	int		queue_max;	/* commands waiting for the writer; 0: 20000 */
};
/* Opens, migrates (each migration a transaction), starts the writer. Refuses a
 * file that is not ours, and a newer schema, with a clear word. */
struct store	*store_open(const struct store_settings *, struct err *);
/* Commands already queued are finished first; new ones are refused ERR_BUSY. */
void		store_close(struct store *);
bool		store_alive(struct store *);	/* the writer ended a group, or was idle, in the last 10 s */

typedef int	store_fn(struct db *, void *arg, struct err *);
/* One snapshot: a reader connection of the calling thread, BEGIN … COMMIT. */
int		store_read(struct store *, store_fn *, void *arg, struct err *);

/* Queue for the writer: statuses before administration before bulk. Commands
 * that queued while the last group committed make the next group (at most
 * ~1000; of bulk one a group, so that a status waits for one slice at most).
 * Each runs in a savepoint of its own. A result of 1 (CORE_WRITE) commits what
 * it did and queues it again as bulk. done is called on the writer's thread
 * after the commit. When the group's commit fails, or the transaction was lost
 * in the middle (full disk, I/O error), every command of it is run again by
 * itself, once, and gets its own result. So fn must not change memory of its
 * own that a second run would trip over. */
int		store_write(struct store *, enum urgency, store_fn *, done_fn *, void *arg,
		    struct err *);
int		store_write_wait(struct store *, enum urgency, store_fn *, void *arg, struct err *);
/* This run repeats one whose work was lost: a slice that moved a cursor in
 * memory goes back to where it stood before. */
bool		store_again(const struct db *);

struct store_figures {
	uint64_t	commits, commands, failed_commits, queue_length;
	uint64_t	wal_bytes, db_bytes;
	uint64_t	devices[3];
	uint64_t	jobs_running;
};
void		store_figures(struct store *, struct store_figures *ret);
/* Checkpoint quietly, from the ticker's thread, on a connection of its own. */
void		store_checkpoint(struct store *);

/* ---- products ---- */

int	store_product_insert(struct db *, const struct product *, struct err *);
int	store_product_update(struct db *, const struct product *, struct err *);	/* incl. currents */
int	store_product_delete(struct db *, uint32_t ptype, struct err *);
int	store_product_find(struct db *, uint32_t ptype, struct product *ret, struct err *);
int	store_product_find_name(struct db *, const char *name, const char *serial,
	    struct product *ret, struct err *);		/* either; NULL: not asked */
int	store_product_list(struct db *, uint32_t after, int limit, product_fn *, void *arg,
	    struct err *);
#define PARTS_MAX	4		/* components of one product that are looked at */
int	store_product_parts(struct db *, uint32_t ptype, uint32_t ret[PARTS_MAX], int *ret_n,
	    struct err *);
int	store_product_free_ptype(struct db *, uint32_t *ret, struct err *);	/* lowest free from 10000 */

/* ---- firmware ---- */

int	store_firmware_insert(struct db *, const struct firmware *, int64_t *ret_num, struct err *);
	/* natives and images included; images' blobs must be published */
int	store_firmware_find(struct db *, const char *name, struct firmware *ret, struct err *);
int	store_firmware_find_num(struct db *, int64_t num, struct firmware *ret, struct err *);
	/* both fill everything; ret is for firmware_clear() */
int	store_firmware_list(struct db *, uint32_t ptype, int64_t after, int limit, firmware_fn *,
	    void *arg, struct err *);
/* Names of one ptype and value: at most two. */
int	store_firmware_rivals(struct db *, uint32_t ptype, uint32_t value, firmware_fn *,
	    void *arg, struct err *);
int	store_firmware_set_state(struct db *, int64_t num, enum firmware_state, const char *why,
	    struct err *);
/* Just enough to decide an offer, no heap: name, version, value, state, requires. */
struct firmware_brief {
	int64_t		num;
	char		name[VERSION_MAX];
	struct version	version;
	uint32_t	value;
	enum firmware_state state;
	char		requires[VERSION_MAX];
	char		native[NATIVE_MAX];	/* the first native version, or "" */
};
int	store_firmware_brief(struct db *, int64_t num, struct firmware_brief *ret, struct err *);
	/* as _find */
int	store_image_find(struct db *, int64_t firmware, const char *slot, struct image *ret,
	    struct err *);	/* slot with or without its ending, see slot_same() */

/* What tells a device's words to be this firmware: a native version's text … */
int	store_native_find(struct db *, uint32_t ptype, const char *text, int64_t *ret_firmware,
	    struct err *);	/* the highest value when several say the same */
/* … or a hash of what runs. */
int	store_hash_insert(struct db *, int64_t firmware, const char *slot, const char *name,
	    const uint8_t *bytes, size_t len, struct err *);
int	store_hash_find(struct db *, uint32_t ptype, const char *name, const uint8_t *bytes,
	    size_t len, int64_t *ret_firmware, struct err *);

/* ---- blobs: bytes by content, in chunks of BLOB_CHUNK ---- */

#define BLOB_CHUNK	(256 * 1024)

int	store_blob_stage(struct db *, int64_t *ret_blob, struct err *);
int	store_blob_chunk(struct db *, int64_t blob, int64_t n, const void *, size_t, struct err *);
/* Known from now on as its SHA-256. When that content is there already the staged
 * one is dropped. */
int	store_blob_publish(struct db *, int64_t blob, const uint8_t sha256[SHA256_LEN],
	    uint64_t size, struct err *);
int	store_blob_drop(struct db *, int64_t blob, struct err *);	/* a staged one */
int	store_blob_sweep(struct db *, uint64_t *ret_count, struct err *); /* all staged ones */
typedef int blob_fn(void *arg, const void *, size_t, struct err *);
/* In order, published or staged (sha256 NULL: by number). ERR_ABSENT. */
int	store_blob_read(struct db *, const uint8_t *sha256, int64_t blob, blob_fn *, void *arg,
	    struct err *);

/* ---- devices ---- */

int	store_device_insert(struct db *, const struct device *, int64_t *ret_num, struct err *);
int	store_device_update(struct db *, const struct device *, struct err *);	/* all but num, id */
int	store_device_find(struct db *, const char *id, struct device *ret, struct err *);
int	store_device_find_num(struct db *, int64_t num, struct device *ret, struct err *);
int	store_device_delete(struct db *, int64_t num, struct err *);
	/* with its tags, events and executions */
int	store_device_list(struct db *, const struct device_query *, device_fn *, void *arg,
	    struct err *);
int	store_device_touch(struct db *, int64_t num, int64_t last_seen_ms, struct err *);
	/* also shifts gaps_s when the silence was 2 s or longer */
/* What we believe a component of it runs (0: nothing known); -1. */
int	store_component_find(struct db *, int64_t device, uint32_t ptype, int64_t *ret_firmware,
	    struct err *);		/* as _find */
int	store_component_put(struct db *, int64_t device, uint32_t ptype, int64_t firmware,
	    struct err *);
int	store_device_pending_count(struct db *, const char *dialect, uint64_t *ret, struct err *);
int	store_tags_get(struct db *, int64_t device, struct buf *ret_facts, struct err *);
int	store_tags_set(struct db *, int64_t device, const char *facts, struct err *);

/* ---- jobs ---- */

int	store_job_insert(struct db *, const struct job *, int64_t *ret_num, struct err *);
	/* parts included, their counts zero */
int	store_job_find(struct db *, const char *id, struct job *ret, struct err *);
int	store_job_find_num(struct db *, int64_t num, struct job *ret, struct err *);
	/* both: parts with counts; ret is for job_clear() */
int	store_job_list(struct db *, int state, uint32_t ptype, int64_t before, int limit,
	    job_fn *, void *arg, struct err *);		/* never JOB_FILLING */
int	store_job_set_state(struct db *, int64_t num, enum job_state, int64_t now_ms, struct err *);
	/* started_ms at the first RUNNING, ended_ms at an end */
int	store_job_sweep_filling(struct db *, uint64_t *ret_count, struct err *);
/* Running jobs with a part of this ptype, by priority, then newest first: what an
 * ask looks at. Texts are not read. */
struct job_brief {
	int64_t		num;
	char		id[ID_LEN + 1];
	char		current;
	int64_t		created_ms;
	struct policy	policy;
	struct job_part	part;		/* the one of this ptype, with counts */
};
typedef int job_brief_fn(void *arg, const struct job_brief *, struct err *);
int	store_job_open(struct db *, uint32_t ptype, job_brief_fn *, void *arg, struct err *);
/* One, in whatever state (*ret_state), for an execution that goes on. */
int	store_job_brief(struct db *, int64_t num, uint32_t ptype, struct job_brief *ret,
	    enum job_state *ret_state, struct err *);	/* as _find */
int	store_job_metadata(struct db *, int64_t num, struct buf *ret, struct err *);

struct part_change {		/* added to a job_part's figures; may be negative */
	int64_t		counts[STATES];
	int64_t		exposed, proven, taken, failures, reverted;
};
int	store_part_change(struct db *, int64_t job, uint32_t ptype, const struct part_change *,
	    struct err *);

/* ---- how careful a job is (job.h, rollout.h) ---- */

int	store_care_put(struct db *, int64_t job, const struct care *, struct err *);
int	store_care_find(struct db *, int64_t job, struct care *ret, struct err *);
int	store_pace_put(struct db *, int64_t job, uint32_t ptype, const struct pace *, struct err *);
int	store_pace_find(struct db *, int64_t job, uint32_t ptype, struct pace *ret, struct err *);
typedef int pace_fn(void *arg, int64_t job, uint32_t ptype, struct err *);
int	store_pace_due(struct db *, int64_t now_ms, int limit, pace_fn *, void *arg, struct err *);
int	store_stage_put(struct db *, int64_t job, uint32_t ptype, int n, const struct stage *,
	    struct err *);
int	store_stage_list(struct db *, int64_t job, uint32_t ptype, struct stage ret[STAGES_MAX],
	    int *ret_n, struct err *);		/* counts are not filled in */
int	store_stage_counts(struct db *, int64_t job, uint32_t ptype,
	    struct stage stages[STAGES_MAX], int n, struct err *);
/* Queued executions of a part whose devices match and were heard since then. */
int	store_stage_waiting(struct db *, int64_t job, uint32_t ptype, const struct filter *,
	    int64_t since_ms, int64_t now_ms, uint64_t *ret, struct err *);
int	store_execution_wave(struct db *, const struct execution *, int stage, struct err *);
/* Devices of a part that failed, were rejected or timed out, after `after`. */
int	store_execution_lost(struct db *, int64_t job, uint32_t ptype, int64_t after, int limit,
	    int64_t *ret_devices, int *ret_n, struct err *);

/* ---- executions ---- */

int	store_execution_put(struct db *, const struct execution *, struct err *); /* insert or replace */
int	store_execution_find(struct db *, int64_t job, int64_t device, uint32_t ptype,
	    struct execution *ret, struct err *);
/* Of one device: not ended, or still exposed. Ordered by job, newest first. */
int	store_execution_live(struct db *, int64_t device, execution_fn *, void *arg, struct err *);
/* Of one device with this target, in any state, newest job first. */
int	store_execution_aimed(struct db *, int64_t device, int64_t target, execution_fn *,
	    void *arg, struct err *);
int	store_execution_list(struct db *, int64_t job, int state, int64_t after, int limit,
	    execution_fn *, void *arg, struct err *);
/* Not ended, not taken: what a cancel ends. In order of device, after `after`. */
int	store_execution_untaken(struct db *, int64_t job, int64_t after, int limit,
	    execution_fn *, void *arg, struct err *);
int	store_execution_due(struct db *, int64_t now_ms, int limit, execution_fn *, void *arg,
	    struct err *);		/* due_ms <= now_ms, earliest first */
int	store_execution_open_count(struct db *, int64_t job, uint64_t *ret, struct err *); /* not ended */
int	store_due_shift(struct db *, int64_t delta_ms, struct err *);	/* the wall clock stepped */

/* Write the queued executions of a job for all accepted devices of a product
 * (or of the product it is part of), in one statement per slice: devices after
 * *after, at most limit. Those that run the target (firmware = target) become
 * succeeded, reason already_there; those with a higher value superseded, reason
 * newer_already, unless allow_downgrade; a channel 'b' firmware set as current
 * goes to devices of channel b only. Moves *after, adds to *ret_counts; *ret_rows
 * 0: no more. */
struct fill {
	int64_t		job;
	uint32_t	ptype;
	int64_t		target;
	uint32_t	value;
	bool		allow_downgrade, beta_only;
	bool		approval;	/* they await one, instead of being queued */
	const struct filter *filter;	/* of these devices only; NULL: all */
	int64_t		now_ms, due_ms;
};
int	store_execution_fill(struct db *, const struct fill *, int64_t *after, int limit,
	    struct part_change *ret_counts, int *ret_rows, struct err *);
/* The same, only counted: {queued, already there, newer}. */
int	store_execution_preview(struct db *, const struct fill *, uint64_t ret[3], struct err *);

/* ---- what is to be said (dispatch.h) ---- */

/* Queued executions of a job whose devices are accepted and can be told this way,
 * whose not_before_ms and tell_ms are past; in order of device, after `after`. */
int	store_execution_tellable(struct db *, int64_t job, uint32_t ptype, enum carrier,
	    int64_t now_ms, int64_t after, int limit, execution_fn *, void *arg, struct err *);
struct outbox {
	int64_t		num, device;
	char		job[ID_LEN + 1];	/* a cancel of that job, or "" */
	int64_t		call;			/* a call, or 0 */
};
int	store_outbox_insert(struct db *, const struct outbox *, struct err *);
typedef int outbox_fn(void *arg, const struct outbox *, struct err *);
/* Oldest first, of devices that can be told this way. */
int	store_outbox_list(struct db *, enum carrier, int limit, outbox_fn *, void *arg, struct err *);
int	store_outbox_delete(struct db *, int64_t num, struct err *);
struct call_row {
	int64_t		num, device;
	char		method[65];
	char		*args, *result, *error;	/* JSON texts; owned when read; NULL: none */
	int64_t		deadline_ms, answered_ms;
	int64_t		job;			/* the update that made it by itself, or 0 */
	uint32_t	ptype;
};
int	store_call_insert(struct db *, const struct call_row *, int64_t *ret_num, struct err *);
int	store_call_find(struct db *, int64_t num, struct call_row *ret, struct err *);
int	store_call_answer(struct db *, int64_t num, const char *result, const char *error,
	    int64_t now_ms, struct err *);
int	store_call_waiting(struct db *, int64_t device, int64_t now_ms, uint64_t *ret, struct err *);
int	store_call_trim(struct db *, int64_t before_ms, int limit, struct err *);

/* How a job's image is tried; as _find. */
int	store_trial_put(struct db *, int64_t job, const struct trial *, struct err *);
int	store_trial_find(struct db *, int64_t job, struct trial *ret, struct err *);

/* ---- filters ---- */

/* 1 the device matches, 0 it does not (or is not there), -1. What a filter says of
 * time runs back from now_ms. */
int	store_filter_matches(struct db *, const struct filter *, int64_t device, int64_t now_ms,
	    struct err *);
/* Accepted devices of a product (or of what it is a part of) that match and were
 * heard since then; 0: or never. */
int	store_filter_count(struct db *, const struct filter *, uint32_t ptype, int64_t since_ms,
	    int64_t now_ms, uint64_t *ret, struct err *);
/* The text of the filter that a job was made with; as _find, appended. */
int	store_job_filter_put(struct db *, int64_t job, const char *text, struct err *);
int	store_job_filter(struct db *, int64_t job, struct buf *ret, struct err *);
int	store_saved_filter_insert(struct db *, const struct saved_filter *, int64_t *ret_num,
	    struct err *);
int	store_saved_filter_delete(struct db *, const char *name, struct err *);	/* ERR_ABSENT */
int	store_saved_filter_find(struct db *, const char *name, struct saved_filter *ret,
	    struct err *);
int	store_saved_filter_list(struct db *, int64_t after, int limit, saved_filter_fn *, void *arg,
	    struct err *);

/* ---- history ---- */

int	store_event_insert(struct db *, const struct event *, struct err *);	/* num is given by the store */
int	store_event_list(struct db *, int64_t device, int64_t before, int limit, event_fn *,
	    void *arg, struct err *);
int	store_event_trim(struct db *, int64_t before_ms, int limit, int *ret_rows, struct err *);
int	store_audit_insert(struct db *, const struct audit *, struct err *);
int	store_audit_list(struct db *, int64_t before, int limit, audit_fn *, void *arg, struct err *);

/* ---- keys ---- */

int	store_key_insert(struct db *, const struct api_key *, const uint8_t hash[SHA256_LEN],
	    struct err *);
int	store_key_delete(struct db *, const char *id, struct err *);	/* ERR_ABSENT */
int	store_key_list(struct db *, key_fn *, void *arg, struct err *);
int	store_key_find(struct db *, const uint8_t hash[SHA256_LEN], struct api_key *ret, struct err *);

#endif
