/* SPDX-License-Identifier: MIT */
/* Host calls that need more than the instruction, and the hooks that kernel/ asks for. */
#include "host/host.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "kernel/mm.h"
#include "lib/string.h"

long host_openat2(int dfd, const char *path, u64 flags, u64 mode, u64 resolve)
{
	struct {
		u64 flags, mode, resolve;
	} how = {flags, mode, resolve};

	return host_own_fd(__NR_openat2, dfd, (long)path, (long)&how, sizeof(how));
}

void host_exit_group(int status)
{
	for (;;)
		host_call1(__NR_exit_group, status);
}

void panic(const char *message)
{
	static const char prefix[] = "secede: internal error: ";

	host_call3(__NR_write, 2, prefix, sizeof(prefix) - 1);
	host_call3(__NR_write, 2, message, strlen(message));
	host_call3(__NR_write, 2, "\n", 1);
	host_exit_group(127);
}

#define HOST_CLOSE_RANGE_UNSHARE 2u

/* close_range(2) over no descriptor at all, with the unshare flag: works where unshare(2) is denied. */
int host_unshare_files(void)
{
	long err = host_call3(__NR_close_range, ~0U, ~0U, HOST_CLOSE_RANGE_UNSHARE);

	return (int)(err == -ENOSYS ? host_call1(__NR_unshare, CLONE_FILES) : err);
}

void host_files_unshared(struct task *task, struct own_fds *own)
{
	tasks_close_handles(task);
	own_fds_leave(own, NULL);
}

bool strict_linux(void)
{
	return arena()->strict_linux;
}
