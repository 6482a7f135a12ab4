/* SPDX-License-Identifier: MIT */
/*
 * Children of a process of two threads, whose handlers were parted by unshare(CLONE_SIGHAND). The thread that made a
 * child says by its own action for SIGCHLD whether the child leaves a zombie, and what of it is told.
 */
#include "tests/spec/parted.h"

enum wish { HANDLES, HANDLES_NOCLDSTOP, HANDLES_NOCLDWAIT, DEFAULTS, DEFAULTS_NOCLDWAIT, IGNORES, WISHES };
static const struct {
	const char *name;
	enum what what;
	int flags, reaps, told, told_stops;
} table[WISHES] = {
    {"handler", HANDLE, 0, 0, 1, 1},
    {"handler with SA_NOCLDSTOP", HANDLE, SA_NOCLDSTOP, 0, 1, 0},
    {"handler with SA_NOCLDWAIT", HANDLE, SA_NOCLDWAIT, 1, 1, 1},
    {"default", DEFAULT, 0, 0, 0, 0},
    {"default with SA_NOCLDWAIT", DEFAULT, SA_NOCLDWAIT, 1, 0, 0},
    {"ignore", IGNORE, 0, 1, 0, 0},
};

static enum wish wishes[BOTH];

/* ---- what a thread does, and the controller asks for: board->step is a number of steps, the thread's answers ---- */

static void want(enum who who)
{
	act(who, SIGCHLD, table[wishes[who]].what, table[wishes[who]].flags | SA_RESTART);
}

static pid_t make_child(void (*body)(void))
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		body();
		_exit(3);
	}
	return pid;
}

static void ends(void)
{
}

static void stands_still(void)
{
	raise(SIGSTOP);
}

/* It is there, if only as a zombie; waits until it is not, if it should not. */
static int is_there(pid_t pid, int wanted)
{
	int rounds;

	for (rounds = 0; rounds < DEADLINE_MS && !kill(pid, 0) && !wanted; rounds++)
		poll(NULL, 0, 1);
	return kill(pid, 0) == 0;
}

/* It has ended, whoever has noticed. */
static void await_end(pid_t pid)
{
	siginfo_t info;
	int rounds;

	for (rounds = 0; rounds < DEADLINE_MS; rounds++) {
		info.si_pid = 0;
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return;
		poll(NULL, 0, 1);
	}
	CHECK(!"a child does not end");
}

/* A child of the calling thread ends. */
static void ends_as_wished(enum who who)
{
	int reaps = table[wishes[who]].reaps, told = table[wishes[who]].told, before = board->ran[who], status;
	pid_t pid = make_child(ends);

	await_end(pid);
	if (told) {
		await_word(&board->ran[who], before + 1);
		CHECK(board->from == pid && board->status == 3);
	}
	CHECK(is_there(pid, !reaps) == !reaps);
	if (reaps) {
		CHECK_FAILS(waitpid(pid, &status, 0), ECHILD);
	} else {
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WEXITSTATUS(status) == 3);
	}
	CHECK_FAILS(wait(NULL), ECHILD);
	CHECK(board->ran[who] == before + told);
}

/* And one stops, goes on, and is killed. */
static void stops_as_wished(enum who who)
{
	int told = table[wishes[who]].told_stops, before = board->ran[who];
	pid_t pid = make_child(stands_still);
	siginfo_t info;

	CHECK_OK(waitid(P_PID, pid, &info, WSTOPPED));
	if (told)
		await_word(&board->ran[who], before + 1);
	CHECK_OK(kill(pid, SIGCONT));
	CHECK_OK(waitid(P_PID, pid, &info, WCONTINUED | WEXITED | WNOWAIT) && errno != ECHILD);
	await_end(pid);
	CHECK(!is_there(pid, !table[wishes[who]].reaps) || waitpid(pid, NULL, 0) == pid);
	if (!told)
		CHECK(board->ran[who] <= before + table[wishes[who]].told);
}

static void body(enum who who)
{
	block(SIG_BLOCK, SIGCHLD); /* so that the one who makes children also hears of them */
	want(who);
	say_ready();
	await_word(&board->ready, BOTH);
	await(who);
	block(SIG_UNBLOCK, SIGCHLD);
	ends_as_wished(who);
	ends_as_wished(who);
	stops_as_wished(who);
	CHECK(board->ran[!who] == board->value[!who]);
	board->value[who] = board->ran[who];
	block(SIG_BLOCK, SIGCHLD);
	reach(who + 1);
	await(BOTH);
	CHECK(board->astray == 0);
}

static void first_body(void)
{
	body(FIRST);
}

static void second_of_two(void)
{
	body(SECOND);
}

static void one_combination(void)
{
	memset(board, 0, sizeof(*board));
	ends_with(run_parted(first_body, second_of_two), 0);
}

static void all_combinations(void)
{
	for (wishes[SECOND] = 0; wishes[SECOND] < WISHES; wishes[SECOND]++) {
		printf("# second: %s\n", table[wishes[SECOND]].name);
		one_combination();
	}
}

/* ---- waits that meet other threads' children ---- */

/* The first ignores SIGCHLD, and waits; its children are of no interest to it, the second's are. */
static void waits_for_all(void)
{
	pid_t own, others;
	int status;

	act(FIRST, SIGCHLD, IGNORE, 0);
	await(1);
	others = board->value[0];
	own = make_child(ends);
	CHECK(wait(&status) == others && WEXITSTATUS(status) == 3);
	CHECK_FAILS(wait(&status), ECHILD);
	CHECK_FAILS(waitpid(own, NULL, 0), ECHILD);
	reach(2);
}

static void makes_one(void)
{
	act(SECOND, SIGCHLD, DEFAULT, 0);
	board->value[0] = make_child(ends);
	reach(1);
	await(2);
}

static void others_children(void)
{
	ends_with(run_parted(waits_for_all, makes_one), 0);
}

/* What has ended before it was ignored is a zombie, and stays one. */
static void ends_before(void)
{
	pid_t before, after;

	act(FIRST, SIGCHLD, DEFAULT, 0);
	await(1);
	before = make_child(ends);
	await_end(before);
	act(FIRST, SIGCHLD, IGNORE, 0);
	after = make_child(ends);
	await_end(after);
	CHECK(!is_there(after, 0));
	CHECK(is_there(before, 1));
	CHECK(waitpid(before, NULL, 0) == before);
	CHECK_FAILS(wait(NULL), ECHILD);
	reach(2);
}

static void wants_zombies(void)
{
	act(SECOND, SIGCHLD, HANDLE, 0);
	reach(1);
	await(2);
}

static void zombies_from_before(void)
{
	ends_with(run_parted(ends_before, wants_zombies), 0);
}

/* While nobody takes SIGCHLD a wait finds out. */
static void waits_with_it_blocked(void)
{
	siginfo_t info = {0};

	block(SIG_BLOCK, SIGCHLD);
	act(FIRST, SIGCHLD, IGNORE, 0);
	await(1);
	make_child(ends);
	make_child(ends);
	CHECK_FAILS(wait(NULL), ECHILD);
	make_child(ends);
	CHECK_FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
	reach(2);
}

static void blocks_it(void)
{
	block(SIG_BLOCK, SIGCHLD);
	act(SECOND, SIGCHLD, HANDLE, 0);
	reach(1);
	await(2);
}

static void blocked_everywhere(void)
{
	ends_with(run_parted(waits_with_it_blocked, blocks_it), 0);
	CHECK(board->ran[SECOND] == 0);
}

/* sigwait(3) hears of the children of those alone who want to hear. */
static void makes_unheard(void)
{
	block(SIG_BLOCK, SIGCHLD);
	act(FIRST, SIGCHLD, IGNORE, 0);
	await(1);
	for (int i = 0; i < 3; i++)
		await_end(make_child(ends));
	reach(2);
	await(3);
}

static void waits_for_signals(void)
{
	const struct timespec no_time = {0, 0}, short_time = {0, 100000000};
	sigset_t set;
	siginfo_t info;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	block(SIG_BLOCK, SIGCHLD);
	act(SECOND, SIGCHLD, DEFAULT, 0);
	reach(1);
	await(2);
	CHECK_FAILS(sigtimedwait(&set, &info, &no_time), EAGAIN);
	CHECK_FAILS(sigtimedwait(&set, &info, &short_time), EAGAIN);
	pid = make_child(ends);
	CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == pid);
	CHECK(waitpid(pid, NULL, 0) == pid);
	reach(3);
}

static void sigwait_hears_its_own(void)
{
	ends_with(run_parted(makes_unheard, waits_for_signals), 0);
}

/* Many at once: signals for children of both kinds become one. */
#define MANY 30

static void makes_many(enum who who)
{
	pid_t pids[MANY];
	int reaps = wishes[who] == IGNORES;

	want(who);
	say_ready();
	await_word(&board->ready, BOTH);
	for (int i = 0; i < MANY; i++)
		pids[i] = make_child(ends);
	for (int i = 0; i < MANY; i++)
		if (reaps)
			CHECK_FAILS(waitpid(pids[i], NULL, 0), ECHILD);
		else
			CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
}

static void first_makes_many(void)
{
	makes_many(FIRST);
}

static void second_makes_many(void)
{
	makes_many(SECOND);
	CHECK(board->ran[SECOND] >= 1);
}

static void many_at_once(void)
{
	wishes[FIRST] = IGNORES;
	wishes[SECOND] = HANDLES;
	ends_with(run_parted(first_makes_many, second_makes_many), 0);
	CHECK(board->ran[FIRST] == 0);
}

/* The last signal is never lost: who waits in its handler sees all its children. */
static _Atomic int seen;

static void wait_in_handler(int sig)
{
	int saved = errno;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		seen++;
	errno = saved;
}

static void ignores_and_makes(void)
{
	act(FIRST, SIGCHLD, IGNORE, 0);
	await(1);
	while (board->step < 2)
		await_end(make_child(ends));
}

static void waits_in_handler(void)
{
	struct sigaction action = {.sa_handler = wait_in_handler, .sa_flags = SA_RESTART};
	int rounds;

	CHECK_OK(sigaction(SIGCHLD, &action, NULL));
	reach(1);
	for (int i = 1; i <= MANY; i++) {
		make_child(ends);
		for (rounds = 0; seen < i && rounds < DEADLINE_MS; rounds++)
			poll(NULL, 0, 1);
		CHECK(seen == i);
	}
	reach(2);
}

static void no_signal_is_lost(void)
{
	ends_with(run_parted(ignores_and_makes, waits_in_handler), 0);
}

/* A child that stays a zombie has been told of; the ends of others, of which nobody is told, do not tell of it again.
 */
#define ZOMBIES 2

static void hears_of_zombies(void)
{
	pid_t pids[ZOMBIES];

	block(SIG_BLOCK, SIGCHLD);
	pids[0] = make_child(ends);
	await_end(pids[0]);
	act(FIRST, SIGCHLD, HANDLE, SA_RESTART);
	block(SIG_UNBLOCK, SIGCHLD);
	await_word(&board->ran[FIRST], 1);
	await(1);
	pids[1] = make_child(ends);
	await_word(&board->ran[FIRST], ZOMBIES);
	reach(2);
	await(3);
	CHECK(board->ran[FIRST] == ZOMBIES && board->from == pids[1]);
	for (int i = 0; i < ZOMBIES; i++)
		CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
}

/* What it blocks the first thread takes. */
static void makes_unheard_beside(void)
{
	block(SIG_BLOCK, SIGCHLD);
	await_word(&board->ran[FIRST], 1);
	act(SECOND, SIGCHLD, IGNORE, 0);
	reach(1);
	await(2);
	for (int i = 0; i < 3; i++) {
		await_end(make_child(ends));
		settle_thread(getpid(), FIRST);
	}
	reach(3);
}

static void told_once(void)
{
	ends_with(run_parted(hears_of_zombies, makes_unheard_beside), 0);
}

static const struct test tests[] = {
    {"a wait reports others' children, and not its own that leave no zombie", others_children},
    {"what had ended before it was ignored stays a zombie", zombies_from_before},
    {"a wait finds out while SIGCHLD is blocked by all", blocked_everywhere},
    {"sigwait hears only of children that are told of", sigwait_hears_its_own},
    {"many children of both at once", many_at_once},
    {"no signal is lost among those that are not told", no_signal_is_lost},
    {"nobody is told twice of one that stays a zombie", told_once},
};

int main(int argc, char **argv)
{
	int natively = run_natively(argc, argv), number = 0, good = 1;
	unsigned i;

	if (natively >= 0)
		return natively;
	for (wishes[FIRST] = 0; wishes[FIRST] < WISHES; wishes[FIRST]++) {
		char name[128];
		struct test test = {name, all_combinations};

		snprintf(name, sizeof(name), "the first has: %s", table[wishes[FIRST]].name);
		good &= run_parted_test(++number, &test);
	}
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		good &= run_parted_test(++number, &tests[i]);
	printf("1..%d\n", number);
	return !good;
}
