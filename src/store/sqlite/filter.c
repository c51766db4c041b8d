/* SPDX-License-Identifier: Apache-2.0
 *
 * filter.c - a filter as a condition over a device `d`.
 *
 * The statements that take one are files like all others, with a comment where the
 * condition goes; unfiltered, they are used as they are. Nothing of a filter's
 * text gets into a statement: fields and operators choose among the fragments
 * here, and values, keys included, are parameters behind those that the statement
 * has itself. Two filters of one shape are one statement.
 *
 * "Not" is IS NOT TRUE throughout, so that a device without the field is on the
 * one side or the other, never on none. */
#include "filter.h"

#include <stdio.h>
#include <string.h>
#include "otad/buf.h"
#include "otad/facts.h"
#include "otad/net.h"

#define PLACE	"/* filter */"

/* ---- functions ---- */

/* fact(facts, key): NULL when there is none. */
static void
fact(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *facts = (const char *)sqlite3_value_text(v[0]);
	const char *key = (const char *)sqlite3_value_text(v[1]);
	char value[FACT_VALUE_MAX];

	(void)n;
	if (facts != NULL && key != NULL && facts_get(facts, key, value))
		sqlite3_result_text(c, value, -1, SQLITE_TRANSIENT);
}

/* in_net(address, net): the net is bound as it is in memory. */
static void
in_net(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *address = (const char *)sqlite3_value_text(v[0]);
	struct net net;

	(void)n;
	if (address == NULL || sqlite3_value_bytes(v[1]) != (int)sizeof(net))
		return;
	memcpy(&net, sqlite3_value_blob(v[1]), sizeof(net));
	sqlite3_result_int(c, net_has(&net, address));
}

int
filter_functions(sqlite3 *handle)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int rc = sqlite3_create_function(handle, "fact", 2, flags, NULL, fact, NULL, NULL);

	return rc != SQLITE_OK ? rc :
	    sqlite3_create_function(handle, "in_net", 2, flags, NULL, in_net, NULL, NULL);
}

/* ---- the condition ---- */

/* What stands for the field; NULL where it is not there. */
static const char *const columns[FILTER_FIELDS] = {
	[FILTER_ID]	= "d.id",
	[FILTER_PTYPE]	= "d.ptype",
	[FILTER_DIALECT] = "d.dialect",
	[FILTER_STATUS]	= "d.status",
	[FILTER_CHANNEL] = "d.channel",
	[FILTER_VERSION] = "d.version",
	[FILTER_FIRMWARE] = "(SELECT w.name FROM firmware w WHERE w.num = d.firmware)",
	[FILTER_SURE]	= "d.firmware_sure",
	[FILTER_TAG]	= "g.value",
	[FILTER_LAST_SEEN] = "d.last_seen_ms",
	[FILTER_FIRST_SEEN] = "d.first_seen_ms",
	[FILTER_ADDRESS] = "d.address",
	[FILTER_SLOT]	= "d.slot",
};
static const char firmware_value[] =
    "(SELECT w.value FROM firmware w WHERE w.num = d.firmware)";

/* The next parameter, and what it will be. */
static const char *
parameter(struct filter_sql *s, const struct filter_value *v, const char *text)
{
	struct filter_bind *b = &s->binds[s->nbinds++];

	*b = (struct filter_bind){ .value = v, .text = text };
	snprintf(b->name, sizeof(b->name), "?%d", s->before + s->nbinds);
	return b->name;
}

/* A text that a star stands at: where the words are in it. */
static void
pattern(struct filter_sql *s, const char *column, const struct filter_value *v)
{
	const char *p = parameter(s, v, v->text);

	if (v->before && v->after)
		buf_addf(&s->text, "instr(%s, %s) > 0", column, p);
	else if (v->after)
		buf_addf(&s->text, "substr(%s, 1, length(%s)) = %s", column, p, p);
	else
		buf_addf(&s->text, "substr(%s, -length(%s)) = %s", column, p, p);
}

/* The field equals one value. An empty text is what the database keeps as NULL. */
static void
equals(struct filter_sql *s, const struct filter_node *t, const char *column,
    const struct filter_value *v)
{
	bool keyed = t->field == FILTER_TAG || t->field == FILTER_FACT;

	if (v->sort == FILTER_ANY)
		buf_addf(&s->text, "%s IS NOT NULL", column);
	else if (v->sort == FILTER_NET)
		buf_addf(&s->text, "in_net(%s, %s)", column, parameter(s, v, NULL));
	else if (v->sort == FILTER_TEXT && (v->before || v->after))
		pattern(s, column, v);
	else if (v->sort == FILTER_TEXT && v->text[0] == '\0' && !keyed)
		buf_addf(&s->text, "%s IS NULL", column);
	else
		buf_addf(&s->text, "%s = %s", column, parameter(s, v, v->text));
}

static void
any_of(struct filter_sql *s, const struct filter_node *t, const char *column)
{
	const struct filter_value *v = &s->filter->values[t->value];

	buf_adds(&s->text, "(");
	for (int i = 0; i < t->nvalues; i++) {
		if (i > 0)
			buf_adds(&s->text, " OR ");
		equals(s, t, column, &v[i]);
	}
	buf_adds(&s->text, ")");
}

static void
equality(struct filter_sql *s, const struct filter_node *t)
{
	char column[64];

	switch (t->field) {
	case FILTER_TAG:
		buf_addf(&s->text, "EXISTS (SELECT 1 FROM tag g WHERE g.device = d.num "
		    "AND g.key = %s AND ", parameter(s, NULL, t->key));
		any_of(s, t, columns[t->field]);
		buf_adds(&s->text, ")");
		break;
	case FILTER_FACT:
		snprintf(column, sizeof(column), "fact(d.facts, %s)", parameter(s, NULL, t->key));
		any_of(s, t, column);
		break;
	default:
		any_of(s, t, columns[t->field]);
	}
}

static void
order(struct filter_sql *s, const struct filter_node *t)
{
	static const char *const signs[] = { [FILTER_LT] = "<", [FILTER_LE] = "<=",
	    [FILTER_GT] = ">", [FILTER_GE] = ">=" };
	bool by_value = t->field == FILTER_VERSION || t->field == FILTER_FIRMWARE;

	buf_addf(&s->text, "%s %s %s", by_value ? firmware_value : columns[t->field], signs[t->op],
	    parameter(s, &s->filter->values[t->value], NULL));
}

static void
term(struct filter_sql *s, const struct filter_node *t)
{
	switch (t->op) {
	case FILTER_EQ:
	case FILTER_IN:
		equality(s, t);
		break;
	case FILTER_NE:
	case FILTER_OUT:
		buf_adds(&s->text, "(");
		equality(s, t);
		buf_adds(&s->text, ") IS NOT TRUE");
		break;
	default:
		order(s, t);
	}
}

/* As deep as the filter's parentheses, which are limited. */
static void
condition(struct filter_sql *s, int n)
{
	const struct filter_node *node = &s->filter->nodes[n];

	if (node->kind == FILTER_TERM) {
		term(s, node);
		return;
	}
	buf_adds(&s->text, "(");
	for (int i = node->first; i >= 0; i = s->filter->nodes[i].next) {
		if (i != node->first)
			buf_adds(&s->text, node->kind == FILTER_AND ? " AND " : " OR ");
		condition(s, i);
	}
	buf_adds(&s->text, ")");
}

/* ---- a statement with it ---- */

/* The highest ?N of a statement. */
static int
parameters(const char *sql)
{
	long most = 0, n;

	for (const char *s = sql; (s = strchr(s, '?')) != NULL; s++)
		if ((n = strtol(s + 1, NULL, 10)) > most)
			most = n;
	return (int)most;
}

/* A term has its values, and a key before them. */
static int
make(struct filter_sql *s, const struct filter *f, const char *sql, struct err *e)
{
	const char *place = strstr(sql, PLACE);

	s->filter = f;
	s->before = parameters(sql);
	s->binds = calloc((size_t)(f->nvalues + f->nterms), sizeof(*s->binds));
	if (s->binds == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	buf_add(&s->text, sql, (size_t)(place - sql));
	buf_adds(&s->text, "AND ");
	condition(s, f->root);
	buf_adds(&s->text, place + strlen(PLACE));
	return s->text.failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

int
filter_open(struct query *q, struct db *db, const char *sql, const struct filter *f,
    struct filter_sql *s, struct err *e)
{
	if (f == NULL)
		return query_open(q, db, sql, e);
	if (make(s, f, sql, e) < 0)
		return -1;
	return query_open_text(q, db, buf_str(&s->text), e);
}

void
filter_put(struct query *q, const struct filter_sql *s, int64_t now_ms)
{
	for (int i = 0; i < s->nbinds; i++) {
		const struct filter_bind *b = &s->binds[i];

		if (b->value != NULL && b->value->sort == FILTER_NUMBER)
			put_int(q, b->value->number);
		else if (b->value != NULL && b->value->sort == FILTER_AGO)
			put_int(q, now_ms - b->value->number);
		else if (b->value != NULL && b->value->sort == FILTER_NET)
			put_bytes(q, &b->value->net, sizeof(b->value->net));
		else
			put_text(q, b->text);
	}
}

void
filter_sql_free(struct filter_sql *s)
{
	buf_free(&s->text);
	free(s->binds);
	s->binds = NULL;
}

/* ---- what leads ---- */

const struct filter_node *
filter_leading_tag(const struct filter *f)
{
	const struct filter_node *root = f != NULL ? &f->nodes[f->root] : NULL, *found = NULL;
	int i = root == NULL ? -1 : root->kind == FILTER_AND ? root->first : f->root;

	if (root == NULL || root->kind == FILTER_OR)
		return NULL;
	for (; i >= 0; i = f->nodes[i].next) {
		const struct filter_node *t = &f->nodes[i];

		if (t->kind != FILTER_TERM || t->op != FILTER_EQ)
			continue;
		if (t->field == FILTER_ID)
			return NULL;
		if (t->field == FILTER_TAG && found == NULL &&
		    f->values[t->value].sort == FILTER_TEXT && !f->values[t->value].before &&
		    !f->values[t->value].after)
			found = t;
	}
	return found;
}

/* ---- devices ---- */

int
store_filter_matches(struct db *db, const struct filter *f, int64_t device, int64_t now_ms,
    struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;

	if (filter_open(&q, db, sql_filter_matches, f, &s, e) < 0)
		return -1;
	put_int(&q, device);
	filter_put(&q, &s, now_ms);
	return query_row(&q, e);
}

int
store_filter_count(struct db *db, const struct filter *f, uint32_t ptype, int64_t since_ms,
    int64_t now_ms, uint64_t *ret, struct err *e)
{
	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
	AUTO(query) struct query q = QUERY_INIT;
	int64_t n = 0;

	if (filter_open(&q, db, sql_filter_count, f, &s, e) < 0)
		return -1;
	put_int(&q, ptype);
	put_int(&q, since_ms);
	filter_put(&q, &s, now_ms);
	if (query_number(&q, &n, e) < 0)
		return -1;
	*ret = (uint64_t)n;
	return 0;
}

/* ---- of jobs, and by name ---- */

int
store_job_filter_put(struct db *db, int64_t job, const char *text, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_job_filter_put, e) < 0)
		return -1;
	put_int(&q, job);
	put_text(&q, text);
	return query_run(&q, e);
}

int
store_job_filter(struct db *db, int64_t job, struct buf *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_job_filter_find, e) < 0)
		return -1;
	put_int(&q, job);
	if ((rc = query_row(&q, e)) > 0)
		get_buf(&q, ret);
	return ret->failed ? err_set(e, ERR_INTERNAL, "out of memory") : rc;
}

int
store_saved_filter_insert(struct db *db, const struct saved_filter *f, int64_t *ret_num,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_saved_filter_insert, e) < 0)
		return -1;
	put_text(&q, f->name);
	put_text(&q, f->text);
	put_int(&q, f->created_ms);
	put_words(&q, f->created_by);
	return query_number(&q, ret_num, e) < 0 ? -1 : 0;
}

int
store_saved_filter_delete(struct db *db, const char *name, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;

	if (query_open(&q, db, sql_saved_filter_delete, e) < 0)
		return -1;
	put_text(&q, name);
	return query_change(&q, "filter", e);
}

static void
get_saved(struct query *q, struct saved_filter *f)
{
	f->num = get_int(q);
	get_text(q, f->name, sizeof(f->name));
	get_text(q, f->text, sizeof(f->text));
	f->created_ms = get_int(q);
	get_text(q, f->created_by, sizeof(f->created_by));
}

int
store_saved_filter_find(struct db *db, const char *name, struct saved_filter *ret, struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	int rc;

	if (query_open(&q, db, sql_saved_filter_find, e) < 0)
		return -1;
	put_text(&q, name);
	if ((rc = query_row(&q, e)) > 0)
		get_saved(&q, ret);
	return rc;
}

int
store_saved_filter_list(struct db *db, int64_t after, int limit, saved_filter_fn *fn, void *arg,
    struct err *e)
{
	AUTO(query) struct query q = QUERY_INIT;
	struct saved_filter f;
	int rc;

	if (query_open(&q, db, sql_saved_filter_list, e) < 0)
		return -1;
	put_int(&q, after);
	put_int(&q, limit);
	while ((rc = query_row(&q, e)) > 0) {
		get_saved(&q, &f);
		if (fn(arg, &f, e) < 0)
			return -1;
	}
	return rc;
}
