/* SPDX-License-Identifier: Apache-2.0
 *
 * Any head of a request: what is understood is a device with a sound id, what is
 * not is refused with a reason. A line "paths:" is read as the setting as well. */
#include <stdlib.h>
#include "dialect/arduino/arduino.h"
#include "fake_request.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_paths(const struct request *rq)
{
	const char *text = request_header(rq, "paths");
	struct err e = ERR_INIT;
	struct paths *p;

	if (text == NULL)
		return;
	if (arduino_paths_parse(text, &p, &e)) {
		if (e.text[0] == '\0' || strcmp(e.field, "arduino.paths") != 0)
			abort();
		return;
	}
	arduino_paths_find(p, rq);
	arduino_paths_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct fake f;
	char text[4096];
	struct err e = ERR_INIT;
	struct poll p;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, bytes, size);
	text[size] = '\0';
	fake_head(&f, text);
	arduino_script_refuses(&f.rq);
	read_paths(&f.rq);
	if (arduino_read(&f.rq, 0, &p, &e)) {
		if (e.code == ERR_NONE || e.text[0] == '\0')
			abort();
		return 0;
	}
	if (strlen(p.who.id) != 12 || device_id_check(p.who.id, &e) ||
	    strlen(p.who.facts) >= FACTS_MAX)
		abort();
	return 0;
}
