/* SPDX-License-Identifier: MIT */
/*
 * unshare(2), and secede_unshare(3), when memory is short: for N = 1, 2, ... the Nth allocation fails, in this
 * process's runtime or in the warden, until the call succeeds. Each time before, it must say so, and leave everything
 * as it was: what the caller has, what it shares with the other thread, and what the session and the runtime have in
 * use. To be run in a session of its own with SECEDE_FAIL_ALLOCATIONS: tests/programs/all_or_nothing.
 */
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

static const struct {
	unsigned long flags;
	const char *name;
} cases[] = {
    {CLONE_FS, "FS"},
    {CLONE_FILES, "FILES"},
    {CLONE_SIGHAND, "SIGHAND"},
    {CLONE_SYSVSEM, "SYSVSEM"},
    {CLONE_NEWNS, "NEWNS"},
    {CLONE_NEWUTS, "NEWUTS"},
    {CLONE_NEWUSER, "NEWUSER"},
    {CLONE_VM, "VM"},
    {CLONE_THREAD, "THREAD"},
    {CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM, "FS FILES SIGHAND SYSVSEM"},
    {CLONE_NEWNS | CLONE_NEWUTS, "NEWNS NEWUTS"},
    {CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWUSER, "NEWNS NEWUTS NEWUSER"},
    {CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM, "NEWNS NEWUTS FILES SIGHAND SYSVSEM"},
    {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM, "VM FS FILES SYSVSEM"},
    {CLONE_VM | CLONE_NEWNS | CLONE_NEWUTS, "VM NEWNS NEWUTS"},
    {CLONE_VM | CLONE_THREAD | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_NEWNS | CLONE_NEWUTS |
	 CLONE_NEWUSER,
     "everything"},
};
static const char *const places[] = {[FAIL_HERE] = "in the runtime", [FAIL_IN_WARDEN] = "in the warden"};

static unsigned long flags;
static int by_library; /* secede_unshare(3) instead of unshare(2), where something is left */
static enum fail_where where;
static int set;		  /* of one semaphore */
static volatile int cell; /* memory */
static struct progress {
	unsigned long tried; /* the n-th was the last that failed */
	int all;	     /* and there is no other */
} * progress;		     /* stays shared, whatever is unshared */

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

/* ---- one case ---- */

/* Two signals that wait for this thread alone: they go along with it. */
static void have_pending(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	sigaddset(&blocked, SIGUSR1);
	CHECK(pthread_sigmask(SIG_BLOCK, &blocked, NULL) == 0);
	CHECK(pthread_kill(pthread_self(), SIGRTMIN) == 0);
	CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
}

static void check_failure(const struct state *before, int error)
{
	static struct state now;

	if (error != ENOMEM)
		printf("# errno %s\n", strerrorname_np(error));
	CHECK(error == ENOMEM);
	take_state(&now);
	check_same_state(before, &now);
	check_shared();
}

/* What was asked for has been unshared; memory and descriptors are tried. */
static void check_success(const struct state *before)
{
	static struct state now;
	int was = cell;

	take_state(&now);
	CHECK((strcmp(before->mnt, now.mnt) != 0) == ((flags & CLONE_NEWNS) != 0));
	CHECK((strcmp(before->uts, now.uts) != 0) == ((flags & CLONE_NEWUTS) != 0));
	CHECK((strcmp(before->user, now.user) != 0) == ((flags & CLONE_NEWUSER) != 0));
	if (memcmp(&before->pending, &now.pending, sizeof(now.pending)) != 0)
		printf("# pending %lx -> %lx, tid %d -> %d\n", *(unsigned long *)&before->pending,
		       *(unsigned long *)&now.pending, before->tid, now.tid);
	CHECK(memcmp(&before->pending, &now.pending, sizeof(now.pending)) == 0);
	CHECK((now.tid == before->tid) == !by_library);
	wish(WISH_CHANGE);
	CHECK((cell == was) == ((flags & (CLONE_VM | CLONE_THREAD | CLONE_NEWUSER)) != 0));
	CHECK(fd_is_open(OTHER_FD) == !(flags & CLONE_FILES));
}

static void until_it_succeeds(void)
{
	static struct state before;
	struct use use;

	take_state(&before);
	check_shared(); /* what is allocated the first time stays */
	use = count_use();
	for (unsigned long n = progress->tried + 1;; n++) {
		long ret, left;
		int error;

		fail(where, n);
		ret = by_library ? secede_unshare((int)flags) : syscall(SYS_unshare, flags);
		error = errno;
		left = fail(where, 0);
		progress->tried = n;
		if (!ret) {
			/* Where it was too late to fail, it has been tried again: the next ones are for the next
			 * process. */
			progress->all = left != 0;
			check_success(&before);
			return;
		}
		CHECK(!left);
		check_failure(&before, error);
		check_same_use(&use);
	}
}

static void *unshare_in_thread(void *arg)
{
	have_pending();
	until_it_succeeds();
	wish(WISH_END);
	fflush(stdout);
	_exit(0);
}

static void one_case(void)
{
	struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};
	pthread_t thread;

	alarm(60);
	make_world();
	handle(handler_one);
	CHECK_OK(semop(set, &up, 1));
	start_thread(&thread, unshare_in_thread);
	be_the_other();
}

/* Whoever left the process is a child of ours as well. */
static int in_one_process(void)
{
	int status, good = 1;

	board->step = 0;
	set = semget(IPC_PRIVATE, 1, 0600);
	fflush(stdout);
	if (fork() == 0)
		one_case();
	while (wait(&status) > 0)
		good &= status == 0;
	semctl(set, 0, IPC_RMID);
	fail(FAIL_IN_WARDEN, 0);
	return good;
}

static int run_case(int number, const char *name)
{
	int good = 1;

	*progress = (struct progress){0};
	while (good && !progress->all)
		good = in_one_process();
	printf("%s %d - %s, %s%s: %lu allocations\n", good ? "ok" : "not ok", number, name, places[where],
	       by_library ? ", with libsecede" : "", progress->tried - 1);
	return good;
}

/* ---- other reasons to fail ---- */

static void all_but_a_user_namespace_without_the_capability(void)
{
	static struct state before, now;
	const unsigned long all = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_NEWNS | CLONE_NEWUTS;
	struct use use;

	drop_capability(CAP_SYS_ADMIN);
	take_state(&before);
	use = count_use();
	CHECK_FAILS(unshare((int)all), EPERM);
	CHECK_FAILS(unshare((int)all | CLONE_VM | CLONE_THREAD), EPERM);
	take_state(&now);
	check_same_state(&before, &now);
	check_same_use(&use);
}

/* Ids stay the same, or the next namespace would be refused for want of them. */
static void map_ids(int uid, int gid)
{
	char line[64];
	int fd;

	fd = (int)CHECK_OK(open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC));
	CHECK(write(fd, "deny", 4) == 4);
	close(fd);
	fd = (int)CHECK_OK(open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC));
	CHECK_OK(write(fd, line, (size_t)snprintf(line, sizeof(line), "%d %d 1", uid, uid)));
	close(fd);
	fd = (int)CHECK_OK(open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC));
	CHECK_OK(write(fd, line, (size_t)snprintf(line, sizeof(line), "%d %d 1", gid, gid)));
	close(fd);
}

static void one_user_namespace_too_many(void)
{
	static struct state before, now;
	struct use use;
	int uid = (int)getuid(), gid = (int)getgid(), ret;

	for (int depth = 0; depth < 100; depth++) {
		take_state(&before);
		use = count_use();
		ret = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES);
		if (ret)
			break;
		map_ids(uid, gid);
	}
	CHECK(ret == -1 && errno == ENOSPC);
	take_state(&now);
	check_same_state(&before, &now);
	check_same_use(&use);
}

static void unshare_is_refused(void (*run)(void))
{
	alarm(60);
	make_world();
	run();
	_exit(0);
}

static int run_refusal(int number, const char *name, void (*run)(void))
{
	int status;

	fflush(stdout);
	if (fork() == 0)
		unshare_is_refused(run);
	wait(&status);
	printf("%s %d - %s\n", status == 0 ? "ok" : "not ok", number, name);
	return status == 0;
}

int main(void)
{
	int number = 0, good = 1;

	new_board();
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(progress != MAP_FAILED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (where = FAIL_HERE; where <= FAIL_IN_WARDEN; where++) {
			flags = cases[i].flags;
			good &= run_case(++number, cases[i].name);
			by_library = (flags & (CLONE_VM | CLONE_THREAD | CLONE_NEWUSER)) != 0;
			if (by_library)
				good &= run_case(++number, cases[i].name);
			by_library = 0;
		}
	}
	good &= run_refusal(++number, "EPERM", all_but_a_user_namespace_without_the_capability);
	good &= run_refusal(++number, "ENOSPC", one_user_namespace_too_many);
	printf("1..%d\n", number);
	return !good;
}
