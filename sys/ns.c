/* SPDX-License-Identifier: MIT */
/*
 * setns(2): the task moves into namespaces of a descriptor, which is one of /proc/PID/ns or a pidfd. As with
 * unshare(2), all is prepared first and changes at one moment.
 */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/pidfd.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "warden/client.h"

static const u32 type_flags[NS_TYPES] = {[NS_MNT] = CLONE_NEWNS, [NS_UTS] = CLONE_NEWUTS, [NS_USER] = CLONE_NEWUSER};

/* What is to be entered: which kinds, out of which handle. */
struct nsset {
	u32 flags;
	u64 handle;	      /* socket inode */
	struct unshared *new; /* fs: a private copy, if the task's own is shared */
	struct path root;     /* of the mount namespace entered, */
	u64 pivots;	      /* as it was after these */
};

/* ---- what the descriptor is ---- */

/* The namespace descriptor with that number, also one that came by SCM_RIGHTS and has no note. */
static const struct handle *ns_of_fd(int fd)
{
	const struct handle *h;
	struct stat st;

	if (host_call2(__NR_fstat, fd, &st) || !S_ISSOCK(st.st_mode))
		return NULL;
	h = handle_by_inode(st.st_ino);
	return h && h->kind >= 1 && h->kind <= NS_TYPES ? h : NULL;
}

/* Of a process that has ended the host shows no namespaces, to nobody. */
static bool has_ended(int pid)
{
	char path[320], text[1];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%d/ns/mnt", arena()->proc, pid);
	return host_readlinkat(AT_FDCWD, path, text, sizeof(text)) == -ENOENT;
}

static int take_pidfd(struct task *task, int pid, u32 flags, struct nsset *set)
{
	const struct handle *h;

	if (!flags || (flags & ~(u32)(CLONE_NS_BUILT | CLONE_NS_UNBUILT)))
		return -EINVAL;
	if (flags & CLONE_NS_UNBUILT) {
		guest_log(task, "setns: namespaces %x are not built: EINVAL", flags & CLONE_NS_UNBUILT);
		return -EINVAL;
	}
	if (pid == 0)
		return -ESRCH;
	set->flags = flags;
	if (pid == task->host_tgid) {
		set->handle = task->nsproxy->inode;
		return 0;
	}
	h = handle_of_pid(pid);
	if (!h)
		return has_ended(pid) ? -ESRCH : -EPERM; /* EPERM: it is outside the session */
	set->handle = h->inode;
	return 0;
}

/* A namespace of the host: of a kind that is not built, or of a process outside the session. */
static bool is_host_ns(int fd)
{
	struct statfs st;

	return host_call2(__NR_fstatfs, fd, &st) == 0 && st.f_type == NSFS_MAGIC;
}

/* Fills flags and handle. 1: the descriptor is the host's business. */
static int take_fd(struct task *task, int fd, u32 nstype, struct nsset *set)
{
	long fd_flags = fd_is_ours(fd) ? -EBADF : host_call2(__NR_fcntl, fd, F_GETFL);
	const struct handle *h;
	int pid;

	if (fd_flags < 0 || (fd_flags & O_PATH))
		return -EBADF;
	h = ns_of_fd(fd);
	if (h) {
		set->flags = type_flags[h->kind - 1];
		set->handle = h->inode;
		return nstype && nstype != set->flags ? -EINVAL : 0;
	}
	if (is_host_ns(fd))
		return 1;
	pid = pid_of_pidfd(fd);
	return pid < 0 ? pid : take_pidfd(task, pid, nstype, set);
}

/* ---- prepare, commit, release ---- */

/* setns(2)'s conditions that are about the caller; those about capabilities are the warden's. */
static int check_caller(struct task *task, u32 flags)
{
	bool shared_fs = fs_is_shared(task);

	if ((flags & CLONE_NEWUSER) && (nr_threads(task) > 1 || shared_fs))
		return -EINVAL;
	/* With other kinds in the same call the file system context is copied instead. */
	if (flags == CLONE_NEWNS && shared_fs)
		return -EINVAL;
	return 0;
}

static int prepare_nsproxy(struct task *task, struct nsset *set)
{
	struct nsproxy *ns = kzalloc(sizeof(*ns));
	const struct handle *h;
	struct request req;
	s64 index;

	if (!ns)
		return -ENOMEM;
	request_init(&req, REQ_SETNS, task);
	req.inode = set->handle;
	req.flags = set->flags;
	index = warden_call_handle(task, &req, &ns->handle, &ns->inode);
	if (index < 0) {
		kfree(ns);
		return (int)index;
	}
	h = handle_at((u32)index);
	ns->users = 1;
	ns->mnt = h->mnt;
	ns->uts = h->uts;
	ns->user = h->user;
	set->new->nsproxy = ns;
	return 0;
}

static int prepare_root(const struct mnt_ns *ns, struct path *root)
{
	char host[PATH_MAX];

	root->host = hpath_new(host, copy_ns_root(ns, &root->mnt, host, sizeof(host)));
	return root->host ? 0 : -ENOMEM;
}

static void release_nsset(struct nsset *set, const struct files_struct *files)
{
	put_unshared(set->new, files);
	if (set->root.host)
		path_put(&set->root);
}

static int prepare_nsset(struct task *task, struct nsset *set)
{
	int err = check_caller(task, set->flags);

	if (!err)
		err = prepare_nsproxy(task, set);
	if (!err && (set->flags & CLONE_NEWUSER)) {
		set->new->cred = userns_creds(task->cred);
		err = set->new->cred ? 0 : -ENOMEM;
	}
	if (!err && (set->flags & CLONE_NEWNS) && fs_is_shared(task)) {
		set->new->fs = dup_fs(task->fs);
		err = set->new->fs ? 0 : -ENOMEM;
	}
	set->pivots = atomic_load(&arena()->pivots);
	if (!err && (set->flags & CLONE_NEWNS))
		err = prepare_root(set->new->nsproxy->mnt, &set->root);
	if (err)
		release_nsset(set, NULL);
	return err;
}

static void commit_nsset(struct task *task, struct nsset *set)
{
	swap_unshared(task, set->new);
	if (!set->root.host)
		return;
	task->fs->pivots = set->pivots;
	set_fs_root(task->fs, (struct path){set->root.mnt, hpath_get(set->root.host)});
	set_fs_pwd(task->fs, (struct path){set->root.mnt, hpath_get(set->root.host)});
}

SYSCALL(setns)
{
	struct nsset set = {.new = &task->leaving};
	int err = take_fd(task, (int)ARG0(regs), (u32)ARG1(regs), &set);

	if (err == 1)
		return host_call2(__NR_setns, ARG0(regs), ARG1(regs));
	if (!err)
		err = prepare_nsset(task, &set);
	if (err)
		return err;
	commit_nsset(task, &set);
	release_nsset(&set, task->files);
	return 0;
}
