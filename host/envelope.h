/* SPDX-License-Identifier: MIT */
/*
 * A descriptor that keeps another one open and can do nothing else: read(2) and readv(2) on it are EINVAL at once, as
 * on a file of nsfs. On the host it is a listening socket; what it holds lies in the queue of a connection
 * that nobody accepts. When its last holder has closed it or has died, the host's kernel drops that too.
 */
#ifndef SECEDE_HOST_ENVELOPE_H
#define SECEDE_HOST_ENVELOPE_H

#include "lib/types.h"

/* An empty one, close-on-exec, or -errno. */
s32 envelope_new(void);
/* Puts a copy of `fd` in; the caller closes its own. 0 or -errno. */
int envelope_fill(s32 envelope, s32 fd);

#endif
