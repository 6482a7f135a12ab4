/* SPDX-License-Identifier: MIT */
/*
 * The string functions that freestanding code needs, under the C library's names (string(3)), so
 * that the same source links against a C library in the warden, the command and the unit tests;
 * there this header gives way to the library's own declarations and lib/string.c is not linked.
 */
#ifndef SECEDE_LIB_STRING_H
#define SECEDE_LIB_STRING_H

#include "lib/types.h"

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* A freestanding compiler does not take these names for what it knows; then a few bytes need no call. */
#if !__STDC_HOSTED__
#define memcpy(dst, src, n) __builtin_memcpy(dst, src, n)
#define memset(dst, c, n)   __builtin_memset(dst, c, n)
#define memcmp(a, b, n)	    __builtin_memcmp(a, b, n)
#define strncmp(a, b, n)    __builtin_strncmp(a, b, n)
#endif

#endif
