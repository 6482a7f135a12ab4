/* SPDX-License-Identifier: MIT */
/*
 * The seccomp filter, made from the system call table: a balanced tree over call numbers whose
 * leaves let a call through, stop it (SIGSYS to the trap) or look at one argument first. Calls with the same leaf share
 * it, because the kernel compiles the filter when a session starts, and that takes as long as the filter is. What the
 * runtime itself calls is known by its address, which is asked for last: so the answer for a call that always passes
 * depends on its number alone, and the kernel (5.11 and later) does not run the filter for it at all.
 */
#include <asm/errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include "arch/x86_64/patch.h"
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "sys/fork.h"
#include "sys/runtime.h"
#include "sys/sleep.h"
#include "warden/client.h"

#define INSNS_MAX  2048
#define LEAVES_MAX 64
#define X32_BIT	   0x40000000u

#define OFF_NR		offsetof(struct seccomp_data, nr)
#define OFF_ARCH	offsetof(struct seccomp_data, arch)
#define OFF_IP_LOW	offsetof(struct seccomp_data, instruction_pointer)
#define OFF_IP_HIGH	(OFF_IP_LOW + 4)
#define OFF_ARG_LOW(n)	(offsetof(struct seccomp_data, args) + 8 * (n))
#define OFF_ARG_HIGH(n) (OFF_ARG_LOW(n) + 4)

#define RET_TRAP   (SECCOMP_RET_TRAP | TRAP_DATA)
#define RET_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

/* A place further on that several jump to: the newest jump, which holds the place of the one before, and so on. */
struct label {
	u32 last;
};
#define NO_JUMP UINT32_MAX

struct builder {
	struct sock_filter insn[INSNS_MAX];
	u32 len;
	s32 fd_base;
	bool patches;	   /* call sites are patched */
	struct label trap; /* the common end of all calls that are stopped */
	/* What is done with calls: the first call with each leaf, and where it is, if it looks at arguments. */
	u32 nr_leaves;
	struct {
		const struct sys_entry *entry;
		struct label label;
	} leaf[LEAVES_MAX];
};

static u32 emit(struct builder *b, u16 code, u32 k, u8 jt, u8 jf)
{
	if (b->len == INSNS_MAX)
		panic("the filter does not fit");
	b->insn[b->len] = (struct sock_filter){code, jt, jf, k};
	return b->len++;
}

static void load(struct builder *b, size_t offset)
{
	emit(b, BPF_LD | BPF_W | BPF_ABS, (u32)offset, 0, 0);
}

static void ret(struct builder *b, u32 value)
{
	emit(b, BPF_RET | BPF_K, value, 0, 0);
}

/* if (A == k) skip `yes` instructions, else skip `no`. */
static void jump_equal(struct builder *b, u32 k, u8 yes, u8 no)
{
	emit(b, BPF_JMP | BPF_JEQ | BPF_K, k, yes, no);
}

static void jump_ge(struct builder *b, u32 k, u8 yes, u8 no)
{
	emit(b, BPF_JMP | BPF_JGE | BPF_K, k, yes, no);
}

static void jump_to(struct builder *b, struct label *label)
{
	label->last = emit(b, BPF_JMP | BPF_JA, label->last, 0, 0);
}

/* The label is here. */
static void place(struct builder *b, const struct label *label)
{
	u32 at, before;

	for (at = label->last; at != NO_JUMP; at = before) {
		before = b->insn[at].k;
		b->insn[at].k = b->len - at - 1;
	}
}

static void begin(struct builder *b)
{
	b->len = 0;
	b->trap.last = NO_JUMP;
	b->nr_leaves = 0;
}

/* Stops the call, unless it is the runtime's own. */
static void trap(struct builder *b)
{
	jump_to(b, &b->trap);
}

static void end_of_traps(struct builder *b)
{
	u32 low = (u32)(uintptr_t)runtime_text_start, high = (u32)(uintptr_t)runtime_text_end;

	place(b, &b->trap);
	load(b, OFF_IP_HIGH);
	jump_equal(b, IMAGE_BASE >> 32, 0, 4);
	load(b, OFF_IP_LOW);
	jump_ge(b, low, 0, 2);
	jump_ge(b, high + 1, 1, 0);
	ret(b, SECCOMP_RET_ALLOW);
	ret(b, RET_TRAP);
}

/* ---- leaves ---- */

static void leaf_nonnull(struct builder *b, unsigned arg)
{
	load(b, OFF_ARG_LOW(arg));
	jump_equal(b, 0, 0, 3);
	load(b, OFF_ARG_HIGH(arg));
	jump_equal(b, 0, 0, 1);
	ret(b, SECCOMP_RET_ALLOW);
	trap(b);
}

static void test_fd(struct builder *b, unsigned arg)
{
	load(b, OFF_ARG_LOW(arg));
	jump_ge(b, (u32)b->fd_base, 0, 1);
	trap(b);
}

static void leaf_equal(struct builder *b, const struct sys_entry *entry)
{
	u32 i;

	if (entry->own_fd)
		test_fd(b, entry->own_fd - 1U);
	load(b, OFF_ARG_LOW(entry->arg));
	for (i = 0; i < entry->nvalues; i++)
		jump_equal(b, entry->values[i], (u8)(entry->nvalues - i), 0);
	ret(b, SECCOMP_RET_ALLOW);
	trap(b);
}

static void leaf_fd(struct builder *b, unsigned arg)
{
	test_fd(b, arg);
	ret(b, SECCOMP_RET_ALLOW);
}

/*
 * The table of patched call sites is low: a range that begins below its end is stopped as well. The address 0 that many
 * calls have says that the host is to choose (mmap(2)), or that there is no address (mremap(2)).
 */
static void test_low(struct builder *b, const struct sys_entry *entry, unsigned arg)
{
	bool zero_passes = entry == &sys_table[__NR_mmap] || arg;

	load(b, OFF_ARG_HIGH(arg));
	jump_equal(b, 0, 0, zero_passes ? 4 : 3);
	load(b, OFF_ARG_LOW(arg));
	if (zero_passes)
		jump_equal(b, 0, 2, 0);
	jump_ge(b, PATCH_TABLE_END, 1, 0);
	trap(b);
}

/* Where call sites are patched: the call would change the text in which they stand. */
static void test_text(struct builder *b, const struct sys_entry *entry)
{
	if (entry->text == TEXT_WRITABLE) {
		load(b, OFF_ARG_LOW(2));
		emit(b, BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 0, 1);
	}
	if (entry->text != TEXT_STAYS)
		trap(b);
}

/*
 * Addresses are looked at in pieces of 4 GiB, which one half of an argument tells; the call looks closer. A range
 * that begins in the pieces from the runtime's image to its last block is stopped, and one that begins below and may
 * reach the first: the halves are added as if a carry came from below.
 */
static void leaf_range(struct builder *b, const struct sys_entry *entry)
{
	const u32 first = IMAGE_BASE >> 32, end = BLOCKS_END >> 32;

	_Static_assert(BLOCKS_END % (1UL << 32) == 0, "the last piece is all ours");
	if (b->patches)
		test_text(b, entry);
	for (unsigned n = 0; n < SYS_ARGS; n++) {
		if (!RANGE_OF(entry, n))
			continue;
		test_low(b, entry, n);
		load(b, OFF_ARG_HIGH(n));
		jump_ge(b, end, 6, 0);
		jump_ge(b, first, 4, 0);
		emit(b, BPF_MISC | BPF_TAX, 0, 0, 0);
		load(b, OFF_ARG_HIGH(RANGE_OF(entry, n) - 1));
		emit(b, BPF_ALU | BPF_ADD | BPF_X, 0, 0, 0);
		jump_ge(b, first - 1, 0, 1);
		trap(b);
	}
	ret(b, SECCOMP_RET_ALLOW);
}

/*
 * A number may be the warden's, or one that the host knows by another number (kernel/pid.h). 0 is the caller, for most
 * of these calls.
 */
static void leaf_pid(struct builder *b, const struct sys_entry *entry)
{
	for (unsigned n = 0; n < SYS_ARGS; n++) {
		if (!PID_OF(entry, n))
			continue;
		load(b, OFF_ARG_LOW(n));
		jump_equal(b, 0, 1, 0);
		trap(b);
	}
	if (entry->nvalues)
		leaf_equal(b, entry);
	else
		ret(b, SECCOMP_RET_ALLOW);
}

static void leaf(struct builder *b, const struct sys_entry *entry)
{
	switch (entry->when) {
	case TRAP_NONNULL:
		return leaf_nonnull(b, entry->arg);
	case TRAP_EQ:
		return leaf_equal(b, entry);
	case TRAP_FD:
		return leaf_fd(b, entry->arg);
	case TRAP_RANGE:
		return leaf_range(b, entry);
	default:
		return leaf_pid(b, entry);
	}
}

/* ---- the tree ---- */

static bool is_conditional(const struct sys_entry *entry)
{
	return entry->name && entry->when > DENY;
}

static u32 plain_action(const struct sys_entry *entry)
{
	if (!entry->name || entry->when == TRAP)
		return RET_TRAP;
	return entry->when == DENY ? SECCOMP_RET_ERRNO | entry->arg : SECCOMP_RET_ALLOW;
}

/* Bit 4n is set where argument n is a process number, of whatever kind. */
static u32 pid_args(const struct sys_entry *entry)
{
	u32 p = entry->pids;

	return (p | p >> 1 | p >> 2 | p >> 3) & 0x11111111;
}

/* Does the filter do the same with both? mmap(2) is a leaf of its own: test_low(). */
static bool same_leaf(const struct sys_entry *a, const struct sys_entry *b)
{
	if (!is_conditional(a) || !is_conditional(b))
		return !is_conditional(a) && !is_conditional(b) && plain_action(a) == plain_action(b);
	return a == b || (a->when == b->when && a->arg == b->arg && a->own_fd == b->own_fd && a->values == b->values &&
			  a->nvalues == b->nvalues && a->ranges == b->ranges && a->text == b->text &&
			  pid_args(a) == pid_args(b) && a != &sys_table[__NR_mmap] && b != &sys_table[__NR_mmap]);
}

/* The leaf that does with a call what the filter is to do with it: its index. */
static u32 leaf_of(struct builder *b, const struct sys_entry *entry)
{
	u32 i;

	for (i = 0; i < b->nr_leaves && !same_leaf(b->leaf[i].entry, entry); i++)
		;
	if (i == LEAVES_MAX)
		panic("the filter has too many leaves");
	if (i == b->nr_leaves) {
		b->leaf[i].entry = entry;
		b->leaf[i].label.last = NO_JUMP;
		b->nr_leaves++;
	}
	return i;
}

/* One instruction that decides, or a jump to where that is done. */
static void to_leaf(struct builder *b, u32 i)
{
	const struct sys_entry *entry = b->leaf[i].entry;

	if (is_conditional(entry))
		jump_to(b, &b->leaf[i].label);
	else if (plain_action(entry) == RET_TRAP)
		trap(b);
	else
		ret(b, plain_action(entry));
}

/* Runs of numbers with the same leaf: starts[i] begins run i. */
static u32 find_runs(u16 *starts)
{
	u32 nr, n = 0;

	for (nr = 0; nr < SYS_MAX; nr++)
		if (!nr || !same_leaf(&sys_table[nr], &sys_table[nr - 1]))
			starts[n++] = (u16)nr;
	return n;
}

/* How far it is from instruction `at` to where the tree over these runs begins, its root or its only leaf. */
static u8 distance(struct builder *b, u32 at, u32 root, const u16 *starts, u32 runs, u32 leaves)
{
	u32 to = runs == 1 ? leaves + leaf_of(b, &sys_table[starts[0]]) : root;

	if (to - at - 1 > UINT8_MAX)
		panic("the filter's tree is too large");
	return (u8)(to - at - 1);
}

/*
 * The tree over these runs, one instruction less than they are; the accumulator holds the number. The leaves, one
 * instruction each, stand at `leaves`, behind the whole tree: conditional jumps do not reach much further.
 */
static void tree(struct builder *b, const u16 *starts, u32 runs, u32 leaves)
{
	u32 left = runs / 2, at = b->len;

	if (runs == 1)
		return;
	jump_ge(b, starts[left], distance(b, at, at + left, starts + left, runs - left, leaves),
		distance(b, at, at + 1, starts, left, leaves));
	tree(b, starts, left, leaves);
	tree(b, starts + left, runs - left, leaves);
}

static void build(struct builder *b)
{
	RARELY_USED static u16 starts[SYS_MAX];
	u32 runs = find_runs(starts), i;

	begin(b);
	/* 32-bit entries and x32 numbers do not exist here. */
	load(b, OFF_ARCH);
	jump_equal(b, AUDIT_ARCH_X86_64, 1, 0);
	ret(b, RET_ENOSYS);
	load(b, OFF_NR);
	jump_ge(b, X32_BIT, 0, 1);
	ret(b, RET_ENOSYS);
	jump_ge(b, SYS_MAX, 0, 1);
	trap(b);
	tree(b, starts, runs, b->len + runs - 1);
	for (i = 0; i < b->nr_leaves; i++)
		to_leaf(b, i);
	for (i = 0; i < b->nr_leaves; i++) {
		if (!is_conditional(b->leaf[i].entry))
			continue;
		place(b, &b->leaf[i].label);
		leaf(b, b->leaf[i].entry);
	}
	end_of_traps(b);
}

static long install(struct builder *b)
{
	struct sock_fprog prog = {.len = (u16)b->len, .filter = b->insn};
	/* SPEC_ALLOW: without it older kernels slow every process under a filter down. */
	long err = host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog);

	return err ? host_call3(__NR_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) : err;
}

int install_filter(s32 fd_base, bool patches)
{
	RARELY_USED static struct builder b;
	long err;

	b.fd_base = fd_base;
	b.patches = patches;
	build(&b);
	err = host_call5(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return err ? (int)err : (int)install(&b);
}

/* ---- calls that come to us from some moment on: further filters, each with a list ---- */

/* The builder is on the stack: other threads may be at the same. */
static void begin_list(struct builder *b)
{
	begin(b);
	load(b, OFF_NR);
}

/* With the number in the accumulator, before and after. */
static void list_call(struct builder *b, u32 nr)
{
	u32 past = b->len;

	jump_equal(b, nr, 0, 1);
	trap(b);
	b->insn[past].jf = (u8)(b->len - past - 1);
}

/* The same of those calls whose argument `arg`, as far as the mask goes, is one of `values`. */
static void list_values(struct builder *b, u32 nr, unsigned arg, u32 mask, const u32 *values, u32 nvalues)
{
	u32 past = b->len, i;

	jump_equal(b, nr, 0, 0);
	load(b, OFF_ARG_LOW(arg));
	emit(b, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	for (i = 0; i < nvalues; i++)
		jump_equal(b, values[i], (u8)(nvalues - i), 0);
	ret(b, SECCOMP_RET_ALLOW);
	trap(b);
	b->insn[past].jf = (u8)(b->len - past - 1);
}

static void end_list(struct builder *b)
{
	ret(b, SECCOMP_RET_ALLOW);
	end_of_traps(b);
}

/* F_GETLK, F_GETOWN, F_GETOWN_EX; FIOGETOWN, SIOCGPGRP, TIOCGPGRP, TIOCGSID; GETPID; FUTEX_LOCK_PI, FUTEX_UNLOCK_PI,
 * FUTEX_TRYLOCK_PI, FUTEX_LOCK_PI2 */
static const u32 fcntl_numbers[] = {5, 9, 16}, ioctl_numbers[] = {0x8903, 0x8904, 0x540f, 0x5429},
		 semctl_numbers[] = {11}, futex_numbers[] = {6, 7, 8, 13};
/* Clocks of processes and threads. */
#define CLOCK_IS_NEGATIVE 0x80000000u
static const u32 clock_numbers[] = {CLOCK_IS_NEGATIVE};

void trap_numbers(struct task *task)
{
	struct builder b;
	u32 nr;

	if (task->numbers_trapped)
		return;
	begin_list(&b);
	for (nr = 0; nr < SYS_MAX; nr++)
		if (sys_table[nr].gives_pid)
			list_call(&b, nr);
	list_call(&b, __NR_timer_create);
	list_values(&b, __NR_fcntl, 1, ~0U, fcntl_numbers, ARRAY_SIZE(fcntl_numbers));
	list_values(&b, __NR_ioctl, 1, ~0U, ioctl_numbers, ARRAY_SIZE(ioctl_numbers));
	list_values(&b, __NR_semctl, 2, ~0U, semctl_numbers, ARRAY_SIZE(semctl_numbers));
	list_values(&b, __NR_futex, 1, 0x7f, futex_numbers, ARRAY_SIZE(futex_numbers));
	list_values(&b, __NR_clock_gettime, 0, CLOCK_IS_NEGATIVE, clock_numbers, ARRAY_SIZE(clock_numbers));
	list_values(&b, __NR_clock_getres, 0, CLOCK_IS_NEGATIVE, clock_numbers, ARRAY_SIZE(clock_numbers));
	list_values(&b, __NR_clock_nanosleep, 0, CLOCK_IS_NEGATIVE, clock_numbers, ARRAY_SIZE(clock_numbers));
	end_list(&b);
	if (install(&b))
		guest_log(task, "no filter for process numbers: getpid() shows the host's");
	else
		task->numbers_trapped = true;
}

/* What a list holds. */
struct holds {
	bool received, sleeps;
	u64 reads;
};

/*
 * Installs a list for all threads, if the host can: not where one of them has a filter that the others have not. What
 * it holds is noted.
 */
static bool install_for_all(struct task *self, const struct builder *b, struct holds holds)
{
	struct sock_fprog prog = {.len = (u16)b->len, .filter = (struct sock_filter *)b->insn};
	u64 flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	bool all, done = true;

	mutex_lock(&mm.seccomp_lock);
	all = !host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_TSYNC, &prog);
	if (!all)
		done = !host_call3(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	for (u32 i = 0; done; i++) {
		struct task *task = task_at(i);

		if (!task)
			break;
		if (task != self && !(all && task->tgid == self->tgid))
			continue;
		task->received_trapped |= holds.received;
		task->reads_trapped |= holds.reads;
		task->sleeps_trapped |= holds.sleeps;
	}
	mutex_unlock(&mm.seccomp_lock);
	return done;
}

void trap_received(struct task *self)
{
	struct builder b;

	if (self->received_trapped)
		return;
	begin_list(&b);
	list_call(&b, __NR_recvfrom);
	list_call(&b, __NR_recvmsg);
	list_call(&b, __NR_recvmmsg);
	end_list(&b);
	if (!install_for_all(self, &b, (struct holds){.received = true}))
		guest_log(self, "no filter for received messages: recvmsg() shows the host's names and credentials");
}

void trap_reads(struct task *self, int fd)
{
	struct builder b;
	u32 other;

	if (fd >= READS_TRAPPED || (self->reads_trapped & 1ULL << fd))
		return;
	begin_list(&b);
	emit(&b, BPF_JMP | BPF_JEQ | BPF_K, __NR_write, 2, 0);
	emit(&b, BPF_JMP | BPF_JEQ | BPF_K, __NR_writev, 1, 0);
	other = emit(&b, BPF_JMP | BPF_JEQ | BPF_K, __NR_read, 0, 0);
	load(&b, OFF_ARG_LOW(0));
	jump_equal(&b, (u32)fd, 0, 1);
	trap(&b);
	b.insn[other].jf = (u8)(b.len - other - 1);
	end_list(&b);
	if (!install_for_all(self, &b, (struct holds){.reads = 1ULL << fd}))
		guest_log(self, "no filter for read() and write(): what comes from descriptor %d is the host's word",
			  fd);
}

void trap_sleeps(struct task *self)
{
	struct builder b;
	u32 i;

	if (self->sleeps_trapped)
		return;
	begin_list(&b);
	for (i = 0; sleeping_call(i); i++)
		list_call(&b, sleeping_call(i));
	end_list(&b);
	if (!install_for_all(self, &b, (struct holds){.sleeps = true}))
		guest_log(self, "no filter for calls that sleep: ignored signals may end them");
}
