/* SPDX-License-Identifier: MIT */
/* What the parts of the emulated /proc share with each other, and with nobody else. */
#ifndef SECEDE_VFS_PROC_INTERNAL_H
#define SECEDE_VFS_PROC_INTERNAL_H

#include "kernel/task.h"
#include "lib/fmt.h"
#include "vfs/proc.h"

/* "N/rest" or "N/task/T/rest", taken apart; pid is T where it is given. */
struct proc_name {
	int pid;
	const char *rest;
};
/* False: `rel` is not below a process. */
bool proc_parse(const char *rel, struct proc_name *out);

/*
 * A process, or thread, of this session that a name below proc stands for. The namespaces are only
 * looked at (arena memory stays mapped), so no reference is held on them.
 */
struct proc_task {
	int pid;
	struct task *own; /* it lives in this address space; NULL: in another */
	u64 handle;	  /* socket inode of its handle */
	struct mnt_ns *mnt;
	struct uts_ns *uts;
	struct user_ns *user;
};
/* False: no guest of this session. */
bool proc_find(struct task *task, int pid, struct proc_task *out);
/* root or pwd (`get`) of a task of this address space, with a reference. 0 or -errno. */
int proc_get_place(struct task *own, int (*get)(struct fs_struct *, struct path *), struct path *out);

/* Writes the host's path of "PID/name" into buf. False: it does not fit. */
bool proc_host_path(char *buf, size_t size, int pid, const char *name);

/*
 * A file's text, written into `out` (which counts what does not fit). 0, -EAGAIN (the host's is right)
 * or -errno. `who` is the reader itself for files that belong to no process.
 */
typedef int (*proc_show)(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_mounts.c ---- */
int show_mounts(struct task *task, const struct proc_task *who, struct fmt *out);
int show_mountinfo(struct task *task, const struct proc_task *who, struct fmt *out);
int show_mountstats(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_status.c ---- */
int show_status(struct task *task, const struct proc_task *who, struct fmt *out);
int show_uid_map(struct task *task, const struct proc_task *who, struct fmt *out);
int show_gid_map(struct task *task, const struct proc_task *who, struct fmt *out);
int show_setgroups(struct task *task, const struct proc_task *who, struct fmt *out);
int show_hostname(struct task *task, const struct proc_task *who, struct fmt *out);
int show_domainname(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_ns.c ---- */

/* Is `rest` "ns/X" of a kind that is ours? Then its enum ns_type, else -1. */
int proc_ns_type(const char *rest);
/* "mnt:[4026531841]". The length. */
int proc_ns_text(const struct proc_task *who, int type, char *buf, size_t size);
/* The same of an open descriptor of that kind; -EAGAIN when its handle is gone. */
int proc_ns_fd_text(const struct fd_info *info, char *buf, size_t size);
/* open(2): a descriptor on that namespace, held open through the handle with that inode. */
int proc_ns_open(struct task *task, u64 handle_inode, int type, u64 oflags);

#endif
