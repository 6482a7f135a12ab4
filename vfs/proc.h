/* SPDX-License-Identifier: MIT */
/*
 * The parts of /proc that are the guest's own (proc(5)): everything else there is the host's.
 * `rel` is a path below proc's root, without a leading slash and with pids as numbers, e.g.
 * "1234/ns/mnt" or "sys/kernel/hostname"; the walk has resolved "self" and "thread-self".
 */
#ifndef SECEDE_VFS_PROC_H
#define SECEDE_VFS_PROC_H

#include "vfs/namei.h"

/* Is `rel` a magic link of ours, and where does it lead? For exe, cwd, root, fd/N, ns/X:
 *   0: `nd`'s mnt, host and len are set to the place (no fd)
 *   1: not ours, ask the host
 *   -errno otherwise. */
int proc_follow_link(struct task *task, const char *rel, struct nameidata *nd);
/* The mount that is noted of the task's own descriptor behind a link fd/N; 0: none is, or the link is another one. */
u64 proc_link_mount(struct task *task, const char *rel);
/* In which namespace the mounts of that place are: the process's whose link it is. */
const struct mnt_ns *proc_link_ns(struct task *task, const char *rel);
/* readlink(2) of the same: length, -EAGAIN when it is not ours, or -errno. */
int proc_readlink(struct task *task, const char *rel, char *buf, size_t size);
/*
 * An open emulated file is a memfd with its text, and a note of kind FD_PROC: `sub` tells the file, `mnt` the process
 * (which thread, and above, if it was named as one, of which process).
 */
#define PROC_WRITABLE  0x40 /* what is written there is ours (sys/control.c) */
#define PROC_CAPABLE   0x80 /* whoever opened it had CAP_SYS_ADMIN over its namespace, and gave that along with it */
#define PROC_PID(info) ((int)(u32)(info)->mnt)
/* Which control file is it? CONTROL_NONE: none that was opened for writing. */
int proc_control(const struct fd_info *info);
/* Is its text made anew each time it is read from the beginning? */
bool proc_is_live(const struct fd_info *info);
/* Does that. 0 or -errno, which is read(2)'s. */
int proc_refresh(struct task *task, const struct fd_info *info);
/* After execve: what showed the memory of the old image shows nothing any more. */
void proc_forget_memory(struct task *task);
/* The host's path of the file that the descriptor stands for. False: it does not fit. */
#define PROC_PATH_SIZE 320
bool proc_path(const struct fd_info *info, char *buf, size_t size);
/* open(2) of an emulated file: descriptor, -EAGAIN when it is not ours, or -errno. */
int proc_open(struct task *task, const char *rel, u64 oflags);
/* stat(2) of an emulated ns file (followed): 0 and the numbers, -EAGAIN, or -errno. */
int proc_ns_stat(struct task *task, const char *rel, u64 *dev, u64 *ino);
/* fstat(2) of a descriptor with an FD_NS note: the same numbers. 0 or -EBADF (its handle is gone). */
int proc_ns_fstat(const struct fd_info *info, u64 *dev, u64 *ino);

/* Does that link, of some fd/N of the host's, lead to the arena or to a handle? */
bool proc_link_is_ours(int dirfd, const char *link);
/* Is what stands there not for guests to see: a process, a mapping, a descriptor, a namespace of a kind not built? */
bool proc_hides(const char *rel);
/* The same of a name in the listing of proc's root, of a map_files, and of a PID/ns. */
bool proc_hides_process(const char *name);
bool proc_hides_mapping(const char *name);
bool proc_hides_ns(const char *name);

/* Does the mount's view keep that from the task? 0, -ENOENT, or -EPERM: a process may be seen, but not `entered`.
 * (vfs/proc_hide.c) */
int proc_denies(struct task *task, const struct proc_view *view, const char *rel, bool entered);
/* The same of a place: may the task go there, or have access? */
int proc_may_enter(struct task *task, const struct nameidata *nd);

/* The signals that the host holds for the calling thread itself, and not for its process; none without a proc. 0, or
 * -ENOMEM, -EMFILE, -ENFILE. */
int proc_own_pending(u64 *pending);

/* ---- the numbers of tasks in names and texts (vfs/proc_pids.c) ---- */

/* May guests' numbers be other ones than the host's? Else the rest need not be asked. */
bool proc_numbers_differ(void);
/* Does that directory below proc's root list tasks by their numbers? */
bool proc_lists_tasks(const char *rel);
/* `rel`, with the host's numbers, as guests say it. */
struct fmt;
void proc_rel_to_guest(const char *rel, struct fmt *out);
/* The same of a whole host path; false: there is none in it. */
bool proc_path_to_guest(const char *host, struct fmt *out);
/* The text of the links self and thread-self, as guests read it: its length, -EAGAIN: another link, or the host's text
 * is right, or -errno. */
int proc_self_text(const char *rel, char *buf, size_t size);

/* The children that the host's thread of that number has, dead ones included: *nr host numbers, for kfree(). NULL:
 * there is no memory for them. None, where the host has no such file. */
s32 *proc_children(s32 tid, u32 *nr);
/* The host's number of that process's parent, which a dead one has, too. 0: it is gone, or the host has no proc. */
s32 proc_parent(s32 pid);

/* The handle entry of the arena that a process stands in; NULL when it is no guest of this
 * session. Reads the host's /proc/PID/fd. */
const struct handle *handle_of_pid(int pid);
/* The handle entry with that socket inode, or NULL. */
const struct handle *handle_by_inode(u64 inode);
/* open(2): a descriptor on that namespace, held open through the handle with that inode. */
int proc_ns_open(struct task *task, u64 handle_inode, int type, u64 oflags);

#endif
