/* SPDX-License-Identifier: MIT */
/* Reading a directory of the host's (host/dir.h). */
#include "host/dir.h"

#include "host/host.h"

/* The kernel's struct linux_dirent64. */
struct dirent64 {
	u64 ino;
	s64 off;
	u16 reclen;
	u8 type;
	char name[];
};

int host_readdir(int fd, host_entry fn, void *arg)
{
	char buf[2048] __attribute__((aligned(8)));
	long n, at;

	while ((n = host_call3(__NR_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (at = 0; at < n; at += ((const struct dirent64 *)(buf + at))->reclen)
			if (!fn(arg, ((const struct dirent64 *)(buf + at))->name))
				return 0;
	}
	return (int)n;
}
