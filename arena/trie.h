/* SPDX-License-Identifier: MIT */
/*
 * A persistent map from 64-bit keys to values, in the arena: a change makes a new root that shares
 * all but the nodes on its way with the old one, and the old root stays as it was for as long as
 * somebody refers to it.
 *
 * A node looks at five bits of the key, the highest first, so a walk in order of the slots is a walk
 * in order of the keys. Where all keys agree there is no node: each notes which bits it looks at.
 * Equal keys (hash collisions) stand in a chain, told apart by the caller's match function.
 */
#ifndef SECEDE_ARENA_TRIE_H
#define SECEDE_ARENA_TRIE_H

#include "lib/types.h"

struct trie_slot {
	u64 key;       /* of a value; 0 for a child */
	const void *p; /* the value, never NULL, or the child node */
};

/* Immutable but for its reference count, which is the warden's. */
struct trie_node {
	u32 refs;
	u32 shift;   /* it looks at bits shift .. shift + 4 of the key; or TRIE_CHAIN */
	u32 present; /* bit per slot in use; in a chain the number of slots */
	u32 child;   /* those of them that lead to a node */
	u64 prefix;  /* a key below it: they all agree above shift + 4 */
	struct trie_slot slot[];
};
#define TRIE_CHAIN 64
#define TRIE_DEPTH 14 /* nodes on the longest way: 13 times five bits, and a chain */

/* What a trie does when it takes and drops a reference on a value. NULL ops: it borrows its values. */
struct trie_ops {
	void (*get)(const void *value);
	void (*put)(const void *value);
};

/* ---- reading: any process, even while the nodes are being reused (then the answer is arbitrary) ---- */

/* The value under `key` for which match says true (NULL: the first one), or NULL. */
const void *trie_find(const struct trie_node *root, u64 key, bool (*match)(const void *value, const void *arg),
		      const void *arg);
/* Calls fn for every value in ascending key order until it returns non-zero, which is returned. */
int trie_each(const struct trie_node *root, int (*fn)(const void *value, void *arg), void *arg);
/* The same for those whose keys agree with `key` above their lowest `low` bits, a multiple of five. */
int trie_each_under(const struct trie_node *root, u64 key, u32 low, int (*fn)(const void *value, void *arg), void *arg);

/* ---- writing: the warden ---- */

/*
 * Under `key`, replaces the value `old` (which must be there) by `new`; old NULL adds, new NULL
 * removes. *out is the new root with one reference, NULL if nothing is left; `root` keeps its own.
 * 0 or -ENOMEM, and then nothing has changed.
 */
int trie_change(const struct trie_node *root, u64 key, const void *old, const void *new, const struct trie_ops *ops,
		const struct trie_node **out);
const struct trie_node *trie_get(const struct trie_node *root);
void trie_put(const struct trie_node *root, const struct trie_ops *ops);

#endif
