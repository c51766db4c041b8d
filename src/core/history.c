/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - what is told stands in the transaction of what it tells of, so
 * history can neither miss a change nor report one that was rolled back. Details
 * carry foreign words; they are made safe here, once, for all who show them. */
#include "otad/history.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core_priv.h"
#include "otad/utf8.h"

/* Valid UTF-8 without control characters, cut at a character's end. */
static void
put(char *ret, size_t size, const char *text)
{
	size_t n = 0, len, left = strlen(text);

	for (; left > 0; text += len, left -= len) {
		len = utf8_char(text, left);
		if (n + (len != 0 ? len : 1) > size - 1)
			break;
		if (len == 0 || utf8_is_control(text, len)) {
			ret[n++] = '?';
			len = len != 0 ? len : 1;
			continue;
		}
		memcpy(ret + n, text, len);
		n += len;
	}
	ret[n] = '\0';
}

int
audit_note(struct tx *tx, struct err *e, const char *action, const char *object,
    const char *fmt, ...)
{
	struct audit a = { .at_ms = tx->now };
	char detail[2 * sizeof(a.detail)];
	va_list ap;

	assert(tx->writes);
	if (tx->actor.id[0] == '\0')
		return 0;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	put(a.key, sizeof(a.key), tx->actor.id);
	put(a.name, sizeof(a.name), tx->actor.name);
	put(a.address, sizeof(a.address), tx->actor.address);
	put(a.action, sizeof(a.action), action);
	put(a.object, sizeof(a.object), object);
	put(a.detail, sizeof(a.detail), detail);
	return store_audit_insert(tx->db, &a, e);
}

int
event_note(struct tx *tx, struct err *e, int64_t device, int64_t job, uint32_t ptype,
    const char *kind, const char *fmt, ...)
{
	struct event ev = { .at_ms = tx->now, .device = device, .job = job, .ptype = ptype };
	char detail[2 * sizeof(ev.detail)];
	va_list ap;

	assert(tx->writes);
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	put(ev.kind, sizeof(ev.kind), kind);
	put(ev.detail, sizeof(ev.detail), detail);
	return store_event_insert(tx->db, &ev, e);
}

int
history_of_device(struct tx *tx, const char *id, int64_t before, int limit, event_fn *fn,
    void *arg, struct err *e)
{
	struct device d;

	if (device_get(tx, id, &d, e))
		return -1;
	return store_event_list(tx->db, d.num, before, limit, fn, arg, e);
}

int
audit_list(struct tx *tx, int64_t before, int limit, audit_fn *fn, void *arg, struct err *e)
{
	return store_audit_list(tx->db, before, limit, fn, arg, e);
}
