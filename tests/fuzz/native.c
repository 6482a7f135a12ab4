/* SPDX-License-Identifier: MIT */
/*
 * The model against the host's own kernel: random steps, natively, as root in a mount namespace whose root is a fresh
 * tmpfs. Prints TAP.
 *
 *	native NUMBER		so many runs of random bytes, always the same
 *	native FILE...		the runs that these bytes are
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "model.h"
#include "vfs/namei.h"

#define RUN_SIZE 400

static unsigned long steps_done;

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static int fail(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	return 1;
}

/* ---- the disk, and the way to it ---- */

static int copy_disk(const struct node *dir)
{
	char path[PATH_MAX];
	int fd, err = 0;

	for (const struct node *n = dir->children; n && !err; n = n->next) {
		disk_path(n, path);
		if (n->kind == NODE_DIR) {
			err = mkdir(path, 0755) ? -1 : copy_disk(n);
		} else if (n->kind == NODE_LINK) {
			err = symlink(n->text, path);
		} else {
			fd = open(path, O_CREAT | O_WRONLY, 0644);
			err = fd < 0 ? -1 : close(fd);
		}
	}
	return err;
}

/* A tmpfs becomes the root of a namespace of our own. */
static int enter_disk(const char *scratch)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("disk", scratch, "tmpfs", 0, NULL) || chdir(scratch) || mkdir("old", 0755) ||
	    syscall(SYS_pivot_root, ".", "old") || umount2("/old", MNT_DETACH) || rmdir("/old") || chdir("/"))
		return -1;
	return copy_disk(disk_root);
}

/* What the step should have done to the disk, done to the model's. */
static void change_disk(const struct expect *e, const struct step *s)
{
	struct node *other = e->other;
	char name[NAME_MAX + 1];

	switch (e->change) {
	case CHANGE_NONE:
		break;
	case CHANGE_ADD:
		disk_add(e->dir, e->name, strlen(e->name),
			 s->op == STEP_MKDIR	 ? NODE_DIR
			 : s->op == STEP_SYMLINK ? NODE_LINK
						 : NODE_FILE,
			 s->op == STEP_SYMLINK ? s->a : NULL);
		break;
	case CHANGE_REMOVE:
		disk_remove(e->node);
		break;
	case CHANGE_MOVE:
		if (other)
			disk_remove(other);
		disk_move(e->node, e->dir, e->name, strlen(e->name));
		break;
	case CHANGE_EXCHANGE:
		strcpy(name, e->node->name);
		disk_move(e->node, e->dir, e->name, strlen(e->name));
		disk_move(other, e->other_dir, name, strlen(name));
		break;
	}
}

/* ---- the host's side ---- */

static long open_path(const struct step *s, unsigned long flags)
{
	int base = s->from_b ? open(s->b, O_PATH | O_DIRECTORY) : AT_FDCWD;
	struct open_how how = {.flags = flags, .mode = flags & O_CREAT ? 0644 : 0, .resolve = s->resolve};
	long fd;

	/* With RESOLVE_BENEATH and RESOLVE_IN_ROOT ".." fails while anybody mounts or renames anything. */
	do {
		fd = syscall(SYS_openat2, base, s->a, &how, sizeof(how));
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0)
		fd = -errno;
	if (base >= 0)
		close(base);
	return fd;
}

/* Is the directory `fd` where the model says? */
static bool is_at(int fd, const struct expect *e)
{
	int here = open(".", O_PATH);
	char path[MODEL_PATH] = "";
	bool same = true;

	if (e->at.node->kind == NODE_DIR && !fchdir(fd)) {
		if (syscall(SYS_getcwd, path, sizeof(path)) > 0)
			same = *e->path ? !strcmp(path, e->path) : !strncmp(path, "(unreachable)", 13);
		if (fchdir(here))
			same = false;
	}
	close(here);
	if (!same)
		printf("# it has the path %s, not %s\n", path, e->path);
	return same;
}

static long do_lookup(const struct step *s, const struct expect *e)
{
	unsigned long flags = O_PATH | (s->flags & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW);
	long fd = open_path(s, flags | (s->flags & LOOKUP_DIRECTORY ? O_DIRECTORY : 0));

	if (fd < 0)
		return fd;
	if (!e->err && !is_at((int)fd, e))
		return -EXFULL;
	close((int)fd);
	return 0;
}

static long do_open(const struct step *s)
{
	long fd = open_path(s, s->flags);

	return fd < 0 ? fd : result(close((int)fd));
}

static long do_getcwd(const struct expect *e)
{
	int here = open(".", O_PATH);
	bool same = is_at(here, e);

	close(here);
	return same ? 0 : -EXFULL;
}

static long do_step(const struct step *s, const struct expect *e)
{
	switch (s->op) {
	case STEP_LOOKUP:
		return do_lookup(s, e);
	case STEP_OPEN:
		return do_open(s);
	case STEP_GETCWD:
		return do_getcwd(e);
	case STEP_MKDIR:
		return result(mkdir(s->a, 0755));
	case STEP_CREATE:
		return result(mknod(s->a, S_IFREG | 0644, 0));
	case STEP_SYMLINK:
		return result(symlink(s->a, s->b));
	case STEP_UNLINK:
		return result(unlink(s->a));
	case STEP_RMDIR:
		return result(rmdir(s->a));
	case STEP_RENAME:
		return result(renameat2(AT_FDCWD, s->a, AT_FDCWD, s->b, (unsigned)s->flags));
	case STEP_CHDIR:
		return result(chdir(s->a));
	case STEP_CHROOT:
		return result(chroot(s->a));
	case STEP_TMPFS:
		return result(mount("none", s->a, "tmpfs", s->flags, NULL));
	case STEP_BIND:
		return result(mount(s->a, s->b, NULL, MS_BIND | s->flags, NULL));
	case STEP_MOVE:
		return result(mount(s->a, s->b, NULL, MS_MOVE, NULL));
	case STEP_UMOUNT:
		return result(umount2(s->a, (int)s->flags));
	case STEP_REMOUNT:
		return result(mount("none", s->a, NULL, MS_REMOUNT | s->flags, NULL));
	case STEP_PIVOT:
		return result(syscall(SYS_pivot_root, s->a, s->b));
	default:
		abort();
	}
}

/* ---- runs ---- */

/* One task does all; what can only be asked of secede's own functions is left out. */
static bool is_native(const struct step *s)
{
	if (s->op == STEP_FORK || s->op == STEP_EXIT || (s->op == STEP_SYMLINK && !*s->a))
		return false;
	return s->op != STEP_LOOKUP || !(s->flags & (LOOKUP_PARENT | LOOKUP_EMPTY));
}

static bool one_step(struct step *s)
{
	static struct expect e;
	long err;

	s->task = 0;
	if (!is_native(s))
		return true;
	model_step(s, &e);
	if (e.skip || e.secedes)
		return true;
	steps_done++;
	err = do_step(s, &e);
	if (err == e.err) {
		change_disk(&e, s);
		return true;
	}
	printf("# %s, not %s\n", strerror((int)-err), strerror((int)-e.err));
	fflush(stdout);
	step_print(s);
	return false;
}

static int run(const char *scratch, const uint8_t *bytes, size_t size, unsigned long *steps)
{
	struct input in = {bytes, bytes + size};
	static struct step s;
	bool good = true;

	disk_init();
	model_init();
	if (enter_disk(scratch))
		return fail("a root of our own");
	while (good && step_decode(&in, &s)) {
		if (getenv("WALK_VERBOSE"))
			step_print(&s);
		good = one_step(&s);
	}
	*steps += steps_done;
	return good ? 0 : 1;
}

/* Each in a process of its own, whose namespace goes with it. */
static bool run_alone(const char *scratch, const uint8_t *bytes, size_t size)
{
	int status, pipe_fds[2];
	unsigned long steps = 0;
	pid_t pid;

	if (pipe(pipe_fds))
		return false;
	pid = fork();
	if (!pid) {
		steps_done = 0;
		status = run(scratch, bytes, size, &steps);
		if (write(pipe_fds[1], &steps, sizeof(steps)) != sizeof(steps))
			status = 1;
		fflush(stdout);
		_exit(status);
	}
	close(pipe_fds[1]);
	if (read(pipe_fds[0], &steps, sizeof(steps)) == sizeof(steps))
		steps_done += steps;
	close(pipe_fds[0]);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static bool run_random(const char *scratch, unsigned nr)
{
	uint8_t bytes[RUN_SIZE];
	unsigned long random = 88172645463325252;

	for (unsigned i = 0; i < nr; i++) {
		for (size_t at = 0; at < sizeof(bytes); at++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[at] = (uint8_t)(random >> 32);
		}
		if (!run_alone(scratch, bytes, sizeof(bytes))) {
			printf("# in run %u\n", i);
			return false;
		}
	}
	return true;
}

static bool run_file(const char *scratch, const char *name)
{
	uint8_t bytes[65536];
	int fd = open(name, O_RDONLY);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	if (size >= 0 && run_alone(scratch, bytes, (size_t)size))
		return true;
	printf("# in %s\n", name);
	return false;
}

int main(int argc, char **argv)
{
	char scratch[] = "/dev/shm/secede-native.XXXXXX", *end = argv[1];
	unsigned long nr = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
	bool good = true;

	if (argc < 2 || !mkdtemp(scratch))
		return 2;
	if (nr && !*end) {
		good = run_random(scratch, (unsigned)nr);
	} else {
		for (int i = 1; i < argc; i++)
			good = run_file(scratch, argv[i]) && good;
	}
	rmdir(scratch);
	printf("# %lu steps\n%sok 1 - the model says what the host's kernel does\n1..1\n", steps_done,
	       good ? "" : "not ");
	return !good;
}
