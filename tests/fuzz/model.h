/* SPDX-License-Identifier: MIT */
/*
 * What Linux does, in the plainest way that can be written down: mounts are a list, a place is (mount, node) as the
 * kernel's is (vfsmount, dentry), and a path is walked component by component as path_resolution(7) says. Slow, and
 * shares nothing with what it judges.
 *
 * Where secede is known to differ from Linux, and says so in its documents, model.c has a line with "secede:".
 */
#ifndef SECEDE_TESTS_FUZZ_MODEL_H
#define SECEDE_TESTS_FUZZ_MODEL_H

#include "disk.h"
#include "step.h"

#define MODEL_TASKS    3	   /* each in a mount namespace of its own */
#define MODEL_MOUNTS   200	   /* in a namespace */
#define MODEL_DETACHED MODEL_TASKS /* in place of a namespace: mounts of trees that are mounted nowhere */
#define MODEL_PATH     (8 * PATH_MAX)

struct m_super {
	unsigned flags;	   /* MS_RDONLY */
	bool host;	   /* the host's: cannot be remounted */
	unsigned user;	   /* the user namespace of who made it, who alone may remount it */
	struct node *root; /* of a tmpfs, or of proc */
	unsigned inodes;   /* that it may hold; 0: no limit */
	bool proc;
};

struct m_mount {
	struct m_mount *parent; /* NULL: the root of its namespace, or taken off */
	struct node *point;	/* that it covers in the parent */
	struct node *root;	/* what it shows */
	unsigned flags, locked_flags;
	bool locked;
	unsigned group, master; /* that it is a member of, and receives from; 0: none */
	bool unbindable;
	int ns; /* of whose task; MODEL_DETACHED; -1: taken off */
	struct m_super *sb;
	struct m_mount *copy; /* that was made of it last */
	unsigned long id;     /* what the other side calls it */
};

struct place {
	struct m_mount *mnt;
	struct node *node;
};

struct m_task {
	bool used;
	struct place root, pwd;
	struct m_mount *top;		   /* the root mount of its namespace */
	unsigned user;			   /* its user namespace */
	struct m_mount *trees[STEP_TREES]; /* descriptors on roots of mounts, that were in detached trees when they were
					      opened; or NULL */
};

extern struct m_task model_tasks[MODEL_TASKS];

/* What a step should do. */
struct expect {
	bool skip;    /* not to be tried: what is known to differ, or is too large */
	bool secedes; /* what Linux does is something else */
	bool linuxes; /* what secede does is something else */
	bool stays;   /* of STEP_PROC: the link can be read, and not be followed */
	long err;     /* 0 or -errno */
	/* Of lookups: the place, and with MODEL_PARENT what follows it. */
	struct place at;
	char last[NAME_MAX + 2];
	size_t last_len;
	bool slash;
	int last_type;
	char path[MODEL_PATH]; /* of getcwd, and of a lookup's place; "": cannot be reached from the root */
	/* Of changes of the disk. */
	enum change { CHANGE_NONE, CHANGE_ADD, CHANGE_REMOVE, CHANGE_MOVE, CHANGE_EXCHANGE } change;
	struct node *node, *dir;	/* removed or moved; where it is added or moved to */
	char name[NAME_MAX + 1];	/* under which name */
	struct node *other, *other_dir; /* that it replaces or is exchanged with; the directory it came from */
	/* Of changes of the mounts. */
	bool mounts;
};

/* One task, whose root mount shows the whole disk. */
void model_init(void);
void model_free(void);

/* Judges a step; mounts, root and working directory are changed at once, the disk never. */
void model_step(const struct step *s, struct expect *e);
/* The last step was none: mounts and tasks are as they were. */
void model_restore(void);
/* A new file system's root: the directory that the other side has made for it on the disk. */
struct node *model_next_tmpfs(void);

/* What is mounted there; NULL: nothing. */
struct m_mount *model_mounted(const struct place *at);
/* Calls fn for each mount in the task's namespace, parents first. */
void model_each(int task, void (*fn)(struct m_mount *m, void *arg), void *arg);
/* The path of a place as the task sees it from its root; false: it is not below, or the path is too long. */
bool model_path(const struct m_task *task, struct place at, char *buf, size_t size);
/* Calls fn for the mount and all below, parents first. */
void model_each_below(struct m_mount *top, void (*fn)(struct m_mount *m, void *arg), void *arg);
/* Of those that the mount receives from, the nearest group with a member in the task's namespace that it can see; 0:
 * none. */
unsigned model_nearest_master(const struct m_task *task, const struct m_mount *m);
/* The place as the task's links of proc say it: from its root, or from the top of where it is. */
void model_text(const struct m_task *task, struct place at, char *buf, size_t size);
/* Where what the mount shows lies in its file system. */
void model_fs_root(const struct m_mount *m, char *buf);
/* The mounts' and their file systems' flags. */
unsigned model_flags(const struct m_mount *m);

#endif
