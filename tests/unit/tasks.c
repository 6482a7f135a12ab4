/* SPDX-License-Identifier: MIT */
#include "tasks.h"

struct path place(u64 mnt, const char *host)
{
	struct path p = {.mnt = mnt, .host = hpath_new(host, strlen(host))};

	assert_non_null(p.host);
	return p;
}

static void make_namespaces(struct nsproxy *ns)
{
	struct super *sb = super_create(SUPER_HOST, "ext4", "/dev/sda", "rw", 0, 5, 5);
	struct mount_spec spec = {.point = "/", .host = "/", .dir = true, .sb = sb};

	ns->users = 1;
	ns->user = user_ns_create(NULL, 1000, 1000);
	ns->mnt = mnt_ns_create(ns->user);
	ns->uts = uts_ns_dup(NULL, ns->user);
	assert_true(mnt_attach(ns->mnt, &spec) > 0);
	super_put(sb);
}

struct task *new_task(void)
{
	const struct fd_info noted = {.fd = 3, .kind = FD_DIR, .mnt = 7};
	struct task *task = kzalloc(sizeof(*task));

	task->fs = kzalloc(sizeof(*task->fs));
	task->fs->users = 1;
	task->fs->umask = 022;
	task->files = kzalloc(sizeof(*task->files));
	task->files->users = 1;
	task->sighand = new_sighand();
	task->sighand->action[9].handler = 0x1234;
	task->sem = new_sem_undo();
	task->nsproxy = kzalloc(sizeof(*task->nsproxy));
	make_namespaces(task->nsproxy);
	task->cred = kzalloc(sizeof(*task->cred));
	*task->cred = (struct cred){.users = 1,
				    .uid = 1000,
				    .euid = 1000,
				    .suid = 1000,
				    .fsuid = 1000,
				    .cap_permitted = CAP_FULL_SET,
				    .cap_effective = CAP_FULL_SET,
				    .cap_bset = CAP_FULL_SET};
	assert_int_equal(files_set(task->files, &noted), 0);
	task->fs->at[0].root = place(task->nsproxy->mnt->root, "/");
	task->fs->at[0].pwd = place(task->nsproxy->mnt->root, "/home");
	task->fs->seq = 5;
	task->host_fs_seq = 5;
	return task;
}

struct task *new_thread(struct task *of, u64 flags)
{
	struct task *task = kzalloc(sizeof(*task));

	assert_int_equal(copy_contexts(flags, of, task), 0);
	return task;
}

void end_task(struct task *task)
{
	put_contexts(task);
	kfree(task);
}

void assert_pwd(struct task *task, u64 mnt, const char *host)
{
	struct path p;

	assert_int_equal(get_fs_pwd(task->fs, &p), 0);
	assert_int_equal(p.mnt, mnt);
	assert_string_equal(p.host->s, host);
	assert_int_equal(p.host->len, strlen(host));
	path_put(&p);
}

struct memory remember(const struct task *task)
{
	return (struct memory){
	    .fs = task->fs,
	    .files = task->files,
	    .sighand = task->sighand,
	    .sem = task->sem,
	    .nsproxy = task->nsproxy,
	    .cred = task->cred,
	    .fs_users = task->fs->users,
	    .files_users = task->files->users,
	    .sighand_users = task->sighand->users,
	    .members = task->sighand->group->members,
	    .sem_users = task->sem->users,
	    .nsproxy_users = task->nsproxy->users,
	    .cred_users = task->cred->users,
	    .fs_seq = task->fs->seq,
	    .live = kzalloc_live,
	};
}

void assert_as_it_was(const struct task *task, const struct memory *m)
{
	struct memory now = remember(task);

	assert_memory_equal(&now, m, sizeof(now));
	assert_int_equal(task->alloc_lock.owner, 0);
	assert_int_equal(task->fs->lock.owner, 0);
	assert_int_equal(task->files->lock.owner, 0);
	assert_int_equal(task->sighand->group->lock.owner, 0);
	assert_int_equal(task->sem->lock.owner, 0);
}
