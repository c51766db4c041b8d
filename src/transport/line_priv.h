/* SPDX-License-Identifier: Apache-2.0
 *
 * line_priv.h - what the files of the line transport share. All but what stands
 * under the lock and the atomics belongs to the one thread. */
#ifndef OTAD_LINE_PRIV_H
#define OTAD_LINE_PRIV_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include "bind.h"
#include "otad/auto.h"
#include "otad/dispatch.h"
#include "otad/line.h"

#define LINE_LISTENERS	8
#define ROOM		32		/* offers and calls chosen in one go */
#define GAP_MS		20		/* between two messages of one connection */
#define LETTERS_MAX	16		/* messages that wait for a connection; then it is cut */
#define PATIENCE_MS	30000		/* … or when one of them was not acknowledged so long */
#define HELLO_MS	15000		/* to its first line, a handshake included */
#define SILENCE_MS	150000		/* three of a device's beacons (1.7) */
#define FLOOD_PER_S	50		/* lines of one connection; then it is cut */

struct peer;
struct line_call;

/* A message that waits to be said. */
struct letter {
	struct letter	*next;
	size_t		len;
	char		bytes[];
};

struct gate {
	struct lines	*lines;
	int		fd;
	const char	*section;
	char		address[ADDRESS_MAX];
	struct line_tls	*tls;
};

/* A connection. Idle it is this, and what the kernel keeps. */
struct peer {
	struct peer	*next, *prev;	/* in hello or heard, the longest silent first */
	struct peer	*same;		/* in its bucket, once it has a name */
	struct peer	*next_waiting, *next_parked;
	struct lines	*lines;
	SSL		*ssl;
	struct buf	in;		/* a line that is not whole, and those behind it */
	struct letter	*out, **out_end;
	struct line_call *call;		/* its line that is being handled */
	int64_t		silent_ms;	/* boot ms of its last line, or of its beginning */
	int64_t		said_ms;	/* of the last message that left */
	int		fd;		/* -1: closed, freed when nothing refers to it */
	uint32_t	watching;	/* events asked of epoll */
	uint16_t	nout;
	uint16_t	flood;		/* lines since flood_s */
	uint32_t	flood_s;
	bool		greeted;	/* said a line */
	bool		shaking;	/* hands, by TLS */
	bool		waiting;	/* in lines->waiting: letters to say */
	bool		parked;		/* in lines->parked */
	bool		closing;	/* hang up when out is empty */
	char		*name;		/* whose it is, owned; NULL: not known */
	char		address[46];
};

struct peers { struct peer *first, *last; };

/* A line on its way through its handler. */
struct line_call {
	struct exchange	x;		/* first: handlers see this */
	struct lines	*lines;
	struct peer	*peer;
	char		*text;		/* owned, NUL behind it */
	bool		stranger;	/* its connection had no name */
	int		rc;
	struct err	e;
	struct line_call *next;		/* in done */
};

/* The end of a device's last connection, on its way to the writer. */
struct leave {
	struct lines	*lines;
	struct leave	*next;
	char		name[DEVICE_ID_MAX];
};

struct lines {
	struct core		*core;
	struct health		*health;
	const struct dialect_ops *ops;
	void			*self;
	struct gate		gates[LINE_LISTENERS];
	int			ngates;
	pthread_t		thread;
	bool			started;
	atomic_bool		stopping;
	int			epoll, wake;
	/* connections */
	struct peers		hello, heard;
	struct peer		**buckets;	/* by name */
	size_t			nbuckets;
	uint8_t			hash_key[16];
	size_t			n, known, max;
	struct peer		*waiting, *parked, *dead;
	int64_t			deaf_until;	/* accept nobody: no descriptors left */
	/* Strangers' lines and ends of connections are never with the writer at the
	 * same time: a device that left and is back would be marked as gone. */
	int			strangers, leaving;
	struct leave		*leaves;	/* that wait for strangers == 0 */
	int			calls;		/* lines with the writer */
	/* from other threads */
	pthread_mutex_t		lock;
	struct line_call	*done;
	int			left;		/* leaves that are durable */
	/* what otad says by itself */
	struct dispatch		dispatch;
	bool			dispatching;
	atomic_bool		dispatched, want_dispatch;
	int			dispatch_rc;
	int64_t			dispatch_at;
	/* figures */
	atomic_uint_fast64_t	shown_n, shown_known, heard_lines, said_lines, refused_lines;
	char			room[LINE_HEAR_MAX];
};

int64_t	lines_now(void);			/* boot ms, real time */
void	lines_poke(void *lines);		/* any thread: look again */

/* line_peer.c: connections */
void	peer_accept(struct gate *);
void	peer_ready(struct peer *, uint32_t events);
void	peer_say(struct peer *, const char *bytes, size_t len);
void	peer_say_waiting(struct lines *);	/* those whose gap is over */
void	peer_cut(struct peer *, const char *why);
void	peer_cut_silent(struct lines *);
void	peers_bury(struct lines *);		/* free the dead that nothing refers to */
void	peer_go_on(struct peer *);		/* its call is over: the next line, or the socket */
/* It is this device's from now on. 0, or -1: out of memory. */
int	peer_name(struct peer *, const char *name);
struct peer *peer_find(struct lines *, const char *name, const struct peer *after);

/* line_take.c: lines from devices, and connections that ended */
void	take_line(struct peer *, const char *line, size_t len);
void	take_done(struct lines *);
void	take_parked(struct lines *);
void	take_leave(struct lines *, const char *name);
void	take_leaves(struct lines *);	/* those that may be written now */

/* line_say.c */
void	line_out(struct lines *, struct peer *here, const struct outgoing *);
void	line_say_begin(struct lines *);
void	line_say_end(struct lines *);

/* line_tls.c */
SSL	*line_tls_accept(struct line_tls *, int fd);	/* NULL: out of memory */
enum line_io { LINE_IO_OK, LINE_IO_READ, LINE_IO_WRITE, LINE_IO_END };
enum line_io line_tls_shake(SSL *);
enum line_io line_recv(struct peer *, void *, size_t, size_t *ret);
enum line_io line_send(struct peer *, const void *, size_t, size_t *ret);

#endif
