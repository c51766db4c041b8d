/* SPDX-License-Identifier: Apache-2.0
 *
 * saved.c - filters that people keep under a name.
 *
 * A saved filter is a text to be used again, not a group that others follow: what
 * a job is for is fixed when it is made, so a job has the text itself, and a
 * filter that is deleted, or made anew under its name, moves no rollout. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "core_priv.h"
#include "otad/auto.h"
#include "otad/filter.h"
#include "otad/log.h"

#define NAME_LETTERS	"abcdefghijklmnopqrstuvwxyz0123456789_.-"

int
filter_save(struct tx *tx, struct saved_filter *f, struct err *e)
{
	AUTO(filter) struct filter *parsed = NULL;
	struct saved_filter there;
	size_t n = strlen(f->name);
	int r;

	assert(tx->writes);
	if (n < 1 || strspn(f->name, NAME_LETTERS) < n)
		return err_field(e, ERR_BAD, "name", "characters",
		    "a filter's name is 1 to %d of a-z 0-9 _ . -", FILTER_NAME_MAX - 1);
	if ((parsed = filter_parse(f->text, e)) == NULL ||
	    (r = store_saved_filter_find(tx->db, f->name, &there, e)) < 0)
		return -1;
	if (r > 0)
		return err_field(e, ERR_CONFLICT, "name", "unique",
		    "filter '%s' is there already: %s", f->name, there.text);
	f->created_ms = tx->now;
	snprintf(f->created_by, sizeof(f->created_by), "%s", tx->actor.name);
	if (store_saved_filter_insert(tx->db, f, &f->num, e) < 0)
		return -1;
	return audit_note(tx, e, "filter.create", f->name, "%s", f->text);
}

int
filter_get(struct tx *tx, const char *name, struct saved_filter *ret, struct err *e)
{
	char quoted[64];
	int r = store_saved_filter_find(tx->db, name, ret, e);

	if (r == 0)
		return err_set(e, ERR_ABSENT, "there is no filter %s",
		    log_quote(quoted, sizeof(quoted), name));
	return r < 0 ? -1 : 0;
}

int
filter_delete(struct tx *tx, const char *name, struct err *e)
{
	assert(tx->writes);
	if (store_saved_filter_delete(tx->db, name, e) < 0)
		return -1;
	return audit_note(tx, e, "filter.delete", name, "%s", "");
}

int
filter_list(struct tx *tx, int64_t after, int limit, saved_filter_fn *fn, void *arg,
    struct err *e)
{
	return store_saved_filter_list(tx->db, after, limit, fn, arg, e);
}

int
filter_resolve(struct tx *tx, const char *given, struct buf *ret, struct err *e)
{
	struct saved_filter f;
	char quoted[64];
	int r;

	if (given[0] != '@') {
		buf_adds(ret, given);
		return ret->failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
	}
	if ((r = store_saved_filter_find(tx->db, given + 1, &f, e)) < 0)
		return -1;
	if (r == 0)
		return err_field(e, ERR_INVALID, "filter", "unknown",
		    "there is no filter under the name %s",
		    log_quote(quoted, sizeof(quoted), given + 1));
	buf_adds(ret, f.text);
	return ret->failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}
