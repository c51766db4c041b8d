/* SPDX-License-Identifier: Apache-2.0
 *
 * version.c - the grammar of protocols/espressif-cloud.md 5.1, read by a parser
 * of its shape. Every reading function leaves the reader at the byte that it did
 * not like and says which rule that broke, so that an uploader who counts bytes
 * finds the spot; nothing is decided twice. */
#include "otad/version.h"

#include <stdio.h>
#include <string.h>
#include "otad/log.h"

#define NUM_MAX		999
#define NAME_LONGEST	21		/* b999.999.999t99999(o) */

struct reader {
	const char	*at;
	const char	*rule;		/* the rule that was broken, for programs … */
	const char	*why;		/* … and for people */
};

static bool
refuse(struct reader *r, const char *rule, const char *why)
{
	r->rule = rule;
	r->why = why;
	return false;
}

static bool
one_of(struct reader *r, const char *letters, char *ret, const char *rule, const char *why)
{
	if (*r->at == '\0' || strchr(letters, *r->at) == NULL)
		return refuse(r, rule, why);
	*ret = *r->at++;
	return true;
}

static bool
skip(struct reader *r, char c, const char *rule, const char *why)
{
	if (*r->at != c)
		return refuse(r, rule, why);
	r->at++;
	return true;
}

static bool
digits(struct reader *r, uint32_t max, uint32_t *ret, const char *rule, const char *why)
{
	size_t n = strspn(r->at, "0123456789"), i;
	uint32_t v = 0;

	if (n == 0)
		return refuse(r, "digit", "a digit has to stand here");
	if (n > 1 && r->at[0] == '0')
		return refuse(r, "leading_zero", "no number has a leading zero");
	for (i = 0; i < n; i++) {
		v = v * 10 + (uint32_t)(r->at[i] - '0');
		if (v > max)
			return refuse(r, rule, why);
	}
	r->at += n;
	*ret = v;
	return true;
}

static bool
number(struct reader *r, uint32_t *ret)
{
	return digits(r, NUM_MAX, ret, "number_range", "a number is at most 999");
}

static bool
dot(struct reader *r)
{
	return skip(r, '.', "number_count", "three numbers with dots between them are needed");
}

/* The founding document's template has a dot here, and people copy it. */
static bool
tag(struct reader *r)
{
	if (r->at[0] == '.')
		return r->at[1] == 't' ?
		    refuse(r, "dot_before_t", "no dot stands before the t") :
		    refuse(r, "number_count", "there are three numbers, not more");
	return skip(r, 't', "ptype", "a t and the product type follow the numbers");
}

static bool
product_type(struct reader *r, uint32_t *ret)
{
	if (r->at[0] == '0' && strspn(r->at, "0123456789") == 1)
		return refuse(r, "ptype_range", "a product type is 1..99999");
	return digits(r, PTYPE_MAX, ret, "ptype_range", "a product type is 1..99999");
}

static bool
flag(struct reader *r, char *ret)
{
	static const char why[] = "(o), (l), (a) or (n) ends the name";

	return skip(r, '(', "upgrade_flag", why) &&
	    one_of(r, "olan", ret, "upgrade_flag", why) &&
	    skip(r, ')', "upgrade_flag", why);
}

static bool
end(struct reader *r)
{
	return *r->at == '\0' || refuse(r, "trailing_text", "nothing follows the name");
}

int
version_parse(struct version *v, const char *s, struct err *e)
{
	struct reader r = { .at = s };
	uint32_t n[3], ptype;
	char channel, fota, quoted[64];

	if (*s == '\0')
		return err_field(e, ERR_BAD, "version", "empty", "a firmware name is empty");
	if (one_of(&r, "vb", &channel, "software_type",
	    "a name begins with v (official) or b (beta)") &&
	    number(&r, &n[0]) && dot(&r) && number(&r, &n[1]) && dot(&r) && number(&r, &n[2]) &&
	    tag(&r) && product_type(&r, &ptype) && flag(&r, &fota) && end(&r)) {
		*v = (struct version){ .channel = channel, .ptype = ptype, .fota = fota,
			.num = { (uint16_t)n[0], (uint16_t)n[1], (uint16_t)n[2] } };
		return 0;
	}
	return err_field(e, ERR_BAD, "version", r.rule, "firmware name %s, byte %td: %s",
	    log_quote(quoted, sizeof(quoted), s), r.at - s, r.why);
}

int
version_parse_device(struct version *v, const char *s, struct err *e)
{
	static const char blanks[] = " \t\r\n";
	char folded[VERSION_MAX], quoted[64];
	size_t n, i;

	s += strspn(s, blanks);
	for (n = strlen(s); n > 0 && strchr(blanks, s[n - 1]) != NULL; )
		n--;
	if (n > NAME_LONGEST)
		return err_field(e, ERR_BAD, "version", "trailing_text",
		    "firmware name %s, byte %d: longer than any name",
		    log_quote(quoted, sizeof(quoted), s), NAME_LONGEST);
	for (i = 0; i < n; i++)
		folded[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
	folded[n] = '\0';
	return version_parse(v, folded, e);
}

const char *
version_format(const struct version *v, char buf[VERSION_MAX])
{
	snprintf(buf, VERSION_MAX, "%c%u.%u.%ut%u(%c)", v->channel, v->num[0], v->num[1],
	    v->num[2], v->ptype, v->fota);
	return buf;
}

uint32_t
version_value(const struct version *v)
{
	return v->num[0] * UINT32_C(1000000) + v->num[1] * UINT32_C(1000) + v->num[2];
}

static bool
same_number(const struct version *a, const struct version *b)
{
	return a->ptype == b->ptype && version_value(a) == version_value(b);
}

bool
version_conflicts(const struct version *a, const struct version *b)
{
	return same_number(a, b) && (a->fota == 'n') == (b->fota == 'n');
}

int
version_rule(const struct version *existing, const struct version *name, bool strict)
{
	if (version_conflicts(existing, name))
		return name->fota == 'n' ? 2 : 1;
	return strict && same_number(existing, name) && existing->channel != name->channel ? 3 : 0;
}
