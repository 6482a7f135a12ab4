/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/ns/{mnt,uts,user} (namespaces(7)). A descriptor on one is, on the host, the guest's end of a
 * socket to the warden: as long as somebody holds it, the namespace lives. The other names there, which the host has,
 * are of kinds that unshare(2) refuses, and a kernel that does not have a kind has no such file: programs look there
 * for what they may ask for.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "warden/client.h"

static const char *const type_names[NS_TYPES] = {[NS_MNT] = "mnt", [NS_UTS] = "uts", [NS_USER] = "user"};

int proc_ns_type(const char *rest)
{
	if (strncmp(rest, "ns/", 3) != 0)
		return -1;
	for (int type = 0; type < NS_TYPES; type++)
		if (!strcmp(rest + 3, type_names[type]))
			return type;
	return -1;
}

bool proc_hides_ns(const char *name)
{
	for (int type = 0; type < NS_TYPES; type++)
		if (!strcmp(name, type_names[type]))
			return false;
	return *name && *name != '.';
}

/* The number of one of three namespaces. */
static u64 inum_of(int type, const struct mnt_ns *mnt, const struct uts_ns *uts, const struct user_ns *user)
{
	switch (type) {
	case NS_MNT:
		return mnt ? mnt->inum : 0;
	case NS_UTS:
		return uts ? uts->inum : 0;
	default:
		return user ? user->inum : 0;
	}
}

static int ns_text(int type, u64 inum, char *buf, size_t size)
{
	struct fmt f;

	fmt_init(&f, buf, size);
	fmt_print(&f, "%s:[%lu]", type_names[type], inum);
	return (int)MIN(f.len, size - 1);
}

int proc_ns_text(const struct proc_task *who, int type, char *buf, size_t size)
{
	return ns_text(type, inum_of(type, who->mnt, who->uts, who->user), buf, size);
}

static u64 fd_inum(const struct fd_info *info)
{
	const struct handle *h = handle_by_inode(info->ino);

	return h && h->kind == 1u + info->sub ? inum_of(info->sub, h->mnt, h->uts, h->user) : 0;
}

int proc_ns_fd_text(const struct fd_info *info, char *buf, size_t size)
{
	u64 inum = fd_inum(info);

	return inum ? ns_text(info->sub, inum, buf, size) : -EAGAIN;
}

/* ---- stat ---- */

/* The device that the host's own namespaces show. */
static u64 nsfs_dev(void)
{
	char path[320];
	struct stat st;

	if (!proc_host_path(path, sizeof(path), (int)host_call0(__NR_getpid), "ns/mnt") ||
	    host_call4(__NR_newfstatat, AT_FDCWD, path, &st, 0) < 0)
		return 0;
	return st.st_dev;
}

int proc_ns_stat(struct task *task, const char *rel, u64 *dev, u64 *ino)
{
	struct proc_name name;
	struct proc_task who;
	int type;

	if (!proc_parse(rel, &name))
		return -EAGAIN;
	type = proc_ns_type(name.rest);
	if (type < 0 || !proc_find(task, name.pid, &who))
		return -EAGAIN;
	*dev = nsfs_dev();
	*ino = inum_of(type, who.mnt, who.uts, who.user);
	return 0;
}

int proc_ns_fstat(const struct fd_info *info, u64 *dev, u64 *ino)
{
	*ino = fd_inum(info);
	*dev = nsfs_dev();
	return *ino ? 0 : -EBADF;
}

/* ---- open ---- */

/* Notes what `fd` is, and closes it if there is no memory for that. The descriptor or -errno. */
static int hand_out(struct task *task, s32 fd, u64 inode, int type, u64 oflags)
{
	struct fd_info info = {.fd = fd, .kind = FD_NS, .sub = (u8)type, .ino = inode};
	struct stat st;
	int err = (int)host_call2(__NR_fstat, fd, &st);

	if (!err && !(oflags & O_CLOEXEC))
		err = (int)host_call3(__NR_fcntl, fd, F_SETFD, 0);
	info.dev = st.st_dev;
	if (!err)
		err = files_set(task->files, &info);
	if (!err)
		return fd;
	host_close(fd);
	return err;
}

int proc_ns_open(struct task *task, u64 handle_inode, int type, u64 oflags)
{
	struct request req;
	s32 fd;
	u64 inode;
	s64 err;

	if (oflags & O_DIRECTORY)
		return -ENOTDIR;
	request_init(&req, REQ_OPEN_NS, task);
	req.inode = handle_inode;
	req.arg = (u64)type;
	req.flags = NS_ITSELF;
	err = warden_open_ns(task, &req, &fd, &inode);
	return err < 0 ? (int)err : hand_out(task, fd, inode, type, oflags);
}
