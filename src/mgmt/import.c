/* SPDX-License-Identifier: Apache-2.0
 *
 * import.c - POST /devices:import: a device a line.
 *
 * Lines are read as they arrive and written in batches, one after the other, each
 * in a group of its own as bulk: statuses of devices pass between them, and what
 * is in memory is a few batches, however long the file. A line that is refused is
 * told of and left out; what the store refuses (a full disk) ends it all, and says
 * how far it came. What was written stays in either case, so a file may just be
 * sent again, with ?update=true.
 *
 * The writer has one batch at a time. Who sends may go away meanwhile: then the
 * batch is the last, and the one who ends it buries the import. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "device_form.h"
#include "handlers.h"
#include "json_in.h"
#include "json_out.h"
#include "otad/auto.h"
#include "otad/utf8.h"

#define BATCH_LINES	500
#define BATCH_BYTES	(256 * 1024)	/* of text: what it becomes in memory is some times that */
#define BACKLOG_MAX	2		/* batches: more make the sender wait */
#define LINE_MAX_BYTES	(64 * 1024)	/* as of any document of one device */
#define FAILURES_SHOWN	100

enum outcome { CREATED, UPDATED, REFUSED, OUTCOMES };

struct line {
	unsigned	number;			/* in the file, from 1 */
	bool		unread;			/* refused before it came to the writer */
	enum outcome	outcome;
	char		why[256];		/* of a refusal */
	struct device_form form;
};
struct batch {
	struct batch	*next;
	size_t		bytes;
	int		n;
	struct line	lines[BATCH_LINES];
};

struct failure {
	unsigned	line;
	char		id[DEVICE_ID_MAX];
	char		why[256];
};

struct import {
	/* the network thread's */
	struct exchange	*x;
	struct core	*core;
	struct actor	actor;
	bool		update;			/* existing devices are changed, not refused */
	struct buf	rest;			/* a line that has not ended yet */
	bool		long_line;		/* … and is passed over */
	unsigned	lines;
	struct batch	*filling;

	pthread_mutex_t	lock;			/* of all below */
	struct batch	*first, **last;		/* the first is with the writer when busy */
	int		backlog;
	int		enough;			/* that somebody waits for; -1: nobody does */
	bool		busy, abandoned;
	struct err	failed;
	uint64_t	counts[OUTCOMES];
	struct failure	failures[FAILURES_SHOWN];
	int		nfailures;
};

static void	submit(struct import *);

static void
batch_free(struct batch *b)
{
	for (int i = 0; b != NULL && i < b->n; i++)
		device_form_clear(&b->lines[i].form);
	free(b);
}

static void
drop_batches(struct import *in)
{
	while (in->first != NULL) {
		struct batch *b = in->first;

		in->first = b->next;
		batch_free(b);
	}
	in->last = &in->first;
	in->backlog = 0;
}

static void
destroy(struct import *in)
{
	drop_batches(in);
	batch_free(in->filling);
	buf_free(&in->rest);
	pthread_mutex_destroy(&in->lock);
	free(in);
}

/* ---- on the writer's thread ---- */

/* Its key is not changed by a file that may be old. */
static int
change_one(struct tx *tx, const struct device_form *form, struct device *d, struct err *e)
{
	struct device other = { .num = 0 };

	if (form->key[0] != '\0') {
		if (device_bring_key(&other, form->key, e) != 0)
			return -1;
		if (!d->has_key || !same_bytes(d->key_hash, other.key_hash, SHA256_LEN))
			return err_field(e, ERR_CONFLICT, "key", "key",
			    "device '%s' has another key: an import changes none", d->id);
	}
	return device_form_change(tx, form, d, e);
}

static int
write_line(struct tx *tx, const struct import *in, struct line *line, struct err *e)
{
	const struct device_form *form = &line->form;
	struct device d;
	char key[KEY_LEN + 1];

	line->outcome = UPDATED;
	if (in->update) {
		if (device_get(tx, form->id, &d, e) == 0)
			return change_one(tx, form, &d, e);
		if (e->code != ERR_ABSENT)
			return -1;
	}
	line->outcome = CREATED;
	return device_form_create(tx, form, true, key, e);
}

/* What is wrong with the line, and not with the store. Core functions look before
 * they write, so such a line has written nothing. */
static bool
is_own_fault(const struct err *e)
{
	return e->code == ERR_BAD || e->code == ERR_INVALID || e->code == ERR_CONFLICT ||
	    e->code == ERR_ABSENT;
}

/* May be run again when its group was lost: all it leaves in memory is set anew. */
static int
write_batch(struct tx *tx, void *arg, struct err *e)
{
	struct import *in = arg;
	struct batch *b = in->first;

	for (int i = 0; i < b->n; i++) {
		struct line *line = &b->lines[i];
		struct err why = ERR_INIT;

		if (line->unread || write_line(tx, in, line, &why) == 0)
			continue;
		if (!is_own_fault(&why)) {
			*e = why;
			return err_while(e, "line %u", line->number);
		}
		line->outcome = REFUSED;
		snprintf(line->why, sizeof line->why, "%s", why.text);
	}
	return 0;
}

/* Locked. */
static void
count_line(struct import *in, const struct line *line)
{
	struct failure *f = &in->failures[in->nfailures];

	in->counts[line->outcome]++;
	if (line->outcome != REFUSED || in->nfailures == FAILURES_SHOWN)
		return;
	f->line = line->number;
	snprintf(f->id, sizeof f->id, "%s", line->form.id);
	snprintf(f->why, sizeof f->why, "%s", line->why);
	in->nfailures++;
}

/* Locked. */
static void
fail(struct import *in, const struct err *why)
{
	in->failed = *why;
	err_while(&in->failed, "after %llu devices were taken",
	    (unsigned long long)(in->counts[CREATED] + in->counts[UPDATED]));
	drop_batches(in);
}

/* Locked. */
static void
wake(struct import *in)
{
	if (in->enough < 0 || (in->backlog > in->enough && in->failed.code == ERR_NONE))
		return;
	in->enough = -1;
	if (!in->abandoned)
		in->x->wake(in->x);
}

static void
batch_written(void *arg, int rc, const struct err *e)
{
	struct import *in = arg;
	struct batch *b = in->first;
	bool over;

	pthread_mutex_lock(&in->lock);
	in->busy = false;
	if (rc == 0) {
		for (int i = 0; i < b->n; i++)
			count_line(in, &b->lines[i]);
		in->first = b->next;
		if (in->first == NULL)
			in->last = &in->first;
		in->backlog--;
		batch_free(b);
	} else {
		fail(in, e);
	}
	over = in->abandoned;
	if (!over && in->first != NULL)
		submit(in);
	wake(in);
	pthread_mutex_unlock(&in->lock);
	if (over)
		destroy(in);
}

/* ---- on the network thread ---- */

/* Locked. */
static void
submit(struct import *in)
{
	struct err e = ERR_INIT;

	in->busy = core_write(in->core, URGENT_BULK, &in->actor, write_batch, batch_written, in,
	    &e) == 0;
	if (!in->busy)
		fail(in, &e);
}

static void
push(struct import *in)
{
	struct batch *b = in->filling;

	if (b == NULL)
		return;
	in->filling = NULL;
	pthread_mutex_lock(&in->lock);
	if (in->failed.code != ERR_NONE) {
		batch_free(b);
	} else {
		*in->last = b;
		in->last = &b->next;
		in->backlog++;
		if (!in->busy)
			submit(in);
	}
	pthread_mutex_unlock(&in->lock);
}

/* At most `most` batches wait: 0; else it is waited until it is at most `enough`. */
static int
settle(struct import *in, int most, int enough, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&in->lock);
	if (in->failed.code != ERR_NONE) {
		*e = in->failed;
		rc = -1;
	} else if (in->backlog > most) {
		in->enough = enough;
		rc = CALL_WAIT;
	}
	pthread_mutex_unlock(&in->lock);
	return rc;
}

/* The next line of the batch; NULL: no memory. */
static struct line *
new_line(struct import *in, size_t bytes)
{
	struct line *line;

	if (in->filling != NULL && (in->filling->n == BATCH_LINES ||
	    in->filling->bytes + bytes > BATCH_BYTES))
		push(in);
	if (in->filling == NULL && (in->filling = calloc(1, sizeof *in->filling)) == NULL)
		return NULL;
	line = &in->filling->lines[in->filling->n++];
	in->filling->bytes += bytes;
	line->number = in->lines;
	return line;
}

static void
refuse_line(struct line *line, const char *why)
{
	line->unread = true;
	line->outcome = REFUSED;
	snprintf(line->why, sizeof line->why, "%.*s", (int)utf8_fit(why, sizeof line->why - 1),
	    why);
}

static void
read_line(struct line *line, const char *text, size_t n)
{
	AUTO(complaints) struct complaints c = COMPLAINTS_INIT;
	struct err why = ERR_INIT;
	json_t *doc = object_parse(text, n, "device", &why);

	if (doc == NULL) {
		refuse_line(line, why.text);
		return;
	}
	device_form_read(&line->form, doc, device_creation, &c);
	if (c.count > 0)
		refuse_line(line, c.first);
}

/* Without its line feed. Blank lines are counted, that numbers are those of an
 * editor, and nothing else. */
static int
take_line(struct import *in, const char *text, size_t n, struct err *e)
{
	struct line *line;
	size_t i;

	in->lines++;
	for (i = 0; i < n && strchr(" \t\r", text[i]) != NULL && text[i] != '\0'; )
		i++;
	if (i == n)
		return 0;
	if ((line = new_line(in, n)) == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (n > LINE_MAX_BYTES)
		refuse_line(line, "the line is longer than 64 kB");
	else
		read_line(line, text, n);
	return 0;
}

/* The beginning of a line, or what continues it. */
static int
keep_rest(struct import *in, const char *text, size_t n, struct err *e)
{
	if (in->rest.len + n > LINE_MAX_BYTES)
		in->long_line = true;
	else
		buf_add(&in->rest, text, n);
	return in->rest.failed ? err_set(e, ERR_INTERNAL, "out of memory") : 0;
}

/* A line feed, or the end of it all, is reached. */
static int
end_rest(struct import *in, struct err *e)
{
	int rc = in->long_line ? take_line(in, "{", LINE_MAX_BYTES + 1, e) :
	    take_line(in, buf_str(&in->rest), in->rest.len, e);

	in->long_line = false;
	buf_clear(&in->rest);
	return rc;
}

static int
take_text(struct import *in, const char *text, size_t n, struct err *e)
{
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t len = end != NULL ? (size_t)(end - text) : n;

		if (end == NULL)
			return keep_rest(in, text, len, e);
		if (in->rest.len == 0 && !in->long_line ? take_line(in, text, len, e) != 0 :
		    keep_rest(in, text, len, e) != 0 || end_rest(in, e) != 0)
			return -1;
		text += len + 1;
		n -= len + 1;
	}
	return 0;
}

/* ---- life ---- */

static void
import_free(void *arg)
{
	struct import *in = arg;
	bool busy;

	if (in == NULL)			/* there was no memory for it */
		return;
	pthread_mutex_lock(&in->lock);
	in->abandoned = true;
	busy = in->busy;
	pthread_mutex_unlock(&in->lock);
	if (!busy)
		destroy(in);
}

static struct import *
import_of(struct exchange *x, struct err *e)
{
	struct import *in = x->state;
	bool update = false;

	if (in != NULL)
		return in;
	if (strncmp(x->rq.body_type, "multipart/", 10) == 0) {
		err_field(e, ERR_MEDIA, "Content-Type", "media",
		    "an import is application/x-ndjson: a device a line, no form");
		return NULL;
	}
	if (query_bool(&x->rq, "update", &update, e) != 0 ||
	    (in = state_new(x, sizeof *in, import_free, e)) == NULL)
		return NULL;
	in->x = x;
	in->core = x->core;
	in->actor = x->actor;
	in->update = update;
	in->last = &in->first;
	in->enough = -1;
	pthread_mutex_init(&in->lock, NULL);
	return in;
}

int
import_devices_part(struct exchange *x, const char *name, const char *filename,
    const void *bytes, size_t n, uint64_t off, struct err *e)
{
	struct import *in = import_of(x, e);

	(void)name;
	(void)filename;
	(void)off;
	if (in == NULL || take_text(in, bytes, n, e) != 0)
		return -1;
	return settle(in, BACKLOG_MAX, BACKLOG_MAX - 1, e);
}

int
import_devices_end(struct exchange *x, struct err *e)
{
	struct import *in = import_of(x, e);

	if (in == NULL)
		return -1;
	if ((in->rest.len > 0 || in->long_line) && end_rest(in, e) != 0)
		return -1;
	push(in);
	return settle(in, 0, 0, e);
}

/* Nothing is with the writer any more. */
int
import_devices_read(struct tx *tx, struct exchange *x, struct err *e)
{
	const struct import *in = x->state;
	json_t *failed;

	(void)tx;
	if (in->lines == 0)
		return err_field(e, ERR_BAD, "body", "missing", "there is no line in the body");
	failed = json_array();
	for (int i = 0; i < in->nfailures; i++)
		json_array_append_new(failed, json_pack("{s:I, s:o, s:o}",
		    "line", (json_int_t)in->failures[i].line,
		    "id", json_text_or_null(in->failures[i].id),
		    "message", json_text(in->failures[i].why)));
	return reply_json(x, 200, json_pack("{s:I, s:I, s:I, s:o}",
	    "created", (json_int_t)in->counts[CREATED],
	    "updated", (json_int_t)in->counts[UPDATED],
	    "refused", (json_int_t)in->counts[REFUSED], "failed", failed), e);
}
