/* conf_value.h - texts of settings as values. On -1 *ret is untouched and *e says
 * what was expected. */
#ifndef OTAD_CONF_VALUE_H
#define OTAD_CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include "otad/err.h"

int	value_bool(const char *text, bool *ret, struct err *);	/* yes, no */
int	value_int(const char *text, int64_t min, int64_t max, int *ret, struct err *);
/* Bytes, or with K, M, G; "" is 0. */
int	value_size(const char *text, int64_t min, int64_t max, uint64_t *ret, struct err *);
/* Which of the words, which end with NULL. */
int	value_word(const char *text, const char *const *words, unsigned *ret, struct err *);
int	value_words(const char *list, const char *const *words, struct err *);
int	value_listen(const char *list, struct err *);		/* addresses */

#endif
