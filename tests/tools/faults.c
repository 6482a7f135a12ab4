/* SPDX-License-Identifier: MIT */
/*
 * Faults and what their handlers are told: each line makes one happen in a process of its own, whose handler tells what
 * siginfo_t and the context say and mends the matter, so that the program goes on or, without one, ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE	  4096
#define EFLAGS_AC 0x40000

static char altstack[1 << 16] __attribute__((aligned(4096)));
static char *volatile page; /* what lines play with */
static char *volatile expected;

/* Where the program is to go on; NULL: at the same instruction, `mend` first. */
static void *volatile go_on;
static void (*volatile mend)(void);

static int runs;

/* An address as the program knows it. */
static const char *name_of(const void *addr, uint64_t rip)
{
	static char text[32];
	uintptr_t at = (uintptr_t)addr;

	if (at == rip)
		return "rip";
	if (expected && at - (uintptr_t)expected < 2 * PAGE)
		snprintf(text, sizeof(text), "page+%lx", (unsigned long)(at - (uintptr_t)expected));
	else if (at < PAGE)
		snprintf(text, sizeof(text), "%lx", (unsigned long)at);
	else
		snprintf(text, sizeof(text), "elsewhere");
	return text;
}

static void tell(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;
	const char *at = (const char *)&sig;
	void *to = go_on;

	/* The C library is not made for it. */
	__asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" ::: "memory", "cc");
	printf("signal %d code %d addr %s", sig, info->si_code, name_of(info->si_addr, (uint64_t)regs[REG_RIP]));
	printf(" trapno %lld err %llx cr2 %s", regs[REG_TRAPNO], regs[REG_ERR],
	       regs[REG_TRAPNO] == 14 ? name_of((void *)regs[REG_CR2], (uint64_t)regs[REG_RIP]) : "-");
	printf("%s; ", at > altstack && at < altstack + sizeof(altstack) ? ", alternate stack" : "");
	fflush(stdout);
	if (++runs > 10)
		_exit(9);
	if (mend)
		mend();
	if (to)
		regs[REG_RIP] = (greg_t)to;
	regs[REG_EFL] &= ~(greg_t)EFLAGS_AC;
}

static void catch_all(int flags)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | flags};
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &action, NULL);
}

/* Runs one instruction, or a few, and goes on behind it. */
#define TRY(text, ...)                                                                                                 \
	do {                                                                                                           \
		__asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\t" text "\n1:"                               \
				 : "=m"(go_on)                                                                         \
				 : __VA_ARGS__                                                                         \
				 : "rax", "rcx", "rdx", "memory", "cc");                                               \
	} while (0)

static char *map(int prot)
{
	expected = mmap(NULL, 2 * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page = expected;
}

static void open_page(void)
{
	mprotect(page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void map_page(void)
{
	(void)mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* ---- lines ---- */

static void read_null(void)
{
	TRY("movb 8, %%cl", "m"(go_on));
}

static void write_null(void)
{
	TRY("movb %%cl, 8", "m"(go_on));
}

static void call_null(void)
{
	TRY("xor %%ecx, %%ecx; jmp *%%rcx", "m"(go_on));
}

static void non_canonical(void)
{
	TRY("mov $0x1234567812345678, %%rcx; movb (%%rcx), %%cl", "m"(go_on));
}

static void non_canonical_stack(void)
{
	TRY("mov %%rsp, %%rdx; mov $0x1234567812345678, %%rsp; push %%rcx\n1:; mov %%rdx, %%rsp; jmp 2f\n2:",
	    "m"(go_on));
}

static void kernel_address(void)
{
	TRY("mov $0xffffffff80000000, %%rcx; movb (%%rcx), %%cl", "m"(go_on));
}

static void write_read_only(void)
{
	map(PROT_READ);
	mend = open_page;
	page[100] = 'x';
	printf("wrote %c", page[100]);
}

static void touch_none(void)
{
	map(PROT_NONE);
	mend = open_page;
	printf("read %d", page[PAGE - 1]);
}

static void touch_unmapped(void)
{
	map(PROT_READ);
	munmap(page, PAGE);
	mend = map_page;
	page[3] = 'y';
	printf("wrote %c", page[3]);
}

static void execute_nx(void)
{
	map(PROT_READ | PROT_WRITE);
	memcpy(page + 16, "\xc3", 1);
	mend = open_page;
	((void (*)(void))(uintptr_t)(page + 16))();
	printf("returned");
}

static void beyond_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (ftruncate(fd, 100))
		return;
	page = expected = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	TRY("movb (%1), %%cl", "r"(page + PAGE + 5));
}

static void misaligned(void)
{
	map(PROT_READ | PROT_WRITE);
	TRY("pushfq; orl $0x40000, (%%rsp); popfq; movl 1(%1), %%ecx", "r"(page));
}

static void movaps(void)
{
	map(PROT_READ | PROT_WRITE);
	TRY("movaps 1(%1), %%xmm0", "r"(page));
}

static void divide(void)
{
	TRY("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx", "m"(go_on));
}

static void divide_overflow(void)
{
	TRY("mov $-1, %%ecx; mov $0x80000000, %%eax; cltd; idiv %%ecx", "m"(go_on));
}

static void float_divide(void)
{
	unsigned mxcsr = 0x1f80 & ~0x200U;

	TRY("ldmxcsr %1; xorps %%xmm1, %%xmm1; pcmpeqd %%xmm0, %%xmm0; pslld $25, %%xmm0; psrld $2, %%xmm0; "
	    "divss %%xmm1, %%xmm0",
	    "m"(mxcsr));
}

static void x87_divide(void)
{
	unsigned short control = 0x37f & ~0x4;

	TRY("fldcw %1; fldz; fld1; fdivp; fwait", "m"(control));
}

static void undefined(void)
{
	TRY("ud2", "m"(go_on));
}

static void privileged(void)
{
	TRY("hlt", "m"(go_on));
}

static void port(void)
{
	TRY("in $0x80, %%al", "m"(go_on));
}

static void breakpoint(void)
{
	TRY("int3", "m"(go_on));
}

static void debug_trap(void)
{
	TRY(".byte 0xf1", "m"(go_on));
}

static void bad_interrupt(void)
{
	TRY("int $0x33", "m"(go_on));
}

static void bad_segment(void)
{
	TRY("mov $0x1238, %%ecx; mov %%ecx, %%fs", "m"(go_on));
}

static void sent(void)
{
	raise(SIGSEGV);
	kill(getpid(), SIGFPE);
	raise(SIGSYS);
}

/* ---- the end ---- */

static void blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	read_null();
}

static void ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	read_null();
}

static void divide_ignored(void)
{
	signal(SIGFPE, SIG_IGN);
	divide();
}

static void fault_again(void)
{
	mend = NULL;
	write_null();
}

static void nested(void)
{
	mend = fault_again;
	read_null();
}

static void nested_nodefer(void)
{
	catch_all(SA_NODEFER);
	mend = fault_again;
	read_null();
}

static void use_altstack(void)
{
	stack_t ss = {.ss_sp = altstack, .ss_size = sizeof(altstack)};

	sigaltstack(&ss, NULL);
	catch_all(SA_ONSTACK);
}

static void stop_here(void)
{
	printf("caught");
	fflush(stdout);
	_exit(0);
}

static __attribute__((noinline)) int overflow(volatile char *above)
{
	volatile char here[512];

	here[0] = *above;
	return here[0] == 1 ? 0 : overflow(here) + here[0];
}

static void stack_overflow(void)
{
	volatile char start = 0;

	use_altstack();
	mend = stop_here;
	overflow(&start);
}

static void stack_overflow_plain(void)
{
	volatile char start = 0;

	mend = stop_here;
	overflow(&start);
}

static void stack_gone(void)
{
	use_altstack();
	mend = stop_here;
	__asm__ volatile("mov $0x1000, %%rsp; push %%rax" ::: "memory");
}

/* ---- calls ---- */

static void tell_call(const char *name, long result)
{
	printf("%s: %s; ", name, result < 0 ? strerrorname_np(errno) : "well");
}

static void in_calls(void)
{
	map(PROT_NONE);
	tell_call("stat", syscall(SYS_stat, page, page));
	tell_call("stat", syscall(SYS_stat, "/", page));
	tell_call("read", syscall(SYS_read, open("/proc/self/exe", O_RDONLY), page, 10));
	tell_call("read", syscall(SYS_read, open("/proc/self/status", O_RDONLY), page, 10));
	tell_call("write", syscall(SYS_write, 1, page, 10));
	tell_call("sigaction", syscall(SYS_rt_sigaction, SIGUSR1, page, NULL, 8));
	tell_call("execve", syscall(SYS_execve, "/bin/true", page, NULL));
	tell_call("execve", syscall(SYS_execve, page, NULL, NULL));
	tell_call("getcwd", syscall(SYS_getcwd, page, 100));
	tell_call("uname", syscall(SYS_uname, page));
	tell_call("stat", syscall(SYS_stat, 0x1234567812345678, page));
	tell_call("stat", syscall(SYS_stat, 0xffffffff80000000, page));
}

/* The flag that faults on what is not aligned is on while a call is made. */
static void aligned_calls(void)
{
	struct stat st;
	char *name = map(PROT_READ | PROT_WRITE) + 1;
	long result;

	strcpy(name, "/proc/self/status");
	__asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq; syscall; pushfq; andl $~0x40000, (%%rsp); popfq"
			 : "=a"(result)
			 : "a"(SYS_stat), "D"(name), "S"(&st)
			 : "rcx", "r11", "memory", "cc");
	printf("stat %ld; ", result);
	__asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq; syscall; pushfq; andl $~0x40000, (%%rsp); popfq"
			 : "=a"(result)
			 : "a"(SYS_open), "D"(name), "S"(O_RDONLY)
			 : "rcx", "r11", "memory", "cc");
	printf("open %ld; ", result);
}

static void *first_step;
static int steps;

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;

	if (steps++ < 20)
		printf("+%lld(%d) ", regs[REG_RIP] - (greg_t)first_step, info->si_code);
}

/* One instruction at a time, calls that trap and calls that do not among them. */
static void single_step(void)
{
	struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
	struct stat st;

	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, %0\n"
			 "pushfq; orl $0x100, (%%rsp); popfq\n"
			 "1: nop\n nop\n"
			 "mov $39, %%eax; syscall; nop; nop\n" /* getpid */
			 "mov $4, %%eax; syscall; nop; nop\n"  /* stat */
			 "mov $102, %%eax; syscall; nop\n"     /* getuid */
			 "pushfq; andl $~0x100, (%%rsp); popfq; nop\n"
			 : "=m"(first_step)
			 : "D"("/"), "S"(&st)
			 : "rax", "rcx", "r11", "memory", "cc");
	printf("%d steps", steps);
}

static void step_without_handler(void)
{
	struct stat st;

	signal(SIGTRAP, SIG_DFL);
	__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; mov $4, %%eax; syscall; nop"
			 :
			 : "D"("/"), "S"(&st)
			 : "rax", "rcx", "r11", "memory", "cc");
}

static const struct {
	const char *name;
	void (*fn)(void);
} lines[] = {
    {"read at 8", read_null},
    {"write at 8", write_null},
    {"jump to 0", call_null},
    {"an address that is none", non_canonical},
    {"a stack that is none", non_canonical_stack},
    {"an address of the kernel", kernel_address},
    {"write to a read-only page", write_read_only},
    {"touch a page of nothing", touch_none},
    {"touch what is not mapped", touch_unmapped},
    {"execute data", execute_nx},
    {"beyond the end of a file", beyond_file},
    {"misaligned", misaligned},
    {"movaps", movaps},
    {"divide by 0", divide},
    {"divide, overflow", divide_overflow},
    {"divide by 0.0", float_divide},
    {"divide by 0.0, x87", x87_divide},
    {"ud2", undefined},
    {"hlt", privileged},
    {"in", port},
    {"int3", breakpoint},
    {"int1", debug_trap},
    {"int 0x33", bad_interrupt},
    {"bad selector", bad_segment},
    {"sent by kill(2)", sent},
    {"blocked", blocked},
    {"ignored", ignored},
    {"divide by 0, ignored", divide_ignored},
    {"a fault in the handler", nested},
    {"and with SA_NODEFER", nested_nodefer},
    {"stack overflow", stack_overflow},
    {"without alternate stack", stack_overflow_plain},
    {"stack pointer astray", stack_gone},
    {"bad pointers in calls", in_calls},
    {"calls with EFLAGS.AC", aligned_calls},
    {"single steps", single_step},
    {"single steps, no handler", step_without_handler},
};

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status;

		printf("%-28s ", lines[i].name);
		fflush(stdout);
		if (fork() == 0) {
			alarm(10);
			catch_all(0);
			lines[i].fn();
			fflush(stdout);
			_exit(0);
		}
		wait(&status);
		printf(" | ended %x\n", (unsigned)status & ~0x80U);
	}
	return 0;
}
