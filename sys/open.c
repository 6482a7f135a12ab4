/* SPDX-License-Identifier: MIT */
/* open(2), creat(2), openat(2), openat2(2): arguments; the work is do_filp_open's. */
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"
#include "vfs/namei.h"

#define VALID_OPEN_FLAGS                                                                                               \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | FASYNC | O_DIRECT |      \
	 O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)
#define O_PATH_FLAGS  (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define CREATING      (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
#define HOW_SIZE_VER0 24

static s64 open_name(struct task *task, int dfd, u64 uname, u64 flags, u32 mode, u64 resolve)
{
	char name[PATH_MAX];
	s64 n = strncpy_from_guest(name, uname, sizeof(name));

	return n < 0 ? n : do_filp_open(task, dfd, name, flags, mode, resolve);
}

/* The old calls ignore what they do not know, where openat2(2) refuses it. */
static s64 do_openat(struct task *task, int dfd, u64 uname, u64 flags, u64 mode)
{
	flags &= VALID_OPEN_FLAGS;
	if (flags & O_PATH)
		flags &= O_PATH_FLAGS;
	/* The host knows whether these go together: since Linux 6.3 they do not. */
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) &&
	    host_call4(__NR_openat, -1, ".", flags, 0) == -EINVAL)
		return -EINVAL;
	return open_name(task, dfd, uname, flags, flags & CREATING ? mode & 07777 : 0, 0);
}

SYSCALL(open)
{
	return do_openat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs), ARG2(regs));
}

SYSCALL(creat)
{
	return do_openat(task, AT_FDCWD, ARG0(regs), O_CREAT | O_WRONLY | O_TRUNC, ARG1(regs));
}

SYSCALL(openat)
{
	return do_openat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs), ARG3(regs));
}

SYSCALL(openat2)
{
	struct open_how how;
	long err =
	    ARG3(regs) < HOW_SIZE_VER0 ? -EINVAL : copy_struct_from_guest(&how, sizeof(how), ARG2(regs), ARG3(regs));

	if (err)
		return err;
	/* The host's own judgement of the flags: with them right, it complains of the descriptor. */
	err = host_openat2(-1, ".", how.flags, how.mode, how.resolve);
	if (err != -EBADF)
		return err;
	return open_name(task, (int)ARG0(regs), ARG1(regs), how.flags, (u32)how.mode, how.resolve);
}
