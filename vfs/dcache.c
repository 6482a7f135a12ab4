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

bool dcache_ticks_readable(void)
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
	return may_search(task) && dcache_ticks_readable() && dcache_valid(&arena()->dcache, arch_ticks());
}

/* A program that ends soon is not to pay for a cache: it begins when a process has so much to tell. */
#define TELLS_MIN 8
static _Atomic u32 tells;

static bool is_worth_it(struct dcache *dc)
{
	return atomic_load_explicit(&dc->lease, memory_order_relaxed) || ++tells > TELLS_MIN;
}

static void tell(const struct task *task, const char *path, size_t len, enum dentry_kind kind)
{
	struct request req;

	if (!dcache_live(&arena()->dcache) || !may_search(task) || !dcache_ticks_readable() ||
	    !is_worth_it(&arena()->dcache))
		return;
	request_init(&req, REQ_DENTRY, task);
	req.arg = kind;
	if (request_add(&req, path, len))
		warden_post(task, &req);
}

void dcache_tell(const struct task *task, const char *path, size_t len)
{
	char text[PATH_MAX];

	if (!dcache_usable(task) || !dcache_readlink(&arena()->dcache, path, len, text, sizeof(text)))
		tell(task, path, len, DENTRY_LINK);
}

/* The length of the path of the directory that nd's place is in; 0: the root, or not known. */
static size_t parent_len(const struct nameidata *nd)
{
	size_t len = nd->len;

	while (len && nd->host[len - 1] != '/')
		len--;
	return len ? len - 1 : 0;
}

bool dcache_has_directory(const struct task *task, const char *path, size_t len)
{
	return dcache_is_directory(&arena()->dcache, path, len) && dcache_usable(task);
}

/* A relative name of one component leads past no symlink. */
static bool is_child(const char *name)
{
	struct component c;

	return *name != '/' && next_component(&name, &c) && !*name && !is_dot(&c);
}

/* Where fs says that the task stands, and below that the directory that a relative name ends in. */
struct pwd_parent {
	size_t pwd_len, len; /* of `dir`; len 0: it is not known */
	char dir[PATH_MAX];
};

/* The name has no "..". */
static void pwd_parent(const struct task *task, const char *name, struct pwd_parent *p)
{
	struct component c;
	u64 mnt;

	p->len = 0;
	p->pwd_len = copy_fs_pwd(task->fs, &mnt, p->dir, sizeof(p->dir));
	/* Another thread may have gone elsewhere, where ours on the host is not yet. */
	if (!p->pwd_len || !fs_pwd_mount(task->fs, task->host_fs_seq, &mnt))
		return;
	next_component(&name, &c);
	for (size_t at = p->pwd_len > 1 ? p->pwd_len : 0; !is_dot(&c) && c.len; next_component(&name, &c)) {
		if (!*name) {
			p->len = at;
			return;
		}
		if (at + 1 + c.len >= sizeof(p->dir))
			return;
		p->dir[at] = '/';
		memcpy(p->dir + at + 1, c.s, c.len);
		at += 1 + c.len;
	}
}

/*
 * Is the working directory still where fs says? It has been since the host was asked, if no entry of the cache has gone
 * since: one that was there, and is below, has all directories above it watched. `seq` was read before that was found.
 */
static bool pwd_is_there(struct task *task, const struct pwd_parent *p, u64 seq)
{
	char host[PATH_MAX];

	if (task->pwd_seen.dcache_seq != seq + 1 || task->pwd_seen.fs_seq != task->host_fs_seq) {
		task->pwd_seen.is_there =
		    host_path(AT_FDCWD, host) == (long)p->pwd_len && !memcmp(host, p->dir, p->pwd_len);
		task->pwd_seen.fs_seq = task->host_fs_seq;
		task->pwd_seen.dcache_seq = seq + 1;
	}
	return task->pwd_seen.is_there;
}

static __attribute__((noinline)) bool reaches_below_pwd(struct task *task, const char *name)
{
	const struct dcache *dc = &arena()->dcache;
	u64 seq = dcache_seq(dc);
	struct pwd_parent p;

	pwd_parent(task, name, &p);
	return p.len && dcache_is_directory(dc, p.dir, p.len) && dcache_usable(task) && pwd_is_there(task, &p, seq);
}

bool dcache_reaches(struct task *task, struct nameidata *nd, const struct target *t)
{
	size_t len = parent_len(nd);

	if (t->path != nd->host && (is_child(t->path) || recent_reaches(task, nd, t) ||
				    (t->dfd == AT_FDCWD && !nd->len && reaches_below_pwd(task, t->path)))) {
		nd->near = t->path;
		nd->near_dfd = t->dfd;
		return true;
	}
	if (!nd->len || nd->tail || nd->proc)
		return false;
	return !len || recent_reaches(task, nd, t) || dcache_has_directory(task, nd->host, len);
}

/* One may look at many directories just once, or into one a few times: what is told of them costs more than it saves.
 */
#define MISSES	    8		/* in one directory until that is told, */
#define MISSES_ON   64		/* and how many more until it is told again; */
#define MISSES_DEAR 4		/* what one counts that loses more */
static _Atomic u16 misses[256]; /* by the hash of the directory's path */

void dcache_missed_directory(const struct task *task, const char *dir, size_t len, unsigned flags)
{
	u64 hash = hash_text(dir, len);
	u16 more = flags & LOOKUP_DEAR ? MISSES_DEAR : 1;
	u16 before = atomic_fetch_add_explicit(&misses[hash % ARRAY_SIZE(misses)], more, memory_order_relaxed);

	before %= MISSES_ON;
	if (before < MISSES && before + more >= MISSES)
		tell(task, dir, len, flags & LOOKUP_DEAR ? DENTRY_DEAR : DENTRY_DIRECTORY);
}

static __attribute__((noinline)) void missed_below_pwd(const struct task *task, const char *name, unsigned flags)
{
	struct pwd_parent p;

	pwd_parent(task, name, &p);
	if (p.len)
		dcache_missed_directory(task, p.dir, p.len, flags);
}

void dcache_missed(const struct task *task, const struct nameidata *nd, const struct target *t, unsigned flags)
{
	size_t len = parent_len(nd);

	if (nd->proc)
		return;
	if (len)
		dcache_missed_directory(task, nd->host, len, flags);
	else if (t->path != nd->host && t->dfd == AT_FDCWD)
		missed_below_pwd(task, t->path, flags);
}

static void settle(const struct task *task)
{
	struct request req;

	request_init(&req, REQ_SETTLE, task);
	warden_tell(task, &req);
}

void dcache_changed(const struct task *task, const char *name, size_t len, bool directory)
{
	const struct dcache *dc = &arena()->dcache;

	if ((directory && dcache_has_recents(dc)) || (dcache_live(dc) && dcache_passes(dc, name, len)))
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
