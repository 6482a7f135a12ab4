/* SPDX-License-Identifier: MIT */
/*
 * statmount(2), listmount(2): what /proc/PID/mountinfo says, asked of one mount by its unique number.
 */
#include "sys/statmount.h"

#include <asm/statfs.h>
#include <linux/magic.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/mount_fds.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

#define SB_FLAGS_SHOWN (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME)
#define SUPPORTED                                                                                                      \
	(STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_PROPAGATE_FROM | STATMOUNT_MNT_ROOT |                    \
	 STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE | STATMOUNT_MNT_NS_ID | STATMOUNT_MNT_OPTS | STATMOUNT_SB_SOURCE |    \
	 STATMOUNT_OPT_ARRAY | STATMOUNT_SUPPORTED_MASK)

/* ---- whom it is about ---- */

s64 get_mnt_id_req(struct task *task, u64 ureq, struct mnt_id_req *req)
{
	u32 size;
	s64 err;

	if (get_guest(size, ureq))
		return -EFAULT;
	if (size > 4096)
		return -E2BIG;
	if (size < MNT_ID_REQ_SIZE_VER0)
		return -EINVAL;
	err = copy_struct_from_guest(req, sizeof(*req), ureq, size);
	if (err)
		return err;
	if (req->mnt_ns_fd || req->mnt_id <= MNT_UNIQUE_BASE)
		return -EINVAL;
	if (req->mnt_ns_id && req->mnt_ns_id != task->nsproxy->mnt->inum) {
		guest_log(task, "statmount, listmount of another mount namespace: not built, ENOENT");
		return -ENOENT;
	}
	return 0;
}

/* ---- the answer ---- */

struct answer {
	struct task *task;
	const struct path *root; /* the task's */
	u64 id, mask;
	struct statmount st;
	struct fmt strings;
	char host[PATH_MAX]; /* what the mount shows */
};

static void begin_string(struct answer *a, u64 bit, u32 *offset)
{
	*offset = (u32)a->strings.len;
	a->st.mask |= bit;
}

static void put_string(struct answer *a, u64 bit, u32 *offset, const char *s)
{
	char text[PATH_MAX];

	if (!(a->mask & bit))
		return;
	mnt_copy_string(text, sizeof(text), s);
	begin_string(a, bit, offset);
	fmt_bytes(&a->strings, text, strlen(text) + 1);
}

static u64 attributes(u32 flags)
{
	static const struct {
		u32 flag, attr;
	} names[] = {
	    {MS_RDONLY, MOUNT_ATTR_RDONLY},	    {MS_NOSUID, MOUNT_ATTR_NOSUID},
	    {MS_NODEV, MOUNT_ATTR_NODEV},	    {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
	    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
	};
	u64 attr = flags & MS_NOATIME ? MOUNT_ATTR_NOATIME : flags & MS_RELATIME ? 0 : MOUNT_ATTR_STRICTATIME;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		attr |= flags & names[i].flag ? names[i].attr : 0;
	return attr;
}

static u64 propagation_of(const struct mnt_ns *ns, const struct mount *m, const struct peer_numbers *n)
{
	u64 type = (n->shared ? MS_SHARED : 0) | (n->master ? MS_SLAVE : 0);

	if (mnt_propagation(ns, m) == PROP_UNBINDABLE)
		type = MS_UNBINDABLE;
	return type ? type : MS_PRIVATE;
}

static void put_peers(struct answer *a, const struct mount *m)
{
	const struct mnt_ns *ns = a->task->nsproxy->mnt;
	struct statmount *st = &a->st;
	struct peer_numbers n;

	peer_numbers_below(ns, a->root, m, &n);
	if (a->mask & STATMOUNT_MNT_BASIC) {
		st->mnt_propagation = propagation_of(ns, m, &n);
		st->mnt_peer_group = n.shared;
		st->mnt_master = n.master;
	}
	if (a->mask & STATMOUNT_PROPAGATE_FROM) {
		st->mask |= STATMOUNT_PROPAGATE_FROM;
		st->propagate_from = n.from;
	}
}

static void put_numbers(struct answer *a, const struct mount *m, const struct super *sb)
{
	struct statmount *st = &a->st;

	if (a->mask & STATMOUNT_SB_BASIC) {
		st->mask |= STATMOUNT_SB_BASIC;
		st->sb_dev_major = (u32)(sb->dev >> 8 & 0xfff) | (u32)(sb->dev >> 32 & ~0xfffULL);
		st->sb_dev_minor = (u32)(sb->dev & 0xff) | (u32)(sb->dev >> 12 & ~0xffULL);
		st->sb_flags = sb->flags & SB_FLAGS_SHOWN;
		st->sb_magic = sb->kind == SUPER_TMPFS ? TMPFS_MAGIC : 0;
	}
	if (a->mask & STATMOUNT_MNT_BASIC) {
		st->mask |= STATMOUNT_MNT_BASIC;
		st->mnt_id = mnt_unique_id(m->id);
		st->mnt_parent_id = mnt_unique_id(m->parent);
		st->mnt_id_old = (u32)m->id;
		st->mnt_parent_id_old = (u32)m->parent;
		st->mnt_attr = attributes(m->flags);
	}
	if (a->mask & STATMOUNT_MNT_NS_ID) {
		st->mask |= STATMOUNT_MNT_NS_ID;
		st->mnt_ns_id = a->task->nsproxy->mnt->inum;
	}
	if (a->mask & STATMOUNT_SUPPORTED_MASK) {
		st->mask |= STATMOUNT_SUPPORTED_MASK;
		st->supported_mask = SUPPORTED;
	}
}

/* One behind the other, each with its NUL. */
static void put_option_array(struct answer *a, const char *options)
{
	begin_string(a, STATMOUNT_OPT_ARRAY, &a->st.opt_array);
	a->st.opt_num = 1;
	for (; *options; options++) {
		a->st.opt_num += *options == ',';
		fmt_char(&a->strings, *options == ',' ? '\0' : *options);
	}
	fmt_char(&a->strings, '\0');
}

static void put_strings(struct answer *a, const struct mount *m, const struct super *sb, const char *point)
{
	char options[sizeof(sb->options)];

	put_string(a, STATMOUNT_FS_TYPE, &a->st.fs_type, sb->fstype);
	put_string(a, STATMOUNT_MNT_ROOT, &a->st.mnt_root, m->fsroot);
	if (point && (a->mask & STATMOUNT_MNT_POINT)) {
		begin_string(a, STATMOUNT_MNT_POINT, &a->st.mnt_point);
		fmt_bytes(&a->strings, point, strlen(point) + 1);
	}
	if (mnt_copy_string(options, sizeof(options), sb->options)) {
		put_string(a, STATMOUNT_MNT_OPTS, &a->st.mnt_opts, sb->options);
		if (a->mask & STATMOUNT_OPT_ARRAY)
			put_option_array(a, options);
	}
	put_string(a, STATMOUNT_SB_SOURCE, &a->st.sb_source, sb->source);
}

/* Inside a read section. 0, -ENOENT, or -EPERM: it is not below the task's root. */
static s64 fill_answer(struct answer *a, char *path)
{
	const struct mnt_ns *ns = a->task->nsproxy->mnt;
	const struct mount *m = mnt_by_id_in(ns, a->id);
	const struct super *sb = m ? READ_ONCE(m->sb) : NULL;
	const char *point;

	memset(&a->st, 0, sizeof(a->st));
	a->strings.len = 0;
	fmt_char(&a->strings, '\0'); /* what has no offset is empty */
	if (!m || !arena_contains(sb, sizeof(*sb)))
		return -ENOENT;
	mnt_copy_string(a->host, sizeof(a->host), m->host);
	point = dpath_below(ns, a->root, m->id, a->host, path, PATH_MAX);
	if (!point && !ns_capable(a->task, ns->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	put_numbers(a, m, sb);
	put_peers(a, m);
	put_strings(a, m, sb, point);
	return 0;
}

static s64 make_answer(struct answer *a)
{
	const struct mnt_ns *ns = a->task->nsproxy->mnt;
	char path[PATH_MAX];
	struct statfs fs;
	u64 seq, groups_seq;
	s64 err;

	do {
		groups_seq = groups_read_begin();
		seq = mnt_read_begin(ns);
		err = fill_answer(a, path);
	} while (mnt_read_retry(ns, seq) || groups_read_retry(groups_seq));
	if (!err && (a->mask & STATMOUNT_SB_BASIC) && !a->st.sb_magic && !host_call2(__NR_statfs, a->host, &fs))
		a->st.sb_magic = (u64)fs.f_type;
	return err;
}

/* As much of the structure as there is room for; the strings whole or not at all. */
static s64 give_answer(struct answer *a, u64 ubuf, u64 size)
{
	u64 fixed = MIN(size, sizeof(a->st)), strings = 0;

	if (a->mask & STATMOUNT_STRINGS) {
		strings = a->strings.len;
		if (size < sizeof(a->st) + strings)
			return -EOVERFLOW;
	}
	a->st.size = (u32)(fixed + strings);
	if (copy_to_guest(ubuf, &a->st, fixed))
		return -EFAULT;
	return strings ? copy_to_guest(ubuf + sizeof(a->st), a->strings.buf, strings) : 0;
}

#define STRINGS_SIZE (3 * PATH_MAX)

static s64 do_statmount(struct task *task, const struct mnt_id_req *req, const struct path *root, u64 ubuf, u64 size)
{
	struct answer *a = kzalloc(sizeof(*a) + STRINGS_SIZE);
	s64 err;

	if (!a)
		return -ENOMEM;
	a->task = task;
	a->root = root;
	a->id = req->mnt_id - MNT_UNIQUE_BASE;
	a->mask = req->param;
	fmt_init(&a->strings, (char *)(a + 1), STRINGS_SIZE);
	err = make_answer(a);
	if (!err)
		err = give_answer(a, ubuf, size);
	kfree(a);
	return err;
}

SYSCALL(statmount)
{
	struct mnt_id_req req;
	struct path root;
	s64 err;

	if (ARG3(regs))
		return -EINVAL;
	err = get_mnt_id_req(task, ARG0(regs), &req);
	if (err)
		return err;
	if (!access_ok(ARG1(regs), ARG2(regs)))
		return -EFAULT;
	err = get_fs_root(task->fs, &root);
	if (err)
		return err;
	err = do_statmount(task, &req, &root, ARG1(regs), ARG2(regs));
	path_put(&root);
	return err;
}
