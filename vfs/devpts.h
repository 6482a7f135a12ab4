/* SPDX-License-Identifier: MIT */
/*
 * A devpts that a guest has mounted shows the host's instance. Its file `ptmx` nobody may open on most hosts, where the
 * device beside the mount, /dev/ptmx, is what makes terminals in there: so that is opened. Who may, the mount options
 * say (ptmxmode=).
 */
#ifndef SECEDE_VFS_DEVPTS_H
#define SECEDE_VFS_DEVPTS_H

#include "vfs/namei.h"

#define R_OK 4
#define W_OK 2
#define X_OK 1

struct ptmx {
	u32 mode, uid, gid; /* its permissions, and kids */
	u32 pts_mode;	    /* permissions of the terminals that are made by it */
};
/* Is it that device, whichever devpts it belongs to? */
struct stat;
bool is_ptmx(const struct stat *st);
/* Is that the place, which has nd->devpts? */
bool ptmx_at(struct task *task, const struct nameidata *nd, struct ptmx *out);
/* May it be opened so (R_OK and its kin) with these credentials of the task's? 0 or -EACCES. */
int ptmx_permission(const struct task *task, const struct cred *cred, const struct ptmx *ptmx, unsigned wants);

/* The place of an open one that nd's mount is noted of: what the host has opened may lie elsewhere. */
void ptmx_place(struct task *task, struct nameidata *nd);

/* The host path of what is to be opened for it. */
#define PTMX_PATH_SIZE 4096
void ptmx_on_host(const struct nameidata *nd, char path[PTMX_PATH_SIZE]);
/* It was: the new terminal gets its permissions. The host may not let us give them, then it has the host's. */
void ptmx_opened(const struct ptmx *ptmx, const struct nameidata *nd, int fd);

#endif
