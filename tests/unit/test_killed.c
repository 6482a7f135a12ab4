/* SPDX-License-Identifier: MIT */
/*
 * Whoever changes a context can be killed at any instruction, and somebody else goes on with what is there then
 * (kernel/alloc.h). So here each change is made in single steps, and after every one of them the context is looked at
 * as the next owner of its lock would find it.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/refs.h"
#include "tasks.h"

#ifdef __SANITIZE_THREAD__
int main(void)
{
	puts("1..0 # SKIP ThreadSanitizer delivers no SIGTRAP within a function");
	return 0;
}
#else

#define TRAP_FLAG 0x100

static void (*look)(void);
static unsigned steps;

static void on_step(int sig, siginfo_t *info, void *context)
{
	steps++;
	look();
}

static void stepping(unsigned long on)
{
	__asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\torq %1, (%%rsp)\n\tpopfq"
			 :
			 : "r"(~(unsigned long)TRAP_FLAG), "r"(on)
			 : "memory", "cc");
}

/* Makes a change; `check` looks at what a kill would leave after each instruction of it. */
static void in_steps(void (*change)(void), void (*check)(void))
{
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	look = check;
	steps = 0;
	sigaction(SIGTRAP, &action, NULL);
	stepping(TRAP_FLAG);
	change();
	stepping(0);
	assert_true(steps > 20);
}

/* ---- files ---- */

static struct files_struct *files;
static int changed; /* the number that the change is about: what is noted of that may be anything */

static void set_note(int fd)
{
	const struct fd_info info = {
	    .fd = fd, .kind = FD_DIR, .mnt = (u64)fd + 1, .dev = (u64)fd + 2, .ino = (u64)fd + 3};

	assert_int_equal(files_set(files, &info), 0);
}

static void add_note(void)
{
	set_note(changed);
}

static void clear_note(void)
{
	files_clear(files, (unsigned)changed, (unsigned)changed);
}

/* All others are there, and as they were. */
static void look_at_notes(void)
{
	u32 owner = atomic_exchange(&files->lock.owner, 0);
	struct fd_info info;

	for (int fd = 0; fd < 20; fd += 2) {
		if (fd == changed)
			continue;
		assert_true(files_get(files, fd, &info));
		assert_true(info.fd == fd && info.kind == FD_DIR);
		assert_true(info.mnt == (u64)fd + 1 && info.dev == (u64)fd + 2 && info.ino == (u64)fd + 3);
	}
	atomic_store(&files->lock.owner, owner);
}

static void notes_are_never_lost(void **state)
{
	files = kzalloc(sizeof(*files));
	files->users = 1;
	for (int fd = 0; fd < 20; fd += 2)
		set_note(fd);
	/* In the middle, at both ends, and often enough that the table grows. */
	for (changed = -1; changed < 24; changed += 2)
		in_steps(add_note, look_at_notes);
	for (changed = -1; changed < 24; changed += 2)
		in_steps(clear_note, look_at_notes);
	for (changed = 0; changed < 20; changed += 6) {
		in_steps(clear_note, look_at_notes);
		in_steps(add_note, look_at_notes);
	}
	put_files(files);
}

/* ---- fs ---- */

static struct fs_struct *fs;
static u32 seq_before;
static struct path next;

static void change_pwd(void)
{
	set_fs_pwd(fs, next);
}

/* A place is the old one or the new one, whole; and nobody misses that it is another one now. */
static void look_at_places(void)
{
	const struct fs_places *now = fs_now(fs);

	assert_true(now->root.mnt == 'r' && strcmp(now->root.host->s, "/r") == 0);
	assert_true(now->pwd.mnt == (u64)now->pwd.host->s[1] && now->pwd.host->len == 2);
	if (now->pwd.mnt != 'o')
		assert_true(fs->seq != seq_before);
}

static void change_in_steps(void)
{
	set_fs_root(fs, place('r', "/r"));
	for (int turn = 0; turn < 3; turn++) {
		set_fs_pwd(fs, place('o', "/o"));
		seq_before = fs->seq;
		next = place('n', "/n");
		in_steps(change_pwd, look_at_places);
	}
}

static void places_are_whole(void **state)
{
	struct task *task = new_task();

	fs = task->fs;
	change_in_steps();
	assert_int_equal(share_fs(task), 0);
	fs = task->fs;
	change_in_steps();
	end_task(task);
}

/* ---- references ---- */

static struct task *parent, child;
#define SHARED	  (CLONE_FS | CLONE_FILES | CLONE_SIGHAND)

static void share_all(void)
{
	assert_int_equal(copy_contexts(SHARED, parent, &child), 0);
}

static void put_all(void)
{
	put_contexts(&child);
}

static void unshare_all(void)
{
	assert_int_equal(ksys_unshare(&child, SHARED | CLONE_NEWUTS), 0);
}

static u32 counted(const void *context, void *a, void *b, void *c)
{
	return (a == context) + (b == context) + (c == context);
}

/* Each context has as many users as there are pointers to it, in the tasks and in what they are about to let go of. */
static bool counts_are_right(void)
{
	const struct task *p = parent, *c = &child;

	return p->fs->users == counted(p->fs, p->fs, c->fs, c->leaving.fs) &&
	       p->files->users == counted(p->files, p->files, c->files, c->leaving.files) &&
	       p->sighand->users == counted(p->sighand, p->sighand, c->sighand, c->leaving.sighand) &&
	       p->nsproxy->users == counted(p->nsproxy, p->nsproxy, c->nsproxy, c->leaving.nsproxy);
}

/* Nor does a group keep a member that nobody uses. */
static bool group_is_right(void)
{
	const struct sighand_struct *own = parent->sighand;

	return own->group->members == own && !own->next;
}

/* As the one finds it who takes the killed one's block back, in a process of its own; where nothing has changed, it is
 * as before. */
static void look_at_counts(void)
{
	static const void *pointers_before[9];
	static u32 users_before[4], nr_before;
	const void *const pointers[9] = {child.fs,
					 child.files,
					 child.sighand,
					 child.nsproxy,
					 child.leaving.fs,
					 child.leaving.files,
					 child.leaving.sighand,
					 child.leaving.nsproxy,
					 parent->sighand->group->members};
	const u32 users[4] = {parent->fs->users, parent->files->users, parent->sighand->users, parent->nsproxy->users};
	int status;
	pid_t pid;

	if (nr_before == refs.nr && !memcmp(users, users_before, sizeof(users)) &&
	    !memcmp(pointers, pointers_before, sizeof(pointers)))
		return;
	nr_before = refs.nr;
	memcpy(users_before, users, sizeof(users));
	memcpy(pointers_before, pointers, sizeof(pointers));
	pid = fork();
	if (pid == 0) {
		atomic_store(&refs.lock.owner, 0);
		atomic_store(&child.alloc_lock.owner, 0);
		atomic_store(&parent->sighand->group->lock.owner, 0);
		put_contexts(&child);
		_exit(!counts_are_right() || !group_is_right());
	}
	assert_true(waitpid(pid, &status, 0) == pid && status == 0);
}

static void counts_follow_pointers(void **state)
{
	parent = new_task();
	memset(&child, 0, sizeof(child));
	in_steps(share_all, look_at_counts);
	in_steps(unshare_all, look_at_counts);
	in_steps(put_all, look_at_counts);
	share_all();
	in_steps(put_all, look_at_counts);
	assert_true(counts_are_right() && group_is_right());
	end_task(parent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(notes_are_never_lost),
	    TEST(places_are_whole),
	    TEST(counts_follow_pointers),
	};

	return cmocka_run_group_tests_name("killed", tests, NULL, NULL);
}
#endif
