/* SPDX-License-Identifier: MIT */
/*
 * One version of a tree of mounts, and how a namespace points to it. For kernel/ns/mnt*.c alone.
 *
 * A change builds a whole new version (mnt_change_begin, then any number of tree_* steps, each of
 * which may fail) and publishes it by one store, or throws it away and nothing has happened.
 */
#ifndef SECEDE_KERNEL_NS_MNT_TREE_H
#define SECEDE_KERNEL_NS_MNT_TREE_H

#include "arena/arena.h"
#include "arena/trie.h"
#include "lib/hash.h"

/* Immutable once published, but for refs. */
struct mnt_tree {
	u64 refs;			  /* namespaces that show this version */
	const struct trie_node *by_id;	  /* id -> mount; holds the references on them */
	const struct trie_node *by_point; /* place_key() -> mount, without the root */
	const struct trie_node *by_name;  /* name_key(last component of a point) -> how many, as a number */
	u64 root;
	u32 nr;
};

/*
 * ns->seq is the place of the version in the arena (in units of 16 bytes, the alignment of its
 * blocks) below a number that is drawn once a version: never the same again, also when the place is.
 */
#define SEQ_PLACE_BITS 22
_Static_assert(ARENA_SIZE >> 4 <= 1UL << SEQ_PLACE_BITS, "every place in the arena fits");

static inline u64 seq_make(u64 version, const struct mnt_tree *tree)
{
	return version << SEQ_PLACE_BITS | ((uintptr_t)tree - ARENA_BASE) >> 4;
}

/*
 * The version in force. In a namespace that has gone, whatever the arena begins with; and when its memory has been
 * given to somebody else since, anything, but nothing that is not mapped.
 */
static inline const struct mnt_tree *mnt_tree(const struct mnt_ns *ns)
{
	static const struct mnt_tree none;
	u64 seq = atomic_load_explicit(&((struct mnt_ns *)ns)->seq, memory_order_acquire);
	const struct mnt_tree *tree =
	    (const struct mnt_tree *)(ARENA_BASE + ((seq & ((1UL << SEQ_PLACE_BITS) - 1)) << 4));

	arena_see();
	return arena_contains(tree, sizeof(*tree)) ? tree : &none;
}

static inline u64 place_key(u64 parent, const char *path, size_t len)
{
	return hash_final(hash_bytes(HASH_INIT, path, len) ^ parent * 0x9e3779b97f4a7c15ULL);
}

static inline u64 name_key(const char *name, size_t len)
{
	return hash_final(hash_bytes(HASH_INIT, name, len));
}

/* Is path `p` at or below path `top`? */
bool path_below(const char *p, size_t plen, const char *top, size_t len);

/* Flags that a less privileged namespace may not take off a mount that it got (mount_namespaces(7)). */
#define MS_LOCKABLE (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

extern const struct trie_ops mount_ops;

/* ---- reading one version ---- */
const struct mount *tree_mount(const struct mnt_tree *tree, u64 id);

/* ---- building one ---- */

/* A mount like `old` (NULL: a blank one) but for the strings, which are copied, and a new stamp; one reference. */
struct mount *mount_clone(const struct mount *old, const char *point, const char *host, const char *fsroot);
/* Spells out in `m` what `old` had locked by its age in ns. */
void mount_inherit_locks(struct mount *m, const struct mnt_ns *ns, const struct mount *old);

/* A private copy of the version in force, or NULL (ENOMEM). */
struct mnt_tree *mnt_change_begin(struct mnt_ns *ns);
/* Publishes it; cannot fail. The old version is released. */
void mnt_change_commit(struct mnt_ns *ns, struct mnt_tree *tree);
/* The other end of a change; also what releases a published version. */
void mnt_tree_put(struct mnt_tree *tree);

/* One step on a trie that a change owns: trie_change, and the old root is dropped. */
int trie_step(const struct trie_node **root, u64 key, const void *old, const void *new, const struct trie_ops *ops);
/* Each 0 or -ENOMEM; then the tree is good for mnt_tree_put only. */
int tree_add(struct mnt_tree *tree, struct mount *m);
int tree_remove(struct mnt_tree *tree, const struct mount *m);
/* `new` has the id of `old`. */
int tree_replace(struct mnt_tree *tree, const struct mount *old, struct mount *new);

/*
 * The mounts below mount `id` (it itself not among them) as a trie id -> mount that borrows them;
 * with `top`, of its children only those mounted at or below that path. 0 or -ENOMEM.
 */
int tree_below(const struct mnt_tree *tree, u64 id, const char *top, const struct trie_node **out);

#endif
