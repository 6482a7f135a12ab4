/* SPDX-License-Identifier: MIT */
/* A host kernel for the walk: one file system (disk.h), no mounts, no permissions, threads of one process. */
#ifndef SECEDE_TESTS_FUZZ_HOST_H
#define SECEDE_TESTS_FUZZ_HOST_H

#include "disk.h"

#define HOST_FD_FIRST DISK_FD_FIRST /* no number that means anything to the real host */
#define HOST_FDS      DISK_FDS

/* What a thread of the fake host has for itself. */
struct host_thread {
	struct node *cwd;
};
extern struct host_thread *host_thread; /* the one that runs */

/* The paths that last got or lost a file by rename(2), unlink(2) and rmdir(2). */
#define HOST_GONE 2
extern char host_gone[HOST_GONE][PATH_MAX];

/* The file that the descriptor stands for; NULL: none. */
struct node *host_fd_node(int fd);
unsigned host_fds_open(void);
/* Closes all. */
void host_fds_reset(void);
/* What was known of the past has been long ago. */
void host_later(void);
/* A descriptor on a socket, or -EMFILE. */
int host_fd_socket(void);
/* A new descriptor on it, or -EMFILE. */
long host_fd_new(struct node *n);
/* The second descriptor becomes one on the same as the first. */
long host_fd_dup(int fd, int to);

/* ---- host_proc.c ---- */

/* Where the link of proc leads; NULL: nowhere. */
struct node *host_link_target(const struct node *link);
/* What it says; buf has PATH_MAX + 16 bytes. */
void host_link_text(const struct node *link, char *buf);
/* Calls that are about memory and processes; -ENOSYS: it is none of those. */
long host_other_call(long nr, long a, long b, long c, long d, long e);

/* ---- fakes_proc.c ---- */

/* The thread of that number; NULL: there is none. */
struct host_thread *host_thread_of(int pid);
int host_thread_number(void);
/* A copy of the thread's memory: `at` is an address there. False: there is none. */
bool host_peek(int pid, void *to, const void *at, size_t len);
/* The last descriptor on a socket was closed. */
void host_socket_closed(const struct node *n);

#endif
