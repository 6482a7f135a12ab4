/* SPDX-License-Identifier: MIT */
/*
 * Call sites of another shape, near padding, as musl and Go have them: one site for calls of all numbers, which are
 * the same before and after secede has patched it.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "tests/programs/asleep.h"
#include "tests/programs/patch.h"
#include "tests/programs/patch_regs.h"

static bool under_secede;

#define OFTEN	  200
#define JMP_SHORT 0xeb

static bool is_plain(const unsigned char *insn)
{
	return insn[0] == 0x0f && insn[1] == 0x05;
}

static void check_patched(const unsigned char *insn)
{
	CHECK(is_plain(insn) == !patches_are_made(under_secede));
	CHECK(is_plain(insn) || insn[0] == JMP_SHORT);
}

extern unsigned char regs_insn[];
REGISTERS_SITE("	.balign 16\n"
	       "	jmp 1f\n"
	       "	.balign 16\n"
	       "	.skip 32, 0x90\n"
	       "1:	mov $102, %eax\n"
	       "	nop\n"
	       "	.globl regs_insn\n"
	       "regs_insn:\n"
	       "	syscall\n");

static void registers(void)
{
	check_registers(2 * OFTEN);
	check_patched(regs_insn);
}

/* ---- one site for all calls ---- */

long any_call(long nr, ...);
extern unsigned char any_insn[], any_behind[];
__asm__(".text\n.balign 64\n.globl any_call, any_insn, any_behind\n"
	"any_call:\n"
	"	mov %rdi, %rax\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	mov %r8, %r10\n"
	"	mov %r9, %r8\n"
	"any_insn:\n"
	"	syscall\n"
	"any_behind:\n"
	"	ret\n"
	"	.balign 64\n");

#define INSN_SIZE 2

static void patch_it(void)
{
	for (int i = 0; i < OFTEN; i++)
		CHECK(any_call(SYS_getuid) == (long)getuid());
	check_patched(any_insn);
}

/* Calls that trap, that the host does alone, that it does for some arguments, and what is no call. */
static void numbers(void)
{
	char dir[4096], want[4096], buf[8];
	struct stat st;
	int fds[2];

	patch_it();
	CHECK(getcwd(want, sizeof(want)) != NULL);
	for (int i = 0; i < OFTEN; i++) {
		CHECK(any_call(SYS_getpid) == getpid());
		CHECK(any_call(SYS_getcwd, dir, sizeof(dir)) == (long)strlen(want) + 1 && !strcmp(dir, want));
		CHECK(any_call(SYS_stat, "/", &st) == 0 && S_ISDIR(st.st_mode));
		CHECK(any_call(SYS_pipe, fds) == 0);
		CHECK(any_call(SYS_write, fds[1], "hello", 5L) == 5);
		CHECK(any_call(SYS_read, fds[0], buf, sizeof(buf)) == 5 && !memcmp(buf, "hello", 5));
		CHECK(any_call(SYS_close, fds[0]) == 0);
		CHECK(any_call(SYS_close, fds[1]) == 0);
		CHECK(any_call(SYS_close, fds[1]) == -EBADF);
		CHECK(any_call(SYS_fcntl, 0, F_GETFD) >= 0);
		CHECK(any_call(SYS_kill, getpid(), 0) == 0);
		CHECK(any_call(SYS_execve, "/nothing", 0L, 0L) == -ENOENT);
		CHECK(any_call(SYS_munmap, 0x1000L, 4096L) == 0);
		CHECK(any_call(-1) == -ENOSYS);
		CHECK(any_call(1000000) == -ENOSYS);
		CHECK(any_call(0x10000L + SYS_getuid) == -ENOSYS);
		CHECK(any_call(0x100000000L + SYS_getuid) == (long)getuid());
	}
	check_patched(any_insn);
}

/* Memory wherever the host likes, and more than there is below the table: nothing has to make way. */
static void large_mapping(void)
{
	const size_t large = 256UL << 20;
	long at;

	patch_it();
	at = any_call(SYS_mmap, 0L, large, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0L);
	CHECK(at > 0 && any_call(SYS_munmap, at, large) == 0);
	check_patched(any_insn);
}

static int in_child(void *arg)
{
	return any_call(SYS_getuid) == (long)getuid() && any_call(SYS_getppid) == (long)(intptr_t)arg ? 5 : 6;
}

static void *in_thread(void *arg)
{
	for (int i = 0; i < OFTEN; i++)
		CHECK(any_call(SYS_gettid) == gettid() && any_call(SYS_getuid) == (long)getuid());
	return NULL;
}

static void check_exit(long pid, int code)
{
	int status = 0;

	CHECK(pid > 0 && any_call(SYS_wait4, pid, &status, 0, 0L) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

/* Children that it makes, and that others make. */
static void children(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pthread_t id;
	long pid;

	patch_it();
	for (int i = 0; i < 20; i++) {
		pid = any_call(SYS_fork);
		if (!pid)
			any_call(SYS_exit_group, any_call(SYS_getuid) == (long)getuid() ? 3 : 4);
		check_exit(pid, 3);
		pid = vfork();
		if (!pid)
			_exit(any_call(SYS_getuid) == (long)getuid() ? 3 : 4);
		check_exit(pid, 3);
		check_exit(clone(in_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)(intptr_t)getpid()), 5);
		pid = any_call(SYS_clone, SIGCHLD, 0L, 0L, 0L);
		if (!pid) {
			any_call(SYS_execve, "/bin/true", (char *[]){"true", NULL}, 0L);
			any_call(SYS_exit, 1);
		}
		check_exit(pid, 0);
		CHECK(!pthread_create(&id, NULL, in_thread, NULL));
		in_thread(NULL);
		pthread_join(id, NULL);
	}
	check_patched(any_insn);
}

static volatile int go, ready;

static uint64_t gs(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}

/* It makes no call that traps by itself; secede knows it by gs all the same, from its first call at the site on. */
static void *was_there_before(void *arg)
{
	ready = 1;
	while (!go)
		;
	for (int i = 0; i < OFTEN; i++)
		CHECK(any_call(SYS_getpid) == getpid());
	CHECK(!patches_are_made(under_secede) || gs());
	return NULL;
}

static void threads_before(void)
{
	pthread_t id;

	CHECK(!pthread_create(&id, NULL, was_there_before, NULL));
	while (!ready)
		;
	patch_it();
	go = 1;
	CHECK(!pthread_join(id, NULL));
}

/* ---- signals ---- */

static volatile uintptr_t signal_from; /* the end of the instruction */
static volatile long signal_rax;
static volatile int nr_signals;

static void note(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	signal_from = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP] - (uintptr_t)any_behind;
	signal_rax = uc->uc_mcontext.gregs[REG_RAX];
	nr_signals++;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	CHECK_OK(sigaction(sig, &action, NULL));
}

static int fds[2];

static void ring_and_write(void)
{
	ring_parent();
	until_asleep(getppid());
	_exit(write(fds[1], "x", 1) == 1 ? 7 : 8);
}

/* A call that the host would do alone, too, is interrupted where it would be, and restarted. */
static void interrupted(void)
{
	const struct timespec long_time = {100, 0};
	char byte;
	pid_t pid;

	patch_it();
	CHECK_OK(pipe(fds));
	handle(SIGALRM, note, SA_RESTART);
	pid = when_asleep(ring_and_write);
	CHECK(any_call(SYS_read, fds[0], &byte, 1L) == 1 && byte == 'x');
	CHECK(nr_signals == 1 && signal_from == (uintptr_t)-INSN_SIZE && signal_rax == SYS_read);
	check_exit(pid, 7);
	handle(SIGALRM, note, 0);
	pid = when_asleep(ring_parent);
	CHECK(any_call(SYS_read, fds[0], &byte, 1L) == -EINTR);
	CHECK(nr_signals == 2 && signal_from == 0 && signal_rax == -EINTR);
	check_exit(pid, 0);
	handle(SIGALRM, note, SA_RESTART);
	pid = when_asleep(ring_parent);
	CHECK(any_call(SYS_nanosleep, &long_time, 0L) == -EINTR);
	CHECK(nr_signals == 3 && signal_from == 0 && signal_rax == -EINTR);
	check_exit(pid, 0);
	check_patched(any_insn);
}

/* A stop and a continuation are not an interruption. */
static void stopped(void)
{
	const struct timespec second = {1, 0};
	char byte;
	pid_t pid;

	CHECK_OK(pipe(fds));
	pid = fork();
	if (!pid) {
		patch_it();
		if (any_call(SYS_nanosleep, &second, 0L) || any_call(SYS_read, fds[0], &byte, 1L) != 1)
			_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 30; i++) {
		usleep(50000);
		kill(pid, SIGSTOP);
		usleep(10000);
		kill(pid, SIGCONT);
	}
	CHECK(write(fds[1], "x", 1) == 1);
	check_exit(pid, 0);
}

/* Wherever a signal comes, its handler finds an instruction of the program, and none of those that are not its own. */
static void check_place(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], from = rip - (uintptr_t)any_behind;

	nr_signals++;
	if (rip >> 32 == 0x5500 || rip >> 32 == 0x5510 || (from > 0 && from < 32))
		_exit(3);
}

static void signals_anywhere(void)
{
	struct itimerval every = {{0, 50}, {0, 50}};
	char here[4096], dir[4096];
	struct stat st;

	patch_it();
	CHECK(getcwd(dir, sizeof(dir)) != NULL);
	handle(SIGALRM, check_place, SA_RESTART);
	CHECK_OK(setitimer(ITIMER_REAL, &every, NULL));
	while (nr_signals < 10000) {
		CHECK(any_call(SYS_getcwd, here, sizeof(here)) == (long)strlen(dir) + 1 && !strcmp(here, dir));
		CHECK(any_call(SYS_fstat, 0, &st) == 0);
		CHECK(any_call(SYS_getuid) == (long)getuid());
		CHECK(any_call(SYS_sched_yield) == 0);
	}
}

static void leave_call(int sig, siginfo_t *info, void *context)
{
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	nr_signals++;
	gregs[REG_RIP] = *(greg_t *)gregs[REG_RSP];
	gregs[REG_RSP] += sizeof(greg_t);
}

/* What stands at the instruction that a signal came upon cannot always be read, or not as far as secede would look. */
static void nothing_to_read(void)
{
	unsigned char *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct itimerval soon = {.it_value = {0, 50000}}; /* of processor time: it has come to the loop by then */
	volatile uintptr_t nowhere = 0;

	patch_it();
	handle(SIGSEGV, leave_call, 0);
	((void (*)(void))nowhere)();
	CHECK(nr_signals == 1);
	CHECK(code != MAP_FAILED && munmap(code + 4096, 4096) == 0);
	memcpy(code + 4094, (unsigned char[]){0xeb, 0xfe}, 2); /* jmp . */
	handle(SIGVTALRM, leave_call, 0);
	CHECK_OK(setitimer(ITIMER_VIRTUAL, &soon, NULL));
	((void (*)(void))(uintptr_t)(code + 4094))();
	CHECK(nr_signals == 2);
}

static volatile int step_at[3], steps_elsewhere;

static void note_step(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], from = rip - (uintptr_t)any_behind;

	if (rip >> 32 == 0x5500 || (from > 0 && from < 32))
		steps_elsewhere++;
	if (from + INSN_SIZE < 3)
		step_at[from + INSN_SIZE]++;
}

/* The program steps through its own code. */
static void own_steps(void)
{
	long ret;

	patch_it();
	handle(SIGTRAP, note_step, 0);
	for (int i = 1; i <= 3; i++) {
		__asm__ volatile("pushf; orl $0x100, (%%rsp); popf\n"
				 "	call any_call\n"
				 "	pushf; andl $~0x100, (%%rsp); popf\n"
				 : "=a"(ret)
				 : "D"(SYS_getuid)
				 : "rcx", "r11", "rsi", "rdx", "r10", "r8", "r9", "memory");
		CHECK(ret == (long)getuid());
		CHECK(step_at[0] == i);
	}
	CHECK(!steps_elsewhere);
}

/* ---- what else a program may do ---- */

#define TABLE 0x050f0000UL

static void addresses_wanted(void)
{
	char *low;

	patch_it();
	low = mmap((void *)(TABLE - 4096), 32 * 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(low == (void *)(TABLE - 4096));
	CHECK(is_plain(any_insn));
	for (int i = 0; i < OFTEN; i++)
		CHECK(any_call(SYS_getuid) == (long)getuid());
	CHECK(is_plain(any_insn));
}

/* gs is the program's, or a thread has another's. */
static void own_gs(void)
{
	uint64_t mine[8] = {0}, base = 1;

	patch_it();
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, mine));
	for (int i = 0; i < OFTEN; i++) {
		CHECK(any_call(SYS_getuid) == (long)getuid());
		CHECK(any_call(SYS_fstat, -1, 0L) == -EBADF);
		CHECK(any_call(0x10000L + SYS_getuid) == -ENOSYS);
	}
	CHECK_OK(any_call(SYS_arch_prctl, ARCH_GET_GS, &base));
	CHECK(base == (uintptr_t)mine);
	CHECK(is_plain(any_insn)); /* so that what never trapped does not */
}

/* A filter of the program's own is asked about a call from where it is made. */
static void own_filter(void)
{
	struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(uintptr_t)any_behind, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(insns) / sizeof(insns[0]), insns};

	patch_it();
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	CHECK(any_call(SYS_getuid) == -77);
	CHECK(any_call(SYS_getgid) == (long)getgid());
	CHECK(any_call(SYS_getpid) == getpid());
}

static volatile char selector;

/* Syscall User Dispatch, of the program's own. */
static void own_dispatch(void)
{
	patch_it();
	handle(SIGSYS, note, 0);
	CHECK_OK(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector));
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	CHECK(any_call(SYS_getuid) == (long)getuid());
	CHECK(nr_signals == 0);
}

static const struct test tests[] = {
    {"registers, flags, vectors and red zone are kept", registers},
    {"calls of all kinds", numbers},
    {"a mapping that is larger than what is below the table", large_mapping},
    {"children and threads", children},
    {"a thread that was there before", threads_before},
    {"a call that sleeps is interrupted, and restarted", interrupted},
    {"a call that sleeps is stopped, and continued", stopped},
    {"signals at any instruction", signals_anywhere},
    {"signals where nothing can be read", nothing_to_read},
    {"steps of the program's own", own_steps},
    {"the program maps the addresses that are needed", addresses_wanted},
    {"gs is the program's", own_gs},
    {"a filter of the program's", own_filter},
    {"Syscall User Dispatch", own_dispatch},
};

int main(int argc, char **argv)
{
	under_secede = argc > 2;
	return RUN_TESTS(tests);
}
