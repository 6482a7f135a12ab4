/* SPDX-License-Identifier: MIT */
/* From a call's arguments to a walked place: see sys/place.h. */
#include "sys/place.h"

#include <asm/stat.h>
#include <linux/fcntl.h>
#include "host/host.h"
#include "vfs/walk.h"

int user_path_at(struct task *task, int dfd, u64 uname, u64 at_flags, unsigned how, struct nameidata *nd)
{
	if (at_flags & AT_SYMLINK_FOLLOW)
		how |= LOOKUP_FOLLOW;
	if (at_flags & AT_SYMLINK_NOFOLLOW)
		how &= ~LOOKUP_FOLLOW;
	if (at_flags & AT_EMPTY_PATH)
		how |= LOOKUP_EMPTY;
	return user_path(task, dfd, uname, how, nd);
}

int fd_may_write(struct task *task, int fd)
{
	if (!(fd_mnt_flags(task, fd) & MS_RDONLY))
		return 0;
	return host_call2(__NR_fcntl, fd, F_GETFL) & O_PATH ? -EBADF : -EROFS;
}

bool fd_note(struct task *task, int fd, struct fd_info *note)
{
	struct stat st;

	if (host_call2(__NR_fstat, fd, &st))
		return false;
	if (files_get(task->files, fd, note) && st.st_dev == note->dev && st.st_ino == note->ino)
		return true;
	return fd_note_sent(task, fd, &st, note);
}
