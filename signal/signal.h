/* SPDX-License-Identifier: MIT */
/*
 * Signals. Every guest handler hangs behind one host handler (signal_entry), which runs on the
 * task's own signal stack with everything blocked. What it does depends on where the signal found
 * the task:
 *
 *  - in guest code: it lays the kernel's frame onto the guest's stack or alternate stack, with the
 *    guest's restorer, and lets the guest's handler start on return;
 *  - in the runtime: the signal is put off, everything stays blocked in the interrupted context and
 *    task->sig_deferred is set; the way out to the guest restores the mask and has the signal delivered
 *    in guest code (signal/wait.c);
 *  - on the way out itself (between arch_exit_begin and arch_exit_end): the registers are taken from
 *    task->regs, so it is guest code after all;
 *  - in a host call that may sleep (host_call_blocking): the call ends with -EINTR. If the host would
 *    have started it again, or has not begun it, the guest's call is started again (task->restart).
 *
 * Masks: task->sig_mask is what the host's mask is to be while the guest runs, always; it changes only
 * here. While task->sig_deferred is set, the host blocks everything instead. So a new mask is a store and one
 * host call on the way out, and nothing that comes between is lost.
 *
 * SIGSYS, SIGSEGV and SIGBUS are not blocked on the host for the guest's sake: the runtime needs them.
 * What the guest believes about them stands in task->blocked_hidden, and one that somebody sent while the
 * guest blocks it, or while the runtime is at work, waits in task->sig_held.
 */
#ifndef SECEDE_SIGNAL_SIGNAL_H
#define SECEDE_SIGNAL_SIGNAL_H

#include <linux/signal.h>
#include "kernel/task.h"

#define SIG_HIDDEN	(SIGBIT(SIGBUS) | SIGBIT(SIGSEGV) | SIGBIT(SIGSYS))
#define SIG_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))

struct ucontext;
struct stack_raw;

/* Once per address space: the host handlers for SIGSYS, SIGSEGV, SIGBUS. After exec the others are
 * the host's default or ignore, as they should be. */
void signal_init(struct task *task);
/* Once per thread, on its own block: the host's sigaltstack. */
void signal_init_thread(struct task *task);

/* ---- masks: signal/mask.c ---- */

/* The mask as the guest sees it. */
u64 signal_mask(const struct task *task);
/* Gives the guest another one, which comes into force on the way out. */
void signal_set_mask(struct task *task, u64 mask);
/*
 * The same for a call that waited under a mask of its own and was ended by a signal: the handler
 * runs under `mask`, and the guest's own mask comes back after it.
 */
void signal_set_temporary_mask(struct task *task, u64 mask);
void signal_end_temporary_mask(struct task *task);
/* What the host may get of a mask: less SIG_HIDDEN. */
u64 signal_host_mask(u64 mask);
/* Blocks everything (less SIG_HIDDEN) until the way out: for fork and exec. */
void signal_block_all(void);
/* Really everything; for steps in which no handler may run, and no bad address be touched. */
void signal_block_hidden(void);

/* ---- signals that wait: signal/wait.c ---- */

/*
 * Sends the calling thread `sig` (again), through the host. Its siginfo is marked where there is nothing for anybody
 * to see: the field `pad`, which is 0 again when the guest gets it. So a SIGSYS that looks like one of the host's own
 * stops is not taken for a trapped call (entry.S).
 */
#define REQUEUED 0x5ec
void signal_requeue(const struct task *task, int sig, const struct siginfo_raw *info);
/* The SIGSYS for a call that the guest has forbidden itself. As a fault it cannot wait: it is sent now, and taken on
 * the way out. Returns what the call leaves in rax. */
s64 signal_force_sigsys(const struct task *task, const struct regs *regs, s32 code, s32 data);
/* Keeps one until the guest can take it. */
void signal_put_off(struct task *task, int sig, const struct siginfo_raw *info);
/* To another thread that takes it, if it was sent to the process. The host cannot know that this one blocks it. */
bool signal_hand_over(const struct task *task, int sig, const struct siginfo_raw *info);
/* Back to the process, when this thread goes: the host finds another one. Everything is blocked, the hidden too. */
void signal_give_back(const struct task *task, int sig, const struct siginfo_raw *info);
/* The thread would exit, all as above. True: there is something that it must take first. Gives back what it may not. */
bool signal_ends_exit(struct task *task);
/* Forgets those of the set that were sent to the process, in a copy of the task in another one. */
void signal_drop_held(struct task *task, u64 set);
/* What such a signal tells, as if the host had brought it here at once. For all that the host brings. */
void signal_received(struct siginfo_raw *info);
/* Gives the host what the guest can take now. Everything is blocked, the hidden too. */
void signal_pass_on(struct task *task);
/* Lets the one that was put off wait in the host instead: after fork and exec the task is another one. */
void signal_requeue_put_off(struct task *task);
/* The same for the hidden ones that the guest blocks: what is pending survives execve. */
void signal_requeue_held(struct task *task);
/* Is that the bell for the one that was put off? Then here it is; false: it has been taken. */
bool signal_is_bell(int sig, const struct siginfo_raw *info);
bool signal_answer_bell(struct task *task, struct siginfo_raw *info);
/* Takes one of the hidden signals in `set` that wait: its number, or 0. */
int signal_take_held(struct task *task, u64 set, struct siginfo_raw *info);
/* entry.S: the last step before the way out sets task->sig_mask, when sig_deferred is set. */
void signal_leave(struct task *task);

/* ---- actions and delivery ---- */

/* Gives the host our handler for `sig`, or else HANDLER_DFL or HANDLER_IGN. -errno of the host. */
int signal_host_action(int sig, bool handled, u64 otherwise, u64 flags);
/* Tells the host what the members of the group want of `sig`. -errno of the host. Held: group->lock. */
int signal_sync_action(struct sighand_group *group, int sig);
/* The task has a table of the host's for itself, made as a copy of one that others had a say in: the same for all that
 * these differed about. */
void signal_sync_all(struct task *task);
/* Handlers become default; what is ignored stays so (CLONE_CLEAR_SIGHAND). */
void signal_flush_handlers(struct sighand_struct *sighand);
/*
 * Lets the guest take `sig` in the context, which is guest code: runs its handler, or acts the
 * default out for the hidden signals (the others hardly come here without a handler).
 */
void signal_deliver(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc);
/*
 * The default action of a signal for which the host has our handler (signal/default.c). The signals that must be let
 * through on the way out, whatever the guest blocks.
 */
u64 signal_act_default(const struct task *task, int sig, const struct siginfo_raw *info);
bool signal_is_repair(int sig, const struct siginfo_raw *info);
void signal_repair(const struct task *task, const struct siginfo_raw *info);
/*
 * signal/restart.c: does the host start calls again that `sig` interrupts, though the task's handler does not want
 * that? And the end of such a call, if there is one in the context, which is guest code.
 */
bool signal_refuses_restart(const struct task *task, int sig);
void signal_end_restart(const struct task *task, int sig, struct ucontext *uc);
/* Is there a user id in it? Other kinds of siginfo_t have something else there. */
bool signal_tells_uid(const struct siginfo_raw *info);
/*
 * A sleeping host call has been ended by a signal, which was put off. If that is nothing to the guest, it is taken:
 * true, and the call may be made again. That can only be where the members of the task's group differ.
 */
bool signal_take_idle(struct task *task);
/* Tells who sent it in the numbers of the guest's user namespace. */
void signal_map_sender(const struct task *task, struct siginfo_raw *info);
/* The guest's rt_sigreturn: never returns. */
__attribute__((noreturn)) void signal_return(struct task *task, struct regs *regs);

/* ---- children of tasks that differ about them: signal/children.c; host numbers ---- */
bool children_differ(const struct task *task);
/* Reaps what should have left no zombie. */
void children_reap(const struct task *task);
/* An action for SIGCHLD is about to be changed: what has ended already is not the new one's. */
void children_keep(const struct task *task);
/* A wait has met a child, with that code of SIGCHLD, and not taken it away. True: it is none to be reported, and gone.
 */
bool children_bury(const struct task *task, s32 pid, s32 code);
/* SIGCHLD has come to a task that would hear it. False: for nobody to hear. It may become the signal of another child.
 */
bool children_tell(const struct task *task, struct siginfo_raw *info);

/* ---- children that have been waited for: signal/waited.c ---- */
/* A child has been waited for, and is no more. Its SIGCHLD may still have to be taken. */
void waited_keep(s32 host, s32 guest);
/* The guests' number of a child of whose end SIGCHLD tells, or of which the host has just made a new one: what was kept
 * of that number ends. */
s32 waited_take(s32 host);

/* ---- the alternate stack, which is virtual: signal/altstack.c ---- */
bool on_altstack(const struct task *task, u64 sp);
/* sigaltstack(2) at stack pointer `sp`: 0, -EPERM, -EINVAL, -ENOMEM. */
int altstack_set(struct task *task, const struct stack_raw *new, u64 sp);

/* What the host's handlers come to (entry.S), SIGSYS's with what is not for the runtime. */
void signal_entry(int sig, struct siginfo_raw *info, struct ucontext *uc);

#endif
