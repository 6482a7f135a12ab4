/* SPDX-License-Identifier: MIT */
/*
 * A file in a tmpfs of the session may be about to lose its name while a mount shows it. The kernel's mount would hold
 * on to the file. Here it gets a further name first, beside the tmpfs, and then the warden tells the mounts.
 */
#ifndef SECEDE_SYS_GRAVE_H
#define SECEDE_SYS_GRAVE_H

#include "vfs/namei.h"

/* Before the name nd->last in the directory nd goes. What it returns is grave_close()'s, 0: no mount shows it. */
u64 grave_dig(struct task *task, const struct nameidata *nd);
/* Afterwards; `err`: what came of it. */
void grave_close(struct task *task, const struct nameidata *nd, u64 grave, s64 err);

#endif
