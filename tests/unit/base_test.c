/* SPDX-License-Identifier: Apache-2.0
 *
 * base_test.c - errors, buffers, ownership, and lines of the log as another
 * process would read them. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/buf.h"
#include "otad/err.h"
#include "otad/log.h"
#include "test.h"

static void
err_table(void)
{
	static const struct {
		enum err_code code; const char *name; int http; const char *title;
	} table[] = {
#define ERR(name, http, text) { ERR_##name, #name, http, text },
#include "otad/tbl/errors.h"
#undef ERR
	};

	EACH(t, table) {
		char name[32] = "";
		struct err e = ERR_INIT;
		size_t i;

		for (i = 0; t->name[i] != '\0'; i++)
			name[i] = (char)tolower((unsigned char)t->name[i]);
		CHECK(err_name(t->code) != NULL && strcmp(err_name(t->code), name) == 0,
		    "%s", t->name);
		CHECK(err_set(&e, t->code, "%s", "") == -1, "%s", t->name);
		CHECK(strcmp(e.text, t->title) == 0, "empty text: '%s'", e.text);
		CHECK(err_http(&e) == t->http, "%s: %d", t->name, err_http(&e));
		CHECK(strcmp(err_title(t->code), t->title) == 0, "%s", t->name);
	}
}

static void
err_texts(void)
{
	struct err e = ERR_INIT;
	char longer[600];

	CHECK(err_field(&e, ERR_CONFLICT, "version", "6.2-1", "'%s' exists", "x") == -1, "-1");
	CHECK(strcmp(e.field, "version") == 0 && strcmp(e.rule, "6.2-1") == 0, "'%s'", e.field);
	CHECK(err_while(&e, "upload of %d", 7) == -1, "-1");
	CHECK(strcmp(e.text, "upload of 7: 'x' exists") == 0, "'%s'", e.text);
	CHECK(strcmp(e.field, "version") == 0, "err_while keeps the field");
	CHECK(err_set(&e, ERR_STORE, "again: %s", e.text) == -1, "-1");
	CHECK(strcmp(e.text, "again: upload of 7: 'x' exists") == 0, "'%s'", e.text);
	CHECK(e.field[0] == '\0' && e.code == ERR_STORE, "a new error has no old field");

	errno = ENOSPC;
	err_errno(&e, ERR_FULL, "write");
	CHECK(strcmp(e.text, "write: No space left on device") == 0, "'%s'", e.text);

	/* 254 bytes fit before a character of two: it would be cut, so it goes. */
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + 254, "\xc3\xa4", 2);
	longer[599] = '\0';
	err_set(&e, ERR_BAD, "%s", longer);
	CHECK(strlen(e.text) == 254, "%zu", strlen(e.text));
	err_while(&e, "%s", longer);
	CHECK(strlen(e.text) == 254, "%zu", strlen(e.text));
	err_field(&e, ERR_BAD, longer, longer, "x");
	CHECK(strlen(e.field) == 63 && strlen(e.rule) == 31, "%zu", strlen(e.field));
}

static void
bufs(void)
{
	AUTO(buf) struct buf b = BUF_INIT;
	struct buf small = { .limit = 5 };
	char *text;
	int i;

	CHECK(strcmp(buf_str(&b), "") == 0 && b.p == NULL, "empty");
	for (i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i);
	buf_add(&b, "\0x", 2);
	buf_add(&b, NULL, 0);
	CHECK(b.len == 3892 && b.p[b.len] == '\0', "%zu", b.len);
	CHECK(strncmp(buf_str(&b) + b.len - 6, "999,", 4) == 0, "%s", b.p + b.len - 6);
	buf_clear(&b);
	CHECK(b.len == 0 && strcmp(b.p, "") == 0 && b.room > 0, "cleared");

	buf_adds(&small, "12345");
	CHECK(!small.failed && small.len == 5, "a limit is reached");
	buf_adds(&small, "6");
	buf_adds(&small, "");
	CHECK(small.failed && small.len == 5, "and not passed");
	CHECK(buf_take(&small) == NULL && small.p == NULL, "nothing of a failed one");

	buf_add(&b, "x", SIZE_MAX - 1);
	CHECK(b.failed, "an impossible size");
	buf_clear(&b);
	buf_adds(&b, "kept");
	text = buf_take(&b);
	CHECK(text != NULL && strcmp(text, "kept") == 0 && b.p == NULL, "taken");
	free(text);
	text = buf_take(&b);
	CHECK(text != NULL && *text == '\0', "the empty text is a text");
	free(text);
}

static void
quotes(void)
{
	static const struct {
		size_t size; const char *text, *want;
	} table[] = {
		{ 64, "light-01", "\"light-01\"" },
		{ 64, "", "\"\"" },
		{ 64, NULL, "\"\"" },
		{ 64, "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ 64, "a\r\nb\x1b[2J\x7f", "\"a\\x0D\\x0Ab\\x1B[2J\\x7F\"" },
		{ 64, "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"" },
		{ 64, "\xc2\x9b" "31m", "\"\\xC2\\x9B31m\"" },		/* C1: CSI */
		{ 64, "\xff\xc0\xaf\xed\xa0\x80", "\"\\xFF\\xC0\\xAF\\xED\\xA0\\x80\"" },
		{ 64, "\xf4\x8f\xbf\xbf\xf4\x90\x80\x80",
		  "\"\xf4\x8f\xbf\xbf\\xF4\\x90\\x80\\x80\"" },
		{ 64, "end \xe2\x82", "\"end \\xE2\\x82\"" },
		{ 12, "0123456789", "\"012345\xe2\x80\xa6\"" },
		{ 12, "01234\n6789", "\"01234\xe2\x80\xa6\"" },
		{ 12, "01234\xc3\xbc\xc3\xbc", "\"01234\xe2\x80\xa6\"" },
		{ 3, "abc", "" },
	};

	EACH(t, table) {
		char got[64];
		CHECK(strcmp(log_quote(got, t->size, t->text), t->want) == 0,
		    "wanted %s, got %s", t->want, got);
	}
}

/* As systemd tells a service which stream leads to the journal. */
static void
name_journal(int fd)
{
	char stream[64];
	struct stat st;

	if (fstat(fd, &st) != 0)
		abort();
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
}

static bool journal;

/* What `say` writes to standard error, as text in ret. */
static void
heard(char *ret, size_t size, enum log_format format, void (*say)(void))
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	if (pipe(ends) != 0 || saved < 0)
		abort();
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	if (journal)
		name_journal(STDERR_FILENO);
	log_setup(LOG_LEVEL_INFO, format);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(ends[0], ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	close(ends[0]);
}

static void
say_info(void)
{
	log_info("light-01: running %s", "v1.0.2t45772(a)");
}

static void
say_debug(void)
{
	log_debug("never seen");
}

static void
say_dirty(void)
{
	log_warnx("a \"b\"\\\n\xff\x01 \xc3\xa4");
}

static void
say_errno(void)
{
	errno = ENOENT;
	log_error("otad.conf");
	if (errno != ENOENT)
		abort();
}

static void
say_much(void)
{
	char text[9000];

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
}

/* got is "20…Z" and then `rest`, which begins behind `head`. */
static bool
line_is(const char *got, const char *head, const char *rest)
{
	size_t n = strlen(head), time = strcspn(got + (strlen(got) > n ? n : 0), "Z");

	return strncmp(got, head, n) == 0 && strncmp(got + n, "20", 2) == 0 &&
	    (time == 19 || time == 23) && strcmp(got + n + time + 1, rest) == 0;
}

static void
lines(void)
{
	char got[8192];
	size_t n;

	unsetenv("JOURNAL_STREAM");
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_info);
	CHECK(line_is(got, "", " info light-01: running v1.0.2t45772(a)\n"), "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_debug);
	CHECK(got[0] == '\0', "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_dirty);
	CHECK(line_is(got, "", " warning a \"b\"\\\\x0A\\xFF\\x01 \xc3\xa4\n"), "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_JSON, say_dirty);
	CHECK(line_is(got, "{\"time\":\"", "\",\"level\":\"warning\",\"message\":"
	    "\"a \\\"b\\\"\\\\\\u000a\\ufffd\\u0001 \xc3\xa4\"}\n"), "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_errno);
	CHECK(line_is(got, "", " error otad.conf: No such file or directory\n"), "%s", got);

	heard(got, sizeof(got), LOG_FORMAT_JSON, say_much);
	n = strlen(got);
	CHECK(n <= 4096 && strchr(got, '\n') == got + n - 1, "%zu bytes, one line", n);
	CHECK(n > 8 && strcmp(got + n - 6, "\xe2\x80\xa6\"}\n") == 0, "%s", got + n - 6);
}

static void
journal_lines(void)
{
	char got[8192];

	/* A stream that standard error is not: the log was redirected. */
	setenv("JOURNAL_STREAM", "1:2", 1);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_info);
	CHECK(got[0] != '<', "%s", got);
	setenv("JOURNAL_STREAM", "nonsense", 1);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_info);
	CHECK(got[0] != '<', "%s", got);

	journal = true;
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_info);
	CHECK(strcmp(got, "<6>light-01: running v1.0.2t45772(a)\n") == 0, "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_TEXT, say_errno);
	CHECK(strcmp(got, "<3>otad.conf: No such file or directory\n") == 0, "%s", got);
	heard(got, sizeof(got), LOG_FORMAT_JSON, say_info);
	CHECK(line_is(got, "<6>{\"time\":\"", "\",\"level\":\"info\",\"message\":"
	    "\"light-01: running v1.0.2t45772(a)\"}\n"), "%s", got);
	journal = false;
	unsetenv("JOURNAL_STREAM");
}

int
main(void)
{
	err_table();
	err_texts();
	bufs();
	quotes();
	lines();
	journal_lines();
	return TEST_END();
}
