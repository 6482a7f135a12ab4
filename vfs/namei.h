/* SPDX-License-Identifier: MIT */
/*
 * The path walk (path_resolution(7)) over the guest's mount tree. Every path argument of every
 * system call goes through here, and comes out as a place (mount, host path) with an O_PATH
 * descriptor, so that what follows acts on descriptors and cannot be raced.
 */
#ifndef SECEDE_VFS_NAMEI_H
#define SECEDE_VFS_NAMEI_H

#include "kernel/task.h"

#ifndef AT_FDCWD
#define AT_FDCWD (-100)
#endif

/* How to walk. */
#define LOOKUP_FOLLOW	 0x01 /* follow a final symlink */
#define LOOKUP_DIRECTORY 0x02 /* the result must be a directory (ENOTDIR) */
#define LOOKUP_EMPTY	 0x04 /* an empty name means dfd itself (AT_EMPTY_PATH) */
#define LOOKUP_PARENT	 0x08 /* stop before the last component */
#define LOOKUP_NOFD	 0x10 /* do not open: only the place */
#define LOOKUP_CREATE	 0x20 /* of open(2) alone, not for path_lookup(): the last component may be missing */
#define LOOKUP_LAZY                                                                                                    \
	0x40		   /* the caller needs no host path: it may be missing (len 0), and so may                     \
			    * the mount (mnt 0: one that the host had, shown at its own path) */
#define LOOKUP_FDLESS 0x80 /* with a full descriptor table, succeed without a descriptor */
/* openat2(2)'s RESOLVE_* bits, 16 of them, shifted past those above. */
#define LOOKUP_RESOLVE_SHIFT 8
/* A place without a descriptor (fd -1) does where a path alone leads there: place_reach(). It may not exist, and with
 * LOOKUP_FOLLOW it may be a symlink: who finds that asks again without this. */
#define LOOKUP_UNSEEN 0x02000000
/* With that: a descriptor would be of little help, through which the call takes three times as long. */
#define LOOKUP_DEAR 0x10000000
/* The place may be without a host path (len 0) because it is too deep for one; so it is with LOOKUP_PARENT and LAZY. */
#define LOOKUP_DEEP 0x04000000
/* To have been there does not count as use of the mount (MNT_EXPIRE). */
#define LOOKUP_NO_EXPIRE 0x08000000

/* Of a mount of proc: see struct super. */
struct proc_view {
	u32 hides, gid;
};

/* What a walk found. path_release() gives everything back. About 8 KiB: mind the kernel stack. */
struct nameidata {
	u64 mnt;	   /* mount that the place is seen through */
	u32 mnt_flags;	   /* its flags and its file system's, or-ed: MS_RDONLY, MS_NOEXEC, ... */
	u64 dev, host_dev; /* of its super: st_dev to show where the host says host_dev */
	int fd;		   /* O_PATH on the place, or on the parent with LOOKUP_PARENT; -1 if none.
			    * AT_FDCWD when the parent is the working directory */
	bool borrowed;	   /* fd belongs to the guest (dfd itself): not ours to close */
	const char *near;  /* without fd: the caller's name, which leads there from `near_dfd`; NULL: `host` does */
	int near_dfd;
	bool limited; /* the mount shows a tmpfs that has limits (vfs/tmpfs.h) */
	bool proc;    /* the mount shows proc: see nd_proc_rel() */
	bool devpts;  /* a guest has mounted devpts there: vfs/devpts.h */
	struct proc_view view;
	bool magic;	     /* the way leads through a magic link of proc that the host must follow */
	bool gone;	     /* it is where the name begins, and removed: what has its path now is another one */
	char tail;	     /* what follows the last component: 0, '/' or '.' ("/."): it must be a directory */
	u32 len;	     /* of host */
	u32 begun;	     /* and of the directory where the name began */
	char host[PATH_MAX]; /* host path of the place (of the parent with LOOKUP_PARENT) */
	/* with LOOKUP_PARENT: */
	u32 last_len;
	bool trailing_slash;
	enum { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT } last_type;
	char last[NAME_MAX + 1];
};

/* One host call reaches the place so, with these AT_* flags; a descriptor with an empty path. */
struct reach {
	int dfd;
	const char *path;
	int flags;
};
struct reach place_reach(const struct nameidata *nd);

/*
 * Resolves `name` (already in the runtime's memory) relative to dfd (AT_FDCWD: the task's pwd).
 * Returns 0 or -errno: ENOENT (also an empty name without LOOKUP_EMPTY), ENOTDIR, EACCES, ELOOP
 * (more than 40 symlinks), ENAMETOOLONG (a component over 255, the path or its translation over
 * 4095), EBADF, EXDEV (RESOLVE_*), EMFILE.
 */
int path_lookup(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd);
/* The same with the name in guest memory. EFAULT, ENAMETOOLONG. */
int user_path(struct task *task, int dfd, u64 uname, unsigned flags, struct nameidata *nd);
void path_release(struct nameidata *nd);

/* The path below proc's root of a place with nd->proc, for vfs/proc.h. Its length, or -ENAMETOOLONG. */
int nd_proc_rel(struct task *task, const struct nameidata *nd, char *buf, size_t size);

/*
 * open(2) through the walk: one openat2 where the path has no symlink. Returns a host descriptor
 * that is the guest's to keep, with its place noted in the task's files. Emulated files of /proc
 * come from vfs/proc.h. `resolve` is openat2(2)'s.
 */
int do_filp_open(struct task *task, int dfd, const char *name, u64 oflags, u32 mode, u64 resolve);

/* A descriptor with O_PATH on what a lookup found, noted likewise: the guest's, or -errno. */
int open_path_fd(struct task *task, const struct nameidata *nd, bool cloexec);

/* The guest's path of a place as seen from the task's root: getcwd(2), /proc/self/cwd.
 * Returns the length without NUL, -ERANGE when it does not fit, -ENOENT when unreachable
 * (the text is then "(unreachable)/..." as the kernel writes it). */
int path_to_guest(struct task *task, u64 mnt, const char *host, char *buf, size_t size);
/* As the links of proc say it, of a mount in a namespace, up to the top of which it goes where that is not below the
 * task's root: in another one than the task's, nothing is. The length, or -ENAMETOOLONG. */
int place_text(struct task *task, const struct mnt_ns *ns, u64 mnt, const char *host, char *buf, size_t size);

/* Does the descriptor stand for a tree of mounts (vfs/tree_fd.c)? */
bool fd_is_tree(int fd);
/* Where a guest's directory descriptor stands: mount and host path. 0, -EBADF, -ENOTDIR when it is none. */
int fd_place(struct task *task, int fd, struct nameidata *nd);
/* The host path of what is open there; AT_FDCWD: of where the host's thread stands, which is in line. Its length, at
 * most HOST_PATH_MAX, without a NUL behind it; -ENAMETOOLONG: it is too deep for one; -ENOENT: it is removed, or has
 * none below the thread's root. */
long host_path(int fd, char host[PATH_MAX]);
/* The host path of the directory where the host's thread stands, which is too deep for getcwd(2): most likely `name`
 * behind `old`. The caller's reference; -ENAMETOOLONG (64 KiB), -ENOMEM, -EACCES (a directory above may not be read).
 */
int deep_pwd(const struct hpath *old, const char *name, struct hpath **path);
/* Where the task's working directory stands, without a path if it is too deep. Should it have been renamed, the host's
 * word counts. */
int pwd_place(struct task *task, struct nameidata *nd);
/* The st_dev that a mount shows where the host says `dev`. */
u64 mount_dev(struct task *task, u64 mnt, u64 dev);
/* Fills in the mount through which the tree shows nd->host by default. */
void host_place(struct task *task, struct nameidata *nd);
/* Are both seen through one mount? What is too deep for a path may be known only as shown at its own path (mnt 0): then
 * the host is to say so of the rest. */
bool same_mount(struct task *task, const struct nameidata *a, const struct nameidata *b);
/* Is the place, whose host path must be known, the root of its mount? */
bool is_mount_root_place(struct task *task, const struct nameidata *nd);
/* Where the host had to follow a magic link to an open file (nd->magic): the place that this is. -EINVAL: it has none.
 */
int nd_behind_magic(struct task *task, struct nameidata *nd);
/* Does nd's host path still lead to the file that the descriptor has? */
bool nd_still_there(const struct nameidata *nd, int fd);
/* With LOOKUP_PARENT: where is the directory by now? nd->host as the host says; empty if it has no path. */
void nd_look_again(struct nameidata *nd);
/* The flags of the mount that a descriptor of any kind is known to be seen through; 0 when nothing is noted. */
u32 fd_mnt_flags(struct task *task, int fd);

/* Goes down into what is mounted on nd's place, through a whole stack. Inside a read section. */
bool nd_cross_mounts(const struct mnt_ns *ns, struct nameidata *nd);

/* The text of /proc/thread-self/fd/N, by which the host reaches a descriptor's place. buf has FD_PATH_SIZE bytes. */
#define FD_PATH_SIZE 320
void fd_path(char *buf, int fd);

/*
 * A directory or symlink of that name has been renamed or removed on the host: when this returns, the directory cache
 * knows in all processes, and what is remembered of a directory (vfs/recent.c) has been forgotten.
 */
void dcache_changed(const struct task *task, const char *name, size_t len, bool directory);
/* The same for a file whose mode, owner or access list has changed: if it is a directory, others may search it now. */
void dcache_mode_changed(const struct task *task, int fd);

/* A thread of this process may not read arch_ticks() any more: without them there is no directory cache. */
void dcache_forbid_ticks(void);

/* Brings the host thread's cwd and umask in line with task->fs. Called before every call whose
 * meaning depends on them. */
void fs_sync(struct task *task);

#endif
