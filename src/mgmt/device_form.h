/* SPDX-License-Identifier: Apache-2.0
 *
 * device_form.h - a device as a document: of one request, or of one line of many.
 *
 * The form is read where the document is, and used where there is a writing
 * transaction. It keeps the document, since a field that is absent is left alone
 * and one that is null is emptied. */
#ifndef OTAD_MGMT_DEVICE_FORM_H
#define OTAD_MGMT_DEVICE_FORM_H

#include <jansson.h>
#include "json_in.h"
#include "otad/buf.h"
#include "otad/device.h"

struct push_form {
	char	address[65];
	int64_t	port;
	int	way;
};
struct device_form {
	json_t		*doc;
	char		id[DEVICE_ID_MAX], dialect[16], slot[SLOT_MAX], key[129];
	int64_t		ptype;
	int		channel;
	const json_t	*tags;
	struct push_form push;
	struct buf	tag_facts;
};

extern const struct field device_creation[], device_change[];

/* form is zero; steals doc. Complains of what is wrong. */
void	device_form_read(struct device_form *, json_t *doc, const struct field *,
	    struct complaints *);
void	device_form_clear(struct device_form *);
void	device_form_free(void *);		/* the block, too */

/* Register it. own_key: one of a family with keys has to bring its own; else one is
 * made, ret_key[KEY_LEN + 1]. */
int	device_form_create(struct tx *, const struct device_form *, bool own_key, char *ret_key,
	    struct err *);
/* *d is as stored. */
int	device_form_change(struct tx *, const struct device_form *, struct device *d,
	    struct err *);

#endif
