/* SPDX-License-Identifier: Apache-2.0
 *
 * otafleet: devices that are not there. It shares nothing with the daemon but
 * the base and the grammar of version names, so that each checks the other. */
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "otad/auto.h"

static const struct {
	const char	*verb;
	int		(*command)(int argc, char **argv);
	const char	*what;
} verbs[] = {
	{ "run",   command_run,   "play a fleet of devices against a server" },
	{ "image", command_image, "make a sound firmware image that carries its version" },
	{ "play",  command_play,  "play scenarios: conversations with a server of their own" },
};

static void
usage(FILE *out)
{
	fputs("usage: otafleet VERB [OPTION …]\n\n", out);
	for (size_t i = 0; i < NELEM(verbs); i++)
		fprintf(out, "  %-7s %s\n", verbs[i].verb, verbs[i].what);
	fputs("\n'otafleet VERB --help' tells more; otafleet(1) tells all.\n", out);
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "--help") == 0) {
		usage(stdout);
		return EXIT_OK;
	}
	if (strcmp(verb, "--version") == 0) {
		puts("otafleet " OTAD_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < NELEM(verbs); i++)
		if (strcmp(verb, verbs[i].verb) == 0)
			return verbs[i].command(argc - 1, argv + 1);
	if (verb[0] != '\0')
		fprintf(stderr, "otafleet: no verb '%.40s'\n", verb);
	usage(stderr);
	return EXIT_USAGE;
}
