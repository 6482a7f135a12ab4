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

int lines_begin(struct lines *l, int pid, const char *name)
{
	l->fd = pid ? proc_host_open(pid, name) : open_root_file(name);
	l->start = l->end = 0;
	return MIN(l->fd, 0);
}

void lines_end(struct lines *l)
{
	host_close(l->fd);
}

struct lines *lines_open(int pid, const char *name, int *err)
{
	struct lines *l = kzalloc(sizeof(*l));

	*err = l ? lines_begin(l, pid, name) : -ENOMEM;
	if (!*err)
		return l;
	kfree(l);
	return NULL;
}

void lines_close(struct lines *l)
{
	lines_end(l);
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
