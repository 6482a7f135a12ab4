/* SPDX-License-Identifier: MIT */
/* Of pidfds: ioctl(2)'s PIDFD_GET_INFO, whose process it is, in the guest's numbers; its namespaces; and
 * pidfd_getfd(2). */
#include "sys/pidfd.h"

#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/proc_peek.h"

static long read_file(const char *path, char *buf, size_t size)
{
	long fd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0), n;

	if (fd < 0)
		return fd;
	n = host_call3(__NR_read, fd, buf, size - 1);
	host_close((int)fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

int pid_of_pidfd(int fd)
{
	char path[320], text[1024];
	const char *p = text;
	struct fmt f;
	u64 pid;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/thread-self/fdinfo/%d", arena()->proc, fd);
	if (read_file(path, text, sizeof(text)) < 0)
		return -EINVAL;
	while (p && strncmp(p, "Pid:\t", 5) != 0) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return -EINVAL;
	p += 5;
	return parse_u64(&p, &pid) ? (int)pid : 0;
}

/* ---- PIDFD_GET_INFO ---- */

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

/* ---- PIDFD_GET_X_NAMESPACE ---- */

/* By its number: one that is not built is -1. */
static int type_asked_for(u32 cmd)
{
	switch (cmd) {
	case PIDFD_GET_MNT_NAMESPACE:
		return NS_MNT;
	case PIDFD_GET_USER_NAMESPACE:
		return NS_USER;
	case PIDFD_GET_UTS_NAMESPACE:
		return NS_UTS;
	default:
		return -1;
	}
}

/* Whether it is a pidfd, and the process may be asked, the host says; what it gives is its own. */
static s64 ns_of_pidfd(struct task *task, int fd, int type, u32 cmd, u64 arg)
{
	s64 hosts = host_call3(__NR_ioctl, fd, cmd, arg);
	const struct handle *h;
	int pid;

	if (hosts < 0)
		return hosts;
	pid = pid_of_pidfd(fd);
	h = pid > 0 ? handle_of_pid(pid) : NULL;
	if (pid > 0 && !h)
		return hosts; /* of a process outside the session */
	host_close((int)hosts);
	if (pid <= 0)
		return -ESRCH; /* it has ended just now */
	return type < 0 ? -EOPNOTSUPP : proc_ns_open(task, h->inode, type, O_CLOEXEC);
}

bool pidfd_get_ns(struct task *task, int fd, u32 cmd, u64 arg, s64 *ret)
{
	bool asked = cmd >= PIDFD_GET_CGROUP_NAMESPACE && cmd <= PIDFD_GET_UTS_NAMESPACE;

	if (asked)
		*ret = ns_of_pidfd(task, fd, type_asked_for(cmd), cmd, arg);
	return asked;
}

/* ---- pidfd_getfd(2) ---- */

static bool is_runtimes(int pid, int fd)
{
	char rel[64];
	struct fmt f;

	fmt_init(&f, rel, sizeof(rel));
	fmt_print(&f, "%d/fd/%d", pid, fd);
	return proc_hides(rel);
}

/* What that process has noted of its descriptor `theirs` is true of `fd`, too, if it is about the same file. */
static __attribute__((noinline)) int take_note(struct task *task, int pid, int theirs, int fd)
{
	struct fd_info note;
	struct stat st;
	struct peek p;

	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	if (!peek_task(pid, &p) || !peek_note(&p, theirs, &note) || note.kind == FD_PROC)
		return 0;
	if (host_call2(__NR_fstat, fd, &st) || st.st_dev != note.dev || st.st_ino != note.ino)
		return 0;
	note.fd = fd;
	return files_set(task->files, &note);
}

SYSCALL(pidfd_getfd)
{
	int pidfd = (int)ARG0(regs), theirs = (int)ARG1(regs), pid, err;
	long fd;

	if (fd_is_ours(pidfd))
		return -EBADF;
	fd = host_call3(__NR_pidfd_getfd, pidfd, theirs, ARG2(regs));
	if (fd < 0)
		return fd;
	pid = pid_of_pidfd(pidfd);
	if (pid <= 0)
		return fd;
	err = is_runtimes(pid, theirs) ? -EBADF : take_note(task, pid, theirs, (int)fd);
	if (!err)
		return fd;
	host_close((int)fd);
	return err;
}
