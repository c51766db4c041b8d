/* SPDX-License-Identifier: Apache-2.0
 *
 * otafleet run: what was asked on the command line becomes a plan, and the plan's
 * outcome an exit status. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "family.h"
#include "fleet.h"
#include "number.h"
#include "otad/auto.h"
#include "otad/facts.h"
#include "otad/version.h"

#define DEVICES_MAX	100000

enum {
	O_DIALECT = 1, O_COUNT, O_PRODUCT, O_HTTP, O_HTTPS, O_CA, O_MQTT, O_VERSION, O_UNTIL,
	O_INTERVAL, O_DURATION, O_BEHAVIOUR, O_SEED, O_FACT, O_JSON, O_HELP
};

static const struct option options[] = {
	{ "dialect",    required_argument, NULL, O_DIALECT },
	{ "count",      required_argument, NULL, O_COUNT },
	{ "product",    required_argument, NULL, O_PRODUCT },
	{ "http",       required_argument, NULL, O_HTTP },
	{ "https",      required_argument, NULL, O_HTTPS },
	{ "ca",         required_argument, NULL, O_CA },
	{ "mqtt",       required_argument, NULL, O_MQTT },
	{ "version",    required_argument, NULL, O_VERSION },
	{ "until",      required_argument, NULL, O_UNTIL },
	{ "interval-s", required_argument, NULL, O_INTERVAL },
	{ "duration-s", required_argument, NULL, O_DURATION },
	{ "behaviour",  required_argument, NULL, O_BEHAVIOUR },
	{ "seed",       required_argument, NULL, O_SEED },
	{ "fact",       required_argument, NULL, O_FACT },
	{ "json",       no_argument,       NULL, O_JSON },
	{ "help",       no_argument,       NULL, O_HELP },
	{ 0 }
};

static void
usage(FILE *out)
{
	fputs("usage: otafleet run --dialect NAME --count N --product PTYPE --http URL [OPTION …]\n"
	    "\n"
	    "  --dialect NAME     arduino, arduino32 (ESP32) or native\n"
	    "  --count N          how many devices, up to 100000\n"
	    "  --product PTYPE    the product they belong to\n"
	    "  --http URL         where they poll\n"
	    "  --https URL        the same over TLS; with both they take turns\n"
	    "  --ca FILE          the certificate to trust\n"
	    "  --version NAME     what they run at first; default: they do not say\n"
	    "  --until NAME       end when all that should have updated run this\n"
	    "  --interval-s N     between two polls of a device (5)\n"
	    "  --duration-s N     end at the latest after this (300)\n"
	    "  --behaviour SHARES such as ok=90,fail=5,silent=5, in per cent; also slow,\n"
	    "                     brick, rollback, eager, drop, never\n"
	    "  --fact KEY=VALUE   what they say of themselves; may be repeated\n"
	    "  --seed N           other seed, other devices (1)\n"
	    "  --json             the summary as one JSON object on standard output\n", out);
}

static int
set_family(struct plan *p, const char *name, struct err *e)
{
	p->family = family_find(name);
	if (p->family == NULL)
		return err_set(e, ERR_BAD, "--dialect %.40s: not spoken here", name);
	return 0;
}

static int
add_fact(struct plan *p, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	char key[33];

	if (eq == NULL || eq == text || eq - text > 32)
		return err_set(e, ERR_BAD, "--fact %.40s: KEY=VALUE is wanted", text);
	snprintf(key, sizeof(key), "%.*s", (int)(eq - text), text);
	if (strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != strlen(key))
		return err_set(e, ERR_BAD, "--fact %.40s: a key is lower case", text);
	facts_add(&p->facts, key, eq + 1);
	return 0;
}

static int
name_check(const char **ret, const char *option, const char *name, struct err *e)
{
	struct version v;

	*ret = name;
	return version_parse(&v, name, e) == 0 ? 0 : err_while(e, "%s", option);
}

static int
set_number(struct plan *p, int option, const char *text, struct err *e)
{
	uint64_t n;

	switch (option) {
	case O_COUNT:
		if (number_whole(&n, "--count", text, 1, DEVICES_MAX, e) != 0)
			return -1;
		p->count = (uint32_t)n;
		return 0;
	case O_PRODUCT:
		if (number_whole(&n, "--product", text, 1, PTYPE_MAX, e) != 0)
			return -1;
		p->ptype = (uint32_t)n;
		return 0;
	default:
		return number_whole(&p->seed, "--seed", text, 0, UINT64_MAX, e);
	}
}

static int
set_option(struct plan *p, int option, const char *text, struct err *e)
{
	switch (option) {
	case O_DIALECT:		return set_family(p, text, e);
	case O_HTTP:		p->http = text; return 0;
	case O_HTTPS:		p->https = text; return 0;
	case O_CA:		p->ca = text; return 0;
	case O_MQTT:		return err_set(e, ERR_BAD, "--mqtt: no dialect here speaks it yet");
	case O_VERSION:		return name_check(&p->version, "--version", text, e);
	case O_UNTIL:		return name_check(&p->until, "--until", text, e);
	case O_INTERVAL:	return number_duration(&p->interval_ms, "--interval-s", text, 10, e);
	case O_DURATION:	return number_duration(&p->duration_ms, "--duration-s", text, 1, e);
	case O_BEHAVIOUR:	return shares_parse(&p->shares, text, e);
	case O_FACT:		return add_fact(p, text, e);
	case O_JSON:		p->json = true; return 0;
	default:		return set_number(p, option, text, e);
	}
}

static int
plan_check(const struct plan *p, struct err *e)
{
	if (p->family == NULL || p->count == 0 || p->ptype == 0)
		return err_set(e, ERR_BAD, "--dialect, --count and --product are wanted");
	if (p->http == NULL && p->https == NULL)
		return err_set(e, ERR_BAD, "--http or --https is wanted");
	if (p->http != NULL && strncmp(p->http, "http://", 7) != 0)
		return err_set(e, ERR_BAD, "--http '%.80s': http:// is wanted", p->http);
	if (p->https != NULL && strncmp(p->https, "https://", 8) != 0)
		return err_set(e, ERR_BAD, "--https '%.80s': https:// is wanted", p->https);
	return family_check(p, e);
}

static int
judge(const struct plan *p, const struct tally *t)
{
	if (p->json)
		tally_json(t, stdout);
	tally_summary(t, p, p->json ? stderr : stdout);
	if (!tally_clean(t) || (p->until != NULL && t->arrived < t->awaited))
		return EXIT_NOT;
	if (t->polls == 0 && p->shares.percent[BE_NEVER] < 100) {
		fputs("otafleet run: no poll was answered\n", stderr);
		return EXIT_NOT;
	}
	return EXIT_OK;
}

int
command_run(int argc, char **argv)
{
	struct plan p = { .version = "", .interval_ms = 5000, .duration_ms = 300000, .seed = 1,
	    .shares.percent[BE_OK] = 100, .facts = BUF_INIT };
	struct err e = ERR_INIT;
	struct tally t;
	int c, bad = 0;

	while (bad == 0 && (c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (c == O_HELP || c == '?') {
			usage(c == '?' ? stderr : stdout);
			return c == '?' ? EXIT_USAGE : EXIT_OK;
		}
		bad = set_option(&p, c, optarg, &e);
	}
	if (bad == 0 && optind < argc)
		bad = err_set(&e, ERR_BAD, "'%.40s' is not expected", argv[optind]);
	if (bad == 0)
		bad = plan_check(&p, &e);
	if (bad == 0 && fleet_run(&p, &t, &e) == 0)
		c = judge(&p, &t);
	else
		c = EXIT_USAGE;
	if (e.code != ERR_NONE)
		fprintf(stderr, "otafleet run: %s\n", e.text);
	buf_free(&p.facts);
	return c;
}
