/* SPDX-License-Identifier: MIT */
/* Files and directories that guests send each other: through which mount they are seen (kernel/ns/mnt_sent.c). */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "kernel/ns/mnt_tree.h"
#include "warden/warden.h"

/* tmpfs and proc: every descriptor on those has a note, but those that were sent. */
static bool is_worth_it(const struct super *sb)
{
	return sb->kind == SUPER_TMPFS || strcmp(sb->fstype, "proc") == 0;
}

/* Which file it is, if it has that path, with no symlink on the way. 0 or -errno. */
static int look(const char *path, struct stat *st)
{
	/* The guest has said what to open: no link of proc leads to a file system on which the warden would hang. */
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)), err = -ENOENT;
	char found[PATH_MAX];

	if (fd < 0)
		return -errno;
	if (host_path_of(fd, found) && strcmp(found, path) == 0)
		err = fstat(fd, st) == 0 ? 0 : -errno;
	close(fd);
	return err;
}

/* The guest's word is believed about which mount it is, of those that show the file. */
s64 do_sent(struct call *call)
{
	const struct mount *m = mnt_by_id(call->self->mnt, call->req->dst);
	const char *path = call->s[0];
	struct stat st;
	int err;

	if (!m || !is_path(path) || !is_worth_it(m->sb) || !path_below(path, strlen(path), m->host, m->host_len))
		return -EINVAL;
	err = look(path, &st);
	if (!err)
		mnt_send(m, st.st_dev, st.st_ino);
	return err;
}
