/* SPDX-License-Identifier: MIT */
/* The formatter of lib/fmt.h. */
#include "lib/fmt.h"

#include "lib/string.h"

void fmt_init(struct fmt *f, char *buf, size_t cap)
{
	f->buf = buf;
	f->cap = cap;
	f->len = 0;
	if (cap)
		buf[0] = '\0';
}

void fmt_char(struct fmt *f, char c)
{
	if (f->len + 1 < f->cap) {
		f->buf[f->len] = c;
		f->buf[f->len + 1] = '\0';
	}
	f->len++;
}

void fmt_bytes(struct fmt *f, const char *s, size_t n)
{
	size_t room = f->len + 1 < f->cap ? f->cap - 1 - f->len : 0;

	if (room) {
		memcpy(f->buf + f->len, s, MIN(n, room));
		f->buf[f->len + MIN(n, room)] = '\0';
	}
	f->len += n;
}

void fmt_str(struct fmt *f, const char *s)
{
	fmt_bytes(f, s, strlen(s));
}

/* Digits of v in `base`, padded on the left with `pad` to `width`. */
static void fmt_number(struct fmt *f, u64 v, unsigned base, unsigned width, char pad)
{
	char digits[24];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	for (; width > n; width--)
		fmt_char(f, pad);
	while (n)
		fmt_char(f, digits[--n]);
}

void fmt_udec(struct fmt *f, u64 v, unsigned width)
{
	fmt_number(f, v, 10, width, ' ');
}

void fmt_dec(struct fmt *f, s64 v)
{
	if (v < 0)
		fmt_char(f, '-');
	fmt_number(f, v < 0 ? 0 - (u64)v : (u64)v, 10, 0, ' ');
}

void fmt_oct(struct fmt *f, u64 v)
{
	fmt_number(f, v, 8, 0, '0');
}

void fmt_hex(struct fmt *f, u64 v, unsigned digits)
{
	fmt_number(f, v, 16, digits, '0');
}

static void fmt_one(struct fmt *f, char conversion, bool is_long, va_list *args)
{
	switch (conversion) {
	case 's':
		fmt_str(f, va_arg(*args, const char *));
		break;
	case 'c':
		fmt_char(f, (char)va_arg(*args, int));
		break;
	case 'd':
		fmt_dec(f, is_long ? va_arg(*args, long) : va_arg(*args, int));
		break;
	case 'u':
		fmt_udec(f, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 0);
		break;
	case 'x':
		fmt_hex(f, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned), 0);
		break;
	case 'o':
		fmt_oct(f, is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned));
		break;
	default:
		fmt_char(f, conversion);
	}
}

size_t fmt_vprint(struct fmt *f, const char *format, va_list args)
{
	va_list copy; /* an array type as a parameter is a pointer: fmt_one needs the real thing */

	va_copy(copy, args);
	for (; *format; format++) {
		bool is_long = false;

		if (*format != '%') {
			fmt_char(f, *format);
			continue;
		}
		format++;
		while (*format == 'l')
			is_long = true, format++;
		if (!*format)
			break;
		fmt_one(f, *format, is_long, &copy);
	}
	va_end(copy);
	return f->len;
}

size_t fmt_print(struct fmt *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fmt_vprint(f, format, args);
	va_end(args);
	return f->len;
}

bool parse_u64(const char **s, u64 *out)
{
	u64 v = 0;
	const char *p = *s;

	for (; *p >= '0' && *p <= '9'; p++) {
		u64 digit = (u64)(*p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (p == *s)
		return false;
	*s = p;
	*out = v;
	return true;
}

bool parse_hex(const char **s, u64 *out)
{
	const char *p = *s;
	u64 v = 0;

	for (; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
		v = v << 4 | (u64)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	if (p == *s)
		return false;
	*s = p;
	*out = v;
	return true;
}
