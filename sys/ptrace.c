/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2): the call is the host's, but a tracer in the session is shown the guest that its tracee is, and nothing of
 * the runtime. Which stops it hears of, sys/ptrace_stop.c decides; here are the requests that mean something else when
 * the tracee has stopped in the runtime.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/elf.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include "arch/x86_64/patch.h"
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/patch.h"
#include "sys/runtime.h"
#include "sys/tracee.h"
#include "warden/client.h"

#define ERRNO_MAX 4095

/* ---- what the tracer asked of whom ---- */

struct tracee *tracee_find(const struct task *task, s32 tid)
{
	struct tracee *t = task->tracees;

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

struct tracee *tracee_get(struct task *task, s32 tid)
{
	struct tracee *t = tracee_find(task, tid);

	if (t)
		return t;
	t = kzalloc(sizeof(*t));
	if (!t)
		return NULL;
	t->tid = tid;
	t->request = PTRACE_CONT;
	t->next = task->tracees;
	task->tracees = t;
	return t;
}

u32 tracee_request(const struct task *task, s32 tid)
{
	const struct tracee *t = tracee_find(task, tid);

	return t ? t->request : PTRACE_CONT;
}

void tracee_forget(struct task *task, s32 tid)
{
	struct tracee **at = &task->tracees, *t;

	while ((t = *at) && t->tid != tid)
		at = &t->next;
	if (t) {
		*at = t->next;
		kfree(t);
	}
}

bool ptrace_forget(struct task *task, s32 tid)
{
	const struct tracee *t = tracee_find(task, tid);
	bool left = t && t->left;

	tracee_forget(task, tid);
	return left;
}

void ptrace_release(struct task *task)
{
	while (task->tracees)
		tracee_forget(task, task->tracees->tid);
}

/* ---- registers ---- */

static s64 get_regs(const struct stopped *s, u64 udata)
{
	struct user_regs regs;

	tracee_regs(s, &regs);
	return put_guest(udata, regs);
}

static s64 set_regs(const struct stopped *s, u64 udata)
{
	struct user_regs regs;

	return get_guest(regs, udata) ? -EFAULT : tracee_set_regs(s, &regs);
}

/* NT_PRSTATUS; the length may be anything up to that of the whole. */
static s64 regset(const struct stopped *s, bool set, u64 uiov)
{
	struct user_regs regs;
	struct iovec iov;
	s64 err;

	if (get_guest(iov, uiov))
		return -EFAULT;
	if (iov.iov_len % sizeof(u64))
		return -EINVAL;
	iov.iov_len = MIN(iov.iov_len, sizeof(regs));
	tracee_regs(s, &regs);
	if (!set)
		err = copy_to_guest((u64)(uintptr_t)iov.iov_base, &regs, iov.iov_len);
	else
		err = copy_from_guest(&regs, (u64)(uintptr_t)iov.iov_base, iov.iov_len);
	if (!err && set)
		err = tracee_set_regs(s, &regs);
	return err ? err : put_guest(uiov, iov);
}

static s64 one_reg(const struct stopped *s, bool set, u64 offset, u64 data)
{
	struct user_regs regs;

	tracee_regs(s, &regs);
	if (!set) {
		u64 word;

		memcpy(&word, (const char *)&regs + offset, sizeof(word));
		return put_guest(data, word);
	}
	memcpy((char *)&regs + offset, &data, sizeof(data));
	return tracee_set_regs(s, &regs);
}

/* ---- what it has stopped for ---- */

static u32 call_info_op(const struct stopped *s, const struct ptrace_syscall_info *info)
{
	switch (s->place) {
	case AT_END_MARK: /* of which the host says nothing without PTRACE_O_TRACESYSGOOD */
		return info->op == PTRACE_SYSCALL_INFO_NONE ? info->op : PTRACE_SYSCALL_INFO_EXIT;
	case AT_EXEC_MARK:
		return PTRACE_SYSCALL_INFO_NONE;
	default:
		return info->op;
	}
}

static size_t call_info_size(u32 op)
{
	switch (op) {
	case PTRACE_SYSCALL_INFO_ENTRY:
		return offsetof(struct ptrace_syscall_info, entry) + sizeof(((struct ptrace_syscall_info *)0)->entry);
	case PTRACE_SYSCALL_INFO_EXIT:
		return offsetof(struct ptrace_syscall_info, exit.is_error) + 1;
	case PTRACE_SYSCALL_INFO_SECCOMP:
		return offsetof(struct ptrace_syscall_info, seccomp.ret_data) + sizeof(u32);
	default:
		return offsetof(struct ptrace_syscall_info, entry);
	}
}

/* PTRACE_GET_SYSCALL_INFO */
static s64 call_info(const struct stopped *s, u64 usize, u64 udata)
{
	struct ptrace_syscall_info info = {0};
	struct user_regs regs;
	long ret = host_call4(__NR_ptrace, PTRACE_GET_SYSCALL_INFO, s->tid, sizeof(info), &info);

	if (ret < 0)
		return ret;
	tracee_regs(s, &regs);
	info.op = (u8)call_info_op(s, &info);
	info.instruction_pointer = regs.rip;
	info.stack_pointer = regs.rsp;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		const u64 args[6] = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};

		info.entry.nr = regs.orig_rax;
		memcpy(info.entry.args, args, sizeof(args));
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		info.exit.is_error = regs.rax >= (u64)-ERRNO_MAX;
		info.exit.rval = (s64)regs.rax;
	}
	ret = (long)call_info_size(info.op);
	return copy_to_guest(udata, &info, MIN(usize, (u64)ret)) ? -EFAULT : ret;
}

/* PTRACE_GETEVENTMSG */
static s64 event_message(const struct task *task, const struct stopped *s, u64 udata)
{
	const struct tracee *t = tracee_find(task, s->tid);
	u64 message = PTRACE_EVENTMSG_SYSCALL_EXIT;

	if (t && t->has_message)
		message = t->message;
	else if (s->place != AT_END_MARK)
		return host_call4(__NR_ptrace, PTRACE_GETEVENTMSG, s->tid, 0, udata);
	return put_guest(udata, message);
}

/* ---- going on ---- */

static bool goes_on(u32 request)
{
	return request == PTRACE_CONT || request == PTRACE_SYSCALL || request == PTRACE_SINGLESTEP;
}

/*
 * The tracer has been asked about a call (SECCOMP_RET_TRACE), and has perhaps changed it. On the host nothing is to
 * come of it, whatever the answer is: the runtime is told that it may go on, or finds the result there.
 */
static void leave_gate(const struct stopped *s)
{
	struct user_regs regs, raw = s->raw;

	tracee_regs(s, &regs);
	raw.rax = (s32)regs.orig_rax < 0 ? regs.rax : GATE_CONTINUE;
	raw.orig_rax = (u64)-1;
	host_call4(__NR_ptrace, PTRACE_SETREGS, s->tid, 0, &raw);
}

/*
 * From now on calls are traced: one that sleeps is started again, so that it is seen from its beginning. The signal
 * that it was stopped by stays what it was.
 */
static void start_again(const struct stopped *s)
{
	struct siginfo_raw info;
	bool stopped_by_signal = !host_call4(__NR_ptrace, PTRACE_GETSIGINFO, s->tid, 0, &info);
	s32 status;

	if (tracee_leave_runtime(s->tid, NULL, &status) != MOVED_STOPPED && stopped_by_signal)
		host_call4(__NR_ptrace, PTRACE_SETSIGINFO, s->tid, 0, &info);
}

static s64 go_on(struct task *task, u32 request, s32 tid, u64 sig)
{
	struct tracee *t = request == PTRACE_CONT ? tracee_find(task, tid) : tracee_get(task, tid);
	struct stopped s;

	if (!t && request != PTRACE_CONT)
		return -ENOMEM;
	if (tracee_look(tid, &s)) {
		if (s.place == AT_GATE)
			leave_gate(&s);
		if (request == PTRACE_SYSCALL)
			tracee_make_marks(tid);
		if (request == PTRACE_SYSCALL && t->request != PTRACE_SYSCALL && tracee_interrupted(&s.raw) && s.task)
			start_again(&s);
	}
	if (t) {
		t->request = request;
		t->has_message = false;
		t->interrupt = false;
		if (t->late.signo)
			request = PTRACE_SINGLESTEP;
	}
	return host_call4(__NR_ptrace, request, tid, 0, sig);
}

/* A signal that it has not been shown yet is sent again: it must not get lost. */
static s64 detach(struct task *task, s32 tid, u64 sig)
{
	const struct tracee *t = tracee_find(task, tid);
	struct stopped s;
	s64 ret;

	if (tracee_look(tid, &s) && s.place == AT_GATE)
		leave_gate(&s);
	if (t && t->late.signo) {
		host_call2(__NR_tkill, tid, t->late.signo);
		for (u32 i = 0; i < t->nr_behind; i++)
			host_call2(__NR_tkill, tid, t->behind[i].signo);
	}
	ret = host_call4(__NR_ptrace, PTRACE_DETACH, tid, 0, sig);
	if (!ret)
		tracee_forget(task, tid);
	return ret;
}

/*
 * What is to be known of it has its place before it stops: one with our own memory may stop while it holds the heap.
 */
static s64 attach(struct task *task, const struct regs *regs)
{
	s32 tid = (s32)ARG1(regs);
	bool known = tracee_find(task, tid);
	s64 ret;

	patch_stop_in(task, tid);
	if (!tracee_get(task, tid))
		return -ENOMEM;
	ret = host_call4(__NR_ptrace, ARG0(regs), tid, ARG2(regs), ARG3(regs));
	if (ret && !known)
		tracee_forget(task, tid);
	return ret;
}

/* Hidden stops must not swallow it. */
static s64 interrupt(struct task *task, s32 tid)
{
	s64 ret = host_call4(__NR_ptrace, PTRACE_INTERRUPT, tid, 0, 0);
	struct tracee *t = ret ? NULL : tracee_get(task, tid);

	if (t)
		t->interrupt = true;
	return ret;
}

/* ---- ptrace(2) ---- */

/* A request about a tracee that has stopped in the runtime. */
static s64 request_in_runtime(const struct task *task, const struct stopped *s, const struct regs *regs)
{
	u64 addr = ARG2(regs), data = ARG3(regs);

	switch (ARG0(regs)) {
	case PTRACE_GETREGS:
		return get_regs(s, data);
	case PTRACE_SETREGS:
		return set_regs(s, data);
	case PTRACE_PEEKUSR:
	case PTRACE_POKEUSR:
		if (addr % sizeof(u64) || addr >= sizeof(struct user_regs))
			break;
		return one_reg(s, ARG0(regs) == PTRACE_POKEUSR, addr, data);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		if (addr != NT_PRSTATUS)
			break;
		return regset(s, ARG0(regs) == PTRACE_SETREGSET, data);
	case PTRACE_GET_SYSCALL_INFO:
		return call_info(s, addr, data);
	case PTRACE_GETEVENTMSG:
		return event_message(task, s, data);
	}
	return host_call4(__NR_ptrace, ARG0(regs), s->tid, addr, data);
}

/*
 * A vfork child's parent sleeps until it has executed a program, and cannot see to a tracee's stops. So
 * tracing begins when it executes one, before which it has nothing to stop for.
 */
static s64 trace_me(struct task *task)
{
	if (!(task->clone_request.flags & CLONE_VFORK)) {
		patch_stop();
		return host_call4(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
	}
	task->traceme = true;
	return 0;
}

SYSCALL(ptrace)
{
	u32 request = (u32)ARG0(regs);
	s32 tid = (s32)ARG1(regs);
	struct stopped s;

	if (request == PTRACE_TRACEME)
		return trace_me(task);
	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		return attach(task, regs);
	if (goes_on(request))
		return go_on(task, request, tid, ARG3(regs));
	if (request == PTRACE_DETACH)
		return detach(task, tid, ARG3(regs));
	if (request == PTRACE_INTERRUPT)
		return interrupt(task, tid);
	if (request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_SINGLESTEP) {
		guest_log(task, "ptrace: PTRACE_SYSEMU is not built: EIO");
		return -EIO;
	}
	if (tracee_look(tid, &s) && (s.task || request == PTRACE_GETEVENTMSG || gs_base_is_ours(s.raw.gs_base)))
		return request_in_runtime(task, &s, regs);
	return host_call4(__NR_ptrace, ARG0(regs), tid, ARG2(regs), ARG3(regs));
}

void ptrace_exec(struct task *task)
{
	if (task->traceme)
		host_call4(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
}
