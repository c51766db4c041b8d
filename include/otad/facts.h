/* facts.h - small sets of key and value, as text.
 *
 * What devices say of themselves, what an inspector found in an image, what a
 * product expects of its hardware: "chip=esp8266\nflash=4194304\n". The core
 * and the store keep and compare them without knowing any wire format; only
 * mgmt and the dialects turn them into JSON or headers. Keys are [a-z0-9_.-]{1,32};
 * a value is UTF-8 without control characters. A key may stand more than once
 * (warning=…); facts_get() gives the first. Order is kept. */
#ifndef OTAD_FACTS_H
#define OTAD_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "otad/buf.h"

#define FACTS_MAX	4096		/* bytes of one set, its NUL included */
#define FACT_VALUE_MAX	512		/* bytes of one value, its NUL included */

/* Append; control characters and invalid UTF-8 become '?', a long value is
 * cut at a character's end. Ignored when the set would outgrow FACTS_MAX. */
void	facts_add(struct buf *, const char *key, const char *value);
void	facts_addi(struct buf *, const char *key, int64_t value);

/* Copy the first value of key into ret (size FACT_VALUE_MAX). False: none. */
bool	facts_get(const char *facts, const char *key, char ret[FACT_VALUE_MAX]);
/* A decimal number that fills the value; fallback when absent or not one. */
int64_t	facts_geti(const char *facts, const char *key, int64_t fallback);

/* Walk: *at starts as the facts and moves; false at the end.
 *	for (const char *at = facts; facts_next(&at, key, value); ) */
bool	facts_next(const char **at, char ret_key[33], char ret_value[FACT_VALUE_MAX]);

/* The sets say the same of every key in `of` (what `of` lacks is not compared). */
bool	facts_agree(const char *of, const char *with);

#endif
