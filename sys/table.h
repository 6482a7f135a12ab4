/* SPDX-License-Identifier: MIT */
/*
 * The system call table: for each call of Linux what secede does with it. The filter, the
 * dispatcher and the test that compares with the host's list are all made from this one table.
 */
#ifndef SECEDE_SYS_TABLE_H
#define SECEDE_SYS_TABLE_H

#include "kernel/task.h"

typedef s64 (*sys_fn)(struct task *task, struct regs *regs);

/* When the filter lets a call through to the host without a trap. */
enum sys_when {
	PASS = 0,     /* always: no name or id of ours in it */
	TRAP,	      /* never */
	DENY,	      /* the filter answers with errno `arg` at once */
	TRAP_NONNULL, /* traps when argument `arg` is not NULL */
	TRAP_EQ,      /* traps when argument `arg` (32 bits) is one of `values`, or argument `own_fd` as for TRAP_FD */
	TRAP_FD,      /* traps when argument `arg` is a descriptor number of ours or above */
	TRAP_RANGE,   /* traps when a range of addresses in `ranges` may touch our part of the address space */
	TRAP_PID,     /* traps when an argument in `pids` is not 0, or argument `arg` is one of `values` */
};

/* Which arguments are paths: bit n for argument n. */
#define PATH0 0x01
#define PATH1 0x02
#define PATH2 0x04
#define PATH3 0x08
#define PATH4 0x10

/* What an argument that is a process number means; 0 is the caller, or its group. */
enum pid_arg {
	PID_TASK = 1, /* a process or a thread */
	PID_GROUP,    /* a process group */
	PID_KILL,     /* kill(2), wait4(2): a process, a group when it is negative, -1 for all */
	PID_PRIO,     /* setpriority(2): what the argument before says, PRIO_PROCESS, PGRP or USER */
	PID_IOPRIO,   /* ioprio_set(2): likewise, IOPRIO_WHO_ */
	PID_WAITID,   /* waitid(2): likewise, P_ */
	PID_CLOCK,    /* a clock's, in which there may be a process's or a thread's */
};
/* Which arguments are process numbers: four bits each, or-ed together. */
#define PID(n, meaning)	 ((u32)PID_##meaning << 4 * (n))
#define PID_OF(entry, n) ((enum pid_arg)((entry)->pids >> 4 * (n)&0xf))

/* An argument that is an address, and the one that is the length from there. Four bits an argument, or-ed together. */
#define RANGE(n, length) ((u32)((length) + 1) << 4 * (n))
#define RANGE_OF(entry, n)                                                                                             \
	((entry)->ranges >> 4 * (n)&0xf) /* 0: argument n is no such address, else the length's + 1 */

enum changes_text {
	TEXT_STAYS,
	TEXT_WRITABLE, /* if argument 2 has PROT_WRITE */
	TEXT_MOVES,
};

struct sys_entry {
	const char *name;
	sys_fn fn; /* NULL: passed through or denied */
	u8 when;   /* enum sys_when */
	u8 arg;	   /* argument index, or errno for DENY */
	u8 paths;  /* PATHn */
	u8 nvalues;
	u8 own_fd;	/* argument index + 1; 0: no such */
	u32 pids;	/* PID(n, ...) */
	bool gives_pid; /* what it returns is a process number */
	u32 ranges;	/* RANGE(n, ...) */
	u8 text;	/* enum changes_text: where call sites are patched it traps for that as well (sys/patch.h) */
	const u32 *values;
};

#define SYS_MAX 512
/* Indexed by number; a NULL name is a number that the table does not know: it traps, is logged
 * and answered ENOSYS. */
extern const struct sys_entry sys_table[SYS_MAX];

#endif
