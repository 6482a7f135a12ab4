/* SPDX-License-Identifier: MIT */
/* The integer types and small macros that every room uses. */
#ifndef SECEDE_LIB_TYPES_H
#define SECEDE_LIB_TYPES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a)		      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)		      ((a) < (b) ? (a) : (b))
#define MAX(a, b)		      ((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a)		      (((x) + ((a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)	      ((x) & ~((__typeof__(x))(a)-1))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* One load, whatever the compiler thinks: for memory that another process changes, so that what was judged is what
 * is used. */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))

/* For large variables of the runtime's that most processes never touch: they lie apart, so that what all write to is on
 * few pages, each of which is a fault in every program that starts, and one on both sides of every fork. */
#define RARELY_USED __attribute__((section(".bss.rare")))

/* Error pointers: the last page of the address space holds -errno. */
#define IS_ERR(p)  ((uintptr_t)(p) >= (uintptr_t)-4095)
#define PTR_ERR(p) ((int)(intptr_t)(p))
#define ERR_PTR(e) ((void *)(intptr_t)(e))

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif
#ifndef NAME_MAX
#define NAME_MAX 255
#endif

#endif
