/* SPDX-License-Identifier: Apache-2.0
 *
 * images_test.c - the cache of mappings: shared, bounded, and never believed. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "repo_kit.h"

#define IMAGES		8
#define SIZE		100000
#define CACHE_MAX	(3 * SIZE + SIZE / 2)

static uint8_t bytes[IMAGES][SIZE], sums[IMAGES][SHA256_LEN];

static void
store_images(struct kit *k)
{
	struct firmware_form form = { .notes = "", .metadata = "" };
	struct err e = ERR_INIT;
	int i;

	for (i = 0; i < IMAGES; i++) {
		struct kit_file file = { "image", bytes[i], SIZE };

		memset(bytes[i], 'a' + i, SIZE);
		sha256(sums[i], bytes[i], SIZE);
		snprintf(form.name, sizeof(form.name), "v1.0.%dt100(a)", i);
		CHECK(kit_upload(k, &form, &file, 1, NULL, &e) == 0, "%s", e.text);
	}
}

static const char *
path_of(struct kit *k, int i)
{
	static char path[256];
	char hex[HEX_LEN(SHA256_LEN)];

	snprintf(path, sizeof(path), "%s/%s", k->cache, hex_encode(hex, sums[i], SHA256_LEN));
	return path;
}

static bool
cached(struct kit *k, int i)
{
	return access(path_of(k, i), F_OK) == 0;
}

static int
files(struct kit *k)
{
	DIR *d = opendir(k->cache);
	struct dirent *f;
	int n = 0;

	while ((f = readdir(d)) != NULL)
		n += f->d_name[0] != '.';
	closedir(d);
	return n;
}

static struct mapping *
open_image(struct kit *k, int i)
{
	struct err e = ERR_INIT;
	struct mapping *m = image_open(k->core, sums[i], &e);

	CHECK(m != NULL, "image %d: %s", i, e.text);
	if (m != NULL)
		CHECK(mapping_size(m) == SIZE && memcmp(mapping_bytes(m), bytes[i], SIZE) == 0,
		    "image %d has other bytes", i);
	return m;
}

static void
shared(struct kit *k)
{
	struct mapping *a = open_image(k, 0), *b = open_image(k, 0);

	CHECK(a == b, "two mappings of one image");
	CHECK(files(k) == 1 && cached(k, 0), "%d files", files(k));
	mapping_close(a);
	CHECK(mapping_bytes(b)[SIZE - 1] == 'a', "gone with its first user");
	mapping_close(b);
	CHECK(open_image(k, 0) == a, "it was forgotten");
	mapping_close(a);
}

static void
unknown(struct kit *k)
{
	uint8_t sum[SHA256_LEN] = { 1 };
	struct err e = ERR_INIT;
	int before = files(k);

	CHECK(image_open(k->core, sum, &e) == NULL && e.code == ERR_ABSENT, "%s", e.text);
	CHECK(image_open(k->core, sum, &e) == NULL, "the second time");
	CHECK(files(k) == before, "a file was left");
}

/* Three and a half fit. What is in use stays, and may exceed that. */
static void
eviction(struct kit *k)
{
	struct mapping *held[IMAGES], *again;
	int i;

	for (i = 0; i < 4; i++)
		mapping_close(open_image(k, i));
	CHECK(files(k) == 3 && !cached(k, 0) && cached(k, 1), "the oldest goes first");
	mapping_close(open_image(k, 1));	/* is the newest now */
	mapping_close(open_image(k, 4));
	CHECK(cached(k, 1) && !cached(k, 2), "use counts, not age");

	for (i = 0; i < IMAGES; i++)
		held[i] = open_image(k, i);
	CHECK(files(k) == IMAGES, "%d files while all are in use", files(k));
	for (i = 0; i < IMAGES; i++) {
		again = open_image(k, i);
		CHECK(again == held[i], "image %d moved while in use", i);
		mapping_close(again);
	}
	for (i = 0; i < IMAGES; i++)
		mapping_close(held[i]);
	CHECK(files(k) == 3, "%d files when nobody uses them", files(k));
}

static void
damage(struct kit *k, int i, const char *how)
{
	int fd;

	mapping_close(open_image(k, i));
	kit_stop(k);
	fd = open(path_of(k, i), O_RDWR);
	CHECK(fd >= 0, "no file of image %d", i);
	if (strcmp(how, "short") == 0)
		CHECK(ftruncate(fd, SIZE / 2) == 0, "truncate");
	else if (strcmp(how, "empty") == 0)
		CHECK(ftruncate(fd, 0) == 0, "truncate");
	else
		CHECK(pwrite(fd, "#", 1, SIZE / 2) == 1, "write");
	close(fd);
	kit_start(k);
	mapping_close(open_image(k, i));	/* open_image() compares */
}

/* What a crash leaves half-made goes; what strangers put there is left alone. */
static void
leftovers(struct kit *k)
{
	char temp[128], stranger[128];

	snprintf(temp, sizeof(temp), "%s/filling-aBcDeF", k->cache);
	snprintf(stranger, sizeof(stranger), "%s/README", k->cache);
	kit_stop(k);
	close(open(temp, O_CREAT | O_WRONLY, 0600));
	close(open(stranger, O_CREAT | O_WRONLY, 0600));
	kit_start(k);
	CHECK(access(temp, F_OK) != 0, "half a file stayed");
	CHECK(access(stranger, F_OK) == 0, "a stranger's file went");
	unlink(stranger);
}

/* A cache that shrank is trimmed at the start. */
static void
smaller(struct kit *k)
{
	int i;

	for (i = 0; i < 3; i++)
		mapping_close(open_image(k, i));
	kit_stop(k);
	k->cache_max = SIZE;
	kit_start(k);
	CHECK(files(k) == 1, "%d files", files(k));
	kit_stop(k);
	k->cache_max = CACHE_MAX;
	kit_start(k);
}

struct crowd { struct kit *k; unsigned wrong; unsigned seed; };

static void *
visitor(void *arg)
{
	struct crowd *c = arg;
	struct mapping *m;
	struct err e = ERR_INIT;
	int n, i;

	for (n = 0; n < 150; n++) {
		c->seed = c->seed * 1664525 + 1013904223;
		i = (int)(c->seed >> 24) % IMAGES;
		m = image_open(c->k->core, sums[i], &e);
		if (m == NULL || mapping_size(m) != SIZE ||
		    memcmp(mapping_bytes(m), bytes[i], SIZE) != 0)
			c->wrong++;
		mapping_close(m);
	}
	return NULL;
}

/* Many at once, with a cache that always overflows. */
static void
crowd(struct kit *k)
{
	struct crowd c[8];
	pthread_t t[8];
	int i;

	for (i = 0; i < 8; i++) {
		c[i] = (struct crowd){ k, 0, (unsigned)i };
		CHECK(pthread_create(&t[i], NULL, visitor, &c[i]) == 0, "thread %d", i);
	}
	for (i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		CHECK(c[i].wrong == 0, "%u wrong images", c[i].wrong);
	}
	CHECK(files(k) <= 3, "%d files", files(k));
}

int
main(void)
{
	struct kit k = { .cache_max = CACHE_MAX };

	kit_open(&k);
	kit_product(&k, 100, "plain", "raw");
	store_images(&k);
	CHECK(files(&k) == 0, "uploads left %d files", files(&k));
	shared(&k);
	unknown(&k);
	eviction(&k);
	damage(&k, 5, "changed");
	damage(&k, 6, "short");
	damage(&k, 7, "empty");
	leftovers(&k);
	smaller(&k);
	crowd(&k);
	kit_close(&k);
	return TEST_END();
}
