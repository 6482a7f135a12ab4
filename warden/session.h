/* SPDX-License-Identifier: MIT */
/* How the command starts a session: the arena with its first namespaces, and the warden. */
#ifndef SECEDE_WARDEN_SESSION_H
#define SECEDE_WARDEN_SESSION_H

#include "lib/types.h"

struct session_config {
	const char *runtime; /* host path of the runtime's ELF */
	int runtime_fd;	     /* open on it */
	u64 arena_size;	     /* of the shared memory, a multiple of ARENA_STEP */
	int fd_reserve;	     /* descriptors that guests do not count among those that they may have */
	int log_fd;	     /* --log's file, open for appending; -1: none */
	bool strict_linux;   /* --strict-linux */
	u32 patch_after;     /* traps of a call site before it is patched; 0: never, --no-patch */
	bool stats;	     /* --stats: a last line in the log */
	bool fails;	     /* tests may have allocations fail: lib/prctl.h */
	char **argv;	     /* of the process: overwritten in the warden, so that ps shows it by its name */
};

struct session {
	int arena_fd;
	int handle; /* guest's end of the first handle */
	u64 handle_inode;
};

/*
 * Makes the arena and starts the warden. On success the arena is mapped read-only here, and both
 * descriptors are the caller's, close-on-exec. Otherwise -errno, and *what says what could not be
 * done. The resource limits must leave room: arena_size of file size and of address space.
 */
int session_start(const struct session_config *config, struct session *out, const char **what);
/*
 * Waits until the warden of a session that this process has started, and has the first handle of, has built the first
 * namespaces: before, nothing of the arena but what session_start() was told may be looked at. To be called once.
 * -ENOMEM: the arena has no room for the host's mounts. -EIO: the warden has died. *what as above.
 */
int session_wait(int handle, const char **what);

#endif
