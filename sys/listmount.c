/* SPDX-License-Identifier: MIT */
/* listmount(2): the unique numbers of the mounts at or below one. */
#include "arena/arena.h"
#include "host/uaccess.h"
#include "kernel/alloc.h"
#include "lib/string.h"
#include "sys/statmount.h"
#include "sys/sys.h"
#include "vfs/walk.h"

#define MOUNTS_MAX 1000000 /* Linux takes no more at once */

struct list {
	const struct mnt_ns *ns;
	struct path top;   /* only what is below that */
	u64 not_this;	   /* nor the mount asked about */
	u64 after, before; /* only numbers between, exclusively */
	u64 *id;	   /* all in ascending order */
	u32 nr, max;
	char host[PATH_MAX], path[PATH_MAX];
};

static int take_mount(const struct mount *m, void *arg)
{
	struct list *list = arg;

	if (m->id == list->not_this || m->id <= list->after || m->id >= list->before || list->nr == list->max)
		return 0;
	mnt_copy_string(list->host, sizeof(list->host), m->host);
	if (dpath_below(list->ns, &list->top, m->id, list->host, list->path, sizeof(list->path)))
		list->id[list->nr++] = mnt_unique_id(m->id);
	return 0;
}

/* A whole mount as the place below which is listed. */
static s64 top_of_mount(struct list *list, u64 id)
{
	const struct mount *m;
	size_t len;
	u64 seq;

	do {
		seq = mnt_read_begin(list->ns);
		m = mnt_by_id_in(list->ns, id);
		len = m ? mnt_copy_string(list->host, sizeof(list->host), m->host) : 0;
	} while (mnt_read_retry(list->ns, seq));
	if (!m)
		return -ENOENT;
	list->not_this = id;
	list->top = (struct path){id, hpath_new(list->host, len)};
	return list->top.host ? 0 : -ENOMEM;
}

/* May the caller know of it? Not what is outside of its root, without capabilities. */
static s64 may_list(struct task *task, struct list *list)
{
	struct path root;
	bool below;
	s64 err;
	u64 seq;

	if (ns_capable(task, list->ns->user_ns, CAP_SYS_ADMIN))
		return 0;
	err = get_fs_root(task->fs, &root);
	if (err)
		return err;
	do {
		seq = mnt_read_begin(list->ns);
		below = dpath_below(list->ns, &root, list->top.mnt, list->top.host->s, list->path, sizeof(list->path));
	} while (mnt_read_retry(list->ns, seq));
	path_put(&root);
	return below ? 0 : -EPERM;
}

static s64 make_list(struct list *list)
{
	u64 seq;

	list->max = list->ns->nr;
	list->id = kzalloc((list->max + 1UL) * sizeof(*list->id));
	if (!list->id)
		return -ENOMEM;
	do {
		list->nr = 0;
		seq = mnt_read_begin(list->ns);
		mnt_for_each(list->ns, take_mount, list);
	} while (mnt_read_retry(list->ns, seq));
	return 0;
}

static s64 give_list(struct list *list, u64 uids, u64 room, bool reverse)
{
	u32 nr = (u32)MIN(list->nr, room), i;

	for (i = 0; reverse && i < list->nr / 2; i++) {
		u64 swap = list->id[i];

		list->id[i] = list->id[list->nr - 1 - i];
		list->id[list->nr - 1 - i] = swap;
	}
	return copy_to_guest(uids, list->id, nr * sizeof(*list->id)) ? -EFAULT : (s64)nr;
}

static s64 do_listmount(struct task *task, const struct mnt_id_req *req, struct list *list, const struct regs *regs)
{
	bool reverse = ARG3(regs) & LISTMOUNT_REVERSE;
	u64 behind = req->param ? req->param - MNT_UNIQUE_BASE : 0;
	s64 err;

	list->ns = task->nsproxy->mnt;
	list->before = UINT64_MAX;
	if (reverse && behind)
		list->before = behind;
	else
		list->after = behind;
	if (req->mnt_id == LSMT_ROOT)
		err = get_fs_root(task->fs, &list->top);
	else
		err = top_of_mount(list, req->mnt_id - MNT_UNIQUE_BASE);
	if (!err)
		err = may_list(task, list);
	if (!err)
		err = make_list(list);
	return err ? err : give_list(list, ARG1(regs), ARG2(regs), reverse);
}

SYSCALL(listmount)
{
	struct mnt_id_req req;
	struct list *list;
	s64 ret;

	if (ARG3(regs) & ~(u64)LISTMOUNT_REVERSE)
		return -EINVAL;
	if (ARG2(regs) > MOUNTS_MAX)
		return -EOVERFLOW;
	if (!access_ok(ARG1(regs), ARG2(regs) * sizeof(u64)))
		return -EFAULT;
	ret = get_mnt_id_req(task, ARG0(regs), &req);
	if (ret)
		return ret;
	if (req.param && req.param <= MNT_UNIQUE_BASE)
		return -EINVAL;
	list = kzalloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	ret = do_listmount(task, &req, list, regs);
	if (list->top.host)
		path_put(&list->top);
	kfree(list->id);
	kfree(list);
	return ret;
}
