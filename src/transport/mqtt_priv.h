/* SPDX-License-Identifier: Apache-2.0
 *
 * mqtt_priv.h - what the files of the MQTT transport share. All but the atomics
 * and what is marked belongs to the connection's thread. */
#ifndef OTAD_MQTT_PRIV_H
#define OTAD_MQTT_PRIV_H

#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include "otad/dispatch.h"
#include "otad/mqtt.h"

#define PAYLOAD_MAX	(64 * 1024)	/* as in conf/mosquitto: message_size_limit */
#define BATCH_MAX	500		/* messages committed and acknowledged together */
#define WINDOW		400		/* of ours that the broker has not acknowledged */
#define ROOM		32		/* offers and calls chosen in one go */

/* How much one device may send: a burst, then so many a second. Far above what a
 * device says of an update, far below what would hold up the others. */
#define FLOOD_BURST	2000
#define FLOOD_PER_S	200
#define FLOOD_BUCKETS	4096

struct mqtt;

/* A message on its way through its handler. */
struct message {
	struct exchange		x;		/* first: handlers see this */
	struct mqtt		*mqtt;
	const struct topic	*topic;
	char			*where;		/* its topic, owned */
	char			*payload;	/* owned, NUL behind it */
	int			rc;
	struct err		e;
	struct message		*next;
};

struct bucket { int64_t at_ms; uint32_t tokens; bool told; };

struct mqtt {
	struct mqtt_settings	settings;
	char			host[256];
	int			port;
	bool			tls;
	char			*password;
	struct core		*core;
	struct health		*health;
	const struct speaker	*speakers;
	/* thread and connection */
	pthread_t		thread;
	bool			started;
	atomic_bool		stopping;
	struct mosquitto	*m;
	int			epoll, wake, fd;	/* fd -1: no socket */
	uint32_t		watching;		/* epoll events of fd */
	bool			connected;
	int			backoff_ms;
	int64_t			connect_at;		/* boot ms */
	int64_t			misc_at;
	/* incoming: a batch is read, handled, committed, then acknowledged as one */
	struct message		*batch, **batch_end;
	int			nbatch;
	bool			busy;			/* the batch is being handled */
	bool			lost;			/* a message of it found no memory */
	atomic_int		pending;		/* of it, with the writer */
	struct bucket		buckets[FLOOD_BUCKETS];
	uint8_t			hash_key[16];
	/* outgoing */
	struct dispatch		dispatch;
	bool			dispatching;
	atomic_bool		dispatched;		/* the writer has ended */
	int			dispatch_rc;		/* valid when dispatched */
	atomic_bool		want_dispatch;
	int64_t			dispatch_at;		/* boot ms */
	int			outstanding;
	/* figures */
	atomic_uint_fast64_t	taken, passed_over, flooded, said;
	atomic_uint_fast64_t	outstanding_shown;
	atomic_bool		connected_shown;
};

int64_t	mqtt_now(void);			/* boot ms, real time */
void	mqtt_poke(void *mqtt);		/* any thread: look again */
void	mqtt_say(struct mqtt *, const struct outgoing *);

/* mqtt_link.c */
int	mqtt_address(struct mqtt *, const char *url, struct err *);
struct mosquitto *mqtt_session(struct mqtt *, struct err *);

/* mqtt_take.c */
void	take_message(struct mosquitto *, void *mqtt, const struct mosquitto_message *);
void	take_begin(struct mqtt *);	/* hand the batch to its handlers */
/* All are handled: say their answers, pass over what is refused. False: one could
 * not be stored; nothing of the batch may be acknowledged. */
bool	take_end(struct mqtt *);
void	take_drop(struct mqtt *);	/* the batch, unhandled */
int	take_subscribe(struct mqtt *);

/* mqtt_say.c */
void	say_begin(struct mqtt *);	/* ask the core for what is to be said, if there is room */
void	say_end(struct mqtt *);		/* word and publish what it chose */

#endif
