/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a device would write over its own settings, or that were swapped, are
 * refused at upload: what is linked for one slot does not run in the other, and
 * the device finds out only after it has erased a slot for it. */
#include <inttypes.h>
#include <string.h>
#include "otad/facts.h"
#include "kind.h"

enum { KB = 1024 };

/* What the upgrade library of the SDKs takes at most, by flash map (protocols/
 * espressif-cloud.md 7.1): a word less than the slot, or what it erases. */
static const struct {
	const char	*map;
	uint64_t	flash;		/* the least of this map */
	uint64_t	most;
} maps[] = {
	{ "256+256", 0, 236 * KB - 4 },
	{ "512+512", 1024 * KB, 492 * KB - 4 },
	{ "1024+1024", 2048 * KB, 240 * 4 * KB },
};

/* The map that the product names; else the one that every device of its flash has,
 * since the 1024+1024 maps are a choice of who builds. */
static size_t
map_of(const char *hardware)
{
	char name[FACT_VALUE_MAX];
	int64_t flash = facts_geti(hardware, "flash", 0);

	if (facts_get(hardware, "flash_map", name))
		for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
			if (strcmp(maps[i].map, name) == 0)
				return i;
	return flash >= 1024 * KB;
}

static bool
slot_is(const char *slot, const char *name)
{
	size_t n = strlen(name);

	return strncmp(slot, name, n) == 0 && (slot[n] == '\0' || slot[n] == '.');
}

int
image_belongs(const char *kind, uint64_t size, const char *findings, const char *slot,
    const char *hardware, struct err *e)
{
	char made_for[FACT_VALUE_MAX];
	size_t map = map_of(hardware);

	if (strcmp(kind, image_esp8266_user.name) != 0)
		return 0;
	if (facts_get(findings, "slot", made_for) && !slot_is(slot, made_for))
		return err_field(e, ERR_INVALID, "", "slot", "it is linked for %.16s: are the files "
		    "swapped?", made_for);
	if (size > maps[map].most)
		return err_field(e, ERR_INVALID, "", "fit", "%" PRIu64 " bytes, a slot of the flash "
		    "map %s takes %" PRIu64, size, maps[map].map, maps[map].most);
	return 0;
}
