/* SPDX-License-Identifier: MIT */
/*
 * Call sites that are executed often, of the shape that libraries have: registers, flags, stack, signals, restarts,
 * steps and what the program does to its own memory are the same before, and after secede has patched them.
 */
#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <ucontext.h>
#include "tests/programs/asleep.h"
#include "tests/programs/patch.h"
#include "tests/programs/patch_regs.h"
#include "tests/spec/tap.h"

static bool under_secede;

#define OFTEN 200

/* Is the site's mov still there? Under secede it is not, once the site has been executed often. */
static bool is_plain(const unsigned char *site)
{
	return site[0] == 0xb8;
}

static void check_patched(const unsigned char *site)
{
	CHECK(is_plain(site) == !patches_are_made(under_secede));
}

/* ---- registers ---- */

REGISTERS_SITE("	mov $102, %eax\n"
	       "	syscall\n");

static void registers(void)
{
	check_registers(2 * OFTEN);
	check_patched(regs_site);
}

/* ---- sites of their own ---- */

SITE(getuid_site, 102);
SITE(uid_in_page_site, 102);
SITE(sigprocmask_site, 14);
SITE(wait4_site, 61);
SITE(fstat_site, 5);
SITE(getcwd_site, 79);
SITE(vfork_site, 102);

static void often(long (*site)(long, long, long, long))
{
	int i;

	for (i = 0; i < OFTEN; i++)
		site(0, 0, 0, 0);
}

/* The syscall instruction is where it was: others may jump there. */
static void jump_into_the_middle(void)
{
	long ret;
	int i;

	often(getuid_site);
	check_patched(CODE(getuid_site));
	for (i = 0; i < OFTEN; i++) {
		__asm__ volatile("call *%1"
				 : "=a"(ret)
				 : "r"(CODE(getuid_site) + 5), "a"(SYS_getgid)
				 : "rcx", "r11", "memory");
		CHECK(ret == getgid());
		CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
	}
}

/* What looks like a site, and is none: mov $nr, %r8d; and one over the border of a page. */
void r8_site(void), border_site(void);
__asm__(".text\n.balign 64\n.globl r8_site\nr8_site:\n"
	"	mov $102, %rax\n"
	"	mov $102, %r8d\n"
	"	syscall\n"
	"	mov %r8d, %eax\n"
	"	ret\n"
	"	.balign 4096\n"
	"	.skip 4092, 0x90\n"
	".globl border_site\nborder_site:\n"
	"	mov $102, %eax\n"
	"	syscall\n"
	"	ret\n");

static void shapes_left_alone(void)
{
	long ret;
	int i;

	for (i = 0; i < OFTEN; i++) {
		__asm__ volatile("call r8_site" : "=a"(ret) : : "rcx", "r11", "r8", "memory");
		CHECK(ret == 102);
		__asm__ volatile("call border_site" : "=a"(ret) : : "rcx", "r11", "memory");
		CHECK(ret == (long)getuid());
	}
	CHECK(is_plain((unsigned char *)border_site));
	CHECK(((unsigned char *)r8_site)[8] == 0xb8);
}

/* Code that the program writes by itself, and writes again. */
static void own_code(void)
{
	unsigned char code[] = {0xb8, 102, 0, 0, 0, 0x0f, 0x05, 0xc3};
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long (*run)(void) = (long (*)(void))(uintptr_t)(page + 16);
	int i;

	CHECK(page != MAP_FAILED);
	memcpy(page + 16, code, sizeof(code));
	CHECK_OK(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	for (i = 0; i < OFTEN; i++)
		CHECK(run() == (long)getuid());
	CHECK(!memcmp(page + 16, code, sizeof(code)));
	CHECK_OK(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	for (i = 0; i < OFTEN; i++) {
		page[17] = i % 2 ? 102 : 104;
		CHECK(run() == (long)(i % 2 ? getuid() : getgid()));
	}
}

/* Text is not writable, and its file is not changed. */
static void protection(void)
{
	char line[256], want[32], *perms = NULL;
	unsigned char found[7];
	unsigned long start, end, offset;
	FILE *maps;
	int fd;

	often(fstat_site);
	check_patched(CODE(fstat_site));
	maps = fopen("/proc/self/maps", "r");
	fd = open("/proc/self/exe", O_RDONLY);
	CHECK(maps && fd >= 0);
	while (fgets(line, sizeof(line), maps)) {
		CHECK(sscanf(line, "%lx-%lx %31s %lx", &start, &end, want, &offset) == 4);
		CHECK(!(strchr(want, 'w') && strchr(want, 'x')));
		CHECK(start != 0x050f0000);
		if ((uintptr_t)CODE(fstat_site) < start || (uintptr_t)CODE(fstat_site) >= end)
			continue;
		perms = want;
		CHECK(!strcmp(want, "r-xp"));
		CHECK(pread(fd, found, sizeof(found), (off_t)((uintptr_t)CODE(fstat_site) - start + offset)) ==
		      sizeof(found));
		CHECK(is_plain(found));
	}
	CHECK(perms != NULL);
}

/* ---- signals ---- */

static volatile uintptr_t signal_rip;
static volatile long signal_rax;
static volatile int nr_signals;

static void note(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	signal_rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	signal_rax = uc->uc_mcontext.gregs[REG_RAX];
	nr_signals++;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	CHECK_OK(sigaction(sig, &action, NULL));
}

/* A call lets a signal through: its handler finds the call done. */
static void signal_behind(void)
{
	uint64_t none = 0, usr1 = 1UL << (SIGUSR1 - 1);
	int i;

	handle(SIGUSR1, note, 0);
	for (i = 0; i < OFTEN; i++) {
		CHECK(sigprocmask_site(SIG_SETMASK, (long)&usr1, 0, 8) == 0);
		raise(SIGUSR1);
		CHECK(nr_signals == i);
		CHECK(sigprocmask_site(SIG_SETMASK, (long)&none, 0, 8) == 0);
		CHECK(nr_signals == i + 1);
		CHECK(signal_rip == (uintptr_t)CODE(sigprocmask_site) + 7);
		CHECK(signal_rax == 0);
	}
	check_patched(CODE(sigprocmask_site));
}

static void ring_and_end(void)
{
	ring_parent();
	until_asleep(getppid());
	_exit(7);
}

static void interrupted(void)
{
	int status = 0;
	pid_t pid;

	often(wait4_site);
	check_patched(CODE(wait4_site));
	handle(SIGALRM, note, SA_RESTART);
	pid = when_asleep(ring_and_end);
	CHECK(wait4_site(pid, (long)&status, 0, 0) == pid);
	CHECK(WEXITSTATUS(status) == 7 && nr_signals == 1);
	CHECK(signal_rip == (uintptr_t)CODE(wait4_site) + 5 && signal_rax == SYS_wait4);
	handle(SIGALRM, note, 0);
	pid = when_asleep(ring_and_end);
	CHECK(wait4_site(pid, (long)&status, 0, 0) == -EINTR);
	CHECK(signal_rip == (uintptr_t)CODE(wait4_site) + 7 && signal_rax == -EINTR);
	CHECK(wait4_site(pid, (long)&status, 0, 0) == pid);
}

/* Wherever a signal comes, its handler finds an instruction of the program, and of a site one of its two. */
static void check_place(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], from = rip - (uintptr_t)CODE(getcwd_site);

	nr_signals++;
	if (rip >> 32 == 0x5500 || rip >> 32 == 0x5510 || (from < 7 && from != 0 && from != 5))
		_exit(3);
}

static void signals_anywhere(void)
{
	struct itimerval every = {{0, 50}, {0, 50}};
	char here[4096], dir[4096];
	struct stat st;
	long len;

	CHECK(getcwd(dir, sizeof(dir)) != NULL);
	handle(SIGALRM, check_place, SA_RESTART);
	CHECK_OK(setitimer(ITIMER_REAL, &every, NULL));
	while (nr_signals < 10000) {
		len = getcwd_site((long)here, sizeof(here), 0, 0);
		CHECK(len == (long)strlen(dir) + 1 && !strcmp(here, dir));
		CHECK(fstat_site(0, (long)&st, 0, 0) == 0);
		CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
	}
}

/* ---- steps ---- */

static volatile int step_at[16];

static void note_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t rip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP], from = rip - (uintptr_t)CODE(getuid_site);

	nr_signals++;
	if (rip >> 32 == 0x5500)
		_exit(3);
	if (from < 16)
		step_at[from]++;
}

/* The program steps through its own code. */
static void own_steps(void)
{
	long ret;

	often(getuid_site);
	handle(SIGTRAP, note_step, 0);
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf\n"
			 "	call getuid_site\n"
			 "	pushf; andl $~0x100, (%%rsp); popf\n"
			 : "=a"(ret)
			 :
			 : "rcx", "r11", "rdi", "rsi", "rdx", "r10", "r8", "r9", "memory");
	CHECK(ret == (long)getuid());
	CHECK(step_at[0] == 1 && step_at[5] == 1);
}

static void tracee(void)
{
	CHECK_OK(ptrace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGSTOP);
	getuid_site(0, 0, 0, 0);
	getuid_site(0, 0, 0, 0);
	_exit(0);
}

/* A tracer's steps, and its stops at calls. */
static void traced(void)
{
	int status, ends = 0, rounds;
	struct user_regs_struct regs;
	uintptr_t at = (uintptr_t)CODE(getuid_site);
	pid_t pid;

	often(getuid_site);
	pid = fork();
	if (!pid)
		tracee();
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	for (rounds = 0; rounds < 100000 && !ends; rounds++) {
		CHECK_OK(ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
		CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
		CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
		CHECK(regs.rip >> 32 != 0x5500);
		if (regs.rip == at + 7) {
			CHECK(regs.rax == getuid());
			CHECK(!(regs.eflags & 0x100) || !under_secede);
			ends++;
		}
	}
	CHECK(ends == 1);
	for (;;) {
		CHECK_OK(ptrace(PTRACE_SYSCALL, pid, 0, 0));
		CHECK(waitpid(pid, &status, 0) == pid);
		if (WIFEXITED(status))
			break;
		CHECK_OK(ptrace(PTRACE_GETREGS, pid, 0, &regs));
		CHECK(regs.rip >> 32 != 0x5500);
		ends += regs.rip == at + 7 && regs.orig_rax == SYS_getuid;
	}
	CHECK(ends == 3); /* and those at the beginning and the end of the second call */
	CHECK(WEXITSTATUS(status) == 0);
}

/* ---- what else a program may do ---- */

#define TABLE 0x050f0000UL

/* The addresses that patched sites need are the program's when it wants them. */
static void addresses_wanted(void)
{
	char *low;

	often(getuid_site);
	low = mmap((void *)(TABLE - 4096), 8 * 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(low == (void *)(TABLE - 4096));
	memset(low, 0, 8 * 4096UL);
	CHECK(is_plain(CODE(getuid_site)));
	often(getuid_site);
	often(getcwd_site);
	CHECK(is_plain(CODE(getcwd_site)));
	CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
	CHECK_OK(munmap(low, 8 * 4096UL));
	CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
}

static void addresses_unmapped(void)
{
	often(getuid_site);
	CHECK_OK(munmap((void *)TABLE, 16 * 4096UL));
	CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
	often(getuid_site);
}

/* gs is the program's. */
static void own_gs(void)
{
	uint64_t mine[8] = {0}, base = 1;
	int i;

	often(getuid_site);
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	CHECK(base == 0);
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_SET_GS, mine));
	for (i = 0; i < OFTEN; i++) {
		CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
		CHECK(fstat_site(-1, 0, 0, 0) == -EBADF);
	}
	CHECK_OK(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	CHECK(base == (uintptr_t)mine);
}

/* A filter of the program's own is asked about a call from where it is made. */
static void own_filter(void)
{
	uintptr_t behind = (uintptr_t)CODE(getuid_site) + 7;
	struct sock_filter insns[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)behind, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(insns) / sizeof(insns[0]), insns};

	often(getuid_site);
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
	CHECK(getuid_site(0, 0, 0, 0) == -77);
	CHECK(uid_in_page_site(0, 0, 0, 0) == (long)getuid());
}

/* ---- children ---- */

static void check_calls(void)
{
	char dir[4096];

	CHECK(getuid_site(0, 0, 0, 0) == (long)getuid());
	CHECK(getcwd_site((long)dir, sizeof(dir), 0, 0) > 0);
	CHECK(fstat_site(-1, 0, 0, 0) == -EBADF);
}

static void *thread(void *arg)
{
	check_calls();
	return NULL;
}

static int child_with_stack(void *arg)
{
	check_calls();
	return 5;
}

static void children(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int i, status;
	pthread_t id;
	pid_t pid;

	often(getuid_site);
	often(getcwd_site);
	for (i = 0; i < 20; i++) {
		CHECK(!pthread_create(&id, NULL, thread, NULL));
		check_calls();
		pthread_join(id, NULL);
		pid = vfork();
		if (!pid) {
			check_calls();
			_exit(getuid_site(0, 0, 0, 0) == (long)getuid() ? 3 : 4);
		}
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
		pid = fork();
		if (!pid) {
			check_calls();
			_exit(4);
		}
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 4);
		pid = clone(child_with_stack, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
		check_calls();
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
	}
}

/* As posix_spawn(3) does, whose children set all signals back: the site is patched when the child has gone. */
static void site_of_vfork_children(void)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < 3; i++) {
		pid = vfork();
		if (!pid) {
			often(vfork_site);
			_exit(vfork_site(0, 0, 0, 0) == (long)getuid() ? 3 : 4);
		}
		check_patched(CODE(vfork_site));
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
		CHECK(vfork_site(0, 0, 0, 0) == (long)getuid());
	}
}

static const struct test tests[] = {
    {"registers, flags, vectors and red zone are kept", registers},
    {"a jump to the syscall instruction", jump_into_the_middle},
    {"what only looks like a site", shapes_left_alone},
    {"code that the program writes", own_code},
    {"nothing is writable and executable, and the file stays", protection},
    {"a signal that the call lets through", signal_behind},
    {"a call that sleeps is interrupted, and restarted", interrupted},
    {"signals at any instruction", signals_anywhere},
    {"steps of the program's own", own_steps},
    {"a tracer", traced},
    {"the program maps the addresses that are needed", addresses_wanted},
    {"the program unmaps them", addresses_unmapped},
    {"gs is the program's", own_gs},
    {"a filter of the program's", own_filter},
    {"threads, vfork, fork, clone", children},
    {"a site that vfork children alone come to", site_of_vfork_children},
};

int main(int argc, char **argv)
{
	under_secede = argc > 2;
	return RUN_TESTS(tests);
}
