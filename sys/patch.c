/* SPDX-License-Identifier: MIT */
/*
 * Patching call sites (sys/patch.h).
 *
 * The bytes are written through /proc/self/mem, which gives this process a copy of the page and leaves its protection
 * as it is: at no time is anything writable and executable, and the file is not touched. A host or a sandbox that lets
 * us not open that keeps its traps.
 *
 * While several threads run, the first byte becomes SITE_STOP, which faults; when all processors have seen that, the
 * other bytes follow, and then the first. Who comes to the site meanwhile faults, and its handler waits (patch_fault).
 */
#include "sys/patch.h"

#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/fcntl.h>
#include <linux/membarrier.h>
#include <linux/mman.h>
#include "arch/x86_64/frame.h"
#include "arch/x86_64/patch.h"
#include "arch/x86_64/site.h"
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/runtime.h"
#include "sys/tracee.h"
#include "vfs/proc_internal.h"
#include "warden/client.h"

#define COUNTERS  1024
#define NOT_AGAIN UINT32_MAX

RARELY_USED u64 patch_addr[PATCH_SITES];
RARELY_USED u32 patch_nr[PATCH_SITES];

static struct mutex lock; /* guards what follows, and what is written to sites; before all other locks */
static _Atomic u32 nr_sites;
static struct site sites[PATCH_SITES]; /* by the number of their stub; those before nr_sites do not change */
static bool has_gs;		       /* set once: the program may use what patch.h says */

/* How often which instruction, of that low half of the address, has trapped. No lock: a count that is lost, or pushed
 * out by that of another, is counted again. */
RARELY_USED static struct {
	u32 ip, traps;
} counter[COUNTERS];

void patch_lock(void)
{
	mutex_lock(&lock);
}

void patch_unlock(void)
{
	mutex_unlock(&lock);
}

void patch_start(u32 after, u64 hwcap2)
{
	has_gs = hwcap2 & HWCAP2_FSGSBASE;
	mm.patch_after = has_gs ? after : 0;
}

void patch_new_thread(struct task *task)
{
	if (has_gs && gs_base_is_ours(gs_base()))
		set_gs_base((u64)(uintptr_t)task);
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

/* Calls that the filter may let through stay: through the host's door they are faster. */
static bool is_patched_call(u64 nr)
{
	return nr < SYS_MAX && sys_table[nr].name && sys_table[nr].when == TRAP && !is_special_call(nr);
}

/* Somebody wants to see the call itself, or has a word in what becomes of it. */
static bool is_watched(const struct task *task)
{
	return mm.marks || task->seccomp.mode || task->dispatch.on || task->dispatch.all;
}

/*
 * Only a file's text, mapped privately and not to be written to: nobody else sees the change, and no compiler that
 * writes code as the program runs has it in its hands. "start-end r-xp offset dev inode /path"
 */
static bool is_text(const char *line, u64 at, struct mm_range *text)
{
	const char *p = line, *path;

	if (!parse_hex(&p, &text->start) || *p++ != '-' || !parse_hex(&p, &text->end) || at < text->start ||
	    at >= text->end)
		return false;
	path = strchr(p, '/');
	return !strncmp(p, " r-xp ", 6) && path && strncmp(path, "/memfd:", 7) != 0 && strncmp(path, "/dev/", 5) != 0;
}

static bool find_text(const struct task *task, u64 at, struct mm_range *text)
{
	bool found = false;
	char *line;
	int err;
	struct lines *l = lines_open(task->host_tgid, "maps", &err);

	while (l && !found && (line = next_line(l)))
		found = is_text(line, at, text);
	if (l)
		lines_close(l);
	return found;
}

/* The site whose syscall instruction is at that address; nr_sites: there is none. */
static u32 find_insn(u64 addr)
{
	u32 nr = atomic_load(&nr_sites), i;

	for (i = 0; i < nr && patch_addr[i] != addr; i++)
		;
	return i;
}

/* The same by its first byte. */
static u32 find_start(u64 addr)
{
	u32 nr = atomic_load(&nr_sites), i;

	for (i = 0; i < nr && sites[i].start != addr; i++)
		;
	return i;
}

/* ---- writing ---- */

static int open_memory(void)
{
	char path[PROC_PATH_SIZE];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/self/mem", arena()->proc);
	return (int)host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0);
}

static bool write_bytes(int fd, u64 at, const u8 *bytes, size_t n)
{
	return host_call4(__NR_pwrite64, fd, bytes, n, at) == (long)n;
}

/* Every processor that runs a thread of ours executes an instruction that makes it fetch its code anew. */
static bool sync_threads(void)
{
	return !host_call2(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0);
}

/* The host wants to know beforehand; the first time takes some milliseconds. */
static bool prepare_threads(void)
{
	return !host_call2(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0) && sync_threads();
}

/*
 * The site gets those first bytes; what it has may be anything that this function leaves. Held: lock. Should we be
 * killed in between, whoever comes to the site does it again.
 */
static bool write_site(int fd, const struct site *site, const u8 want[SITE_MAX], bool alone)
{
	static const u8 stop = SITE_STOP;
	u64 at = site->start;

	if (alone)
		return write_bytes(fd, at, want, site->changed);
	if (!prepare_threads() || !write_bytes(fd, at, &stop, 1))
		return false;
	return sync_threads() && write_bytes(fd, at + 1, want + 1, site->changed - 1U) && sync_threads() &&
	       write_bytes(fd, at, want, 1) && sync_threads();
}

/* ---- the table ---- */

static bool map_table(void)
{
	u64 *table = (u64 *)(uintptr_t)PATCH_TABLE;
	size_t size = PATCH_TABLE_END - PATCH_TABLE;
	u32 i;

	if (mm.patch_table)
		return true;
	if (host_call6(__NR_mmap, PATCH_TABLE, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != PATCH_TABLE)
		return false;
	for (i = 0; i < PATCH_SITES; i++)
		table[i] = patch_stub(i);
	host_call3(__NR_mprotect, PATCH_TABLE, size, PROT_READ);
	mm.patch_table = true;
	return true;
}

/* ---- patching ---- */

/* The site is known from now on: one that was there before, of a file that is mapped there again, or a new one. */
static bool add_site(const struct site *site, u32 stub, u64 insn, u32 nr)
{
	if (stub < atomic_load(&nr_sites))
		return patch_nr[stub] == nr && sites[stub].start == site->start;
	if (stub == PATCH_SITES)
		return false;
	sites[stub] = *site;
	patch_addr[stub] = insn;
	patch_nr[stub] = nr;
	atomic_store(&nr_sites, stub + 1);
	return true;
}

/* False: the host does not let us. */
static bool patch_site(const struct site *site, bool alone)
{
	int fd = open_memory();

	if (fd < 0)
		return false;
	write_site(fd, site, site->ours, alone);
	host_close(fd);
	return site_has(site, site->ours);
}

/* Once something is refused that is not this site's alone, no more is tried. */
static enum stat_what patch(const struct task *task, u64 insn, u32 nr, bool alone)
{
	u32 stub = find_insn(insn);
	struct mm_range text;
	struct site site;

	if (!site_find(&site, insn, nr, stub))
		return STAT_SHAPE;
	if (!find_text(task, site.start, &text))
		return STAT_TEXT;
	if (!add_site(&site, stub, insn, nr))
		return STAT_REFUSED;
	if (!map_table() || !patch_site(&site, alone)) {
		mm.patch_after = 0;
		return STAT_REFUSED;
	}
	/* Core files are without text, unless a page of it has been written to. */
	host_call3(__NR_madvise, text.start, text.end - text.start, MADV_DONTDUMP);
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

/*
 * True: the site need not be looked at again. While a process shares the memory (vfork(2)) it is not the time: that one
 * can be killed by itself.
 */
static bool try_patch(struct task *task, u64 insn, u32 nr)
{
	enum stat_what what = STAT_REFUSED;
	unsigned users;
	bool may;

	patch_lock();
	users = mm_users();
	may = mm.patch_after && users == nr_threads(task);
	if (may)
		what = patch(task, insn, nr, users == 1);
	patch_unlock();
	if (may)
		count_site(task, what);
	if (mm.patch_table)
		set_gs_base((u64)(uintptr_t)task);
	return may;
}

void patch_trapped(struct task *task, const struct regs *regs)
{
	u32 ip = (u32)regs->rip, slot = (ip ^ ip >> 10) % COUNTERS;
	u64 base;

	if (!mm.patch_after || !is_patched_call(regs->orig_rax) || is_watched(task))
		return;
	base = gs_base();
	if (base && !gs_base_is_ours(base))
		return; /* it is the guest's own */
	if (!base && mm.patch_table)
		set_gs_base((u64)(uintptr_t)task);
	if (counter[slot].ip != ip) {
		counter[slot].traps = 0;
		counter[slot].ip = ip;
	}
	if (counter[slot].traps == NOT_AGAIN || ++counter[slot].traps < mm.patch_after)
		return;
	counter[slot].traps = try_patch(task, regs->rip - SYSCALL_INSN_SIZE, (u32)regs->orig_rax) ? NOT_AGAIN : 0;
}

/* ---- taking back ---- */

static bool unpatch(int fd, const struct site *site, bool alone)
{
	if (!site_has(site, site->ours))
		return true; /* it has gone, or never was */
	write_site(fd, site, site->plain, alone);
	return site_has(site, site->plain);
}

static bool unpatch_all(void)
{
	bool alone = mm_users() == 1, good = true;
	int fd = open_memory();
	u32 i;

	if (fd < 0)
		return false;
	for (i = 0; i < atomic_load(&nr_sites); i++)
		good &= unpatch(fd, &sites[i], alone);
	host_close(fd);
	return good;
}

int patch_make_way(u64 start, u64 len)
{
	int err = 0;

	if (!mm.patch_table || start >= PATCH_TABLE_END || (start < PATCH_TABLE && len <= PATCH_TABLE - start))
		return 0;
	patch_lock();
	if (mm.patch_table && unpatch_all()) {
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

/* Held: lock. A site at which somebody was killed. */
static void mend(const struct site *site)
{
	int fd = open_memory();

	if (fd < 0)
		return;
	write_site(fd, site, site->plain, false);
	host_close(fd);
}

bool patch_fault(int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	struct regs *regs = frame_regs(uc);
	const struct site *site;
	bool ours;
	u32 stub;

	if (sig != SIGSEGV || info->code <= 0 || !atomic_load(&nr_sites))
		return false;
	stub = find_start(regs->rip);
	if (stub == atomic_load(&nr_sites))
		return false;
	site = &sites[stub];
	if (info->code != SI_KERNEL) {
		/* The jump has found no table. The number first: the instruction before it has not been executed. */
		if (uc->cr2 != PATCH_TABLE + stub * sizeof(u64))
			return false;
		regs->rip = patch_addr[stub];
		regs->rax = patch_nr[stub];
		return true;
	}
	if (!site_has_stopped(uc))
		return false;
	patch_lock();
	ours = site_is_there(site);
	if (ours && site_is_stopped(site))
		mend(site);
	patch_unlock();
	return ours;
}

bool patch_faults_in(s32 tid, u64 rip)
{
	u64 nr = tracee_peek(tid, (u64)(uintptr_t)&nr_sites) & UINT32_MAX, i;

	for (i = 0; i < nr && i < PATCH_SITES; i++)
		if (tracee_peek(tid, (u64)(uintptr_t)&sites[i].start) == rip)
			return true;
	return false;
}

/* ---- the ways in ---- */

void trapped_call(struct task *task)
{
	patch_trapped(task, &task->regs);
	syscall_dispatch(task);
}

void patched_call(struct task *task, u32 site)
{
	struct regs *regs = &task->regs;

	regs->rip = patch_addr[site];
	regs->rax = regs->orig_rax = patch_nr[site];
	/* A debugger's steps: whoever steps himself does not come as far as here. */
	regs->eflags &= ~(u64)EFLAGS_TF;
	if (is_watched(task))
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
