/* SPDX-License-Identifier: MIT */
/*
 * Other names for directories, for sockets that are bound there (sys/sockaddr.c). What a socket is called stands in
 * the host's kernel, as bind(2) was given it; where the host's word for a directory is not the guest's, the host is
 * given a symlink in the session's storage, STORAGE/@N, and beside it STORAGE/@N: says what the guest had called it.
 * N follows from both, so the same pair has the same name and there is nothing to keep.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/hash.h"
#include "warden/warden.h"

#define TRIES 16

/* Is that symlink there, or can it be made? 0, -EEXIST: it says something else, or -errno. */
static int make_link(int dir, const char *name, const char *text)
{
	size_t len = strlen(text);
	char there[PATH_MAX];

	if (symlinkat(text, dir, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return readlinkat(dir, name, there, sizeof(there)) == (ssize_t)len && !memcmp(there, text, len) ? 0 : -EEXIST;
}

s64 do_alias(struct call *call)
{
	const char *host = call->s[0], *guest = call->s[1];
	u64 hash = hash_bytes(hash_bytes(HASH_INIT, host, strlen(host) + 1), guest, strlen(guest));
	u32 number = (u32)hash_final(hash) - 1;
	int dir = storage_dir(), err = -EEXIST;
	char name[16], beside[17];

	if (dir < 0)
		return dir;
	/* A symlink says at least one character, and the guest's word may be none: it has a mark in front. */
	if (host[0] != '/' || guest[0] != ALIAS_MARK)
		return -EINVAL;
	for (int i = 0; i < TRIES && err == -EEXIST; i++) {
		snprintf(name, sizeof(name), "@%x", ++number);
		snprintf(beside, sizeof(beside), "%s%c", name, ALIAS_MARK);
		err = make_link(dir, name, host);
		if (!err)
			err = make_link(dir, beside, guest);
	}
	return err ? err : (s64)number;
}
