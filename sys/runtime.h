/* SPDX-License-Identifier: MIT */
/* The way in and the way out: what arch/x86_64/entry.S, the command and the system calls share. */
#ifndef SECEDE_SYS_RUNTIME_H
#define SECEDE_SYS_RUNTIME_H

#include "exec/exec.h"
#include "kernel/mm.h"
#include "sys/sys.h"

/* entry.S: leaves to the guest with task->regs. Never returns. */
__attribute__((noreturn)) void arch_return_to_guest(struct task *task);
/* entry.S: runs fn(arg) on the top of the task's kernel stack, never to return. */
__attribute__((noreturn)) void arch_switch_stack(struct task *task, void (*fn)(void *), void *arg);
/* entry.S: bounds of the code between "registers are being restored" and the jump. */
extern char arch_exit_begin[], arch_exit_end[];
/* There: the jump to the guest, all of whose registers are in place. */
extern char arch_exit_jump[];
/*
 * marks.S: calls of the host that are made for a tracer alone, who sees them stop (sys/tracee.h): where a call of the
 * guest's ends, where one begins that the host does not stop at, and where a program has been loaded. `how`: the call
 * will be started again; it was execve, which succeeded.
 */
enum mark { MARK_END, MARK_AGAIN, MARK_EXEC };
void arch_end_mark(enum mark how);
void arch_entry_mark(void);
void arch_exec_mark(void);
extern char arch_end_mark_call[], arch_end_mark_done[], arch_entry_mark_done[], arch_exec_mark_done[];
/* blocking.S */
extern char blocking_begin[], blocking_end[], blocking_eintr[];
/* entry.S: where the host starts the runtime after execve. */
extern char _start[];
extern char runtime_text_start[], runtime_text_end[], runtime_image_end[];

/* The dispatcher: does the call in task->regs and sets rax. Called on the kernel stack. */
void syscall_dispatch(struct task *task);

/* How the command starts a session: makes the calling process, which is single-threaded, a guest. The
 * runtime's ELF is already mapped; this is its entry `runtime_attach`. Returns 0 or -errno, on the
 * caller's own stack, with the filter installed. */
struct attach_args {
	s32 arena_fd, handle;
	u64 handle_inode;
	s32 fd_base;
	bool patches;	       /* call sites are patched */
	const char *exe, *pwd; /* host paths of the command itself and its working directory */
	/* Returns when the session is there, under the filter already; does not return if it fails. NULL: it is there.
	 */
	void (*wait_for_session)(const struct attach_args *args);
};
int runtime_attach(const struct attach_args *args);
int install_filter(s32 fd_base, bool patches);
/* From now on what recvmsg(2) and recvfrom(2) bring, and what is read from that descriptor, comes to us first
 * (sys/filter.c). For all threads of the process, and its children; execve keeps it. */
void trap_received(struct task *self);
void trap_reads(struct task *self, int fd);
/* Calls that sleep, in all threads: sys/sleep.h. */
void trap_sleeps(struct task *self);

/* What the command finds at RUNTIME_HEADER once it has mapped the runtime's ELF by itself. */
#define RUNTIME_HEADER (IMAGE_BASE + 0x1000)
struct runtime_header {
	u64 magic; /* ARENA_MAGIC */
	int (*attach)(const struct attach_args *args);
	const struct mm_struct *mm;
	u64 layout; /* RUNTIME_LAYOUT: for those who read a runtime that may be another version's */
};
#define RUNTIME_LAYOUT                                                                                                 \
	((u64)sizeof(struct task) | (u64)sizeof(struct mm_struct) << 16 | (u64)offsetof(struct task, nsproxy) << 32 |  \
	 (u64)sizeof(struct fs_struct) << 48)

#endif
