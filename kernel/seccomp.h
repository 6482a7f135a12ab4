/* SPDX-License-Identifier: MIT */
/*
 * What a guest has forbidden itself (seccomp(2)): strict mode, or a list of filters. The host has the same filters and
 * obeys them for all that it is asked for by the guest itself; here they are asked about the calls that our own filter
 * stops, of which the host says only the strongest of all answers.
 */
#ifndef SECEDE_KERNEL_SECCOMP_H
#define SECEDE_KERNEL_SECCOMP_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include "lib/types.h"

struct task;

/* Immutable once a task points to it. */
struct seccomp_filter {
	_Atomic u32 users;
	u32 len;
	struct seccomp_filter *prev; /* the one installed before, with a reference on it; NULL: none */
	struct sock_filter insn[];
};

/*
 * prctl(PR_SET_NO_NEW_PRIVS). Under the first one the session was started, which every sandbox of the host's does: it
 * says nothing about capabilities over what the session owns. The second one a guest has asked for.
 */
enum no_new_privs { NEW_PRIVS, NO_NEW_PRIVS_OUTSIDE, NO_NEW_PRIVS };

/* Part of a task; mm.seccomp_lock guards it against threads that synchronise their filters with one another's. */
struct seccomp {
	u8 mode;	 /* SECCOMP_MODE_* */
	u8 no_new_privs; /* enum no_new_privs */
	struct seccomp_filter *filter;
};

/* Room for `len` instructions, users == 1, or NULL (ENOMEM). */
struct seccomp_filter *seccomp_alloc(u32 len);
struct seccomp_filter *seccomp_get(struct seccomp_filter *filter);
void seccomp_put(struct seccomp_filter *filter);

/*
 * What the whole list says to a call: SECCOMP_RET_* with its data. Of several answers the strongest counts, among
 * equals that of the youngest filter. The host has checked the programs when they were installed.
 */
u32 seccomp_run(const struct seccomp_filter *filter, const struct seccomp_data *data);

#endif
