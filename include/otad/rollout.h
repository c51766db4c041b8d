/* rollout.h - what makes a rollout careful: stages, failure limits, rates.
 *
 * Values and pure functions: no store, no clock of their own. The planner and
 * whatever moves executions call them; tests call them over generated inputs. */
#ifndef OTAD_ROLLOUT_H
#define OTAD_ROLLOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"
#include "otad/execution.h"

/* ---- stages ----
 * A stage is a quota, cumulative, filled in the order in which devices take, so
 * that a sample that is offline blocks nobody (design 4.9). */

#define STAGES_MAX	16
#define STAGE_FILTER_MAX 513

enum stage_kind { STAGE_PERCENT, STAGE_COUNT, STAGE_FILTER };
enum stage_state { STAGE_WAITING, STAGE_OPEN, STAGE_SOAKING, STAGE_PASSED, STAGE_FAILED };

struct stage {
	enum stage_kind	kind;
	int64_t		amount;			/* percent 1..100 of the matched, or a count */
	char		filter[STAGE_FILTER_MAX];	/* RSQL: those that match go in this stage */
	int		min_success;		/* percent of those that took, 0..100 */
	int		slack;			/* … but so many may always be missing */
	int64_t		soak_s;
	/* how it goes */
	enum stage_state state;
	int64_t		opened_ms, filled_ms, ended_ms;
	uint64_t	counts[STATES];		/* executions that took in this stage */
	uint64_t	taken;
};
const char	*stage_state_word(enum stage_state);

struct stage_figures {		/* of the whole part of the job, so far */
	uint64_t	matched;	/* devices that this part is for */
	uint64_t	taken;		/* of these ever took the image */
	uint64_t	judged;		/* … since a person resumed it last, if ever */
	uint64_t	won;		/* of those: succeeded */
	uint64_t	lost;		/* of those: ended in any other way */
	bool		filter_filled;	/* STAGE_FILTER: all that can be expected took */
	int64_t		now_ms;
};

/* Devices that may have taken when this stage is full; a percentage is rounded
 * up. A filter's quota is no number: UINT64_MAX. */
uint64_t	stage_quota(const struct stage *, uint64_t matched);
/* How many of `taken` may be missing: (100 - min_success) percent of them, rounded
 * down, but at least slack. */
uint64_t	stage_allows(const struct stage *, uint64_t taken);
/* What becomes of the open (or soaking) stage now. */
enum stage_state stage_step(const struct stage *, const struct stage_figures *);
/* What a job gets that names no stages and matches more than 20 devices: 1 % (5 to
 * 10 of them), 10 %, 100 %; a continuous one 5, 50, all. Returns how many. */
int		stage_defaults(struct stage ret[STAGES_MAX], uint64_t matched, bool continuous);
/* Bounds of each field; percents and counts do not fall. Errors name "stages[1].soak_s". */
int		stages_check(const struct stage *, int n, struct err *);

/* ---- the failure limit ---- */

#define WINDOW_MAX	1000		/* ended attempts that are looked back at */

struct failure_limit {
	bool		on;
	int		percent;	/* 0..100 */
	int		min_ended;	/* not judged before so many have ended */
	int		window;		/* the last so many ended attempts; 0: all */
	int		confidence;	/* percent, 50..99: the lower bound is judged; 0: plainly */
};
void		failure_default(struct failure_limit *);	/* 10 % of 300, from 5 on, 99 % */
int		failure_check(const struct failure_limit *, struct err *);
/* Too many? failed of ended. */
bool		failure_exceeds(const struct failure_limit *, uint64_t failed, uint64_t ended);
/* The lower bound of the true share, by Wilson's interval. confidence in percent. */
double		wilson_lower(uint64_t failed, uint64_t ended, int confidence);

/* The last WINDOW_MAX outcomes, newest at `at`: a ring of bits. As bytes in the
 * store. */
struct outcomes {
	uint16_t	n, at;
	uint8_t		bits[WINDOW_MAX / 8];
};
void		outcomes_add(struct outcomes *, bool failed);
/* The newest failure was none after all (a late proof). */
void		outcomes_forgive(struct outcomes *);
void		outcomes_count(const struct outcomes *, int window, uint64_t *ret_failed,
		    uint64_t *ret_ended);

/* ---- the rate ---- */

struct rate {
	bool		on;
	int		per_minute;	/* 1..1000000 */
	double		growth;		/* >= 1.0: times so much, each time as many … */
	int		max_per_minute;	/* … succeeded as a minute starts; at most this */
};
int		rate_check(const struct rate *, struct err *);
/* Starts a minute after so many proven successes. */
int		rate_now(const struct rate *, uint64_t proven);
/* When the next may start, if one starts at now: spaced, so that no minute ever
 * has more than the rate allows. last_ms: what this gave for the one before; 0. */
int64_t		rate_next(const struct rate *, uint64_t proven, int64_t last_ms, int64_t now_ms);

#endif
