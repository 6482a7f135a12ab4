/* SPDX-License-Identifier: MIT */
/*
 * Stacks of random seccomp filters, and what becomes of calls under them: errnos, traps, deaths. Natively and under
 * secede the same numbers must lead to the same output.
 *
 *	random_filters ROUNDS
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BODY	      24 /* random instructions of a filter */
#define CALLS	      12

struct call {
	long nr, args[6];
};

/* What the child tells: the memory is shared, so that it needs no call for it. */
struct report {
	int installed[3], done;
	struct {
		long ret;
		int trapped, data, nr, arch, addr_ok;
	} call[CALLS];
};

static struct report *report;
static uint64_t seed;

static unsigned rnd(unsigned below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % below;
}

static unsigned random_action(void)
{
	switch (rnd(12)) {
	case 0:
		return SECCOMP_RET_KILL_PROCESS;
	case 1:
		return SECCOMP_RET_TRAP | rnd(65536);
	case 2: /* secede's own mark */
		return SECCOMP_RET_TRAP | 0x5ec;
	case 3:
	case 4:
	case 5:
		return SECCOMP_RET_ERRNO | rnd(5000);
	case 6:
		return SECCOMP_RET_TRACE | rnd(65536);
	case 7:
		return SECCOMP_RET_LOG;
	default:
		return SECCOMP_RET_ALLOW;
	}
}

static unsigned random_field(void)
{
	static const unsigned fields[] = {
	    offsetof(struct seccomp_data, nr),	    offsetof(struct seccomp_data, nr),
	    offsetof(struct seccomp_data, arch),    offsetof(struct seccomp_data, args[0]),
	    offsetof(struct seccomp_data, args[1]), offsetof(struct seccomp_data, args[2]) + 4,
	    offsetof(struct seccomp_data, args[5]),
	};

	return fields[rnd(ARRAY_SIZE(fields))];
}

static struct sock_filter random_insn(unsigned left)
{
	static const unsigned short alu[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_DIV};
	static const unsigned short jumps[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};
	unsigned reach = left > 9 ? 9 : left, slot = rnd(4);

	switch (rnd(14)) {
	case 0:
	case 1:
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, random_field());
	case 3:
		return (struct sock_filter)BPF_STMT(BPF_ALU | alu[rnd(7)] | BPF_K, 1 + rnd(300));
	case 4:
		return (struct sock_filter)BPF_STMT(BPF_ALU | alu[rnd(7)] | BPF_X, 0);
	case 5:
		return (struct sock_filter)BPF_STMT(BPF_ALU | (rnd(2) ? BPF_LSH : BPF_RSH) | BPF_K, rnd(32));
	case 6:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_MISC | BPF_TAX : BPF_MISC | BPF_TXA, 0);
	case 7:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, slot);
	case 8:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_ST : BPF_STX, slot);
	case 9:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_LDX | BPF_IMM : BPF_ALU | BPF_NEG, rnd(400));
	case 10:
		return (struct sock_filter)BPF_STMT(rnd(2) ? BPF_LD | BPF_W | BPF_LEN : BPF_LDX | BPF_W | BPF_LEN, 0);
	case 11:
		return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, random_action());
	default:
		return (struct sock_filter)BPF_JUMP(BPF_JMP | jumps[rnd(4)] | (rnd(4) ? BPF_K : BPF_X),
						    rnd(3) ? rnd(340) : 100000000 + rnd(300), rnd(reach), rnd(reach));
	}
}

/* What the child itself needs passes; then random instructions, and at the end one of three answers. */
static unsigned make_filter(struct sock_filter *f)
{
	static const int needed[] = {SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_seccomp};
	unsigned n = 0, i;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (i = 0; i < ARRAY_SIZE(needed); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)needed[i], 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	for (i = 0; i < 4; i++)
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ST, i);
	for (i = 0; i < BODY; i++)
		f[n++] = random_insn(BODY - i);
	if (!rnd(3)) {
		/* a computed answer */
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, random_field());
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x1f);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_OR | BPF_K, random_action());
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, random_action());
	return n;
}

static int current;
extern char after_call[];

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

	report->call[current].trapped++;
	report->call[current].data = info->si_errno;
	report->call[current].nr = info->si_syscall;
	report->call[current].arch = (int)info->si_arch;
	report->call[current].addr_ok =
	    info->si_code == 1 && info->si_call_addr == after_call && gregs[REG_RIP] == (greg_t)after_call;
	gregs[REG_RAX] += 100000;
}

__attribute__((noinline)) static long do_call(const struct call *c)
{
	long d = c->args[3], e = c->args[4], f = c->args[5], ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall\n.globl after_call\nafter_call:"
			 : "=a"(ret)
			 : "a"(c->nr), "D"(c->args[0]), "S"(c->args[1]), "d"(c->args[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

/* Some that secede carries out itself and some that it leaves to the host; none succeeds in doing anything. */
static struct call random_call(void)
{
	static const long nrs[] = {SYS_getuid,	SYS_umask,	 SYS_chdir,	   SYS_mkdirat, SYS_fchdir, SYS_geteuid,
				   SYS_getpgid, SYS_getpriority, SYS_timer_delete, SYS_dup,	SYS_fchmod, SYS_getsid};
	struct call c = {.nr = nrs[rnd(ARRAY_SIZE(nrs))]};
	int i;

	for (i = 0; i < 6; i++)
		c.args[i] = 100000000 + rnd(300);
	if (c.nr == SYS_umask)
		c.args[0] = 022;
	if (!rnd(4))
		c.args[0] = -1;
	if (c.nr == SYS_umask && c.args[0] == -1)
		c.args[0] = 022;
	return c;
}

static void child(const struct sock_fprog *programs, unsigned nr_programs, const struct call *calls)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
	struct rlimit none = {0};
	unsigned i;

	umask(022);
	setrlimit(RLIMIT_CORE, &none);
	sigaction(SIGSYS, &action, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (i = 0; i < nr_programs; i++)
		report->installed[i] = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &programs[i]);
	for (current = 0; current < CALLS; current++) {
		report->call[current].ret = do_call(&calls[current]);
		report->done++;
	}
	_exit(0);
}

static void show(unsigned round, unsigned nr_programs, const struct call *calls, int status)
{
	unsigned i;

	printf("round %u:", round);
	for (i = 0; i < nr_programs; i++)
		printf(" %d", report->installed[i]);
	printf(", status %x\n", (unsigned)status);
	for (i = 0; i < (unsigned)report->done; i++) {
		printf("  %ld(%ld, %ld): %ld", calls[i].nr, calls[i].args[0], calls[i].args[1], report->call[i].ret);
		if (report->call[i].trapped)
			printf(", trapped %d: data %d nr %d arch %x %d", report->call[i].trapped, report->call[i].data,
			       report->call[i].nr, (unsigned)report->call[i].arch, report->call[i].addr_ok);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 50, round, i;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (round = 0; round < rounds; round++) {
		struct sock_filter filters[3][BODY + 24];
		struct sock_fprog programs[3];
		struct call calls[CALLS];
		unsigned nr_programs;
		int status = 0;
		pid_t pid;

		seed = round;
		nr_programs = 1 + rnd(3);
		for (i = 0; i < nr_programs; i++)
			programs[i] = (struct sock_fprog){(unsigned short)make_filter(filters[i]), filters[i]};
		for (i = 0; i < CALLS; i++)
			calls[i] = random_call();
		memset(report, 0, sizeof(*report));
		fflush(stdout);
		pid = fork();
		if (!pid)
			child(programs, nr_programs, calls);
		waitpid(pid, &status, 0);
		show(round, nr_programs, calls, status);
	}
	return 0;
}
