/* image_make.h - sound images to order, and what a device finds in one.
 *
 * Each image is what the family's own tools would build, as far as a loader or
 * an inspector looks: headers, segments, checksums, CRC, digests. It carries
 * its version at a fixed place, where a simulated device finds it after its
 * reboot. Equal arguments give equal bytes. */
#ifndef OTAFLEET_IMAGE_MAKE_H
#define OTAFLEET_IMAGE_MAKE_H

#include <stddef.h>
#include <stdint.h>
#include "otad/buf.h"
#include "otad/err.h"

#define IMAGE_MAKE_MAX		(256u << 20)	/* bytes of a raw image … */
#define IMAGE_MAKE_FLASH_MAX	(16u << 20)	/* … and of one for a chip */

/* *ret must be empty, and is empty again on -1.
 *
 *   kind     esp8266-sketch (loader and application, CRC form), esp32-app
 *            (descriptor with this version, digest appended) or raw
 *   version  1 to 63 printable ASCII characters but no '"'; for esp32-app at
 *            most 32, which is what its descriptor holds
 *   size     0: a usual one. Else this many bytes, or the next number that the
 *            format allows: it wants multiples of 16 and has a smallest image
 *   seed     what the code in between is filled from */
int	image_make(const char *kind, const char *version, size_t size, uint64_t seed,
	    struct buf *ret, struct err *e);

/* The version inside an image made here; -1 when there is none. */
int	image_read_version(const void *bytes, size_t size, char ret[64]);

#endif
