/* SPDX-License-Identifier: MIT */
/*
 * Semaphores with SEM_UNDO. The host keeps a task's adjustments as long as it can (kernel/sem.h). A list that it cannot
 * keep is kept by a holder: a process of the warden's, whose own list at the host it is (warden/holder.c). The holder
 * makes the operations with SEM_UNDO, so operation and adjustment are one step for the host as ever, and when the
 * last user has gone it ends, and the host applies what it had.
 */
#ifndef SECEDE_SYS_SEM_H
#define SECEDE_SYS_SEM_H

#include "kernel/task.h"

/* semop(2)'s struct sembuf. */
struct sembuf_guest {
	u16 num;
	int16_t op;
	int16_t flags;
};
#define SEM_UNDO_FLAG	0x1000
#define SEM_NOWAIT_FLAG 04000
#define SEMOPM		500 /* Linux's limit of operations a call; more is E2BIG, whatever they say */

/* ---- sys/sem_list.c: lists that holders have ---- */

/* The warden's number of the list, which is made if there is none: > 0 or -errno. Held: sem->lock. */
s64 sem_list_id(struct task *task, struct sem_undo *sem);
/* The task's list is to be shared beyond its memory: it becomes the warden's. 0 or -errno. */
int sem_undo_share(struct task *task);
/* That process uses the list, too. */
void sem_undo_join(const struct task *task, s32 pid);
/* After execve: the lists of the threads that are no more are not this process's any more. */
void sem_undo_executed(const struct task *task);
/* A child has been waited for: what it had to undo is undone when this returns. */
void sem_undo_settle(const struct task *task);
/* semtimedop(2) on that list; `timeout` {seconds, nanoseconds} may be NULL. Ends with -EINTR when a signal comes. */
s64 sem_list_operate(struct task *task, u32 id, s32 set, const struct sembuf_guest *ops, u32 nr, const s64 *timeout);

/* The same of operations that need not wait, whatever signals come. */
s64 sem_list_adjust(struct task *task, u32 id, s32 set, const struct sembuf_guest *ops, u32 nr);

/* ---- sys/sem_adjust.c: adjustments, one by one ---- */

/* Takes those of these semaphores out of the host's list of this thread and puts them into list `id`. All signals are
 * blocked afterwards. 0 or -errno: some are where they were. */
int sem_adjustments_move(struct task *task, const u64 *key, u32 nr, u32 id);
/* Semaphores remember who operated on them last: that is the task, and not the holder. 0 or -errno, nothing else
 * changes.
 */
s64 sem_claim(s32 set, const struct sembuf_guest *ops, u32 nr);

#endif
