/* SPDX-License-Identifier: MIT */
/* Files of the host's proc, line by line. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"

static int open_root_file(const char *name)
{
	char path[PROC_PATH_SIZE];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%s", arena()->proc, name);
	return (int)host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
}

struct lines *lines_open(int pid, const char *name, int *err)
{
	struct lines *l;
	int fd = pid ? proc_host_open(pid, name) : open_root_file(name);

	*err = MIN(fd, 0);
	if (fd < 0)
		return NULL;
	l = kzalloc(sizeof(*l));
	if (!l) {
		host_close(fd);
		*err = -ENOMEM;
		return NULL;
	}
	l->fd = fd;
	return l;
}

void lines_close(struct lines *l)
{
	host_close(l->fd);
	kfree(l);
}

char *next_line(struct lines *l)
{
	char *line, *end;
	long n;

	for (;;) {
		line = l->buf + l->start;
		end = memchr(line, '\n', l->end - l->start);
		if (end)
			break;
		memmove(l->buf, line, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
		n = host_call3(__NR_read, l->fd, l->buf + l->end, sizeof(l->buf) - l->end);
		if (n <= 0)
			return NULL;
		l->end += (size_t)n;
	}
	*end = '\0';
	l->start = (size_t)(end + 1 - l->buf);
	return line;
}
