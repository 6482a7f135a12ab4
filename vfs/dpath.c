/* SPDX-License-Identifier: MIT */
/* The way back: from a place to the path under which the guest sees it. */
#include <asm/errno.h>
#include "arena/arena.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

int ns_root(const struct mnt_ns *ns, struct path *out)
{
	const struct mount *m;
	char host[PATH_MAX];
	size_t len;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		out->mnt = ((struct mnt_ns *)ns)->root;
		m = mnt_by_id(ns, out->mnt);
		len = m ? mnt_copy_string(host, sizeof(host), m->host) : 0;
	} while (mnt_read_retry(ns, seq));
	out->host = hpath_new(host, len);
	return out->host ? 0 : -ENOMEM;
}

/* Written from its end to its beginning. */
struct backwards {
	char *buf;
	size_t at;
	bool overflow;
};

static void prepend(struct backwards *b, const char *s, size_t len)
{
	if (len > b->at) {
		b->overflow = true;
		return;
	}
	b->at -= len;
	memcpy(b->buf + b->at, s, len);
}

/* host[len..] for a host path at or below dir[0..len); NULL when it is not. */
static const char *below(const char *host, u32 host_len, const char *dir, u32 len)
{
	if (len == 1)
		len = 0;
	if (host_len < len || memcmp(host, dir, len) || (host_len > len && host[len] != '/'))
		return NULL;
	return host_len == 1 && !len ? host + 1 : host + len;
}

/*
 * Climbs from (mnt, host) to the root, writing what lies between. Inside a read section. False:
 * the way does not lead there, as none does to NULL.
 */
static bool climb(const struct mnt_ns *ns, const struct path *root, u64 mnt, const char *host, u32 len,
		  struct backwards *b)
{
	const struct mount *m;
	const char *part, *shown;
	u32 shown_len, top;

	for (;;) {
		if (root && mnt == root->mnt && (part = below(host, len, root->host->s, root->host->len))) {
			prepend(b, part, (size_t)(host + len - part));
			return true;
		}
		m = mnt_by_id(ns, mnt);
		shown = m ? READ_ONCE(m->host) : NULL;
		shown_len = m ? READ_ONCE(m->host_len) : 0;
		part = arena_contains(shown, shown_len) ? below(host, len, shown, shown_len) : NULL;
		if (!m || !part) {
			top = mnt_gone_root(mnt, host, len);
			top = top == 1 ? 0 : top;
			prepend(b, host + top, len - top);
			return false;
		}
		prepend(b, part, (size_t)(host + len - part));
		if (READ_ONCE(m->parent) == m->id || b->overflow)
			return false;
		mnt = READ_ONCE(m->parent);
		host = READ_ONCE(m->point);
		len = READ_ONCE(m->point_len);
		if (!arena_contains(host, len))
			return false;
	}
}

/* Inside the namespace, up to `root` (NULL: that is in another one). */
static int write_path(const struct mnt_ns *ns, const struct path *root, u64 mnt, const char *host, char *buf,
		      size_t size)
{
	static const char unreachable[] = "(unreachable)";
	struct backwards b;
	bool reached;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		b = (struct backwards){buf, size, false};
		prepend(&b, "", 1);
		reached = climb(ns, root, mnt, host, (u32)strlen(host), &b);
	} while (mnt_read_retry(ns, seq));
	if (b.at == size - 1)
		prepend(&b, "/", 1);
	if (!reached)
		prepend(&b, unreachable, sizeof(unreachable) - 1);
	if (b.overflow)
		return -ERANGE;
	memmove(buf, buf + b.at, size - b.at);
	return reached ? (int)(size - b.at - 1) : -ENOENT;
}

/* Below proc, where the guest's numbers are not the host's. -EAGAIN: they are, or it is elsewhere. */
static __attribute__((noinline)) int write_proc_path(const struct mnt_ns *ns, const struct path *root, u64 mnt,
						     const char *host, char *buf, size_t size)
{
	char path[PATH_MAX];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	if (!proc_path_to_guest(host, &f))
		return -EAGAIN;
	return fmt_overflow(&f) ? -ERANGE : write_path(ns, root, mnt, path, buf, size);
}

static int path_to_guest_from(const struct mnt_ns *ns, const struct path *root, u64 mnt, const char *host, char *buf,
			      size_t size)
{
	int len = proc_numbers_differ() ? write_proc_path(ns, root, mnt, host, buf, size) : -EAGAIN;

	return len == -EAGAIN ? write_path(ns, root, mnt, host, buf, size) : len;
}

int place_text(struct task *task, const struct mnt_ns *ns, u64 mnt, const char *host, char *buf, size_t size)
{
	static const char unreachable[] = "(unreachable)";
	const size_t cut = sizeof(unreachable) - 1;
	struct path root;
	int len = get_fs_root(task->fs, &root);

	if (len)
		return len;
	ns = mnt_ns_of(ns, mnt);
	/* A copy of a namespace has the same numbers of mounts: of another one, none is the root. */
	len = path_to_guest_from(ns, ns == task->nsproxy->mnt ? &root : NULL, mnt, host, buf, size);
	path_put(&root);
	if (len == -ERANGE)
		return -ENAMETOOLONG;
	if (len != -ENOENT)
		return len;
	if (!strncmp(buf, unreachable, cut))
		memmove(buf, buf + cut, strlen(buf + cut) + 1);
	return (int)strlen(buf);
}

int path_to_guest(struct task *task, u64 mnt, const char *host, char *buf, size_t size)
{
	struct path root;
	int len = get_fs_root(task->fs, &root);

	if (len)
		return len;
	/* Where the task has gone into another namespace, it may have its root there as well. */
	len = path_to_guest_from(mnt_ns_of(task->nsproxy->mnt, mnt), &root, mnt, host, buf, size);
	path_put(&root);
	return len;
}

char *dpath_below(const struct mnt_ns *ns, const struct path *root, u64 mnt, const char *host, char *buf, size_t size)
{
	struct backwards b = {buf, size, false};

	prepend(&b, "", 1);
	if (!climb(ns, root, mnt, host, (u32)strlen(host), &b) || b.overflow)
		return NULL;
	if (b.at == size - 1)
		prepend(&b, "/", 1);
	return buf + b.at;
}

struct sight {
	const struct mnt_ns *ns;
	const struct path *root;
};

static bool in_sight(const struct mount *m, void *arg)
{
	const struct sight *sight = arg;
	char host[PATH_MAX], path[PATH_MAX];

	mnt_copy_string(host, sizeof(host), m->host);
	return dpath_below(sight->ns, sight->root, m->id, host, path, sizeof(path));
}

void peer_numbers_below(const struct mnt_ns *ns, const struct path *root, const struct mount *m,
			struct peer_numbers *out)
{
	struct sight sight = {ns, root};

	mnt_peer_numbers(ns, m, in_sight, &sight, out);
}
