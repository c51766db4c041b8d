/* SPDX-License-Identifier: Apache-2.0
 *
 * base_fuzz.c - the readers of base on any bytes: what is read is written and
 * read again to the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "otad/auto.h"
#include "otad/clock.h"
#include "otad/digest.h"
#include "otad/facts.h"
#include "otad/log.h"

#define HOLDS(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "broken: %s\n", #cond);	\
			abort();					\
		}							\
	} while (0)

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
facts(const char *text)
{
	AUTO(buf) struct buf once = BUF_INIT, twice = BUF_INIT;
	char key[33], value[FACT_VALUE_MAX];
	const char *at = text;

	while (facts_next(&at, key, value)) {
		HOLDS(strlen(key) >= 1 && strlen(key) <= 32);
		facts_add(&once, key, value);
	}
	HOLDS(once.len < FACTS_MAX);
	for (at = once.p; facts_next(&at, key, value); )
		facts_add(&twice, key, value);
	HOLDS(strcmp(buf_str(&once), buf_str(&twice)) == 0);
	HOLDS(facts_agree(buf_str(&once), buf_str(&twice)));
	(void)facts_geti(text, "a", 0);
}

static void
times(const char *text)
{
	char again[TIME_TEXT_MAX];
	struct err e = ERR_INIT;
	int64_t ms, same;

	if (time_parse(&ms, text, &e) != 0) {
		HOLDS(e.code == ERR_BAD && e.text[0] != '\0');
		return;
	}
	/* An offset may lead out of the years 0000 to 9999. */
	if (ms < INT64_C(-62167219200000) || ms > INT64_C(253402300799999))
		return;
	HOLDS(time_parse(&same, time_format(again, ms), &e) == 0 && same == ms);
}

static void
quotes(const char *text)
{
	char small[32], large[512];
	const char *p;

	HOLDS(strlen(log_quote(small, sizeof(small), text)) < sizeof(small));
	for (p = log_quote(large, sizeof(large), text); *p != '\0'; p++)
		HOLDS((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO(str) char *text = strndup((const char *)data, n);
	char hex[HEX_LEN(16)];
	uint8_t raw[16];

	facts(text);
	times(text);
	quotes(text);
	if (hex_decode(raw, sizeof(raw), text) == 0)
		HOLDS(strcasecmp(hex_encode(hex, raw, sizeof(raw)), text) == 0);
	return 0;
}
