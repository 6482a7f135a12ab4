/* SPDX-License-Identifier: MIT */
/* Paths in socket addresses: see sys/sockaddr.h. */
#include "sys/sockaddr.h"

#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/place.h"
#include "warden/client.h"

#define SUN_PATH     2 /* offset of the path */
#define SUN_PATH_MAX 108

/* The path in an address, terminated; false: the address has none, or the host refuses it anyway. */
static bool sun_path(const struct host_addr *a, u32 len, char *path)
{
	size_t n;

	if (len <= SUN_PATH || len > SUN_PATH + SUN_PATH_MAX || a->family != AF_UNIX || !a->bytes[SUN_PATH])
		return false;
	n = strnlen(a->bytes + SUN_PATH, len - SUN_PATH);
	memcpy(path, a->bytes + SUN_PATH, n);
	path[n] = '\0';
	return true;
}

/* 0 or -ENAMETOOLONG. */
static s64 set_path(struct host_addr *a, const char *path)
{
	size_t n = strlen(path) + 1;

	if (n > SUN_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(a->bytes + SUN_PATH, path, n);
	a->len = SUN_PATH + (u32)n;
	return 0;
}

static void set_failed(struct host_addr *a, s64 err)
{
	a->err = err;
	if (err)
		set_path(a, PATH_MISSING);
}

static s64 copy_addr(u64 uaddr, int len, struct host_addr *a)
{
	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	a->len = (u32)len;
	a->fd = -1;
	return copy_from_guest(a->bytes, uaddr, (size_t)len);
}

s64 host_addr_result(struct host_addr *a, s64 result)
{
	if (a->fd >= 0)
		host_close(a->fd);
	return a->err && result == -ENOENT ? a->err : result;
}

/* ---- a socket that is there ---- */

s64 host_addr_get(struct task *task, u64 uaddr, int len, struct host_addr *a)
{
	char path[SUN_PATH_MAX + 1], link[FD_PATH_SIZE];
	struct nameidata nd;
	s64 err = copy_addr(uaddr, len, a);

	if (err || !sun_path(a, a->len, path))
		return err;
	err = path_lookup(task, AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_LAZY, &nd);
	if (!err) {
		a->fd = nd.fd; /* goes with the address, not with nd */
		fd_path(link, nd.fd);
		err = set_path(a, link);
	}
	set_failed(a, err);
	return 0;
}

/* ---- a socket to be made ---- */

/* dir/name; false: too long. */
static bool join(char *out, const char *dir, size_t dir_len, const char *name, size_t len)
{
	if (dir_len + len + 2 > PATH_MAX)
		return false;
	memcpy(out, dir, dir_len);
	if (dir_len > 1)
		out[dir_len++] = '/';
	memcpy(out + dir_len, name, len);
	out[dir_len + len] = '\0';
	return true;
}

/* Does the host, asked with the guest's own words, come to the same name? */
static bool same_on_host(struct task *task, const char *path, const char *host)
{
	char whole[PATH_MAX];
	struct path pwd;
	bool same;

	if (path[0] == '/')
		return !strcmp(path, host);
	get_fs_pwd(task->fs, &pwd);
	same = join(whole, pwd.host->s, pwd.host->len, path, strlen(path)) && !strcmp(whole, host);
	path_put(&pwd);
	return same;
}

/* An existing name is in use; only then the slash after it and the mount matter. */
static s64 may_bind(const struct nameidata *nd)
{
	if (nd->last_type != LAST_NORM)
		return -EADDRINUSE;
	if (!place_readonly(nd) && !nd->trailing_slash)
		return 0;
	if (host_call4(__NR_faccessat2, nd->fd, nd->last, 0, AT_SYMLINK_NOFOLLOW) != -ENOENT)
		return -EADDRINUSE;
	return nd->trailing_slash ? -ENOENT : -EROFS;
}

/* By way of a descriptor on the directory, which is as long as the name. */
static s64 bind_through_fd(const struct nameidata *nd, struct host_addr *a)
{
	char path[FD_PATH_SIZE + NAME_MAX + 2];
	size_t n;

	a->fd = (int)host_own_fd(__NR_fcntl, nd->fd, F_DUPFD_CLOEXEC, 0, 0);
	if (a->fd < 0)
		return a->fd;
	fd_path(path, a->fd);
	n = strlen(path);
	path[n++] = '/';
	memcpy(path + n, nd->last, nd->last_len);
	path[n + nd->last_len] = '\0';
	return set_path(a, path);
}

/* The guest's word for the socket at a host path, if it has to be found out; false: it cannot be. */
static bool guest_path(struct task *task, const char *host, char *buf, size_t size);

/* By an alias of the directory, from which the guest's own word can be read (warden/alias.c). 0 or -errno. */
static s64 bind_through_alias(const struct task *task, const char *path, const struct nameidata *nd,
			      struct host_addr *a)
{
	char word[SUN_PATH_MAX + 2] = {ALIAS_MARK}, text[PATH_MAX];
	size_t len = strlen(path) - nd->last_len;
	struct request req;
	struct fmt f;
	s64 number;

	memcpy(word + 1, path, len);
	request_init(&req, REQ_ALIAS, task);
	if (!request_add(&req, nd->host, nd->len) || !request_add(&req, word, len + 1))
		return -ENAMETOOLONG;
	number = warden_call(task, &req, NULL);
	if (number < 0)
		return number;
	fmt_init(&f, text, sizeof(text));
	fmt_print(&f, "/%s/@%lx/%s", arena()->storage, (unsigned long)number, nd->last);
	return fmt_overflow(&f) ? -ENAMETOOLONG : set_path(a, text);
}

/*
 * Names the place for the host so that guest_addr() can tell what the guest calls it: as the guest does where that
 * means the same; else by its host path, with a double slash to be known by, where the guest's word follows from that;
 * else by an alias; where there can be none, by its host path all the same. Where the name is too long for all of that,
 * nobody will be told: it goes through the parent's descriptor.
 */
static s64 bind_at(struct task *task, const char *path, const struct nameidata *nd, struct host_addr *a)
{
	char host[PATH_MAX + 1] = "/", guest[PATH_MAX];
	s64 err = may_bind(nd);
	bool whole;

	if (err || nd->fd == AT_FDCWD)
		return err;
	whole = join(host + 1, nd->host, nd->len, nd->last, nd->last_len);
	if (whole && same_on_host(task, path, host + 1))
		return 0;
	if (whole && guest_path(task, host + 1, guest, sizeof(guest)) && !strcmp(guest, path) && !set_path(a, host))
		return 0;
	if (!bind_through_alias(task, path, nd, a))
		return 0;
	if (whole && !set_path(a, host))
		return 0;
	guest_log(task, "bind: getsockname will not tell %s", path);
	return bind_through_fd(nd, a);
}

s64 host_addr_get_new(struct task *task, u64 uaddr, int len, struct host_addr *a)
{
	char path[SUN_PATH_MAX + 1];
	struct nameidata nd;
	s64 err = copy_addr(uaddr, len, a);

	if (err || !sun_path(a, a->len, path))
		return err;
	err = path_lookup(task, AT_FDCWD, path, LOOKUP_PARENT, &nd);
	if (!err) {
		err = bind_at(task, path, &nd, a);
		path_release(&nd);
	}
	set_failed(a, err);
	return 0;
}

/* ---- the way back ---- */

/* The mount that shows most of a host path; of equal ones the first. */
struct best_mount {
	const char *path;
	size_t len;
	u32 host_len;
	u64 id;
};

static int match_best(const struct mount *m, void *arg)
{
	struct best_mount *best = arg;
	const char *host = READ_ONCE(m->host);
	u32 len = READ_ONCE(m->host_len);

	if (len > best->len || (best->id && len <= best->host_len) || !arena_contains(host, len))
		return 0;
	if (len > 1 && (memcmp(host, best->path, len) || best->path[len] != '/'))
		return 0;
	best->host_len = len;
	best->id = m->id;
	return 0;
}

static u64 mount_showing(const struct mnt_ns *ns, const char *path)
{
	struct best_mount best;
	u64 seq;

	do {
		best = (struct best_mount){.path = path, .len = strlen(path)};
		seq = mnt_read_begin(ns);
		mnt_for_each(ns, match_best, &best);
	} while (mnt_read_retry(ns, seq));
	return best.id;
}

/* What an alias says; false: the host path has none in it. */
static bool alias_path(const char *host, char *buf, size_t size)
{
	const char *storage = arena()->storage, *name = host + strlen(storage), *last;
	char word[SUN_PATH_MAX + 2], link[sizeof(arena()->storage) + 32];
	struct fmt f;
	long n;

	if (!*storage || strncmp(host, storage, strlen(storage)) != 0 || strncmp(name, "/@", 2) != 0)
		return false;
	last = strchr(name + 1, '/');
	if (!last)
		return false;
	fmt_init(&f, link, sizeof(link));
	fmt_bytes(&f, host, (size_t)(last - host));
	fmt_char(&f, ALIAS_MARK);
	n = fmt_overflow(&f) ? -1 : host_readlinkat(AT_FDCWD, link, word, sizeof(word));
	if (n < 1)
		return false;
	fmt_init(&f, buf, size);
	fmt_bytes(&f, word + 1, (size_t)n - 1);
	fmt_str(&f, last + 1);
	return !fmt_overflow(&f);
}

static bool guest_path(struct task *task, const char *host, char *buf, size_t size)
{
	return alias_path(host, buf, size) ||
	       path_to_guest(task, mount_showing(task->nsproxy->mnt, host), host, buf, size) >= 0;
}

/* Puts the guest's name into `a`; the length then. */
static u32 guest_addr(struct task *task, struct host_addr *a, u32 len)
{
	char path[SUN_PATH_MAX + 1], guest[PATH_MAX];

	if (!sun_path(a, len, path) || path[0] != '/' || path[1] != '/')
		return len;
	if (!guest_path(task, path + 1, guest, sizeof(guest)))
		return len;
	return set_path(a, guest) ? len : a->len;
}

s64 guest_addr_put(struct task *task, struct host_addr *a, u64 uaddr, u64 ulen)
{
	s32 room;

	if (get_guest(room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	a->len = guest_addr(task, a, a->len);
	if (copy_to_guest(uaddr, a->bytes, MIN((u32)room, a->len)))
		return -EFAULT;
	return put_guest(ulen, a->len);
}

bool is_path_addr(const struct host_addr *a)
{
	return a->len > SUN_PATH && a->family == AF_UNIX && a->bytes[SUN_PATH];
}
