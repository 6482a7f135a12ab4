/* SPDX-License-Identifier: MIT */
/* Lists with processes in them, from which the warden is left out: /proc/locks, /proc/PID/task/TID/children. */
#include <asm/errno.h>
#include "lib/string.h"
#include "sys/pids.h"
#include "vfs/proc_internal.h"

/* "1: -> FLOCK ..." */
static bool is_waiting(const char *line)
{
	const char *blank = strchr(line, ' ');

	return blank && !strncmp(blank, " -> ", 4);
}

/* "1: FLOCK  ADVISORY  WRITE 1234 ...", and with "-> " behind the number for one that waits: whose lock it is. */
static s32 owner_of(const char *line)
{
	const char *p = line;
	u64 pid = 0;
	int field;

	for (field = is_waiting(line) ? 5 : 4; field && p; field--)
		for (p = strchr(p, ' '); p && *p == ' '; p++)
			;
	return p && parse_u64(&p, &pid) && pid <= INT32_MAX ? (s32)pid : 0;
}

int show_locks(struct task *task, const struct proc_task *who, struct fmt *out)
{
	int err;
	struct lines *l = lines_open(0, "locks", &err);
	char *line;

	while (l && (line = next_line(l)))
		if (!process_is_hidden(owner_of(line)))
			fmt_print(out, "%s\n", line);
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
		if (pid > INT32_MAX || !process_is_hidden((s32)pid))
			fmt_print(out, "%lu ", pid);
	kfree(text);
	return (int)MIN(n, 0);
}
