/* SPDX-License-Identifier: MIT */
/* The dispatcher: from a trapped call's number to the function that does it. */
#include <asm/errno.h>
#include "host/host.h"
#include "sys/control.h"
#include "sys/runtime.h"
#include "warden/client.h"

static s64 unknown_call(struct task *task, u64 nr)
{
	guest_log(task, "system call %lu is not known: ENOSYS", (unsigned long)nr);
	return -ENOSYS;
}

/* A call that is the host's alone comes here only while Syscall User Dispatch traps everything. */
static s64 pass_through(const struct regs *regs)
{
	return host_call_blocking((long)regs->orig_rax, (long)ARG0(regs), (long)ARG1(regs), (long)ARG2(regs),
				  (long)ARG3(regs), (long)ARG4(regs), (long)ARG5(regs));
}

static s64 do_call(struct task *task, struct regs *regs)
{
	u64 nr = regs->orig_rax;
	const struct sys_entry *entry;

	if (nr >= SYS_MAX || !sys_table[nr].name)
		return unknown_call(task, nr);
	entry = &sys_table[nr];
	if (entry->fn)
		return entry->fn(task, regs);
	if (entry->when == DENY)
		return -(s64)entry->arg;
	return pass_through(regs);
}

void syscall_dispatch(struct task *task)
{
	struct regs *regs = &task->regs;
	s64 ret;

	task->restart = false;
	if (task->sud_users && control_syscall(task, regs))
		return;
	ret = do_call(task, regs);
	if (ret == -EINTR && task->restart) {
		/* As if the signal had come before the guest's call. */
		regs->rip -= SYSCALL_INSN_SIZE;
		ret = (s64)regs->orig_rax;
	}
	regs->rax = (u64)ret;
}
