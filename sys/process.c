/* SPDX-License-Identifier: MIT */
/* clone(2), clone3(2), fork(2), vfork(2), exit(2), unshare(2): tasks come, go and part. */
#include <asm/errno.h>
#include <asm/signal.h>
#include "arch/x86_64/trap.h"
#include "host/heap.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/ptrace.h"
#include "sys/runtime.h"
#include "sys/seccomp.h"
#include "warden/client.h"

/* What the four calls have in common: clone3(2)'s struct clone_args, as far as it is built. */
struct clone_request {
	u64 flags; /* without the exit signal */
	u64 exit_signal;
	u64 stack; /* the child's first stack pointer, 0: the parent's */
	u64 ptid, ctid, pidfd, tls;
};

/* What the host is asked for: sharing of fs and the namespaces are ours. */
static u64 host_flags(const struct clone_request *req)
{
	u64 ours = CLONE_FS | CLONE_NS_BUILT | CLONE_CLEAR_SIGHAND;

	return (req->flags & ~ours) | req->exit_signal;
}

/* The combinations that clone(2) refuses and that the host will not see as they were. */
static int check_flags(struct task *task, const struct clone_request *req)
{
	u64 flags = req->flags;

	if (flags & CLONE_NS_UNBUILT) {
		guest_log(task, "clone: namespaces %lx are not built: EINVAL",
			  (unsigned long)(flags & CLONE_NS_UNBUILT));
		return -EINVAL;
	}
	if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER)))
		return -EINVAL;
	if ((flags & CLONE_NEWUSER) && (flags & CLONE_THREAD))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_FS) && !(flags & CLONE_VM) && !task->fs->shared && atomic_load(&task->fs->users) > 1) {
		guest_log(task, "clone: CLONE_FS without CLONE_VM is not built for threads: EINVAL");
		return -EINVAL;
	}
	return 0;
}

/*
 * clone(2) has one pointer for the pidfd and for the tid, and a block of the runtime may need that one (`slot`, else
 * NULL): there the host stores the child's tid when there is a child, whoever is killed then. What the host cannot
 * store for the guest, the parent does, and a child in the same memory before it does anything else.
 */
struct host_settid {
	u64 flags, ptid;
	bool by_hand;
};

static struct host_settid host_settid(const struct clone_request *req, s32 *slot)
{
	u64 flags = host_flags(req) & ~(u64)CLONE_PARENT_SETTID, asked = req->flags & CLONE_PARENT_SETTID;

	if (req->flags & CLONE_PIDFD)
		return (struct host_settid){flags, req->pidfd, asked};
	if (slot)
		return (struct host_settid){flags | CLONE_PARENT_SETTID, (u64)(uintptr_t)slot, asked};
	return (struct host_settid){flags | asked, req->ptid, false};
}

static void settid_by_hand(u64 uptid, s64 tid)
{
	u32 value = (u32)tid;

	/* As in clone(2), a bad address is not an error here. */
	(void)put_guest(uptid, value);
}

static void child_common(struct task *child, u64 flags, u64 stack)
{
	child->regs.rax = 0;
	if (stack)
		child->regs.rsp = stack;
	if (flags & CLONE_CLEAR_SIGHAND)
		signal_flush_handlers(child->sighand);
	control_resume(child); /* the host does not pass dispatching on */
}

/* ---- a child with memory of its own ---- */

/* Everything that another thread of the parent could be in the middle of. One order: the filters, the task's
 * blocks, the task itself, then the contexts, the heap last, because the others allocate while they hold theirs. */
static void fork_lock(struct task *task)
{
	mutex_lock(&mm.seccomp_lock);
	mutex_lock(&mm.tasks_lock);
	task_lock(task);       /* /proc may be looking at us */
	if (!task->fs->shared) /* a shared one is no copy in the child: it must not be unlocked twice */
		mutex_lock(&task->fs->lock);
	mutex_lock(&task->files->lock);
	mutex_lock(&task->sighand->lock);
	heap_lock();
}

static void fork_unlock(struct task *task)
{
	heap_unlock();
	mutex_unlock(&task->sighand->lock);
	mutex_unlock(&task->files->lock);
	if (!task->fs->shared)
		mutex_unlock(&task->fs->lock);
	task_unlock(task);
	mutex_unlock(&mm.tasks_lock);
	mutex_unlock(&mm.seccomp_lock);
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
	struct fs_struct *old = task->fs, *shared;

	*out = NULL;
	if (!(flags & CLONE_FS)) {
		if (task->fs->shared)
			*out = dup_fs(task->fs);
		return task->fs->shared && !*out ? -ENOMEM : 0;
	}
	if (!task->fs->shared) {
		shared = share_fs(task->fs);
		if (!shared)
			return -ENOMEM;
		task_lock(task);
		task->fs = shared;
		task_unlock(task);
		put_fs(old);
	}
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
	int err = fork_prepare_fs(task, flags, &new->fs);

	if (!err)
		err = unshare_namespaces(flags, task, &new->nsproxy, &new->cred);
	if (err)
		fork_contexts_put(new, NULL);
	return err;
}

/* The child's copy of the parent's memory has one task, whatever the counts say. */
static void fork_child(struct task *task, u64 flags, struct fork_contexts *new)
{
	task->tid = task->tgid = host_gettid();
	task->sig_held = 0; /* what is pending is not inherited */
	if (!(flags & CLONE_SYSVSEM))
		mm.sem_undo = false;
	if (!(flags & CLONE_FILES))
		task->files->foreign = false;
	tasks_forget_others(task);
	ptrace_release(task);
	task->clone_flags = flags;
	if (new->fs)
		task->fs = new->fs;
	else
		atomic_store(&task->fs->users, 1);
	atomic_store(&task->files->users, 1);
	atomic_store(&task->sighand->users, 1);
	atomic_store(&task->nsproxy->users, 1);
	atomic_store(&task->cred->users, 1);
	if (new->nsproxy) {
		put_nsproxy(task->nsproxy, task->files);
		task->nsproxy = new->nsproxy;
	}
	if (new->cred)
		commit_creds(task, new->cred);
}

static s64 clone_copy(struct task *task, const struct clone_request *req)
{
	struct host_settid settid = host_settid(req, NULL);
	struct fork_contexts new = {0};
	s64 tid;
	int err = fork_prepare(task, req->flags, &new);

	if (err)
		return err;
	if (req->flags & CLONE_FILES)
		task->files->foreign = true;
	signal_block_all();
	fork_lock(task);
	/* On the parent's stack: the child has a copy of it, this frame included. */
	tid = host_call5(__NR_clone, settid.flags, 0, settid.ptid, req->ctid, req->tls);
	if (tid == 0) {
		task->tid = host_gettid(); /* before any lock is touched */
		mm_draw_id();
		fork_unlock(task);
		fork_child(task, req->flags, &new);
		child_common(task, req->flags, req->stack);
	} else {
		fork_unlock(task);
		/* In the parent's memory these are only what the child was given a copy of; a shared fs
		 * keeps the child's count. */
		if (tid > 0 && (req->flags & CLONE_FS))
			new.fs = NULL;
		fork_contexts_put(&new, tid < 0 ? NULL : task->files);
		if (tid > 0 && settid.by_hand)
			settid_by_hand(req->ptid, tid);
	}
	return tid;
}

/* ---- a child in the same memory: a thread, or a process until it execs (vfork) ---- */

static void clone_vm_prepare(struct task *task, struct task *child, const struct clone_request *req)
{
	child->regs = task->regs;
	child->blocked_hidden = task->blocked_hidden;
	/* A thread starts without an alternate stack, a vfork child with the parent's (clone(2)). */
	if (req->flags & CLONE_VFORK)
		child->altstack = task->altstack;
	else
		child->altstack.flags = 2; /* SS_DISABLE */
	/* Starts with everything blocked and restores the mask on its way out to the guest. */
	child->sig_mask = task->sig_mask;
	atomic_store(&child->sig_deferred, 1);
	child->clone_flags = req->flags;
	child->clone_stack = req->stack;
	child->tgid = req->flags & CLONE_THREAD ? task->tgid : 0;
	copy_seccomp(task, child);
}

/* The child's first steps, on its own kernel stack. */
void clone_child(struct task *child)
{
	child->tid = host_gettid();
	if (!(child->clone_flags & CLONE_THREAD))
		child->tgid = child->tid;
	atomic_store(&child->state, TASK_RUNNING);
	if (child->clone_ptid)
		settid_by_hand(child->clone_ptid, child->tid);
	signal_init_thread(child);
	child_common(child, child->clone_flags, child->clone_stack);
	arch_return_to_guest(child);
}

static s64 clone_vm(struct task *task, const struct clone_request *req)
{
	struct task *child = task_alloc();
	struct nsproxy copied = {.handle = -1};
	struct host_settid settid;
	u64 serial;
	s64 tid;
	int err;

	if (!child)
		return -EAGAIN;
	serial = child->serial;
	err = copy_contexts(req->flags, task, child);
	if (err) {
		task_free(child);
		return err;
	}
	/* The child's new namespaces are held in its own table; ours has them only to pass them on. */
	if ((req->flags & CLONE_NS_BUILT) && !(req->flags & CLONE_FILES))
		copied = *child->nsproxy;
	signal_block_all();
	clone_vm_prepare(task, child, req);
	/* Threads are killed together; any other child can outlive us from its first moment on. */
	settid = host_settid(req, req->flags & CLONE_THREAD ? NULL : &child->tid);
	child->clone_ptid = settid.by_hand ? req->ptid : 0;
	tid = arch_clone(settid.flags, child, settid.ptid, req->ctid, req->tls);
	if (tid < 0) {
		put_contexts(child);
		task_free(child);
		return tid;
	}
	task_born(child, serial, (s32)tid);
	if (settid.by_hand)
		settid_by_hand(req->ptid, tid);
	if (copied.handle >= 0)
		warden_close_handle(&copied, task->files);
	/* It has executed a program or gone: what it held here is released, unless it did that itself. */
	if (req->flags & CLONE_VFORK)
		task_bury(child, serial);
	return tid;
}

static s64 do_clone(struct task *task, const struct clone_request *req)
{
	int err = check_flags(task, req);

	if (err)
		return err;
	if (((req->flags & CLONE_PARENT_SETTID) && !access_ok(req->ptid, 4)) ||
	    ((req->flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) && range_is_ours(req->ctid, 4)) ||
	    ((req->flags & CLONE_PIDFD) && !access_ok(req->pidfd, 4)))
		return -EFAULT;
	return req->flags & CLONE_VM ? clone_vm(task, req) : clone_copy(task, req);
}

SYSCALL(clone)
{
	u64 flags = ARG0(regs) & 0xffffffff; /* CLONE_CLEAR_SIGHAND is clone3's */
	struct clone_request req = {
	    .flags = flags & ~(u64)CSIGNAL,
	    .exit_signal = flags & CSIGNAL,
	    .stack = ARG1(regs),
	    .ptid = ARG2(regs),
	    .ctid = ARG3(regs),
	    .pidfd = ARG2(regs),
	    .tls = ARG4(regs),
	};

	/* In clone(2) the namespace bit that overlaps the exit signal is part of that signal. */
	if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID))
		return -EINVAL;
	return do_clone(task, &req);
}

SYSCALL(fork)
{
	struct clone_request req = {.exit_signal = SIGCHLD};

	return do_clone(task, &req);
}

SYSCALL(vfork)
{
	struct clone_request req = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

	return do_clone(task, &req);
}

/* clone3(2)'s argument; sizes grow over the years, what is beyond must be zero. */
struct clone3_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
#define CLONE_ARGS_SIZE_VER0 64

SYSCALL(clone3)
{
	struct clone3_args args = {0};
	struct clone_request req;
	u64 size = ARG1(regs);
	int err;

	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	err = copy_struct_from_guest(&args, sizeof(args), ARG0(regs), size);
	if (err)
		return err;
	if ((args.flags & ~0x3ffffffffULL) || (args.flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))) ||
	    args.exit_signal > NSIG_GUEST)
		return -EINVAL;
	if (!args.stack != !args.stack_size)
		return -EINVAL;
	if (args.set_tid_size || (args.flags & CLONE_INTO_CGROUP)) {
		guest_log(task, "clone3: set_tid and cgroup are not built: EINVAL");
		return -EINVAL;
	}
	req = (struct clone_request){
	    .flags = args.flags,
	    .exit_signal = args.exit_signal,
	    .stack = args.stack ? args.stack + args.stack_size : 0,
	    .ptid = args.parent_tid,
	    .ctid = args.child_tid,
	    .pidfd = args.pidfd,
	    .tls = args.tls,
	};
	return do_clone(task, &req);
}

SYSCALL(exit)
{
	/* From here on no handler may run on this block: even the hidden signals are blocked. */
	signal_block_hidden();
	if (task->put_off.signo) {
		/* It was meant for the process, perhaps, and must not be lost: as if it had come first. */
		task->restart = RESTART_NOT_BEGUN;
		return -EINTR;
	}
	ptrace_release(task);
	put_contexts(task);
	arch_exit_thread(task, (int)ARG0(regs));
}

SYSCALL(unshare)
{
	u64 flags = ARG0(regs);

	if (flags & CLONE_NS_UNBUILT)
		guest_log(task, "unshare: namespaces %lx are not built: EINVAL",
			  (unsigned long)(flags & CLONE_NS_UNBUILT));
	return ksys_unshare(task, flags);
}
