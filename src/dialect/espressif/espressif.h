/* SPDX-License-Identifier: Apache-2.0
 *
 * espressif.h - what the files of this dialect share. It has two doors: lines of
 * JSON, which devices keep open, and the REST API of their owners. The wire is
 * described in protocols/espressif-cloud.md; "rule N" is its section 1.3. */
#ifndef OTAD_DIALECT_ESPRESSIF_H
#define OTAD_DIALECT_ESPRESSIF_H

#include <jansson.h>
#include "otad/auto.h"
#include "otad/checkin.h"
#include "otad/dialect.h"
#include "otad/dispatch.h"
#include "otad/owner.h"
#include "otad/reboot.h"
#include "otad/request.h"

#define NONCE_MAX	2147483647	/* a signed int of the device, and 10 digits */
#define NONCE_ORDER	0x40000000	/* from here on: of a job's offer, not of a call */

/* ---- messages of devices: message.c ---- */

struct message {
	json_t		*root;		/* owned; NULL: damaged, and salvaged as far as possible */
	char		path[64];	/* without a slash at its end; "": it is a reply */
	bool		has_nonce;
	int64_t		nonce;
	char		token[129];	/* of meta.Authorization, "" when there is none */
	char		action[33];	/* get.action */
	char		rom[RUNNING_MAX], pre_rom[RUNNING_MAX];
	char		bssid[18];
	char		claim[129];	/* body.token */
	int		status;		/* of a reply; 0: none */
};
/* -1: nothing can be made of it. */
int	message_read(const char *line, size_t len, struct message *ret, struct err *);
void	message_clear(struct message *);
/* "token KEY", "Token KEY", "Bearer KEY": the key, or NULL. */
const char *authorization_key(const char *value);

/* ---- who speaks: who.c ---- */

/* Fill in who sends this message: 1 known, 0 a stranger that may enrol, -1. */
int	who_speaks(struct tx *, const struct exchange *, const struct message *,
	    struct sighting *ret, struct device *ret_device, struct err *);

/* ---- lines: hear.c, say.c ---- */

handler_fn espressif_hear;
tx_fn	espressif_gone, espressif_begin;

/* doc, which is taken over, as the answer on this line. Keys are sorted. */
int	say_line(struct exchange *, json_t *doc, struct err *);
int	say_status(struct exchange *, const struct message *, int status, const char *text,
	    struct err *);
int	espressif_offer(void *, const struct device *, const struct answer *, const char *link,
	    struct outgoing *ret, struct err *);
int	espressif_call(void *, const struct device *, const struct call *, struct outgoing *ret,
	    struct err *);

/* ---- REST ---- */

refuse_fn espressif_refuse;
extern const struct route espressif_routes[];
int	espressif_start(const struct conf *, void **ret_self, struct err *);
void	espressif_stop(void *self);

extern const struct dialect_ops dialect_espressif;

#endif
