/* conf.h - the settings, as a table.
 *
 * The table in base/conf.c has a row for each: section, key, type, bounds,
 * default, whether SIGHUP reloads it. conf/otad.conf lists all of them with
 * their defaults and otad.conf(5) explains them; a test compares the lists.
 * Strings point into the struct's own memory; lists are separated by blanks. */
#ifndef OTAD_CONF_H
#define OTAD_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"
#include "otad/core.h"
#include "otad/log.h"

struct conf {
	struct { const char *listen, *serve; int threads; bool allow_plain_api; } http;
	struct { const char *listen, *serve, *cert, *key, *client_ca; int threads; } https;
	struct { const char *listen; } metrics;
	struct { const char *base; int lifetime_s; } links;
	struct { const char *url, *client_id, *username, *password_file, *ca, *cert, *key; } mqtt;
	struct { const char *listen, *tls_listen; } espressif;
	struct { enum enrol native, arduino, espressif, rainmaker, mongoose; } enrol;
	struct { uint64_t max_size, cache; } images;
	struct { bool strict_official_beta; } names;
	struct { const char *paths; } arduino;
	struct { int max_downloads; uint64_t max_rate; } delivery;
	struct { int history_days; } retention;
	struct { enum log_level level; enum log_format format; } log;
};

#define CONF_NAME_MAX	64
#define CONF_VALUE_MAX	512	/* bytes of any value, lists included, and its NUL */

/* The compiled-in defaults. conf_free() frees. */
struct conf	*conf_new(struct err *);
void		conf_free(struct conf *);
/* Read a file over what is there. An unknown section or key, or a bad value, is
 * an error with "file:line: section.key: reason". What is set in the file twice
 * is refused, except for lists, which grow. On -1 *conf may be half changed. */
int		conf_read(struct conf *, const char *path, struct err *);
/* What no single setting shows: the API in plain text on a foreign network, a
 * certificate without its key. */
int		conf_check(const struct conf *, struct err *);
/* Each setting: "section.key", its value as text, its default. For
 * --check-config and for the test that compares the lists. False at the end. */
bool		conf_each(const struct conf *, int i, char ret_name[CONF_NAME_MAX],
		    char ret_value[CONF_VALUE_MAX], char ret_default[CONF_VALUE_MAX]);
bool		conf_reloads(int i);	/* SIGHUP is enough for the i-th */
enum enrol	conf_enrol(const struct conf *, const char *family);	/* unknown: closed */

/* Does the blank-separated list have this word? */
bool		conf_has_word(const char *list, const char *word);
/* The next "HOST:PORT" or "[HOST]:PORT" of a list: 1, *at moves behind it; 0 at
 * its end; -1 when it is none. The port is a number from 0 (any) to 65535. */
#define CONF_HOST_MAX	64
#define CONF_PORT_MAX	6
int		conf_address(const char **at, char ret_host[CONF_HOST_MAX],
		    char ret_port[CONF_PORT_MAX], struct err *);

#endif
