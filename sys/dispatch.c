/* SPDX-License-Identifier: MIT */
/* The dispatcher: from a trapped call's number to the function that does it. */
#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/pids.h"
#include "sys/runtime.h"
#include "sys/seccomp.h"
#include "sys/sleep.h"
#include "sys/user_dispatch.h"
#include "warden/client.h"

static s64 unknown_call(struct task *task, u64 nr)
{
	guest_log(task, "system call %lu is not known: ENOSYS", (unsigned long)nr);
	return -ENOSYS;
}

static void args_copy(u64 to[SYS_ARGS], struct regs *regs)
{
	for (unsigned n = 0; n < SYS_ARGS; n++)
		to[n] = *arg_slot(regs, n);
}

static void args_put(struct regs *regs, const u64 from[SYS_ARGS])
{
	for (unsigned n = 0; n < SYS_ARGS; n++)
		*arg_slot(regs, n) = from[n];
}

/*
 * A call that is the host's alone comes here only while Syscall User Dispatch traps everything, or where another filter
 * than the first one does.
 */
static s64 pass_through(struct task *task, struct regs *regs)
{
	u64 args[SYS_ARGS];

	args_copy(args, regs);
	return host_call_sleeping(task, (long)regs->orig_rax, args);
}

static bool is_the_hosts(const struct sys_entry *entry, struct regs *regs)
{
	return !entry->fn || (entry->when == TRAP_NONNULL && !*arg_slot(regs, entry->arg));
}

static s64 do_entry(struct task *task, struct regs *regs, const struct sys_entry *entry)
{
	if (entry->when == DENY)
		return -(s64)entry->arg;
	return is_the_hosts(entry, regs) ? pass_through(task, regs) : entry->fn(task, regs);
}

static bool sends_signal(u64 nr)
{
	return nr == __NR_kill || nr == __NR_tkill || nr == __NR_tgkill || nr == __NR_rt_sigqueueinfo ||
	       nr == __NR_rt_tgsigqueueinfo;
}

/* Are the host's numbers for what the guest has given other ones than those in `told` by now? */
static bool moved_since(const struct task *task, const struct sys_entry *entry, struct regs *regs, const u64 given[],
			const u64 told[])
{
	u64 now[SYS_ARGS];

	args_put(regs, given);
	pids_for_host(task, entry, regs);
	args_copy(now, regs);
	return memcmp(now, told, sizeof(now)) != 0;
}

/* The call gets the host's process numbers; the guest finds its own in its registers again. */
static s64 do_entry_with_pids(struct task *task, struct regs *regs, const struct sys_entry *entry)
{
	u64 given[SYS_ARGS], told[SYS_ARGS];
	s64 ret;

	args_copy(given, regs);
	do {
		args_put(regs, given);
		pids_for_host(task, entry, regs);
		args_copy(told, regs);
		ret = do_entry(task, regs, entry);
		/* A signal must not have been sent to where a task was, while it moved. */
	} while (sends_signal(regs->orig_rax) && moved_since(task, entry, regs, given, told));
	if (!task->replaced)
		args_put(regs, given);
	return ret;
}

static s64 do_call(struct task *task, struct regs *regs)
{
	u64 nr = regs->orig_rax;
	const struct sys_entry *entry;
	s64 ret;

	if (nr >= SYS_MAX || !sys_table[nr].name)
		return unknown_call(task, nr);
	entry = &sys_table[nr];
	ret = entry->pids ? do_entry_with_pids(task, regs, entry) : do_entry(task, regs, entry);
	return entry->gives_pid && ret > 0 ? pid_to_guest(&arena()->pids, (s32)ret) : ret;
}

/* A tracer may have a call left out: it makes the number negative (ptrace(2)), and perhaps says the result. */
static s64 checked_call(struct task *task, struct regs *regs)
{
	s64 ret;

	if (mm.marks && task->dispatch.all) {
		regs->rax = (u64)-ENOSYS;
		arch_entry_mark();
		if ((s32)regs->orig_rax < 0)
			return (s64)regs->rax;
	}
	if (task->seccomp.mode && !secure_computing(task, regs, &ret))
		return ret;
	if (task->dispatch.all && control_syscall(task, regs))
		return (s64)regs->rax;
	return do_call(task, regs);
}

void syscall_dispatch(struct task *task)
{
	struct regs *regs = &task->regs;
	s32 tid = task->tid;
	bool again;
	s64 ret;

	task->restart = RESTART_NONE;
	follow_fs(task);
	follow_pivots(task->fs, task->nsproxy->mnt);
	if (task->dispatch.on && user_dispatch_stops(task, regs))
		return;
	ret = checked_call(task, regs);
	if (task->replaced) {
		task->replaced = 0;
		return;
	}
	again = ret == -EINTR && task->restart;
	if (again) {
		/* As if the signal had come before the guest's call. */
		regs->rip -= SYSCALL_INSN_SIZE;
		ret = (s64)regs->orig_rax;
	}
	regs->rax = (u64)ret;
	/* A child has made no call. */
	if (mm.marks && task->tid == tid)
		arch_end_mark(again ? MARK_AGAIN : MARK_END);
}
