/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - settings, then the daemon, then signals until one of them ends it. All
 * signals are taken here, by waiting for them: no handler ever runs. */
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"
#include "options.h"
#include "otad/conf.h"
#include "otad/log.h"

#define EXIT_CONFIG	78	/* EX_CONFIG of sysexits.h: a restart will not help */
#define TRIM_ROUNDS	20	/* of the main loop, about a second each */
#define TRIM_BYTES	(8u << 20)

static struct conf *
read_conf(const char *path, struct err *e)
{
	struct conf *c = conf_new(e);

	if (c == NULL)
		return NULL;
	if ((path == NULL || conf_read(c, path, e) == 0) && conf_check(c, e) == 0)
		return c;
	conf_free(c);
	return NULL;
}

/* As a file that would give these settings. */
static void
print_conf(const struct conf *c)
{
	char name[CONF_NAME_MAX], value[CONF_VALUE_MAX], unused[CONF_VALUE_MAX], section[64] = "";
	char *dot;
	int i;

	for (i = 0; conf_each(c, i, name, value, unused); i++) {
		dot = strchr(name, '.');
		*dot = '\0';
		if (strcmp(section, name) != 0)
			printf("%s[%s]\n", i > 0 ? "\n" : "", name);
		snprintf(section, sizeof(section), "%s", name);
		printf("%s = %s\n", dot + 1, value);
	}
}

/* Before any thread is made, so that all have it. */
static void
prepare_process(sigset_t *ret_signals)
{
	umask(0077);
	mallopt(M_ARENA_MAX, 2);	/* an arena per thread would be most of our memory */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
	json_object_seed(0);
}

static void
notify_reload(struct daemon *d)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
	daemon_reload(d);
	sd_notify(0, "READY=1");
}

/* After a crowd the allocator keeps what ten thousand connections needed, in the
 * middle of its heap: twice in a row much of it free, it is given back. */
struct trimming {
	int	rounds;
	bool	much;
};

static void
give_back(struct trimming *t)
{
	bool was_much = t->much;

	if (++t->rounds % TRIM_ROUNDS != 0)
		return;
	t->much = mallinfo2().fordblks > TRIM_BYTES;
	if (t->much && was_much)
		malloc_trim(0);
}

/* Until SIGTERM or SIGINT. The watchdog is told that we live only if the threads
 * that must never stand still do. */
static int
serve(struct daemon *d, const sigset_t *signals)
{
	struct timespec pause = { .tv_sec = 1 };
	struct trimming trimming = { 0, false };
	uint64_t watchdog_us = 0;
	int got;

	if (sd_watchdog_enabled(0, &watchdog_us) > 0 && watchdog_us < 2000000) {
		pause.tv_sec = 0;
		pause.tv_nsec = (long)(watchdog_us / 2) * 1000;
	}
	for (;;) {
		got = sigtimedwait(signals, NULL, &pause);
		if (got == SIGTERM || got == SIGINT)
			return got;
		if (got == SIGHUP)
			notify_reload(d);
		if (daemon_look(d) && watchdog_us > 0)
			sd_notify(0, "WATCHDOG=1");
		give_back(&trimming);
	}
}

static int
run(const struct options *o, struct conf *c, const sigset_t *signals)
{
	struct err e = ERR_INIT;
	struct daemon *d;
	int got;

	d = daemon_start(o, c, &e);
	if (d == NULL) {
		log_errorx("%s", e.text);
		return 1;
	}
	log_info("otad %s is ready", OTAD_VERSION);
	sd_notify(0, "READY=1");
	got = serve(d, signals);
	log_info("stopping: %s", strsignal(got));
	sd_notify(0, "STOPPING=1");
	daemon_stop(d);
	log_info("stopped");
	return 0;
}

int
main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct options o;
	struct conf *c;
	sigset_t signals;
	int status = options_read(&o, argc, argv);

	if (status >= 0)
		return status;
	prepare_process(&signals);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	c = read_conf(o.config, &e);
	if (c == NULL) {
		log_errorx("%s", e.text);
		return EXIT_CONFIG;
	}
	if (o.check_config) {
		print_conf(c);
		conf_free(c);
		return 0;
	}
	log_setup(c->log.level, c->log.format);
	return run(&o, c, &signals);
}
