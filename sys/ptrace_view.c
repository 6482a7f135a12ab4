/* SPDX-License-Identifier: MIT */
/* Where a stopped tracee is, and what registers its tracer is shown (sys/tracee.h). */
#include <asm/errno.h>
#include "arch/x86_64/patch.h"
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/runtime.h"
#include "sys/tracee.h"

/* How the host says that a call was interrupted by a signal (signal(7)); no program ever sees it. */
#define ERESTARTSYS	      512
#define ERESTARTNOINTR	      513
#define ERESTARTNOHAND	      514
#define ERESTART_RESTARTBLOCK 516

#define REGS_WORDS (sizeof(struct regs) / sizeof(u64))

bool in_runtime(u64 rip)
{
	return rip >= (u64)(uintptr_t)runtime_text_start && rip < (u64)(uintptr_t)runtime_text_end;
}

/* ---- its memory ---- */

u64 tracee_peek(s32 tid, u64 addr)
{
	u64 word = 0;

	host_call4(__NR_ptrace, PTRACE_PEEKDATA, tid, addr, &word);
	return word;
}

bool tracee_poke(s32 tid, u64 addr, u64 word)
{
	return !host_call4(__NR_ptrace, PTRACE_POKEDATA, tid, addr, word);
}

static u32 peek32(s32 tid, u64 addr)
{
	u64 at = ALIGN_DOWN(addr, sizeof(u64));

	return (u32)(tracee_peek(tid, at) >> (addr - at) * 8);
}

static bool poke32(s32 tid, u64 addr, u32 value)
{
	u64 at = ALIGN_DOWN(addr, sizeof(u64)), shift = (addr - at) * 8, word = tracee_peek(tid, at);

	return tracee_poke(tid, at, (word & ~(0xffffffffUL << shift)) | (u64)value << shift);
}

/* ---- where it is ---- */

static enum place place_of(u64 rip)
{
	if (rip == (u64)(uintptr_t)arch_end_mark_done)
		return AT_END_MARK;
	if (rip == (u64)(uintptr_t)arch_entry_mark_done)
		return AT_ENTRY_MARK;
	if (rip == (u64)(uintptr_t)arch_exec_mark_done)
		return AT_EXEC_MARK;
	return rip == (u64)(uintptr_t)seccomp_gate_end ? AT_GATE : IN_CALL;
}

/* In the runtime's text, but not on a stack of the runtime's: it comes up, or leaves. */
bool tracee_look(s32 tid, struct stopped *s)
{
	*s = (struct stopped){.tid = tid};
	if (host_call4(__NR_ptrace, PTRACE_GETREGS, tid, 0, &s->raw))
		return false;
	if (!in_runtime(s->raw.rip) || s->raw.rsp < BLOCKS_BASE || s->raw.rsp >= BLOCKS_END)
		return true;
	s->task = ALIGN_DOWN(s->raw.rsp, BLOCK_SIZE);
	s->place = place_of(s->raw.rip);
	if (s->raw.rip == (u64)(uintptr_t)blocking_eintr && peek32(tid, s->task + offsetof(struct task, replaced)))
		s->place = AT_REPLACED;
	return true;
}

bool tracee_interrupted(const struct user_regs *raw)
{
	return (s64)raw->orig_rax >= 0 && ((s64)raw->rax == -ERESTARTSYS || (s64)raw->rax == -ERESTARTNOINTR ||
					   (s64)raw->rax == -ERESTARTNOHAND || (s64)raw->rax == -ERESTART_RESTARTBLOCK);
}

/* In such a window: before the call, or behind it and it was interrupted. */
static bool has_no_result(const struct user_regs *raw, const char *begin, const char *end)
{
	return (raw->rip >= (u64)(uintptr_t)begin && raw->rip < (u64)(uintptr_t)end) ||
	       (raw->rip == (u64)(uintptr_t)end && tracee_interrupted(raw));
}

bool tracee_sleeps(const struct stopped *s)
{
	return tracee_interrupted(&s->raw) &&
	       (s->raw.rip == (u64)(uintptr_t)blocking_end || s->raw.rip == (u64)(uintptr_t)seccomp_gate_end);
}

static bool end_without_result(const struct stopped *s, u32 restart)
{
	struct user_regs raw = s->raw;

	if (!poke32(s->tid, s->task + offsetof(struct task, restart), restart))
		return false;
	raw.rip = (u64)(uintptr_t)blocking_eintr;
	raw.orig_rax = (u64)-1;
	return !host_call4(__NR_ptrace, PTRACE_SETREGS, s->tid, 0, &raw);
}

bool tracee_abort_call(const struct stopped *s)
{
	if (!s->task || (!has_no_result(&s->raw, blocking_begin, blocking_end) &&
			 !has_no_result(&s->raw, seccomp_gate_begin, seccomp_gate_end)))
		return false;
	return end_without_result(s, tracee_interrupted(&s->raw) ? RESTART_BEGUN : RESTART_NOT_BEGUN);
}

bool tracee_is_before_call(const struct stopped *s)
{
	return s->task && s->raw.rip >= (u64)(uintptr_t)blocking_begin && s->raw.rip < (u64)(uintptr_t)blocking_end &&
	       !peek32(s->tid, s->task + offsetof(struct task, sig_deferred));
}

bool tracee_skip_call(const struct stopped *s)
{
	return end_without_result(s, RESTART_NOT_BEGUN);
}

void tracee_make_marks(s32 tid)
{
	if (tracee_peek(tid, RUNTIME_HEADER) == ARENA_MAGIC)
		tracee_poke(tid, (u64)(uintptr_t)&mm.marks, 1);
}

/* ---- its registers ---- */

static void read_task_regs(const struct stopped *s, struct regs *regs)
{
	u64 words[REGS_WORDS];

	for (u32 i = 0; i < REGS_WORDS; i++)
		words[i] = tracee_peek(s->tid, s->task + i * sizeof(u64));
	memcpy(regs, words, sizeof(*regs));
}

static bool write_task_regs(const struct stopped *s, const struct regs *regs)
{
	u64 words[REGS_WORDS];

	memcpy(words, regs, sizeof(words));
	for (u32 i = 0; i < REGS_WORDS; i++)
		if (!tracee_poke(s->tid, s->task + i * sizeof(u64), words[i]))
			return false;
	return true;
}

/* Where a register is in the one structure and in the other. rax, rip and orig_rax are more than that. */
#define SAME(name)                                                                                                     \
	{                                                                                                              \
		offsetof(struct user_regs, name), offsetof(struct regs, name)                                          \
	}
static const struct {
	u16 user, task;
} same[] = {
    SAME(r15), SAME(r14), SAME(r13), SAME(r12), SAME(rbp), SAME(rbx), SAME(r11), SAME(r10),
    SAME(r9),  SAME(r8),  SAME(rcx), SAME(rdx), SAME(rsi), SAME(rdi), SAME(rsp), SAME(eflags),
};

/* The end of a call that is started again, because a signal came: what the mark was told. */
static bool starts_again(const struct stopped *s)
{
	return s->place == AT_END_MARK && s->raw.rdi == MARK_AGAIN;
}

/* What the host has in rax at such a place. */
static u64 result(const struct stopped *s, const struct regs *regs)
{
	if (starts_again(s))
		return (u64)-ERESTARTSYS;
	if (s->place != IN_CALL)
		return regs->rax;
	if (tracee_interrupted(&s->raw))
		return (s64)s->raw.rax == -ERESTART_RESTARTBLOCK ? (u64)-ERESTARTNOHAND : s->raw.rax;
	/* A new child has its result already. */
	return s->raw.orig_rax == __NR_clone && !s->raw.rax ? 0 : (u64)-ENOSYS;
}

int tracee_regs(const struct stopped *s, struct user_regs *out)
{
	struct regs regs;

	*out = s->raw;
	/* What stubs know the task by. If it is written back, the guest has 0 there. */
	if (gs_base_is_ours(out->gs_base))
		out->gs_base = 0;
	if (!s->task)
		return 0;
	read_task_regs(s, &regs);
	for (u32 i = 0; i < ARRAY_SIZE(same); i++)
		memcpy((char *)out + same[i].user, (const char *)&regs + same[i].task, sizeof(u64));
	out->rip = regs.rip + (starts_again(s) ? SYSCALL_INSN_SIZE : 0);
	out->rax = result(s, &regs);
	out->orig_rax = regs.orig_rax;
	if (s->place == AT_EXEC_MARK || (s->place == AT_END_MARK && s->raw.rdi == MARK_EXEC))
		out->orig_rax = __NR_execve;
	return 0;
}

/* A call that sleeps does not go on when its registers are not those any more that it was made with. */
static bool replaces(const struct stopped *s, const struct user_regs *was, const struct user_regs *new)
{
	return s->place == IN_CALL && tracee_interrupted(&s->raw) &&
	       (was->rip != new->rip || was->rsp != new->rsp || was->rax != new->rax || was->orig_rax != new->orig_rax);
}

/* What belongs to the host thread and not to the runtime's idea of the guest. */
static int set_segments(const struct stopped *s, const struct user_regs *new)
{
	struct user_regs raw = s->raw;

	memcpy(&raw.fs_base, &new->fs_base, sizeof(raw) - offsetof(struct user_regs, fs_base));
	return (int)host_call4(__NR_ptrace, PTRACE_SETREGS, s->tid, 0, &raw);
}

int tracee_set_regs(const struct stopped *s, const struct user_regs *new)
{
	struct user_regs was;
	struct regs regs;

	if (!s->task)
		return (int)host_call4(__NR_ptrace, PTRACE_SETREGS, s->tid, 0, new);
	tracee_regs(s, &was);
	read_task_regs(s, &regs);
	for (u32 i = 0; i < ARRAY_SIZE(same); i++)
		memcpy((char *)&regs + same[i].task, (const char *)new + same[i].user, sizeof(u64));
	if (was.rip != new->rip || was.rax != new->rax) {
		regs.rip = new->rip;
		regs.rax = new->rax;
	}
	if (was.orig_rax != new->orig_rax)
		regs.orig_rax = new->orig_rax;
	if (!write_task_regs(s, &regs))
		return -EIO;
	if (replaces(s, &was, new) && tracee_abort_call(s))
		return poke32(s->tid, s->task + offsetof(struct task, replaced), 1) ? 0 : -EIO;
	return set_segments(s, new);
}
