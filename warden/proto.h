/* SPDX-License-Identifier: MIT */
/*
 * How guests and warden speak.
 *
 * A set of namespaces is held by a socket (AF_UNIX, SOCK_SEQPACKET): the guest's end is the handle,
 * the warden keeps the other one in its epoll set. fork and exec pass the handle on because the
 * host passes descriptors on, and when the last process that holds it has gone, however it went, the
 * warden sees EPOLLHUP and releases what it stood for: nothing that a kill could leave behind.
 *
 * A request is one message on the handle (so the warden knows in whose name), and carries one end
 * of a fresh socket pair (SCM_RIGHTS) on which the one reply comes. With a dead warden the
 * kernel closes that end, and the guest reads end-of-file: it never waits in vain. For
 * REQ_UNSHARE, REQ_SETNS, REQ_OPEN_NS, REQ_JOIN and whatever else makes a handle the fresh pair lives on as the new
 * handle: self_inode is the socket inode of the end that the guest keeps, and reply.result the index in handle_at().
 */
#ifndef SECEDE_WARDEN_PROTO_H
#define SECEDE_WARDEN_PROTO_H

#include "kernel/ns/nsfs.h"
#include "lib/types.h"

enum req_op {
	REQ_UNSHARE = 1, /* flags: CLONE_NEW*; uid, gid: creator's effective kids */
	REQ_OPEN_NS,   /* inode: handle looked at; arg: enum ns_type; flags: enum ns_relation. New handle of that kind,
			* NS_OWNER and NS_PARENT: of kind 1 + NS_USER */
	REQ_SETNS,     /* inode: handle of kind 1 + type or 0; flags: CLONE_NEW* kinds to take from it */
	REQ_MOUNT_NEW, /* a fresh file system: s: fstype, source, options, point; flags; dst; arg: 1: on a directory, 2:
			* on what has lost its name */
	REQ_BIND,      /* src, s: source host path, point; flags: MS_REC; dst; arg: 1: a directory, 2: on one */
	REQ_REMOUNT, /* dst; flags: with MS_BIND those of the mount, else those of both; s (may be missing): options */
	REQ_UMOUNT,  /* dst; flags: MNT_DETACH ... */
	REQ_USED,    /* dst: somebody has been in that mount, which MNT_EXPIRE had marked */
	REQ_SENT,    /* dst; s: host path of a file seen through it, which is about to be sent in a message */
	REQ_MOVE,    /* src, dst, s: point; arg: 1: beneath dst, whatever the point */
	REQ_SETNAME, /* arg: 0 nodename, 1 domainname; s: the name */
	REQ_UNLINK,  /* s: host path of a file in a tmpfs: the number of a grave for it, or 0: no mount shows it */
	REQ_BURIED,  /* arg: that number; s: where the file was; it has a name in the grave now */
	REQ_UCOUNT,  /* arg: enum ns_type; src: so many of it may the caller's user namespace own */
	REQ_ID_MAP,  /* arg: 0 uid_map, 1 gid_map, 2 setgroups; inode: handle whose user namespace; s: text */
	REQ_LOG,     /* s: a line; no reply descriptor, no reply */
	REQ_PIVOT,   /* dst: id of the new root mount, src: id of the old one; arg, s: mount and point to put that at */
	REQ_ALIAS,   /* s: host path of a directory, ALIAS_MARK and the guest's word for it: the number of an alias */
	REQ_PID,     /* arg: a guest's number; flags: enum pid_op; src: PID_MOVE: the new host number */
	REQ_FAIL,    /* the arg-th allocation from now on fails; returns what is left of the last such order */
	REQ_JOIN,    /* on the door alone (warden/door.c), without a handle: makes the first one of a new guest */
	REQ_OPEN_TREE, /* src, s: host path; flags: MS_REC; arg: 1 directory. New handle, HANDLE_TREE: a detached copy
			*/
	REQ_SHOW_TREE, /* comes with a HANDLE_TREE, which the caller may change and take from now on; no reply */
	REQ_FSOPEN,    /* s: type. New handle, HANDLE_FS */
	REQ_FSPICK,    /* dst: a mount of the file system. New handle, HANDLE_FS */
	REQ_FSCONFIG,  /* inode: HANDLE_FS; arg: fsconfig(2)'s command; s: key, value (both may be missing) */
	REQ_FSMOUNT,   /* inode: HANDLE_FS; flags: of the mount. New handle, HANDLE_TREE */
	REQ_SET_ATTR,  /* dst; flags: of the mount to be set, and its propagation; arg: to be cleared, and MS_REC */
	REQ_SET_GROUP, /* src, dst: a private mount gets the propagation of another one */
	/* s: host paths, one or two, of names that are about to change or go. -ENOENT: no mount depends on them;
	 * -ENAMETOOLONG: one would be too deep for a walk if the names changed places; else a
	 * new handle, HANDLE_NAMES. When the guest has shut its end down, or has died, the mounts are told, and then
	 * the warden's end goes. */
	REQ_HOLD_NAMES,
	REQ_HOLD_ROOT, /* s: host path of a directory that is to be a task's root, and to follow its names as such */
	REQ_DENTRY,    /* s: host path of a symlink to be cached (kernel/dcache.h); arg: enum dentry_kind; no reply */
	REQ_RECENTS,   /* tasks would like to remember directories (kernel/dcache.h); no reply */
	REQ_STAT,      /* arg: enum stat_what, of a call site; no reply */
	REQ_SETTLE,    /* what was changed so far has left the cache when the answer comes, and what tasks remember */
	REQ_SEM,       /* arg: a list of semaphore adjustments; flags: enum sem_op; src: a host process */
};

/* A directory in which lookups were dear is entered at once, others when one has told of them before. */
enum dentry_kind { DENTRY_LINK, DENTRY_DIRECTORY, DENTRY_DEAR };

/* Which namespace REQ_OPEN_NS means: that one, the user namespace owning it, or a user
 * namespace's parent (ioctl_ns(2)). */
enum ns_relation { NS_ITSELF, NS_OWNER, NS_PARENT };

/* The steps of a task that takes its number along to another host process (kernel/pid.h). */
enum pid_op {
	PID_RESERVE,
	PID_CANCEL,    /* it stays where it is */
	PID_MOVE,      /* it has moved to host process src, which asks for itself */
	PID_MOVE_HUSK, /* the same, and what it left is a husk */
	PID_HUSK_GONE, /* the husk has been waited for */
};

/* What has become of a call site that was to be patched (sys/patch.h). */
enum stat_what {
	STAT_PATCHED,
	STAT_SHAPE,   /* not the shape that can be, or not certainly */
	STAT_TEXT,    /* not a file's text that is mapped privately */
	STAT_REFUSED, /* the host, or the program's addresses, do not let us: that process is left alone */
	STAT_KINDS,
};

/* Lists of semaphore adjustments (sys/sem.h). */
enum sem_op {
	SEM_NEW,     /* used by src; its number */
	SEM_JOIN,    /* src uses it, too */
	SEM_LEAVE,   /* src does not use it any more */
	SEM_KEEP,    /* src has executed a program, and uses no other list (0: none) */
	SEM_SETTLE,  /* what those who have died had to undo is to be undone */
	SEM_OPERATE, /* semtimedop(2) on set src with the operations s, in hexadecimal; dst: 1: with the time {inode,
		      * self_inode}. Answered when it is done; a byte from the guest is a signal. */
};

/* The grave of number N for a file out of STORAGE/DIRECTORY: STORAGE/DIRECTORY=N, in hexadecimal (warden/graves.c). */
#define GRAVE_MARK   '='
#define STORAGE_NAME 8 /* digits of DIRECTORY */

/* An alias of number N, in hexadecimal: a symlink STORAGE/@N to the directory, and STORAGE/@N: with the mark and the
 * guest's word (warden/alias.c). */
#define ALIAS_MARK ':'

#define REQ_STRINGS 4
#define REQ_DATA    12288

struct request {
	u32 op;
	u32 flags;
	u32 uid, gid;	/* the caller's effective kids */
	u64 caps;	/* the caller's effective capabilities in its user namespace */
	u64 src, dst;	/* mount ids */
	u64 inode;	/* of the handle that the request is about */
	u64 self_inode; /* of the guest's end of the new handle */
	u64 arg;
	/* Of a tmpfs that REQ_REMOUNT or REQ_FSCONFIG limits anew: what is in it. 0: not measured, and the reply,
	 * -EAGAIN, has the number of its storage. */
	u64 used_bytes, used_inodes;
	s32 pid;	      /* host pid of the caller, for the log */
	u32 nr;		      /* strings in use */
	u16 len[REQ_STRINGS]; /* of each, without the NUL that follows it in data */
	char data[REQ_DATA];  /* only the used part is sent */
};

struct reply {
	s64 result; /* >= 0 or -errno */
	u64 value;  /* e.g. the new mount's id */
};

#endif
