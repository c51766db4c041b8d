/* SPDX-License-Identifier: Apache-2.0
 *
 * otafleet image: an image to upload, made to order. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "image_make.h"
#include "number.h"
#include "otad/auto.h"

AUTO_DEFINE(FILE, file, fclose);

static const struct option options[] = {
	{ "kind",    required_argument, NULL, 'k' },
	{ "version", required_argument, NULL, 'v' },
	{ "size",    required_argument, NULL, 's' },
	{ "seed",    required_argument, NULL, 'd' },
	{ "output",  required_argument, NULL, 'o' },
	{ "help",    no_argument,       NULL, 'h' },
	{ 0 }
};

struct order {
	const char	*kind, *version, *output;
	uint64_t	size, seed;
};

static void
usage(FILE *out)
{
	fputs("usage: otafleet image --kind KIND --version VERSION [--size BYTES] [--seed N] -o FILE\n"
	    "\n"
	    "  --kind KIND        esp8266-sketch, esp32-app or raw\n"
	    "  --version VERSION  the name it carries inside, such as 'v1.0.1t23701(a)'\n"
	    "  --size BYTES       K and M may follow; default: a usual size of its kind\n"
	    "  --seed N           other seed, other bytes\n"
	    "  -o, --output FILE  where to write it; - is standard output\n", out);
}

static int
write_file(const char *path, const struct buf *b, struct err *e)
{
	AUTO(file) FILE *f = strcmp(path, "-") == 0 ? fdopen(dup(STDOUT_FILENO), "wb") :
	    fopen(path, "wb");

	if (f == NULL || fwrite(b->p, 1, b->len, f) != b->len || fflush(f) != 0)
		return err_errno(e, ERR_BAD, "%s", path);
	return 0;
}

/* -1: wrong, and said so. 1: help was asked for. */
static int
read_options(struct order *o, int argc, char **argv)
{
	struct err e = ERR_INIT;
	int c, bad = 0;

	while ((c = getopt_long(argc, argv, "+o:", options, NULL)) != -1) {
		switch (c) {
		case 'k': o->kind = optarg; break;
		case 'v': o->version = optarg; break;
		case 'o': o->output = optarg; break;
		case 's': bad |= number_bytes(&o->size, "--size", optarg, &e); break;
		case 'd': bad |= number_whole(&o->seed, "--seed", optarg, 0, UINT64_MAX, &e); break;
		case 'h': usage(stdout); return 1;
		default: usage(stderr); return -1;
		}
	}
	if (bad == 0 && optind == argc && o->kind != NULL && o->version != NULL &&
	    o->output != NULL)
		return 0;
	if (bad != 0)
		fprintf(stderr, "otafleet image: %s\n", e.text);
	else
		usage(stderr);
	return -1;
}

int
command_image(int argc, char **argv)
{
	struct order o = { .seed = 1 };
	struct err e = ERR_INIT;
	AUTO(buf) struct buf image = BUF_INIT;
	int r = read_options(&o, argc, argv);

	if (r != 0)
		return r > 0 ? EXIT_OK : EXIT_USAGE;
	if (image_make(o.kind, o.version, (size_t)o.size, o.seed, &image, &e) != 0) {
		fprintf(stderr, "otafleet image: %s\n", e.text);
		return EXIT_USAGE;
	}
	if (write_file(o.output, &image, &e) == 0)
		return EXIT_OK;
	fprintf(stderr, "otafleet image: %s\n", e.text);
	return EXIT_NOT;
}
