/* SPDX-License-Identifier: MIT */
/*
 * A child that shares memory, descriptors or directories with its parent is killed at every step that it makes: the
 * first time before its first one, the next time a step later, and so on until it comes to its end. A step is what it
 * does up to its next host call or signal. After each kill its parent, a thread of that and another process in the
 * same memory must be able to go on, and nothing may be left of the dead: no descriptor, no namespace, no block of the
 * runtime's.
 *
 *	kill_steps DIRECTORY INSTRUCTIONS COMMAND...
 *
 * runs "COMMAND... kill_steps --parent DIRECTORY" and traces it. With INSTRUCTIONS other than 0 each is killed some
 * instructions behind its step, up to that many.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#undef BLOCK_SIZE /* a file system's */
#include "arena/arena.h"
#include "kernel/mm.h"
#include "lib/prctl.h"
#include "tests/spec/tap.h"

#define AFTER_EXEC 60 /* steps of the new program that are tried: until the runtime has handed over */
#define LIMIT	   40 /* seconds that anybody may take for anything, on a busy machine */

static const char *self;

/* ---- the parent, and what its children do ---- */

/* What a child of one kind shares, and does. */
static const struct kind {
	const char *name;
	int flags;
	int (*run)(void *);
} kinds[];

static char stack[65536] __attribute__((aligned(16))), sibling_stack[65536] __attribute__((aligned(16)));
static _Atomic unsigned long thread_beats, sibling_beats;
static _Atomic int stop;

/* System calls alone: the child may share the C library's state with its parent. */
static int change_contexts(void *arg)
{
	const struct kind *kind = arg;
	struct sigaction action = {.sa_handler = SIG_DFL};

	syscall(SYS_unshare, CLONE_NEWUTS);
	syscall(SYS_sethostname, "child", 5);
	syscall(SYS_chdir, "/mnt/c");
	syscall(SYS_umask, 022);
	/* What it has open itself stays open where descriptors are shared, on any kernel. */
	if (!(kind->flags & CLONE_FILES))
		syscall(SYS_open, "/mnt/c/dir", O_RDONLY | O_DIRECTORY);
	syscall(SYS_rt_sigaction, SIGWINCH, &action, NULL, 8);
	syscall(SYS_chdir, "/mnt/b");
	syscall(SYS_umask, 027);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* The same in a process that may have no further descriptor. */
static int change_contexts_full(void *arg)
{
	struct rlimit limit = {3, 4096};

	syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
	return change_contexts(arg);
}

static int execute(void *arg)
{
	char *argv[] = {(char *)self, "--leaf", NULL}, *envp[] = {NULL};

	syscall(SYS_execve, self, argv, envp);
	return 1;
}

static int mount_and_leave(void *arg)
{
	syscall(SYS_unshare, CLONE_NEWNS);
	syscall(SYS_mount, "none", "/mnt/c", "tmpfs", 0, NULL);
	syscall(SYS_mount, "/mnt/a", "/mnt/c", NULL, MS_BIND, NULL);
	syscall(SYS_umount2, "/mnt/c", MNT_DETACH);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* Children of its own, with and without memory of their own. */
static int multiply(void *arg)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
	pid = (pid_t)syscall(SYS_vfork);
	if (pid == 0)
		syscall(SYS_exit_group, 0);
	syscall(SYS_wait4, pid, NULL, 0, NULL);
	syscall(SYS_exit_group, 0);
	return 0;
}

static const struct kind kinds[] = {
    {"vfork", CLONE_VM | CLONE_VFORK, change_contexts},
    {"vfork that shares descriptors", CLONE_VM | CLONE_VFORK | CLONE_FILES, change_contexts},
    {"vfork that shares directories and handlers", CLONE_VM | CLONE_VFORK | CLONE_FS | CLONE_SIGHAND, change_contexts},
    {"vfork without a free descriptor", CLONE_VM | CLONE_VFORK, change_contexts_full},
    {"vfork and exec", CLONE_VM | CLONE_VFORK, execute},
    {"vfork and exec, sharing descriptors", CLONE_VM | CLONE_VFORK | CLONE_FILES, execute},
    {"vfork and mount", CLONE_VM | CLONE_VFORK, mount_and_leave},
    {"vfork and further children", CLONE_VM | CLONE_VFORK, multiply},
    {"a child in the same memory", CLONE_VM, change_contexts},
    {"a child in the same memory with names of its own", CLONE_VM | CLONE_NEWUTS, change_contexts},
    {"a child with the same directories", CLONE_FS, change_contexts},
    {"a child with the same descriptors", CLONE_FILES, change_contexts},
    {"a child with the same descriptors executes", CLONE_FILES, execute},
    {"fork", CLONE_NEWNS, mount_and_leave},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Whoever lives beside the child works as well: what a dead one holds must not stop them. */
static void beat(_Atomic unsigned long *beats)
{
	struct stat st;

	while (!stop) {
		int fd = (int)syscall(SYS_open, "/mnt/b/dir", O_RDONLY | O_DIRECTORY);

		if (fd < 0 || syscall(SYS_fstat, fd, &st) != 0 || syscall(SYS_close, fd) != 0)
			break;
		++*beats;
		syscall(SYS_nanosleep, &(struct timespec){0, 500000}, NULL);
	}
}

static void *beating_thread(void *arg)
{
	unshare(CLONE_FS); /* what a child shares without the memory must not be its threads' */
	beat(&thread_beats);
	return arg;
}

static int beating_sibling(void *arg)
{
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
	beat(&sibling_beats);
	syscall(SYS_exit, 0);
	return 0;
}

static int goes_on(_Atomic unsigned long *beats)
{
	unsigned long before = *beats;
	int i;

	for (i = 0; i < LIMIT * 1000 && *beats < before + 2; i++)
		usleep(1000);
	return *beats >= before + 2;
}

/* What the warden has in use for us all. */
static unsigned long objects(void)
{
	return prctl(PR_SECEDE, 0, 0, 0, 0) == 1 ? atomic_load(&arena()->objects) : 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int thread_works(void)
{
	pthread_t thread;
	void *ret;

	return pthread_create(&thread, NULL, nothing, &stop) == 0 && pthread_join(thread, &ret) == 0 && ret == &stop;
}

/*
 * A process in our memory that ends without a word, and whose maker was killed, is noticed when we make the next task:
 * and a child's vfork child may only be about to end.
 */
static int objects_return_to(unsigned long before)
{
	int i;

	for (i = 0; i < LIMIT * 1000 && objects() > before; i++) {
		usleep(1000);
		if (!thread_works())
			break;
	}
	if (objects() > before)
		printf("# objects %lu, before %lu\n", objects(), before);
	return objects() <= before;
}

static int fork_works(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(getppid() > 0 && access("/mnt/b/dir", F_OK) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int directories_work(int dir)
{
	char cwd[4096];
	struct stat st;

	if (!getcwd(cwd, sizeof(cwd)) || (strcmp(cwd, "/mnt/b") != 0 && strcmp(cwd, "/mnt/c") != 0))
		return 0;
	/* "dir" below the bind mount b is that of a; the way up from it leads to b, not to a. */
	if (stat("dir", &st) != 0 || fstatat(dir, "../mark_of_b/..", &st, 0) != 0)
		return 0;
	return chdir("/mnt/b") == 0 && stat("mark_of_b", &st) == 0 && umask(027) != (mode_t)-1;
}

static int names_work(void)
{
	struct utsname uts;

	return sethostname("parent", 6) == 0 && uname(&uts) == 0 && strcmp(uts.nodename, "parent") == 0 &&
	       unshare(CLONE_NEWUTS) == 0;
}

static int mounts_work(void)
{
	/* Detached: whether it is in use takes a look at all processes of the user. */
	return mount("none", "/mnt/c", "tmpfs", 0, NULL) == 0 && mkdir("/mnt/c/x", 0755) == 0 &&
	       umount2("/mnt/c", MNT_DETACH) == 0;
}

/* NULL, or what does not work any more. */
static const char *trouble(int dir, unsigned long objects_before)
{
	if (!goes_on(&thread_beats))
		return "the thread beside it stands still";
	if (!goes_on(&sibling_beats))
		return "the process in the same memory stands still";
	if (!directories_work(dir))
		return "directories";
	if (!names_work())
		return "names";
	if (!mounts_work())
		return "mounts";
	if (!thread_works())
		return "a new thread";
	if (!fork_works())
		return "fork(2)";
	if (!objects_return_to(objects_before))
		return "the warden holds more than before";
	return NULL;
}

/* Tells the tracer, which keeps the signal. */
static void tell(int sig, int value)
{
	CHECK(pthread_sigqueue(pthread_self(), sig, (union sigval){.sival_int = value}) == 0);
}

static int one_child(const struct kind *kind, int number)
{
	int status;
	pid_t pid;

	tell(SIGUSR1, number);
	pid = clone(kind->run, stack + sizeof(stack), kind->flags | SIGCHLD, (void *)kind);
	CHECK(pid > 0);
	/* Before it has been waited for: a zombie may hold a lock, too. */
	if (kind->flags & CLONE_VFORK)
		CHECK(goes_on(&sibling_beats));
	CHECK(waitpid(pid, &status, __WALL) == pid);
	tell(SIGUSR2, number);
	return WIFSIGNALED(status);
}

static void try_kind(int number, int dir)
{
	unsigned long before;
	const char *what;
	int step = 0, alive = 0;

	what = trouble(dir, ~0UL);
	before = objects();
	do {
		alarm(5 * LIMIT);
		if (one_child(&kinds[number], number))
			step++;
		else
			alive++;
		what = what ?: trouble(dir, before);
	} while (alive < 2 && !what);
	if (what)
		printf("# step %d: %s\n", step, what);
	printf("%sok %d - %s: its parent goes on, killed at %d steps\n", what ? "not " : "", number + 1,
	       kinds[number].name, step);
	fflush(stdout);
}

static int parent(const char *directory)
{
	pthread_t thread;
	pid_t sibling;
	int dir;
	unsigned i;

	CHECK_OK(chdir(directory));
	CHECK_OK(unshare(CLONE_NEWNS | CLONE_NEWUTS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	CHECK(mkdir("/mnt/a", 0755) == 0 && mkdir("/mnt/b", 0755) == 0 && mkdir("/mnt/c", 0755) == 0);
	CHECK(mkdir("/mnt/a/dir", 0755) == 0 && mkdir("/mnt/a/mark_of_b", 0755) == 0 && mkdir("/mnt/c/dir", 0755) == 0);
	/* When many links have been followed the warden opens what it watches them by: not while it is looked at. */
	CHECK(symlink(".", "/mnt/link") == 0);
	for (int i = 0; i < 50; i++)
		CHECK_FAILS(access("/mnt/link/nothing", F_OK), ENOENT);
	CHECK_OK(mount("/mnt/a", "/mnt/b", NULL, MS_BIND, NULL));
	CHECK_OK(chdir("/mnt/b"));
	CHECK_OK(dir = open("dir", O_RDONLY | O_DIRECTORY));
	CHECK(pthread_create(&thread, NULL, beating_thread, NULL) == 0);
	sibling = clone(beating_sibling, sibling_stack + sizeof(sibling_stack), CLONE_VM | SIGCHLD, NULL);
	CHECK(sibling > 0);
	printf("# parent %d\n", getpid());
	fflush(stdout);
	CHECK(read(STDIN_FILENO, &i, 1) == 1);
	for (i = 0; i < KINDS; i++)
		try_kind((int)i, dir);
	tell(SIGUSR1, KINDS);
	stop = 1;
	CHECK(pthread_join(thread, NULL) == 0 && waitpid(sibling, NULL, 0) == sibling);
	return 0;
}

/* ---- the tracer ---- */

#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | \
	 PTRACE_O_EXITKILL)

static struct {
	pid_t parent;
	pid_t target; /* the child that is to be killed */
#define AWAITED (-1)
	int instructions, kind, round;
	int steps;	 /* its steps so far ... */
	int until;	 /* ... at which one it is killed ... */
	int behind;	 /* ... and how many instructions behind that */
	int exec_at;	 /* the step at which it executed a program, 0: not yet */
	int fds, blocks; /* what the parent had when the kind's third child began */
	int bad;
} trace;

/* What the host says of the parent. */
static int count_fds(pid_t pid)
{
	char path[64];
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* The beating thread has one more now and then, on any kernel. */
static int fewest_fds(pid_t pid)
{
	int fewest = count_fds(pid);

	for (int i = 0; i < 20; i++) {
		int n;

		usleep(500);
		n = count_fds(pid);
		if (n < fewest)
			fewest = n;
	}
	return fewest;
}

static int count_blocks(pid_t pid)
{
	unsigned long from, to, bytes = 0;
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from >= BLOCKS_BASE && from < BLOCKS_END)
			bytes += to - from;
	if (f)
		fclose(f);
	return (int)(bytes / BLOCK_SIZE);
}

static void judge_kind(void)
{
	int fds = fewest_fds(trace.parent), blocks = count_blocks(trace.parent);
	/* Between two instructions there can be a descriptor of which nobody knows yet. */
	int good = fds <= trace.fds + (trace.instructions ? 3 : 0) && blocks <= trace.blocks + 1;

	if (!good)
		printf("# descriptors %d, before %d; blocks %d, before %d\n", fds, trace.fds, blocks, trace.blocks);
	printf("%sok %d - %s: nothing of the killed is left\n", good ? "" : "not ", trace.kind + 1,
	       kinds[trace.kind].name);
	fflush(stdout);
	trace.bad |= !good;
}

static void begin_child(int kind)
{
	if (kind != trace.kind) {
		if (trace.kind >= 0)
			judge_kind();
		trace.kind = kind;
		trace.round = 0;
	}
	trace.until = trace.round;
	trace.behind = trace.instructions ? rand() % trace.instructions : 0;
	/* The first ones may make the heap grow, or a table. */
	if (trace.round++ == 2) {
		trace.fds = fewest_fds(trace.parent);
		trace.blocks = count_blocks(trace.parent);
	}
	trace.target = AWAITED;
	trace.steps = trace.exec_at = 0;
	ptrace(PTRACE_SETOPTIONS, trace.parent, 0, OPTIONS);
}

static void parent_stopped(int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;
	unsigned long child;
	siginfo_t info;

	if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE) {
		ptrace(PTRACE_GETEVENTMSG, trace.parent, 0, &child);
		trace.target = (pid_t)child;
		sig = 0;
	} else if (event) {
		sig = 0;
	} else if (sig == SIGUSR1 || sig == SIGUSR2) {
		ptrace(PTRACE_GETSIGINFO, trace.parent, 0, &info);
		if (sig == SIGUSR1)
			begin_child(info.si_value.sival_int);
		else
			ptrace(PTRACE_SETOPTIONS, trace.parent, 0, PTRACE_O_EXITKILL);
		sig = 0;
	}
	ptrace(PTRACE_CONT, trace.parent, 0, sig);
}

/*
 * Not behind a host call: a descriptor that was opened, and of which nobody knows yet, stays in a table that is shared,
 * on any kernel.
 */
static int is_a_step(int status)
{
	struct __ptrace_syscall_info info;

	if (trace.steps > trace.until)
		return 1;
	if (WSTOPSIG(status) != (SIGTRAP | 0x80))
		return 1;
	return ptrace(PTRACE_GET_SYSCALL_INFO, trace.target, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static void target_stopped(int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (event || sig == (SIGTRAP | 0x80) || sig == SIGTRAP)
		sig = 0;
	if (event == PTRACE_EVENT_EXEC)
		trace.exec_at = trace.steps ?: 1;
	if (trace.exec_at && trace.steps - trace.exec_at > AFTER_EXEC) {
		ptrace(PTRACE_DETACH, trace.target, 0, sig);
		return;
	}
	if (is_a_step(status) && trace.steps++ == trace.until + trace.behind) {
		kill(trace.target, SIGKILL);
		return;
	}
	ptrace(trace.steps > trace.until ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, trace.target, 0, sig);
}

/* Starts the parent, and waits until it says who it is. */
static pid_t start(const char *directory, char **command)
{
	int out[2], in[2];
	char line[256];
	FILE *f;
	int pid = 0, argc = 0;

	CHECK(pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0);
	if (fork() == 0) {
		char *argv[32];

		while (argc < 20 && command[argc]) {
			argv[argc] = command[argc];
			argc++;
		}
		argv[argc++] = (char *)self;
		argv[argc++] = "--parent";
		argv[argc++] = (char *)directory;
		argv[argc] = NULL;
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	while (f && !pid && fgets(line, sizeof(line), f))
		if (sscanf(line, "# parent %d", &pid) != 1)
			fputs(line, stdout);
	CHECK(pid > 0);
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL) != 0) {
		printf("1..0 # SKIP the host forbids to trace: %s\n", strerror(errno));
		exit(0);
	}
	CHECK(write(in[1], "", 1) == 1);
	/* What it says from here on goes straight to our own output. */
	if (fork() == 0) {
		while (fgets(line, sizeof(line), f)) {
			fputs(line, stdout);
			fflush(stdout);
		}
		_exit(0);
	}
	return pid;
}

/* The child's first stop may be told before its parent's. */
static int awaited(pid_t pid)
{
	if (trace.target != AWAITED)
		return 0;
	trace.target = pid;
	return 1;
}

static int trace_all(void)
{
	int status, pid;

	trace.kind = -1;
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (pid == trace.parent && !WIFSTOPPED(status)) {
			if (status)
				printf("# status %x after %s, killed at step %d\n", (unsigned)status,
				       kinds[trace.kind].name, trace.until);
			printf("%sok %zu - the parent ends well\n", status ? "not " : "", KINDS + 1);
			trace.bad |= status != 0;
		} else if (pid == trace.parent) {
			parent_stopped(status);
		} else if (WIFSTOPPED(status) && (pid == trace.target || awaited(pid))) {
			target_stopped(status);
		} else if (WIFSTOPPED(status)) {
			ptrace(PTRACE_DETACH, pid, 0, 0); /* a child of the child, or of a thread's */
		}
	}
	fflush(stdout);
	return trace.bad;
}

int main(int argc, char **argv)
{
	static char path[4096];
	int bad;

	self = realpath("/proc/self/exe", path) ?: argv[0];
	if (argc == 2 && strcmp(argv[1], "--leaf") == 0)
		return 0;
	if (argc == 3 && strcmp(argv[1], "--parent") == 0)
		return parent(argv[2]);
	if (argc < 4)
		return 2;
	trace.instructions = atoi(argv[2]);
	srand((unsigned)time(NULL));
	trace.parent = start(argv[1], argv + 3);
	bad = trace_all();
	while (wait(NULL) > 0)
		;
	printf("1..%zu\n", KINDS + 1);
	return bad;
}
