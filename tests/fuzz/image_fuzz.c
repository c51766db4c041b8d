/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes, by every rule: no crash, a report only when sound, and whatever is
 * found can be asked for fit. */
#include <stdlib.h>
#include "otad/auto.h"
#include "otad/image.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const rules[] = { "auto", "esp8266-sketch", "esp32-app", "raw" };
	static const struct image_target target = {
		.family = "esp8266", .chip = "esp8266", .mode = "sketch",
		.flash_size = 4096, .free_space = 4096, .free_known = true, .revision = 1,
	};

	for (size_t i = 0; i < NELEM(rules); i++) {
		AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT;
		struct err e = ERR_INIT;

		if (image_inspect(rules[i], bytes, size, &r, &e)) {
			if (r.kind != NULL || e.code == ERR_NONE || e.text[0] == '\0')
				abort();
			continue;
		}
		if (r.nhashes < 1 || r.nhashes > IMAGE_HASHES_MAX || r.size != size)
			abort();
		if (image_fits(r.kind, size, buf_str(&r.findings), &target, &e) &&
		    e.text[0] == '\0')
			abort();
	}
	return 0;
}
