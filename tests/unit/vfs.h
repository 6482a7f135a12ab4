/* SPDX-License-Identifier: MIT */
/*
 * A task on the host itself, for tests of vfs/: its host calls are real, and so is what the host's proc says of it. The
 * rest of the runtime is not there. Another task is one in a process of its own, which has the same memory, as a guest
 * has after fork(2).
 */
#ifndef SECEDE_TESTS_UNIT_VFS_H
#define SECEDE_TESTS_UNIT_VFS_H

#include <sys/types.h>
#include "kernel/mm.h"
#include "tasks.h"

/* The fixture: one task (see new_task()), which is this process, stands in "/", and has one mount, the host's root. */
int vfs_setup(void **state);
int vfs_teardown(void **state);
struct task *vfs_task(void);
#define VFS_TEST(f) cmocka_unit_test_setup_teardown(f, vfs_setup, vfs_teardown)

/* What is not to be seen by guests; 0: nothing. */
extern s32 vfs_hidden_pid;
extern struct mm_range vfs_own_range;
/* Files may be opened for writing. */
extern bool vfs_control;

/* Another process, a copy of this one, in which `prepare` has run (or NULL), and its end. */
pid_t other_begin(void (*prepare)(void));
void other_end(pid_t pid);

/* What a guest reads in a file of proc that is emulated, and what stands in one of the host's; good until the next. */
const char *guest_text(const char *rel);
const char *host_text(const char *rel);
/* The same of what is open there, from its beginning. */
const char *fd_text(int fd);
/* Is there a line that begins so? What follows that, up to its end, else NULL; good until the next. */
const char *line_of(const char *text, const char *begins);
/* Gives a descriptor of vfs/'s back. */
void close_guest(int fd);
/* "N/name" for that process. */
const char *rel_of(pid_t pid, const char *name);
/* A directory of the test's own, empty, which goes with the test. */
const char *scratch(void);

#endif
