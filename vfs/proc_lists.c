/* SPDX-License-Identifier: MIT */
/* Lists with processes in them, from which the warden is left out: /proc/locks, /proc/PID/task/TID/children. */
#include <asm/errno.h>
#include "arena/arena.h"
#include "lib/string.h"
#include "sys/pids.h"
#include "vfs/proc_internal.h"

/* "1: -> FLOCK ..." */
static bool is_waiting(const char *line)
{
	const char *blank = strchr(line, ' ');

	return blank && !strncmp(blank, " -> ", 4);
}

/*
 * "1: FLOCK  ADVISORY  WRITE 1234 ...", and with "-> " behind the number for one that waits: whose lock it is; 0: it is
 * nobody's, or of somebody who cannot be seen. The number stands between *before and *behind.
 */
static s32 owner_of(const char *line, const char **before, const char **behind)
{
	const char *p = line;
	u64 pid = 0;
	int field;

	for (field = is_waiting(line) ? 5 : 4; field && p; field--)
		for (p = strchr(p, ' '); p && *p == ' '; p++)
			;
	*before = *behind = p ?: line;
	return p && parse_u64(behind, &pid) && pid <= INT32_MAX ? (s32)pid : 0;
}

static void put_lock(struct fmt *out, const char *line)
{
	const char *before, *behind;
	s32 owner = owner_of(line, &before, &behind);

	if (process_is_hidden(owner))
		return;
	fmt_bytes(out, line, (size_t)(before - line));
	if (behind > before)
		fmt_dec(out, pid_to_guest(&arena()->pids, owner));
	fmt_print(out, "%s\n", behind);
}

int show_locks(struct task *task, const struct proc_task *who, struct fmt *out)
{
	int err;
	struct lines *l = lines_open(0, "locks", &err);
	char *line;

	while (l && (line = next_line(l)))
		put_lock(out, line);
	if (l)
		lines_close(l);
	return err;
}

#define CHILDREN_SIZE (64UL << 10)

/* One line of numbers, without a newline. The host has it of threads alone. */
int show_children(struct task *task, const struct proc_task *who, struct fmt *out)
{
	char *text = kzalloc(CHILDREN_SIZE), name[40];
	const char *p = text;
	struct fmt f;
	u64 pid;
	long n;

	if (!text)
		return -ENOMEM;
	fmt_init(&f, name, sizeof(name));
	fmt_print(&f, "task/%d/children", who->pid);
	n = proc_host_read(who->pid, name, text, CHILDREN_SIZE);
	for (; n > 0 && parse_u64(&p, &pid); p += *p == ' ')
		if (!process_is_hidden((s32)pid) && !pid_is_husk(&arena()->pids, (s32)pid))
			fmt_print(out, "%d ", pid_to_guest(&arena()->pids, (s32)pid));
	kfree(text);
	return (int)MIN(n, 0);
}
