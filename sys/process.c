/* SPDX-License-Identifier: MIT */
/* clone(2), clone3(2), fork(2), vfork(2), exit(2), unshare(2): tasks come, go and part. */
#include <asm/errno.h>
#include <asm/signal.h>
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/fail.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/fork.h"
#include "sys/patch.h"
#include "sys/ptrace.h"
#include "sys/runtime.h"
#include "sys/seccomp.h"
#include "sys/sem.h"
#include "warden/client.h"

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
	return 0;
}

struct host_settid host_settid(const struct clone_request *req, s32 *slot)
{
	u64 flags = host_flags(req) & ~(u64)CLONE_PARENT_SETTID, asked = req->flags & CLONE_PARENT_SETTID;

	if (req->flags & CLONE_PIDFD)
		return (struct host_settid){flags, req->pidfd, asked};
	if (slot)
		return (struct host_settid){flags | CLONE_PARENT_SETTID, (u64)(uintptr_t)slot, asked};
	return (struct host_settid){flags | asked, req->ptid, false};
}

static void settid_by_hand(u64 uptid, s32 number)
{
	/* As in clone(2), a bad address is not an error here. */
	(void)put_guest(uptid, number);
}

s32 clone_finish_parent(const struct task *task, const struct clone_request *req, const struct host_settid *settid,
			s32 host)
{
	s32 number = pid_of_new(&arena()->pids, task->clone_seq, host);
	u32 stored = (u32)host;

	(void)waited_take(host); /* that was somebody else */
	if (settid->by_hand)
		settid_by_hand(req->ptid, number);
	else if ((req->flags & CLONE_PARENT_SETTID) && number != host)
		/* A thread may have ended since, and its word have been cleared for pthread_join(3). */
		(void)cmpxchg_guest(req->ptid, &stored, (u32)number);
	return number;
}

void clone_finish_child(struct task *child, const struct clone_request *req)
{
	child->regs.rax = 0;
	if (req->stack)
		child->regs.rsp = req->stack;
	if (!(req->flags & CLONE_SIGHAND))
		signal_sync_all(child);
	if (req->flags & CLONE_CLEAR_SIGHAND)
		signal_flush_handlers(child->sighand);
	control_resume(child); /* the host does not pass dispatching on */
	if (child->tid == child->host_tid && child->tgid == child->host_tgid)
		return;
	trap_numbers(child);
	/* As in clone(2), a bad address is not an error here. */
	if (req->flags & CLONE_CHILD_SETTID)
		(void)put_guest(req->ctid, child->tid);
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
	child->clone_request = *req;
	child->limit_seq = limit_seq();
	child->numbers_trapped = task->numbers_trapped;
	child->received_trapped = task->received_trapped;
	child->reads_trapped = task->reads_trapped;
	child->sleeps_trapped = task->sleeps_trapped;
	/* Until it can ask: so that the count of threads is right. */
	child->tgid = req->flags & CLONE_THREAD ? task->tgid : 0;
	copy_seccomp(task, child);
}

/* The child's first steps, on its own kernel stack. */
void clone_child(struct task *child)
{
	struct clone_request req = child->clone_request;

	patch_new_thread(child);
	task_identify_new(child);
	if (!(req.flags & CLONE_THREAD))
		limit_inherited(child->limit_seq);
	atomic_store(&child->state, TASK_RUNNING);
	if (!(req.flags & CLONE_FILES))
		tasks_close_handles(child);
	if (child->stores_ptid || ((req.flags & CLONE_PARENT_SETTID) && child->tid != child->host_tid))
		settid_by_hand(req.ptid, child->tid);
	if ((req.flags & CLONE_SYSVSEM) && !(req.flags & CLONE_THREAD))
		sem_undo_join(child, child->host_tgid);
	signal_init_thread(child);
	clone_finish_child(child, &req);
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
	settid = host_settid(req, req->flags & CLONE_THREAD ? NULL : &child->host_tid);
	child->stores_ptid = settid.by_hand;
	task->clone_seq = atomic_load(&arena()->pids.seq);
	tid = allocation_fails() ? -ENOMEM : arch_clone(settid.flags, child, settid.ptid, req->ctid, req->tls);
	if (tid < 0) {
		put_contexts(child);
		task_free(child);
		return tid;
	}
	task_born(child, serial, (s32)tid);
	tid = clone_finish_parent(task, req, &settid, (s32)tid);
	if (copied.handle >= 0)
		warden_close_handle(&copied, task->files);
	/* It has executed a program or gone: what it held here is released, unless it did that itself. */
	if (req->flags & CLONE_VFORK) {
		task_bury(child, serial);
		patch_after_vfork(task);
	}
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
	if ((req->flags & CLONE_FILES) && !(req->flags & CLONE_THREAD)) {
		err = own_fds_begin(task);
		if (err)
			return err;
	}
	own_fds_reclaim();
	children_reap(task); /* they must not gather while nobody takes SIGCHLD */
	if (req->flags & CLONE_THREAD)
		patch_before_thread();
	if (req->flags & CLONE_VM)
		return clone_vm(task, req);
	return task->fork_leaves ? leave_by_fork(task, req) : clone_copy(task, req);
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

static bool clone3_args_valid(const struct clone3_args *args)
{
	if ((args->flags & ~0x3ffffffffULL) || (args->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))))
		return false;
	/* Who reaps a thread or a sibling is told by the signal of the one that it stands beside. */
	if (args->exit_signal > ((args->flags & (CLONE_THREAD | CLONE_PARENT)) ? 0 : NSIG_GUEST))
		return false;
	if ((args->flags & CLONE_PIDFD) && (args->flags & CLONE_PARENT_SETTID) && args->pidfd == args->parent_tid)
		return false;
	if (!args->set_tid != !args->set_tid_size)
		return false;
	return args->stack ? args->stack_size && access_ok(args->stack, args->stack_size) : !args->stack_size;
}

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
	if (!clone3_args_valid(&args))
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
	if (signal_ends_exit(task)) {
		/* It was meant for the process, perhaps, and must not be lost: as if it had come first. */
		task->restart = RESTART_NOT_BEGUN;
		return -EINTR;
	}
	ptrace_release(task);
	children_reap(task); /* the others are inherited by a task that may want something else of them */
	put_contexts(task);
	task_trim(task);
	arch_exit_thread(task, (int)ARG0(regs));
}

SYSCALL(unshare)
{
	u64 flags = ARG0(regs);
	int err;

	if (flags & CLONE_NS_UNBUILT)
		guest_log(task, "unshare: namespaces %lx are not built: EINVAL",
			  (unsigned long)(flags & CLONE_NS_UNBUILT));
	err = ksys_unshare(task, flags);
	if (!err && (flags & CLONE_SIGHAND) && sighand_is_parted(task->sighand))
		trap_sleeps(task);
	return err;
}
