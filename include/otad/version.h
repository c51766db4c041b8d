/* version.h - Espressif firmware names, as in v1.0.2t45772(a).
 *
 *   v       official, or b for beta
 *   1.0.2   three numbers, each 0..999; value = 1*1000000 + 0*1000 + 2
 *   45772   ptype, the product type, 1..99999
 *   (a)     upgradable: (o)nline, (l)ocally, (a)ll ways, (n)ot at all
 *
 * No number has a leading zero. The founding document's template has a dot
 * before the t; none of its examples do, so we neither write nor read one
 * (protocols/espressif-cloud.md 5). Pure functions: no allocation, no I/O, no
 * globals. */
#ifndef OTAD_VERSION_H
#define OTAD_VERSION_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"

#define VERSION_MAX	32	/* bytes for any name, with its NUL */
#define PTYPE_MAX	99999

struct version {
	char		channel;	/* 'v' or 'b' */
	uint16_t	num[3];
	uint32_t	ptype;
	char		fota;		/* 'o', 'l', 'a' or 'n' */
};

/* Read all of s, strictly: what an uploader must write. On failure *v is
 * untouched and *e says at which byte and by which rule. */
int		version_parse(struct version *v, const char *s, struct err *e);
/* Read what a device says of itself: surrounding blanks are ignored and an
 * upper-case letter is folded, since firmware built as "online only" reports
 * (O) (ESP8266 IOT_Demo user_esp_platform.h). */
int		version_parse_device(struct version *v, const char *s, struct err *e);
/* Write the name; version_parse() of the result gives *v back. Returns buf. */
const char	*version_format(const struct version *v, char buf[VERSION_MAX]);
/* The number by which firmware is newer or older. Ignores channel and ptype. */
uint32_t	version_value(const struct version *v);
/* May not be stored side by side: same ptype, same value, and both
 * upgradable (any of o, l, a) or both not (n). */
bool		version_conflicts(const struct version *a, const struct version *b);
/* Which rule refuses `name` beside `existing`: 0 none, 1 or 2 of the founding
 * document's section 6.2, 3 for the stricter reading of its note (official and
 * beta of one number exclude each other across n too) when strict is set. */
int		version_rule(const struct version *existing, const struct version *name,
		    bool strict);

#endif
