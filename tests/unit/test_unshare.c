/* SPDX-License-Identifier: MIT */
/* kernel/unshare.c: unshare(2) as its manual page has it. */
#include "tasks.h"

/* A task and another that shares everything with it. */
struct pair {
	struct task *a, *b;
};

static struct pair new_pair(void)
{
	struct pair p = {.a = new_task()};

	p.b = new_thread(p.a, CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM);
	return p;
}

static void end_pair(struct pair *p)
{
	end_task(p->b);
	end_task(p->a);
}

static void no_flags_change_nothing(void **state)
{
	struct pair p = new_pair();
	struct memory m = remember(p.a);

	assert_int_equal(ksys_unshare(p.a, 0), 0);
	assert_as_it_was(p.a, &m);
	assert_string_equal(world.order, "");
	end_pair(&p);
}

static void unknown_bits_are_invalid(void **state)
{
	static const u64 known = CLONE_FS | CLONE_FILES | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER | CLONE_SYSVSEM |
				 CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	struct pair p = new_pair();
	struct memory m = remember(p.a);

	for (unsigned bit = 0; bit < 64; bit++) {
		if (known & 1ULL << bit)
			continue;
		assert_int_equal(ksys_unshare(p.a, 1ULL << bit), -EINVAL);
		assert_int_equal(ksys_unshare(p.a, 1ULL << bit | CLONE_FS | CLONE_NEWNS), -EINVAL);
	}
	assert_as_it_was(p.a, &m);
	assert_string_equal(world.order, "");
	end_pair(&p);
}

static void namespaces_that_are_not_built_are_invalid(void **state)
{
	static const u64 flags[] = {CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWTIME};
	struct pair p = new_pair();

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(ksys_unshare(p.a, flags[i]), -EINVAL);
	end_pair(&p);
}

static void fs_becomes_private(void **state)
{
	struct pair p = new_pair();
	struct memory m = remember(p.a);
	u64 root = p.a->nsproxy->mnt->root;

	assert_int_equal(ksys_unshare(p.a, CLONE_FS), 0);
	assert_ptr_not_equal(p.a->fs, p.b->fs);
	assert_ptr_equal(p.b->fs, m.fs);
	assert_int_equal(p.a->fs->users, 1);
	assert_int_equal(p.b->fs->users, 1);
	/* Equal in value, also in what the host thread is in line with. */
	assert_pwd(p.a, root, "/home");
	assert_int_equal(p.a->fs->umask, 022);
	assert_int_equal(p.a->fs->seq, m.fs_seq);
	/* And not seen by the other, in either direction. */
	set_fs_pwd(p.a->fs, place(root, "/tmp"));
	p.b->fs->umask = 077;
	assert_pwd(p.b, root, "/home");
	assert_int_equal(p.a->fs->umask, 022);
	/* All else is as it was. */
	assert_ptr_equal(p.a->files, m.files);
	assert_ptr_equal(p.a->sighand, m.sighand);
	assert_ptr_equal(p.a->nsproxy, m.nsproxy);
	assert_ptr_equal(p.a->cred, m.cred);
	end_pair(&p);
}

static void files_become_private_here_and_at_the_host(void **state)
{
	struct pair p = new_pair();
	struct fd_info info;

	assert_int_equal(ksys_unshare(p.a, CLONE_FILES), 0);
	assert_ptr_not_equal(p.a->files, p.b->files);
	assert_string_equal(world.order, "f");
	assert_true(files_get(p.a->files, 3, &info));
	assert_int_equal(info.mnt, 7);
	files_clear(p.a->files, 3, 3);
	assert_true(files_get(p.b->files, 3, &info));
	end_pair(&p);
}

static void what_is_not_shared_is_not_copied(void **state)
{
	struct task *task = new_task();
	struct memory m = remember(task);

	assert_int_equal(ksys_unshare(task, CLONE_FS | CLONE_FILES), 0);
	assert_as_it_was(task, &m);
	end_task(task);
}

static void a_second_time_is_harmless(void **state)
{
	struct pair p = new_pair();
	struct memory m;

	assert_int_equal(ksys_unshare(p.a, CLONE_FS | CLONE_FILES), 0);
	m = remember(p.a);
	assert_int_equal(ksys_unshare(p.a, CLONE_FS | CLONE_FILES), 0);
	assert_as_it_was(p.a, &m);
	end_pair(&p);
}

static void a_mount_namespace_implies_fs(void **state)
{
	struct pair p = new_pair();
	struct memory m = remember(p.a);

	assert_int_equal(ksys_unshare(p.a, CLONE_NEWNS), 0);
	assert_int_equal(world.warden_flags, CLONE_NEWNS);
	assert_ptr_not_equal(p.a->fs, m.fs);
	assert_ptr_not_equal(p.a->nsproxy, m.nsproxy);
	assert_ptr_equal(p.a->files, m.files);
	assert_ptr_equal(p.a->cred, m.cred);
	assert_ptr_equal(p.b->nsproxy, m.nsproxy);
	assert_int_equal(p.b->nsproxy->users, 1);
	end_pair(&p);
}

static void one_request_makes_all_namespaces(void **state)
{
	struct pair p = new_pair();

	assert_int_equal(ksys_unshare(p.a, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER), 0);
	assert_int_equal(world.warden_calls, 1);
	assert_int_equal(world.warden_flags, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER);
	end_pair(&p);
}

static void namespaces_need_the_capability(void **state)
{
	struct pair p = new_pair();
	struct memory m;

	p.a->cred->cap_effective &= ~(1ULL << CAP_SYS_ADMIN);
	m = remember(p.a);
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWNS), -EPERM);
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWUTS | CLONE_FILES), -EPERM);
	assert_as_it_was(p.a, &m);
	assert_string_equal(world.order, "");
	/* Not a user namespace, nor anything that comes with one; and fs and files are free for all. */
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWUSER | CLONE_NEWNS), 0);
	end_pair(&p);
}

static void a_user_namespace_gives_every_capability(void **state)
{
	struct pair p = new_pair();
	struct cred *old = p.a->cred;

	old->cap_effective = old->cap_permitted = 0;
	old->cap_bset = 1;
	old->cap_inheritable = old->cap_ambient = 2;
	old->securebits = SECBIT_NOROOT;
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWUSER), 0);
	assert_int_equal(p.a->cred->cap_effective, CAP_FULL_SET);
	assert_int_equal(p.a->cred->cap_permitted, CAP_FULL_SET);
	assert_int_equal(p.a->cred->cap_bset, CAP_FULL_SET);
	assert_int_equal(p.a->cred->cap_inheritable, 0);
	assert_int_equal(p.a->cred->cap_ambient, 0);
	assert_int_equal(p.a->cred->securebits, 0);
	assert_int_equal(p.a->cred->euid, 1000);
	assert_ptr_not_equal(p.a->fs, p.b->fs);
	/* The other one gained nothing. */
	assert_ptr_equal(p.b->cred, old);
	assert_int_equal(old->cap_effective, 0);
	end_pair(&p);
}

static void a_user_namespace_is_not_for_a_chroot(void **state)
{
	struct pair p = new_pair();
	struct memory m;

	set_fs_root(p.a->fs, place(p.a->nsproxy->mnt->root, "/jail"));
	m = remember(p.a);
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWUSER), -EPERM);
	assert_as_it_was(p.a, &m);
	set_fs_root(p.a->fs, place(p.a->nsproxy->mnt->root + 1, "/"));
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWUSER), -EPERM);
	assert_int_equal(ksys_unshare(p.a, CLONE_NEWNS), 0);
	end_pair(&p);
}

/* What Linux says, bit for bit. */
static void strictly_memory_handlers_and_group_can_only_be_alone_already(void **state)
{
	static const u64 flags[] = {CLONE_THREAD, CLONE_SIGHAND, CLONE_VM, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD};
	struct task *task = new_task(), *other;

	world.strict = true;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(ksys_unshare(task, flags[i]), 0);
	world.threads = 2;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		assert_int_equal(ksys_unshare(task, flags[i]), -EINVAL);
	/* A user namespace implies CLONE_THREAD. */
	assert_int_equal(ksys_unshare(task, CLONE_NEWUSER), -EINVAL);
	assert_int_equal(ksys_unshare(task, CLONE_NEWNS), 0);
	/* Handlers can be shared beyond the group. */
	world.threads = 1;
	other = new_thread(task, CLONE_SIGHAND);
	assert_int_equal(ksys_unshare(task, CLONE_THREAD), 0);
	assert_int_equal(ksys_unshare(task, CLONE_SIGHAND), -EINVAL);
	assert_int_equal(ksys_unshare(task, CLONE_VM), -EINVAL);
	end_task(other);
	end_task(task);
}

static void memory_that_is_shared_is_left(void **state)
{
	static const u64 flags[] = {CLONE_VM, CLONE_THREAD, CLONE_NEWUSER};
	struct task *task = new_task();

	assert_int_equal(ksys_unshare(task, CLONE_VM), 0);
	assert_string_equal(world.order, "");
	world.threads = 2;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		memset(world.order, 0, sizeof(world.order));
		assert_int_equal(ksys_unshare(task, flags[i]), 0);
		assert_string_equal(world.order, flags[i] == CLONE_NEWUSER ? "wl" : "l");
	}
	/* The host's table and undo list are left with it, and not asked for. */
	memset(world.order, 0, sizeof(world.order));
	assert_int_equal(ksys_unshare(task, CLONE_VM | CLONE_FILES | CLONE_SYSVSEM), 0);
	assert_string_equal(world.order, "l");
	end_task(task);
}

static void a_fork_can_be_the_leaving_where_threads_stay(void **state)
{
	static const u64 refused[] = {CLONE_FS | CLONE_FILES, CLONE_SIGHAND, CLONE_VM | 1, CLONE_VM | CLONE_NEWNET};
	struct task *task = new_task();
	u64 flags = CLONE_VM;

	assert_false(unshare_leaves_threads(task, &flags));
	world.threads = 2;
	assert_true(unshare_leaves_threads(task, &flags));
	assert_int_equal(flags, CLONE_VM | CLONE_SIGHAND);
	flags = CLONE_NEWUSER;
	assert_true(unshare_leaves_threads(task, &flags));
	assert_int_equal(flags, CLONE_NEWUSER | CLONE_FS | CLONE_THREAD | CLONE_VM | CLONE_SIGHAND);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		flags = refused[i];
		assert_false(unshare_leaves_threads(task, &flags));
	}
	world.strict = true;
	flags = CLONE_VM;
	assert_false(unshare_leaves_threads(task, &flags));
	assert_string_equal(world.order, "");
	end_task(task);
}

static void memory_that_cannot_be_left_leaves_the_task_as_it_was(void **state)
{
	static const u64 all = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER;
	struct pair p = new_pair();
	struct memory m = remember(p.a);

	world.threads = 2;
	world.leave_error = -EAGAIN;
	assert_int_equal(ksys_unshare(p.a, all), -EAGAIN);
	assert_as_it_was(p.a, &m);
	assert_int_equal(world.handles_closed, 1);
	assert_string_equal(world.order, "wl");
	end_pair(&p);
}

static void what_cannot_be_undone_comes_last(void **state)
{
	struct pair p = new_pair();

	assert_int_equal(ksys_unshare(p.a, CLONE_FILES | CLONE_NEWNS | CLONE_SYSVSEM), 0);
	assert_string_equal(world.order, "wsf");
	end_pair(&p);
}

static void every_refusal_leaves_the_task_as_it_was(void **state)
{
	static const u64 all =
	    CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER | CLONE_SYSVSEM;
	static const int errors[] = {-EPERM, -ENOSPC, -ENOMEM, -EIO, -EMFILE};
	struct pair p = new_pair();
	struct memory m = remember(p.a);

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		memset(&world, 0, sizeof(world));
		world.threads = 1;
		world.warden_error = errors[i];
		assert_int_equal(ksys_unshare(p.a, all), errors[i]);
		assert_as_it_was(p.a, &m);
		assert_int_equal(world.handles_closed, 0);
		assert_string_equal(world.order, "w");

		world.warden_error = 0;
		world.sem_error = errors[i];
		assert_int_equal(ksys_unshare(p.a, all), errors[i]);
		assert_as_it_was(p.a, &m);
		assert_int_equal(world.handles_closed, 1);
		assert_int_equal(world.files_calls, 0);

		world.sem_error = 0;
		world.files_error = errors[i];
		assert_int_equal(ksys_unshare(p.a, all), errors[i]);
		assert_as_it_was(p.a, &m);
		assert_int_equal(world.handles_closed, 2);
	}
	end_pair(&p);
}

static void every_failing_allocation_leaves_the_task_as_it_was(void **state)
{
	static const u64 flags[] = {
	    CLONE_FS,
	    CLONE_FILES,
	    CLONE_SIGHAND,
	    CLONE_NEWNS,
	    CLONE_NEWUTS,
	    CLONE_NEWUSER,
	    CLONE_SYSVSEM,
	    CLONE_VM,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER,
	    CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER | CLONE_SYSVSEM,
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct pair p = new_pair();
		struct memory m = remember(p.a);
		int err;

		world.threads = flags[i] & CLONE_VM ? 2 : 1;
		for (unsigned n = 1;; n++) {
			kzalloc_fail_at = n;
			err = ksys_unshare(p.a, flags[i]);
			if (kzalloc_fail_at)
				break;
			assert_int_equal(err, -ENOMEM);
			assert_as_it_was(p.a, &m);
			assert_int_equal(world.files_calls, 0);
		}
		kzalloc_fail_at = 0;
		assert_int_equal(err, 0);
		end_pair(&p);
		memset(&world, 0, sizeof(world));
		world.threads = 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(no_flags_change_nothing),
	    TEST(unknown_bits_are_invalid),
	    TEST(namespaces_that_are_not_built_are_invalid),
	    TEST(fs_becomes_private),
	    TEST(files_become_private_here_and_at_the_host),
	    TEST(what_is_not_shared_is_not_copied),
	    TEST(a_second_time_is_harmless),
	    TEST(a_mount_namespace_implies_fs),
	    TEST(one_request_makes_all_namespaces),
	    TEST(namespaces_need_the_capability),
	    TEST(a_user_namespace_gives_every_capability),
	    TEST(a_user_namespace_is_not_for_a_chroot),
	    TEST(strictly_memory_handlers_and_group_can_only_be_alone_already),
	    TEST(memory_that_is_shared_is_left),
	    TEST(a_fork_can_be_the_leaving_where_threads_stay),
	    TEST(memory_that_cannot_be_left_leaves_the_task_as_it_was),
	    TEST(what_cannot_be_undone_comes_last),
	    TEST(every_refusal_leaves_the_task_as_it_was),
	    TEST(every_failing_allocation_leaves_the_task_as_it_was),
	};

	return cmocka_run_group_tests_name("kernel/unshare", tests, NULL, NULL);
}
