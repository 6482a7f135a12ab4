/* SPDX-License-Identifier: MIT */
/* Small seccomp filters for tests. */
#ifndef SECEDE_TESTS_SPEC_FILTERS_H
#define SECEDE_TESTS_SPEC_FILTERS_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "tests/spec/world.h"

#define ERROR(n) (SECCOMP_RET_ERRNO | (n))

static inline long set_filter(const struct sock_fprog *program, unsigned flags)
{
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

/* Answers call `nr` with `answer`, all others as usual. */
static inline long install_with(int nr, unsigned answer, unsigned flags)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, answer),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return set_filter(&program, flags);
}

static inline long install(int nr, unsigned answer)
{
	return install_with(nr, answer, 0);
}

#endif
