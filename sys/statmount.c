/* SPDX-License-Identifier: MIT */
/*
 * statmount(2), listmount(2): what /proc/PID/mountinfo says, asked of one mount by its unique number.
 */
#include "sys/statmount.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/mount_fds.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/walk.h"
#include "warden/client.h"

#define SB_FLAGS_SHOWN (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME)
#define SUPPORTED                                                                                                      \
	(STATMOUNT_SB_BASIC | STATMOUNT_MNT_BASIC | STATMOUNT_PROPAGATE_FROM | STATMOUNT_MNT_ROOT |                    \
	 STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE | STATMOUNT_MNT_NS_ID | STATMOUNT_MNT_OPTS | STATMOUNT_SB_SOURCE |    \
	 STATMOUNT_OPT_ARRAY | STATMOUNT_SUPPORTED_MASK)

/* ---- whom it is about ---- */

s64 get_mnt_id_req(u64 ureq, struct mnt_id_req *req)
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
	return (req->mnt_ns_fd && req->mnt_ns_id) || req->mnt_id <= MNT_UNIQUE_BASE ? -EINVAL : 0;
}

/*
 * The last who was in it may have been waited for, of whose end the warden hears by its handle. A first message can be
 * read in the same round as that, and before it; not a second one.
 */
static const struct mnt_ns *mnt_ns_by_id(const struct task *task, u64 id)
{
	struct request req;

	for (int i = 0; i < 2 && mnt_ns_in_use(id); i++) {
		request_init(&req, REQ_SETTLE, task);
		warden_call(task, &req, NULL);
	}
	return mnt_ns_in_use(id);
}

static s64 mnt_ns_by_fd(struct task *task, int fd, const struct mnt_ns **out)
{
	const struct handle *h;
	struct fd_info note;

	if (fd_is_ours(fd) || host_call2(__NR_fcntl, fd, F_GETFD) < 0)
		return -EBADF;
	h = fd_note(task, fd, &note) && note.kind == FD_NS && note.sub == NS_MNT ? handle_by_inode(note.ino) : NULL;
	*out = h ? READ_ONCE(h->mnt) : NULL;
	return arena_contains(*out, sizeof(**out)) ? 0 : -EINVAL;
}

s64 find_mnt_ns(struct task *task, struct mnt_asked *asked, s64 refusal)
{
	const struct mnt_id_req *req = &asked->req;
	const struct user_ns *owner;
	s64 err = 0;

	asked->ns = task->nsproxy->mnt;
	if (req->mnt_ns_fd)
		err = mnt_ns_by_fd(task, req->mnt_ns_fd, &asked->ns);
	else if (req->mnt_ns_id && req->mnt_ns_id != asked->ns->inum)
		asked->ns = mnt_ns_by_id(task, req->mnt_ns_id);
	if (err || !asked->ns)
		return err ? err : -ENOENT;
	owner = READ_ONCE(asked->ns->user_ns);
	asked->capable = arena_contains(owner, sizeof(*owner)) && ns_capable(task, owner, CAP_SYS_ADMIN);
	return req->mnt_ns_id && asked->ns != task->nsproxy->mnt && !asked->capable ? refusal : 0;
}

s64 find_asked_root(struct task *task, struct mnt_asked *asked)
{
	return asked->ns == task->nsproxy->mnt ? get_fs_root(task->fs, &asked->root) : ns_root(asked->ns, &asked->root);
}

/* ---- the answer ---- */

struct answer {
	const struct mnt_asked *asked;
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

	if (!(a->mask & bit) || !mnt_copy_string(text, sizeof(text), s))
		return;
	begin_string(a, bit, offset);
	fmt_bytes(&a->strings, text, strlen(text) + 1);
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
	const struct mnt_ns *ns = a->asked->ns;
	struct statmount *st = &a->st;
	struct peer_numbers n;

	peer_numbers_below(ns, &a->asked->root, m, &n);
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
		st->mnt_attr = mount_flags_to_attr(m->flags);
	}
	if (a->mask & STATMOUNT_MNT_NS_ID) {
		st->mask |= STATMOUNT_MNT_NS_ID;
		st->mnt_ns_id = a->asked->ns->inum;
	}
	if (a->mask & STATMOUNT_SUPPORTED_MASK) {
		st->mask |= STATMOUNT_SUPPORTED_MASK;
		st->supported_mask = SUPPORTED;
	}
}

static void put_options(struct answer *a, const char *options)
{
	if (!(a->mask & STATMOUNT_MNT_OPTS))
		return;
	begin_string(a, STATMOUNT_MNT_OPTS, &a->st.mnt_opts);
	fmt_bytes(&a->strings, options, strlen(options) + 1);
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
	char options[SUPER_OPTIONS];

	put_string(a, STATMOUNT_FS_TYPE, &a->st.fs_type, sb->fstype);
	put_string(a, STATMOUNT_MNT_ROOT, &a->st.mnt_root, m->fsroot);
	if (point && (a->mask & STATMOUNT_MNT_POINT)) {
		begin_string(a, STATMOUNT_MNT_POINT, &a->st.mnt_point);
		fmt_bytes(&a->strings, point, strlen(point) + 1);
	}
	if (super_copy_options(options, sb)) {
		put_options(a, options);
		if (a->mask & STATMOUNT_OPT_ARRAY)
			put_option_array(a, options);
	}
	put_string(a, STATMOUNT_SB_SOURCE, &a->st.sb_source, sb->source);
}

/* Inside a read section. 0, -ENOENT, or -EPERM: it is not below the task's root. */
static s64 fill_answer(struct answer *a, char *path)
{
	const struct mnt_asked *asked = a->asked;
	const struct mount *m = mnt_by_id_in(asked->ns, a->id);
	const struct super *sb = m ? READ_ONCE(m->sb) : NULL;
	const char *point;

	memset(&a->st, 0, sizeof(a->st));
	a->strings.len = 0;
	fmt_char(&a->strings, '\0'); /* what has no offset is empty */
	if (!m || !arena_contains(sb, sizeof(*sb)))
		return -ENOENT;
	mnt_copy_string(a->host, sizeof(a->host), m->host);
	point = dpath_below(asked->ns, &asked->root, m->id, a->host, path, PATH_MAX);
	if (!point && !asked->capable)
		return -EPERM;
	put_numbers(a, m, sb);
	put_peers(a, m);
	put_strings(a, m, sb, point);
	return 0;
}

static s64 make_answer(struct answer *a)
{
	const struct mnt_ns *ns = a->asked->ns;
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
	u64 fixed = MIN(size, sizeof(a->st)), strings = a->mask & STATMOUNT_STRINGS ? a->strings.len : 0;

	/* Without one, there is the empty string, for which there need be no room. */
	if (strings > 1 && size < sizeof(a->st) + strings)
		return -EOVERFLOW;
	a->st.size = (u32)(fixed + strings);
	if (copy_to_guest(ubuf, &a->st, fixed))
		return -EFAULT;
	return size > sizeof(a->st) ? copy_to_guest(ubuf + sizeof(a->st), a->strings.buf, strings) : 0;
}

#define STRINGS_SIZE (3 * PATH_MAX)

static s64 do_statmount(const struct mnt_asked *asked, u64 ubuf, u64 size)
{
	struct answer *a = kzalloc(sizeof(*a) + STRINGS_SIZE);
	s64 err;

	if (!a)
		return -ENOMEM;
	a->asked = asked;
	a->id = asked->req.mnt_id - MNT_UNIQUE_BASE;
	a->mask = asked->req.param;
	fmt_init(&a->strings, (char *)(a + 1), STRINGS_SIZE);
	err = make_answer(a);
	if (!err)
		err = give_answer(a, ubuf, size);
	kfree(a);
	return err;
}

SYSCALL(statmount)
{
	u64 ubuf = ARG1(regs), size = ARG2(regs);
	struct mnt_asked asked;
	s64 err;

	if ((u32)ARG3(regs))
		return -EINVAL;
	err = get_mnt_id_req(ARG0(regs), &asked.req);
	if (!err)
		err = find_mnt_ns(task, &asked, -EPERM);
	if (err)
		return err;
	if (!access_ok(ubuf, size))
		return -EFAULT;
	if ((asked.req.param & STATMOUNT_STRINGS) && size == sizeof(struct statmount))
		return -EOVERFLOW;
	err = find_asked_root(task, &asked);
	if (err)
		return err;
	err = do_statmount(&asked, ubuf, size);
	path_put(&asked.root);
	return err;
}
