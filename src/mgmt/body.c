/* SPDX-License-Identifier: Apache-2.0
 *
 * body.c - what surrounds the fields of a document: the body that holds it, the
 * query, the captured parts of the path, the handler's memory.
 *
 * The depth of a document is limited because documents are kept and shown again
 * (metadata), by clients with smaller stacks than ours. curl -d says that it
 * sends a form; what it sends is looked at, not what it says. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "handlers.h"
#include "json_in.h"
#include "otad/auto.h"
#include "otad/facts.h"
#include "otad/product.h"
#include "otad/utf8.h"

#define DEPTH_MAX	32

static bool
deeper_than(const json_t *v, int depth)
{
	const char *name;
	json_t *inner;
	size_t i;

	if (!json_is_object(v) && !json_is_array(v))
		return false;
	if (depth == 0)
		return true;
	json_object_foreach((json_t *)v, name, inner)
		if (deeper_than(inner, depth - 1))
			return true;
	json_array_foreach((json_t *)v, i, inner)
		if (deeper_than(inner, depth - 1))
			return true;
	return false;
}

static bool
media_is_json(const char *type)
{
	size_t n = strlen(type);

	return n == 0 || strcmp(type, "application/json") == 0 ||
	    (n > 5 && strcmp(type + n - 5, "+json") == 0) ||
	    strcmp(type, "application/x-www-form-urlencoded") == 0;
}

json_t *
object_parse(const char *text, size_t n, const char *what, struct err *e)
{
	json_auto_t *doc = NULL;
	json_error_t why;

	doc = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	if (doc == NULL)
		err_field(e, ERR_BAD, what,
		    json_error_code(&why) == json_error_duplicate_key ? "duplicate" : "json",
		    "%s is not sound JSON: line %d, column %d: %s", what, why.line, why.column,
		    why.text);
	else if (!json_is_object(doc))
		err_field(e, ERR_BAD, what, "type", "%s must be a JSON object", what);
	else if (deeper_than(doc, DEPTH_MAX))
		err_field(e, ERR_BAD, what, "depth", "%s is nested deeper than %d", what,
		    DEPTH_MAX);
	else
		return TAKE(doc);
	return NULL;
}

json_t *
body_object(const struct request *rq, bool optional, struct err *e)
{
	if (rq->body_len == 0 && optional)
		return json_object();
	if (rq->body_len > 0 && media_is_json(rq->body_type))
		return object_parse(rq->body, rq->body_len, "body", e);
	if (rq->body_len == 0)
		err_field(e, ERR_BAD, "body", "missing", "the body must be a JSON object");
	else
		err_field(e, ERR_MEDIA, "Content-Type", "media",
		    "the body must be application/json");
	return NULL;
}

static void
fact_read(const char *key, const json_t *v, const char *path, size_t size, struct buf *ret,
    struct complaints *c)
{
	size_t n = strlen(key);
	char number[24], at[128];
	const char *text = json_string_value(v);

	snprintf(at, sizeof at, "%s.%.*s", path, (int)utf8_fit(key, 60), key);
	if (json_is_integer(v)) {
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text = number;
	}
	if (n < 1 || n > 32 || strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != n)
		complain(c, ERR_BAD, at, "key", "%s: a key is 1 to 32 of a-z 0-9 _ . -", at);
	else if (text == NULL)
		complain(c, ERR_BAD, at, "type", "%s must be a text or a whole number", at);
	else if (strlen(text) >= FACT_VALUE_MAX || !utf8_is_text(text, false))
		complain(c, ERR_BAD, at, "text",
		    "%s must have at most %d bytes and no control characters", at,
		    FACT_VALUE_MAX - 1);
	else if (ret->len + n + strlen(text) + 2 >= size)
		complain(c, ERR_BAD, at, "range", "%s: more than %zu bytes in all", at, size - 1);
	else
		facts_add(ret, key, text);
}

void
facts_read(const json_t *object, const char *path, size_t most, size_t size, struct buf *ret,
    struct complaints *c)
{
	const char *key;
	json_t *v;

	if (json_object_size(object) > most) {
		complain(c, ERR_BAD, path, "range", "%s must have at most %zu entries", path, most);
		return;
	}
	json_object_foreach((json_t *)object, key, v)
		fact_read(key, v, path, size, ret, c);
}

int
query_int(const struct request *rq, const char *name, int64_t min, int64_t max, int64_t *ret,
    struct err *e)
{
	const char *text = request_query(rq, name);
	int64_t n = 0;
	size_t i;

	if (text == NULL)
		return 0;
	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 18; i++)
		n = n * 10 + (text[i] - '0');
	if (i == 0 || text[i] != '\0' || n < min || n > max)
		return err_field(e, ERR_BAD, name, "range",
		    "%s must be a number from %" PRId64 " to %" PRId64, name, min, max);
	*ret = n;
	return 0;
}

int
query_bool(const struct request *rq, const char *name, bool *ret, struct err *e)
{
	const char *text = request_query(rq, name);

	if (text == NULL)
		return 0;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return err_field(e, ERR_BAD, name, "word", "%s must be true or false", name);
	*ret = strcmp(text, "true") == 0;
	return 0;
}

int
param_ptype(const struct request *rq, int i, uint32_t *ret, struct err *e)
{
	const char *text = rq->params[i];
	uint32_t n = 0;

	for (const char *s = text; *s >= '0' && *s <= '9' && n <= PTYPE_MAX; s++)
		n = n * 10 + (uint32_t)(*s - '0');
	if (text[0] == '0' || strspn(text, "0123456789") != strlen(text) || n < 1 || n > PTYPE_MAX)
		return err_field(e, ERR_ABSENT, "ptype", "absent",
		    "no product '%.*s': a ptype is a number from 1 to %d",
		    (int)utf8_fit(text, 40), text, PTYPE_MAX);
	*ret = n;
	return 0;
}

void *
state_new(struct exchange *x, size_t size, void (*release)(void *), struct err *e)
{
	x->state = calloc(1, size);
	x->state_free = release != NULL ? release : free;
	if (x->state == NULL)
		err_set(e, ERR_INTERNAL, "out of memory");
	return x->state;
}

int
read_nothing(struct tx *tx, struct exchange *x, struct err *e)
{
	static const struct field none[] = { { 0 } };
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	json_auto_t *doc = body_object(&x->rq, true, e);

	(void)tx;
	if (doc == NULL)
		return -1;
	form_read(doc, none, NULL, "", &c);
	return complaints_refuse(&c, &x->rep) ? 0 : CALL_WRITE;
}
