/* SPDX-License-Identifier: Apache-2.0
 *
 * test.h - a test is a table and a few CHECKs.
 *
 *	int main(void) { names(); return TEST_END(); }
 *
 * Every CHECK is counted; the last line, "N passed, N failed", is summed up by
 * tests/run.sh. */
#ifndef OTAD_TEST_H
#define OTAD_TEST_H

#include <stdio.h>

static unsigned test_passed, test_failed;

#define CHECK(cond, ...)						\
	do {								\
		if (cond) {						\
			test_passed++;					\
			break;						\
		}							\
		test_failed++;						\
		fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
	} while (0)

/* EACH(row, table): row points to each element in turn. */
#define EACH(p, table)							\
	for (__typeof__(&(table)[0]) p = (table);			\
	    p < (table) + sizeof(table) / sizeof((table)[0]); p++)

#define TEST_END()							\
	(printf("%u passed, %u failed\n", test_passed, test_failed),	\
	 test_failed != 0)

#endif
