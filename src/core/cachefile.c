/* SPDX-License-Identifier: Apache-2.0
 *
 * cachefile.c - bytes out of the database into a file, and the file into memory.
 * A file gets its name when it is whole, and is believed only when its bytes give
 * the hash that is its name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/store.h"
#include "repo_priv.h"

static int
write_all(int fd, const void *data, size_t n, struct err *e)
{
	const char *p = data;
	ssize_t r;

	for (; n > 0; p += r, n -= (size_t)r) {
		r = write(fd, p, n);
		if (r < 0 && errno == EINTR)
			r = 0;
		else if (r < 0)
			return err_errno(e, errno == ENOSPC || errno == EDQUOT ? ERR_FULL :
			    ERR_INTERNAL, "writing to the image cache");
	}
	return 0;
}

struct copy {
	const uint8_t	*sha;		/* published … */
	int64_t		blob;		/* … or staged */
	int		fd;
};

static int
copy_chunk(void *arg, const void *data, size_t n, struct err *e)
{
	return write_all(((struct copy *)arg)->fd, data, n, e);
}

static int
copy_blob(struct db *db, void *arg, struct err *e)
{
	struct copy *c = arg;

	return store_blob_read(db, c->sha, c->blob, copy_chunk, c, e);
}

/* An empty file cannot be mapped, and is no image. */
static int
map(int fd, const uint8_t **ret, uint64_t *ret_size, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0)
		return err_errno(e, ERR_INTERNAL, "image cache");
	if (st.st_size == 0)
		return err_set(e, ERR_INTERNAL, "image cache: empty file");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return err_errno(e, ERR_INTERNAL, "image cache: mmap");
	*ret = p;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

/* Map what lies in fd, if it is what its name says. */
static int
map_checked(int fd, const uint8_t *sha, const uint8_t **ret, uint64_t *ret_size, struct err *e)
{
	uint8_t got[SHA256_LEN];
	const uint8_t *bytes;
	uint64_t size;

	if (map(fd, &bytes, &size, e))
		return -1;
	sha256(got, bytes, size);
	if (memcmp(got, sha, SHA256_LEN) != 0) {
		munmap((void *)(uintptr_t)bytes, size);
		return err_set(e, ERR_STORE, "an image's bytes are not what its hash says");
	}
	*ret = bytes;
	*ret_size = size;
	return 0;
}

static int
open_temp(const char *dir, char path[PATH_MAX], struct err *e)
{
	int fd;

	snprintf(path, PATH_MAX, "%s/" CACHEFILE_TEMP "XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_INTERNAL,
		    "image cache %s", dir);
	return fd;
}

/* Nothing is synced: whatever a crash leaves behind is checked or swept. */
int
cachefile_fill(struct store *store, const char *dir, const uint8_t *sha, const char *path,
    const uint8_t **ret, uint64_t *ret_size, struct err *e)
{
	char temp[PATH_MAX];
	struct copy c = { .sha = sha, .fd = open_temp(dir, temp, e) };
	const uint8_t *bytes = NULL;
	uint64_t size = 0;

	if (c.fd < 0)
		return -1;
	if (store_read(store, copy_blob, &c, e) || map_checked(c.fd, sha, &bytes, &size, e)) {
		close(c.fd);
		unlink(temp);
		return -1;
	}
	close(c.fd);
	if (rename(temp, path) != 0) {
		err_errno(e, ERR_INTERNAL, "image cache: %s", path);
		munmap((void *)(uintptr_t)bytes, size);
		unlink(temp);
		return -1;
	}
	*ret = bytes;
	*ret_size = size;
	return 0;
}

int
cachefile_reuse(const char *path, const uint8_t *sha, const uint8_t **ret, uint64_t *ret_size)
{
	struct err damaged = ERR_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r;

	if (fd < 0)
		return -1;
	r = map_checked(fd, sha, ret, ret_size, &damaged);
	close(fd);
	if (r != 0)
		unlink(path);
	return r;
}

/* Unlinked at once, so that it goes with the mapping, whatever happens. */
int
spool_open(struct store *store, const char *dir, int64_t blob, struct spool *ret, struct err *e)
{
	char temp[PATH_MAX];
	struct copy c = { .blob = blob, .fd = open_temp(dir, temp, e) };
	int r;

	if (c.fd < 0)
		return -1;
	unlink(temp);
	r = store_read(store, copy_blob, &c, e) ? -1 : map(c.fd, &ret->bytes, &ret->size, e);
	close(c.fd);
	return r;
}

void
spool_close(struct spool *s)
{
	if (s->bytes != NULL)
		munmap((void *)(uintptr_t)s->bytes, s->size);
	*s = (struct spool){ 0 };
}
