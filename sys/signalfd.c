/* SPDX-License-Identifier: MIT */
/*
 * signalfd(2). What is read from it tells who sent a signal, in the host's numbers: where those are not the guest's,
 * reads of that descriptor come to us.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "sys/cred.h"
#include "sys/read.h"
#include "sys/runtime.h"
#include "sys/sys.h"
#include "vfs/namei.h"

/* struct signalfd_siginfo */
struct signalfd_info {
	u32 signo;
	s32 err, code;
	u32 pid, uid;
	u8 rest[108];
};
_Static_assert(sizeof(struct signalfd_info) == 128, "the kernel's");

/* A number that was one may be another file's by now. */
bool fd_is_signalfd(int fd)
{
	static const char name[] = "anon_inode:[signalfd]";
	char path[FD_PATH_SIZE], link[sizeof(name)];

	fd_path(path, fd);
	return host_readlinkat(AT_FDCWD, path, link, sizeof(link)) == sizeof(name) - 1 &&
	       !memcmp(link, name, sizeof(name) - 1);
}

static s64 do_signalfd(struct task *task, const struct regs *regs, u64 flags)
{
	u64 mask;
	s64 fd;

	if (ARG2(regs) != sizeof(mask))
		return -EINVAL;
	if (get_guest(mask, ARG1(regs)))
		return -EFAULT;
	mask = signal_host_mask(mask);
	fd = host_call4(__NR_signalfd4, ARG0(regs), &mask, sizeof(mask), flags);
	if (fd >= 0 && (ids_are_mapped(task) || atomic_load(&arena()->pids.nr)))
		trap_reads(task, (int)fd);
	return fd;
}

SYSCALL(signalfd)
{
	return do_signalfd(task, regs, 0);
}

SYSCALL(signalfd4)
{
	return do_signalfd(task, regs, ARG3(regs));
}

static void map_sender(const struct task *task, u64 uinfo)
{
	struct siginfo_raw raw = {0};
	struct signalfd_info info;

	if (copy_from_guest(&info, uinfo, sizeof(info)))
		return;
	raw.signo = (s32)info.signo;
	raw.code = info.code;
	raw.pid = (s32)info.pid;
	raw.uid = info.uid;
	signal_map_sender(task, &raw);
	info.pid = (u32)raw.pid;
	info.uid = raw.uid;
	(void)copy_to_guest(uinfo, &info, sizeof(info));
}

void signalfd_map_senders(const struct task *task, u64 ubuf, s64 n)
{
	for (s64 at = 0; at < n; at += (s64)sizeof(struct signalfd_info))
		map_sender(task, ubuf + (u64)at);
}
