/* SPDX-License-Identifier: MIT */
/* exit: a task lets go of its contexts. */
#include "kernel/task.h"

/* Takes a pointer out of the task: from then on only we know it. */
#define TAKE(task, member)                                                                                             \
	({                                                                                                             \
		__typeof__((task)->member) taken_;                                                                     \
                                                                                                                       \
		task_lock(task);                                                                                       \
		taken_ = (task)->member;                                                                               \
		(task)->member = NULL;                                                                                 \
		task_unlock(task);                                                                                     \
		taken_;                                                                                                \
	})

/* One by one: what a killed task had not put yet is put by the one who takes its block back. */
void put_contexts(struct task *task)
{
	struct cred *cred;

	put_nsproxy(TAKE(task, nsproxy), task->files);
	put_sighand(TAKE(task, sighand));
	put_files(TAKE(task, files));
	put_fs(TAKE(task, fs));
	cred = TAKE(task, cred);
	if (cred)
		put_cred(cred);
	seccomp_put(TAKE(task, seccomp.filter));
}
