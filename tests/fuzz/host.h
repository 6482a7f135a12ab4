/* SPDX-License-Identifier: MIT */
/* A host kernel for the walk: one file system (disk.h), no mounts, no permissions, threads of one process. */
#ifndef SECEDE_TESTS_FUZZ_HOST_H
#define SECEDE_TESTS_FUZZ_HOST_H

#include "disk.h"

#define HOST_FD_FIRST 100 /* no number that means anything to the real host */
#define HOST_FDS      32

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
/* The last descriptor on a socket was closed (fakes.c). */
void host_socket_closed(const struct node *n);

#endif
