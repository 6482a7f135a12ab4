/* SPDX-License-Identifier: MIT */
/*
 * A tracee that leaves its memory (sys/rehost.c) goes on in a new host process, which the host attaches to the same
 * tracer if that has asked to follow forks. To a tracer in the session nothing has happened but a call: it hears
 * neither of the fork, nor of how the new process stops for the first time, nor of the end of the old thread.
 */
#include <asm/signal.h>
#include <linux/ptrace.h>
#include "host/host.h"
#include "sys/runtime.h"
#include "sys/tracee.h"

static bool is_in_unshare(const struct stopped *s)
{
	return s->task && s->place == IN_CALL &&
	       tracee_peek(s->tid, s->task + offsetof(struct task, regs.orig_rax)) == __NR_unshare;
}

/* In the runtime's clone(2), within unshare(2), there is no other. */
static bool is_leaving(const struct stopped *s, s32 status)
{
	u32 event = stop_event(status);

	return (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE) && is_in_unshare(s);
}

/* Nobody has sent that SIGSTOP; or the tracer has seized it, then it is no signal. */
static bool is_first_stop(s32 tid, s32 status)
{
	struct siginfo_raw info;

	if (stop_event(status) == PTRACE_EVENT_STOP)
		return true;
	return stop_signal(status) == SIGSTOP && !host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info) &&
	       !info.code && !info.pid;
}

/* The new one's memory is a copy: it still says which thread it was. */
static s32 old_tid(const struct stopped *s)
{
	return (s32)tracee_peek(s->tid, s->task + offsetof(struct task, host_tid));
}

static struct tracee *succeed(struct task *task, s32 old, s32 new)
{
	const struct tracee *from = tracee_find(task, old);
	struct tracee *to = tracee_get(task, new);

	if (to && from) {
		to->request = from->request;
		to->in_call = from->in_call;
	}
	return to;
}

static void let_leave(struct task *task, s32 tid)
{
	struct tracee *old = tracee_get(task, tid), *new;
	u64 host = 0;

	host_call4(__NR_ptrace, PTRACE_GETEVENTMSG, tid, 0, &host);
	/* It may have stopped already. */
	if (!tracee_find(task, (s32)host)) {
		new = succeed(task, tid, (s32)host);
		if (new)
			new->arrives = true;
	}
	if (old)
		old->left = true;
	host_call4(__NR_ptrace, PTRACE_CONT, tid, 0, 0);
}

bool tracee_leaves(struct task *task, const struct stopped *s, s32 status)
{
	struct tracee *t = tracee_find(task, s->tid);

	if (t && t->left) {
		host_call4(__NR_ptrace, PTRACE_CONT, s->tid, 0, 0);
		return true;
	}
	if (is_leaving(s, status)) {
		let_leave(task, s->tid);
		return true;
	}
	if ((t && !t->arrives) || !is_first_stop(s->tid, status) || !is_in_unshare(s))
		return false;
	if (!t)
		t = succeed(task, old_tid(s), s->tid);
	if (t)
		t->arrives = false;
	host_call4(__NR_ptrace, t ? t->request : PTRACE_CONT, s->tid, 0, 0);
	return true;
}
