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

/*
 * (where, n) For tests: from now on the n-th allocation fails, 0: none. Returns how far the last such order still was
 * from that; 0: it has failed. EINVAL unless the session was started with SECEDE_FAIL_ALLOCATIONS in the environment.
 */
#define PR_SECEDE_FAIL 0x53454347
enum fail_where {
	FAIL_HERE,	 /* of this process's runtime */
	FAIL_IN_WARDEN,	 /* of the session's warden */
	FAIL_COUNT_LIVE, /* nothing fails; returns how many blocks of memory the runtime has in use */
};

#endif
