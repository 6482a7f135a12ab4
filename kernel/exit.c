/* SPDX-License-Identifier: MIT */
/* exit: a task lets go of its contexts. */
#include "kernel/task.h"

void put_contexts(struct task *task)
{
	struct task old;

	task_lock(task);
	old.fs = task->fs;
	old.files = task->files;
	old.sighand = task->sighand;
	old.nsproxy = task->nsproxy;
	old.cred = task->cred;
	task->fs = NULL;
	task->files = NULL;
	task->sighand = NULL;
	task->nsproxy = NULL;
	task->cred = NULL;
	task_unlock(task);

	put_nsproxy(old.nsproxy, old.files);
	put_sighand(old.sighand);
	put_files(old.files);
	put_fs(old.fs);
	if (old.cred)
		put_cred(old.cred);
}
