/* SPDX-License-Identifier: Apache-2.0
 *
 * Prefix words with a fixed number of operands need no grammar: each function
 * takes what it wants from the statement's words and leaves the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expr.h"
#include "image_make.h"
#include "metric.h"
#include "number.h"
#include "otad/digest.h"
#include "path.h"

#define BYTES_MAX	(80u << 20)	/* of any value that a scenario makes */

struct operands {
	struct player		*p;
	const struct stmt	*s;
	int			*at;
};

typedef int	function_fn(struct operands *, struct value *ret, struct err *);

static int
operand(struct operands *o, struct buf *ret, struct err *e)
{
	const struct word *last = &o->s->words[o->s->n - 1];

	if (*o->at >= o->s->n)
		return err_set(e, ERR_BAD, "%.*s wants an operand (in quotes, it means itself)",
		    (int)last->len, last->p);
	return player_word(o->p, o->s, (*o->at)++, ret, e);
}

static int
operand_number(struct operands *o, uint64_t max, uint64_t *ret, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;

	if (operand(o, &text, e) != 0)
		return -1;
	return number_whole(ret, "operand", buf_str(&text), 0, max, e);
}

static int
operand_hex(struct operands *o, struct buf *ret, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	AUTO(mem) void *bytes = NULL;

	if (operand(o, &text, e) != 0)
		return -1;
	bytes = malloc(text.len / 2 + 1);
	if (bytes == NULL || text.len % 2 != 0 ||
	    hex_decode(bytes, text.len / 2, buf_str(&text)) != 0)
		return err_set(e, ERR_BAD, "'%.40s' is not hex", buf_str(&text));
	buf_add(ret, bytes, text.len / 2);
	return 0;
}

/* An operand that is an expression itself, and must have a value. */
static int
operand_value(struct operands *o, struct buf *ret, struct err *e)
{
	AUTO(value) struct value v = { .there = false };

	if (expr_value(o->p, o->s, o->at, &v, e) != 0)
		return -1;
	if (!v.there)
		return err_set(e, ERR_INVALID, "an operand has no value");
	*ret = v.bytes;
	v.bytes = (struct buf)BUF_INIT;
	return 0;
}

static int
answered(struct operands *o, struct err *e)
{
	return o->p->last != NULL ? 0 : err_set(e, ERR_BAD, "nothing was answered yet");
}

static int
get_status(struct operands *o, struct value *ret, struct err *e)
{
	if (answered(o, e) != 0)
		return -1;
	buf_addf(&ret->bytes, "%d", o->p->last->answer.status);
	return 0;
}

static int
get_head(struct operands *o, struct value *ret, struct err *e)
{
	if (answered(o, e) != 0)
		return -1;
	buf_adds(&ret->bytes, buf_str(&o->p->last->answer.head));
	return 0;
}

static int
get_body(struct operands *o, struct value *ret, struct err *e)
{
	if (answered(o, e) != 0)
		return -1;
	buf_add(&ret->bytes, buf_str(&o->p->last->body), o->p->last->body.len);
	return 0;
}

/* The values of a header joined with a comma, as most clients read them: so one
 * that stands twice never equals what was expected of one. */
static int
get_header(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf name = BUF_INIT;
	const char *value;
	size_t len;

	if (answered(o, e) != 0 || operand(o, &name, e) != 0)
		return -1;
	ret->there = false;
	for (int n = 0; (value = answer_header(&o->p->last->answer, buf_str(&name), n,
	    &len)) != NULL; n++) {
		if (n > 0)
			buf_adds(&ret->bytes, ",");
		buf_add(&ret->bytes, value, len);
		ret->there = true;
	}
	return 0;
}

static int
get_path(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf path = BUF_INIT;
	const json_t *doc, *found;
	int r;

	if (answered(o, e) != 0 || operand(o, &path, e) != 0 ||
	    (doc = talk_json(o->p->last, e)) == NULL)
		return -1;
	r = path_find(doc, buf_str(&path), &found, e);
	if (r < 0)
		return -1;
	ret->there = r == 1;
	if (ret->there)
		path_text(found, &ret->bytes);
	return 0;
}

static int
get_count(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf text = BUF_INIT;
	json_auto_t *array = NULL;

	if (operand_value(o, &text, e) != 0)
		return -1;
	array = json_loadb(buf_str(&text), text.len, 0, NULL);
	if (array == NULL)
		return err_set(e, ERR_INVALID, "count: neither array nor object");
	buf_addf(&ret->bytes, "%zu", json_is_array(array) ? json_array_size(array) :
	    json_object_size(array));
	return 0;
}

static int
get_log(struct operands *o, struct value *ret, struct err *e)
{
	(void)e;
	server_log(&o->p->server, &ret->bytes);
	return 0;
}

static int
get_metric(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf name = BUF_INIT;

	if (operand(o, &name, e) != 0)
		return -1;
	return metric_get(o->p, buf_str(&name), &ret->there, &ret->bytes, e);
}

static int
get_hex(struct operands *o, struct value *ret, struct err *e)
{
	return operand_hex(o, &ret->bytes, e);
}

static int
get_repeat(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf unit = BUF_INIT;
	uint64_t n;

	if (operand_number(o, BYTES_MAX, &n, e) != 0 || operand_hex(o, &unit, e) != 0)
		return -1;
	if (n * unit.len > BYTES_MAX)
		return err_set(e, ERR_BAD, "repeat: more than %u bytes", BYTES_MAX);
	while (n-- > 0)
		buf_add(&ret->bytes, unit.p, unit.len);
	return 0;
}

static int
get_image(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf kind = BUF_INIT;
	AUTO(buf) struct buf version = BUF_INIT;
	uint64_t size;

	if (operand(o, &kind, e) != 0 || operand(o, &version, e) != 0 ||
	    operand_number(o, BYTES_MAX, &size, e) != 0)
		return -1;
	return image_make(buf_str(&kind), buf_str(&version), (size_t)size, 1, &ret->bytes, e);
}

static int
get_size(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf of = BUF_INIT;

	if (operand_value(o, &of, e) != 0)
		return -1;
	buf_addf(&ret->bytes, "%zu", of.len);
	return 0;
}

static int
get_md5(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf of = BUF_INIT;
	char hex[HEX_LEN(MD5_LEN)];
	uint8_t sum[MD5_LEN];

	if (operand_value(o, &of, e) != 0)
		return -1;
	md5(sum, buf_str(&of), of.len);
	buf_adds(&ret->bytes, hex_encode(hex, sum, sizeof(sum)));
	return 0;
}

static int
get_sha256(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf of = BUF_INIT;
	char hex[HEX_LEN(SHA256_LEN)];
	uint8_t sum[SHA256_LEN];

	if (operand_value(o, &of, e) != 0)
		return -1;
	sha256(sum, buf_str(&of), of.len);
	buf_adds(&ret->bytes, hex_encode(hex, sum, sizeof(sum)));
	return 0;
}

static int
get_slice(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf of = BUF_INIT;
	uint64_t from, to;

	if (operand_number(o, BYTES_MAX, &from, e) != 0 ||
	    operand_number(o, BYTES_MAX, &to, e) != 0 || operand_value(o, &of, e) != 0)
		return -1;
	if (from > to || to >= of.len)
		return err_set(e, ERR_BAD, "slice: the value has only %zu bytes", of.len);
	buf_add(&ret->bytes, of.p + from, (size_t)(to - from + 1));
	return 0;
}

static int
get_patch(struct operands *o, struct value *ret, struct err *e)
{
	AUTO(buf) struct buf with = BUF_INIT;
	uint64_t at;

	if (operand_number(o, BYTES_MAX, &at, e) != 0 || operand_hex(o, &with, e) != 0 ||
	    operand_value(o, &ret->bytes, e) != 0)
		return -1;
	if (with.len == 0 || at + with.len > ret->bytes.len)
		return err_set(e, ERR_BAD, "patch: the value has only %zu bytes",
		    ret->bytes.len);
	memcpy(ret->bytes.p + at, with.p, with.len);
	return 0;
}

static const struct {
	const char	*name;
	function_fn	*get;
} functions[] = {
	{ "body", get_body }, { "count", get_count }, { "head", get_head },
	{ "header", get_header }, { "hex", get_hex }, { "image", get_image },
	{ "log", get_log }, { "md5", get_md5 }, { "metric", get_metric },
	{ "patch", get_patch }, { "repeat", get_repeat }, { "sha256", get_sha256 },
	{ "size", get_size }, { "slice", get_slice }, { "status", get_status },
};

int
expr_value(struct player *p, const struct stmt *s, int *at, struct value *ret,
    struct err *e)
{
	struct operands o = { .p = p, .s = s, .at = at };
	const struct word *w = &s->words[*at];
	function_fn *get = NULL;

	*ret = (struct value){ .there = true };
	if (*at >= s->n)
		return err_set(e, ERR_BAD, "a value is missing at the end (a word that stands "
		    "for a function means itself in quotes)");
	for (size_t i = 0; i < NELEM(functions); i++)
		if (word_is(w, functions[i].name))
			get = functions[i].get;
	if (get != NULL)
		++*at;
	else if (w->len > 0 && !w->json && *w->p == '.')
		get = get_path;
	if ((get != NULL ? get(&o, ret, e) : operand(&o, &ret->bytes, e)) != 0) {
		buf_free(&ret->bytes);
		return -1;
	}
	return ret->bytes.failed ? err_set(e, ERR_FULL, "out of memory") : 0;
}
