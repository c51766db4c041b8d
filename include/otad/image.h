/* image.h - what is this file, is it whole, and will it fit that device?
 *
 * An inspector reads an uploaded file as the chip's loader would, before any
 * device has to:
 *
 *	AUTO(image_report) struct image_report report = IMAGE_REPORT_INIT;
 *
 *	if (image_inspect("auto", bytes, size, &report, e))
 *		return -1;		"unsound image: checksum at byte 0x2fff is …"
 *	report.kind			"esp32-app"
 *	buf_str(&report.findings)	"chip=esp32-s3\nchip_id=9\nsegments=6\n…"
 *	report.native_version		"1.2.3", what the device will say it runs
 *	report.hashes			or what it will show instead
 *
 * Kinds are words, and stay words in the store and on the wire:
 *
 *   esp8266-sketch  Arduino core for ESP8266: loader and application in one file
 *                   (form=sketch), or one bare image without loader (form=v1)
 *   esp8266-user    user1.bin or user2.bin of Espressif's SDKs for the ESP8266
 *   esp32-app       application of any ESP32 chip, with its descriptor
 *   raw             bytes we know nothing about
 *
 * A product's rule is a kind's name or "auto":
 *
 *   auto            the first kind that recognises the file must find it sound;
 *                   what none recognises is raw, with a warning
 *   a kind's name   the file must be of that kind, and sound
 *   raw             anything goes, nothing is looked at
 *
 * A kind that otad cannot read yet is not a rule: image_rule_known() says so
 * before a product is made with it. Pure functions over bytes that the caller
 * owns and keeps still during the call: no I/O, no globals, reentrant. The
 * formats are described in protocols/arduino.md 5, the checks in 1.7 and 1.8. */
#ifndef OTAD_IMAGE_H
#define OTAD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "otad/buf.h"
#include "otad/err.h"

#define IMAGE_VERSION_MAX	64	/* bytes of a native version, its NUL included */
#define IMAGE_HASH_MAX		32	/* bytes of the longest hash: SHA-256 */
#define IMAGE_HASHES_MAX	8

/* One digest by which a device shows that it runs this image, under the name it
 * is known by: "sketch-md5" (16 bytes) or "sketch-sha256" (32 bytes). Neither
 * has to be the digest of the file: the device hashes what lies in its flash. */
struct image_hash {
	const char	*name;		/* never freed */
	size_t		len;
	uint8_t		bytes[IMAGE_HASH_MAX];
};

/* What an inspector found. Facts (facts.h), each only where the kind has it:
 *
 *   form            esp8266-sketch: sketch, v1; esp8266-user: boot-v1.2, boot-v1.1
 *   slot            esp8266-user: user1 or user2, which it is linked for
 *   chip, chip_id   esp8266, esp32, esp32-s2, …; the number in the header
 *   flash_mode      qio, qout, dio, dout
 *   flash_size      bytes of flash chip the image was built for
 *   entry           address of the first instruction, 0x4010f1a0
 *   segments        how many the application has
 *   sketch_size     bytes that the device will hash: the file without signature
 *   crc             esp8266-sketch: ok, or absent (core before 2.7.0); esp8266-user:
 *                   ok, or absent (SDK before 1.1)
 *   signed          yes: a signature follows the image. It is not verified
 *   hash            esp32-app: ok, or absent (none was appended)
 *   app_version, project_name, idf_version, built, elf_sha256, secure_version
 *                   esp32-app: the descriptor's words
 *   min_rev, max_rev  esp32-app: chip revisions, major * 100 + minor
 *   magic           raw: the first bytes, up to four, in hex
 *   warning         may stand more than once: sound, but look at this */
struct image_report {
	const char		*kind;		/* never freed */
	size_t			size;		/* of the whole file */
	struct buf		findings;
	char			native_version[IMAGE_VERSION_MAX];	/* "": none */
	struct image_hash	hashes[IMAGE_HASHES_MAX];
	size_t			nhashes;	/* at least 1 */
};

#define IMAGE_REPORT_INIT	{ .kind = NULL }

void	image_report_free(struct image_report *);	/* back to IMAGE_REPORT_INIT */

/* AUTO(image_report) struct image_report r = IMAGE_REPORT_INIT; */
static inline __attribute__((unused)) void
auto_image_report_(struct image_report *r) { image_report_free(r); }

/* Fill *ret, which must be empty. On -1 *ret is untouched and *e is ERR_INVALID
 * with the rule "unsound" (damaged, and at which byte), "kind" (not what the
 * product wants) or "empty" (no bytes), or ERR_BAD for an unknown rule. */
int	image_inspect(const char *rule, const uint8_t *bytes, size_t size,
	    struct image_report *ret, struct err *e);

/* "auto", "raw" or the name of a kind with an inspector. */
bool	image_rule_known(const char *rule);
/* All of them, comma-separated, to tell a person who wrote another. Returns ret. */
#define IMAGE_RULES_MAX		256
char	*image_rules(char ret[IMAGE_RULES_MAX]);

/* What a device said of itself, or its product says of it. A struct of zeros
 * knows nothing: whatever is unknown is not checked. */
struct image_target {
	const char	*family;	/* "esp8266", "esp32" (every ESP32 chip); NULL or "" */
	const char	*chip;		/* "esp32-c3", also as ESP32C3; NULL or "" */
	const char	*mode;		/* "sketch", "filesystem": what it asks for; NULL or "" */
	uint64_t	flash_size;	/* bytes of its flash chip */
	uint64_t	free_space;	/* bytes for the new image … */
	bool		free_known;	/* … which may truly be 0: no update partition */
	unsigned	revision;	/* of its chip, major * 100 + minor */
};

/* May this image be offered to that device? To be asked at every offer, since
 * free space changes: it reads what image_inspect() found, not the bytes. On -1
 * *e is ERR_INVALID with the rule "fit" and one sentence for the history ("image
 * needs 704512 bytes, the device has 671744 free"). */
int	image_fits(const char *kind, uint64_t size, const char *findings,
	    const struct image_target *, struct err *e);

/* Does a file of this kind belong into this slot of such a product? Asked at upload.
 * hardware: the product's facts; of them flash and flash_map ("256+256", "512+512",
 * "1024+1024") are read. On -1 *e is ERR_INVALID with the rule "slot" (linked for
 * another) or "fit" (larger than its slot). */
int	image_belongs(const char *kind, uint64_t size, const char *findings, const char *slot,
	    const char *hardware, struct err *e);

#endif
