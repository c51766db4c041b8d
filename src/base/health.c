/* SPDX-License-Identifier: Apache-2.0
 *
 * health.c - a handful of rows under one lock: it is written once a second and
 * read by whoever asks /readyz. */
#include "otad/health.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
	char	name[HEALTH_NAME];
	bool	ok;
	char	text[HEALTH_TEXT];
};

struct health {
	pthread_mutex_t	lock;
	struct part	parts[HEALTH_PARTS];
	int		count;
};

/* A reader's lock on what it may not change otherwise. */
static pthread_mutex_t *
lock_of(const struct health *h)
{
	return &((struct health *)(uintptr_t)h)->lock;
}

struct health *
health_new(void)
{
	struct health *h = calloc(1, sizeof(*h));

	if (h != NULL)
		pthread_mutex_init(&h->lock, NULL);
	return h;
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static struct part *
part_of(struct health *h, const char *name)
{
	struct part *p;

	for (p = h->parts; p < h->parts + h->count; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	assert(h->count < HEALTH_PARTS && strlen(name) < HEALTH_NAME);
	h->count++;
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

void
health_set(struct health *h, const char *name, bool ok, const char *text)
{
	struct part *p;

	pthread_mutex_lock(&h->lock);
	p = part_of(h, name);
	p->ok = ok;
	snprintf(p->text, sizeof(p->text), "%s", text);
	pthread_mutex_unlock(&h->lock);
}

bool
health_each(const struct health *h, int i, char ret_part[HEALTH_NAME], bool *ret_ok,
    char ret_text[HEALTH_TEXT])
{
	bool there;

	pthread_mutex_lock(lock_of(h));
	there = i >= 0 && i < h->count;
	if (there) {
		memcpy(ret_part, h->parts[i].name, HEALTH_NAME);
		memcpy(ret_text, h->parts[i].text, HEALTH_TEXT);
		*ret_ok = h->parts[i].ok;
	}
	pthread_mutex_unlock(lock_of(h));
	return there;
}

bool
health_ok(const struct health *h)
{
	bool ok;
	int i;

	pthread_mutex_lock(lock_of(h));
	ok = h->count > 0;
	for (i = 0; i < h->count; i++)
		ok = ok && h->parts[i].ok;
	pthread_mutex_unlock(lock_of(h));
	return ok;
}
