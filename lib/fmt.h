/* SPDX-License-Identifier: MIT */
/* A small formatter into a bounded buffer, and the parsing that belongs to it. */
#ifndef SECEDE_LIB_FMT_H
#define SECEDE_LIB_FMT_H

#include <stdarg.h>
#include "lib/types.h"

/*
 * An output buffer. `len` counts what was wanted, also past `cap`, as snprintf(3) does; the bytes
 * written are always NUL-terminated when cap > 0. fmt_overflow() tells whether anything was cut.
 */
struct fmt {
	char *buf;
	size_t cap;
	size_t len;
};

static inline bool fmt_overflow(const struct fmt *f)
{
	return f->len >= f->cap;
}

void fmt_init(struct fmt *f, char *buf, size_t cap);
void fmt_char(struct fmt *f, char c);
void fmt_bytes(struct fmt *f, const char *s, size_t n);
void fmt_str(struct fmt *f, const char *s);
void fmt_dec(struct fmt *f, s64 v);
void fmt_udec(struct fmt *f, u64 v, unsigned width); /* padded with blanks to width */
void fmt_oct(struct fmt *f, u64 v);
void fmt_hex(struct fmt *f, u64 v, unsigned digits); /* at least so many digits, no 0x */

/*
 * printf's smallest useful subset: %s %c %d %u %lu %ld %x %lx %o %% with u64/s64 for the l forms.
 * Returns the length wanted.
 */
size_t fmt_print(struct fmt *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
size_t fmt_vprint(struct fmt *f, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Parses a decimal number at *s, stops at the first other byte, moves *s there. False: no digit
 * there, or it does not fit into 64 bits. */
bool parse_u64(const char **s, u64 *out);
/* The same for a hexadecimal one in small letters, of which the last 16 digits count. */
bool parse_hex(const char **s, u64 *out);

#endif
