/* SPDX-License-Identifier: MIT */
/* fs_struct: root, working directory and umask, shared under CLONE_FS. */
#include "kernel/mm.h"
#include "kernel/refs.h"
#include "kernel/task.h"
#include "lib/string.h"

/* In shared memory the places are stored in place: a private heap's pointer means nothing next door. */
struct place_buffer {
	struct hpath path;
	char text[PATH_MAX];
};

struct shared_fs {
	struct fs_struct fs;
	struct place_buffer root[2], pwd[2]; /* of each of fs.at */
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
	old = fs_lock(old);
	/* The copy starts at the same seq: whoever was in line with the old one is with the new. */
	atomic_init(&fs->seq, atomic_load(&old->seq));
	fs->umask = old->umask;
	fs->pivots = old->pivots;
	err = place_get(old, &fs_now(old)->root, &fs->at[0].root);
	if (!err)
		err = place_get(old, &fs_now(old)->pwd, &fs->at[0].pwd);
	mutex_unlock(&old->lock);
	if (err) {
		put_fs(fs);
		return NULL;
	}
	return fs;
}

static struct path place_fill(struct place_buffer *buffer, const struct path *from)
{
	memcpy(buffer->path.s, from->host->s, from->host->len + 1);
	buffer->path.len = from->host->len;
	return (struct path){from->mnt, &buffer->path};
}

/* Writes one of the two of a shared fs. */
static void places_fill(struct fs_struct *fs, u32 which, const struct fs_places *from)
{
	struct shared_fs *s = container_of(fs, struct shared_fs, fs);

	fs->at[which].root = place_fill(&s->root[which], &from->root);
	fs->at[which].pwd = place_fill(&s->pwd[which], &from->pwd);
}

struct fs_struct *fs_lock(struct fs_struct *fs)
{
	struct fs_struct *moved;

	mutex_lock(&fs->lock);
	/* It can move once, and whoever uses the old one keeps the new one alive. */
	moved = atomic_load(&fs->moved);
	if (!moved)
		return fs;
	mutex_unlock(&fs->lock);
	mutex_lock(&moved->lock);
	return moved;
}

void follow_fs(struct task *task)
{
	struct fs_struct *old = task->fs, *moved = atomic_load(&old->moved);

	if (!moved)
		return;
	atomic_fetch_add(&moved->users, 1);
	task_lock(task);
	task->fs = moved;
	task_unlock(task);
	put_fs(old);
}

bool fs_is_shared(struct task *task)
{
	follow_fs(task);
	/* Where it moved just now, there are others; alone, nobody else can move it. */
	return atomic_load(&task->fs->users) > 1 || atomic_load(&task->fs->moved);
}

int share_fs(struct task *task)
{
	struct fs_struct *old;
	struct shared_fs *s;

	follow_fs(task);
	if (task->fs->shared)
		return 0;
	s = shared_alloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	atomic_init(&s->fs.users, 1); /* the old one's reference */
	s->fs.shared = s->fs.lock.shared = true;
	s->fs.id = mm_new_id();
	old = fs_lock(task->fs);
	if (fs_now(old)->pwd.host->len >= PATH_MAX) {
		mutex_unlock(&old->lock);
		return -ENAMETOOLONG;
	}
	if (!old->shared) { /* or another thread was faster, and ours is left unused */
		atomic_init(&s->fs.seq, atomic_load(&old->seq));
		s->fs.umask = old->umask;
		s->fs.pivots = old->pivots;
		places_fill(&s->fs, 0, fs_now(old));
		atomic_store(&old->moved, &s->fs);
	}
	mutex_unlock(&old->lock);
	follow_fs(task);
	return 0;
}

/* The users of a shared one are in many address spaces: they count as they can, and nobody frees it. */
void drop_fs(struct fs_struct **slot)
{
	struct fs_struct *fs;
	bool last = false;

	refs_lock();
	fs = *slot;
	if (fs && fs->shared) {
		atomic_fetch_sub(&fs->users, 1);
		*slot = NULL;
	} else if (fs) {
		last = ref_drop(&fs->users, slot);
	}
	refs_unlock();
	if (!last)
		return;
	put_fs(atomic_load(&fs->moved));
	path_put(&fs_now(fs)->root);
	path_put(&fs_now(fs)->pwd);
	kfree(fs);
}

static void take_fs(struct fs_struct *fs, struct fs_struct **slot)
{
	refs_lock();
	if (fs->shared) {
		atomic_fetch_add(&fs->users, 1);
		*slot = fs;
	} else {
		ref_take(&fs->users, slot, fs);
	}
	refs_unlock();
}

int copy_fs(u64 flags, struct task *parent, struct task *child)
{
	child->host_fs_seq = parent->host_fs_seq;
	if (flags & CLONE_FS) {
		take_fs(parent->fs, &child->fs);
		return 0;
	}
	child->fs = dup_fs(parent->fs);
	return child->fs ? 0 : -ENOMEM;
}

int unshare_fs(u64 flags, struct task *task, struct fs_struct **new)
{
	*new = NULL;
	if (!(flags & CLONE_FS) || !fs_is_shared(task))
		return 0;
	*new = dup_fs(task->fs);
	return *new ? 0 : -ENOMEM;
}

/* Puts `places` in force; `old` are the references that are left over. Held, and released: fs->lock. */
static void replace_places(struct fs_struct *fs, const struct fs_places *places, struct fs_places old)
{
	u32 other = fs->now + 1;

	if (fs->shared)
		places_fill(fs, other & 1, places);
	else
		fs->at[other & 1] = *places;
	/* The host's thread may stay where it is when the root alone changes: its directory may have another name by
	 * now. */
	if (old.pwd.host)
		atomic_fetch_add(&fs->seq, 1);
	publish();
	/* Before anything of the old ones is freed, or written again. */
	atomic_store(&fs->now, other);
	mutex_unlock(&fs->lock);
	path_put(&old.root);
	path_put(&old.pwd);
}

void set_fs_root(struct fs_struct *fs, struct path place)
{
	struct fs_places places;

	fs = fs_lock(fs);
	places = *fs_now(fs);
	places.root = place;
	replace_places(fs, &places, (struct fs_places){.root = fs->shared ? place : fs_now(fs)->root});
}

size_t copy_ns_root(const struct mnt_ns *ns, u64 *mnt, char *host, size_t size)
{
	const struct mount *m, *top;
	size_t len;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		*mnt = ns->root;
		m = mnt_by_id(ns, ns->root);
		len = m ? mnt_copy_string(host, size, m->host) : 0;
		while (len && (top = mnt_child(ns, *mnt, host, len))) {
			*mnt = top->id;
			len = mnt_copy_string(host, size, top->host);
		}
	} while (mnt_read_retry(ns, seq));
	return len;
}

int set_fs_pwd(struct fs_struct *fs, struct path place)
{
	struct fs_places places;

	fs = fs_lock(fs);
	if (fs->shared && place.host->len >= PATH_MAX) {
		mutex_unlock(&fs->lock);
		path_put(&place);
		return -ENAMETOOLONG;
	}
	places = *fs_now(fs);
	places.pwd = place;
	replace_places(fs, &places, (struct fs_places){.pwd = fs->shared ? place : fs_now(fs)->pwd});
	return 0;
}

/* Replaces a place that the pivot moves. False: no memory. `old` gets the reference that is left over. */
static bool pivot_place(const struct fs_struct *fs, const struct pivot *p, bool root, struct path *place,
			struct path *old)
{
	u64 mnt = place->mnt;
	char host[PATH_MAX];
	struct hpath *to;

	if (place->host->len >= sizeof(host))
		return true;
	memcpy(host, place->host->s, place->host->len + 1);
	if (!mnt_pivot_moves(p, root, &mnt, host))
		return true;
	to = hpath_new(host, strlen(host));
	if (!to)
		return false;
	*old = *place;
	*place = (struct path){mnt, to};
	if (fs->shared) /* the text is copied */
		old->host = to;
	return true;
}

/* Without memory it stays where it was, and follows before the next call. */
static __attribute__((noinline)) bool follow_pivot(struct fs_struct *fs, const struct pivot *p)
{
	struct fs_places places, old = {0};
	bool done = true;

	fs = fs_lock(fs);
	places = *fs_now(fs);
	if (fs->pivots < p->serial)
		done = pivot_place(fs, p, true, &places.root, &old.root) &&
		       pivot_place(fs, p, false, &places.pwd, &old.pwd);
	if (!done) {
		if (old.root.host)
			path_put(&places.root);
		mutex_unlock(&fs->lock);
		return false;
	}
	fs->pivots = MAX(fs->pivots, p->serial);
	if (old.root.host || old.pwd.host)
		replace_places(fs, &places, old);
	else
		mutex_unlock(&fs->lock);
	return true;
}

void follow_pivots(struct fs_struct *fs, const struct mnt_ns *ns)
{
	const struct pivot *p;

	if (!ns->pivots)
		return;
	for (p = mnt_first_pivot(ns, fs->pivots); p && follow_pivot(fs, p); p = mnt_next_pivot(p))
		;
}

int get_fs_root(struct fs_struct *fs, struct path *out)
{
	int err;

	fs = fs_lock(fs);
	err = place_get(fs, &fs_now(fs)->root, out);
	mutex_unlock(&fs->lock);
	return err;
}

int get_fs_pwd(struct fs_struct *fs, struct path *out)
{
	int err;

	fs = fs_lock(fs);
	err = place_get(fs, &fs_now(fs)->pwd, out);
	mutex_unlock(&fs->lock);
	return err;
}

/* ---- without the lock ---- */

/* What is read until fs_read_retry() may be half old and half new. */
static u32 fs_read_begin(const struct fs_struct *fs)
{
	return atomic_load_explicit(&((struct fs_struct *)fs)->now, memory_order_acquire);
}

static bool fs_read_retry(const struct fs_struct *fs, u32 now)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&((struct fs_struct *)fs)->now, memory_order_relaxed) != now;
}

/* Where it stands now. The old one keeps the new one alive. */
static const struct fs_struct *fs_here(struct fs_struct *fs)
{
	const struct fs_struct *moved = atomic_load_explicit(&fs->moved, memory_order_acquire);

	return moved ? moved : fs;
}

/*
 * The host path may be freed meanwhile, and its memory be another block's. That stays readable, as the heap gives
 * nothing back to the host; but the length must be known to have been the path's before so much is copied.
 */
static bool copy_host(const struct fs_struct *fs, u32 now, const struct hpath *from, char *host, size_t size, u32 *len)
{
	*len = READ_ONCE(from->len);
	if (fs_read_retry(fs, now))
		return false;
	if (*len >= size)
		*len = 0;
	memcpy(host, from->s, *len);
	host[*len] = '\0';
	return !fs_read_retry(fs, now);
}

static u32 copy_place(struct fs_struct *fs, bool root, u64 *mnt, char *host, size_t size)
{
	const struct fs_struct *here = fs_here(fs);
	const struct path *place;
	u32 now, len;

	do {
		now = fs_read_begin(here);
		place = root ? &here->at[now & 1].root : &here->at[now & 1].pwd;
		*mnt = READ_ONCE(place->mnt);
	} while (!copy_host(here, now, READ_ONCE(place->host), host, size, &len));
	return len;
}

u32 copy_fs_root(struct fs_struct *fs, u64 *mnt, char *host, size_t size)
{
	return copy_place(fs, true, mnt, host, size);
}

u32 copy_fs_pwd(struct fs_struct *fs, u64 *mnt, char *host, size_t size)
{
	return copy_place(fs, false, mnt, host, size);
}

bool fs_pwd_mount(struct fs_struct *fs, u32 seq, u64 *mnt)
{
	const struct fs_struct *here = fs_here(fs);
	u32 now;

	do {
		now = fs_read_begin(here);
		/* It is raised before `now`: so the place is that of this seq, or the retry is due. */
		if (atomic_load_explicit(&((struct fs_struct *)here)->seq, memory_order_acquire) != seq)
			return false;
		*mnt = READ_ONCE(here->at[now & 1].pwd.mnt);
	} while (fs_read_retry(here, now));
	return true;
}
