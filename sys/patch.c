/* SPDX-License-Identifier: MIT */
/*
 * Patching call sites (sys/patch.h): which ones, when, and what follows. The bytes are written by sys/patch_text.c.
 */
#include "sys/patch.h"

#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/mman.h>
#include "arch/x86_64/frame.h"
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/patch_internal.h"
#include "sys/runtime.h"
#include "sys/tracee.h"
#include "warden/client.h"

#define COUNTERS  1024
#define LATER	  4 /* times as soon */
#define NOT_AGAIN UINT16_MAX

RARELY_USED u64 patch_addr[PATCH_SITES];
RARELY_USED u32 patch_nr[PATCH_SITES];

struct patches patches;
RARELY_USED struct site patch_sites[PATCH_SITES];
static bool has_gs; /* set once: the program may use what patch.h says */

/* How often which instruction has trapped: its slot and these bits tell it from all within 64 MiB. No lock: a count
 * that is lost, or pushed out by that of another, is counted again. All on one page, which each program comes to. */
RARELY_USED static struct {
	u16 bits, traps;
} counter[COUNTERS] __attribute__((aligned(4096)));

void patch_lock(void)
{
	mutex_lock(&patches.lock);
}

void patch_unlock(void)
{
	mutex_unlock(&patches.lock);
}

void patch_start(u32 after, u64 hwcap2)
{
	has_gs = hwcap2 & HWCAP2_FSGSBASE;
	mm.patch_after = has_gs ? after : 0;
}

/* What stubs know the task by (arch/x86_64/patch.S). */
static void set_bases(struct task *task)
{
	task->fs_negated = -fs_base();
	set_gs_base((u64)(uintptr_t)task);
}

void patch_before_thread(void)
{
	static bool prepared; /* of this memory, and of copies of it, too */

	if (prepared || !mm.patch_after || mm_users() > 1)
		return;
	prepared = true;
	text_prepare_threads();
}

void patch_new_thread(struct task *task)
{
	if (has_gs && gs_base_is_ours(gs_base()))
		set_bases(task);
}

/* ---- which sites ---- */

/* Calls that do not return as others do, or from which somebody else returns. They cost more than a trap anyway. */
static bool is_special_call(u64 nr)
{
	switch (nr) {
	case __NR_rt_sigreturn:
	case __NR_clone:
	case __NR_fork:
	case __NR_vfork:
	case __NR_clone3:
	case __NR_execve:
	case __NR_execveat:
	case __NR_exit:
	case __NR_unshare:
		return true;
	}
	return false;
}

/* Calls that the filter may let through stay: through the host's door they are faster. But those that may change text
 * were quicker than a trap before anything was patched; and where fcntl(2) traps it is to copy descriptors, which
 * programs that walk directories do with each. */
static bool is_patched_call(u64 nr)
{
	const struct sys_entry *entry = nr < SYS_MAX ? &sys_table[nr] : NULL;

	return entry && entry->name && (entry->when == TRAP || nr == __NR_fcntl || entry->text) && !is_special_call(nr);
}

/* The first site costs more than the others: the table, and what the runtime touches for the first time. And a program
 * that has had one patched lives long enough for more of them. */
static u32 traps_wanted(void)
{
	return mm.patch_table ? (mm.patch_after + LATER - 1) / LATER : mm.patch_after;
}

/* Somebody wants to see the call itself, or has a word in what becomes of it. */
static bool is_watched(const struct task *task)
{
	return mm.marks || task->seccomp.mode || task->dispatch.on || task->dispatch.all;
}

/*
 * The site whose syscall instruction is at that address; PATCH_SITES: there is none. That is not the number of sites,
 * which grows meanwhile: what is no site now is none, whatever comes behind the last.
 */
static u32 find_insn(u64 addr)
{
	for (u32 i = 0, nr = atomic_load(&patches.nr); i < nr; i++)
		if (patch_addr[i] == addr)
			return i;
	return PATCH_SITES;
}

/* The same by its first byte. */
static u32 find_start(u64 addr)
{
	for (u32 i = 0, nr = atomic_load(&patches.nr); i < nr; i++)
		if (patch_sites[i].start == addr)
			return i;
	return PATCH_SITES;
}

/* Where pads are, by a few bits of their addresses: every signal asks that, and what it came upon cannot be read, since
 * nothing lets a fault through then, and it may be the very reason of the signal. Set before the site is counted. */
static u8 pad_bits[4096 / 8];

static u32 pad_bit(u64 addr)
{
	return (u32)(addr ^ addr >> 12) % (8 * sizeof(pad_bits));
}

/* The same by its pad. */
static u32 find_pad(u64 addr)
{
	u32 bit = pad_bit(addr);

	/* Sites without a pad have 0 for it. */
	if (!addr || !(pad_bits[bit / 8] & 1U << bit % 8))
		return PATCH_SITES;
	for (u32 i = 0, nr = atomic_load(&patches.nr); i < nr; i++)
		if (patch_sites[i].pad == addr)
			return i;
	return PATCH_SITES;
}

/* ---- the table ---- */

/* Its words are written with the sites that need them: all of them together would cost more than most sites do. */
static bool map_table(const struct task *task)
{
	if (!mm.patch_table && !text_is_watched(task))
		mm.patch_table = host_call6(__NR_mmap, PATCH_TABLE, PATCH_TABLE_END - PATCH_TABLE, PROT_READ,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == PATCH_TABLE;
	return mm.patch_table;
}

/* ---- patching ---- */

/* The site is known from now on: one that was there before, of a file that is mapped there again, or a new one. */
static bool add_site(const struct site *site, u32 stub, u64 insn)
{
	if (stub < atomic_load(&patches.nr))
		return patch_nr[stub] == site->nr && patch_sites[stub].start == site->start &&
		       patch_sites[stub].pad == site->pad;
	if (stub == PATCH_SITES)
		return false;
	patch_sites[stub] = *site;
	patch_addr[stub] = insn;
	patch_nr[stub] = site->nr;
	if (site->pad)
		pad_bits[pad_bit(site->pad) / 8] |= 1U << pad_bit(site->pad) % 8;
	atomic_store(&patches.nr, stub + 1);
	return true;
}

/* False: the host does not let us. */
static bool patch_site(const struct site *site, u32 stub, bool alone)
{
	int fd = text_open("self");

	if (fd < 0)
		return false;
	text_patch(fd, site, stub, alone);
	host_close(fd);
	return site_has(site, site->ours);
}

/* Once something is refused that is not this site's alone, no more is tried. */
static enum stat_what patch(const struct task *task, u64 insn, u32 nr, bool alone)
{
	u32 known = find_insn(insn), stub = known == PATCH_SITES ? atomic_load(&patches.nr) : known;
	struct site site;
	struct text text;

	if (!text_find(task, insn, &text))
		return STAT_TEXT;
	if (!site_find(&site, &text.range, insn, nr, stub))
		return STAT_SHAPE;
	if (!add_site(&site, stub, insn))
		return STAT_REFUSED;
	if (!map_table(task) || !patch_site(&site, stub, alone)) {
		mm.patch_after = 0;
		return STAT_REFUSED;
	}
	text_leave_out_of_core(&text);
	/* Somebody who wants to see the text as it was has come meanwhile. */
	if (!mm.patch_after)
		patch_undo(site.start, site.changed);
	return STAT_PATCHED;
}

/* For --stats. */
static void count_site(const struct task *task, enum stat_what what)
{
	struct request req;

	if (!arena()->stats)
		return;
	request_init(&req, REQ_STAT, task);
	req.arg = what;
	warden_post(task, &req);
}

#define DUE_SHIFT 48

/*
 * True: the site need not be looked at again. One that is patched may be: its page can be read anew from the file
 * (MADV_DONTNEED). While a process shares the memory (vfork(2)) it is not the time, since that one can be killed by
 * itself: the site is due when it has gone. Nor while other memory shares the descriptors: who is killed in open(2)
 * leaves one behind.
 */
static bool try_patch(struct task *task, u64 insn, u32 nr)
{
	enum stat_what what = STAT_REFUSED;
	unsigned users;
	bool may, known;
	u64 none = 0;

	patch_lock();
	users = mm_users();
	known = find_insn(insn) != PATCH_SITES;
	may = mm.patch_after && users == nr_threads(task) && !task->files->own;
	if (may)
		what = patch(task, insn, nr, users == 1);
	else
		atomic_compare_exchange_strong(&patches.due, &none, (u64)nr << DUE_SHIFT | insn);
	patch_unlock();
	if (may && !known)
		count_site(task, what);
	if (mm.patch_table)
		set_bases(task);
	return may && what != STAT_PATCHED;
}

/*
 * gs is the program's, so that instruction has trapped. Where it is a site of the short kind, it cost more than that,
 * and for calls that the host does alone, too: the site is as it was again.
 */
static void give_up_short(u64 insn)
{
	u32 stub = find_insn(insn);

	if (stub == PATCH_SITES || patch_nr[stub] != PATCH_ANY_NR)
		return;
	patch_lock();
	patch_undo(insn, SYSCALL_INSN_SIZE);
	patch_unlock();
}

/* How often the call before that address has trapped. */
static u16 *traps_at(u64 rip)
{
	u32 slot = (rip ^ rip >> 10) % COUNTERS;
	u16 bits = (u16)(rip >> 10);

	if (counter[slot].bits != bits) {
		counter[slot].traps = 0;
		counter[slot].bits = bits;
	}
	return &counter[slot].traps;
}

static bool gs_is_taken(void)
{
	u64 base = gs_base();

	return base && !gs_base_is_ours(base);
}

void patch_trapped(struct task *task, const struct regs *regs)
{
	u16 *traps;

	if (!mm.patch_after || is_watched(task))
		return;
	if (gs_is_taken()) {
		give_up_short(regs->rip - SYSCALL_INSN_SIZE);
		return;
	}
	/* Whatever call it was: a thread that has none comes from a site of the short kind. */
	if (mm.patch_table)
		set_bases(task);
	if (!is_patched_call(regs->orig_rax))
		return;
	traps = traps_at(regs->rip);
	if (*traps == NOT_AGAIN || ++*traps < traps_wanted())
		return;
	*traps = try_patch(task, regs->rip - SYSCALL_INSN_SIZE, (u32)regs->orig_rax) ? NOT_AGAIN : 0;
}

void patch_after_vfork(struct task *task)
{
	u64 due = atomic_load_explicit(&patches.due, memory_order_relaxed), insn = due & ((1UL << DUE_SHIFT) - 1);

	if (!due || !mm.patch_after || is_watched(task) || gs_is_taken())
		return;
	atomic_store(&patches.due, 0);
	if (try_patch(task, insn, (u32)(due >> DUE_SHIFT)))
		*traps_at(insn + SYSCALL_INSN_SIZE) = NOT_AGAIN;
}

/* ---- taking back ---- */

bool patch_undo(u64 start, u64 len)
{
	bool alone = mm_users() == 1, good = true;
	int fd = -1;

	for (u32 i = 0; i < atomic_load(&patches.nr); i++) {
		const struct site *site = &patch_sites[i];

		if (site->start - start >= len || !site_jumps(site))
			continue;
		if (fd < 0)
			fd = text_open("self");
		good &= text_restore(fd, site, alone);
	}
	if (fd >= 0)
		host_close(fd);
	return good;
}

static bool any_jumps(void)
{
	for (u32 i = 0; i < atomic_load(&patches.nr); i++)
		if (site_jumps(&patch_sites[i]))
			return true;
	return false;
}

void patch_stop(void)
{
	/* A tracer of its own memory (LeakSanitizer's) comes for one thread after the other: the first may have the
	 * lock. */
	if (!mm.patch_after && !any_jumps())
		return;
	patch_lock();
	mm.patch_after = 0;
	patch_undo(0, UINT64_MAX);
	patch_unlock();
}

int patch_make_way(u64 start, u64 len)
{
	int err = 0;

	if (!mm.patch_table || start >= PATCH_TABLE_END || (start < PATCH_TABLE && len <= PATCH_TABLE - start))
		return 0;
	patch_lock();
	if (mm.patch_table && patch_undo(0, UINT64_MAX)) {
		mm.patch_after = 0;
		mm.patch_table = false;
		host_call2(__NR_munmap, PATCH_TABLE, PATCH_TABLE_END - PATCH_TABLE);
	}
	if (mm.patch_table)
		err = -ENOMEM;
	patch_unlock();
	return err;
}

/* ---- faults ---- */

/* Held: lock. A site at which somebody was killed, or that a tracer is about to put back (sys/patch_other.c). */
static void mend(const struct site *site)
{
	int fd = text_open("self");

	text_restore(fd, site, false);
	if (fd >= 0)
		host_close(fd);
}

/*
 * At a site whose first byte is SITE_STOP, or where the jump has found no table: there is none any more, or somebody
 * has written to the syscall instruction, which is a part of the address. That is executed then, whatever it is now.
 */
static bool leave_site(u32 stub, struct ucontext *uc)
{
	const struct site *site = &patch_sites[stub];
	struct regs *regs = frame_regs(uc);

	if (site_jump_failed(site, uc)) {
		regs->rip = patch_addr[stub];
		regs->rax = patch_nr[stub];
		return true;
	}
	if (!site_has_stopped(uc) || !site_is_there(site))
		return false;
	if (site_is_stopped(site))
		mend(site);
	return true;
}

/* A thread stood between the jumps when the table went. */
static bool leave_pad(struct ucontext *uc)
{
	u32 stub = find_pad(frame_regs(uc)->rip);

	if (stub == PATCH_SITES || !site_pad_failed(uc))
		return false;
	frame_regs(uc)->rip = patch_addr[stub];
	return true;
}

bool patch_fault(int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	bool ours;
	u32 stub;

	if (sig != SIGSEGV || info->code <= 0 || !atomic_load(&patches.nr))
		return false;
	stub = find_start(frame_regs(uc)->rip);
	if (stub == PATCH_SITES)
		return leave_pad(uc);
	patch_lock();
	ours = leave_site(stub, uc);
	patch_unlock();
	return ours;
}

bool patch_leave_pad(struct ucontext *uc)
{
	u32 stub = find_pad(frame_regs(uc)->rip);

	if (stub == PATCH_SITES)
		return false;
	frame_regs(uc)->rip = patch_addr[stub];
	frame_regs(uc)->rcx = 0; /* the call has not been made: signal_end_restart() */
	return true;
}

bool patch_trap(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	const struct regs *regs = frame_regs(uc);
	u32 stub = find_insn(regs->rip);
	bool stopped = sig == SIGSEGV && frame_is_forced(sig, info, uc);
	bool stepped = sig == SIGTRAP && info->code == TRAP_TRACE && (regs->eflags & EFLAGS_TF);

	if (stub == PATCH_SITES || patch_nr[stub] != PATCH_ANY_NR || !(stopped || stepped))
		return false;
	frame_make_trap(uc, task);
	return true;
}

bool patch_faults_in(s32 tid, u64 rip)
{
	u64 nr = tracee_peek(tid, (u64)(uintptr_t)&patches.nr) & UINT32_MAX, i;

	for (i = 0; i < nr && i < PATCH_SITES; i++)
		if (tracee_peek(tid, (u64)(uintptr_t)&patch_sites[i].start) == rip)
			return true;
	return false;
}

/* ---- the ways in ---- */

void trapped_call(struct task *task)
{
	patch_trapped(task, &task->regs);
	syscall_dispatch(task);
}

void patched_call(struct task *task, u32 stub)
{
	struct regs *regs = &task->regs;
	bool has_number = stub >= PATCH_SITES;
	u32 site = stub % PATCH_SITES;

	regs->rip = patch_addr[site];
	if (!has_number)
		regs->rax = patch_nr[site];
	regs->orig_rax = regs->rax;
	/* A debugger's steps: whoever steps himself does not come as far as here. */
	regs->eflags &= ~(u64)EFLAGS_TF;
	if (is_watched(task) && !has_number)
		return; /* back to the site: it is trapped */
	regs->rip += SYSCALL_INSN_SIZE;
	regs->rcx = regs->rip;
	regs->r11 = regs->eflags;
	syscall_dispatch(task);
}

/* ARCH_GET_GS: what stands there for our sake is not the guest's. */
SYSCALL(arch_prctl)
{
	const u64 none = 0;

	if (has_gs && ARG0(regs) == ARCH_GET_GS && gs_base_is_ours(gs_base()))
		return put_guest(ARG1(regs), none);
	return host_call2(__NR_arch_prctl, ARG0(regs), ARG1(regs));
}
