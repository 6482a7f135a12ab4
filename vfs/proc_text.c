/* SPDX-License-Identifier: MIT */
/* Texts in memory and in memfds (vfs/proc_text.h). */
#include "vfs/proc_text.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/resource.h>
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"
#include "vfs/walk.h"

/* ---- in memory ---- */

#define TEXT_SMALL 8192		 /* most texts: from the heap */
#define TEXT_LARGE (256UL << 10) /* others: mapped, and only what is used takes memory */
#define TEXT_MAX   (1UL << 30)

static char *buffer_get(size_t cap)
{
	long at;

	if (cap <= TEXT_SMALL)
		return kzalloc(cap);
	at = host_call6(__NR_mmap, 0, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return at < 0 ? NULL : (char *)at;
}

void text_free(struct fmt *text)
{
	if (text->buf && text->cap > TEXT_SMALL)
		host_call2(__NR_munmap, text->buf, text->cap);
	else
		kfree(text->buf);
	text->buf = NULL;
}

int text_make(struct task *task, proc_show show, const struct proc_task *who, struct fmt *out)
{
	size_t cap = TEXT_SMALL;
	char *buf;
	int err;

	do {
		buf = buffer_get(cap);
		if (!buf)
			return -ENOMEM;
		fmt_init(out, buf, cap);
		err = show(task, who, out);
		if (!err && !fmt_overflow(out))
			return 0;
		text_free(out);
		cap = MAX(TEXT_LARGE, out->len + out->len / 8 + 2); /* it may grow in between */
	} while (!err && cap <= TEXT_MAX);
	return err ? err : -ENOMEM;
}

/* ---- in a descriptor ---- */

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		long n = host_call3(__NR_write, fd, text, len);

		if (n < 0 && n != -EINTR)
			return (int)n;
		text += MAX(n, 0);
		len -= (size_t)MAX(n, 0);
	}
	return 0;
}

/* Gives descriptor `fd`, a memfd, the access mode and flags of open(2), under the same number. */
static int reopen(int fd, u64 oflags)
{
	u64 keep = oflags & (O_ACCMODE | O_NONBLOCK | O_APPEND);
	char path[FD_PATH_SIZE];
	long again;
	int err;

	fd_path(path, fd);
	again = host_own_fd(__NR_openat, AT_FDCWD, (long)path, (long)keep | O_CLOEXEC, 0);
	if (again < 0)
		return (int)again;
	err = (int)host_call3(__NR_dup3, again, fd, oflags & O_CLOEXEC);
	host_close((int)again);
	return err < 0 ? err : 0;
}

/* A text that the guest may write to is sealed: what does not come to us is an error, never lost. */
static int text_in_memfd(const struct fmt *text, u64 oflags)
{
	long fd = host_call2(__NR_memfd_create, "proc", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (fd < 0)
		return (int)fd;
	err = write_all((int)fd, text->buf, text->len);
	if (!err && (oflags & O_ACCMODE) != O_RDONLY)
		err = (int)host_call3(__NR_fcntl, fd, F_ADD_SEALS,
				      F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	if (!err)
		err = reopen((int)fd, oflags);
	if (!err)
		return (int)fd;
	host_close((int)fd);
	return err;
}

/* Where RLIMIT_FSIZE forbids files of that size: a pipe, which it does not concern. */
static int text_in_pipe(const struct fmt *text, u64 oflags)
{
	s32 pipe[2];
	int err = (int)host_call2(__NR_pipe2, pipe, O_CLOEXEC);

	if (err)
		return err;
	if (host_call3(__NR_fcntl, pipe[1], F_SETPIPE_SZ, MAX(text->len, 4096UL)) < (long)text->len)
		err = -EFBIG;
	if (!err)
		err = write_all(pipe[1], text->buf, text->len);
	if (!err && !(oflags & O_CLOEXEC))
		host_call3(__NR_fcntl, pipe[0], F_SETFD, 0);
	host_close(pipe[1]);
	if (!err)
		return pipe[0];
	host_close(pipe[0]);
	return err;
}

static bool file_may_be(size_t len)
{
	struct rlimit64 limit;

	return host_call4(__NR_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) || limit.rlim_cur >= len;
}

int text_fd(const struct fmt *text, u64 oflags)
{
	return file_may_be(text->len) ? text_in_memfd(text, oflags) : text_in_pipe(text, oflags);
}

int text_replace(int fd, const struct fmt *text)
{
	char path[FD_PATH_SIZE];
	long again;
	int err;

	if (!file_may_be(text->len))
		return -EFBIG;
	fd_path(path, fd);
	again = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_WRONLY | O_CLOEXEC, 0);
	if (again < 0)
		return (int)again;
	/* Longer or shorter, but never empty: another thread may be reading. */
	err = write_all((int)again, text->buf, text->len);
	if (!err)
		err = (int)host_call2(__NR_ftruncate, again, text->len);
	host_close((int)again);
	return err;
}
