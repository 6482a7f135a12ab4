/* SPDX-License-Identifier: MIT */
/* How much a tmpfs holds: its directory in the storage is walked. Names count, as in Linux, and the pages of files. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/dir.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "vfs/tmpfs.h"

#define BLOCK 512 /* the unit of st_blocks */

/* A directory that has yet to be looked at. */
struct pending {
	struct pending *next;
	char path[]; /* below the root, "" for itself */
};

struct count {
	struct tmpfs_usage usage;
	u64 most;
	struct pending *todo;
	const struct pending *dir;
	int fd;
	bool no_memory;
};

static void add_directory(struct count *count, const char *name)
{
	size_t dir = strlen(count->dir->path), len = strlen(name);
	struct pending *p = kzalloc(sizeof(*p) + dir + len + 2);

	if (!p) {
		count->no_memory = true;
		return;
	}
	memcpy(p->path, count->dir->path, dir);
	if (dir)
		p->path[dir++] = '/';
	memcpy(p->path + dir, name, len);
	p->next = count->todo;
	count->todo = p;
}

static bool count_entry(void *arg, const char *name)
{
	struct count *count = arg;
	struct stat st;

	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return true;
	if (host_call4(__NR_newfstatat, count->fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return true; /* it has just gone */
	count->usage.inodes++;
	if (S_ISREG(st.st_mode))
		count->usage.bytes += (u64)st.st_blocks * BLOCK / MAX(st.st_nlink, 1UL);
	if (S_ISDIR(st.st_mode))
		add_directory(count, name);
	return !count->no_memory && count->usage.inodes <= count->most;
}

/* One that we may not read keeps what it holds to itself. */
static void count_directory(struct count *count, int root)
{
	const char *path = count->dir->path[0] ? count->dir->path : ".";
	long fd = host_own_fd(__NR_openat, root, (long)path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	count->fd = (int)fd;
	host_readdir((int)fd, count_entry, count);
	host_close((int)fd);
}

static int open_storage(const struct tmpfs *fs)
{
	char path[sizeof(arena()->storage)];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/", arena()->storage);
	fmt_hex(&f, fs->storage, 8);
	return (int)host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

int tmpfs_measure(const struct tmpfs *fs, u64 most, struct tmpfs_usage *out)
{
	struct count count = {.usage = {.inodes = 1}, .most = most, .todo = kzalloc(sizeof(struct pending) + 1)};
	int root = open_storage(fs);

	count.no_memory = !count.todo;
	while (count.todo) {
		struct pending *dir = count.todo;

		count.todo = dir->next;
		count.dir = dir;
		if (root >= 0 && !count.no_memory && count.usage.inodes <= most)
			count_directory(&count, root);
		kfree(dir);
	}
	if (root < 0)
		return root;
	host_close(root);
	*out = count.usage;
	if (count.no_memory)
		return -ENOMEM;
	return count.usage.inodes > most ? -E2BIG : 0;
}
