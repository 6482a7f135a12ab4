/* SPDX-License-Identifier: MIT */
/* /proc/PID/fdinfo/N (proc_pid_fdinfo(5)): the host's text, with the number that the mount has here. As it is at
 * open(2). */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "lib/string.h"
#include "vfs/proc_text.h"
#include "vfs/walk.h"

#define TEXT_SIZE 4096

/* Through which mount is it seen? 0: through none of ours. */
static __attribute__((noinline)) u64 mount_of_fd(struct task *task, const struct proc_name *name,
						 const struct proc_task *who)
{
	char rest[32];
	const struct proc_name link = {.pid = name->pid, .rest = rest};
	struct nameidata nd;
	struct fmt f;
	int fd;

	fmt_init(&f, rest, sizeof(rest));
	fmt_print(&f, "fd/%s", name->rest + strlen("fdinfo/"));
	fd = fmt_overflow(&f) ? -1 : proc_fd_number(rest);
	if (fd < 0)
		return 0;
	if (!who->own || who->own->files != task->files)
		return foreign_fd_mount(task, &link);
	nd_init(&nd);
	return dfd_place(task, fd, &nd) ? 0 : nd.mnt;
}

static void put_text(struct fmt *out, const char *host, u64 mnt)
{
	static const char key[] = "mnt_id:\t";
	const char *at = host, *rest;

	while (strncmp(at, key, sizeof(key) - 1) != 0) {
		at = strchr(at, '\n');
		if (!at) {
			fmt_str(out, host);
			return;
		}
		at++;
	}
	at += sizeof(key) - 1;
	for (rest = at; *rest >= '0' && *rest <= '9'; rest++)
		;
	fmt_bytes(out, host, (size_t)(at - host));
	fmt_print(out, "%lu", mnt);
	fmt_str(out, rest);
}

int proc_fdinfo_open(struct task *task, const struct proc_name *name, const struct proc_task *who, u64 oflags)
{
	char host[TEXT_SIZE], text[TEXT_SIZE + 32];
	struct fmt out;
	long n;
	u64 mnt;
	int fd;

	if (oflags & (O_ACCMODE | O_DIRECTORY | O_CREAT | O_TRUNC))
		return -EAGAIN;
	mnt = mount_of_fd(task, name, who);
	n = mnt ? proc_host_read(name->pid, name->rest, host, sizeof(host)) : 0;
	if (n <= 0 || n == (long)sizeof(host) - 1)
		return -EAGAIN;
	fmt_init(&out, text, sizeof(text));
	put_text(&out, host, mnt);
	fd = text_fd(&out, oflags);
	if (fd >= 0)
		files_clear(task->files, (unsigned)fd, (unsigned)fd);
	return fd;
}
