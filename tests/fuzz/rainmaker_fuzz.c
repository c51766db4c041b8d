/* SPDX-License-Identifier: Apache-2.0
 *
 * Any payload of a RainMaker node: what is understood is within its bounds, clean
 * text and a known happening; what is not is refused with a reason. */
#include <stdlib.h>
#include "dialect/rainmaker/rainmaker.h"
#include "otad/utf8.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
text(const char *s, size_t size)
{
	must(strnlen(s, size) < size && utf8_is_text(s, false));
}

static void
status(const char *body, size_t size)
{
	struct report r;
	struct err e = ERR_INIT;

	if (node_status(body, size, &r, &e)) {
		must(e.code != ERR_NONE && e.text[0] != '\0');
		return;
	}
	text(r.job, sizeof(r.job));
	text(r.detail, sizeof(r.detail));
	must(r.what < HAPPENINGS && r.progress >= -1 && r.progress <= 100 && r.delay_s >= 0);
	must(!r.attempt_goes_on || r.what == HAP_FAILURE);
}

static void
node(const char *body, size_t size, int (*read)(const char *, size_t, struct sighting *,
    struct err *))
{
	struct sighting s = { .version = "" };
	struct err e = ERR_INIT;

	if (read(body, size, &s, &e)) {
		must(e.code != ERR_NONE && e.text[0] != '\0');
		return;
	}
	text(s.version, sizeof(s.version));
	must(strnlen(s.facts, sizeof(s.facts)) < sizeof(s.facts) && utf8_is_text(s.facts, true));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *body = malloc(size + 1);

	if (body == NULL)
		return 0;
	if (size > 0)
		memcpy(body, bytes, size);
	body[size] = '\0';
	status(body, size);
	node(body, size, node_config);
	node(body, size, node_fetch);
	free(body);
	return 0;
}
