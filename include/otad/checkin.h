/* checkin.h - the verbs a device speaks: seen, ask, report.
 *
 * What a device says it runs is the truth: every sighting with a version
 * reconciles, whatever statuses were lost, doubled or out of order. */
#ifndef OTAD_CHECKIN_H
#define OTAD_CHECKIN_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/core.h"
#include "otad/device.h"
#include "otad/execution.h"
#include "otad/firmware.h"

/* How sure we are that the speaker is who it says. */
enum identity {
	ID_CLAIMED,		/* a header anyone can write */
	ID_KEY,			/* it showed a key: compared or, at enrolment, kept */
	ID_ACCOUNT		/* the transport vouches (certificate, broker account) */
};

struct running_hash {
	const char	*name;		/* "sketch-md5", "sketch-sha256" (image.h) */
	uint8_t		bytes[32];
	size_t		len;		/* 0: not said */
};

struct sighting {
	const struct family *family;
	char		id[DEVICE_ID_MAX];
	enum identity	identity;
	uint8_t		key_hash[SHA256_LEN];	/* ID_KEY */
	uint32_t	ptype;			/* product to enrol into; 0: not said. With ID_ACCOUNT
					 * also for a device that belongs to none yet */
	char		version[RUNNING_MAX];	/* what it says it runs; "" not said */
	struct running_hash hashes[2];
	char		slot[SLOT_MAX];		/* the slot it runs; "" not said */
	char		part[SLOT_MAX];		/* which image it asks for; "": the one it needs */
	bool		resumes;		/* a Range request: it goes on with what it has */
	bool		rebooted;		/* these words are spoken at a boot only */
	enum carrier	told;			/* from now on it can be told that way */
	char		address[64];
	/* What else it says of itself. The planner reads family (esp8266, esp32),
	 * chip (esp32-c3), flash and free (bytes), revision (major * 100 + minor). */
	char		facts[FACTS_MAX];
};

enum verdict {
	VERDICT_NOTHING,	/* known, and nothing for it now */
	VERDICT_OFFER,
	VERDICT_PENDING,	/* not accepted yet */
	VERDICT_BLOCKED,
	VERDICT_CLOSED,		/* unknown, and enrolment is closed */
	VERDICT_NO_KEY,		/* shows no key, or another than its own */
	VERDICT_NO_PRODUCT,	/* names a product that is not there */
	VERDICT_FOREIGN		/* belongs to another dialect */
};

struct answer {
	enum verdict	verdict;
	char		why[161];	/* one true sentence, for logs and :explain */
	/* VERDICT_OFFER */
	struct execution execution;
	struct image	image;		/* findings are not filled in */
	char		firmware[VERSION_MAX];
	char		native[NATIVE_MAX];	/* what the device will say then; "" unknown */
	char		metadata[1025];		/* the job's, when it fits; else "" */
};

/* seen + ask: note what it says, enrol, reconcile, and decide. Reading: answers
 * from memory or one snapshot where nothing has to change, else CORE_WRITE.
 * peek: decide only; nothing is reserved, no attempt begins. serve: an offer is
 * taken in the same breath (the reply will carry the image). */
enum ask_how { ASK_PEEK, ASK_OFFER, ASK_SERVE };
int	core_ask(struct tx *, const struct sighting *, enum ask_how, struct answer *ret,
	    struct err *);

/* The image of an execution by name, for a device that knows what it wants
 * (Range, repeated GET): only what an own active execution offers it. Takes it,
 * but for ASK_PEEK. */
int	core_fetch(struct tx *, const struct sighting *, const char *version,
	    const char *slot, enum ask_how, struct answer *ret, struct err *);

/* What a device says of an own execution. job "": the active one. */
struct report {
	char		job[ID_LEN + 1];
	enum happening	what;		/* TAKE/PROGRESS, STORE, SUCCESS, FAILURE, DELAY, REJECT;
					 * HEARD: recorded, and that is all */
	int		progress;	/* 0..100, -1 not said */
	int		delay_s;	/* DELAY: 0 not said */
	bool		comes_back;	/* DELAY: it asks by itself, maybe before delay_s */
	bool		attempt_goes_on;/* its own attempt m of n, m < n: progress only */
	char		detail[DETAIL_MAX];
};
/* ERR_ABSENT: a job that is not this device's; ERR_AUTH, ERR_FORBIDDEN as
 * core_ask()'s verdicts. An ended execution: recorded, 0. Always writes. */
int	core_report(struct tx *, const struct sighting *, const struct report *, struct err *);

/* ---- transfers: what a transport knows of an image on its way ----
 * Made by the dialect's reply, ended exactly once by the transport. The core
 * keeps a transfer while it lives, so that a second poll in mid-download is not
 * taken for a return. Any thread. */
struct transfer;
struct transfer	*transfer_new(struct core *, const struct answer *, uint64_t from, uint64_t to);
void		transfer_moved(struct transfer *, uint64_t acked);	/* bytes so far */
enum transfer_end {
	TRANSFER_DELIVERED,	/* the last byte was acknowledged */
	TRANSFER_BROKEN,	/* the connection ended before */
	TRANSFER_UNSENT		/* the reply never left (otad is stopping) */
};
void		transfer_end(struct transfer *, enum transfer_end);

#endif
