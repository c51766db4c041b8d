/* SPDX-License-Identifier: Apache-2.0
 *
 * node.c - config and otafetch: what a node is and what it runs.
 *
 * The version is a text that its maker chose, and nothing is read into it. It is
 * cut as the version that is given with a firmware is, so the two can still be
 * compared; one that was cut on its way is not taken at all, because it would
 * look like another version (protocols/rainmaker.md 1.5, 2.1). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "rainmaker.h"

/* "$aws/rules/{rule}/node/{id}/…" has its id second, "node/{id}/…" first. */
int
node_id(const struct request *rq, struct sighting *ret, struct err *e)
{
	const char *id = rq->params[rq->path[0] == '$'];
	size_t n = strlen(id);

	if (n == 0 || n >= sizeof(ret->id) || strspn(id, NODE_ID_LETTERS) != n)
		return err_field(e, ERR_BAD, "node_id", "letters",
		    "a node id is 1 to %zu of A-Z a-z 0-9 _ -", sizeof(ret->id) - 1);
	if (device_id_check(id, e))
		return -1;
	memcpy(ret->id, id, n + 1);
	ret->family = &dialect_rainmaker.family;
	ret->identity = ID_ACCOUNT;	/* the broker lets nobody else write there */
	ret->told = BY_MQTT;
	return 0;
}

/* IDF writes esp32c3 where the chip is called ESP32-C3. */
static void
add_chip(struct buf *facts, const char *platform)
{
	char chip[FACT_VALUE_MAX + 1];

	if (strncmp(platform, "esp32", 5) != 0) {
		facts_add(facts, "chip", platform);
		return;
	}
	snprintf(chip, sizeof(chip), "esp32%s%s", isalpha((unsigned char)platform[5]) ? "-" : "",
	    platform + 5);
	facts_add(facts, "chip", chip);
}

bool
node_is_at(const char *facts)
{
	char value[FACT_VALUE_MAX];

	return (facts_get(facts, "type", value) && strcmp(value, "AT Node") == 0) ||
	    (facts_get(facts, "model", value) && strcmp(value, "esp-at") == 0) ||
	    (facts_get(facts, "project_name", value) && strcmp(value, "esp-at") == 0);
}

/* Does it list the service by which it wants to be updated through params? */
static bool
wants_params(const json_t *root)
{
	const json_t *services = json_object_get(root, "services");
	const json_t *service;
	size_t i;

	json_array_foreach(services, i, service) {
		const char *type = json_string_value(json_object_get(service, "type"));

		if (type != NULL && strcmp(type, "esp.service.ota") == 0)
			return true;
	}
	return false;
}

static void
read_facts(const struct words *w, struct buf *facts)
{
	static const char *const keys[] = { "name", "type", "subtype", "model", "project_name" };
	char value[FACT_VALUE_MAX];

	for (size_t i = 0; i < NELEM(keys); i++)
		if (words_get(w, "info", keys[i], value, sizeof(value)))
			facts_add(facts, keys[i], value);
	if (words_get(w, "info", "platform", value, sizeof(value)))
		add_chip(facts, value);
	/* Of ESP-AT the file is a container, which no chip's loader would know. */
	if (!node_is_at(buf_str(facts)))
		facts_add(facts, "family", "esp32");
	if (wants_params(w->root))
		facts_add(facts, "ota", "params");
}

int
node_config(const char *body, size_t len, struct sighting *ret, struct err *e)
{
	AUTO(words) struct words w = { .root = NULL };
	AUTO(buf) struct buf facts = BUF_INIT;

	if (words_read(&w, body, len, e))
		return -1;
	if (w.root != NULL ? !json_is_object(json_object_get(w.root, "info")) :
	    strstr(w.text, "\"info\"") == NULL)
		return err_field(e, ERR_BAD, "info", "missing", "config without info");
	(void)words_get(&w, "info", "fw_version", ret->version, sizeof(ret->version));
	read_facts(&w, &facts);
	if (facts.failed)
		return err_set(e, ERR_INTERNAL, "out of memory");
	snprintf(ret->facts, sizeof(ret->facts), "%s", buf_str(&facts));
	ret->rebooted = true;		/* it is said once in each boot */
	return 0;
}

int
node_fetch(const char *body, size_t len, struct sighting *ret, struct err *e)
{
	AUTO(words) struct words w = { .root = NULL };

	if (words_read(&w, body, len, e))
		return -1;
	(void)words_get(&w, NULL, "fw_version", ret->version, sizeof(ret->version));
	return 0;
}
