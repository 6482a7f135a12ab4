/* SPDX-License-Identifier: MIT */
/*
 * The guest's filters and the calls that our own filter has stopped: what the host did not come to do is done here.
 *
 * Two of the answers only the host can give: to ask another process (SECCOMP_RET_USER_NOTIF), or a tracer
 * (SECCOMP_RET_TRACE). For them the call is made once more, from the gate: the one place in the runtime that the
 * guest's filters are asked about. If the answer is that the call may go on, it must not go on on the host, whose
 * files are not the guest's. So whoever gives that answer, and is in the session, gives another one instead:
 * GATE_CONTINUE, a result of the call that says what was meant.
 */
#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/runtime.h"
#include "sys/seccomp.h"
#include "warden/client.h"

#define MAX_ERRNO    4095
#define NOTIFIED_MAX 1024

/* ---- calls ---- */

static void fill_data(const struct regs *regs, u64 ip, struct seccomp_data *data)
{
	*data = (struct seccomp_data){
	    .nr = (int)regs->orig_rax,
	    .arch = AUDIT_ARCH_X86_64,
	    .instruction_pointer = ip,
	    .args = {ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs), ARG5(regs)},
	};
}

static u32 answer(const struct task *task, const struct regs *regs, u64 ip)
{
	struct seccomp_data data;

	fill_data(regs, ip, &data);
	return seccomp_run(task->seccomp.filter, &data);
}

/* As in strict mode: no handler, no core file, and only the thread. */
static void die(struct task *task, struct regs *regs)
{
	if (nr_threads(task) == 1)
		host_call2(__NR_kill, task->tgid, SIGKILL);
	regs->rdi = SIGKILL;
	sys_exit(task, regs);
}

static bool strict(struct task *task, struct regs *regs)
{
	switch ((u32)regs->orig_rax) {
	case __NR_read:
	case __NR_write:
	case __NR_exit:
	case __NR_rt_sigreturn:
		return true;
	}
	die(task, regs);
	return false;
}

/*
 * The host is asked. A filter that looks at the instruction pointer may say something else about the gate, which must
 * not lead to the call on the host.
 */
static bool through_gate(struct task *task, struct regs *regs, u32 action, s64 *ret)
{
	if ((answer(task, regs, (u64)(uintptr_t)seccomp_gate_end) & SECCOMP_RET_ACTION_FULL) != action) {
		guest_log(task, "seccomp: a filter on instruction pointers asks a tracer or a listener: ENOSYS");
		*ret = -ENOSYS;
		return false;
	}
	/* What a tracer finds, and what the call returns if it leaves it out. */
	regs->rax = (u64)-ENOSYS;
	*ret = arch_seccomp_gate(regs);
	return *ret == (s64)GATE_CONTINUE;
}

bool secure_computing(struct task *task, struct regs *regs, s64 *ret)
{
	u32 said, action;

	if (task->seccomp.mode == SECCOMP_MODE_STRICT)
		return strict(task, regs);
	said = answer(task, regs, regs->rip);
	action = said & SECCOMP_RET_ACTION_FULL;
	switch (action) {
	case SECCOMP_RET_ALLOW:
	case SECCOMP_RET_LOG:
		return true;
	case SECCOMP_RET_ERRNO:
		*ret = -(s64)MIN(said & SECCOMP_RET_DATA, MAX_ERRNO);
		return false;
	case SECCOMP_RET_TRAP:
		/* The host sends it itself, unless the guest's mark was the same as ours. */
		*ret = signal_force_sigsys(task, regs, SYS_SECCOMP, (s32)(said & SECCOMP_RET_DATA));
		return false;
	}
	/* Also what kills, should it come here, and what nobody knows, which kills. */
	return through_gate(task, regs, action, ret);
}

/* ---- listeners ---- */

/*
 * The calls at gates that this process has been told of and has not answered: their ids, which are random numbers. The
 * oldest is overwritten. A process that was not told, but answers, sends its answer as it is.
 */
RARELY_USED static struct {
	struct mutex lock; /* guards the rest */
	u32 next;
	u64 id[NOTIFIED_MAX]; /* 0: none */
} notified;

static void notified_add(u64 id)
{
	mutex_lock(&notified.lock);
	notified.id[notified.next++ % NOTIFIED_MAX] = id;
	mutex_unlock(&notified.lock);
}

static bool notified_take(u64 id)
{
	bool found = false;

	mutex_lock(&notified.lock);
	for (u32 i = 0; i < NOTIFIED_MAX && !found; i++) {
		found = id && notified.id[i] == id;
		if (found)
			notified.id[i] = 0;
	}
	mutex_unlock(&notified.lock);
	return found;
}

static s64 notif_recv(const struct regs *regs)
{
	struct seccomp_notif notif;
	s64 ret;

	if (!access_ok(ARG2(regs), sizeof(notif)))
		return -EFAULT;
	ret = host_call_blocking(__NR_ioctl, (long)ARG0(regs), (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);
	if (!ret && !get_guest(notif, ARG2(regs)) && notif.data.instruction_pointer == (u64)(uintptr_t)seccomp_gate_end)
		notified_add(notif.id);
	return ret;
}

static s64 notif_send(const struct regs *regs)
{
	struct seccomp_notif_resp resp;
	bool at_gate;
	s64 ret;

	if (get_guest(resp, ARG2(regs)))
		return -EFAULT;
	at_gate = notified_take(resp.id);
	if (at_gate && resp.flags == SECCOMP_USER_NOTIF_FLAG_CONTINUE && !resp.error && !resp.val) {
		resp.flags = 0;
		resp.val = (s64)GATE_CONTINUE;
	}
	ret = host_call3(__NR_ioctl, ARG0(regs), ARG1(regs), &resp);
	if (at_gate && ret && ret != -ENOENT)
		notified_add(resp.id);
	return ret;
}

bool seccomp_ioctl(struct task *task, const struct regs *regs, s64 *ret)
{
	switch ((u32)ARG1(regs)) {
	case SECCOMP_IOCTL_NOTIF_RECV:
		*ret = notif_recv(regs);
		return true;
	case SECCOMP_IOCTL_NOTIF_SEND:
		*ret = notif_send(regs);
		return true;
	}
	return false;
}
