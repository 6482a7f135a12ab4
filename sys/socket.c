/* SPDX-License-Identifier: MIT */
/* Calls that carry a socket address or credentials: see sys/sockaddr.h for the addresses. */
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/runtime.h"
#include "sys/scm.h"
#include "sys/sockaddr.h"
#include "sys/sys.h"
#include "vfs/namei.h"

#define SOCK_STREAM   1
#define SOL_SOCKET    1
#define SO_TYPE	      3
#define SO_PEERCRED   17
#define SO_PEERGROUPS 59
#define UIO_MAXIOV    1024

/*
 * Such a socket receives messages that have names. (One of a connection has one, too, but nobody asks for that: to
 * have all of its messages come here would be a high price.)
 */
static bool receives_names(int fd)
{
	int type = SOCK_STREAM;
	u32 len = sizeof(type);

	host_call5(__NR_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type != SOCK_STREAM;
}

SYSCALL(bind)
{
	int fd = (int)ARG0(regs);
	struct host_addr a;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	err = host_addr_get_new(task, ARG1(regs), (int)ARG2(regs), &a);
	if (err)
		return err;
	fs_sync(task); /* the socket's mode follows the umask */
	err = host_addr_result(&a, host_call3(__NR_bind, fd, a.bytes, a.len));
	if (!err && is_path_addr(&a) && receives_names(fd))
		trap_received(task);
	return err;
}

SYSCALL(connect)
{
	int fd = (int)ARG0(regs);
	struct host_addr a;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	err = host_addr_get(task, ARG1(regs), (int)ARG2(regs), &a);
	if (err)
		return err;
	return host_addr_result(&a, host_call_blocking(__NR_connect, fd, (long)a.bytes, a.len, 0, 0, 0));
}

/* ---- sending ---- */

SYSCALL(sendto)
{
	int fd = (int)ARG0(regs);
	long buf = (long)ARG1(regs), len = (long)ARG2(regs), flags = (long)ARG3(regs);
	struct host_addr a;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	if (!ARG4(regs))
		return host_call_blocking(__NR_sendto, fd, buf, len, flags, 0, (long)ARG5(regs));
	err = host_addr_get(task, ARG4(regs), (int)ARG5(regs), &a);
	if (err)
		return err;
	return host_addr_result(&a, host_call_blocking(__NR_sendto, fd, buf, len, flags, (long)a.bytes, a.len));
}

/* The header and the control data are our copies, vectors stay where the guest has them. */
static s64 send_to_name(struct task *task, int fd, struct msghdr *msg, u32 flags)
{
	struct host_addr a;
	s64 err;

	if (!msg->name || msg->namelen <= 0)
		return host_call_blocking(__NR_sendmsg, fd, (long)msg, flags, 0, 0, 0);
	err = host_addr_get(task, msg->name, MIN(msg->namelen, SOCKADDR_MAX), &a);
	if (err)
		return err;
	msg->name = (u64)(uintptr_t)a.bytes;
	msg->namelen = (s32)a.len;
	return host_addr_result(&a, host_call_blocking(__NR_sendmsg, fd, (long)msg, flags, 0, 0, 0));
}

/* One message. */
static s64 do_sendmsg(struct task *task, int fd, struct msghdr *msg, u32 flags)
{
	void *control;
	s64 ret = scm_to_host(task, msg, &control);

	if (!ret)
		ret = send_to_name(task, fd, msg, flags);
	kfree(control);
	return ret;
}

SYSCALL(sendmsg)
{
	int fd = (int)ARG0(regs);
	struct msghdr msg;

	if (fd_is_ours(fd))
		return -EBADF;
	if (copy_from_guest(&msg, ARG1(regs), sizeof(msg)))
		return -EFAULT;
	return do_sendmsg(task, fd, &msg, (u32)ARG2(regs));
}

/* One message of a vector: sends it and notes its length there. */
static s64 sendmmsg_one(struct task *task, int fd, u64 umsg, u32 flags)
{
	struct mmsghdr m;
	s64 ret;

	if (copy_from_guest(&m, umsg, sizeof(m)))
		return -EFAULT;
	ret = do_sendmsg(task, fd, &m.hdr, flags);
	if (ret < 0)
		return ret;
	m.len = (u32)ret;
	return put_guest(umsg + offsetof(struct mmsghdr, len), m.len);
}

SYSCALL(sendmmsg)
{
	int fd = (int)ARG0(regs);
	u32 n = MIN((u32)ARG2(regs), UIO_MAXIOV), sent;
	s64 err = 0;

	if (fd_is_ours(fd))
		return -EBADF;
	if (!n) /* the host still says what is wrong with the descriptor */
		return host_call4(__NR_sendmmsg, fd, ARG1(regs), 0, ARG3(regs));
	for (sent = 0; sent < n; sent++) {
		err = sendmmsg_one(task, fd, ARG1(regs) + sent * sizeof(struct mmsghdr), (u32)ARG3(regs));
		if (err)
			break;
	}
	return sent ? (s64)sent : err;
}

/* ---- asking ---- */

/* getsockname(2), getpeername(2): (fd, address, length in and out). */
static s64 get_name(struct task *task, const struct regs *regs)
{
	int fd = (int)ARG0(regs);
	struct host_addr a = {.len = SOCKADDR_MAX};
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	err = host_call3((long)regs->orig_rax, fd, a.bytes, &a.len);
	return err ? err : guest_addr_put(task, &a, ARG1(regs), ARG2(regs));
}

SYSCALL(getsockname)
{
	return get_name(task, regs);
}

SYSCALL(getpeername)
{
	return get_name(task, regs);
}

static s64 get_peercred(struct task *task, int fd, u64 uvalue, u64 ulen)
{
	const struct user_ns *ns = task->nsproxy->user;
	struct ucred cred;
	s32 len;
	u32 got = sizeof(cred);
	s64 err = host_call5(__NR_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &cred, &got);

	if (err)
		return err;
	if (get_guest(len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	cred.pid = pid_to_guest(&arena()->pids, cred.pid);
	/* Where there is no peer the host says pid 0 and ids of -1, in every namespace. */
	if (cred.uid != (u32)-1)
		cred.uid = from_kuid_munged(ns, cred.uid);
	if (cred.gid != (u32)-1)
		cred.gid = from_kgid_munged(ns, cred.gid);
	len = MIN(len, (s32)sizeof(cred));
	if (copy_to_guest(uvalue, &cred, (size_t)len))
		return -EFAULT;
	return put_guest(ulen, len);
}

/* Too small a buffer is told the size that it should have. */
static s64 get_peergroups(struct task *task, int fd, u64 uvalue, u64 ulen)
{
	u32 *gid, len, i;
	s64 err;

	if (get_guest(len, ulen))
		return -EFAULT;
	len = MIN(len, (u32)(NGROUPS_KEPT * sizeof(*gid)));
	gid = kzalloc(len + sizeof(*gid));
	if (!gid)
		return -ENOMEM;
	err = host_call5(__NR_getsockopt, fd, SOL_SOCKET, SO_PEERGROUPS, gid, &len);
	for (i = 0; !err && i < len / sizeof(*gid); i++)
		gid[i] = from_kgid_munged(task->nsproxy->user, gid[i]);
	if ((!err && copy_to_guest(uvalue, gid, len)) || ((!err || err == -ERANGE) && put_guest(ulen, len)))
		err = -EFAULT;
	kfree(gid);
	return err;
}

SYSCALL(getsockopt)
{
	int fd = (int)ARG0(regs);

	if (fd_is_ours(fd))
		return -EBADF;
	if ((int)ARG1(regs) == SOL_SOCKET && (int)ARG2(regs) == SO_PEERCRED)
		return get_peercred(task, fd, ARG3(regs), ARG4(regs));
	if ((int)ARG1(regs) == SOL_SOCKET && (int)ARG2(regs) == SO_PEERGROUPS)
		return get_peergroups(task, fd, ARG3(regs), ARG4(regs));
	return host_call5(__NR_getsockopt, fd, ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs));
}
