/* SPDX-License-Identifier: MIT */
/* ioctl(2)'s PIDFD_GET_INFO: whose process it is, in the guest's numbers. */
#include "sys/pidfd.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"

#define INFO_MAX 256

/* struct pidfd_info, as far as it has ids; it has grown since. */
struct pidfd_info {
	u64 mask, cgroup;
	s32 pid, tgid, ppid;
	u32 ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	s32 exit_code;
};

static void info_to_guest(const struct task *task, struct pidfd_info *info)
{
	const struct user_ns *ns = task->nsproxy->user;

	info->pid = pid_to_guest(&arena()->pids, info->pid);
	info->tgid = pid_to_guest(&arena()->pids, info->tgid);
	info->ppid = pid_to_guest(&arena()->pids, info->ppid);
	info->ruid = from_kuid_munged(ns, info->ruid);
	info->euid = from_kuid_munged(ns, info->euid);
	info->suid = from_kuid_munged(ns, info->suid);
	info->fsuid = from_kuid_munged(ns, info->fsuid);
	info->rgid = from_kgid_munged(ns, info->rgid);
	info->egid = from_kgid_munged(ns, info->egid);
	info->sgid = from_kgid_munged(ns, info->sgid);
	info->fsgid = from_kgid_munged(ns, info->fsgid);
}

s64 pidfd_get_info(const struct task *task, int fd, u32 cmd, u64 uinfo)
{
	union {
		struct pidfd_info info;
		char bytes[INFO_MAX];
	} got;
	u32 size = cmd >> 16 & 0x3fff;
	s64 ret;

	/* What is wrong then, and whether it is a pidfd at all, the host says. */
	if (copy_from_guest(&got, uinfo, size))
		return host_call3(__NR_ioctl, fd, cmd, 0);
	ret = host_call3(__NR_ioctl, fd, cmd, &got);
	if (ret)
		return ret;
	info_to_guest(task, &got.info);
	return copy_to_guest(uinfo, &got, size);
}
