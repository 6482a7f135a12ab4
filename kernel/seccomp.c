/* SPDX-License-Identifier: MIT */
/* Lists of seccomp filters, and the machine that runs their programs (kernel/seccomp.h). */
#include "kernel/seccomp.h"

#include "kernel/alloc.h"
#include "lib/string.h"

#define SHIFT_MASK 31 /* what the host's machines make of longer shifts */

/* ---- lists ---- */

struct seccomp_filter *seccomp_alloc(u32 len)
{
	struct seccomp_filter *filter = kzalloc(sizeof(*filter) + len * sizeof(filter->insn[0]));

	if (!filter)
		return NULL;
	filter->users = 1;
	filter->len = len;
	return filter;
}

struct seccomp_filter *seccomp_get(struct seccomp_filter *filter)
{
	if (filter)
		atomic_fetch_add(&filter->users, 1);
	return filter;
}

void seccomp_put(struct seccomp_filter *filter)
{
	while (filter && atomic_fetch_sub(&filter->users, 1) == 1) {
		struct seccomp_filter *prev = filter->prev;

		kfree(filter);
		filter = prev;
	}
}

/* ---- the machine: classic BPF, as far as seccomp(2) allows it ---- */

struct machine {
	const struct seccomp_data *data;
	u32 a, x, mem[BPF_MEMWORDS];
	bool by_zero; /* a division, which ends the program with the answer 0 */
};

static u32 load(const struct machine *m, const struct sock_filter *f)
{
	u32 word = 0;

	switch (BPF_MODE(f->code)) {
	case BPF_ABS:
		if (f->k <= sizeof(*m->data) - sizeof(word))
			memcpy(&word, (const char *)m->data + f->k, sizeof(word));
		return word;
	case BPF_LEN:
		return sizeof(*m->data);
	case BPF_MEM:
		return m->mem[f->k % BPF_MEMWORDS];
	default:
		return f->k; /* BPF_IMM */
	}
}

static u32 divide(struct machine *m, u32 by)
{
	m->by_zero = !by;
	return by ? m->a / by : 0;
}

static u32 alu(struct machine *m, const struct sock_filter *f)
{
	u32 operand = BPF_SRC(f->code) == BPF_X ? m->x : f->k;

	switch (BPF_OP(f->code)) {
	case BPF_ADD:
		return m->a + operand;
	case BPF_SUB:
		return m->a - operand;
	case BPF_MUL:
		return m->a * operand;
	case BPF_DIV:
		return divide(m, operand);
	case BPF_AND:
		return m->a & operand;
	case BPF_OR:
		return m->a | operand;
	case BPF_XOR:
		return m->a ^ operand;
	case BPF_LSH:
		return m->a << (operand & SHIFT_MASK);
	case BPF_RSH:
		return m->a >> (operand & SHIFT_MASK);
	default:
		return -m->a; /* BPF_NEG */
	}
}

/* How many instructions to pass over. */
static u32 jump(const struct machine *m, const struct sock_filter *f)
{
	u32 operand = BPF_SRC(f->code) == BPF_X ? m->x : f->k;
	bool yes;

	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return f->k;
	case BPF_JEQ:
		yes = m->a == operand;
		break;
	case BPF_JGE:
		yes = m->a >= operand;
		break;
	case BPF_JGT:
		yes = m->a > operand;
		break;
	default:
		yes = m->a & operand; /* BPF_JSET */
		break;
	}
	return yes ? f->jt : f->jf;
}

static void transfer(struct machine *m, const struct sock_filter *f)
{
	if (BPF_MISCOP(f->code) == BPF_TAX)
		m->x = m->a;
	else
		m->a = m->x;
}

static u32 run(const struct seccomp_filter *filter, const struct seccomp_data *data)
{
	struct machine m = {.data = data};

	for (u32 pc = 0; pc < filter->len && !m.by_zero; pc++) {
		const struct sock_filter *f = &filter->insn[pc];

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			m.a = load(&m, f);
			break;
		case BPF_LDX:
			m.x = load(&m, f);
			break;
		case BPF_ST:
			m.mem[f->k % BPF_MEMWORDS] = m.a;
			break;
		case BPF_STX:
			m.mem[f->k % BPF_MEMWORDS] = m.x;
			break;
		case BPF_ALU:
			m.a = alu(&m, f);
			break;
		case BPF_JMP:
			pc += jump(&m, f);
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? m.a : f->k;
		default:
			transfer(&m, f);
			break;
		}
	}
	return SECCOMP_RET_KILL_THREAD;
}

u32 seccomp_run(const struct seccomp_filter *filter, const struct seccomp_data *data)
{
	u32 answer = SECCOMP_RET_ALLOW;

	for (; filter; filter = filter->prev) {
		u32 own = run(filter, data);

		/* Signed: that puts KILL_PROCESS below KILL_THREAD, which is 0. */
		if ((s32)(own & SECCOMP_RET_ACTION_FULL) < (s32)(answer & SECCOMP_RET_ACTION_FULL))
			answer = own;
	}
	return answer;
}
