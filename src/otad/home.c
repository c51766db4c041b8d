/* SPDX-License-Identifier: Apache-2.0
 *
 * home.c - small files are written beside their place, synced and renamed, so
 * that a crash leaves the old one or the new one. The lock is a file of its own
 * that is never removed: a lock on a file that somebody replaces locks nothing. */
#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/auto.h"

#define NAMES_MAX	32

struct home {
	char	*dir;
	int	lock;
	char	*paths[NAMES_MAX];	/* given out by home_path() */
	int	npaths;
};

static void
close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define AUTO_FD	__attribute__((cleanup(close_fd))) int

const char *
home_path(struct home *s, const char *name)
{
	size_t n = strlen(s->dir);
	char *path = NULL;
	int i;

	for (i = 0; i < s->npaths; i++)
		if (strcmp(s->paths[i] + n + 1, name) == 0)
			return s->paths[i];
	if (s->npaths == NAMES_MAX || asprintf(&path, "%s/%s", s->dir, name) < 0)
		return NULL;
	return s->paths[s->npaths++] = path;
}

bool
home_has(struct home *s, const char *name)
{
	const char *path = home_path(s, name);

	return path != NULL && access(path, F_OK) == 0;
}

int
home_folder(struct home *s, const char *name, struct err *e)
{
	const char *path = home_path(s, name);

	if (path == NULL || (mkdir(path, 0700) != 0 && errno != EEXIST))
		return err_errno(e, ERR_INTERNAL, "folder %s in %s", name, s->dir);
	return 0;
}

static int
take_lock(struct home *s, struct err *e)
{
	const char *path = home_path(s, "lock");

	if (path != NULL)
		s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return err_errno(e, ERR_INTERNAL, "%s/lock", s->dir);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(e, ERR_BUSY, "%s is in use by another otad", s->dir);
	return err_errno(e, ERR_INTERNAL, "%s/lock", s->dir);
}

/* Files that tell of a running otad: of one that was killed, too. */
static void
say_nothing(struct home *s)
{
	static const char *const running[] = { "listeners.json", "otad.pid" };
	size_t i;

	for (i = 0; i < NELEM(running); i++)
		if (home_path(s, running[i]) != NULL)
			unlink(home_path(s, running[i]));
}

struct home *
home_open(const char *dir, struct err *e)
{
	struct home *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_errno(e, ERR_INTERNAL, "%s", dir);
		return NULL;
	}
	s->lock = -1;
	s->dir = realpath(dir, NULL);
	if (s->dir == NULL && mkdir(dir, 0700) == 0)
		s->dir = realpath(dir, NULL);
	if (s->dir == NULL) {
		err_errno(e, ERR_INTERNAL, "state folder %s", dir);
	} else if (take_lock(s, e) == 0) {
		say_nothing(s);
		return s;
	}
	free(s->dir);
	s->dir = NULL;
	home_close(s);
	return NULL;
}

void
home_close(struct home *s)
{
	int i;

	if (s == NULL)
		return;
	if (s->dir != NULL)
		say_nothing(s);
	for (i = 0; i < s->npaths; i++)
		free(s->paths[i]);
	close_fd(&s->lock);
	free(s->dir);
	free(s);
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done) {
		done = write(fd, p, n);
		if (done < 0 && errno != EINTR)
			return -1;
		if (done < 0)
			done = 0;
	}
	return 0;
}

/* The new name is durable when the folder is. */
static int
sync_folder_of(const char *path)
{
	AUTO(str) char *dir = strdup(path);
	AUTO_FD fd = -1;
	char *slash = dir != NULL ? strrchr(dir, '/') : NULL;

	if (slash == NULL)
		return -1;
	*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fsync(fd) : -1;
}

int
home_write(struct home *s, const char *name, const void *data, size_t n, mode_t mode,
    struct err *e)
{
	const char *path = home_path(s, name);
	AUTO(str) char *beside = NULL;
	AUTO_FD fd = -1;

	if (path == NULL || asprintf(&beside, "%s.new", path) < 0) {
		beside = NULL;
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd >= 0 && write_all(fd, data, n) == 0 && fsync(fd) == 0 &&
	    rename(beside, path) == 0 && sync_folder_of(path) == 0)
		return 0;
	err_errno(e, errno == ENOSPC ? ERR_FULL : ERR_INTERNAL, "writing %s", path);
	unlink(beside);
	return -1;
}

/* At most max bytes; -1 also when there are more. ENOENT is the caller's. */
static ssize_t
read_small(const char *path, void *ret, size_t max)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;
	char more;

	if (fd < 0)
		return -1;
	while ((got = read(fd, (char *)ret + n, max - n)) > 0)
		n += (size_t)got;
	if (got == 0 && read(fd, &more, 1) > 0) {
		errno = EFBIG;
		return -1;
	}
	return got == 0 ? (ssize_t)n : -1;
}

int
home_secret(struct home *s, uint8_t ret[SECRET_LEN], struct err *e)
{
	const char *path = home_path(s, "secret.key");
	ssize_t n;

	if (path == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	n = read_small(path, ret, SECRET_LEN);
	if (n == SECRET_LEN)
		return 0;
	if (n >= 0)
		return err_set(e, ERR_INVALID, "%s has %zd bytes, not %d: damaged, restore it "
		    "from a backup (without it sealed passwords are lost)", path, n, SECRET_LEN);
	if (errno != ENOENT)
		return err_errno(e, ERR_INTERNAL, "%s", path);
	random_bytes(ret, SECRET_LEN);
	return home_write(s, "secret.key", ret, SECRET_LEN, 0600, e);
}

int
home_admin_key(struct home *s, char ret[128], struct err *e)
{
	const char *path = home_path(s, "admin.key");
	char line[KEY_LEN + 2];
	ssize_t n;

	if (path == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	n = read_small(path, ret, 127);
	if (n >= 0) {
		ret[n] = '\0';
		ret[strcspn(ret, "\r\n")] = '\0';
		return 0;
	}
	if (errno != ENOENT)
		return err_errno(e, ERR_INTERNAL, "%s", path);
	random_key(ret);
	snprintf(line, sizeof(line), "%s\n", ret);
	return home_write(s, "admin.key", line, strlen(line), 0600, e);
}
