/* SPDX-License-Identifier: Apache-2.0
 *
 * version_test.c - the vectors, sequences and truth table of
 * protocols/espressif-cloud.md 5, and what holds for every name. */
#include <stdio.h>
#include <string.h>
#include "otad/auto.h"
#include "otad/version.h"
#include "test.h"

static void
valid(void)
{
	static const struct {
		const char *name; char channel; uint32_t value, ptype; char fota;
	} names[] = {
		{ "v1.0.2t45772(a)",       'v', 1000002,   45772, 'a' },
		{ "b1.0.3t23701(l)",       'b', 1000003,   23701, 'l' },
		{ "v1.0.1t23701(a)",       'v', 1000001,   23701, 'a' },
		{ "v0.0.0t1(n)",           'v', 0,         1,     'n' },
		{ "b999.999.999t99999(o)", 'b', 999999999, 99999, 'o' },
		{ "v10.0.1t45772(a)",      'v', 10000001,  45772, 'a' },
	};
	struct version v;
	struct err e = ERR_INIT;
	char text[VERSION_MAX];

	EACH(n, names) {
		CHECK(version_parse(&v, n->name, &e) == 0, "%s: %s", n->name, e.text);
		CHECK(v.channel == n->channel && v.ptype == n->ptype && v.fota == n->fota,
		    "%s", n->name);
		CHECK(version_value(&v) == n->value, "%s", n->name);
		CHECK(strcmp(version_format(&v, text), n->name) == 0, "%s, not %s", n->name, text);
	}
}

static void
invalid(void)
{
	static const struct {
		const char *name; int byte; const char *rule;
	} names[] = {
		{ "v1.0.2.t45772(a)",   6,  "dot_before_t" },
		{ "x1.0.2t45772(a)",    0,  "software_type" },
		{ "V1.0.2t45772(a)",    0,  "software_type" },
		{ "v1000.0.1t45772(a)", 1,  "number_range" },
		{ "v4294967297.0.1t45772(a)", 1, "number_range" },
		{ "v1.0t45772(a)",      4,  "number_count" },
		{ "v1.0.0.1t45772(a)",  6,  "number_count" },
		{ "v1.00.2t45772(a)",   3,  "leading_zero" },
		{ "v1.-1.2t45772(a)",   3,  "digit" },
		{ "v1.+1.2t45772(a)",   3,  "digit" },
		{ "v 1.0.2t45772(a)",   1,  "digit" },
		{ "v1.0.2t(a)",         7,  "digit" },
		{ "v1.0.245772(a)",     5,  "number_range" },
		{ "v1.0.2(a)",          6,  "ptype" },
		{ "v1.0.2T45772(a)",    6,  "ptype" },
		{ "v1.0.2t045772(a)",   7,  "leading_zero" },
		{ "v1.0.2t100000(a)",   7,  "ptype_range" },
		{ "v1.0.2t0(a)",        7,  "ptype_range" },
		{ "v1.0.2t4294967297(a)", 7, "ptype_range" },
		{ "v1.0.2t45772(x)",    13, "upgrade_flag" },
		{ "v1.0.2t45772(O)",    13, "upgrade_flag" },
		{ "v1.0.2t45772()",     13, "upgrade_flag" },
		{ "v1.0.2t45772a",      12, "upgrade_flag" },
		{ "v1.0.2t45772(a",     14, "upgrade_flag" },
		{ "v1.0.2t45772(oa)",   14, "upgrade_flag" },
		{ "v1.0.2t45772(a) ",   15, "trailing_text" },
		{ "v1.0.2t45772(a)\n",  15, "trailing_text" },
		{ " v1.0.2t45772(a)",   0,  "software_type" },
		{ "v",                  1,  "digit" },
		{ "\xff\xfe",           0,  "software_type" },
		{ "",                   -1, "empty" },
	};
	const struct version before = { .channel = 'b', .ptype = 7 };
	struct version v = before;
	char where[24];

	EACH(n, names) {
		struct err e = ERR_INIT;

		CHECK(version_parse(&v, n->name, &e) == -1, "'%s' passed", n->name);
		CHECK(e.code == ERR_BAD && strcmp(e.field, "version") == 0, "'%s'", n->name);
		CHECK(strcmp(e.rule, n->rule) == 0, "'%s': rule %s", n->name, e.rule);
		snprintf(where, sizeof(where), "byte %d:", n->byte);
		CHECK(n->byte < 0 || strstr(e.text, where) != NULL, "'%s': %s", n->name, e.text);
		CHECK(memcmp(&v, &before, sizeof(v)) == 0, "'%s' wrote", n->name);
	}
}

/* What a device says is folded; what is no name then is none. */
static void
devices(void)
{
	static const struct {
		const char *said, *name;
	} words[] = {
		{ "v1.0.2t45772(O)",            "v1.0.2t45772(o)" },
		{ "V1.0.2T45772(A)",            "v1.0.2t45772(a)" },
		{ " \tv1.0.2t45772(a)\r\n",     "v1.0.2t45772(a)" },
		{ "b999.999.999t99999(N)",      "b999.999.999t99999(n)" },
		{ "v1.0.2t45772(X)",            NULL },
		{ "v1.0.2 t45772(a)",           NULL },
		{ "v1.0.2t45772",               NULL },
		{ "b999.999.999t99999(n)x",     NULL },
		{ "d486921-dirty",              NULL },
		{ " ",                          NULL },
		{ "",                           NULL },
	};
	struct version v;
	char text[VERSION_MAX];

	EACH(w, words) {
		struct err e = ERR_INIT;
		int r = version_parse_device(&v, w->said, &e);

		CHECK((r == 0) == (w->name != NULL), "'%s': %s", w->said, e.text);
		if (r == 0 && w->name != NULL)
			CHECK(strcmp(version_format(&v, text), w->name) == 0, "'%s' gave %s",
			    w->said, text);
		else
			CHECK(e.code == ERR_BAD, "'%s'", w->said);
	}
}

/* A small generator, so that a failure can be played again. */
static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	return *seed ^= *seed << 17;
}

/* Format and parse are each other's inverse, and a byte more, less or other is
 * either the name that it then spells or refused. */
static void
every_name(void)
{
	uint64_t seed = 0x9e3779b97f4a7c15;
	unsigned wrong = 0, odd = 0, accepted = 0;
	struct version v, w;
	char name[VERSION_MAX], other[VERSION_MAX], back[VERSION_MAX];
	struct err e = ERR_INIT;
	int i, b;

	for (i = 0; i < 20000; i++) {
		uint64_t bits = next(&seed);

		memset(&v, 0, sizeof(v));
		memset(&w, 0, sizeof(w));
		v.channel = "vb"[bits & 1];
		v.fota = "olan"[bits >> 1 & 3];
		v.num[0] = bits >> 3 & 4 ? 999 : (bits >> 8) % 1000;
		v.num[1] = (uint16_t)((bits >> 20) % 1000);
		v.num[2] = bits >> 6 & 1 ? 0 : (bits >> 32) % 1000;
		v.ptype = 1 + (uint32_t)((bits >> 44) % PTYPE_MAX);
		version_format(&v, name);
		wrong += version_parse(&w, name, &e) != 0 || w.channel != v.channel ||
		    w.fota != v.fota || w.ptype != v.ptype ||
		    memcmp(w.num, v.num, sizeof(v.num)) != 0;
		if (i >= 40)
			continue;
		for (b = 1; b < 256 * (int)strlen(name); b++) {
			memcpy(other, name, sizeof(other));
			other[b / 256] = (char)(b % 256);
			if (version_parse(&w, other, &e) == 0) {
				accepted++;
				odd += strcmp(version_format(&w, back), other) != 0;
			}
		}
	}
	CHECK(wrong == 0, "%u names came back changed", wrong);
	CHECK(odd == 0, "%u damaged names were read as others", odd);
	CHECK(accepted > 0, "no mutation was a name");
}

static struct version
named(const char *name)
{
	struct version v = { 0 };
	struct err e = ERR_INIT;

	CHECK(version_parse(&v, name, &e) == 0, "%s: %s", name, e.text);
	return v;
}

/* One cell: `stands` (at most two names, '?' the letter) against a new name. */
static void
cell(const char *const stands[2], bool strict, const char *verdicts, char letter, char channel,
    char fota)
{
	int want = verdicts[(channel == 'b') + 2 * (fota == 'n')] - '0', got = 0, k, rule;
	char name[VERSION_MAX], old[VERSION_MAX], *mark;
	struct version new, o;

	snprintf(name, sizeof(name), "%c1.0.3t45772(%c)", channel, fota);
	new = named(name);
	for (k = 0; k < 2 && stands[k] != NULL; k++) {
		memcpy(old, stands[k], strlen(stands[k]) + 1);
		if ((mark = strchr(old, '?')) != NULL)
			*mark = letter;
		o = named(old);
		rule = version_rule(&o, &new, strict);
		CHECK(version_conflicts(&o, &new) == (rule == 1 || rule == 2), "%s beside %s",
		    name, old);
		if (rule != 0 && (got == 0 || got == 3))
			got = rule;		/* a rule goes before the note */
	}
	CHECK(got == want, "%s beside %s and %s (%c), strict %d: %d", name, stands[0], stands[1],
	    letter, strict, got);
}

/* protocols/espressif-cloud.md 5.2, row by row: what stands, then the verdict for
 * v(o,l,a), b(o,l,a), v(n), b(n). "3" is the rule of the strict switch alone. */
static void
truth_table(void)
{
	static const struct {
		const char *stands[2]; const char *verdict, *strict;
	} rows[] = {
		{ { NULL },                                         "0000", "0000" },
		{ { "v1.0.3t45772(?)" },                            "1100", "1103" },
		{ { "b1.0.3t45772(?)" },                            "1100", "1130" },
		{ { "v1.0.3t45772(n)" },                            "0022", "0322" },
		{ { "b1.0.3t45772(n)" },                            "0022", "3022" },
		{ { "v1.0.3t45772(?)", "v1.0.3t45772(n)" },         "1122", "1122" },
		{ { "b1.0.3t45772(?)", "v1.0.3t45772(n)" },         "1122", "1122" },
		{ { "v1.0.3t45772(?)", "b1.0.3t45772(n)" },         "1122", "1122" },
		{ { "b1.0.3t45772(?)", "b1.0.3t45772(n)" },         "1122", "1122" },
		{ { "v1.0.3t12335(?)", "b1.0.3t12335(n)" },         "0000", "0000" },
		{ { "v1.0.4t45772(?)", "b1.0.2t45772(n)" },         "0000", "0000" },
	};
	static const char letters[] = "ola", column[] = "vvvbbb" "vb";
	int strict, c;

	EACH(row, rows)
		for (strict = 0; strict < 2; strict++)
			for (c = 0; c < 24; c++)	/* three letters × eight new names */
				cell(row->stands, strict != 0, strict ? row->strict : row->verdict,
				    letters[c / 8], column[c % 8],
				    c % 8 < 6 ? letters[c % 3] : 'n');
}

/* The 36 pairs of upgradable letters of one number all refuse each other. */
static void
pairs(void)
{
	static const char *const names[] = {
		"v1.0.3t7(o)", "v1.0.3t7(l)", "v1.0.3t7(a)",
		"b1.0.3t7(o)", "b1.0.3t7(l)", "b1.0.3t7(a)",
	};
	struct version a, b;

	EACH(x, names)
		EACH(y, names) {
			a = named(*x);
			b = named(*y);
			CHECK(version_rule(&a, &b, false) == 1 && version_rule(&a, &b, true) == 1,
			    "%s beside %s", *x, *y);
		}
}

int
main(void)
{
	valid();
	invalid();
	devices();
	every_name();
	truth_table();
	pairs();
	return TEST_END();
}
