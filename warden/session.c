/* SPDX-License-Identifier: MIT */
/*
 * The start of a session. The command makes the arena, while it may still be writable, and forks the warden, which
 * inherits that one writable mapping. The warden builds the first namespaces while the command becomes a guest, and
 * then says so, once, on the first handle.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "warden/session.h"
#include "warden/warden.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* ---- the arena ---- */

static int arena_map(int fd, u64 size, int prot, int how)
{
	void *p = mmap((void *)ARENA_BASE, size, prot, MAP_SHARED | how, fd, 0);

	if (p == (void *)ARENA_BASE)
		return 0;
	if (p != MAP_FAILED) /* a kernel that does not know MAP_FIXED_NOREPLACE */
		munmap(p, size);
	return p == MAP_FAILED ? -errno : -EEXIST;
}

/*
 * The memory, writable here. Whoever opens the descriptor again, through /proc or as it is, cannot map it
 * writable or write to it: the seals come after our own mapping.
 */
static int arena_create(u64 size, const char **what)
{
	int fd = memfd_create("secede-arena", MFD_CLOEXEC | MFD_NOEXEC_SEAL), err;

	*what = "create shared memory";
	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("secede-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	err = ftruncate(fd, (off_t)size) ? -errno : arena_map(fd, size, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE);
	if (!err) {
		*what = "seal shared memory";
		err = fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ? -errno
													      : 0;
	}
	if (err)
		close(fd);
	return err ? err : fd;
}

static void super_gone(const struct super *sb)
{
	char path[PATH_MAX];

	if (sb->kind != SUPER_TMPFS || !sb->storage)
		return;
	storage_path(sb->storage, path, sizeof(path));
	mnt_forget_roots(path);
	storage_remove(sb->storage);
}

/* What the session is, which the command itself writes down. */
static int describe(const struct session_config *config)
{
	struct arena_header *a = arena();
	struct stat st;

	a->uid = geteuid();
	a->gid = getegid();
	a->logging = config->log_fd >= 0;
	a->strict_linux = config->strict_linux;
	a->patch_after = config->patch_after;
	a->stats = config->stats;
	a->fails = config->fails;
	a->fd_reserve = (u32)config->fd_reserve;
	if (strlen(config->runtime) >= sizeof(a->runtime))
		return -ENAMETOOLONG;
	strcpy(a->runtime, config->runtime);
	if (fstat(config->runtime_fd, &st) != 0)
		return -errno;
	a->runtime_dev = st.st_dev;
	a->runtime_ino = st.st_ino;
	return 0;
}

static int first_namespaces(void)
{
	struct arena_header *a = arena();
	struct utsname uts;
	int err;

	uname(&uts);
	a->init_user = user_ns_create(NULL, a->uid, a->gid);
	a->init_uts = a->init_user ? uts_ns_dup(NULL, a->init_user) : NULL;
	a->init_mnt = a->init_user ? mnt_ns_create(a->init_user) : NULL;
	a->detached = a->init_user ? mnt_ns_create(a->init_user) : NULL;
	if (!a->init_uts || !a->init_mnt || !a->detached)
		return -ENOMEM;
	a->init_user->parent_could_setfcap = true;
	uts_write(a->init_uts, false, uts.nodename, strnlen(uts.nodename, UTS_LEN));
	uts_write(a->init_uts, true, uts.domainname, strnlen(uts.domainname, UTS_LEN));
	super_released = super_gone;
	err = import_mounts(a->init_mnt);
	fs_types_list(a->filesystems, sizeof(a->filesystems));
	return err;
}

/* The handle that the session starts with; the header keeps the first references for itself. */
static s64 first_handle(u64 inode)
{
	struct ns_set set = {
	    .mnt = mnt_ns_get(arena()->init_mnt),
	    .uts = uts_ns_get(arena()->init_uts),
	    .user = user_ns_get(arena()->init_user),
	};

	return handle_publish(inode, &set);
}

/* ---- the warden ---- */

void close_from(int first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; (rlim_t)fd < limit.rlim_cur; fd++)
		close(fd);
}

struct birth {
	const struct session_config *config;
	int sock;  /* the warden's end of the first handle */
	u64 inode; /* of the guest's end */
	pid_t pid; /* what came of it, or -errno */
};

/* The end of the strings that lie one behind the other from `end` on. */
static char *end_of_strings(char **strings, char *end)
{
	while (*strings && *strings == end)
		end += strlen(*strings++) + 1;
	return end;
}

/*
 * ps and pkill -f see our name where the caller's arguments were. Where those are too short it reaches into the
 * environment, which lies behind them and moves away (the host reads on there when the arguments end without a NUL).
 */
static void overwrite_arguments(char **argv, const char *name)
{
	char *start = argv[0], *end;

	if (!start)
		return;
	end = end_of_strings(argv, start);
	if ((size_t)(end - start) <= strlen(name)) {
		char *room = end_of_strings(environ, end);

		for (char **string = environ; *string; string++)
			*string = strdup(*string);
		end = MIN(room, start + strlen(name) + 1);
	}
	memset(start, 0, (size_t)(end - start));
	memcpy(start, name, MIN(strlen(name), (size_t)(end - start - 1)));
}

/* Keeps the socket as descriptor 3 and the log as 4, and nothing else: a pipeline must end when the
 * guests do. Returns the log's descriptor, -1 without one. */
static int keep_descriptors(int sock, int log_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	sock = fcntl(sock, F_DUPFD_CLOEXEC, 5);
	log_fd = log_fd < 0 ? -1 : fcntl(log_fd, F_DUPFD_CLOEXEC, 5);
	for (int fd = 0; fd < 3; fd++) {
		if (null >= 0)
			dup2(null, fd);
		else
			close(fd);
	}
	dup2(sock, 3);
	if (log_fd >= 0)
		dup2(log_fd, 4);
	close_from(log_fd >= 0 ? 5 : 4);
	return log_fd >= 0 ? 4 : -1;
}

/*
 * Ignored, not blocked: what somebody sends to all processes must not pile up here. By hand, because the library keeps
 * some signals for itself, and those end a process, too. With SIGCHLD the processes that remove trees need no wait(2).
 */
static void ignore_signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		u64 mask;
	} ignore = {.handler = SIG_IGN};

	for (int sig = 1; sig <= 64; sig++)
		syscall(SYS_rt_sigaction, sig, &ignore, NULL, sizeof(ignore.mask));
}

static void signal_mask(u64 mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/* Builds what the guest waits for (session_wait()), and tells it. The first handle. */
static u32 build(const struct birth *birth)
{
	struct reply reply = {.result = first_namespaces()};
	s64 handle = reply.result ? reply.result : first_handle(birth->inode);

	if (handle < 0)
		reply.result = handle;
	else
		atomic_store(&arena()->ready, 1);
	send(birth->sock, &reply, sizeof(reply), MSG_NOSIGNAL);
	if (handle < 0)
		_exit(1);
	return (u32)handle;
}

/* Nothing of the caller's may live on in the warden: not its terminal, nor a directory that could
 * not be unmounted, nor a limit that it set itself. */
__attribute__((noreturn)) static void warden_main(const struct birth *birth)
{
	struct rlimit limit;
	u32 handle;

	/* The guest need not wait until each of them is ignored. */
	signal_mask(~0ULL);
	/* Whoever finds the number looks whether it is a warden's. */
	prctl(PR_SET_NAME, "secede-warden");
	arena()->warden = (u32)getpid();
	handle = build(birth);
	ignore_signals();
	signal_mask(0);
	overwrite_arguments(birth->config->argv, "secede-warden");
	setsid();
	umask(0);
	if (chdir("/") != 0)
		_exit(1);
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	log_open(keep_descriptors(birth->sock, birth->config->log_fd));
	warden_run(3, handle);
}

/* Forks the warden, which tells its parent's end by that signal (0: by none). */
static void give_birth(struct birth *birth, int exit_signal)
{
	long pid = syscall(SYS_clone, exit_signal, NULL, NULL, NULL, NULL);

	if (pid == 0)
		warden_main(birth);
	birth->pid = pid < 0 ? -errno : (pid_t)pid;
}

static int midwife(void *arg)
{
	give_birth(arg, SIGCHLD);
	return 0;
}

/* The midwife works in the caller's memory while the caller waits, so the fork copies page tables once, not twice. */
static void send_midwife(struct birth *birth)
{
	static char stack[256 << 10] __attribute__((aligned(16))); /* the warden's as well */
	int subreaper = 0;
	pid_t pid;

	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	if (subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 0);
	/* No exit signal: a SIGCHLD would stay pending where the caller blocks it. */
	pid = clone(midwife, stack + sizeof(stack), CLONE_VM, birth);
	if (pid < 0)
		birth->pid = -errno;
	while (pid > 0 && waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR)
		;
	if (subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/*
 * The warden becomes init's child: the guest's wait(2) never sees it. A guest that is itself the first process of its
 * container keeps it as a child without an exit signal, for which wait(2) has to be asked expressly (__WCLONE). It is
 * born not dumpable, so there is no moment in which a guest of the same user could trace it.
 */
static int fork_warden(struct birth *birth)
{
	int dumpable = prctl(PR_GET_DUMPABLE);

	prctl(PR_SET_DUMPABLE, 0);
	if (getpid() == 1)
		give_birth(birth, 0);
	else
		send_midwife(birth);
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
	return birth->pid < 0 ? birth->pid : 0;
}

/* ---- both ---- */

/* The handle's socket pair, its entry, and the process behind it. */
static int start_warden(const struct session_config *config, struct session *out, const char **what)
{
	/* Until the warden's number stands there, whoever was to make it may have been killed. */
	struct birth birth = {.config = config, .pid = -EAGAIN};
	struct stat st;
	int pair[2], err;

	*what = "create a socket";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	fstat(pair[0], &st);
	out->handle = pair[0];
	out->handle_inode = st.st_ino;
	birth.sock = pair[1];
	birth.inode = st.st_ino;
	*what = "start the warden process";
	err = fork_warden(&birth);
	close(pair[1]);
	if (err)
		close(pair[0]);
	return err;
}

int session_start(const struct session_config *config, struct session *out, const char **what)
{
	int fd = arena_create(config->arena_size, what), err;

	if (fd < 0)
		return fd;
	*what = "describe the session";
	arena_init(config->arena_size);
	err = describe(config);
	if (!err)
		err = start_warden(config, out, what);
	/* From here on this process is a guest like any other. */
	if (!err) {
		*what = "map shared memory";
		err = arena_map(fd, config->arena_size, PROT_READ, MAP_FIXED);
	}
	if (err)
		close(fd);
	out->arena_fd = fd;
	return err;
}

int session_wait(int handle, const char **what)
{
	struct reply reply;

	*what = "lay out the session's first namespaces";
	if (recv(handle, &reply, sizeof(reply), 0) == sizeof(reply))
		return (int)reply.result;
	*what = "start the warden process";
	return -EIO;
}
