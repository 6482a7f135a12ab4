/* SPDX-License-Identifier: MIT */
/* string(3) for the freestanding runtime; the compiler itself emits calls to the mem* functions. */
#include "lib/string.h"

#undef memcpy
#undef memset
#undef memcmp
#undef strncmp

static u64 word_at(const void *p)
{
	u64 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return word;
}

static void put_word(void *p, u64 word)
{
	__builtin_memcpy(p, &word, sizeof(word));
}

/* Names: most are shorter than what a string instruction needs to begin. Each pair of loads comes before the stores,
 * for memmove(). */
static void copy_short(u8 *d, const u8 *s, size_t n)
{
	u32 first, last;

	if (n >= 4) {
		__builtin_memcpy(&first, s, sizeof(first));
		__builtin_memcpy(&last, s + n - sizeof(last), sizeof(last));
		__builtin_memcpy(d, &first, sizeof(first));
		__builtin_memcpy(d + n - sizeof(last), &last, sizeof(last));
	} else if (n) {
		u8 middle = s[n / 2], end = s[n - 1];

		d[0] = s[0];
		d[n / 2] = middle;
		d[n - 1] = end;
	}
}

#define WORDS_MAX 128 /* bytes that are copied by words */

static void copy_words(u8 *d, const u8 *s, size_t n)
{
	u64 last = word_at(s + n - sizeof(last));
	size_t i;

	for (i = 0; i + sizeof(last) < n; i += sizeof(last))
		put_word(d + i, word_at(s + i));
	put_word(d + n - sizeof(last), last);
}

/* Forwards, where both overlap: dst is below src then. */
static void copy(void *dst, const void *src, size_t n)
{
	if (n < sizeof(u64))
		copy_short(dst, src, n);
	else if (n <= WORDS_MAX)
		copy_words(dst, src, n);
	else
		/* The string instructions are fast on every x86_64 that secede runs on, and leave the vector
		 * registers, which are the guest's, alone. */
		__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	copy(dst, src, n);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	if ((uintptr_t)dst - (uintptr_t)src >= n) {
		copy(dst, src, n);
		return dst;
	}
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n >= sizeof(u64) && word_at(p) == word_at(q); n -= sizeof(u64))
		p += sizeof(u64), q += sizeof(u64);
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--)
		a++, b++;
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)found;
}
