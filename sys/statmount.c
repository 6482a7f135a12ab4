/* SPDX-License-Identifier: MIT */
/* statmount(2), listmount(2). */
#include "sys/sys.h"
#include "warden/client.h"

static s64 unbuilt(const struct task *task, const char *name)
{
	guest_log(task, "%s: not built, ENOSYS", name);
	return -ENOSYS;
}

SYSCALL(statmount)
{
	return unbuilt(task, "statmount");
}

SYSCALL(listmount)
{
	return unbuilt(task, "listmount");
}
