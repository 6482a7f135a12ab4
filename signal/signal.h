/* SPDX-License-Identifier: MIT */
/*
 * Signals. Every guest handler hangs behind one host handler (signal_entry), which runs on the
 * task's own signal stack with everything blocked that can be:
 *
 *  - it interrupted guest code: it lays the kernel's frame onto the guest's stack or alternate stack,
 *    with the guest's restorer, and lets the guest's handler start on return;
 *  - it interrupted the runtime: the signal is queued again (rt_tgsigqueueinfo), everything is
 *    blocked in the interrupted context, task->sig_deferred is set and task->sig_mask keeps the
 *    mask; the way out to the guest restores the mask, and the host delivers in guest code;
 *  - it interrupted the way out itself (between arch_exit_begin and arch_exit_end): the context is
 *    completed from task->regs first, so it is guest code after all;
 *  - a blocking host call was waiting: it ends with -EINTR.
 *
 * SIGSYS, SIGSEGV and SIGBUS are never blocked on the host: the runtime needs them. What the guest
 * believes about them stands in task->blocked_hidden.
 */
#ifndef SECEDE_SIGNAL_SIGNAL_H
#define SECEDE_SIGNAL_SIGNAL_H

#include "kernel/task.h"

#define SIGBIT(sig) (1ULL << ((sig)-1))
#define SIG_HIDDEN (SIGBIT(7) | SIGBIT(11) | SIGBIT(31)) /* SIGBUS, SIGSEGV, SIGSYS */

struct siginfo_raw {
	s32 signo, err, code, pad;
	u32 pid, uid; /* of the sender, where there is one */
	u64 rest[13];
};

/* Once per address space: the host handlers for SIGSYS, SIGSEGV, SIGBUS. After exec the others are
 * the host's default or ignore, as they should be. */
void signal_init(struct task *task);
/* Once per thread, on its own block: the host's sigaltstack. */
void signal_init_thread(struct task *task);

/* Host mask helpers: what the guest asked for, less SIG_HIDDEN, goes to the host. */
u64 signal_host_mask(u64 guest_mask);
/*
 * Blocks everything (less SIG_HIDDEN) and returns the host mask that the guest is to have again:
 * for fork, exec and changes of the mask itself. signal_restore gives it back, at once, or on the way out when
 * signals are waiting for that.
 */
u64 signal_block_all(void);
void signal_restore(u64 host_mask);
/* Leaves everything blocked until the way out, which sets `host_mask`. */
void signal_restore_on_exit(struct task *task, u64 host_mask);

/* The guest's rt_sigreturn: never returns. */
__attribute__((noreturn)) void signal_return(struct task *task, struct regs *regs);
/* execve: handlers become default in what the new image inherits (nothing to do on the host). */
void signal_flush_handlers(struct sighand_struct *sighand);

/* ---- arch/x86_64/frame.c and entry.S ---- */
struct ucontext;
/* The host's handlers: for guest signals, and for SIGSEGV and SIGBUS. */
void signal_entry(int sig, struct siginfo_raw *info, struct ucontext *uc);
void fault_entry(int sig, struct siginfo_raw *info, struct ucontext *uc);

/*
 * Lets the guest handle `sig` in the context, which is guest code: runs its handler, or acts the
 * default out for the hidden signals (the others never come here without a handler).
 */
void signal_deliver(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc);

/* Puts the host's disposition of `sig` in line with the guest's action. -errno of the host. */
int signal_apply_action(int sig, const struct ksigaction *action);

#define SA_NOCLDSTOP_RAW 0x1u
#define SA_NOCLDWAIT_RAW 0x2u
#define SA_SIGINFO_RAW 0x4u
#define SA_RESTORER_RAW 0x04000000u
#define SA_ONSTACK_RAW 0x08000000u
#define SA_RESTART_RAW 0x10000000u
#define SA_NODEFER_RAW 0x40000000u
#define SA_RESETHAND_RAW 0x80000000u
#define SIG_DFL_RAW 0
#define SIG_IGN_RAW 1

/* The alternate stack of the guest. */
#define SS_ONSTACK_RAW 1u
#define SS_DISABLE_RAW 2u
#define SS_AUTODISARM_RAW (1u << 31)
bool on_altstack(const struct task *task, u64 sp);

#endif
