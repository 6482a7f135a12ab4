/* SPDX-License-Identifier: MIT */
/* libsecede: leaving shared memory with a C library that works afterwards. See secede_unshare(3). */
#ifndef SECEDE_H
#define SECEDE_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * unshare(2), with the same flags. Under secede(1), where CLONE_VM and CLONE_THREAD take the calling thread out of its
 * memory, the C library goes through it as through a fork(2), so that malloc(3), printf(3) and all that may be called
 * in the child of a fork may be called afterwards. In the memory that is left, the thread ends as by pthread_exit(3).
 *
 * 0; or -1, errno says why, and nothing has changed.
 */
int secede_unshare(int flags);

#ifdef __cplusplus
}
#endif

#endif
