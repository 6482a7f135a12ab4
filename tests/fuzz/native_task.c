/* SPDX-License-Identifier: MIT */
/* See native.h: the model's tasks as processes, which do what they are told through memory that all of them share. */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "model_internal.h"
#include "vfs/namei.h"

/* What is to be done, and what came of it. */
static struct job {
	struct step s;
	struct expect e; /* its pointers mean nothing to the task but those that fork(2) has copied */
	bool is_dir;
	int child; /* of STEP_FORK */
	pid_t child_pid;
	char source[NAME_MAX + 1]; /* of STEP_TMPFS */
	long result;
} * job;

static struct {
	pid_t pid;
	int wake[2], done[2];
} tasks[MODEL_TASKS];

static int proc; /* the host's, also where it is not to be seen */

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

pid_t task_pid(int task)
{
	return tasks[task].pid;
}

/* ---- the disk, and the way to it ---- */

/* A task, which is its own number in paths, has that of its process. */
static void name_in_proc(char *path)
{
	char rest[STEP_PATH];

	if (strncmp(path, "/p/", 3) != 0 || !path[3])
		return;
	strcpy(rest, path + 4);
	snprintf(path, STEP_PATH, "/p/%d%s", getpid(), rest);
}

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
		} else if (n->kind == NODE_FILE) {
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
	return copy_disk(disk_root) || mount("p", "/p", "proc", 0, NULL);
}

/* ---- steps ---- */

static int trees[STEP_TREES] = {-1, -1};

static int base_of_a(const struct step *s)
{
	return s->from_tree ? trees[s->tree] : AT_FDCWD;
}

static long do_stat(const struct step *s)
{
	int base = s->from_b ? open(s->b, O_PATH | O_DIRECTORY) : base_of_a(s);
	struct stat st;
	long err = result(fstatat(base, s->a, &st,
				  (s->flags & LOOKUP_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) |
				      (s->flags & LOOKUP_EMPTY ? AT_EMPTY_PATH : 0)));

	if (s->from_b && base >= 0)
		close(base);
	return err;
}

static long open_path(const struct step *s, unsigned long flags)
{
	int base = s->from_b ? open(s->b, O_PATH | O_DIRECTORY) : base_of_a(s);
	struct open_how how = {.flags = flags, .mode = flags & O_CREAT ? 0644 : 0, .resolve = s->resolve};
	long fd;

	/* With RESOLVE_BENEATH and RESOLVE_IN_ROOT ".." fails while anybody mounts or renames anything. */
	do {
		fd = syscall(SYS_openat2, base, s->a, &how, sizeof(how));
	} while (fd < 0 && errno == EAGAIN);
	if (fd < 0)
		fd = -errno;
	if (s->from_b && base >= 0)
		close(base);
	return fd;
}

/* Is the directory `fd` where the model says? */
static bool is_at(int fd)
{
	int here = open(".", O_PATH);
	const char *want = job->e.path;
	char path[MODEL_PATH] = "";
	bool same = true;

	if (job->is_dir && !fchdir(fd)) {
		if (syscall(SYS_getcwd, path, sizeof(path)) > 0)
			same = *want ? !strcmp(path, want) : !strncmp(path, "(unreachable)", 13);
		if (fchdir(here))
			same = false;
	}
	close(here);
	if (!same)
		printf("# it has the path %s, not %s\n", path, want);
	return same;
}

static long do_lookup(const struct step *s, const struct expect *e)
{
	unsigned long flags = O_PATH | (s->flags & LOOKUP_FOLLOW ? 0 : O_NOFOLLOW);
	long fd = open_path(s, flags | (s->flags & LOOKUP_DIRECTORY ? O_DIRECTORY : 0));

	if (fd < 0)
		return fd;
	if (!e->err && !is_at((int)fd))
		return -EXFULL;
	close((int)fd);
	return 0;
}

static long do_open(const struct step *s)
{
	long fd = open_path(s, s->flags);

	return fd < 0 ? fd : result(close((int)fd));
}

static long do_tmpfs(const struct step *s)
{
	char options[32] = "";

	if (s->inodes)
		snprintf(options, sizeof(options), "nr_inodes=%u", s->inodes);
	return result(mount(job->source, s->a, "tmpfs", s->flags, options));
}

static long do_getcwd(void)
{
	int here = open(".", O_PATH);
	bool same = is_at(here);

	close(here);
	return same ? 0 : -EXFULL;
}

/* ---- trees that are mounted nowhere ---- */

static long do_setattr(const struct step *s)
{
	struct mount_attr attr = {.attr_set = step_attr(s->flags),
				  .attr_clr = step_attr(s->clear),
				  .propagation = s->flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)};
	unsigned flags = (s->from_tree ? AT_EMPTY_PATH : 0) | (s->flags & MS_REC ? AT_RECURSIVE : 0);

	return result(syscall(SYS_mount_setattr, base_of_a(s), s->a, flags, &attr, sizeof(attr)));
}

static long keep_tree(int tree, long fd)
{
	trees[tree] = (int)fd;
	return result(fd);
}

static long do_open_tree(const struct step *s)
{
	unsigned flags = OPEN_TREE_CLONE | (s->from_tree ? AT_EMPTY_PATH : 0) | (s->flags & MS_REC ? AT_RECURSIVE : 0);

	return keep_tree(s->from_tree ? (s->tree + 1) % STEP_TREES : s->tree,
			 syscall(SYS_open_tree, base_of_a(s), s->a, flags));
}

static long do_fsmount(const struct step *s)
{
	long err, fs = syscall(SYS_fsopen, "tmpfs", 0);

	err = fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", job->source, 0) ||
	      syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	err = err ? -errno : keep_tree(s->tree, syscall(SYS_fsmount, fs, 0, step_attr(s->flags)));
	close((int)fs);
	return err;
}

static long do_move_tree(const struct step *s)
{
	int to = s->from_tree ? trees[(s->tree + 1) % STEP_TREES] : AT_FDCWD;

	return result(
	    syscall(SYS_move_mount, trees[s->tree], "", to, s->b,
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS | (s->from_tree ? MOVE_MOUNT_T_EMPTY_PATH : 0)));
}

static long close_tree(int tree)
{
	long err = result(close(trees[tree]));

	trees[tree] = -1;
	return err;
}

/* ---- forks ---- */

/* All numbers are themselves in the new user namespace. */
static long map_ids(const char *file)
{
	static const char all[] = "0 0 4294967295";
	char path[64];
	long err;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", job->child_pid, file);
	fd = openat(proc, path, O_WRONLY);
	err = fd < 0 || write(fd, all, strlen(all)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

static bool hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1;
}

static bool tell(int fd)
{
	return write(fd, "", 1) == 1;
}

static void serve(int task);

/* The child has the same parent: who told us to. */
static long do_fork(const struct step *s)
{
	int child = job->child;
	long pid, err;

	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid) {
		for (int i = 0; i < STEP_TREES; i++)
			close_tree(i);
		job->result = result(unshare(CLONE_NEWNS | (int)s->flags));
		job->child_pid = getpid();
		if (tell(tasks[child].done[1]))
			serve(child);
		_exit(1);
	}
	if (pid < 0 || !hear(tasks[child].done[0]))
		return -ECHILD;
	err = job->result;
	if (!err && s->flags & CLONE_NEWUSER)
		err = map_ids("uid_map");
	return !err && s->flags & CLONE_NEWUSER ? map_ids("gid_map") : err;
}

static long do_step(const struct step *s, const struct expect *e)
{
	switch (s->op) {
	case STEP_LOOKUP:
		return do_lookup(s, e);
	case STEP_OPEN:
		return do_open(s);
	case STEP_STAT:
		return do_stat(s);
	case STEP_GETCWD:
		return do_getcwd();
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
		return do_tmpfs(s);
	case STEP_BIND:
		return result(mount(s->a, s->b, NULL, MS_BIND | s->flags, NULL));
	case STEP_MOVE:
		return result(mount(s->a, s->b, NULL, MS_MOVE, NULL));
	case STEP_UMOUNT:
		return result(umount2(s->a, (int)s->flags));
	case STEP_REMOUNT:
		return result(mount("none", s->a, NULL, MS_REMOUNT | s->flags, NULL));
	case STEP_PROPAGATION:
		return result(mount("none", s->a, NULL, s->flags, NULL));
	case STEP_PIVOT:
		return result(syscall(SYS_pivot_root, s->a, s->b));
	case STEP_SETATTR:
		return do_setattr(s);
	case STEP_SET_GROUP:
		return result(syscall(SYS_move_mount, AT_FDCWD, s->a, AT_FDCWD, s->b,
				      MOVE_MOUNT_SET_GROUP | MOVE_MOUNT_F_SYMLINKS | MOVE_MOUNT_T_SYMLINKS));
	case STEP_OPEN_TREE:
		return do_open_tree(s);
	case STEP_FSMOUNT:
		return do_fsmount(s);
	case STEP_MOVE_TREE:
		return do_move_tree(s);
	case STEP_CLOSE:
		return close_tree(s->tree);
	case STEP_FORK:
		return do_fork(s);
	default:
		abort();
	}
}

/* ---- the processes ---- */

static void serve(int task)
{
	for (int t = 0; t < MODEL_TASKS; t++)
		close(tasks[t].wake[1]);
	while (hear(tasks[task].wake[0])) {
		if (job->s.op != STEP_SYMLINK)
			name_in_proc(job->s.a);
		name_in_proc(job->s.b);
		job->result = do_step(&job->s, &job->e);
		fflush(stdout);
		if (!tell(tasks[task].done[1]))
			break;
	}
	_exit(0);
}

bool tasks_begin(const char *scratch)
{
	bool good = true;
	pid_t pid;

	if (!job)
		job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int t = 0; t < MODEL_TASKS; t++) {
		tasks[t].pid = 0;
		good = good && !pipe(tasks[t].wake) && !pipe(tasks[t].done);
	}
	fflush(stdout);
	pid = good ? fork() : -1;
	if (!pid) {
		proc = open("/proc", O_PATH);
		job->result = result(enter_disk(scratch));
		if (tell(tasks[0].done[1]))
			serve(0);
		_exit(1);
	}
	tasks[0].pid = pid;
	return pid > 0 && hear(tasks[0].done[0]) && !job->result;
}

static void end_task(int task)
{
	kill(tasks[task].pid, SIGKILL);
	waitpid(tasks[task].pid, NULL, 0);
	tasks[task].pid = 0;
}

void tasks_end(void)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (tasks[t].pid > 0)
			end_task(t);
		for (int i = 0; i < 2; i++) {
			close(tasks[t].wake[i]);
			close(tasks[t].done[i]);
		}
	}
}

/* The task that the model has and we have not. */
static int new_task(void)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (model_tasks[t].used && !tasks[t].pid)
			return t;
	}
	return -1;
}

long task_step(const struct step *s, const struct expect *e)
{
	int task = s->task;

	if (s->op == STEP_EXIT) {
		end_task(task);
		return 0;
	}
	job->s = *s;
	job->e = *e;
	job->is_dir = e->at.node && e->at.node->kind == NODE_DIR && !model_in_proc(&e->at);
	snprintf(job->source, sizeof(job->source), "%s", model_next_tmpfs() ? model_next_tmpfs()->name : "none");
	job->child = s->op == STEP_FORK ? new_task() : -1;
	if (!tell(tasks[task].wake[1]) || !hear(tasks[task].done[0]))
		return -EPIPE;
	if (s->op == STEP_FORK)
		tasks[job->child].pid = job->child_pid;
	return job->result;
}
