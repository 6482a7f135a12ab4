/* SPDX-License-Identifier: MIT */
/*
 * SCM_CREDENTIALS (unix(7)): who sent a message. On its way out the sender's word about itself is put into the host's
 * numbers, on its way in it is put into the receiver's. A socket has to be asked for credentials before it delivers
 * any: from then on, and not before, recvmsg(2) comes to us. So of descriptors, SCM_RIGHTS, the sender must say what
 * the receiver will have to know.
 */
#include "sys/scm.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/pids.h"
#include "sys/place.h"
#include "sys/runtime.h"
#include "sys/sys.h"
#include "vfs/walk.h"
#include "warden/client.h"

#define SOL_SOCKET	1
#define SO_PASSCRED	16
#define SCM_RIGHTS	1
#define SCM_CREDENTIALS 2
#define SCM_MAX_FD	253	      /* the host refuses more */
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

/* Who receives it has no note of the mount; by the host's path it is found but in proc and in a tmpfs of the session's.
 */
static __attribute__((noinline)) void tell_sent(struct task *task, int fd)
{
	struct fd_info note;
	struct nameidata nd;
	struct request req;

	if (!fd_note(task, fd, &note) || (note.kind != FD_DIR && note.kind != FD_FILE) ||
	    mnt_sent(note.dev, note.ino) == note.mnt)
		return;
	nd_init(&nd);
	if (!nd_use_mount(task, &nd, note.mnt) || (!nd.proc && nd.dev == nd.host_dev) || dfd_place(task, fd, &nd))
		return;
	request_init(&req, REQ_SENT, task);
	req.dst = note.mnt;
	if (request_add(&req, nd.host, nd.len))
		warden_call(task, &req, NULL);
}

static int rights_to_host(struct task *task, const s32 *fds, u64 size)
{
	for (u64 i = 0; i < MIN(size / sizeof(*fds), (u64)SCM_MAX_FD); i++) {
		if (fd_is_ours(fds[i]))
			return -EBADF;
		tell_sent(task, fds[i]);
	}
	return 0;
}

static int control_to_host(struct task *task, char *control, u64 size)
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
		else if (c->level == SOL_SOCKET && c->type == SCM_RIGHTS)
			err = rights_to_host(task, (const s32 *)(c + 1), c->len - sizeof(*c));
	}
	return err;
}

int scm_to_host(struct task *task, struct msghdr *msg, void **copy)
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
