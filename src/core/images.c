/* SPDX-License-Identifier: Apache-2.0
 *
 * images.c - the bytes live in the database, and are served from files that can
 * be lost at any time: one mapping per image, shared by all who download it.
 *
 * An entry is in the table from the moment somebody wants it. Whoever comes first
 * fills it with the lock open; who comes meanwhile waits for that one. A file is
 * believed only after its bytes gave the hash that is its name, once in the life
 * of its mapping. When the files outgrow their bound, those that nobody holds go,
 * least recently used first. */
#include "otad/firmware.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core_priv.h"
#include "otad/auto.h"
#include "repo_priv.h"

#define BUCKETS		64

enum mapping_state {
	ON_DISK,		/* a file of that name, not looked at yet */
	BEING_FILLED,		/* by one thread, without the lock */
	MAPPED,
	FAILED			/* out of the table; kept for those who waited */
};

struct mapping {
	struct images	*images;
	uint8_t		sha256[SHA256_LEN];
	enum mapping_state state;
	unsigned	holders;	/* handed out, or waiting to be */
	const uint8_t	*bytes;		/* MAPPED; NULL while size is 0 */
	uint64_t	size;		/* of the file */
	struct err	why;		/* FAILED */
	struct mapping	*next_in_bucket;
	struct mapping	*newer, *older;	/* by last use */
};

struct images {
	struct store	*store;
	char		*dir;
	uint64_t	max_bytes;
	pthread_mutex_t	lock;		/* of all below, and of the entries' fields */
	pthread_cond_t	filled;
	struct mapping	*buckets[BUCKETS];
	struct mapping	*newest, *oldest;
	uint64_t	bytes;		/* of all files */
};

/* ---- the table, under the lock ---- */

static struct mapping **
bucket(struct images *im, const uint8_t *sha)
{
	return &im->buckets[sha[0] % BUCKETS];
}

static struct mapping *
find(struct images *im, const uint8_t *sha)
{
	struct mapping *m = *bucket(im, sha);

	while (m != NULL && memcmp(m->sha256, sha, SHA256_LEN) != 0)
		m = m->next_in_bucket;
	return m;
}

static void
unlink_use(struct images *im, struct mapping *m)
{
	*(m->newer != NULL ? &m->newer->older : &im->newest) = m->older;
	*(m->older != NULL ? &m->older->newer : &im->oldest) = m->newer;
	m->newer = m->older = NULL;
}

static void
link_newest(struct images *im, struct mapping *m)
{
	m->older = im->newest;
	*(im->newest != NULL ? &im->newest->newer : &im->oldest) = m;
	im->newest = m;
}

static struct mapping *
insert(struct images *im, const uint8_t *sha)
{
	struct mapping *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->images = im;
	memcpy(m->sha256, sha, SHA256_LEN);
	m->next_in_bucket = *bucket(im, sha);
	*bucket(im, sha) = m;
	link_newest(im, m);
	return m;
}

static void
take_out(struct images *im, struct mapping *m)
{
	struct mapping **p = bucket(im, m->sha256);

	while (*p != m)
		p = &(*p)->next_in_bucket;
	*p = m->next_in_bucket;
	unlink_use(im, m);
	im->bytes -= m->size;
}

static void
unmap(struct mapping *m)
{
	if (m->bytes != NULL)
		munmap((void *)(uintptr_t)m->bytes, m->size);
	free(m);
}

static void
path_of(const struct images *im, const uint8_t *sha, char *ret, size_t size)
{
	char hex[HEX_LEN(SHA256_LEN)];

	snprintf(ret, size, "%s/%s", im->dir, hex_encode(hex, sha, SHA256_LEN));
}

/* Images in use may exceed the bound; they are not taken from under anybody. */
static void
evict(struct images *im)
{
	struct mapping *m, *newer;
	char path[PATH_MAX];

	for (m = im->oldest; m != NULL && im->bytes > im->max_bytes; m = newer) {
		newer = m->newer;
		if (m->holders > 0 || m->state == BEING_FILLED)
			continue;
		path_of(im, m->sha256, path, sizeof(path));
		unlink(path);
		take_out(im, m);
		unmap(m);
	}
}

/* ---- opening and closing ---- */

/* The entry is ours to fill; entered and left with the lock held. */
static void
bring(struct images *im, struct mapping *m)
{
	struct err why = ERR_INIT;
	const uint8_t *bytes = NULL;
	uint64_t size = 0;
	char path[PATH_MAX];
	int r;

	m->state = BEING_FILLED;
	pthread_mutex_unlock(&im->lock);
	path_of(im, m->sha256, path, sizeof(path));
	r = cachefile_reuse(path, m->sha256, &bytes, &size);
	if (r != 0)
		r = cachefile_fill(im->store, im->dir, m->sha256, path, &bytes, &size, &why);
	pthread_mutex_lock(&im->lock);
	if (r == 0) {
		im->bytes += size - m->size;
		m->bytes = bytes;
		m->size = size;
		m->state = MAPPED;
		evict(im);
	} else {
		take_out(im, m);
		m->why = why;
		m->state = FAILED;
	}
	pthread_cond_broadcast(&im->filled);
}

struct mapping *
image_open(struct core *core, const uint8_t sha[SHA256_LEN], struct err *e)
{
	struct images *im = core->images;
	struct mapping *m;

	pthread_mutex_lock(&im->lock);
	m = find(im, sha);
	if (m == NULL)
		m = insert(im, sha);
	if (m == NULL) {
		pthread_mutex_unlock(&im->lock);
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	m->holders++;
	if (m->state == ON_DISK)
		bring(im, m);
	while (m->state == BEING_FILLED)
		pthread_cond_wait(&im->filled, &im->lock);
	if (m->state == FAILED) {
		*e = m->why;
		if (--m->holders == 0)
			unmap(m);
		m = NULL;
	} else if (m != im->newest) {
		unlink_use(im, m);
		link_newest(im, m);
	}
	pthread_mutex_unlock(&im->lock);
	return m;
}

const uint8_t *
mapping_bytes(const struct mapping *m)
{
	return m->bytes;
}

uint64_t
mapping_size(const struct mapping *m)
{
	return m->size;
}

void
mapping_close(struct mapping *m)
{
	struct images *im;

	if (m == NULL)
		return;
	im = m->images;
	pthread_mutex_lock(&im->lock);
	assert(m->holders > 0);
	if (--m->holders == 0)
		evict(im);
	pthread_mutex_unlock(&im->lock);
}

/* ---- life ---- */

/* A file from the last run counts as used long ago; anything half-made goes. */
static int
adopt(struct images *im, int dir, const char *name, struct err *e)
{
	uint8_t sha[SHA256_LEN];
	char hex[HEX_LEN(SHA256_LEN)];
	struct mapping *m;
	struct stat st;

	if (strncmp(name, CACHEFILE_TEMP, sizeof(CACHEFILE_TEMP) - 1) == 0) {
		unlinkat(dir, name, 0);
		return 0;
	}
	if (hex_decode(sha, SHA256_LEN, name) != 0 ||
	    strcmp(hex_encode(hex, sha, SHA256_LEN), name) != 0 ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
		return 0;
	m = insert(im, sha);
	if (m == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	m->size = (uint64_t)st.st_size;
	im->bytes += m->size;
	return 0;
}

static int
adopt_all(struct images *im, struct err *e)
{
	struct dirent *d;
	DIR *dir;
	int r = 0;

	if (mkdir(im->dir, 0700) != 0 && errno != EEXIST)
		return err_errno(e, ERR_INTERNAL, "image cache %s", im->dir);
	dir = opendir(im->dir);
	if (dir == NULL)
		return err_errno(e, ERR_INTERNAL, "image cache %s", im->dir);
	while (r == 0 && (d = readdir(dir)) != NULL)
		r = adopt(im, dirfd(dir), d->d_name, e);
	closedir(dir);
	evict(im);
	return r;
}

struct images *
images_new(struct store *store, const char *dir, uint64_t max_bytes, struct err *e)
{
	struct images *im = calloc(1, sizeof(*im));

	if (im == NULL || (im->dir = strdup(dir)) == NULL) {
		free(im);
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	im->store = store;
	im->max_bytes = max_bytes;
	pthread_mutex_init(&im->lock, NULL);
	pthread_cond_init(&im->filled, NULL);
	if (adopt_all(im, e)) {
		images_free(im);
		return NULL;
	}
	return im;
}

void
images_free(struct images *im)
{
	struct mapping *m;

	if (im == NULL)
		return;
	while ((m = im->newest) != NULL) {
		assert(m->holders == 0);
		take_out(im, m);
		unmap(m);
	}
	pthread_cond_destroy(&im->filled);
	pthread_mutex_destroy(&im->lock);
	free(im->dir);
	free(im);
}
