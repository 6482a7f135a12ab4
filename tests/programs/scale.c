/* SPDX-License-Identifier: MIT */
/* Many at once: threads, processes, namespaces, chains of fork and exec. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

static char *self;
static int under_secede;

/* ---- threads ---- */

#define THREADS 500
static pthread_barrier_t all_here;
static int caught;

static void on_signal(int sig)
{
	__atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
}

/* What the runtime does for a thread, while as many others ask for the same. */
static void *work(void *arg)
{
	struct stat st;
	int fd;

	pthread_barrier_wait(&all_here);
	for (int i = 0; i < 4; i++) {
		fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
		CHECK(fd >= 0 && fstat(fd, &st) == 0 && stat("/usr/bin", &st) == 0);
		close(fd);
		pthread_kill(pthread_self(), SIGUSR1);
	}
	return NULL;
}

/* The host's count, which has the runtime's memory in it, too. */
static long private_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "RssAnon: %ld", &kb);
	fclose(f);
	return kb;
}

/* Each leaves little behind: its stack, which the library may keep, and a few pages. */
static void threads_come_and_go(void)
{
	static pthread_t thread[THREADS];
	long before = private_kb();
	pthread_attr_t small;

	signal(SIGUSR1, on_signal);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	pthread_barrier_init(&all_here, NULL, THREADS);
	for (int round = 1; round <= 3; round++) {
		for (int i = 0; i < THREADS; i++)
			CHECK(pthread_create(&thread[i], &small, work, NULL) == 0);
		for (int i = 0; i < THREADS; i++)
			CHECK(pthread_join(thread[i], NULL) == 0);
		CHECK(caught == round * THREADS * 4);
	}
	CHECK(private_kb() - before < THREADS * 20);
}

/* ---- processes ---- */

#define PROCESSES 300

/* Children that all do `what` at the same moment and stay until all have done so; how many failed. */
static int all_at_once(int (*what)(void))
{
	int begin[2], done[2], end[2], failed = 0;
	char c = 0;

	CHECK(pipe(begin) == 0 && pipe(done) == 0 && pipe(end) == 0);
	for (int i = 0; i < PROCESSES; i++) {
		if (CHECK_OK(fork()) != 0)
			continue;
		close(begin[1]);
		close(end[1]);
		CHECK(read(begin[0], &c, 1) == 0);
		c = (char)what();
		CHECK(write(done[1], &c, 1) == 1);
		CHECK(read(end[0], &c, 1) == 0);
		_exit(0);
	}
	close(begin[1]);
	for (int i = 0; i < PROCESSES; i++) {
		CHECK(read(done[0], &c, 1) == 1);
		failed += c != 0;
	}
	close(end[1]);
	for (int i = 0, status; i < PROCESSES; i++)
		CHECK(wait(&status) > 0 && status == 0);
	return failed;
}

static int open_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0;
}

static void processes_at_once(void)
{
	CHECK(all_at_once(open_a_file) == 0);
}

static int new_namespace(void)
{
	char name[64];

	if (unshare(CLONE_NEWUTS) != 0 || sethostname("other", 5) != 0)
		return 1;
	return gethostname(name, sizeof(name)) != 0 || strcmp(name, "other") != 0;
}

/* Each gets its own, though the host lets no user have more descriptors on their way than a process may have open. */
static void namespaces_at_once(void)
{
	struct rlimit few;

	getrlimit(RLIMIT_NOFILE, &few);
	few.rlim_cur = 20;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &few));
	CHECK(all_at_once(new_namespace) == 0);
}

#define MOUNTS 4000

/* Thousands of mounts are seen by a process that was there before them, and gone with their namespace. */
static void mounts_seen_by_all(void)
{
	int made[2], seen;
	char path[64], c;
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mkdir("shown", 0777));
	CHECK_OK(mkdir("points", 0777));
	close(open("shown/file", O_CREAT | O_WRONLY, 0666));
	CHECK(pipe(made) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(made[1]);
		CHECK(read(made[0], &c, 1) == 0);
		for (int i = seen = 0; i < MOUNTS; i++) {
			snprintf(path, sizeof(path), "points/%d/file", i);
			seen += access(path, F_OK) == 0;
		}
		_exit(seen != MOUNTS);
	}
	for (int i = 0; i < MOUNTS; i++) {
		snprintf(path, sizeof(path), "points/%d", i);
		CHECK_OK(mkdir(path, 0777));
		CHECK_OK(mount("shown", path, NULL, MS_BIND, NULL));
	}
	close(made[1]);
	CHECK(waitpid(pid, &seen, 0) == pid && seen == 0);
}

/* ---- generations ---- */

#define DEPTH 200

/* A child of a child of a child, each of which waits for its own. */
static void deep_tree(void)
{
	int depth, status;
	pid_t pid;

	for (depth = 0; depth < DEPTH; depth++) {
		pid = fork();
		CHECK(pid >= 0);
		if (pid) {
			CHECK(waitpid(pid, &status, 0) == pid);
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
		}
	}
	_exit(access("/etc/passwd", R_OK) ? 1 : 0);
}

static void counts_itself_down(int left)
{
	char number[16];

	if (!left)
		_exit(0);
	snprintf(number, sizeof(number), "%d", left - 1);
	execl(self, self, "exec", number, (char *)NULL);
	_exit(1);
}

static void chain_of_execs(void)
{
	counts_itself_down(500);
}

static int nr_descriptors(void)
{
	int nr = 0;

	for (int fd = 0; fd < 4096; fd++)
		nr += fcntl(fd, F_GETFD) != -1;
	return nr;
}

static void execs_in_a_row(void)
{
	char *const args[] = {self, "exec", "0", NULL};
	int before = nr_descriptors(), status;
	pid_t pid;

	for (int i = 0; i < 300; i++) {
		if (i % 2 == 0) {
			CHECK(posix_spawn(&pid, self, NULL, NULL, args, NULL) == 0); /* a vfork */
		} else {
			pid = fork();
			CHECK(pid >= 0);
			if (!pid)
				execv(self, args), _exit(1);
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	CHECK(nr_descriptors() == before);
}

/* How many objects and handles the session has, when this runs under secede: what they are is the arena's secret. */
struct holdings {
	unsigned long objects, handles;
};

static struct holdings holdings(void)
{
	struct holdings now = {0, 0};

	if (under_secede)
		now = (struct holdings){atomic_load(&arena()->objects), arena()->nr_handles};
	return now;
}

/* The warden hears of deaths a little later. */
static int settles_at(struct holdings wanted)
{
	for (int i = 0; i < 800; i++) {
		struct holdings now = holdings();

		if (now.objects == wanted.objects && now.handles == wanted.handles)
			return 1;
		usleep(50000);
	}
	return 0;
}

static void namespaces_in_a_row(void)
{
	struct holdings before = holdings();
	int status;
	pid_t pid;

	for (int i = 0; i < 300; i++) {
		pid = fork();
		CHECK(pid >= 0);
		if (!pid) {
			CHECK_OK(unshare(CLONE_NEWUTS | CLONE_NEWNS));
			counts_itself_down(2);
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
	CHECK(settles_at(before));
}

static const struct test tests[] = {
    {"500 threads, three times", threads_come_and_go},
    {"300 processes at once", processes_at_once},
    {"300 of them make namespaces at once, with few descriptors", namespaces_at_once},
    {"4000 mounts are seen by a process that was there before", mounts_seen_by_all},
    {"a process tree 200 deep", deep_tree},
    {"a chain of 500 execs", chain_of_execs},
    {"300 times fork and exec", execs_in_a_row},
    {"300 times fork, unshare and exec", namespaces_in_a_row},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 2 && !strcmp(argv[1], "exec"))
		counts_itself_down(atoi(argv[2]));
	under_secede = argc > 2 && !strcmp(argv[2], "secede");
	return RUN_TESTS(tests);
}
