/* SPDX-License-Identifier: MIT */
/*
 * The new image's part of execve(2): from the stack that the host gave, through the carry on it,
 * to a task in its namespaces and the guest's program in memory.
 */
#include "exec/exec.h"

#include <linux/auxvec.h>
#include <linux/fcntl.h>
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "signal/signal.h"
#include "sys/control.h"
#include "sys/fork.h"
#include "sys/patch.h"
#include "sys/runtime.h"
#include "sys/sem.h"
#include "vfs/proc.h"

__attribute__((noreturn)) static void not_by_hand(void)
{
	static const char message[] = "secede-runtime: this is started by secede(1), not by hand\n";

	host_call3(__NR_write, 2, message, sizeof(message) - 1);
	host_exit_group(1);
}

static void start_task(struct task *task, const struct carry *c)
{
	if (arena_map(c->arena_fd))
		not_by_hand();
	task_identify(task);
	if (carry_to_task(c, task))
		panic("no memory for a task");
	/* When another thread executes a program, this handle must not go along. */
	host_call3(__NR_fcntl, c->handle, F_SETFD, FD_CLOEXEC);
	/* All signals are blocked since before execve; the way out to the program restores the mask. */
	signal_set_mask(task, c->sig_mask | c->blocked_hidden);
	atomic_store(&task->state, TASK_RUNNING);
	signal_init(task);
	signal_init_thread(task);
	sem_undo_executed(task);
	proc_forget_memory(task);
	control_resume(task);
}

/* On the task's kernel stack. */
static void start_program(void *arg)
{
	struct task *task = current_task();
	struct initial_stack stack;
	struct carry c;

	/* Nothing of this process can hold a lock yet, but the first lock asks who takes it. */
	task->tid = task->tgid = task->host_tid = task->host_tgid = (s32)host_call0(__NR_getpid);
	mm.id = mm_new_id();
	initial_stack_parse(arg, &stack);
	if (!initial_stack_take_carry(&stack) || !carry_decode(stack.carry, &c))
		not_by_hand();
	start_task(task, &c);
	patch_start(arena()->patch_after, initial_stack_auxv(&stack, AT_HWCAP2)->value);
	load_program(task, &c, &stack, &task->regs);
	host_close(c.exe_fd);
	if (c.interp_fd >= 0)
		host_close(c.interp_fd);
	if (c.filters_fd >= 0)
		host_close(c.filters_fd);
	carry_release(&c);
	if (mm.marks) {
		arch_exec_mark();
		arch_end_mark(MARK_EXEC);
	}
	arch_return_to_guest(task);
}

/* What the host starts after execve, on the stack that it made (entry.S). */
void runtime_start(u64 *stack)
{
	struct task *task;

	/* The first that happens to this page is a write: else the host would map one of zeros before. */
	mm.nr_blocks = 0;
	task = task_alloc();
	if (!task)
		panic("no memory for a task");
	arch_switch_stack(task, start_program, stack);
}
