/* SPDX-License-Identifier: Apache-2.0
 *
 * filter.h - a statement that a filter narrows.
 *
 *	AUTO(filter_sql) struct filter_sql s = FILTER_SQL_INIT;
 *	AUTO(query) struct query q = QUERY_INIT;
 *
 *	if (filter_open(&q, db, sql_device_list, filter, &s, e) < 0)
 *		return -1;
 *	put_int(&q, after);		the statement's own parameters, all of them …
 *	filter_put(&q, &s, now_ms);	… then the filter's
 *
 * The order of the declarations matters: the query is closed first. A filter of
 * NULL leaves the statement as it is. */
#ifndef OTAD_STORE_FILTER_H
#define OTAD_STORE_FILTER_H

#include "store_priv.h"
#include "otad/buf.h"
#include "otad/filter.h"

struct filter_bind {
	const struct filter_value *value;	/* NULL, or one whose text is `text`: that text */
	const char	*text;
	char		name[12];		/* "?12" */
};
struct filter_sql {
	const struct filter *filter;
	struct buf	text;
	int		before;			/* parameters of the statement itself */
	struct filter_bind *binds;
	int		nbinds;
};
#define FILTER_SQL_INIT	{ .filter = NULL }
void	filter_sql_free(struct filter_sql *);
static inline __attribute__((unused)) void
auto_filter_sql_(struct filter_sql *s) { filter_sql_free(s); }

int	filter_open(struct query *, struct db *, const char *sql, const struct filter *,
	    struct filter_sql *, struct err *);
void	filter_put(struct query *, const struct filter_sql *, int64_t now_ms);

/* A tag and its value that every device of the filter has, whose index may lead;
 * NULL: none, or there is something better. */
const struct filter_node *filter_leading_tag(const struct filter *);

/* What the conditions call; an SQLite code. */
int	filter_functions(sqlite3 *);

#endif
