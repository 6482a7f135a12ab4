/* SPDX-License-Identifier: MIT */
/*
 * A tracer comes to a process whose call sites are executed often: it finds the program's own text, its breakpoints on
 * and beside the sites do what they do, and the threads that run through them meanwhile notice nothing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>
#include "tests/programs/patch.h"
#include "tests/spec/tap.h"

#define OFTEN	200
#define THREADS 4

static bool under_secede;
static const char *own_name;

SITE(getuid_site, 102);
SITE(geteuid_site, 107);
static const unsigned char plain[7] = {0xb8, 102, 0, 0, 0, 0x0f, 0x05};

/* What tracer and tracee share. */
static struct shared {
	_Atomic int patched, ready, stop;
	_Atomic long rounds;
} * shared;

static void make_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
}

static void *run_until_stop(void *arg)
{
	long uid = (long)getuid();

	while (!shared->stop) {
		if (getuid_site(0, 0, 0, 0) != uid || geteuid_site(0, 0, 0, 0) != (long)geteuid())
			_exit(3);
		shared->rounds++;
	}
	return NULL;
}

static void tracee(int threads)
{
	pthread_t id;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < OFTEN; i++) {
		getuid_site(0, 0, 0, 0);
		geteuid_site(0, 0, 0, 0);
	}
	shared->patched = CODE(getuid_site)[0] == 0xff;
	for (int i = 1; i < threads; i++)
		CHECK(!pthread_create(&id, NULL, run_until_stop, NULL));
	shared->ready = 1;
	run_until_stop(NULL);
	_exit(0);
}

static pid_t start(int threads)
{
	pid_t pid;

	make_shared();
	pid = fork();
	if (!pid)
		tracee(threads);
	while (!shared->ready)
		usleep(1000);
	CHECK(shared->patched == patches_are_made(under_secede));
	return pid;
}

static void wait_for_stop(pid_t pid, int sig)
{
	int status;

	CHECK(waitpid(pid, &status, __WALL) == pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == sig);
}

static void end(pid_t pid)
{
	long rounds = shared->rounds;
	int status;

	while (shared->rounds < rounds + 100)
		usleep(1000);
	shared->stop = 1;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- the text that a tracer finds ---- */

static void check_peek(pid_t pid)
{
	long word = ptrace(PTRACE_PEEKTEXT, pid, CODE(getuid_site), 0);

	CHECK(!memcmp(&word, plain, sizeof(plain)));
}

static void check_readv(pid_t pid)
{
	unsigned char found[7];
	struct iovec to = {found, sizeof(found)}, from = {(void *)(uintptr_t)CODE(getuid_site), sizeof(found)};

	CHECK(process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(found));
	CHECK(!memcmp(found, plain, sizeof(plain)));
}

static int open_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	return (int)CHECK_OK(open(path, O_RDWR));
}

static void check_memory(pid_t pid)
{
	unsigned char found[7];
	int fd = open_memory(pid);

	CHECK(pread(fd, found, sizeof(found), (off_t)(uintptr_t)CODE(getuid_site)) == sizeof(found));
	CHECK(!memcmp(found, plain, sizeof(plain)));
	close(fd);
}

static void check_regs(pid_t pid)
{
	struct user_regs_struct regs;

	CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CHECK(regs.gs_base == 0);
	CHECK(regs.rip >> 32 != 0x5500);
	CHECK(ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, gs_base), 0) == 0);
	CHECK_OK(ptrace(PTRACE_SETREGS, pid, 0, &regs));
}

/* ---- breakpoints ---- */

/* One there: it is met, with `rax`; then it is gone, and the tracee where it was. */
static void breakpoint(pid_t pid, uintptr_t at, long rax)
{
	struct user_regs_struct regs;
	long word = ptrace(PTRACE_PEEKTEXT, pid, at, 0);

	CHECK_OK(ptrace(PTRACE_POKETEXT, pid, at, (word & ~0xffL) | 0xcc));
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, 0));
	wait_for_stop(pid, SIGTRAP);
	CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CHECK(regs.rip == at + 1);
	CHECK(rax < 0 || (long)regs.rax == rax);
	regs.rip = at;
	CHECK_OK(ptrace(PTRACE_POKETEXT, pid, at, word));
	CHECK_OK(ptrace(PTRACE_SETREGS, pid, 0, &regs));
}

/* Steps lead from the one to the next. */
static void single_step(pid_t pid, uintptr_t to)
{
	struct user_regs_struct regs;

	CHECK_OK(ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
	wait_for_stop(pid, SIGTRAP);
	CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CHECK(regs.rip == to);
}

static void breakpoints(pid_t pid)
{
	uintptr_t at = (uintptr_t)CODE(getuid_site);
	int i;

	for (i = 0; i < 3; i++) {
		breakpoint(pid, at, -1);
		breakpoint(pid, at + 5, SYS_getuid);
		breakpoint(pid, at + 7, (long)getuid());
		breakpoint(pid, at, -1);
		single_step(pid, at + 5);
		single_step(pid, at + 7);
	}
}

static void look_at(pid_t pid)
{
	check_peek(pid);
	check_readv(pid);
	check_memory(pid);
	check_regs(pid);
	breakpoints(pid);
}

/* ---- the tests ---- */

static void attached(void)
{
	pid_t pid = start(1);

	CHECK_OK(ptrace(PTRACE_ATTACH, pid, 0, 0));
	wait_for_stop(pid, SIGSTOP);
	look_at(pid);
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
	end(pid);
}

static void seized(void)
{
	pid_t pid = start(1);

	CHECK_OK(ptrace(PTRACE_SEIZE, pid, 0, 0));
	CHECK_OK(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	wait_for_stop(pid, SIGTRAP);
	look_at(pid);
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
	end(pid);
}

/* The other threads run on through the sites. */
static void attached_to_one_of_many(void)
{
	for (int i = 0; i < 5; i++) {
		pid_t pid = start(THREADS);

		CHECK_OK(ptrace(PTRACE_ATTACH, pid, 0, 0));
		wait_for_stop(pid, SIGSTOP);
		check_peek(pid);
		CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
		end(pid);
	}
}

/* A child with a copy of such a text asks for it. */
static void trace_me(void)
{
	pid_t pid;

	make_shared();
	for (int i = 0; i < OFTEN; i++)
		getuid_site(0, 0, 0, 0);
	pid = fork();
	if (!pid) {
		CHECK_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		raise(SIGSTOP);
		tracee(1);
	}
	wait_for_stop(pid, SIGSTOP);
	look_at(pid);
	CHECK_OK(ptrace(PTRACE_DETACH, pid, 0, 0));
	shared->stop = 1;
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(CODE(getuid_site)[0] == (patches_are_made(under_secede) ? 0xff : 0xb8));
}

/* A program that is traced from its first instruction on, as debuggers start one. */
static void traced_program(void)
{
	struct user_regs_struct regs;
	pid_t pid = fork();

	if (!pid) {
		CHECK_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
		execl(own_name, own_name, "run", (char *)NULL);
		_exit(9);
	}
	wait_for_stop(pid, SIGTRAP);
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, 0));
	wait_for_stop(pid, SIGUSR1);
	CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CHECK(regs.gs_base == 0);
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, 0));
	wait_for_stop(pid, SIGUSR2);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* That program: SIGUSR2 if its text is as it should be. */
static int run_program(void)
{
	for (int i = 0; i < OFTEN; i++)
		getuid_site(0, 0, 0, 0);
	raise(SIGUSR1);
	raise(CODE(getuid_site)[0] == 0xb8 ? SIGUSR2 : SIGABRT);
	return 1;
}

static void note_trap(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	printf("%ld %ld\n", (long)(uc->uc_mcontext.gregs[REG_RIP] - (long)(uintptr_t)CODE(getuid_site)),
	       (long)uc->uc_mcontext.gregs[REG_RAX]);
	fflush(stdout);
	_exit(0);
}

/* For tests/programs/patching, which writes to the syscall instruction from outside the session. */
__attribute__((noreturn)) static void run_until_trap(void)
{
	struct sigaction action = {.sa_sigaction = note_trap, .sa_flags = SA_SIGINFO};

	CHECK_OK(sigaction(SIGTRAP, &action, NULL));
	alarm(60);
	for (long i = 0;; i++) {
		getuid_site(0, 0, 0, 0);
		if (i == OFTEN) {
			printf("%d %lu\n", (int)getpid(), (unsigned long)(uintptr_t)CODE(getuid_site));
			fflush(stdout);
		}
	}
}

/* Who does not trace, but has the right to. */
static void memory_of_another(void)
{
	pid_t pid = start(THREADS);
	const unsigned char nr = SYS_getuid; /* the same for this user */
	unsigned char was;
	uintptr_t at = (uintptr_t)CODE(geteuid_site);
	int fd = open_memory(pid);

	check_memory(pid);
	CHECK(pread(fd, &was, 1, (off_t)at + 1) == 1 && was == SYS_geteuid);
	CHECK(pwrite(fd, &nr, 1, (off_t)at + 1) == 1);
	end(pid);
}

static const struct test tests[] = {
    {"PTRACE_ATTACH", attached},
    {"PTRACE_SEIZE", seized},
    {"PTRACE_ATTACH to one of four threads", attached_to_one_of_many},
    {"PTRACE_TRACEME", trace_me},
    {"a program that is traced from its beginning", traced_program},
    {"the memory of another process is opened", memory_of_another},
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "run"))
		return run_program();
	if (argc > 1 && !strcmp(argv[1], "trap"))
		run_until_trap();
	under_secede = argc > 2;
	own_name = argv[0];
	return RUN_TESTS(tests);
}
