/* SPDX-License-Identifier: Apache-2.0
 *
 * life_test.c - the table of core/life.c against the rules of the founding
 * document (sections 2 to 4), which are written down here a second time, by
 * kinds of happening instead of by states; then chance: whatever happens to the
 * executions of a job, in whatever order, its counts stay those of its executions. */
#include "core_fixture.h"
#include "test.h"

#include <string.h>

/* ---- the rules ---- */

static bool
waits(enum state s)		/* took nothing yet, or put off what it took */
{
	return s == STATE_QUEUED || s == STATE_AWAITING || s == STATE_OFFERED ||
	    s == STATE_DELAYED;
}

static bool
has_image(enum state s)
{
	return s == STATE_IN_PROGRESS || s == STATE_DOWNLOADED || s == STATE_VERIFYING;
}

static bool
stored(enum state s)		/* a whole image is there, as far as anyone knows */
{
	return s == STATE_DOWNLOADED || s == STATE_VERIFYING;
}

/* Signs of work: never a step back, and never out of an end. */
static bool
works(enum state s, enum happening what, enum state *next)
{
	enum state least = what == HAP_DELIVER || what == HAP_SUCCESS ? STATE_VERIFYING :
	    what == HAP_STORE ? STATE_DOWNLOADED : STATE_IN_PROGRESS;

	if (!waits(s) && !has_image(s))
		return false;
	if (what == HAP_RESUME && s == STATE_AWAITING)
		return false;
	*next = has_image(s) && s > least ? s : least;
	if (what == HAP_DELIVER && s == STATE_DOWNLOADED)
		*next = s;		/* its word was ahead of the last acknowledgement */
	if (what == HAP_STORE && s == STATE_VERIFYING)
		*next = STATE_DOWNLOADED;	/* served in full, and its reboot is still to come */
	if ((what == HAP_TAKE || what == HAP_RESUME) && s == STATE_DOWNLOADED)
		*next = STATE_IN_PROGRESS;	/* another slot, or once more */
	return true;
}

static bool
proves(enum state s, enum happening what)
{
	switch (what) {
	case HAP_PROOF:		/* also late; canceled and superseded: another job's word */
		return s != STATE_CANCELED && s != STATE_SUPERSEDED;
	case HAP_RETURN:
		return stored(s);
	default:		/* runs the target without having taken it */
		return waits(s) || s == STATE_UNREACHED;
	}
}

/* Where `what` leads from s; false: it changes nothing. */
static bool
rule(enum state s, enum happening what, enum state *next)
{
	switch (what) {
	case HAP_OFFER:
		*next = STATE_OFFERED;
		return waits(s) && s != STATE_AWAITING;
	case HAP_LAPSE:
		*next = STATE_QUEUED;
		return s == STATE_OFFERED || s == STATE_DELAYED;
	case HAP_TAKE: case HAP_RESUME: case HAP_PROGRESS: case HAP_DELIVER: case HAP_STORE:
	case HAP_SUCCESS:
		return works(s, what, next);
	case HAP_UNSENT:
		*next = STATE_QUEUED;
		return s == STATE_IN_PROGRESS;
	case HAP_PROOF: case HAP_RETURN: case HAP_THERE:
		*next = STATE_SUCCEEDED;
		return proves(s, what);
	case HAP_OLD:			/* never in downloaded */
		*next = STATE_FAILED;
		return s == STATE_VERIFYING;
	case HAP_STEP:
		*next = STATE_QUEUED;
		return has_image(s);
	case HAP_APPROVE:
		*next = STATE_QUEUED;
		return s == STATE_AWAITING;
	case HAP_BROKEN:
		*next = STATE_FAILED;
		return s == STATE_IN_PROGRESS;
	case HAP_FAILURE:
		*next = STATE_FAILED;
		return s == STATE_OFFERED || s == STATE_DELAYED || has_image(s);
	case HAP_REJECT:
		*next = STATE_REJECTED;
		return waits(s) || has_image(s);
	case HAP_DECLINE:
		*next = STATE_REJECTED;
		return waits(s);
	case HAP_DELAY:
		*next = STATE_DELAYED;
		return waits(s) || s == STATE_IN_PROGRESS || s == STATE_DOWNLOADED;
	case HAP_NEWER:
		*next = STATE_SUPERSEDED;
		return waits(s) || has_image(s);
	case HAP_SILENCE:		/* after taking; not having been reached is no failure */
		*next = STATE_TIMED_OUT;
		return has_image(s);
	case HAP_UNHEARD:
		*next = STATE_UNREACHED;
		return waits(s) && s != STATE_OFFERED;
	case HAP_HEARD:
		*next = s;
		return s == STATE_TIMED_OUT;
	case HAP_CANCEL:		/* what took the image is followed to its end */
		*next = STATE_CANCELED;
		return waits(s);
	case HAP_SUPERSEDE:
		*next = STATE_SUPERSEDED;
		return waits(s);
	case HAP_RETRY:
		*next = STATE_QUEUED;
		return state_ended(s) && s != STATE_CANCELED && s != STATE_SUPERSEDED;
	case HAP_REVERT:
		*next = s;
		return s == STATE_SUCCEEDED;
	case HAPPENINGS:
		break;
	}
	return false;
}

/* Counted as failures at once: whatever went wrong with a whole image, a device's
 * no, silence, and leaving a proven target. A broken transfer only when attempts
 * are spent; a person's no, "already there" and whatever is ours, never. */
static bool
fails_at_once(enum state s, enum happening what)
{
	return what == HAP_SILENCE || what == HAP_REJECT || what == HAP_REVERT ||
	    what == HAP_OLD || (what == HAP_FAILURE && stored(s));
}

static void
marks(enum state s, enum happening what, const struct life *l)
{
	const char *in = state_word(s), *word = happening_word(what);
	unsigned e = l->effects;
	bool ends_attempt = (e & EFFECT_RETRY) != 0;
	bool begins = (waits(s) && has_image(l->next)) || (waits(s) && what == HAP_FAILURE);
	/* Going on with a broken transfer is the same attempt. */
	bool again = what == HAP_RESUME && s == STATE_QUEUED;
	bool leaves = has_image(s) && !has_image(l->next) && what != HAP_SILENCE;

	CHECK(!!(e & EFFECT_ATTEMPT) == (begins && !again), "%s, %s: attempt", in, word);
	CHECK(!!(e & EFFECT_UNATTEMPT) == (has_image(s) && (what == HAP_UNSENT ||
	    what == HAP_DELAY || what == HAP_STEP)), "%s, %s: attempt taken back", in, word);
	CHECK(!!(e & EFFECT_EXPOSE) == (waits(s) && has_image(l->next)), "%s, %s: exposes", in, word);
	CHECK(!(e & EFFECT_EXPOSE) || !(e & EFFECT_UNEXPOSE), "%s, %s: both", in, word);
	CHECK(!leaves || e & EFFECT_UNEXPOSE, "%s, %s: stays exposed", in, word);
	CHECK(s != STATE_TIMED_OUT || e & EFFECT_UNEXPOSE, "%s, %s: stays exposed", in, word);
	CHECK(!(e & EFFECT_UNEXPOSE) || leaves || s == STATE_TIMED_OUT || what == HAP_PROOF,
	    "%s, %s: unexposes", in, word);
	CHECK(!!(e & EFFECT_FAILURE) == fails_at_once(s, what), "%s, %s: failure", in, word);
	CHECK(ends_attempt == (what == HAP_FAILURE || what == HAP_OLD || what == HAP_BROKEN),
	    "%s, %s: another attempt", in, word);
	CHECK(!!(e & EFFECT_PROVEN) == (l->next == STATE_SUCCEEDED && s != STATE_SUCCEEDED),
	    "%s, %s: proven", in, word);
	CHECK(!!(e & EFFECT_UNPROVEN) == (what == HAP_RETRY && s == STATE_SUCCEEDED),
	    "%s, %s: proven no more", in, word);
	CHECK(!!(e & EFFECT_REVERTED) == (what == HAP_REVERT), "%s, %s: reverted", in, word);
	CHECK(!(e & EFFECT_RETRY) || l->next == STATE_FAILED, "%s, %s: spent", in, word);
}

static void
table(void)
{
	for (int i = 0; i < STATES; i++)
		for (int h = 0; h < HAPPENINGS; h++) {
			enum state s = (enum state)i, next = STATES;
			enum happening what = (enum happening)h;
			struct life l = { STATES, 0 };
			bool changes = rule(s, what, &next);

			CHECK(life_step(s, what, &l) == changes, "%s, %s: %s", state_word(s),
			    happening_word(what), changes ? "should change something" :
			    "should change nothing");
			if (!changes || l.next == STATES)
				continue;
			CHECK(l.next == next, "%s, %s: %s, not %s", state_word(s),
			    happening_word(what), state_word(l.next), state_word(next));
			CHECK((l.effects & ~511u) == 0, "%s, %s: effects %x", state_word(s),
			    happening_word(what), l.effects);
			marks(s, what, &l);
		}
}

static void
words(void)
{
	enum state s;

	for (int i = 0; i < STATES; i++) {
		CHECK(state_from_word(state_word((enum state)i), &s) == 0 && s == (enum state)i,
		    "%d", i);
		CHECK(state_active((enum state)i) == (has_image((enum state)i) ||
		    i == STATE_OFFERED), "%s", state_word((enum state)i));
		CHECK(state_ended((enum state)i) == (i >= STATE_SUCCEEDED), "%d", i);
	}
	CHECK(state_from_word("no such", &s) == -1 && state_from_word("", &s) == -1, "words");
	for (int h = 0; h < HAPPENINGS; h++)
		CHECK(strlen(happening_word((enum happening)h)) < 33, "fits an event's kind");
}

/* ---- chance, over a real store ---- */

#define DEVICES	12
#define STEPS	400

struct chance {
	const char	*job;
	enum happening	what;
	int		device;
};

/* What visits decide before they let something happen. */
static enum happening
sensible(const struct execution *x, enum happening what)
{
	if (what == HAP_PROOF || what == HAP_RETURN)
		return x->taken_ms != 0 ? what : HAP_THERE;
	if (what == HAP_RESUME && x->attempt == 0)
		return HAP_TAKE;
	return what == HAP_THERE && x->taken_ms != 0 ? HAP_PROOF : what;
}

static int
happen(struct tx *tx, void *arg, struct err *e)
{
	struct chance *c = arg;
	struct job_brief job;
	struct device device;
	struct execution x;
	enum job_state state;
	struct moving m = { tx, &device, &fx_poller, &job.policy };
	char id[DEVICE_ID_MAX];

	snprintf(id, sizeof(id), "d%d", c->device);
	if (device_get(tx, id, &device, e) < 0 || execution_get(tx, c->job, id, &x, e) < 0 ||
	    store_job_brief(tx->db, x.job, x.ptype, &job, &state, e) <= 0)
		return -1;
	if (c->what == HAP_DELIVER)
		snprintf(x.delivered, sizeof(x.delivered), "image");
	if (c->what == HAP_DELAY)
		x.not_before_ms = tx->now + 600000;
	if (c->what == HAP_RETRY && state_ended(x.state))
		x.attempt = 0;
	return execution_apply(&m, &x, sensible(&x, c->what), "", e);
}

static void
by_chance(struct fixture *f, int attempts, uint64_t seed)
{
	struct fx_random r = { seed };
	struct job_form form;
	struct chance c;
	struct job_part part;
	char id[ID_LEN + 1];
	bool good = true;

	fx_form(&form, "v1.0.1t100(a)");
	form.policy.attempts = attempts;
	form.policy.continuous = true;
	fx_job(f, &form, id);
	c.job = id;
	for (int i = 0; i < STEPS && good; i++) {
		struct err e = ERR_INIT;
		uint64_t sum = 0;

		c.device = (int)fx_below(&r, DEVICES);
		c.what = (enum happening)fx_below(&r, HAPPENINGS);
		if ((c.what == HAP_CANCEL || c.what == HAP_SUPERSEDE || c.what == HAP_NEWER) &&
		    fx_below(&r, 10) > 0)
			continue;		/* the end, and dull */
		good = fx_write(f, happen, &c, &e) == 0 && fx_consistent(f, id);
		fx_part(f, id, &part);
		for (int s = 0; s < STATES; s++)
			sum += part.counts[s];
		good &= sum == DEVICES;
		CHECK(good, "seed %llu, step %d: %s of d%d: %s", (unsigned long long)seed, i,
		    happening_word(c.what), c.device, e.text);
	}
}

static void
chances(void)
{
	struct fixture f;

	fx_open(&f);
	fx_product(&f, 100, &fx_poller);
	fx_firmware(&f, "v1.0.1t100(a)", "image");
	fx_devices(&f, 100, "d", DEVICES, "v1.0.0t100(a)");
	for (uint64_t seed = 1; seed <= 6; seed++)
		by_chance(&f, 1 + (int)seed % 3, seed);
	fx_close(&f);
}

int
main(void)
{
	words();
	table();
	chances();
	return TEST_END();
}
