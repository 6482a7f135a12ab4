/* SPDX-License-Identifier: MIT */
/*
 * How a session's first guest begins, and one that joins it later: the command, which has mapped the runtime into
 * itself, becomes a guest where it stands. What later tasks inherit is read from the host here.
 */
#include "exec/exec.h"

#include <linux/prctl.h>
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "sys/fork.h"
#include "sys/runtime.h"

static int attach_nsproxy(struct task *task, const struct attach_args *args)
{
	struct nsproxy *ns = kzalloc(sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	ns->users = 1;
	ns->handle = args->handle;
	ns->inode = args->handle_inode;
	ns->mnt = arena()->init_mnt;
	ns->uts = arena()->init_uts;
	ns->user = arena()->init_user;
	task->nsproxy = ns;
	return 0;
}

static struct group_info *host_groups(void)
{
	long nr = host_call2(__NR_getgroups, 0, NULL);
	struct group_info *groups = groups_alloc(nr > 0 ? (u32)nr : 0);

	if (groups && groups->nr && host_call2(__NR_getgroups, groups->nr, groups->gid) != nr) {
		put_group_info(groups);
		return NULL;
	}
	return groups;
}

/* The caller's own ids, and in the session's first user namespace every capability. */
static int attach_cred(struct task *task)
{
	struct cred *cred = kzalloc(sizeof(*cred));

	if (!cred)
		return -ENOMEM;
	cred->users = 1;
	cred->groups = host_groups();
	if (!cred->groups) {
		kfree(cred);
		return -ENOMEM;
	}
	host_call3(__NR_getresuid, &cred->uid, &cred->euid, &cred->suid);
	host_call3(__NR_getresgid, &cred->gid, &cred->egid, &cred->sgid);
	cred->fsuid = cred->euid;
	cred->fsgid = cred->egid;
	cred->cap_permitted = cred->cap_effective = cred->cap_inheritable = CAP_FULL_SET;
	cred->cap_ambient = cred->cap_bset = CAP_FULL_SET;
	task->cred = cred;
	return 0;
}

static int attach_sem(struct task *task)
{
	task->sem = new_sem_undo();
	return task->sem ? 0 : -ENOMEM;
}

static int attach_files(struct task *task)
{
	task->files = kzalloc(sizeof(*task->files));
	if (!task->files)
		return -ENOMEM;
	task->files->users = 1;
	return 0;
}

/* Which signals the caller has ignored; the command itself has no handlers. */
static int attach_sighand(struct task *task)
{
	struct sighand_struct *sighand = new_sighand();
	struct ksigaction action;
	int sig;

	if (!sighand)
		return -ENOMEM;
	for (sig = 1; sig <= NSIG_GUEST; sig++)
		if (!host_call4(__NR_rt_sigaction, sig, NULL, &action, sizeof(action.mask)) &&
		    action.handler == HANDLER_IGN)
			sighand->action[sig - 1].handler = HANDLER_IGN;
	task->sighand = sighand;
	return 0;
}

/* What the session was started under; our own filter and its no_new_privs do not count. */
static void attach_seccomp(struct task *task)
{
	long mode = host_call5(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0);

	mm.seccomp_outside = mode > 0 ? (u32)mode : SECCOMP_MODE_DISABLED;
	if (host_call5(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		task->seccomp.no_new_privs = NO_NEW_PRIVS_OUTSIDE;
}

static struct path place_new(u64 mnt, const char *host)
{
	return (struct path){mnt, hpath_new(host, strlen(host))};
}

/* Until the walk works, which needs a root and a directory, both are the root. */
static int attach_fs(struct task *task)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs));
	u64 root = arena()->init_mnt->root;

	if (!fs)
		return -ENOMEM;
	fs->users = 1;
	fs->pivots = atomic_load(&arena()->pivots);
	fs->umask = (u32)host_call1(__NR_umask, 077);
	host_call1(__NR_umask, fs->umask);
	fs->at[0].root = place_new(root, "/");
	fs->at[0].pwd = place_new(root, "/");
	task->fs = fs;
	return fs->at[0].root.host && fs->at[0].pwd.host ? 0 : -ENOMEM;
}

/* The place of an absolute host path. One that cannot be walked (a removed directory) counts as the root mount's. */
static struct path find_place(struct task *task, const char *host)
{
	struct nameidata nd;
	struct path place;

	if (path_lookup(task, AT_FDCWD, host, LOOKUP_FOLLOW, &nd))
		return place_new(fs_now(task->fs)->root.mnt, host);
	place = place_new(nd.mnt, nd.host);
	path_release(&nd);
	return place;
}

/* Where the command works and where its program lies. */
static int attach_places(struct task *task, const struct attach_args *args)
{
	struct path pwd = find_place(task, args->pwd);

	mm.exe_place = find_place(task, args->exe);
	if (!pwd.host || !mm.exe_place.host)
		return -ENOMEM;
	mm.exe = hpath_get(mm.exe_place.host);
	set_fs_pwd(task->fs, pwd);
	/* The host thread is there already. */
	task->host_fs_seq = task->fs->seq;
	return 0;
}

/* What takes nothing of the session. */
static int attach_alone(struct task *task)
{
	int err;

	task->tid = task->tgid = task->host_tid = task->host_tgid = (s32)host_call0(__NR_getpid);
	attach_seccomp(task);
	memcpy(mm.comm, "secede", sizeof("secede"));
	err = attach_cred(task);
	if (!err)
		err = attach_files(task);
	if (!err)
		err = attach_sighand(task);
	if (!err)
		err = attach_sem(task);
	if (err)
		return err;
	signal_init(task);
	signal_init_thread(task);
	return 0;
}

static int attach_to_session(struct task *task, const struct attach_args *args)
{
	int err = arena_map(args->arena_fd);

	if (err)
		return err;
	task_identify_new(task);
	err = attach_nsproxy(task, args);
	if (!err)
		err = attach_fs(task);
	if (!err)
		err = attach_places(task, args);
	if (err)
		return err;
	atomic_store(&task->state, TASK_RUNNING);
	/* Somebody in the session took along the number that the host has given us. */
	if (task->tid != task->host_tid)
		trap_numbers(task);
	return 0;
}

/*
 * On the task's kernel stack. The filter comes before the session, which the warden is building meanwhile: both take
 * long. No call is made that would be stopped before the task is complete.
 */
static long attach(void *arg)
{
	const struct attach_args *args = arg;
	struct task *task = current_task();
	int err;

	mm.id = mm_new_id();
	mm.fd_base = args->fd_base;
	mm.attached = true;
	err = attach_alone(task);
	if (!err)
		err = install_filter(args->fd_base, args->patches);
	if (err)
		return err;
	if (args->wait_for_session)
		args->wait_for_session(args);
	return attach_to_session(task, args);
}

int runtime_attach(const struct attach_args *args)
{
	struct task *task = task_alloc();

	return task ? (int)arch_call_on_stack(task, attach, (void *)args) : -ENOMEM;
}
