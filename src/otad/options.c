/* SPDX-License-Identifier: Apache-2.0
 *
 * options.c - what is said on the command line, and what systemd says instead. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: otad [--config FILE] [--state DIR] [--check-config] [--test-clock FILE]\n"
	"            [--version] [--help]\n";

static const char help[] =
	"\n"
	"Serves firmware to devices over the air, see otad(8).\n"
	"\n"
	"  --config FILE      settings, see otad.conf(5); without it the defaults: loopback only\n"
	"  --state DIR        where everything is kept; without it $STATE_DIRECTORY,\n"
	"                     else ./otad-state\n"
	"  --check-config     print the settings and exit: 0 if they are good, else 78\n"
	"  --test-clock FILE  eight bytes, microseconds to add to the clock; for tests\n"
	"  --version          print the version and exit\n"
	"  --help             print this and exit\n";

enum { CONFIG = 256, STATE, CHECK, TEST_CLOCK, VERSION, HELP };

static const struct option longs[] = {
	{ "config",	required_argument,	NULL, CONFIG },
	{ "state",	required_argument,	NULL, STATE },
	{ "check-config", no_argument,		NULL, CHECK },
	{ "test-clock",	required_argument,	NULL, TEST_CLOCK },
	{ "version",	no_argument,		NULL, VERSION },
	{ "help",	no_argument,		NULL, HELP },
	{ NULL, 0, NULL, 0 }
};

/* systemd separates several folders by colons; ours has one. */
static const char *
default_state(void)
{
	const char *dir = getenv("STATE_DIRECTORY");

	return dir != NULL && *dir != '\0' && strchr(dir, ':') == NULL ? dir : "otad-state";
}

static int
wrong_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

int
options_read(struct options *ret, int argc, char **argv)
{
	int c;

	*ret = (struct options){ .state = default_state() };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case CONFIG:
			ret->config = optarg;
			break;
		case STATE:
			ret->state = optarg;
			break;
		case CHECK:
			ret->check_config = true;
			break;
		case TEST_CLOCK:
			ret->test_clock = optarg;
			break;
		case VERSION:
			puts("otad " OTAD_VERSION);
			return 0;
		case HELP:
			printf("%s%s", usage, help);
			return 0;
		default:
			return wrong_usage();
		}
	}
	return optind == argc ? -1 : wrong_usage();
}
