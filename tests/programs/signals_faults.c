/* SPDX-License-Identifier: MIT */
/* Faults and fatal signals: handlers that mend, handlers that jump, and what is left to the default action. */
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/programs/signals.h"

static sigjmp_buf back;

static void on_signal_jump(int sig, siginfo_t *info, void *uc)
{
	look(sig, info, uc);
	siglongjmp(back, sig);
}

static volatile char *page;
static volatile char *volatile nowhere = (volatile char *)8;

static void on_signal_mend(int sig, siginfo_t *info, void *uc)
{
	look(sig, info, uc);
	mprotect((char *)page, 4096, PROT_READ | PROT_WRITE);
}

static void test_fault_mended(void)
{
	int i;

	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle_info(SIGSEGV, on_signal_mend, 0);
	for (i = 1; i <= 100; i++) {
		CHECK_OK(mprotect((char *)page, 4096, PROT_READ));
		page[100] = 'x';
		CHECK(count == i && seen.si_addr == page + 100 && seen.si_code == SEGV_ACCERR);
	}
}

/* Where the kernel itself would fault, there is EFAULT and no signal. */
static void test_fault_in_call(void)
{
	struct stat st;

	handle_info(SIGSEGV, look, 0);
	CHECK_FAILS(syscall(SYS_stat, 8, &st), EFAULT);
	CHECK_FAILS(syscall(SYS_stat, "/", 8), EFAULT);
	CHECK(count == 0);
}

static void test_fault_jump(void)
{
	volatile int i;

	handle_info(SIGSEGV, on_signal_jump, 0);
	for (i = 1; i <= 1000; i++) {
		if (sigsetjmp(back, 1) == 0)
			*nowhere = 1;
		CHECK(count == i && seen.si_addr == (void *)8);
	}
}

/* Jumps out without the mask, and unblocks by hand, as old programs do. */
static void test_fault_unblock(void)
{
	volatile int i;

	handle_info(SIGSEGV, on_signal_jump, 0);
	for (i = 1; i <= 10; i++) {
		if (sigsetjmp(back, 0) == 0)
			*nowhere = 1;
		mask(SIG_UNBLOCK, SIGSEGV);
		CHECK(count == i);
	}
}

static __attribute__((noinline)) int overflow(volatile char *above)
{
	volatile char here[1024];

	here[0] = *above;
	return here[0] == 1 ? 0 : overflow(here) + here[0];
}

static void test_stack_overflow(void)
{
	volatile char start = 0;
	volatile int round = 0;

	use_altstack(0);
	handle_info(SIGSEGV, on_signal_jump, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0 || ++round < 3)
		overflow(&start);
	CHECK(round == 3 && count == 3 && seen_on_altstack() && seen.si_code > 0);
}

static void test_bus(void)
{
	int fd = (int)CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));

	CHECK_OK(ftruncate(fd, 4096));
	page = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	handle_info(SIGBUS, on_signal_jump, 0);
	if (sigsetjmp(back, 1) == 0)
		CHECK(page[4096] == 1);
	CHECK(count == 1 && seen.si_code == BUS_ADRERR && seen.si_addr == page + 4096);
}

static void test_arithmetic(void)
{
	handle_info(SIGFPE, on_signal_jump, 0);
	if (sigsetjmp(back, 1) == 0)
		__asm__ volatile("idivl %0" ::"r"(0), "a"(7), "d"(0));
	CHECK(count == 1 && seen.si_code == FPE_INTDIV);
	handle_info(SIGTRAP, look, 0);
	__asm__ volatile("int3");
	CHECK(count == 2 && last == SIGTRAP);
}

static void fault(void)
{
	*nowhere = 1;
}

static void fault_ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	fault();
}

static void fault_blocked(void)
{
	handle_info(SIGSEGV, look, 0);
	mask(SIG_BLOCK, SIGSEGV);
	fault();
}

static void on_signal_fault(int sig)
{
	fault();
}

static void fault_in_handler(void)
{
	signal(SIGSEGV, on_signal_fault);
	fault();
}

static void test_fatal_faults(void)
{
	void (*const bodies[])(void) = {fault, fault_ignored, fault_blocked, fault_in_handler};
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		int status = status_of(bodies[i]);

		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	}
}

static int fatal;

static void die(void)
{
	raise(fatal);
}

static void die_abort(void)
{
	abort();
}

static void test_default_actions(void)
{
	const int sigs[] = {SIGHUP, SIGSEGV, SIGBUS, SIGSYS, SIGTERM, SIGFPE, SIGXCPU, SIGRTMIN};
	int status;
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		fatal = sigs[i];
		status = status_of(die);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == sigs[i]);
	}
	status = status_of(die_abort);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK_OK(raise(SIGCHLD));
	CHECK_OK(raise(SIGWINCH));
	CHECK_OK(raise(SIGCONT));
}

static void test_ignored(void)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGSYS, SIGTERM};
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		signal(sigs[i], SIG_IGN);
		CHECK_OK(raise(sigs[i]));
		CHECK_OK(stat("/", &st));
	}
}

static const struct test tests[] = {
    {"stack overflow", test_stack_overflow},
    {"a fault is mended", test_fault_mended},
    {"bad addresses in calls are no faults", test_fault_in_call},
    {"siglongjmp out of a fault", test_fault_jump},
    {"longjmp and sigprocmask after a fault", test_fault_unblock},
    {"SIGBUS", test_bus},
    {"SIGFPE and SIGTRAP", test_arithmetic},
    {"fatal faults", test_fatal_faults},
    {"default actions", test_default_actions},
    {"ignored signals", test_ignored},
};

int main(void)
{
	return RUN_TESTS(tests);
}
