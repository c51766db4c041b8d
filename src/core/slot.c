/* SPDX-License-Identifier: Apache-2.0
 *
 * slot.c - people name a file, products name a slot; with or without the file's
 * ending they mean the same, and the product's spelling is what is stored. */
#include "repo_priv.h"

#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/buf.h"
#include "otad/log.h"

#define LETTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* Length without the ending: of user1 in user1.bin, of all of .config. */
static size_t
stem(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
}

bool
slot_same(const char *a, const char *b)
{
	size_t sa = stem(a), sb = stem(b);

	if (strcmp(a, b) == 0)
		return true;
	return sa == sb && memcmp(a, b, sa) == 0 && (a[sa] == '\0' || b[sb] == '\0');
}

int
slot_check(const char *name, const char *field, struct err *e)
{
	char quoted[64];
	size_t n = strlen(name);

	if (n >= 1 && n < SLOT_MAX && strspn(name, LETTERS) == n &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return 0;
	return err_field(e, ERR_BAD, field, "slot_name",
	    "slot name %s: 1 to %d of A-Z a-z 0-9 . _ -", log_quote(quoted, sizeof(quoted), name),
	    SLOT_MAX - 1);
}

int
slots_split(const char *list, char ret[SLOTS_MAX][SLOT_MAX])
{
	size_t len;
	int n = 0;

	for (; *list != '\0' && n < SLOTS_MAX; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		snprintf(ret[n++], SLOT_MAX, "%.*s", (int)len, list);
	}
	return n;
}

const char *
slot_of(const struct product *p, const char *name)
{
	int i;

	for (i = 0; i < p->nslots; i++)
		if (slot_same(p->slots[i], name))
			return p->slots[i];
	return NULL;
}

static void
list(struct buf *b, const char *before, const char *name)
{
	buf_addf(b, "%s%s", b->len == 0 ? before : ", ", name);
}

int
slots_check(const struct product *p, const char *const *names, int n, bool extra, struct err *e)
{
	AUTO(buf) struct buf missing = BUF_INIT;
	AUTO(buf) struct buf foreign = BUF_INIT;
	const char *first = NULL;
	int i, k;

	for (i = 0; i < p->nslots; i++) {
		for (k = 0; k < n && !slot_same(p->slots[i], names[k]); )
			k++;
		if (k == n) {
			list(&missing, "missing: ", p->slots[i]);
			first = first != NULL ? first : p->slots[i];
		}
	}
	for (k = 0; k < n && !extra; k++)
		if (slot_of(p, names[k]) == NULL) {
			list(&foreign, "no slot of it: ", names[k]);
			first = first != NULL ? first : names[k];
		}
	if (first == NULL)
		return 0;
	return err_field(e, ERR_INVALID, first, "slots", "images for product %u: %s%s%s", p->ptype,
	    buf_str(&missing), missing.len > 0 && foreign.len > 0 ? "; " : "", buf_str(&foreign));
}
