/* SPDX-License-Identifier: MIT */
/* What the parts of the emulated /proc share with each other, and with nobody else. */
#ifndef SECEDE_VFS_PROC_INTERNAL_H
#define SECEDE_VFS_PROC_INTERNAL_H

#include "kernel/task.h"
#include "lib/fmt.h"
#include "vfs/proc.h"

/* "N/rest" or "N/task/T/rest", taken apart; pid is T where it is given, and then process is N, else 0. */
struct proc_name {
	int pid, process;
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
	u64 handle;	  /* socket inode of its handle; 0: it is no guest (vfs/proc.c), and nothing else is known */
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
/* Opens the host's file of that process for reading. A descriptor or -errno. */
int proc_host_open(int pid, const char *name);
/* A file of the host's, line by line. */
#define LINE_MAX (4 * PATH_MAX + 256) /* a name, in which some bytes take four, and what stands before it */
struct lines {
	int fd;
	size_t start, end; /* what has been read and not yet given out */
	char buf[2 * LINE_MAX];
};
/* Of that process, or, with 0, in proc's root. NULL and -errno in *err when that fails. */
struct lines *lines_open(int pid, const char *name, int *err);
void lines_close(struct lines *l);
/* The same in the caller's memory: where the heap is not to grow. 0 or -errno. */
int lines_begin(struct lines *l, int pid, const char *name);
void lines_end(struct lines *l);
/* The next line, with a NUL for its newline, good until the next call; NULL at the end. */
char *next_line(struct lines *l);
/* Reads it whole, with a NUL behind it, and not beyond `size`. The length or -errno. */
long proc_host_read(int pid, const char *name, char *buf, size_t size);

/* ---- proc_name.c ---- */

/* What the reader calls the file that the host has at that path: its length; -EAGAIN: that is its name here, too. */
int proc_file_text(struct task *task, const char *host, char *buf, size_t size);

/*
 * A file's text, written into `out` (which counts what does not fit). 0, -EAGAIN (the host's is right)
 * or -errno. `who` is the reader itself for files that belong to no process.
 */
typedef int (*proc_show)(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_mounts.c ---- */
int show_mounts(struct task *task, const struct proc_task *who, struct fmt *out);
int show_mountinfo(struct task *task, const struct proc_task *who, struct fmt *out);
int show_mountstats(struct task *task, const struct proc_task *who, struct fmt *out);
int show_filesystems(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_facts.c ---- */

/* What the host does not know of a task. */
struct task_facts {
	struct cred cred; /* a copy, with a reference on its groups */
	u64 blocked, ignored, caught;
	u64 pending, shared_pending; /* of the hidden signals, those that wait for the task or its process */
	u32 seccomp;		     /* SECCOMP_MODE_* */
	u32 own_filters;	     /* that the host counts, and that are not the program's */
	bool no_new_privs;
};
/* False: it has gone, or the host keeps its memory from us. */
bool facts_get(const struct proc_task *who, struct task_facts *f);
void facts_put(struct task_facts *f);

/* ---- proc_status.c ---- */
int show_status(struct task *task, const struct proc_task *who, struct fmt *out);
int show_stat(struct task *task, const struct proc_task *who, struct fmt *out);
int show_uid_map(struct task *task, const struct proc_task *who, struct fmt *out);
int show_gid_map(struct task *task, const struct proc_task *who, struct fmt *out);
int show_setgroups(struct task *task, const struct proc_task *who, struct fmt *out);
int show_hostname(struct task *task, const struct proc_task *who, struct fmt *out);
int show_domainname(struct task *task, const struct proc_task *who, struct fmt *out);
int show_max_mnt(struct task *task, const struct proc_task *who, struct fmt *out);
int show_max_uts(struct task *task, const struct proc_task *who, struct fmt *out);
int show_max_user(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_foreign.c ---- */

/* The links of a process in another address space: exe, cwd, root, fd/N. As proc_follow_link(). */
int foreign_follow(struct task *task, const struct proc_name *name, struct nameidata *nd);
/* The text of such a fd/N that leads to no directory; -EAGAIN: the host's is right. */
int foreign_fd_text(struct task *task, const struct proc_name *name, char *buf, size_t size);

/* The mount that such a fd/N is seen through; 0: it cannot be told, or there is none. */
u64 foreign_fd_mount(struct task *task, const struct proc_name *name);

/* ---- proc_fdinfo.c ---- */

/* open(2) of such a fdinfo/N of `who`: a descriptor, -EAGAIN (the host's is right) or -errno. */
int proc_fdinfo_open(struct task *task, const struct proc_name *name, const struct proc_task *who, u64 oflags);

/* ---- proc_link.c ---- */

/* The number behind "fd/", or -1. */
int proc_fd_number(const char *rest);
/* The text of a descriptor on an emulated file. The length or -errno. */
int proc_fd_text(struct task *task, const struct fd_info *info, char *buf, size_t size);

/* Where the program of a task of the session stands. 0, 1: it cannot be told, or -errno. */
int proc_exe_place(struct task *task, int pid, struct nameidata *nd);

/* ---- proc_lists.c ---- */
int show_locks(struct task *task, const struct proc_task *who, struct fmt *out);
int show_children(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_limits.c ---- */
int show_limits(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_maps.c ---- */
int show_maps(struct task *task, const struct proc_task *who, struct fmt *out);
int show_smaps(struct task *task, const struct proc_task *who, struct fmt *out);
int show_smaps_rollup(struct task *task, const struct proc_task *who, struct fmt *out);
int show_numa_maps(struct task *task, const struct proc_task *who, struct fmt *out);

/* ---- proc_ns.c ---- */

/* Is `rest` "ns/X" of a kind that is ours? Then its enum ns_type, else -1. */
int proc_ns_type(const char *rest);
/* "mnt:[4026531841]". The length. */
int proc_ns_text(const struct proc_task *who, int type, char *buf, size_t size);
/* The same of an open descriptor of that kind; -EAGAIN when its handle is gone. */
int proc_ns_fd_text(const struct fd_info *info, char *buf, size_t size);

#endif
