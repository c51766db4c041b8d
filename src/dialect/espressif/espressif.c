/* SPDX-License-Identifier: Apache-2.0
 *
 * espressif.c - the family: ESP8266 devices with the IOT_Demo firmware of 2014 to
 * 2016 and its descendants, whose cloud is gone. */
#include "espressif.h"

static const struct line_talk lines = {
	.read = espressif_hear, .write = espressif_hear,
	.gone = espressif_gone, .begin = espressif_begin,
};

const struct dialect_ops dialect_espressif = {
	.family = {
		.name = "espressif",
		.proof = PROOF_RETURN,
		.caps = FAMILY_TOLD | FAMILY_REPORTS | FAMILY_REBOOTS | FAMILY_CALLED |
		    FAMILY_KEYS | FAMILY_FETCHES | FAMILY_FILES,
		/* It has 120 s for connecting, erasing and all of the download (3.6). */
		.offer_guard_s = 120,
		.back_guard_s = 0,
		.silence_floor_s = 600,
		.slots = "user1.bin,user2.bin",
		.image_kind = "esp8266-user",
	},
	.lines = &lines,
	.refuse = espressif_refuse,
	.offer = espressif_offer,
	.call = espressif_call,
};
