/* SPDX-License-Identifier: Apache-2.0
 *
 * repo_kit.h - a core over a store in a folder of its own, for tests of the
 * firmware repository. */
#ifndef OTAD_TEST_REPO_KIT_H
#define OTAD_TEST_REPO_KIT_H

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/core.h"
#include "otad/firmware.h"
#include "otad/history.h"
#include "otad/product.h"
#include "otad/store.h"
#include "test.h"

#define KIT_MAX_IMAGE	(3u << 20)

static const struct family kit_plain = {
	.name = "plain", .proof = PROOF_VERSION, .caps = FAMILY_ASKS | FAMILY_KEYS,
};
static const struct family kit_pairs = {
	.name = "pairs", .proof = PROOF_RETURN, .caps = FAMILY_TOLD | FAMILY_FILES,
	.slots = "user1.bin,user2.bin", .image_kind = "raw",
};
static const struct family *const kit_families[] = { &kit_plain, &kit_pairs, NULL };

static const struct actor kit_person = {
	.role = ROLE_OPERATOR, .id = "key-of-ada", .name = "Ada", .address = "192.0.2.7",
};

struct kit {
	char		dir[64], db[96], cache[96];
	const char	*vfs;		/* NULL: the default */
	struct clock	*clock;
	struct store	*store;
	struct core	*core;
	bool		strict;
	uint64_t	cache_max;
};

/* Both may be called again over the same folder. */
static inline void
kit_start(struct kit *k)
{
	struct err e = ERR_INIT;
	struct store_settings stored = { .path = k->db, .vfs = k->vfs };
	struct core_settings settings = {
		.max_image = KIT_MAX_IMAGE, .cache_dir = k->cache, .link_base = "",
		.cache_max = k->cache_max != 0 ? k->cache_max : 64u << 20,
		.strict_official_beta = k->strict, .secret = (const uint8_t *)
		    "0123456789abcdef0123456789abcdef", .history_days = 1,
	};

	k->clock = clock_new(NULL, &e);
	k->store = k->clock != NULL ? store_open(&stored, &e) : NULL;
	k->core = k->store != NULL ? core_new(k->store, k->clock, kit_families, &settings, &e) :
	    NULL;
	if (k->core == NULL) {
		fprintf(stderr, "no core: %s\n", e.text);
		exit(1);
	}
}

static inline void
kit_stop(struct kit *k)
{
	core_free(k->core);
	store_close(k->store);
	clock_free(k->clock);
	k->core = NULL;
}

static inline void
kit_open(struct kit *k)
{
	snprintf(k->dir, sizeof(k->dir), "/tmp/otad-test-XXXXXX");
	if (mkdtemp(k->dir) == NULL) {
		perror(k->dir);
		exit(1);
	}
	snprintf(k->db, sizeof(k->db), "%s/otad.db", k->dir);
	snprintf(k->cache, sizeof(k->cache), "%s/cache", k->dir);
	kit_start(k);
}

static inline int
kit_unlink(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline void
kit_close(struct kit *k)
{
	kit_stop(k);
	nftw(k->dir, kit_unlink, 8, FTW_DEPTH | FTW_PHYS);
}

/* fn in a transaction, by a person. */
static inline int
kit_write(struct kit *k, tx_fn *fn, void *arg, struct err *e)
{
	return core_write_wait(k->core, URGENT_ADMIN, &kit_person, fn, arg, e);
}

static inline int
kit_read(struct kit *k, tx_fn *fn, void *arg, struct err *e)
{
	return core_read(k->core, &kit_person, fn, arg, e);
}

static inline int
kit_product_create(struct tx *tx, void *p, struct err *e)
{
	return product_create(tx, p, e);
}

/* A product of this type; its name is the type. */
static inline void
kit_product(struct kit *k, uint32_t ptype, const char *dialect, const char *kind)
{
	struct product p = { .ptype = ptype };
	struct err e = ERR_INIT;

	snprintf(p.name, sizeof(p.name), "product %u", ptype);
	snprintf(p.dialect, sizeof(p.dialect), "%s", dialect);
	snprintf(p.image_kind, sizeof(p.image_kind), "%s", kind);
	CHECK(kit_write(k, kit_product_create, &p, &e) == 0, "product %u: %s", ptype, e.text);
}

/* ---- waiting for wake() ---- */

struct kit_bell {
	pthread_mutex_t	lock;
	pthread_cond_t	rung;
	unsigned	times;
};
#define KIT_BELL	{ PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

static inline void
kit_ring(void *arg)
{
	struct kit_bell *b = arg;

	pthread_mutex_lock(&b->lock);
	b->times++;
	pthread_cond_signal(&b->rung);
	pthread_mutex_unlock(&b->lock);
}

static inline void
kit_await(struct kit_bell *b)
{
	pthread_mutex_lock(&b->lock);
	while (b->times == 0)
		pthread_cond_wait(&b->rung, &b->lock);
	b->times--;
	pthread_mutex_unlock(&b->lock);
}

/* ---- a whole upload ---- */

struct kit_file {
	const char	*slot;
	const void	*bytes;
	size_t		size;
};

struct kit_publish {
	struct upload			*u;
	const struct firmware_form	*form;
	struct firmware			ret;
};

static inline int
kit_publish(struct tx *tx, void *arg, struct err *e)
{
	struct kit_publish *p = arg;

	return upload_publish(tx, p->u, p->form, &p->ret, e);
}

/* In pieces of `piece` bytes. */
static inline int
kit_send(struct upload *u, struct kit_bell *bell, const struct kit_file *f, size_t piece,
    struct err *e)
{
	const uint8_t *at = f->bytes;
	size_t left, some;
	int r;

	if (upload_image(u, f->slot, e))
		return -1;
	for (left = f->size; left > 0; at += some, left -= some) {
		some = left < piece ? left : piece;
		r = upload_data(u, at, some, e);
		if (r < 0)
			return -1;
		if (r == CORE_WRITE)
			kit_await(bell);
	}
	return 0;
}

static inline int
kit_seal(struct upload *u, struct kit_bell *bell, const struct firmware_form *form,
    struct err *e)
{
	int r;

	while ((r = upload_seal(u, form, e)) == CORE_WRITE)
		kit_await(bell);
	return r;
}

static inline int
kit_upload(struct kit *k, const struct firmware_form *form, const struct kit_file *files,
    int n, struct firmware *ret, struct err *e)
{
	struct kit_bell bell = KIT_BELL;
	struct kit_publish p = { .u = upload_new(k->core, kit_ring, &bell), .form = form };
	int i, r = 0;

	for (i = 0; i < n && r == 0; i++)
		r = kit_send(p.u, &bell, &files[i], 30000, e);
	if (r == 0)
		r = kit_seal(p.u, &bell, form, e);
	if (r == 0)
		r = kit_write(k, kit_publish, &p, e);
	upload_free(p.u);
	if (ret != NULL)
		*ret = p.ret;
	else
		firmware_clear(&p.ret);
	return r;
}

/* One raw image into slot "image", whose bytes are the name. */
static inline int
kit_firmware(struct kit *k, const char *name, struct err *e)
{
	struct firmware_form form = { .notes = "", .metadata = "" };
	struct kit_file file = { "image", name, strlen(name) };

	snprintf(form.name, sizeof(form.name), "%s", name);
	return kit_upload(k, &form, &file, 1, NULL, e);
}

#endif
