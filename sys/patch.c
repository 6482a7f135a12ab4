/* SPDX-License-Identifier: MIT */
/*
 * Patching call sites (sys/patch.h).
 *
 * The bytes are written through /proc/self/mem, which gives this process a copy of the page and leaves its protection
 * as it is: at no time is anything writable and executable, and the file is not touched. A host or a sandbox that lets
 * us not open that keeps its traps.
 *
 * While several threads run, the first byte becomes HLT, which faults; when all processors have seen that, the other
 * bytes follow, and then the first. Who comes to the site meanwhile faults, and its handler waits (patch_fault).
 */
#include "sys/patch.h"

#include <asm/errno.h>
#include <asm/prctl.h>
#include <linux/fcntl.h>
#include <linux/membarrier.h>
#include <linux/mman.h>
#include "arch/x86_64/frame.h"
#include "arch/x86_64/patch.h"
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

#define PAGE		4096UL
#define MOV_EAX		0xb8
#define HLT		0xf4
#define TRAP_PROTECTION 13
#define COUNTERS	1024
#define NOT_AGAIN	UINT32_MAX

u64 patch_addr[PATCH_SITES];
u32 patch_nr[PATCH_SITES];

static struct mutex lock; /* guards what follows, and what is written to sites; before all other locks */
static _Atomic u32 nr_sites;
static bool has_gs; /* set once: the program may use what patch.h says */

/* How often which instruction, of that low half of the address, has trapped. No lock: a count that is lost, or pushed
 * out by that of another, is counted again. */
static struct {
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

#define BEFORE 5 /* bytes before a site that are looked at */

static bool is_rex_b(u8 byte)
{
	return (byte & 0xf1) == 0x41;
}

/*
 * `mov` points behind BEFORE bytes at b8 nr nr nr nr 0f 05, of which the last two have been executed with `nr` in rax.
 * Is it certain that the first is the opcode of a mov to eax? As the end of another instruction, the four bytes, the
 * last two of which are zero, can only be its immediate or its displacement (0000 by itself would write to where rax
 * points, and that is no memory). Those instructions are left alone, if the bytes before can be theirs at all.
 */
static bool is_certain(const u8 *mov)
{
	u8 last = mov[-1], op = mov[-2];
	bool sib = (last & 7) == 4 && last < 0xc0; /* as a ModRM byte: b8 is a SIB */

	/* mov $nr, %r8d, or a prefix that the jump would not take well */
	if (is_rex_b(last) || (last >= 0x64 && last <= 0x67))
		return false;
	/* b8 is a ModRM byte, nr(%rax): that faults with rax = nr, but for lea, prefetch, nop, */
	if (last == 0x8d || (op == 0x0f && (last == 0x0d || (last >= 0x18 && last <= 0x1f))))
		return false;
	/* and where it is %r8 instead, or a segment begins elsewhere. */
	if (is_rex_b(op) || op == 0x64 || op == 0x65 || (op == 0x0f && is_rex_b(mov[-3])) || mov[-4] == 0xc4 ||
	    mov[-5] == 0x62)
		return false;
	/* b8 is a SIB byte, with a displacement or an immediate. */
	return !sib || (last < 0x80 && op != 0x81 && op != 0xc7 && op != 0x69 && op != 0xf7);
}

/* The site's bytes, as the program has them. */
static void plain_bytes(u32 nr, u8 bytes[SITE_SIZE])
{
	static const u8 insn[SYSCALL_INSN_SIZE] = {0x0f, 0x05};

	bytes[0] = MOV_EAX;
	memcpy(bytes + 1, &nr, sizeof(nr));
	memcpy(bytes + SITE_MOV_SIZE, insn, sizeof(insn));
}

/* And as ours. */
static void patched_bytes(u32 site, u8 bytes[SITE_SIZE])
{
	static const u8 jump[] = {0xff, 0x24, 0x25};
	u32 address = PATCH_TABLE + site * (u32)sizeof(u64);

	memcpy(bytes, jump, sizeof(jump));
	memcpy(bytes + sizeof(jump), &address, sizeof(address));
}

static bool has_bytes(u64 at, const u8 want[SITE_SIZE])
{
	u8 found[SITE_SIZE];

	return !copy_from_guest(found, at, sizeof(found)) && !memcmp(found, want, sizeof(found));
}

static bool is_plain_site(u64 at, u32 nr)
{
	u8 found[BEFORE + SITE_SIZE], want[SITE_SIZE];

	plain_bytes(nr, want);
	return at % PAGE <= PAGE - SITE_SIZE && !copy_from_guest(found, at - BEFORE, sizeof(found)) &&
	       !memcmp(found + BEFORE, want, sizeof(want)) && is_certain(found + BEFORE);
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
static u32 find_site(u64 addr)
{
	u32 nr = atomic_load(&nr_sites), i;

	for (i = 0; i < nr && patch_addr[i] != addr; i++)
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
static bool write_site(int fd, u64 at, const u8 want[SITE_SIZE], bool alone)
{
	static const u8 hlt = HLT;

	if (alone)
		return write_bytes(fd, at, want, SITE_MOV_SIZE);
	if (!prepare_threads() || !write_bytes(fd, at, &hlt, 1))
		return false;
	return sync_threads() && write_bytes(fd, at + 1, want + 1, SITE_MOV_SIZE - 1) && sync_threads() &&
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

/* A site that was there before, of a file that is mapped there again, or a new one; PATCH_SITES: there is no room. */
static u32 get_site(u64 at, u32 nr)
{
	u64 addr = at + SITE_MOV_SIZE;
	u32 site = find_site(addr);

	if (site < atomic_load(&nr_sites))
		return patch_nr[site] == nr ? site : PATCH_SITES;
	if (site == PATCH_SITES)
		return PATCH_SITES;
	patch_addr[site] = addr;
	patch_nr[site] = nr;
	atomic_store(&nr_sites, site + 1);
	return site;
}

/* False: the host does not let us. */
static bool patch_site(u32 site, bool alone)
{
	u64 at = patch_addr[site] - SITE_MOV_SIZE;
	u8 want[SITE_SIZE];
	int fd = open_memory();

	if (fd < 0)
		return false;
	patched_bytes(site, want);
	write_site(fd, at, want, alone);
	host_close(fd);
	return has_bytes(at, want);
}

/* Once something is refused that is not this site's alone, no more is tried. */
static enum stat_what patch(const struct task *task, u64 at, u32 nr, bool alone)
{
	struct mm_range text;
	u32 site;

	if (!is_plain_site(at, nr))
		return STAT_SHAPE;
	if (!find_text(task, at, &text))
		return STAT_TEXT;
	site = get_site(at, nr);
	if (site == PATCH_SITES)
		return STAT_REFUSED;
	if (!map_table() || !patch_site(site, alone)) {
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
static bool try_patch(struct task *task, u64 at, u32 nr)
{
	enum stat_what what = STAT_REFUSED;
	unsigned users;
	bool may;

	patch_lock();
	users = mm_users();
	may = mm.patch_after && users == nr_threads(task);
	if (may)
		what = patch(task, at, nr, users == 1);
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
	counter[slot].traps = try_patch(task, regs->rip - SITE_SIZE, (u32)regs->orig_rax) ? NOT_AGAIN : 0;
}

/* ---- taking back ---- */

static bool unpatch(int fd, u32 site, bool alone)
{
	u64 at = patch_addr[site] - SITE_MOV_SIZE;
	u8 ours[SITE_SIZE], plain[SITE_SIZE];

	patched_bytes(site, ours);
	if (!has_bytes(at, ours))
		return true; /* it has gone, or never was */
	plain_bytes(patch_nr[site], plain);
	write_site(fd, at, plain, alone);
	return has_bytes(at, plain);
}

static bool unpatch_all(void)
{
	bool alone = mm_users() == 1, good = true;
	int fd = open_memory();
	u32 i;

	if (fd < 0)
		return false;
	for (i = 0; i < atomic_load(&nr_sites); i++)
		good &= unpatch(fd, i, alone);
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

/* Does it look like a site in whatever state? */
static bool is_site(u32 site, const u8 bytes[SITE_SIZE])
{
	u8 plain[SITE_SIZE], ours[SITE_SIZE];

	plain_bytes(patch_nr[site], plain);
	patched_bytes(site, ours);
	if (bytes[0] != HLT && bytes[0] != plain[0] && bytes[0] != ours[0])
		return false;
	return !memcmp(bytes + 1, plain + 1, SITE_SIZE - 1) || !memcmp(bytes + 1, ours + 1, SITE_SIZE - 1);
}

/* Held: lock. A site at which somebody was killed. */
static void mend(u32 site)
{
	u8 plain[SITE_SIZE];
	int fd = open_memory();

	if (fd < 0)
		return;
	plain_bytes(patch_nr[site], plain);
	write_site(fd, patch_addr[site] - SITE_MOV_SIZE, plain, false);
	host_close(fd);
}

bool patch_fault(int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	struct regs *regs = frame_regs(uc);
	u8 bytes[SITE_SIZE];
	bool ours;
	u32 site;

	if (sig != SIGSEGV || info->code <= 0 || !atomic_load(&nr_sites))
		return false;
	site = find_site(regs->rip + SITE_MOV_SIZE);
	if (site == atomic_load(&nr_sites))
		return false;
	if (info->code != SI_KERNEL) {
		/* The jump has found no table. The number first: the instruction before it has not been executed. */
		if (uc->cr2 != PATCH_TABLE + site * sizeof(u64))
			return false;
		regs->rip = patch_addr[site];
		regs->rax = patch_nr[site];
		return true;
	}
	if (uc->trapno != TRAP_PROTECTION)
		return false; /* HLT raises that, and what a site has otherwise does not */
	patch_lock();
	ours = !copy_from_guest(bytes, regs->rip, sizeof(bytes)) && is_site(site, bytes);
	if (ours && bytes[0] == HLT)
		mend(site);
	patch_unlock();
	return ours;
}

bool patch_faults_in(s32 tid, u64 rip)
{
	u64 nr = tracee_peek(tid, (u64)(uintptr_t)&nr_sites) & UINT32_MAX, i;

	for (i = 0; i < nr && i < PATCH_SITES; i++)
		if (tracee_peek(tid, (u64)(uintptr_t)&patch_addr[i]) == rip + SITE_MOV_SIZE)
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
