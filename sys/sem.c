/* SPDX-License-Identifier: MIT */
/* semop(2), semtimedop(2): the host's, but for operations with SEM_UNDO on a list that it cannot keep (sys/sem.h). */
#include "sys/sem.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/sleep.h"
#include "sys/sys.h"

/* A call under way. */
struct semop {
	s32 set;
	u32 nr;
	u64 uops, utimeout; /* utimeout 0: none */
	struct sembuf_guest ops[SEMOPM];
};

/* To wait for 0 adjusts nothing. */
static bool adjusts(const struct sembuf_guest *op)
{
	return op->op && (op->flags & SEM_UNDO_FLAG);
}

static bool wants_undo(const struct semop *call)
{
	for (u32 i = 0; i < call->nr; i++)
		if (adjusts(&call->ops[i]))
			return true;
	return false;
}

/* Notes what the call is going to adjust, if the list is the host's. 1: it is; 0: it is not; or -ENOMEM. */
static int note(struct sem_undo *sem, const struct semop *call)
{
	int ret = 0;

	mutex_lock(&sem->lock);
	if (!atomic_load(&sem->parted)) {
		for (u32 i = 0; i < call->nr && !ret; i++)
			if (adjusts(&call->ops[i]))
				ret = sem_undo_note(sem, sem_key(call->set, call->ops[i].num));
		ret = ret ? ret : 1;
	}
	mutex_unlock(&sem->lock);
	return ret;
}

/* While the call slept, somebody has left the list, and it has moved. */
static void move_late(struct task *task, const struct semop *call)
{
	struct sem_undo *sem = task->sem;
	u64 key[SEMOPM];
	u32 nr = 0;
	s64 id;

	for (u32 i = 0; i < call->nr; i++)
		if (adjusts(&call->ops[i]))
			key[nr++] = sem_key(call->set, call->ops[i].num);
	mutex_lock(&sem->lock);
	id = sem_list_id(task, sem);
	if (id > 0)
		(void)sem_adjustments_move(task, key, nr, (u32)id);
	mutex_unlock(&sem->lock);
}

static s64 semop_host(struct task *task, const struct semop *call)
{
	u64 args[SYS_ARGS] = {(u64)call->set, call->uops, call->nr, call->utimeout};

	return host_call_sleeping(task, __NR_semtimedop, args);
}

/* The holder is the session's user. If that is root, a task may have become somebody else since, who may do less. */
static bool may_operate(const struct semop *call)
{
	return arena()->uid || sem_claim(call->set, call->ops, call->nr) != -EACCES;
}

static s64 semop_list(struct task *task, const struct semop *call)
{
	struct sem_undo *sem = task->sem;
	s64 timeout[2], id, ret;

	if (call->utimeout && get_guest(timeout, call->utimeout))
		return -EFAULT;
	if (!may_operate(call))
		return -EACCES;
	mutex_lock(&sem->lock);
	id = sem_list_id(task, sem);
	mutex_unlock(&sem->lock);
	if (id < 0)
		return id;
	ret = sem_list_operate(task, (u32)id, call->set, call->ops, call->nr, call->utimeout ? timeout : NULL);
	if (!ret)
		sem_claim(call->set, call->ops, call->nr);
	return ret;
}

static s64 semop_undo(struct task *task, const struct semop *call)
{
	int hosts = note(task->sem, call);
	s64 ret;

	if (hosts < 0)
		return hosts;
	if (!hosts)
		return semop_list(task, call);
	ret = semop_host(task, call);
	if (!ret && atomic_load(&task->sem->parted))
		move_late(task, call);
	return ret;
}

static s64 do_semop(struct task *task, const struct regs *regs, u64 timeout)
{
	struct semop call = {.set = (s32)ARG0(regs), .uops = ARG1(regs), .utimeout = timeout};
	u64 nr = (u32)ARG2(regs);

	if (!access_ok(call.uops, MIN(nr, SEMOPM) * sizeof(*call.ops)) || (timeout && !access_ok(timeout, 16)))
		return -EFAULT;
	call.nr = (u32)nr;
	/* What the host refuses anyway it may judge alone. */
	if (!nr || nr > SEMOPM || copy_from_guest(call.ops, call.uops, nr * sizeof(*call.ops)) || !wants_undo(&call))
		return semop_host(task, &call);
	return semop_undo(task, &call);
}

SYSCALL(semop)
{
	return do_semop(task, regs, 0);
}

SYSCALL(semtimedop)
{
	return do_semop(task, regs, ARG3(regs));
}
