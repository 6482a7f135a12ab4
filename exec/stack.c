/* SPDX-License-Identifier: MIT */
/*
 * The stack that the host made for the runtime, turned into the one that it would have made for
 * the guest's program. From low to high addresses: argc, argv, NULL, envp, NULL, the auxiliary
 * vector; then the strings of argv, those of envp (the carry last), the host's AT_EXECFN, 8 zero bytes.
 */
#include "exec/exec.h"

#include <linux/auxvec.h>
#include "lib/string.h"

#define PAGE	      4096UL
#define STACK_TOP_GAP 8 /* zero bytes that Linux leaves above the last string */

void initial_stack_parse(u64 *base, struct initial_stack *out)
{
	memset(out, 0, sizeof(*out));
	out->base = base;
	out->argc = *base;
	out->argv = (char **)(base + 1);
	out->envp = out->argv + out->argc + 1;
	while (out->envp[out->envc])
		out->envc++;
	out->auxv = (struct auxv *)(out->envp + out->envc + 1);
	while (out->auxv[out->auxc++].type != AT_NULL)
		;
}

char *initial_stack_take_carry(struct initial_stack *stack)
{
	char **slot = &stack->envp[stack->envc - 1];
	void *gap = slot + 1;

	if (!stack->envc || strncmp(*slot, CARRY_PREFIX, strlen(CARRY_PREFIX)) != 0)
		return NULL;
	stack->carry = *slot;
	stack->carry_size = strlen(stack->carry) + 1;
	*slot = NULL;
	stack->envc--;
	/* auxv now starts where envp's NULL stood. */
	memmove(gap, stack->auxv, stack->auxc * sizeof(struct auxv));
	stack->auxv = gap;
	return stack->carry;
}

void initial_stack_seal(struct initial_stack *stack, const char *execfn)
{
	memset(stack->carry, 0, stack->carry_size);
	/* The carry held this string and more: there is room. */
	memcpy(stack->carry, execfn, strlen(execfn));
}

struct auxv *initial_stack_auxv(struct initial_stack *stack, u64 type)
{
	struct auxv *entry = stack->auxv;

	while (entry->type != type && entry->type != AT_NULL)
		entry++;
	return entry;
}

u64 initial_stack_end(struct initial_stack *stack)
{
	u64 last = initial_stack_auxv(stack, AT_EXECFN)->value;

	return ALIGN_UP(last + strlen((const char *)(uintptr_t)last) + 1 + STACK_TOP_GAP, PAGE);
}
