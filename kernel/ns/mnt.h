/* SPDX-License-Identifier: MIT */
/*
 * Mount namespaces (mount_namespaces(7)).
 *
 * A place in the tree is a pair (mount id, host path): the mount says where in the tree, the host
 * path says which directory or file the host has there. It plays the part of Linux's (vfsmount,
 * dentry). A mount hides the place (parent, point) and shows the host's `host` there.
 *
 * Everything here lives in the arena, at the same address in every process. A struct mount never
 * changes once it is published, except its reference count, which only the warden touches. A
 * namespace shows one version of a tree of mounts, made of persistent tries (kernel/ns/mnt_tree.h);
 * copying it takes one reference, so unshare(CLONE_NEWNS) costs the same with 10 mounts and with
 * 10,000.
 *
 * Reading takes no lock and leaves no trace:
 *
 *	do {
 *		seq = mnt_read_begin(ns);
 *		m = mnt_child(ns, parent, path, len);
 *		... copy what is needed out of m ...
 *	} while (mnt_read_retry(ns, seq));
 *
 * ns->seq both names the version in force and says where it lies, so a version is published by one
 * store: there is no moment between two versions, nor one in which the death of the warden could
 * leave readers waiting. The warden changes it before it frees anything of the old version, so what
 * was read between an unchanged seq was whole and of one version. Until the retry has said so, a
 * reader can see a block that is being reused: every pointer it follows is checked to lie in the
 * arena and every length is bounded; take strings out with mnt_copy_string().
 */
#ifndef SECEDE_KERNEL_NS_MNT_H
#define SECEDE_KERNEL_NS_MNT_H

#include "kernel/ns/user.h"

enum super_kind {
	SUPER_HOST,   /* a mount that the host had when the session began */
	SUPER_TMPFS,  /* ours, also a ramfs: a directory in the session's storage */
	SUPER_PROC,   /* a further mount of proc: shows the host's /proc */
	SUPER_SYSFS,  /* likewise /sys */
	SUPER_DEVPTS, /* likewise /dev/pts */
	SUPER_VIEW,   /* likewise what the host has of another type */
};

#define SUPER_OPTIONS  256
#define SUPER_NO_LIMIT UINT64_MAX /* asked for: statfs(2) says 0 */

/* What a mount of proc hides (proc(5), "Mount options"): a value of hidepid=, and subset=pid. */
#define HIDEPID_NO_ACCESS      1u
#define HIDEPID_INVISIBLE      2u
#define HIDEPID_NOT_PTRACEABLE 4u
#define HIDEPID_MASK	       7u
#define SUBSET_PID	       8u

/* One mounted file system, shared by all mounts (bind or copied) that show parts of it. */
struct super {
	_Atomic u64 refs;
	enum super_kind kind;
	_Atomic u32 flags; /* MS_RDONLY and friends of the whole file system */
	u64 dev;	   /* st_dev in the kernel's encoding for stat(2) (makedev(3)) */
	/* Who may change it; a reference that its maker adds. NULL: nobody in the session (SUPER_HOST). */
	struct user_ns *owner;
	u64 host_dev; /* what the host's stat says in there; differs from dev for SUPER_TMPFS */
	char fstype[32];
	/* For the last field of mountinfo, without the leading rw or ro, which flags tell; may be "". The one in force
	 * is that of the version's last bit, the other one's text is the next; read it by super_copy_options(). */
	char options[2][SUPER_OPTIONS];
	_Atomic u32 options_version;
	char source[256]; /* for mountinfo, e.g. "none" or "/dev/vda" */
	/* SUPER_TMPFS: what it may hold; 0: as much as the host lets it, SUPER_NO_LIMIT (vfs/tmpfs.h) */
	_Atomic u64 max_bytes, max_inodes;
	/* SUPER_PROC: what it hides, and gid=, a kid: from whose members hidepid= hides nothing (vfs/proc_hide.c) */
	_Atomic u32 proc_hides, proc_gid;
	/* SUPER_DEVPTS: the permissions of ptmx, and those that new terminals get (vfs/devpts.c) */
	_Atomic u32 ptmx_mode, pts_mode;
	u32 ptmx_uid, ptmx_gid; /* whose ptmx is: kids of who made it */
	u64 elsewhere; /* the warden's, while mnt_each_alone() is at work: mounts that show it, and are none of those */
	u32 storage;   /* SUPER_TMPFS: number of its directory in the storage; removed with the last ref */
};

/* What a mount passes on and receives (mount_namespaces(7), "Shared subtrees"). */
enum propagation {
	PROP_PRIVATE,
	PROP_SHARED,	 /* a member of its group; receives from the group's master as well, if that has one */
	PROP_SLAVE,	 /* receives from its group */
	PROP_UNBINDABLE, /* private, and no source of a bind */
};

struct peer_group; /* kernel/ns/mnt_group.h */

/* In a mount's flags: umount2(2) with MNT_EXPIRE has marked it, and nobody has been in it or changed it since. */
#define MNT_EXPIRING (1u << 30)

struct mount {
	_Atomic u64 refs;
	u64 id;	    /* unique in the session, never reused */
	u64 parent; /* id; the root mount is its own parent */
	u64 stamp;  /* an id drawn when this struct was made; tells its age, see mnt_locked() */
	u32 flags; /* MS_RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, NODIRATIME, RELATIME of this mount, and MNT_EXPIRING */
	u32 locked_flags;	  /* mnt_lock_flags(); a bind of a locked mount keeps them */
	bool locked;		  /* to its parent, by a more privileged namespace: see mnt_locked_together() */
	bool imported;		  /* the host's, where the session began: nobody takes it off */
	bool dir;		  /* is a directory mounted on a directory (else a file on a file) */
	bool pivoted;		  /* has become some task's root by pivot_root(2) */
	u8 propagation;		  /* enum propagation, but see mnt_propagation() */
	struct peer_group *group; /* of PROP_SHARED and PROP_SLAVE; a reference */
	struct super *sb;
	const char *point;  /* host path of the covered place, in the parent mount; NUL-terminated */
	const char *host;   /* host path of what is shown; NUL-terminated, "/" or without trailing slash */
	const char *fsroot; /* path within the file system, for mountinfo's field 4 */
	u32 point_len, host_len;
	struct mount *next_found; /* the warden's: what tree_below() has found, while it is at work */
};

/* What has become of a name on the host. */
struct path_move {
	const char *from, *to; /* host paths; to: NULL: it has gone */
};

/*
 * pivot_root(2) moves all tasks whose root or working directory was the old root. Each keeps its own, so a pivot is
 * noted here, and each follows it before its next call (kernel/fs.c). So are the names at or above some root that have
 * changed, all at once: where a working directory is by now, the host says.
 */
struct pivot {
	const struct pivot *older;
	const struct pivot *_Atomic newer;
	u64 serial;   /* of the session's pivots */
	u64 from, to; /* the old root mount, the new one: at their own roots */
	const char *from_host, *to_host;
	const struct path_move *moves; /* or these; the first one that fits a root counts */
	unsigned nr_moves;	       /* 0: it is a pivot_root(2) */
};

/* Also what keeps detached trees: see mnt_detached. */
struct mnt_ns {
	_Atomic u64 refs;
	u64 inum;
	struct user_ns *user_ns; /* owner */
	_Atomic u64 seq;	 /* the version in force; compare it for equality only. 0: the namespace is gone */
	_Atomic u64 root;	 /* id of the root mount; only pivot_root changes it */
	u64 locked_upto;	 /* mounts with a stamp up to this came from a more privileged namespace: locked */
	u64 copied_upto;	 /* those up to this came with the copying of another one: not unbindable any more */
	_Atomic u32 nr;		 /* mounts in it */
	/* The newest; never changed, and there as long as the namespace. */
	const struct pivot *_Atomic pivots;

	/* The warden's alone. */
	struct mnt_ns *next, **pprev; /* all namespaces */
	struct ns_change *change;     /* what is under way, or NULL */
	struct pivot *note;	      /* to be published with it, or NULL */
};

/* ---- reading: any process ---- */

/*
 * The trees that are mounted nowhere (open_tree(2), fsmount(2)) stand together in what is otherwise a namespace, which
 * nobody is in. Each has a root that is its own parent. Guests find their mounts by id and by place as they find those
 * of the namespace that they ask. NULL in the warden, whose changes are of one namespace.
 */
extern const struct mnt_ns *mnt_detached;

/* Both versions in one number: each only ever grows. */
static inline u64 mnt_read_begin(const struct mnt_ns *ns)
{
	u64 seq = atomic_load_explicit(&((struct mnt_ns *)ns)->seq, memory_order_acquire);

	if (mnt_detached)
		seq += atomic_load_explicit(&((struct mnt_ns *)mnt_detached)->seq, memory_order_acquire);
	return seq;
}

static inline bool mnt_read_retry(const struct mnt_ns *ns, u64 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return mnt_read_begin(ns) != seq;
}

/* The two numbers of a mount: that of mountinfo, which Linux gives again and we do not, and the unique one of
 * statmount(2).
 */
#define MNT_UNIQUE_BASE (1UL << 31)
static inline u64 mnt_unique_id(u64 id)
{
	return id + MNT_UNIQUE_BASE;
}

/* The mount on top of place (parent, path), one step: what is stacked on it is found by asking
 * again with (its id, its host). NULL: nothing is mounted there. `path` need not be terminated. */
const struct mount *mnt_child(const struct mnt_ns *ns, u64 parent, const char *path, size_t len);
/* The mount of that number in this namespace, NULL when it is not (or no longer) there. */
const struct mount *mnt_by_id(const struct mnt_ns *ns, u64 id);
/* The same, but not in a detached tree. */
const struct mount *mnt_by_id_in(const struct mnt_ns *ns, u64 id);
/* May a mount point have this last component? False is certain, true is a hint. */
bool mnt_name_used(const struct mnt_ns *ns, const char *name, size_t len);
/* The same of one with that hash_text(). */
bool mnt_hash_used(const struct mnt_ns *ns, u64 hash);
/*
 * Calls fn for each mount in ascending id order until it returns non-zero, which is returned.
 * The caller brackets with mnt_read_begin/retry when it is not the warden.
 */
int mnt_for_each(const struct mnt_ns *ns, int (*fn)(const struct mount *m, void *arg), void *arg);

/*
 * Copies one of a mount's strings (host, point, fsroot, or of its super) out, cut to size - 1 bytes
 * and NUL-terminated. Returns its length; 0 when the pointer cannot be right, which mnt_read_retry
 * will tell as well.
 */
size_t mnt_copy_string(char *dst, size_t size, const char *src);
/* The same of a super's options, which change by themselves: whole ones. */
size_t super_copy_options(char *dst, const struct super *sb);
/* Is the mount locked to its parent in this namespace (mount_namespaces(7))? By its own mark, or because a less
 * privileged namespace was copied when it was there already. */
static inline bool mnt_locked_together(const struct mnt_ns *ns, const struct mount *m)
{
	return m->locked || m->stamp <= ns->locked_upto;
}
/* May it not be taken off, for that or because it is the host's: umount(2) says EINVAL? */
static inline bool mnt_locked(const struct mnt_ns *ns, const struct mount *m)
{
	return m->imported || mnt_locked_together(ns, m);
}
/* What a mount is in this namespace: when that was copied for less privileged users, what was shared then is a slave;
 * and what was unbindable when it was copied is private. */
static inline enum propagation mnt_propagation(const struct mnt_ns *ns, const struct mount *m)
{
	if (m->propagation == PROP_SHARED && m->stamp <= ns->locked_upto)
		return PROP_SLAVE;
	if (m->propagation == PROP_UNBINDABLE && m->stamp <= ns->copied_upto)
		return PROP_PRIVATE;
	return (enum propagation)m->propagation;
}
/*
 * May a mount in any namespace be mounted at or below that name in host directory dir[0..dir_len), or show what is
 * there? False is certain, true is a hint: it is a count of the mounts' paths and of all directories above them, by
 * their hash. A count that has been too high for its word once stays there.
 */
#define PATHS_HELD   65536
#define POINTS_NAMED 4096
bool mnt_name_held(const char *dir, size_t dir_len, const char *name, size_t len);
/* Is every mount in it, and in detached trees, private? Needs no read section. */
bool mnt_all_private(const struct mnt_ns *ns);

/* The oldest pivot in this namespace with a serial above `seen`, and the one after it; NULL: there is none. */
const struct pivot *mnt_first_pivot(const struct mnt_ns *ns, u64 seen);
const struct pivot *mnt_next_pivot(const struct pivot *p);
/* Does it move a root, or (`root` false) a working directory, from that place? Then mnt and host become the new one. */
bool mnt_pivot_moves(const struct pivot *p, bool root, u64 *mnt, char host[PATH_MAX]);
/* What a path is after the moves: itself, or what is put together in buf. One that would be too long for a walk stays
 * what it was, and so does one that has gone: nobody comes there either way. */
const char *path_moved(const struct path_move *moves, unsigned nr, const char *path, u32 len, char buf[PATH_MAX]);

/* What a mount was when it was taken off, for who is still in it: its flags and its file system's, what that hides as
 * proc, and its root. All 0: so many others have gone since that nobody knows. Needs no read section.
 */
struct mount_past {
	bool taken_off; /* else it was remembered before that */
	u32 flags, proc_hides, proc_gid;
	u32 host_len; /* of the host path of its root */
	u64 host_hash;
};
struct mount_past mnt_gone(u64 id);
/* The namespace with that number, if somebody is in it or holds it; else NULL. Needs no read section. */
const struct mnt_ns *mnt_ns_in_use(u64 inum);
/*
 * The namespace in which the mount is, where one may be who has come there through a link of proc, or by a descriptor
 * that somebody sent: `own` if it is there too, as in a copy all are, or in none. Needs no read section.
 */
const struct mnt_ns *mnt_ns_of(const struct mnt_ns *own, u64 id);
/* How much of a host path in the mount is that of its root; 0: nobody knows, or the path is not in it (any more). */
u32 mnt_gone_root(u64 id, const char *host, u32 len);

/* The mount through which the sender of that file or directory (the host's numbers) saw it, the last one if there were
 * several; 0: it was not sent, or too many were since. Needs no read section. */
u64 mnt_sent(u64 dev, u64 ino);

/* ---- writing: the warden, and unit tests ---- */

/* What a new mount is made from. Strings are copied into the arena. */
struct mount_spec {
	u64 parent;
	const char *point;  /* host path of the covered place */
	const char *host;   /* host path shown */
	const char *fsroot; /* may be NULL: "/" */
	u32 flags;
	bool imported, dir;
	struct super *sb; /* a reference is taken */
};

/* An empty namespace owned by user_ns (a reference is taken), or NULL (ENOMEM). */
struct mnt_ns *mnt_ns_create(struct user_ns *user_ns);
/* A copy for `user_ns`, O(1): ids stay, and shared mounts are peers of what they were copied from. When user_ns differs
 * from the old owner, everything copied is locked, and a slave of what was shared (locked_upto becomes the highest id
 * so far). NULL: ENOMEM. */
struct mnt_ns *mnt_ns_dup(struct mnt_ns *old, struct user_ns *user_ns);
void mnt_ns_put(struct mnt_ns *ns);

struct super *super_create(enum super_kind kind, const char *fstype, const char *source, const char *options, u32 flags,
			   u64 dev, u64 host_dev);
void super_put(struct super *sb);
/* The options in force, of whom a writer may read; and other ones, cut to SUPER_OPTIONS - 1 bytes. */
const char *super_options(const struct super *sb);
void super_set_options(struct super *sb, const char *options);
/* Called when the last reference on a super goes, before it is freed: the warden removes the
 * directory of a SUPER_TMPFS. NULL: nobody asks. */
extern void (*super_released)(const struct super *sb);

/* A reference on a mount, for who holds on to one that may leave its namespace. */
struct mount *mount_get(const struct mount *m);
void mount_put(struct mount *m);

/*
 * What follows changes the namespace `ns` and, where a mount that takes part is shared, whatever other namespace
 * receives from it: all of them or none.
 */

/* Adds one mount, on top of what is mounted at (spec->parent, spec->point); the first one becomes the root. Returns its
 * id, -EINVAL (no such parent), -ENOSPC (more than MNT_MAX mounts in a namespace) or -ENOMEM. */
s64 mnt_attach(struct mnt_ns *ns, const struct mount_spec *spec);

/*
 * mount(2) with MS_BIND: shows (src, src_host) at (dst, dst_point); with `rec` also every mount
 * below the source place. All or nothing.
 * Returns the new mount's id; -EINVAL (src or dst not in ns, src_host not in src, src is unbindable, or, without
 * `rec`, mounts below the source place that were locked with it: what they hide would show),
 * -EPERM (a mount below is both locked and unbindable), -ENOMEM, -ENOSPC (more than MNT_MAX mounts in a namespace).
 */
s64 mnt_bind(struct mnt_ns *ns, u64 src, const char *src_host, u64 dst, const char *dst_point, bool dir, bool rec);
#define MNT_MAX 100000 /* Linux's fs.mount-max */
/* Would it say -EINVAL of the source? That comes before any look at the target. */
bool mnt_may_bind(const struct mnt_ns *ns, u64 src, const char *src_host, bool rec);

/*
 * The same from one namespace to another, of which one or both may be `detached` (mount(2) by a descriptor's path, and
 * open_tree(2) with OPEN_TREE_CLONE: with dst 0 the copy is a tree of its own).
 */
s64 mnt_bind_from(const struct mnt_ns *from, u64 src, const char *src_host, struct mnt_ns *to, u64 dst,
		  const char *dst_point, bool dir, bool rec);
/* fsmount(2): a tree of one mount (spec's parent and point count for nothing). Returns its id, -ENOSPC or -ENOMEM. */
s64 mnt_new_detached(struct mnt_ns *detached, const struct mount_spec *spec);
/*
 * move_mount(2) of a whole detached tree to (dst, dst_point) in ns, which may be `detached` itself. Ids stay. -EINVAL:
 * `id` is no detached tree's root, or dst is not in ns or in the tree itself; -ENOMEM, -ENOSPC. What becomes of one
 * that nobody wants any more: mnt_umount().
 */
int mnt_attach_detached(struct mnt_ns *detached, u64 id, struct mnt_ns *ns, u64 dst, const char *dst_point);

/*
 * mount_setattr(2): clears and sets per-mount flags, and sets the propagation (MS_SHARED, MS_SLAVE, MS_PRIVATE or
 * MS_UNBINDABLE; 0: as it is); with `rec` also of all mounts below; of all or of none. -EINVAL: no such mount, or
 * another type; -EPERM: one is locked and would lose MS_RDONLY, NOSUID, NODEV or NOEXEC; -ENOMEM.
 */
int mnt_set_attr(struct mnt_ns *ns, u64 id, u32 set, u32 clear, u32 type, bool rec);
/* MS_REMOUNT|MS_BIND: sets the per-mount flags. -EINVAL: no such mount; -EPERM: it is locked and
 * would lose MS_RDONLY, NOSUID, NODEV or NOEXEC; -ENOMEM. */
int mnt_reconfigure(struct mnt_ns *ns, u64 id, u32 flags);
/*
 * umount2(2) of the mount itself; `detach` (MNT_DETACH) takes everything below it along.
 * -EINVAL: no such mount, the root, or locked; -EBUSY: it has mounts below it and !detach; -ENOMEM.
 */
int mnt_umount(struct mnt_ns *ns, u64 id, bool detach);
/* A file or directory that is seen through it is about to be sent: for mnt_sent(), and for mnt_gone() of who receives
 * it in another namespace. */
void mnt_send(const struct mount *m, u64 dev, u64 ino);
/* MNT_EXPIRE: 0: it is marked, and may go. -EAGAIN: now it is; -EINVAL, -EBUSY, -ENOMEM as mnt_umount() without
 * `detach`. */
int mnt_expire(struct mnt_ns *ns, u64 id);
/* Somebody has been in it. 0 or -ENOMEM. */
int mnt_used(struct mnt_ns *ns, u64 id);
/* Would it, without `detach`, take off all mounts of its file system in all namespaces? The mount is there. */
bool mnt_umount_takes_all(struct mnt_ns *ns, u64 id);
/* Calls fn for that mount, and with `rec` for those below it, where none but these shows its file system, until it
 * returns non-zero, which is returned. Else 0 or -ENOMEM. */
int mnt_each_alone(const struct mnt_ns *ns, u64 id, bool rec, int (*fn)(const struct mount *m, void *arg), void *arg);
/* Some task is about to have that host path as its root, which is to follow its names from now on. 0 or -ENOMEM. */
int mnt_hold_root(const char *path);
/* What is at that path and below it has gone without a name having changed: nobody holds roots there any more. */
void mnt_forget_roots(const char *path);
/* Is some mount in any namespace mounted at or below that host path, or does it show what is there, or one that was
 * taken off and that a descriptor is on, or is a root held there? */
bool mnt_path_used(const char *path);
/* The longest host path that a walk comes to: nameidata.tail and a NUL follow it. */
#define HOST_PATH_MAX (PATH_MAX - 3U)
/* Would a walk come to all mounts, what they show and all roots, if what is at `from` had a path of to_len bytes? */
bool mnt_path_fits(const char *from, size_t to_len);
/*
 * Names have changed on the host, all at once, and mounts follow in every namespace: what is mounted at or below them,
 * and what shows what is there, and roots that are held: the first move that fits a path counts. From a name that has
 * gone what is mounted on it is taken off. 0 or -ENOMEM.
 */
int mnt_paths_moved(const struct path_move *moves, unsigned nr);
/* Does a mount in any namespace show that file (a host path)? */
bool mnt_file_shown(const char *host);
/* unlink(2) has taken its name, and it stands at host path `to` from now on. 0 or -ENOMEM. */
int mnt_file_unlinked(const char *from, const char *to);
/* MS_MOVE. -EINVAL (not there, locked, mounted in a shared one, or it has something unbindable and the target
 * is shared), -ELOOP (the target is below it, as everything is below the root), -ENOMEM, -ENOSPC (more than MNT_MAX
 * mounts in a namespace that receives). */
int mnt_move(struct mnt_ns *ns, u64 id, u64 dst, const char *dst_point);
/*
 * move_mount(2) with MOVE_MOUNT_BENEATH: the mount, or the whole detached tree, goes between mount `over` and what that
 * is mounted in. `from` is `detached` or `to`. -EINVAL: as mnt_move() or mnt_attach_detached(); or `over` is not there,
 * locked, a tree's root, or above `id`; `id` is covered itself; or what is mounted in its place would be passed on to
 * its own root or that of `id`; -ELOOP: it is below `id`; -ENOMEM, -ENOSPC.
 */
int mnt_move_beneath(struct mnt_ns *from, u64 id, struct mnt_ns *to, u64 over);
/*
 * pivot_root(2): new_root takes the place of old_root (which need not be the namespace's root: a
 * task may live in a chroot), old_root moves to (put_mnt, put_point), which may be the new root
 * itself. -EINVAL: one is not there, new_root is locked, put_mnt is not at or below new_root, or put_mnt or what one
 * of the roots is mounted in is shared; -EBUSY: new_root or put_mnt is old_root; -ENOMEM.
 */
int mnt_pivot(struct mnt_ns *ns, u64 new_root, u64 old_root, u64 put_mnt, const char *put_point);

/*
 * move_mount(2) with MOVE_MOUNT_SET_GROUP: a private mount is from now on what `src` is: its peer, a slave of the same
 * group. -EINVAL: one is not there, dst is not private, src is; they show different file systems, or dst something
 * that src does not show or has locked mounts over; -ENOMEM.
 */
int mnt_set_group(struct mnt_ns *src_ns, u64 src, struct mnt_ns *ns, u64 dst);

#endif
