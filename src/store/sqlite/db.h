/* SPDX-License-Identifier: Apache-2.0
 *
 * db.h - a connection, and asking it.
 *
 *	AUTO(query) struct query q = QUERY_INIT;
 *
 *	if (query_open(&q, db, sql_device_find, e) < 0)
 *		return -1;
 *	put_text(&q, id);			parameters, in order
 *	rc = query_row(&q, e);			1 a row, 0 none, -1 failed
 *	ret->num = get_int(&q);			columns, in order
 *
 * A statement is prepared once per connection and found again by the address of
 * its text; leaving the scope resets it, so that no snapshot outlives the
 * function that asked. Texts that are put must stay until then. The database
 * holds NULL where the core says 0 or "": put_some() and put_words() write it so,
 * get_int() and get_text() read it back. */
#ifndef OTAD_STORE_DB_H
#define OTAD_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sqlite3.h>
#include "otad/auto.h"
#include "otad/err.h"

struct buf;

#define STATEMENTS_MAX	256		/* a power of two, well above the queries there are */

struct db {
	sqlite3		*handle;
	bool		within;		/* a transaction should be open: if it is not, it was lost */
	bool		again;		/* see store_again() */
	unsigned	nstatements;
	struct statement {
		const char	*sql;	/* the key: its address */
		sqlite3_stmt	*stmt;
		bool		busy;	/* someone is asking; a second one gets its own */
	} statements[STATEMENTS_MAX];
};

enum db_mode { DB_READ, DB_WRITE, DB_CHECKPOINT };
/* Opens, and sets what a connection of this kind has to be set to. NULL: failed. */
struct db	*db_open(const char *path, const char *vfs, enum db_mode, struct err *);
void		db_close(struct db *);		/* finalizes its statements */
/* Several statements at once, for pragmas and migrations. */
int		db_exec(struct db *, const char *sql, struct err *);
/* One statement without parameters or rows, cached: BEGIN and its kin. */
int		db_run(struct db *, const char *sql, struct err *);
/* Say what the database says, under the code that the contract gives it. -1. */
int		db_error(struct db *, int rc, struct err *);

struct query {
	struct db	*db;
	sqlite3_stmt	*stmt;
	struct statement *kept;		/* NULL: prepared for this one use */
	int		put, get;	/* next parameter and column are these + 1, these */
	int		rc;		/* of the first put that failed */
};

#define QUERY_INIT	{ .db = NULL }

int	query_open(struct query *, struct db *, const char *sql, struct err *);
/* A text made for this one use. */
int	query_open_text(struct query *, struct db *, const char *sql, struct err *);
void	query_close(struct query *);
static inline void auto_query_(struct query *q) { query_close(q); }

void	put_int(struct query *, int64_t);
void	put_some(struct query *, int64_t);		/* 0: NULL */
void	put_text(struct query *, const char *);		/* NULL: NULL */
void	put_words(struct query *, const char *);	/* NULL or "": NULL */
void	put_letter(struct query *, char);		/* '\0': NULL */
void	put_bytes(struct query *, const void *, size_t);	/* NULL: NULL */

int	query_row(struct query *, struct err *);	/* 1, 0, -1 */
/* To its end, whatever rows it has. */
int	query_run(struct query *, struct err *);
/* The same, and it must have changed something: "no such <what>", ERR_ABSENT. */
int	query_change(struct query *, const char *what, struct err *);
/* One row with one number: 1, 0 (none, or NULL), -1. */
int	query_number(struct query *, int64_t *ret, struct err *);

int64_t	get_int(struct query *);			/* NULL: 0 */
int64_t	get_int_or(struct query *, int64_t fallback);	/* NULL: fallback */
char	get_letter(struct query *);			/* NULL: '\0' */
void	get_text(struct query *, char *ret, size_t size);	/* NULL: "" */
int	get_words(struct query *, char **ret, struct err *);	/* malloc'd; NULL: "" */
int	get_words_if(struct query *, char **ret, struct err *);	/* malloc'd; NULL: NULL */
void	get_buf(struct query *, struct buf *ret);
/* Exactly n bytes, else zeros and false. */
bool	get_bytes(struct query *, void *ret, size_t n);
const void *get_lent(struct query *, size_t *ret_len);	/* valid until the next row */

#endif
