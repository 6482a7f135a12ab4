/* SPDX-License-Identifier: MIT */
/*
 * unshare(CLONE_VM): the host cannot take a thread out of its memory, so the task goes on in a new host process, which
 * is a copy of this one taken now. It keeps its number, registers, masks, what is pending for it, and shares what it
 * shared; the thread that it was ends. What of a thread the host does not copy is carried here by hand.
 *
 *	prepare   a number reserved, pending signals taken over; all of it can be undone
 *	clone     here it can still fail, and nothing has changed
 *	copy      the new process: puts on what was carried, and tells the warden where the number lives now
 *	old       the thread left behind: waits for that, lets go of everything, and ends
 *
 * A C library that is to work afterwards leaves by its fork(2): leave_by_fork(), at the end of this file.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/fail.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/control.h"
#include "sys/fork.h"
#include "sys/pids.h"
#include "sys/sem.h"
#include "vfs/proc.h"
#include "warden/client.h"

/* A signal that was pending for the thread alone. */
struct pending {
	struct pending *next;
	struct siginfo_raw info;
};

/* What goes from the old thread to the new process, which has a copy of it. */
struct carried {
	struct pending *pending, **last;
	u64 held; /* what waited in the task already, because the runtime was at work */
	bool keeps_number;
	bool husk; /* the task was its whole thread group: what it leaves is a dead process, not a dead thread */
	u64 robust_list, robust_len;
	u64 clear_tid;	       /* where the host stores 0 when the thread ends, 0: nowhere */
	_Atomic u32 *released; /* shared: the old thread has seen that the number lives elsewhere now */
	s32 old_tid;
	bool names_us; /* and what stands there is the task's number */
	s32 pdeathsig;
	u64 mm_id;	     /* of the new process */
	struct own_fd *note; /* in a table that the two share: that it stands on the handle as well */
};

/* ---- signals that are pending for the thread itself ---- */

/* The host tells only in /proc which of them are the thread's and which the process's. 0 or -errno. */
static int pending_of_thread(u64 *pending)
{
	u64 all = 0;
	int err;

	*pending = 0;
	if (host_call2(__NR_rt_sigpending, &all, sizeof(all)) || !all)
		return 0;
	err = proc_own_pending(pending);
	*pending &= all;
	return err;
}

/* The host gives out the thread's own before those of the process. */
static int pending_take_one(struct carried *c, int sig)
{
	static const s64 no_time[2];
	u64 set = SIGBIT(sig);
	struct pending *p = kzalloc(sizeof(*p));

	if (!p)
		return -ENOMEM;
	if (host_call4(__NR_rt_sigtimedwait, &set, &p->info, no_time, sizeof(set)) != sig) {
		kfree(p);
		return -EAGAIN;
	}
	*c->last = p;
	c->last = &p->next;
	return 0;
}

static int pending_take(struct carried *c)
{
	u64 left;
	int err = 0;

	while (!err && !(err = pending_of_thread(&left)) && left)
		err = pending_take_one(c, __builtin_ctzll(left) + 1);
	return err == -EAGAIN ? 0 : err;
}

static void pending_drop(struct carried *c)
{
	struct pending *p, *next;

	for (p = c->pending; p; p = next) {
		next = p->next;
		kfree(p);
	}
	c->pending = NULL;
	c->last = &c->pending;
}

static void pending_give(const struct task *task, struct carried *c)
{
	const struct pending *p;

	for (p = c->pending; p; p = p->next)
		signal_requeue(task, p->info.signo, &p->info);
	pending_drop(c);
}

/* Those that came for the old thread after the copy was taken: their senders' words are lost, not they. */
static void pending_forward(struct carried *c, s32 host)
{
	const struct pending *p;

	pending_drop(c); /* the new process has these */
	(void)pending_take(c);
	for (p = c->pending; p; p = p->next)
		host_call3(__NR_tgkill, host, host, p->info.signo);
	pending_drop(c);
}

/*
 * The same of those that are never blocked on the host, and wait in the task. Now they are blocked. What came for the
 * process is for those who stay; the new process has dropped it, and has its own that came before the copy.
 */
static void held_forward(struct task *task, const struct carried *c, s32 host)
{
	struct siginfo_raw info;
	int sig;

	while ((sig = signal_take_held(task, SIG_HIDDEN, &info))) {
		if (!c->husk && info.code != SI_TKILL)
			signal_give_back(task, sig, &info);
		else if (!(c->held & SIGBIT(sig)))
			host_call3(__NR_tgkill, host, host, sig);
	}
}

/* ---- a word between the two ---- */

#define WORD_SIZE 4096

static int word_make(struct carried *c)
{
	long at = -ENOMEM;

	if (!allocation_fails())
		at = host_call6(__NR_mmap, NULL, WORD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at < 0 && at > -4096)
		return (int)at;
	c->released = (_Atomic u32 *)at;
	return 0;
}

static void word_drop(struct carried *c)
{
	if (c->released)
		host_call2(__NR_munmap, c->released, WORD_SIZE);
}

static const s64 a_while[2] = {0, 5000000};

/*
 * A signal that ends the task may have found the old thread after the copy was taken. That thread says its word only
 * when it still can after everybody sends to the new process: without it, the task has been killed.
 */
static void die_with_old(const struct carried *c)
{
	while (!atomic_load(c->released)) {
		bool dead = thread_where(c->old_tid) == THREAD_DEAD;

		if (dead && !atomic_load(c->released))
			host_call2(__NR_kill, host_call0(__NR_getpid), SIGKILL);
		host_call4(__NR_futex, c->released, FUTEX_WAIT, 0, a_while);
	}
}

static void release(const struct carried *c)
{
	atomic_store(c->released, 1);
	host_call3(__NR_futex, c->released, FUTEX_WAKE, 1);
}

/* ---- before ---- */

static void look_at_thread(const struct task *task, struct carried *c)
{
	s32 word;

	host_call3(__NR_get_robust_list, 0, &c->robust_list, &c->robust_len);
	host_call2(__NR_prctl, PR_GET_PDEATHSIG, &c->pdeathsig);
	if (host_call2(__NR_prctl, PR_GET_TID_ADDRESS, &c->clear_tid))
		c->clear_tid = 0;
	/* With musl it is a lock, which may be somebody else's at that moment. */
	c->names_us = c->clear_tid && !get_guest(word, c->clear_tid) && word == task->tid;
}

/*
 * A thread takes its number along. The first thread of a group leaves it to the group, and one that has taken
 * its number along before has none that could be told from it: they go by the host's new one.
 */
static int number_prepare(const struct task *task, struct carried *c)
{
	bool leads = task->host_tid == task->host_tgid;
	int err;

	c->husk = nr_threads(task) == 1;
	if ((leads && !c->husk) || pid_plain(task->tid) != task->host_tid)
		return 0;
	err = warden_pid(task, PID_RESERVE, task->tid, 0);
	c->keeps_number = !err;
	return err;
}

/* What is not unshared, and has other users here, will be shared beyond this memory. `stays`: the old thread is one. */
static int share_the_rest(struct task *task, u64 flags, bool stays)
{
	int err = flags & CLONE_FILES ? 0 : own_fds_begin(task);

	if (!err && !(flags & CLONE_SYSVSEM) && (stays || atomic_load(&task->sem->users) > 1))
		err = sem_undo_share(task);
	if (!err && !(flags & CLONE_FS) && (stays || fs_is_shared(task)))
		err = share_fs(task);
	return err;
}

static int prepare(struct task *task, u64 flags, struct carried *c)
{
	int err = share_the_rest(task, flags, false);

	c->last = &c->pending;
	if (err)
		return err;
	err = word_make(c);
	if (!err)
		err = number_prepare(task, c);
	if (err)
		return err;
	c->old_tid = task->host_tid;
	signal_block_all();
	look_at_thread(task, c);
	return pending_take(c);
}

static void cancel(const struct task *task, struct carried *c)
{
	pending_give(task, c);
	word_drop(c);
	if (c->keeps_number)
		warden_pid(task, PID_CANCEL, task->tid, 0);
}

/* ---- the new process ---- */

static void number_take(struct task *task, const struct carried *c)
{
	s32 old = task->tid;

	task->host_tid = host_gettid();
	if (c->keeps_number && !warden_pid(task, c->husk ? PID_MOVE_HUSK : PID_MOVE, old, task->host_tid))
		task->tid = old;
	else
		task->tid = pid_to_guest(&arena()->pids, task->host_tid);
	task->tgid = task->tid;
	if (task->tid != task->host_tid)
		trap_numbers(task);
	/* A C library keeps its number there. */
	if (task->tid != old && c->names_us)
		(void)put_guest(c->clear_tid, task->tid);
}

/*
 * The table is our own from the start, so nothing may be noted among the others' descriptors any more: the numbers mean
 * something else here. Of the handles both stay, the old one until the task has its new contexts.
 */
static void leave_table(struct task *task, const struct unshared *new)
{
	struct own_fds *own = task->files->own;

	task->files->own = NULL;
	tasks_close_handles(task);
	own_fds_leave(own, new->nsproxy);
}

static void put_on(struct task *task, u64 flags, struct carried *c, const struct unshared *new)
{
	if (!c->husk)
		signal_drop_held(task, c->held);
	/* Locks ask who takes them. */
	task->host_tid = task->host_tgid = host_gettid();
	signal_block_all();
	mm.id = c->mm_id;
	own_fds_born(c->note, task->host_tgid);
	fork_unlock(task);
	if (flags & CLONE_FILES)
		leave_table(task, new);
	fork_alone(task, !(flags & CLONE_SYSVSEM));
	signal_sync_all(task);
	if (c->robust_list)
		host_call2(__NR_set_robust_list, c->robust_list, c->robust_len);
	if (c->pdeathsig)
		host_call2(__NR_prctl, PR_SET_PDEATHSIG, c->pdeathsig);
	number_take(task, c);
	if (c->keeps_number)
		die_with_old(c);
	word_drop(c);
	pending_give(task, c);
	control_resume(task);
}

/* ---- what is left behind ---- */

#define ROUNDS 400 /* of 5 ms: the new process may have been stopped or killed meanwhile */

/* Until the number lives in the new process, it is this thread's, and should not be given to anybody else. */
static void wait_for_move(const struct task *task, s32 host)
{
	struct pid_map *map = &arena()->pids;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u32 seq = atomic_load(&map->seq);

		if (pid_to_host(map, task->tid) != task->host_tid || host_call2(__NR_tkill, host, 0) == -ESRCH)
			break;
		host_call4(__NR_futex, &map->seq, FUTEX_WAIT, seq, a_while);
	}
}

__attribute__((noreturn)) static void end_old(struct task *task, u64 flags, struct carried *c, s32 host,
					      struct unshared *new)
{
	/* The process has these now; whoever waits for a lock of ours waits for its copy. */
	host_call2(__NR_set_robust_list, 0, c->robust_len);
	if (!c->names_us)
		host_call1(__NR_set_tid_address, 0);
	if (c->keeps_number) {
		wait_for_move(task, host);
		release(c);
	}
	word_drop(c);
	pending_forward(c, host);
	if (!(flags & CLONE_SYSVSEM))
		sem_undo_join(task, host); /* before we leave it ourselves */
	put_unshared(new, task->files);
	put_contexts(task);
	signal_block_hidden();
	held_forward(task, c, host);
	arch_exit_thread(task, 0);
}

/* ---- the moment itself ---- */

static u64 host_flags(u64 flags)
{
	u64 shared = 0;

	if (!(flags & CLONE_FILES))
		shared |= CLONE_FILES;
	if (!(flags & CLONE_SYSVSEM))
		shared |= CLONE_SYSVSEM;
	return shared | CLONE_PARENT | CLONE_CHILD_CLEARTID | SIGCHLD;
}

/* The first process of a pid namespace has no parent to give the new one to: it becomes its parent itself. */
static s64 copy_process(u64 flags, const struct carried *c)
{
	s64 tid;

	if (allocation_fails())
		return -ENOMEM;
	tid = host_call5(__NR_clone, host_flags(flags), 0, NULL, c->clear_tid, 0);

	if (tid == -EINVAL)
		tid = host_call5(__NR_clone, host_flags(flags) & ~(u64)CLONE_PARENT, 0, NULL, c->clear_tid, 0);
	return tid;
}

int host_leave_mm(struct task *task, u64 flags, struct unshared *new)
{
	struct carried c = {0};
	struct fs_struct *fs_shared = NULL;
	s64 host;
	int err = prepare(task, flags, &c);

	if (err) {
		cancel(task, &c);
		return err;
	}
	while (!fork_lock(task))
		;
	/* The new process's own reference; the old thread gives back its own. */
	if (task->fs->shared) {
		fs_shared = task->fs;
		atomic_fetch_add(&fs_shared->users, 1);
	}
	c.mm_id = mm_new_id();
	if (!(flags & CLONE_FILES))
		c.note = own_fds_unborn(new->nsproxy ?: task->nsproxy, c.mm_id);
	signal_block_hidden(); /* so that those that are there now are in both */
	c.held = task->sig_held;
	host = copy_process(flags, &c);
	if (host == 0) {
		put_on(task, flags, &c, new);
		return 0;
	}
	signal_block_all();
	fork_unlock(task);
	own_fds_born(c.note, (s32)MAX(host, 0));
	if (host < 0) {
		put_fs(fs_shared);
		cancel(task, &c);
		return (int)host;
	}
	end_old(task, flags, &c, (s32)host, new);
}

/* ---- the same as fork(2): a C library leaves with all that it does around that (prctl(PR_SECEDE_LEAVE)) ---- */

s64 fork_will_leave(struct task *task, u64 flags)
{
	bool leaves = unshare_leaves_threads(task, &flags);

	task->fork_leaves = leaves ? flags : 0;
	return leaves;
}

/* What is not unshared is shared with those who stay. */
static u64 fork_flags(u64 leaves)
{
	const u64 shareable = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM;

	return (shareable & ~leaves) | (leaves & CLONE_NS_BUILT) | CLONE_PARENT;
}

static s64 clone_sibling(struct task *task, struct clone_request *req)
{
	s64 pid = clone_copy(task, req);

	if (pid == -EINVAL) { /* as in copy_process() */
		req->flags &= ~(u64)CLONE_PARENT;
		pid = clone_copy(task, req);
	}
	return pid;
}

/*
 * The thread left behind goes on for a while: the C library has its locks to release there. So it keeps its number, its
 * robust list and the contexts that it has, and the new process goes by a number of its own, which the C library knows:
 * in mutexes it is the host's.
 */
s64 leave_by_fork(struct task *task, const struct clone_request *fork)
{
	struct clone_request req = *fork;
	struct carried c = {.last = &c.pending};
	u64 leaves = task->fork_leaves;
	s64 pid;

	task->fork_leaves = 0;
	if (mm_users() == 1) /* the others have ended meanwhile */
		return ksys_unshare(task, leaves);
	pid = share_the_rest(task, leaves, true); /* while calls of ours can still be interrupted */
	if (pid)
		return pid;
	req.flags |= fork_flags(leaves);
	signal_block_all();
	host_call2(__NR_prctl, PR_GET_PDEATHSIG, &c.pdeathsig);
	pid = pending_take(&c);
	if (!pid)
		pid = clone_sibling(task, &req);
	if (pid > 0) {
		s32 host = pid_to_host(&arena()->pids, (s32)pid);

		pending_forward(&c, host);
		if (!(leaves & CLONE_SYSVSEM))
			sem_undo_join(task, host); /* before we leave it ourselves */
		return pid;
	}
	if (!pid && c.pdeathsig)
		host_call2(__NR_prctl, PR_SET_PDEATHSIG, c.pdeathsig);
	pending_give(task, &c);
	return pid;
}
