/* SPDX-License-Identifier: MIT */
/*
 * The seccomp filter against the table that it is made from: the filter's own instructions are carried out here,
 * and for each number the answer must be what the table says, worked out in another way.
 */
#include <stdio.h>
#include <string.h>
#include "sys/table.h"

/* The functions of the table are not linked in here: each becomes one that is never called. */
#define SYSCALL(name)                                                                                                  \
	static s64 sys_##name(struct task *task, struct regs *regs)                                                    \
	{                                                                                                              \
		return task && regs;                                                                                   \
	}                                                                                                              \
	struct sys_##name##_unused

#define SECEDE_SYS_SYS_H
#include "sys/calls.h"
#include "sys/table.c"

/* Where the runtime's code would be. */
#include "sys/runtime.h"
#define TEXT_START	   (IMAGE_BASE + 0x9000)
#define TEXT_END	   (IMAGE_BASE + 0x2f000)
#define runtime_text_start ((char *)TEXT_START)
#define runtime_text_end   ((char *)TEXT_END)
#include "sys/filter.c"

void panic(const char *message)
{
	printf("Bail out! %s\n", message);
	__builtin_trap();
}

/* What installing a filter takes, which is not tried here. */
struct mm_struct mm;

u32 sleeping_call(u32 i)
{
	return 0;
}

struct task *task_at(u32 i)
{
	return NULL;
}

void mutex_lock(struct mutex *m)
{
}

void mutex_unlock(struct mutex *m)
{
}

void guest_log(const struct task *task, const char *format, ...)
{
	panic("a filter could not be installed");
}

/* ---- a machine for the filter's instructions ---- */

static u32 fetch(const struct seccomp_data *data, u32 offset)
{
	u32 word;

	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

/* The filter's answer; 1, which means nothing, when it is not well-formed. */
static u32 answer(const struct builder *b, const struct seccomp_data *data)
{
	u32 a = 0, x = 0, pc;

	for (pc = 0; pc < b->len; pc++) {
		const struct sock_filter *i = &b->insn[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (i->k % 4 || i->k > sizeof(*data) - 4)
				return 1;
			a = fetch(data, i->k);
			break;
		case BPF_MISC | BPF_TAX:
			x = a;
			break;
		case BPF_ALU | BPF_ADD | BPF_X:
			a += x;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return 1;
		}
	}
	return 1;
}

/* ---- what the table says ---- */

static struct builder filter;

#define FD_BASE 1020

/* May the range reach the 4 GiB pieces from the first to the last with memory of ours? */
static bool reaches_ours(u64 addr, u64 len)
{
	u32 piece = (u32)(addr >> 32), first = IMAGE_BASE >> 32;

	return piece < BLOCKS_END >> 32 && (piece >= first || piece + (u32)(len >> 32) >= first - 1);
}

/* Or the table of patched call sites? 0 is no address where the call has it for none. */
static bool reaches_table(u64 addr, int nr, unsigned arg)
{
	return addr < PATCH_TABLE_END && (addr || (nr != __NR_mmap && !arg));
}

static bool range_reaches_ours(const struct sys_entry *entry, const struct seccomp_data *data)
{
	for (unsigned n = 0; n < SYS_ARGS; n++)
		if (RANGE_OF(entry, n) && (reaches_table(data->args[n], data->nr, n) ||
					   reaches_ours(data->args[n], data->args[RANGE_OF(entry, n) - 1])))
			return true;
	return false;
}

/* Where call sites are patched, text may not change without us. */
static bool changes_text(const struct sys_entry *entry, const struct seccomp_data *data)
{
	return filter.patches &&
	       (entry->text == TEXT_MOVES || (entry->text == TEXT_WRITABLE && (data->args[2] & PROT_WRITE)));
}

static bool names_somebody(const struct sys_entry *entry, const struct seccomp_data *data)
{
	for (unsigned n = 0; n < SYS_ARGS; n++)
		if (PID_OF(entry, n) && (u32)data->args[n])
			return true;
	return false;
}

static bool condition_holds(const struct sys_entry *entry, const struct seccomp_data *data)
{
	u64 value = data->args[entry->arg];
	bool among = false;

	for (u32 i = 0; i < entry->nvalues; i++)
		among |= (u32)value == entry->values[i];
	switch (entry->when) {
	case TRAP:
		return true;
	case TRAP_PID:
		return among || names_somebody(entry, data);
	case TRAP_NONNULL:
		return value != 0;
	case TRAP_EQ:
		return among || (entry->own_fd && (u32)data->args[entry->own_fd - 1] >= FD_BASE);
	case TRAP_FD:
		return (u32)value >= FD_BASE;
	case TRAP_RANGE:
		return range_reaches_ours(entry, data) || changes_text(entry, data);
	default:
		return false;
	}
}

static u32 expected(const struct seccomp_data *data)
{
	const struct sys_entry *entry;
	u64 ip = data->instruction_pointer;

	if (data->arch != AUDIT_ARCH_X86_64)
		return RET_ENOSYS;
	/* What does not exist does not exist for the runtime either. */
	if ((u32)data->nr >= X32_BIT)
		return RET_ENOSYS;
	entry = &sys_table[(u32)data->nr < SYS_MAX ? data->nr : SYS_MAX - 1];
	if (entry->name && entry->when == DENY)
		return SECCOMP_RET_ERRNO | entry->arg;
	/* The pointer stands behind the instruction. */
	if (ip >= TEXT_START && ip <= TEXT_END)
		return SECCOMP_RET_ALLOW;
	if (!entry->name)
		return RET_TRAP;
	return condition_holds(entry, data) ? RET_TRAP : SECCOMP_RET_ALLOW;
}

/* ---- the questions ---- */

static const u64 pointers[] = {
    0x401000,	0x7ffff7fc1000,	  TEXT_START - 1,      TEXT_START,	 TEXT_START + 2,
    TEXT_END,	TEXT_END + 1,	  IMAGE_BASE,	       IMAGE_BASE - 1,	 TEXT_START + (1UL << 32),
    UINT64_MAX, TEXT_START << 16, TEXT_START & 0xffff, 0x5500ffffffffUL,
};

static const u64 values[] = {
    0,
    1,
    2,
    3,
    0x100000000UL,
    0x100000001UL,
    FD_BASE - 1,
    FD_BASE,
    FD_BASE + 1,
    0xffffffff,
    UINT64_MAX,
    4711,
    4711 + (1UL << 32),
    (u64)-4711,
    (u32)-4711,
    IMAGE_BASE - 1,
    IMAGE_BASE,
    IMAGE_BASE + (1UL << 32) - 1,
    IMAGE_BASE + (1UL << 32),
    0x550fffffffffUL,
    0x551000000000UL,
    HEAP_BASE,
    BLOCKS_BASE,
    BLOCKS_END - 1,
    BLOCKS_END,
    0x7fffffffe000UL,
    0x540000000000UL,
    0x010000000000UL,
    0x54ff00000000UL,
    0x54feffffffffUL,
    PATCH_TABLE - 1,
    PATCH_TABLE,
    PATCH_TABLE_END - 1,
    PATCH_TABLE_END,
};

static int tests, failed;

/* One question; tells only of the first wrong answer of each test. */
static bool agrees(const struct seccomp_data *data)
{
	u32 got = answer(&filter, data), want = expected(data);

	if (got != want)
		printf("# call %d from %#llx, arguments %#llx ...: %#x instead of %#x\n", data->nr,
		       (unsigned long long)data->instruction_pointer, (unsigned long long)data->args[0], got, want);
	return got == want;
}

static void result(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failed += !good;
}

/* Asks about `nr` with the value in each argument. */
static bool ask_value(int nr, u64 ip, u64 value)
{
	struct seccomp_data data = {.nr = nr, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = ip};
	bool good = true;

	for (int arg = 0; good && arg < 6; arg++) {
		data.args[arg] = value;
		good = agrees(&data);
		data.args[arg] = 0;
	}
	return good;
}

static void test_numbers(void)
{
	bool good = true;

	for (int nr = 0; good && nr < 2 * SYS_MAX; nr++) {
		const struct sys_entry *entry = &sys_table[nr % SYS_MAX];

		for (size_t i = 0; good && i < ARRAY_SIZE(values); i++)
			good = ask_value(nr, 0x401000, values[i]);
		for (u32 i = 0; good && nr < SYS_MAX && i < entry->nvalues; i++)
			good = ask_value(nr, 0x401000, entry->values[i]) &&
			       ask_value(nr, 0x401000, entry->values[i] | 1UL << 32) &&
			       ask_value(nr, 0x401000, entry->values[i] ^ 0x80000000);
	}
	result(good, "each number, with telling values in each argument");
}

/* Each pair of telling values in each pair of arguments. */
static void test_ranges(void)
{
	struct seccomp_data data = {.arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0x401000};
	const size_t n = ARRAY_SIZE(values);
	bool good = true;

	for (data.nr = 0; good && data.nr < SYS_MAX; data.nr++)
		for (size_t i = 0; good && sys_table[data.nr].ranges && i < 36 * n * n; i++) {
			memset(data.args, 0, sizeof(data.args));
			data.args[i % 6] = values[i / 36 % n];
			data.args[i / 6 % 6] = values[i / 36 / n];
			good = agrees(&data);
		}
	result(good, "ranges of addresses");
}

static void test_odd_numbers(void)
{
	static const u32 numbers[] = {0x3fffffff, 0x40000000, 0x40000001, 0x400001ff,
				      0x7fffffff, 0x80000000, UINT32_MAX};
	bool good = true;

	for (size_t i = 0; good && i < ARRAY_SIZE(numbers); i++)
		good = ask_value((int)numbers[i], 0x401000, 0);
	result(good, "numbers that no table has");
}

static void test_pointers(void)
{
	bool good = true;

	for (size_t i = 0; good && i < ARRAY_SIZE(pointers); i++)
		for (int nr = 0; good && nr < SYS_MAX; nr++)
			good = ask_value(nr, pointers[i], 0);
	result(good, "the runtime's own code and its borders");
}

static void test_architectures(void)
{
	struct seccomp_data data = {.nr = 1, .arch = AUDIT_ARCH_I386, .instruction_pointer = TEXT_START + 2};
	bool good = agrees(&data);

	data.instruction_pointer = 0x401000;
	good = good && agrees(&data);
	data.arch = 0;
	result(good && agrees(&data), "other architectures");
}

int main(void)
{
	filter.fd_base = FD_BASE;
	for (int patches = 0; patches < 2; patches++) {
		printf("# call sites are %s\n", patches ? "patched" : "not patched");
		filter.patches = patches;
		build(&filter);
		test_numbers();
		test_ranges();
		test_odd_numbers();
		test_pointers();
		test_architectures();
	}
	printf("1..%d\n", tests);
	return failed != 0;
}
