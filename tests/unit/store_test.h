/* SPDX-License-Identifier: Apache-2.0
 *
 * store_test.h - a store in a folder of its own, and something to put into it. */
#ifndef OTAD_STORE_TEST_H
#define OTAD_STORE_TEST_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/store.h"
#include "test.h"

#define UNUSED	__attribute__((unused))

struct place {
	char	dir[128];
	char	path[160];
};

static UNUSED void
place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%.90s/otad-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(p->dir) == NULL) {
		perror(p->dir);
		exit(1);
	}
	snprintf(p->path, sizeof(p->path), "%s/otad.db", p->dir);
}

/* Empties the folder; it stays for another try. */
static UNUSED void
place_clear(const struct place *p)
{
	DIR *d = opendir(p->dir);
	struct dirent *ent;
	char name[512];

	while (d != NULL && (ent = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", p->dir, ent->d_name);
		unlink(name);			/* "." and ".." refuse */
	}
	if (d != NULL)
		closedir(d);
}

static UNUSED void
place_remove(const struct place *p)
{
	place_clear(p);
	rmdir(p->dir);
}

static UNUSED struct store *
store_at(const char *path, const char *vfs)
{
	const struct store_settings s = { .path = path, .vfs = vfs };
	struct err e = ERR_INIT;
	struct store *st = store_open(&s, &e);

	CHECK(st != NULL, "%s: %s", path, e.text);
	if (st == NULL)
		exit(TEST_END());
	return st;
}

/* Run fn on the writer; it has to succeed. */
static UNUSED void
written(struct store *st, store_fn *fn, void *arg)
{
	struct err e = ERR_INIT;
	int rc = store_write_wait(st, URGENT_ADMIN, fn, arg, &e);

	CHECK(rc >= 0, "%s", e.text);
}

static UNUSED void
seen(struct store *st, store_fn *fn, void *arg)
{
	struct err e = ERR_INIT;
	int rc = store_read(st, fn, arg, &e);

	CHECK(rc >= 0, "%s", e.text);
}

static UNUSED struct product
sample_product(uint32_t ptype)
{
	struct product p = { .ptype = ptype, .status = 1, .dialect = "native", .nslots = 1,
		.slots = { "image" }, .image_kind = "auto", .created_ms = 1000, .updated_ms = 1000 };

	snprintf(p.serial, sizeof(p.serial), "serial-%u", ptype);
	snprintf(p.name, sizeof(p.name), "product %u", ptype);
	return p;
}

/* Without images. */
static UNUSED struct firmware
sample_firmware(const char *name)
{
	struct firmware f = { .state = FIRMWARE_READY, .created_ms = 2000 };
	struct err e = ERR_INIT;

	CHECK(version_parse(&f.version, name, &e) == 0, "%s", e.text);
	snprintf(f.name, sizeof(f.name), "%s", name);
	f.value = version_value(&f.version);
	return f;
}

static UNUSED struct device
sample_device(const char *id, uint32_t ptype)
{
	struct device d = { .dialect = "native", .ptype = ptype, .status = DEVICE_ACCEPTED,
		.channel = 'v' };

	snprintf(d.id, sizeof(d.id), "%s", id);
	return d;
}

static UNUSED struct job
sample_job(const char *id, uint32_t ptype, int64_t firmware)
{
	struct job j = { .state = JOB_FILLING, .nparts = 1, .created_ms = 3000,
		.policy = { .force = true, .at_least = 10, .percent = 50, .at_most = 1000,
		.timeout_s = 1800, .reach_s = 2592000, .attempts = 3, .retry_delay_s = 300 } };

	snprintf(j.id, sizeof(j.id), "%s", id);
	j.parts[0].ptype = ptype;
	j.parts[0].firmware = firmware;
	return j;
}

#endif
