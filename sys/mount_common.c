/* SPDX-License-Identifier: MIT */
/* What the calls that change the mount tree have in common: see sys/mount.h. */
#include "sys/mount.h"

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "vfs/tmpfs.h"

bool may_mount(const struct task *task)
{
	return !task->cred->landlocked && ns_capable(task, task->nsproxy->mnt->user_ns, CAP_SYS_ADMIN);
}

void mount_facts(const struct task *task, const struct nameidata *nd, struct mount_facts *facts)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	const struct super *sb;
	const struct mount *m;
	const char *host;
	u32 len;
	u64 seq;

	do {
		*facts = (struct mount_facts){0};
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, nd->mnt);
		if (!m)
			continue;
		sb = READ_ONCE(m->sb);
		host = READ_ONCE(m->host);
		len = READ_ONCE(m->host_len);
		if (!arena_contains(host, len) || !arena_contains(sb, sizeof(*sb)))
			continue;
		facts->in_tree = true;
		facts->is_root = len == nd->len && !memcmp(host, nd->host, len);
		facts->root_of_all = READ_ONCE(m->parent) == m->id;
		facts->detached = !mnt_by_id_in(ns, nd->mnt);
		facts->locked = !facts->detached && mnt_locked(ns, m);
		facts->sysfs = !memcmp(sb->fstype, "sysfs", sizeof("sysfs"));
	} while (mnt_read_retry(ns, seq));
}

void mount_topmost(const struct task *task, struct nameidata *nd)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	const struct nameidata walked = *nd;
	u64 seq;

	do {
		*nd = walked;
		seq = mnt_read_begin(ns);
		nd_cross_mounts(ns, nd);
	} while (mnt_read_retry(ns, seq));
}

bool is_root_mount(struct task *task, u64 mnt)
{
	struct path root;
	bool is;

	get_fs_root(task->fs, &root);
	is = root.mnt == mnt;
	path_put(&root);
	return is;
}

s64 place_is_dir(const struct nameidata *nd)
{
	struct stat st;
	s64 err = host_call4(__NR_newfstatat, nd->fd, "", &st, AT_EMPTY_PATH);

	return err ? err : (st.st_mode & S_IFMT) == S_IFDIR;
}

s64 place_has_name(struct task *task, struct nameidata *nd)
{
	s64 err = nd_behind_magic(task, nd);

	if (!err && (!nd_still_there(nd, nd->fd) || tmpfs_buried(task, nd->mnt)))
		err = -ENOENT;
	if (err)
		guest_log(task, "a mount of or on what has no name, or has lost it: not built");
	return err;
}

s64 named_place_is_dir(struct task *task, struct nameidata *nd)
{
	s64 err = place_has_name(task, nd);

	return err ? err : place_is_dir(nd);
}

s64 move_place(struct task *task, const struct nameidata *from, const struct nameidata *to, bool beneath)
{
	struct mount_facts source;
	struct request req;
	s64 a_dir, b_dir;

	mount_facts(task, from, &source);
	if (!source.is_root || source.locked || (source.detached && !source.root_of_all))
		return -EINVAL;
	a_dir = place_is_dir(from);
	b_dir = place_is_dir(to);
	if (a_dir < 0 || b_dir < 0)
		return MIN(a_dir, b_dir);
	if (a_dir != b_dir)
		return -EINVAL;
	request_init(&req, REQ_MOVE, task);
	req.src = from->mnt;
	req.dst = to->mnt;
	req.arg = beneath;
	return ask_warden(task, &req, to->host, to->len);
}

s64 ask_warden_measured(struct task *task, struct request *req)
{
	struct tmpfs fs = {0};
	struct tmpfs_usage used;
	u64 storage = 0;
	s64 err = warden_call(task, req, &storage);

	if (err != -EAGAIN)
		return err;
	fs.storage = (u32)storage;
	err = tmpfs_measure(&fs, TMPFS_ALL, &used);
	if (err)
		return err;
	req->used_bytes = used.bytes;
	req->used_inodes = used.inodes;
	return warden_call(task, req, NULL);
}

s64 ask_warden(struct task *task, struct request *req, const char *s, size_t len)
{
	if (s && !request_add(req, s, len))
		return -ENAMETOOLONG;
	return warden_call(task, req, NULL);
}
