/* SPDX-License-Identifier: MIT */
/*
 * unshare(2), secede_unshare(3) and clone(2) when memory is short: for N = 1, 2, ... the Nth allocation fails, in this
 * process's runtime or in the warden, until the call succeeds. Each time before, it must say so, and leave everything
 * as it was: what the caller has, what it shares with the other thread, and what the session and the runtime have in
 * use. To be run in a session of its own with SECEDE_FAIL_ALLOCATIONS: tests/programs/all_or_nothing.
 */
#include "tests/tools/all_or_nothing.h"

static const struct {
	unsigned long flags;
	const char *name;
} cases[] = {
    {CLONE_FS, "FS"},
    {CLONE_FILES, "FILES"},
    {CLONE_SIGHAND, "SIGHAND"},
    {CLONE_SYSVSEM, "SYSVSEM"},
    {CLONE_NEWNS, "NEWNS"},
    {CLONE_NEWUTS, "NEWUTS"},
    {CLONE_NEWUSER, "NEWUSER"},
    {CLONE_VM, "VM"},
    {CLONE_THREAD, "THREAD"},
    {CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM, "FS FILES SIGHAND SYSVSEM"},
    {CLONE_NEWNS | CLONE_NEWUTS, "NEWNS NEWUTS"},
    {CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER, "NEWNS NEWUTS NEWUSER"},
    {CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM, "NEWNS NEWUTS FILES SIGHAND SYSVSEM"},
    {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM, "VM FS FILES SYSVSEM"},
    {CLONE_VM | CLONE_NEWNS | CLONE_NEWUTS, "VM NEWNS NEWUTS"},
    {CLONE_VM | CLONE_THREAD | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_NEWNS | CLONE_NEWUTS |
	 CLONE_NEWUSER,
     "everything"},
};
/* Of clone(2). */
static const struct {
	unsigned long flags;
	const char *name;
} clone_cases[] = {
    {0, "nothing"},
    {CLONE_FS, "FS"},
    {CLONE_FILES, "FILES"},
    {CLONE_SYSVSEM, "SYSVSEM"},
    {CLONE_NEWNS | CLONE_NEWUTS, "NEWNS NEWUTS"},
    {CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER | CLONE_FILES, "NEWNS NEWUTS NEWUSER FILES"},
    {CLONE_VM, "VM"},
    {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM, "VM FS FILES SIGHAND SYSVSEM"},
    {CLONE_VM | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER, "VM NEWNS NEWUTS NEWUSER"},
};
static const char *const places[] = {[FAIL_HERE] = "in the runtime", [FAIL_IN_WARDEN] = "in the warden"};

static unsigned long flags;
static enum { UNSHARE, SECEDE_UNSHARE, CLONE } by;
static const char *const names_of_calls[] = {"unshare", "secede_unshare", "clone"};
static enum fail_where where;
static struct progress {
	unsigned long tried; /* the n-th was the last that failed */
	int all;	     /* and there is no other */
} * progress;		     /* stays shared, whatever is unshared */

/* ---- one case ---- */

/* Two signals that wait for this thread alone: they go along with it. */
static void have_pending(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	sigaddset(&blocked, SIGUSR1);
	CHECK(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
	CHECK(pthread_kill(pthread_self(), SIGRTMIN) == 0);
	CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
}

static void check_unchanged(const struct state *before)
{
	static struct state now;

	take_state(&now);
	check_same_state(before, &now);
	check_shared();
}

static void check_failure(const struct state *before, int error)
{
	if (error != ENOMEM)
		printf("# errno %s\n", strerrorname_np(error));
	CHECK(error == ENOMEM);
	check_unchanged(before);
}

/* What was asked for has been unshared; memory and descriptors are tried. */
static void check_success(const struct state *before)
{
	static struct state now;
	int was = cell;

	take_state(&now);
	CHECK((strcmp(before->mnt, now.mnt) != 0) == ((flags & CLONE_NEWNS) != 0));
	CHECK((strcmp(before->uts, now.uts) != 0) == ((flags & CLONE_NEWUTS) != 0));
	CHECK((strcmp(before->user, now.user) != 0) == ((flags & CLONE_NEWUSER) != 0));
	if (memcmp(&before->pending, &now.pending, sizeof(now.pending)) != 0)
		printf("# pending %lx -> %lx, tid %d -> %d\n", *(unsigned long *)&before->pending,
		       *(unsigned long *)&now.pending, before->tid, now.tid);
	CHECK(memcmp(&before->pending, &now.pending, sizeof(now.pending)) == 0);
	CHECK((now.tid == before->tid) == (by == UNSHARE));
	wish(WISH_CHANGE);
	CHECK((cell == was) == ((flags & (CLONE_VM | CLONE_THREAD | CLONE_NEWUSER)) != 0));
	CHECK(fd_is_open(OTHER_FD) == !(flags & CLONE_FILES));
}

static int do_nothing(void *arg)
{
	return 0;
}

/* Makes a child that does nothing, and waits for it. */
static long clone_and_wait(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status, error;
	pid_t pid = clone(do_nothing, stack + sizeof(stack), (int)flags | SIGCHLD, NULL);

	error = errno;
	if (pid > 0)
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	errno = error;
	return pid > 0 ? 0 : -1;
}

static long try_it(void)
{
	if (by == CLONE)
		return clone_and_wait();
	return by == SECEDE_UNSHARE ? secede_unshare((int)flags) : syscall(SYS_unshare, flags);
}

static void until_it_succeeds(void)
{
	static struct state before;
	struct use use;

	take_state(&before);
	check_shared(); /* what is allocated the first time stays */
	use = count_use();
	for (unsigned long n = progress->tried + 1;; n++) {
		long ret, left;
		int error;

		fail(where, n);
		ret = try_it();
		error = errno;
		left = fail(where, 0);
		progress->tried = n;
		if (!ret) {
			/* Where it was too late to fail, it has been tried again: the next ones are for the next
			 * process. */
			progress->all = left != 0;
			if (by == CLONE)
				check_unchanged(&before);
			else
				check_success(&before);
			return;
		}
		CHECK(!left);
		check_failure(&before, error);
		check_same_use(&use);
	}
}

static void *unshare_in_thread(void *arg)
{
	have_pending();
	until_it_succeeds();
	wish(WISH_END);
	fflush(stdout);
	_exit(0);
}

static void one_case(void)
{
	struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};
	pthread_t thread;

	alarm(60);
	make_world();
	handle(handler_one);
	CHECK_OK(semop(set, &up, 1));
	start_thread(&thread, unshare_in_thread);
	be_the_other();
}

/* Whoever left the process is a child of ours as well. */
static int in_one_process(void)
{
	int status, good = 1;

	board->step = 0;
	set = semget(IPC_PRIVATE, 1, 0600);
	fflush(stdout);
	if (fork() == 0)
		one_case();
	while (wait(&status) > 0)
		good &= status == 0;
	semctl(set, 0, IPC_RMID);
	fail(FAIL_IN_WARDEN, 0);
	return good;
}

static int run_case(int number, const char *name)
{
	int good = 1;

	*progress = (struct progress){0};
	while (good && !progress->all)
		good = in_one_process();
	printf("%s %d - %s: %s, %s: %lu allocations\n", good ? "ok" : "not ok", number, names_of_calls[by], name,
	       places[where], progress->tried - 1);
	return good;
}

/* ---- other reasons to fail ---- */

static void all_but_a_user_namespace_without_the_capability(void)
{
	static struct state before, now;
	const unsigned long all = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_NEWNS | CLONE_NEWUTS;
	struct use use;

	drop_capability(CAP_SYS_ADMIN);
	take_state(&before);
	use = count_use();
	CHECK_FAILS(unshare((int)all), EPERM);
	CHECK_FAILS(unshare((int)all | CLONE_VM | CLONE_THREAD), EPERM);
	take_state(&now);
	check_same_state(&before, &now);
	check_same_use(&use);
}

/* Ids stay the same, or the next namespace would be refused for want of them. */
static void map_ids(int uid, int gid)
{
	char line[64];
	int fd;

	fd = (int)CHECK_OK(open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC));
	CHECK(write(fd, "deny", 4) == 4);
	close(fd);
	fd = (int)CHECK_OK(open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC));
	CHECK_OK(write(fd, line, (size_t)snprintf(line, sizeof(line), "%d %d 1", uid, uid)));
	close(fd);
	fd = (int)CHECK_OK(open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC));
	CHECK_OK(write(fd, line, (size_t)snprintf(line, sizeof(line), "%d %d 1", gid, gid)));
	close(fd);
}

static void one_user_namespace_too_many(void)
{
	static struct state before, now;
	struct use use;
	int uid = (int)getuid(), gid = (int)getgid(), ret;

	for (int depth = 0; depth < 100; depth++) {
		take_state(&before);
		use = count_use();
		ret = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES);
		if (ret)
			break;
		map_ids(uid, gid);
	}
	CHECK(ret == -1 && errno == ENOSPC);
	take_state(&now);
	check_same_state(&before, &now);
	check_same_use(&use);
}

static void unshare_is_refused(void (*run)(void))
{
	alarm(60);
	make_world();
	run();
	_exit(0);
}

static int run_refusal(int number, const char *name, void (*run)(void))
{
	int status;

	fflush(stdout);
	if (fork() == 0)
		unshare_is_refused(run);
	wait(&status);
	printf("%s %d - %s\n", status == 0 ? "ok" : "not ok", number, name);
	return status == 0;
}

int main(void)
{
	int number = 0, good = 1;

	new_board();
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(progress != MAP_FAILED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (where = FAIL_HERE; where <= FAIL_IN_WARDEN; where++) {
			flags = cases[i].flags;
			good &= run_case(++number, cases[i].name);
			by = SECEDE_UNSHARE;
			if (flags & (CLONE_VM | CLONE_THREAD | CLONE_NEWUSER))
				good &= run_case(++number, cases[i].name);
			by = UNSHARE;
		}
	}
	by = CLONE;
	for (size_t i = 0; i < sizeof(clone_cases) / sizeof(clone_cases[0]); i++) {
		for (where = FAIL_HERE; where <= FAIL_IN_WARDEN; where++) {
			flags = clone_cases[i].flags;
			good &= run_case(++number, clone_cases[i].name);
		}
	}
	good &= run_refusal(++number, "EPERM", all_but_a_user_namespace_without_the_capability);
	good &= run_refusal(++number, "ENOSPC", one_user_namespace_too_many);
	printf("1..%d\n", number);
	return !good;
}
