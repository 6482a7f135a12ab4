#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gcc
# A tracer sees what its tracee does, and nothing of the runtime: exec, breakpoints, steps over system calls, faults.
cat >tracer.c <<'EOF'
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self;

static void show(const char *what, int status)
{
	if (WIFSTOPPED(status))
		printf("%s: stopped by %d, event %d\n", what, WSTOPSIG(status), status >> 16);
	else
		printf("%s: ended with %x\n", what, status);
}

/* The tracee: system calls of every kind, a bad pointer, a signal for itself. */
static int work(void)
{
	struct stat st;

	stat("/", &st);
	access("/nonexistent", R_OK);
	if (open((char *)1, 0) >= 0 || errno != EFAULT)
		return 1;
	if (system("exit 3") != 3 << 8)
		return 2;
	raise(SIGUSR1);
	return 42;
}

static int wait_for(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return status;
}

static void to_the_end(const char *what, pid_t pid, int status)
{
	while (WIFSTOPPED(status)) {
		ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status) == SIGUSR1 || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
		status = wait_for(pid);
		show(what, status);
	}
}

static unsigned long auxv(pid_t pid, unsigned long type)
{
	unsigned long pair[2] = {0};
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/auxv", pid);
	f = fopen(name, "r");
	while (f && fread(pair, sizeof(pair), 1, f) == 1 && pair[0] != type)
		;
	fclose(f);
	return pair[1];
}

/* As debuggers start programs: what is there to see at the first stop is the program. */
static void from_vfork(void)
{
	struct user_regs_struct regs;
	char exe[4096], name[64];
	unsigned long base;
	pid_t pid = vfork();
	int status;
	ssize_t n;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execl(self, self, "work", NULL);
		_exit(127);
	}
	status = wait_for(pid);
	show("vfork", status);
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	base = auxv(pid, 7 /* AT_BASE */);
	printf("at the interpreter's entry: %d\n", regs.rip > base && regs.rip < base + (1UL << 20));
	printf("argc %ld\n", ptrace(PTRACE_PEEKDATA, pid, regs.rsp, 0));
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	n = readlink(name, exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	printf("exe %s\n", strrchr(exe, '/') ? strrchr(exe, '/') : exe);
	to_the_end("vfork", pid, status);
}

/* Traced before it executes the program, and with the event instead of the signal. */
static void from_fork(void)
{
	siginfo_t info = {0};
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execl(self, self, "work", NULL);
		_exit(127);
	}
	status = wait_for(pid);
	show("fork", status);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_CONT, pid, 0, 0);
	if (!waitid(P_PID, pid, &info, WSTOPPED | WEXITED))
		printf("waitid: %d %d %x %d\n", info.si_signo, info.si_code, info.si_status, info.si_pid == pid);
	to_the_end("fork", pid, PTRACE_EVENT_EXEC << 16 | SIGTRAP << 8 | 0x7f);
}

extern char before[], after[];

static long call_between(long nr, long a, long b)
{
	long ret;

	__asm__ volatile(".globl before, after\nbefore: syscall\nafter:"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return ret;
}

/* One step over a system call leads behind it, with its result, whoever carried it out. */
static void step_over(const char *what, long nr, long a, long b)
{
	struct user_regs_struct regs;
	pid_t pid = fork();
	int status;
	long word;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(call_between(nr, a, b) == 0 ? 4 : 5);
	}
	wait_for(pid);
	word = ptrace(PTRACE_PEEKTEXT, pid, before, 0);
	ptrace(PTRACE_POKETEXT, pid, before, (word & ~0xffL) | 0xcc);
	ptrace(PTRACE_CONT, pid, 0, 0);
	show(what, wait_for(pid));
	ptrace(PTRACE_POKETEXT, pid, before, word);
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	printf("%s: at the breakpoint %d\n", what, regs.rip == (unsigned long)before + 1);
	regs.rip--;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
	show(what, wait_for(pid));
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	printf("%s: behind it %d, result %d\n", what, regs.rip == (unsigned long)after, nr == SYS_getppid ? 0 : (int)regs.rax);
	ptrace(PTRACE_CONT, pid, 0, 0);
	status = wait_for(pid);
	show(what, status);
}

/* Attached to while it runs. */
static void attach(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		for (;;)
			access("/", R_OK);
	usleep(20000);
	ptrace(PTRACE_ATTACH, pid, 0, 0);
	show("attach", wait_for(pid));
	ptrace(PTRACE_CONT, pid, 0, 0);
	usleep(20000);
	printf("runs: %d\n", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGTERM);
	show("attach", status = wait_for(pid));
	ptrace(PTRACE_DETACH, pid, 0, SIGTERM);
	show("detached", wait_for(pid));
}

int main(int argc, char **argv)
{
	static struct stat st;

	self = argv[0];
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1)
		return work();
	from_vfork();
	from_fork();
	step_over("getppid", SYS_getppid, 0, 0);
	step_over("stat", SYS_stat, (long)"/", (long)&st);
	step_over("chdir", SYS_chdir, (long)"/nonexistent", 0);
	attach();
	return 0;
}
EOF
gcc -O1 -o tracer tracer.c && ./tracer
