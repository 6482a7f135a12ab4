/* SPDX-License-Identifier: MIT */
/*
 * The file-descriptor based mount calls (fsopen(2) and its kin). Not built: they answer as a kernel without them
 * does, upon which mount(8) and its library take mount(2).
 */
#include "sys/sys.h"
#include "warden/client.h"

static s64 unbuilt(const struct task *task, const char *name)
{
	guest_log(task, "%s: not built, ENOSYS", name);
	return -ENOSYS;
}

SYSCALL(open_tree)
{
	return unbuilt(task, "open_tree");
}

SYSCALL(move_mount)
{
	return unbuilt(task, "move_mount");
}

SYSCALL(fsopen)
{
	return unbuilt(task, "fsopen");
}

SYSCALL(fsconfig)
{
	return unbuilt(task, "fsconfig");
}

SYSCALL(fsmount)
{
	return unbuilt(task, "fsmount");
}

SYSCALL(fspick)
{
	return unbuilt(task, "fspick");
}

SYSCALL(mount_setattr)
{
	return unbuilt(task, "mount_setattr");
}

SYSCALL(statmount)
{
	return unbuilt(task, "statmount");
}

SYSCALL(listmount)
{
	return unbuilt(task, "listmount");
}

SYSCALL(open_tree_attr)
{
	return unbuilt(task, "open_tree_attr");
}
