/* SPDX-License-Identifier: Apache-2.0
 *
 * hot.c - an open-addressing table in shards.
 *
 * 32 bytes an entry, a million devices in 64 MB: a table of pointers would be
 * four times that. Ids are hashed with a key of our own, so that strangers
 * cannot aim at one shard or one slot; an id and the words it spoke are known
 * by 64 bits of that hash each, which for a million devices collide once in
 * some ten million years of polling. Entries are never removed: a shard holds
 * the devices that really exist, since only those are entered. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "otad/auto.h"
#include "hot.h"

#define SHARDS	16

struct entry {
	uint64_t	id;		/* hash of family and id; 0: free */
	uint64_t	words;		/* hash of the whole sighting */
	uint32_t	device;
	uint32_t	generation;	/* low 32 bits */
	uint32_t	until_ds;	/* boot time, tenths of a second; 0: nothing remembered */
	uint32_t	heard_s;	/* wall clock, seconds; 0: written down */
};

struct shard {
	pthread_mutex_t	lock;
	struct entry	*table;
	size_t		size, used;	/* size: a power of two */
	size_t		ndirty;		/* entries heard since the last drain */
};

struct hot {
	uint8_t		key[16];
	struct shard	shards[SHARDS];
};

struct hot *
hot_new(struct err *e)
{
	struct hot *hot = calloc(1, sizeof(*hot));

	if (hot == NULL) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	random_bytes(hot->key, sizeof(hot->key));
	for (int i = 0; i < SHARDS; i++)
		pthread_mutex_init(&hot->shards[i].lock, NULL);
	return hot;
}

void
hot_free(struct hot *hot)
{
	if (hot == NULL)
		return;
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_destroy(&hot->shards[i].lock);
		free(hot->shards[i].table);
	}
	free(hot);
}

static uint64_t
hash_id(const struct hot *hot, const char *id)
{
	uint64_t h = siphash(hot->key, id, strlen(id));

	return h != 0 ? h : 1;
}

static size_t
append(char *to, size_t at, const void *bytes, size_t n)
{
	memcpy(to + at, bytes, n);
	return at + n;
}

/* All that an answer may depend on, in one hash. */
static uint64_t
hash_words(const struct hot *hot, const struct sighting *s)
{
	char all[sizeof(*s)];
	size_t n = 0;

	n = append(all, n, s->id, strlen(s->id) + 1);
	n = append(all, n, &s->identity, sizeof(s->identity));
	n = append(all, n, s->key_hash, s->identity == ID_KEY ? sizeof(s->key_hash) : 0);
	n = append(all, n, &s->ptype, sizeof(s->ptype));
	n = append(all, n, s->version, strlen(s->version) + 1);
	for (size_t i = 0; i < NELEM(s->hashes); i++)
		n = append(all, n, s->hashes[i].bytes, s->hashes[i].len);
	n = append(all, n, s->slot, strlen(s->slot) + 1);
	n = append(all, n, s->part, strlen(s->part) + 1);
	n = append(all, n, &s->resumes, sizeof(s->resumes));
	n = append(all, n, &s->rebooted, sizeof(s->rebooted));
	n = append(all, n, &s->told, sizeof(s->told));
	n = append(all, n, s->address, strlen(s->address) + 1);
	n = append(all, n, s->facts, strlen(s->facts) + 1);
	n = append(all, n, s->family->name, strlen(s->family->name));
	return siphash(hot->key, all, n);
}

static struct shard *
shard_of(struct hot *hot, uint64_t id)
{
	return &hot->shards[id >> 60];
}

/* The entry of id, or the free one where it would stand; NULL in an empty table. */
static struct entry *
probe(struct entry *table, size_t size, uint64_t id)
{
	size_t i = id & (size - 1);

	if (table == NULL)
		return NULL;
	while (table[i].id != 0 && table[i].id != id)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static bool
grow(struct shard *sh)
{
	size_t size = sh->size == 0 ? 64 : sh->size * 2;
	struct entry *table = calloc(size, sizeof(*table));

	if (table == NULL)
		return false;
	for (size_t i = 0; i < sh->size; i++)
		if (sh->table[i].id != 0)
			*probe(table, size, sh->table[i].id) = sh->table[i];
	free(sh->table);
	sh->table = table;
	sh->size = size;
	return true;
}

/* The entry of id, made if need be; NULL: out of memory, then it is not saved. */
static struct entry *
enter(struct shard *sh, uint64_t id, int64_t device)
{
	struct entry *en;

	if (sh->used * 4 >= sh->size * 3 && !grow(sh))
		return NULL;
	en = probe(sh->table, sh->size, id);
	if (en->id == 0) {
		*en = (struct entry){ .id = id, .device = (uint32_t)device };
		sh->used++;
	}
	if (en->device != (uint32_t)device)		/* deleted and registered anew */
		*en = (struct entry){ .id = id, .device = (uint32_t)device };
	return en;
}

static void
mark_heard(struct shard *sh, struct entry *en, int64_t now_wall)
{
	if (en->heard_s == 0)
		sh->ndirty++;
	en->heard_s = (uint32_t)(now_wall / 1000);
}

bool
hot_nothing(struct hot *hot, const struct sighting *s, uint64_t generation, int64_t now_boot,
    int64_t now_wall)
{
	uint64_t id = hash_id(hot, s->id);
	uint64_t words = hash_words(hot, s);
	struct shard *sh = shard_of(hot, id);
	struct entry *en;
	bool hit;

	pthread_mutex_lock(&sh->lock);
	en = probe(sh->table, sh->size, id);
	hit = en != NULL && en->id == id && en->words == words &&
	    en->generation == (uint32_t)generation && en->until_ds > now_boot / 100;
	if (hit)
		mark_heard(sh, en, now_wall);
	pthread_mutex_unlock(&sh->lock);
	return hit;
}

static void
note(struct hot *hot, const struct sighting *s, int64_t device, uint64_t generation,
    int64_t until_boot, int64_t now_wall)
{
	uint64_t id = hash_id(hot, s->id);
	struct shard *sh = shard_of(hot, id);
	struct entry *en;

	if (device > UINT32_MAX)
		return;
	pthread_mutex_lock(&sh->lock);
	en = enter(sh, id, device);
	if (en != NULL) {
		en->until_ds = (uint32_t)(until_boot / 100);
		if (until_boot > 0) {
			en->words = hash_words(hot, s);
			en->generation = (uint32_t)generation;
		}
		mark_heard(sh, en, now_wall);
	}
	pthread_mutex_unlock(&sh->lock);
}

void
hot_remember(struct hot *hot, const struct sighting *s, int64_t device, uint64_t generation,
    int64_t until_boot, int64_t now_wall)
{
	note(hot, s, device, generation, until_boot, now_wall);
}

void
hot_touch(struct hot *hot, const struct sighting *s, int64_t device, int64_t now_wall)
{
	note(hot, s, device, 0, 0, now_wall);
}

int64_t
hot_heard(struct hot *hot, const char *id_text)
{
	uint64_t id = hash_id(hot, id_text);
	struct shard *sh = shard_of(hot, id);
	const struct entry *en;
	int64_t at = 0;

	pthread_mutex_lock(&sh->lock);
	en = probe(sh->table, sh->size, id);
	if (en != NULL && en->id == id)
		at = (int64_t)en->heard_s * 1000;
	pthread_mutex_unlock(&sh->lock);
	return at;
}

static int
by_device(const void *a, const void *b)
{
	const struct heard *x = a, *y = b;

	return (x->device > y->device) - (x->device < y->device);
}

/* A walk over the shard, 32 bytes an entry, instead of a list of its own: a
 * drain is once in some seconds, a poll is always. */
static size_t
drain_shard(struct shard *sh, struct heard **list, size_t n, size_t *room)
{
	for (size_t i = 0; sh->ndirty > 0 && i < sh->size; i++) {
		struct entry *en = &sh->table[i];

		if (en->heard_s == 0)
			continue;
		if (n == *room) {
			size_t more = *room == 0 ? 256 : *room * 2;
			struct heard *p = realloc(*list, more * sizeof(*p));

			if (p == NULL)
				return n;	/* stays marked: next time */
			*list = p;
			*room = more;
		}
		(*list)[n++] = (struct heard){ en->device, (int64_t)en->heard_s * 1000 };
		en->heard_s = 0;
	}
	sh->ndirty = 0;
	return n;
}

size_t
hot_drain(struct hot *hot, struct heard **ret)
{
	size_t n = 0, room = 0;

	*ret = NULL;
	for (int i = 0; i < SHARDS; i++) {
		struct shard *sh = &hot->shards[i];

		pthread_mutex_lock(&sh->lock);
		n = drain_shard(sh, ret, n, &room);
		pthread_mutex_unlock(&sh->lock);
	}
	if (n > 1)
		qsort(*ret, n, sizeof(**ret), by_device);
	return n;
}
