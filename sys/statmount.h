/* SPDX-License-Identifier: MIT */
/* Linux's structures of statmount(2) and listmount(2), which not every system's headers have yet. */
#ifndef SECEDE_SYS_STATMOUNT_H
#define SECEDE_SYS_STATMOUNT_H

#include "kernel/task.h"

struct mnt_id_req {
	u32 size;
	s32 mnt_ns_fd; /* a descriptor of the namespace; 0: none */
	u64 mnt_id;    /* the unique one */
	u64 param;     /* STATMOUNT_ mask; or behind which mount the list begins */
	u64 mnt_ns_id; /* 0: the caller's, or that of the descriptor */
};
#define MNT_ID_REQ_SIZE_VER0 24

struct statmount {
	u32 size;
	u32 mnt_opts; /* this and the like: where in the strings that follow */
	u64 mask;
	u32 sb_dev_major, sb_dev_minor;
	u64 sb_magic;
	u32 sb_flags;
	u32 fs_type;
	u64 mnt_id, mnt_parent_id;
	u32 mnt_id_old, mnt_parent_id_old;
	u64 mnt_attr, mnt_propagation, mnt_peer_group, mnt_master, propagate_from;
	u32 mnt_root, mnt_point;
	u64 mnt_ns_id;
	u32 fs_subtype, sb_source;
	u32 opt_num, opt_array, opt_sec_num, opt_sec_array;
	u64 supported_mask;
	u32 mnt_uidmap_num, mnt_uidmap, mnt_gidmap_num, mnt_gidmap;
	u64 spare[43];
};
_Static_assert(sizeof(struct statmount) == 512, "the kernel's");

#define STATMOUNT_SB_BASIC	 0x1
#define STATMOUNT_MNT_BASIC	 0x2
#define STATMOUNT_PROPAGATE_FROM 0x4
#define STATMOUNT_MNT_ROOT	 0x8
#define STATMOUNT_MNT_POINT	 0x10
#define STATMOUNT_FS_TYPE	 0x20
#define STATMOUNT_MNT_NS_ID	 0x40
#define STATMOUNT_MNT_OPTS	 0x80
#define STATMOUNT_FS_SUBTYPE	 0x100
#define STATMOUNT_SB_SOURCE	 0x200
#define STATMOUNT_OPT_ARRAY	 0x400
#define STATMOUNT_OPT_SEC_ARRAY	 0x800
#define STATMOUNT_SUPPORTED_MASK 0x1000
#define STATMOUNT_MNT_UIDMAP	 0x2000
#define STATMOUNT_MNT_GIDMAP	 0x4000
#define STATMOUNT_STRINGS                                                                                              \
	(STATMOUNT_MNT_ROOT | STATMOUNT_MNT_POINT | STATMOUNT_FS_TYPE | STATMOUNT_MNT_OPTS | STATMOUNT_FS_SUBTYPE |    \
	 STATMOUNT_SB_SOURCE | STATMOUNT_OPT_ARRAY | STATMOUNT_OPT_SEC_ARRAY | STATMOUNT_MNT_UIDMAP |                  \
	 STATMOUNT_MNT_GIDMAP)

#define LSMT_ROOT	  UINT64_MAX
#define LISTMOUNT_REVERSE 1

/* What is asked: the namespace, and its root for the caller, which is put by the caller. */
struct mnt_asked {
	struct mnt_id_req req;
	const struct mnt_ns *ns;
	struct path root;
	bool capable; /* it may know of all mounts there */
};
/* The guest's struct. 0, -EFAULT, -E2BIG or -EINVAL. */
s64 get_mnt_id_req(u64 ureq, struct mnt_id_req *req);
/* Which namespace that means. 0; -ENOENT: there is none of that id; `refusal`: there is, but not for the caller;
 * -EBADF, -EINVAL: of the descriptor. */
s64 find_mnt_ns(struct task *task, struct mnt_asked *asked, s64 refusal);
/* And the root, -ENOMEM. */
s64 find_asked_root(struct task *task, struct mnt_asked *asked);

#endif
