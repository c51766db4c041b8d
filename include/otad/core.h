/* core.h - the thing that decides.
 *
 * The core knows five verbs (seen, ask, report, offer, call), the domain of
 * product, firmware, device, job and execution, and nothing of any wire. It is
 * called with a transaction, `struct tx`:
 *
 *   reading   on the caller's own thread, one snapshot, nothing may be changed;
 *   writing   on the store's one writer thread, inside a savepoint: either all
 *             that the function did is committed or nothing is, and nobody is
 *             answered before the commit.
 *
 * Functions that change something assert that the transaction writes. Functions
 * that may find out that they have to (core_ask) return CORE_WRITE when called
 * with a reading one: call them again on the writer. */
#ifndef OTAD_CORE_H
#define OTAD_CORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "otad/err.h"

struct core;
struct store;
struct clock;
struct tx;

#define CORE_WRITE	1	/* beside 0 and -1: ask again in a writing transaction */

/* Who caused a change: a person's key, a device, or otad itself. */
enum role { ROLE_NONE, ROLE_DEVICE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN };

struct actor {
	enum role	role;
	char		id[24];			/* the API key's id; "" for devices and otad */
	char		name[65];
	char		address[64];		/* where the request came from */
};

/* How a device can be told something without having asked. */
enum carrier { BY_NOTHING, BY_MQTT, BY_HTTP, BY_LINE, BY_SOCKET };

/* What the core has to know of a device family; every dialect carries one. */
enum proof {
	PROOF_WORD,		/* nothing better than its word */
	PROOF_RETURN,		/* it reconnects after its reboot */
	PROOF_VERSION		/* it says what it runs */
};
enum enrol { ENROL_CLOSED, ENROL_APPROVE, ENROL_OPEN };
enum family_caps {
	FAMILY_ASKS	= 1,	/* polls: receiving is consent, Set as Current forces */
	FAMILY_TOLD	= 2,	/* can be told that an image waits */
	FAMILY_CALLED	= 4,	/* answers calls */
	FAMILY_REPORTS	= 8,	/* sends statuses; others only show a version */
	FAMILY_REBOOTS	= 16,	/* download and reboot are separate steps */
	FAMILY_LOCAL	= 32,	/* delivers by local push: letters l and a, else o and a */
	FAMILY_KEYS	= 64,	/* its devices have keys: made when they bring none */
	FAMILY_FILES	= 128,	/* a firmware may bring files beside its product's slots */
	FAMILY_FETCHES	= 256	/* told of an image, it knows where from: needs no link */
};
struct step_input;
struct step;
struct family {
	const char	*name;		/* "arduino": in settings, API and metrics */
	enum proof	proof;
	unsigned	caps;		/* family_caps */
	int		offer_guard_s;	/* how long an unanswered offer keeps its place */
	int		back_guard_s;	/* an old version this soon after is not "back" yet */
	int		silence_floor_s;/* verifying: patience when no interval is known */
	/* Of a product of this family, where its maker does not say. */
	const char	*slots;		/* "user1.bin,user2.bin"; NULL: "image" */
	const char	*image_kind;	/* NULL: "auto" */
	/* Its updates are a conversation (step.h); NULL: they are not. */
	int		(*step)(const struct step_input *, struct step *ret, struct err *);
	enum carrier	first;		/* how one that never spoke is told */
};

struct core_settings {
	enum enrol	(*enrol)(void *, const char *family);	/* setting [enrol] */
	void		*enrol_arg;
	bool		strict_official_beta;
	uint64_t	max_image;	/* bytes of one image */
	const char	*cache_dir;	/* STATE/cache */
	uint64_t	cache_max;	/* bytes */
	const char	*link_base;	/* [links] base, else a listener's own address; "": none */
	int		link_lifetime_s;
	const uint8_t	*secret;	/* 32 bytes, STATE/secret.key: link MACs, sealing */
	int		history_days;
};

/* The store, the clock, the families (ended by a row without name) and whatever
 * the settings point to must outlive the core. Sweeps what a crash left over:
 * staged uploads, jobs whose creation was never answered. */
struct core	*core_new(struct store *, struct clock *, const struct family *const *families,
		    const struct core_settings *, struct err *);
void		core_free(struct core *);

/* The ticker: deadlines, lapsed offers, coalesced last-seen, retention. Start it
 * once everything is wired; stop it before core_free(). */
int		core_start(struct core *, struct err *);
void		core_stop(struct core *);
/* The ticker moved within the last ten seconds (for the watchdog, /readyz). */
bool		core_alive(const struct core *);

/* Where links go when the settings do not say: known only once something listens.
 * Once, before anything is offered by link. Copied. */
void		core_set_link_base(struct core *, const char *base);
const struct clock *core_clock(const struct core *);

typedef int	tx_fn(struct tx *, void *arg, struct err *);

/* Run fn in a reading transaction on this thread. Its result. */
int		core_read(struct core *, const struct actor *, tx_fn *, void *arg, struct err *);

/* Which writes go first when several wait. */
enum urgency { URGENT_STATUS, URGENT_ADMIN, URGENT_BULK };

/* Queue fn for the writer. After the commit (or the failure) of its group, done
 * is called on the writer's thread, which it must not hold up: *e is the reason
 * when rc is -1. A result of CORE_WRITE makes the writer run fn again, in a
 * group of its own later, as bulk: long work goes in slices. The actor is
 * copied. -1 with ERR_BUSY when the queue is full or closed; done is then not
 * called. */
typedef void	done_fn(void *arg, int rc, const struct err *e);
int		core_write(struct core *, enum urgency, const struct actor *, tx_fn *,
		    done_fn *, void *arg, struct err *);
/* The same, waiting. For start-up, tests and the ticker; never on a network thread. */
int		core_write_wait(struct core *, enum urgency, const struct actor *, tx_fn *,
		    void *arg, struct err *);

struct core	*tx_core(const struct tx *);
const struct actor *tx_actor(const struct tx *);
int64_t		tx_now(const struct tx *);	/* wall ms, one moment for the whole transaction */
bool		tx_writes(const struct tx *);

/* Figures for /metrics and /readyz. */
struct core_figures {
	uint64_t	devices[3];		/* by status */
	uint64_t	jobs_running;
	uint64_t	offers, asks, asks_cached, reports;	/* since start */
	uint64_t	delivered_bytes;
	uint64_t	commits, commands;	/* of the writer */
	uint64_t	queue_length;
	uint64_t	wal_bytes, db_bytes;
};
void		core_figures(struct core *, struct core_figures *ret);

#endif
