/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts that no device of a family says are a mistake on the command line, not
 * something to be silent about. */
#include <string.h>
#include "family.h"
#include "otad/facts.h"

static const struct family *const families[] = {
	&family_native, &family_arduino, &family_arduino32
};

const struct family *
family_find(const char *name)
{
	for (size_t i = 0; i < NELEM(families); i++)
		if (strcmp(name, families[i]->name) == 0)
			return families[i];
	return NULL;
}

/* Is the key one of the words? */
static bool
stands_in(const char *key, const char *words)
{
	size_t len;

	for (; *words != '\0'; words += len, words += *words == ' ') {
		len = strcspn(words, " ");
		if (strlen(key) == len && memcmp(key, words, len) == 0)
			return true;
	}
	return false;
}

int
family_check(const struct plan *p, struct err *e)
{
	char key[33], value[FACT_VALUE_MAX];

	for (const char *at = buf_str(&p->facts); facts_next(&at, key, value); )
		if (!stands_in(key, p->family->facts))
			return err_set(e, ERR_BAD, "%s: %s devices say of themselves only: %s",
			    key, p->family->name, p->family->facts);
	return p->family->check != NULL ? p->family->check(p, e) : 0;
}
