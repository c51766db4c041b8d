/* banned.h - functions that this project does not call.
 *
 * Included before every file by the Makefile: what cannot be told a size, keeps
 * state behind the caller's back, or reads the time outside of clock.c ends the
 * build, and names what to use instead. The system's headers come first, since
 * they must still declare these. */
#ifndef OTAD_BANNED_H
#define OTAD_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang's fortified headers make macros of them. */
#undef strcpy
#undef strcat
#undef stpcpy
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat stpcpy		/* buf_adds(), snprintf() */
#pragma GCC poison sprintf vsprintf		/* snprintf(), buf_addf() */
#pragma GCC poison gets				/* fgets(), getline() */
#pragma GCC poison strtok strtok_r		/* strcspn(), strsep() */
#pragma GCC poison localtime localtime_r mktime	/* clock.h: UTC only */
#pragma GCC poison gmtime ctime asctime		/* time_format() */
#pragma GCC poison tmpnam tempnam mktemp	/* mkstemp() */
#pragma GCC poison atoi atol atoll		/* strtol() with checks */

#endif
