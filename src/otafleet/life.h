/* life.h - what a device does next: the part of the fleet without sockets.
 *
 * fleet.c calls these when something happened to a device; each decides, counts,
 * and leaves the device asleep, talking, paused or gone. */
#ifndef OTAFLEET_LIFE_H
#define OTAFLEET_LIFE_H

#include "device.h"
#include "tally.h"

struct fleet {
	const struct plan	*plan;
	struct clock		*clock;
	int64_t			now, start;	/* milliseconds */
	int			epoll, signals;
	struct timers		timers;
	struct device		*devices;
	struct endpoint		ends[2];
	unsigned		nends;
	uint32_t		open, open_max;	/* sockets */
	struct shelf		shelf;
	struct tally		tally;
	bool			ended;		/* by a signal */
	char			room[65536];	/* what was read last */
};

/* Switched on: identity, behaviour's fate, first poll somewhere in an interval. */
void	life_begin(struct fleet *, struct device *);
/* Bytes came: d->x says which. False: the conversation is over or pauses. */
bool	life_bytes(struct fleet *, struct device *);
/* The other side closed; or it went wrong, why says how. */
void	life_ended(struct fleet *, struct device *);
void	life_broken(struct fleet *, struct device *, const char *why);
/* A client that looks once found nothing behind the head. */
void	life_unpeeked(struct fleet *, struct device *);

/* By fleet.c: close what is open, and be woken in ms. Or never again. */
void	fleet_sleep(struct fleet *, struct device *, int64_t ms);
void	fleet_bury(struct fleet *, struct device *);
/* Stop reading for ms, then go on. */
void	fleet_pause(struct fleet *, struct device *, int64_t ms);

#endif
