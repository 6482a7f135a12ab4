/* SPDX-License-Identifier: MIT */
/* Handlers, frames, masks and alternate stacks: what a program sees when a signal reaches it. */
#include <fcntl.h>
#include <immintrin.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/programs/signals.h"

#define KERNEL_SIGS  64 /* bits of the kernel's signal set */
#define AUTODISARM   (1U << 31)
#define HIDDEN_COUNT 3

/* The signals that an emulation needs for itself: these tests treat them like any other. */
static const int hidden[HIDDEN_COUNT] = {SIGSEGV, SIGBUS, SIGSYS};

/* What handlers saw. Not static: see signals.h. */
stack_t seen_stack;
int change_errno;
unsigned handler_mxcsr;

/* ---- what a handler is told ---- */

static void test_siginfo(void)
{
	union sigval value = {.sival_int = 4711};

	handle_info(SIGUSR1, look, 0);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK(count == 1 && last == SIGUSR1 && seen.si_signo == SIGUSR1 && seen.si_code == SI_USER);
	CHECK(seen.si_pid == getpid() && seen.si_uid == getuid());
	CHECK_OK(raise(SIGUSR1));
	CHECK(count == 2 && seen.si_code == SI_TKILL && seen.si_pid == getpid());
	CHECK_OK(sigqueue(getpid(), SIGUSR1, value));
	CHECK(count == 3 && seen.si_code == SI_QUEUE && seen.si_value.sival_int == 4711 && seen.si_uid == getuid());
	handle_info(SIGRTMIN + 3, look, 0);
	CHECK_OK(sigqueue(getpid(), SIGRTMIN + 3, value));
	CHECK(count == 4 && last == SIGRTMIN + 3 && seen.si_value.sival_int == 4711);
}

static void test_sigchld(void)
{
	pid_t pid;
	int status;

	handle_info(SIGCHLD, look, 0);
	mask(SIG_BLOCK, SIGCHLD);
	pid = (pid_t)CHECK_OK(fork());
	if (pid == 0)
		_exit(7);
	while (count == 0) {
		sigset_t none;

		sigemptyset(&none);
		CHECK_FAILS(sigsuspend(&none), EINTR);
	}
	CHECK(seen.si_code == CLD_EXITED && seen.si_status == 7 && seen.si_pid == pid && seen.si_uid == getuid());
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
}

static void test_action_roundtrip(void)
{
	int sig;

	for (sig = 1; sig < SIGRTMAX; sig++) {
		struct sigaction set = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER}, got;

		if (sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33)
			continue;
		sigfillset(&set.sa_mask);
		CHECK_OK(sigaction(sig, &set, NULL));
		CHECK_OK(sigaction(sig, NULL, &got));
		CHECK(got.sa_sigaction == look && (got.sa_flags & ~0x04000000) == set.sa_flags);
		CHECK(sigismember(&got.sa_mask, SIGSYS) == 1 && sigismember(&got.sa_mask, SIGSEGV) == 1 &&
		      sigismember(&got.sa_mask, SIGUSR2) == 1 && sigismember(&got.sa_mask, SIGKILL) == 0);
		set.sa_handler = SIG_IGN;
		CHECK_OK(sigaction(sig, &set, &got));
		CHECK(got.sa_sigaction == look);
		CHECK_OK(sigaction(sig, NULL, &got));
		CHECK(got.sa_handler == SIG_IGN);
		CHECK_OK(kill(getpid(), sig));
	}
}

static void test_action_errors(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	CHECK_FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
	CHECK_FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL);
	CHECK_OK(sigaction(SIGKILL, NULL, &action));
	CHECK_FAILS(syscall(SYS_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigaction, KERNEL_SIGS + 1, NULL, NULL, 8), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 16), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8), EFAULT);
}

static void test_resethand(void)
{
	struct sigaction got;

	handle_info(SIGUSR1, look, (int)SA_RESETHAND);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(sigaction(SIGUSR1, NULL, &got));
	CHECK(count == 1 && got.sa_handler == SIG_DFL);
	handle_info(SIGSEGV, look, (int)SA_RESETHAND);
	CHECK_OK(raise(SIGSEGV));
	CHECK_OK(sigaction(SIGSEGV, NULL, &got));
	CHECK(count == 2 && got.sa_handler == SIG_DFL);
}

/* ---- masks ---- */

static void test_mask_in_handler(void)
{
	struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
	sigset_t now;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGSYS);
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	mask(SIG_BLOCK, SIGHUP);
	CHECK_OK(raise(SIGUSR1));
	CHECK(sigismember(&seen_mask, SIGUSR1) == 1 && sigismember(&seen_mask, SIGUSR2) == 1);
	CHECK(sigismember(&seen_mask, SIGSYS) == 1 && sigismember(&seen_mask, SIGHUP) == 1);
	CHECK(sigismember(&seen_mask, SIGBUS) == 0 && sigismember(&seen_mask, SIGTERM) == 0);
	CHECK(sigismember(&seen_uc.uc_sigmask, SIGHUP) == 1 && sigismember(&seen_uc.uc_sigmask, SIGUSR1) == 0);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(sigismember(&now, SIGHUP) == 1 && sigismember(&now, SIGUSR1) == 0 && sigismember(&now, SIGSYS) == 0);
	handle_info(SIGUSR1, look, SA_NODEFER);
	CHECK_OK(raise(SIGUSR1));
	CHECK(sigismember(&seen_mask, SIGUSR1) == 0 && sigismember(&seen_mask, SIGUSR2) == 0);
}

static void test_mask_roundtrip(void)
{
	sigset_t all, got;
	struct stat st;
	int i;

	sigfillset(&all);
	CHECK_OK(sigprocmask(SIG_SETMASK, &all, NULL));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &got));
	CHECK_OK(stat("/", &st));
	for (i = 0; i < HIDDEN_COUNT; i++)
		CHECK(sigismember(&got, hidden[i]) == 1);
	CHECK(sigismember(&got, SIGUSR1) == 1 && sigismember(&got, SIGKILL) == 0 && sigismember(&got, SIGSTOP) == 0);
	mask(SIG_UNBLOCK, SIGBUS);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &got));
	CHECK(sigismember(&got, SIGBUS) == 0 && sigismember(&got, SIGSEGV) == 1);
	sigemptyset(&got);
	CHECK_OK(sigprocmask(SIG_SETMASK, &got, &all));
	CHECK(sigismember(&all, SIGBUS) == 0 && sigismember(&all, SIGSYS) == 1);
	CHECK_FAILS(syscall(SYS_rt_sigprocmask, 7, &got, NULL, 8), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &got, NULL, 4), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8), EFAULT);
}

static void test_blocked_then_delivered(void)
{
	static const int sigs[] = {SIGUSR1, SIGSEGV, SIGBUS, SIGSYS, SIGTERM};
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		sigset_t pending;

		count = 0;
		handle_info(sigs[i], look, 0);
		mask(SIG_BLOCK, sigs[i]);
		CHECK_OK(raise(sigs[i]));
		CHECK_OK(kill(getpid(), sigs[i]));
		CHECK(count == 0);
		CHECK_OK(sigpending(&pending));
		CHECK(sigismember(&pending, sigs[i]) == 1);
		mask(SIG_UNBLOCK, sigs[i]);
		CHECK(count == 1 || count == 2); /* one for the thread, one for the process */
		CHECK(last == sigs[i]);
		CHECK_OK(sigpending(&pending));
		CHECK(sigismember(&pending, sigs[i]) == 0);
	}
}

static volatile sig_atomic_t depth, deepest;

static void on_signal_nest(int sig)
{
	if (++depth > deepest)
		deepest = depth;
	if (depth < 50)
		raise(sig == SIGUSR1 ? SIGUSR2 : SIGUSR1);
	depth--;
}

static void test_nested(void)
{
	struct sigaction action = {.sa_handler = on_signal_nest, .sa_flags = SA_NODEFER};

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CHECK_OK(sigaction(SIGUSR2, &action, NULL));
	CHECK_OK(raise(SIGUSR1));
	CHECK(deepest == 50 && depth == 0);
}

static void on_signal_block(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	look(sig, info, context);
	sigfillset(&uc->uc_sigmask);
}

/* A handler that leaves everything blocked through its frame: calls must go on working. */
static void test_mask_from_frame(void)
{
	sigset_t now;
	struct stat st;

	handle_info(SIGUSR1, on_signal_block, 0);
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(stat("/", &st));
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK(sigismember(&now, SIGSYS) == 1 && sigismember(&now, SIGTERM) == 1);
	CHECK_OK(raise(SIGUSR1));
	CHECK(count == 1);
	sigemptyset(&now);
	CHECK_OK(sigprocmask(SIG_SETMASK, &now, NULL));
	CHECK(count == 2);
}

/* ---- frames ---- */

static volatile sig_atomic_t ticks;

/* Dirties what a handler may dirty. */
static void on_tick(int sig)
{
	struct stat st;

	ticks++;
	__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm1, %%xmm1; pxor %%xmm15, %%xmm15" ::: "xmm0", "xmm1", "xmm15");
	stat("/etc/passwd", &st);
}

/* Spins with known values in registers and in the red zone until a handler has run; true: all still there. */
static int registers_survive(const volatile sig_atomic_t *flag)
{
	static const uint64_t pattern[2] __attribute__((aligned(16))) = {0x1122334455667788, 0x99aabbccddeeff00};
	uint64_t wrong;
	int seen_ticks = *flag;

	__asm__ volatile("sub $512, %%rsp\n"
			 "movdqa (%[pattern]), %%xmm1\n"
			 "movdqa (%[pattern]), %%xmm15\n"
			 "mov $0x1111, %%r8; mov $0x2222, %%r9; mov $0x3333, %%r10; mov $0x4444, %%r11\n"
			 "mov $0x5555, %%r12; mov $0x6666, %%r13; mov $0x7777, %%r14; mov $0x8888, %%r15\n"
			 "mov $0x9999, %%rcx; mov $0xaaaa, %%rdi\n"
			 "movq $0xbbbb, -8(%%rsp); movq $0xcccc, -128(%%rsp)\n"
			 "1: pause; cmp %[ticks], (%[flag]); je 1b\n"
			 "xor %%eax, %%eax\n"
			 "cmp $0x1111, %%r8; jne 2f; cmp $0x2222, %%r9; jne 2f; cmp $0x3333, %%r10; jne 2f\n"
			 "cmp $0x4444, %%r11; jne 2f; cmp $0x5555, %%r12; jne 2f; cmp $0x6666, %%r13; jne 2f\n"
			 "cmp $0x7777, %%r14; jne 2f; cmp $0x8888, %%r15; jne 2f\n"
			 "cmp $0x9999, %%rcx; jne 2f; cmp $0xaaaa, %%rdi; jne 2f\n"
			 "cmpq $0xbbbb, -8(%%rsp); jne 2f; cmpq $0xcccc, -128(%%rsp); jne 2f\n"
			 "movdqa (%[pattern]), %%xmm0\n"
			 "pcmpeqd %%xmm0, %%xmm1; pcmpeqd %%xmm0, %%xmm15; pand %%xmm15, %%xmm1\n"
			 "pmovmskb %%xmm1, %%ecx\n"
			 "cmp $0xffff, %%ecx; je 3f\n"
			 "2: mov $1, %%eax\n"
			 "3: add $512, %%rsp\n"
			 : "=&a"(wrong)
			 : [ticks] "d"(seen_ticks), [flag] "S"(flag), [pattern] "b"(pattern)
			 : "rcx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm15",
			   "memory", "cc");
	return !wrong;
}

static void test_registers(void)
{
	int i;

	signal(SIGALRM, on_tick);
	ring(300, 300);
	for (i = 0; i < 1000; i++)
		CHECK(registers_survive(&ticks));
}

static void on_signal_mxcsr(int sig)
{
	handler_mxcsr = _mm_getcsr();
	_mm_setcsr(0x1f80 | 0x2000);
}

/* A handler begins with the default floating point state and cannot change the program's. */
static void test_floating_point(void)
{
	signal(SIGUSR1, on_signal_mxcsr);
	_mm_setcsr(0x1f80 | 0x6000); /* round to zero */
	CHECK_OK(raise(SIGUSR1));
	CHECK((handler_mxcsr & 0x6000) == 0);
	CHECK((_mm_getcsr() & 0x6000) == 0x6000);
}

static void on_signal_skip(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	look(sig, info, context);
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* past ud2 */
	uc->uc_mcontext.gregs[REG_RAX] = 0x1234;
}

static void test_frame_edit(void)
{
	uint64_t rax = 0;

	handle_info(SIGILL, on_signal_skip, 0);
	__asm__ volatile("ud2" : "+a"(rax));
	CHECK(rax == 0x1234 && last == SIGILL && seen.si_code == ILL_ILLOPN);
	CHECK((uintptr_t)seen.si_addr == (uintptr_t)seen_uc.uc_mcontext.gregs[REG_RIP]);
}

static void bad_frame(void)
{
	__asm__ volatile("mov $8, %%rsp; mov $15, %%eax; syscall" ::: "memory");
}

static void test_bad_frame(void)
{
	int status = status_of(bad_frame);

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* A raw kill with the stack pointer where no frame can be written. */
static void no_stack(void)
{
	__asm__ volatile("mov $4096, %%rsp; syscall; ud2" ::"a"(SYS_kill), "D"(getpid()), "S"(SIGUSR1) : "memory");
}

static void no_stack_unhandled(void)
{
	handle_info(SIGUSR1, look, 0);
	no_stack();
}

static void on_no_stack(int sig, siginfo_t *info, void *uc)
{
	_exit(sig == SIGSEGV && info->si_code > 0 ? 33 : 1);
}

static void no_stack_handled(void)
{
	use_altstack(0);
	handle_info(SIGSEGV, on_no_stack, SA_ONSTACK);
	handle_info(SIGUSR1, look, 0);
	no_stack();
}

static void test_no_stack(void)
{
	int status = status_of(no_stack_unhandled);

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = status_of(no_stack_handled);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 33);
}

/* ---- alternate stacks ---- */

static void on_signal_altstack(int sig, siginfo_t *info, void *uc)
{
	stack_t off = {.ss_flags = SS_DISABLE};

	look(sig, info, uc);
	sigaltstack(NULL, &seen_stack);
	change_errno = sigaltstack(&off, NULL) ? errno : 0;
	if (count < 3)
		raise(sig);
}

static void test_altstack(void)
{
	stack_t got;

	CHECK_OK(sigaltstack(NULL, &got));
	CHECK(got.ss_flags == SS_DISABLE);
	use_altstack(0);
	CHECK_OK(sigaltstack(NULL, &got));
	CHECK(got.ss_flags == 0 && got.ss_sp == altstack && got.ss_size == STACK_SIZE);
	handle_info(SIGUSR1, on_signal_altstack, SA_ONSTACK | SA_NODEFER);
	CHECK_OK(raise(SIGUSR1)); /* nests on the same stack */
	CHECK(count == 3 && seen_on_altstack() && seen_stack.ss_flags == SS_ONSTACK && change_errno == EPERM);
	CHECK(seen_uc.uc_stack.ss_sp == altstack && seen_uc.uc_stack.ss_size == STACK_SIZE);
	handle_info(SIGUSR2, look, 0);
	CHECK_OK(raise(SIGUSR2));
	CHECK(!seen_on_altstack());
	use_altstack(SS_DISABLE);
	CHECK_OK(sigaltstack(NULL, &got));
	CHECK(got.ss_flags == SS_DISABLE);
}

static void test_altstack_autodisarm(void)
{
	stack_t got;

	use_altstack((int)AUTODISARM);
	handle_info(SIGUSR1, on_signal_altstack, SA_ONSTACK);
	count = 3;
	CHECK_OK(raise(SIGUSR1));
	CHECK(seen_on_altstack() && seen_stack.ss_flags == SS_DISABLE && change_errno == 0);
	CHECK_OK(sigaltstack(NULL, &got));
	CHECK(got.ss_sp == altstack && got.ss_flags == (int)AUTODISARM);
}

static void test_altstack_errors(void)
{
	stack_t small = {.ss_sp = altstack, .ss_size = 1024},
		strange = {.ss_sp = altstack, .ss_size = 8192, .ss_flags = 8};

	CHECK_FAILS(sigaltstack(&small, NULL), ENOMEM);
	CHECK_FAILS(sigaltstack(&strange, NULL), EINVAL);
	CHECK_FAILS(syscall(SYS_sigaltstack, 8, NULL), EFAULT);
	CHECK_FAILS(syscall(SYS_sigaltstack, NULL, 8), EFAULT);
}

static const struct test tests[] = {
    {"siginfo", test_siginfo},
    {"SIGCHLD", test_sigchld},
    {"sigaction gives back what it was given", test_action_roundtrip},
    {"sigaction errors", test_action_errors},
    {"SA_RESETHAND", test_resethand},
    {"mask in a handler", test_mask_in_handler},
    {"sigprocmask gives back what it was given", test_mask_roundtrip},
    {"blocked signals wait", test_blocked_then_delivered},
    {"nested handlers", test_nested},
    {"mask from a frame", test_mask_from_frame},
    {"registers survive a handler", test_registers},
    {"floating point state of a handler", test_floating_point},
    {"a handler edits its frame", test_frame_edit},
    {"sigreturn without a frame", test_bad_frame},
    {"no room for a frame", test_no_stack},
    {"alternate stack", test_altstack},
    {"SS_AUTODISARM", test_altstack_autodisarm},
    {"sigaltstack errors", test_altstack_errors},
};

int main(void)
{
	return RUN_TESTS(tests);
}
