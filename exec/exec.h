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

/* ---- the carry: exec/carry.c ---- */

#define CARRY_PREFIX "\x01secede="
#define CARRY_MAX    (128UL << 10) /* Linux's MAX_ARG_STRLEN, its NUL included */

/* State that crosses execve. Plain numbers and strings; see carry.c for the text form. */
struct carry {
	s32 arena_fd, fd_base;
	s32 handle;
	u64 handle_inode;
	u64 mnt_ns, uts_ns, user_ns; /* arena addresses */
	u64 root_mnt, pwd_mnt, exe_mnt;
	u64 pivots; /* those that root and pwd have followed */
	u32 umask;
	u32 nfds; /* entries of fds, those without close-on-exec */
	u64 blocked_hidden;
	u64 sem_list, sem_parted; /* the list of semaphore adjustments: kernel/sem.h */
	u64 files_limit;	  /* the host's soft limit, should another thread have raised it */
	u64 numbers_trapped, received_trapped, reads_trapped, sleeps_trapped;
	u64 sig_mask;	  /* the guest's host mask; everything is blocked while execve runs */
	u64 sig_ignored;  /* signals that stay ignored, bit sig - 1 */
	u64 sig_mixed;	  /* and of these, those that the host did not ignore (kernel/sighand.h) */
	struct cred cred; /* groups apart */
	u32 ngroups;
	s32 exe_fd, interp_fd; /* open on the program and its interpreter (-1: none) */
	s32 filters_fd;	       /* the task's seccomp filters (-1: none): exec/filters.c */
	u32 no_new_privs, seccomp_outside;
	const char *root, *pwd, *exe; /* host paths */
	const char *execfn;	      /* what AT_EXECFN shows: the guest's own words */
	const char *comm;
	const u32 *groups;
	const struct fd_info *fds;
	void *strings, *arrays; /* what those point into; carry_release frees them */
};

/* Writes `c` as one string without NUL bytes (prefix included). Length, or -E2BIG. */
s64 carry_encode(const struct carry *c, char *buf, size_t size);
/* The other way; strings and arrays come from kzalloc. False: not a carry of this version. */
bool carry_decode(const char *text, struct carry *c);
void carry_release(struct carry *c);

/* ---- task to carry and back: exec/handover.c ---- */

/* Fills `c` from the task; exe*, execfn, comm, interp_fd and filters_fd are the caller's. 0 or -ENOMEM. */
int carry_from_task(struct task *task, struct carry *c);
/* Gives a fresh task its contexts, as execve leaves them, and fills mm. 0 or -ENOMEM. */
int carry_to_task(const struct carry *c, struct task *task);
/* Maps the arena read-only where it belongs. 0, or -errno when the descriptor is none. */
int arena_map(s32 fd);

/* ---- seccomp filters: exec/filters.c ---- */

/* A descriptor with the list in it, or -errno. */
int filters_save(const struct seccomp_filter *filter);
/* Reads one; -1 is an empty list. 0, or -ENOMEM when the descriptor does not hold what it should. */
int filters_load(int fd, struct seccomp_filter **list);

/* ---- the argument arrays: exec/args.c ---- */

#define ARGS_SPARE 16 /* room before argv: what #! lines put in front */

/*
 * execve's argv and envp as the host gets them: the guest's own strings, with ours among them.
 * They belong to the task: a vfork child that has gone over to its new program leaves them to its parent.
 */
struct exec_args {
	const char **argv, **envp; /* NULL-terminated; argv may grow downwards by ARGS_SPARE, envp by one, the carry */
	u64 argc, envc;
};
/* 0, -EFAULT, -E2BIG or -ENOMEM. On error nothing is held. */
int exec_args_get(struct task *task, u64 uargv, u64 uenvp, struct exec_args *out);
/* Unmaps what the task's last execve left here. Called for oneself, or for a task that is no more. */
void exec_release(struct task *task);

/* ---- the new image: exec/start.c, exec/stack.c, exec/load.c ---- */

struct auxv {
	u64 type, value;
};
/* The host-given stack, parsed. */
struct initial_stack {
	u64 *base; /* argc stands here: the guest's rsp at start */
	u64 argc;
	char **argv, **envp;
	u64 envc;
	struct auxv *auxv;
	u64 auxc;    /* entries of auxv, AT_NULL included */
	char *carry; /* the carry's text, once it has been taken off envp */
	size_t carry_size;
};
void initial_stack_parse(u64 *base, struct initial_stack *out);
/*
 * Takes the carry string off envp, moves the auxiliary vector down over the gap, and returns the
 * text, which still stands; NULL: there is none. initial_stack_seal() wipes it.
 */
char *initial_stack_take_carry(struct initial_stack *stack);
/* Puts the guest's AT_EXECFN where the carry stood, the rest becomes zero. */
void initial_stack_seal(struct initial_stack *stack, const char *execfn);
/* The entry of that type; the one that ends the vector when there is none. */
struct auxv *initial_stack_auxv(struct initial_stack *stack, u64 type);
/* One past the last byte of the mapping. Asked before AT_EXECFN is changed. */
u64 initial_stack_end(struct initial_stack *stack);

/*
 * Maps the program (and its interpreter) from open descriptors, mends the auxiliary vector and
 * sets the guest's first registers. Only failures of memory and files that changed meanwhile are
 * left: they end the process with SIGSEGV, as the kernel does after the point of no return.
 */
void load_program(struct task *task, const struct carry *c, struct initial_stack *stack, struct regs *regs);

#endif
