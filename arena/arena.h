/* SPDX-License-Identifier: MIT */
/*
 * The arena: the memory that all processes of a session see, mapped at ARENA_BASE in each, so that
 * what stands in it can use plain pointers. The warden alone maps it writable (the descriptor is
 * sealed against new writable mappings before the first guest runs).
 */
#ifndef SECEDE_ARENA_ARENA_H
#define SECEDE_ARENA_ARENA_H

#include "kernel/dcache.h"
#include "kernel/ns/mnt.h"
#include "kernel/ns/nsfs.h"
#include "kernel/ns/uts.h"
#include "kernel/pid.h"

#define ARENA_BASE  0x551000000000UL
#define ARENA_SIZE  (64UL << 20) /* at most: the addresses that it may take */
#define ARENA_STEP  (1UL << 20)	 /* it comes into use in such pieces */
#define ARENA_MAGIC 0x3161656465636573UL

/* A live set of namespaces, and the socket whose guest end keeps it alive; see warden/proto.h. */
struct handle {
	_Atomic u64 inode; /* socket inode of the guest's end; 0: this entry is free */
	u32 kind;	   /* 0: nsproxy; 1 + enum ns_type: an open /proc/PID/ns/X descriptor; or one of the next two */
	struct mnt_ns *mnt;
	struct uts_ns *uts;
	struct user_ns *user; /* HANDLE_TREE: who may name its mounts to the warden, and those above */
	/* HANDLE_TREE: the mount as it was when the descriptor was made, but for its paths; by its id one finds what it
	 * is now. Another one comes with a new version of the detached trees. */
	const struct mount *tree;
	/* The warden's alone: */
	u64 origin; /* HANDLE_TREE: inum of the mount namespace of which it is a copy; 0: of none (fsmount(2)) */
	struct fs_context *context; /* HANDLE_FS */
	struct held_names *names;   /* HANDLE_NAMES */
};
#define HANDLE_TREE   (1 + NS_TYPES) /* a tree of mounts (open_tree(2), fsmount(2)) */
#define HANDLE_FS     (2 + NS_TYPES) /* a file system to be made (fsopen(2), fspick(2)) */
#define HANDLE_NAMES  (3 + NS_TYPES) /* names are about to change that mounts depend on (rename(2), unlink(2)) */
#define HANDLES_MAX   65536
#define HANDLES_CHUNK 256

#define DOOR_NONE ~0U /* the host gave us none */

#define MOUNTS_GONE 1024
#define FILES_SENT  64

struct arena_header {
	u64 magic;
	u64 size;		/* of the memory, as it was made */
	_Atomic u64 end;	/* all that is in use lies below this offset, a multiple of ARENA_STEP; only grows */
	_Atomic u64 ready;	/* 1 once the warden has built the first namespaces */
	u32 uid, gid;		/* host ids of the caller */
	u32 warden;		/* host pid */
	u32 logging;		/* 1: --log was given, guests send REQ_LOG */
	u32 strict_linux;	/* 1: --strict-linux was given */
	u32 fails;		/* 1: tests may have allocations fail: lib/prctl.h */
	u32 patch_after;	/* a call site is patched when it has trapped so often; 0: never, --no-patch */
	u32 stats;		/* 1: --stats was given, guests send REQ_STAT */
	u32 fd_reserve;		/* descriptors that are the runtime's, of those that the hard limit allows */
	u64 storage_dev;	/* st_dev of the storage directory, 0 while there is none */
	u64 runtime_dev;	/* the runtime ELF's st_dev */
	u64 runtime_ino;	/* and st_ino */
	char runtime[PATH_MAX]; /* host path of the runtime ELF */
	char storage[256];	/* host path of the storage directory; set when it is made */
	char proc[256];		/* host path where the host has proc, normally "/proc" */
	char filesystems[256];	/* the text of /proc/filesystems: what mount(2) can make in this session */
	struct mnt_ns *init_mnt;
	struct mnt_ns *detached; /* see mnt_detached */
	struct uts_ns *init_uts;
	struct user_ns *init_user;
	_Atomic u64 next_inum, next_mount_id;
	_Atomic u64 pivots;	      /* pivot_root(2)s so far: the serial of the last one (kernel/ns/mnt.h) */
	u32 next_gone[2];	      /* in each half of `gone` */
	_Atomic u64 files_sent;	      /* so far; see mnt_sent() */
	struct held_root *held_roots; /* the warden's alone: kernel/ns/mnt_root.c */
	u64 next_version;	      /* of mount trees; see kernel/ns/mnt_tree.h */
	u64 next_group;		      /* of peer groups */
	_Atomic u64 groups_seq;	      /* raised when the forest of peer groups changes; see kernel/ns/mnt_group.h */
	struct mnt_ns *mnt_namespaces, **mnt_namespaces_end; /* all of them, the oldest first; the warden's */
	_Atomic u64
	    tmpfs_files;     /* mounts that show a single file of a tmpfs: its name may go (kernel/ns/mnt_unlink.c) */
	_Atomic u64 objects; /* allocated blocks but those of dcache: back to where it was when all is released */
	u32 nr_handles;	     /* entries in use are below this index */
	struct handle *handles[HANDLES_MAX / HANDLES_CHUNK]; /* made as they are needed, never freed */
	_Atomic u32 tree_handles;			     /* that are HANDLE_TREE */
	_Atomic u32 names_held;				     /* that are HANDLE_NAMES, or about to be */
	_Atomic u64 names_moved; /* how often mounts have followed names: see sys/held_names.h */
	_Atomic u32 sem_lists;	 /* of semaphore adjustments: warden/undo.c */
	_Atomic u32
	    door; /* guests come in at the socket with the name door - 1 (warden/door.c); 0: not yet, or DOOR_NONE */
	/* What each process reads as it starts, and after a fork, lies within the first 64 KiB: the host maps so much
	 * with one fault. What is larger comes last. */
	struct dcache dcache;
	_Atomic u16 points_named[POINTS_NAMED]; /* see point_named() */
	struct pid_map pids;
	_Atomic u16 paths_held[PATHS_HELD]; /* see mnt_name_held() */
	/* The last ones: number n stands at n % FILES_SENT. */
	struct file_sent {
		_Atomic u64 dev, ino, mnt;
	} sent[FILES_SENT];
	/* What mounts were that were taken off, or elsewhere, and are remembered: see mnt_gone(). Those that restrict
	 * who is in them have the second half, so that the others do not push them out. */
	struct mount_gone {
		_Atomic u64 id;
		_Atomic u64 host_hash; /* of what it showed */
		_Atomic u32 host_len;
		_Atomic u32 taken_off;
		_Atomic u32 flags;
		_Atomic u32 proc_hides, proc_gid; /* as in struct super */
	} gone[MOUNTS_GONE];
};

static inline struct arena_header *arena(void)
{
	return (struct arena_header *)ARENA_BASE;
}

/*
 * May a mount point of any namespace have a last component with that hash_text()? False is certain within a read
 * section: a count of those points, which the walk looks at before the tree, since nearly all names are none of them.
 */
static inline bool point_named(u64 hash)
{
	return atomic_load_explicit(&arena()->points_named[hash % POINTS_NAMED], memory_order_relaxed);
}

/* Has a file ever been sent about which mnt_sent() may know something? */
static inline bool any_file_sent(void)
{
	return atomic_load_explicit(&arena()->files_sent, memory_order_relaxed);
}

/* Entry `index`, which is below nr_handles. */
static inline struct handle *handle_at(u32 index)
{
	return &arena()->handles[index / HANDLES_CHUNK][index % HANDLES_CHUNK];
}

/*
 * A guest maps no more of the arena than is in use: the rest would count against its limits, be locked by mlockall(2)
 * and be written into its core dumps. So before it looks at what may be new (a version of a mount tree, a handle), it
 * maps what has come into use since. The warden and the unit tests have all of it from the beginning.
 */
extern u64 arena_seen; /* bytes mapped */
extern void (*arena_see_more)(void);

static inline void arena_see(void)
{
	if (atomic_load_explicit(&arena()->end, memory_order_relaxed) > arena_seen)
		arena_see_more();
}

/* Does [p, p + size) lie in what is mapped of the arena? Readers ask before they follow a pointer. */
static inline bool arena_contains(const void *p, size_t size)
{
	uintptr_t offset = (uintptr_t)p - ARENA_BASE;

	return size <= arena_seen && offset <= arena_seen - size;
}

/* The allocator: the warden's alone (arena/alloc.c). Zeroed, 16-byte aligned; NULL: full. */
int arena_init(u64 size); /* after the mapping exists; lays out the header and the free lists */
void *arena_alloc(size_t size);
extern bool (*arena_fails)(void); /* asked before each: does a test want it to fail? NULL: never */
void arena_free(void *p);
/*
 * Around a change that gives memory back in the end and takes some to get there: the first lets it use what was set
 * aside, the second sets that aside again, as far as there is memory. arena_init() has set nothing aside.
 */
void arena_use_reserve(void);
void arena_reserve(void);

#endif
