/* SPDX-License-Identifier: Apache-2.0
 *
 * conf_test.c - the table of settings, the file that lists them and the manual
 * that explains them say the same; what is wrong in a file is named. */
#include "otad/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "otad/auto.h"
#include "otad/buf.h"
#include "test.h"

AUTO_DEFINE(struct conf, conf, conf_free);

#define SHIPPED	"conf/otad.conf"
#define MANUAL	"docs/otad.conf.5"

/* Settings of a text; NULL: refused by *e, which names the line. */
static struct conf *
read_text(const char *text, struct err *e)
{
	char path[] = "/tmp/conf_test.XXXXXX";
	AUTO(conf) struct conf *c = conf_new(e);
	int fd = mkstemp(path);
	int rc;

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	rc = conf_read(c, path, e);
	unlink(path);
	return rc == 0 ? TAKE(c) : NULL;
}

static void
defaults(void)
{
	struct err e = ERR_INIT;
	AUTO(conf) struct conf *c = conf_new(&e);

	CHECK(c != NULL, "%s", e.text);
	CHECK(strcmp(c->http.listen, "127.0.0.1:8080") == 0, "%s", c->http.listen);
	CHECK(strcmp(c->https.serve, "device api") == 0, "%s", c->https.serve);
	CHECK(c->http.threads == 0 && !c->http.allow_plain_api, "http");
	CHECK(c->links.lifetime_s == 86400, "%d", c->links.lifetime_s);
	CHECK(c->images.max_size == 64 << 20 && c->images.cache == 256 << 20, "images");
	CHECK(conf_enrol(c, "mongoose") == ENROL_APPROVE, "mongoose");
	CHECK(conf_enrol(c, "nobody") == ENROL_CLOSED, "a family without a setting");
	CHECK(c->retention.history_days == 400, "%d", c->retention.history_days);
	CHECK(c->log.level == LOG_LEVEL_INFO && c->log.format == LOG_FORMAT_TEXT, "log");
	CHECK(conf_check(c, &e) == 0, "%s", e.text);
}

static void
shipped_file(void)
{
	char name[CONF_NAME_MAX], value[CONF_VALUE_MAX], otherwise[CONF_VALUE_MAX];
	struct err e = ERR_INIT;
	AUTO(conf) struct conf *c = conf_new(&e);
	int i;

	CHECK(conf_read(c, SHIPPED, &e) == 0, "%s", e.text);
	for (i = 0; conf_each(c, i, name, value, otherwise); i++)
		CHECK(strcmp(value, otherwise) == 0, "%s has '%s', its default is '%s'", name,
		    value, otherwise);
	CHECK(i > 30, "%d settings", i);
}

/* Whether "[section]" or ".Ss section", and then the key with its default, stand
 * in the text, before the next section. */
static bool
has_row(const char *text, const char *head, const char *row, const char *next)
{
	const char *at = strstr(text, head), *end, *found;

	if (at == NULL)
		return false;
	at += strlen(head) - 1;
	end = strstr(at, next);
	found = strstr(at, row);
	return found != NULL && (end == NULL || found < end);
}

static void
load(const char *path, struct buf *ret)
{
	char piece[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	CHECK(f != NULL, "%s: run from the top", path);
	while (f != NULL && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(ret, piece, n);
	if (f != NULL)
		fclose(f);
}

/* How many lines of a text begin like this. */
static int
count(const char *text, const char *begin)
{
	int n = 0;

	for (; (text = strstr(text, begin)) != NULL; text += strlen(begin))
		n++;
	return n;
}

static void
lists_agree(void)
{
	char name[CONF_NAME_MAX], value[CONF_VALUE_MAX], otherwise[CONF_VALUE_MAX];
	char head[80], row[CONF_VALUE_MAX + 80];
	AUTO(buf) struct buf file = BUF_INIT;
	AUTO(buf) struct buf manual = BUF_INIT;
	struct err e = ERR_INIT;
	AUTO(conf) struct conf *c = conf_new(&e);
	char *key;
	int i;

	load(SHIPPED, &file);
	load(MANUAL, &manual);
	for (i = 0; conf_each(c, i, name, value, otherwise); i++) {
		key = strchr(name, '.');
		*key++ = '\0';
		snprintf(head, sizeof(head), "\n[%s]\n", name);
		snprintf(row, sizeof(row), "\n%s =%s%s\n", key, *otherwise ? " " : "", otherwise);
		CHECK(has_row(buf_str(&file), head, row, "\n["), SHIPPED ": %s%s", head, row);
		snprintf(head, sizeof(head), "\n.Ss %s\n", name);
		snprintf(row, sizeof(row), "\n.It Li %s =%s%s\n", key, *otherwise ? " " : "",
		    otherwise);
		CHECK(has_row(buf_str(&manual), head, row, "\n.Ss "), MANUAL ": %s%s", head, row);
	}
	CHECK(count(buf_str(&manual), "\n.It Li ") == i, "the manual has more than there are");
}

static const struct {
	const char *text, *says;	/* says: a part of the refusal, NULL: good */
} files[] = {
	{ "", NULL },
	{ "[log]\nlevel = debug\n", NULL },
	{ "\xEF\xBB\xBF[log]\r\nlevel = debug\r\n# x\r\n", NULL },
	{ "[log]\nlevel = debug ; but why\n", NULL },
	{ "[http]\nlisten = 127.0.0.1:0\nlisten = [::1]:0\n  127.0.0.2:1\n", NULL },
	{ "[http]\nlisten =\n", NULL },
	{ "[delivery]\nmax_rate = 100K\n", NULL },
	{ "[nope]\nx = 1\n", ":2: nope.x: no such section" },
	{ "x = 1\n", ":1: .x: no such section" },
	{ "[http]\n\nlistne = x\n", ":3: http.listne: no such setting" },
	{ "[http]\nlisten\n", ":2: neither KEY = VALUE nor [section]" },
	{ "[http\nlisten = \n", ":1: neither" },
	{ "[log]\nlevel = loud\n",
	    ":2: log.level: 'loud' is not one of error, warning, info, debug" },
	{ "[log]\nlevel = info\nlevel = info\n", ":3: log.level: given twice" },
	{ "[log]\nlevel = info\n  debug\n", ":3: log.level: given twice" },
	{ "[http]\nthreads = two\n", ":2: http.threads: 'two' is not a whole number" },
	{ "[http]\nthreads = -1\n", "not a whole number" },
	{ "[http]\nthreads = 65\n", "must be from 0 to 64" },
	{ "[http]\nthreads = 99999999999999999999\n", "not a whole number" },
	{ "[http]\nallow_plain_api = true\n", "'true' is not yes or no" },
	{ "[http]\nserve = device apis\n", "'apis' is not one of device, api" },
	{ "[http]\nlisten = 8080\n", "'8080' is not HOST:PORT" },
	{ "[http]\nlisten = 127.0.0.1:\n", "is not HOST:PORT" },
	{ "[http]\nlisten = :80\n", "is not HOST:PORT" },
	{ "[http]\nlisten = 127.0.0.1:65536\n", "is not HOST:PORT" },
	{ "[http]\nlisten = 127.0.0.1:8080 ::1:8080\n", "write an IPv6 address as [::1]:PORT" },
	{ "[http]\nlisten = []:1\n", "is not HOST:PORT" },
	{ "[images]\nmax_size = 64MB\n", "is not a size such as 64M" },
	{ "[images]\nmax_size =\n", "must be from 1" },
	{ "[images]\nmax_size = 2G\n", "must be from 1 to" },
	{ "[images]\ncache = 999999999999999G\n", "must be from 0 to" },
	{ "[images]\ncache = 0x10\n", "is not a size" },
	{ "[links]\nbase = a\x01z\n", "control character" },
	{ "[links]\nbase = \xC3(\n", "not UTF-8" },
};

static void
good_and_bad(void)
{
	EACH(f, files) {
		struct err e = ERR_INIT;
		AUTO(conf) struct conf *c = read_text(f->text, &e);

		CHECK((c != NULL) == (f->says == NULL), "'%s': %s", f->text, e.text);
		CHECK(f->says == NULL || strstr(e.text, f->says) != NULL, "'%s': says '%s'",
		    f->text, e.text);
	}
}

static void
long_lines(void)
{
	AUTO(buf) struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	AUTO(conf) struct conf *c = NULL;
	int i;

	buf_addf(&text, "[links]\nbase = %0300d\n", 0);
	c = read_text(buf_str(&text), &e);
	CHECK(c == NULL && strstr(e.text, ":2: the line is too long") != NULL, "%s", e.text);
	buf_clear(&text);
	buf_adds(&text, "[arduino]\n");
	for (i = 0; i < 40; i++)
		buf_adds(&text, "paths = /a/rather/long/path=table\n");
	c = read_text(buf_str(&text), &e);
	CHECK(c == NULL && strstr(e.text, "longer than 511 bytes") != NULL, "%s", e.text);
	conf_free(c);
	c = conf_new(&e);
	CHECK(conf_read(c, "/nowhere/otad.conf", &e) != 0, "no file");
}

static void
lists_grow(void)
{
	struct err e = ERR_INIT;
	AUTO(conf) struct conf *c = read_text("[http]\nlisten = 127.0.0.1:1\n"
	    "listen = [::1]:22\n", &e);
	char host[CONF_HOST_MAX], port[CONF_PORT_MAX];
	const char *at;

	CHECK(c != NULL, "%s", e.text);
	at = c->http.listen;
	CHECK(conf_address(&at, host, port, &e) == 1 && strcmp(host, "127.0.0.1") == 0 &&
	    strcmp(port, "1") == 0, "%s %s", host, port);
	CHECK(conf_address(&at, host, port, &e) == 1 && strcmp(host, "::1") == 0 &&
	    strcmp(port, "22") == 0, "%s %s", host, port);
	CHECK(conf_address(&at, host, port, &e) == 0, "more");
	CHECK(conf_has_word("device  api", "api"), "the last");
	CHECK(!conf_has_word("device api", "devic"), "a part of one");
}

static void
plain_api(void)
{
	static const struct { const char *text; bool good; } cases[] = {
		{ "[http]\nlisten = 127.0.0.1:80 [::1]:80 localhost:80 127.9.9.9:1\n", true },
		{ "[http]\nlisten = 0.0.0.0:80\n", false },
		{ "[http]\nlisten = 127.0.0.1:80 [::]:80\n", false },
		{ "[http]\nlisten = 0.0.0.0:80\nserve = device\n", true },
		{ "[http]\nlisten = 0.0.0.0:80\nallow_plain_api = yes\n", true },
		{ "[https]\nlisten = 0.0.0.0:443\n", true },
		{ "[https]\ncert = a.pem\n", false },
		{ "[https]\ncert = a.pem\nkey = b.pem\n", true },
	};

	EACH(k, cases) {
		struct err e = ERR_INIT;
		AUTO(conf) struct conf *c = read_text(k->text, &e);

		CHECK(c != NULL && (conf_check(c, &e) == 0) == k->good, "'%s': %s", k->text,
		    e.text);
	}
}

int
main(void)
{
	defaults();
	shipped_file();
	lists_agree();
	good_and_bad();
	long_lines();
	lists_grow();
	plain_api();
	return TEST_END();
}
