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
	struct mnt_asked asked;
	struct path top;   /* only what is below that; put with the list */
	u64 not_this;	   /* nor the mount asked about */
	u64 after, before; /* only numbers between, exclusively */
	u64 *id;	   /* all in ascending order, of which max have room */
	u32 nr, max;
	char host[PATH_MAX], path[PATH_MAX];
};

static int take_mount(const struct mount *m, void *arg)
{
	struct list *list = arg;

	if (m->id == list->not_this || m->id <= list->after || m->id >= list->before)
		return 0;
	mnt_copy_string(list->host, sizeof(list->host), m->host);
	if (!dpath_below(list->asked.ns, &list->top, m->id, list->host, list->path, sizeof(list->path)))
		return 0;
	if (list->nr < list->max)
		list->id[list->nr] = mnt_unique_id(m->id);
	list->nr++;
	return 0;
}

/* A whole mount as the place below which is listed. */
static s64 top_of_mount(struct list *list, u64 id)
{
	const struct mount *m;
	size_t len;
	u64 seq;

	do {
		seq = mnt_read_begin(list->asked.ns);
		m = mnt_by_id_in(list->asked.ns, id);
		len = m ? mnt_copy_string(list->host, sizeof(list->host), m->host) : 0;
	} while (mnt_read_retry(list->asked.ns, seq));
	if (!m)
		return -ENOENT;
	list->not_this = id;
	list->top = (struct path){id, hpath_new(list->host, len)};
	return list->top.host ? 0 : -ENOMEM;
}

/* May the caller know of it? Not what is outside of its root, without capabilities. */
static bool may_list(struct list *list)
{
	bool below;
	u64 seq;

	do {
		seq = mnt_read_begin(list->asked.ns);
		below = list->asked.capable || dpath_below(list->asked.ns, &list->asked.root, list->top.mnt,
							   list->top.host->s, list->path, sizeof(list->path));
	} while (mnt_read_retry(list->asked.ns, seq));
	return below;
}

/* There may be more of them when the memory is there than when it was asked for. */
static s64 make_list(struct list *list)
{
	u64 seq;

	do {
		if (list->nr >= list->max) {
			kfree(list->id);
			list->max = list->nr + READ_ONCE(list->asked.ns->nr) + 1;
			list->id = kzalloc(list->max * sizeof(*list->id));
			if (!list->id)
				return -ENOMEM;
		}
		list->nr = 0;
		seq = mnt_read_begin(list->asked.ns);
		mnt_for_each(list->asked.ns, take_mount, list);
	} while (mnt_read_retry(list->asked.ns, seq) || list->nr > list->max);
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

/* Below which place: a whole mount, or the root. */
static s64 find_top(struct list *list)
{
	u64 id = list->asked.req.mnt_id;

	if (id != LSMT_ROOT)
		return top_of_mount(list, id - MNT_UNIQUE_BASE);
	list->top = (struct path){list->asked.root.mnt, hpath_get(list->asked.root.host)};
	return 0;
}

static s64 do_listmount(struct list *list, const struct regs *regs)
{
	bool reverse = ARG3(regs) & LISTMOUNT_REVERSE;
	u64 behind = list->asked.req.param ? list->asked.req.param - MNT_UNIQUE_BASE : 0;
	s64 err;

	list->before = UINT64_MAX;
	if (reverse && behind)
		list->before = behind;
	else
		list->after = behind;
	err = find_top(list);
	if (!err && !may_list(list))
		err = -EPERM;
	if (!err)
		err = make_list(list);
	return err ? err : give_list(list, ARG1(regs), ARG2(regs), reverse);
}

static s64 list_mounts(struct task *task, struct list *list, const struct regs *regs)
{
	s64 ret = get_mnt_id_req(ARG0(regs), &list->asked.req);

	if (ret)
		return ret;
	if (list->asked.req.param && list->asked.req.param <= MNT_UNIQUE_BASE)
		return -EINVAL;
	ret = find_mnt_ns(task, &list->asked, -ENOENT);
	if (!ret)
		ret = find_asked_root(task, &list->asked);
	if (ret)
		return ret;
	ret = do_listmount(list, regs);
	if (list->top.host)
		path_put(&list->top);
	path_put(&list->asked.root);
	kfree(list->id);
	return ret;
}

SYSCALL(listmount)
{
	struct list *list;
	s64 ret;

	if ((u32)ARG3(regs) & ~(u32)LISTMOUNT_REVERSE)
		return -EINVAL;
	if (ARG2(regs) > MOUNTS_MAX)
		return -EOVERFLOW;
	if (!access_ok(ARG1(regs), ARG2(regs) * sizeof(u64)))
		return -EFAULT;
	list = kzalloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	ret = list_mounts(task, list, regs);
	kfree(list);
	return ret;
}
