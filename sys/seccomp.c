/* SPDX-License-Identifier: MIT */
/*
 * Seccomp filters that a guest installs over itself (seccomp(2)). They go to the host, changed in
 * two ways:
 *
 *  - calls that the runtime makes are exempt, by instruction pointer: they are not the guest's;
 *  - SECCOMP_RET_ERRNO becomes SECCOMP_RET_TRAP with a mark. For a call that our own filter traps, the
 *    host takes our SECCOMP_RET_TRAP before the guest's SECCOMP_RET_ERRNO, and the call would be carried
 *    out; of two TRAPs it takes the data of the filter installed last, which is the guest's. The mark is in
 *    si_errno of the SIGSYS, whose handler gives the call that errno.
 *
 * So the host keeps the filters, across fork and exec, and nothing of them has to be kept here.
 * TRACE, LOG and USER_NOTIF are weaker than TRAP: they are not seen for calls that secede emulates.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include "arch/x86_64/offsets.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/runtime.h"
#include "sys/seccomp.h"
#include "sys/sys.h"
#include "warden/client.h"

#define EXEMPTION 6 /* instructions in front of the guest's */
#define MAX_ERRNO 4095

/* What the host takes: struct sock_fprog with its program behind it. */
struct program {
	u16 len;
	struct sock_filter *filter;
};

/* "From the runtime's text? Allow." instruction_pointer is 64 bits: high half first. */
static void write_exemption(struct sock_filter *f)
{
	u64 start = (u64)runtime_text_start, end = (u64)runtime_text_end;
	const u32 low = offsetof(struct seccomp_data, instruction_pointer);

	f[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low + 4);
	f[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)(start >> 32), 0, 4);
	f[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low);
	f[3] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (u32)start, 0, 2);
	f[4] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (u32)end, 1, 0);
	f[5] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

/* Marks the guest's errnos. -EINVAL: the answer is computed, so it cannot be known here. */
static int mark_errnos(struct task *task, struct sock_filter *f, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		if (f[i].code == (BPF_RET | BPF_A)) {
			guest_log(task, "seccomp filter with a computed answer is not built: EINVAL");
			return -EINVAL;
		}
		if (f[i].code != (BPF_RET | BPF_K) || (f[i].k & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
			continue;
		f[i].k = SECCOMP_RET_TRAP | SECCOMP_GUEST_ERRNO | MIN(f[i].k & SECCOMP_RET_DATA, MAX_ERRNO);
	}
	return 0;
}

static s64 set_filter(struct task *task, u64 flags, u64 uprogram)
{
	struct program program;
	u64 ufilter;
	u16 len;
	s64 ret;

	if (get_guest(len, uprogram) || get_guest(ufilter, uprogram + offsetof(struct program, filter)))
		return -EFAULT;
	if (len == 0 || len > BPF_MAXINSNS - EXEMPTION)
		return -EINVAL;
	program.len = len + EXEMPTION;
	program.filter = kzalloc(program.len * sizeof(*program.filter));
	if (!program.filter)
		return -ENOMEM;
	write_exemption(program.filter);
	ret = copy_from_guest(program.filter + EXEMPTION, ufilter, len * sizeof(*program.filter));
	if (!ret)
		ret = mark_errnos(task, program.filter + EXEMPTION, len);
	if (!ret)
		ret = host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	kfree(program.filter);
	return ret;
}

/* The host's strict mode would kill the runtime at its first call. */
static s64 set_strict(struct task *task)
{
	guest_log(task, "seccomp strict mode is not built: EINVAL");
	return -EINVAL;
}

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

s64 sys_seccomp(struct task *task, struct regs *regs)
{
	switch ((u32)ARG0(regs)) {
	case SECCOMP_SET_MODE_STRICT:
		return ARG1(regs) || ARG2(regs) ? -EINVAL : set_strict(task);
	case SECCOMP_SET_MODE_FILTER:
		if (ARG1(regs) & SECCOMP_FILTER_FLAG_NEW_LISTENER)
			guest_log(task, "seccomp listener: it sees no call that secede emulates");
		return set_filter(task, ARG1(regs), ARG2(regs));
	}
	if (ARG2(regs) && !access_ok(ARG2(regs), 1))
		return -EFAULT;
	return host_call3(__NR_seccomp, ARG0(regs), ARG1(regs), ARG2(regs));
}
