/* SPDX-License-Identifier: MIT */
/*
 * The warden's own concepts. One process, one thread: nothing here needs a lock. Guests are
 * hostile input: a request is judged by warden/request.c before anyone else sees it.
 */
#ifndef SECEDE_WARDEN_WARDEN_H
#define SECEDE_WARDEN_WARDEN_H

#include <dirent.h>
#include "arena/arena.h"
#include "warden/proto.h"

/* ---- handles: sets of namespaces, each held by a socket (warden/handles.c) ---- */

/* What a handle holds a reference on; kind as in struct handle, NULL where there is none. */
struct ns_set {
	u32 kind;
	struct mnt_ns *mnt;
	struct uts_ns *uts;
	struct user_ns *user;
};

/* Takes the references over. Index, or -ENOSPC, -EINVAL (that inode is known already). */
s64 handle_publish(u64 inode, const struct ns_set *set);
/* Puts what it holds; the entry is free. */
void handle_release(u32 index);
struct handle *handle_find(u64 inode);
void ns_set_put(struct ns_set *set);

static inline struct mnt_ns *mnt_ns_get(struct mnt_ns *ns)
{
	atomic_fetch_add(&ns->refs, 1);
	return ns;
}

static inline struct uts_ns *uts_ns_get(struct uts_ns *ns)
{
	atomic_fetch_add(&ns->refs, 1);
	return ns;
}

/* ---- allocations that fail because a test wants it so (warden/fail.c) ---- */

/* What asks for memory or the like asks here first. */
bool allocation_fails(void);
/* realloc(3), with that. */
void *warden_realloc(void *old, size_t size);

/* ---- a request under way (warden/request.c) ---- */

struct call {
	const struct request *req;
	const struct handle *self;  /* in whose name */
	const char *s[REQ_STRINGS]; /* the strings; "" beyond req->nr */
	int fd;			    /* that came with it; -1: none */
	bool fd_taken;		    /* fd has become a handle's socket */
	bool answered;		    /* somebody else answers */
	u64 value;		    /* for the reply */
};

/* Has the caller `cap` over what `target` owns? user_namespaces(7), "Capabilities". */
bool call_capable(const struct call *call, const struct user_ns *target, int cap);
/* A new handle on the descriptor that came along. Takes `set` over, also on failure. */
s64 call_publish(struct call *call, struct ns_set *set);

/*
 * Judges the message of `len` bytes that handle `index` sent with `fd`, carries it out and
 * answers. True: fd has become a handle's socket, else it is to be closed.
 */
bool request_serve(u32 index, const struct request *req, size_t len, int fd);

/* ---- what requests do; each returns the reply's result ---- */

s64 do_unshare(struct call *call); /* warden/namespaces.c */
s64 do_open_ns(struct call *call);
s64 do_setns(struct call *call);
s64 do_setname(struct call *call);
s64 do_mount_new(struct call *call); /* warden/mounts.c */
s64 do_bind(struct call *call);
s64 do_remount(struct call *call);
s64 do_umount(struct call *call);
s64 do_move(struct call *call);
s64 do_pivot(struct call *call);
s64 do_id_map(struct call *call); /* warden/idmap.c */
s64 do_pid(struct call *call);	  /* warden/pids.c */
s64 do_sem(struct call *call);	  /* warden/undo.c */
s64 do_fail(struct call *call);	  /* warden/fail.c */
s64 do_log(struct call *call);	  /* warden/log.c */
s64 do_alias(struct call *call);  /* warden/alias.c */

/* ---- tasks that took their number along (warden/pids.c) ---- */

/* The host process of that guest number has ended: its pidfd says so. */
void pids_event(s32 guest);
/* Looks after those that ended; returns how many milliseconds from now it wants to be called again, -1: not at all. */
int pids_tick(void);

/* ---- how one comes in who is no descendant (warden/door.c) ---- */

/* The socket, or -1: the host does not let us have one. */
int door_open(void);
/* Serves one message there. */
void door_serve(void);
void door_close(void);

/* ---- lists of semaphore adjustments (warden/undo.c, warden/holder.c) ---- */

/* A process that uses one has ended: its number here. */
void undo_event(u32 user);
/* The last guest has gone: no list has a user any more. */
void undo_end(void);
/* What a holder does, on its end of the socket to the warden. */
__attribute__((noreturn)) void holder_run(int control);

/* ---- --log's file (warden/log.c) ---- */

void log_open(int fd); /* -1: no log */
void log_line(int pid, const char *line, size_t len);
void log_refusal(const struct call *call, const char *what, const char *why);

/* ---- mount options of tmpfs (warden/tmpfs.c) ---- */

struct tmpfs_options {
	u32 mode, uid, gid;  /* ids are kids */
	bool chown;	     /* uid= or gid= was given */
	u64 size, nr_inodes; /* shown, not enforced; TMPFS_UNSET: not given */
};
#define TMPFS_UNSET UINT64_MAX

/* Reads `text` over the values in `out`, ids as `ns` counts them. 0 or -EINVAL. */
int tmpfs_parse(const char *text, const struct user_ns *ns, struct tmpfs_options *out);
/* The text that mountinfo shows, without "rw". */
void tmpfs_show(const struct tmpfs_options *options, char *buf, size_t size);

/* ---- where tmpfs lives on the host (warden/storage.c) ---- */

/* A descriptor on the session's directory, which is made when it is needed, or -errno. */
int storage_dir(void);
/* A new directory as `options` say. 0 and its number, or -errno. */
int storage_add(const struct tmpfs_options *options, u32 *number);
void storage_path(u32 number, char *buf, size_t size);
/* Removes one without making the caller wait; all of them with the storage itself. */
void storage_remove(u32 number);
void storage_end(void);

/* ---- stale.c ---- */

/* Says for as long as `fd` is open that the session of this storage directory lives. */
bool storage_lock(int fd);
/* The directories in one of which storage is made; NULL: none of that kind. */
#define STORAGE_BASES 4
void storage_bases(const char *bases[STORAGE_BASES]);
/* Removes what killed wardens of this user left in directory `base`; the host has proc at `proc`. What warden
 * `living` (0: nobody) has there stays: it may be killed just now, while its guests live. */
void stale_remove(const char *base, const char *proc, long living);

/* ---- remove.c ---- */

/* Removes `name` below the open directory `parent`, and everything in it, without following symlinks. */
void remove_tree(int parent, const char *name);
/* Everything in it. */
void remove_entries(int dir);
/* A directory to be read, or NULL. */
DIR *open_entries(int dir, const char *name);

/* Closes every descriptor from `first` on. (warden/session.c) */
void close_from(int first);

/* Has a process its root, working directory or a descriptor at or below `path`? (warden/busy.c) */
bool path_busy(const char *path);

/* Fills `ns`, which is empty, with the host's mounts. 0 or -errno. (warden/import.c) */
int import_mounts(struct mnt_ns *ns);

/* Serves the socket `fd` in the name of that handle; the loop's from now on. 0 or -errno. */
int loop_watch(int fd, u32 index);
/* When the process of that pidfd ends, calls pids_event(nr) or undo_event(nr); the descriptor stays the caller's. 0 or
 * -errno. */
enum pidfd_use { PIDFD_OF_NUMBER = 1, PIDFD_OF_LIST };
int loop_watch_pidfd(int pidfd, enum pidfd_use use, u32 nr);
void loop_forget_pidfd(int pidfd);
/* The event loop; ends when the last handle has gone. (warden/loop.c) */
__attribute__((noreturn)) void warden_run(int first_socket, u32 first_handle);

#endif
