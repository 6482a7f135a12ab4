/* SPDX-License-Identifier: MIT */
/*
 * A storm: processes that fork, vfork, make threads, execute programs, unshare, mount and unmount, while
 * SIGKILL, SIGTERM, SIGSTOP and SIGCONT hit random ones at random moments. Beside them others work that are never hit,
 * and must find everything right and never wait for long (kill_survive.h). From time to time all is brought to rest:
 * then no victim may be left, and the warden and the others may hold no more than they did at the beginning.
 *
 *	kill_storm DIRECTORY SECONDS KILLS COMMAND...
 *
 * runs "COMMAND... kill_storm --first" and kills from outside, until it has killed so many or so long. It leaves
 * the warden's pid and the storage directory, if there are any, in the file DIRECTORY/session.
 */
#include <dirent.h>
#include <poll.h>

#include "tests/tools/kill_survive.h"

#define LIMIT 40   /* seconds without a sign of life: under any load that is for ever */
#define ROUND 2000 /* kills from one rest to the next */
#define HELD  8	   /* processes that are stopped at the same time */

static struct {
	pid_t first; /* of the session: its pid is the session id of all */
	unsigned kills;
	struct {
		int pidfd;
		double until;
	} stopped[HELD];
	unsigned long beats[SURVIVORS + 1];
	double seen[SURVIVORS + 1]; /* when each last did something */
	int good;
} storm = {.good = 1};

/* What is counted when all is at rest. */
struct counts {
	unsigned long objects, handles;
	int storages, warden_fds, fds[SURVIVORS];
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- looking at processes ---- */

static int count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static int count_fds(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return count_entries(path);
}

static void show_fds(int pid)
{
	char path[400], target[256];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target));

		if (n > 0)
			printf("# %d: %s -> %.*s\n", pid, e->d_name, (int)n, target);
	}
	if (d)
		closedir(d);
}

/* Calls fn for each process of the session. */
static int each_process(int (*fn)(int pid))
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d))) {
		int pid = atoi(e->d_name);

		if (pid > 0 && getsid(pid) == storm.first)
			n += fn(pid);
	}
	if (d)
		closedir(d);
	return n;
}

static int count_one(int pid)
{
	return 1;
}

static void show_file(int pid, const char *tid, const char *name)
{
	char path[128], text[2048];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", pid, tid, name);
	f = fopen(path, "re");
	while (f && fgets(text, sizeof(text), f))
		if (strcmp(name, "status") != 0 || !strncmp(text, "Name", 4) || !strncmp(text, "State", 5) ||
		    !strncmp(text, "PPid", 4) || !strncmp(text, "Sig", 3))
			printf("# %d/%s %s: %.*s\n", pid, tid, name, (int)strcspn(text, "\n"), text);
	if (f)
		fclose(f);
}

/* All that the host tells of a process: why does it not go on? */
static int show_process(int pid)
{
	static const char *const files[] = {"status", "wchan", "syscall", "stack"};
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		for (int i = 0; e->d_name[0] != '.' && i < 4; i++)
			show_file(pid, e->d_name, files[i]);
	if (d)
		closedir(d);
	return 1;
}

static void bad(const char *what)
{
	printf("# after %u kills: %s\n", storm.kills, what);
	fflush(stdout);
	storm.good = 0;
}

/* ---- striking ---- */

static void let_go(int i)
{
	syscall(SYS_pidfd_send_signal, storm.stopped[i].pidfd, SIGCONT, NULL, 0);
	close(storm.stopped[i].pidfd);
	storm.stopped[i].pidfd = 0;
}

static void let_all_go(double when)
{
	for (int i = 0; i < HELD; i++)
		if (storm.stopped[i].pidfd && storm.stopped[i].until < when)
			let_go(i);
}

/* Takes the descriptor over. */
static void stop_one(int pidfd)
{
	for (int i = 0; i < HELD; i++) {
		if (storm.stopped[i].pidfd)
			continue;
		syscall(SYS_pidfd_send_signal, pidfd, SIGSTOP, NULL, 0);
		storm.stopped[i].pidfd = pidfd;
		storm.stopped[i].until = now() + 0.001 * roll(300);
		return;
	}
	close(pidfd);
}

/* A victim that lives, as a pidfd, or -1. Never one that is not of the session: a number may have a new owner. */
static int aim(void)
{
	int pid = shared->pids[roll(SLOTS)];
	struct pollfd ended = {.events = POLLIN};

	ended.fd = pid > 1 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (ended.fd >= 0 && getsid(pid) == storm.first && poll(&ended, 1, 0) == 0)
		return ended.fd;
	if (ended.fd >= 0)
		close(ended.fd);
	return -1;
}

static void strike(void)
{
	unsigned how = roll(16), tries;
	int pidfd = -1;

	for (tries = 0; pidfd < 0 && tries < SLOTS; tries++)
		pidfd = aim();
	if (pidfd < 0)
		return;
	if (how == 0) {
		stop_one(pidfd);
		return;
	}
	if (syscall(SYS_pidfd_send_signal, pidfd, how == 1 ? SIGTERM : SIGKILL, NULL, 0) == 0)
		storm.kills++;
	close(pidfd);
}

/* ---- who survives ---- */

static struct survivor *survivor(int i)
{
	return i < SURVIVORS ? &shared->survivor[i] : &shared->first;
}

static int nobody_complains(void)
{
	for (int i = 0; i <= SURVIVORS; i++) {
		if (survivor(i)->trouble[0]) {
			bad(survivor(i)->trouble);
			return 0;
		}
	}
	return 1;
}

/* Has everybody done something lately, and found nothing wrong? */
static int all_well(void)
{
	if (!nobody_complains())
		return 0;
	for (int i = 0; i <= SURVIVORS; i++) {
		struct survivor *s = survivor(i);

		if (s->beats != storm.beats[i]) {
			storm.beats[i] = s->beats;
			storm.seen[i] = now();
		} else if (now() - storm.seen[i] > LIMIT) {
			bad("somebody has stood still for too long:");
			show_process(s->pid);
			return 0;
		}
	}
	return 1;
}

/* Waits for something that takes no time, but on a busy machine. */
static int soon(int (*condition)(void), const char *what)
{
	double end = now() + LIMIT;

	while (!condition()) {
		let_all_go(now());
		if (!nobody_complains())
			return 0;
		if (now() > end) {
			bad(what);
			each_process(show_process);
			return 0;
		}
		usleep(2000);
	}
	return 1;
}

static int only_survivors(void)
{
	return each_process(count_one) <= SURVIVORS + 1;
}

static int all_paused(void)
{
	for (int i = 0; i < SURVIVORS; i++)
		if (!shared->survivor[i].paused)
			return 0;
	return 1;
}

static int has_answered(void)
{
	return shared->answered == shared->asked;
}

static void take_counts(struct counts *c)
{
	shared->asked++;
	if (!soon(has_answered, "the first process does not answer"))
		return;
	*c = (struct counts){shared->objects, shared->handles, 0, 0, {0}};
	if (shared->warden) {
		c->storages = count_entries(shared->storage);
		c->warden_fds = count_fds(shared->warden);
	}
	for (int i = 0; i < SURVIVORS; i++)
		c->fds[i] = count_fds(shared->survivor[i].pid);
}

/*
 * Whoever is killed within the very call that makes a descriptor leaves it behind in a table that others share, on any
 * kernel. What the runtime opens for a moment is no exception (host/own_fds.h).
 */
static int shares_descriptors(int i)
{
	return survive[i] == in_shared_memory || survive[i] == with_shared_tables;
}

static int no_more_than(const struct counts *before, const struct counts *after)
{
	int more = after->objects > before->objects || after->handles > before->handles ||
		   after->storages > before->storages || after->warden_fds > before->warden_fds;

	for (int i = 0; i < SURVIVORS; i++)
		more |= after->fds[i] > before->fds[i] + (shares_descriptors(i) ? (int)storm.kills / 50 + 5 : 0);
	return !more;
}

static void show_counts(const char *when, const struct counts *c)
{
	printf("# %s: objects %lu, handles %lu, storage %d, descriptors of the warden %d, of the others", when,
	       c->objects, c->handles, c->storages, c->warden_fds);
	for (int i = 0; i < SURVIVORS; i++)
		printf(" %d", c->fds[i]);
	printf("\n");
}

/* What the dead held is given back soon, not at once. */
static void compare(const struct counts *before)
{
	struct counts after = {0};
	double end = now() + LIMIT;

	do {
		take_counts(&after);
		if (no_more_than(before, &after))
			return;
		usleep(20000);
	} while (storm.good && now() < end);
	show_counts("before", before);
	show_counts("after", &after);
	show_fds(shared->warden);
	for (int i = 0; i < SURVIVORS; i++)
		if (after.fds[i] > before->fds[i])
			show_fds(shared->survivor[i].pid);
	bad("something that the killed held has not been given back");
}

static int rest(void)
{
	shared->stop = 1;
	shared->pause = 1;
	return soon(only_survivors, "victims do not come to an end:") && soon(all_paused, "survivors do not rest:");
}

/* ---- all of it ---- */

static void one_round(double end, unsigned kills)
{
	double last = 0;

	shared->stop = shared->pause = 0;
	while (storm.good && now() < end && storm.kills < kills) {
		struct timespec wait = {0, 1000000 + (long)roll(20) * 1000000};

		nanosleep(&wait, NULL);
		strike();
		let_all_go(now());
		if (now() - last > 1) {
			all_well();
			last = now();
		}
	}
	if (storm.good && rest())
		all_well();
}

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, SHARED, 0);
	if (shared == MAP_FAILED)
		exit(2);
}

static void start(char **command)
{
	char *argv[32];
	int argc = 0;

	storm.first = fork();
	if (storm.first)
		return;
	setsid();
	while (argc < 28 && command[argc]) {
		argv[argc] = command[argc];
		argc++;
	}
	argv[argc++] = (char *)self;
	argv[argc++] = "--first";
	argv[argc] = NULL;
	execvp(argv[0], argv);
	_exit(127);
}

static void note_session(const char *directory)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/session", directory);
	f = fopen(path, "we");
	if (f)
		fprintf(f, "%d %s\n", shared->warden, shared->storage);
	if (f)
		fclose(f);
}

static int run(const char *directory, double seconds, unsigned kills)
{
	double end = now() + seconds;
	struct counts before = {0};
	int status;

	for (int i = 0; i <= SURVIVORS; i++)
		storm.seen[i] = now();
	/* The survivors have done everything once when they rest for the first time. */
	shared->pause = 1;
	if (soon(all_paused, "the survivors do not start:"))
		take_counts(&before);
	note_session(directory);
	while (storm.good && now() < end && storm.kills < kills) {
		unsigned next = storm.kills + ROUND;

		one_round(end, next < kills ? next : kills);
		if (storm.good)
			compare(&before);
	}
	shared->stop = shared->end = 1;
	let_all_go(now() + 1);
	if (!storm.good)
		kill(-storm.first, SIGKILL);
	if (waitpid(storm.first, &status, 0) != storm.first || status)
		bad("the first process does not end well");
	return each_process(count_one);
}

int main(int argc, char **argv)
{
	int fd, left;

	self = realpath("/proc/self/exe", NULL) ?: argv[0];
	if (argc == 2 && strcmp(argv[1], "--leaf") == 0) {
		share();
		enlist();
		work(DEPTH, 2);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--answer") == 0)
		return atoi(argv[2]);
	if (argc == 2 && strcmp(argv[1], "--first") == 0) {
		share();
		return first_process();
	}
	if (argc < 5)
		return 2;
	fd = memfd_create("storm", 0);
	if (fd < 0 || ftruncate(fd, sizeof(*shared)) != 0 || dup2(fd, SHARED) != SHARED)
		return 2;
	close(fd);
	share();
	seed = (unsigned)time(NULL);
	start(argv + 4);
	left = run(argv[1], atof(argv[2]), (unsigned)atoi(argv[3]));
	printf("# %u kills; steps clone %u, threads %u, exec %u, mount %u, names %u, user %u, contexts %u, enter %u, "
	       "open %u, fork %u\n",
	       storm.kills, shared->done[0], shared->done[1], shared->done[2], shared->done[3], shared->done[4],
	       shared->done[5], shared->done[6], shared->done[7], shared->done[8], shared->done[9]);
	printf("%sok 1 - those beside the killed go on, find everything right, and get back what was held\n",
	       storm.good ? "" : "not ");
	printf("%sok 2 - no process is left\n1..2\n", left ? "not " : "");
	return !storm.good || left;
}
