/* SPDX-License-Identifier: MIT */
/*
 * unshare(CLONE_SIGHAND) of a thread that stays in its process: every combination of what two threads can want of a
 * signal of each kind. Who takes the signal acts by its own table. Linux has no such thing: natively this wants EINVAL.
 */
#include <sys/resource.h>

#include "tests/spec/parted.h"

/* ---- one signal, two threads that want different things ---- */

enum target { TO_FIRST, TO_SECOND, TO_PROCESS, TO_PROCESS_FIRST_BLOCKS, TARGETS };
static const char *const target_names[TARGETS] = {"to the first thread", "to the second thread", "to the process",
						  "to the process, and the first blocks it"};

struct kind {
	int sig;
	const char *name;
	enum what by_default; /* IGNORE, or DEFAULT: it ends or stops the process */
	int stops;
};
static const struct kind kinds[] = {
    {SIGTERM, "SIGTERM", DEFAULT, 0}, {SIGQUIT, "SIGQUIT", DEFAULT, 0}, {SIGTSTP, "SIGTSTP", DEFAULT, 1},
    {SIGTTIN, "SIGTTIN", DEFAULT, 1}, {SIGURG, "SIGURG", IGNORE, 0},	{SIGCHLD, "SIGCHLD", IGNORE, 0},
    {SIGCONT, "SIGCONT", IGNORE, 0},  {SIGSEGV, "SIGSEGV", DEFAULT, 0}, {SIGSYS, "SIGSYS", DEFAULT, 0},
    {SIGBUS, "SIGBUS", DEFAULT, 0},   {SIGPIPE, "SIGPIPE", DEFAULT, 0},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *kind;
static enum target target;
static enum what wanted[BOTH];

static void first_of_two(void)
{
	if (target == TO_PROCESS_FIRST_BLOCKS)
		block(SIG_BLOCK, kind->sig);
	act(FIRST, kind->sig, wanted[FIRST], 0);
	idle();
}

static void second_of_two(void)
{
	act(SECOND, kind->sig, wanted[SECOND], 0);
	idle();
}

static enum who taker(void)
{
	return target == TO_SECOND || target == TO_PROCESS_FIRST_BLOCKS ? SECOND : FIRST;
}

static void send(pid_t pid)
{
	if (target == TO_FIRST || target == TO_SECOND)
		send_thread(pid, taker(), kind->sig);
	else
		CHECK_OK(kill(pid, kind->sig));
}

/* It has ended as by that signal, natively. */
static void ends_by_signal(pid_t pid)
{
	pid_t plain = fork();
	int status;

	if (plain == 0) {
		struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		raise(kind->sig);
		_exit(0);
	}
	status = status_of_end(plain);
	CHECK(status_of_end(pid) == status);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == kind->sig);
}

static void stops_by_signal(pid_t pid)
{
	int status = 0;

	CHECK(waitpid(pid, &status, WUNTRACED) == pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == kind->sig);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
}

/* Sends it once. 0: that was the process's end. */
static int send_and_see(pid_t pid)
{
	enum what what = wanted[taker()] == DEFAULT ? kind->by_default : wanted[taker()];
	int before[BOTH] = {board->ran[FIRST], board->ran[SECOND]};

	await_asleep(pid);
	send(pid);
	if (what == DEFAULT && !kind->stops) {
		ends_by_signal(pid);
		return 0;
	}
	if (what == DEFAULT)
		stops_by_signal(pid);
	if (what == HANDLE)
		await_word(&board->ran[taker()], before[taker()] + 1);
	await_asleep(pid);
	settle_thread(pid, FIRST);
	settle_thread(pid, SECOND);
	CHECK(board->ran[taker()] == before[taker()] + (what == HANDLE));
	CHECK(board->ran[!taker()] == before[!taker()]);
	return 1;
}

static void one_combination(void)
{
	int alive = 1;
	pid_t pid;

	memset(board, 0, sizeof(*board));
	pid = run_parted(first_of_two, second_of_two);
	await_ready();
	/* Twice: the first one must have left everything in its place. */
	for (int i = 0; i < 2 && alive; i++)
		alive = send_and_see(pid);
	if (alive)
		kill_parted(pid);
}

static void all_combinations(void)
{
	struct rlimit no_core = {0, 0};

	CHECK_OK(setrlimit(RLIMIT_CORE, &no_core));
	for (wanted[FIRST] = 0; wanted[FIRST] < WHATS; wanted[FIRST]++) {
		for (wanted[SECOND] = 0; wanted[SECOND] < WHATS; wanted[SECOND]++) {
			printf("# first: %s, second: %s\n", what_names[wanted[FIRST]], what_names[wanted[SECOND]]);
			one_combination();
		}
	}
}

int main(int argc, char **argv)
{
	int natively = run_natively(argc, argv), number = 0, good = 1;

	if (natively >= 0)
		return natively;
	for (kind = kinds; kind < kinds + KINDS; kind++) {
		for (target = 0; target < TARGETS; target++) {
			char name[128];
			struct test test = {name, all_combinations};

			snprintf(name, sizeof(name), "%s %s", kind->name, target_names[target]);
			good &= run_parted_test(++number, &test);
		}
	}
	printf("1..%d\n", number);
	return !good;
}
