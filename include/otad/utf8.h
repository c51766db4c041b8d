/* utf8.h - where characters end, for those who cut or clean foreign text.
 *
 * UTF-8 as RFC 3629 has it: nothing overlong, no surrogates, nothing above
 * U+10FFFF. */
#ifndef OTAD_UTF8_H
#define OTAD_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the character at s (at most n): 1..4, or 0 if there is none. */
size_t	utf8_char(const char *s, size_t n);
/* The character of `len` bytes at s is a control character (C0, DEL, C1). */
bool	utf8_is_control(const char *s, size_t len);
/* All of s is UTF-8 without control characters; lines: line feeds and tabs may
 * stand in it. */
bool	utf8_is_text(const char *s, bool lines);
/* The longest beginning of s, at most max bytes, that cuts no character. */
size_t	utf8_fit(const char *s, size_t max);

#endif
