/* SPDX-License-Identifier: Apache-2.0
 *
 * Chips by the number in an ESP32 image's header and by name. Devices and people
 * write the names in several ways (ESP32-S3, esp32s3), and a device may give a
 * package ("ESP32-D0WD-V3") where we expect a chip: what we do not know never
 * contradicts anything. */
#include <ctype.h>
#include <stddef.h>
#include "otad/auto.h"
#include "kind.h"

enum { NO_ID = 0xffffffff };	/* an ESP8266's header has no chip id */

static const struct chip {
	unsigned	id;
	const char	*name;
} chips[] = {
	{ 0, "esp32" },		{ 2, "esp32-s2" },	{ 5, "esp32-c3" },
	{ 9, "esp32-s3" },	{ 12, "esp32-c2" },	{ 13, "esp32-c6" },
	{ 16, "esp32-h2" },	{ 18, "esp32-p4" },	{ 20, "esp32-c61" },
	{ 23, "esp32-c5" },	{ 25, "esp32-h21" },	{ 28, "esp32-h4" },
	{ 31, "esp32-e22" },	{ 32, "esp32-s31" },	{ NO_ID, "esp8266" },
};

const char *
chip_name(unsigned id)
{
	for (size_t i = 0; i < NELEM(chips); i++)
		if (chips[i].id == id)
			return chips[i].name;
	return NULL;
}

/* Equal but for case and punctuation. */
static bool
same_name(const char *a, const char *b)
{
	for (;;) {
		while (*a != '\0' && !isalnum((unsigned char)*a))
			a++;
		while (*b != '\0' && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

static const struct chip *
find_chip(const char *name)
{
	for (size_t i = 0; i < NELEM(chips); i++)
		if (same_name(chips[i].name, name))
			return &chips[i];
	return NULL;
}

bool
chip_may_be(const char *a, const char *b)
{
	const struct chip *one = find_chip(a), *other = find_chip(b);

	return one == NULL || other == NULL || one == other;
}

bool
chip_esp8266_address(uint32_t address)
{
	return (address >= 0x3ffe8000 && address < 0x40000000) ||	/* data */
	    (address >= 0x40100000 && address < 0x40110000) ||		/* code in RAM */
	    (address >= 0x40200000 && address < 0x40300000);		/* code in flash */
}
