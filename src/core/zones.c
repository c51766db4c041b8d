/* SPDX-License-Identifier: Apache-2.0
 *
 * zones.c - time zones by name. There are some hundreds in the world and a
 * handful in a fleet; what a device's tag says that is none is remembered, too,
 * so that a misspelt tag does not cost a look at the disk with every poll. */
#include "zones.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_MAX	512

struct zones {
	pthread_mutex_t	lock;
	struct { char name[ZONE_NAME_MAX]; struct zone *zone; } known[ZONES_MAX];
	int		n;
};

struct zones *
zones_new(struct err *e)
{
	struct zones *z = calloc(1, sizeof(*z));

	if (z == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&z->lock, NULL);
	return z;
}

void
zones_free(struct zones *z)
{
	if (z == NULL)
		return;
	for (int i = 0; i < z->n; i++)
		zone_free(z->known[i].zone);
	pthread_mutex_destroy(&z->lock);
	free(z);
}

/* NULL: none of that name; the caller goes by UTC. */
static const struct zone *
find(struct zones *z, const char *name)
{
	struct err ignored = ERR_INIT;
	int i;

	for (i = 0; i < z->n; i++)
		if (strcmp(z->known[i].name, name) == 0)
			return z->known[i].zone;
	if (z->n == ZONES_MAX)
		return NULL;
	snprintf(z->known[i].name, ZONE_NAME_MAX, "%s", name);
	z->known[i].zone = zone_load(name, &ignored);
	z->n++;
	return z->known[i].zone;
}

/* Without a zone the clock on the wall is Greenwich's: a zone file of nothing. */
static bool
in_utc(const struct window *w, int64_t at_s, int64_t *ret_change_s)
{
	int minute = (int)((at_s % 86400 + 86400) % 86400 / 60);
	bool open = w->from == w->to ? true : w->from < w->to ?
	    minute >= w->from && minute < w->to : minute >= w->from || minute < w->to;
	int until = ((open ? w->to : w->from) - minute + 1440) % 1440;

	*ret_change_s = w->from == w->to ? 0 : at_s - at_s % 60 + (int64_t)until * 60;
	return open;
}

bool
zones_window(struct zones *z, const char *name, const struct window *w, int64_t at_s,
    int64_t *ret_change_s)
{
	const struct zone *zone;
	bool open;

	pthread_mutex_lock(&z->lock);
	zone = find(z, name);
	open = zone != NULL ? window_open(w, zone, at_s, ret_change_s) :
	    in_utc(w, at_s, ret_change_s);
	pthread_mutex_unlock(&z->lock);
	return open;
}
