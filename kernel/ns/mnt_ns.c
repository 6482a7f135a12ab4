/* SPDX-License-Identifier: MIT */
/* Life and death of mount namespaces and of the file systems in them. The warden's. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

/* ---- file systems ---- */

void (*super_released)(const struct super *sb);

static void copy_name(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size - 1);

	memcpy(dst, src, len);
	dst[len] = 0;
}

struct super *super_create(enum super_kind kind, const char *fstype, const char *source, const char *options, u32 flags,
			   u64 dev, u64 host_dev)
{
	struct super *sb = arena_alloc(sizeof(*sb));

	if (!sb)
		return NULL;
	sb->refs = 1;
	sb->kind = kind;
	sb->flags = flags;
	sb->dev = dev;
	sb->host_dev = host_dev;
	copy_name(sb->fstype, fstype, sizeof(sb->fstype));
	copy_name(sb->source, source ? source : "none", sizeof(sb->source));
	copy_name(sb->options[0], options ? options : "", SUPER_OPTIONS);
	return sb;
}

const char *super_options(const struct super *sb)
{
	return sb->options[atomic_load(&((struct super *)sb)->options_version) & 1];
}

void super_set_options(struct super *sb, const char *options)
{
	u32 version = atomic_load(&sb->options_version) + 1;

	copy_name(sb->options[version & 1], options, SUPER_OPTIONS);
	atomic_store(&sb->options_version, version);
}

void super_put(struct super *sb)
{
	if (!sb || --sb->refs)
		return;
	if (super_released)
		super_released(sb);
	user_ns_put(sb->owner);
	arena_free(sb);
}

/* ---- namespaces ---- */

/* The oldest stay in front: they are likely to have what is looked for. */
static void join_list(struct mnt_ns *ns)
{
	struct arena_header *a = arena();

	if (!a->mnt_namespaces)
		a->mnt_namespaces_end = &a->mnt_namespaces;
	ns->pprev = a->mnt_namespaces_end;
	*ns->pprev = ns;
	a->mnt_namespaces_end = &ns->next;
}

static void leave_list(struct mnt_ns *ns)
{
	*ns->pprev = ns->next;
	if (ns->next)
		ns->next->pprev = ns->pprev;
	else
		arena()->mnt_namespaces_end = ns->pprev;
}

static struct mnt_ns *ns_over(struct mnt_tree *tree, struct user_ns *user_ns)
{
	struct mnt_ns *ns = arena_alloc(sizeof(*ns));

	if (!ns)
		return NULL;
	ns->refs = 1;
	ns->inum = atomic_fetch_add(&arena()->next_inum, 1);
	ns->user_ns = user_ns_get(user_ns);
	ucount_add(user_ns, NS_MNT, 1);
	ns->root = tree->root;
	ns->nr = tree->nr;
	ns->seq = seq_make(arena()->next_version++, tree);
	join_list(ns);
	return ns;
}

struct mnt_ns *mnt_ns_create(struct user_ns *user_ns)
{
	struct mnt_tree *tree = arena_alloc(sizeof(*tree));
	struct mnt_ns *ns = NULL;

	if (!tree)
		return NULL;
	tree->refs = 1;
	ns = ns_over(tree, user_ns);
	if (!ns)
		mnt_tree_put(tree);
	return ns;
}

struct mnt_ns *mnt_ns_dup(struct mnt_ns *old, struct user_ns *user_ns)
{
	struct mnt_tree *tree = (struct mnt_tree *)mnt_tree(old);
	struct mnt_ns *ns = ns_over(tree, user_ns);

	if (!ns)
		return NULL;
	tree->refs++;
	ns->copied_upto = arena()->next_mount_id - 1;
	ns->locked_upto = old->user_ns == user_ns ? old->locked_upto : ns->copied_upto;
	return ns;
}

static void free_pivots(struct mnt_ns *ns)
{
	const struct pivot *p = ns->pivots, *older;

	for (; p; p = older) {
		older = p->older;
		arena_free((void *)p);
	}
}

/* Its group may lose its last member. */
static int leaves_group(const void *value, void *arg)
{
	struct peer_group *g = mount_peers(arg, value);

	if (g)
		group_suspect(g);
	return 0;
}

void mnt_ns_put(struct mnt_ns *ns)
{
	struct mnt_tree *tree;

	if (!ns || --ns->refs)
		return;
	tree = (struct mnt_tree *)mnt_tree(ns);
	trie_each(tree->by_group, leaves_group, ns);
	leave_list(ns);
	/* For readers in other namespaces (/proc/PID/mounts), as in tree_publish. */
	atomic_store_explicit(&ns->seq, 0, memory_order_release);
	atomic_thread_fence(memory_order_release);
	mnt_tree_put(tree);
	groups_settle();
	ucount_add(ns->user_ns, NS_MNT, -1);
	user_ns_put(ns->user_ns);
	free_pivots(ns);
	arena_free(ns);
}
