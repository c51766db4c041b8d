/* SPDX-License-Identifier: Apache-2.0
 *
 * dialect.c - every dialect there is, from the one list. An explicit list beats
 * constructors: grep finds it, and the order in which paths are tried is seen. */
#include "otad/dialect.h"

const struct dialect_ops *const dialects[] = {
#define DIALECT(name) &dialect_##name,
#include "otad/tbl/dialects.h"
#undef DIALECT
	NULL
};
