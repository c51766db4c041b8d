/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon.c - the wiring. A part is made from those above it and knows none below;
 * daemon_stop() takes apart whatever daemon_start() got to. */
#include "daemon.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cert.h"
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/core.h"
#include "otad/dialect.h"
#include "otad/health.h"
#include "otad/history.h"
#include "otad/http.h"
#include "otad/link_route.h"
#include "otad/log.h"
#include "otad/mgmt.h"
#include "otad/mqtt.h"
#include "otad/store.h"
#include "home.h"

#define DIALECTS_MAX	16
#define STOP_S		30	/* for what is in flight; otad.service waits longer */

struct daemon {
	struct options		options;
	struct conf		*conf;
	struct health		*health;
	struct clock		*clock;
	struct home		*home;
	uint8_t			secret[SECRET_LEN];
	struct store		*store;
	const struct family	*families[DIALECTS_MAX + 1];
	struct core		*core;
	struct route_table	tables[DIALECTS_MAX];
	const struct route_table *served[DIALECTS_MAX + 3];	/* … links, mgmt, NULL */
	struct speaker		speakers[DIALECTS_MAX + 1];
	int			ndialects;	/* that were started */
	struct tls		*tls;
	struct http		*http;
	struct mqtt		*mqtt;
};

/* ---- store and core ---- */

static int
open_store(struct daemon *d, struct err *e)
{
	struct store_settings settings = { .path = home_path(d->home, "otad.db") };

	if (settings.path == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	d->store = store_open(&settings, e);
	return d->store != NULL ? 0 : -1;
}

static enum enrol
enrol(void *conf, const char *family)
{
	return conf_enrol(conf, family);
}

static int
make_core(struct daemon *d, struct err *e)
{
	struct core_settings settings = {
		.enrol = enrol,
		.enrol_arg = d->conf,
		.strict_official_beta = d->conf->names.strict_official_beta,
		.max_image = d->conf->images.max_size,
		.cache_dir = home_path(d->home, "cache"),
		.cache_max = d->conf->images.cache,
		.link_base = d->conf->links.base,
		.link_lifetime_s = d->conf->links.lifetime_s,
		.secret = d->secret,
		.history_days = d->conf->retention.history_days,
	};
	int i;

	for (i = 0; dialects[i] != NULL && i < DIALECTS_MAX; i++)
		d->families[i] = &dialects[i]->family;
	if (settings.cache_dir == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	d->core = core_new(d->store, d->clock, d->families, &settings, e);
	return d->core != NULL ? 0 : -1;
}

/* ---- the admin key ---- */

static int
see_key(void *seen, const struct api_key *key, struct err *e)
{
	(void)key;
	(void)e;
	*(bool *)seen = true;
	return 0;
}

static int
look_for_keys(struct tx *tx, void *seen, struct err *e)
{
	return key_list(tx, see_key, seen, e);
}

static int
add_admin(struct tx *tx, void *key, struct err *e)
{
	return key_ensure_admin(tx, key, e);
}

/* Where there is no key at all nobody could ever come in: whoever may read the
 * state folder gets one. */
static int
ensure_admin(struct daemon *d, struct err *e)
{
	char key[128];
	bool seen = false;

	if (core_read(d->core, NULL, look_for_keys, &seen, e) != 0)
		return -1;
	if (seen)
		return 0;
	if (home_admin_key(d->home, key, e) != 0 ||
	    core_write_wait(d->core, URGENT_ADMIN, NULL, add_admin, key, e) != 0)
		return err_while(e, "%s", home_path(d->home, "admin.key"));
	log_info("the admin's API key is in %s", home_path(d->home, "admin.key"));
	return 0;
}

/* ---- dialects and listeners ---- */

static int
start_dialects(struct daemon *d, struct err *e)
{
	const struct dialect_ops *ops;
	struct route_table *t;

	for (; (ops = dialects[d->ndialects]) != NULL && d->ndialects < DIALECTS_MAX;
	    d->ndialects++) {
		t = &d->tables[d->ndialects];
		*t = (struct route_table){ .routes = ops->routes, .refuse = ops->refuse,
		    .find = ops->find };
		if (ops->start != NULL && ops->start(d->conf, &t->self, e) != 0)
			return err_while(e, "%s", ops->family.name);
		d->served[d->ndialects] = t;
		d->speakers[d->ndialects] = (struct speaker){ ops, t->self };
	}
	d->served[d->ndialects] = &link_table;
	d->served[d->ndialects + 1] = &mgmt_table;
	return 0;
}

static int
make_tls(struct daemon *d, struct err *e)
{
	struct tls_files files = { .cert = d->conf->https.cert, .key = d->conf->https.key,
	    .client_ca = d->conf->https.client_ca };

	if (*d->conf->https.listen == '\0')
		return 0;
	if (*files.cert == '\0') {
		if (cert_ensure(d->home, e) != 0)
			return -1;
		files.cert = home_path(d->home, "tls/cert.pem");
		files.key = home_path(d->home, "tls/key.pem");
	}
	d->tls = tls_new(&files, e);
	return d->tls != NULL ? 0 : err_while(e, "https");
}

/* With a listener of their own, figures are nowhere else. */
static unsigned
serves(const struct conf *c, const char *words)
{
	unsigned api = SERVES_API | (*c->metrics.listen == '\0' ? SERVES_METRICS : 0);

	return (conf_has_word(words, "device") ? SERVES_DEVICES : 0) |
	    (conf_has_word(words, "api") ? api : 0);
}

static int
count_addresses(const struct conf *c)
{
	const char *const lists[] = { c->http.listen, c->https.listen, c->metrics.listen };
	char host[CONF_HOST_MAX], port[CONF_PORT_MAX];
	struct err e = ERR_INIT;
	size_t i;
	int n = 0;

	for (i = 0; i < NELEM(lists); i++) {
		const char *at = lists[i];

		while (conf_address(&at, host, port, &e) == 1)
			n++;
	}
	return n;
}

static int
listen_everywhere(struct daemon *d, struct err *e)
{
	const struct conf *c = d->conf;
	const struct http_limits limits = { .addresses = count_addresses(c),
	    .max_downloads = c->delivery.max_downloads, .max_rate = c->delivery.max_rate,
	    /* Every slot as large as may be, the texts and what parts them. */
	    .upload_max = c->images.max_size * SLOTS_MAX + (1 << 20) };
	const struct http_listener listeners[] = {
		{ "http", c->http.listen, serves(c, c->http.serve), c->http.threads, NULL },
		{ "https", c->https.listen, serves(c, c->https.serve), c->https.threads, d->tls },
		{ "metrics", c->metrics.listen, SERVES_METRICS, 1, NULL },
	};
	size_t i;

	if (*c->espressif.listen != '\0' || *c->espressif.tls_listen != '\0')
		return err_set(e, ERR_INVALID, "[espressif] listen, tls_listen: this version does "
		    "not speak with these devices yet");
	d->http = http_new(d->core, d->health, d->served, mgmt_table.refuse, &limits, e);
	if (d->http == NULL)
		return -1;
	for (i = 0; i < NELEM(listeners); i++)
		if (http_listen(d->http, &listeners[i], e) != 0)
			return -1;
	return 0;
}

/* ---- links and the broker ---- */

static bool
is_wildcard(const char *address)
{
	return strncmp(address, "0.0.0.0:", 8) == 0 || strncmp(address, "[::]:", 5) == 0;
}

/* Without a setting, links go to a listener that serves devices at an address that
 * one can go to: plain HTTP first, since devices trust no certificate of ours. */
static void
set_link_base(struct daemon *d)
{
	const struct conf *c = d->conf;
	const char *section, *address;
	char base[160] = "";

	for (int i = 0; *c->links.base == '\0' && http_address(d->http, i, &section, &address); i++) {
		bool tls = strcmp(section, "https") == 0;
		const char *serve = tls ? c->https.serve : c->http.serve;

		if (strcmp(section, "metrics") == 0 || is_wildcard(address) ||
		    !conf_has_word(serve, "device") || (base[0] != '\0' && tls))
			continue;
		snprintf(base, sizeof(base), "%s://%s", tls ? "https" : "http", address);
		if (!tls)
			break;
	}
	if (base[0] != '\0')
		core_set_link_base(d->core, base);
	else if (*c->links.base == '\0')
		log_warnx("links: no address is known that devices could download from: set "
		    "base in [links]; until then nothing is offered by link");
	health_set(d->health, "links", base[0] != '\0' || *c->links.base != '\0',
	    "no base in [links], and no listener with an address of its own");
}

static int
connect_broker(struct daemon *d, struct err *e)
{
	const struct conf *c = d->conf;
	const struct mqtt_settings settings = { .url = c->mqtt.url,
	    .client_id = c->mqtt.client_id, .username = c->mqtt.username,
	    .password_file = c->mqtt.password_file, .ca = c->mqtt.ca, .cert = c->mqtt.cert,
	    .key = c->mqtt.key };

	if (*c->mqtt.url == '\0')
		return 0;
	d->mqtt = mqtt_new(&settings, d->core, d->health, d->speakers, e);
	return d->mqtt != NULL ? mqtt_start(d->mqtt, e) : -1;
}

/* ---- what others find us by ---- */

static int
write_listeners(struct daemon *d, struct err *e)
{
	json_auto_t *doc = json_object();
	const char *section, *address;
	AUTO(str) char *text = NULL;
	int i;

	for (i = 0; http_address(d->http, i, &section, &address); i++)
		if (json_object_get(doc, section) == NULL)
			json_object_set_new(doc, section, json_string(address));
	text = json_dumps(doc, 0);
	if (text == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	return home_write(d->home, "listeners.json", text, strlen(text), 0644, e);
}

static int
write_pid(struct daemon *d, struct err *e)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	return home_write(d->home, "otad.pid", text, strlen(text), 0644, e);
}

/* ---- life ---- */

static int
start(struct daemon *d, struct err *e)
{
	d->health = health_new();
	if (d->health == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	d->clock = clock_new(d->options.test_clock, e);
	d->home = d->clock != NULL ? home_open(d->options.state, e) : NULL;
	if (d->home == NULL)
		return -1;
	if (home_secret(d->home, d->secret, e) != 0 ||
	    home_folder(d->home, "cache", e) != 0 ||
	    open_store(d, e) != 0 || make_core(d, e) != 0 || ensure_admin(d, e) != 0 ||
	    start_dialects(d, e) != 0 || make_tls(d, e) != 0 ||
	    core_start(d->core, e) != 0 || listen_everywhere(d, e) != 0 ||
	    write_pid(d, e) != 0 || write_listeners(d, e) != 0)
		return -1;
	health_set(d->health, "http", true, "");
	set_link_base(d);
	if (connect_broker(d, e) != 0)
		return -1;
	(void)daemon_look(d);
	return 0;
}

struct daemon *
daemon_start(const struct options *options, struct conf *conf, struct err *e)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		conf_free(conf);
		err_errno(e, ERR_INTERNAL, "start");
		return NULL;
	}
	d->options = *options;
	d->conf = conf;
	if (start(d, e) == 0)
		return d;
	daemon_stop(d);
	return NULL;
}

bool
daemon_look(struct daemon *d)
{
	bool store = store_alive(d->store), ticker = core_alive(d->core);
	bool clock = clock_plausible(d->clock);

	health_set(d->health, "store", store, store ? "" : "the writer stands still");
	health_set(d->health, "clock", clock, clock ? "" :
	    "before 2026: nothing is offered until the clock is set");
	return store && ticker;
}

static void
reload_conf(struct daemon *d, const struct conf *c)
{
	char name[CONF_NAME_MAX], was[CONF_VALUE_MAX], is[CONF_VALUE_MAX], unused[CONF_VALUE_MAX];
	int i;

	for (i = 0; conf_each(c, i, name, is, unused); i++) {
		conf_each(d->conf, i, name, was, unused);
		if (strcmp(was, is) == 0)
			continue;
		if (conf_reloads(i))
			log_info("%s is now '%s'", name, is);
		else
			log_warnx("%s has changed: that takes effect after a restart", name);
	}
	log_setup(c->log.level, c->log.format);
	http_set_delivery(d->http, c->delivery.max_downloads, c->delivery.max_rate);
}

void
daemon_reload(struct daemon *d)
{
	struct err e = ERR_INIT;
	struct conf *c = conf_new(&e);

	if (c != NULL && d->options.config != NULL &&
	    (conf_read(c, d->options.config, &e) != 0 || conf_check(c, &e) != 0)) {
		log_errorx("settings are left as they are: %s", e.text);
	} else if (c != NULL) {
		reload_conf(d, c);
	}
	conf_free(c);
	if (d->tls != NULL && tls_reload(d->tls, &e) != 0)
		log_errorx("certificates are left as they are: %s", e.text);
	else if (d->tls != NULL)
		log_info("certificates were read again");
}

void
daemon_stop(struct daemon *d)
{
	int i;

	if (d == NULL)
		return;
	if (d->http != NULL) {
		health_set(d->health, "http", false, "stopping");
		http_stop(d->http, STOP_S);
	}
	if (d->mqtt != NULL)
		mqtt_stop(d->mqtt);
	if (d->core != NULL)
		core_stop(d->core);
	mqtt_free(d->mqtt);
	http_free(d->http);
	tls_free(d->tls);
	for (i = 0; i < d->ndialects; i++)
		if (dialects[i]->stop != NULL)
			dialects[i]->stop(d->tables[i].self);
	core_free(d->core);
	if (d->store != NULL)
		store_close(d->store);
	home_close(d->home);
	if (d->clock != NULL)
		clock_free(d->clock);
	health_free(d->health);
	conf_free(d->conf);
	free(d);
}
