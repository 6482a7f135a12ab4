/* SPDX-License-Identifier: MIT */
/* How the command becomes a guest: limits, the runtime, a session of its own with its warden, and the filter. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "arena/arena.h"
#include "cli/attach.h"
#include "cli/cli.h"
#include "lib/prctl.h"
#include "warden/session.h"

/* ---- limits ---- */

/* The caller's soft limits are the guest's; to start, we need more than some of them leave. */
static struct rlimit files, file_size, memory;

static void lift(int resource, struct rlimit *old, rlim_t needed)
{
	struct rlimit lifted;

	getrlimit(resource, old);
	if (old->rlim_cur >= needed || old->rlim_cur == old->rlim_max)
		return;
	lifted = (struct rlimit){old->rlim_max, old->rlim_max};
	setrlimit(resource, &lifted);
}

static void lift_limits(void)
{
	lift(RLIMIT_FSIZE, &file_size, ARENA_SIZE);
	lift(RLIMIT_AS, &memory, 1UL << 30);
	lift(RLIMIT_NOFILE, &files, RLIM_INFINITY);
}

/* As much shared memory as the hard limits leave room for; the warden maps all of it, beside what it needs itself. */
static u64 arena_size(void)
{
	u64 size = MIN(ARENA_SIZE, MIN(file_size.rlim_max, memory.rlim_max / 8));

	if (file_size.rlim_max < ARENA_STEP)
		die("the hard limit on file sizes leaves no room for shared memory (raise ulimit -f)");
	return MAX(ALIGN_DOWN(size, ARENA_STEP), ARENA_STEP);
}

static void restore(int resource, const struct rlimit *old)
{
	if (old->rlim_cur != old->rlim_max)
		setrlimit(resource, old);
}

/* As the guest that the command is by now: of the descriptors it gets what is not the session's. */
static void restore_limits(void)
{
	restore(RLIMIT_FSIZE, &file_size);
	restore(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_NOFILE, &files);
}

/* ---- descriptors ---- */

#define RESERVE 8    /* the arena, a handle, and what the runtime opens for a moment, execve(2) most */
#define BASE	1024 /* a table of descriptors of that size costs each fork next to nothing */

/* How many of the descriptors that the hard limit allows are the session's. Of few it takes few. */
static int descriptor_reserve(void)
{
	rlim_t reserve = files.rlim_max / 4 < RESERVE ? files.rlim_max / 4 : RESERVE;

	if (reserve < 2)
		die("no descriptor is left for the session (raise ulimit -n)");
	return (int)reserve;
}

/* The first number for them: above what most programs may have, and above what any may where the limit is low. */
static int descriptor_base(int reserve)
{
	rlim_t most = files.rlim_max - (rlim_t)reserve;

	return most < BASE ? (int)most : BASE;
}

int move_up(int fd, int base)
{
	int moved = fcntl(fd, F_DUPFD, base);

	if (moved < 0)
		moved = fcntl(fd, F_DUPFD, 0);
	if (moved < 0)
		die_errno("no descriptor is left for the session (raise ulimit -n)");
	close(fd);
	return moved;
}

/* ---- the runtime ---- */

/* Guests execute the runtime by its name, so that must not hang on a symlink or on dots. */
static int open_plain(const char *path)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};

	return strstr(path, "/../") ? -1 : (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* The same, whose name has to be asked for. */
static int open_and_name(const char *name, char *path, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	char link[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n <= 0)
		die_errno("cannot find the runtime's path");
	path[n] = '\0';
	return fd;
}

/* Opens the runtime, which lies next to the command or in ../libexec/secede; `path` becomes its name. */
static int open_runtime(const char *exe, char *path, size_t size)
{
	static const char *const places[] = {"%.*s/secede-runtime", "%.*s/../libexec/secede/secede-runtime"};
	int directory = (int)(strrchr(exe, '/') - exe), fd = -1;
	char name[PATH_MAX + 64];

	for (size_t i = 0; fd < 0 && i < ARRAY_SIZE(places); i++) {
		int len = snprintf(name, sizeof(name), places[i], directory, exe);

		fd = (size_t)len < size ? open_plain(name) : -1;
		if (fd >= 0)
			memcpy(path, name, (size_t)len + 1);
		else
			fd = open_and_name(name, path, size);
	}
	if (fd < 0)
		die_errno("cannot open the runtime, %.*s/secede-runtime", directory, exe);
	return fd;
}

static int open_log(const char *path)
{
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
	if (fd < 0)
		die_errno("cannot open %s for the log", path);
	return fd;
}

/* Absolute and without symlinks, so that the runtime can take them as host paths. */
static void own_places(char exe[PATH_MAX], char pwd[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", exe, PATH_MAX - 1);

	if (n <= 0 || exe[0] != '/')
		die_errno("cannot find the command's own path (is /proc mounted?)");
	exe[n] = '\0';
	if (!getcwd(pwd, PATH_MAX) || pwd[0] != '/')
		die_errno("cannot tell the working directory (change to one that exists first)");
}

static void session_must(int err, const char *what)
{
	if (err) {
		errno = -err;
		die_errno("cannot %s", what);
	}
}

static void wait_for_session(const struct attach_args *args)
{
	const char *what;
	int err = session_wait(args->handle, &what);

	session_must(err, what);
}

static void start_session(const struct session_config *config, struct attach_args *args)
{
	struct session session;
	const char *what;
	int err = session_start(config, &session, &what);

	session_must(err, what);
	args->patches = config->patch_after;
	args->wait_for_session = wait_for_session;
	args->arena_fd = move_up(session.arena_fd, args->fd_base);
	args->handle = move_up(session.handle, args->fd_base);
	args->handle_inode = session.handle_inode;
}

void attach_begin(struct attach_args *args)
{
	static char exe[PATH_MAX], pwd[PATH_MAX];

	own_places(exe, pwd);
	lift_limits();
	*args = (struct attach_args){.exe = exe, .pwd = pwd, .fd_base = descriptor_base(descriptor_reserve())};
}

void attach_end(int runtime, const struct attach_args *args)
{
	const struct runtime_header *header = (const struct runtime_header *)RUNTIME_HEADER;
	int err = load_runtime(runtime);

	if (!err && (header->magic != ARENA_MAGIC || header->layout != RUNTIME_LAYOUT))
		err = -ENOEXEC;
	if (err) {
		errno = -err;
		die_errno("cannot load the runtime");
	}
	close(runtime);
	err = header->attach(args);
	if (err) {
		errno = -err;
		die_errno("cannot take over the program's system calls");
	}
	restore_limits();
}

/* A site that has trapped so often has cost as much as it costs to patch the first one. Tests want it earlier. */
#define PATCH_AFTER 48
static u32 patch_after(const struct options *options)
{
	const char *wanted = getenv("SECEDE_PATCH_AFTER");

	if (options->no_patch)
		return 0;
	return wanted ? parse_number(wanted, "number of traps") : PATCH_AFTER;
}

void enter_session(const struct options *options, char **argv)
{
	char runtime_path[PATH_MAX];
	struct attach_args args;
	struct session_config config = {.runtime = runtime_path, .argv = argv};
	int runtime;

	if (prctl(PR_SECEDE, 0, 0, 0, 0) == 1) {
		if (options->log)
			die("--log cannot be given inside a session (give it to the first secede)");
		if (options->stats)
			die("--stats cannot be given inside a session (give it to the first secede)");
		if (options->no_patch)
			die("--no-patch cannot be given inside a session (give it to the first secede)");
		if (options->strict_linux)
			die("--strict-linux cannot be given inside a session (give it to the first secede)");
		return;
	}
	attach_begin(&args);
	runtime = open_runtime(args.exe, runtime_path, sizeof(runtime_path));
	config.runtime_fd = runtime;
	config.arena_size = arena_size();
	config.fd_reserve = descriptor_reserve();
	config.log_fd = open_log(options->log);
	config.strict_linux = options->strict_linux || getenv("SECEDE_STRICT_LINUX");
	config.patch_after = patch_after(options);
	config.stats = options->stats;
	config.fails = getenv("SECEDE_FAIL_ALLOCATIONS");
	start_session(&config, &args);
	if (config.log_fd >= 0)
		close(config.log_fd);
	attach_end(runtime, &args);
}
