/* SPDX-License-Identifier: Apache-2.0
 *
 * current.c - "Set as Current": a continuous job over a product, set by name.
 *
 * Where devices ask for images by themselves, receiving is consent and the job
 * forces; where they are told, a person has to agree, unless the caller says. */
#include <string.h>
#include "handlers.h"
#include "job_form.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/dialect.h"

static bool
family_asks(const char *name)
{
	for (const struct dialect_ops *const *d = dialects; *d != NULL; d++)
		if (strcmp((*d)->family.name, name) == 0)
			return ((*d)->family.caps & FAMILY_ASKS) != 0;
	return false;
}

int
put_current_read(struct tx *tx, struct exchange *x, struct err *e)
{
	struct job_draft *draft;
	struct product product;
	uint32_t ptype;
	int rc;

	if (param_ptype(&x->rq, 0, &ptype, e) != 0 || product_get(tx, ptype, &product, e) != 0)
		return -1;
	rc = current_draft_read(tx, x, &draft, e);
	if (rc <= 0)
		return rc;
	if (!draft->mode_given)
		draft->form.policy.force = family_asks(product.dialect);
	return CALL_WRITE;
}

int
put_current_write(struct tx *tx, struct exchange *x, struct err *e)
{
	struct job_draft *draft = x->state;
	struct product product;
	uint32_t ptype;
	json_t *doc;
	int rc;

	if (param_ptype(&x->rq, 0, &ptype, e) != 0)
		return -1;
	job_clear(&draft->made);
	rc = job_set_current(tx, ptype, draft->unset ? NULL : draft->version,
	    draft->channel, &draft->form, &draft->made, e);
	if (rc != 0)
		return rc;
	if (product_get(tx, ptype, &product, e) != 0)
		return -1;
	doc = json_product(&product);
	json_object_set_new(doc, "job", json_text_or_null(draft->made.id));
	return reply_json(x, 200, doc, e);
}
