/* SPDX-License-Identifier: MIT */
/*
 * Two hashes of 64 bits. FNV-1a, with a final mix, is byte-wise and incremental: the hash of a path is reached by way
 * of those of all directories above it. The other one takes eight bytes at a time: what the walk looks names up by.
 */
#ifndef SECEDE_LIB_HASH_H
#define SECEDE_LIB_HASH_H

#include "lib/types.h"

#define HASH_INIT 0xcbf29ce484222325ULL

static inline u64 hash_bytes(u64 h, const void *data, size_t n)
{
	const u8 *p = data;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

static inline u64 hash_u64(u64 h, u64 v)
{
	return hash_bytes(h, &v, sizeof(v));
}

/* FNV's high bits are weak for short keys; tries index by all bits, so mix before use. */
static inline u64 hash_final(u64 h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	return h;
}

/* The last bytes of a text, 8 at most, as one number: some of them may be in it twice. */
static inline u64 hash_tail(const u8 *p, size_t n)
{
	u32 first, last;

	if (n < 4)
		return n ? p[0] | (u64)p[n / 2] << 8 | (u64)p[n - 1] << 16 : 0;
	__builtin_memcpy(&first, p, sizeof(first));
	__builtin_memcpy(&last, p + (n - sizeof(last)), sizeof(last));
	return first | (u64)last << 32;
}

/* Of a name or a path, final. */
static inline u64 hash_text(const void *text, size_t n)
{
	const u8 *p = text;
	u64 h = HASH_INIT ^ n, word;

	for (; n > sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		__builtin_memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
	}
	return hash_final((h ^ hash_tail(p, n)) * 0x9e3779b97f4a7c15ULL);
}

#endif
