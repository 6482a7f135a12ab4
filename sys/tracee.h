/* SPDX-License-Identifier: MIT */
/*
 * A tracee as its tracer sees it: for sys/ptrace*.c alone. Both are guests, with the same runtime at the same
 * addresses. Whoever traces a process outside the session finds it in no such state, and sees it as it is.
 *
 * Within the runtime a tracee stops for its tracer at these places only: at an event that the guest's call leads to
 * (fork, exec, exit ...), where it is shown as a task in a system call; at a mark, a call that the runtime makes for no
 * other end, which stands for the entry or the end of a call of the guest's; and in a call that sleeps. All other stops
 * are hidden (sys/ptrace_stop.c), or moved to where the guest goes on (sys/ptrace_move.c).
 */
#ifndef SECEDE_SYS_TRACEE_H
#define SECEDE_SYS_TRACEE_H

#include <linux/ptrace.h>
#include "sys/ptrace.h"

#define PTRACE_SINGLESTEP 9
#define TRAP_BRKPT	  1
#define TRAP_TRACE	  2
#define TRAP_HWBKPT	  4

/* The host's struct user_regs_struct. */
struct user_regs {
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss,
	    fs_base, gs_base, ds, es, fs, gs;
};

/* ---- what is known of it: sys/ptrace.c. The tracer's own, no lock ---- */

#define BEHIND_MAX 8

struct tracee {
	struct tracee *next;
	s32 tid;
	u32 request;		 /* how it was made to go on last: PTRACE_CONT ... */
	bool in_call;		 /* the tracer has been shown that a call begins */
	bool left;		 /* it has gone on in another host process: what is to be seen of this one is hidden */
	bool arrives;		 /* it is that other one, and has not stopped yet as each does that is attached */
	bool interrupt;		 /* the tracer wants it to stop (PTRACE_INTERRUPT), and has not seen that yet */
	struct siginfo_raw late; /* a signal that is shown when it has left the runtime (signo 0: none) */
	bool late_in_call;	 /* it came in a call: */
	u64 late_call;		 /* the number of that */
	s64 late_result;	 /* what the call has then that it ended, -ERESTARTSYS ...; 0: none */
	struct siginfo_raw behind[BEHIND_MAX]; /* that came while one was late: sent again when that has been shown */
	u32 nr_behind;
	u64 message; /* PTRACE_GETEVENTMSG, until it goes on */
	bool has_message;
};

struct tracee *tracee_find(const struct task *task, s32 tid);
/* The same; made if there is none yet. NULL: ENOMEM. */
struct tracee *tracee_get(struct task *task, s32 tid);
u32 tracee_request(const struct task *task, s32 tid);
void tracee_forget(struct task *task, s32 tid);

/* ---- where it is: sys/ptrace_view.c ---- */

/* AT_GATE: sys/secure.c. AT_REPLACED: the tracer has given it other registers, for which the call was ended. */
enum place { IN_GUEST, IN_CALL, AT_ENTRY_MARK, AT_END_MARK, AT_EXEC_MARK, AT_GATE, AT_REPLACED };

struct stopped {
	s32 tid;
	enum place place;
	u64 task;	      /* where its struct task is; 0 with IN_GUEST */
	struct user_regs raw; /* the host's */
};

/* False: it is not stopped, or not ours to trace. */
bool tracee_look(s32 tid, struct stopped *s);
/* The guest's registers, for reading and to be changed. 0 or -errno. */
int tracee_regs(const struct stopped *s, struct user_regs *regs);
int tracee_set_regs(const struct stopped *s, const struct user_regs *regs);

/* Has a signal ended a call that the runtime made, so that the host will decide whether to start it again? */
bool tracee_interrupted(const struct user_regs *raw);
/* The same, of a call in which a guest sleeps and no lock is held: others that the runtime makes may be interrupted,
 * too. */
bool tracee_sleeps(const struct stopped *s);
/* The call that sleeps, or is about to, ends without a result, and the guest's is started again. */
bool tracee_abort_call(const struct stopped *s);
/* It is about to make a call that may sleep, and does so when it goes on. */
bool tracee_is_before_call(const struct stopped *s);
/* It has stopped at the entry of that call, which is not made: the guest's is started again. */
bool tracee_skip_call(const struct stopped *s);
/* Does the runtime in that process make marks? A process that is none of ours is left alone. */
void tracee_make_marks(s32 tid);

bool in_runtime(u64 rip);
/* Word by word, as every host lets a tracer do it. */
u64 tracee_peek(s32 tid, u64 addr);
bool tracee_poke(s32 tid, u64 addr, u64 word);

/* ---- as it leaves its memory (sys/rehost.c): sys/ptrace_leave.c ---- */

/*
 * A stop of one that has left, or of one that is about to, or the first one of who goes on for it: those are hidden,
 * and the tracee goes on. What the tracer knows of it is then known of the new one. False: it is none of those.
 */
bool tracee_leaves(struct task *task, const struct stopped *s, s32 status);

/* ---- taking it somewhere else: sys/ptrace_move.c ---- */

/* How far did it get? */
enum moved {
	MOVED_OUT,     /* it is in guest code, stopped by a step */
	MOVED_TO_MARK, /* it is about to say that the guest's call ends */
	MOVED_STUCK,   /* it sleeps, and must not be disturbed */
	MOVED_STOPPED, /* it has stopped for something else, or ended: *status */
};
/* `t`: who has been shown that a call begins, and waits for its end; NULL: goes on to guest code. */
enum moved tracee_leave_runtime(s32 tid, struct tracee *t, s32 *status);
/* It is in a call of the guest's: which one, is noted. If that sleeps, it ends, and so is what it has then. */
void tracee_end_sleep(const struct stopped *s, struct tracee *t);
/* After execve: to the guest's first instruction, or, for a tracer of system calls, to the mark before it. */
s32 tracee_go_to_program(s32 tid, u32 request, s32 status);
/* If that is where it stands: it is behind that instruction now. */
bool tracee_skip_popf(const struct stopped *s);
/* Lets it go on until it stops or ends; its new status. */
s32 tracee_go_on(s32 tid, u32 request);

#endif
