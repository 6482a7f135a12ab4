/* SPDX-License-Identifier: MIT */
/*
 * semop(2): the host's, but whether SEM_UNDO was ever used is worth knowing, because the undo list
 * is what unshare(CLONE_SYSVSEM) is about and only the host has it.
 */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/sleep.h"
#include "sys/sys.h"

#define SEM_UNDO_FLAG 0x1000
#define SEMOPM	      500 /* Linux's limit of operations a call; more is E2BIG, whatever they say */

/* semop(2)'s struct sembuf. */
struct sembuf_guest {
	u16 num;
	int16_t op;
	int16_t flags;
};

static void look_for_undo(u64 uops, u64 nops)
{
	struct sembuf_guest op;
	u64 i;

	for (i = 0; i < MIN(nops, SEMOPM) && !mm.sem_undo; i++)
		if (!get_guest(op, uops + i * sizeof(op)) && (op.flags & SEM_UNDO_FLAG))
			mm.sem_undo = true;
}

static s64 do_semop(struct task *task, const struct regs *regs, u64 timeout)
{
	u64 uops = ARG1(regs), nops = ARG2(regs);

	if (!access_ok(uops, MIN(nops, SEMOPM) * sizeof(struct sembuf_guest)) || (timeout && !access_ok(timeout, 16)))
		return -EFAULT;
	look_for_undo(uops, nops);
	return host_call_sleeping(task, __NR_semtimedop, (u64[SYS_ARGS]){ARG0(regs), uops, nops, timeout});
}

SYSCALL(semop)
{
	return do_semop(task, regs, 0);
}

SYSCALL(semtimedop)
{
	return do_semop(task, regs, ARG3(regs));
}
