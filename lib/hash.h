/* SPDX-License-Identifier: MIT */
/*
 * FNV-1a, 64 bits, with a final mix. Byte-wise and incremental on purpose: the walk extends the
 * hash of a directory by one component without reading the directory's name again.
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

#endif
