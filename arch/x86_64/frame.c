/* SPDX-License-Identifier: MIT */
/* Signal frames: reading the host's, writing the guest's (arch/x86_64/frame.h). */
#include "arch/x86_64/frame.h"

#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "arch/x86_64/patch.h"
#include "arch/x86_64/trap.h"
#include "sys/runtime.h"

_Static_assert(offsetof(struct ucontext, gregs) == UC_GREGS, "entry.S");
_Static_assert(offsetof(struct ucontext, fpstate) == UC_FPSTATE, "entry.S");
_Static_assert(sizeof(struct ucontext) == 304, "the kernel's");
_Static_assert(sizeof(struct siginfo_raw) == 128, "the kernel's");

#define USER_CS		 0x33
#define USER_DS		 0x2b
#define PAGE_SIZE	 4096UL
#define FP_EXTENDED_SIZE 468
#define FXSAVE_SIZE	 512
#define FPSTATE_MAX	 16384			      /* with AMX it is about 11 KiB */
#define EFLAGS_CLEARED	 (0x400u | 0x100u | 0x10000u) /* DF, TF, RF */

extern char uaccess_begin[], uaccess_end[], uaccess_fault[];

/* Bytes of extended state that the host has saved. */
static size_t fpstate_size(const char *fp)
{
	u32 magic, size;

	memcpy(&magic, fp + FP_MAGIC1, sizeof(magic));
	memcpy(&size, fp + FP_EXTENDED_SIZE, sizeof(size));
	return magic == FP_XSTATE_MAGIC1 && size >= FXSAVE_SIZE && size <= FPSTATE_MAX ? size : FXSAVE_SIZE;
}

/*
 * Can the guest's stack be written? A fault is fatal in the handler, where SIGSEGV is blocked, so
 * the host is made to write a few bytes to each page. What stands there is overwritten anyway.
 */
static bool is_writable(u64 at, u64 end)
{
	u64 scratch = sizeof(u64);

	if (!access_ok(at, end - at))
		return false;
	for (; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
		if (host_call4(__NR_rt_sigprocmask, SIG_BLOCK, NULL, MIN(at, end - scratch), scratch))
			return false;
	return true;
}

static void start_handler(struct regs *regs, u64 at, int sig, u64 handler)
{
	regs->rip = handler;
	regs->rsp = at;
	regs->rdi = (u64)sig;
	regs->rsi = at + offsetof(struct rt_sigframe, info);
	regs->rdx = at + offsetof(struct rt_sigframe, uc);
	regs->rax = 0;
	regs->eflags &= ~(u64)EFLAGS_CLEARED;
}

int frame_setup(struct rt_sigframe *frame, const struct frame_place *place, int sig, u64 handler, struct ucontext *uc)
{
	const char *fp = (const char *)(uintptr_t)uc->fpstate;
	size_t fp_size = fp ? fpstate_size(fp) : 0;
	u64 fp_at = ALIGN_DOWN(place->sp - fp_size, 64UL);
	/* As after a call: 8 below a multiple of 16. */
	u64 at = ALIGN_DOWN(fp_at - sizeof(*frame), 16UL) - 8;

	if (at > place->sp || at <= place->lowest || !is_writable(at, fp_at + fp_size))
		return -EFAULT;
	if (fp) {
		frame->uc.fpstate = fp_at;
		copy_to_guest(fp_at, fp, fp_size);
	}
	copy_to_guest(at, frame, sizeof(*frame));
	start_handler(frame_regs(uc), at, sig, handler);
	uc->fpstate = 0;  /* a handler begins with the initial one */
	uc->cs = USER_CS; /* whatever the code before was at */
	uc->ss = USER_DS;
	return 0;
}

#define TRAP_ALIGNMENT 17

bool frame_is_forced(int sig, const struct siginfo_raw *info, const struct ucontext *uc)
{
	u64 where = (u32)info->pid | (u64)info->uid << 32; /* si_addr */
	u32 arch = (u32)(info->rest[0] >> 32);		   /* si_arch */

	if (info->code <= 0)
		return false;
	if (info->code > CLD_CONTINUED)
		return true;
	if (sig == SIGSYS)
		return arch == ARCH_X86_64;
	return uc->trapno == TRAP_ALIGNMENT ? !where : where == uc->cr2;
}

static bool within(u64 rip, const char *begin, const char *end)
{
	return rip >= (u64)(uintptr_t)begin && rip < (u64)(uintptr_t)end;
}

enum context frame_context(const struct ucontext *uc)
{
	u64 rip = ((const struct regs *)uc->gregs)->rip;

	if (!within(rip, runtime_text_start, runtime_text_end))
		return CONTEXT_GUEST;
	if (within(rip, arch_exit_begin, arch_exit_end))
		return CONTEXT_EXIT;
	if (within(rip, patch_stubs, patch_known) || within(rip, short_stubs, short_known))
		return CONTEXT_STUB;
	if (within(rip, blocking_begin, blocking_end) || within(rip, seccomp_gate_begin, seccomp_gate_end))
		return CONTEXT_BLOCKING;
	if (within(rip, uaccess_begin, uaccess_end))
		return CONTEXT_UACCESS;
	return CONTEXT_RUNTIME;
}

/* The syscall instruction leaves the address behind it in rcx, which was zero before. */
bool frame_call_begun(struct ucontext *uc)
{
	u64 rcx = frame_regs(uc)->rcx;

	return rcx == (u64)(uintptr_t)blocking_end || rcx == (u64)(uintptr_t)seccomp_gate_end;
}

void frame_abort_call(struct ucontext *uc)
{
	frame_regs(uc)->rip = (u64)(uintptr_t)blocking_eintr;
}

void frame_abort_copy(struct ucontext *uc)
{
	frame_regs(uc)->rip = (u64)(uintptr_t)uaccess_fault;
}

/* Site and number are where short.S says. */
static void leave_short_stub(struct regs *regs)
{
	u64 both;

	if (within(regs->rip, short_stubs, short_entry))
		both = (regs->rip - short_stub(0)) / SHORT_STUB_SIZE << 32 | (u32)regs->rax;
	else if (within(regs->rip, short_entry, short_packed))
		both = ALIGN_DOWN(regs->rcx, 1UL << 32) | (u32)regs->rax;
	else if (within(regs->rip, short_packed, short_low))
		both = regs->rax;
	else
		both = ALIGN_DOWN(regs->r11, 1UL << 32) | (u16)regs->r11;
	regs->rip = patch_addr[(both >> 32) % PATCH_SITES];
	regs->rax = (u64)(s64)(s32)both;
}

void frame_leave_stub(struct ucontext *uc)
{
	struct regs *regs = frame_regs(uc);
	u64 from = regs->rip - patch_stub(0);
	u64 site = within(regs->rip, patch_low_begin, patch_low_end) ? regs->r11 : regs->rax;

	if (within(regs->rip, short_stubs, short_known)) {
		leave_short_stub(regs);
	} else if (regs->rip == (u64)(uintptr_t)patch_back) {
		regs->rip = regs->rcx; /* and rax is the number already */
	} else {
		if (from < (u64)PATCH_SITES * PATCH_STUB_SIZE)
			site = from / PATCH_STUB_SIZE;
		site %= PATCH_SITES; /* it is ours, unless the guest has jumped here by itself */
		regs->rip = patch_addr[site];
		regs->rax = patch_nr[site];
	}
	regs->rcx = 0; /* the call has not been made: signal_end_restart() */
}

void frame_complete_exit(struct ucontext *uc, const struct task *task)
{
	memcpy(uc->gregs, &task->regs, sizeof(uc->gregs));
}

extern char arch_trapped[];

void frame_make_trap(struct ucontext *uc, struct task *task)
{
	struct regs *regs = frame_regs(uc);

	regs->rip += SYSCALL_INSN_SIZE;
	regs->rcx = regs->rip;
	regs->r11 = regs->eflags;
	memcpy(&task->regs, uc->gregs, sizeof(uc->gregs));
	task->regs.orig_rax = (u64)(s64)(s32)regs->rax; /* as sigsys_entry has it */
	regs->rip = (u64)(uintptr_t)arch_trapped;
	regs->rbx = (u64)(uintptr_t)task;
	regs->eflags &= ~(u64)(EFLAGS_CLEARED | EFLAGS_AC);
}
