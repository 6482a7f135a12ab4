/* SPDX-License-Identifier: MIT */
/*
 * Receiving: recvfrom(2), recvmsg(2), recvmmsg(2), accept(2). What the host says of the sender, its name and its
 * credentials, is put into the guest's words. The first three come to us only in processes that may see such
 * (trap_received()).
 */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/scm.h"
#include "sys/sockaddr.h"
#include "sys/sys.h"

#define UIO_MAXIOV 1024

/* ---- one address ---- */

static s64 do_accept(struct task *task, const struct regs *regs)
{
	struct host_addr a = {.len = SOCKADDR_MAX};
	int fd = (int)ARG0(regs);
	s64 ret, err;

	if (fd_is_ours(fd))
		return -EBADF;
	if (!ARG1(regs))
		return host_call_blocking((long)regs->orig_rax, fd, 0, 0, (long)ARG3(regs), 0, 0);
	ret = host_call_blocking((long)regs->orig_rax, fd, (long)a.bytes, (long)&a.len, (long)ARG3(regs), 0, 0);
	if (ret < 0)
		return ret;
	err = guest_addr_put(task, &a, ARG1(regs), ARG2(regs));
	if (!err)
		return ret;
	host_close((int)ret);
	return err;
}

SYSCALL(accept)
{
	return do_accept(task, regs);
}

SYSCALL(accept4)
{
	return do_accept(task, regs);
}

SYSCALL(recvfrom)
{
	struct host_addr a = {.len = SOCKADDR_MAX};
	int fd = (int)ARG0(regs);
	long buf = (long)ARG1(regs), len = (long)ARG2(regs), flags = (long)ARG3(regs);
	s64 ret, err;

	if (fd_is_ours(fd))
		return -EBADF;
	if (!ARG4(regs))
		return host_call_blocking(__NR_recvfrom, fd, buf, len, flags, 0, 0);
	ret = host_call_blocking(__NR_recvfrom, fd, buf, len, flags, (long)a.bytes, (long)&a.len);
	if (ret < 0)
		return ret;
	err = guest_addr_put(task, &a, ARG4(regs), ARG5(regs));
	return err ? err : ret;
}

/* ---- messages ---- */

/* The header is our copy, with room for the longest name; vectors and control data stay where the guest has them. */
static void give_room(struct msghdr *host, struct host_addr *a)
{
	if (!host->name)
		return;
	host->name = (u64)(uintptr_t)a->bytes;
	if (host->namelen >= 0) /* else the host refuses it */
		host->namelen = SOCKADDR_MAX;
}

/* What the host has filled in goes to the guest's own header at `umsg`. 0, -EFAULT, -EINVAL. */
static s64 give_back(struct task *task, const struct msghdr *host, struct host_addr *a, u64 umsg)
{
	struct msghdr msg;
	s64 err = 0;

	if (get_guest(msg, umsg))
		return -EFAULT;
	a->len = (u32)host->namelen;
	if (msg.name)
		err = guest_addr_put(task, a, msg.name, umsg + offsetof(struct msghdr, namelen));
	if (!err)
		err = put_guest(umsg + offsetof(struct msghdr, controllen), host->controllen);
	if (!err)
		err = put_guest(umsg + offsetof(struct msghdr, flags), host->flags);
	scm_to_guest(task, host);
	return err;
}

SYSCALL(recvmsg)
{
	int fd = (int)ARG0(regs);
	u64 umsg = ARG1(regs);
	struct msghdr host;
	struct host_addr a;
	s64 ret, err;

	if (fd_is_ours(fd))
		return -EBADF;
	if (get_guest(host, umsg))
		return -EFAULT;
	give_room(&host, &a);
	ret = host_call_blocking(__NR_recvmsg, fd, (long)&host, (long)ARG2(regs), 0, 0, 0);
	if (ret < 0)
		return ret;
	err = give_back(task, &host, &a, umsg);
	return err ? err : ret;
}

/* Several messages: their headers, and behind those the addresses. */
struct batch {
	u32 nr;
	struct mmsghdr *host;
	struct host_addr *addr;
};

/* Up to the first header that cannot be read. 0, -EFAULT when that is the first, -ENOMEM. */
static s64 batch_get(struct batch *b, u64 umsgs, u32 nr)
{
	b->host = kzalloc(nr * (sizeof(*b->host) + sizeof(*b->addr)));
	if (!b->host)
		return -ENOMEM;
	b->addr = (struct host_addr *)(b->host + nr);
	for (b->nr = 0; b->nr < nr; b->nr++) {
		if (get_guest(b->host[b->nr], umsgs + b->nr * sizeof(*b->host)))
			break;
		give_room(&b->host[b->nr].hdr, &b->addr[b->nr]);
	}
	return b->nr ? 0 : -EFAULT;
}

static s64 batch_put(struct task *task, struct batch *b, u64 umsgs, s64 received)
{
	for (s64 i = 0; i < received; i++) {
		u64 umsg = umsgs + (u64)i * sizeof(*b->host);
		s64 err = give_back(task, &b->host[i].hdr, &b->addr[i], umsg);

		if (!err)
			err = put_guest(umsg + offsetof(struct mmsghdr, len), b->host[i].len);
		if (err)
			return i ? i : err;
	}
	return received;
}

SYSCALL(recvmmsg)
{
	int fd = (int)ARG0(regs);
	u32 nr = MIN((u32)ARG2(regs), UIO_MAXIOV);
	struct batch b = {0};
	s64 ret;

	if (fd_is_ours(fd))
		return -EBADF;
	if (ARG4(regs) && !access_ok(ARG4(regs), 16))
		return -EFAULT;
	if (!nr) /* the host still says what is wrong with the rest */
		return host_call_blocking(__NR_recvmmsg, fd, (long)ARG1(regs), 0, (long)ARG3(regs), (long)ARG4(regs),
					  0);
	ret = batch_get(&b, ARG1(regs), nr);
	if (!ret)
		ret = host_call_blocking(__NR_recvmmsg, fd, (long)b.host, b.nr, (long)ARG3(regs), (long)ARG4(regs), 0);
	if (ret > 0)
		ret = batch_put(task, &b, ARG1(regs), ret);
	kfree(b.host);
	return ret;
}
