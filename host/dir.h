/* SPDX-License-Identifier: MIT */
/* Reading a directory of the host's, for the runtime's own purposes. */
#ifndef SECEDE_HOST_DIR_H
#define SECEDE_HOST_DIR_H

#include "lib/types.h"

/* Gets a name; false: that was enough. */
typedef bool (*host_entry)(void *arg, const char *name);
/* Calls `fn` for each entry of an open directory, from where that stands. 0 or -errno. */
int host_readdir(int fd, host_entry fn, void *arg);

#endif
