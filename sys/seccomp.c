/* SPDX-License-Identifier: MIT */
/*
 * What a guest forbids itself: seccomp(2), prctl(PR_SET_SECCOMP), no_new_privs. Its filters go to the host, with one
 * change: calls that the runtime makes are exempt, by instruction pointer, since they are not the guest's. For all
 * that the host does itself nothing more is needed. For calls that our own filter stops, the host takes the strongest
 * answer of all filters, and ours is strong: so the task keeps its filters, and sys/secure.c asks them.
 */
#include "sys/seccomp.h"

#include <linux/prctl.h>
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/runtime.h"
#include "sys/sys.h"
#include "warden/client.h"

#define EXEMPTION 8 /* instructions in front of the guest's */

#define IP_LOW	offsetof(struct seccomp_data, instruction_pointer)
#define IP_HIGH (IP_LOW + 4)

/* What the host takes: struct sock_fprog with its program behind it. */
struct program {
	u16 len;
	struct sock_filter *filter;
};

/* ---- installing ---- */

/* "From the runtime's text, but not from the gate (sys/secure.c)? Allow." The guest's program finds A as it should. */
static void write_exemption(struct sock_filter *f)
{
	u32 start = (u32)(uintptr_t)runtime_text_start, end = (u32)(uintptr_t)runtime_text_end;
	u32 gate = (u32)(uintptr_t)seccomp_gate_end;

	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP_HIGH);
	f[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IMAGE_BASE >> 32, 0, 5);
	f[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, IP_LOW);
	f[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, start, 0, 3);
	f[4] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, end, 2, 0);
	f[5] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, gate, 1, 0);
	f[6] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[7] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, 0);
}

/* A task that must not gain privilege again may forbid itself what it likes; others could fool a set-user-id program.
 */
static bool may_install(const struct task *task)
{
	return task->seccomp.no_new_privs || ns_capable(task, task->nsproxy->user, CAP_SYS_ADMIN);
}

static int read_program(struct task *task, u64 uprogram, struct seccomp_filter **out)
{
	struct seccomp_filter *filter;
	u64 uinsns;
	u16 len;
	int err;

	if (get_guest(len, uprogram) || get_guest(uinsns, uprogram + offsetof(struct program, filter)))
		return -EFAULT;
	if (!len || len > BPF_MAXINSNS)
		return -EINVAL;
	if (!may_install(task))
		return -EACCES;
	if (len > BPF_MAXINSNS - EXEMPTION) {
		guest_log(task, "seccomp: a filter of %u instructions leaves no room for ours: EINVAL", len);
		return -EINVAL;
	}
	filter = seccomp_alloc(len);
	if (!filter)
		return -ENOMEM;
	err = copy_from_guest(filter->insn, uinsns, len * sizeof(filter->insn[0]));
	if (err) {
		seccomp_put(filter);
		return err;
	}
	*out = filter;
	return 0;
}

static s64 install_on_host(const struct seccomp_filter *filter, u64 flags)
{
	struct program program = {.len = (u16)(filter->len + EXEMPTION)};
	s64 ret;

	program.filter = kzalloc(program.len * sizeof(*program.filter));
	if (!program.filter)
		return -ENOMEM;
	write_exemption(program.filter);
	memcpy(program.filter + EXEMPTION, filter->insn, filter->len * sizeof(filter->insn[0]));
	ret = host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	kfree(program.filter);
	return ret;
}

/* Takes over a reference. Held: mm.seccomp_lock. */
static void set_seccomp(struct task *task, u8 mode, struct seccomp_filter *filter)
{
	struct seccomp_filter *old = task->seccomp.filter;

	task->seccomp.filter = filter;
	task->seccomp.mode = mode;
	seccomp_put(old);
}

/* SECCOMP_FILTER_FLAG_TSYNC: the host has done it for all threads. What they had is part of our list. */
static void sync_threads(const struct task *self)
{
	struct task *task;

	for (u32 i = 0; (task = task_at(i)); i++) {
		if (task == self || atomic_load(&task->state) == TASK_FREE || task->tgid != self->tgid)
			continue;
		set_seccomp(task, SECCOMP_MODE_FILTER, seccomp_get(self->seccomp.filter));
		task->seccomp.no_new_privs = MAX(task->seccomp.no_new_privs, self->seccomp.no_new_privs);
	}
}

/* Did it work? With SECCOMP_FILTER_FLAG_TSYNC a positive number is the thread that did not allow it. */
static bool installed(s64 ret, u64 flags)
{
	return ret == 0 || (ret > 0 && (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

static s64 add_filter(struct task *task, u64 flags, struct seccomp_filter *filter)
{
	s64 ret;

	mutex_lock(&mm.seccomp_lock);
	ret = install_on_host(filter, flags);
	if (installed(ret, flags)) {
		filter->prev = seccomp_get(task->seccomp.filter);
		set_seccomp(task, SECCOMP_MODE_FILTER, seccomp_get(filter));
		if (flags & SECCOMP_FILTER_FLAG_TSYNC)
			sync_threads(task);
	}
	mutex_unlock(&mm.seccomp_lock);
	seccomp_put(filter);
	return ret;
}

static s64 set_filter(struct task *task, u64 flags, u64 uprogram)
{
	struct seccomp_filter *filter;
	/* The host judges the flags first, and without a program it can do no more than that. */
	s64 err = host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL);

	if (err != -EFAULT)
		return err;
	err = read_program(task, uprogram, &filter);
	return err ? err : add_filter(task, flags, filter);
}

/* read, write, exit and sigreturn; of the rest our trap gets to know, which kills (sys/secure.c). */
static s64 set_strict(struct task *task)
{
	static const struct sock_filter strict[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_read, 4, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit, 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_rt_sigreturn, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP | TRAP_DATA),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct seccomp_filter *filter;
	s64 ret;

	if (prctl_get_seccomp(task) != SECCOMP_MODE_DISABLED)
		return -EINVAL;
	filter = seccomp_alloc(ARRAY_SIZE(strict));
	if (!filter)
		return -ENOMEM;
	memcpy(filter->insn, strict, sizeof(strict));
	mutex_lock(&mm.seccomp_lock);
	ret = install_on_host(filter, 0);
	if (!ret)
		set_seccomp(task, SECCOMP_MODE_STRICT, NULL);
	mutex_unlock(&mm.seccomp_lock);
	seccomp_put(filter);
	return ret;
}

void copy_seccomp(struct task *parent, struct task *child)
{
	mutex_lock(&mm.seccomp_lock);
	child->seccomp.no_new_privs = parent->seccomp.no_new_privs;
	set_seccomp(child, parent->seccomp.mode, seccomp_get(parent->seccomp.filter));
	mutex_unlock(&mm.seccomp_lock);
}

/* ---- the calls ---- */

s64 prctl_set_seccomp(struct task *task, u64 mode, u64 uprogram)
{
	switch (mode) {
	case SECCOMP_MODE_STRICT:
		return set_strict(task);
	case SECCOMP_MODE_FILTER:
		return set_filter(task, 0, uprogram);
	}
	return -EINVAL;
}

s64 prctl_get_seccomp(const struct task *task)
{
	return task->seccomp.mode ? task->seccomp.mode : mm.seccomp_outside;
}

s64 prctl_set_no_new_privs(struct task *task, const struct regs *regs)
{
	if (ARG1(regs) != 1 || ARG2(regs) || ARG3(regs) || ARG4(regs))
		return -EINVAL;
	task->seccomp.no_new_privs = NO_NEW_PRIVS;
	return 0;
}

s64 prctl_get_no_new_privs(const struct task *task, const struct regs *regs)
{
	if (ARG1(regs) || ARG2(regs) || ARG3(regs) || ARG4(regs))
		return -EINVAL;
	return task->seccomp.no_new_privs != NEW_PRIVS;
}

s64 sys_seccomp(struct task *task, struct regs *regs)
{
	switch ((u32)ARG0(regs)) {
	case SECCOMP_SET_MODE_STRICT:
		return (u32)ARG1(regs) || ARG2(regs) ? -EINVAL : set_strict(task);
	case SECCOMP_SET_MODE_FILTER:
		return set_filter(task, (u32)ARG1(regs), ARG2(regs));
	}
	if (ARG2(regs) && !access_ok(ARG2(regs), 1))
		return -EFAULT;
	return host_call3(__NR_seccomp, ARG0(regs), ARG1(regs), ARG2(regs));
}
