/* SPDX-License-Identifier: MIT */
/* kernel/fs.c, kernel/path.c, kernel/sighand.c: the small contexts. */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tasks.h"

static void host_paths_are_counted(void **state)
{
	struct hpath *p = hpath_new("/a/bcd", 4), *q;

	assert_string_equal(p->s, "/a/b");
	assert_int_equal(p->len, 4);
	q = hpath_get(p);
	assert_ptr_equal(p, q);
	hpath_put(p);
	assert_string_equal(q->s, "/a/b");
	hpath_put(q);
	hpath_put(NULL);
	kzalloc_fail_at = 1;
	assert_null(hpath_new("/", 1));
}

static void changes_raise_seq(void **state)
{
	struct task *task = new_task();
	u32 seq = task->fs->seq;
	struct path root;

	set_fs_pwd(task->fs, place(4, "/pwd"));
	assert_int_equal(task->fs->seq, seq + 1);
	/* Of the root the host knows nothing. */
	set_fs_root(task->fs, place(5, "/root"));
	assert_int_equal(task->fs->seq, seq + 1);
	assert_pwd(task, 4, "/pwd");
	assert_int_equal(get_fs_root(task->fs, &root), 0);
	assert_int_equal(root.mnt, 5);
	assert_string_equal(root.host->s, "/root");
	/* Who holds a place holds it, whatever chdir does. */
	set_fs_root(task->fs, place(6, "/"));
	assert_string_equal(root.host->s, "/root");
	path_put(&root);
	end_task(task);
}

static void places_are_copied_without_the_lock(void **state)
{
	struct task *task = new_task();
	u32 seq = task->fs->seq;
	char host[8];
	u64 mnt;

	task->fs->lock.owner = 1;
	assert_int_equal(copy_fs_root(task->fs, &mnt, host, sizeof(host)), 1);
	assert_string_equal(host, "/");
	assert_int_equal(copy_fs_pwd(task->fs, &mnt, host, sizeof(host)), 5);
	assert_string_equal(host, "/home");
	/* With its NUL it must fit. */
	assert_int_equal(copy_fs_pwd(task->fs, &mnt, host, 6), 5);
	assert_int_equal(copy_fs_pwd(task->fs, &mnt, host, 5), 0);
	assert_string_equal(host, "");
	task->fs->lock.owner = 0;
	set_fs_pwd(task->fs, place(4, "/pwd"));
	set_fs_root(task->fs, place(5, "/root"));
	assert_int_equal(copy_fs_pwd(task->fs, &mnt, host, sizeof(host)), 4);
	assert_string_equal(host, "/pwd");
	assert_int_equal(mnt, 4);
	assert_int_equal(copy_fs_root(task->fs, &mnt, host, sizeof(host)), 5);
	assert_int_equal(mnt, 5);
	assert_false(fs_pwd_mount(task->fs, seq, &mnt));
	assert_true(fs_pwd_mount(task->fs, seq + 1, &mnt));
	assert_int_equal(mnt, 4);
	/* Where it moved, also for those who have not followed. */
	struct fs_struct *old = task->fs;

	atomic_fetch_add(&old->users, 1);
	assert_int_equal(share_fs(task), 0);
	assert_int_equal(set_fs_pwd(task->fs, place(6, "/new")), 0);
	assert_int_equal(copy_fs_pwd(old, &mnt, host, sizeof(host)), 4);
	assert_string_equal(host, "/new");
	assert_false(fs_pwd_mount(old, seq + 1, &mnt));
	assert_true(fs_pwd_mount(old, seq + 2, &mnt));
	assert_int_equal(mnt, 6);
	put_fs(old);
	end_task(task);
}

static void a_failed_copy_leaves_nothing(void **state)
{
	struct task *task = new_task();
	struct memory m = remember(task);

	kzalloc_fail_at = 1;
	assert_null(dup_fs(task->fs));
	for (unsigned n = 1; n <= 2; n++) {
		kzalloc_fail_at = n;
		assert_null(dup_sighand(task->sighand));
		kzalloc_fail_at = n;
		assert_null(dup_files(task->files));
	}
	assert_as_it_was(task, &m);
	end_task(task);
}

static void handlers_are_copied_by_value(void **state)
{
	struct task *task = new_task();
	struct sighand_struct *copy = dup_sighand(task->sighand);

	assert_memory_equal(copy->action, task->sighand->action, sizeof(copy->action));
	copy->action[0].handler = 1;
	assert_int_equal(task->sighand->action[0].handler, 0);
	put_sighand(copy);
	put_sighand(NULL);
	end_task(task);
}

/* ---- CLONE_FS across address spaces ---- */

static void a_shared_fs_is_seen_by_a_forked_child(void **state)
{
	struct task *task = new_task();
	struct fs_struct *shared, *own;
	char longest[PATH_MAX];
	struct path pwd;
	int status;

	task->fs->seq = 5;
	assert_int_equal(share_fs(task), 0);
	shared = task->fs;
	assert_true(shared->shared);
	assert_int_equal(shared->umask, 022);
	assert_int_equal(shared->seq, 5);
	assert_int_equal(share_fs(task), 0);
	assert_ptr_equal(task->fs, shared);
	assert_pwd(task, task->nsproxy->mnt->root, "/home");

	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = 0;
	if (fork() == 0) {
		set_fs_pwd(task->fs, place(9, longest));
		set_fs_root(task->fs, place(8, "/new root"));
		_exit(0);
	}
	assert_true(wait(&status) > 0 && status == 0);
	assert_pwd(task, 9, longest);
	assert_int_equal(task->fs->seq, 6);

	/* A private copy of it: equal, and then on its own. */
	own = dup_fs(shared);
	set_fs_pwd(shared, place(1, "/elsewhere"));
	assert_int_equal(get_fs_pwd(own, &pwd), 0);
	assert_string_equal(pwd.host->s, longest);
	path_put(&pwd);
	put_fs(own);

	/* Reading it takes memory, and can fail. */
	kzalloc_fail_at = 1;
	assert_int_equal(get_fs_pwd(shared, &pwd), -ENOMEM);
	for (unsigned n = 1; n <= 3; n++) {
		kzalloc_fail_at = n;
		assert_null(dup_fs(shared));
	}
	end_task(task);
}

/* What others pivot moves who stood at the old root: both places, one or none, once, and whole if memory is short. */
static void pivots_are_followed(void **state)
{
	struct pivot *first = arena_alloc(sizeof(*first)), *second = arena_alloc(sizeof(*second));
	char *new = arena_alloc(16), *newest = arena_alloc(16);
	struct mnt_ns ns = {.pivots = second};

	*first = (struct pivot){NULL, second, 1, 4, 5, .from_host = "/", .to_host = strcpy(new, "/new")};
	*second = (struct pivot){first, NULL, 2, 5, 6, .from_host = new, .to_host = strcpy(newest, "/newest")};
	for (int shared = 0; shared < 2; shared++) {
		struct task *task = new_task();
		struct path root;

		if (shared)
			assert_int_equal(share_fs(task), 0);
		set_fs_root(task->fs, place(4, "/"));
		set_fs_pwd(task->fs, place(4, "/"));
		for (unsigned n = 1; n <= 2; n++) {
			kzalloc_fail_at = n;
			follow_pivots(task->fs, &ns);
			assert_pwd(task, 4, "/");
			assert_int_equal(task->fs->pivots, 0);
		}
		kzalloc_fail_at = 0;
		follow_pivots(task->fs, &ns);
		assert_pwd(task, 6, "/newest");
		assert_int_equal(get_fs_root(task->fs, &root), 0);
		assert_int_equal(root.mnt, 6);
		path_put(&root);
		assert_int_equal(task->fs->pivots, 2);

		/* Who comes to such a place later stays there, and who was below it. */
		set_fs_pwd(task->fs, place(4, "/"));
		follow_pivots(task->fs, &ns);
		assert_pwd(task, 4, "/");
		task->fs->pivots = 0;
		set_fs_pwd(task->fs, place(4, "/below"));
		follow_pivots(task->fs, &ns);
		assert_pwd(task, 4, "/below");
		end_task(task);
	}
	arena_free(first);
	arena_free(second);
	arena_free(new);
	arena_free(newest);
}

/* The others who use it come along, each when it looks. */
static void all_users_of_a_shared_fs_follow(void **state)
{
	struct task *task = new_task(), *other = new_thread(task, CLONE_FS);
	struct fs_struct *private = task->fs;

	assert_int_equal(share_fs(task), 0);
	assert_ptr_equal(other->fs, private);
	set_fs_pwd(other->fs, place(9, "/by the other"));
	assert_pwd(task, 9, "/by the other");
	follow_fs(other);
	assert_ptr_equal(other->fs, task->fs);
	assert_pwd(other, 9, "/by the other");
	assert_int_equal(task->fs->users, 2);
	end_task(other);
	end_task(task);
}

/* ---- threads ---- */

static _Atomic bool stop;
static _Atomic unsigned mistakes;

/* The mount's number is the first letter of the path, always. */
static void *reader(void *arg)
{
	struct task *task = arg;
	struct fs_struct *copy;
	struct path p;

	while (!atomic_load(&stop)) {
		get_fs_pwd(task->fs, &p);
		if (p.mnt != (u64)p.host->s[1])
			atomic_fetch_add(&mistakes, 1);
		path_put(&p);
		copy = dup_fs(task->fs);
		if (fs_now(copy)->pwd.mnt != (u64)fs_now(copy)->pwd.host->s[1])
			atomic_fetch_add(&mistakes, 1);
		put_fs(copy);
	}
	return NULL;
}

static void readers_see_whole_places(void **state)
{
	struct task *task = new_task();
	pthread_t thread[2];
	char path[] = "/a";

	set_fs_pwd(task->fs, place('a', "/a"));
	atomic_store(&stop, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, task), 0);
	for (int turn = 0; turn < 3000; turn++) {
		path[1] = (char)('a' + turn % 26);
		set_fs_pwd(task->fs, place((u64)path[1], path));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(mistakes, 0);
	end_task(task);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(host_paths_are_counted),
	    TEST(changes_raise_seq),
	    TEST(a_failed_copy_leaves_nothing),
	    TEST(handlers_are_copied_by_value),
	    TEST(readers_see_whole_places),
	    TEST(a_shared_fs_is_seen_by_a_forked_child),
	    TEST(pivots_are_followed),
	    TEST(all_users_of_a_shared_fs_follow),
	    TEST(places_are_copied_without_the_lock),
	};

	return cmocka_run_group_tests_name("kernel/fs", tests, NULL, NULL);
}
