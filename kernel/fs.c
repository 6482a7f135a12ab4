/* SPDX-License-Identifier: MIT */
/* fs_struct: root, working directory and umask, shared under CLONE_FS. */
#include "kernel/task.h"
#include "lib/string.h"

/* In shared memory the places are stored in place: a private heap's pointer means nothing next door. */
struct place_buffer {
	struct hpath path;
	char text[PATH_MAX];
};

struct shared_fs {
	struct fs_struct fs;
	struct place_buffer root, pwd;
};

/* A place that the caller owns: by reference, or by copy where the original can change under it. */
static int place_get(const struct fs_struct *fs, const struct path *from, struct path *out)
{
	out->mnt = from->mnt;
	out->host = fs->shared ? hpath_new(from->host->s, from->host->len) : hpath_get(from->host);
	return out->host ? 0 : -ENOMEM;
}

struct fs_struct *dup_fs(struct fs_struct *old)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs));
	int err;

	if (!fs)
		return NULL;
	atomic_init(&fs->users, 1);
	mutex_lock(&old->lock);
	/* The copy starts at the same seq: whoever was in line with the old one is with the new. */
	atomic_init(&fs->seq, atomic_load(&old->seq));
	fs->umask = old->umask;
	err = place_get(old, &old->root, &fs->root);
	if (!err)
		err = place_get(old, &old->pwd, &fs->pwd);
	mutex_unlock(&old->lock);
	if (err) {
		put_fs(fs);
		return NULL;
	}
	return fs;
}

static void place_fill(struct place_buffer *buffer, struct path *place, const struct path *from)
{
	memcpy(buffer->path.s, from->host->s, from->host->len + 1);
	buffer->path.len = from->host->len;
	place->mnt = from->mnt;
	place->host = &buffer->path;
}

struct fs_struct *share_fs(struct fs_struct *old)
{
	struct shared_fs *s = shared_alloc(sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->fs.users, 1);
	s->fs.shared = true;
	mutex_lock(&old->lock);
	atomic_init(&s->fs.seq, atomic_load(&old->seq));
	s->fs.umask = old->umask;
	place_fill(&s->root, &s->fs.root, &old->root);
	place_fill(&s->pwd, &s->fs.pwd, &old->pwd);
	mutex_unlock(&old->lock);
	return &s->fs;
}

void put_fs(struct fs_struct *fs)
{
	if (!fs || atomic_fetch_sub(&fs->users, 1) != 1 || fs->shared)
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
	struct path old = place;

	mutex_lock(&fs->lock);
	if (fs->shared) {
		struct shared_fs *s = container_of(fs, struct shared_fs, fs);

		place_fill(which == &fs->root ? &s->root : &s->pwd, which, &place);
	} else {
		old = *which;
		*which = place;
	}
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

static int read_place(struct fs_struct *fs, const struct path *which, struct path *out)
{
	int err;

	mutex_lock(&fs->lock);
	err = place_get(fs, which, out);
	mutex_unlock(&fs->lock);
	return err;
}

int get_fs_root(struct fs_struct *fs, struct path *out)
{
	return read_place(fs, &fs->root, out);
}

int get_fs_pwd(struct fs_struct *fs, struct path *out)
{
	return read_place(fs, &fs->pwd, out);
}
