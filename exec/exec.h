/* SPDX-License-Identifier: MIT */
/*
 * execve(2): the guest's program is checked and opened while failing is still possible, then the
 * host executes the runtime again with the guest's own argv and envp, and the new runtime maps the
 * program. What must survive travels in one extra environment string, the carry: nothing shared is
 * written, nothing waits, and nothing leaks when the process is killed between.
 */
#ifndef SECEDE_EXEC_EXEC_H
#define SECEDE_EXEC_EXEC_H

#include "kernel/mm.h"
#include "vfs/namei.h"

#define CARRY_PREFIX "\x01secede="

/* State that crosses execve. Plain numbers and strings; see carry.c for the text form. */
struct carry {
	s32 arena_fd, fd_base;
	s32 handle;
	u64 handle_inode;
	u64 mnt_ns, uts_ns, user_ns; /* arena addresses */
	u64 root_mnt, pwd_mnt, exe_mnt;
	u32 umask;
	u32 nfds;                    /* entries of fds, those without close-on-exec */
	u64 blocked_hidden;
	struct cred cred;            /* groups apart */
	u32 ngroups;
	s32 exe_fd, interp_fd;       /* open on the program and its interpreter (-1: none) */
	const char *root, *pwd, *exe; /* host paths */
	const char *execfn;          /* what AT_EXECFN shows: the guest's own words */
	const char *comm;
	const u32 *groups;
	const struct fd_info *fds;
};

/* Writes `c` as one string without NUL bytes (prefix included). Length, or -E2BIG. */
s64 carry_encode(const struct carry *c, char *buf, size_t size);
/* The other way; strings and arrays come from kzalloc. False: not a carry of this version. */
bool carry_decode(const char *text, struct carry *c);
/* Fills `c` from the task; groups and fds come from kzalloc (carry_release gives them back). */
int carry_from_task(struct task *task, struct carry *c);
void carry_release(struct carry *c);

/* ---- the new image: exec/load.c ---- */
struct auxv {
	u64 type, value;
};
/* The host-given stack, parsed. */
struct initial_stack {
	u64 *base; /* argc stands here: the guest's rsp at start */
	u64 argc;
	char **argv, **envp;
	struct auxv *auxv;
};
void initial_stack_parse(u64 *base, struct initial_stack *out);
/* Takes the carry string off envp: clears its text, moves the auxiliary vector down over the gap. */
char *initial_stack_take_carry(struct initial_stack *stack);

/*
 * Maps the program (and its interpreter) from open descriptors, mends the auxiliary vector and
 * sets the guest's first registers. Only failures of memory are left: they end the process with
 * SIGKILL as the kernel does after the point of no return.
 */
void load_program(struct task *task, const struct carry *c, struct initial_stack *stack, struct regs *regs);

#endif
