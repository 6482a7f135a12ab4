/* SPDX-License-Identifier: MIT */
/*
 * secede_unshare(3): with which flags and what becomes of the contexts, and what happens when it fails. Where Linux can
 * do what is asked, natively as well.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include "tests/programs/leavers.h"
#include "tests/spec/filters.h"

static volatile int private = 1;

/* ---- the other contexts: shared, or not ---- */

static int flags;

static void *changes_contexts(void *unused)
{
	CHECK_OK(secede_unshare(flags));
	umask(0051);
	CHECK_OK(dup2(1, 200));
	if (flags & CLONE_NEWUTS)
		CHECK_OK(sethostname("left", 4));
	reach(1);
	_exit(7);
}

static void contexts_child(void)
{
	char name[64];

	umask(0022);
	CHECK_OK(gethostname(name, sizeof(name)));
	run_and_join(changes_contexts);
	await(1);
	CHECK(umask(0) == (flags & CLONE_FS ? 0022 : 0051));
	CHECK((fcntl(200, F_GETFD) == 0) == !(flags & CLONE_FILES));
	CHECK_OK(gethostname(name, sizeof(name)));
	CHECK(strcmp(name, "left") != 0);
	_exit(5);
}

static void contexts(void)
{
	static const int all[] = {CLONE_VM, CLONE_VM | CLONE_FS, CLONE_VM | CLONE_FILES, CLONE_VM | CLONE_SYSVSEM,
				  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWUTS | CLONE_NEWNS};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		flags = all[i];
		CHECK(leavers_of(contexts_child, 7) == 1);
	}
}

/* A thread with handlers of its own takes them along; the others never had them. */
static volatile sig_atomic_t got;

static void note(int sig)
{
	got = sig;
}

static void *has_handlers(void *unused)
{
	CHECK_OK(secede_unshare(CLONE_SIGHAND));
	CHECK(signal(SIGUSR1, note) != SIG_ERR);
	CHECK_OK(secede_unshare(CLONE_VM));
	CHECK_OK(raise(SIGUSR1));
	CHECK(got == SIGUSR1);
	_exit(7);
}

static void handlers_child(void)
{
	run_and_join(has_handlers);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_DFL);
	_exit(5);
}

static void handlers(void)
{
	CHECK(leavers_of(handlers_child, 7) == 1);
}

/* Adjustments of semaphores are made when the last has gone who shares them. */
static int set;

static void *adjusts_and_leaves(void *unused)
{
	struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};

	CHECK_OK(semop(set, &up, 1));
	CHECK_OK(secede_unshare(flags));
	reach(1);
	await(2);
	_exit(7);
}

static void adjusting_child(void)
{
	run_and_join(adjusts_and_leaves);
	await(1);
	_exit(5);
}

/* The semaphore's value when the process that was left has gone, and the one that left has not. */
static int value_between(int with)
{
	int value;
	pid_t pid;

	new_board();
	flags = with;
	set = (int)CHECK_OK(semget(IPC_PRIVATE, 1, 0600));
	pid = in_child(adjusting_child);
	ends_with(pid, 5);
	value = semctl(set, 0, GETVAL);
	reach(2);
	CHECK(wait(NULL) > 0);
	CHECK(semctl(set, 0, GETVAL) == 0);
	CHECK_OK(semctl(set, 0, IPC_RMID));
	return value;
}

static void adjustments(void)
{
	CHECK(value_between(CLONE_VM) == 1);
	CHECK(value_between(CLONE_VM | CLONE_SYSVSEM) == 0);
}

/* A new user namespace implies it all; there one is nobody. */
static void *becomes_nobody(void *unused)
{
	pid_t before = getpid();

	CHECK_OK(secede_unshare(CLONE_NEWUSER));
	CHECK(getpid() != before && getuid() == 65534);
	private = 2;
	_exit(7);
}

static void user_child(void)
{
	uid_t uid = getuid();

	run_and_join(becomes_nobody);
	CHECK(private == 1 && getuid() == uid);
	_exit(5);
}

static void user_namespace(void)
{
	CHECK(leavers_of(user_child, 7) == 1);
}

static void *leaves_as_told(void *unused)
{
	CHECK_OK(secede_unshare(flags));
	CHECK_FAILS(dup(1), EMFILE);
	CHECK_OK(close(99));
	CHECK_OK(dup(1));
	_exit(7);
}

static void full_child(void)
{
	struct rlimit limit = {100, 100};

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	while (dup(1) >= 0)
		;
	CHECK(errno == EMFILE);
	run_and_join(leaves_as_told);
	_exit(5);
}

static void full_table(void)
{
	flags = CLONE_VM | CLONE_FILES | CLONE_FS;
	CHECK(leavers_of(full_child, 7) == 1);
	flags = CLONE_VM | CLONE_NEWUTS;
	CHECK(leavers_of(full_child, 7) == 1);
	flags = CLONE_VM;
	CHECK(leavers_of(full_child, 7) == 1);
}

/* ---- failures change nothing ---- */

static void nothing_has_changed(pid_t pid)
{
	sigset_t now;
	int cancel;

	CHECK(getpid() == pid);
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigisemptyset(&now) == 1);
	CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancel) == 0 && cancel == PTHREAD_CANCEL_ENABLE);
	free(malloc(100000));
	fprintf(stderr, "%s", "");
}

static void *fails(void *unused)
{
	struct rlimit limit = {0, 0};
	pid_t pid = getpid(), child;

	CHECK_FAILS(secede_unshare(1), EINVAL);
	CHECK_FAILS(secede_unshare(CLONE_VM | 1), EINVAL);
	CHECK_FAILS(secede_unshare(CLONE_VM | CLONE_NEWNET), EINVAL);
	nothing_has_changed(pid);
	CHECK_OK(setrlimit(RLIMIT_NPROC, &limit)); /* the soft one and the hard one: this process makes no more */
	CHECK_FAILS(secede_unshare(CLONE_VM), EAGAIN);
	CHECK_FAILS(secede_unshare(CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_NEWUTS), EAGAIN);
	nothing_has_changed(pid);
	child = fork();
	CHECK(child == -1 && errno == EAGAIN); /* and not taken for a leaving that was asked for before */
	return NULL;
}

static int prepared, released;

static void prepare(void)
{
	prepared++;
}

static void release(void)
{
	released++;
}

static void failure_child(void)
{
	CHECK(pthread_atfork(prepare, release, NULL) == 0);
	run_and_join(fails);
	CHECK(prepared == 3 && released == 3);
	_exit(5);
}

static void failures(void)
{
	CHECK(leavers_of(failure_child, 7) == 0);
}

/* The fork is refused before the runtime hears of it; the next one is none of its business. */
static void *is_filtered(void *unused)
{
	pid_t child;

	CHECK_OK(install(SYS_clone, ERROR(EPERM)));
	CHECK_FAILS(secede_unshare(CLONE_VM), EPERM);
	child = (pid_t)syscall(SYS_fork);
	if (!child)
		_exit(3);
	ends_with(child, 3);
	return NULL;
}

static void filtered_child(void)
{
	run_and_join(is_filtered);
	_exit(5);
}

static void filtered(void)
{
	CHECK(leavers_of(filtered_child, 7) == 0);
}

static void *forks_afterwards(void *unused)
{
	pid_t child;

	CHECK_FAILS(secede_unshare(CLONE_VM | 1), EINVAL);
	child = fork(); /* an ordinary one */
	if (!child)
		_exit(3);
	ends_with(child, 3);
	CHECK_OK(secede_unshare(CLONE_VM));
	child = fork();
	if (!child)
		_exit(4);
	ends_with(child, 4);
	CHECK_OK(secede_unshare(CLONE_VM | CLONE_FILES)); /* alone already */
	_exit(7);
}

static void forks_child(void)
{
	run_and_join(forks_afterwards);
	_exit(5);
}

static void forks(void)
{
	CHECK(leavers_of(forks_child, 7) == 1);
}

/* ---- what Linux can do as well ---- */

static void *unshares_in_place(void *unused)
{
	pid_t pid = getpid();

	CHECK_OK(secede_unshare(CLONE_FS | CLONE_FILES));
	CHECK(getpid() == pid);
	umask(0051);
	CHECK_OK(dup2(1, 200));
	return NULL;
}

static void in_place(void)
{
	umask(0022);
	CHECK_OK(secede_unshare(CLONE_VM | CLONE_THREAD)); /* alone: there is nothing to leave */
	run_and_join(unshares_in_place);
	CHECK(umask(0) == 0022);
	CHECK_FAILS(fcntl(200, F_GETFD), EBADF);
	CHECK_FAILS(secede_unshare(1), EINVAL);
}

int main(int argc, char **argv)
{
	static const struct test natively[] = {{"fs and descriptors of a thread", in_place}};
	static const struct test tests[] = {
	    {"fs and descriptors of a thread", in_place},
	    {"with and without the other contexts", contexts},
	    {"handlers of a thread's own go along, and are nothing to the others", handlers},
	    {"adjustments of semaphores", adjustments},
	    {"a user namespace", user_namespace},
	    {"with a full table of descriptors", full_table},
	    {"failures change nothing", failures},
	    {"a filter that refuses it", filtered},
	    {"fork before and after", forks},
	};

	if (argc > 2 && strcmp(argv[2], "secede") == 0)
		return RUN_TESTS(tests);
	return RUN_TESTS(natively);
}
