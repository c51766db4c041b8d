/* SPDX-License-Identifier: Apache-2.0
 *
 * http_wait.c - what has to wait, for the writer's commit or for an upload's
 * backlog, is suspended first and resumed by whoever it waits for. Suspended
 * calls are in a list: the library aborts the process when it is stopped under
 * one of them. */
#include "http_priv.h"

/* Suspend, unless what the call waits for has happened since call_expect(). */
enum waiting
call_suspend(struct call *call)
{
	struct http *h = call->http;
	enum waiting w;

	link_patience(call->link, 0);
	pthread_mutex_lock(&h->lock);
	w = h->stopping ? WAITING_STOPPED : call->woken && !call->writing ? WAITING_OVER :
	    WAITING;
	if (w == WAITING && !call->suspended) {
		call->suspended = true;
		call->suspended_ms = http_now();
		call->next = h->suspended;
		call->prev = &h->suspended;
		if (call->next != NULL)
			call->next->prev = &call->next;
		h->suspended = call;
		MHD_suspend_connection(call->connection);
	}
	pthread_mutex_unlock(&h->lock);
	return w;
}

void
call_expect(struct call *call)
{
	pthread_mutex_lock(&call->http->lock);
	call->woken = false;
	pthread_mutex_unlock(&call->http->lock);
}

/* Nobody but its network thread may touch the call after this: it may be answered
 * and gone at once. */
void
call_resume(struct call *call)
{
	if (!call->suspended)
		return;
	call->suspended = false;
	*call->prev = call->next;
	if (call->next != NULL)
		call->next->prev = call->prev;
	pthread_cond_broadcast(&call->http->changed);
	MHD_resume_connection(call->connection);
}

/* What the writer has, only the writer gives back. */
void
call_wake(struct exchange *x)
{
	struct call *call = (struct call *)x;
	struct http *h = call->http;

	pthread_mutex_lock(&h->lock);
	call->woken = true;
	if (!call->writing)
		call_resume(call);
	pthread_mutex_unlock(&h->lock);
}
