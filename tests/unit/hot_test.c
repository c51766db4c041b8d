/* SPDX-License-Identifier: Apache-2.0
 *
 * hot_test.c - the memory of what was answered "nothing": it may forget at any
 * time, and must never remember more than was said. A model that keeps all in
 * plain arrays is held against it over a long generated sequence. */
#include "core/hot.h"
#include "core_fixture.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
sighting(struct sighting *s, int device, int words)
{
	char id[DEVICE_ID_MAX];

	snprintf(id, sizeof(id), "device-%d", device);
	fx_sighting(s, &fx_poller, id, "v1.0.0t100(a)");
	snprintf(s->facts, sizeof(s->facts), "free=%d\n", words);
}

/* ---- each word counts ---- */

static void
same_answer_only_to_same_words(void)
{
	struct err e = ERR_INIT;
	struct hot *hot = hot_new(&e);
	struct sighting s, t;

	sighting(&s, 1, 1);
	CHECK(!hot_nothing(hot, &s, 1, 1000, 5000), "an empty memory");
	hot_remember(hot, &s, 1, 1, 3000, 5000);
	CHECK(hot_nothing(hot, &s, 1, 1000, 5000), "the same words");
	CHECK(hot_nothing(hot, &s, 1, 2899, 5000), "until the end");
	CHECK(!hot_nothing(hot, &s, 1, 3000, 5000), "not beyond");
	CHECK(!hot_nothing(hot, &s, 2, 1000, 5000), "another generation");

#define DIFFERS(change, what)						\
	t = s;								\
	change;								\
	CHECK(!hot_nothing(hot, &t, 1, 1000, 5000), "%s", what)
	DIFFERS(snprintf(t.version, sizeof(t.version), "v1.0.1t100(a)"), "version");
	DIFFERS(snprintf(t.slot, sizeof(t.slot), "user1"), "slot");
	DIFFERS(snprintf(t.part, sizeof(t.part), "filesystem"), "part");
	DIFFERS(snprintf(t.address, sizeof(t.address), "192.0.2.2"), "address");
	DIFFERS(snprintf(t.facts, sizeof(t.facts), "free=2\n"), "facts");
	DIFFERS(t.resumes = true, "a Range request");
	DIFFERS(t.rebooted = true, "a boot");
	DIFFERS(t.told = BY_MQTT, "can be told");
	DIFFERS(t.ptype = 7, "product");
	DIFFERS(t.identity = ID_ACCOUNT, "identity");
	DIFFERS((t.identity = ID_KEY, t.key_hash[31] = 1), "key");
	DIFFERS((t.hashes[0].len = 16, t.hashes[0].bytes[0] = 1), "hash");
	DIFFERS(t.family = &fx_keyed, "family");
#undef DIFFERS
	CHECK(hot_nothing(hot, &s, 1, 1000, 5000), "still the same words");
	hot_touch(hot, &s, 1, 6000);
	CHECK(!hot_nothing(hot, &s, 1, 1000, 6000), "something else was answered meanwhile");
	hot_free(hot);
}

/* ---- what was heard ---- */

static void
heard(void)
{
	struct err e = ERR_INIT;
	struct hot *hot = hot_new(&e);
	struct sighting s;
	struct heard *list;
	size_t n;

	CHECK(hot_drain(hot, &list) == 0, "nothing yet");
	free(list);
	for (int i = 999; i >= 0; i--) {
		sighting(&s, i, 0);
		hot_touch(hot, &s, i + 1, 10000 + i * 1000);
	}
	sighting(&s, 7, 0);
	hot_touch(hot, &s, 8, 99000);
	CHECK(hot_heard(hot, s.id) == 99000, "%lld", (long long)hot_heard(hot, s.id));
	CHECK(hot_heard(hot, "device-1000") == 0, "a stranger");
	n = hot_drain(hot, &list);
	CHECK(n == 1000, "each once: %zu", n);
	for (size_t i = 0; i < n; i++)
		if (list[i].device != (int64_t)i + 1 ||
		    list[i].at_ms != (i == 7 ? 99000 : 10000 + (int64_t)i * 1000))
			CHECK(false, "%zu: device %lld at %lld", i, (long long)list[i].device,
			    (long long)list[i].at_ms);
	free(list);
	CHECK(hot_drain(hot, &list) == 0, "and only once");
	free(list);
	CHECK(hot_heard(hot, s.id) == 0, "written down");
	hot_remember(hot, &s, 8, 1, 5000, 100000);
	n = hot_drain(hot, &list);
	free(list);
	CHECK(n == 1 && hot_nothing(hot, &s, 1, 1000, 101000), "a drain forgets no answer");
	CHECK(hot_drain(hot, &list) == 1 && list[0].at_ms == 101000, "an answer counts as heard");
	free(list);
	hot_free(hot);
}

/* A device that was deleted and registered anew has another number: what was
 * remembered of the first is not the second's. */
static void
anew(void)
{
	struct err e = ERR_INIT;
	struct hot *hot = hot_new(&e);
	struct sighting s;
	struct heard *list;

	sighting(&s, 1, 1);
	hot_remember(hot, &s, 1, 1, 9000, 5000);
	hot_touch(hot, &s, 2, 6000);
	CHECK(!hot_nothing(hot, &s, 1, 1000, 6000), "another device");
	CHECK(hot_drain(hot, &list) == 1 && list[0].device == 2, "heard as the second");
	free(list);
	hot_free(hot);
}

/* ---- against a model ---- */

#define DEVICES	300
#define STEPS	200000

struct remembered {
	int	words;
	uint64_t generation;
	int64_t	until;			/* 0: nothing */
	int64_t	heard;			/* 0: drained */
};

struct model {
	struct hot		*hot;
	struct fx_random	r;
	struct remembered	devices[DEVICES];
	uint64_t		generation;
	int64_t			boot, wall;
	unsigned		hits, wrong;
};

static void
look(struct model *m, int i, const struct sighting *s, int words)
{
	struct remembered *d = &m->devices[i];
	bool may = d->words == words && d->generation == m->generation && d->until > m->boot;
	bool must = may && d->until - m->boot >= 200;	/* it counts tenths of a second */
	bool hit = hot_nothing(m->hot, s, m->generation, m->boot, m->wall);

	m->wrong += (hit && !may) || (!hit && must);
	m->hits += hit;
	if (hit)
		d->heard = m->wall;
}

static void
drain(struct model *m)
{
	struct heard *list;
	size_t n = hot_drain(m->hot, &list), k = 0;

	for (int i = 0; i < DEVICES; i++) {
		if (m->devices[i].heard == 0)
			continue;
		m->wrong += k >= n || list[k].device != i + 1 ||
		    list[k].at_ms != m->devices[i].heard / 1000 * 1000;
		k++;
		m->devices[i].heard = 0;
	}
	m->wrong += k != n;
	free(list);
}

static void
one_step(struct model *m)
{
	int i = (int)fx_below(&m->r, DEVICES), words = (int)fx_below(&m->r, 2);
	struct sighting s;

	sighting(&s, i, words);
	m->boot += fx_below(&m->r, 20);
	m->wall += fx_below(&m->r, 20);
	switch (fx_below(&m->r, 8)) {
	case 0: case 1: case 2:
		m->devices[i] = (struct remembered){ words, m->generation,
		    m->boot + fx_below(&m->r, 5000), m->wall };
		hot_remember(m->hot, &s, i + 1, m->generation, m->devices[i].until, m->wall);
		break;
	case 3:
		m->devices[i].until = 0;
		m->devices[i].heard = m->wall;
		hot_touch(m->hot, &s, i + 1, m->wall);
		break;
	case 4:
		m->generation += fx_below(&m->r, 50) == 0;
		if (fx_below(&m->r, 200) == 0)
			drain(m);
		break;
	default:
		look(m, i, &s, words);
	}
}

static void
modelled(void)
{
	struct err e = ERR_INIT;
	static struct model m = { .r = { 7 }, .generation = 1, .boot = 100000,
	    .wall = 1780315200000 };

	m.hot = hot_new(&e);
	for (int i = 0; i < STEPS && m.wrong == 0; i++) {
		one_step(&m);
		if (m.wrong > 0)
			CHECK(false, "step %d", i);
	}
	CHECK(m.wrong == 0 && m.hits > STEPS / 50, "%u hits: the test is blind", m.hits);
	hot_free(m.hot);
}

int
main(void)
{
	same_answer_only_to_same_words();
	heard();
	anew();
	modelled();
	return TEST_END();
}
