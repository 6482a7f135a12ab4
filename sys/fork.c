/* SPDX-License-Identifier: MIT */
/* clone(2) without CLONE_VM, which is fork(2): a child with a copy of the memory. */
#include "sys/fork.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/fail.h"
#include "host/heap.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "kernel/mm.h"
#include "kernel/refs.h"
#include "signal/signal.h"
#include "sys/patch.h"
#include "sys/ptrace.h"
#include "sys/sem.h"

/* One order: call sites, the filters, the tasks' blocks, the task itself, then the contexts, the heap last, because the
 * others allocate while they hold theirs. */
static void lock_all(struct task *task)
{
	patch_lock();
	limit_lock();
	mutex_lock(&mm.seccomp_lock);
	mutex_lock(&mm.tasks_lock);
	task_lock(task);       /* /proc may be looking at us */
	if (!task->fs->shared) /* a shared one is no copy in the child: it must not be unlocked twice */
		mutex_lock(&task->fs->lock);
	mutex_lock(&task->files->lock);
	mutex_lock(&task->sem->lock);
	refs_lock();
	sighand_lock(task->sighand);
	heap_lock();
}

void fork_unlock(struct task *task)
{
	heap_unlock();
	sighand_unlock(task->sighand);
	refs_unlock();
	mutex_unlock(&task->sem->lock);
	mutex_unlock(&task->files->lock);
	if (!task->fs->shared)
		mutex_unlock(&task->fs->lock);
	task_unlock(task);
	mutex_unlock(&mm.tasks_lock);
	mutex_unlock(&mm.seccomp_lock);
	limit_unlock();
	patch_unlock();
}

bool fork_lock(struct task *task)
{
	lock_all(task);
	/* The reference on where it moved to is this memory's alone: it may not be copied. */
	if (!atomic_load(&task->fs->moved))
		return true;
	fork_unlock(task);
	follow_fs(task);
	return false;
}

void fork_alone(struct task *task, bool shares_sem)
{
	tasks_forget_others(task);
	ptrace_release(task);
	if (!task->fs->shared)
		atomic_store(&task->fs->users, 1);
	atomic_store(&task->files->users, 1);
	sighand_alone(task->sighand);
	sem_undo_alone(task->sem, shares_sem);
	sem_undo_join(task, task->host_tgid);
	atomic_store(&task->nsproxy->users, 1);
	atomic_store(&task->cred->users, 1);
}

void task_identify(struct task *task)
{
	task->host_tid = host_gettid();
	task->host_tgid = (s32)host_call0(__NR_getpid);
	task->tid = pid_to_guest(&arena()->pids, task->host_tid);
	task->tgid = pid_to_guest(&arena()->pids, task->host_tgid);
}

void task_identify_new(struct task *task)
{
	const struct pid_map *map = &arena()->pids;

	task_identify(task);
	/* An entry of the host's number is that of somebody who had it before. */
	task->tid = pid_of_new(map, atomic_load(&map->seq), task->host_tid);
	if (task->host_tgid == task->host_tid)
		task->tgid = task->tid;
}

/* What a child with its own memory gets that is not just the copy of what the parent has. */
struct fork_contexts {
	struct fs_struct
	    *fs; /* a reference on the shared one, or a private copy of it; NULL: the copied memory will do */
	struct nsproxy *nsproxy; /* new namespaces, NULL: the parent's */
	struct cred *cred;
};

static int fork_prepare_fs(struct task *task, u64 flags, struct fs_struct **out)
{
	int err;

	*out = NULL;
	if (!(flags & CLONE_FS)) {
		if (task->fs->shared)
			*out = dup_fs(task->fs);
		return task->fs->shared && !*out ? -ENOMEM : 0;
	}
	err = share_fs(task);
	if (err)
		return err;
	atomic_fetch_add(&task->fs->users, 1);
	*out = task->fs;
	return 0;
}

static void fork_contexts_put(struct fork_contexts *new, const struct files_struct *files)
{
	put_fs(new->fs);
	put_nsproxy(new->nsproxy, files);
	if (new->cred)
		put_cred(new->cred);
}

static int fork_prepare(struct task *task, u64 flags, struct fork_contexts *new)
{
	int err = flags & CLONE_SYSVSEM ? sem_undo_share(task) : 0;

	if (!err)
		err = fork_prepare_fs(task, flags, &new->fs);
	if (!err)
		err = unshare_namespaces(flags, task, &new->nsproxy, &new->cred);
	if (err)
		fork_contexts_put(new, NULL);
	return err;
}

/* Everything is ready for the copy, and every signal blocked. */
static int fork_prepare_and_lock(struct task *task, u64 flags, struct fork_contexts *new)
{
	int err = fork_prepare(task, flags, new);

	if (err)
		return err;
	signal_block_all();
	while (!fork_lock(task)) {
		/* Another thread's step has made the fs a shared one. */
		put_fs(new->fs);
		err = fork_prepare_fs(task, flags, &new->fs);
		if (err) {
			fork_contexts_put(new, NULL);
			return err;
		}
	}
	return 0;
}

static void fork_child(struct task *task, u64 flags, struct fork_contexts *new)
{
	task->sig_held = 0; /* what is pending is not inherited */
	mm.nr_held = 0;
	if (!(flags & CLONE_FILES)) {
		host_files_unshared(task, task->files->own);
		task->files->own = NULL;
	}
	fork_alone(task, flags & CLONE_SYSVSEM);
	if (new->fs)
		task->fs = new->fs;
	if (new->nsproxy) {
		put_nsproxy(task->nsproxy, task->files);
		task->nsproxy = new->nsproxy;
	}
	if (new->cred)
		commit_creds(task, new->cred);
}

s64 clone_copy(struct task *task, const struct clone_request *req)
{
	struct host_settid settid = host_settid(req, NULL);
	struct fork_contexts new = {0};
	struct own_fd *note = NULL;
	u64 id;
	s64 tid;
	int err = fork_prepare_and_lock(task, req->flags, &new);

	if (err)
		return err;
	id = mm_new_id();
	if (req->flags & CLONE_FILES)
		note = own_fds_unborn(new.nsproxy ?: task->nsproxy, id);
	/* On the parent's stack: the child has a copy of it, this frame included. */
	task->clone_seq = atomic_load(&arena()->pids.seq);
	tid = allocation_fails() ? -ENOMEM : host_call5(__NR_clone, settid.flags, 0, settid.ptid, req->ctid, req->tls);
	if (tid == 0) {
		/* Who looks at a process by its number has found the parent's contexts in the copied memory. */
		atomic_store(&task->state, TASK_NEW);
		task_identify_new(task); /* before any lock is touched */
		mm.id = id;
		own_fds_born(note, task->host_tgid);
		fork_unlock(task);
		fork_child(task, req->flags, &new);
		atomic_store(&task->state, TASK_RUNNING);
		clone_finish_child(task, req);
	} else {
		fork_unlock(task);
		own_fds_born(note, (s32)MAX(tid, 0));
		/* In the parent's memory these are only what the child was given a copy of; a shared fs
		 * keeps the child's count. */
		if (tid > 0 && (req->flags & CLONE_FS))
			new.fs = NULL;
		fork_contexts_put(&new, tid < 0 ? NULL : task->files);
		if (tid > 0)
			tid = clone_finish_parent(task, req, &settid, (s32)tid);
	}
	return tid;
}
