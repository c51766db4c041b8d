/* SPDX-License-Identifier: Apache-2.0
 *
 * firmware.c - which names may stand beside each other, and the states of what is
 * stored. The schema refuses the same names; the check here exists to say which
 * rule and which name was in the way. */
#include "otad/firmware.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core_priv.h"
#include "otad/log.h"
#include "otad/utf8.h"

void
firmware_clear(struct firmware *f)
{
	free(f->images);
	free(f->notes);
	free(f->metadata);
	memset(f, 0, sizeof(*f));
}

/* ---- uniqueness ---- */

struct obstacle {
	const struct version *wanted;
	bool		strict;
	int		rule;			/* 0: nothing in the way so far */
	char		name[VERSION_MAX];
};

/* A rule goes before the note's stricter reading, whichever name comes first. */
static int
in_the_way(void *arg, const struct firmware *there, struct err *e)
{
	struct obstacle *o = arg;
	int rule = version_rule(&there->version, o->wanted, o->strict);

	(void)e;
	if (rule != 0 && (o->rule == 0 || o->rule == 3)) {
		o->rule = rule;
		version_format(&there->version, o->name);
	}
	return 0;
}

int
firmware_check(struct tx *tx, const struct version *v, struct err *e)
{
	static const struct { const char *name, *says; } rules[] = {
		[1] = { "R1", "one upgradable firmware of a number" },
		[2] = { "R2", "one (n) firmware of a number" },
		[3] = { "strict", "no number both official and beta" },
	};
	struct obstacle o = {
		.wanted = v, .strict = tx->core->settings.strict_official_beta,
	};
	struct product p;
	char name[VERSION_MAX];
	int r;

	version_format(v, name);
	r = store_product_find(tx->db, v->ptype, &p, e);
	if (r < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "version", "product",
		    "%s: there is no product of type %u", name, v->ptype);
	if (store_firmware_rivals(tx->db, v->ptype, version_value(v), in_the_way, &o, e))
		return -1;
	if (o.rule == 0)
		return 0;
	return err_field(e, ERR_CONFLICT, "version", rules[o.rule].name,
	    "%s cannot stand beside %s: %s (rule %s)", name, o.name, rules[o.rule].says,
	    rules[o.rule].name);
}

/* ---- reading ---- */

int
firmware_get(struct tx *tx, const char *name, struct firmware *ret, struct err *e)
{
	char quoted[64];
	int r = store_firmware_find(tx->db, name, ret, e);

	if (r == 0)
		return err_set(e, ERR_ABSENT, "there is no firmware %s",
		    log_quote(quoted, sizeof(quoted), name));
	return r < 0 ? -1 : 0;
}

int
firmware_list(struct tx *tx, uint32_t ptype, int64_t after, int limit, firmware_fn *fn,
    void *arg, struct err *e)
{
	return store_firmware_list(tx->db, ptype, after, limit, fn, arg, e);
}

/* ---- states ---- */

static const char *const actions[] = {
	[FIRMWARE_READY] = "firmware.release",
	[FIRMWARE_HELD] = "firmware.hold",
	[FIRMWARE_YANKED] = "firmware.yank",
};

/* Saying again what is so already is no change, and no second audit row. */
int
firmware_set_state(struct tx *tx, const char *name, enum firmware_state state,
    const char *why, struct err *e)
{
	struct firmware f = { 0 };
	enum firmware_state old;
	int64_t num;
	bool same;

	assert(tx->writes);
	if (strlen(why) >= sizeof(f.held_why) || !utf8_is_text(why, false))
		return err_field(e, ERR_BAD, "why", "text",
		    "a reason is at most %zu bytes of UTF-8 without control characters",
		    sizeof(f.held_why) - 1);
	if (firmware_get(tx, name, &f, e))
		return -1;
	old = f.state;
	num = f.num;
	same = old == state && strcmp(f.held_why, why) == 0;
	firmware_clear(&f);
	if (old == FIRMWARE_YANKED && state != FIRMWARE_YANKED)
		return err_field(e, ERR_CONFLICT, "state", "yanked",
		    "%s was yanked, and that is for ever", name);
	if (same || (old == FIRMWARE_YANKED && state == old))
		return 0;
	if (store_firmware_set_state(tx->db, num, state, why, e) ||
	    audit_note(tx, e, actions[state], name, "%s", why))
		return -1;
	tx_bump(tx);
	return 0;
}
