/* SPDX-License-Identifier: MIT */
/* The guest's side of the directory cache (kernel/dcache.h). */
#include <asm/stat.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include "arch/x86_64/ticks.h"
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "sys/cred.h"
#include "vfs/walk.h"
#include "warden/client.h"

enum { TICKS_UNKNOWN, TICKS_READABLE, TICKS_FORBIDDEN };
static _Atomic u32 ticks;

void dcache_forbid_ticks(void)
{
	atomic_store(&ticks, TICKS_FORBIDDEN);
}

static bool ticks_readable(void)
{
	u32 setting = 0;

	if (atomic_load(&ticks) == TICKS_UNKNOWN) {
		host_call2(__NR_prctl, PR_GET_TSC, &setting);
		atomic_store(&ticks, setting == PR_TSC_ENABLE ? TICKS_READABLE : TICKS_FORBIDDEN);
	}
	return atomic_load(&ticks) == TICKS_READABLE;
}

/*
 * The warden has seen that the directories above a link may be searched, with the rights that the session was started
 * with. A task has the same on the host, unless root has given some up.
 */
static bool may_search(const struct task *task)
{
	const struct cred *cred = task->cred;
	const u64 search = 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH;

	return !host_is_root() || (!ids_are_mapped(task) && !cred->fsuid && (cred->cap_effective & search) == search);
}

bool dcache_usable(const struct task *task)
{
	return may_search(task) && ticks_readable() && dcache_valid(&arena()->dcache, arch_ticks());
}

void dcache_tell(const struct task *task, const char *path, size_t len)
{
	struct request req;
	char text[PATH_MAX];

	if (!dcache_live(&arena()->dcache) || !may_search(task) || !ticks_readable())
		return;
	if (dcache_usable(task) && dcache_readlink(&arena()->dcache, path, len, text, sizeof(text)))
		return;
	request_init(&req, REQ_DENTRY, task);
	if (request_add(&req, path, len))
		warden_post(task, &req);
}

static void settle(const struct task *task)
{
	struct request req;

	request_init(&req, REQ_SETTLE, task);
	warden_tell(task, &req);
}

void dcache_changed(const struct task *task, const char *name, size_t len)
{
	if (dcache_live(&arena()->dcache) && dcache_passes(&arena()->dcache, name, len))
		settle(task);
}

void dcache_mode_changed(const struct task *task, int fd)
{
	struct stat st;

	if (!dcache_live(&arena()->dcache) || !arena()->dcache.nr)
		return;
	if (host_call4(__NR_newfstatat, fd, "", &st, AT_EMPTY_PATH) == 0 && (st.st_mode & S_IFMT) == S_IFDIR)
		settle(task);
}
