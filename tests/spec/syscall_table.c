/* SPDX-License-Identifier: MIT */
/*
 * The system call table against two other lists: the numbers that the host knows (its header, and what the running
 * kernel answers), and the manual pages' word on which arguments are paths.
 */
#include <sys/syscall.h>
#include "sys/table.h"
#include "tap.h"

/* The functions of the table are not linked in here: each becomes one that is never called. */
#define SYSCALL(name)                                                                                                  \
	static s64 sys_##name(struct task *task, struct regs *regs)                                                    \
	{                                                                                                              \
		return task && regs;                                                                                   \
	}                                                                                                              \
	struct sys_##name##_unused

#define SECEDE_SYS_SYS_H
#include "sys/calls.h"
#include "sys/table.c"

/*
 * Every call of Linux whose signature has a path, and which arguments those are. A socket address counts as one.
 * The text of a symlink (symlink(2)'s first argument) is not walked, nor are the names of message queues, keys,
 * modules and memory files.
 */
static const struct {
	const char *name;
	unsigned paths;
} with_paths[] = {
    {"open", PATH0},
    {"creat", PATH0},
    {"openat", PATH1},
    {"openat2", PATH1},
    {"stat", PATH0},
    {"lstat", PATH0},
    {"newfstatat", PATH1},
    {"statx", PATH1},
    {"statfs", PATH0},
    {"access", PATH0},
    {"faccessat", PATH1},
    {"faccessat2", PATH1},
    {"readlink", PATH0},
    {"readlinkat", PATH1},
    {"truncate", PATH0},
    {"chdir", PATH0},
    {"chroot", PATH0},
    {"rename", PATH0 | PATH1},
    {"renameat", PATH1 | PATH3},
    {"renameat2", PATH1 | PATH3},
    {"mkdir", PATH0},
    {"mkdirat", PATH1},
    {"rmdir", PATH0},
    {"link", PATH0 | PATH1},
    {"linkat", PATH1 | PATH3},
    {"unlink", PATH0},
    {"unlinkat", PATH1},
    {"symlink", PATH1},
    {"symlinkat", PATH2},
    {"mknod", PATH0},
    {"mknodat", PATH1},
    {"chmod", PATH0},
    {"fchmodat", PATH1},
    {"fchmodat2", PATH1},
    {"chown", PATH0},
    {"lchown", PATH0},
    {"fchownat", PATH1},
    {"utime", PATH0},
    {"utimes", PATH0},
    {"futimesat", PATH1},
    {"utimensat", PATH1},
    {"setxattr", PATH0},
    {"lsetxattr", PATH0},
    {"getxattr", PATH0},
    {"lgetxattr", PATH0},
    {"listxattr", PATH0},
    {"llistxattr", PATH0},
    {"removexattr", PATH0},
    {"lremovexattr", PATH0},
    {"setxattrat", PATH1},
    {"getxattrat", PATH1},
    {"listxattrat", PATH1},
    {"removexattrat", PATH1},
    {"file_getattr", PATH1},
    {"file_setattr", PATH1},
    {"execve", PATH0},
    {"execveat", PATH1},
    {"uselib", PATH0},
    {"connect", PATH1},
    {"bind", PATH1},
    {"sendto", PATH4},
    {"mount", PATH0 | PATH1},
    {"umount2", PATH0},
    {"pivot_root", PATH0 | PATH1},
    {"open_tree", PATH1},
    {"open_tree_attr", PATH1},
    {"move_mount", PATH1 | PATH3},
    {"fsconfig", PATH3},
    {"fspick", PATH1},
    {"mount_setattr", PATH1},
    {"acct", PATH0},
    {"swapon", PATH0},
    {"swapoff", PATH0},
    {"quotactl", PATH1 | PATH3},
    {"inotify_add_watch", PATH1},
    {"fanotify_mark", PATH4},
    {"name_to_handle_at", PATH1},
};

/* Calls that lead to paths in structures that the arguments point to. */
static const char *const with_paths_inside[] = {"sendmsg", "sendmmsg", "quotactl_fd", "open_by_handle_at"};

/* Every call of Linux whose signature has a pid_t or says "which, who", and what those arguments are. */
static const struct {
	const char *name;
	u32 pids;
} with_pids[] = {
    {"kill", PID(0, KILL)},
    {"tkill", PID(0, TASK)},
    {"tgkill", PID(0, TASK) | PID(1, TASK)},
    {"rt_sigqueueinfo", PID(0, TASK)},
    {"rt_tgsigqueueinfo", PID(0, TASK) | PID(1, TASK)},
    {"pidfd_open", PID(0, TASK)},
    {"wait4", PID(0, KILL)},
    {"waitid", PID(1, WAITID)},
    {"ptrace", PID(1, TASK)},
    {"process_vm_readv", PID(0, TASK)},
    {"process_vm_writev", PID(0, TASK)},
    {"kcmp", PID(0, TASK) | PID(1, TASK)},
    {"setpgid", PID(0, TASK) | PID(1, GROUP)},
    {"getpgid", PID(0, TASK)},
    {"getsid", PID(0, TASK)},
    {"getpriority", PID(1, PRIO)},
    {"setpriority", PID(1, PRIO)},
    {"ioprio_get", PID(1, IOPRIO)},
    {"ioprio_set", PID(1, IOPRIO)},
    {"sched_setparam", PID(0, TASK)},
    {"sched_getparam", PID(0, TASK)},
    {"sched_setscheduler", PID(0, TASK)},
    {"sched_getscheduler", PID(0, TASK)},
    {"sched_rr_get_interval", PID(0, TASK)},
    {"sched_setaffinity", PID(0, TASK)},
    {"sched_getaffinity", PID(0, TASK)},
    {"sched_setattr", PID(0, TASK)},
    {"sched_getattr", PID(0, TASK)},
    {"prlimit64", PID(0, TASK)},
    {"migrate_pages", PID(0, TASK)},
    {"move_pages", PID(0, TASK)},
    {"get_robust_list", PID(0, TASK)},
    {"perf_event_open", PID(1, TASK)},
    {"timer_create", PID(0, CLOCK)},
    {"clock_gettime", PID(0, CLOCK)},
    {"clock_getres", PID(0, CLOCK)},
    {"clock_nanosleep", PID(0, CLOCK)},
};

static const struct sys_entry *find(const char *name)
{
	for (int nr = 0; nr < SYS_MAX; nr++)
		if (sys_table[nr].name && !strcmp(sys_table[nr].name, name))
			return &sys_table[nr];
	return NULL;
}

static unsigned paths_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_paths); i++)
		if (!strcmp(with_paths[i].name, name))
			return with_paths[i].paths;
	return 0;
}

static int trapped(const struct sys_entry *entry)
{
	return entry->fn && entry->when != PASS && entry->when != DENY;
}

static void paths_are_marked(void)
{
	int wrong = 0;

	for (int nr = 0; nr < SYS_MAX; nr++) {
		const struct sys_entry *entry = &sys_table[nr];

		if (!entry->name || entry->when == DENY || entry->paths == paths_of(entry->name))
			continue;
		printf("# %s: marked %#x, the manual says %#x\n", entry->name, entry->paths, paths_of(entry->name));
		wrong++;
	}
	CHECK(!wrong);
}

static u32 pids_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(with_pids); i++)
		if (!strcmp(with_pids[i].name, name))
			return with_pids[i].pids;
	return 0;
}

static void pids_are_marked(void)
{
	int wrong = 0;

	for (int nr = 0; nr < SYS_MAX; nr++) {
		const struct sys_entry *entry = &sys_table[nr];

		if (!entry->name || entry->pids == pids_of(entry->name))
			continue;
		printf("# %s: process numbers %#x, the manual says %#x\n", entry->name, entry->pids,
		       pids_of(entry->name));
		wrong++;
	}
	CHECK(!wrong);
}

static void paths_are_trapped(void)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(with_paths); i++) {
		const struct sys_entry *entry = find(with_paths[i].name);

		if (entry && (entry->when == DENY || trapped(entry)))
			continue;
		printf("# %s: has a path, and is not in the table or goes to the host as it is\n", with_paths[i].name);
		wrong++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(with_paths_inside); i++)
		wrong += !find(with_paths_inside[i]) || !trapped(find(with_paths_inside[i]));
	CHECK(!wrong);
}

/* #define __NR_name number */
static void header_is_covered(void)
{
	FILE *header = fopen("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "re");
	char line[256], name[128];
	int nr, calls = 0, wrong = 0;

	CHECK(header != NULL);
	while (fgets(line, sizeof(line), header)) {
		if (sscanf(line, "#define __NR_%127s %d", name, &nr) != 2)
			continue;
		calls++;
		if (nr >= 0 && nr < SYS_MAX && sys_table[nr].name && !strcmp(sys_table[nr].name, name))
			continue;
		printf("# %d is %s, the table has %s\n", nr, name,
		       nr >= 0 && nr < SYS_MAX && sys_table[nr].name ? sys_table[nr].name : "nothing");
		wrong++;
	}
	fclose(header);
	CHECK(calls > 300 && !wrong);
}

/* A number that the table does not have must be one that the running kernel does not have either. */
static void kernel_is_covered(void)
{
	int wrong = 0;

	for (int nr = 0; nr < SYS_MAX; nr++) {
		if (sys_table[nr].name)
			continue;
		errno = 0;
		if (syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L) == -1 && errno == ENOSYS)
			continue;
		printf("# the kernel knows %d (errno %d), the table does not\n", nr, errno);
		wrong++;
	}
	CHECK(!wrong);
}

static const struct test tests[] = {
    {"each path argument is marked in the table", paths_are_marked},
    {"each process number is marked in the table", pids_are_marked},
    {"each call with a path is trapped or denied", paths_are_trapped},
    {"the table has every call of the host's header", header_is_covered},
    {"the table has every call of the running kernel", kernel_is_covered},
};

int main(void)
{
	return RUN_TESTS(tests);
}
