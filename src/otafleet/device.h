/* device.h - one simulated device, and what a family must know to play it.
 *
 * A family (arduino.c, native.c) knows the words: it writes requests and judges
 * answers exactly as its real clients do. The fleet (fleet.c) knows the life:
 * poll, download, verify, report, reboot, fall silent. Neither knows otad. */
#ifndef OTAFLEET_DEVICE_H
#define OTAFLEET_DEVICE_H

#include "exchange.h"
#include "plan.h"
#include "shelf.h"
#include "timers.h"

enum saying {				/* what the next request is about */
	SAY_POLL, SAY_PROGRESS, SAY_SUCCESS, SAY_FAILED
};

struct device {
	struct timer	timer;		/* must be first: the heap gives it back */
	struct exchange	x;
	uint32_t	events;		/* asked of epoll; 0: not with it */
	uint32_t	index;
	uint64_t	chance;
	enum behaviour	behaviour;

	enum { ASLEEP, TALKING, PAUSED, GONE } phase;
	enum saying	saying;
	uint32_t	turns;		/* conversations so far */
	struct taking	taking;
	char		job[64];
	char		detail[96];	/* why it failed, for its report */

	uint8_t		mac[6];
	char		id[32];
	char		key[65];
	char		version[64];	/* that it runs; "": it does not say */
	char		md5[33];	/* of what it runs */
	char		sha256[65];	/* of what it runs, as an ESP32 says it; or "" */
	int64_t		size;		/* of what it runs */

	bool		judged;		/* this answer's head has been looked at */
	bool		takes;		/* … and an image follows it */
	bool		dropped;	/* has lost its connection once */
	bool		renewed;	/* has booted an image */
	bool		arrived;	/* has said the new version and was heard */
	bool		failed;		/* its last attempt did */
	bool		silent;
};

enum hearing {
	HEARD_NOTHING,			/* nothing new; or a report was taken */
	HEARD_IMAGE,			/* an image follows: *offer says which */
	HEARD_REFUSAL,			/* the server meant: not for you */
	HEARD_NONSENSE			/* the client gives up on a faulty answer */
};

#define WHY_MAX	128

struct family {
	const char	*name;
	const char	*facts;		/* keys it knows, for --fact: "chip flash …" */
	bool		reports;	/* says how it goes; else only polls */
	bool		names_version;	/* an offer names its version */
	bool		resumes;	/* asks for the rest of an image after a break */
	bool		peeks;		/* looks once, 100 ms after a bare head */

	/* Check the plan's facts. -1: e says which is wrong. NULL: nothing to check. */
	int		(*check)(const struct plan *, struct err *e);
	/* Give it its identity, and what it says of the firmware it runs at first. */
	void		(*born)(struct device *, const struct plan *);
	/* Write the request that d->saying calls for. */
	void		(*ask)(const struct device *, const struct plan *,
			    const struct endpoint *, struct buf *ret);
	/* Judge the head of the answer; why: for everything but NOTHING and IMAGE. */
	enum hearing	(*hear)(const struct device *, const struct plan *,
			    struct offer *ret, char why[WHY_MAX]);
	/* Judge the first four bytes of an image; -1: its client would not store it.
	 * NULL: it stores anything. */
	int		(*peek)(const struct plan *, const uint8_t first[4], char why[WHY_MAX]);
	/* It runs the image from now on: what it will say of itself. NULL: nothing
	 * but the version. */
	void		(*booted)(struct device *, const struct plan *, struct image *);
};

extern const struct family family_arduino, family_arduino32, family_native;

#endif
