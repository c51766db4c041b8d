/* SPDX-License-Identifier: Apache-2.0
 *
 * core_fixture.h - a core over a real store in a folder of its own, with a clock
 * that tests move and families that exist here only.
 *
 *	struct fixture f;
 *
 *	fx_open(&f);
 *	fx_product(&f, 100, &fx_poller);
 *	fx_firmware(&f, "v1.0.1t100(a)", "image");
 *	fx_device(&f, "dev-1", 100, "v1.0.0t100(a)");
 *	id = fx_job(&f, &form);
 *	fx_ask(&f, &s, ASK_SERVE, &answer);
 *	fx_consistent(&f, id);		counts, exposure and marks say the same
 *	fx_close(&f);
 *
 * What has to work for a test to make sense ends the program when it does not;
 * what a test asks is a bool, after a line on stderr that says what is wrong. */
#ifndef OTAD_TEST_CORE_FIXTURE_H
#define OTAD_TEST_CORE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include "core/core_priv.h"
#include "core/execution.h"
#include "otad/checkin.h"
#include "otad/clock.h"
#include "otad/history.h"
#include "otad/job.h"
#include "otad/product.h"
#include "otad/store.h"

/* Asks, reports, shows a version; its devices need no key. */
extern const struct family fx_poller;
/* The same with keys, as the native dialect has it. */
extern const struct family fx_keyed;
/* Is told, reports, and has 15 seconds after its word before "old" counts. */
extern const struct family fx_told;
/* Pushed over the local network. */
extern const struct family fx_pushed;
/* Reconnects after its reboot, and that is the best it can do. */
extern const struct family fx_returning;

#define FX_SECOND	INT64_C(1000)
#define FX_HOUR		(3600 * FX_SECOND)
#define FX_DAY		(24 * FX_HOUR)

struct fixture {
	char		dir[64], db[96], clock_path[96], cache[96];
	int		clock_fd;
	int64_t		offset_us;
	struct clock	*clock;
	struct store	*store;
	struct core	*core;
	enum enrol	enrol;			/* of every family; ENROL_APPROVE */
	struct actor	person;
};

void	fx_open(struct fixture *);
void	fx_close(struct fixture *);
/* As a restart does: store and core are closed and opened again. */
void	fx_restart(struct fixture *);
void	fx_forward(struct fixture *, int64_t ms);
/* All that was queued for the writer before is written and answered. */
void	fx_settle(struct fixture *);

/* Run in a reading or a writing transaction, by the person. */
int	fx_read(struct fixture *, tx_fn *, void *arg, struct err *);
int	fx_write(struct fixture *, tx_fn *, void *arg, struct err *);

/* ---- what there is ---- */

void	fx_product(struct fixture *, uint32_t ptype, const struct family *);
/* slots: "image" or "image,filesystem". Its number. */
int64_t	fx_firmware(struct fixture *, const char *name, const char *slots);
/* The same with a native version and a firmware it requires; either may be NULL. */
int64_t	fx_firmware_as(struct fixture *, const char *name, const char *slots, const char *native,
	    const char *requires, enum firmware_state);
/* Accepted; version "" says nothing. What it runs is recognised by its name. */
void	fx_device(struct fixture *, const char *id, uint32_t ptype, const char *version);
void	fx_devices(struct fixture *, uint32_t ptype, const char *prefix, int n,
	    const char *version);

/* Of one version over all devices of the product, policy_default() otherwise. */
void	fx_form(struct job_form *, const char *version);
void	fx_job(struct fixture *, struct job_form *, char ret_id[ID_LEN + 1]);
int	fx_try_job(struct fixture *, struct job_form *, struct job *ret, struct err *);
int	fx_current(struct fixture *, uint32_t ptype, const char *version, char channel,
	    struct job *ret, struct err *);
int	fx_cancel(struct fixture *, const char *id, struct err *);
int	fx_steer(struct fixture *, const char *job, const char *device, enum happening,
	    struct err *);
void	fx_set_state(struct fixture *, const char *firmware, enum firmware_state);

/* ---- what is known ---- */

void	fx_execution(struct fixture *, const char *job, const char *device, struct execution *ret);
bool	fx_has_execution(struct fixture *, const char *job, const char *device);
enum state fx_state(struct fixture *, const char *job, const char *device);
/* The first part of it. */
void	fx_part(struct fixture *, const char *job, struct job_part *ret);
enum job_state fx_job_state(struct fixture *, const char *job);
void	fx_device_now(struct fixture *, const char *id, struct device *ret);
/* Events of this kind in a device's history. */
int	fx_events(struct fixture *, const char *id, const char *kind);
/* A job's counts are those of its executions, and no execution's marks
 * contradict its state. */
bool	fx_consistent(struct fixture *, const char *job);
/* A device has at most one active execution. */
bool	fx_one_active(struct fixture *, const char *id);

/* ---- a device speaks ---- */

void	fx_sighting(struct sighting *, const struct family *, const char *id,
	    const char *version);
/* As a transport does it: reading first, then on the writer. */
int	fx_try_ask(struct fixture *, const struct sighting *, enum ask_how, struct answer *ret,
	    struct err *);
enum verdict fx_ask(struct fixture *, const struct sighting *, enum ask_how,
	    struct answer *ret);
int	fx_fetch(struct fixture *, const struct sighting *, const char *version,
	    const char *slot, struct answer *ret, struct err *);
int	fx_report(struct fixture *, const struct sighting *, const char *job,
	    enum happening, struct err *);
/* The image of an answer goes out, up to `to` bytes from `from`, and ends so. */
void	fx_send(struct fixture *, const struct answer *, uint64_t from, uint64_t to,
	    enum transfer_end);
void	fx_deliver(struct fixture *, const struct answer *);
/* Asks with its old version, takes the image whole, comes back with the new one. */
bool	fx_update(struct fixture *, const struct family *, const char *id, const char *old,
	    const char *new);

/* A small generator, the same on every machine. */
struct fx_random { uint64_t s; };
uint32_t fx_below(struct fx_random *, uint32_t n);	/* 0..n-1 */

#endif
