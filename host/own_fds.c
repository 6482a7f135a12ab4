/* SPDX-License-Identifier: MIT */
/* See host/own_fds.h. */
#include "host/own_fds.h"

#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/stat.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"

/* One note. It is free, then taken, then it has a number, and back: each by one store, whoever is killed between. */
struct own_fd {
	_Atomic u32 owner;  /* the thread that it belongs to; 0: free */
	_Atomic s32 number; /* the descriptor + 1; 0: none yet */
	_Atomic s32 tgid;   /* of a child: 0 before it is born, negative until it has its address space's id */
	u64 mm;		    /* id of the owner's address space */
	u64 inode;	    /* of a handle; 0: it is none */
	s32 pair[2];	    /* descriptors that the host has just made, as long as this note has no number; -1: none */
};
#define CLOSING 0x80000000u /* with the number of the thread that is closing it for a dead owner */

#define NOTES 160
struct own_fds {
	u64 id;		      /* first: see host/own_fds.h */
	_Atomic u32 overflow; /* a handle found no room: then nobody knows who uses what */
	struct own_fd note[NOTES];
};

/* ---- taking and giving back ---- */

static struct own_fd *note_take(struct own_fds *own, u32 owner)
{
	u32 i, free;

	for (i = 0; i < NOTES; i++) {
		free = 0;
		if (atomic_compare_exchange_strong(&own->note[i].owner, &free, owner))
			return &own->note[i];
	}
	return NULL;
}

static void note_free(struct own_fd *n)
{
	n->pair[0] = n->pair[1] = -1;
	atomic_store(&n->number, 0);
	atomic_store(&n->owner, 0);
}

static struct own_fd *note_make(struct own_fds *own, u64 inode, u64 id, s32 tgid)
{
	struct own_fd *n = note_take(own, (u32)current_task()->host_tid);

	/* What finds no room is left behind when its owner is killed. */
	if (!n) {
		if (inode)
			own->overflow = 1;
		return NULL;
	}
	n->tgid = tgid;
	n->mm = id;
	n->inode = inode;
	return n;
}

/* The current task's note of a descriptor, or NULL. */
static struct own_fd *note_find(struct own_fds *own, int fd)
{
	u32 tid = (u32)current_task()->host_tid, i;
	struct own_fd *n;

	for (i = 0; i < NOTES; i++) {
		n = &own->note[i];
		if (n->number == fd + 1 && n->mm == mm.id && (n->inode || n->owner == tid))
			return n;
	}
	return NULL;
}

static struct own_fds *own_fds(void)
{
	const struct files_struct *files = current_task()->files;

	return files ? files->own : NULL;
}

struct own_fd *fd_expect(u64 inode)
{
	struct own_fds *own = own_fds();

	return own ? note_make(own, inode, mm.id, current_task()->host_tgid) : NULL;
}

void fd_own(struct own_fd *note, long fd)
{
	if (!note)
		return;
	if (fd >= 0)
		atomic_store(&note->number, (s32)fd + 1);
	else
		note_free(note);
}

long fd_own_pair(int domain, int type, s32 pair[2])
{
	struct own_fd *notes[2] = {fd_expect(0), fd_expect(0)};
	bool noted = notes[0] && notes[1];
	/* The one that others come to first. */
	struct own_fd *n = notes[0] < notes[1] ? notes[0] : notes[1], *other = n == notes[0] ? notes[1] : notes[0];
	s32 *numbers = noted ? n->pair : pair;
	long err = host_call4(__NR_socketpair, domain, type, 0, numbers);

	if (!err && noted)
		memcpy(pair, numbers, sizeof(n->pair));
	/* From when it has a number on, the pair in it does not count: so that comes last. */
	fd_own(other, err ? err : pair[1]);
	fd_own(n, err ? err : pair[0]);
	return err;
}

void fd_give(int fd)
{
	struct own_fds *own = own_fds();
	struct own_fd *n = own ? note_find(own, fd) : NULL;

	if (n)
		note_free(n);
}

int host_close(int fd)
{
	struct own_fds *own = own_fds();
	struct own_fd *n = own ? note_find(own, fd) : NULL;
	int err = (int)host_call1(__NR_close, fd);

	if (n)
		note_free(n);
	return err;
}

/* ---- a table becomes shared, and private again ---- */

/* One note for each handle that this address space has in that table. */
static void note_handles(struct own_fds *own, const struct files_struct *files)
{
	struct stat st;
	u32 fd;

	for (fd = next_own_fd(0); fd != UINT32_MAX; fd = next_own_fd(fd + 1))
		if ((s32)fd != mm.arena_fd && !host_call2(__NR_fstat, fd, &st))
			fd_own(note_make(own, st.st_ino, mm.id, current_task()->host_tgid), fd);
}

int own_fds_begin(struct task *task)
{
	struct own_fds *own;

	if (task->files->own)
		return 0;
	own = shared_alloc(sizeof(*own));
	if (!own)
		return -ENOMEM;
	own->id = mm_new_id();
	for (u32 i = 0; i < NOTES; i++)
		note_free(&own->note[i]);
	note_handles(own, task->files);
	task->files->own = own;
	return 0;
}

struct own_fd *own_fds_unborn(const struct nsproxy *ns, u64 id)
{
	struct own_fds *own = own_fds();
	struct own_fd *n = own ? note_make(own, ns->inode, id, 0) : NULL;

	fd_own(n, ns->handle);
	return n;
}

void own_fds_born(struct own_fd *note, s32 tgid)
{
	s32 unborn = 0;

	if (!note)
		return;
	if (!tgid)
		note_free(note);
	else if (mm.id == note->mm)
		note->tgid = tgid;
	else
		atomic_compare_exchange_strong(&note->tgid, &unborn, -tgid);
}

u32 own_fds_next(const struct files_struct *files, u32 from)
{
	u32 next = UINT32_MAX, i;

	for (i = 0; files->own && i < NOTES; i++) {
		const struct own_fd *n = &files->own->note[i];
		s32 number = n->number;

		if (number && n->inode && (u32)number - 1 >= from)
			next = MIN(next, (u32)number - 1);
	}
	return next;
}

/* Only if it still is that one: a table may have been copied long ago. */
static void close_handle(int fd, u64 inode)
{
	struct stat st;

	if (host_call2(__NR_fstat, fd, &st) == 0 && st.st_ino == inode)
		host_call1(__NR_close, fd);
}

static void close_noted(const struct own_fd *n)
{
	int fd = n->number - 1;

	if (n->inode)
		close_handle(fd, n->inode);
	else if (fd >= 0)
		host_call1(__NR_close, fd);
}

void own_fds_leave(struct own_fds *own, const struct nsproxy *new)
{
	s32 handle = current_task()->nsproxy->handle, new_handle = new ? new->handle : handle;
	u32 i;

	/* Of other numbers nobody knows what they mean in this table: the notes are about the one that was left. */
	for (i = 0; own && i < NOTES; i++)
		if (own->note[i].inode && own->note[i].number != handle + 1 && own->note[i].number != new_handle + 1)
			close_noted(&own->note[i]);
}

/* ---- who lives ---- */

/* Of a process in other memory; `maker` is the thread that cloned it. */
static bool child_lives(s32 tgid, u64 id, s32 maker)
{
	if (tgid > 0)
		return process_lives(tgid, id);
	if (tgid < 0)
		return host_call2(__NR_kill, -tgid, 0) != -ESRCH;
	return thread_where(maker) != THREAD_DEAD;
}

static bool owner_lives(const struct own_fd *n, u32 owner)
{
	s32 tid = (s32)(owner & ~CLOSING);

	if ((owner & CLOSING) || !n->number)
		return thread_where(tid) != THREAD_DEAD;
	if (n->mm != mm.id)
		return child_lives(n->tgid, n->mm, tid);
	return thread_where(tid) == THREAD_HERE || (n->inode && handle_in_use(n->inode));
}

/* ---- a handle that several stand on ---- */

enum answer { NO, YES, LATER };

/* A handle that an address space has no use for any more. */
struct unused {
	const struct own_fd *note; /* NULL: it has none */
	u64 mm;			   /* whose use it was */
	u64 inode;
	int fd;
};

/* Does another address space stand on it? LATER: one is just giving it up who comes before us. */
static enum answer is_needed(const struct own_fds *own, const struct unused *h)
{
	const struct own_fd *other;

	for (other = own->note; other < own->note + NOTES; other++) {
		u32 owner = other->owner;

		if (other == h->note || !owner || other->number != h->fd + 1 || other->inode != h->inode ||
		    !owner_lives(other, owner))
			continue;
		if (!(owner & CLOSING) && other->mm != h->mm)
			return YES;
		if ((owner & CLOSING) && (!h->note || other < h->note))
			return LATER;
	}
	return own->overflow ? YES : NO;
}

#define PATIENCE_MS 1000 /* with one who was stopped in between: rather is it left open */

/*
 * The last of those who stand on a handle closes it. Each says first that it gives it up (CLOSING), and then looks for
 * others; of several who do so at once the later ones in the table wait until those before them are through.
 */
static void give_up(const struct own_fds *own, const struct unused *h)
{
	static const s64 a_moment[2] = {0, 1000000};
	enum answer needed = is_needed(own, h);
	u32 waited;

	for (waited = 0; needed == LATER && waited < PATIENCE_MS; waited++) {
		host_call2(__NR_nanosleep, a_moment, NULL);
		needed = is_needed(own, h);
	}
	if (needed == NO)
		close_handle(h->fd, h->inode);
}

void own_fds_close_handle(const struct files_struct *files, int fd, u64 inode)
{
	struct own_fd *n;

	if (!files || !files->own) {
		host_close(fd);
		return;
	}
	n = note_find(files->own, fd);
	if (n)
		atomic_store(&n->owner, (u32)current_task()->host_tid | CLOSING);
	give_up(files->own, &(struct unused){n, mm.id, inode, fd});
	if (n)
		note_free(n);
}

/* ---- what the dead had open ---- */

/* Does the descriptor stand in a further note, which is judged by itself? `living`: only one whose owner lives counts.
 */
static bool noted_twice(const struct own_fds *own, const struct own_fd *n, int fd, bool living)
{
	u32 i;

	for (i = 0; i < NOTES; i++) {
		const struct own_fd *other = &own->note[i];
		u32 owner = other->owner;

		if (other != n && owner && other->number == fd + 1 && (!living || owner_lives(other, owner)))
			return true;
	}
	return false;
}

#define FAR 1024 /* above fd_base lie handles alone, and the lowest free number is taken */

/* A handle whose owner was killed when it had it, and had not written its number yet. */
static void close_unnumbered(const struct own_fds *own, const struct own_fd *n)
{
	struct stat st;
	int fd;

	for (fd = mm.fd_base; fd < mm.fd_base + FAR; fd++)
		if (!host_call2(__NR_fstat, fd, &st) && S_ISSOCK(st.st_mode) && st.st_ino == n->inode &&
		    !noted_twice(own, n, fd, false))
			host_call1(__NR_close, fd);
}

/* A pair whose owner was killed before each had its own note. */
static void close_pair(const struct own_fds *own, const struct own_fd *n)
{
	struct stat st;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(n->pair); i++)
		if (!host_call2(__NR_fstat, n->pair[i], &st) && S_ISSOCK(st.st_mode) &&
		    !noted_twice(own, n, n->pair[i], false))
			host_call1(__NR_close, n->pair[i]);
}

/*
 * Someone who lives has just closed the number and not struck out its note yet, when the dead one got it: whose it is
 * will be clear the next time. A handle, in contrast, may be stood on by two.
 */
static bool is_unclear(const struct own_fds *own, const struct own_fd *n)
{
	return !n->inode && n->number && noted_twice(own, n, n->number - 1, true);
}

static void reclaim(const struct own_fds *own, struct own_fd *n)
{
	if (n->inode && n->number)
		give_up(own, &(struct unused){n, n->mm, n->inode, n->number - 1});
	else if (n->inode)
		close_unnumbered(own, n);
	else if (!n->number)
		close_pair(own, n);
	else if (!noted_twice(own, n, n->number - 1, false))
		close_noted(n);
	note_free(n);
}

void own_fds_reclaim(void)
{
	u32 mine = (u32)current_task()->host_tid | CLOSING, owner, i;
	struct own_fds *own = own_fds();

	for (i = 0; own && i < NOTES; i++) {
		struct own_fd *n = &own->note[i];

		owner = n->owner;
		if (!owner || owner_lives(n, owner) || is_unclear(own, n))
			continue;
		if (atomic_compare_exchange_strong(&n->owner, &owner, mine))
			reclaim(own, n);
	}
}
