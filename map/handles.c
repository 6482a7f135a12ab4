/* SPDX-License-Identifier: MIT */
/*
 * Namespaces of a process whose memory cannot be read: the handles among its descriptors name them (warden/proto.h).
 * Where threads of one table have different ones, nobody can tell which is whose.
 */
#include "map/map.h"

struct search {
	const struct session *session;
	int pid, tid;
	struct handle found;
	u32 nr;
};

/* The set of namespaces that is held by the socket of that inode. */
static bool find_handle(const struct session *s, u64 inode, struct handle *out)
{
	uintptr_t chunk;
	u32 nr;

	if (!session_read(s, &nr, &arena()->nr_handles, sizeof(nr)))
		return false;
	for (u32 i = 0; i < MIN(nr, (u32)HANDLES_MAX); i++) {
		if (!session_read(s, &chunk, &arena()->handles[i / HANDLES_CHUNK], sizeof(chunk)) ||
		    !session_read(s, out, (const struct handle *)chunk + i % HANDLES_CHUNK, sizeof(*out)))
			return false;
		if (out->inode == inode && out->kind == 0)
			return true;
	}
	return false;
}

static bool take_descriptor(int fd, void *arg)
{
	struct search *search = arg;
	struct handle h = {0};
	char path[96];
	u64 inode;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd/%d", search->pid, search->tid, fd);
	inode = number_in_link(path, "socket:[");
	if (inode && find_handle(search->session, inode, &h)) {
		search->found = h;
		search->nr++;
	}
	return search->nr < 2;
}

struct key namespace_key(const struct session *s, const u64 *inum)
{
	struct key key = {.state = KEY_KNOWN};

	if (!session_read(s, &key.a, inum, sizeof(key.a)) || !key.a)
		key.state = KEY_UNKNOWN;
	return key;
}

bool find_any_handle(const struct session *s, int pid, struct handle *out)
{
	struct search search = {.session = s, .pid = pid, .tid = pid};
	char dir[64];

	snprintf(dir, sizeof(dir), "/proc/%d/fd", pid);
	for_each_number(dir, take_descriptor, &search);
	*out = search.found;
	return search.nr;
}

void handle_keys(const struct session *s, int pid, struct map_task *task)
{
	struct search search = {.session = s, .pid = pid, .tid = task->here};
	char dir[64];

	snprintf(dir, sizeof(dir), "/proc/%d/task/%d/fd", pid, task->here);
	for_each_number(dir, take_descriptor, &search);
	if (search.nr != 1)
		return;
	task->key[CTX_MNT] = namespace_key(s, &search.found.mnt->inum);
	task->key[CTX_UTS] = namespace_key(s, &search.found.uts->inum);
	task->key[CTX_USER] = namespace_key(s, &search.found.user->inum);
}
