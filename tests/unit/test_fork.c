/* SPDX-License-Identifier: MIT */
/* kernel/fork.c and kernel/exit.c: what a child shares, what it copies, and how all of it goes. */
#include "tasks.h"

static struct task *blank(void)
{
	return kzalloc(sizeof(struct task));
}

static void fork_copies_everything_but_namespaces_and_credentials(void **state)
{
	struct task *parent = new_task(), *child = new_thread(parent, 0);
	struct fd_info info;

	assert_ptr_not_equal(child->fs, parent->fs);
	assert_ptr_not_equal(child->files, parent->files);
	assert_ptr_not_equal(child->sighand, parent->sighand);
	assert_ptr_equal(child->nsproxy, parent->nsproxy);
	assert_ptr_equal(child->cred, parent->cred);
	assert_pwd(child, parent->nsproxy->mnt->root, "/home");
	assert_int_equal(child->fs->umask, 022);
	assert_int_equal(child->host_fs_seq, child->fs->seq);
	assert_true(files_get(child->files, 3, &info));
	assert_int_equal(child->sighand->action[9].handler, 0x1234);
	end_task(child);
	end_task(parent);
}

static void threads_share_what_the_flags_say(void **state)
{
	for (unsigned bits = 0; bits < 8; bits++) {
		u64 flags = (bits & 1 ? CLONE_FS : 0) | (bits & 2 ? CLONE_FILES : 0) | (bits & 4 ? CLONE_SIGHAND : 0);
		struct task *parent = new_task(), *child = new_thread(parent, flags);

		assert_int_equal(child->fs == parent->fs, !!(flags & CLONE_FS));
		assert_int_equal(child->files == parent->files, !!(flags & CLONE_FILES));
		assert_int_equal(child->sighand == parent->sighand, !!(flags & CLONE_SIGHAND));
		assert_int_equal(parent->fs->users, flags & CLONE_FS ? 2 : 1);
		assert_int_equal(parent->files->users, flags & CLONE_FILES ? 2 : 1);
		assert_int_equal(parent->sighand->users, flags & CLONE_SIGHAND ? 2 : 1);
		assert_int_equal(parent->nsproxy->users, 2);
		assert_int_equal(parent->cred->users, 2);
		end_task(child);
		assert_int_equal(parent->fs->users, 1);
		end_task(parent);
	}
}

static void a_child_can_start_in_new_namespaces(void **state)
{
	struct task *parent = new_task(), *child = new_thread(parent, CLONE_NEWNS | CLONE_NEWUTS);

	assert_ptr_not_equal(child->nsproxy, parent->nsproxy);
	assert_int_equal(world.warden_flags, CLONE_NEWNS | CLONE_NEWUTS);
	assert_int_equal(parent->nsproxy->users, 1);
	assert_ptr_equal(child->cred, parent->cred);
	end_task(child);
	assert_int_equal(world.handles_closed, 1);
	end_task(parent);
}

static void a_child_in_a_new_user_namespace_has_every_capability(void **state)
{
	struct task *parent = new_task(), *child;

	parent->cred->cap_effective = parent->cred->cap_permitted = 0;
	child = new_thread(parent, CLONE_NEWUSER);
	assert_ptr_not_equal(child->cred, parent->cred);
	assert_int_equal(child->cred->cap_effective, CAP_FULL_SET);
	assert_int_equal(parent->cred->cap_effective, 0);
	assert_int_equal(parent->cred->users, 1);
	end_task(child);
	end_task(parent);
}

static void every_refusal_leaves_parent_and_child_as_they_were(void **state)
{
	static const int errors[] = {-EPERM, -ENOSPC, -ENOMEM, -EIO};
	struct task *parent = new_task(), *child = blank();
	struct memory m = remember(parent);

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		world.warden_error = errors[i];
		assert_int_equal(copy_contexts(CLONE_NEWUSER | CLONE_NEWNS | CLONE_SIGHAND, parent, child), errors[i]);
		assert_as_it_was(parent, &m);
		assert_true(!child->fs && !child->files && !child->sighand && !child->nsproxy && !child->cred);
	}
	world.warden_error = 0;
	parent->cred->cap_effective = 0;
	assert_int_equal(copy_contexts(CLONE_NEWUTS, parent, child), -EPERM);
	assert_as_it_was(parent, &m);
	assert_int_equal(world.handles_closed, 0);
	kfree(child);
	end_task(parent);
}

static void every_failing_allocation_leaves_parent_and_child_as_they_were(void **state)
{
	static const u64 flags[] = {0, CLONE_FS, CLONE_FILES | CLONE_SIGHAND, CLONE_NEWNS | CLONE_NEWUSER};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct task *parent = new_task(), *child = blank();
		struct memory m = remember(parent);
		int err;

		for (unsigned n = 1;; n++) {
			kzalloc_fail_at = n;
			err = copy_contexts(flags[i], parent, child);
			if (kzalloc_fail_at)
				break;
			assert_int_equal(err, -ENOMEM);
			assert_as_it_was(parent, &m);
			assert_true(!child->fs && !child->files && !child->sighand && !child->nsproxy && !child->cred);
		}
		kzalloc_fail_at = 0;
		assert_int_equal(err, 0);
		end_task(child);
		end_task(parent);
	}
}

static void the_last_task_closes_the_handle(void **state)
{
	struct task *a = new_task(), *b = new_thread(a, 0), *c = new_thread(b, CLONE_FS);

	end_task(b);
	end_task(a);
	assert_int_equal(world.handles_closed, 0);
	end_task(c);
	assert_int_equal(world.handles_closed, 1);
}

static void contexts_can_be_put_in_any_state(void **state)
{
	struct task *task = blank();

	put_contexts(task);
	kfree(task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(fork_copies_everything_but_namespaces_and_credentials),
	    TEST(threads_share_what_the_flags_say),
	    TEST(a_child_can_start_in_new_namespaces),
	    TEST(a_child_in_a_new_user_namespace_has_every_capability),
	    TEST(every_refusal_leaves_parent_and_child_as_they_were),
	    TEST(every_failing_allocation_leaves_parent_and_child_as_they_were),
	    TEST(the_last_task_closes_the_handle),
	    TEST(contexts_can_be_put_in_any_state),
	};

	return cmocka_run_group_tests_name("kernel/fork", tests, NULL, NULL);
}
