/* SPDX-License-Identifier: MIT */
/*
 * The last part of execve(2): the guest's program and its interpreter come into memory, and
 * what the host said of the runtime (auxiliary vector, /proc/self/stat, name, heap) is made to say
 * it of the program.
 */
#include "exec/exec.h"

#include <asm/signal.h>
#include <linux/auxvec.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include "arch/x86_64/patch.h"
#include "exec/image.h"
#include "host/host.h"
#include "lib/string.h"

#define PAGE	      4096UL
#define PIE_BASE      0x555555554000UL /* where Linux puts position-independent programs, and up to */
#define PIE_PAGES     (1UL << 28)      /* this many pages above */
#define BRK_PAGES     (1UL << 13)      /* the heap begins up to so many pages after the program */
#define GRND_INSECURE 4
#define EFLAGS_IF     0x200

/* There is no old image to return to. */
__attribute__((noreturn)) static void die(void)
{
	struct ksigaction dfl = {0};

	host_call4(__NR_rt_sigaction, SIGSEGV, &dfl, NULL, sizeof(dfl.mask));
	host_call2(__NR_kill, host_call0(__NR_getpid), SIGSEGV);
	host_exit_group(128 + SIGSEGV);
}

/* ---- the two images ---- */

static void read_headers(struct elf_file *elf, int fd)
{
	if (elf_open(elf, fd) || elf_headers(elf))
		die();
}

static void map_image(const struct elf_file *elf, u64 hint, struct image *out)
{
	if (image_map(elf, hint, out))
		die();
}

/* Two random numbers; zeros when the guest asked for a predictable layout (personality(2)). */
static void random_offsets(u64 out[2])
{
	long persona = host_call1(__NR_personality, 0xffffffff);

	out[0] = out[1] = 0;
	if (persona >= 0 && (persona & ADDR_NO_RANDOMIZE))
		return;
	host_call3(__NR_getrandom, out, 2 * sizeof(out[0]), GRND_INSECURE);
}

static void allow_stack_execution(struct initial_stack *stack)
{
	u64 from = ALIGN_DOWN((u64)(uintptr_t)stack->base, PAGE);

	host_call3(__NR_mprotect, from, initial_stack_end(stack) - from,
		   PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
}

/* ---- what the host believes ---- */

static void mend(struct initial_stack *stack, u64 type, u64 value)
{
	struct auxv *entry = initial_stack_auxv(stack, type);

	if (entry->type == type)
		entry->value = value;
}

static void mend_auxv(const struct task *task, struct initial_stack *stack, const struct elf_file *elf,
		      const struct image *program, u64 interp_base)
{
	const struct user_ns *ns = task->nsproxy->user;
	const struct cred *cred = task->cred;

	mend(stack, AT_PHDR, program->phdr);
	mend(stack, AT_PHENT, elf->ehdr.e_phentsize);
	mend(stack, AT_PHNUM, elf->ehdr.e_phnum);
	mend(stack, AT_BASE, interp_base);
	mend(stack, AT_ENTRY, program->entry);
	mend(stack, AT_EXECFN, (u64)(uintptr_t)stack->carry);
	mend(stack, AT_UID, from_kuid_munged(ns, cred->uid));
	mend(stack, AT_EUID, from_kuid_munged(ns, cred->euid));
	mend(stack, AT_GID, from_kgid_munged(ns, cred->gid));
	mend(stack, AT_EGID, from_kgid_munged(ns, cred->egid));
	mend(stack, AT_SECURE, 0);
}

/*
 * Gives the program its own heap, and /proc its own figures. A host that refuses leaves the heap
 * behind the runtime's image, where it works as well.
 */
static void set_mm(struct initial_stack *stack, const struct image *program, u64 brk)
{
	u64 strings_end = (u64)(uintptr_t)stack->carry;
	u64 arg_end = stack->envc ? (u64)(uintptr_t)stack->envp[0] : strings_end;
	struct prctl_mm_map map = {
	    .start_code = program->start_code,
	    .end_code = program->end_code,
	    .start_data = program->start_data,
	    .end_data = program->end_data,
	    .start_brk = brk,
	    .brk = brk,
	    .start_stack = (u64)(uintptr_t)stack->base,
	    .arg_start = stack->argc ? (u64)(uintptr_t)stack->argv[0] : arg_end,
	    .arg_end = arg_end,
	    .env_start = arg_end,
	    .env_end = strings_end,
	    .auxv = (void *)stack->auxv,
	    .auxv_size = (u32)(stack->auxc * sizeof(struct auxv)),
	    .exe_fd = (u32)-1,
	};

	host_call5(__NR_prctl, PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

/* Where Linux lets the heap begin: after the program, or, since one without an interpreter may be
 * a loader that stands among mappings, where programs usually are. */
static u64 first_brk(const struct elf_file *elf, const struct image *program, bool has_interp, u64 random)
{
	u64 base = elf->ehdr.e_type == ET_DYN && !has_interp ? PIE_BASE : program->end;

	/* The heap of a small program at fixed addresses would grow into the table of patched call sites. */
	if (mm.patch_after)
		base = MAX(base, PATCH_TABLE_END + 0UL);
	return ALIGN_UP(base + 1, PAGE) + random % BRK_PAGES * PAGE;
}

static void set_registers(struct regs *regs, u64 entry, const u64 *stack)
{
	memset(regs, 0, sizeof(*regs));
	regs->rip = entry;
	regs->rsp = (u64)(uintptr_t)stack;
	regs->eflags = EFLAGS_IF;
	regs->orig_rax = (u64)-1;
}

void load_program(struct task *task, const struct carry *c, struct initial_stack *stack, struct regs *regs)
{
	struct image program, interp = {0};
	bool has_interp = c->interp_fd >= 0;
	const Elf64_Phdr *gnu_stack;
	struct elf_file elf, interp_elf;
	u64 random[2];

	random_offsets(random);
	read_headers(&elf, c->exe_fd);
	/* The program first: it may insist on its addresses. */
	map_image(&elf, has_interp ? PIE_BASE + random[0] % PIE_PAGES * PAGE : 0, &program);
	if (has_interp) {
		read_headers(&interp_elf, c->interp_fd);
		map_image(&interp_elf, 0, &interp);
		elf_release(&interp_elf);
	}

	gnu_stack = elf_find(&elf, PT_GNU_STACK);
	if (gnu_stack && (gnu_stack->p_flags & PF_X))
		allow_stack_execution(stack);
	initial_stack_seal(stack, c->execfn);
	mend_auxv(task, stack, &elf, &program, interp.bias);
	set_mm(stack, &program, first_brk(&elf, &program, has_interp, random[1]));
	elf_release(&elf);
	host_call5(__NR_prctl, PR_SET_NAME, c->comm, 0, 0, 0);
	set_registers(regs, has_interp ? interp.entry : program.entry, stack->base);
}
