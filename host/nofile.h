/* SPDX-License-Identifier: MIT */
/*
 * More descriptors for a moment: where Linux needs none the runtime may need one, in a table that the guest has filled
 * up to its soft limit. The limit is the process's, so other threads may see it lifted meanwhile.
 */
#ifndef SECEDE_HOST_NOFILE_H
#define SECEDE_HOST_NOFILE_H

#include <linux/resource.h>
#include "lib/types.h"

/* Lifts the soft limit to the hard one. False: it is there already. */
bool nofile_lift(struct rlimit64 *old);
void nofile_restore(const struct rlimit64 *old);

#endif
