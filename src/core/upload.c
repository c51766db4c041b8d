/* SPDX-License-Identifier: Apache-2.0
 *
 * upload.c - bytes become slices, slices become durable one after the other.
 *
 * One command at a time is with the writer, and names only the upload: it stores
 * the first slice of the queue, and that one leaves the queue after its commit.
 * So a commit that fails and is run again finds everything as it was, and an
 * upload that is given up in the middle has to wait for one command at most: it
 * stays alive, abandoned, until that is done, and then drops what was staged. That
 * may be after the core's end, so only the store is asked from there. */
#include "upload.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG_MAX	(1024 * 1024)	/* taken, not durable: more makes the sender wait */

struct slice {
	struct slice	*next;
	struct uploaded	*of;
	int64_t		n;
	size_t		len;
	int64_t		blob;		/* that it went to; the writer's own until committed */
	uint8_t		bytes[BLOB_CHUNK];
};

static void	submit(struct upload *);

/* ---- on the writer's thread ---- */

static int
stage(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	struct slice *s;

	pthread_mutex_lock(&u->lock);
	s = u->first;
	s->blob = s->of->blob;
	pthread_mutex_unlock(&u->lock);
	if (s->blob == 0 && store_blob_stage(db, &s->blob, e))
		return -1;
	return store_blob_chunk(db, s->blob, s->n, s->bytes, s->len, e);
}

/* What was published is no longer staged: absent here, and stays. */
static int
drop(struct db *db, void *arg, struct err *e)
{
	struct upload *u = arg;
	struct err why = ERR_INIT;
	int i;

	for (i = 0; i < u->nimages; i++)
		if (u->images[i].blob != 0 && store_blob_drop(db, u->images[i].blob, &why) &&
		    why.code != ERR_ABSENT) {
			*e = why;
			return -1;
		}
	return 0;
}

static void
drop_slices(struct upload *u)
{
	struct slice *s;

	while ((s = u->first) != NULL) {
		u->first = s->next;
		free(s);
	}
	u->last = NULL;
	u->backlog = 0;
}

static void
destroy(struct upload *u)
{
	int i;

	drop_slices(u);
	free(u->filling);
	for (i = 0; i < u->nimages; i++)
		digests_free(u->images[i].digests);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

static void
dropped(void *arg, int rc, const struct err *e)
{
	(void)rc;
	(void)e;
	destroy(arg);
}

/* Nobody knows it and the writer has nothing of it: the end. What cannot be
 * dropped now, since otad stops, is swept at the next start. */
static void
bury(struct upload *u)
{
	struct err ignored = ERR_INIT;
	bool staged = false;
	int i;

	for (i = 0; i < u->nimages; i++)
		staged |= u->images[i].blob != 0;
	if (!staged || store_write(u->store, URGENT_BULK, drop, dropped, u, &ignored))
		destroy(u);
}

/* Under the lock: whoever waits may go on, or hear why not. */
static void
wake(struct upload *u)
{
	if (u->wake_at == SIZE_MAX || (u->backlog > u->wake_at && u->failed.code == ERR_NONE))
		return;
	u->wake_at = SIZE_MAX;
	if (!u->abandoned)
		u->wake(u->wake_arg);
}

static void
fail(struct upload *u, const struct err *e)
{
	u->failed = *e;
	drop_slices(u);
}

static void
staged(void *arg, int rc, const struct err *e)
{
	struct upload *u = arg;
	struct slice *s;
	struct err why;
	bool over;

	pthread_mutex_lock(&u->lock);
	u->busy = false;
	s = u->first;
	if (rc == 0) {
		s->of->blob = s->blob;
		u->first = s->next;
		u->backlog -= s->len;
		free(s);
		if (u->first == NULL)
			u->last = NULL;
	} else {
		why = *e;
		snprintf(why.field, sizeof(why.field), "%s", s->of->image.slot);
		err_while(&why, "storing image '%s'", s->of->image.slot);
		fail(u, &why);
	}
	if (!u->abandoned && u->first != NULL)
		submit(u);
	wake(u);
	over = u->abandoned;
	pthread_mutex_unlock(&u->lock);
	if (over)
		bury(u);
}

/* ---- on the network thread ---- */

/* Under the lock. */
static void
submit(struct upload *u)
{
	struct err e = ERR_INIT;

	if (store_write(u->store, URGENT_BULK, stage, staged, u, &e))
		fail(u, &e);
	else
		u->busy = true;
}

static void
push(struct upload *u)
{
	struct slice *s = u->filling;

	u->filling = NULL;
	pthread_mutex_lock(&u->lock);
	if (u->failed.code != ERR_NONE) {
		free(s);
	} else {
		*(u->last != NULL ? &u->last->next : &u->first) = s;
		u->last = s;
		u->backlog += s->len;
		if (!u->busy)
			submit(u);
	}
	pthread_mutex_unlock(&u->lock);
}

/* 0 when at most `enough` is waiting, CORE_WRITE when wake() will tell. */
static int
settle(struct upload *u, size_t enough, size_t wake_at, struct err *e)
{
	int r = 0;

	pthread_mutex_lock(&u->lock);
	if (u->failed.code != ERR_NONE) {
		*e = u->failed;
		r = -1;
	} else if (u->backlog > enough) {
		u->wake_at = wake_at;
		r = CORE_WRITE;
	}
	pthread_mutex_unlock(&u->lock);
	return r;
}

struct upload *
upload_new(struct core *core, void (*wake_fn)(void *), void *arg)
{
	struct upload *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->core = core;
	u->store = core->store;
	u->wake = wake_fn;
	u->wake_arg = arg;
	u->wake_at = SIZE_MAX;
	pthread_mutex_init(&u->lock, NULL);
	return u;
}

void
upload_free(struct upload *u)
{
	bool over;

	if (u == NULL)
		return;
	pthread_mutex_lock(&u->lock);
	u->abandoned = true;
	over = !u->busy;
	pthread_mutex_unlock(&u->lock);
	if (over)
		bury(u);
}

int
upload_image(struct upload *u, const char *slot, struct err *e)
{
	struct uploaded *new;
	int i;

	assert(!u->sealed);
	if (slot_check(slot, "images", e))
		return -1;
	for (i = 0; i < u->nimages; i++)
		if (slot_same(u->images[i].image.slot, slot))
			return err_field(e, ERR_BAD, slot, "duplicate",
			    "image '%s' stands already, as '%s'", slot, u->images[i].image.slot);
	if (u->nimages == SLOTS_MAX)
		return err_field(e, ERR_INVALID, slot, "count", "a firmware has at most %d images",
		    SLOTS_MAX);
	if (u->filling != NULL)
		push(u);
	new = &u->images[u->nimages];
	new->digests = digests_new();
	if (new->digests == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	memcpy(new->image.slot, slot, strlen(slot) + 1);
	u->nimages++;
	return 0;
}

static struct slice *
new_slice(struct uploaded *of)
{
	struct slice *s = malloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	s->next = NULL;
	s->of = of;
	s->n = of->slices++;
	s->len = 0;
	s->blob = 0;
	return s;
}

int
upload_data(struct upload *u, const void *data, size_t n, struct err *e)
{
	uint64_t max = u->core->settings.max_image;
	struct uploaded *to;
	const uint8_t *p = data;
	size_t some;

	assert(u->nimages > 0 && !u->sealed);
	to = &u->images[u->nimages - 1];
	if (n > max - to->image.size)
		return err_field(e, ERR_TOO_BIG, to->image.slot, "max_size",
		    "image '%s' has more than %llu bytes", to->image.slot, (unsigned long long)max);
	digests_add(to->digests, data, n);
	to->image.size += n;
	for (; n > 0; p += some, n -= some) {
		if (u->filling == NULL && (u->filling = new_slice(to)) == NULL)
			return err_set(e, ERR_INTERNAL, "out of memory");
		some = BLOB_CHUNK - u->filling->len;
		some = n < some ? n : some;
		memcpy(u->filling->bytes + u->filling->len, p, some);
		u->filling->len += some;
		if (u->filling->len == BLOB_CHUNK)
			push(u);
	}
	return settle(u, BACKLOG_MAX, BACKLOG_MAX / 2, e);
}

int
upload_flush(struct upload *u, struct err *e)
{
	if (u->filling != NULL)
		push(u);
	return settle(u, 0, 0, e);
}
