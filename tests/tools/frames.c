/* SPDX-License-Identifier: MIT */
/* Frames that a handler changes before it returns, or that a program makes up: what the kernel makes of them. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "tests/tools/lines.h"

static char altstack[1 << 16] __attribute__((aligned(4096)));
static void (*volatile change)(ucontext_t *uc);
static volatile int faults;

static void on_usr1(int sig, siginfo_t *info, void *context)
{
	change(context);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	printf("fault: code %d addr %s trapno %lld; ", info->si_code, info->si_addr ? "some" : "0",
	       uc->uc_mcontext.gregs[REG_TRAPNO]);
	fflush(stdout);
	if (++faults == 2)
		_exit(2);
	_exit(1);
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	sigaction(sig, &action, NULL);
}

static void try_change(void (*fn)(ucontext_t *))
{
	stack_t ss = {.ss_sp = altstack, .ss_size = sizeof(altstack)};
	pid_t pid;
	int status;

	change = fn;
	handle(SIGUSR1, on_usr1, 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
		printf("went on; ");
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("status %x; ", (unsigned)status & ~0x80U);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		sigaltstack(&ss, NULL);
		handle(SIGSEGV, on_fault, SA_ONSTACK);
		handle(SIGBUS, on_fault, SA_ONSTACK);
		handle(SIGILL, on_fault, SA_ONSTACK);
		handle(SIGFPE, on_fault, SA_ONSTACK);
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
		printf("went on; ");
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("with handlers %x; ", (unsigned)status & ~0x80U);
}

/* ---- changes ---- */

static void nothing(ucontext_t *uc)
{
}

static void no_fpregs(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = NULL;
}

static void bad_fpregs(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)8;
}

static void odd_fpregs(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)((char *)uc->uc_mcontext.fpregs + 4);
}

static void kernel_fpregs(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0xffffffff80000000;
}

static void bad_mxcsr(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs->mxcsr = 0xffffffff;
}

static void no_magic(ucontext_t *uc)
{
	memset((char *)uc->uc_mcontext.fpregs + 464, 0, 48);
}

static void bad_xfeatures(ucontext_t *uc)
{
	memset((char *)uc->uc_mcontext.fpregs + 512, 0xff, 64);
}

static void bad_rip(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = 0x1234567812345678;
}

static void null_rip(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = 8;
}

static void bad_rsp(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RSP] = 8;
}

static void bad_cs(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0x1230;
}

static void kernel_cs(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0x10;
}

static void zero_ss(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_CSGSFS] &= 0xffffffffffff;
}

static void all_flags(ucontext_t *uc)
{
	/* All but the trap flag, and what would fault on what is not aligned. */
	uc->uc_mcontext.gregs[REG_EFL] |= 0xffffffff & ~0x40100;
}

static void uc_flags(ucontext_t *uc)
{
	uc->uc_flags = 0;
}

static void bad_stack(ucontext_t *uc)
{
	uc->uc_stack.ss_flags = 77;
	uc->uc_stack.ss_sp = (void *)8;
}

static const struct {
	const char *name;
	void (*fn)(ucontext_t *);
} changes[] = {
    {"nothing", nothing},
    {"no fpregs", no_fpregs},
    {"bad fpregs", bad_fpregs},
    {"odd fpregs", odd_fpregs},
    {"kernel's fpregs", kernel_fpregs},
    {"bad mxcsr", bad_mxcsr},
    {"no magic", no_magic},
    {"bad xfeatures", bad_xfeatures},
    {"bad rip", bad_rip},
    {"null rip", null_rip},
    {"bad rsp", bad_rsp},
    {"bad cs", bad_cs},
    {"kernel's cs", kernel_cs},
    {"no ss", zero_ss},
    {"all flags", all_flags},
    {"no uc_flags", uc_flags},
    {"bad uc_stack", bad_stack},
};

/* A frame that never came from the kernel. */
static void made_up(void)
{
	static ucontext_t uc;
	static volatile int round;

	memset(&uc, 0, sizeof(uc));
	getcontext(&uc);
	if (round++ == 0) {
		uc.uc_mcontext.fpregs = NULL;
		uc.uc_mcontext.gregs[REG_CSGSFS] = 0x2b000000000033;
		__asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(&uc) : "memory");
	}
	printf("came back; ");
}

static void edge_frame(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 4096, 4096);
	__asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall" ::"r"(page + 4000) : "memory");
}

static void show_changes(void)
{
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		printf("\n  %-20s", changes[i].name);
		try_change(changes[i].fn);
	}
	printf("\n");
}

static const struct line lines[] = {
    {"changed", show_changes},
    {"made up", made_up},
    {"at an edge", edge_frame},
};

int main(void)
{
	SHOW_LINES(lines);
	return 0;
}
