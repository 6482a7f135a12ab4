/* SPDX-License-Identifier: MIT */
/* Two threads that share everything, what one sees of that, and what the session and the runtime have in use. */
#ifndef SECEDE_TESTS_ALL_OR_NOTHING_H
#define SECEDE_TESTS_ALL_OR_NOTHING_H

#include "arena/arena.h"
#undef MNT_FORCE
#undef MNT_DETACH
#undef MNT_EXPIRE
#undef UMOUNT_NOFOLLOW
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sem.h>

#include "lib/prctl.h"
#include "libsecede/secede.h"
#include "tests/spec/board.h"
#include "tests/spec/world.h"

#define OTHER_FD 150

static int set;		  /* of one semaphore */
static volatile int cell; /* memory */

static long fail(enum fail_where place, unsigned long n)
{
	return CHECK_OK(prctl(PR_SECEDE_FAIL, place, n, 0, 0));
}

/* ---- the other thread: shares everything, and shows it ---- */

static void handler_one(int sig)
{
}

static void handler_two(int sig)
{
}

static void handle(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	CHECK_OK(sigaction(SIGUSR2, &action, NULL));
}

static void change(void)
{
	cell++;
	CHECK_OK(chdir(BASE "/a"));
	umask(0077);
	CHECK(dup2(KEPT_FD, OTHER_FD) == OTHER_FD);
	handle(handler_two);
	CHECK_OK(sethostname("changed", 7));
	CHECK_OK(mount_mark(BASE "/b"));
}

static void change_back(void)
{
	cell++;
	CHECK_OK(chdir(BASE));
	umask(WORLD_UMASK);
	CHECK_OK(close(OTHER_FD));
	handle(handler_one);
	CHECK_OK(sethostname("before", 6));
	CHECK_OK(umount(BASE "/b"));
}

enum wish { WISH_CHANGE, WISH_CHANGE_BACK, WISH_END };

/* Steps: odd ones are wishes, the even ones after them say that it is done. */
static void be_the_other(void)
{
	for (int step = 1;; step += 2) {
		await(step);
		/* If the caller has left, the order is still in force here. */
		fail(FAIL_HERE, 0);
		if (board->number == WISH_END)
			_exit(0);
		if (board->number == WISH_CHANGE)
			change();
		else
			change_back();
		reach(step + 1);
	}
}

static void wish(enum wish wish)
{
	int step = board->step + 1;

	board->number = wish;
	reach(step);
	if (wish != WISH_END)
		await(step + 1);
}

/* ---- what there is ---- */

struct state {
	struct view view;
	char mnt[64], uts[64], user[64];
	struct sigaction action;
	sigset_t pending;
	int semaphore, uid, tid, fds;
};

static void take_state(struct state *s)
{
	memset(s, 0, sizeof(*s));
	take_view(&s->view);
	ns_name("mnt", s->mnt, sizeof(s->mnt));
	ns_name("uts", s->uts, sizeof(s->uts));
	ns_name("user", s->user, sizeof(s->user));
	CHECK_OK(sigaction(SIGUSR2, NULL, &s->action));
	CHECK_OK(sigpending(&s->pending));
	s->semaphore = semctl(set, 0, GETVAL);
	s->uid = (int)getuid();
	s->tid = gettid();
	for (int fd = 0; fd < 1024; fd++)
		s->fds += fd_is_open(fd);
}

static void check_same_state(const struct state *a, const struct state *b)
{
	check_same_view(&a->view, &b->view);
	CHECK(strcmp(a->mnt, b->mnt) == 0 && strcmp(a->uts, b->uts) == 0 && strcmp(a->user, b->user) == 0);
	CHECK(a->action.sa_handler == b->action.sa_handler);
	CHECK(memcmp(&a->pending, &b->pending, sizeof(a->pending)) == 0);
	CHECK(a->semaphore == b->semaphore);
	CHECK(a->uid == b->uid && a->tid == b->tid && a->fds == b->fds);
}

/* What the other does, we see. */
static void check_shared(void)
{
	struct sigaction action;
	int was = cell;

	wish(WISH_CHANGE);
	CHECK(cell == was + 1);
	CHECK(cwd_is(BASE "/a"));
	CHECK(get_umask() == 0077);
	CHECK(fd_is_open(OTHER_FD));
	CHECK_OK(sigaction(SIGUSR2, NULL, &action));
	CHECK(action.sa_handler == handler_two);
	CHECK(nodename_is("changed"));
	CHECK(mark_seen(BASE "/b"));
	wish(WISH_CHANGE_BACK);
}

struct use {
	unsigned long objects, handles, numbers, lists, live, descriptors;
};

/* The runtime's as well: lseek(2) is the host's own, and knows them. */
static unsigned long count_descriptors(void)
{
	unsigned long n = 0;

	for (int fd = 0; fd < 1200; fd++)
		n += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
	return n;
}

static struct use count_use(void)
{
	const struct arena_header *a = arena();

	return (struct use){
	    .objects = atomic_load(&a->objects),
	    .handles = a->nr_handles,
	    .numbers = atomic_load(&a->pids.nr),
	    .lists = atomic_load(&a->sem_lists),
	    .live = (unsigned long)fail(FAIL_COUNT_LIVE, 0),
	    .descriptors = count_descriptors(),
	};
}

/* A list of adjustments may have moved to the warden, and the fs into shared memory: nobody sees that. */
static int more_in_use(const struct use *now, const struct use *before)
{
	return now->objects > before->objects || now->handles > before->handles || now->numbers > before->numbers ||
	       now->lists > before->lists + 1 || now->live > before->live || now->descriptors > before->descriptors;
}

/* The warden hears of a closed handle a moment later. */
static void check_same_use(const struct use *before)
{
	struct use now = count_use();

	for (int i = 0; i < 1000 && more_in_use(&now, before); i++) {
		usleep(5000);
		now = count_use();
	}
	if (more_in_use(&now, before))
		printf(
		    "# objects %lu -> %lu, handles %lu -> %lu, numbers %lu -> %lu, lists %lu -> %lu, live %lu -> %lu, "
		    "descriptors %lu -> %lu\n",
		    before->objects, now.objects, before->handles, now.handles, before->numbers, now.numbers,
		    before->lists, now.lists, before->live, now.live, before->descriptors, now.descriptors);
	CHECK(!more_in_use(&now, before));
}

#endif
