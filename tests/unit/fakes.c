/* SPDX-License-Identifier: MIT */
/* kernel/alloc.h and the hooks of kernel/task.h, as the unit tests want them. */
#include <sched.h>
#include <sys/mman.h>

#include "kernel/mm.h"
#include "unit.h"

unsigned kzalloc_fail_at;
_Atomic long kzalloc_live;
struct fake_world world;

void *kzalloc(size_t size)
{
	if (kzalloc_fail_at && --kzalloc_fail_at == 0)
		return NULL;
	atomic_fetch_add(&kzalloc_live, 1);
	return calloc(1, size);
}

void kfree(void *p)
{
	if (p)
		atomic_fetch_sub(&kzalloc_live, 1);
	free(p);
}

u64 mm_new_id(void)
{
	static u64 ids;

	return ++ids;
}

void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void mutex_lock(struct mutex *m)
{
	u32 free = 0;

	while (!atomic_compare_exchange_strong(&m->owner, &free, 1)) {
		free = 0;
		sched_yield();
	}
}

void mutex_unlock(struct mutex *m)
{
	assert_int_equal(atomic_exchange(&m->owner, 0), 1);
}

static void note_call(char c)
{
	size_t n = strlen(world.order);

	if (n + 1 < sizeof(world.order))
		world.order[n] = c;
}

int warden_new_namespaces(struct nsproxy *old, const struct cred *cred, u64 flags, struct nsproxy **out)
{
	struct nsproxy *ns;

	note_call('w');
	world.warden_calls++;
	world.warden_flags = flags;
	if (world.warden_error)
		return world.warden_error;
	ns = kzalloc(sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	memcpy(ns, old, sizeof(*ns));
	ns->users = 1;
	/* The same namespaces under a new handle: what kernel/ does with them is the same. */
	ns->mnt->refs++;
	ns->uts->refs++;
	ns->user->refs++;
	*out = ns;
	return 0;
}

void warden_close_handle(const struct nsproxy *ns, const struct files_struct *files)
{
	world.handles_closed++;
	uts_ns_put(ns->uts);
	mnt_ns_put(ns->mnt);
	user_ns_put(ns->user);
}

int host_unshare_files(void)
{
	note_call('f');
	world.files_calls++;
	return world.files_error;
}

void host_files_unshared(struct task *task, struct own_fds *own)
{
}

int host_part_sem_undo(struct sem_undo *sem)
{
	note_call('s');
	world.sem_calls++;
	return world.sem_error;
}

void host_leave_sem_undo(const struct sem_undo *sem, u32 id)
{
	world.sem_left = id;
}

bool host_sem_exists(s32 set)
{
	return set != world.sem_removed;
}

/* The test's task goes on as the new process would; the other tasks are still there, and stay out of it. */
int host_leave_mm(struct task *task, u64 flags, struct unshared *new)
{
	note_call('l');
	return world.leave_error;
}

/* A host that takes what it is told. */
void host_sync_actions(struct sighand_group *group, u64 signals)
{
	note_call('h');
	world.synced = signals;
	for (int sig = 1; sig <= NSIG_GUEST; sig++) {
		struct agreement agreed = sighand_agree(group, sig);

		if (signals & SIGBIT(sig))
			sighand_agreed(group, sig, &agreed);
	}
}

bool strict_linux(void)
{
	return world.strict;
}

unsigned nr_threads(const struct task *task)
{
	return world.threads;
}

unsigned mm_users(void)
{
	return world.threads;
}
