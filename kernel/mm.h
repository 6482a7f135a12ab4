/* SPDX-License-Identifier: MIT */
/*
 * The address space as the runtime knows it: one object per process, in the runtime's private
 * memory. The only global of the runtime.
 */
#ifndef SECEDE_KERNEL_MM_H
#define SECEDE_KERNEL_MM_H

#include "kernel/task.h"

/* Where our memory lies. 0x5500.. is chosen so that guests built with ASan, TSan and MSan run;
 * the guest's brk heap may follow the image, so only these ranges are ours. The others, with the arena
 * (arena/arena.h), begin within one GiB: that saves each process two page tables. */
#define IMAGE_BASE  0x550000000000UL /* the runtime's ELF, linked there */
#define HEAP_BASE   0x551010000000UL /* private heap: contexts, paths, descriptor notes */
#define HEAP_SIZE   (256UL << 20)
#define BLOCKS_BASE 0x551020000000UL /* task blocks */
#define BLOCK_SIZE  (128UL << 10)
#define BLOCKS_MAX  28672
#define BLOCKS_END  (BLOCKS_BASE + BLOCK_SIZE * BLOCKS_MAX)

/*
 * A task block, aligned to its size: struct task at the bottom, then the kernel stack (grows down from
 * KSTACK_TOP), then the signal stack that the host knows (sigaltstack). Runtime code always runs
 * on one of the two, so `current` is a mask of the stack pointer, whatever the guest does to its own
 * registers.
 */
#define KSTACK_TOP (96UL << 10)

static inline struct task *current_task(void)
{
	return (struct task *)((uintptr_t)__builtin_frame_address(0) & ~(BLOCK_SIZE - 1));
}

struct mm_struct {
	u64 id;			   /* unlike that of any other address space: see thread_where() */
	s32 arena_fd;		   /* host descriptor of the arena */
	s32 fd_base;		   /* descriptor numbers from here on trap in close(2): ours are among them */
	struct mutex tasks_lock;   /* guards allocation of blocks */
	u32 nr_blocks;		   /* blocks ever mapped: the index is below this */
	u64 nr_tasks;		   /* tasks ever made */
	u32 reap_at;		   /* so many that may vanish are asked about again: task_alloc() */
	struct hpath *exe;	   /* host path of the guest's program */
	struct path exe_place;	   /* and where it stands in the guest's tree */
	_Atomic u32 nr_held;	   /* signals held back by tasks, counted too high by those that a task died with */
	struct mutex seccomp_lock; /* one change of filters at a time: kernel/seccomp.h */
	u32 seccomp_outside;	   /* SECCOMP_MODE_* that the session was started under */
	u64 marks;		   /* calls are traced: say where they end (sys/tracee.h). Tracers write it */
	bool attached;		   /* in the command itself, before its first exec */
	u32 patch_after;	   /* a call site is patched when it has trapped so often; 0: never (sys/patch.h) */
	bool patch_table;	   /* the table for patched sites is there: PATCH_TABLE is ours */
	char comm[16];
};
extern struct mm_struct mm;

/* An id for an address space that is about to begin. */
u64 mm_new_id(void);
/*
 * Where the host thread of that number is. A number that was left by a dead thread may have been given to another one
 * meanwhile, which then is elsewhere. On a host that will not say, whoever lives counts as here.
 */
enum whereabouts { THREAD_HERE, THREAD_ELSEWHERE, THREAD_DEAD };
enum whereabouts thread_where(s32 tid);
/* Does that process live, in the address space of that id? Where the host will not say, whoever lives does. */
bool process_lives(s32 tgid, u64 id);

/* Does [addr, addr + len) touch memory of ours? */
bool range_is_ours(u64 addr, u64 len);
/* The lowest range of ours, [start, end), that does not lie below addr. False: there is none. */
struct mm_range {
	u64 start, end;
};
bool next_own_range(u64 addr, struct mm_range *out);

/* A free block, initialised as a task without contexts, or NULL. */
struct task *task_alloc(void);
/* Gives the block back; not for the block one runs on (see task_exit in kernel side of sys/process.c). */
void task_free(struct task *task);

/* The host has made the new task of that serial: from now on the block is the child's. */
void task_born(struct task *task, u64 serial, s32 tid);

/* The task blocks in a row, whatever their state; NULL behind the last. */
struct task *task_at(u32 i);
/* Gives most of the block's memory back to the host: the caller's thread, which runs on it, is about to end. */
void task_trim(struct task *task);

/* A task of that serial which ended without a word, if it did: what it held is released. */
void task_bury(struct task *task, u64 serial);

/* The running task of this address space with that number on the host, or NULL. It can leave at any moment: what it
 * points to may be looked at with its task_lock held, and is NULL once it has left. */
struct task *task_find(s32 tid);

/* The next running task of this address space, of those from *i on; NULL: there is none. As task_find(). */
struct task *task_next(u32 *i);

/* Closes the other tasks' handles in our own table: they stand on them in theirs. */
void tasks_close_handles(struct task *self);
/* After fork: the other tasks' blocks are free, they live in the parent alone. */
void tasks_forget_others(struct task *self);
/* Does a task of this address space stand on the handle with that inode? */
bool handle_in_use(u64 inode);

/* Is that descriptor number one of the runtime's? Guests see EBADF there. */
bool fd_is_ours(int fd);
/* Takes one away from there, because the guest wants the number. False: others know it by that. */
bool move_own_fd(int fd);
/* The lowest of the runtime's descriptors that is not below `from`; UINT32_MAX: there is none. */
u32 next_own_fd(u32 from);

#endif
