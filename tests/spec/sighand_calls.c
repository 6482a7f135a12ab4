/* SPDX-License-Identifier: MIT */
/*
 * Calls that a signal finds waiting in a thread whose handlers were parted by unshare(CLONE_SIGHAND): whether they go
 * on is said by the thread's own action, SA_RESTART in it, and not by the other's. What is ignored ends no call.
 */
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/spec/parted.h"

/* ---- the calls; each waits until finish() ---- */

static int ends[2], file;

static long call_read(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

static long call_recv(void)
{
	char byte;

	return recv(ends[0], &byte, 1, 0);
}

static long call_futex(void)
{
	long ret = syscall(SYS_futex, &board->value[1], FUTEX_WAIT, 0, NULL, NULL, 0);

	return ret < 0 && errno == EAGAIN ? 0 : ret; /* it began again when the word had changed */
}

static long call_flock(void)
{
	return flock(open("lock", O_RDWR | O_CLOEXEC), LOCK_EX);
}

static long call_setlkw(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(open("lock", O_RDWR | O_CLOEXEC), F_SETLKW, &lock);
}

static long call_open(void)
{
	return open("fifo", O_RDONLY | O_CLOEXEC);
}

static pid_t child;

static void prepare_wait(void)
{
	child = fork();
	if (!child) {
		char byte;

		alarm(60);
		_exit(read(ends[0], &byte, 1) != 1);
	}
}

static long call_wait(void)
{
	return waitpid(child, NULL, 0);
}

static void finish_write(void)
{
	CHECK(write(ends[1], "x", 1) == 1);
}

static void finish_futex(void)
{
	board->value[1] = 1;
	wake(&board->value[1]);
}

static void finish_unlock(void)
{
	CHECK_OK(flock(file, LOCK_UN)); /* the child has it open as well */
	CHECK_OK(close(file));
}

static void finish_open(void)
{
	CHECK_OK(open("fifo", O_WRONLY | O_CLOEXEC));
}

static void make_pipe(void)
{
	CHECK_OK(pipe(ends));
}

static void make_sockets(void)
{
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static void make_flock(void)
{
	file = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_OK(flock(file, LOCK_EX));
}

static void make_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	file = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK_OK(fcntl(file, F_SETLK, &lock));
}

static void make_fifo(void)
{
	unlink("fifo");
	CHECK_OK(mkfifo("fifo", 0600));
}

static void nothing(void)
{
}

static const struct call {
	const char *name;
	void (*make)(void);    /* by the controller */
	void (*prepare)(void); /* by the thread */
	long (*call)(void);
	void (*finish)(void); /* by the controller */
} calls[] = {
    {"read", make_pipe, nothing, call_read, finish_write},
    {"recv", make_sockets, nothing, call_recv, finish_write},
    {"futex", nothing, nothing, call_futex, finish_futex},
    {"flock", make_flock, nothing, call_flock, finish_unlock},
    {"fcntl", make_lock, nothing, call_setlkw, finish_unlock},
    {"open", make_fifo, nothing, call_open, finish_open},
    {"wait4", make_pipe, prepare_wait, call_wait, finish_write},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static const struct call *call;

/* ---- what the two threads want of the signal ---- */

enum wish { RESTARTS, INTERRUPTS, IGNORES, BY_DEFAULT, WISHES };
static const char *const wish_names[WISHES] = {"handler with SA_RESTART", "handler without", "ignore", "default"};

#define SIGNAL SIGURG /* whose default is to be ignored */

static enum wish wishes[BOTH];
static enum who waits;

static void act_as_wished(enum who who)
{
	static const enum what whats[WISHES] = {HANDLE, HANDLE, IGNORE, DEFAULT};

	act(who, SIGNAL, whats[wishes[who]], wishes[who] == RESTARTS ? SA_RESTART : 0);
}

#define DONE 1000

static void body(enum who who)
{
	act_as_wished(who);
	if (who == waits) {
		long ret;

		call->prepare();
		say_ready();
		ret = call->call();
		board->value[0] = ret < 0 ? errno : DONE;
		wake(&board->value[0]);
	}
	idle();
}

static void first_body(void)
{
	body(FIRST);
}

static void second_of_two(void)
{
	body(SECOND);
}

/* ---- the controller ---- */

static void one_combination(void)
{
	int ends_it = wishes[waits] == INTERRUPTS, i;
	pid_t pid;

	memset(board, 0, sizeof(*board));
	call->make();
	pid = run_parted(first_body, second_of_two);
	await_ready();
	for (i = 0; i < 3 && !board->value[0]; i++) {
		await_asleep(pid);
		send_thread(pid, waits, SIGNAL);
		if (wishes[waits] <= INTERRUPTS)
			await_word(&board->ran[waits], i + 1);
		else
			await_asleep(pid);
	}
	if (!ends_it) {
		CHECK(!board->value[0]);
		call->finish();
	}
	await_word(&board->value[0], 1);
	CHECK(board->value[0] == (ends_it ? EINTR : DONE));
	kill_parted(pid);
	if (ends_it && call->call == call_wait)
		finish_write();
	if (ends_it && file)
		finish_unlock();
	file = 0;
}

static void all_combinations(void)
{
	for (wishes[FIRST] = 0; wishes[FIRST] < WISHES; wishes[FIRST]++) {
		for (wishes[SECOND] = 0; wishes[SECOND] < WISHES; wishes[SECOND]++) {
			printf("# first: %s, second: %s\n", wish_names[wishes[FIRST]], wish_names[wishes[SECOND]]);
			one_combination();
		}
	}
}

int main(int argc, char **argv)
{
	int natively = run_natively(argc, argv), number = 0, good = 1;

	if (natively >= 0)
		return natively;
	CHECK_OK(chdir(argv[1]));
	for (call = calls; call < calls + CALLS; call++) {
		for (waits = FIRST; waits < BOTH; waits++) {
			char name[128];
			struct test test = {name, all_combinations};

			snprintf(name, sizeof(name), "%s in the %s thread", call->name,
				 waits == FIRST ? "first" : "second");
			good &= run_parted_test(++number, &test);
		}
	}
	printf("1..%d\n", number);
	return !good;
}
