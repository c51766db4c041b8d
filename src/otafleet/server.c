/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here knows otad's insides: only its options, its settings, and the
 * files that it promises to leave in its state folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/facts.h"
#include "server.h"

#define TICK_MS		5		/* between two looks for listeners.json */
#define FILE_MAX	(8 << 20)

/* What a scenario need not say: loopback, free ports, nothing to connect to. */
static const struct {
	const char	*section, *key, *value;
} defaults[] = {
	{ "http", "listen", "127.0.0.1:0" },
	{ "https", "listen", "127.0.0.1:0" },
	{ "mqtt", "url", "" },
	{ "espressif", "listen", "" },
};

AUTO_DEFINE(DIR, dir, closedir);

const char *
server_path(const struct server *s, const char *file, char ret[SERVER_PATH_MAX])
{
	snprintf(ret, SERVER_PATH_MAX, "%s/%s", s->dir, file);
	return ret;
}

int
server_open(struct server *s, const char *program, const struct clock *clock, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char state[SERVER_PATH_MAX];

	*s = (struct server){ .program = program, .clock = clock, .child = CHILD_NONE };
	if (tmp == NULL || strlen(tmp) > sizeof(s->dir) - 32)
		tmp = "/tmp";
	snprintf(s->dir, sizeof(s->dir), "%s/otafleet-XXXXXX", tmp);
	if (mkdtemp(s->dir) == NULL || mkdir(server_path(s, "state", state), 0700) != 0)
		return err_errno(e, ERR_INTERNAL, "folder in %s", tmp);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void
server_close(struct server *s, bool keep)
{
	child_kill(&s->child);
	if (s->dir[0] != '\0' && !keep)
		nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	buf_free(&s->settings);
	buf_free(&s->listeners);
}

bool
server_runs(const struct server *s)
{
	return s->child.pid > 0;
}

static void
read_file(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char room[16384];
	ssize_t n;

	ret->limit = FILE_MAX;
	while (fd != -1 && (n = read(fd, room, sizeof(room))) > 0)
		buf_add(ret, room, (size_t)n);
	if (fd != -1)
		close(fd);
}

static int
write_file(const char *path, const struct buf *b, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = fd != -1 ? write(fd, buf_str(b), b->len) : -1;

	if (n != (ssize_t)b->len)
		err_errno(e, ERR_INTERNAL, "%s", path);
	if (fd != -1)
		close(fd);
	return n == (ssize_t)b->len ? 0 : -1;
}

/* Does the text set this key in this section? */
static bool
sets(const char *text, const char *section, const char *key)
{
	bool inside = false;
	size_t len;

	for (; *text != '\0'; text += len, text += *text == '\n') {
		len = strcspn(text, "\n");
		if (*text == '[')
			inside = strncmp(text + 1, section, strlen(section)) == 0 &&
			    text[1 + strlen(section)] == ']';
		else if (inside && strncmp(text, key, strlen(key)) == 0 &&
		    text[strlen(key) + strspn(text + strlen(key), " \t")] == '=')
			return true;
	}
	return false;
}

static int
write_settings(struct server *s, const char *settings, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	char path[SERVER_PATH_MAX];

	for (size_t i = 0; i < NELEM(defaults); i++)
		if (!sets(settings, defaults[i].section, defaults[i].key))
			buf_addf(&text, "[%s]\n%s = %s\n", defaults[i].section,
			    defaults[i].key, defaults[i].value);
	buf_adds(&text, settings);
	if (text.failed)
		return err_set(e, ERR_FULL, "out of memory");
	return write_file(server_path(s, "otad.conf", path), &text, e);
}

static int
launch(struct server *s, const char *settings, struct err *e)
{
	char conf[SERVER_PATH_MAX], state[SERVER_PATH_MAX], log[SERVER_PATH_MAX];
	char clock[SERVER_PATH_MAX], ready[SERVER_PATH_MAX];
	const char *argv[] = { s->program, "--config", conf, "--state", state,
	    "--test-clock", clock, NULL };

	if (server_runs(s))
		return err_set(e, ERR_CONFLICT, "the server runs already");
	server_path(s, "otad.conf", conf);
	server_path(s, "state", state);
	server_path(s, "clock", clock);
	unlink(server_path(s, "state/listeners.json", ready));
	if (write_settings(s, settings, e) != 0)
		return -1;
	return child_start(&s->child, argv, server_path(s, "log", log), false, e);
}

/* listeners.json as facts; false: it is not (wholly) there yet. */
static bool
read_listeners(struct server *s)
{
	AUTO(buf) struct buf text = BUF_INIT;
	char path[SERVER_PATH_MAX];
	json_auto_t *o = NULL;
	const char *name;
	json_t *value;

	read_file(server_path(s, "state/listeners.json", path), &text);
	o = json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(o))
		return false;
	buf_clear(&s->listeners);
	json_object_foreach(o, name, value)
		if (json_is_string(value))
			facts_add(&s->listeners, name, json_string_value(value));
	return true;
}

/* The file in STATE/tls that holds a certificate, whatever it is called. */
static void
find_certificate(struct server *s)
{
	char path[SERVER_PATH_MAX];
	AUTO(dir) DIR *d = opendir(server_path(s, "state/tls", path));
	const struct dirent *entry;

	s->ca[0] = '\0';
	while (d != NULL && (entry = readdir(d)) != NULL) {
		AUTO(buf) struct buf text = BUF_INIT;
		char file[64];

		if (snprintf(file, sizeof(file), "state/tls/%s", entry->d_name) >= 64)
			continue;
		read_file(server_path(s, file, path), &text);
		if (strstr(buf_str(&text), "BEGIN CERTIFICATE") != NULL)
			snprintf(s->ca, sizeof(s->ca), "%s", path);
	}
}

static void
read_key(struct server *s)
{
	AUTO(buf) struct buf text = BUF_INIT;
	char path[SERVER_PATH_MAX];

	read_file(server_path(s, "state/admin.key", path), &text);
	snprintf(s->key, sizeof(s->key), "%.*s", (int)strcspn(buf_str(&text), "\r\n"),
	    buf_str(&text));
}

int
server_start(struct server *s, const char *settings, int64_t deadline, struct err *e)
{
	int status;

	if (settings != NULL) {
		buf_clear(&s->settings);
		buf_adds(&s->settings, settings);
	}
	if (launch(s, buf_str(&s->settings), e) != 0)
		return -1;
	while (!read_listeners(s)) {
		int64_t now = clock_boot_ms(s->clock);

		if (now >= deadline)
			return err_set(e, ERR_TIMEOUT, "the server does not listen in time");
		if (child_wait(&s->child, s->clock, now + TICK_MS, &status))
			return err_set(e, ERR_INVALID,
			    "the server ended with %d instead of serving", status);
	}
	find_certificate(s);
	read_key(s);
	return 0;
}

int
server_refuses(struct server *s, const char *settings, int64_t deadline, struct err *e)
{
	int status;

	if (launch(s, settings, e) != 0)
		return -1;
	if (!child_wait(&s->child, s->clock, deadline, &status))
		return err_set(e, ERR_INVALID, "the server was not to start, but runs");
	return status != 0 ? 0 :
	    err_set(e, ERR_INVALID, "the server refused to start, but ended with 0");
}

int
server_stop(struct server *s, int signal, int64_t deadline, struct err *e)
{
	int status;

	if (!server_runs(s))
		return err_set(e, ERR_CONFLICT, "the server does not run");
	kill(s->child.pid, signal);
	if (!child_wait(&s->child, s->clock, deadline, &status))
		return err_set(e, ERR_TIMEOUT, "the server does not end");
	if (signal == SIGKILL || status == 0)
		return 0;
	return err_set(e, ERR_INVALID, "the server ended with %d, not 0", status);
}

int
server_reload(struct server *s, struct err *e)
{
	if (!server_runs(s))
		return err_set(e, ERR_CONFLICT, "the server does not run");
	kill(s->child.pid, SIGHUP);
	return 0;
}

bool
server_has(const struct server *s, const char *listener)
{
	char where[FACT_VALUE_MAX];

	return facts_get(buf_str(&s->listeners), listener, where);
}

int
server_endpoint(const struct server *s, const char *name, struct endpoint *ret,
    struct err *e)
{
	char where[FACT_VALUE_MAX], url[FACT_VALUE_MAX + 16];
	bool tls = strcmp(name, "https") == 0 || strstr(name, "tls") != NULL;
	const char *ca = s->ca[0] != '\0' ? s->ca : NULL;

	if (strstr(name, "://") != NULL)
		return endpoint_open(ret, name, ca, e);
	if (!facts_get(buf_str(&s->listeners), name, where))
		return err_set(e, ERR_BAD, "the server has no listener '%.40s'", name);
	snprintf(url, sizeof(url), "http%s://%s", tls ? "s" : "", where);
	return endpoint_open(ret, url, ca, e);
}

void
server_log(const struct server *s, struct buf *ret)
{
	char path[SERVER_PATH_MAX];

	read_file(server_path(s, "log", path), ret);
}

int
server_clock(struct server *s, int64_t ms, struct err *e)
{
	char path[SERVER_PATH_MAX];
	int fd = open(server_path(s, "clock", path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t us = 0;
	int r = 0;

	/* Eight bytes, a native int64 of microseconds; what it maps changes with them. */
	if (fd != -1 && pread(fd, &us, sizeof(us), 0) != sizeof(us))
		us = 0;				/* a new file */
	us += ms * 1000;
	if (fd == -1 || pwrite(fd, &us, sizeof(us), 0) != sizeof(us))
		r = err_errno(e, ERR_INTERNAL, "%s", path);
	if (fd != -1)
		close(fd);
	return r;
}
