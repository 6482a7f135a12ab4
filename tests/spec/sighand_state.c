/* SPDX-License-Identifier: MIT */
/*
 * What belongs to handlers that were parted by unshare(CLONE_SIGHAND): who shares them afterwards, what children and
 * programs get of them, what /proc shows, faults, and what is left when one of two threads has gone.
 */
#include <setjmp.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "tests/spec/parted.h"

static int what_of(int sig)
{
	struct sigaction action;

	CHECK_OK(sigaction(sig, NULL, &action));
	return action.sa_handler == SIG_DFL ? DEFAULT : action.sa_handler == SIG_IGN ? IGNORE : HANDLE;
}

static void *run_thread(void *body)
{
	((void (*)(void))body)();
	return NULL;
}

static void in_thread(void (*body)(void))
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, run_thread, body) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static int status_of(void (*body)(void))
{
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (!pid) {
		body();
		_exit(0);
	}
	return status_of_end(pid);
}

/* ---- sharing ---- */

static void first_changes(void)
{
	await(1);
	CHECK(what_of(SIGUSR1) == DEFAULT && what_of(SIGUSR2) == IGNORE);
	act(FIRST, SIGUSR1, HANDLE, 0);
	reach(2);
	await(3);
	CHECK(what_of(SIGUSR1) == HANDLE && what_of(SIGTERM) == DEFAULT);
}

static void thread_of_second(void)
{
	CHECK(what_of(SIGTERM) == DEFAULT && what_of(SIGUSR2) == HANDLE);
	act(SECOND, SIGTERM, IGNORE, 0);
}

static void second_changes(void)
{
	act(SECOND, SIGUSR2, HANDLE, 0);
	reach(1);
	await(2);
	CHECK(what_of(SIGUSR1) == DEFAULT && what_of(SIGUSR2) == HANDLE);
	in_thread(thread_of_second);
	CHECK(what_of(SIGTERM) == IGNORE);
	part(); /* it is alone with them: nothing happens */
	CHECK(what_of(SIGTERM) == IGNORE);
	reach(3);
}

static void changes_are_ones_own(void)
{
	signal(SIGUSR2, SIG_IGN);
	ends_with(run_parted(first_changes, second_changes), 0);
}

static void catches_twice(void)
{
	act(FIRST, SIGUSR1, HANDLE, SA_RESETHAND);
	reach(1);
	await(2);
	CHECK(what_of(SIGUSR1) == HANDLE);
	CHECK_OK(raise(SIGUSR1));
	CHECK(what_of(SIGUSR1) == DEFAULT && board->ran[FIRST] == 1);
	reach(3);
}

static void catches_once(void)
{
	await(1);
	act(SECOND, SIGUSR1, HANDLE, SA_RESETHAND);
	CHECK_OK(raise(SIGUSR1));
	CHECK(what_of(SIGUSR1) == DEFAULT && board->ran[SECOND] == 1);
	reach(2);
	await(3);
}

static void reset_is_ones_own(void)
{
	ends_with(run_parted(catches_twice, catches_once), 0);
	CHECK(board->ran[FIRST] == 1 && board->ran[SECOND] == 1);
}

static void waits_for_end(void)
{
	await(9);
}

static void unshares_all(void)
{
	mode_t mask = umask(077);

	act(SECOND, SIGUSR1, HANDLE, 0);
	CHECK_OK(syscall(SYS_unshare, CLONE_SIGHAND | CLONE_FS | CLONE_FILES));
	umask(mask);
	CHECK(what_of(SIGUSR1) == HANDLE);
	CHECK_OK(raise(SIGUSR1));
	CHECK(board->ran[SECOND] == 1);
	reach(9);
}

static void with_other_contexts(void)
{
	ends_with(run_parted(waits_for_end, unshares_all), 0);
}

/* ---- many, each with its own ---- */

#define MANY 24
static _Thread_local int own;
static _Atomic int slots, right, wrong;

static void handler_of_even(int sig)
{
	own % 2 ? wrong++ : right++;
}

static void handler_of_odd(int sig)
{
	own % 2 ? right++ : wrong++;
}

static void one_of_many(void)
{
	struct sigaction action = {.sa_flags = SA_RESTART};

	own = slots++;
	action.sa_handler = own % 2 ? handler_of_odd : handler_of_even;
	part();
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	for (int i = 0; i < 20; i++)
		CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
}

static void many_threads_body(void)
{
	pthread_t thread[MANY];

	for (int i = 0; i < MANY; i++)
		CHECK(pthread_create(&thread[i], NULL, run_thread, one_of_many) == 0);
	for (int i = 0; i < MANY; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	CHECK(right == 20 * MANY && wrong == 0);
	CHECK(what_of(SIGUSR1) == DEFAULT);
}

static void many_threads(void)
{
	CHECK(status_of(many_threads_body) == 0);
}

/* ---- children and programs ---- */

/* The caller has the second's: SIGTERM by default, SIGUSR1 ignored, SIGUSR2 handled. */
static void has_seconds(void)
{
	CHECK(what_of(SIGTERM) == DEFAULT && what_of(SIGUSR1) == IGNORE && what_of(SIGUSR2) == HANDLE);
	board->tid[SECOND] = gettid();
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(raise(SIGUSR2));
	CHECK(board->ran[SECOND] == 1);
}

/* It is the host that ignores it: nothing is interrupted. */
static void is_ignored(int sig)
{
	pid_t self = getpid(), pid = (pid_t)CHECK_OK(fork());

	if (!pid) {
		poll(NULL, 0, 50);
		kill(self, sig);
		_exit(0);
	}
	CHECK(poll(NULL, 0, 200) == 0);
	CHECK(status_of_end(pid) == 0);
}

static void child_of_second(void)
{
	has_seconds();
	is_ignored(SIGUSR1);
	raise(SIGTERM);
}

static void second_forks(void)
{
	int status, tid = board->tid[SECOND];

	act(SECOND, SIGUSR1, IGNORE, 0);
	act(SECOND, SIGUSR2, HANDLE, 0);
	reach(1);
	await(2);
	status = status_of(child_of_second);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	board->tid[SECOND] = tid;
	reach(3);
}

static void child_of_first(void)
{
	board->tid[FIRST] = gettid();
	CHECK_OK(raise(SIGTERM));
	CHECK(board->ran[FIRST] == 1);
	raise(SIGUSR1);
}

static void first_forks(void)
{
	int status, tid = board->tid[FIRST];

	act(FIRST, SIGTERM, HANDLE, 0);
	await(1);
	status = status_of(child_of_first);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	board->tid[FIRST] = tid;
	reach(2);
	await(3);
}

static void children_have_ones_own(void)
{
	ends_with(run_parted(first_forks, second_forks), 0);
}

/* A shell that sends itself SIGUSR1, then SIGTERM, and says which was the last that it survived. */
#define SURVIVES "kill -USR1 $$; kill -TERM $$; exit 9"

static void has_one_ignored(void)
{
	act(FIRST, SIGTERM, IGNORE, 0);
	act(FIRST, SIGUSR2, HANDLE, 0);
	reach(1);
	await(9);
}

static void spawns(void)
{
	char *argv[] = {"sh", "-c", SURVIVES, NULL};
	int status;
	pid_t pid;

	act(SECOND, SIGUSR1, IGNORE, 0);
	await(1);
	CHECK(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0);
	status = status_of_end(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	pid = vfork();
	if (!pid) {
		execv("/bin/sh", argv);
		_exit(1);
	}
	status = status_of_end(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	reach(9);
}

static void spawned_have_ones_own(void)
{
	ends_with(run_parted(has_one_ignored, spawns), 0);
}

static void executes(void)
{
	act(SECOND, SIGUSR1, IGNORE, 0);
	await(1);
	execl("/bin/sh", "sh", "-c", SURVIVES, NULL);
	_exit(1);
}

static void program_has_ones_own(void)
{
	int status = status_of_end(run_parted(has_one_ignored, executes));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* ---- the other one goes ---- */

static void is_left_alone(void)
{
	pthread_t thread;

	board->tid[FIRST] = gettid();
	act(FIRST, SIGUSR1, IGNORE, 0);
	start_thread(&thread, second_thread);
	CHECK(pthread_join(thread, NULL) == 0);
	is_ignored(SIGUSR1);
	CHECK(what_of(SIGTERM) == DEFAULT);
	raise(SIGTERM);
}

static void catches_and_goes(void)
{
	act(SECOND, SIGUSR1, HANDLE, 0);
	act(SECOND, SIGTERM, HANDLE, 0);
}

static void one_goes(void)
{
	int status;

	second_body = catches_and_goes;
	status = status_of(is_left_alone);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void first_goes(void)
{
	act(FIRST, SIGUSR1, HANDLE, 0);
	act(FIRST, SIGTERM, IGNORE, 0);
	reach(1);
	pthread_exit(NULL);
}

static void stays(void)
{
	act(SECOND, SIGUSR1, IGNORE, 0);
	await(1);
	poll(NULL, 0, 50);
	is_ignored(SIGUSR1);
	kill(getpid(), SIGTERM);
	for (;;)
		poll(NULL, 0, 1000);
}

static void the_first_goes(void)
{
	int status = status_of_end(run_parted(first_goes, stays));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* ---- faults ---- */

static volatile int *volatile nowhere;

static _Thread_local sigjmp_buf back;
static _Thread_local volatile enum who faulted;

static void first_fault(int sig)
{
	faulted = FIRST;
	siglongjmp(back, 1);
}

static void second_fault(int sig)
{
	faulted = SECOND;
	siglongjmp(back, 1);
}

static void fault(enum who who)
{
	struct sigaction action = {.sa_handler = who == FIRST ? first_fault : second_fault};

	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	say_ready();
	await_ready();
	for (int i = 0; i < 100; i++) {
		faulted = BOTH;
		if (!sigsetjmp(back, 1))
			*nowhere = 1;
		CHECK(faulted == who);
	}
}

static void first_faults(void)
{
	fault(FIRST);
}

static void second_faults(void)
{
	fault(SECOND);
}

static void faults_are_ones_own(void)
{
	ends_with(run_parted(first_faults, second_faults), 0);
}

static void cannot_help(void)
{
	struct sigaction action = {.sa_handler = first_fault};

	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	reach(1);
	await(9);
}

static void faults_by_default(void)
{
	await(1);
	*nowhere = 1;
}

static void aborts(void)
{
	await(1);
	abort();
}

static void catches_abort(void)
{
	act(FIRST, SIGABRT, HANDLE, 0);
	reach(1);
	await(9);
}

static void raise_abort(void)
{
	raise(SIGABRT);
}

static void raise_segv(void)
{
	raise(SIGSEGV);
}

/* By status(2), core bit included, as natively. */
static void ends_by_default(void)
{
	struct rlimit core;

	CHECK_OK(getrlimit(RLIMIT_CORE, &core));
	core.rlim_cur = core.rlim_max;
	CHECK_OK(setrlimit(RLIMIT_CORE, &core));
	CHECK(status_of_end(run_parted(cannot_help, faults_by_default)) == status_of(raise_segv));
	board->step = 0;
	CHECK(status_of_end(run_parted(catches_abort, aborts)) == status_of(raise_abort));
	CHECK(board->ran[FIRST] == 0);
}

/* ---- what the kernel sends ---- */

static void dies_of_pipe(void)
{
	int ends[2];

	await(1);
	CHECK_OK(pipe(ends));
	close(ends[0]);
	CHECK(write(ends[1], "x", 1) == 1);
}

static void ignores_pipe(void)
{
	act(FIRST, SIGPIPE, IGNORE, 0);
	reach(1);
	await(9);
}

static void survives_pipe(void)
{
	int ends[2];

	act(SECOND, SIGPIPE, IGNORE, 0);
	await(1);
	CHECK_OK(pipe(ends));
	close(ends[0]);
	CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
	reach(9);
}

static void has_default(void)
{
	reach(1);
	await(9);
}

static void broken_pipes(void)
{
	int status = status_of_end(run_parted(ignores_pipe, dies_of_pipe));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
	board->step = 0;
	ends_with(run_parted(has_default, survives_pipe), 0);
}

/* ---- what is looked at ---- */

static void look(enum who who, unsigned long ignored, unsigned long caught)
{
	char path[64], text[4096];
	unsigned long mask = 1UL << (SIGUSR1 - 1) | 1UL << (SIGUSR2 - 1) | 1UL << (SIGTERM - 1);
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", board->tid[who]);
	fd = (int)CHECK_OK(open(path, O_RDONLY));
	len = CHECK_OK(read(fd, text, sizeof(text) - 1));
	close(fd);
	text[len] = 0;
	CHECK((mask_in(text, "SigIgn:") & mask) == ignored);
	CHECK((mask_in(text, "SigCgt:") & mask) == caught);
}

static void is_looked_at(void)
{
	act(FIRST, SIGUSR1, IGNORE, 0);
	act(FIRST, SIGUSR2, HANDLE, 0);
	reach(1);
	await(9);
}

static void looks(void)
{
	act(SECOND, SIGUSR1, HANDLE, 0);
	act(SECOND, SIGTERM, IGNORE, 0);
	await(1);
	look(FIRST, 1UL << (SIGUSR1 - 1), 1UL << (SIGUSR2 - 1));
	look(SECOND, 1UL << (SIGTERM - 1), 1UL << (SIGUSR1 - 1));
	reach(9);
}

static void proc_shows_ones_own(void)
{
	ends_with(run_parted(is_looked_at, looks), 0);
}

/* Blocked signals are pending, whoever would ignore or handle them. */
static void waits_for_them(void)
{
	const struct timespec second = {1, 0};
	struct signalfd_siginfo read_info;
	sigset_t set, pending;
	siginfo_t info;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	block(SIG_BLOCK, SIGUSR1);
	block(SIG_BLOCK, SIGUSR2);
	act(SECOND, SIGUSR2, HANDLE, 0);
	await(1);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(raise(SIGUSR2));
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
	CHECK(sigtimedwait(&set, &info, &second) == SIGUSR1);
	fd = (int)CHECK_OK(signalfd(-1, &set, SFD_CLOEXEC));
	CHECK(read(fd, &read_info, sizeof(read_info)) == sizeof(read_info) && read_info.ssi_signo == SIGUSR2);
	CHECK_OK(sigpending(&pending));
	CHECK(sigisemptyset(&pending));
	CHECK_OK(raise(SIGUSR2));
	sigdelset(&set, SIGUSR1);
	CHECK(board->ran[SECOND] == 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	CHECK(board->ran[SECOND] == 1);
	reach(9);
}

static void has_other_wishes(void)
{
	act(FIRST, SIGUSR1, HANDLE, 0);
	act(FIRST, SIGUSR2, IGNORE, 0);
	reach(1);
	await(9);
}

static void blocked_ones_wait(void)
{
	ends_with(run_parted(has_other_wishes, waits_for_them), 0);
}

static const struct test tests[] = {
    {"changes are one's own, and those of one's threads", changes_are_ones_own},
    {"SA_RESETHAND resets one's own", reset_is_ones_own},
    {"together with other contexts", with_other_contexts},
    {"many threads, each with its own", many_threads},
    {"a child has those of who made it", children_have_ones_own},
    {"so has one that was spawned", spawned_have_ones_own},
    {"execve: one's own say what stays ignored", program_has_ones_own},
    {"what is left when the other goes is the host's again", one_goes},
    {"the same when the first goes", the_first_goes},
    {"a fault runs the handler of its own thread", faults_are_ones_own},
    {"and ends the process, as natively, where there is none", ends_by_default},
    {"a broken pipe is that of who wrote", broken_pipes},
    {"/proc shows each thread's own", proc_shows_ones_own},
    {"blocked signals are pending, and waited for", blocked_ones_wait},
};

int main(int argc, char **argv)
{
	int natively = run_natively(argc, argv), number = 0, good = 1;
	unsigned i;

	if (natively >= 0)
		return natively;
	CHECK_OK(chdir(argv[1]));
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		good &= run_parted_test(++number, &tests[i]);
	printf("1..%d\n", number);
	return !good;
}
