/* SPDX-License-Identifier: Apache-2.0
 *
 * message.c - reading what a device says. Spaces and the order of keys differ from
 * message to message, so they are read as JSON. A firmware whose own name is not
 * 15 characters long damages what it says after a download (3.6), just the message
 * that must not be lost: what is no JSON is searched as the device itself would. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "espressif.h"

const char *
authorization_key(const char *value)
{
	static const char *const schemes[] = { "token", "Bearer" };
	size_t n = value != NULL ? strcspn(value, " ") : 0;

	for (size_t i = 0; i < NELEM(schemes); i++)
		if (n == strlen(schemes[i]) && strncasecmp(value, schemes[i], n) == 0)
			return value + n + strspn(value + n, " ");
	return NULL;
}

/* Printable, without blanks: "" when it is something else, or too long. */
static void
keep_word(char *ret, size_t size, const char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;

	ret[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= 0x20 || (unsigned char)text[i] > 0x7e)
			return;
	if (n < size && n > 0)
		memcpy(ret, text, n + 1);
}

static const char *
text_in(const json_t *root, const char *object, const char *name)
{
	return json_string_value(json_object_get(json_object_get(root, object), name));
}

static void
keep_path(struct message *m, const char *path)
{
	size_t n;

	keep_word(m->path, sizeof(m->path), path);
	n = strlen(m->path);
	if (n > 1 && m->path[n - 1] == '/')
		m->path[n - 1] = '\0';
}

static void
keep_nonce(struct message *m, const json_t *value)
{
	m->has_nonce = json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= NONCE_MAX;
	m->nonce = m->has_nonce ? json_integer_value(value) : 0;
}

static void
read_sound(struct message *m)
{
	const json_t *status = json_object_get(m->root, "status");

	keep_path(m, json_string_value(json_object_get(m->root, "path")));
	keep_nonce(m, json_object_get(m->root, "nonce"));
	keep_word(m->token, sizeof(m->token),
	    authorization_key(text_in(m->root, "meta", "Authorization")));
	keep_word(m->action, sizeof(m->action), text_in(m->root, "get", "action"));
	keep_word(m->rom, sizeof(m->rom), text_in(m->root, "body", "rom_version"));
	keep_word(m->pre_rom, sizeof(m->pre_rom), text_in(m->root, "body", "pre_rom_version"));
	keep_word(m->bssid, sizeof(m->bssid), text_in(m->root, "body", "bssid"));
	keep_word(m->claim, sizeof(m->claim), text_in(m->root, "body", "token"));
	if (m->path[0] == '\0' && json_is_integer(status))
		m->status = (int)json_integer_value(status);
}

/* The result of a download, however its versions came out. */
static int
salvage(const char *line, struct message *m, struct err *e)
{
	static const char *const actions[] = { "device_upgrade_success", "device_upgrade_failed" };
	const char *at;

	for (size_t i = 0; i < NELEM(actions); i++)
		if (strstr(line, actions[i]) != NULL)
			snprintf(m->action, sizeof(m->action), "%s", actions[i]);
	if (m->action[0] == '\0')
		return err_set(e, ERR_BAD, "no sound JSON, and no word of an upgrade in it");
	snprintf(m->path, sizeof(m->path), "/v1/messages");
	if ((at = strstr(line, "oken ")) != NULL) {
		size_t n = strspn(at += 5, "0123456789abcdefABCDEF");

		if (n == TOKEN_LEN)
			snprintf(m->token, sizeof(m->token), "%.*s", TOKEN_LEN, at);
	}
	return 0;
}

int
message_read(const char *line, size_t len, struct message *ret, struct err *e)
{
	struct message m = { .root = json_loadb(line, len, 0, NULL) };

	if (m.root != NULL && !json_is_object(m.root)) {
		json_decref(m.root);
		return err_set(e, ERR_BAD, "a JSON object is wanted");
	}
	if (m.root != NULL)
		read_sound(&m);
	else if (memchr(line, '\0', len) != NULL || salvage(line, &m, e) < 0)
		return err_set(e, ERR_BAD, "no sound JSON, and nothing in it that can be saved");
	*ret = m;
	return 0;
}

void
message_clear(struct message *m)
{
	json_decref(m->root);
	m->root = NULL;
}
