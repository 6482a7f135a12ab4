/* SPDX-License-Identifier: MIT */
/* kernel/sem.c: who shares a list of semaphore adjustments, and what is known of it. */
#include "kernel/sem.h"
#include "tasks.h"

static void a_new_list_is_not_left(void **state)
{
	struct task *task = new_task();
	struct sem_undo *old = task->sem;

	assert_int_equal(ksys_unshare(task, CLONE_SYSVSEM), 0);
	assert_ptr_equal(task->sem, old);
	assert_int_equal(world.sem_calls, 0);
	end_task(task);
}

static void what_was_used_or_is_shared_is_left(void **state)
{
	struct task *task = new_task(), *other;
	struct sem_undo *old;

	assert_int_equal(sem_undo_note(task->sem, sem_key(1, 0)), 0);
	assert_int_equal(ksys_unshare(task, CLONE_SYSVSEM), 0);
	assert_int_equal(world.sem_calls, 1);
	assert_true(task->sem->parted);
	assert_int_equal(task->sem->nr, 0);
	other = new_thread(task, CLONE_SYSVSEM);
	old = task->sem;
	assert_ptr_equal(other->sem, old);
	assert_int_equal(ksys_unshare(task, CLONE_SYSVSEM), 0);
	assert_int_equal(world.sem_calls, 2);
	assert_ptr_not_equal(task->sem, old);
	assert_ptr_equal(other->sem, old);
	assert_int_equal(old->users, 1);
	end_task(other);
	end_task(task);
}

static void without_the_flag_a_child_has_its_own(void **state)
{
	struct task *task = new_task(), *child;

	assert_int_equal(sem_undo_note(task->sem, sem_key(1, 0)), 0);
	child = new_thread(task, 0);
	assert_ptr_not_equal(child->sem, task->sem);
	assert_int_equal(child->sem->nr, 0);
	assert_false(child->sem->parted);
	end_task(child);
	end_task(task);
}

static void the_warden_hears_who_leaves_its_list(void **state)
{
	struct task *task = new_task(), *other = new_thread(task, CLONE_SYSVSEM);

	task->sem->id = 9;
	end_task(other);
	assert_int_equal(world.sem_left, 9);
	world.sem_left = 0;
	end_task(task);
	assert_int_equal(world.sem_left, 9);
}

static void a_forked_copy_is_empty_or_shared(void **state)
{
	struct sem_undo *sem = new_sem_undo();

	sem->id = 3;
	sem->parted = true;
	sem->users = 4;
	sem_undo_alone(sem, true);
	assert_int_equal(sem->id, 3);
	assert_int_equal(sem->users, 1);
	assert_int_equal(sem_undo_note(sem, 1), 0);
	sem_undo_alone(sem, false);
	assert_int_equal(sem->id, 0);
	assert_int_equal(sem->nr, 0);
	assert_false(sem->parted);
	drop_sem_undo(&sem);
}

/* Sorted, and each once, in whatever order they come. */
static void each_semaphore_is_noted_once(void **state)
{
	struct sem_undo *sem = new_sem_undo();

	for (int round = 0; round < 2; round++)
		for (u32 i = 0; i < 100; i++)
			assert_int_equal(sem_undo_note(sem, sem_key((s32)(i * 37 % 100), i % 3)), 0);
	assert_int_equal(sem->nr, 100);
	for (u32 i = 1; i < sem->nr; i++)
		assert_true(sem->known[i - 1] < sem->known[i]);
	assert_int_equal(sem_key_set(sem_key(-5, 7)), -5);
	drop_sem_undo(&sem);
}

/* A program that makes a set, uses it and removes it, for ever. */
static void removed_sets_are_forgotten(void **state)
{
	struct sem_undo *sem = new_sem_undo();

	world.sem_removed = 7;
	for (u32 i = 0; i < 1000; i++)
		assert_int_equal(sem_undo_note(sem, sem_key(7, i)), 0);
	assert_int_equal(sem_undo_note(sem, sem_key(8, 0)), 0);
	assert_true(sem->cap <= 16);
	drop_sem_undo(&sem);
}

static void no_memory_changes_nothing(void **state)
{
	struct sem_undo *sem = new_sem_undo();

	for (u32 i = 0; i < 8; i++)
		assert_int_equal(sem_undo_note(sem, sem_key(1, i)), 0);
	kzalloc_fail_at = 1;
	assert_int_equal(sem_undo_note(sem, sem_key(1, 8)), -ENOMEM);
	assert_int_equal(sem->nr, 8);
	assert_int_equal(sem_undo_note(sem, sem_key(1, 8)), 0);
	assert_int_equal(sem->nr, 9);
	drop_sem_undo(&sem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_list_is_not_left),
	    TEST(what_was_used_or_is_shared_is_left),
	    TEST(without_the_flag_a_child_has_its_own),
	    TEST(the_warden_hears_who_leaves_its_list),
	    TEST(a_forked_copy_is_empty_or_shared),
	    TEST(each_semaphore_is_noted_once),
	    TEST(removed_sets_are_forgotten),
	    TEST(no_memory_changes_nothing),
	};

	return cmocka_run_group_tests_name("kernel/sem", tests, NULL, NULL);
}
