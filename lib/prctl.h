/* SPDX-License-Identifier: MIT */
/* Options of prctl(2) that a runtime alone answers; Linux has none with these numbers. */
#ifndef SECEDE_LIB_PRCTL_H
#define SECEDE_LIB_PRCTL_H

/* "Is this process inside secede?": 1. */
#define PR_SECEDE 0x53454345

/*
 * (flags) "If I call unshare(flags), does it take me out of the memory of other threads of mine?" 1: it does, and the
 * next fork(2) of this thread will be that unshare. 0: unshare(2) itself does or refuses it.
 */
#define PR_SECEDE_LEAVE 0x53454346

#endif
