/* SPDX-License-Identifier: Apache-2.0
 *
 * match.c - which product is a stranger of?
 *
 * A product's `hardware` says what its devices say of themselves. The more of it
 * they say, the better the match; where two products fit equally well a person
 * has to decide, so there is none. */
#include <ctype.h>
#include <string.h>
#include "core_priv.h"
#include "otad/auto.h"
#include "otad/facts.h"
#include "otad/product.h"

struct match {
	const char	*family, *facts;
	uint32_t	best;
	int		weight;
	bool		tied;
};

/* What a maker chose, and what merely fits many. */
static const struct { const char *key; int weight; } keys[] = {
	{ "project_name", 8 }, { "model", 8 }, { "type", 8 }, { "chip", 1 },
};

/* Equal but for case and punctuation: esp32c3 is an ESP32-C3. */
static bool
same_chip(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a != '\0' && !isalnum((unsigned char)*a))
			a++;
		while (*b != '\0' && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
	}
}

/* How well it fits: 0 not at all. */
static int
weigh(const char *hardware, const char *facts)
{
	char wanted[FACT_VALUE_MAX], said[FACT_VALUE_MAX];
	int sum = 0;

	for (size_t i = 0; i < NELEM(keys); i++) {
		bool chip = strcmp(keys[i].key, "chip") == 0;

		if (!facts_get(hardware, keys[i].key, wanted))
			continue;
		if (!facts_get(facts, keys[i].key, said)) {
			if (chip)
				continue;	/* older devices do not say */
			return 0;
		}
		if (chip ? !same_chip(wanted, said) : strcmp(wanted, said) != 0)
			return 0;
		sum += keys[i].weight;
	}
	return sum >= 8 ? sum : 0;
}

static int
try_product(void *arg, const struct product *p, struct err *e)
{
	struct match *m = arg;
	int weight;

	(void)e;
	if (p->part_of != 0 || strcmp(p->dialect, m->family) != 0)
		return 0;
	weight = weigh(p->hardware, m->facts);
	if (weight == 0 || weight < m->weight)
		return 0;
	m->tied = weight == m->weight;
	m->weight = weight;
	m->best = p->ptype;
	return 0;
}

int
product_match(struct tx *tx, const char *family, const char *facts, uint32_t *ret, struct err *e)
{
	struct match m = { .family = family, .facts = facts };

	if (store_product_list(tx->db, 0, PTYPE_MAX, try_product, &m, e) < 0)
		return -1;
	*ret = m.tied ? 0 : m.best;
	return 0;
}
