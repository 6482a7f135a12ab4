/* SPDX-License-Identifier: MIT */
/* What sys/process.c, sys/fork.c and sys/rehost.c share: how a task comes to be. */
#ifndef SECEDE_SYS_FORK_H
#define SECEDE_SYS_FORK_H

#include "kernel/task.h"

/* clone(2) without CLONE_VM: the child has a copy of the memory. The child's host number, 0 in the child, or -errno. */
s64 clone_copy(struct task *task, const struct clone_request *req);

/*
 * prctl(PR_SECEDE_LEAVE), and the fork(2) that follows it: where the task goes on it returns 0, in the thread that it
 * was the number of the new process.
 */
s64 fork_will_leave(struct task *task, u64 flags);
s64 leave_by_fork(struct task *task, const struct clone_request *fork);

/*
 * clone(2) has one pointer for the pidfd and for the tid, and a block of the runtime may need that one (`slot`, else
 * NULL): there the host stores the child's tid when there is a child, whoever is killed then. What the host cannot
 * store for the guest, the parent does, and a child in the same memory before it does anything else.
 */
struct host_settid {
	u64 flags, ptid;
	bool by_hand;
};
struct host_settid host_settid(const struct clone_request *req, s32 *slot);
/* What is left to do when the host has made child `host`: the number by which guests know it. */
s32 clone_finish_parent(const struct task *task, const struct clone_request *req, const struct host_settid *settid,
			s32 host);

/* The child's last steps before it leaves for the guest, of any kind of clone. */
void clone_finish_child(struct task *child, const struct clone_request *req);

/*
 * Everything that another thread could be in the middle of is whole between these two: for the moment in which memory
 * is copied. False: the task's fs has become another one, and nothing is locked.
 */
bool fork_lock(struct task *task);
void fork_unlock(struct task *task);
/* In the copy: nobody else is here, whatever the counts say; the list of adjustments is shared elsewhere, or empty. */
void fork_alone(struct task *task, bool shares_sem);

/* Asks the host who the calling thread is, and the map under which numbers guests know it. */
void task_identify(struct task *task);
/* The same for one that the host has just made. */
void task_identify_new(struct task *task);

/* The way on for a thread whose number is not the host's: from now on it is asked of us (sys/filter.c). */
void trap_numbers(struct task *task);

#endif
