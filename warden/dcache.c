/* SPDX-License-Identifier: MIT */
/*
 * The directory cache (kernel/dcache.h) is kept true. A guest that walked through a symlink names it; what is
 * entered is what the warden then sees itself, while the host watches the link and each directory above it
 * (warden/watches.h). So all that has to be done is to read the queue of changes: at once when a guest has changed
 * something and asks for it, else when the loop comes round.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include "arch/x86_64/ticks.h"
#include "lib/hash.h"
#include "warden/warden.h"
#include "warden/watches.h"

#define ENTRY_MAX WATCHED_PATH_MAX /* path and text: longer ones are worth no memory of the arena */

/* ---- what changes ---- */

static void entry_gone(const struct dentry *e)
{
	if (e->counts)
		watches_put(e->path, e->len);
}

static void drop(const char *path)
{
	char copy[ENTRY_MAX + NAME_MAX + 2]; /* the watch may go with what is below it */

	snprintf(copy, sizeof(copy), "%s", path);
	dcache_drop(&arena()->dcache, copy, entry_gone);
}

/* ---- up to when the table counts ---- */

#define RENEW_MS (DCACHE_LEASE_MS / 3)
#define USED_MS	 2000 /* for so long after a guest spoke; if one still uses the table then, it will speak again */

static struct {
	u64 ticks;
	s64 ns;
} start;	 /* when both clocks were read */
static s64 used; /* when a guest spoke, in ns */

static s64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (s64)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* All changes up to `ns` and `ticks` have been seen to. */
static void renew(s64 ns, u64 ticks)
{
	struct dcache *dc = &arena()->dcache;
	double rate;

	if (ns - start.ns < 100000 || !watches_begun())
		return;
	rate = (double)(ticks - start.ticks) / (double)(ns - start.ns);
	atomic_store(&dc->lease_ticks, (u64)(rate * DCACHE_LEASE_MS * 1e6));
	atomic_store(&dc->lease, ticks + dc->lease_ticks);
}

/* Then those who still would like to ask again. Meanwhile each rmdir(2) waits for us. */
#define RECENTS_MS 500
static s64 recents_since;

static void end_recents(s64 now)
{
	struct dcache *dc = &arena()->dcache;

	if (!dc->recents || now - recents_since < RECENTS_MS * 1000000LL)
		return;
	/* In this order: what is remembered counts neither now nor when they begin again. */
	atomic_store(&dc->recents, 0);
	dcache_forget_recents(dc);
}

int dcache_tick(void)
{
	s64 now;

	if (!used)
		return -1;
	now = now_ns();
	end_recents(now);
	dcache_settle();
	if (now - used < USED_MS * 1000000LL)
		return RENEW_MS;
	used = 0;
	return -1;
}

void dcache_settle(void)
{
	u64 ticks = arch_ticks();
	s64 now = now_ns();

	watches_read(drop);
	renew(now, ticks);
}

void dcache_host_mounts_changed(void)
{
	drop("/");
}

s64 do_settle(struct call *call)
{
	(void)call;
	dcache_settle();
	if (arena()->dcache.recents)
		dcache_forget_recents(&arena()->dcache);
	return 0;
}

/* ---- what is entered ---- */

/* Where every change comes from this machine, and is told. */
static bool tells_changes(int fd)
{
	static const u32 types[] = {
	    0xef53 /* ext4 */,	      0x01021994 /* tmpfs */,	 0x58465342 /* xfs */,	 0x9123683e /* btrfs */,
	    0x794c7630 /* overlay */, 0xf2f52010 /* f2fs */,	 0x2fc12fc1 /* zfs */,	 0xca451a4e /* bcachefs */,
	    0x858458f6 /* ramfs */,   0x73717368 /* squashfs */, 0xe0f5e1e2 /* erofs */, 0x9660 /* iso9660 */,
	};
	struct statfs st;

	if (fstatfs(fd, &st) != 0)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		if ((u32)st.f_type == types[i])
			return true;
	}
	return false;
}

/* The inodes on the way to a link or a directory, and how far the way has been watched. */
struct way {
	const char *path;
	bool directory;
	u32 nr;
	struct {
		dev_t dev;
		ino_t ino;
	} at[WATCHED_COMPONENTS_MAX];
	size_t start;	/* what is above path[0..start) is watched already */
	size_t watched; /* the length of the last path that has a watch */
	char text[ENTRY_MAX];
};

/* The first time: watches what was found at path[0..len). */
static int way_begin(struct way *way, u32 i, size_t len, int fd, const struct stat *st)
{
	bool removals = way->directory && way->path[len];
	int err = -EPERM;

	if (i < WATCHED_COMPONENTS_MAX && tells_changes(fd))
		err = watch_get(way->path, len, fd, removals);
	if (err)
		return err;
	way->watched = len;
	way->at[i].dev = st->st_dev;
	way->at[i].ino = st->st_ino;
	way->nr = i + 1;
	return 0;
}

/* The second time: is it the same? If so, it was watched before. */
static int way_again(const struct way *way, u32 i, const struct stat *st)
{
	return i < way->nr && way->at[i].dev == st->st_dev && way->at[i].ino == st->st_ino ? 0 : -ESTALE;
}

/* Where the way begins. Should what is above have changed, an event says so. */
static int open_start(const char *path, size_t len)
{
	char name[ENTRY_MAX];

	memcpy(name, path, len);
	name[len] = '\0';
	return open(name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The component path[from..len) of `dir`, which is closed. */
static int open_component(int dir, const char *path, size_t from, size_t len)
{
	char name[NAME_MAX + 1];
	int fd = -1;

	from += from != 1;
	if (len > from && len - from <= NAME_MAX) {
		memcpy(name, path + from, len - from);
		name[len - from] = '\0';
		fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	close(dir);
	return fd;
}

static int judge(struct way *way, bool again, u32 i, size_t len, int fd)
{
	bool link = !way->path[len] && !way->directory;
	struct stat st;

	if (fstat(fd, &st) != 0 || (link ? !S_ISLNK(st.st_mode) : !S_ISDIR(st.st_mode)))
		return -ESTALE;
	return again ? way_again(way, i, &st) : way_begin(way, i, len, fd, &st);
}

static int read_text(struct way *way, int fd)
{
	ssize_t n;

	if (way->directory)
		return 0;
	n = readlinkat(fd, "", way->text, sizeof(way->text));
	if (n <= 0 || strlen(way->path) + (size_t)n >= ENTRY_MAX)
		return -ESTALE;
	way->text[n] = '\0';
	return 0;
}

/* Goes the way without following a symlink. 0, -ESTALE: it is not there (any more), or why it cannot be watched.
 */
static int go(struct way *way, bool again)
{
	size_t from = 0, len = 0;
	int fd = -1, err = 0;

	for (u32 i = 0; !err && next_prefix(way->path, &len); i++, from = len) {
		if (len < way->start)
			continue;
		fd = fd < 0 ? open_start(way->path, len) : open_component(fd, way->path, from, len);
		if (fd < 0)
			return -ESTALE;
		err = judge(way, again, i, len, fd);
	}
	if (!err)
		err = read_text(way, fd);
	/* A walk that goes up again from there asks no further. */
	if (!err && way->directory && faccessat(fd, "..", F_OK, 0) != 0)
		err = -errno;
	close(fd);
	return err;
}

/* Has nothing that the cache knows changed up to now? */
static bool nothing_gone(void)
{
	struct dcache *dc = &arena()->dcache;
	u64 seq = dcache_seq(dc);

	watches_read(drop);
	return dcache_seq(dc) == seq;
}

/*
 * First the watches and the names by which guests see that a change concerns the cache; then a second look: what was
 * on the way when the watches came is there still. From then on no change goes unnoticed. Above where the way begins
 * the watches are older: there the queue says whether it was the way.
 */
static void enter(const char *path, bool directory)
{
	struct dcache *dc = &arena()->dcache;
	struct way way = {.path = path, .directory = directory};
	struct dentry *e;
	int err;

	watches_share(path, directory, &way.start, &way.watched);
	err = go(&way, false);
	if (err == -ESTALE || err == -ENOMEM || (err && directory)) {
		watches_put(path, way.watched);
		return;
	}
	e = dcache_add(dc, path, err ? "-" : way.text, entry_gone);
	if (e && !err && !go(&way, true) && nothing_gone()) {
		dcache_count(e);
		return;
	}
	watches_put(path, way.watched);
	/* One that cannot be watched stays: nobody asks again. */
	if (e && !err)
		dcache_drop(dc, path, entry_gone);
}

/* ---- the beginning ---- */

static void off(void)
{
	atomic_store(&arena()->dcache.warden, 0);
}

/* Only when somebody needs it: many sessions never come here. */
static bool begin(void)
{
	char name[sizeof(arena()->proc) + 40];
	int queue, mounts;

	if (watches_begun())
		return true;
	queue = watches_begin();
	snprintf(name, sizeof(name), "%s/self/mountinfo", arena()->proc);
	mounts = open(name, O_RDONLY | O_CLOEXEC);
	if (queue >= 0 && mounts >= 0 && !loop_watch_dcache(queue, mounts))
		return true;
	watches_end();
	if (mounts >= 0)
		close(mounts);
	off();
	return false;
}

/*
 * To enter a directory takes as long as some 60 lookups in it lose. Guests tell after a few, so what many of them have
 * lost counts together: with the second time it is worth it.
 */
static bool is_told_again(const char *path)
{
	static bool told[1024];
	bool *slot = &told[hash_text(path, strlen(path)) % ARRAY_SIZE(told)], before = *slot;

	*slot = true;
	return before;
}

/* Who looks into two directories of one is likely to go through them all: then they are known before. */
#define SIBLINGS_FROM 2
#define SIBLINGS_MAX  32   /* which takes less than a millisecond, in which others wait for us; */
#define SIBLINGS_LOOK 1024 /* and of a large directory no more is read */

/* How many have been told of a directory, by its hash. */
static bool has_siblings(const char *parent, size_t len)
{
	static u8 told[256];

	return ++told[hash_text(parent, len) % ARRAY_SIZE(told)] == SIBLINGS_FROM;
}

static bool is_wanted(const struct dirent *e, const char *path, size_t len)
{
	return e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && len < ENTRY_MAX &&
	       !dcache_is_directory(&arena()->dcache, path, len) && watches_have_room();
}

/* A directory has been entered: so are those beside it, if there was another one. Each is judged by itself. */
static void enter_siblings(const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	char name[ENTRY_MAX + NAME_MAX + 2];
	int look = 0, entered = 0, end;
	const struct dirent *e;
	DIR *dir;

	if (!len || !has_siblings(path, len))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	dir = opendir(name);
	if (!dir)
		return;
	while (look++ < SIBLINGS_LOOK && entered < SIBLINGS_MAX && (e = readdir(dir))) {
		end = snprintf(name, sizeof(name), "%.*s/%s", (int)len, path, e->d_name);
		if (!is_wanted(e, name, (size_t)end))
			continue;
		enter(name, true);
		entered++;
	}
	closedir(dir);
}

s64 do_dentry(struct call *call)
{
	const char *path = call->s[0];
	char text[ENTRY_MAX];

	if (path[0] != '/' || !path[1] || strlen(path) >= ENTRY_MAX || !dcache_live(&arena()->dcache) || !begin())
		return 0;
	used = now_ns();
	dcache_settle();
	if (dcache_readlink(&arena()->dcache, path, strlen(path), text, sizeof(text)) ||
	    dcache_is_directory(&arena()->dcache, path, strlen(path)))
		return 0;
	if (call->req->arg == DENTRY_DIRECTORY && !is_told_again(path))
		return 0;
	if (!watches_have_room())
		drop("/");
	enter(path, call->req->arg != DENTRY_LINK);
	if (dcache_is_directory(&arena()->dcache, path, strlen(path)))
		enter_siblings(path);
	return 0;
}

s64 do_recents(struct call *call)
{
	(void)call;
	if (arena()->dcache.recents || !dcache_live(&arena()->dcache) || !begin())
		return 0;
	used = recents_since = now_ns();
	dcache_settle();
	atomic_store(&arena()->dcache.recents, 1);
	return 0;
}

/* The host's kernel marks the word when this thread ends, whatever ends it (get_robust_list(2)). */
void dcache_start(void)
{
	static struct robust_list_head head;
	struct dcache *dc = &arena()->dcache;

	start.ns = now_ns();
	start.ticks = arch_ticks();
	head.list.next = &head.list;
	head.futex_offset = 0;
	head.list_op_pending = (struct robust_list *)&dc->warden;
	if (syscall(SYS_set_robust_list, &head, sizeof(head)) == 0)
		atomic_store(&dc->warden, (u32)syscall(SYS_gettid));
}
