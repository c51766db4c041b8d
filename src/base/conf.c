/* SPDX-License-Identifier: Apache-2.0
 *
 * conf.c - the settings are rows of one table: what a row does not say of a
 * setting is said nowhere. inih reads the file; since its handler is not told the
 * line, and a line that is too long for it would be cut, it gets its lines from a
 * reader of ours that counts and measures them. */
#include "otad/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "conf_value.h"
#include "otad/auto.h"
#include "otad/utf8.h"

AUTO_DEFINE(FILE, file, fclose);

#define LINES_MAX	10000

enum type {
	T_TEXT,			/* any */
	T_WORDS,		/* any, and a further line adds to it */
	T_LISTEN,		/* addresses; a further line adds */
	T_SERVE,		/* words of serve_words; a further line adds */
	T_BOOL,
	T_INT,			/* min..max */
	T_SIZE,			/* min..max, with K, M or G; "" is 0 where 0 is allowed */
	T_ENUM			/* one of words, as its index */
};

static const char *const serve_words[] = { "device", "api", NULL };
static const char *const enrol_words[] = {
	[ENROL_CLOSED] = "closed", [ENROL_APPROVE] = "approve", [ENROL_OPEN] = "open", NULL
};
static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARN] = "warning", [LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug", NULL
};
static const char *const format_words[] = {
	[LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json", NULL
};

struct setting {
	const char	*section, *key;
	enum type	type;
	size_t		offset;
	const char	*otherwise;	/* the default */
	bool		reload;
	int64_t		min, max;
	const char *const *words;
};

#define AT(field)	offsetof(struct conf, field)
#define RELOAD		true
#define RESTART		false
#define ENROL(family)	{ "enrol", #family, T_ENUM, AT(enrol.family), "approve", RESTART, \
			    .words = enrol_words }
#define TEXT(s, k, otherwise) \
			{ #s, #k, T_TEXT, AT(s.k), otherwise, RESTART, 0, 0, NULL }

static const struct setting settings[] = {
	{ "http", "listen", T_LISTEN, AT(http.listen), "127.0.0.1:8080", RESTART, 0, 0, NULL },
	{ "http", "serve", T_SERVE, AT(http.serve), "device api", RESTART, .words = serve_words },
	{ "http", "threads", T_INT, AT(http.threads), "0", RESTART, 0, 64, NULL },
	{ "http", "allow_plain_api", T_BOOL, AT(http.allow_plain_api), "no", RESTART, 0, 0, NULL },
	{ "https", "listen", T_LISTEN, AT(https.listen), "127.0.0.1:8443", RESTART, 0, 0, NULL },
	{ "https", "serve", T_SERVE, AT(https.serve), "device api", RESTART,
	    .words = serve_words },
	{ "https", "threads", T_INT, AT(https.threads), "0", RESTART, 0, 64, NULL },
	TEXT(https, cert, ""),
	TEXT(https, key, ""),
	TEXT(https, client_ca, ""),
	{ "metrics", "listen", T_LISTEN, AT(metrics.listen), "", RESTART, 0, 0, NULL },
	TEXT(links, base, ""),
	{ "links", "lifetime_s", T_INT, AT(links.lifetime_s), "86400", RESTART, 60, 31536000,
	    NULL },
	TEXT(mqtt, url, "mqtt://127.0.0.1:1883"),
	TEXT(mqtt, client_id, "otad"),
	TEXT(mqtt, username, ""),
	TEXT(mqtt, password_file, ""),
	TEXT(mqtt, ca, ""),
	TEXT(mqtt, cert, ""),
	TEXT(mqtt, key, ""),
	{ "espressif", "listen", T_LISTEN, AT(espressif.listen), "", RESTART, 0, 0, NULL },
	{ "espressif", "tls_listen", T_LISTEN, AT(espressif.tls_listen), "", RESTART, 0, 0, NULL },
	ENROL(native),
	ENROL(arduino),
	ENROL(espressif),
	ENROL(rainmaker),
	ENROL(mongoose),
	{ "images", "max_size", T_SIZE, AT(images.max_size), "64M", RESTART, 1, 1 << 30, NULL },
	{ "images", "cache", T_SIZE, AT(images.cache), "256M", RESTART, 0, INT64_C(1) << 40, NULL },
	{ "names", "strict_official_beta", T_BOOL, AT(names.strict_official_beta), "no", RESTART,
	    0, 0, NULL },
	{ "arduino", "paths", T_WORDS, AT(arduino.paths), "", RESTART, 0, 0, NULL },
	{ "delivery", "max_downloads", T_INT, AT(delivery.max_downloads), "0", RELOAD, 0, 1000000,
	    NULL },
	{ "delivery", "max_rate", T_SIZE, AT(delivery.max_rate), "", RELOAD, 0, INT64_C(1) << 40,
	    NULL },
	{ "retention", "history_days", T_INT, AT(retention.history_days), "400", RESTART, 1, 36500,
	    NULL },
	{ "log", "level", T_ENUM, AT(log.level), "info", RELOAD, .words = level_words },
	{ "log", "format", T_ENUM, AT(log.format), "text", RELOAD, .words = format_words },
};
#define SETTINGS	NELEM(settings)

/* The fields of struct conf are read by everybody; what backs them is here. */
struct backed {
	struct conf	conf;		/* first: conf_free() finds the rest by it */
	char		*texts[SETTINGS];	/* the value of each, as text */
	bool		given[SETTINGS];	/* in the file that is being read */
};

/* ---- values ---- */

static bool
is_list(enum type t)
{
	return t == T_WORDS || t == T_LISTEN || t == T_SERVE;
}

/* The field of *c gets its value; text must live as long as *c. */
static int
set_field(struct conf *c, const struct setting *s, const char *text, struct err *e)
{
	void *field = (char *)c + s->offset;

	switch (s->type) {
	case T_BOOL:
		return value_bool(text, field, e);
	case T_INT:
		return value_int(text, s->min, s->max, field, e);
	case T_SIZE:
		return value_size(text, s->min, s->max, field, e);
	case T_ENUM:
		return value_word(text, s->words, field, e);
	case T_LISTEN:
		if (value_listen(text, e) != 0)
			return -1;
		break;
	case T_SERVE:
		if (value_words(text, s->words, e) != 0)
			return -1;
		break;
	case T_TEXT:
	case T_WORDS:
		break;
	}
	*(const char **)field = text;
	return 0;
}

static int
set(struct backed *b, size_t i, const char *value, struct err *e)
{
	const struct setting *s = &settings[i];
	AUTO(str) char *text = NULL;
	bool more = b->given[i];
	int rc;

	if (more && !is_list(s->type))
		return err_set(e, ERR_INVALID, "given twice");
	if (!utf8_is_text(value, false))
		return err_set(e, ERR_INVALID, "not UTF-8, or a control character");
	rc = more ? asprintf(&text, "%s %s", b->texts[i], value) : asprintf(&text, "%s", value);
	if (rc < 0) {
		text = NULL;
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	if (rc >= CONF_VALUE_MAX)
		return err_set(e, ERR_INVALID, "longer than %d bytes", CONF_VALUE_MAX - 1);
	if (set_field(&b->conf, s, text, e) != 0)
		return -1;
	free(b->texts[i]);
	b->texts[i] = TAKE(text);
	b->given[i] = true;
	return 0;
}

struct conf *
conf_new(struct err *e)
{
	struct backed *b = calloc(1, sizeof(*b));
	size_t i;

	if (b == NULL) {
		err_errno(e, ERR_INTERNAL, "settings");
		return NULL;
	}
	for (i = 0; i < SETTINGS; i++)
		if (set(b, i, settings[i].otherwise, e) != 0) {
			conf_free(&b->conf);
			return NULL;
		}
	return &b->conf;
}

void
conf_free(struct conf *c)
{
	struct backed *b = (struct backed *)c;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < SETTINGS; i++)
		free(b->texts[i]);
	free(b);
}

/* ---- the file ---- */

struct reading {
	FILE		*f;
	struct backed	*b;
	const char	*path;
	int		line;
	bool		failed;
	struct err	*e;
};

static void
fail_at(struct reading *r, const char *what)
{
	err_while(r->e, "%s:%d: %s", r->path, r->line, what);
	r->failed = true;
}

static void
fail(struct reading *r, const char *text)
{
	if (r->failed)
		return;
	r->failed = true;
	err_set(r->e, ERR_INVALID, "%s:%d: %s", r->path, r->line, text);
}

/* One whole line, or NULL: the end, or one that inih would take for two. */
static char *
next_line(char *ret, int size, void *arg)
{
	struct reading *r = arg;
	int c, n = 0;

	if (r->failed)
		return NULL;
	r->line++;
	while ((c = getc(r->f)) != EOF && c != '\n') {
		if (c == '\0' || n == size - 2) {
			fail(r, c == '\0' ? "a NUL byte" : "the line is too long: a list may go on "
			    "in a further line");
			return NULL;
		}
		ret[n++] = (char)c;
	}
	if (c == EOF && n == 0)
		return NULL;
	if (r->line > LINES_MAX) {
		fail(r, "too many lines");
		return NULL;
	}
	ret[n++] = '\n';
	ret[n] = '\0';
	return ret;
}

static int
find(const char *section, const char *key, bool *ret_section)
{
	size_t i;

	*ret_section = false;
	for (i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].section, section) != 0)
			continue;
		*ret_section = true;
		if (strcmp(settings[i].key, key) == 0)
			return (int)i;
	}
	return -1;
}

static int
take(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *r = arg;
	bool known;
	char name[128];
	int i;

	if (r->failed)
		return 1;
	i = find(section, key, &known);
	snprintf(name, sizeof(name), "%.50s.%.50s", section, key);
	if (i < 0)
		err_set(r->e, ERR_INVALID, known ? "no such setting" : "no such section");
	if (i < 0 || set(r->b, (size_t)i, value, r->e) != 0)
		fail_at(r, name);
	return 1;
}

int
conf_read(struct conf *c, const char *path, struct err *e)
{
	AUTO(file) FILE *f = fopen(path, "re");
	struct reading r = { .f = f, .b = (struct backed *)c, .path = path, .e = e };
	int line;

	if (f == NULL)
		return err_errno(e, ERR_INVALID, "%s", path);
	memset(r.b->given, 0, sizeof(r.b->given));
	line = ini_parse_stream(next_line, &r, take, &r);
	if (ferror(f) && !r.failed)
		return err_errno(e, ERR_INVALID, "%s", path);
	if (line > 0 && (!r.failed || line < r.line))
		return err_set(e, ERR_INVALID, "%s:%d: neither KEY = VALUE nor [section]", path,
		    line);
	return r.failed ? -1 : 0;
}

/* ---- looking at it ---- */

static bool
is_loopback(const char *host)
{
	return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	    strcasecmp(host, "localhost") == 0;
}

int
conf_check(const struct conf *c, struct err *e)
{
	char host[CONF_HOST_MAX], port[CONF_PORT_MAX];
	const char *at = c->http.listen;

	while (conf_has_word(c->http.serve, "api") && !c->http.allow_plain_api &&
	    conf_address(&at, host, port, e) == 1)
		if (!is_loopback(host))
			return err_set(e, ERR_INVALID, "http.listen: the API, and its keys, would "
			    "cross the network in plain text at %s: take api out of http.serve, or "
			    "set http.allow_plain_api = yes", host);
	if ((*c->https.cert == '\0') != (*c->https.key == '\0'))
		return err_set(e, ERR_INVALID, "https.%s is set, https.%s is not",
		    *c->https.cert != '\0' ? "cert" : "key",
		    *c->https.cert != '\0' ? "key" : "cert");
	return 0;
}

bool
conf_each(const struct conf *c, int i, char ret_name[CONF_NAME_MAX],
    char ret_value[CONF_VALUE_MAX], char ret_default[CONF_VALUE_MAX])
{
	const struct backed *b = (const struct backed *)c;

	if (i < 0 || (size_t)i >= SETTINGS)
		return false;
	snprintf(ret_name, CONF_NAME_MAX, "%s.%s", settings[i].section, settings[i].key);
	snprintf(ret_value, CONF_VALUE_MAX, "%s", b->texts[i]);
	snprintf(ret_default, CONF_VALUE_MAX, "%s", settings[i].otherwise);
	return true;
}

bool
conf_reloads(int i)
{
	return settings[i].reload;
}

enum enrol
conf_enrol(const struct conf *c, const char *family)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].section, "enrol") == 0 &&
		    strcmp(settings[i].key, family) == 0)
			return *(const enum enrol *)(const void *)((const char *)c +
			    settings[i].offset);
	return ENROL_CLOSED;
}
