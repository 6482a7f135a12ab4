/* SPDX-License-Identifier: MIT */
/* Lists of adjustments that holders have (sys/sem.h): who uses them, and how they come to be. */
#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "kernel/refs.h"
#include "lib/fmt.h"
#include "sys/sem.h"
#include "warden/client.h"

/* ---- requests ---- */

static s64 ask(const struct task *task, enum sem_op op, u32 id, s32 pid)
{
	struct request req;

	request_init(&req, REQ_SEM, task);
	req.flags = op;
	req.arg = id;
	req.src = (u64)(u32)pid;
	return op == SEM_NEW ? warden_call(task, &req, NULL) : warden_tell(task, &req);
}

void sem_undo_join(const struct task *task, s32 pid)
{
	u32 id = atomic_load(&task->sem->id);

	if (id)
		ask(task, SEM_JOIN, id, pid);
}

void sem_undo_executed(const struct task *task)
{
	if (atomic_load(&arena()->sem_lists))
		ask(task, SEM_KEEP, atomic_load(&task->sem->id), task->host_tgid);
}

void sem_undo_settle(const struct task *task)
{
	if (atomic_load(&arena()->sem_lists))
		ask(task, SEM_SETTLE, 0, 0);
}

static bool make_request(struct request *req, const struct task *task, u32 id, s32 set, const struct sembuf_guest *ops,
			 u32 nr)
{
	char text[2 * SEMOPM * sizeof(*ops) + 1];
	struct fmt f;

	request_init(req, REQ_SEM, task);
	req->flags = SEM_OPERATE;
	req->arg = id;
	req->src = (u64)(u32)set;
	/* As text, as all that requests hold. */
	fmt_init(&f, text, sizeof(text));
	for (u32 i = 0; i < nr * sizeof(*ops); i++)
		fmt_hex(&f, ((const u8 *)ops)[i], 2);
	return request_add(req, text, f.len);
}

s64 sem_list_adjust(struct task *task, u32 id, s32 set, const struct sembuf_guest *ops, u32 nr)
{
	struct request req;

	return make_request(&req, task, id, set, ops, nr) ? warden_call(task, &req, NULL) : -ENOMEM;
}

s64 sem_list_operate(struct task *task, u32 id, s32 set, const struct sembuf_guest *ops, u32 nr, const s64 *timeout)
{
	struct request req;

	if (!make_request(&req, task, id, set, ops, nr))
		return -ENOMEM;
	req.dst = timeout != NULL;
	if (timeout) {
		req.inode = (u64)timeout[0];
		req.self_inode = (u64)timeout[1];
	}
	return warden_call_interruptible(task, &req);
}

/* ---- who uses a list ---- */

/* The next task of this memory that uses it, of those from *i on; *pid: its process, 0 as long as it is being made. */
static bool next_user(const struct sem_undo *sem, u32 *i, s32 *pid)
{
	struct task *task;
	bool found = false;

	while (!found && (task = task_at(*i))) {
		(*i)++;
		refs_lock();
		found = atomic_load(&task->state) != TASK_FREE && task->sem == sem;
		*pid = atomic_load(&task->state) == TASK_RUNNING ? task->host_tgid : 0;
		refs_unlock();
	}
	return found;
}

void host_leave_sem_undo(const struct sem_undo *sem, u32 id)
{
	const struct task *task = current_task();
	s32 pid;
	u32 i = 0;

	while (next_user(sem, &i, &pid))
		if (!pid || pid == task->host_tgid)
			return;
	ask(task, SEM_LEAVE, id, task->host_tgid);
}

/* ---- how it comes to be ---- */

s64 sem_list_id(struct task *task, struct sem_undo *sem)
{
	s64 id = atomic_load(&sem->id);
	s32 pid;
	u32 i = 0;

	if (id)
		return id;
	id = ask(task, SEM_NEW, 0, task->host_tgid);
	if (id <= 0)
		return id ? id : -EIO;
	/* First: one that is being made looks whether it is there when it runs. */
	atomic_store(&sem->id, (u32)id);
	while (next_user(sem, &i, &pid))
		if (pid && pid != task->host_tgid)
			ask(task, SEM_JOIN, (u32)id, pid);
	return id;
}

/* Held: sem->lock. */
static int move_all(struct task *task, struct sem_undo *sem, u32 id)
{
	int err = sem_adjustments_move(task, sem->known, sem->nr, id);

	if (!err) {
		sem->nr = 0;
		return 0;
	}
	guest_log(task, "semaphores: an adjustment stays with the host (error %d)", -err);
	return err == -EIO || err == -ENOMEM ? err : -EINVAL;
}

/* The host's no more. `now`: with a number, even if there is nothing in it yet. Held: sem->lock. */
static int part(struct task *task, struct sem_undo *sem, bool now)
{
	s64 id = now || sem->nr ? sem_list_id(task, sem) : 0;

	if (id < 0)
		return (int)id;
	/* From here on calls that sleep in the host see, when they come back, that they have to follow. */
	atomic_store(&sem->parted, true);
	return sem->nr ? move_all(task, sem, (u32)id) : 0;
}

int host_part_sem_undo(struct sem_undo *sem)
{
	int err;

	mutex_lock(&sem->lock);
	err = part(current_task(), sem, false);
	mutex_unlock(&sem->lock);
	return err;
}

int sem_undo_share(struct task *task)
{
	int err;

	mutex_lock(&task->sem->lock);
	err = part(task, task->sem, true);
	mutex_unlock(&task->sem->lock);
	return err;
}
