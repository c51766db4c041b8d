/* options.h - the command line. */
#ifndef OTAD_OPTIONS_H
#define OTAD_OPTIONS_H

#include <stdbool.h>

struct options {
	const char	*config;	/* NULL: the compiled-in defaults */
	const char	*state;
	const char	*test_clock;	/* NULL: real time */
	bool		check_config;
};

/* -1: go on; else the status to exit with, everything is said. */
int	options_read(struct options *ret, int argc, char **argv);

#endif
