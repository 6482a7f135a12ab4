/* SPDX-License-Identifier: MIT */
/* ptmx in a devpts that a guest has mounted: see vfs/devpts.h. */
#include "vfs/devpts.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "vfs/walk.h"

#define PTMX_DEV 0x502 /* character device 5:2 */

static const char ptmx_name[] = "/ptmx", pts_name[] = "/pts";
#define PTMX_LEN (sizeof(ptmx_name) - 1)
#define PTS_LEN	 (sizeof(pts_name) - 1)

bool is_ptmx(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == PTMX_DEV;
}

static bool named_ptmx(const struct nameidata *nd)
{
	return nd->len >= PTMX_LEN && !memcmp(nd->host + nd->len - PTMX_LEN, ptmx_name, PTMX_LEN);
}

/* Devpts has no directories, so the name is enough. */
bool ptmx_at(struct task *task, const struct nameidata *nd, struct ptmx *out)
{
	const struct mnt_ns *ns;
	struct super *sb;
	const struct mount *m;
	bool found;
	u64 seq;

	if (!named_ptmx(nd))
		return false;
	ns = mnt_ns_of(task->nsproxy->mnt, nd->mnt);
	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, nd->mnt);
		sb = m ? READ_ONCE(m->sb) : NULL;
		found = sb && arena_contains(sb, sizeof(*sb)) && sb->kind == SUPER_DEVPTS;
		if (!found)
			continue;
		out->mode = atomic_load_explicit(&sb->ptmx_mode, memory_order_relaxed);
		out->pts_mode = atomic_load_explicit(&sb->pts_mode, memory_order_relaxed);
		out->uid = sb->ptmx_uid;
		out->gid = sb->ptmx_gid;
	} while (mnt_read_retry(ns, seq));
	return found;
}

/* Does a capability let the task do what the permissions do not (capabilities(7), CAP_DAC_OVERRIDE)? */
static bool overrides(const struct task *task, const struct ptmx *ptmx, unsigned wants)
{
	const struct user_ns *ns = task->nsproxy->user;

	return (!(wants & X_OK) || (ptmx->mode & 0111)) && from_kuid(ns, ptmx->uid) != INVALID_KID &&
	       from_kgid(ns, ptmx->gid) != INVALID_KID && ns_capable(task, ns, CAP_DAC_OVERRIDE);
}

int ptmx_permission(const struct task *task, const struct cred *cred, const struct ptmx *ptmx, unsigned wants)
{
	unsigned shift = cred->fsuid == ptmx->uid ? 6 : in_group_p(cred, ptmx->gid) ? 3 : 0;

	return !(wants & ~(ptmx->mode >> shift)) || overrides(task, ptmx, wants) ? 0 : -EACCES;
}

void ptmx_place(struct task *task, struct nameidata *nd)
{
	const struct mnt_ns *ns = mnt_ns_of(task->nsproxy->mnt, nd->mnt);
	const struct mount *m;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, nd->mnt);
		nd->len = m ? (u32)mnt_copy_string(nd->host, sizeof(nd->host), m->host) : 0;
	} while (mnt_read_retry(ns, seq));
	if (!named_ptmx(nd))
		nd_append(nd, ptmx_name + 1, PTMX_LEN - 1);
}

void ptmx_on_host(const struct nameidata *nd, char path[PTMX_PATH_SIZE])
{
	const u32 tail = PTS_LEN + PTMX_LEN;
	struct stat st;

	if (nd->len >= tail && !memcmp(nd->host + nd->len - tail, pts_name, PTS_LEN) &&
	    host_call3(__NR_faccessat, AT_FDCWD, nd->host, R_OK | W_OK)) {
		memcpy(path, nd->host, nd->len - tail);
		memcpy(path + nd->len - tail, ptmx_name, sizeof(ptmx_name));
		if (!host_call4(__NR_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) && is_ptmx(&st))
			return; /* it makes terminals in the `pts` beside it */
	}
	memcpy(path, nd->host, nd->len + 1);
}

void ptmx_opened(const struct ptmx *ptmx, const struct nameidata *nd, int fd)
{
	char path[PTMX_PATH_SIZE];
	struct fmt f;
	u32 number;

	if (host_call3(__NR_ioctl, fd, TIOCGPTN, &number))
		return;
	fmt_init(&f, path, sizeof(path));
	fmt_bytes(&f, nd->host, nd->len - PTMX_LEN);
	fmt_char(&f, '/');
	fmt_udec(&f, number, 0);
	if (!fmt_overflow(&f))
		host_call3(__NR_fchmodat, AT_FDCWD, path, ptmx->pts_mode);
}
