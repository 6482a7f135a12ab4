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
	struct mount *tree;
	u64 origin; /* of the tree: see struct handle */
	struct fs_context *context;
	struct held_names *names;
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
s64 do_ucount(struct call *call);
s64 do_unlink(struct call *call);
s64 do_buried(struct call *call);
s64 do_hold_names(struct call *call);
s64 do_hold_root(struct call *call);
s64 do_mount_new(struct call *call); /* warden/mounts.c */
s64 do_bind(struct call *call);
s64 do_remount(struct call *call);
s64 do_umount(struct call *call);
s64 do_used(struct call *call);
s64 do_move(struct call *call);
s64 do_pivot(struct call *call);
s64 do_set_attr(struct call *call);
s64 do_set_group(struct call *call);
s64 do_open_tree(struct call *call); /* warden/detached.c */
s64 do_show_tree(struct call *call);
s64 do_fsopen(struct call *call); /* warden/fs_context.c */
s64 do_fspick(struct call *call);
s64 do_fsconfig(struct call *call);
s64 do_fsmount(struct call *call);
s64 do_id_map(struct call *call); /* warden/idmap.c */
s64 do_pid(struct call *call);	  /* warden/pids.c */
s64 do_sem(struct call *call);	  /* warden/undo.c */
s64 do_fail(struct call *call);	  /* warden/fail.c */
s64 do_log(struct call *call);	  /* warden/log.c */
s64 do_stat(struct call *call);
s64 do_alias(struct call *call); /* warden/alias.c */

/* ---- mounts (warden/mounts.c) ---- */

/* May the caller change its mount namespace? */
bool may_mount(const struct call *call);
/* Where a mount stands that the caller can name: in its namespace or a detached tree of its own. NULL: in neither. */
struct mnt_ns *ns_of_mount(const struct call *call, u64 id);
/* Takes a mount off with all that is below it; memory that is short is no obstacle. 0 or -EINVAL. */
int detach_mount(struct mnt_ns *ns, u64 id);
/* Tells the mounts that depend on names what has become of those; memory that is short is no obstacle. */
void mounts_follow(const struct path_move *moves, unsigned nr);

/* ---- detached trees (warden/detached.c) ---- */

/* Makes the call's descriptor a handle on the tree with that root and origin, or on failure dissolves the tree. */
s64 tree_publish(struct call *call, u64 id, u64 origin);
/* The namespace, or `detached`, in which the caller can name the mount `id` and may copy it. NULL: neither. */
const struct mnt_ns *ns_to_copy_from(const struct call *call, u64 id);
/* Is that mount in a tree which the caller may name? Its user namespace, or one below that, made it or was shown it. */
bool tree_is_callers(const struct call *call, u64 id);
/* Is there a descriptor on a tree with that root, attached by now or not? */
bool tree_is_held(u64 id);
/* The last descriptor has gone: a tree that nobody has attached goes, too. */
void tree_put(struct mount *tree);

/* ---- file systems to be (warden/fs_context.c) ---- */

void fs_context_free(struct fs_context *context);

/* ---- names that mounts depend on (warden/names.c) ---- */

/* Tells the mounts what has become of all names that somebody is about to change. */
void names_settle(void);
/* Who was about to change them has done so, or not, or is no more. */
void held_names_put(struct held_names *names);
/* Where the host says that the file is. False: nowhere. */
bool host_path_of(int fd, char path[PATH_MAX]);

/* ---- files that are sent (warden/sent.c) ---- */

s64 do_sent(struct call *call);

/* ---- options of file systems as text (warden/options.c) ---- */

/* One that is given. */
struct fs_parameter {
	const char *fstype;	  /* for messages */
	const struct user_ns *ns; /* as which ids count */
	const struct handle *log; /* whose descriptor is told what is wrong; NULL: nobody's */
	const char *name, *value; /* NULL: a flag; no_string: one of fsconfig(2)'s blobs, paths or descriptors */
	u32 number;		  /* the value, of those that are numbers; ids are kids */
};
extern const char no_string[]; /* to all options as wrong as "" */
enum option_kind {
	OPTION_FLAG,
	OPTION_STRING, /* not empty */
	OPTION_S32,
	OPTION_U32,
	OPTION_OCTAL,
	OPTION_UID,
	OPTION_GID,
};
/* What a type knows; a list ends with a NULL. */
struct fs_parameter_spec {
	const char *name;
	enum option_kind kind;
};
/* Reads the value as the rules say. 0, -EINVAL (told), -ENOENT: there is no such option. `rules` may be NULL. */
int fs_parse(struct fs_parameter *o, const struct fs_parameter_spec *rules);
/* Those of any file system: changes `flags` (MS_RDONLY and friends), and adds the flag to `given`. False: it is another
 * one. */
bool vfs_parse_sb_flag(const struct fs_parameter *o, u32 *flags, u32 *given);
/* Tells what is wrong, as printf(3), without a newline. -EINVAL. */
int refuse(const struct handle *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
int bad_value(const struct fs_parameter *o);
/* Is the word in that list, which NULL ends? */
bool one_of(const char *word, const char *const *list);

/* Reads a number as kstrtouint() of Linux does; base 0: as in C. */
bool fs_parse_u32(const char *s, int base, u32 *out);

/* ---- mount options of proc (warden/proc.c) ---- */

struct proc_options {
	u32 hides, gid; /* as in struct super */
	u32 given;	/* which parts of `hides` count */
	bool has_gid;
};
extern const struct fs_parameter_spec proc_rules[];
/* One that fs_parse() has read. 0 or -EINVAL (told). */
int proc_option(const struct fs_parameter *o, struct proc_options *out);
/* What is not given stays as it is. */
void proc_set_options(struct super *sb, const struct proc_options *options);

/* ---- mount options of devpts (warden/devpts.c) ---- */

struct devpts_options {
	u32 uid, gid; /* kids; INVALID_KID: not given */
	u32 mode, ptmxmode, max;
};

extern const struct fs_parameter_spec devpts_rules[];
extern const struct devpts_options devpts_defaults;
/* One that fs_parse() has read. 0 or -EINVAL (told). */
int devpts_option(const struct fs_parameter *o, struct devpts_options *out);
/* All of them count: what is not given gets its default, with a remount as well. */
void devpts_set_options(struct super *sb, const struct devpts_options *options);

/* ---- mount options of tmpfs (warden/tmpfs.c) ---- */

struct tmpfs_options {
	u32 mode, uid, gid;  /* ids are kids */
	bool chown;	     /* uid= or gid= was given */
	u64 size, nr_inodes; /* 0: no limit; TMPFS_UNSET: not given */
};
#define TMPFS_UNSET UINT64_MAX

extern const struct fs_parameter_spec tmpfs_rules[];
/* One that fs_parse() has read. 0 or -EINVAL (told). */
int tmpfs_option(const struct fs_parameter *o, struct tmpfs_options *out);
/* The text that mountinfo shows, without "rw". */
void tmpfs_show(const struct tmpfs_options *options, char *buf, size_t size);
/* Is there room for what is in it, and a limit that can be changed? 0 or -EINVAL (told). */
int tmpfs_fits(const struct tmpfs_options *old, const struct tmpfs_options *new, const struct request *used,
	       const struct handle *log);

/* ---- new file systems (warden/file_systems.c) ---- */

/* What is asked for: of a new one, or what is to change of one that there is. */
struct fs_spec {
	const struct fs_type *type; /* NULL: one of the host's, which a session can neither make nor change */
	char name[sizeof(((struct super *)0)->fstype)];
	char source[sizeof(((struct super *)0)->source)];
	bool has_source;
	u32 flags, given;      /* MS_RDONLY and friends of the whole file system; which of them count */
	struct user_ns *owner; /* of one that is made, or of the one that there is; borrowed */
	struct tmpfs_options tmpfs;
	struct proc_options proc;
	struct devpts_options devpts;
	u32 uid, gid; /* kids of who makes it */
};
/* With a type's defaults for this caller. 0 or -ENODEV: neither we nor the host know it. */
int fs_spec_init(struct fs_spec *spec, const struct call *call, const char *type);
/* For one that there is: nothing is to change so far. */
void fs_spec_of(struct fs_spec *spec, const struct super *sb);
/* One option: its name, value, log. 0 or -EINVAL (told). */
int fs_spec_option(struct fs_spec *spec, const struct user_ns *ns, struct fs_parameter *o);
/* The options of mount(2), any if the type is the host's. 0 or -EINVAL. */
int fs_spec_options(struct fs_spec *spec, const struct user_ns *ns, const char *text);

/*
 * May the file system become so? 0, -EINVAL (told), -EBUSY: something in it is open to be written; -EAGAIN: first the
 * caller has to say how much is in it (struct request), call->value says where. Then fs_spec_apply() cannot fail.
 */
int fs_spec_check(const struct fs_spec *spec, struct call *call, const struct super *sb, const struct handle *log);
void fs_spec_apply(const struct fs_spec *spec, struct super *sb);

/* The text of /proc/filesystems. */
void fs_types_list(char *buf, size_t size);

/* What is mounted then: a super that the caller puts, and what of the host it shows. */
struct fresh {
	struct super *sb;
	char host[PATH_MAX];
};
/* 0 or -errno: -EPERM (the type is the host's), -ENODEV (the host has none), -ENOMEM, or what the host says of a new
 * directory in the storage. */
int fs_spec_make(const struct fs_spec *spec, struct fresh *out);
/* Has Linux but one file system of that type, so that it cannot be a new one? */
bool fs_type_single(const struct fs_type *type);

#define SUPER_FLAGS (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_LAZYTIME)

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

/* ---- the directory cache (warden/dcache.c) ---- */

/* From now on there may be one. */
void dcache_start(void);
/* Takes out what the host has told to have changed. */
void dcache_settle(void);
void dcache_host_mounts_changed(void);
/* Says that the cache counts, while somebody uses it; in how many milliseconds it must be called again, -1: need not.
 */
int dcache_tick(void);
s64 do_dentry(struct call *call);
s64 do_recents(struct call *call);
s64 do_settle(struct call *call);

/* ---- --log's file (warden/log.c) ---- */

void log_open(int fd); /* -1: no log */
void log_line(int pid, const char *line, size_t len);
void log_refusal(const struct call *call, const char *what, const char *why);
/* The session ends: what REQ_STAT has counted, if --stats was given. */
void log_stats(void);

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
/* Can it be a host path? Strings of requests may be longer. */
static inline bool is_path(const char *s)
{
	return s[0] == '/' && __builtin_strlen(s) < PATH_MAX;
}
/* The files that were unlinked in the storage's entry of that name, and stay as long as that. (warden/graves.c) */
void graves_remove(int storage, const char *name);
/* Everything in it. */
void remove_entries(int dir);
/* A directory to be read, or NULL. */
DIR *open_entries(int dir, const char *name);

/* Closes every descriptor from `first` on. (warden/session.c) */
void close_from(int first);

/* Has a process its root, working directory or a descriptor at or below `path`? (warden/busy.c) */
bool path_busy(const char *path);
/* Has one a file there open to be written? */
bool path_written(const char *path);

/* Fills `ns`, which is empty, with the host's mounts. 0 or -errno. (warden/import.c) */
int import_mounts(struct mnt_ns *ns);

/* Serves the socket `fd` in the name of that handle; the loop's from now on. 0 or -errno. */
int loop_watch(int fd, u32 index);
/* Sends a message to whoever has the handle. Nobody makes the warden wait: one that there is no room for is lost. */
void loop_tell(const struct handle *h, const char *text);
/* Has the last process that held the handle gone, even if the loop has not come to that yet? */
bool loop_hung_up(u32 index);
/* When the process of that pidfd ends, calls pids_event(nr) or undo_event(nr); the descriptor stays the caller's. 0 or
 * -errno. */
enum pidfd_use { PIDFD_OF_NUMBER = 1, PIDFD_OF_LIST };
int loop_watch_pidfd(int pidfd, enum pidfd_use use, u32 nr);
void loop_forget_pidfd(int pidfd);
/* Calls dcache_settle() and dcache_host_mounts_changed() when there is something to read on these. 0 or -errno. */
int loop_watch_dcache(int inotify, int mounts);
/* The event loop; ends when the last handle has gone. (warden/loop.c) */
__attribute__((noreturn)) void warden_run(int first_socket, u32 first_handle);

#endif
