/* SPDX-License-Identifier: MIT */
/* What sigaction(2)'s flags and sigaltstack(2)'s do: each line is tried in a process of its own, whose end is told too.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define AUTODISARM     (1U << 31)
#define SA_UNSUPPORTED 0x400
#define SA_TAGBITS     0x800
#define SA_RESTORER_   0x04000000

static char stack[1 << 16] __attribute__((aligned(4096)));
static char other_stack[1 << 16] __attribute__((aligned(4096)));

/* Not static: see tests/programs/signals.h. */
volatile sig_atomic_t count, depth, deepest;

/* The kernel's struct sigaction. */
struct action {
	void *handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

static long raw_sigaction(int sig, const struct action *new, struct action *old)
{
	return syscall(SYS_rt_sigaction, sig, new, old, 8);
}

static void send(int sig)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

static const char *where(const void *at)
{
	const char *p = at;

	if (p > stack && p <= stack + sizeof(stack))
		return "alternate stack";
	if (p > other_stack && p <= other_stack + sizeof(other_stack))
		return "other stack";
	return "usual stack";
}

static void tell_altstack(const char *when)
{
	stack_t now;

	sigaltstack(NULL, &now);
	printf("%s: %s, size %zu, flags %x; ", when, now.ss_sp ? where((char *)now.ss_sp + 1) : "none", now.ss_size,
	       (unsigned)now.ss_flags);
}

static void use_altstack(void *at, size_t size, unsigned flags)
{
	stack_t ss = {.ss_sp = at, .ss_size = size, .ss_flags = (int)flags};

	if (sigaltstack(&ss, NULL))
		printf("sigaltstack: %s; ", strerrorname_np(errno));
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags};

	if (sigaction(sig, &action, NULL))
		printf("sigaction: %s; ", strerrorname_np(errno));
}

/* ---- handlers ---- */

static void on_count(int sig, siginfo_t *info, void *uc)
{
	count++;
}

static void on_nest(int sig, siginfo_t *info, void *uc)
{
	count++;
	if (++depth > deepest)
		deepest = depth;
	if (count < 5)
		send(sig);
	depth--;
}

static void on_place(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	count++;
	printf("on the %s, uc_stack %s %zu %x; ", where(__builtin_frame_address(0)),
	       uc->uc_stack.ss_sp ? where((char *)uc->uc_stack.ss_sp + 1) : "none", uc->uc_stack.ss_size,
	       (unsigned)uc->uc_stack.ss_flags);
	tell_altstack("in it");
	use_altstack(other_stack, sizeof(other_stack), 0);
	if (count < 3)
		send(sig);
}

static void on_arguments(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	printf("signal %d, code %d, pid %s, flags %lx, link %d, oldmask %llx, trapno %llx, err %llx; ", info->si_signo,
	       info->si_code, info->si_pid == getpid() ? "ours" : "another", uc->uc_flags, uc->uc_link != NULL,
	       uc->uc_mcontext.gregs[REG_OLDMASK], uc->uc_mcontext.gregs[REG_TRAPNO], uc->uc_mcontext.gregs[REG_ERR]);
}

/* ---- flags ---- */

static void siginfo(void)
{
	handle(SIGUSR1, on_arguments, SA_SIGINFO);
	send(SIGUSR1);
	kill(getpid(), SIGUSR1);
}

static void nest(int flags)
{
	handle(SIGUSR1, on_nest, SA_SIGINFO | flags);
	send(SIGUSR1);
	printf("%d times, %d deep", count, deepest);
}

static void defer(void)
{
	nest(0);
}

static void nodefer(void)
{
	nest(SA_NODEFER);
}

static void reset_with(int sig, int flags)
{
	struct action now;

	handle(sig, on_count, (int)(SA_SIGINFO | SA_RESETHAND | (unsigned)flags));
	send(sig);
	raw_sigaction(sig, NULL, &now);
	printf("%d times, then handler %s, flags %lx; ", count, now.handler ? "kept" : "gone", now.flags);
	fflush(stdout);
	send(sig);
}

static void resethand(void)
{
	reset_with(SIGUSR1, 0);
}

static void resethand_nodefer(void)
{
	reset_with(SIGUSR1, SA_NODEFER);
}

static void resethand_sigsys(void)
{
	reset_with(SIGSYS, 0);
}

static void resethand_sigsegv(void)
{
	reset_with(SIGSEGV, SA_NODEFER);
}

/* Linux keeps the flags that it knows, and forgets the others. */
static void all_flags(void)
{
	struct action action = {.handler = (void *)on_count, .flags = ~0UL, .mask = ~0UL}, now;

	printf("result %ld, ", raw_sigaction(SIGUSR1, &action, NULL));
	raw_sigaction(SIGUSR1, NULL, &now);
	printf("flags %lx, mask %lx; ", now.flags, (unsigned long)now.mask);
	action.flags = SA_UNSUPPORTED | SA_TAGBITS;
	raw_sigaction(SIGSEGV, &action, NULL);
	raw_sigaction(SIGSEGV, NULL, &now);
	printf("flags %lx", now.flags);
}

static void no_restorer(void)
{
	struct action action = {.handler = (void *)on_count};

	raw_sigaction(SIGUSR1, &action, NULL);
	send(SIGUSR1);
	printf("%d", count);
}

/* ---- children ---- */

static void on_child(int sig, siginfo_t *info, void *uc)
{
	count++;
	printf("SIGCHLD code %d status %d; ", info->si_code, info->si_status);
}

static void stop_a_child(int flags)
{
	pid_t pid;
	int status, end[2];
	char byte;

	handle(SIGCHLD, on_child, SA_SIGINFO | flags);
	if (pipe(end))
		printf("pipe: %s; ", strerrorname_np(errno));
	pid = fork();
	if (pid == 0) {
		raise(SIGSTOP);
		_exit(read(end[0], &byte, 1) == 1 ? 3 : 4);
	}
	while (waitpid(pid, &status, WUNTRACED) != pid)
		;
	printf("wait status %x; ", (unsigned)status);
	kill(pid, SIGCONT);
	/* Signals that come together are one: the end comes when the other has been told. */
	while (!(flags & SA_NOCLDSTOP) && count < 2)
		usleep(1000);
	if (write(end[1], "x", 1) != 1)
		printf("write: %s; ", strerrorname_np(errno));
	errno = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("wait status %x, %s; ", (unsigned)status, errno == ECHILD ? "ECHILD" : "");
}

static void cldstop(void)
{
	stop_a_child(SA_RESTART);
}

static void nocldstop(void)
{
	stop_a_child(SA_RESTART | SA_NOCLDSTOP);
}

static void lose_a_child(void)
{
	int status = 0;
	pid_t pid = fork();
	long result;

	if (pid == 0)
		_exit(3);
	while ((result = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	printf("wait: %s; ", result < 0 ? strerrorname_np(errno) : "a child");
}

static void nocldwait(void)
{
	handle(SIGCHLD, on_child, SA_SIGINFO | SA_NOCLDWAIT | SA_RESTART);
	lose_a_child();
}

static void nocldwait_default(void)
{
	struct action action = {.handler = SIG_DFL, .flags = SA_NOCLDWAIT};

	raw_sigaction(SIGCHLD, &action, NULL);
	lose_a_child();
}

static void ignored_child(void)
{
	signal(SIGCHLD, SIG_IGN);
	lose_a_child();
}

/* ---- alternate stacks ---- */

static void onstack_with(unsigned flags)
{
	use_altstack(stack, sizeof(stack), flags);
	handle(SIGUSR1, on_place, SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
	tell_altstack("before");
	send(SIGUSR1);
	tell_altstack("after");
}

static void onstack(void)
{
	onstack_with(0);
}

static void onstack_ss_onstack(void)
{
	onstack_with(SS_ONSTACK);
}

static void onstack_autodisarm(void)
{
	onstack_with(AUTODISARM);
}

static void onstack_without(void)
{
	handle(SIGUSR1, on_place, SA_SIGINFO | SA_ONSTACK);
	send(SIGUSR1);
}

static void not_onstack(void)
{
	use_altstack(stack, sizeof(stack), 0);
	handle(SIGUSR1, on_place, SA_SIGINFO);
	send(SIGUSR1);
	tell_altstack("after");
}

/* A stack that the program has gone to by itself is one that it is on. */
static void on_it_already(void)
{
	static ucontext_t there, back;

	use_altstack(stack, sizeof(stack), 0);
	handle(SIGUSR1, on_place, SA_SIGINFO);
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack) / 2;
	there.uc_link = &back;
	makecontext(&there, (void (*)(void))onstack_without, 0);
	swapcontext(&back, &there);
	tell_altstack("after");
}

/* A stack that does not hold the frame. */
static void small_stack(size_t size, unsigned flags)
{
	char *area = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	use_altstack(area + 32768, size, flags);
	handle(SIGUSR1, on_count, SA_SIGINFO | SA_ONSTACK);
	send(SIGUSR1);
	printf("%d", count);
}

static void smallest(void)
{
	small_stack(getauxval(AT_MINSIGSTKSZ), 0);
}

static void too_small(void)
{
	small_stack(2047, 0);
}

static void hardly(void)
{
	small_stack(2048, 0);
}

static void hardly_autodisarm(void)
{
	small_stack(2048, AUTODISARM);
}

static void bad_altstacks(void)
{
	static const unsigned flags[] = {0, 1, 2, 3, 4, AUTODISARM, AUTODISARM | 1, AUTODISARM | 2, AUTODISARM | 4};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		printf("%x: ", flags[i]);
		use_altstack(stack, sizeof(stack), flags[i]);
		tell_altstack("now");
	}
}

static int tell_in_child(void *arg)
{
	tell_altstack(arg);
	fflush(stdout);
	return 0;
}

static void children_altstack(void)
{
	static char child_stack[1 << 16] __attribute__((aligned(16)));
	char *top = child_stack + sizeof(child_stack);

	use_altstack(stack, sizeof(stack), 0);
	fflush(stdout);
	if (fork() == 0)
		_exit(tell_in_child("fork"));
	wait(NULL);
	clone(tell_in_child, top, CLONE_VM | CLONE_VFORK | SIGCHLD, "vfork");
	wait(NULL);
	clone(tell_in_child, top, CLONE_VM | SIGCHLD, "CLONE_VM");
	wait(NULL);
	clone(tell_in_child, top, SIGCHLD, "clone");
	wait(NULL);
}

static const struct {
	const char *name;
	void (*fn)(void);
} lines[] = {
    {"SA_SIGINFO", siginfo},
    {"no SA_NODEFER", defer},
    {"SA_NODEFER", nodefer},
    {"SA_RESETHAND", resethand},
    {"SA_RESETHAND, SA_NODEFER", resethand_nodefer},
    {"SA_RESETHAND, SIGSYS", resethand_sigsys},
    {"SA_RESETHAND, SIGSEGV", resethand_sigsegv},
    {"all flags", all_flags},
    {"no SA_RESTORER", no_restorer},
    {"no SA_NOCLDSTOP", cldstop},
    {"SA_NOCLDSTOP", nocldstop},
    {"SA_NOCLDWAIT", nocldwait},
    {"SA_NOCLDWAIT, default", nocldwait_default},
    {"SIGCHLD ignored", ignored_child},
    {"SA_ONSTACK", onstack},
    {"SA_ONSTACK, SS_ONSTACK", onstack_ss_onstack},
    {"SA_ONSTACK, SS_AUTODISARM", onstack_autodisarm},
    {"SA_ONSTACK without a stack", onstack_without},
    {"a stack without SA_ONSTACK", not_onstack},
    {"on the stack already", on_it_already},
    {"the smallest stack", smallest},
    {"too small a stack", too_small},
    {"hardly a stack", hardly},
    {"hardly, SS_AUTODISARM", hardly_autodisarm},
    {"flags of sigaltstack", bad_altstacks},
    {"children's alternate stacks", children_altstack},
};

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status;

		printf("%-28s ", lines[i].name);
		fflush(stdout);
		if (fork() == 0) {
			alarm(60);
			lines[i].fn();
			fflush(stdout);
			_exit(0);
		}
		wait(&status);
		printf(" | ended %x\n", (unsigned)status & ~0x80U);
	}
	return 0;
}
