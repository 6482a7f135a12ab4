/* SPDX-License-Identifier: MIT */
/* Capabilities (capabilities(7)): capget, capset, and the options of prctl(2) that are about them. */
#include <linux/capability.h>
#include <linux/prctl.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/prctl.h"
#include "sys/fail.h"
#include "sys/cred.h"
#include "sys/fork.h"
#include "sys/pids.h"
#include "sys/seccomp.h"
#include "sys/user_dispatch.h"
#include "sys/sys.h"
#include "vfs/namei.h"
#include "warden/client.h"

/* Any bit but these in securebits is unknown; Linux 6.14's EXEC_* bits are not offered. */
#define SECBITS_KNOWN (SECBITS_ALL | SECBITS_LOCKS)

static bool may_setpcap(const struct task *task)
{
	return ns_capable(task, task->nsproxy->user, CAP_SETPCAP);
}

/* ---- on the host, for a caller who is root there ---- */

/* The same prctl. It may fail where the host's sets are smaller; then less is kept there, never more. */
static void host_prctl(u64 option, u64 a, u64 b)
{
	if (host_is_root())
		host_call5(__NR_prctl, option, a, b, 0, 0);
}

/* Brings the host's sets as close to those of `new` as what the host still permits allows. */
static void host_capset(const struct cred *new)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (!host_is_root() || host_call2(__NR_capget, &header, data))
		return;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (u32)(new->cap_permitted >> 32 * i);
		data[i].effective = data[i].permitted & (u32)(new->cap_effective >> 32 * i);
		data[i].inheritable = data[i].permitted & (u32)(new->cap_inheritable >> 32 * i);
	}
	host_call2(__NR_capset, &header, data);
}

/* ---- capget, capset ---- */

/*
 * Reads the header and says how many 32-bit halves the version carries: 1 or 2. An unknown version
 * is -EINVAL, with the preferred one written back.
 */
static int read_header(u64 uheader, struct __user_cap_header_struct *header)
{
	u32 preferred = _LINUX_CAPABILITY_VERSION_3;

	if (get_guest(*header, uheader))
		return -EFAULT;
	switch (header->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		return _LINUX_CAPABILITY_U32S_1;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		return _LINUX_CAPABILITY_U32S_3;
	}
	return put_guest(uheader, preferred) ? -EFAULT : -EINVAL;
}

s64 sys_capget(struct task *task, struct regs *regs)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
	const struct cred *cred = task->cred;
	int halves = read_header(ARG0(regs), &header);

	if (!ARG1(regs))
		return halves < 0 && halves != -EINVAL ? halves : 0;
	if (halves < 0)
		return halves;
	if (header.pid < 0)
		return -EINVAL;
	if (pid_is_hidden(header.pid))
		return -ESRCH;
	/* What another process may, only the host can say. */
	if (header.pid && header.pid != task->tid) {
		header.pid = pid_for_host(header.pid);
		return host_call2(__NR_capget, &header, ARG1(regs));
	}
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
		    .effective = (u32)(cred->cap_effective >> 32 * i),
		    .permitted = (u32)(cred->cap_permitted >> 32 * i),
		    .inheritable = (u32)(cred->cap_inheritable >> 32 * i),
		};
	return copy_to_guest(ARG1(regs), data, (size_t)halves * sizeof(data[0]));
}

/* capset(2)'s rules. */
static int check_capset(const struct task *task, u64 effective, u64 permitted, u64 inheritable)
{
	const struct cred *old = task->cred;

	if (!may_setpcap(task) && (inheritable & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if (inheritable & ~(old->cap_inheritable | old->cap_bset))
		return -EPERM;
	if ((permitted & ~old->cap_permitted) || (effective & ~permitted))
		return -EPERM;
	return 0;
}

s64 sys_capset(struct task *task, struct regs *regs)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2] = {{0}};
	u64 effective = 0, permitted = 0, inheritable = 0;
	int halves = read_header(ARG0(regs), &header);
	struct cred *new;

	if (halves < 0)
		return halves;
	if (header.pid && header.pid != task->tid)
		return -EPERM;
	if (copy_from_guest(data, ARG1(regs), (size_t)halves * sizeof(data[0])))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		effective |= (u64)data[i].effective << 32 * i;
		permitted |= (u64)data[i].permitted << 32 * i;
		inheritable |= (u64)data[i].inheritable << 32 * i;
	}
	effective &= CAP_FULL_SET;
	permitted &= CAP_FULL_SET;
	inheritable &= CAP_FULL_SET;
	if (check_capset(task, effective, permitted, inheritable))
		return -EPERM;
	new = prepare_creds(task->cred);
	if (!new)
		return -ENOMEM;
	new->cap_effective = effective;
	new->cap_permitted = permitted;
	new->cap_inheritable = inheritable;
	new->cap_ambient &= permitted &inheritable;
	host_capset(new);
	commit_creds(task, new);
	return 0;
}

/* ---- prctl ---- */

static s64 drop_from_bounding_set(struct task *task, u64 cap)
{
	struct cred *new;

	if (!may_setpcap(task))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	new = prepare_creds(task->cred);
	if (!new)
		return -ENOMEM;
	new->cap_bset &= ~(1ULL << cap);
	host_prctl(PR_CAPBSET_DROP, cap, 0);
	commit_creds(task, new);
	return 0;
}

static s64 set_securebits(struct task *task, u64 bits)
{
	u32 old = task->cred->securebits;
	u32 locked = old & SECBITS_LOCKS;
	struct cred *new;

	if ((locked >> 1 & (old ^ bits)) || (locked & ~bits) || (bits & ~(u64)SECBITS_KNOWN) || !may_setpcap(task))
		return -EPERM;
	new = prepare_creds(task->cred);
	if (!new)
		return -ENOMEM;
	new->securebits = (u32)bits;
	host_prctl(PR_SET_SECUREBITS, bits, 0);
	commit_creds(task, new);
	return 0;
}

static s64 set_keepcaps(struct task *task, u64 on)
{
	struct cred *new;

	if (on > 1)
		return -EINVAL;
	if (task->cred->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	new = prepare_creds(task->cred);
	if (!new)
		return -ENOMEM;
	new->securebits &= ~SECBIT_KEEP_CAPS;
	if (on)
		new->securebits |= SECBIT_KEEP_CAPS;
	host_prctl(PR_SET_KEEPCAPS, on, 0);
	commit_creds(task, new);
	return 0;
}

static s64 change_ambient(struct task *task, u64 clear, u64 raise)
{
	struct cred *new = prepare_creds(task->cred);

	if (!new)
		return -ENOMEM;
	new->cap_ambient = (new->cap_ambient & ~clear) | raise;
	commit_creds(task, new);
	return 0;
}

static s64 do_ambient(struct task *task, const struct regs *regs)
{
	const struct cred *cred = task->cred;
	u64 op = ARG1(regs), cap = ARG2(regs), bit;

	if (op == PR_CAP_AMBIENT_CLEAR_ALL)
		return cap || ARG3(regs) || ARG4(regs) ? -EINVAL : change_ambient(task, CAP_FULL_SET, 0);
	if (cap > CAP_LAST_CAP || ARG3(regs) || ARG4(regs))
		return -EINVAL;
	bit = 1ULL << cap;
	switch (op) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(cred->cap_ambient & bit);
	case PR_CAP_AMBIENT_LOWER:
		return change_ambient(task, bit, 0);
	case PR_CAP_AMBIENT_RAISE:
		if (!(cred->cap_permitted & cred->cap_inheritable & bit) ||
		    (cred->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return change_ambient(task, 0, bit);
	}
	return -EINVAL;
}

static s64 ambient(struct task *task, const struct regs *regs)
{
	s64 ret = do_ambient(task, regs);

	if (ret >= 0)
		host_prctl(PR_CAP_AMBIENT, ARG1(regs), ARG2(regs));
	return ret;
}

s64 sys_prctl(struct task *task, struct regs *regs)
{
	const struct cred *cred = task->cred;
	u64 arg = ARG1(regs);

	switch ((u32)ARG0(regs)) {
	case PR_SECEDE:
		return 1;
	case PR_SECEDE_LEAVE:
		return fork_will_leave(task, arg);
	case PR_SECEDE_FAIL:
		return prctl_fail(task, arg, ARG2(regs));
	case PR_GET_KEEPCAPS:
		return !!(cred->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(task, arg);
	case PR_CAPBSET_READ:
		return arg > CAP_LAST_CAP ? -EINVAL : !!(cred->cap_bset & 1ULL << arg);
	case PR_CAPBSET_DROP:
		return drop_from_bounding_set(task, arg);
	case PR_GET_SECUREBITS:
		return cred->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(task, arg);
	case PR_CAP_AMBIENT:
		return ambient(task, regs);
	case PR_SET_NO_NEW_PRIVS:
		return prctl_set_no_new_privs(task, regs);
	case PR_GET_NO_NEW_PRIVS:
		return prctl_get_no_new_privs(task, regs);
	case PR_GET_SECCOMP:
		return prctl_get_seccomp(task);
	case PR_SET_SECCOMP:
		return prctl_set_seccomp(task, arg, ARG2(regs));
	case PR_SET_TSC:
		dcache_forbid_ticks();
		break;
	case PR_SET_SYSCALL_USER_DISPATCH:
		return prctl_set_user_dispatch(task, regs);
	}
	return host_call5(__NR_prctl, ARG0(regs), arg, ARG2(regs), ARG3(regs), ARG4(regs));
}
