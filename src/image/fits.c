/* SPDX-License-Identifier: Apache-2.0
 *
 * What a device's updater would refuse after the download, or worse, accept and
 * not survive, is refused before a byte is sent (protocols/arduino.md 1.8). A
 * pulling device never says why it did not update: the sentence written here is
 * the only one a person will get to read. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "otad/facts.h"
#include "kind.h"

static int
unfit(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
unfit(struct err *e, const char *fmt, ...)
{
	char text[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_field(e, ERR_INVALID, "", "fit", "%s", text);
}

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

static bool
known(const char *text)
{
	return text != NULL && *text != '\0';
}

/* Firmware written into a file system's area wipes it, and starts nothing. */
static int
fits_mode(const struct image_kind *kind, const struct image_target *t, struct err *e)
{
	if (is(t->mode, "filesystem") && kind->family != NULL)
		return unfit(e, "image is %s firmware, the device asks for a file system",
		    kind->name);
	return 0;
}

/* Updaters judge a file by its first byte; only the ESP8266 also takes gzip. */
static int
fits_magic(const char *findings, const struct image_target *t, struct err *e)
{
	char magic[FACT_VALUE_MAX];

	if (!is(t->mode, "sketch") || !facts_get(findings, "magic", magic))
		return 0;
	if (strncmp(magic, "e9", 2) == 0 || (!is(t->family, "esp8266") && !is(t->family, "esp32")))
		return 0;
	if (strncmp(magic, "1f8b", 4) == 0 && is(t->family, "esp8266"))
		return 0;
	return unfit(e, "image starts with %.2s, the updater of an %s takes e9", magic,
	    t->family);
}

static int
fits_chip(const struct image_kind *kind, const char *findings, const struct image_target *t,
    struct err *e)
{
	char chip[FACT_VALUE_MAX];

	if (kind->family != NULL && known(t->family) && !is(t->family, kind->family))
		return unfit(e, "image is for an %s, the device is an %.40s", kind->family,
		    t->family);
	if (known(t->chip) && facts_get(findings, "chip", chip) && !chip_may_be(chip, t->chip))
		return unfit(e, "image is for an %.40s, the device has an %.40s", chip, t->chip);
	return 0;
}

/* A highest revision of 0 or 65535 means that there is none. */
static int
fits_revision(const char *findings, const struct image_target *t, struct err *e)
{
	int64_t least = facts_geti(findings, "min_rev", 0);
	int64_t most = facts_geti(findings, "max_rev", 0);

	if (t->revision == 0)
		return 0;
	if (t->revision < least || (most > 0 && most < 65535 && t->revision > most))
		return unfit(e, "image is for chip revisions %" PRId64 " to %" PRId64
		    ", the device has %u", least, most, t->revision);
	return 0;
}

/* The ESP8266's updater compares the size in the header; ESP32s do not. */
static int
fits_flash(const struct image_kind *kind, uint64_t size, const char *findings,
    const struct image_target *t, struct err *e)
{
	uint64_t built_for = (uint64_t)facts_geti(findings, "flash_size", 0);

	if (t->flash_size == 0)
		return 0;
	if (size > t->flash_size)
		return unfit(e, "image has %" PRIu64 " bytes, the device's flash %" PRIu64,
		    size, t->flash_size);
	if (is(kind->family, "esp8266") && built_for > t->flash_size)
		return unfit(e, "image is built for %" PRIu64 " bytes of flash, the device has %"
		    PRIu64, built_for, t->flash_size);
	return 0;
}

/* Devices report the room for the next firmware only: nothing is known of a
 * file system's. The ESP8266 takes whole sectors. */
static int
fits_space(uint64_t size, const struct image_target *t, struct err *e)
{
	uint64_t needs = size;

	if (!t->free_known || is(t->mode, "filesystem"))
		return 0;
	if (t->free_space == 0 && is(t->family, "esp32"))
		return unfit(e, "the device has no partition for an update");
	if (is(t->family, "esp8266"))
		needs = (size + 4095) / 4096 * 4096;
	if (needs > t->free_space)
		return unfit(e, "image needs %" PRIu64 " bytes, the device has %" PRIu64 " free",
		    needs, t->free_space);
	return 0;
}

int
image_fits(const char *kind_name, uint64_t size, const char *findings,
    const struct image_target *t, struct err *e)
{
	const struct image_kind *kind = image_kind_find(kind_name);

	if (kind == NULL)
		return err_set(e, ERR_INTERNAL, "image of unknown kind '%.32s'", kind_name);
	if (fits_mode(kind, t, e) || fits_magic(findings, t, e) ||
	    fits_chip(kind, findings, t, e) || fits_revision(findings, t, e) ||
	    fits_flash(kind, size, findings, t, e))
		return -1;
	return fits_space(size, t, e);
}
