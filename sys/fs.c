/* SPDX-License-Identifier: MIT */
/* chdir(2), fchdir(2), chroot(2), getcwd(2), umask(2): what fs_struct holds. */
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/held_names.h"
#include "sys/sys.h"
#include "vfs/namei.h"
#include "vfs/proc.h"
#include "warden/client.h"

/* A directory that has been removed is one still, known by the name that it had. The length of that, or -ENOENT. */
static long removed_pwd(char host[PATH_MAX])
{
	const long mark = sizeof(" (deleted)") - 1; /* which proc writes behind it */
	char link[sizeof(arena()->proc) + sizeof("/thread-self/cwd")];
	struct stat st;
	struct fmt f;
	long n;

	if (host_call4(__NR_newfstatat, AT_FDCWD, ".", &st, 0) || st.st_nlink)
		return -ENOENT;
	fmt_init(&f, link, sizeof(link));
	fmt_print(&f, "%s/thread-self/cwd", arena()->proc);
	n = host_readlinkat(AT_FDCWD, link, host, HOST_PATH_MAX + 1);
	return n > mark + 1 && n <= (long)HOST_PATH_MAX && host[0] == '/' ? n - mark : -ENOENT;
}

/* Where the host's thread stands: its word counts. `name` is what we were told, from the old directory. */
static s64 host_pwd(struct task *task, struct nameidata *nd, const char *name, struct hpath **path)
{
	long n = host_path(AT_FDCWD, nd->host);
	struct path old;
	s64 err;

	if (n == -ENOENT)
		n = removed_pwd(nd->host);
	if (n > 0) {
		nd->len = (u32)n;
		nd->host[n] = '\0';
		*path = hpath_new(nd->host, nd->len);
		return *path ? 0 : -ENOMEM;
	}
	if (n != -ENAMETOOLONG)
		return -ENOENT;
	nd->len = 0;
	err = get_fs_pwd(task->fs, &old);
	if (err)
		return err;
	err = deep_pwd(old.host, name, path);
	path_put(&old);
	if (err)
		guest_log(task, "chdir to a directory deeper than a path, whose path cannot be found: %ld", err);
	return err;
}

/* The host thread stands in the new directory, which is seen through nd's mount: now the task does as well. */
static s64 pwd_moved(struct task *task, struct nameidata *nd, const char *name)
{
	struct fs_struct *fs = task->fs;
	u32 seq = task->host_fs_seq;
	struct path pwd;
	s64 err = host_pwd(task, nd, name, &pwd.host);

	if (!err && nd->len && (nd->magic || !nd->mnt))
		host_place(task, nd);
	pwd.mnt = nd->mnt;
	if (!err)
		err = set_fs_pwd(fs, pwd);
	if (err) {
		task->host_fs_seq = atomic_load(&fs->seq) - 1; /* go back with the next fs_sync() */
		return err;
	}
	/* In line, unless another thread that shares fs moved it as well, or had not yet synced us. */
	if (atomic_load(&fs->seq) == seq + 1)
		task->host_fs_seq = seq + 1;
	return 0;
}

SYSCALL(chdir)
{
	struct nameidata nd;
	char name[PATH_MAX];
	s64 err = strncpy_from_guest(name, ARG0(regs), sizeof(name));

	if (err >= 0)
		err = path_lookup(task, AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | LOOKUP_LAZY | LOOKUP_FDLESS,
				  &nd);
	if (err)
		return err;
	err = proc_may_enter(task, &nd);
	if (!err && nd.fd >= 0)
		err = host_call1(__NR_fchdir, nd.fd);
	else if (!err)
		err = host_call1(__NR_chdir, nd.host);
	path_release(&nd);
	return err ? err : pwd_moved(task, &nd, name);
}

SYSCALL(fchdir)
{
	struct nameidata nd;
	int fd = (int)ARG0(regs);
	s64 err = fd_place(task, fd, &nd);

	if (!err)
		err = proc_may_enter(task, &nd);
	if (!err)
		err = fd_is_tree(fd) ? host_call1(__NR_chdir, nd.host) : host_call1(__NR_fchdir, fd);
	return err ? err : pwd_moved(task, &nd, "");
}

/* A root follows its directory by what the warden says of names: with a dead warden nobody does, nor one that has been
 * removed, which has none. */
static s64 hold_root(struct task *task, const struct nameidata *nd)
{
	struct request req;
	s64 err;

	if (nd->len <= 1)
		return 0;
	request_init(&req, REQ_HOLD_ROOT, task);
	request_add(&req, nd->host, nd->len);
	err = warden_call(task, &req, NULL);
	return err == -EIO || err == -ENOTDIR ? 0 : err;
}

static s64 find_root(struct task *task, u64 uname, struct nameidata *nd)
{
	s64 err = user_path(task, AT_FDCWD, uname, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, nd);

	if (err)
		return err;
	err = host_call4(__NR_faccessat2, nd->fd, "", 1 /* X_OK */, AT_EMPTY_PATH | AT_EACCESS);
	path_release(nd);
	if (err && err != -ENOSYS)
		return err;
	if (!ns_capable(task, task->nsproxy->user, CAP_SYS_CHROOT))
		return -EPERM;
	if (nd->magic) {
		guest_log(task, "chroot through %s, which leads out of the session: not built, EPERM", nd->host);
		return -EPERM;
	}
	return hold_root(task, nd);
}

SYSCALL(chroot)
{
	struct nameidata nd;
	struct path root;
	u64 moved;
	s64 err;

	/* Until no name has changed between the walk and the moment from which on the root follows. */
	do {
		moved = names_moved();
		follow_pivots(task->fs, task->nsproxy->mnt);
		err = find_root(task, ARG0(regs), &nd);
	} while (names_moved() != moved);
	if (err)
		return err;
	root = (struct path){nd.mnt, hpath_new(nd.host, nd.len)};
	if (!root.host)
		return -ENOMEM;
	set_fs_root(task->fs, root);
	return 0;
}

SYSCALL(getcwd)
{
	struct nameidata nd;
	char buf[PATH_MAX];
	u64 size = ARG1(regs), len;
	s64 err;

	fs_sync(task);
	/* A directory that is removed has no path any more, whatever we remember. */
	if (host_call2(__NR_getcwd, buf, sizeof(buf)) == -ENOENT)
		return -ENOENT;
	pwd_place(task, &nd);
	if (!nd.len)
		return -ENAMETOOLONG;
	err = path_to_guest(task, nd.mnt, nd.host, buf, sizeof(buf));
	if (err < 0 && err != -ENOENT)
		return err == -ERANGE ? -ENAMETOOLONG : err;
	len = strlen(buf) + 1;
	if (len > size)
		return -ERANGE;
	err = copy_to_guest(ARG0(regs), buf, len);
	return err ? err : (s64)len;
}

SYSCALL(umask)
{
	struct fs_struct *fs = fs_lock(task->fs);
	u32 old, seq;

	old = fs->umask;
	seq = atomic_fetch_add(&fs->seq, 1) + 1;
	publish();
	fs->umask = (u32)ARG0(regs) & 0777;
	if (task->host_fs_seq == seq - 1) {
		host_call1(__NR_umask, fs->umask);
		task->host_fs_seq = seq;
	}
	mutex_unlock(&fs->lock);
	return old;
}
