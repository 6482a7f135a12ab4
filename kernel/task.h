/* SPDX-License-Identifier: MIT */
/*
 * A task (a thread of a guest) and the contexts that it shares with others: the objects that
 * clone(2) shares or copies and unshare(2) copies. They are private memory of the address space;
 * fork copies them because it copies memory. The shape is the documents' and Linux's:
 *
 *	dup_X(old)              a private copy, nothing of the task changes
 *	copy_X(flags, parent, child)   clone: share (take a reference) or dup_X
 *	unshare_X(flags, task, &new)   unshare: dup_X if asked for and really shared, else *new = NULL
 *	put_X(x)                drop a reference, the last user frees
 */
#ifndef SECEDE_KERNEL_TASK_H
#define SECEDE_KERNEL_TASK_H

#include "arch/x86_64/regs.h"
#include "kernel/alloc.h"
#include "kernel/cred.h"
#include "kernel/ns/mnt.h"
#include "kernel/ns/nsfs.h"
#include "kernel/ns/uts.h"
#include "kernel/seccomp.h"
#include "kernel/sem.h"
#include "kernel/sighand.h"

#define RECENT_PATH_MAX 256

/* ---- places ---- */

/* An immutable, counted host path ("/" or without a trailing slash). */
struct hpath {
	_Atomic u32 users;
	u32 len;
	char s[];
};
struct hpath *hpath_new(const char *s, size_t len); /* users == 1, or NULL */
struct hpath *hpath_get(struct hpath *p);
void hpath_put(struct hpath *p);

/* A place in the guest's tree: what Linux calls struct path. Owns a reference on `host`. */
struct path {
	u64 mnt;
	struct hpath *host;
};

/* ---- fs: root, working directory, umask (CLONE_FS) ---- */
struct fs_places {
	struct path root, pwd;
};
struct fs_struct {
	_Atomic u32 users;
	struct mutex lock; /* guards places and umask */
	_Atomic u32 seq;   /* raised before pwd or umask change; a task with another host_fs_seq must sync its thread */
	u32 umask;
	u64 pivots;  /* the last pivot_root(2) that it has followed (kernel/ns/mnt.h) */
	bool shared; /* stands in memory shared with other processes, */
	u64 id;	     /* and there has a number that no other one has */
	/* It goes on in there, since it was shared beyond the address space; set once, under the lock. */
	struct fs_struct *_Atomic moved;
	/* The last bit says which of the two is in force: a change writes the other one, and then raises this. So who
	 * reads without the lock is told whether what he read was whole. */
	_Atomic u32 now;
	struct fs_places at[2];
};
/* Held: fs->lock. */
static inline struct fs_places *fs_now(struct fs_struct *fs)
{
	return &fs->at[atomic_load_explicit(&fs->now, memory_order_relaxed) & 1];
}

/* ---- files: what we know of descriptors beyond the host's table (CLONE_FILES) ---- */
enum fd_kind {
	FD_NONE,
	FD_DIR,	 /* a directory or O_PATH descriptor: which mount it is seen through */
	FD_FILE, /* a file on a mount whose flags restrict calls on descriptors */
	FD_NS,	 /* an open /proc/PID/ns/X: `ns` says which kind */
	FD_PROC, /* an emulated file of /proc: what of it is ours, vfs/proc.h says */
};
struct fd_info {
	s32 fd;
	u8 kind; /* enum fd_kind */
	u8 sub;	 /* FD_NS: enum ns_type. FD_PROC: which file, PROC_WRITABLE, PROC_CAPABLE */
	u16 pad;
	u64 mnt;      /* FD_DIR, FD_FILE: mount id. FD_PROC: pid whose file it is */
	u64 dev, ino; /* the host's, to notice that the number was reused behind our back */
};
struct files_struct {
	_Atomic u32 users;
	struct mutex lock;   /* guards the table */
	struct own_fds *own; /* others than threads share the host's table: what of it is ours (host/own_fds.h) */
	u32 nr, cap;
	struct fd_info *tab; /* sorted by fd */
};
/* All take the lock themselves. files_set replaces; 0 or -ENOMEM. files_get: false when unknown. */
int files_set(struct files_struct *files, const struct fd_info *info);
bool files_get(struct files_struct *files, int fd, struct fd_info *out);
/* The first note whose number is >= fd; false: there is none. */
bool files_next(struct files_struct *files, int fd, struct fd_info *out);
void files_clear(struct files_struct *files, unsigned first, unsigned last);
/* Carries over what is known of `from` to `to` (dup2), or forgets `to`. */
int files_dup_entry(struct files_struct *files, int from, int to);

/* ---- nsproxy: which namespaces, and the descriptor that keeps them alive ---- */
struct nsproxy {
	_Atomic u32 users; /* tasks of this address space */
	s32 handle;	   /* host descriptor: guest's end of the socket to the warden (warden/proto.h) */
	u64 inode;	   /* its socket inode; its struct handle says the same */
	struct mnt_ns *mnt;
	struct uts_ns *uts;
	struct user_ns *user; /* Linux keeps this in the credentials; here it moves with the others */
};

/* What unshare(2) and setns(2) prepare; after the swap, what they release. NULL: stays as it is. */
struct unshared {
	struct fs_struct *fs;
	struct files_struct *files;
	struct sighand_struct *sighand;
	struct sem_undo *sem;
	struct nsproxy *nsproxy;
	struct cred *cred;
};

/* ---- the task ---- */
struct sigaltstack_guest {
	u64 sp;
	u32 flags; /* SS_DISABLE, SS_AUTODISARM */
	u64 size;
};

/* Syscall User Dispatch (sys/user_dispatch.h) */
struct user_dispatch {
	bool all;	     /* every call comes here: a control file is open */
	bool on;	     /* the guest has calls stopped, */
	u64 offset, len;     /* but those from there, */
	u64 selector;	     /* as that byte of its memory says; 0: always */
	_Atomic u8 stop_all; /* such a byte of our own */
};

/* What the clone calls have in common: clone3(2)'s struct clone_args, as far as it is built. */
struct clone_request {
	u64 flags; /* without the exit signal */
	u64 exit_signal;
	u64 stack; /* the child's first stack pointer, 0: the parent's */
	u64 ptid, ctid, pidfd, tls;
};

/* The kernel's siginfo_t. */
struct siginfo_raw {
	s32 signo, err, code, pad;
	s32 pid; /* of the sender, where there is one */
	u32 uid;
	u64 rest[13];
};
#define HIDDEN_SIGNALS 3 /* SIGBUS, SIGSEGV, SIGSYS */

#define READS_TRAPPED 64 /* descriptors below can be */

enum temporary_mask { MASK_OWN, MASK_TO_USE, MASK_USED };
/* A signal ended a host call that may sleep, and the guest's call is to be started again: the host call had not begun,
 * or it had, and the host would have gone back to it. */
enum restart { RESTART_NONE, RESTART_NOT_BEGUN, RESTART_BEGUN };

struct task {
	struct regs regs;	  /* first, and the next four and fs_negated at known offsets: entry.S uses them */
	_Atomic u32 sig_deferred; /* the host blocks everything: set `sig_mask` on the way out */
	u64 sig_mask;		  /* the host's mask while the guest runs: signal/ alone changes it */
	_Atomic u32 state;	  /* enum task_state */
	u32 restart;		  /* enum restart */
	s32 tid, tgid;		  /* as guests know it (kernel/pid.h) */
	s32 host_tid, host_tgid;
	u64 fs_negated;	       /* minus the thread's fs base when it last trapped; other threads have another one */
	bool numbers_trapped;  /* getpid(2) and its like come to us (sys/filter.c) */
	bool received_trapped; /* recvfrom(2), recvmsg(2) */
	u64 reads_trapped;     /* read(2) of these descriptors */
	bool sleeps_trapped;   /* poll(2), nanosleep(2) and the like: sys/sleep.h */

	struct fs_struct *fs;
	struct files_struct *files;
	struct sighand_struct *sighand;
	struct sem_undo *sem;
	struct nsproxy *nsproxy;
	struct cred *cred;
	struct mutex alloc_lock; /* task_lock: guards the six pointers against other readers */
	u64 fork_leaves;	 /* what the next fork(2) unshares instead of making a child; 0: it makes one */
	struct unshared leaving; /* here and not on a stack: a killed task's are put by who takes its block back */

	struct seccomp seccomp;
	u32 host_fs_seq; /* fs->seq that the host thread's cwd and umask follow */
	/* Was the working directory, of that host_fs_seq, where fs says when dcache_seq() was one less? 0: not asked.
	 */
	struct {
		u64 dcache_seq;
		u32 fs_seq;
		bool is_there;
	} pwd_seen;
	/* The directory of the last lookup, as its path led there: vfs/recent.c. */
	struct {
		u64 seq, ticks; /* seq 0: it does not count */
		u32 fs_seq;	/* that host_fs_seq, if the path is relative */
		u32 len;
		char path[RECENT_PATH_MAX];
	} recent;
	struct sigaltstack_guest altstack;

	/* signal/: see signal/signal.h */
	u64 blocked_hidden;	    /* SIGSYS, SIGSEGV, SIGBUS bits that the guest believes it blocks */
	struct siginfo_raw put_off; /* came while the runtime worked (signo 0: none); see signal/wait.c */
	_Atomic u64 sig_held;	    /* of the hidden: wait in `held` until the guest can take them */
	struct siginfo_raw held[HIDDEN_SIGNALS];
	u64 sig_waiting;   /* of the hidden: sigtimedwait(2) is waiting for them */
	u8 temporary_mask; /* sig_mask is that of sigsuspend(2), ppoll(2) ...; after it comes sig_saved */
	u64 sig_saved;	   /* with the hidden bits */

	void *exec_area;       /* what execve took for the argument arrays: exec/args.c */
	size_t exec_area_size; /* 0: from the heap */
	char *exec_carry;
	struct user_dispatch dispatch;
	s32 just_opened; /* the file of /proc that this thread has opened since it did anything else, + 1 */
	struct clone_request clone_request; /* how this task was asked for: clone_child reads it */
	u32 limit_seq;			    /* the same, of the number of files (host/limit.h) */
	u32 clone_seq;			    /* of the map of numbers, before the newest child was made */
	bool stores_ptid;		    /* it stores its own tid for its parent first: the host has not done that */
	bool traceme;			    /* PTRACE_TRACEME was asked for, and waits for execve */
	struct tracee *tracees;		    /* sys/ptrace.c */
	u32 replaced;			    /* a tracer has given the guest other registers while its call slept */
	u64 serial;			    /* of all the tasks that ever stood in this block, which one it is */
};

/* In a block that is TASK_NEW `tid` is that of the thread which makes the child, and then the child's: whose death
 * makes it free again. */
enum task_state { TASK_FREE, TASK_RUNNING, TASK_NEW };

static inline void task_lock(struct task *t)
{
	mutex_lock(&t->alloc_lock);
}
static inline void task_unlock(struct task *t)
{
	mutex_unlock(&t->alloc_lock);
}

/* ---- contexts ---- */
struct fs_struct *dup_fs(struct fs_struct *old);
/* Here and below: *slot, the task's pointer, becomes NULL, and is counted no more; the last user frees. */
void drop_fs(struct fs_struct **slot);
static inline void put_fs(struct fs_struct *fs)
{
	drop_fs(&fs);
}
/*
 * Makes the task's fs, whoever else uses it, one that forked children can share (CLONE_FS without CLONE_VM). It is
 * counted like any other, but a killed process does not give its count back: the memory goes with the last one.
 * 0, -ENOMEM, or -ENAMETOOLONG (the working directory is deeper than PATH_MAX).
 */
int share_fs(struct task *task);
/* Does anybody else use the task's fs? */
bool fs_is_shared(struct task *task);
/* Locks it where it stands now, which is what it returns. */
struct fs_struct *fs_lock(struct fs_struct *fs);
/* The task's fs has moved: it follows. */
void follow_fs(struct task *task);
int copy_fs(u64 flags, struct task *parent, struct task *child);
int unshare_fs(u64 flags, struct task *task, struct fs_struct **new);
/* Root and working directory go where pivot_root(2) of others in the namespace has put them. */
void follow_pivots(struct fs_struct *fs, const struct mnt_ns *ns);
/* Replaces root or pwd; takes over the reference in `place`. A working directory may be deeper than PATH_MAX, but for
 * -ENAMETOOLONG where fs is shared beyond the address space. */
void set_fs_root(struct fs_struct *fs, struct path place);
int set_fs_pwd(struct fs_struct *fs, struct path place);
/* "/" of a mount namespace: what is on top of its root mount. The length of its host path. */
size_t copy_ns_root(const struct mnt_ns *ns, u64 *mnt, char *host, size_t size);
/* Copies of the places, with references that the caller puts. -ENOMEM (a shared fs only). */
int get_fs_root(struct fs_struct *fs, struct path *out);
int get_fs_pwd(struct fs_struct *fs, struct path *out);
/*
 * The same for each path call: without the lock, at which the threads of a process would meet, and without a reference.
 * The host path of less than `size` bytes is copied to `host`. Its length; 0: it is longer.
 */
u32 copy_fs_root(struct fs_struct *fs, u64 *mnt, char *host, size_t size);
u32 copy_fs_pwd(struct fs_struct *fs, u64 *mnt, char *host, size_t size);
/* The mount of the working directory, if fs->seq is `seq`: false if it is another one by now. */
bool fs_pwd_mount(struct fs_struct *fs, u32 seq, u64 *mnt);
void path_put(struct path *p);

struct files_struct *dup_files(struct files_struct *old);
void drop_files(struct files_struct **slot);
static inline void put_files(struct files_struct *files)
{
	drop_files(&files);
}
int copy_files(u64 flags, struct task *parent, struct task *child);
int unshare_files(u64 flags, struct task *task, struct files_struct **new);

int copy_sighand(u64 flags, struct task *parent, struct task *child);
int unshare_sighand(u64 flags, struct task *task, struct sighand_struct **new);

void drop_sem_undo(struct sem_undo **slot);
int copy_sem_undo(u64 flags, struct task *parent, struct task *child);
int unshare_sem_undo(u64 flags, struct task *task, struct sem_undo **new);

void drop_nsproxy(struct nsproxy **slot, const struct files_struct *files);
static inline void put_nsproxy(struct nsproxy *ns, const struct files_struct *files)
{
	drop_nsproxy(&ns, files);
}
int copy_namespaces(u64 flags, struct task *parent, struct task *child);
int unshare_namespaces(u64 flags, struct task *task, struct nsproxy **new, struct cred **new_cred);

/* clone: everything of the parent that the child shares or copies; on error the child holds
 * nothing. -ENOMEM, -EPERM, -EINVAL, -ENOSPC, and what the warden says. */
int copy_contexts(u64 flags, struct task *parent, struct task *child);
/* exit: puts every context of the task. */
void put_contexts(struct task *task);

/* The contexts in `u` are the task's from now on, and its old ones are in `u`. */
void swap_unshared(struct task *task, struct unshared *u);
/* `files` as for warden_close_handle(). */
void put_unshared(struct unshared *u, const struct files_struct *files);
/* unshare(2), whole. */
int ksys_unshare(struct task *task, u64 flags);
/* Would that take the task out of a memory in which other threads of its group stay? `flags` gets what is implied. */
bool unshare_leaves_threads(struct task *task, u64 *flags);

/*
 * What kernel/ asks of the world outside itself. The runtime's answers stand in warden/client.c
 * and host/, the unit tests have their own.
 */
/* New namespaces as `flags` (CLONE_NEWNS|NEWUTS|NEWUSER) says, others as in `old`; *out has
 * users == 1. -EPERM, -ENOSPC, -ENOMEM, -EIO (the warden is dead). */
int warden_new_namespaces(struct nsproxy *old, const struct cred *cred, u64 flags, struct nsproxy **out);
/* The last user has gone. `files` is the table that the handle stands in; NULL: nobody else can know of it. */
void warden_close_handle(const struct nsproxy *ns, const struct files_struct *files);
int host_unshare_files(void); /* the host's descriptor table becomes private */
/* So it has: closes what the others had in it for themselves. `own`: the notes of the table as it was. */
void host_files_unshared(struct task *task, struct own_fds *own);
/* CLONE_SYSVSEM: somebody is about to leave the list. What the host has of it goes to the warden; for those who stay
 * nothing changes. 0, -ENOMEM, -EIO, or -EINVAL: the host gives some of it to nobody else. */
int host_part_sem_undo(struct sem_undo *sem);
/* A task does not use list `id` any more: if that was the last one of its process, the process does not either. `sem`
 * is only compared. */
void host_leave_sem_undo(const struct sem_undo *sem, u32 id);
bool host_sem_exists(s32 set);
/*
 * CLONE_VM: the task goes on in an address space of its own, a copy of this one taken now, without the other tasks;
 * what `flags` do not unshare stays shared. 0 there; here it does not return, and everything that the task held
 * here is released, `new` included. -ENOMEM, -EAGAIN, -EIO: nothing has changed.
 */
int host_leave_mm(struct task *task, u64 flags, struct unshared *new);
/* Are answers to be those of Linux itself, where it has no such feature? */
bool strict_linux(void);
unsigned nr_threads(const struct task *task); /* tasks of its thread group */
unsigned mm_users(void);		      /* tasks of this address space, of whatever group */

#endif
