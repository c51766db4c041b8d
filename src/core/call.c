/* SPDX-License-Identifier: Apache-2.0
 *
 * call.c - calls: a person or a job wants a method called on a device.
 *
 * The call and its answer are in the store, so that an answer that comes after a
 * restart finds its question; who waits for it right now is in memory only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core_priv.h"
#include "otad/dispatch.h"
#include "step.h"

#define WAITING_MAX	100		/* unanswered calls of one device */

struct waiter {
	int64_t		call, until;	/* boot ms */
	void		(*wake)(void *);
	void		*arg;
	struct waiter	*next;
};

struct calls {
	pthread_mutex_t	lock;
	struct waiter	*waiters;
};

struct calls *
calls_new(struct err *e)
{
	struct calls *calls = calloc(1, sizeof(*calls));

	if (calls == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&calls->lock, NULL);
	return calls;
}

void
calls_free(struct calls *calls)
{
	if (calls == NULL)
		return;
	while (calls->waiters != NULL) {
		struct waiter *w = calls->waiters;

		calls->waiters = w->next;
		free(w);
	}
	pthread_mutex_destroy(&calls->lock);
	free(calls);
}

/* Unlink those of the call, or those whose time is up (call 0), then wake them
 * outside the lock: a waiter may start another call at once. */
static void
wake_some(struct calls *calls, int64_t call, int64_t now_boot)
{
	struct waiter *woken = NULL, **at;

	pthread_mutex_lock(&calls->lock);
	for (at = &calls->waiters; *at != NULL;) {
		struct waiter *w = *at;

		if (call != 0 ? w->call != call : w->until > now_boot) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = woken;
		woken = w;
	}
	pthread_mutex_unlock(&calls->lock);
	while (woken != NULL) {
		struct waiter *w = woken;

		woken = w->next;
		w->wake(w->arg);
		free(w);
	}
}

void
calls_answered(struct calls *calls, int64_t call)
{
	wake_some(calls, call, 0);
}

void
calls_tick(struct calls *calls, int64_t now_boot)
{
	wake_some(calls, 0, now_boot);
}

bool
call_await(struct core *core, int64_t call, int timeout_s, void (*wake)(void *), void *arg)
{
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL)
		return false;
	*w = (struct waiter){ .call = call, .wake = wake, .arg = arg,
	    .until = clock_boot_ms(core->clock) + (int64_t)timeout_s * 1000 };
	pthread_mutex_lock(&core->calls->lock);
	w->next = core->calls->waiters;
	core->calls->waiters = w;
	pthread_mutex_unlock(&core->calls->lock);
	return true;
}

/* ---- calls in the store ---- */

static void
row_clear(struct call_row *row)
{
	free(row->args);
	free(row->result);
	free(row->error);
}

static int
check_callable(struct tx *tx, const char *id, struct device *ret, struct err *e)
{
	const struct family *family;
	uint64_t waiting;

	if (device_get(tx, id, ret, e) < 0)
		return -1;
	family = core_family(tx->core, ret->dialect);
	if (family == NULL || !(family->caps & FAMILY_CALLED) || ret->told == BY_NOTHING)
		return err_set(e, ERR_CONFLICT, "'%s' cannot be called: %s", ret->id,
		    ret->told == BY_NOTHING ? "it was never heard over a connection that "
		    "reaches it" : "its dialect has no calls");
	if (ret->status != DEVICE_ACCEPTED)
		return err_set(e, ERR_CONFLICT, "'%s' is not an accepted device", ret->id);
	if (store_call_waiting(tx->db, ret->num, tx->now, &waiting, e) < 0)
		return -1;
	if (waiting >= WAITING_MAX)
		return err_set(e, ERR_TOO_MANY, "%d calls of '%s' wait for an answer already",
		    WAITING_MAX, ret->id);
	return 0;
}

int
call_create(struct tx *tx, const char *id, const char *method, const char *args, int timeout_s,
    int64_t *ret_call, struct err *e)
{
	struct device device;
	struct call_row row = { .args = (char *)(uintptr_t)args,	/* lent for the insert */
	    .deadline_ms = tx->now + (int64_t)timeout_s * 1000 };
	struct outbox out = { .call = 0 };

	if (strlen(method) >= sizeof(row.method) || strlen(args) >= CALL_ARGS_MAX)
		return err_field(e, ERR_BAD, "method", "length", "method or arguments are too long");
	if (check_callable(tx, id, &device, e) < 0)
		return -1;
	row.device = out.device = device.num;
	snprintf(row.method, sizeof(row.method), "%s", method);
	if (store_call_insert(tx->db, &row, ret_call, e) < 0)
		return -1;
	out.call = *ret_call;
	tx->say = true;
	if (store_outbox_insert(tx->db, &out, e) < 0 ||
	    event_note(tx, e, device.num, 0, device.ptype, "called", "%s", method) < 0)
		return -1;
	return audit_note(tx, e, "device.call", device.id, "%s", method);
}

int
call_answer(struct tx *tx, const char *id, int64_t call, const char *result, const char *error,
    struct err *e)
{
	struct device device;
	struct call_row row;
	int r = store_device_find(tx->db, id, &device, e);

	if (r <= 0)
		return r;
	memset(&row, 0, sizeof(row));
	if ((r = store_call_find(tx->db, call, &row, e)) <= 0)
		return r;
	if (row.device != device.num || row.answered_ms != 0 || row.deadline_ms < tx->now) {
		row_clear(&row);
		return event_note(tx, e, device.num, 0, device.ptype, "answer_passed_over",
		    "call %lld", (long long)call);
	}
	row_clear(&row);
	tx->answered = call;
	if (store_call_answer(tx->db, call, result, error, tx->now, e) < 0)
		return -1;
	if (row.job != 0)
		return step_answered(tx, &device, &row, result, error, e);
	return event_note(tx, e, device.num, 0, device.ptype, "answered", "%s: %.200s", row.method,
	    error != NULL ? error : result);
}

int
call_look(struct tx *tx, const char *id, int64_t call, struct call_state *ret, struct err *e)
{
	struct device device;
	struct call_row row;
	int r;

	memset(ret, 0, sizeof(*ret));
	memset(&row, 0, sizeof(row));
	if (device_get(tx, id, &device, e) < 0 ||
	    (r = store_call_find(tx->db, call, &row, e)) < 0)
		return -1;
	if (r == 0 || row.device != device.num) {
		row_clear(&row);
		return err_set(e, ERR_ABSENT, "'%s' has no call %lld", id, (long long)call);
	}
	ret->over = row.answered_ms != 0 || row.deadline_ms <= tx->now;
	ret->result = row.result;
	ret->error = row.error;
	free(row.args);
	return 0;
}

void
call_state_clear(struct call_state *s)
{
	free(s->result);
	free(s->error);
	memset(s, 0, sizeof(*s));
}
