/* SPDX-License-Identifier: MIT */
/*
 * Numbers of tasks in names below proc. A place there has the host's numbers in its host path, and so has all that is
 * told by one; a guest says its own, and is told its own (kernel/pid.h). They are the same until somebody has moved.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

bool proc_numbers_differ(void)
{
	return atomic_load(&arena()->pids.nr);
}

/* A number at *s, with nothing but a slash behind it: *s is where that would be. */
static bool take_number(const char **s, s32 *nr)
{
	const char *p = *s;
	u64 n;

	if (*p < '1' || *p > '9' || !parse_u64(&p, &n) || n > INT32_MAX || (*p && *p != '/'))
		return false;
	*nr = (s32)n;
	*s = p;
	return true;
}

bool proc_lists_tasks(const char *rel)
{
	s32 nr;

	return !*rel || (take_number(&rel, &nr) && !strcmp(rel, "/task"));
}

/* To a substitute that the host gives nobody: what is not there for guests is not there. */
static s32 to_host(s32 nr)
{
	s32 host = pid_to_host(&arena()->pids, nr);

	return host == PID_NONE ? INT32_MAX : host;
}

__attribute__((noinline)) size_t proc_number_to_host(struct task *task, const struct nameidata *parent,
						     const struct component *c, char buf[PROC_NUMBER_SIZE])
{
	char rel[PATH_MAX], name[PROC_NUMBER_SIZE];
	const char *p = name;
	struct fmt f;
	s32 nr;

	if (c->len >= sizeof(name) || nd_proc_rel(task, parent, rel, sizeof(rel)) < 0 || !proc_lists_tasks(rel))
		return 0;
	memcpy(name, c->s, c->len);
	name[c->len] = '\0';
	if (!take_number(&p, &nr) || *p)
		return 0;
	fmt_init(&f, buf, PROC_NUMBER_SIZE);
	fmt_dec(&f, to_host(nr));
	return f.len;
}

void proc_rel_to_guest(const char *rel, struct fmt *out)
{
	static const char task[] = "/task/";
	s32 nr;

	if (take_number(&rel, &nr)) {
		fmt_dec(out, pid_to_guest(&arena()->pids, nr));
		if (!strncmp(rel, task, sizeof(task) - 1)) {
			rel += sizeof(task) - 1;
			fmt_str(out, task);
			if (take_number(&rel, &nr))
				fmt_dec(out, pid_to_guest(&arena()->pids, nr));
		}
	}
	fmt_str(out, rel);
}

bool proc_path_to_guest(const char *host, struct fmt *out)
{
	size_t len = strlen(arena()->proc);

	if (!proc_numbers_differ() || !len || strncmp(host, arena()->proc, len) != 0 || host[len] != '/')
		return false;
	fmt_bytes(out, host, len + 1);
	proc_rel_to_guest(host + len + 1, out);
	return true;
}

int proc_self_text(const char *rel, char *buf, size_t size)
{
	char path[PATH_MAX], text[64];
	struct fmt f;
	long n;

	if (!proc_numbers_differ() || (strcmp(rel, "self") && strcmp(rel, "thread-self")))
		return -EAGAIN;
	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%s", arena()->proc, rel);
	n = host_readlinkat(AT_FDCWD, path, text, sizeof(text) - 1);
	if (n <= 0)
		return -EAGAIN;
	text[n] = '\0';
	fmt_init(&f, buf, size);
	proc_rel_to_guest(text, &f);
	return fmt_overflow(&f) ? -ENAMETOOLONG : (int)f.len;
}
