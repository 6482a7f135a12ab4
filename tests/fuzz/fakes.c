/* SPDX-License-Identifier: MIT */
/* The rest of the runtime's world, as far as the walk and the calls that change mounts see it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "arena/arena.h"
#include "host.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "vfs/proc.h"
#include "vfs/tmpfs.h"
#include "vfs/walk.h"
#include "walk.h"
#include "warden/client.h"
#include "warden/warden.h"

/* ---- memory and locks ---- */

long heap_blocks;

void *kzalloc(size_t size)
{
	heap_blocks++;
	return calloc(1, size);
}

void kfree(void *p)
{
	if (p)
		heap_blocks--;
	free(p);
}

void *shared_alloc(size_t size)
{
	abort();
}

u64 mm_new_id(void)
{
	return 1;
}

void mutex_lock(struct mutex *m)
{
	if (m->owner)
		abort();
	m->owner = 1;
}

void mutex_unlock(struct mutex *m)
{
	if (!m->owner)
		abort();
	m->owner = 0;
}

/* The guest's memory is ours. */

bool access_ok(u64 addr, u64 len)
{
	return true;
}

int copy_from_guest(void *dst, u64 src, size_t len)
{
	memcpy(dst, (const void *)src, len);
	return 0;
}

int copy_to_guest(u64 dst, const void *src, size_t len)
{
	memcpy((void *)dst, src, len);
	return 0;
}

int copy_struct_from_guest(void *dst, size_t size, u64 src, u64 given)
{
	return size == given ? copy_from_guest(dst, src, size) : -E2BIG;
}

s64 strncpy_from_guest(char *dst, u64 src, size_t size)
{
	size_t len = strlen((const char *)src);

	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(dst, (const char *)src, len + 1);
	return (s64)len;
}

/* ---- the warden, next door ---- */

void request_init(struct request *req, u32 op, const struct task *task)
{
	memset(req, 0, sizeof(*req));
	req->op = op;
	req->uid = task->cred->euid;
	req->caps = task->cred->cap_effective;
}

bool request_add(struct request *req, const char *s, size_t len)
{
	size_t at = 0;

	for (u32 i = 0; i < req->nr; i++)
		at += req->len[i] + 1u;
	if (at + len + 1 > sizeof(req->data))
		return false;
	memcpy(req->data + at, s, len);
	req->data[at + len] = '\0';
	req->len[req->nr++] = (u16)len;
	return true;
}

static s64 carry_out(struct call *call)
{
	switch (call->req->op) {
	case REQ_MOUNT_NEW:
		return do_mount_new(call);
	case REQ_BIND:
		return do_bind(call);
	case REQ_MOVE:
		return do_move(call);
	case REQ_REMOUNT:
		return do_remount(call);
	case REQ_UMOUNT:
		return do_umount(call);
	case REQ_PIVOT:
		return do_pivot(call);
	case REQ_SET_ATTR:
		return do_set_attr(call);
	case REQ_SET_GROUP:
		return do_set_group(call);
	case REQ_OPEN_TREE:
		return do_open_tree(call);
	case REQ_FSMOUNT:
		return do_fsmount(call);
	case REQ_HOLD_ROOT:
		return mnt_hold_root(call->s[0]);
	case REQ_UNLINK: /* Is it mounted? Such a file stays, in the model. */
		return 0;
	}
	abort();
}

s64 warden_call(const struct task *task, struct request *req, u64 *value)
{
	const struct handle self = {.mnt = task->nsproxy->mnt, .user = task->nsproxy->user};
	struct call call = {.req = req, .self = &self, .s = {"", "", "", ""}, .fd = -1};
	const char *p = req->data;
	s64 ret;

	for (u32 i = 0; i < req->nr; i++) {
		call.s[i] = p;
		p += req->len[i] + 1u;
	}
	mnt_detached = NULL;
	ret = carry_out(&call);
	mnt_detached = arena()->detached;
	return ret;
}

/* warden/names.c, for this disk. */
static struct {
	const struct node *node;
	char path[PATH_MAX];
} held[2];
static unsigned nr_held;

s64 warden_call_held(const struct task *task, struct request *req, s32 *fd)
{
	const char *p = req->data;

	nr_held = 0;
	for (u32 i = 0; i < req->nr; i++, p += strlen(p) + 1) {
		held[nr_held].node = mnt_path_used(p) ? disk_at(p) : NULL;
		strcpy(held[nr_held].path, p);
		nr_held += held[nr_held].node != NULL;
	}
	*fd = nr_held ? 0 : -1;
	return nr_held ? 0 : -ENOENT;
}

void warden_let_go(const struct task *task, s32 fd, bool wait)
{
	static char now[2][PATH_MAX];
	struct path_move moves[2];
	unsigned nr = 0;

	for (unsigned i = 0; i < nr_held; i++) {
		if (held[i].node->dead || strcmp(disk_path(held[i].node, now[i]), held[i].path) != 0)
			moves[nr++] = (struct path_move){held[i].path, held[i].node->dead ? NULL : now[i]};
	}
	mnt_detached = NULL;
	if (nr)
		mounts_follow(moves, nr);
	mnt_detached = arena()->detached;
}

/* ---- its handles: those on trees ---- */

static struct handle *free_handle(void)
{
	u32 i = 0;

	while (i < arena()->nr_handles && handle_at(i)->inode)
		i++;
	if (i == HANDLES_CHUNK)
		abort();
	if (i == arena()->nr_handles)
		arena()->nr_handles++;
	return handle_at(i);
}

s64 call_publish(struct call *call, struct ns_set *set)
{
	struct handle *h = free_handle();

	h->kind = set->kind;
	h->user = set->user;
	h->tree = set->tree;
	h->origin = set->origin;
	h->inode = call->req->self_inode;
	atomic_fetch_add(&arena()->tree_handles, 1);
	return h - handle_at(0);
}

void walk_publish(struct nsproxy *ns)
{
	static u64 inodes = 1UL << 40; /* none that a file has */
	struct handle *h = free_handle();

	ns->inode = ++inodes;
	*h = (struct handle){.inode = ns->inode, .mnt = ns->mnt, .uts = ns->uts, .user = ns->user};
}

struct handle *handle_find(u64 inode)
{
	return (struct handle *)handle_by_inode(inode);
}

bool loop_hung_up(u32 index)
{
	return false;
}

void host_socket_closed(const struct node *n)
{
	struct handle *h = handle_find(n->ino);

	if (!h)
		return;
	mnt_detached = NULL;
	h->inode = 0;
	atomic_fetch_sub(&arena()->tree_handles, 1);
	tree_put((struct mount *)h->tree);
	user_ns_put(h->user);
	h->tree = NULL;
	mnt_detached = arena()->detached;
}

s64 warden_open_ns(const struct task *task, struct request *req, s32 *fd, u64 *inode)
{
	s32 socket = host_fd_socket();
	s64 ret;

	if (socket < 0)
		return socket;
	req->self_inode = *inode = host_fd_node(socket)->ino;
	ret = warden_call(task, req, NULL);
	if (ret < 0)
		host_close(socket);
	else
		*fd = socket;
	return ret < 0 ? ret : 0;
}

/* Here of a new tmpfs, without a context. */
s64 do_fsmount(struct call *call)
{
	static struct fs_spec spec;
	static struct fresh fresh;
	struct mount_spec mount = {.point = "", .flags = call->req->flags, .dir = true, .host = fresh.host};
	s64 id = fs_spec_init(&spec, call, "tmpfs");

	if (!id)
		id = fs_spec_make(&spec, &fresh);
	if (id)
		return id;
	mount.sb = fresh.sb;
	id = mnt_new_detached(arena()->detached, &mount);
	super_put(fresh.sb);
	return id < 0 ? id : tree_publish(call, (u64)id, 0);
}

bool call_capable(const struct call *call, const struct user_ns *target, int cap)
{
	return call->self->user == target;
}

void log_refusal(const struct call *call, const char *what, const char *why)
{
}

s64 warden_show_tree(const struct task *task, int fd)
{
	abort();
}

bool path_busy(const char *path)
{
	return false;
}

bool path_written(const char *path)
{
	return false;
}

int fs_spec_init(struct fs_spec *spec, const struct call *call, const char *type)
{
	memset(spec, 0, sizeof(*spec));
	strcpy(spec->source, "none");
	spec->owner = call->self->user;
	return strcmp(type, "tmpfs") ? -ENODEV : 0;
}

int fs_spec_options(struct fs_spec *spec, const struct user_ns *ns, const char *text)
{
	const char *given = strchr(text, '=');

	if (given)
		spec->tmpfs.nr_inodes = strtoul(given + 1, NULL, 10);
	return 0;
}

void fs_spec_of(struct fs_spec *spec, const struct super *sb)
{
	spec->owner = sb->owner;
}

int fs_spec_check(const struct fs_spec *spec, struct call *call, const struct super *sb, const struct handle *log)
{
	return 0;
}

void fs_spec_apply(const struct fs_spec *spec, struct super *sb)
{
	atomic_store(&sb->flags, spec->flags);
}

int fs_spec_make(const struct fs_spec *spec, struct fresh *out)
{
	out->sb = super_create(SUPER_TMPFS, "tmpfs", spec->source, "", spec->flags, WALK_TMPFS_DEV, WALK_HOST_DEV);
	if (!out->sb)
		return -ENOMEM;
	out->sb->owner = user_ns_get(spec->owner);
	out->sb->max_inodes = spec->tmpfs.nr_inodes;
	out->sb->storage = walk_tmpfs(out->host);
	return 0;
}

int warden_new_namespaces(struct nsproxy *old, const struct cred *cred, u64 flags, struct nsproxy **out)
{
	struct nsproxy *ns = kzalloc(sizeof(*ns));

	memcpy(ns, old, sizeof(*ns));
	ns->users = 1;
	ns->user = flags & CLONE_NEWUSER ? user_ns_create(old->user, cred->euid, cred->egid) : user_ns_get(old->user);
	ns->mnt = mnt_ns_dup(old->mnt, ns->user);
	ns->uts = uts_ns_get(old->uts);
	walk_publish(ns);
	*out = ns;
	return 0;
}

void warden_close_handle(const struct nsproxy *ns, const struct files_struct *files)
{
	handle_find(ns->inode)->inode = 0;
	uts_ns_put(ns->uts);
	mnt_ns_put(ns->mnt);
	user_ns_put(ns->user);
}

void guest_log(const struct task *task, const char *format, ...)
{
}

/* ---- the directory cache, as the warden keeps it: what becomes of the disk is known, but only when it is asked for
 * ---- */

static void entry_gone(const struct dentry *e)
{
}

static void enter(const char *path, const char *text)
{
	struct dcache *dc = &arena()->dcache;
	char known[PATH_MAX];
	struct dentry *e;

	if (dcache_readlink(dc, path, strlen(path), known, sizeof(known)) ||
	    dcache_is_directory(dc, path, strlen(path)))
		return;
	e = dcache_add(dc, path, text, entry_gone);
	if (e)
		dcache_count(e);
}

void walk_know_directory(const char *path)
{
	if (path[1])
		enter(path, "");
}

/* How often a directory was missed is counted over all inputs, which must not depend on each other. */
void warden_post(const struct task *task, struct request *req)
{
	const struct node *n = disk_at(req->data);

	if (n && n->kind == NODE_LINK && !req->arg)
		enter(req->data, n->text);
}

s64 warden_tell(const struct task *task, struct request *req)
{
	for (int i = 0; i < HOST_GONE; i++) {
		if (host_gone[i][0])
			dcache_drop(&arena()->dcache, host_gone[i], entry_gone);
		host_gone[i][0] = '\0';
	}
	dcache_forget_recents(&arena()->dcache);
	return 0;
}

/* ---- what never happens here ---- */

bool fd_is_ours(int fd)
{
	return false;
}

bool strict_linux(void)
{
	return false;
}

unsigned nr_threads(const struct task *task)
{
	return 1;
}

unsigned mm_users(void)
{
	return 1;
}

int host_unshare_files(void)
{
	return 0;
}

void host_files_unshared(struct task *task, struct own_fds *own)
{
}

int host_part_sem_undo(struct sem_undo *sem)
{
	return 0;
}

void host_leave_sem_undo(const struct sem_undo *sem, u32 id)
{
}

bool host_sem_exists(s32 set)
{
	return false;
}

int host_leave_mm(struct task *task, u64 flags, struct unshared *new)
{
	abort();
}

void host_sync_actions(struct sighand_group *group, u64 signals)
{
}
