/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk that fails at each of its operations in turn, once or from then on, in
 * the middle of a stream of commands. Whatever happens: what was acknowledged is
 * there, once; what was not is there wholly or not at all; the file is sound; and
 * when the disk works again, so does the store. */
#include <semaphore.h>
#include "store_test.h"
#include "store_vfs.h"

enum { COMMANDS = 30, GROUP = 6, SLICES = 3, POINTS = 24 };

/* One command: a row in each of two tables, or a chunk of a blob, or (the last)
 * a row in each of three slices, by a cursor in memory. */
struct command {
	int		i;
	int		result;		/* 1 acknowledged, -1 refused, 0 not answered */
	enum err_code	why;
	int		at, before;	/* the cursor */
};

struct stream {
	struct command	commands[COMMANDS];
	int64_t		blob;
	int		chunks;
	sem_t		answered;
};

static struct stream stream;

static int
insert_pair(struct db *db, int i, int n, struct err *e)
{
	struct audit a = { .at_ms = 1 };
	struct api_key k = { .role = ROLE_VIEWER };
	uint8_t hash[SHA256_LEN] = { (uint8_t)i, (uint8_t)n };

	snprintf(a.action, sizeof(a.action), "%d.%d", i, n);
	snprintf(k.id, sizeof(k.id), "%d.%d", i, n);
	if (store_audit_insert(db, &a, e) < 0)
		return -1;
	return store_key_insert(db, &k, hash, e);
}

static int
run_command(struct db *db, void *arg, struct err *e)
{
	static const uint8_t bytes[BLOB_CHUNK] = { 1 };
	struct command *c = arg;

	if (c->i == COMMANDS - 1) {
		c->at = store_again(db) ? c->before : c->at;
		c->before = c->at;
		if (insert_pair(db, c->i, c->at, e) < 0)
			return -1;
		return ++c->at < SLICES ? CORE_WRITE : 0;
	}
	if (c->i % 3 == 2)
		return store_blob_chunk(db, stream.blob, c->i / 3, bytes, sizeof(bytes), e);
	return insert_pair(db, c->i, 0, e);
}

static void
answered(void *arg, int rc, const struct err *e)
{
	struct command *c = arg;

	c->result = rc < 0 ? -1 : 1;
	c->why = rc < 0 ? e->code : ERR_NONE;
	sem_post(&stream.answered);
}

static int
stage(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return store_blob_stage(db, &stream.blob, e);
}

/* In bursts, so that groups are of one and of several. */
static void
play(struct store *st)
{
	struct err e = ERR_INIT;

	for (int i = 0; i < COMMANDS; i++) {
		stream.commands[i] = (struct command){ .i = i };
		CHECK(store_write(st, i == COMMANDS - 1 ? URGENT_BULK : URGENT_STATUS,
		    run_command, answered, &stream.commands[i], &e) == 0, "%s", e.text);
		if (i % GROUP == GROUP - 1 || i == COMMANDS - 1)
			for (int n = 0; n <= i % GROUP; n++)
				while (sem_wait(&stream.answered) < 0)
					;
	}
}

/* ---- what is there ---- */

struct found { int audits[COMMANDS][SLICES], keys[COMMANDS][SLICES]; };

static void
note(int found[COMMANDS][SLICES], const char *name)
{
	int i, n;

	if (sscanf(name, "%d.%d", &i, &n) == 2 && i < COMMANDS && n < SLICES)
		found[i][n]++;
}

static int
note_audit(void *arg, const struct audit *a, struct err *e)
{
	(void)e;
	note(((struct found *)arg)->audits, a->action);
	return 0;
}

static int
note_key(void *arg, const struct api_key *k, struct err *e)
{
	(void)e;
	note(((struct found *)arg)->keys, k->id);
	return 0;
}

static int
note_chunk(void *arg, const void *bytes, size_t len, struct err *e)
{
	(void)bytes;
	(void)e;
	CHECK(len == BLOB_CHUNK, "%zu bytes", len);
	++*(int *)arg;
	return 0;
}

static int
look(struct db *db, void *arg, struct err *e)
{
	struct err why = ERR_INIT;

	stream.chunks = 0;
	/* A chunk that was refused leaves a hole, where reading ends. */
	store_blob_read(db, NULL, stream.blob, note_chunk, &stream.chunks, &why);
	return store_audit_list(db, 0, 1000, note_audit, arg, e) < 0 ? -1 :
	    store_key_list(db, note_key, arg, e);
}

static void
check_all(const struct place *at, const char *what, long n)
{
	struct store *st = store_at(at->path, NULL);
	struct found found;
	int chunks = 0;

	memset(&found, 0, sizeof(found));
	seen(st, look, &found);
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *c = &stream.commands[i];
		bool last = i == COMMANDS - 1;

		CHECK(c->result != 0, "%s %ld: command %d was not answered", what, n, i);
		if (!last && i % 3 == 2) {
			chunks += c->result > 0 && chunks == i / 3;
			continue;
		}
		for (int s = 0; s < (last ? SLICES : 1); s++) {
			CHECK(found.audits[i][s] == found.keys[i][s], "%s %ld: half of %d", what,
			    n, i);
			CHECK(found.audits[i][s] <= 1, "%s %ld: %d twice", what, n, i);
			CHECK(c->result < 0 || found.audits[i][s] == 1, "%s %ld: %d.%d is lost",
			    what, n, i, s);
		}
	}
	CHECK(stream.chunks >= chunks, "%s %ld: %d of %d chunks", what, n, stream.chunks, chunks);
	store_close(st);
}

static void
check_sound(const struct place *at, const char *what, long n)
{
	sqlite3 *db;
	sqlite3_stmt *q = NULL;
	const char *word = "no answer";

	sqlite3_open(at->path, &db);
	sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL);
	if (sqlite3_step(q) == SQLITE_ROW)
		word = (const char *)sqlite3_column_text(q, 0);
	CHECK(strcmp(word, "ok") == 0, "%s %ld: %s", what, n, word);
	sqlite3_finalize(q);
	sqlite3_prepare_v2(db, "PRAGMA foreign_key_check", -1, &q, NULL);
	CHECK(sqlite3_step(q) == SQLITE_DONE, "%s %ld: foreign keys", what, n);
	sqlite3_finalize(q);
	sqlite3_close(db);
}

/* ---- each point ---- */

static int
nothing(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return insert_pair(db, 200, 0, e);
}

/* One run with trouble at the nth operation. How many refusals there were. */
static int
one(const struct place *at, enum fault kind, long n, bool lasts, const char *what)
{
	struct store *st = store_at(at->path, "faulty");
	int refused = 0;

	written(st, stage, NULL);
	vfs_arm(kind, n, lasts);
	play(st);
	for (int i = 0; i < COMMANDS; i++) {
		if (stream.commands[i].result > 0)
			continue;
		refused++;
		CHECK(stream.commands[i].why == (kind == FAULT_FULL ? ERR_FULL : ERR_STORE),
		    "%s %ld: %s", what, n, err_name(stream.commands[i].why));
	}
	CHECK(lasts || refused == 0 || kind != FAULT_SYNC, "%s %ld: %d refused, though a second "
	    "try would do", what, n, refused);
	atomic_store(&disk.kind, FAULT_NONE);
	written(st, nothing, NULL);		/* the disk works again */
	CHECK(store_alive(st), "alive");
	store_close(st);
	check_all(at, what, n);
	check_sound(at, what, n);
	place_clear(at);
	return refused;
}

static void
each_point(const struct place *at, enum fault kind, bool lasts, const char *what)
{
	long all, step, failed = 0;
	int refused = 0;

	one(at, FAULT_NONE, 0, false, "no trouble");
	all = kind == FAULT_SYNC ? atomic_load(&disk.syncs) : atomic_load(&disk.writes);
	step = all > POINTS ? all / POINTS : 1;
	for (long n = 1; n <= all; n += step) {
		refused += one(at, kind, n, lasts, what);
		failed += atomic_load(&disk.failed);
	}
	CHECK(failed > 0, "%s: nothing ever failed", what);
	CHECK(!lasts || refused > 0, "%s: nothing was refused", what);
}

/* A disk that is full before there is anything. */
static void
no_room_to_begin(const struct place *at)
{
	const struct store_settings s = { .path = at->path, .vfs = "faulty" };
	struct err e = ERR_INIT;
	struct store *st;

	for (long n = 1; n < 30; n += 4) {
		vfs_arm(FAULT_FULL, n, true);
		st = store_open(&s, &e);
		if (atomic_load(&disk.failed) > 0)
			CHECK(st == NULL && e.code == ERR_FULL, "%ld: %s", n, e.text);
		store_close(st);
		vfs_arm(FAULT_NONE, 0, false);
		st = store_at(at->path, "faulty");	/* the next start does it */
		store_close(st);
		check_sound(at, "start", n);
		place_clear(at);
	}
}

int
main(void)
{
	struct place at;

	place_make(&at);
	vfs_register();
	sem_init(&stream.answered, 0, 0);
	each_point(&at, FAULT_WRITE, false, "one torn write");
	each_point(&at, FAULT_WRITE, true, "torn writes");
	each_point(&at, FAULT_FULL, false, "full for a moment");
	each_point(&at, FAULT_FULL, true, "full");
	each_point(&at, FAULT_SYNC, false, "one failed sync");
	each_point(&at, FAULT_SYNC, true, "failing syncs");
	no_room_to_begin(&at);
	place_remove(&at);
	return TEST_END();
}
