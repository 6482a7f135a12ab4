/* SPDX-License-Identifier: MIT */
/* exit: a task lets go of its contexts. */
#include "kernel/task.h"

/* One by one: what a killed task had not put yet is put by the one who takes its block back. */
void put_contexts(struct task *task)
{
	struct seccomp_filter *filter;
	struct cred *cred;

	put_unshared(&task->leaving, task->files);
	task_lock(task);
	drop_sem_undo(&task->sem); /* while there is still a handle to the warden */
	drop_nsproxy(&task->nsproxy, task->files);
	drop_sighand(&task->sighand);
	drop_files(&task->files);
	drop_fs(&task->fs);
	cred = task->cred;
	task->cred = NULL;
	filter = task->seccomp.filter;
	task->seccomp.filter = NULL;
	task_unlock(task);
	put_cred(cred);
	seccomp_put(filter);
}
