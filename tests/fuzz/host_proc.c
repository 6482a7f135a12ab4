/* SPDX-License-Identifier: MIT */
/* See host.h: memory with a text in it, and what the host's proc and process_vm_readv(2) say of threads. */
#include "host.h"
#include "syscall.h" /* before host/host.h, which would take the real one */

#include <asm/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/host.h"

/* ---- links: /s/p/PID/cwd, root, fd/N; those of namespaces and exe are not the host's to follow ---- */

struct node *host_link_target(const struct node *link)
{
	const struct node *dir = link->parent;
	const struct host_thread *thread;

	if (!strcmp(dir->name, "fd"))
		return host_fd_node(atoi(link->name));
	thread = host_thread_of(atoi(dir->name));
	if (thread && !strcmp(link->name, "cwd"))
		return thread->cwd;
	return thread && !strcmp(link->name, "root") ? disk_root : NULL;
}

void host_link_text(const struct node *link, char *buf)
{
	const struct node *to = host_link_target(link);

	if (to->kind == NODE_SOCKET)
		sprintf(buf, "socket:[%lu]", to->ino);
	else if (to->kind == NODE_TEXT)
		strcpy(buf, "/memfd:proc (deleted)");
	else
		disk_path(to, buf);
	if (to->dead)
		strcat(buf, " (deleted)");
}

/* ---- memory ---- */

/* The callers write all at once. */
static long host_write(int fd, const char *text, size_t len)
{
	struct node *n = host_fd_node(fd);

	if (!n || n->kind != NODE_TEXT)
		return -EBADF;
	free(n->text);
	n->text = malloc(len + 1);
	if (!n->text)
		abort();
	memcpy(n->text, text, len);
	n->text[len] = '\0';
	n->len = len;
	return (long)len;
}

struct iovec {
	void *base;
	size_t len;
};

/* process_vm_readv(2): all or nothing. */
static long host_readv(int pid, const struct iovec *to, const struct iovec *from, size_t nr)
{
	char *dst = to->base;

	if (!host_thread_of(pid))
		return -ESRCH;
	for (size_t i = 0; i < nr; i++) {
		if (!host_peek(pid, dst, from[i].base, from[i].len))
			return -EFAULT;
		dst += from[i].len;
	}
	return dst - (char *)to->base;
}

long host_other_call(long nr, long a, long b, long c, long d, long e)
{
	switch (nr) {
	case __NR_getpid:
		return host_thread_number();
	case __NR_memfd_create:
		return host_fd_new(disk_add_nameless(NODE_TEXT));
	case __NR_write:
		return host_write((int)a, (const char *)b, (size_t)c);
	case __NR_mmap: /* anonymous memory, of what is long */
		return (long)calloc(1, (size_t)b);
	case __NR_munmap:
		free((void *)a);
		return 0;
	case __NR_dup3:
		return host_fd_dup((int)a, (int)b);
	case __NR_process_vm_readv:
		return host_readv((int)a, (const struct iovec *)b, (const struct iovec *)d, (size_t)e);
	case __NR_prlimit64:
		memset((void *)d, 0xff, 2 * sizeof(unsigned long)); /* no limits */
		return 0;
	}
	return -ENOSYS;
}
