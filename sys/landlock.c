/* SPDX-License-Identifier: MIT */
/*
 * landlock(7): the rulesets are the host's, and so is their meaning, since a rule is about a directory or file itself
 * and not about its name. What the host cannot know is added here:
 *
 *  - below a directory in a rule the guest may have mounts, whose files the host has elsewhere: a rule for each;
 *  - execve executes the runtime, so that may be executed and read, whatever the guest's rules say;
 *  - in a domain that restricts the file system nothing can be mounted any more (sys/mount_common.c).
 *
 * A file that is reached through a mount has two names on the host, and the rules let both pass. Linux would look at
 * the name. It is the same file all the same. What is mounted below later is not covered by the rule.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/landlock.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/sys.h"
#include "vfs/namei.h"
#include "warden/client.h"

/* What can be asked for a file that is no directory: EXECUTE, WRITE_FILE, READ_FILE, TRUNCATE, IOCTL_DEV. */
#define ACCESS_FILE 0xc007ULL
#define ACCESS_BITS 64

/* ---- mounts below a directory ---- */

/* The host paths of what is mounted below a place, one behind the other with a NUL behind each. */
struct below {
	const struct mnt_ns *ns;
	u64 mnt;
	const char *host;
	size_t len;
	char *paths;
	size_t used, size; /* with `paths` NULL only `used` is counted */
};

static bool path_is_below(const char *path, size_t len, const char *top, size_t top_len)
{
	if (top_len == 1)
		return true;
	return len >= top_len && !memcmp(path, top, top_len) && (len == top_len || path[top_len] == '/');
}

/* Does the way up from the mount lead through the place? Bounded, as what is read may be in change. */
static bool stands_below(const struct below *b, const struct mount *m)
{
	char point[PATH_MAX];

	for (unsigned depth = 0; m && READ_ONCE(m->parent) != READ_ONCE(m->id) && depth < MNT_MAX; depth++) {
		u64 parent = READ_ONCE(m->parent);
		size_t len = mnt_copy_string(point, sizeof(point), READ_ONCE(m->point));

		if (parent == b->mnt)
			return path_is_below(point, len, b->host, b->len);
		m = mnt_by_id(b->ns, parent);
	}
	return false;
}

static int collect(const struct mount *m, void *arg)
{
	struct below *b = arg;
	char host[PATH_MAX];
	size_t len = mnt_copy_string(host, sizeof(host), READ_ONCE(m->host));

	/* What the host has below the directory itself is in the rule already. */
	if (!len || path_is_below(host, len, b->host, b->len) || !stands_below(b, m))
		return 0;
	if (b->paths) {
		if (b->used + len + 1 > b->size)
			return -ERANGE;
		memcpy(b->paths + b->used, host, len + 1);
	}
	b->used += len + 1;
	return 0;
}

static int collect_once(struct below *b)
{
	u64 seq;
	int err;

	do {
		seq = mnt_read_begin(b->ns);
		b->used = 0;
		err = mnt_for_each(b->ns, collect, b);
	} while (mnt_read_retry(b->ns, seq));
	return err;
}

/* 0, with b->paths to be freed, or -ENOMEM. */
static int collect_below(struct below *b)
{
	int err;

	do {
		kfree(b->paths);
		b->paths = NULL;
		collect_once(b);
		b->size = b->used;
		b->paths = b->size ? kzalloc(b->size) : NULL;
		if (b->size && !b->paths)
			return -ENOMEM;
		err = b->size ? collect_once(b) : 0;
	} while (err); /* there are more by now */
	return 0;
}

/* ---- rules ---- */

static long host_add_rule(int ruleset, int fd, u64 access)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};

	return host_call4(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

/* A rule about a host path; one that cannot be opened cannot be reached by the guest either. */
static long add_host_path(int ruleset, const char *path, u64 access)
{
	long fd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_PATH | O_CLOEXEC, 0), err;
	struct stat st;

	if (fd < 0)
		return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : 0;
	err = host_call2(__NR_fstat, fd, &st);
	if (!err && !S_ISDIR(st.st_mode))
		access &= ACCESS_FILE;
	if (!err && access)
		err = host_add_rule(ruleset, (int)fd, access);
	host_close((int)fd);
	return err;
}

static s64 add_mounts_below(struct task *task, int ruleset, const struct landlock_path_beneath_attr *beneath)
{
	struct below b = {.ns = task->nsproxy->mnt};
	struct nameidata nd;
	s64 err = path_lookup(task, beneath->parent_fd, "", LOOKUP_EMPTY, &nd);

	if (err)
		return err;
	b.mnt = nd.mnt;
	b.host = nd.host;
	b.len = nd.len;
	err = collect_below(&b);
	for (size_t at = 0; !err && at < b.used; at += strlen(b.paths + at) + 1)
		err = add_host_path(ruleset, b.paths + at, beneath->allowed_access);
	kfree(b.paths);
	path_release(&nd);
	return err;
}

SYSCALL(landlock_add_rule)
{
	struct landlock_path_beneath_attr beneath;
	int ruleset = (int)ARG0(regs);
	s64 err;

	if (fd_is_ours(ruleset))
		return -EBADF;
	if (!access_ok(ARG2(regs), sizeof(beneath)))
		return host_call4(__NR_landlock_add_rule, ruleset, ARG1(regs), NULL, ARG3(regs));
	if ((u32)ARG1(regs) != LANDLOCK_RULE_PATH_BENEATH || (u32)ARG3(regs) || get_guest(beneath, ARG2(regs)))
		return host_call4(__NR_landlock_add_rule, ruleset, ARG1(regs), ARG2(regs), ARG3(regs));
	if (fd_is_ours(beneath.parent_fd))
		return -EBADF;
	err = host_add_rule(ruleset, beneath.parent_fd, beneath.allowed_access);
	return err ? err : add_mounts_below(task, ruleset, &beneath);
}

/* ---- the domain ---- */

/* Is this access one that the ruleset restricts? The host looks at that before it looks at the descriptor. */
static bool handles(int ruleset, u64 access)
{
	return host_add_rule(ruleset, -1, access) == -EBADF;
}

static bool handles_anything(int ruleset)
{
	for (unsigned i = 0; i < ACCESS_BITS; i++)
		if (handles(ruleset, 1ULL << i))
			return true;
	return false;
}

static long allow_runtime(int ruleset)
{
	const u64 needed[] = {LANDLOCK_ACCESS_FS_EXECUTE, LANDLOCK_ACCESS_FS_READ_FILE};
	u64 access = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (handles(ruleset, needed[i]))
			access |= needed[i];
	return access ? add_host_path(ruleset, arena()->runtime, access) : 0;
}

static bool may_restrict(const struct task *task)
{
	return task->seccomp.no_new_privs || ns_capable(task, task->nsproxy->user, CAP_SYS_ADMIN);
}

SYSCALL(landlock_restrict_self)
{
	int ruleset = (int)ARG0(regs);
	struct cred *new;
	bool anything;
	s64 err;

	if (!may_restrict(task))
		return -EPERM;
	if (fd_is_ours(ruleset))
		return -EBADF;
	new = prepare_creds(task->cred);
	if (!new)
		return -ENOMEM;
	anything = handles_anything(ruleset);
	err = anything ? allow_runtime(ruleset) : 0;
	if (!err)
		err = host_call2(__NR_landlock_restrict_self, ruleset, ARG1(regs));
	if (err) {
		put_cred(new);
		return err;
	}
	new->landlocked |= anything;
	commit_creds(task, new);
	return 0;
}
