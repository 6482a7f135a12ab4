/* SPDX-License-Identifier: MIT */
/* From a task to the carry before execve, and from the carry to a fresh task after it. */
#include "exec/exec.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"
#include "signal/signal.h"

/* ---- before ---- */

/* Copies both places; the strings share one allocation. */
static int take_places(struct fs_struct *fs, struct carry *c)
{
	struct path root, pwd;
	char *text;
	int err = get_fs_root(fs, &root);

	if (err)
		return err;
	err = get_fs_pwd(fs, &pwd);
	if (err) {
		path_put(&root);
		return err;
	}
	c->umask = fs->umask;
	c->pivots = fs->pivots;
	c->strings = text = kzalloc(root.host->len + pwd.host->len + 2);
	if (text) {
		c->root_mnt = root.mnt;
		c->root = memcpy(text, root.host->s, root.host->len);
		c->pwd_mnt = pwd.mnt;
		c->pwd = memcpy(text + root.host->len + 1, pwd.host->s, pwd.host->len);
	}
	path_put(&root);
	path_put(&pwd);
	return text ? 0 : -ENOMEM;
}

/* Takes the descriptors that execve will not close, and the groups. Held: files->lock. */
static int take_arrays(const struct files_struct *files, const struct group_info *groups, struct carry *c)
{
	u32 i, ngroups = groups ? groups->nr : 0;
	struct fd_info *fds = kzalloc(files->nr * sizeof(*fds) + ngroups * sizeof(u32) + 1);

	if (!fds)
		return -ENOMEM;
	for (i = 0; i < files->nr; i++) {
		long flags = host_call2(__NR_fcntl, files->tab[i].fd, F_GETFD);

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			fds[c->nfds++] = files->tab[i];
	}
	c->arrays = fds;
	c->fds = fds;
	c->groups = (u32 *)(fds + files->nr);
	c->ngroups = ngroups;
	if (ngroups)
		memcpy(fds + files->nr, groups->gid, ngroups * sizeof(u32));
	return 0;
}

static u64 ignored_signals(struct sighand_struct *sighand)
{
	u64 ignored = 0;
	u32 i;

	sighand_lock(sighand);
	for (i = 0; i < NSIG_GUEST; i++)
		if (sighand->action[i].handler == HANDLER_IGN)
			ignored |= 1ULL << i;
	sighand_unlock(sighand);
	return ignored;
}

/* The host keeps its list over execve; but what is known of it would be lost, so it goes to the warden before. */
static void sem_to_carry(struct task *task, struct carry *c)
{
	if (task->sem->nr)
		(void)host_part_sem_undo(task->sem);
	c->sem_list = atomic_load(&task->sem->id);
	c->sem_parted = atomic_load(&task->sem->parted);
}

int carry_from_task(struct task *task, struct carry *c)
{
	const struct nsproxy *ns = task->nsproxy;
	int err = take_places(task->fs, c);

	if (err)
		return err;
	mutex_lock(&task->files->lock);
	err = take_arrays(task->files, task->cred->groups, c);
	mutex_unlock(&task->files->lock);
	if (err) {
		carry_release(c);
		return err;
	}
	c->arena_fd = mm.arena_fd;
	c->fd_base = mm.fd_base;
	c->handle = ns->handle;
	c->handle_inode = ns->inode;
	c->mnt_ns = (u64)(uintptr_t)ns->mnt;
	c->uts_ns = (u64)(uintptr_t)ns->uts;
	c->user_ns = (u64)(uintptr_t)ns->user;
	c->blocked_hidden = task->blocked_hidden;
	sem_to_carry(task, c);
	c->files_limit = limit_soft();
	c->no_new_privs = task->seccomp.no_new_privs;
	c->seccomp_outside = mm.seccomp_outside;
	c->numbers_trapped = task->numbers_trapped;
	c->received_trapped = task->received_trapped;
	c->reads_trapped = task->reads_trapped;
	c->sleeps_trapped = task->sleeps_trapped;
	c->sig_ignored = ignored_signals(task->sighand);
	c->sig_mixed = c->sig_ignored & atomic_load(&task->sighand->group->mixed);
	memcpy(&c->cred, task->cred, sizeof(c->cred));
	return 0;
}

/* ---- after ---- */

/* Maps the arena from where it is mapped now to `end`. Two threads may do so at once. */
static int map_up_to(s32 fd, u64 end)
{
	u64 from = arena_seen;
	long at = host_call6(__NR_mmap, ARENA_BASE + from, end - from, PROT_READ, MAP_SHARED | MAP_FIXED, fd, from);

	if (at < 0)
		return (int)at;
	/* Else the host would make all of its pages when it writes the guest's core. */
	host_call3(__NR_madvise, at, end - from, MADV_DONTDUMP);
	arena_seen = end;
	return 0;
}

static void see_more(void)
{
	if (map_up_to(mm.arena_fd, atomic_load(&arena()->end)))
		panic("no address space is left for what the session has come to know (raise ulimit -v)");
}

int arena_map(s32 fd)
{
	int err = map_up_to(fd, ARENA_STEP);

	if (err)
		return err;
	if (arena()->magic != ARENA_MAGIC)
		return -EINVAL;
	mm.arena_fd = fd;
	mnt_detached = arena()->detached;
	arena_see_more = see_more;
	arena_see();
	return 0;
}

static int make_nsproxy(const struct carry *c, struct task *task)
{
	struct nsproxy *ns = kzalloc(sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	ns->users = 1;
	ns->handle = c->handle;
	ns->inode = c->handle_inode;
	ns->mnt = (struct mnt_ns *)(uintptr_t)c->mnt_ns;
	ns->uts = (struct uts_ns *)(uintptr_t)c->uts_ns;
	ns->user = (struct user_ns *)(uintptr_t)c->user_ns;
	task->nsproxy = ns;
	return 0;
}

/* The old credentials, and from them what execve makes of them. */
static int make_cred(const struct carry *c, struct task *task)
{
	struct cred *old = prepare_creds(&c->cred); /* c->cred.groups is NULL */
	struct group_info *groups = groups_alloc(c->ngroups);

	if (old && groups) {
		memcpy(groups->gid, c->groups, c->ngroups * sizeof(u32));
		old->groups = groups;
		task->cred = exec_creds(old, task->nsproxy->user, c->no_new_privs == NO_NEW_PRIVS);
	} else {
		put_group_info(groups);
	}
	put_cred(old);
	return task->cred ? 0 : -ENOMEM;
}

static int make_fs(const struct carry *c, struct task *task)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->users = 1;
	fs->umask = c->umask;
	fs->pivots = c->pivots;
	fs->at[0].root = (struct path){c->root_mnt, hpath_new(c->root, strlen(c->root))};
	fs->at[0].pwd = (struct path){c->pwd_mnt, hpath_new(c->pwd, strlen(c->pwd))};
	task->fs = fs;
	/* The host thread kept its directory and its umask, which were in line before execve. */
	task->host_fs_seq = fs->seq;
	return fs->at[0].root.host && fs->at[0].pwd.host ? 0 : -ENOMEM;
}

static int make_files(const struct carry *c, struct task *task)
{
	struct files_struct *files = kzalloc(sizeof(*files));
	int err = 0;
	u32 i;

	if (!files)
		return -ENOMEM;
	files->users = 1;
	task->files = files;
	for (i = 0; i < c->nfds && !err; i++)
		err = files_set(files, &c->fds[i]);
	return err;
}

static int make_sighand(const struct carry *c, struct task *task)
{
	struct sighand_struct *sighand = new_sighand();
	u32 i;

	if (!sighand)
		return -ENOMEM;
	for (i = 0; i < NSIG_GUEST; i++)
		if (c->sig_ignored & 1ULL << i)
			sighand->action[i].handler = HANDLER_IGN;
	/* signal_init() brings the host in line. */
	atomic_init(&sighand->group->mixed, c->sig_mixed);
	task->sighand = sighand;
	return 0;
}

static int make_sem(const struct carry *c, struct task *task)
{
	struct sem_undo *sem = new_sem_undo();

	if (!sem)
		return -ENOMEM;
	atomic_init(&sem->id, (u32)c->sem_list);
	atomic_init(&sem->parted, c->sem_parted);
	task->sem = sem;
	return 0;
}

static int make_seccomp(const struct carry *c, struct task *task)
{
	task->seccomp.no_new_privs = (u8)c->no_new_privs;
	task->seccomp.mode = c->filters_fd >= 0 ? SECCOMP_MODE_FILTER : SECCOMP_MODE_DISABLED;
	mm.seccomp_outside = c->seccomp_outside;
	return filters_load(c->filters_fd, &task->seccomp.filter);
}

static int fill_mm(const struct carry *c)
{
	mm.fd_base = c->fd_base;
	mm.exe = hpath_new(c->exe, strlen(c->exe));
	if (!mm.exe)
		return -ENOMEM;
	mm.exe_place = (struct path){c->exe_mnt, hpath_get(mm.exe)};
	memcpy(mm.comm, c->comm, strlen(c->comm) + 1);
	return 0;
}

int carry_to_task(const struct carry *c, struct task *task)
{
	int err = fill_mm(c);

	if (!err)
		err = make_nsproxy(c, task);
	if (!err)
		err = make_cred(c, task);
	if (!err)
		err = make_fs(c, task);
	if (!err)
		err = make_files(c, task);
	if (!err)
		err = make_sighand(c, task);
	if (!err)
		err = make_sem(c, task);
	if (!err)
		err = make_seccomp(c, task);
	task->blocked_hidden = c->blocked_hidden & SIG_HIDDEN;
	limit_settle(c->files_limit);
	task->numbers_trapped = c->numbers_trapped;
	task->received_trapped = c->received_trapped;
	task->reads_trapped = c->reads_trapped;
	task->sleeps_trapped = c->sleeps_trapped;
	return err;
}
