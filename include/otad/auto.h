/* auto.h - release on leaving the scope, TAKE to hand on.
 *
 *	AUTO(str) char *text = strdup("x");	freed when the block ends
 *	return TAKE(text);			unless it was handed on
 *
 * A library's type gets its AUTO_DEFINE in the one file that may know the
 * library. */
#ifndef OTAD_AUTO_H
#define OTAD_AUTO_H

#include <stdlib.h>

#define AUTO_DEFINE(type, name, release)				\
	static inline __attribute__((unused)) void			\
	auto_##name##_(type **p) { if (*p != NULL) release(*p); }	\
	struct auto_##name##_needs_semicolon_
#define AUTO(name)	__attribute__((cleanup(auto_##name##_)))
#define TAKE(p)	__extension__ ({ __typeof__(p) take_ = (p); (p) = NULL; take_; })

AUTO_DEFINE(char, str, free);
AUTO_DEFINE(void, mem, free);

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

#endif
