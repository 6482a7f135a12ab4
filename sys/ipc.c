/* SPDX-License-Identifier: MIT */
/*
 * msgctl(2), shmctl(2), semctl(2): the objects are the host's, and so are the owners that it tells. The structures of
 * the three begin alike, with a struct ipc64_perm.
 */
#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/sys.h"

#define IPC_SET	      1
#define GETPID	      11 /* of semctl(2) */
#define DS_MAX	      128
#define MSQID_DS_SIZE 120
#define SHMID_DS_SIZE 112
#define SEMID_DS_SIZE 104

struct ipc_perm {
	s32 key;
	u32 uid, gid, cuid, cgid, mode;
};

/* Who used it last: two processes in a row, in a queue the sender and the receiver, of memory the maker and the user.
 */
#define MSG_PIDS_AT 96
#define SHM_PIDS_AT 80
#define NO_PIDS	    0

/* What a call says of an object, or is told. */
union ipc_ds {
	struct ipc_perm perm;
	s32 numbers[DS_MAX / sizeof(s32)];
	char bytes[DS_MAX];
};

static int perm_to_host(const struct task *task, struct ipc_perm *perm)
{
	const struct user_ns *ns = task->nsproxy->user;

	perm->uid = make_kuid(ns, perm->uid);
	perm->gid = make_kgid(ns, perm->gid);
	return perm->uid == INVALID_KID || perm->gid == INVALID_KID ? -EINVAL : 0;
}

static void perm_to_guest(const struct task *task, struct ipc_perm *perm)
{
	const struct user_ns *ns = task->nsproxy->user;

	perm->uid = from_kuid_munged(ns, perm->uid);
	perm->gid = from_kgid_munged(ns, perm->gid);
	perm->cuid = from_kuid_munged(ns, perm->cuid);
	perm->cgid = from_kgid_munged(ns, perm->cgid);
}

static void pids_to_guest(s32 pids[2])
{
	pids[0] = pid_to_guest(&arena()->pids, pids[0]);
	pids[1] = pid_to_guest(&arena()->pids, pids[1]);
}

/* `arg` is the argument of the call that points to the structure, in which there are numbers of processes at `pids`. */
static s64 ipc_control(const struct task *task, struct regs *regs, u64 *arg, u32 cmd, size_t size, size_t pids)
{
	u64 uds = *arg;
	union ipc_ds ds;
	s64 ret = 0;

	if (cmd == IPC_SET) {
		if (copy_from_guest(&ds, uds, size))
			return -EFAULT;
		ret = perm_to_host(task, &ds.perm);
	}
	if (ret)
		return ret;
	*arg = (u64)(uintptr_t)&ds;
	ret = host_call4((long)regs->orig_rax, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	*arg = uds;
	if (ret < 0 || cmd == IPC_SET)
		return ret;
	perm_to_guest(task, &ds.perm);
	if (pids != NO_PIDS)
		pids_to_guest(&ds.numbers[pids / sizeof(s32)]);
	return copy_to_guest(uds, &ds, size) ? -EFAULT : ret;
}

SYSCALL(msgctl)
{
	return ipc_control(task, regs, &ARG2(regs), (u32)ARG1(regs), MSQID_DS_SIZE, MSG_PIDS_AT);
}

SYSCALL(shmctl)
{
	return ipc_control(task, regs, &ARG2(regs), (u32)ARG1(regs), SHMID_DS_SIZE, SHM_PIDS_AT);
}

SYSCALL(semctl)
{
	s64 ret;

	if ((u32)ARG2(regs) == GETPID) {
		ret = host_call4(__NR_semctl, ARG0(regs), ARG1(regs), GETPID, 0);
		return ret > 0 ? pid_to_guest(&arena()->pids, (s32)ret) : ret;
	}
	return ipc_control(task, regs, &ARG3(regs), (u32)ARG2(regs), SEMID_DS_SIZE, NO_PIDS);
}
