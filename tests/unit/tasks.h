/* SPDX-License-Identifier: MIT */
/* Tasks for tests of kernel/: each with contexts of its own, in namespaces that stand in the arena. */
#ifndef SECEDE_TESTS_TASKS_H
#define SECEDE_TESTS_TASKS_H

#include "unit.h"

/* A task of uid 1000 with every capability, pwd "/home", umask 022, one noted descriptor (3, FD_DIR, mount 7),
 * a handler for signal 10, standing in the first namespaces. */
struct task *new_task(void);
/* Another task that shares what `flags` (CLONE_FS, CLONE_FILES, ...) says. */
struct task *new_thread(struct task *of, u64 flags);
void end_task(struct task *task);

struct path place(u64 mnt, const char *host);
void assert_pwd(struct task *task, u64 mnt, const char *host);

/* What is compared to see that a task "is as it was": its pointers, their user counts, and how much there is. */
struct memory {
	struct fs_struct *fs;
	struct files_struct *files;
	struct sighand_struct *sighand, *members;
	struct sem_undo *sem;
	struct nsproxy *nsproxy;
	struct cred *cred;
	u64 fs_users, files_users, sighand_users, sem_users, nsproxy_users, cred_users, fs_seq; /* no padding */
	long live;
};
struct memory remember(const struct task *task);
void assert_as_it_was(const struct task *task, const struct memory *m);

#endif
