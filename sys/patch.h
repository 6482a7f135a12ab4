/* SPDX-License-Identifier: MIT */
/*
 * Call sites that trap often get a way into the runtime that needs no signal (arch/x86_64/patch.h). A trap has proved
 * that the instruction is a system call, and of which number; so nothing is ever patched that has not been executed.
 * What is done must be safe whatever other threads execute at that moment, and what cannot be seen to be safe stays as
 * it is: the trap is always there, and right.
 */
#ifndef SECEDE_SYS_PATCH_H
#define SECEDE_SYS_PATCH_H

#include "kernel/task.h"

struct ucontext;

/* A new program: sites are patched after so many traps, 0: never. `hwcap2`: what the host says of the processor. */
void patch_start(u32 after, u64 hwcap2);
/* The task is about to make a thread. */
void patch_before_thread(void);
/* A thread of that task has just begun, with the gs base of the one that made it. */
void patch_new_thread(struct task *task);

/* A call has trapped: counts it, and patches its site when it is time. */
void patch_trapped(struct task *task, const struct regs *regs);
/* The task's vfork child has gone: patches what it came to often enough. */
void patch_after_vfork(struct task *task);
/* entry.S: what traps come to; patch.S: what stub `stub` comes to, those of short.S behind the others. Both on the
 * kernel stack, as syscall_dispatch(). */
void trapped_call(struct task *task);
void patched_call(struct task *task, u32 stub);

/*
 * A fault in guest code, in the handler: is it one of a site that is being patched, or whose table has gone? Then the
 * guest may go on in that context.
 */
bool patch_fault(int sig, const struct siginfo_raw *info, struct ucontext *uc);

/*
 * In the handler: the guest is between the two jumps that stand for a syscall instruction (arch/x86_64/patch.h). Then
 * it is taken to that.
 */
bool patch_leave_pad(struct ucontext *uc);
/*
 * In the handler, of a guest that has been taken back to a site, from its stub or between its jumps: is the signal
 * about what it met there, which is nothing of its own? Then the context is that of the call, which is made as if it
 * had trapped.
 */
bool patch_trap(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc);

/* The guest is about to map, unmap or change that range. If the table lies there it goes, and all sites are as they
 * were. 0, or -ENOMEM: they cannot be. */
int patch_make_way(u64 start, u64 len);

/* For the moment in which memory is copied, or text is changed: no site is half patched, or patched. */
void patch_lock(void);
void patch_unlock(void);
/* Held: that lock. The guest is about to write to that range, or to move it: the sites there are as they were. False:
 * they cannot be. */
bool patch_undo(u64 start, u64 len);

/* All sites are as they were, and nothing is patched any more: somebody wants to see the text of this process, */
void patch_stop(void);
/* or of that one, `tid` on the host. Of one that is no guest of this session nothing is known, and nothing is done. */
void patch_stop_in(struct task *task, s32 tid);

/* Is `rip`, in a tracee with this runtime, a site's first byte? For a fault there that is on our account. */
bool patch_faults_in(s32 tid, u64 rip);

#endif
