/* SPDX-License-Identifier: MIT */
/*
 * Writing to text that threads are executing (sys/patch.h).
 *
 * The bytes are written through /proc/self/mem, which gives this process a copy of the page and leaves its protection
 * as it is: at no time is anything writable and executable, and the file is not touched. A host or a sandbox that lets
 * us not open that keeps its traps. Only what has been written must be taken back in any case: then a copy of the page
 * takes its place.
 *
 * While several threads run, the first byte becomes SITE_STOP, which faults; when all processors have seen that, the
 * other bytes follow, and then the first. Who comes to the site meanwhile faults, and its handler waits (patch_fault).
 * Each step writes what those before it have written, too, in case that is gone: another thread may have the page read
 * anew from its file (MADV_DONTNEED). A site's second jump is written right before the first one and right after it: in
 * the end both are there, or neither.
 */
#include <linux/fcntl.h>
#include <linux/membarrier.h>
#include <linux/mman.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/patch_internal.h"
#include "vfs/proc.h"

#define PAGE 4096UL

int text_open(const char *process)
{
	char path[PROC_PATH_SIZE];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%s/mem", arena()->proc, process);
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

bool text_prepare_threads(void)
{
	return !host_call2(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0);
}

/* Nobody is at the site, and only its first byte is not as it is to be. */
static bool stop_site(int fd, const struct site *site, const u8 want[SITE_MAX])
{
	u8 stopped[SITE_MAX] = {SITE_STOP};

	memcpy(stopped + 1, want + 1, SITE_MAX - 1);
	return text_prepare_threads() && sync_threads() && write_bytes(fd, site->start, stopped, 1) && sync_threads() &&
	       write_bytes(fd, site->start, stopped, site->changed) && sync_threads();
}

static bool write_pad(int fd, const struct site *site)
{
	return !site->pad || write_bytes(fd, site->pad, site->jump, PAD_SIZE);
}

static bool write_word(int fd, const struct site *site, u32 stub)
{
	bool is_short = site->nr == PATCH_ANY_NR;
	u64 word = is_short ? short_stub(stub) : patch_stub(stub);
	u64 at = PATCH_TABLE + sizeof(word) * (is_short ? PATCH_SITES + stub : stub);

	return write_bytes(fd, at, (const u8 *)&word, sizeof(word));
}

bool text_patch(int fd, const struct site *site, u32 stub, bool alone)
{
	return write_word(fd, site, stub) && write_pad(fd, site) && (alone || stop_site(fd, site, site->ours)) &&
	       write_pad(fd, site) && write_bytes(fd, site->start, site->ours, site->changed) && write_pad(fd, site) &&
	       (alone || sync_threads());
}

/* A page takes the place of another at one stroke, for all threads. */
static bool replace_page(const struct site *site)
{
	u64 page = ALIGN_DOWN(site->start, PAGE);
	long copy = host_call6(__NR_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bytes = (char *)copy;

	if (copy < 0)
		return false;
	if (!copy_from_guest(bytes, page, PAGE)) {
		memcpy(bytes + (site->start - page), site->plain, site->changed);
		if (!host_call3(__NR_mprotect, copy, PAGE, PROT_READ | PROT_EXEC) &&
		    host_call5(__NR_mremap, copy, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) == (long)page)
			return true;
	}
	host_call2(__NR_munmap, copy, PAGE);
	return false;
}

static bool write_plain(int fd, const struct site *site, bool alone)
{
	return (alone || stop_site(fd, site, site->plain)) &&
	       write_bytes(fd, site->start, site->plain, site->changed) && (alone || sync_threads());
}

bool text_restore(int fd, const struct site *site, bool alone)
{
	return (fd >= 0 && write_plain(fd, site, alone)) || replace_page(site);
}
