/* SPDX-License-Identifier: MIT */
/*
 * unshare(2): prepare private copies of everything asked for, swap all pointers at once, release
 * the old ones. A failure while preparing leaves the task as it was.
 */
#include "kernel/refs.h"
#include "kernel/task.h"
#include "lib/string.h"

#define UNSHARE_VALID                                                                                                  \
	(CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES | CLONE_SYSVSEM | CLONE_NS_BUILT)

/*
 * What the caller asked for implies more (the documents' 7.2, and Linux's user namespaces). The documents also force
 * handlers to drag the thread group along; here they can be had by themselves, and only Linux does as they say.
 */
static u64 implied_flags(const struct task *task, u64 flags)
{
	if (flags & CLONE_NEWUSER)
		flags |= CLONE_FS;
	/* Alone in its group, a task has none to leave, and its memory is its own affair. */
	if ((flags & CLONE_NEWUSER) && nr_threads(task) > 1)
		flags |= CLONE_THREAD;
	if (!strict_linux() && (flags & CLONE_THREAD))
		flags |= CLONE_VM;
	if (flags & CLONE_VM)
		flags |= CLONE_SIGHAND;
	if (strict_linux() && (flags & CLONE_SIGHAND))
		flags |= CLONE_THREAD;
	if (flags & CLONE_NEWNS)
		flags |= CLONE_FS;
	return flags;
}

/* Linux unshares memory, handlers and thread group only where nothing is shared: -EINVAL. */
static int check_strict(const struct task *task, u64 flags)
{
	if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && nr_threads(task) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && mm_users() > 1)
		return -EINVAL;
	if ((flags & (CLONE_SIGHAND | CLONE_VM)) && atomic_load(&task->sighand->users) > 1)
		return -EINVAL;
	return 0;
}

/* -EINVAL for bits that mean nothing, and for namespaces that are not built. */
static int check_unshare_flags(const struct task *task, u64 flags)
{
	if (flags & ~(u64)UNSHARE_VALID)
		return -EINVAL;
	return strict_linux() ? check_strict(task, flags) : 0;
}

/* A new user namespace from inside a chroot would be a way out of it (user_namespaces(7)). */
static __attribute__((noinline)) bool current_chrooted(struct task *task)
{
	char root[PATH_MAX], whole[PATH_MAX];
	u64 root_mnt, whole_mnt;

	if (copy_fs_root(task->fs, &root_mnt, root, sizeof(root)) !=
	    copy_ns_root(task->nsproxy->mnt, &whole_mnt, whole, sizeof(whole)))
		return true;
	return root_mnt != whole_mnt || strcmp(root, whole) != 0;
}

void put_unshared(struct unshared *u, const struct files_struct *files)
{
	struct cred *cred = u->cred;

	drop_fs(&u->fs);
	drop_files(&u->files);
	drop_sighand(&u->sighand);
	drop_sem_undo(&u->sem);
	drop_nsproxy(&u->nsproxy, files);
	u->cred = NULL;
	put_cred(cred);
}

void swap_unshared(struct task *task, struct unshared *u)
{
	task_lock(task);
	refs_lock();
	if (u->sighand) {
		sighand_join(u->sighand, task->sighand);
		ref_swap(&task->sighand, &u->sighand);
	}
	if (u->fs)
		ref_swap(&task->fs, &u->fs);
	if (u->files)
		ref_swap(&task->files, &u->files);
	if (u->sem)
		ref_swap(&task->sem, &u->sem);
	if (u->nsproxy)
		ref_swap(&task->nsproxy, &u->nsproxy);
	if (u->cred)
		ref_swap(&task->cred, &u->cred);
	ref_commit();
	refs_unlock();
	task_unlock(task);
}

/* `leaves`: the task leaves the address space, and with that the host's tables; what it has there is a copy already. */
static int prepare(struct task *task, u64 flags, bool leaves, struct unshared *new)
{
	int err;

	if ((flags & CLONE_NEWUSER) && current_chrooted(task))
		return -EPERM;
	err = unshare_fs(flags, task, &new->fs);
	if (!err)
		err = unshare_files(flags, task, &new->files);
	if (!err && !leaves)
		err = unshare_sighand(flags, task, &new->sighand);
	if (!err)
		err = unshare_namespaces(flags, task, &new->nsproxy, &new->cred);
	if (!err && !leaves)
		err = unshare_sem_undo(flags, task, &new->sem);
	/* The host's table cannot be put back together, so this comes when nothing else can fail.
	 * Asked even with one user here: another address space may share the table. */
	if (!err && !leaves && (flags & CLONE_FILES))
		err = host_unshare_files();
	return err;
}

/* The one moment in which the task changes: afterwards `u` holds what it had before. */
static void commit(struct task *task, u64 flags, struct unshared *u)
{
	struct own_fds *own = task->files->own;

	swap_unshared(task, u);
	if (flags & CLONE_FILES) {
		task->files->own = NULL;
		host_files_unshared(task, own);
	}
}

bool unshare_leaves_threads(struct task *task, u64 *flags)
{
	*flags = implied_flags(task, *flags);
	if (check_unshare_flags(task, *flags) || ((*flags & CLONE_NEWUSER) && current_chrooted(task)))
		return false;
	return (*flags & CLONE_VM) && nr_threads(task) > 1;
}

int ksys_unshare(struct task *task, u64 flags)
{
	struct unshared *u = &task->leaving;
	bool leaves;
	int err;

	flags = implied_flags(task, flags);
	err = check_unshare_flags(task, flags);
	if (err)
		return err;
	leaves = (flags & CLONE_VM) && mm_users() > 1;
	err = prepare(task, flags, leaves, u);
	if (!err && leaves)
		err = host_leave_mm(task, flags, u);
	if (!err)
		commit(task, flags, u);
	put_unshared(u, err ? NULL : task->files);
	return err;
}
