/* SPDX-License-Identifier: MIT */
/*
 * One version of a tree of mounts, and how a namespace points to it. For kernel/ns/mnt*.c alone.
 *
 * A change builds whole new versions, of each namespace concerned one (change_tree, then any number of tree_* steps,
 * each of which may fail), and publishes each by one store, or throws all away and nothing has happened.
 */
#ifndef SECEDE_KERNEL_NS_MNT_TREE_H
#define SECEDE_KERNEL_NS_MNT_TREE_H

#include "arena/arena.h"
#include "arena/trie.h"
#include "kernel/ns/mnt_group.h"
#include "lib/hash.h"

/* Immutable once published, but for refs. */
struct mnt_tree {
	u64 refs;		       /* namespaces that show this version */
	const struct trie_node *by_id; /* id -> mount; holds the references on them */
	const struct trie_node
	    *by_point;			 /* place_key() -> mount, without the root: those in one mount stand together */
	const struct trie_node *by_name; /* hash_text(last component of a point) -> how many, as a number */
	/* owned_key(group, mount) -> mount, without those that are private; the unbindable are in group 0. */
	const struct trie_node *by_group;
	u64 root;
	u32 nr;
	u32 nr_locked; /* by their own mark */
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

/* A key's upper part is whose it is, a mount's or a group's, so that these stand together; two can have the same. */
#define KEY_LOW_BITS 30

static inline u64 owned_key(u64 owner, u64 low)
{
	return owner << KEY_LOW_BITS | (low & ((1UL << KEY_LOW_BITS) - 1));
}

static inline u64 place_key(u64 parent, const char *path, size_t len)
{
	return owned_key(parent, hash_text(path, len));
}

/* A mount's fsroot, with its NUL: a path in a file system that is itself shown from somewhere. */
#define FSROOT_MAX (2 * PATH_MAX)

/* Is path `p` at or below path `top`? */
bool path_below(const char *p, size_t plen, const char *top, size_t len);

/* Flags that a less privileged namespace may not take off a mount that it got (mount_namespaces(7)). */
#define MS_LOCKABLE (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
/* Of a mount that comes from a more privileged namespace: which flags a remount may not clear, and with MNT_LOCK_ATIME
 * those about access times not change. */
#define MNT_LOCK_ATIME (1u << 31)
#define MNT_ATIME_MASK (MS_NOATIME | MS_NODIRATIME | MS_RELATIME)
static inline u32 mnt_lock_flags(u32 flags)
{
	return (flags & MS_LOCKABLE) | MNT_LOCK_ATIME;
}

/* Those that a mount can have. */
#define FLAGS_OF_MOUNT                                                                                                 \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

extern const struct trie_ops mount_ops;

/* ---- reading one version ---- */
const struct mount *tree_mount(const struct mnt_tree *tree, u64 id);
const struct mount *tree_child(const struct mnt_tree *tree, u64 parent, const char *path, size_t len);
/* Calls fn for each mount that lies directly in mount `id`, in no order, until it returns non-zero, which is returned.
 */
int tree_each_child(const struct mnt_tree *tree, u64 id, int (*fn)(const struct mount *m, void *arg), void *arg);
/* Is `id` the mount `top`, or mounted below it? */
bool tree_is_below(const struct mnt_tree *tree, u64 id, u64 top);

/* ---- building one ---- */

/* A mount like `old` (NULL: a blank one) but for the strings, which are copied, and a new stamp; one reference. */
struct mount *mount_clone(const struct mount *old, const char *point, const char *host, const char *fsroot);
/* Spells out in `m` what `old` was by its age in ns: locked, a slave. */
void mount_inherit(struct mount *m, const struct mnt_ns *ns, const struct mount *old);
/* Would a bind of this place alone show what mounts hide that are locked together with it? */
bool hides_something(const struct mnt_ns *ns, u64 mnt, const char *host);
/* A copy of `old` with that id, mounted at `point`, in which all else is the same, spelled out. NULL: ENOMEM. */
struct mount *mount_edit(const struct mnt_ns *ns, const struct mount *old, const char *point);
/* Counts the paths of a mount for mnt_name_held(), and the name of its point for point_named(). */
void mount_hold_paths(const struct mount *m, int by);
/* Counts a path, and each directory above it but the root. */
void hold_path(const char *path, u32 len, int by);
/* What shows a directory will show a file, or the other way round. */
void mount_set_dir(struct mount *m, bool dir);
/* Takes a reference on group over and puts the one that the mount had. */
void mount_set_group(struct mount *m, enum propagation propagation, struct peer_group *group);

/* What a change does to one namespace. */
struct ns_change {
	struct ns_change *next;
	struct mnt_ns *ns;
	struct mnt_tree *tree; /* its next version, or NULL: it keeps what it has */
	/* id -> mount, borrowed from the version in force: */
	const struct trie_node *doomed;	  /* is to go */
	const struct trie_node *unlocked; /* is not locked any more */
};

/* A change under way: of any number of namespaces, in this order. There is one at a time. */
struct mnt_change {
	struct ns_change *first, *last;
};

/* What it does to ns, nothing so far. NULL: ENOMEM. */
struct ns_change *change_of(struct mnt_change *c, struct mnt_ns *ns);
/* The next version of ns, as it is so far. NULL: ENOMEM. */
struct mnt_tree *change_tree(struct mnt_change *c, struct mnt_ns *ns);
/* Puts in the place of `old` what is the same but for its paths. 0 or -ENOMEM. */
int mount_change_paths(struct mnt_change *c, struct mnt_ns *ns, const struct mount *old, const char *point,
		       const char *host, const char *fsroot);
/* Ends it and returns `err`: 0 publishes everything, anything else throws everything away. Cannot fail. */
int change_end(struct mnt_change *c, int err);
void mnt_tree_put(struct mnt_tree *tree);

/* One step on a trie that a change owns: trie_change, and the old root is dropped. */
int trie_step(const struct trie_node **root, u64 key, const void *old, const void *new, const struct trie_ops *ops);
/* Each 0 or -ENOMEM; then the tree is good for mnt_tree_put only. */
int tree_add(struct mnt_tree *tree, struct mount *m);
int tree_remove(struct mnt_tree *tree, const struct mount *m);
int tree_remove_all(struct mnt_tree *tree, const struct trie_node *mounts);
/* `new` has the id of `old`. */
int tree_replace(struct mnt_tree *tree, const struct mount *old, struct mount *new);

/*
 * The mounts below mount `id` (it itself not among them) as a trie id -> mount that borrows them;
 * with `top`, of its children only those mounted at or below that path. 0 or -ENOMEM.
 */
int tree_below(const struct mnt_tree *tree, u64 id, const char *top, const struct trie_node **out);
/* The same without what is unbindable, and what is below that. `tree` is that of ns. Also -EPERM: it is locked as well.
 */
int tree_bindable_below(const struct mnt_tree *tree, u64 id, const char *top, const struct mnt_ns *ns,
			const struct trie_node **out);

/* ---- attaching (mnt_attach.c, mnt_propagate.c) ---- */

/* Follows the stack of mounts on a place to its top. *point stays good for as long as the version in force does. */
void mnt_topmost(const struct mnt_ns *ns, u64 *parent, const char **point);
/* What is mounted in the place of `top` already comes to lie on it, above all that lies there in top's own tree. 0 or
 * -ENOMEM. */
int mnt_tuck_under(const struct mnt_ns *ns, struct mnt_tree *tree, const struct mount *top,
		   const struct mount *covering);
/*
 * Attaches a tree of mounts where the parent and point of its `top` say, beneath what covers that, and everywhere else
 * that its parent passes mounts on to. `mounts`: id -> mount, top and all below it, each nobody else's so far; those of
 * which ns has the number are moved. 0, -ENOMEM or -ENOSPC.
 */
int mnt_graft(struct mnt_change *c, struct mnt_ns *ns, const struct trie_node *mounts, struct mount *top);
/* Copies of a tree of mounts, first turn: adds to *copies (id of the original -> its copy; holds them) a copy of `like`
 * with an id of its own for `original`, whose parent is the original's still. Borrowed; NULL: ENOMEM. */
struct mount *copies_add(const struct trie_node **copies, const struct mount *original, const struct mount *like);
/* Second turn: the parent of each but `top` becomes that one's copy. Then calls fn for each until it returns non-zero,
 * which is returned. */
int copies_connect(const struct trie_node *copies, const struct mount *top, int (*fn)(const void *copy, void *arg),
		   void *arg);
/* The second part of mnt_graft(): `group` is that of top's parent, and the mounts are shared. */
int mnt_propagate(struct mnt_change *c, struct mnt_ns *ns, const struct trie_node *mounts, const struct mount *top,
		  struct peer_group *group);

/* What the mount is now is what mnt_gone() says of it. */
void mnt_remember(const struct mount *m, bool taken_off);

/* ---- roots of tasks (mnt_root.c) ---- */

/* Is one held at or below that path? */
bool root_below(const char *path);
/* mnt_path_fits() for roots alone. */
bool roots_fit(const char *from, size_t to_len);
/* A change of names, first half: 0 or -ENOMEM. *moved becomes true if a root is to follow. Either way roots_end() is
 * due, with what came of the change. */
int roots_prepare(const struct path_move *moves, unsigned nr, bool *moved);
void roots_end(const struct path_move *moves, unsigned nr, int err);
/* A note of the moves for tasks to follow, not published. NULL: no memory. */
struct pivot *moves_note(const struct path_move *moves, unsigned nr);
/* When what it is about is in force: who follows finds what he is sent to. */
void pivot_publish(struct mnt_ns *ns, struct pivot *p);

#endif
