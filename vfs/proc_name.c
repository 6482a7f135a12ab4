/* SPDX-License-Identifier: MIT */
/*
 * What guests call a file of which only the host's path is known: a mapping in memory, a descriptor without a note.
 * Through which mount it was opened nobody remembers; by default it is the one at which the host has it, and where that
 * cannot be seen, the one that shows most closely around the file.
 */
#include <asm/errno.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

/* Looks for the closest mount that shows a host path below the task's root. */
struct search {
	const struct mnt_ns *ns;
	const struct path *root;
	const char *host;
	u32 host_len;
	u32 closest; /* length of the best mount's own host path, 0: none so far */
	u64 mnt;
	char buf[PATH_MAX];
};

static int consider(const struct mount *m, void *arg)
{
	struct search *s = arg;
	const char *top = READ_ONCE(m->host);
	u32 len = READ_ONCE(m->host_len);

	if (len < s->closest || len > s->host_len || !arena_contains(top, len) || memcmp(top, s->host, len) != 0 ||
	    (len > 1 && s->host[len] && s->host[len] != '/'))
		return 0;
	if (dpath_below(s->ns, s->root, m->id, s->host, s->buf, sizeof(s->buf))) {
		s->closest = len;
		s->mnt = m->id;
	}
	return 0;
}

/* The mount's number; 0: it cannot be seen from the task's root. */
static u64 closest_mount(struct task *task, const char *host)
{
	struct search *s = kzalloc(sizeof(*s));
	struct path root;
	u64 mnt, seq;

	if (!s || get_fs_root(task->fs, &root)) {
		kfree(s);
		return 0;
	}
	*s = (struct search){.ns = task->nsproxy->mnt, .root = &root, .host = host, .host_len = (u32)strlen(host)};
	do {
		seq = mnt_read_begin(s->ns);
		s->closest = 0;
		s->mnt = 0;
		mnt_for_each(s->ns, consider, s);
	} while (mnt_read_retry(s->ns, seq));
	mnt = s->mnt;
	path_put(&root);
	kfree(s);
	return mnt;
}

static bool in_storage(const char *host)
{
	size_t len = strlen(arena()->storage);

	return len && !strncmp(host, arena()->storage, len) && host[len] == '/';
}

int proc_file_text(struct task *task, const char *host, char *buf, size_t size)
{
	struct nameidata nd;
	u64 mnt;
	int len;

	/* The storage is a hidden corner of the host's; what lies there is in a tmpfs. */
	if (!in_storage(host)) {
		nd_init(&nd);
		nd.len = (u32)MIN(strlen(host), sizeof(nd.host) - 1);
		memcpy(nd.host, host, nd.len);
		nd.host[nd.len] = '\0';
		host_place(task, &nd);
		len = nd.mnt ? path_to_guest(task, nd.mnt, nd.host, buf, size) : -ENOENT;
		if (len >= 0)
			return strcmp(buf, host) ? len : -EAGAIN;
	}
	mnt = closest_mount(task, host);
	return mnt ? path_to_guest(task, mnt, host, buf, size) : -EAGAIN;
}
