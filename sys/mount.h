/* SPDX-License-Identifier: MIT */
/* What the calls that change the mount tree share (sys/mount.c, sys/umount.c, sys/pivot.c). */
#ifndef SECEDE_SYS_MOUNT_H
#define SECEDE_SYS_MOUNT_H

#include "sys/place.h"
#include "warden/client.h"

/* May the task change its mount namespace? */
bool may_mount(const struct task *task);

/* What is asked of the mount that a place stands on. */
struct mount_facts {
	bool in_tree;	  /* it is there: mounted, or in a tree that is mounted nowhere */
	bool is_root;	  /* the place is its root */
	bool root_of_all; /* and that mount is its tree's root */
	bool detached;	  /* it is in a tree that is mounted nowhere */
	bool locked;	  /* it came with the namespace from a more privileged one */
	bool sysfs;
};
void mount_facts(const struct task *task, const struct nameidata *nd, struct mount_facts *facts);
/* Is it the mount that the task's root is in? */
bool is_root_mount(struct task *task, u64 mnt);

/* Is the walked place a directory? 1 or 0, or -errno. */
s64 place_is_dir(const struct nameidata *nd);
/* Has one that is to be mounted, or mounted on, a path? 0; -ENOENT: it has lost its name; -EINVAL: it never had one. */
s64 place_has_name(struct task *task, struct nameidata *nd);
/* Both. */
s64 named_place_is_dir(struct task *task, struct nameidata *nd);

/* Adds a string (NULL: none) to the request and sends it. The warden's answer, or -ENAMETOOLONG. */
s64 ask_warden(struct task *task, struct request *req, const char *s, size_t len);

/* Sends one that may limit a tmpfs anew: then what is in it is measured first. */
s64 ask_warden_measured(struct task *task, struct request *req);
/* Moves the mount whose root `from` is, to that place, or `beneath` the mount that it is in. 0; -EINVAL: none is, or
 * one of the two is a directory, the other is none; what the warden says. */
s64 move_place(struct task *task, const struct nameidata *from, const struct nameidata *to, bool beneath);

/* What is mounted on the place, through a whole stack: nd becomes its root. */
void mount_topmost(const struct task *task, struct nameidata *nd);

#endif
