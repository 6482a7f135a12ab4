/* SPDX-License-Identifier: MIT */
/*
 * Handlers parted by unshare(CLONE_SIGHAND), under a storm of signals while both sides change their minds; between
 * processes that share memory and handlers; and of a thread that then leaves the memory as well.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/spec/parted.h"

/* ---- storms ---- */

#define STORM_MS 1500

static int storm_signals[] = {SIGUSR1, SIGUSR2, SIGURG, SIGCHLD, SIGWINCH, SIGSEGV, SIGBUS, SIGTERM, SIGQUIT};
#define SIGNALS (sizeof(storm_signals) / sizeof(storm_signals[0]))

static unsigned draw(unsigned *seed, unsigned n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 16) % n;
}

/* Nothing that would end the process. */
static void change_mind(enum who who, unsigned *seed)
{
	static const int flags[] = {0, SA_RESTART, SA_NODEFER, SA_RESTART | SA_NODEFER};
	int sig = storm_signals[draw(seed, SIGNALS)];
	int harmless = sig == SIGURG || sig == SIGCHLD || sig == SIGWINCH;

	act(who, sig, draw(seed, harmless ? WHATS : DEFAULT), flags[draw(seed, 4)]);
}

/* What a thread goes on doing: calls that wait, interrupted or not, and a child now and then. */
static void work(unsigned *seed)
{
	char byte = 'x';
	int ends[2];

	CHECK_OK(pipe(ends));
	while (write(ends[1], &byte, 1) != 1)
		CHECK(errno == EINTR);
	while (read(ends[0], &byte, 1) != 1)
		CHECK(errno == EINTR);
	close(ends[0]);
	close(ends[1]);
	poll(NULL, 0, (int)draw(seed, 2));
	if (draw(seed, 20) == 0) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		CHECK(pid > 0);
		while (waitpid(pid, NULL, 0) != pid)
			if (errno == ECHILD)
				break;
	}
}

/* Both end with handlers for all, and idle. */
static void weather(enum who who)
{
	unsigned seed = (unsigned)board->tid[who] * 7 + who, i;

	for (i = 0; i < SIGNALS; i++)
		act(who, storm_signals[i], HANDLE, SA_RESTART);
	say_ready();
	while (board->step < 1) {
		for (i = 0; i < 8; i++)
			change_mind(who, &seed);
		work(&seed);
		board->value[who]++;
	}
	for (i = 0; i < SIGNALS; i++)
		act(who, storm_signals[i], HANDLE, SA_RESTART);
	board->ran[who] = 0;
	idle();
}

static void first_weathers(void)
{
	weather(FIRST);
}

static void second_weathers(void)
{
	weather(SECOND);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rage(pid_t pid)
{
	unsigned seed = 1, burst;
	long end = now_ms() + STORM_MS;

	while (now_ms() < end) {
		for (burst = draw(&seed, 20); burst; burst--) {
			int sig = storm_signals[draw(&seed, SIGNALS)];

			if (draw(&seed, 3))
				send_thread(pid, draw(&seed, 2), sig);
			else
				CHECK_OK(kill(pid, sig));
		}
		poll(NULL, 0, (int)draw(&seed, 2));
	}
}

static void all_is_as_it_should_be(pid_t pid)
{
	await_word(&board->ready, 2 * BOTH);
	await_asleep(pid);
	for (unsigned i = 0; i < SIGNALS; i++) {
		for (enum who who = FIRST; who < BOTH; who++) {
			int before = board->ran[who];

			send_thread(pid, who, storm_signals[i]);
			await_word(&board->ran[who], before + 1);
		}
	}
	printf("# rounds: %d and %d\n", board->value[FIRST], board->value[SECOND]);
	CHECK(board->value[FIRST] > 0 && board->value[SECOND] > 0);
	kill_parted(pid);
}

static void storm(void)
{
	pid_t pid = run_parted(first_weathers, second_weathers);

	await_ready();
	rage(pid);
	reach(1);
	all_is_as_it_should_be(pid);
}

/* ---- stops, in a storm of those ---- */

static void catches_stops(void)
{
	act(FIRST, SIGTSTP, HANDLE, 0);
	act(FIRST, SIGTTOU, HANDLE, 0);
	idle();
}

static void stops(void)
{
	idle();
}

static void storm_of_stops(void)
{
	pid_t pid = run_parted(catches_stops, stops);
	int status, before;

	await_ready();
	for (int i = 0; i < 50; i++) {
		await_asleep(pid);
		before = board->ran[FIRST];
		send_thread(pid, FIRST, SIGTSTP);
		await_word(&board->ran[FIRST], before + 1);
		send_thread(pid, SECOND, i % 2 ? SIGTSTP : SIGTTOU);
		CHECK(waitpid(pid, &status, WUNTRACED) == pid);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == (i % 2 ? SIGTSTP : SIGTTOU));
		CHECK_OK(kill(pid, SIGCONT));
	}
	await_asleep(pid);
	CHECK(board->ran[FIRST] == 50);
	kill_parted(pid);
}

/* ---- processes that share memory and the host's table of handlers ---- */

static pid_t in_child(void (*body)(void))
{
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (!pid) {
		alarm(60);
		body();
		_exit(0);
	}
	return pid;
}

#define STACK_SIZE 65536
static char stack[STACK_SIZE] __attribute__((aligned(16)));
static int lent; /* the signal that is the default's in the child alone */

static int child_with_own(void *unused)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (syscall(SYS_unshare, CLONE_SIGHAND) || sigaction(lent, &action, NULL))
		return 1;
	reach(1);
	for (;;)
		poll(NULL, 0, 1000);
}

static pid_t make_process(int sig)
{
	pid_t pid;

	lent = sig;
	board->step = 0;
	pid = clone(child_with_own, stack + STACK_SIZE, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL);
	CHECK(pid > 0);
	await(1);
	return pid;
}

/* Here the handler runs, whatever was lent to the host there. */
static void handled_here(int sig)
{
	int before = board->ran[FIRST];

	CHECK_OK(raise(sig));
	CHECK(board->ran[FIRST] == before + 1);
}

static void processes_body(void)
{
	static const int fatal[] = {SIGTERM, SIGQUIT, SIGSEGV, SIGUSR1};
	int status;

	CHECK_OK(setpgid(0, 0));
	board->tid[FIRST] = gettid();
	for (int i = 0; i < 20; i++) {
		int sig = fatal[i % 4];
		pid_t pid;

		act(FIRST, sig, HANDLE, SA_RESTART);
		pid = make_process(sig);
		handled_here(sig);
		CHECK_OK(kill(pid, sig));
		status = status_of_end(pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sig);
		handled_here(sig);
	}
}

static void processes(void)
{
	ends_with(in_child(processes_body), 0);
}

static void stopped_process_body(void)
{
	int status;
	pid_t pid;

	CHECK_OK(setpgid(0, 0));
	board->tid[FIRST] = gettid();
	act(FIRST, SIGTSTP, HANDLE, SA_RESTART);
	pid = make_process(SIGTSTP);
	for (int i = 0; i < 5; i++) {
		CHECK_OK(kill(pid, SIGTSTP));
		CHECK(waitpid(pid, &status, WUNTRACED) == pid);
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
		handled_here(SIGTSTP);
		CHECK_OK(kill(pid, SIGCONT));
		CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	}
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WTERMSIG(status_of_end(pid)) == SIGKILL);
	handled_here(SIGTSTP);
}

static void stopped_process(void)
{
	ends_with(in_child(stopped_process_body), 0);
}

/* ---- and leaves the memory ---- */

static void stays_behind(void)
{
	act(FIRST, SIGUSR1, HANDLE, 0);
	act(FIRST, SIGUSR2, IGNORE, 0);
	reach(1);
	await(2);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(raise(SIGUSR2));
	CHECK(board->ran[FIRST] == 1);
	/* Nobody here wants anything else of it any more: the host ignores it. */
	kill(getpid(), SIGUSR2);
	_exit(0);
}

static void leaves(void)
{
	act(SECOND, SIGUSR2, HANDLE, 0);
	await(1);
	CHECK_OK(syscall(SYS_unshare, CLONE_VM));
	board->tid[SECOND] = gettid();
	CHECK_OK(raise(SIGUSR2));
	CHECK(board->ran[SECOND] == 1);
	reach(2);
	raise(SIGUSR1);
	_exit(0);
}

static void leaver_takes_its_own(void)
{
	pid_t pid = run_parted(stays_behind, leaves), left;
	int status;

	await(2);
	left = board->tid[SECOND];
	ends_with(pid, 0);
	CHECK(waitpid(left, &status, 0) == left);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}

static const struct test tests[] = {
    {"a storm, while both change their minds", storm},
    {"stops in a row, of one of them alone", storm_of_stops},
    {"a process that shares handlers ends by what the other one handles", processes},
    {"and stops", stopped_process},
    {"who leaves the memory takes them along", leaver_takes_its_own},
};

int main(int argc, char **argv)
{
	int natively = run_natively(argc, argv), number = 0, good = 1;
	unsigned i;

	if (natively >= 0)
		return natively;
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		good &= run_parted_test(++number, &tests[i]);
	printf("1..%d\n", number);
	return !good;
}
