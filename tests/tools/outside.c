/* SPDX-License-Identifier: MIT */
/*
 * Directories and symlinks change from outside a session while two processes inside look through them: each change must
 * be seen by every look that begins later than BOUND_MS after the change has returned.
 *
 *	outside COMMAND...	runs COMMAND... with this program and "look" behind it, in the working directory; TAP
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "arena/arena.h"
#include "lib/prctl.h"

#define BOUND_MS 100
#define ROUNDS	 20
#define LOOKERS	 2
#define RIGHT	 30 /* looks in a row before the next change: then it is remembered again */
#define PATIENCE 5000000000ULL

/* What both sides see. */
struct board {
	_Atomic unsigned epoch; /* odd while something changes */
	_Atomic unsigned way;
	_Atomic int wanted;		  /* of a look: the file's number, or -errno */
	_Atomic unsigned long long since; /* when the change had returned */
	_Atomic unsigned right[LOOKERS];  /* looks in a row that were, in this epoch */
	_Atomic unsigned long long lag;	  /* the latest wrong look began so long after the change */
	_Atomic int wrong;		  /* what it saw */
	_Atomic int over, ready;
	_Atomic int two;    /* what who looks sees in `two`: where he can he has mounted something there */
	_Atomic int warden; /* under secede: its process; found by whoever looks */
};
static struct board *board;

static unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000000000ULL + (unsigned long long)t.tv_nsec;
}

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(1);
}

/* ---- what changes, outside: the number of the flip, and what is seen after it ---- */

static void swap(const char *a, const char *b)
{
	must(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE), a);
}

static int swing(int flip)
{
	must(symlink(flip ? "two" : "one", "new"), "new");
	must(rename("new", "swing"), "swing");
	return flip ? board->two : 1;
}

static int relink(int flip)
{
	must(unlink("relink"), "relink");
	must(symlink(flip ? "two" : "one", "relink"), "relink");
	return flip ? board->two : 1;
}

static int take_away(int flip)
{
	if (flip)
		must(rename("comes", "gone"), "gone");
	else
		must(rename("gone", "comes"), "comes");
	return flip ? -ENOENT : 1;
}

static int exchange(int flip)
{
	swap("above", "above.other");
	return flip ? board->two : 1;
}

static int replace_above(int flip)
{
	must(rename("moved", "moved.old"), "moved.old");
	must(rename("moved.other", "moved"), "moved");
	must(rename("moved.old", "moved.other"), "moved.other");
	return flip ? board->two : 1;
}

/* A directory becomes a symlink, and a directory again. */
static int directory(int flip)
{
	if (flip) {
		must(rename("dir", "dir.real"), "dir.real");
		must(symlink("two", "dir"), "dir");
	} else {
		must(unlink("dir"), "dir");
		must(rename("dir.real", "dir"), "dir");
	}
	return flip ? board->two : 1;
}

/* The same with a directory that is removed while somebody has it open, and made anew. */
static int removed(int flip)
{
	if (flip) {
		must(unlink("held/link/file"), "held/link/file");
		must(rmdir("held/link"), "held/link");
		must(symlink("../two", "held/link"), "held/link");
		return board->two;
	}
	must(unlink("held/link"), "held/link");
	must(mkdir("held/link", 0755), "held/link");
	must(link("one/file", "held/link/file"), "held/link/file");
	return 1;
}

static int forbid(int flip)
{
	must(chmod("private", flip ? 0600 : 0755), "private");
	return flip ? -EACCES : 1;
}

/* From which one goes up: that leads elsewhere when it has become a symlink. */
static int go_up(int flip)
{
	if (flip) {
		must(rename("up", "up.real"), "up.real");
		must(symlink("above/in", "up"), "up");
	} else {
		must(unlink("up"), "up");
		must(rename("up.real", "up"), "up");
	}
	return flip ? -ENOENT : 1;
}

static int forbid_up(int flip)
{
	must(chmod("up", flip ? 0600 : 0755), "up");
	return flip ? -EACCES : 1;
}

/* The same as swing() beside a warden that does nothing, and without one. */
static int swing_stopped(int flip)
{
	if (flip && board->warden)
		must(kill(board->warden, SIGSTOP), "SIGSTOP");
	swing(flip);
	if (!flip && board->warden)
		must(kill(board->warden, SIGCONT), "SIGCONT");
	return flip ? board->two : 1;
}

static int swing_killed(int flip)
{
	if (board->warden)
		must(kill(board->warden, SIGKILL), "SIGKILL");
	board->warden = 0;
	return swing(flip);
}

static const struct way {
	const char *name, *path;
	int (*change)(int flip);
} ways[] = {
    {"a symlink is renamed over", "swing/file", swing},
    {"a symlink is removed and made anew", "relink/file", relink},
    {"a symlink comes and goes", "comes/file", take_away},
    {"the directory above is exchanged", "above/in/link/file", exchange},
    {"the directory above is replaced", "moved/in/link/file", replace_above},
    {"a directory becomes a symlink", "dir/file", directory},
    {"a directory in use becomes a symlink", "held/link/file", removed},
    {"the directory above must not be searched", "private/in/link/file", forbid},
    {"a directory that is gone up from becomes a symlink", "up/../one/file", go_up},
    {"a directory that is gone up from must not be searched", "up/../one/file", forbid_up},
    {"beside a stopped warden", "swing/file", swing_stopped},
    {"beside a killed warden", "swing/file", swing_killed},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void make_file(const char *dir, const char *text)
{
	char name[PATH_MAX];
	int fd;

	must(mkdir(dir, 0755), dir);
	snprintf(name, sizeof(name), "%s/file", dir);
	fd = open(name, O_CREAT | O_WRONLY, 0644);
	must(fd, name);
	/* Its size says the same as its text. */
	for (int i = *text - '0'; i; i--)
		must(write(fd, text, 1), name);
	close(fd);
}

/* DIR/in/link, which leads to `target`. */
static void make_above(const char *dir, const char *target)
{
	char name[PATH_MAX];

	must(mkdir(dir, 0755), dir);
	snprintf(name, sizeof(name), "%s/in", dir);
	must(mkdir(name, 0755), name);
	snprintf(name, sizeof(name), "%s/in/link", dir);
	must(symlink(target, name), name);
}

static void make_world(void)
{
	make_file("one", "1");
	make_file("two", "2");
	make_file("three", "3");
	make_file("dir", "1");
	make_file("up", "1");
	must(symlink("one", "swing"), "swing");
	must(symlink("one", "relink"), "relink");
	must(symlink("one", "comes"), "comes");
	make_above("above", "../../one");
	make_above("above.other", "../../two");
	make_above("moved", "../../one");
	make_above("moved.other", "../../two");
	make_above("private", "../../one");
	must(mkdir("held", 0755), "held");
	make_file("held/link", "1");
}

/* ---- who looks, inside ---- */

static int look(const char *path)
{
	struct stat st;
	char c;
	int fd;

	if (stat(path, &st) != 0 || access(path, R_OK) != 0)
		return -errno;
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	if (read(fd, &c, 1) != 1)
		c = '0';
	close(fd);
	/* Both calls must have seen the same. */
	return st.st_size == c - '0' ? c - '0' : 1000 + (int)st.st_size;
}

static void judge(int looker, unsigned epoch, unsigned long long start, int seen)
{
	int wanted = board->wanted;
	unsigned long long since = board->since;

	if ((epoch & 1) || board->epoch != epoch || start <= since)
		return;
	if (seen == wanted) {
		board->right[looker]++;
		return;
	}
	board->right[looker] = 0;
	if (start - since > board->lag) {
		board->lag = start - since;
		board->wrong = seen;
	}
}

static void keep_looking(int looker, const char *here)
{
	unsigned way = 0, epoch;
	char path[PATH_MAX + 64];
	int held = -1;

	if (prctl(PR_SECEDE, 0, 0, 0, 0) == 1)
		board->warden = (int)arena()->warden;
	board->ready++;
	while (!board->over) {
		epoch = board->epoch;
		way = board->way;
		/* One by its whole path, the other from where it stands. */
		snprintf(path, sizeof(path), "%s/%s", looker ? "." : here, ways[way].path);
		/* Somebody has what is looked through open. */
		if (looker && held < 0 && ways[way].change == removed)
			held = open("held/link", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

		unsigned long long start = now_ns();
		int seen = look(path);

		judge(looker, epoch, start, seen);
		if (looker && held >= 0 && board->right[looker] > RIGHT) {
			close(held);
			held = -1;
		}
	}
}

static int lookers(void)
{
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here)))
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	board->two = mount("three", "two", NULL, MS_BIND, NULL) == 0 ? 3 : 2;
	for (int i = 1; i < LOOKERS; i++) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			keep_looking(i, here);
			_exit(0);
		}
	}
	keep_looking(0, here);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* ---- outside ---- */

static int all_right(void)
{
	for (int i = 0; i < LOOKERS; i++) {
		if (board->right[i] < RIGHT)
			return 0;
	}
	return 1;
}

static void rest(void)
{
	struct timespec t = {0, 200000};

	nanosleep(&t, NULL);
}

/* Until all have seen for a while what is wanted. */
static int wait_for_lookers(void)
{
	unsigned long long start = now_ns();

	while (!all_right()) {
		if (now_ns() - start > PATIENCE)
			return 0;
		rest();
	}
	return 1;
}

static void begin_change(void)
{
	board->epoch++;
}

static void end_change(int wanted)
{
	for (int i = 0; i < LOOKERS; i++)
		board->right[i] = 0;
	board->wanted = wanted;
	board->since = now_ns();
	board->epoch++;
}

static int test_way(unsigned way)
{
	int good, wanted;

	begin_change();
	board->way = way;
	board->lag = 0;
	end_change(1);
	good = wait_for_lookers();
	for (int round = 0; good && round < ROUNDS; round++) {
		begin_change();
		wanted = ways[way].change(!(round & 1));
		end_change(wanted);
		good = wait_for_lookers();
	}
	if (!good || board->lag > BOUND_MS * 1000000ULL)
		printf("# wanted %d; %d was seen, so long after the change\n", board->wanted, board->wrong);
	good = good && board->lag <= BOUND_MS * 1000000ULL;
	printf("%s %u - %s: all see it within %d ms\n# the longest took %.2f ms\n", good ? "ok" : "not ok", way + 1,
	       ways[way].name, BOUND_MS, (double)board->lag / 1e6);
	fflush(stdout);
	return good;
}

static pid_t start(char **argv, int count)
{
	char self[PATH_MAX], **words = calloc((size_t)count + 3, sizeof(*words));
	pid_t pid;

	if (!words)
		exit(1);
	memcpy(words, argv, (size_t)count * sizeof(*words));
	must(readlink("/proc/self/exe", memset(self, 0, sizeof(self)), sizeof(self) - 1), "/proc/self/exe");
	words[count] = self;
	words[count + 1] = "look";
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(words[0], words);
		_exit(127);
	}
	free(words);
	return pid;
}

int main(int argc, char **argv)
{
	int fd = open("board", O_RDWR | O_CREAT, 0644), good = 1, status;
	pid_t pid;

	must(fd, "board");
	must(ftruncate(fd, sizeof(*board)), "board");
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED || argc < 2)
		return 1;
	if (!strcmp(argv[1], "look"))
		return lookers();
	make_world();
	board->since = ULLONG_MAX; /* nothing has changed yet */
	pid = start(argv + 1, argc - 1);
	while (board->ready < LOOKERS && waitpid(pid, &status, WNOHANG) == 0)
		rest();
	for (unsigned way = 0; way < WAYS; way++)
		good &= test_way(way);
	board->over = 1;
	waitpid(pid, &status, 0);
	printf("1..%zu\n", WAYS);
	return good && status == 0 ? 0 : 1;
}
