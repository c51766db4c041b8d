/* dispatch.h - what otad says by itself: offers, cancels and calls to devices
 * that can be told.
 *
 * A transport that can tell devices asks for work when it has room: what it gets
 * is durable as said before it is said. What is lost between the two lapses like
 * any offer that nobody answered, and is said again when its time comes. */
#ifndef OTAD_DISPATCH_H
#define OTAD_DISPATCH_H

#include "otad/checkin.h"
#include "otad/link.h"

enum saying { SAY_OFFER, SAY_CANCEL, SAY_CALL };

struct said {
	enum saying	what;
	struct device	device;
	struct answer	answer;			/* SAY_OFFER */
	char		link[LINK_MAX];		/* SAY_OFFER */
	char		job[ID_LEN + 1];	/* SAY_CANCEL */
	int64_t		call;			/* SAY_CALL: correlates the reply … */
	char		method[65];
	char		*args;			/* … owned: JSON text */
};

struct dispatch {
	enum carrier	carrier;
	int		room;			/* how many it may take now */
	struct said	*said;			/* owned: room for `room` */
	int		n;
};
/* Writing. Fills d->said[0..n): calls and cancels first, then offers that the
 * planner lets go now. n == room: ask again, there may be more. */
int	core_dispatch(struct tx *, struct dispatch *d, struct err *);
void	said_clear(struct said *);

/* wake(arg) is called, from any thread, when there may be something to say; NULL
 * takes it back. One per carrier. */
void	core_on_saying(struct core *, enum carrier, void (*wake)(void *), void *arg);

/* ---- calls ---- */

#define CALL_ARGS_MAX	8192

/* Queue a call for a device; *ret_call is its number. ERR_CONFLICT: nobody can
 * call this device; ERR_TOO_MANY: 100 of its calls wait already. */
int	call_create(struct tx *, const char *device, const char *method, const char *args,
	    int timeout_s, int64_t *ret_call, struct err *);
/* The device answered: result or error is JSON text, the other NULL. Unknown,
 * answered, late, or another device's: noted, 0. */
int	call_answer(struct tx *, const char *device, int64_t call, const char *result,
	    const char *error, struct err *);
struct call_state {
	bool		over;			/* answered, or its time is up */
	char		*result, *error;	/* owned; both NULL: no answer in time */
};
/* ERR_ABSENT: no such call of this device. */
int	call_look(struct tx *, const char *device, int64_t call, struct call_state *ret,
	    struct err *);
void	call_state_clear(struct call_state *);
/* wake(arg) once, from any thread, when the call was answered or timeout_s have
 * passed: then call_look() says over. Started before the call's own transaction
 * is committed, so that no answer is too early. False: out of memory. */
bool	call_await(struct core *, int64_t call, int timeout_s, void (*wake)(void *), void *arg);

#endif
