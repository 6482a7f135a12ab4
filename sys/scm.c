/* SPDX-License-Identifier: MIT */
/*
 * SCM_CREDENTIALS (unix(7)): who sent a message. On its way out the sender's word about itself is put into the host's
 * numbers, on its way in it is put into the receiver's. A socket has to be asked for credentials before it delivers
 * any: from then on, and not before, recvmsg(2) comes to us.
 */
#include "sys/scm.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/pids.h"
#include "sys/runtime.h"
#include "sys/sys.h"
#include "warden/client.h"

#define SOL_SOCKET	1
#define SO_PASSCRED	16
#define SCM_CREDENTIALS 2
#define CONTROL_MAX	(128UL << 10) /* Linux takes no more (net.core.optmem_max) */

struct cmsghdr {
	u64 len; /* with this header */
	s32 level, type;
};
#define CMSG_SPACE(len) ALIGN_UP((len), sizeof(u64))

/* ---- out ---- */

static bool has_uid(const struct cred *cred, u32 kuid)
{
	return kuid == cred->uid || kuid == cred->euid || kuid == cred->suid;
}

static bool has_gid(const struct cred *cred, u32 kgid)
{
	return kgid == cred->gid || kgid == cred->egid || kgid == cred->sgid;
}

/* One's own ids are the host's for the process, whatever they are called here. Others the host judges. */
static int cred_to_host(const struct task *task, struct ucred *cred)
{
	const struct user_ns *ns = task->nsproxy->user;
	u32 kuid = make_kuid(ns, cred->uid), kgid = make_kgid(ns, cred->gid);

	if (kuid == INVALID_KID || kgid == INVALID_KID)
		return -EINVAL;
	cred->uid = has_uid(task->cred, kuid) ? (u32)host_call0(__NR_getuid) : kuid;
	cred->gid = has_gid(task->cred, kgid) ? (u32)host_call0(__NR_getgid) : kgid;
	cred->pid = pid_for_host(cred->pid);
	return 0;
}

static int control_to_host(const struct task *task, char *control, u64 size)
{
	struct cmsghdr *c;
	u64 at;
	int err = 0;

	for (at = 0; !err && at + sizeof(*c) <= size; at += CMSG_SPACE(c->len)) {
		c = (struct cmsghdr *)(control + at);
		if (c->len < sizeof(*c) || c->len > size - at)
			break; /* the host refuses it */
		if (c->level == SOL_SOCKET && c->type == SCM_CREDENTIALS && c->len == sizeof(*c) + sizeof(struct ucred))
			err = cred_to_host(task, (struct ucred *)(c + 1));
	}
	return err;
}

int scm_to_host(const struct task *task, struct msghdr *msg, void **copy)
{
	int err;

	*copy = NULL;
	if (!msg->control || msg->controllen < sizeof(struct cmsghdr) || msg->controllen > CONTROL_MAX)
		return 0;
	*copy = kzalloc(msg->controllen);
	if (!*copy)
		return -ENOBUFS;
	err = copy_from_guest(*copy, msg->control, msg->controllen);
	if (!err)
		err = control_to_host(task, *copy, msg->controllen);
	msg->control = (u64)(uintptr_t)*copy;
	return err;
}

/* ---- in ---- */

/* `len` bytes of the credentials have reached the guest's memory at `ucred`; fewer when its buffer is short. */
static void cred_to_guest(const struct task *task, u64 ucred, u64 len)
{
	const struct user_ns *ns = task->nsproxy->user;
	struct ucred cred = {0};

	len = MIN(len, sizeof(cred));
	if (copy_from_guest(&cred, ucred, len))
		return;
	cred.pid = pid_to_guest(&arena()->pids, cred.pid);
	cred.uid = from_kuid_munged(ns, cred.uid);
	cred.gid = from_kgid_munged(ns, cred.gid);
	(void)copy_to_guest(ucred, &cred, ALIGN_DOWN(len, sizeof(u32)));
}

void scm_to_guest(const struct task *task, const struct msghdr *msg)
{
	struct cmsghdr c;
	u64 at;

	for (at = 0; at + sizeof(c) <= msg->controllen; at += CMSG_SPACE(c.len)) {
		if (copy_from_guest(&c, msg->control + at, sizeof(c)) || c.len < sizeof(c) ||
		    c.len > msg->controllen - at)
			return;
		if (c.level == SOL_SOCKET && c.type == SCM_CREDENTIALS)
			cred_to_guest(task, msg->control + at + sizeof(c), c.len - sizeof(c));
	}
}

/* ---- asking for them ---- */

SYSCALL(setsockopt)
{
	int fd = (int)ARG0(regs);
	s64 ret;

	if (fd_is_ours(fd))
		return -EBADF;
	ret = host_call5(__NR_setsockopt, fd, ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs));
	if (!ret && (int)ARG1(regs) == SOL_SOCKET && (int)ARG2(regs) == SO_PASSCRED)
		trap_received(task);
	return ret;
}
