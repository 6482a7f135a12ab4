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
#include "lib/hash.h"
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

/* A program that ends soon is not to pay for a cache: it begins when a process has so much to tell. */
#define TELLS_MIN 8
static _Atomic u32 tells;

static bool is_worth_it(struct dcache *dc)
{
	return atomic_load_explicit(&dc->lease, memory_order_relaxed) || ++tells > TELLS_MIN;
}

static void tell(const struct task *task, const char *path, size_t len, bool directory)
{
	struct request req;

	if (!dcache_live(&arena()->dcache) || !may_search(task) || !ticks_readable() || !is_worth_it(&arena()->dcache))
		return;
	request_init(&req, REQ_DENTRY, task);
	req.arg = directory;
	if (request_add(&req, path, len))
		warden_post(task, &req);
}

void dcache_tell(const struct task *task, const char *path, size_t len)
{
	char text[PATH_MAX];

	if (!dcache_usable(task) || !dcache_readlink(&arena()->dcache, path, len, text, sizeof(text)))
		tell(task, path, len, false);
}

/* The length of the path of the directory that nd's place is in; 0: the root, or not known. */
static size_t parent_len(const struct nameidata *nd)
{
	const char *last = nd->len ? strrchr(nd->host, '/') : NULL;

	return last ? (size_t)(last - nd->host) : 0;
}

bool dcache_reaches(const struct task *task, const struct nameidata *nd)
{
	size_t len = parent_len(nd);

	if (!nd->len || nd->tail || nd->proc)
		return false;
	return !len || (dcache_is_directory(&arena()->dcache, nd->host, len) && dcache_usable(task));
}

/* One may look at many directories just once: what is told of them costs more than it saves. */
#define MISSES	  8	       /* in one directory until that is told, */
#define MISSES_ON 64	       /* and how many more until it is told again, if that was of no use */
static _Atomic u8 misses[256]; /* by the hash of the directory's path */

void dcache_missed(const struct task *task, const struct nameidata *nd)
{
	size_t len = parent_len(nd);
	u64 hash;

	if (!len || nd->proc)
		return;
	hash = hash_final(hash_bytes(HASH_INIT, nd->host, len));
	if (++misses[hash % ARRAY_SIZE(misses)] % MISSES_ON == MISSES)
		tell(task, nd->host, len, true);
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
