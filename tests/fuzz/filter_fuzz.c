/* SPDX-License-Identifier: Apache-2.0
 *
 * filter_fuzz.c - any bytes as a filter: it is refused in words, with a byte that is
 * in the text, or it becomes a statement that the database takes, and that finds
 * the same devices in a list, one by one, and by count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/filter.h"
#include "otad/store.h"

#define HOLDS(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "broken: %s\n", #cond);	\
			abort();					\
		}							\
	} while (0)
#define NOW	INT64_C(1780000000000)
#define DEVICES	3

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int	LLVMFuzzerInitialize(int *argc, char ***argv);

/* libFuzzer's interface has no place for what the inputs share. */
static struct store *store;

static int
settle(struct db *db, void *arg, struct err *e)
{
	struct product p = { .ptype = 7, .serial = "s", .name = "n", .status = 1,
	    .dialect = "native", .nslots = 1, .slots = { "image" }, .image_kind = "auto" };
	struct firmware f = { .name = "v1.0.1t7(a)", .value = 1000001 };

	(void)arg;
	if (store_product_insert(db, &p, e) < 0 || version_parse(&f.version, f.name, e) < 0 ||
	    store_firmware_insert(db, &f, &f.num, e) < 0)
		return -1;
	for (int i = 0; i < DEVICES; i++) {
		struct device d = { .ptype = i == 2 ? 0 : 7, .dialect = "native", .channel = 'v',
		    .status = DEVICE_ACCEPTED, .firmware = i == 0 ? f.num : 0,
		    .last_seen_ms = i == 0 ? NOW - 5000 : 0 };

		snprintf(d.id, sizeof(d.id), "d%d", i);
		snprintf(d.version, sizeof(d.version), "%s", i == 0 ? "1.0.1" : "");
		snprintf(d.address, sizeof(d.address), "%s", i == 0 ? "10.1.2.3" : "::1");
		snprintf(d.facts, sizeof(d.facts), "%s", i == 1 ? "chip=x\n" : "");
		if (store_device_insert(db, &d, &d.num, e) < 0 ||
		    store_tags_set(db, d.num, i == 0 ? "a=b\n" : "", e) < 0)
			return -1;
	}
	return 0;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/otad-fuzz-XXXXXX", path[64];
	struct store_settings settings = { .path = path };
	struct err e = ERR_INIT;

	(void)argc;
	(void)argv;
	HOLDS(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/db", dir);
	store = store_open(&settings, &e);
	HOLDS(store != NULL && store_write_wait(store, URGENT_ADMIN, settle, NULL, &e) == 0);
	return 0;
}

static int
take(void *arg, const struct device *d, struct err *e)
{
	unsigned *found = arg;

	(void)e;
	*found |= 1u << d->num;
	return 0;
}

static int
search(struct db *db, void *arg, struct err *e)
{
	const struct filter *f = arg;
	struct device_query q = { .filter = f, .now_ms = NOW, .limit = 100 };
	unsigned listed = 0, matching = 0;
	uint64_t n;
	int rc;

	HOLDS(store_device_list(db, &q, take, &listed, e) == 0);
	for (int i = 1; i <= DEVICES; i++) {
		rc = store_filter_matches(db, f, i, NOW, e);
		HOLDS(rc >= 0);
		matching |= (unsigned)rc << i;
	}
	HOLDS(listed == matching);
	HOLDS(store_filter_count(db, f, 7, 0, NOW, &n, e) == 0);
	HOLDS(n == ((listed >> 1) & 1) + ((listed >> 2) & 1));
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(str) char *text = strndup((const char *)data, n);
	AUTO(filter) struct filter *f = NULL;
	struct err e = ERR_INIT;
	size_t byte;

	f = filter_parse(text, &e);
	if (f != NULL) {
		HOLDS(store_read(store, search, f, &e) == 0);
		return 0;
	}
	HOLDS(e.code == ERR_BAD && strcmp(e.field, "filter") == 0 && e.rule[0] != '\0');
	HOLDS(sscanf(e.text, "filter, byte %zu: ", &byte) == 1 && byte <= strlen(text));
	return 0;
}
