/* SPDX-License-Identifier: MIT */
/* fs_struct: root, working directory and umask, shared under CLONE_FS. */
#include "kernel/task.h"

struct fs_struct *dup_fs(struct fs_struct *old)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	atomic_init(&fs->users, 1);
	mutex_lock(&old->lock);
	/* The copy starts at the same seq: whoever was in line with the old one is with the new. */
	atomic_init(&fs->seq, atomic_load(&old->seq));
	fs->umask = old->umask;
	fs->root = (struct path){old->root.mnt, hpath_get(old->root.host)};
	fs->pwd = (struct path){old->pwd.mnt, hpath_get(old->pwd.host)};
	mutex_unlock(&old->lock);
	return fs;
}

void put_fs(struct fs_struct *fs)
{
	if (!fs || atomic_fetch_sub(&fs->users, 1) != 1)
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

int copy_fs(u64 flags, struct task *parent, struct task *child)
{
	child->host_fs_seq = parent->host_fs_seq;
	if (flags & CLONE_FS) {
		atomic_fetch_add(&parent->fs->users, 1);
		child->fs = parent->fs;
		return 0;
	}
	child->fs = dup_fs(parent->fs);
	return child->fs ? 0 : -ENOMEM;
}

int unshare_fs(u64 flags, struct task *task, struct fs_struct **new)
{
	*new = NULL;
	if (!(flags & CLONE_FS) || atomic_load(&task->fs->users) == 1)
		return 0;
	*new = dup_fs(task->fs);
	return *new ? 0 : -ENOMEM;
}

static void replace_place(struct fs_struct *fs, struct path *which, struct path place)
{
	struct path old;

	mutex_lock(&fs->lock);
	old = *which;
	*which = place;
	atomic_fetch_add(&fs->seq, 1);
	mutex_unlock(&fs->lock);
	path_put(&old);
}

void set_fs_root(struct fs_struct *fs, struct path place)
{
	replace_place(fs, &fs->root, place);
}

void set_fs_pwd(struct fs_struct *fs, struct path place)
{
	replace_place(fs, &fs->pwd, place);
}

static void read_place(struct fs_struct *fs, const struct path *which, struct path *out)
{
	mutex_lock(&fs->lock);
	*out = (struct path){which->mnt, hpath_get(which->host)};
	mutex_unlock(&fs->lock);
}

void get_fs_root(struct fs_struct *fs, struct path *out)
{
	read_place(fs, &fs->root, out);
}

void get_fs_pwd(struct fs_struct *fs, struct path *out)
{
	read_place(fs, &fs->pwd, out);
}
