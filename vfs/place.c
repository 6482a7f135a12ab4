/* SPDX-License-Identifier: MIT */
/*
 * Places: where the root, the working directory and descriptors stand in the guest's tree.
 *
 * A directory descriptor whose mount cannot be told from its host path has a note in the task's
 * files; without one it was reached through mounts that the host had, shown at their own paths,
 * and the tree says which.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "vfs/devpts.h"
#include "vfs/proc.h"
#include "vfs/walk.h"
#include "warden/client.h"

void nd_init(struct nameidata *nd)
{
	nd->fd = -1;
	nd->borrowed = false;
	nd->near = NULL;
	nd->magic = false;
	nd->gone = false;
	nd->trailing_slash = false;
	nd->tail = 0;
	nd->len = 0;
	nd->host[0] = '\0';
	nd->last_len = 0;
	nd->last[0] = '\0';
	nd->last_type = LAST_NORM;
	nd->mnt = 0;
	nd_set_mount(nd, NULL);
}

struct reach place_reach(const struct nameidata *nd)
{
	if (nd->fd >= 0)
		return (struct reach){nd->fd, "", AT_EMPTY_PATH};
	if (nd->near)
		return (struct reach){nd->near_dfd, nd->near, AT_SYMLINK_NOFOLLOW};
	return (struct reach){AT_FDCWD, nd->host, nd->magic ? 0 : AT_SYMLINK_NOFOLLOW};
}

/* What is mounted; NULL when that cannot be right (the warden may be using the memory again). */
static const struct super *super_of(const struct mount *m)
{
	const struct super *sb = READ_ONCE(m->sb);

	return arena_contains(sb, sizeof(*sb)) ? sb : NULL;
}

/* Does the host have proc there? What of a place is known whose mount has left the tree (a descriptor remembers it). */
static bool is_hosts_proc(const struct nameidata *nd)
{
	const char *proc = arena()->proc;
	size_t len = strlen(proc);

	return len && nd->len >= len && !memcmp(nd->host, proc, len) && (nd->len == len || nd->host[len] == '/');
}

void nd_set_mount(struct nameidata *nd, const struct mount *m)
{
	const struct super *sb;
	struct mount_past past = {0};

	nd->dev = nd->host_dev = 0;
	nd->limited = false;
	nd->devpts = false;
	sb = m ? super_of(m) : NULL;
	if (!sb) {
		if (nd->mnt)
			past = mnt_gone(nd->mnt);
		nd->mnt_flags = past.flags;
		nd->view = (struct proc_view){past.proc_hides, past.proc_gid};
		nd->proc = is_hosts_proc(nd);
		return;
	}
	nd->mnt = m->id;
	nd->mnt_flags = m->flags | sb->flags;
	nd->dev = sb->dev;
	nd->host_dev = sb->host_dev;
	nd->limited = atomic_load_explicit(&((struct super *)sb)->max_bytes, memory_order_relaxed) ||
		      atomic_load_explicit(&((struct super *)sb)->max_inodes, memory_order_relaxed);
	nd->view.hides = atomic_load_explicit(&((struct super *)sb)->proc_hides, memory_order_relaxed);
	nd->view.gid = atomic_load_explicit(&((struct super *)sb)->proc_gid, memory_order_relaxed);
	nd->devpts = sb->kind == SUPER_DEVPTS;
	nd->proc = sb->kind == SUPER_PROC || (sb->kind == SUPER_HOST && !memcmp(sb->fstype, "proc", 5));
}

void nd_unexpire(struct task *task, const struct nameidata *nd)
{
	struct request req;

	request_init(&req, REQ_USED, task);
	req.dst = nd->mnt;
	warden_call(task, &req, NULL);
}

bool nd_use_mount_in(const struct mnt_ns *ns, struct nameidata *nd, u64 mnt)
{
	const struct mount *m;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt ? mnt_by_id(ns, mnt) : NULL;
		nd->mnt = mnt;
		nd_set_mount(nd, m);
	} while (mnt_read_retry(ns, seq));
	return m;
}

bool nd_use_mount(struct task *task, struct nameidata *nd, u64 mnt)
{
	const struct mnt_ns *own = task->nsproxy->mnt, *ns;

	if (nd_use_mount_in(own, nd, mnt))
		return true;
	ns = mnt_ns_of(own, mnt);
	if (ns != own)
		nd_use_mount_in(ns, nd, mnt);
	return false;
}

bool nd_append(struct nameidata *nd, const char *name, size_t len)
{
	u32 at = nd->len == 1 ? 0 : nd->len;

	if (!nd->len || at + 1 + len > HOST_PATH_MAX)
		return false;
	nd->host[at++] = '/';
	memcpy(nd->host + at, name, len);
	nd->len = at + (u32)len;
	nd->host[nd->len] = '\0';
	return true;
}

/* Goes to the mount's root. */
static void nd_enter_mount(struct nameidata *nd, const struct mount *m)
{
	const char *host = READ_ONCE(m->host);
	u32 len = READ_ONCE(m->host_len);

	nd->len = len < sizeof(nd->host) && arena_contains(host, len) ? len : 0;
	memcpy(nd->host, host, nd->len);
	nd->host[nd->len] = '\0';
	nd_set_mount(nd, m);
}

bool nd_cross_mounts(const struct mnt_ns *ns, struct nameidata *nd)
{
	const struct mount *m;
	bool crossed = false;

	while ((m = mnt_child(ns, nd->mnt, nd->host, nd->len))) {
		nd_enter_mount(nd, m);
		crossed = true;
	}
	return crossed;
}

void nd_target(struct nameidata *nd, struct target *t)
{
	u32 at = nd->len;

	if (nd->tail) {
		nd->host[at++] = '/';
		if (nd->tail == '.')
			nd->host[at++] = '.';
		nd->host[at] = '\0';
	}
	t->dfd = AT_FDCWD;
	t->path = nd->host;
}

void nd_target_done(struct nameidata *nd)
{
	nd->host[nd->len] = '\0';
}

bool same_mount(struct task *task, const struct nameidata *a, const struct nameidata *b)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;

	if (a->mnt == b->mnt)
		return true;
	return (!a->mnt && mount_is_plain(ns, b->mnt)) || (!b->mnt && mount_is_plain(ns, a->mnt));
}

/* Does the mount show the host's own mount at the host's own path? */
static bool shows_itself(const struct mount *m)
{
	const char *host = READ_ONCE(m->host), *point = READ_ONCE(m->point);
	const struct super *sb = super_of(m);
	u32 len = READ_ONCE(m->host_len);

	return sb && sb->kind == SUPER_HOST && len == m->point_len && arena_contains(host, len) &&
	       arena_contains(point, len) && !memcmp(host, point, len);
}

static bool is_plain_root(const struct mount *m)
{
	const struct super *sb = super_of(m);

	return sb && sb->kind == SUPER_HOST && m->host_len == 1;
}

bool mount_is_plain(const struct mnt_ns *ns, u64 id)
{
	const struct mount *m;
	bool plain;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, id);
		while (m && m->parent != m->id && m->imported && shows_itself(m))
			m = mnt_by_id(ns, m->parent);
		plain = m && m->id == ns->root && is_plain_root(m);
	} while (mnt_read_retry(ns, seq));
	return plain;
}

/* One step down for mount_of_host: the plain mount on top of host[0..len). */
static const struct mount *plain_child(const struct mnt_ns *ns, const struct mount *parent, const char *host, u32 len)
{
	const struct mount *m = parent, *child;

	while ((child = mnt_child(ns, m->id, host, len)) && shows_itself(child))
		m = child;
	return m;
}

void mount_of_host(const struct mnt_ns *ns, struct nameidata *nd)
{
	const struct mount *m;
	u32 start, end;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		nd->mnt = 0;
		m = mnt_by_id(ns, ns->root);
		if (!m || !is_plain_root(m)) {
			nd_set_mount(nd, NULL);
			continue;
		}
		/* On "/" itself, whose last component is empty. */
		if (mnt_name_used(ns, "", 0))
			m = plain_child(ns, m, "/", 1);
		for (start = 1; start < nd->len; start = end + 1) {
			for (end = start; end < nd->len && nd->host[end] != '/'; end++)
				;
			if (mnt_name_used(ns, nd->host + start, end - start))
				m = plain_child(ns, m, nd->host, end);
		}
		nd_set_mount(nd, m);
	} while (mnt_read_retry(ns, seq));
}

void host_place(struct task *task, struct nameidata *nd)
{
	mount_of_host(task->nsproxy->mnt, nd);
}

bool is_mount_root_place(struct task *task, const struct nameidata *nd)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	const struct mount *m;
	const char *host;
	bool is;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, nd->mnt);
		host = m ? READ_ONCE(m->host) : NULL;
		is =
		    host && m->host_len == nd->len && arena_contains(host, nd->len) && !memcmp(host, nd->host, nd->len);
	} while (mnt_read_retry(ns, seq));
	return is;
}

bool nd_still_there(const struct nameidata *nd, int fd)
{
	struct stat a, b;

	return !host_call2(__NR_fstat, fd, &a) &&
	       !host_call4(__NR_newfstatat, AT_FDCWD, nd->host, &b, AT_SYMLINK_NOFOLLOW) &&
	       ((a.st_dev == b.st_dev && a.st_ino == b.st_ino) || (nd->devpts && is_ptmx(&a) && is_ptmx(&b)));
}

void nd_copy_place(struct nameidata *nd, const struct path *place)
{
	nd->mnt = place->mnt;
	nd->len = place->host->len <= HOST_PATH_MAX ? place->host->len : 0;
	memcpy(nd->host, place->host->s, nd->len);
	nd->host[nd->len] = '\0';
}

void root_place(struct task *task, struct nameidata *nd)
{
	nd->begun = nd->len = copy_fs_root(task->fs, &nd->mnt, nd->host, HOST_PATH_MAX + 1);
}

/* Held: fs->lock. */
static int fs_sync_locked(struct task *task, struct fs_struct *fs)
{
	u32 seq = atomic_load(&fs->seq);
	long err;

	if (task->host_fs_seq == seq)
		return 0;
	host_call1(__NR_umask, fs->umask);
	err = fs_now(fs)->pwd.host->len < PATH_MAX ? host_call1(__NR_chdir, fs_now(fs)->pwd.host->s)
						   : chdir_deep(fs_now(fs)->pwd.host);
	if (err < 0)
		return (int)err;
	task->host_fs_seq = seq;
	return 0;
}

static int fs_sync_slow(struct task *task)
{
	struct fs_struct *fs = fs_lock(task->fs);
	int err = fs_sync_locked(task, fs);

	mutex_unlock(&fs->lock);
	return err;
}

void fs_sync(struct task *task)
{
	if (task->host_fs_seq != atomic_load(&task->fs->seq))
		fs_sync_slow(task);
}

int pwd_mount(struct task *task, u64 *mnt)
{
	int err = 0;

	while (!err && !fs_pwd_mount(task->fs, task->host_fs_seq, mnt))
		err = fs_sync_slow(task);
	return err;
}

long host_path(int fd, char host[PATH_MAX])
{
	char link[FD_PATH_SIZE];
	long n;

	if (fd == AT_FDCWD) {
		n = host_call2(__NR_getcwd, host, HOST_PATH_MAX + 1);
		n = n == -ERANGE ? -ENAMETOOLONG : n - (n > 0); /* it counts the NUL */
	} else {
		fd_path(link, fd);
		n = host_readlinkat(AT_FDCWD, link, host, HOST_PATH_MAX + 1);
	}
	if (n > (long)HOST_PATH_MAX)
		return -ENAMETOOLONG;
	if (n < 0)
		return n;
	return n && host[0] == '/' ? n : -ENOENT;
}

/* nd->host has been filled by host_path(), which said `n`. */
static void nd_set_host(struct nameidata *nd, long n)
{
	nd->len = (u32)MAX(n, 0L);
	nd->host[nd->len] = '\0';
}

int pwd_place(struct task *task, struct nameidata *nd)
{
	long n = pwd_mount(task, &nd->mnt);

	/* The directory may have been renamed since we came here, and the host knows where to. It
	 * has no path for a removed one and one outside its root: then what we remember is the best there is. */
	if (!n)
		n = host_path(AT_FDCWD, nd->host);
	if (n > 0 || n == -ENAMETOOLONG)
		nd_set_host(nd, n);
	else
		nd->len = copy_fs_pwd(task->fs, &nd->mnt, nd->host, HOST_PATH_MAX + 1);
	nd->gone = n == -ENOENT;
	nd_use_mount(task, nd, nd->mnt);
	return 0;
}

void fd_path(char *buf, int fd)
{
	struct fmt f;

	fmt_init(&f, buf, FD_PATH_SIZE);
	fmt_str(&f, arena()->proc);
	fmt_str(&f, "/thread-self/fd/");
	fmt_dec(&f, fd);
}

/* What is noted of the mount that a descriptor is seen through, should the number still mean that file. */
static bool mount_note(struct task *task, int fd, struct fd_info *note)
{
	return files_get(task->files, fd, note) && (note->kind == FD_DIR || note->kind == FD_FILE);
}

static bool fd_note_ns(struct task *task, int fd, const struct stat *st, struct fd_info *note)
{
	const struct handle *h = handle_by_inode(st->st_ino);

	if (!h || h->kind < 1 || h->kind > NS_TYPES || fd_is_ours(fd))
		return false;
	/* What has that number may also be a socket's name, which cannot be opened otherwise. */
	if (host_call2(__NR_fcntl, fd, F_GETFL) & O_PATH)
		return false;
	*note =
	    (struct fd_info){.fd = fd, .kind = FD_NS, .sub = (u8)(h->kind - 1), .dev = st->st_dev, .ino = st->st_ino};
	return !files_set(task->files, note);
}

/* Is the file still below that mount's root? Its number may be another one's by now. */
static __attribute__((noinline)) bool is_still_in(int fd, u64 mnt)
{
	char host[PATH_MAX];
	long n = host_path(fd, host);

	return n > 0 && mnt_gone_root(mnt, host, (u32)n);
}

bool fd_note_sent(struct task *task, int fd, const struct stat *st, struct fd_info *note)
{
	u64 mnt = any_file_sent() ? mnt_sent(st->st_dev, st->st_ino) : 0;

	if (S_ISSOCK(st->st_mode))
		return fd_note_ns(task, fd, st, note);
	*note = (struct fd_info){fd, S_ISDIR(st->st_mode) ? FD_DIR : FD_FILE, 0, 0, mnt, st->st_dev, st->st_ino};
	return mnt && !fd_is_ours(fd) && is_still_in(fd, mnt) && !files_set(task->files, note);
}

static bool is_about(const struct fd_info *note, const struct stat *st)
{
	return note->dev == st->st_dev && note->ino == st->st_ino;
}

/* The mount noted for a descriptor; 0 when nothing is, or when the number now means another file. */
static u64 noted_mount(struct task *task, int fd, const struct stat *st)
{
	struct fd_info note;

	return (mount_note(task, fd, &note) && is_about(&note, st)) || fd_note_sent(task, fd, st, &note) ? note.mnt : 0;
}

u64 fd_mount(struct task *task, int fd)
{
	struct fd_info note;
	struct stat st;
	bool noted = mount_note(task, fd, &note);

	if ((!noted && !any_file_sent()) || host_call2(__NR_fstat, fd, &st) < 0)
		return 0;
	return (noted && is_about(&note, &st)) || fd_note_sent(task, fd, &st, &note) ? note.mnt : 0;
}

bool fd_mount_is_no_matter(struct task *task, int fd, struct nameidata *nd)
{
	struct fd_info note;

	if (!mount_note(task, fd, &note))
		return !any_file_sent();
	return nd_use_mount(task, nd, note.mnt) && nd->dev == nd->host_dev && !nd->proc &&
	       !(nd->mnt_flags & MNT_EXPIRING);
}

u32 fd_mnt_flags(struct task *task, int fd)
{
	u64 id = fd_mount(task, fd);
	struct nameidata nd;

	if (!id)
		return 0;
	nd.len = 0;
	nd_use_mount(task, &nd, id);
	return nd.mnt_flags;
}

u64 mount_dev(struct task *task, u64 mnt, u64 dev)
{
	struct nameidata nd;

	nd.len = 0;
	nd_use_mount(task, &nd, mnt);
	return nd.host_dev == dev ? nd.dev : dev;
}

void nd_look_again(struct nameidata *nd)
{
	nd_set_host(nd, host_path(nd->fd, nd->host));
}

/* nd->host by what the host says of an open descriptor; empty for what has no path. */
static void host_of_fd(int fd, const struct stat *st, struct nameidata *nd)
{
	static const char deleted[] = " (deleted)";
	const u32 cut = sizeof(deleted) - 1;

	nd_set_host(nd, host_path(fd, nd->host));
	nd->gone = nd->len > cut && !st->st_nlink && !memcmp(nd->host + nd->len - cut, deleted, cut);
	if (nd->gone)
		nd->len -= cut;
	nd->host[nd->len] = '\0';
}

/* The place of descriptor `fd`, which fstat described. */
static void place_of_fd(struct task *task, int fd, const struct stat *st, struct nameidata *nd)
{
	u64 mnt;

	if (tree_place(task, fd, st, nd))
		return;
	mnt = noted_mount(task, fd, st);
	host_of_fd(fd, st, nd);
	if (mnt || !nd->len) {
		if (nd_use_mount(task, nd, mnt) && nd->devpts && is_ptmx(st))
			ptmx_place(task, nd);
		return;
	}
	mount_of_host(task->nsproxy->mnt, nd);
	/* A file without a note was not opened through a read-only mount, whatever is there by default. */
	if (!S_ISDIR(st->st_mode))
		nd->mnt_flags &= ~(u32)MS_RDONLY;
}

int nd_behind_magic(struct task *task, struct nameidata *nd)
{
	struct stat st;
	s64 err;

	if (!nd->magic)
		return 0;
	err = host_call2(__NR_fstat, nd->fd, &st);
	if (err)
		return (int)err;
	place_of_fd(task, nd->fd, &st, nd);
	nd->magic = false;
	return nd->len && nd->mnt ? 0 : -EINVAL;
}

int dfd_place(struct task *task, int dfd, struct nameidata *nd)
{
	struct stat st;
	long err;

	if (dfd == AT_FDCWD)
		return pwd_place(task, nd);
	if (fd_is_ours(dfd))
		return -EBADF;
	err = host_call2(__NR_fstat, dfd, &st);
	if (err < 0)
		return (int)err;
	place_of_fd(task, dfd, &st, nd);
	return 0;
}

int base_place(struct task *task, int dfd, struct nameidata *nd)
{
	int err = dfd == AT_FDCWD ? pwd_place(task, nd) : fd_place(task, dfd, nd);

	nd->begun = nd->len;
	return !err && !nd->len ? -ETOODEEP : err;
}

int fd_place(struct task *task, int fd, struct nameidata *nd)
{
	struct stat st;
	long err;

	nd_init(nd);
	if (fd_is_ours(fd))
		return -EBADF;
	err = host_call2(__NR_fstat, fd, &st);
	if (err < 0)
		return (int)err;
	if (tree_place(task, fd, &st, nd)) {
		err = host_call4(__NR_newfstatat, AT_FDCWD, nd->host, &st, AT_SYMLINK_NOFOLLOW);
		return err ? (int)err : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	place_of_fd(task, fd, &st, nd);
	return 0;
}
