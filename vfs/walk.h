/* SPDX-License-Identifier: MIT */
/* What the parts of the walk share with each other, and with nobody else. */
#ifndef SECEDE_VFS_WALK_H
#define SECEDE_VFS_WALK_H

#include "kernel/ns/mnt_group.h"
#include "vfs/namei.h"

#define RESOLVE_OF(flags) ((flags) >> LOOKUP_RESOLVE_SHIFT & 0xffff)
#define MAXSYMLINKS	  40

/* Not an errno, and never the guest's: a symlink is where the slow walk had found none. Walk again. */
#define EWALKRACED   530
#define RACE_RETRIES 4 /* how often before it counts as ELOOP */

/* Never the guest's either: a directory is too deep for a path (vfs/deep.c). */
#define ETOODEEP 531
static inline bool is_too_deep(long err)
{
	return err == -ETOODEEP || err == -ENAMETOOLONG;
}

/* How one host call reaches what a walk found. */
struct target {
	int dfd;
	const char *path;
};

/* Has the host no openat2(2), or a filter before it (which may say EPERM of what it does not know)?
 * Then, and at worst for nothing, the slow walk and openat(2) do its work. */
static inline bool openat2_missing(long err)
{
	return err == -ENOSYS || err == -EPERM;
}

/* ---- place.c ---- */

/* No place yet, no descriptor. */
/* A walk has ended there: if umount2(2) has marked the mount (MNT_EXPIRE), it is in use again. */
void nd_unexpire(struct task *task, const struct nameidata *nd);
static inline void nd_used(struct task *task, const struct nameidata *nd)
{
	if (nd->mnt_flags & MNT_EXPIRING)
		nd_unexpire(task, nd);
}

void nd_init(struct nameidata *nd);
/* Takes over what `m` says of itself (NULL: a mount that is not, or no longer, in the namespace). */
void nd_set_mount(struct nameidata *nd, const struct mount *m);
/* The same for the mount with that number, in whosever namespace it is. False: it is not in the task's. */
bool nd_use_mount(struct task *task, struct nameidata *nd, u64 mnt);
/* In that namespace alone. */
bool nd_use_mount_in(const struct mnt_ns *ns, struct nameidata *nd, u64 mnt);
/* The mount through which the tree of that namespace shows nd->host by default; nd->mnt becomes 0 when it does not. */
void mount_of_host(const struct mnt_ns *ns, struct nameidata *nd);
/* Appends a component. False: too long, or nd has no host path. */
bool nd_append(struct nameidata *nd, const char *name, size_t len);
/* Is the mount one that the host had, shown at its own path? Then a descriptor needs no note. (What a guest has mounted
 * on itself it is likely to change, as by making it read-only.) */
bool mount_is_plain(const struct mnt_ns *ns, u64 id);
void root_place(struct task *task, struct nameidata *nd);
/* nd's mount number and host path; a working directory may be too deep for one. */
void nd_copy_place(struct nameidata *nd, const struct path *place);
/* The file that fstat(2) has described has no note: if it was sent by somebody who knew its mount, or is a namespace,
 * it has one from now on. */
struct stat;
bool fd_note_sent(struct task *task, int fd, const struct stat *st, struct fd_info *note);
/* Which mount a directory descriptor is seen through, without asking for its path: 0 when it has no note. */
u64 fd_mount(struct task *task, int fd);
/* For who looks at a file only: is nothing noted of the descriptor, or a mount of whose files he sees what the host
 * says? Then it is no matter whether the number still means that file, about which the host would have to be asked. nd
 * gets the mount. */
bool fd_mount_is_no_matter(struct task *task, int fd, struct nameidata *nd);
/* The same for the working directory, with the host's in line. 0 or -errno. */
int pwd_mount(struct task *task, u64 *mnt);
/* Where a relative name starts: dfd must be a directory. 0 or -errno, among them -ETOODEEP. */
int base_place(struct task *task, int dfd, struct nameidata *nd);
/* The place that dfd stands for, which need not be a directory. */
int dfd_place(struct task *task, int dfd, struct nameidata *nd);

/* ---- namei.c ---- */

/* path_lookup() of a name that is not empty, without LOOKUP_PARENT, where host paths are short enough; else
 * is_too_deep(). */
int lookup_by_path(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd);

/* ---- deep.c ---- */

/* A way through directories that are too deep, and how far it was gone. */
struct approach {
	struct task *task;
	int dfd; /* where we are, seen through that mount (0 as in struct nameidata), */
	u64 mnt;
	bool own;	  /* which is not the guest's */
	bool deep;	  /* It has no host path. */
	bool follow;	  /* a symlink at the end */
	u32 links;	  /* symlinks followed so far */
	u32 at;		  /* what is left of the name begins here in `text` and ends where it ends */
	const char *name; /* the same for the caller */
	char text[2 * PATH_MAX];
};

/*
 * Goes along a name, which is relative, as far as it may lead through directories that are too deep. 0: a->name is to
 * be looked up from a->dfd, where it is one component and no symlink to be followed if a->deep says that nobody but
 * the host knows; or -errno, with nothing to give back.
 */
int approach(struct task *task, int dfd, const char *name, bool follow, struct approach *a);
void approach_end(struct approach *a);

/* ---- deep_path.c ---- */

/* Can the host say where that is? AT_FDCWD: the host's thread, which is in line. */
bool has_host_path(int dfd);
/* The host's thread goes there. 0 or -errno. */
int chdir_deep(const struct hpath *path);

/* ---- tree_fd.c ---- */

/* If the descriptor that fstat(2) described is such a one: nd becomes the root of the tree, which the task may name to
 * the warden from now on. */
bool tree_place(struct task *task, int fd, const struct stat *st, struct nameidata *nd);

/* ---- lexical.c ---- */

/*
 * The fast pass: no host call on the way. 0: one host call on `t`, which must refuse symlinks,
 * reaches the place; 1: only the slow walk can tell; or -errno.
 */
int walk_lexical(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd, struct target *t);
/* One step up from nd's place: 0; 1: it was at `root`, or has nothing above it, and stayed; -ENOENT: the place has
 * left its mount. Inside a read section. */
int nd_dotdot(const struct mnt_ns *ns, const struct path *root, struct nameidata *nd);

/* The next component of *p, which moves behind it. False: there is none. */
struct component {
	const char *s;
	size_t len;
};
static inline bool next_component(const char **p, struct component *c)
{
	while (**p == '/')
		(*p)++;
	for (c->s = *p; **p && **p != '/'; (*p)++)
		;
	c->len = (size_t)(*p - c->s);
	return c->len;
}
static inline bool is_dot(const struct component *c)
{
	return c->len == 1 && c->s[0] == '.';
}
static inline bool is_dotdot(const struct component *c)
{
	return c->len == 2 && c->s[0] == '.' && c->s[1] == '.';
}

/* ---- dcache.c ---- */

/* May the task believe what stands in the cache? */
bool dcache_usable(const struct task *task);
/* The task has followed the symlink at that host path: another time that may be known. */
void dcache_tell(const struct task *task, const char *path, size_t len);
/* May the host be asked about the target, nd's place, by its path, although that call follows symlinks on the way?
 * Then place_reach() says so. */
bool dcache_reaches(struct task *task, struct nameidata *nd, const struct target *t);
/* It may not, and a descriptor had to be made: when that is so often, the directory is told to the warden. `flags` of
 * the lookup. */
void dcache_missed(const struct task *task, const struct nameidata *nd, const struct target *t, unsigned flags);
/* Is that host path known to be a directory that may be searched, with no symlink on the way? */
bool dcache_has_directory(const struct task *task, const char *path, size_t len);
/* It is not, and the host had to be asked: as for dcache_missed(). */
void dcache_missed_directory(const struct task *task, const char *path, size_t len, unsigned flags);

/* May this thread read arch_ticks()? */
bool dcache_ticks_readable(void);

/* ---- recent.c ---- */

/* When the host was asked about a target, and dcache_seq() before; seq 0: what comes of it is not to be remembered. */
struct recent_mark {
	u64 seq, ticks;
};
/* Before the host is asked. */
struct recent_mark recent_begin(void);
/* It was, refused symlinks, and has found the target. */
void recent_keep(struct task *task, const struct nameidata *nd, const struct target *t, struct recent_mark mark);
/* It was opened as a directory, in the same way. */
void recent_keep_directory(struct task *task, const struct nameidata *nd, const struct target *t,
			   struct recent_mark mark);
/* The host has been asked about nd's place by its path, and it is a directory. */
void recent_enter(struct task *task, const struct nameidata *nd);
/* Is the directory of the target remembered? Then t->path may be used as in dcache_reaches(). */
bool recent_reaches(const struct task *task, const struct nameidata *nd, const struct target *t);

/* ---- dpath.c ---- */

/* The root mount of a namespace as a place, which the caller puts. 0 or -ENOMEM. */
int ns_root(const struct mnt_ns *ns, struct path *out);

/* The path of a place below `root`, written to the end of buf; NULL: it is not below. Inside a read section. */
char *dpath_below(const struct mnt_ns *ns, const struct path *root, u64 mnt, const char *host, char *buf, size_t size);

/* What mnt_peer_numbers() says to a process with that root. Inside read sections of the namespace and of the groups. */
void peer_numbers_below(const struct mnt_ns *ns, const struct path *root, const struct mount *m,
			struct peer_numbers *out);

/* ---- slow.c ---- */

/*
 * The complete walk: nd becomes the place, its host path without symlinks (but see nd->magic).
 * The last component is known to exist, unless LOOKUP_CREATE is given.
 */
int walk_slow(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd);
/*
 * The same without a host call: symlinks are those that the directory cache has, all else is a guess, as in the fast
 * pass. 0; 1: only the slow walk can tell.
 */
int walk_cached(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd);
/* The host call that reaches the place: nd->host, to which nd->tail is appended until nd_target_done(). */
void nd_target(struct nameidata *nd, struct target *t);
void nd_target_done(struct nameidata *nd);

/*
 * The name of an entry below `parent`, which is in proc, as the host has it, where that is the number of a task. Its
 * length; 0: it is the same. (vfs/proc_pids.c)
 */
#define PROC_NUMBER_SIZE 12
size_t proc_number_to_host(struct task *task, const struct nameidata *parent, const struct component *c,
			   char buf[PROC_NUMBER_SIZE]);

#endif
