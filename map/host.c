/* SPDX-License-Identifier: MIT */
/* What the host says of a task: its thread group, its namespaces of the kinds that are the host's, and, compared with
 * another task, which objects they share (kcmp(2)). */
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "map/map.h"

/*
 * -1: nothing that could be compared, or nothing that the host has as guests have it: it knows of one table of handlers
 * where some have parted, and of a place for each thread.
 */
static const int kcmp_types[CONTEXTS] = {
    [CTX_VM] = KCMP_VM, [CTX_THREAD] = -1,
    [CTX_SIGHAND] = -1, [CTX_FILES] = KCMP_FILES,
    [CTX_FS] = -1,	[CTX_MNT] = -1,
    [CTX_UTS] = -1,	[CTX_USER] = -1,
    [CTX_IPC] = -1,	[CTX_NET] = -1,
    [CTX_PID] = -1,	[CTX_CGROUP] = -1,
    [CTX_TIME] = -1,	[CTX_SYSVSEM] = KCMP_SYSVSEM,
};

/* 0: the same; above: not; below: the host does not say. */
static long compare(s32 a, s32 b, enum context c)
{
	return kcmp_types[c] < 0 ? -1 : syscall(SYS_kcmp, a, b, kcmp_types[c], 0, 0);
}

bool host_says_same(const struct map_task *a, const struct map_task *b, enum context c)
{
	return compare(a->here, b->here, c) == 0;
}

/* Inside a session, what guests see of it are the session's. */
static void namespace_keys(const struct session *s, int pid, struct map_task *task)
{
	static const char *const names[] = {"mnt", "uts", "user", "ipc", "net", "pid", "cgroup", "time"};
	char path[96], prefix[16];

	for (int i = s->inside ? 0 : CTX_IPC - CTX_MNT; i < (int)ARRAY_SIZE(names); i++) {
		struct key *key = &task->key[CTX_MNT + i];

		snprintf(path, sizeof(path), "/proc/%d/task/%d/ns/%s", pid, task->here, names[i]);
		snprintf(prefix, sizeof(prefix), "%s:[", names[i]);
		key->a = number_in_link(path, prefix);
		key->state = key->a ? KEY_KNOWN : KEY_UNKNOWN;
	}
}

void host_keys(const struct session *s, int pid, struct map_task *task)
{
	static const enum context asked[] = {CTX_VM, CTX_FILES, CTX_SYSVSEM};
	long undone;

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		if (compare(task->here, task->here, asked[i]) == 0)
			task->key[asked[i]].state = KEY_ASK;
	}
	/* We ourselves have no undo list, so who has the same has none either. */
	undone = compare(task->here, getpid(), CTX_SYSVSEM);
	if (undone <= 0)
		task->key[CTX_SYSVSEM].state = undone == 0 ? KEY_NONE : KEY_UNKNOWN;
	task->key[CTX_THREAD] = (struct key){KEY_KNOWN, (u64)task->pid, 0};
	namespace_keys(s, pid, task);
}
