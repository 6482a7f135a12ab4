/* SPDX-License-Identifier: MIT */
/* A step of a fuzzed run: one system call or one lookup, by one of up to three tasks. */
#ifndef SECEDE_TESTS_FUZZ_STEP_H
#define SECEDE_TESTS_FUZZ_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step_op {
	STEP_LOOKUP,
	STEP_OPEN,
	STEP_STAT,
	STEP_GETCWD,
	STEP_MKDIR,
	STEP_CREATE,
	STEP_SYMLINK,
	STEP_UNLINK,
	STEP_RMDIR,
	STEP_RENAME,
	STEP_CHDIR,
	STEP_CHROOT,
	STEP_TMPFS,
	STEP_BIND,
	STEP_MOVE,
	STEP_UMOUNT,
	STEP_REMOUNT,
	STEP_PROPAGATION,
	STEP_PIVOT,
	STEP_SETATTR,
	STEP_SET_GROUP,
	STEP_OPEN_TREE, /* with OPEN_TREE_CLONE */
	STEP_FSMOUNT,
	STEP_MOVE_TREE, /* move_mount(2) of what the descriptor `tree` stands for */
	STEP_CLOSE,
	STEP_PROC, /* a file or link below /p/N is read: see model_proc.c */
	STEP_FORK, /* a task in a copy of the namespace */
	STEP_EXIT,
	STEP_OPS
};

#define STEP_TREES 2	/* descriptors that a task can have */
#define STEP_PATH  1900 /* seven names that are as long as can be, and a rest */

struct step {
	enum step_op op;
	int task;
	unsigned long flags;   /* LOOKUP_, O_, MS_, MNT_, RENAME_: as the call has them */
	unsigned long resolve; /* RESOLVE_ */
	unsigned long clear;   /* of mount_setattr(2): MS_ flags */
	unsigned inodes;       /* that a tmpfs may hold; 0: as many as there are */
	bool from_b;	       /* of lookups and open(2): relative to the directory b */
	int tree;	       /* one of the task's descriptors on trees of mounts: see its ops */
	bool from_tree;	       /* the path a is relative to it; of STEP_MOVE_TREE: b is relative to the next one */
	int of;		       /* the task that the N in /p/N stands for */
	unsigned fail;	       /* so many allocations of the arena later one fails; 0: none */
	char a[STEP_PATH], b[STEP_PATH];
};

/* What is left of the fuzzer's bytes. */
struct input {
	const uint8_t *at, *end;
};

/* False: there are no more. */
bool step_decode(struct input *in, struct step *s);
/* One line, to stderr. */
void step_print(const struct step *s);

/* What STEP_PROC reads: a name below /p/N. Of fd and exe the task `of` opens or executes b first. */
extern const char *const step_proc_names[];

/* MS_ flags of a mount as MOUNT_ATTR_ ones. */
unsigned long step_attr(unsigned long flags);

#endif
