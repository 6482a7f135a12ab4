/* SPDX-License-Identifier: MIT */
/*
 * Adjustments, one by one. The host has no call that reads one or gives it to somebody else. But an operation with
 * SEM_UNDO and its opposite without, in one semop(2), change the adjustment and not the semaphore; and such a
 * call fails with ERANGE if the adjustment would leave its range: so it can be found by halving.
 */
#include <asm/errno.h>
#include <linux/wait.h>
#include "host/fail.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"
#include "sys/sem.h"

#define ADJUST_MAX 32767 /* SEMAEM, also the largest value of a semaphore */
#define RANGE_BITS 16	 /* and down to -32768 */
/* Half of what a semaphore can hold: so much can either be taken from it first, or be given to it. */
#define PORTION	     16383
#define PORTIONS_MAX 5

struct steps {
	u32 nr;
	struct sembuf_guest ops[4 * PORTIONS_MAX];
};

static void add_step(struct steps *s, u16 num, s32 op, s32 flags)
{
	s->ops[s->nr++] = (struct sembuf_guest){num, (int16_t)op, (int16_t)(flags | SEM_NOWAIT_FLAG)};
}

/* Steps that add `delta` to the adjustment. `give`: the semaphore gets first what is then taken from it. */
static void add_steps(struct steps *s, u16 num, s32 delta, bool give)
{
	s32 left = delta, portion;

	for (; left; left -= portion) {
		portion = MAX(MIN(left, PORTION), -PORTION);
		/* The adjustment is the opposite of what was done. */
		if ((portion < 0) == give) {
			add_step(s, num, -portion, SEM_UNDO_FLAG);
			add_step(s, num, portion, 0);
		} else {
			add_step(s, num, portion, 0);
			add_step(s, num, -portion, SEM_UNDO_FLAG);
		}
	}
}

static s64 semop_here(s32 set, const struct sembuf_guest *ops, u32 nr)
{
	return host_call3(__NR_semop, set, ops, nr);
}

/* Adds the deltas one after the other, in one step for everybody else, to the host's list (id 0) or to that list. */
static s64 adjust(struct task *task, u64 key, s32 delta, s32 and_then, u32 id)
{
	s64 err = -EAGAIN;

	for (int give = 0; give < 2 && err == -EAGAIN; give++) {
		struct steps s = {0};

		add_steps(&s, (u16)key, delta, give);
		add_steps(&s, (u16)key, and_then, give);
		err = id ? sem_list_adjust(task, id, sem_key_set(key), s.ops, s.nr)
			 : semop_here(sem_key_set(key), s.ops, s.nr);
	}
	return err;
}

static s64 adjustment_read(struct task *task, u64 key, s32 *value)
{
	s32 room = 0;

	for (s32 half = 1 << (RANGE_BITS - 1); half; half /= 2) {
		s64 err = adjust(task, key, room + half, -(room + half), 0);

		if (!err)
			room += half;
		else if (err != -ERANGE)
			return err;
	}
	*value = ADJUST_MAX - room;
	return 0;
}

/* The set has been removed, or never had such a semaphore. */
static bool is_gone(s64 err)
{
	return err == -EINVAL || err == -EIDRM || err == -EFBIG;
}

/*
 * Into the one list and out of the other. If somebody sets the semaphore before the first step, which clears
 * adjustments, what is found the second time is less than nothing, and sets it right.
 */
static int move_one(struct task *task, u64 key, u32 id)
{
	s32 value = 0;
	s64 err;

	do {
		err = adjustment_read(task, key, &value);
		if (!err && value) {
			err = adjust(task, key, value, 0, id);
			if (!err)
				err = adjust(task, key, -value, 0, 0);
		}
	} while (!err && value);
	return is_gone(err) ? 0 : (int)err;
}

/* ---- the mover ---- */

struct move {
	struct task *task;
	const u64 *key;
	u32 nr, id;
	int err;
};

__attribute__((noreturn)) static void mover(struct move *m)
{
	for (u32 i = 0; i < m->nr && !m->err; i++)
		m->err = move_one(m->task, m->key[i], m->id);
	for (;;)
		host_call1(__NR_exit, 0);
}

/*
 * A process in our memory that has the host's list as well: when we are killed it finishes, and what it finds that it
 * cannot move any more the host applies when it ends. Like vfork(2), it goes on from here on our stack, and never
 * returns.
 */
__attribute__((noinline)) static s64 start_mover(struct move *m)
{
	u64 flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_SYSVSEM | CLONE_UNTRACED;
	s64 pid = host_call5(__NR_clone, flags, 0, NULL, NULL, 0);

	if (!pid)
		mover(m);
	return pid;
}

int sem_adjustments_move(struct task *task, const u64 *key, u32 nr, u32 id)
{
	struct move m = {task, key, nr, id, 0};
	s64 pid;

	if (allocation_fails())
		return -ENOMEM;
	/* Those for our process group must not find it, nor anybody's handler. */
	signal_block_all();
	pid = start_mover(&m);
	if (pid > 0)
		host_call4(__NR_wait4, pid, NULL, __WALL, NULL);
	return pid < 0 ? -ENOMEM : m.err;
}

s64 sem_claim(s32 set, const struct sembuf_guest *ops, u32 nr)
{
	struct sembuf_guest claim[SEMOPM];
	s64 err = -ERANGE;

	nr = MIN(nr, SEMOPM / 2);
	for (s32 first = 1; first >= -1 && err; first -= 2) {
		for (u32 i = 0; i < nr; i++) {
			claim[2 * i] = (struct sembuf_guest){ops[i].num, (int16_t)first, SEM_NOWAIT_FLAG};
			claim[2 * i + 1] = (struct sembuf_guest){ops[i].num, (int16_t)-first, SEM_NOWAIT_FLAG};
		}
		err = semop_here(set, claim, 2 * nr);
	}
	return err;
}

bool host_sem_exists(s32 set)
{
	const long count_waiters = 14; /* GETNCNT */
	long ret = host_call4(__NR_semctl, set, 0, count_waiters, 0);

	return ret != -EINVAL && ret != -EIDRM;
}
