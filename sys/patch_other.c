/* SPDX-License-Identifier: MIT */
/*
 * The call sites of another process of the session, which a tracer, or whoever opens its memory, is to see as they were
 * (sys/patch.h). It has the same runtime at the same addresses, and its threads go on meanwhile: who comes to a site in
 * between mends it (patch_fault).
 */
#include <linux/membarrier.h>
#include <linux/time_types.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/patch.h"
#include "sys/patch_internal.h"
#include "vfs/proc_internal.h"

static bool read_other(int fd, const void *at, void *dst, size_t n)
{
	return host_call4(__NR_pread64, fd, dst, n, at) == (long)n;
}

static bool write_other(int fd, const void *at, const void *src, size_t n)
{
	return host_call4(__NR_pwrite64, fd, src, n, at) == (long)n;
}

static void write_text(int fd, const struct site *site, const u8 *bytes, u32 from, u32 n)
{
	host_call4(__NR_pwrite64, fd, bytes + from, n, site->start + from);
}

/*
 * From now on it does not begin with another site. One that it is at it finishes, and takes back by itself; that takes
 * a moment, unless it has been stopped there.
 */
static bool stop_patching(int fd)
{
	const struct __kernel_timespec moment = {0, 1000000};
	const u32 never = 0;
	struct mutex lock;

	if (!write_other(fd, &mm.patch_after, &never, sizeof(never)))
		return false;
	for (int i = 0; i < 100 && read_other(fd, &patches.lock, &lock, sizeof(lock)) && atomic_load(&lock.owner); i++)
		host_call2(__NR_nanosleep, &moment, NULL);
	return true;
}

/*
 * All processors have left what they were executing, and come back with an instruction that makes them fetch their code
 * anew. It takes some 20 ms; the fast way is only for processes of the caller's own memory.
 */
static void sync_all(void)
{
	host_call2(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0);
}

/* Three steps, for all sites at once: the first byte stops who comes there, the others are written, and then it. */
enum step { STEP_STOP, STEP_REST, STEP_FIRST };

static bool is_at(int fd, const struct site *site, u8 first, const u8 *rest)
{
	u8 found[SITE_MAX];

	return site->changed <= SITE_MAX &&
	       read_other(fd, (const void *)(uintptr_t)site->start, found, site->changed) && found[0] == first &&
	       !memcmp(found + 1, rest + 1, site->changed - 1U);
}

static bool make_step(int fd, const struct site *site, enum step step)
{
	static const u8 stop = SITE_STOP;

	switch (step) {
	case STEP_STOP:
		if (!is_at(fd, site, site->ours[0], site->ours))
			return false;
		write_text(fd, site, &stop, 0, 1);
		return true;
	case STEP_REST:
		if (!is_at(fd, site, stop, site->ours))
			return false;
		write_text(fd, site, site->plain, 1, site->changed - 1U);
		return true;
	case STEP_FIRST:
		if (!is_at(fd, site, stop, site->plain))
			return false;
		write_text(fd, site, site->plain, 0, 1);
		return true;
	}
	return false;
}

/* Is there any site at which that was to be done? */
static bool make_steps(int fd, u32 nr, enum step step)
{
	bool any = false;
	struct site site;

	for (u32 i = 0; i < nr && i < PATCH_SITES && read_other(fd, &patch_sites[i], &site, sizeof(site)); i++)
		any |= make_step(fd, &site, step);
	return any;
}

static void stop_in(int fd)
{
	u32 nr;

	if (!stop_patching(fd) || !read_other(fd, &patches.nr, &nr, sizeof(nr)))
		return;
	for (enum step step = STEP_STOP; step <= STEP_FIRST && make_steps(fd, nr, step); step++)
		sync_all();
}

void patch_stop_in(struct task *task, s32 tid)
{
	struct proc_task who;
	char name[16];
	struct fmt f;
	int fd;

	if (!arena()->patch_after || !proc_find(task, tid, &who))
		return;
	if (who.own) {
		patch_stop();
		return;
	}
	fmt_init(&f, name, sizeof(name));
	fmt_print(&f, "%d", tid);
	fd = text_open(name);
	if (fd < 0)
		return;
	stop_in(fd);
	host_close(fd);
}
