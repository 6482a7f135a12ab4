/* SPDX-License-Identifier: MIT */
/*
 * A tracer, and what it sees of tracees that make system calls, sleep, get signals and execute programs: printed, to be
 * compared natively and under secede.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/tools/asleep.h"

#define SECONDS 60 /* none of it takes as long */

/* ---- looking ---- */

#define ELSE 500 /* what differs from run to run is shown as that: addresses, */
static long shown(long value)
{
	return value > ELSE ? ELSE : value;
}

/* and numbers of processes, which can be as small as any other: they begin anew when they have reached the largest. */
static long shown_number(long value)
{
	return value > 0 ? ELSE : value;
}

static int gives_number(unsigned long long nr)
{
	static const unsigned calls[] = {SYS_getpid, SYS_gettid, SYS_getpgid, SYS_set_tid_address, SYS_fork, SYS_vfork,
					 SYS_clone,  SYS_clone3, SYS_wait4};

	for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == nr)
			return 1;
	return 0;
}

static int tells_number(int event)
{
	return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_VFORK_DONE ||
	       event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_EXEC;
}

/* Pid, register by register and as a whole: all must say the same. */
static void get_regs(pid_t pid, struct user_regs_struct *regs)
{
	struct user_regs_struct other;
	struct iovec iov = {&other, sizeof(other)};
	long orig_rax = ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.orig_rax), 0);

	ptrace(PTRACE_GETREGS, pid, 0, regs);
	ptrace(PTRACE_GETREGSET, pid, 1, &iov);
	if (memcmp(regs, &other, sizeof(other)) != 0 || orig_rax != (long)regs->orig_rax)
		printf("registers differ\n");
}

static void show_info(pid_t pid)
{
	static const char *const ops[] = {"none", "entry", "exit", "seccomp"};
	struct __ptrace_syscall_info info;
	struct user_regs_struct regs;
	long size = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);

	get_regs(pid, &regs);
	if (size < 0) {
		printf(" no info");
		return;
	}
	printf(" %s(%ld)", ops[info.op & 3], size);
	if (info.instruction_pointer != regs.rip || info.stack_pointer != regs.rsp)
		printf(" elsewhere");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		printf(" nr %d", info.entry.nr == regs.orig_rax ? (int)info.entry.nr : -1);
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		printf(" of %d: %ld %d", (int)regs.orig_rax,
		       gives_number(regs.orig_rax) ? shown_number(info.exit.rval) : shown(info.exit.rval),
		       info.exit.is_error);
	if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
		printf(" nr %d data %u", (int)info.seccomp.nr, info.seccomp.ret_data);
}

/* One stop, or the end. True: it can go on. */
static int show(const char *what, pid_t pid, int status)
{
	unsigned long message = 0;
	siginfo_t si;

	if (!WIFSTOPPED(status)) {
		printf("%s: ended with %x\n", what, (unsigned)status);
		return 0;
	}
	printf("%s: stop %x", what, (unsigned)status >> 8);
	if (ptrace(PTRACE_GETSIGINFO, pid, 0, &si))
		printf(" group");
	else
		printf(" code %x", (unsigned)si.si_code);
	ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
	printf(" message %ld", tells_number(status >> 16) ? shown_number((long)message) : shown((long)message));
	show_info(pid);
	printf("\n");
	return 1;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, __WALL) != pid)
		printf("waitpid: %s\n", strerror(errno));
	return status;
}

/* The signal that a stop is to be answered with. */
static int pass(int status)
{
	int sig = WSTOPSIG(status);

	return status >> 16 || sig == SIGTRAP || sig == (SIGTRAP | 0x80) || sig == SIGSTOP ? 0 : sig;
}

/* ---- tracees ---- */

static volatile int handled;

static void on_signal(int sig)
{
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(sig, &action, NULL);
}

static void calls(void)
{
	char buf[256];
	struct stat st;

	stat("/", &st);
	syscall(SYS_getpgid, 0);
	(void)access("/nonexistent", R_OK);
	chdir("/");
	getcwd(buf, sizeof(buf));
	umask(022);
	close(open("/dev/null", O_RDONLY));
	open((char *)8, O_RDONLY);
}

static void signals(void)
{
	handle(SIGUSR1, 0);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR1);
	(void)access("/", R_OK);
}

/* Its own calls; those of the children are not traced. When they end is a matter of chance, so there is no SIGCHLD. */
static void children(void)
{
	sigset_t set;
	int status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (!pid) {
		(void)access("/", R_OK);
		_exit(3);
	}
	waitpid(pid, &status, 0);
	pid = vfork();
	if (!pid)
		_exit(4);
	waitpid(pid, &status, 0);
}

static void program(void)
{
	execl("/nonexistent", "nothing", NULL);
	execl("/proc/self/exe", "traced", "executed", NULL);
}

/* A child that sends its parent so many signals, each when that sleeps, and ends then. */
static pid_t sender(int signals)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	for (int i = 0; i < signals; i++) {
		until_asleep(parent);
		kill(parent, SIGALRM);
		usleep(20000);
	}
	until_asleep(parent);
	_exit(5);
}

/* EINTR, or the call goes on. */
static void interrupted(void)
{
	int status;
	pid_t pid;

	handle(SIGALRM, 0);
	pid = sender(2);
	if (waitpid(pid, &status, 0) != -1 || errno != EINTR)
		_exit(1);
	handle(SIGALRM, SA_RESTART);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 5)
		_exit(2);
	_exit(handled == 2 ? 0 : 3);
}

static void suspended(void)
{
	sigset_t block, none;
	int status;
	pid_t pid;

	handle(SIGALRM, 0);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	pid = sender(1);
	if (sigsuspend(&none) != -1 || errno != EINTR || handled != 1)
		_exit(1);
	waitpid(pid, &status, 0);
}

/* A child that is traced from now on. */
static pid_t start(void (*work)(void))
{
	pid_t pid = fork();

	if (!pid) {
		alarm(SECONDS);
		raise(SIGSTOP);
		work();
		_exit(0);
	}
	waitpid(pid, NULL, WUNTRACED);
	return pid;
}

/* ---- tracers ---- */

/* Every stop of every call. `options` without PTRACE_O_TRACESYSGOOD show how that goes as well. */
static void trace(const char *what, void (*work)(void), unsigned long options)
{
	pid_t pid = start(work);
	int status;

	ptrace(PTRACE_SEIZE, pid, 0, options);
	kill(pid, SIGCONT);
	status = wait_for(pid);
	while (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		status = wait_for(pid);
	}
	do {
		pid_t child = 0;

		if (WIFSTOPPED(status) && (status >> 16 == PTRACE_EVENT_FORK || status >> 16 == PTRACE_EVENT_VFORK)) {
			struct user_regs_struct regs;

			ptrace(PTRACE_GETEVENTMSG, pid, 0, &child);
			show("child", child, wait_for(child));
			get_regs(child, &regs);
			printf("child's result %ld\n", (long)regs.rax);
			ptrace(PTRACE_DETACH, child, 0, 0);
		}
		if (!show(what, pid, status))
			return;
		ptrace(PTRACE_SYSCALL, pid, 0, pass(status));
		status = wait_for(pid);
	} while (1);
}

/* Signals and events alone. */
static void trace_signals(const char *what, void (*work)(void))
{
	pid_t pid = start(work);
	int status;

	ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
	kill(pid, SIGCONT);
	while (status = wait_for(pid), show(what, pid, status))
		ptrace(PTRACE_CONT, pid, 0, pass(status));
}

/* Calls that the tracer leaves out, or whose results it changes. */
static void changed(void)
{
	struct stat st;

	if (syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700) != -1 || errno != ENETDOWN ||
	    !access("/tmp/never", F_OK))
		_exit(1);
	if (syscall(SYS_umask, 022) != 12345)
		_exit(2);
	if (syscall(SYS_getpgid, 0) != 12345)
		_exit(3);
	/* the tracer gives another path */
	if (stat("/nonexistent", &st) || !S_ISDIR(st.st_mode))
		_exit(4);
}

static void change(pid_t pid, int entry)
{
	static const char root[] = "/";
	struct user_regs_struct regs;

	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	if (regs.orig_rax == SYS_mkdirat && entry) {
		regs.orig_rax = (unsigned long long)-1;
		regs.rax = (unsigned long long)-ENETDOWN;
	} else if (regs.orig_rax == (unsigned long long)-1 && !entry) {
		regs.rax = (unsigned long long)-ENETDOWN;
	} else if ((regs.orig_rax == SYS_umask || regs.orig_rax == SYS_getpgid) && !entry) {
		regs.rax = 12345;
	} else if (regs.orig_rax == SYS_newfstatat && entry && regs.rdx) {
		ptrace(PTRACE_POKEDATA, pid, regs.rsp - 512, *(const short *)root);
		regs.rsi = regs.rsp - 512;
	} else {
		return;
	}
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

static void trace_changed(void)
{
	pid_t pid = start(changed);
	int status, entry = 0;

	ptrace(PTRACE_ATTACH, pid, 0, 0);
	wait_for(pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	kill(pid, SIGCONT);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	while (WIFSTOPPED(status = wait_for(pid))) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			entry = !entry;
			change(pid, entry);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, pass(status) == SIGCONT ? 0 : pass(status));
	}
	show("changed", pid, status);
}

/* ---- a filter that asks the tracer ---- */

static void install(const unsigned *nrs, unsigned n)
{
	struct sock_filter filter[32];
	struct sock_fprog program = {0, filter};
	unsigned i, len = 0;

	filter[len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 0; i < n; i++) {
		filter[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nrs[i], 0, 1);
		filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | (i + 1));
	}
	filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)len;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		_exit(9);
}

static void asked(void)
{
	static const unsigned nrs[] = {SYS_mkdirat, SYS_umask,	SYS_getpgid, SYS_access,
				       SYS_clone,   SYS_clone3, SYS_fork};
	int status;
	pid_t pid;

	umask(022);
	install(nrs, sizeof(nrs) / sizeof(nrs[0]));
	raise(SIGSTOP);
	if (access("/", R_OK))
		_exit(1);
	if (syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700) != -1 || errno != ENETDOWN)
		_exit(2);
	if (syscall(SYS_umask, 022) != 022)
		_exit(3);
	if (syscall(SYS_getpgid, 0) != getpgrp())
		_exit(4);
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!pid)
		_exit(6);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 6)
		_exit(5);
}

/* `request`: PTRACE_CONT, or PTRACE_SYSCALL, which shows the ends as well. */
static void trace_asked(const char *what, enum __ptrace_request request)
{
	struct user_regs_struct regs;
	pid_t pid = start(asked);
	int status;

	ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD);
	kill(pid, SIGCONT);
	while (WIFSTOPPED(status = wait_for(pid))) {
		int event = status >> 16;

		if (event == PTRACE_EVENT_SECCOMP) {
			show(what, pid, status);
			get_regs(pid, &regs);
			if (regs.orig_rax == SYS_mkdirat) {
				regs.orig_rax = (unsigned long long)-1;
				regs.rax = (unsigned long long)-ENETDOWN;
				ptrace(PTRACE_SETREGS, pid, 0, &regs);
			}
			ptrace(request, pid, 0, 0);
			if (request == PTRACE_SYSCALL) {
				show(what, pid, wait_for(pid));
				ptrace(PTRACE_CONT, pid, 0, 0);
			}
		} else if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP) {
			kill(pid, SIGCONT);
			ptrace(PTRACE_CONT, pid, 0, 0);
		} else {
			ptrace(PTRACE_CONT, pid, 0, pass(status));
		}
	}
	show(what, pid, status);
}

/* ---- a signal that comes when a call has been seen to begin ---- */

static int may_end[2];

static void wait_begun(void)
{
	int status;
	char byte;
	pid_t pid;

	handle(SIGUSR1, 0);
	handle(SIGUSR2, SA_RESTART);
	pid = fork();
	if (!pid)
		_exit(read(may_end[0], &byte, 1) == 1 ? 3 : 4);
	/* EINTR; begun again; the child's end. */
	if (waitpid(pid, &status, 0) != -1 || errno != EINTR)
		_exit(1);
	if (waitpid(pid, &status, 0) != pid || status != 3 << 8)
		_exit(2);
	_exit(handled == 2 ? 0 : 3);
}

static int is_pending(pid_t pid, int sig)
{
	unsigned long long set, pending = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigPnd: %llx", &set) == 1 || sscanf(line, "ShdPnd: %llx", &set) == 1)
			pending |= set;
	if (f)
		fclose(f);
	return pending >> (sig - 1) & 1;
}

/* At the beginning of its nth wait. */
static void signal_at_entry(pid_t pid, int nth)
{
	static const int sigs[] = {SIGUSR1, SIGUSR2, SIGCHLD};
	int sig = sigs[nth % 3];

	if (sig != SIGCHLD)
		kill(pid, sig);
	else if (write(may_end[1], "", 1) != 1)
		printf("write: %s\n", strerror(errno));
	for (int i = 0; i < 40000 && !is_pending(pid, sig); i++)
		usleep(1000);
}

static void trace_begun(void)
{
	struct __ptrace_syscall_info info;
	int status, waits = 0;
	pid_t pid;

	if (pipe2(may_end, O_CLOEXEC))
		return;
	pid = start(wait_begun);
	ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD);
	kill(pid, SIGCONT);
	while (status = wait_for(pid), show("begun", pid, status)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_wait4)
			signal_at_entry(pid, waits++);
		ptrace(PTRACE_SYSCALL, pid, 0, pass(status));
	}
}

/* ---- interrupting ---- */

static void sleeps(void)
{
	int status;
	pid_t self = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == self) /* it may have ended already */
			pause();
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

/* Until it sleeps nothing is to be seen of it. */
static void drain(pid_t pid)
{
	int status;

	do {
		usleep(10000);
		if (waitpid(pid, &status, __WALL | WNOHANG))
			show("early", pid, status);
	} while (state_of(pid) != 'S');
}

static void interrupting(void)
{
	pid_t pid = fork();

	if (!pid) {
		sleeps();
		_exit(0);
	}
	until_asleep(pid);
	ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD);
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	show("interrupted", pid, wait_for(pid));
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	show("interrupted", pid, wait_for(pid));
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	drain(pid);
	printf("detaching what runs: %ld\n", ptrace(PTRACE_DETACH, pid, 0, 0));
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	show("interrupted", pid, wait_for(pid));
	ptrace(PTRACE_CONT, pid, 0, 0);
	drain(pid);
	kill(pid, SIGSTOP);
	show("signal", pid, wait_for(pid));
	ptrace(PTRACE_CONT, pid, 0, SIGSTOP);
	show("group", pid, wait_for(pid));
	printf("listen: %ld\n", ptrace(PTRACE_LISTEN, pid, 0, 0));
	kill(pid, SIGCONT);
	show("continued", pid, wait_for(pid));
	ptrace(PTRACE_CONT, pid, 0, 0);
	show("continued", pid, wait_for(pid));
	ptrace(PTRACE_DETACH, pid, 0, SIGTERM);
	show("detached", pid, wait_for(pid));
}

/* A tracee that sleeps is made to run something else, and sleeps on. */
static void call_me(void)
{
	__asm__ volatile("int3");
}

static void elsewhere(void)
{
	struct user_regs_struct saved, regs;
	pid_t pid = fork(), child;
	int status;
	FILE *f;
	char path[64];

	if (!pid) {
		sleeps();
		_exit(7);
	}
	until_asleep(pid);
	ptrace(PTRACE_ATTACH, pid, 0, 0);
	show("attached", pid, wait_for(pid));
	get_regs(pid, &saved);
	printf("sleeps in %ld: %ld\n", (long)saved.orig_rax, (long)saved.rax);
	regs = saved;
	regs.rip = (unsigned long)call_me;
	regs.rsp -= 1024;
	regs.orig_rax = (unsigned long long)-1;
	regs.rdi = 42;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	ptrace(PTRACE_CONT, pid, 0, 0);
	show("elsewhere", pid, wait_for(pid));
	get_regs(pid, &regs);
	printf("has %ld, is there %d\n", (long)regs.rdi, regs.rip - (unsigned long)call_me < 64);
	ptrace(PTRACE_SETREGS, pid, 0, &saved);
	ptrace(PTRACE_CONT, pid, 0, 0);
	drain(pid);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%d", &child) == 1)
		kill(child, SIGKILL);
	while (WIFSTOPPED(status = wait_for(pid)))
		ptrace(PTRACE_CONT, pid, 0, pass(status) == SIGCHLD ? 0 : pass(status));
	show("elsewhere", pid, status);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		(void)access("/executed", R_OK);
		return 8;
	}
	alarm(2 * SECONDS);
	trace("calls", calls, PTRACE_O_TRACESYSGOOD);
	trace("calls, plainly", calls, 0);
	trace("signals", signals, PTRACE_O_TRACESYSGOOD);
	trace("children", children, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK);
	trace("program", program, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
	trace("interrupted", interrupted, PTRACE_O_TRACESYSGOOD);
	trace_signals("signals", signals);
	trace_signals("program", program);
	trace_signals("interrupted", interrupted);
	trace_signals("suspended", suspended);
	trace_changed();
	trace_asked("asked", PTRACE_CONT);
	trace_asked("asked, ends", PTRACE_SYSCALL);
	trace_begun();
	interrupting();
	elsewhere();
	return 0;
}
